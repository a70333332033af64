#![no_main]

#[path = "../../crates/protocol/tests/corpus/encoding.rs"]
mod encoding;
#[path = "../../crates/protocol/tests/corpus/support.rs"]
mod support;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| encoding::check(bytes));
