use std::net::Ipv4Addr;

use moustique_core::{Limits, MessageId, MessageKind, RunTime, Timestamp};
use moustique_monitor::{AlertRule, Comparison, Refusal};

use super::*;

fn written(comparison: Comparison, value: &str) -> AlertRule {
    AlertRule {
        name: "rule".into(),
        filter: "/home/#".into(),
        comparison,
        value: value.into(),
        text: "{topic}={value}".into(),
    }
}

fn message(topic: &str, payload: &str) -> Message {
    Message {
        id: MessageId(1),
        time: Timestamp(0),
        taken: RunTime(0),
        topic: Topic::parse(topic, &Limits::default()).unwrap(),
        payload: payload.into(),
        from: None,
        address: Ipv4Addr::LOCALHOST.into(),
        updated_time: 0,
        kind: MessageKind::Published,
    }
}

fn alerts(written: &[AlertRule], now: Instant) -> Alerts {
    let mut alerts = Alerts::default();
    alerts.change(&rules(written).unwrap(), now);
    alerts
}

fn texts(alerts: Vec<Alert>) -> Vec<String> {
    alerts.into_iter().map(|alert| alert.text).collect()
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn every_comparison_is_said_when_it_becomes_true() {
    use Comparison::*;
    // The messages of one topic, and those of them that are said.
    let table: [(Comparison, &str, &[&str], &[usize]); 9] = [
        (Equals, "on", &["off", "on", "on", "ON", "on"], &[1, 4]),
        (Equals, "", &["", "a", ""], &[0, 2]),
        (Differs, "ok", &["ok", "bad", "worse", "ok", "bad"], &[1, 4]),
        (
            Contains,
            "err",
            &["error", "no err", "fine", "err"],
            &[0, 3],
        ),
        (
            Above,
            "30",
            &["29", "30", "30.1", "31", "n/a", "31", "30", "1e2"],
            &[2, 7],
        ),
        (
            Above,
            " -1.5 ",
            &["-2", " -1 \n", "NaN", "inf", "-3", "0"],
            &[1, 5],
        ),
        (Below, "0", &["1", "-0.5", "-1", "0", "-1"], &[1, 4]),
        (
            Matches,
            "^(open|ajar)$",
            &["closed", "open", "ajar", "opened", "ajar"],
            &[1, 4],
        ),
        (Matches, "(?i)fire", &["FIRE!", "no", "wildfire"], &[0, 2]),
    ];
    for (comparison, value, payloads, expected) in table {
        let now = Instant::now();
        let mut alerts = alerts(&[written(comparison, value)], now);
        let said = payloads.iter().enumerate().filter_map(|(index, payload)| {
            let said = texts(alerts.hear(&message("/home/a", payload), now));
            (!said.is_empty()).then(|| {
                assert_eq!(said, [format!("/home/a={payload}")]);
                index
            })
        });
        assert_eq!(said.collect::<Vec<_>>(), expected, "{comparison:?} {value}");
    }
}

#[test]
fn each_topic_is_looked_at_for_itself() {
    let now = Instant::now();
    let mut alerts = alerts(&[written(Comparison::Above, "30")], now);
    let mut hear = |topic, payload| texts(alerts.hear(&message(topic, payload), now));

    assert_eq!(hear("/home/a", "31"), ["/home/a=31"]);
    assert_eq!(hear("/home/b", "32"), ["/home/b=32"]);
    assert_eq!(hear("/home/a", "33"), [] as [&str; 0]);
    assert_eq!(hear("/garden", "33"), [] as [&str; 0]);
    assert_eq!(hear("/home/b", "29"), [] as [&str; 0]);
    assert_eq!(hear("/home/b", "31"), ["/home/b=31"]);
}

#[test]
fn what_was_true_before_is_no_news() {
    let now = Instant::now();
    let mut alerts = alerts(&[written(Comparison::Above, "30")], now);

    alerts.remember(&message("/home/a", "35"), now);

    assert!(alerts.hear(&message("/home/a", "36"), now).is_empty());
    alerts.hear(&message("/home/a", "29"), now);
    assert_eq!(alerts.hear(&message("/home/a", "36"), now).len(), 1);
}

#[test]
fn silence_is_said_once_until_somebody_is_heard() {
    let begun = Instant::now();
    let mut alerts = alerts(&[written(Comparison::SilentFor, "1min")], begun);
    let mut at = |after: u64, heard: Option<&str>| {
        let now = begun + seconds(after);
        if let Some(topic) = heard {
            assert!(alerts.hear(&message(topic, "x"), now).is_empty());
        }
        texts(alerts.look(now))
    };
    let nothing: [&str; 0] = [];

    assert_eq!(at(0, Some("/home/a")), nothing);
    assert_eq!(at(25, Some("/home/b")), nothing);
    assert_eq!(at(50, None), nothing);
    assert_eq!(at(60, None), ["/home/a="]);
    assert_eq!(at(70, None), nothing);
    assert_eq!(at(85, None), ["/home/b="]);
    assert_eq!(at(100, Some("/home/a")), nothing);
    assert_eq!(at(130, None), nothing);
    assert_eq!(at(160, None), ["/home/a="]);
}

#[test]
fn one_that_is_named_may_be_silent_from_the_beginning() {
    let begun = Instant::now();
    let rule = AlertRule {
        filter: "/home/door".into(),
        text: String::new(),
        ..written(Comparison::SilentFor, " 20s ")
    };
    let mut alerts = alerts(&[rule], begun);

    assert!(alerts.look(begun + seconds(19)).is_empty());
    let said = texts(alerts.look(begun + seconds(20)));

    assert_eq!(said, ["/home/door has been silent for 20s"]);
}

#[test]
fn nobody_was_silent_while_the_machine_slept() {
    let begun = Instant::now();
    let mut alerts = alerts(&[written(Comparison::SilentFor, "1min")], begun);
    alerts.hear(&message("/home/a", "x"), begun);
    alerts.look(begun);
    let woken = begun + seconds(8 * 60 * 60);

    assert!(alerts.look(woken).is_empty());
    for after in [20, 40, 59] {
        assert!(alerts.look(woken + seconds(after)).is_empty());
    }
    assert_eq!(alerts.look(woken + seconds(60)).len(), 1);
}

#[test]
fn a_change_of_one_rule_is_no_news_of_the_others() {
    let now = Instant::now();
    let hot = written(Comparison::Above, "30");
    let cold = AlertRule {
        name: "cold".into(),
        ..written(Comparison::Below, "0")
    };
    let mut alerts = alerts(std::slice::from_ref(&hot), now);
    assert_eq!(alerts.hear(&message("/home/a", "31"), now).len(), 1);

    alerts.change(&rules(&[cold, hot.clone()]).unwrap(), now);
    assert!(alerts.hear(&message("/home/a", "32"), now).is_empty());

    let hotter = AlertRule {
        value: "31".into(),
        ..hot
    };
    alerts.change(&rules(&[hotter]).unwrap(), now);
    assert_eq!(alerts.hear(&message("/home/a", "32"), now).len(), 1);
}

#[test]
fn topics_of_a_rule_are_bounded() {
    let now = Instant::now();
    let mut alerts = alerts(&[written(Comparison::Equals, "x")], now);
    for number in 0..MAX_TOPICS {
        let topic = format!("/home/{number}");
        assert_eq!(alerts.hear(&message(&topic, "x"), now).len(), 1);
    }

    assert!(alerts.hear(&message("/home/more", "x"), now).is_empty());
    alerts.hear(&message("/home/0", "y"), now);
    assert_eq!(alerts.hear(&message("/home/0", "x"), now).len(), 1);
}

#[test]
fn a_long_message_is_looked_at_from_its_beginning() {
    let now = Instant::now();
    let mut alerts = alerts(&[written(Comparison::Matches, "x")], now);
    let hear = |alerts: &mut Alerts, payload: &str| alerts.hear(&message("/home/a", payload), now);

    assert!(hear(&mut alerts, &format!("{}x", "é".repeat(2_048))).is_empty());
    assert_eq!(
        hear(&mut alerts, &format!("{}x", "é".repeat(2_047))).len(),
        1
    );
}

fn refusal(rule: AlertRule) -> Refusal {
    rules(&[rule]).unwrap_err()
}

#[test]
fn what_is_wrong_is_refused_with_rule_and_field() {
    use Comparison::*;
    let good = written(Equals, "x");
    let table = [
        (
            AlertRule {
                name: " ".into(),
                ..good.clone()
            },
            "rule_name",
            "it is empty",
        ),
        (
            AlertRule {
                name: "x".repeat(61),
                ..good.clone()
            },
            "rule_name",
            "it has 61 characters; at most 60 are allowed",
        ),
        (
            AlertRule {
                name: "a\u{1b}".into(),
                ..good.clone()
            },
            "rule_name",
            "control character",
        ),
        (
            AlertRule {
                filter: "/a/#/b".into(),
                ..good.clone()
            },
            "rule_filter",
            "'#' is level 3 of 4",
        ),
        (
            AlertRule {
                filter: String::new(),
                ..good.clone()
            },
            "rule_filter",
            "it is empty",
        ),
        (
            AlertRule {
                text: "x".repeat(301),
                ..good
            },
            "rule_text",
            "it has 301 characters; at most 300",
        ),
        (
            written(Equals, &"x".repeat(1_001)),
            "rule_value",
            "it has 1001 bytes",
        ),
        (
            written(Above, "warm"),
            "rule_value",
            "'warm' is not a number",
        ),
        (written(Below, "NaN"), "rule_value", "'NaN' is not a number"),
        (written(Above, ""), "rule_value", "'' is not a number"),
        (written(Contains, ""), "rule_value", "every message"),
        (written(Matches, ""), "rule_value", "every message"),
        (
            written(Matches, "a("),
            "rule_value",
            "character 2: unclosed group",
        ),
        (
            written(Matches, r"(?:(?:\w{1,99}){1,99}){9}"),
            "rule_value",
            "when it is made ready",
        ),
        (
            written(Matches, &"a".repeat(257)),
            "rule_value",
            "at most 256",
        ),
        (
            written(SilentFor, "soon"),
            "rule_value",
            "'soon' is not a time",
        ),
        (written(SilentFor, "10ms"), "rule_value", "between 1s and"),
        (
            written(SilentFor, "400days"),
            "rule_value",
            "between 1s and",
        ),
    ];
    for (rule, code, said) in table {
        let refusal = refusal(rule.clone());
        assert_eq!(refusal.code, code, "{refusal}");
        assert!(refusal.detail.starts_with("Alert rule '"), "{refusal}");
        assert!(refusal.detail.contains(said), "{refusal}");
    }
}

#[test]
fn rules_are_bounded_and_have_names_of_their_own() {
    let named = |number: usize| AlertRule {
        name: number.to_string(),
        ..written(Comparison::Equals, "x")
    };
    let many: Vec<_> = (0..51).map(named).collect();
    assert!(rules(many.get(..50).unwrap()).is_ok());
    let refusal = rules(&many).unwrap_err();
    assert!(
        refusal
            .detail
            .contains("There are 51 alert rules; at most 50")
    );
    let refusal = rules(&[named(1), named(2), named(1)]).unwrap_err();
    assert_eq!(refusal.code, "rule_name");
    assert!(refusal.detail.contains("another rule has that name"));
}
