//! Setting the password.

use std::io::{self, BufRead, IsTerminal};
use std::path::Path;

use moustique_node::set_password;

/// More is no password, in bytes.
const MAX_LINE: u64 = 4 * 1024;

/// Asks for a password and writes its hash to the file.
///
/// # Errors
/// Why there is none now, in a sentence.
pub(crate) fn run(file: &Path) -> Result<(), String> {
    let password = if io::stdin().is_terminal() {
        ask()?
    } else {
        first_line(io::stdin().lock())?
    };
    set_password(file, &password).map_err(|error| error.to_string())
}

/// Asks twice, without showing what is typed.
fn ask() -> Result<String, String> {
    let prompt = |text| {
        rpassword::prompt_password(text)
            .map_err(|error| format!("the password cannot be read from the terminal: {error}"))
    };
    let password = prompt("New password: ")?;
    if prompt("The same again: ")? == password {
        Ok(password)
    } else {
        Err("the two passwords are not the same; nothing was changed".into())
    }
}

fn first_line(input: impl BufRead) -> Result<String, String> {
    let mut line = String::new();
    input
        .take(MAX_LINE)
        .read_line(&mut line)
        .map_err(|error| format!("the password cannot be read from standard input: {error}"))?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_is_the_password_without_its_end() {
        for (input, password) in [
            ("secret", "secret"),
            ("secret\n", "secret"),
            ("two words \r\nmore\n", "two words "),
            ("", ""),
        ] {
            assert_eq!(first_line(input.as_bytes()).as_deref(), Ok(password));
        }
        assert!(first_line([0xff, b'\n'].as_slice()).is_err());
    }
}
