//! What the fuzzer found worth keeping (see fuzz/README.md), once more with
//! every run of the tests.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod filter;

use std::fs;
use std::path::Path;

#[test]
fn filters() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/filter");
    let mut count = 0;
    for file in fs::read_dir(corpus).unwrap() {
        let path = file.unwrap().path();
        // Shown with a failure only.
        println!("{}", path.display());
        filter::check(&fs::read(&path).unwrap());
        count += 1;
    }
    assert!(count > 0, "there is no corpus");
}
