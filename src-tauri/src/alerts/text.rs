//! What an alert says.

/// Puts a topic and its value where the text wants them. Neither is looked into:
/// a value that says `{topic}` stays what it is.
pub(super) fn filled_in(template: &str, topic: &str, value: &str) -> String {
    let mut text = String::with_capacity(template.len() + topic.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        rest = if let Some(after) = after.strip_prefix("topic}") {
            text.push_str(topic);
            after
        } else if let Some(after) = after.strip_prefix("value}") {
            text.push_str(value);
            after
        } else {
            text.push('{');
            after
        };
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topic_and_value_stand_where_they_are_wanted() {
        for (template, expected) in [
            ("", ""),
            ("it is hot", "it is hot"),
            ("{topic}", "/a"),
            ("{topic} is {value} ({topic})", "/a is {topic} (/a)"),
            ("{}{{value}}{ {temp}", "{}{{topic}}{ {temp}"),
            ("{value", "{value"),
        ] {
            assert_eq!(filled_in(template, "/a", "{topic}"), expected, "{template}");
        }
    }
}
