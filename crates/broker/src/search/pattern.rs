//! A pattern is made ready for a search, within bounds.

use moustique_core::Limits;
use regex::{Regex, RegexBuilder};
use regex_syntax::ast::{self, Ast, ClassSetBinaryOp, ClassSetItem, Flag, Flags, Visitor};

use super::{SearchError, check_length};

/// Wide classes of a pattern that ignores case. For each the library goes through
/// all its characters and adds what differs in case only, which takes some 5 ms
/// for all characters that there are and shows in no size: 42 classes, in 256
/// bytes, took half a second.
const WIDE_CLASSES: usize = 3;

/// Characters of a range that is not wide.
const NARROW: u32 = 1_024;

/// A pattern that is ready, for those who look for it elsewhere than in topics.
/// Its time grows with its size times that of the text, so the text wants a
/// bound of its own.
#[derive(Clone, Debug)]
pub struct Pattern(Regex);

impl Pattern {
    /// Makes a pattern ready, within the bounds of a search.
    ///
    /// # Errors
    /// When it is none, or too large.
    pub fn new(pattern: &str, limits: &Limits) -> Result<Self, SearchError> {
        check_length(pattern, limits)?;
        compile(pattern, limits.regex_compiled_bytes).map(Self)
    }

    /// Whether it is found, anywhere unless it says otherwise.
    #[must_use]
    pub fn is_match(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

/// Makes a pattern ready. It takes at most `limit` bytes.
pub(super) fn compile(pattern: &str, limit: usize) -> Result<Regex, SearchError> {
    check_classes(pattern)?;
    let built = RegexBuilder::new(pattern)
        .size_limit(limit)
        .dfa_size_limit(limit)
        .build();
    built.map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => SearchError::TooLarge { limit },
        // Read once more to say what is wrong, and where.
        _ => match regex_syntax::parse(pattern) {
            Err(error) => invalid(pattern, &error),
            Ok(_) => SearchError::TooLarge { limit },
        },
    })
}

fn invalid(pattern: &str, error: &regex_syntax::Error) -> SearchError {
    let (offset, reason) = match error {
        regex_syntax::Error::Parse(error) => (error.span().start.offset, error.kind().to_string()),
        regex_syntax::Error::Translate(error) => {
            (error.span().start.offset, error.kind().to_string())
        }
        _ => (0, "it is not understood".into()),
    };
    let before = pattern.char_indices().take_while(|(at, _)| *at < offset);
    SearchError::Invalid {
        position: before.count() + 1,
        reason,
    }
}

fn check_classes(pattern: &str) -> Result<(), SearchError> {
    // What is no pattern is found out where it is made ready.
    let Ok(parsed) = ast::parse::Parser::new().parse(pattern) else {
        return Ok(());
    };
    let Ok(classes) = ast::visit(&parsed, Classes::default());
    if classes.ignores_case && classes.wide > WIDE_CLASSES {
        return Err(SearchError::TooCostly {
            given: classes.wide,
            limit: WIDE_CLASSES,
        });
    }
    Ok(())
}

/// The sets of characters in a pattern.
#[derive(Debug, Default)]
struct Classes {
    /// How often it takes long to find out what differs from one in case only.
    wide: usize,
    /// Whether that is asked for, anywhere.
    ignores_case: bool,
}

impl Classes {
    fn note(&mut self, flags: &Flags) {
        self.ignores_case |= flags.flag_state(Flag::CaseInsensitive) == Some(true);
    }
}

impl Visitor for Classes {
    type Output = Self;
    type Err = std::convert::Infallible;

    fn finish(self) -> Result<Self, Self::Err> {
        Ok(self)
    }

    fn visit_pre(&mut self, ast: &Ast) -> Result<(), Self::Err> {
        match ast {
            Ast::Flags(set) => self.note(&set.flags),
            Ast::Group(group) => {
                if let Some(flags) = group.flags() {
                    self.note(flags);
                }
            }
            Ast::ClassUnicode(_) => self.wide += 1,
            _ => {}
        }
        Ok(())
    }

