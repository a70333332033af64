use std::slice;

use super::*;

/// 1 to 4 were acknowledged, 5 got no answer, 6 was refused.
fn written() -> Topics {
    let written = Written {
        acknowledged: (1..=4).collect(),
        unanswered: [5].into(),
        refused: [6].into(),
    };
    [("/t".to_owned(), written)].into()
}

/// Reads a history: a number n is the message n with the id 10 n, `c` a
/// confirmation, `r` a restart.
fn history(text: &str) -> Vec<Event> {
    let event = |word: &str| match word {
        "c" => Event::Confirmed,
        "r" => Event::Restarted,
        number => saw(number.parse::<u64>().unwrap() * 10, number.parse().unwrap()),
    };
    text.split_whitespace().map(event).collect()
}

fn saw(id: u64, number: u64) -> Event {
    let topic = "/t".to_owned();
    Event::Saw { id, topic, number }
}

fn check(text: &str, delivery: Delivery) -> Vec<Fault> {
    faults(&written(), &history(text), delivery)
}

#[test]
fn a_history_without_a_fault_has_none() {
    for text in ["1 2 3 4", "1 2 3 4 5", "1 c r 2 3 c 4 r 5"] {
        assert_eq!(check(text, Delivery::Once), [], "{text}");
        assert_eq!(check(text, Delivery::AtLeastOnce), [], "{text}");
    }
}

#[test]
fn a_lost_acknowledgement_is_found() {
    let lost = Fault::Lost {
        topic: "/t".into(),
        number: 3,
    };
    for delivery in [Delivery::Once, Delivery::AtLeastOnce] {
        assert_eq!(check("1 2 4", delivery), slice::from_ref(&lost));
    }
}

#[test]
fn an_inversion_is_found() {
    let inverted = Fault::Inverted { id: 20, after: 30 };
    for delivery in [Delivery::Once, Delivery::AtLeastOnce] {
        assert_eq!(check("1 3 2 4", delivery), slice::from_ref(&inverted));
    }
    // Neither does a restart excuse it.
    assert_eq!(check("1 3 c r 2 4", Delivery::Once), [inverted]);
}

#[test]
fn a_lease_that_outlives_a_restart_excuses_one_step_back() {
    assert_eq!(check("1 r 3 2 4", Delivery::AtLeastOnce), []);
    let inverted = Fault::Inverted { id: 20, after: 40 };
    assert_eq!(check("r 3 1 4 2", Delivery::AtLeastOnce), [inverted]);
}

#[test]
fn a_duplicate_is_found() {
    let repeated = Fault::Repeated { id: 20 };
    for delivery in [Delivery::Once, Delivery::AtLeastOnce] {
        assert_eq!(check("1 2 2 3 4", delivery), slice::from_ref(&repeated));
    }
}

#[test]
fn what_was_confirmed_may_not_come_again_with_plain_pickups() {
    let repeated = [Fault::Repeated { id: 20 }];
    assert_eq!(check("1 2 c r 2 3 4", Delivery::Once), repeated);
    assert_eq!(check("1 2 c r 2 3 4", Delivery::AtLeastOnce), []);
}

#[test]
fn what_was_not_confirmed_may_come_again_once_and_in_order() {
    assert_eq!(check("1 c 2 3 r 2 3 4", Delivery::Once), []);
    assert_eq!(check("1 c 2 3 r r 2 r 2 3 4", Delivery::Once), []);
    let repeated = [Fault::Repeated { id: 20 }];
    assert_eq!(check("1 c 2 3 r 3 2 4", Delivery::Once), repeated);
}

#[test]
fn what_was_refused_or_never_sent_is_found() {
    for number in [6, 7] {
        let invented = Fault::Invented {
            id: number * 10,
            topic: "/t".into(),
            number,
        };
        let text = format!("1 2 3 4 {number}");
        assert_eq!(check(&text, Delivery::Once), [invented]);
    }
}

#[test]
fn a_value_that_is_old_or_was_refused_is_found() {
    let written = &written()["/t"];
    let contradicted = [None, Some(3), Some(6), Some(7)];
    assert!(contradicted.iter().all(|value| written.contradicts(*value)));
    assert!(
        ![Some(4), Some(5)]
            .iter()
            .any(|value| written.contradicts(*value))
    );
    assert!(!Written::default().contradicts(None));
    assert_eq!(written.next(), 7);
}

#[test]
fn an_id_given_twice_and_a_message_stored_twice_are_found() {
    let twice = [saw(1, 1), saw(2, 2), saw(3, 3), saw(4, 4), saw(5, 4)];
    let found = faults(&written(), &twice, Delivery::Once);
    assert_eq!(found, [Fault::Changed { id: 5 }]);
    let again = [saw(1, 1), saw(2, 2), saw(3, 3), Event::Restarted, saw(3, 4)];
    let found = faults(&written(), &again, Delivery::AtLeastOnce);
    assert_eq!(found, [Fault::Changed { id: 3 }]);
}
