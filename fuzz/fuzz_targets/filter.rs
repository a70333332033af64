#![no_main]

#[path = "../../crates/core/tests/corpus/filter.rs"]
mod filter;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| filter::check(bytes));
