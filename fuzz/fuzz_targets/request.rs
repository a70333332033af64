#![no_main]

#[path = "../../crates/protocol/tests/corpus/request.rs"]
mod request;
#[path = "../../crates/protocol/tests/corpus/support.rs"]
mod support;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| request::check(bytes));
