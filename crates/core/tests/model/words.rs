//! The few names that the operations are about, and the bounds they meet.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use moustique_core::{
    ClientName, Filter, Keep, Limits, PublisherMessageId, PublisherName, Retention, Topic,
};
use proptest::prelude::*;
use proptest::sample::select;

/// Where every request comes from.
pub(crate) const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

const TOPICS: [&str; 5] = ["a", "a/b", "a/c", "b", "$s/a"];
const FILTERS: [&str; 8] = ["#", "+", "a/#", "a/+", "+/b", "a/b", "b", "$s/#"];
const CLIENTS: [&str; 3] = ["one", "two", "three"];

pub(crate) fn topic() -> impl Strategy<Value = Topic> {
    select(&TOPICS[..]).prop_map(|text| Topic::parse(text, &Limits::default()).unwrap())
}

pub(crate) fn filter() -> impl Strategy<Value = Filter> {
    select(&FILTERS[..]).prop_map(|text| Filter::parse(text, &Limits::default()).unwrap())
}

pub(crate) fn client() -> impl Strategy<Value = ClientName> {
    select(&CLIENTS[..]).prop_map(|text| ClientName::parse(text, &Limits::default()).unwrap())
}

pub(crate) fn publisher() -> impl Strategy<Value = Option<PublisherName>> {
    let texts = [None, None, None, Some("esp")];
    select(texts.to_vec())
        .prop_map(|text| text.map(|text| PublisherName::parse(text, &Limits::default()).unwrap()))
}

pub(crate) fn repeat_id() -> impl Strategy<Value = Option<PublisherMessageId>> {
    let texts = [None, None, Some("1"), Some("2"), Some("3")];
    select(texts.to_vec()).prop_map(|text| {
        text.map(|text| PublisherMessageId::parse(text, &Limits::default()).unwrap())
    })
}

/// A time that may or may not be enough for what the limits below say.
pub(crate) fn milliseconds() -> impl Strategy<Value = u64> {
    prop_oneof![0..=2_u64, 0..=30_u64, select(&[10_u64, 30, 31, 60, 61][..])]
}

/// What stays in the log is the store's to know, but values age.
pub(crate) fn retention() -> Retention {
    let keep = Keep {
        values: Some(Duration::from_millis(30)),
        ..Keep::default()
    };
    let filter = Filter::parse("a/+", &Limits::default()).unwrap();
    Retention {
        policies: vec![(filter, keep)],
        ..Retention::default()
    }
}

/// Room enough for every operation, or bounds that they meet.
pub(crate) fn limits() -> impl Strategy<Value = Limits> {
    prop_oneof![Just(roomy()), tight_queues(), tight_orders()]
}

/// Bounds that no case meets, but those of time.
pub(crate) fn roomy() -> Limits {
    Limits {
        client_silence: Duration::from_millis(30),
        repeat_window: Duration::from_millis(60),
        ..Limits::default()
    }
}

fn tight_queues() -> impl Strategy<Value = Limits> {
    (
        select(&[0_usize, 1, 2, 2, 3, 3, 5, 1_000][..]),
        select(&[0_usize, 10, 30, 1_000, 1_000, 1_000, 1_000][..]),
        select(&[0_usize, 20, 40, 80, 1_000, 1_000, 1_000][..]),
        select(&[0_usize, 1, 2, 3, 1_000, 1_000, 1_000][..]),
        select(&[0_usize, 5, 20, 1_000, 1_000, 1_000][..]),
    )
        .prop_map(
            |(messages, bytes, all_bytes, at_once, bytes_at_once)| Limits {
                queue_messages: messages,
                queue_bytes: bytes,
                queues_bytes: all_bytes,
                pickup_messages: at_once,
                pickup_bytes: bytes_at_once,
                ..roomy()
            },
        )
}

fn tight_orders() -> impl Strategy<Value = Limits> {
    (
        0..=5_usize,
        select(&[0_usize, 10, 25, 1_000][..]),
        select(&[0_usize, 1, 2, 1_000, 1_000][..]),
        select(&[0_usize, 1, 2, 1_000, 1_000][..]),
        0..=6_usize,
        select(&[0_usize, 1, 2, 3, 1_000][..]),
    )
        .prop_map(|(topics, values, clients, own, filters, repeats)| Limits {
            topics,
            values_bytes: values,
            clients,
            filters_per_client: own,
            filters,
            repeats,
            ..roomy()
        })
}
