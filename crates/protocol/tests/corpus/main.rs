//! What the fuzzer found worth keeping (see fuzz/README.md), once more with
//! every run of the tests.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout
)]

mod encoding;
mod form;
mod request;
mod support;

use std::fs;
use std::path::Path;

/// Checks every file of a target's corpus.
fn replay(target: &str, check: impl Fn(&[u8])) {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
    let files = fs::read_dir(corpus.join(target)).unwrap();
    let mut count = 0;
    for file in files {
        let path = file.unwrap().path();
        // Shown with a failure only.
        println!("{}", path.display());
        check(&fs::read(&path).unwrap());
        count += 1;
    }
    assert!(count > 0, "there is no corpus of {target}");
}

#[test]
fn forms() {
    replay("form", form::check);
}

#[test]
fn encodings() {
    replay("encoding", encoding::check);
}

#[test]
fn requests() {
    replay("request", request::check);
}