    fn visit_class_set_item_pre(&mut self, item: &ClassSetItem) -> Result<(), Self::Err> {
        let is_wide = match item {
            ClassSetItem::Range(range) => {
                u32::from(range.end.c).saturating_sub(range.start.c.into()) > NARROW
            }
            ClassSetItem::Perl(class) => class.negated,
            // One within another is looked at for itself.
            ClassSetItem::Unicode(_) | ClassSetItem::Bracketed(_) => true,
            _ => false,
        };
        self.wide += usize::from(is_wide);
        Ok(())
    }

    fn visit_class_set_binary_op_pre(&mut self, _: &ClassSetBinaryOp) -> Result<(), Self::Err> {
        // Each of its sides is looked at for itself.
        self.wide += 2;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    const LIMIT: usize = 256 * 1024;

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        for (pattern, text) in [
            ("(", "character 1: unclosed group"),
            ("åä[", "character 3: unclosed character class"),
            ("a{2,1}", "character 2: invalid repetition count range"),
            ("/v/*+**\\", "incomplete escape sequence"),
            ("(?=a)", "look-around"),
            (r"\1", "backreferences are not supported"),
            (r"\p{Klingon}", "character 1: Unicode property not found"),
        ] {
            let error = compile(pattern, LIMIT).unwrap_err().to_string();
            assert!(error.contains(text), "{pattern}: {error}");
            assert!(!error.contains('\n'), "{error}");
        }
    }

    /// 256 bytes of them took half a second, whatever bound there was on size.
    #[test]
    fn wide_classes_that_ignore_case_are_counted() {
        let limit = WIDE_CLASSES;
        for (pattern, given) in [
            (r"\p{Any}".repeat(9), 9),
            (r"[\W\w]".repeat(5), 5),
            (r"[\x00-\u{10FFFF}]".repeat(9), 9),
            (r"[\pL&&\pN]".repeat(3), 12),
            (format!("{}\\pL{}", "[".repeat(9), "]".repeat(9)), 9),
        ] {
            assert!(compile(&pattern, LIMIT).is_ok(), "{pattern}");
            let refused = Err(SearchError::TooCostly { given, limit });
            for (before, after) in [
                ("(?i)", ""),
                ("(?i:", ")"),
                ("(?i:a)", ""),
                ("(?u-s)(?i)", ""),
            ] {
                let pattern = format!("{before}{pattern}{after}");
                let compiled = compile(&pattern, LIMIT).map(|regex| regex.to_string());
                assert_eq!(compiled, refused, "{pattern}");
            }
        }
        for pattern in [
            r"(?i)^/home/[a-z0-9_-]+/[a-z]+/[^/]+/[a-z]+/[a-z]+/[a-z]+/[a-z]+/[à-ü]+/\w+$",
            r"(?-i)\pN\pN\pN\pN\pN",
            r"(?i)\pN\pN\pN",
            r"(?i)[\w-]+/[\w-]+/[\w-]+/[\w-]+/[\w-]+",
        ] {
            assert!(compile(pattern, LIMIT).is_ok(), "{pattern}");
        }
    }

    /// Less than what one of 25 characters took to be made ready with the library's
    /// own bound: 8.6 s.
    const UNBOUNDED: Duration = Duration::from_secs(4);

    #[test]
    fn repeated_repetitions_are_refused_before_they_take_time() {
        for pattern in [
            r"(?:(?:\w{1,99}){1,99}){9}",
            "(a{1,100}){1,100}",
            "((a{1,100}){1,100}){1,100}",
            r"(\pL{1,100}){1,100}",
            &r"\pL{99}".repeat(36),
            "(?:(?:(?:){99999}){99999}){99999}x{99999}",
        ] {
            assert!(pattern.len() <= 256);
            let begun = Instant::now();
            let refused = compile(pattern, LIMIT).unwrap_err();
            let took = begun.elapsed();
            assert_eq!(refused, SearchError::TooLarge { limit: LIMIT }, "{pattern}");
            assert!(took < UNBOUNDED, "{took:?} {pattern}");
        }
    }
}
