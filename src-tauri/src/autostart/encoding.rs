//! An argument as Windows and macOS write it down. The crate that does so takes
//! it as it is.

/// As Windows takes a command line apart (the rules of `CommandLineToArgvW`):
/// unquoted, a path with a space would be two arguments.
pub(super) fn quoted(argument: &str) -> String {
    let mut quoted = String::from('"');
    let mut backslashes = 0;
    for character in argument.chars() {
        match character {
            '\\' => backslashes += 1,
            // Before a quote alone a backslash is special.
            '"' => {
                quoted.extend(std::iter::repeat_n('\\', backslashes + 1));
                backslashes = 0;
            }
            _ => backslashes = 0,
        }
        quoted.push(character);
    }
    quoted.extend(std::iter::repeat_n('\\', backslashes));
    quoted.push('"');
    quoted
}

/// As text in XML, which a launch agent of macOS is.
pub(super) fn escaped(argument: &str) -> String {
    argument
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_argument_is_one_argument() {
        for (argument, expected) in [
            ("--hidden", r#""--hidden""#),
            (
                r"C:\Users\Ann Lee\moustique-desktop.exe",
                r#""C:\Users\Ann Lee\moustique-desktop.exe""#,
            ),
            (r"D:\data\", r#""D:\data\\""#),
            (r#"a"b"#, r#""a\"b""#),
            (r#"a\"b"#, r#""a\\\"b""#),
            ("", r#""""#),
        ] {
            assert_eq!(quoted(argument), expected, "{argument}");
        }
    }

    #[test]
    fn what_is_special_in_xml_is_escaped_once() {
        assert_eq!(escaped("/a & b/<c>"), "/a &amp; b/&lt;c&gt;");
        assert_eq!(escaped("&lt;"), "&amp;lt;");
    }
}
