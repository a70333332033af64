//! The broker for machines without a screen.

fn main() {}
