//! The broker as a desktop application.

fn main() {}
