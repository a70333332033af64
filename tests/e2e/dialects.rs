//! The documented recipes of the two dialects, with the tools that they name.

use std::io::Write;
use std::process::{Command, Stdio};

const ROTATE: &str = "tr 'A-Za-z' 'N-ZA-Mn-za-m'";

/// A text in a dialect.
pub(crate) fn encode(text: &str, dialect: &str) -> String {
    match dialect {
        "classic" => run(&format!("base64 -w0 | {ROTATE}"), text),
        "inner" => run(&format!("{ROTATE} | base64 -w0"), text),
        _ => text.into(),
    }
}

/// What a text in a dialect says.
pub(crate) fn decode(text: &str, dialect: &str) -> String {
    match dialect {
        "classic" => run(&format!("{ROTATE} | base64 -d"), text),
        "inner" => run(&format!("base64 -d | {ROTATE}"), text),
        _ => text.into(),
    }
}

fn run(recipe: &str, input: &str) -> String {
    let mut shell = Command::new("sh")
        .args(["-c", recipe])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut pipe, input) = (shell.stdin.take().unwrap(), input.to_owned());
    // Beside the reading, so that neither waits for the other.
    let writer = std::thread::spawn(move || pipe.write_all(input.as_bytes()));
    let output = shell.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success(), "{recipe}");
    String::from_utf8(output.stdout).unwrap()
}
