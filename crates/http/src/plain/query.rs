//! The query and the path, read strictly: a guess would publish or change what
//! nobody meant.

use http::Uri;
use moustique_core::{Filter, Limits, MessageId, Topic};
use moustique_protocol::{Excerpt, Form, FormLimits, Rejection};
use percent_encoding::percent_decode_str;

use crate::plain::rejection::PlainRejection;
use crate::refusal::Refusal;

/// Where the topics are.
pub(crate) const TOPICS: &str = "/v1/topics";

/// The parameters of a request.
#[derive(Debug)]
pub(crate) struct Query {
    pairs: Vec<(String, String)>,
}

impl Query {
    /// Reads the query of a call that takes those parameters.
    pub(crate) fn parse(uri: &Uri, expected: &'static [&'static str]) -> Result<Self, Refusal> {
        let limits = FormLimits {
            fields: 1,
            ..FormLimits::default()
        };
        let mut pairs = Vec::new();
        // One by one, since a parameter may come again.
        for pair in uri.query().unwrap_or_default().split('&') {
            let form = Form::parse(pair.as_bytes(), &limits)?;
            for (name, value) in form.iter() {
                if !expected.contains(&name) {
                    let given = Excerpt::of(name);
                    return Err(PlainRejection::UnknownParameter { given, expected }.into());
                }
                pairs.push((name.to_owned(), value.to_owned()));
            }
        }
        Ok(Self { pairs })
    }

    /// The values of a parameter that may come again.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let named = self.pairs.iter().filter(move |(known, _)| known == name);
        named.map(|(_, value)| value.as_str())
    }

    /// The value of a parameter that may be there once.
    pub(crate) fn one(&self, name: &str) -> Result<Option<&str>, Refusal> {
        let mut values = self.all(name);
        let value = values.next();
        if values.next().is_some() {
            let field = Excerpt::of(name);
            return Err(Rejection::RepeatedField { field }.into());
        }
        Ok(value)
    }

    /// The value of a parameter that has to be there.
    pub(crate) fn required(&self, name: &'static str) -> Result<&str, Refusal> {
        let missing = PlainRejection::MissingParameter { name };
        self.one(name)?.ok_or_else(|| missing.into())
    }

    /// A switch, which is on unless it says otherwise.
    pub(crate) fn switch(&self, name: &'static str) -> Result<bool, Refusal> {
        match self.one(name)? {
            None | Some("true") => Ok(true),
            Some("false") => Ok(false),
            Some(other) => Err(invalid(name, other, "true or false")),
        }
    }

    /// How many of something are wanted, at most `most`.
    pub(crate) fn limit(&self, most: usize) -> Result<usize, Refusal> {
        const NAME: &str = "limit";
        let Some(given) = self.one(NAME)? else {
            return Ok(most.min(DEFAULT_LIMIT));
        };
        let limit = given.parse().ok();
        limit
            .filter(|limit| (1..=most).contains(limit))
            .ok_or_else(|| invalid(NAME, given, format!("a number from 1 to {most}")))
    }

    /// The id of a message.
    pub(crate) fn id(&self, name: &'static str) -> Result<Option<MessageId>, Refusal> {
        let given = self.one(name)?;
        given.map(|given| message_id(name, given)).transpose()
    }
}

/// How many are given when nobody says.
const DEFAULT_LIMIT: usize = 100;

/// Reads the id of a message, or 0 for before the first one.
pub(crate) fn message_id(name: &'static str, given: &str) -> Result<MessageId, Refusal> {
    let id = given.parse().map(MessageId);
    id.map_err(|_| invalid(name, given, "the id of a message, or 0"))
}

/// Reads a filter.
pub(crate) fn filter(given: &str, limits: &Limits) -> Result<Filter, Rejection> {
    Filter::parse(given, limits).map_err(|reason| Rejection::InvalidField {
        field: "filter",
        given: Excerpt::of(given),
        reason,
    })
}

/// Reads a topic.
pub(crate) fn topic(given: &str, limits: &Limits) -> Result<Topic, Rejection> {
    Topic::parse(given, limits).map_err(|reason| Rejection::InvalidField {
        field: "topic",
        given: Excerpt::of(given),
        reason,
    })
}

