//! Measures the broker against the bare limit in the same run.

fn main() {}
