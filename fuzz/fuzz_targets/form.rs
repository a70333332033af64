#![no_main]

#[path = "../../crates/protocol/tests/corpus/form.rs"]
mod form;
#[path = "../../crates/protocol/tests/corpus/support.rs"]
mod support;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| form::check(bytes));