/// The topic that a path names, unless it is left to the query.
pub(crate) fn topic_of_path(uri: &Uri) -> Result<Option<String>, Refusal> {
    let path = uri.path().strip_prefix(TOPICS).unwrap_or_default();
    if path.is_empty() {
        return Ok(None);
    }
    check_escapes(path)?;
    let topic = percent_decode_str(path).decode_utf8();
    let topic = topic.map_err(|_| PlainRejection::NotUtf8 {
        what: "the path without its escapes",
    })?;
    Ok(Some(topic.into_owned()))
}

fn check_escapes(path: &str) -> Result<(), Refusal> {
    for (position, _) in path.match_indices('%') {
        let escape = path.as_bytes().get(position + 1..position + 3);
        if !escape.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)) {
            let found = path.get(position..).unwrap_or_default();
            let given = Excerpt::of(&found.chars().take(3).collect::<String>());
            return Err(PlainRejection::Parameter {
                name: "topic",
                given,
                expected: "% and two hexadecimal digits; a % itself is %25".into(),
            }
            .into());
        }
    }
    Ok(())
}

fn invalid(name: &'static str, given: &str, expected: impl Into<String>) -> Refusal {
    let given = Excerpt::of(given);
    PlainRejection::Parameter {
        name,
        given,
        expected: expected.into(),
    }
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(text: &str) -> Uri {
        text.parse().unwrap()
    }

    fn code<T: std::fmt::Debug>(result: Result<T, Refusal>) -> &'static str {
        result.unwrap_err().row().1
    }

    #[test]
    fn a_path_names_its_topic_with_the_leading_slash() {
        let cases = [
            ("/v1/topics", None),
            ("/v1/topics/", Some("/")),
            ("/v1/topics/home/kitchen", Some("/home/kitchen")),
            ("/v1/topics/home%2Fkitchen", Some("/home/kitchen")),
            ("/v1/topics//a%20b/%C3%A5", Some("//a b/å")),
            // A plus is none of a form here.
            ("/v1/topics/a+b", Some("/a+b")),
        ];
        for (path, topic) in cases {
            assert_eq!(
                topic_of_path(&uri(path)).unwrap().as_deref(),
                topic,
                "{path}"
            );
        }
        assert_eq!(
            code(topic_of_path(&uri("/v1/topics/%zz"))),
            "invalid_parameter"
        );
        assert_eq!(
            code(topic_of_path(&uri("/v1/topics/%4"))),
            "invalid_parameter"
        );
        assert_eq!(code(topic_of_path(&uri("/v1/topics/%ff"))), "not_utf8");
    }

    #[test]
    fn a_query_is_read_strictly() {
        let parse = |text: &str| Query::parse(&uri(text), &["filter", "limit", "since", "retain"]);
        let query = parse("/x?filter=%2Fa%2F%2B&filter=b+c&limit=7&&since=0&retain=false").unwrap();
        assert_eq!(query.all("filter").collect::<Vec<_>>(), ["/a/+", "b c"]);
        assert_eq!(query.limit(10).unwrap(), 7);
        assert_eq!(query.id("since").unwrap(), Some(MessageId(0)));
        assert!(!query.switch("retain").unwrap());
        assert_eq!(code(query.one("filter")), "repeated_field");
        assert_eq!(code(query.required("before")), "missing_parameter");
        assert_eq!(parse("/x").unwrap().limit(1_000).unwrap(), 100);
        assert_eq!(code(parse("/x?retian=false")), "unknown_parameter");
        assert_eq!(code(parse("/x?filter=%zz")), "malformed_escape");
        for text in [
            "/x?limit=0",
            "/x?limit=11",
            "/x?limit=-1",
            "/x?limit=",
            "/x?limit=a",
        ] {
            assert_eq!(
                code(parse(text).unwrap().limit(10)),
                "invalid_parameter",
                "{text}"
            );
        }
        for text in ["/x?since=-1", "/x?since=18446744073709551616", "/x?since="] {
            assert_eq!(code(parse(text).unwrap().id("since")), "invalid_parameter");
        }
        assert_eq!(
            code(parse("/x?retain=no").unwrap().switch("retain")),
            "invalid_parameter"
        );
    }
}
