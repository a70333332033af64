//! Says what to do when the user interface has not been built yet.

use std::path::Path;

fn main() {
    let page = Path::new("../../ui/dist/index.html");
    println!("cargo::rerun-if-changed={}", page.display());
    if !page.exists() {
        println!("cargo::error=the user interface is not built: run `npm run ui` once");
    }
}
