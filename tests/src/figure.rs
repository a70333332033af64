//! What a test has measured.

/// Says what a test has measured: `npm run test:long` shows these lines once
/// more at its end.
#[allow(clippy::print_stdout)]
pub fn figure(text: &str) {
    // Begins a line of its own: the test's name may stand in the one before.
    println!("\nfigure: {text}");
}
