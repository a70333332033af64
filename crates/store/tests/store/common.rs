//! A store in a folder, and what goes into it.

use std::path::Path;
use std::sync::Arc;

use moustique_core::{
    Change, ClientName, Filter, Limits, Logged, Message, MessageId, MessageKind, PolicyId,
    PublisherName, Retention, RunTime, Timestamp, Topic,
};
use moustique_store::{Options, Store};

pub(crate) fn open(folder: &Path) -> Store {
    open_with(folder, Retention::default())
}

pub(crate) fn open_with(folder: &Path, retention: Retention) -> Store {
    let options = Options {
        retention,
        ..Options::default()
    };
    Store::open(&database(folder), options).unwrap()
}

pub(crate) fn database(folder: &Path) -> std::path::PathBuf {
    folder.join("data/moustique.db")
}

pub(crate) fn topic(text: &str) -> Topic {
    Topic::parse(text, &Limits::default()).unwrap()
}

pub(crate) fn message(id: u64, topic: &str, payload: &str) -> Arc<Message> {
    Arc::new(Message {
        id: MessageId(id),
        time: Timestamp(id.cast_signed() * 1000),
        taken: RunTime(id * 1000),
        topic: self::topic(topic),
        payload: payload.into(),
        from: Some(PublisherName::parse("sensor å", &Limits::default()).unwrap()),
        address: "fe80::1".parse().unwrap(),
        updated_time: -5,
        kind: MessageKind::Put,
    })
}

pub(crate) fn logged(message: &Arc<Message>) -> Change {
    Change::Logged(Logged {
        message: Arc::clone(message),
        repeat_id: None,
        policy: PolicyId::default(),
    })
}

pub(crate) fn client() -> ClientName {
    ClientName::parse("panel", &Limits::default()).unwrap()
}

pub(crate) fn subscribed(filter: &str, since: u64) -> Change {
    Change::Subscribed {
        client: client(),
        filter: Filter::parse(filter, &Limits::default()).unwrap(),
        since: MessageId(since),
        address: [10, 0, 0, 1].into(),
        time: Timestamp(7),
    }
}

pub(crate) fn replayed(store: &mut Store, after: u64) -> Vec<Message> {
    let mut messages = Vec::new();
    store
        .replay(MessageId(after), |message| messages.push(message))
        .unwrap();
    messages
}

pub(crate) fn ids(messages: &[Message]) -> Vec<u64> {
    messages.iter().map(|message| message.id.0).collect()
}
