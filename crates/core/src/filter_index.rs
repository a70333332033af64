//! Which filters match a topic, without asking each of them.

use std::collections::HashMap;

use slab::Slab;
use smallvec::SmallVec;

use crate::filter::Filter;
use crate::message::MessageId;
use crate::state::ClientKey;
use crate::topic::Topic;

/// A filter's place in the index, valid while anybody is subscribed to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FilterId(usize);

/// A client's interest in a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Subscriber {
    pub(crate) client: ClientKey,
    /// Only messages after this one are for the client.
    pub(crate) since: MessageId,
}

/// Every filter of every client as a tree of levels.
///
/// A topic walks down all paths that fit it at once, level by level: the cost
/// grows with the topic's levels and the filters that match, not with those
/// that do not, and nothing recurses.
///
/// The maps hash with the standard library's keyed hash because their keys
/// come from the wire.
#[derive(Debug)]
pub struct FilterIndex {
    nodes: Slab<Node>,
    root: usize,
    entries: Slab<Entry>,
    subscriptions: usize,
}

#[derive(Debug, Default)]
struct Node {
    children: HashMap<Box<str>, usize>,
    /// Where a `+` in this place leads.
    plus: Option<usize>,
    /// The filter that ends here.
    exact: Option<FilterId>,
    /// The filter that goes on with a last `#` from here.
    below: Option<FilterId>,
}

impl Node {
    fn is_empty(&self) -> bool {
        self.children.is_empty()
            && self.plus.is_none()
            && self.exact.is_none()
            && self.below.is_none()
    }
}

#[derive(Debug)]
struct Entry {
    filter: Filter,
    subscribers: SmallVec<[Subscriber; 2]>,
}

impl Default for FilterIndex {
    fn default() -> Self {
        let mut nodes = Slab::new();
        let root = nodes.insert(Node::default());
        Self {
            nodes,
            root,
            entries: Slab::new(),
            subscriptions: 0,
        }
    }
}

impl FilterIndex {
    /// Subscriptions of all clients together.
    #[must_use]
    pub fn len(&self) -> usize {
        self.subscriptions
    }

    /// Whether nobody is subscribed to anything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.subscriptions == 0
    }

    /// Subscribes the client to the filter. The caller makes sure that it is
    /// not subscribed yet.
    pub(crate) fn insert(&mut self, filter: &Filter, subscriber: Subscriber) {
        let mut at = self.root;
        let mut ends_with_hash = false;
        for level in filter.levels() {
            if level == "#" {
                ends_with_hash = true;
                break;
            }
            at = self.child_or_new(at, level);
        }
        let Some(node) = self.nodes.get_mut(at) else {
            return;
        };
        let place = if ends_with_hash {
            &mut node.below
        } else {
            &mut node.exact
        };
        let id = *place.get_or_insert_with(|| {
            FilterId(self.entries.insert(Entry {
                filter: filter.clone(),
                subscribers: SmallVec::new(),
            }))
        });
        if let Some(entry) = self.entries.get_mut(id.0) {
            entry.subscribers.push(subscriber);
            self.subscriptions += 1;
        }
    }

    /// Ends the client's subscription to the filter, and forgets the filter
    /// and its levels with the last one.
    pub(crate) fn remove(&mut self, filter: &Filter, client: ClientKey) {
        let Some((path, ends_with_hash)) = self.path(filter) else {
            return;
        };
        let Some(node) = path.last().and_then(|(at, _)| self.nodes.get_mut(*at)) else {
            return;
        };
        let place = if ends_with_hash {
            &mut node.below
        } else {
            &mut node.exact
        };
        let Some(id) = *place else { return };
        let Some(entry) = self.entries.get_mut(id.0) else {
            return;
        };
        let Some(found) = entry.subscribers.iter().position(|s| s.client == client) else {
            return;
        };
        entry.subscribers.swap_remove(found);
        self.subscriptions -= 1;
        if entry.subscribers.is_empty() {
            *place = None;
            self.entries.remove(id.0);
            self.prune(&path);
        }
    }

    /// Collects the filters that match the topic, in no particular order,
    /// each once.
    pub fn matching(&self, topic: &Topic, found: &mut Vec<FilterId>) {
        let mut here: SmallVec<[usize; 16]> = SmallVec::new();
        let mut next: SmallVec<[usize; 16]> = SmallVec::new();
        here.push(self.root);
        let mut wildcards_apply = !topic.is_reserved();
        for level in topic.levels() {
            for node in here.iter().filter_map(|at| self.nodes.get(*at)) {
                next.extend(node.children.get(level).copied());
                if wildcards_apply {
                    next.extend(node.plus);
                    found.extend(node.below);
                }
            }
            wildcards_apply = true;
            std::mem::swap(&mut here, &mut next);
            next.clear();
            if here.is_empty() {
                return;
            }
        }
        for node in here.iter().filter_map(|at| self.nodes.get(*at)) {
            found.extend(node.exact);
            // `a/#` matches its parent `a`.
            found.extend(node.below);
        }
    }

    /// The filter at a place in the index.
    #[must_use]
    pub fn filter(&self, id: FilterId) -> Option<&Filter> {
        self.entries.get(id.0).map(|entry| &entry.filter)
    }

    pub(crate) fn subscribers(&self, id: FilterId) -> &[Subscriber] {
        self.entries
            .get(id.0)
            .map_or(&[], |entry| entry.subscribers.as_slice())
    }

    fn child(&self, at: usize, level: &str) -> Option<usize> {
        let node = self.nodes.get(at)?;
        match level {
            "+" => node.plus,
            _ => node.children.get(level).copied(),
        }
    }

    fn child_or_new(&mut self, at: usize, level: &str) -> usize {
        if let Some(child) = self.child(at, level) {
            return child;
        }
        let child = self.nodes.insert(Node::default());
        if let Some(node) = self.nodes.get_mut(at) {
            match level {
                "+" => node.plus = Some(child),
                _ => drop(node.children.insert(level.into(), child)),
            }
        }
        child
    }

    /// The nodes from the root to where the filter ends, each with the level
    /// that leads to it, and whether a `#` follows.
    fn path<'f>(&self, filter: &'f Filter) -> Option<(Vec<(usize, &'f str)>, bool)> {
        let mut at = self.root;
        let mut path = vec![(at, "")];
        for level in filter.levels() {
            if level == "#" {
                return Some((path, true));
            }
            at = self.child(at, level)?;
            path.push((at, level));
        }
        Some((path, false))
    }

    fn prune(&mut self, path: &[(usize, &str)]) {
        for pair in path.windows(2).rev() {
            let &[(parent, _), (child, level)] = pair else {
                return;
            };
            if !self.nodes.get(child).is_some_and(Node::is_empty) {
                return;
            }
            self.nodes.remove(child);
            if let Some(node) = self.nodes.get_mut(parent) {
                match level {
                    "+" => node.plus = None,
                    _ => drop(node.children.remove(level)),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{filter, topic};
    use crate::limits::Limits;
    use proptest::prelude::*;

    fn subscriber(key: usize) -> Subscriber {
        Subscriber {
            client: ClientKey(key),
            since: MessageId(0),
        }
    }

    fn matching(index: &FilterIndex, topic: &Topic) -> Vec<String> {
        let mut ids = Vec::new();
        index.matching(topic, &mut ids);
        let mut filters: Vec<_> = ids
            .iter()
            .map(|id| index.filter(*id).unwrap().to_string())
            .collect();
        filters.sort();
        filters
    }

    #[test]
    fn agrees_with_the_vectors() {
        let text = include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../spec/vectors/wildcards.json"
        ));
        let vectors: serde_json::Value = serde_json::from_str(text).unwrap();
        let cases = vectors["cases"].as_array().unwrap();
        assert!(cases.len() >= 82);
        for case in cases {
            let wanted = filter(case["filter"].as_str().unwrap());
            let given = topic(case["topic"].as_str().unwrap());
            let matches = case["matches"].as_bool().unwrap();
            assert_eq!(wanted.matches(&given), matches, "{case}");
            let mut index = FilterIndex::default();
            index.insert(&wanted, subscriber(0));
            assert_eq!(!matching(&index, &given).is_empty(), matches, "{case}");
        }
        for text in vectors["invalid_filters"].as_array().unwrap() {
            assert!(
                Filter::parse(text.as_str().unwrap(), &Limits::default()).is_err(),
                "{text}"
            );
        }
    }

    #[test]
    fn forgets_filters_and_levels_with_the_last_subscriber() {
        let mut index = FilterIndex::default();
        for text in ["a/+/c", "a/+/#", "a/b", "#", "+"] {
            index.insert(&filter(text), subscriber(1));
            index.insert(&filter(text), subscriber(2));
        }
        assert_eq!(index.len(), 10);
        for key in [1, 2] {
            for text in ["a/+/c", "a/+/#", "a/b", "#", "+"] {
                index.remove(&filter(text), ClientKey(key));
                index.remove(&filter(text), ClientKey(key));
            }
        }
        assert!(index.is_empty());
        assert_eq!((index.nodes.len(), index.entries.len()), (1, 0));
    }

    fn levels(wild: bool) -> impl Strategy<Value = String> {
        let level = if wild {
            prop_oneof![
                "",
                "a",
                "b",
                "c",
                Just("+".to_owned()),
                Just("$s".to_owned())
            ]
            .boxed()
        } else {
            prop_oneof!["", "a", "b", "c", Just("$s".to_owned())].boxed()
        };
        prop::collection::vec(level, 1..6).prop_map(|levels| levels.join("/"))
    }

    fn filters() -> impl Strategy<Value = String> {
        (levels(true), any::<bool>()).prop_map(|(text, hash)| match (text.as_str(), hash) {
            ("", _) => "#".to_owned(),
            (_, true) => format!("{text}/#"),
            (_, false) => text,
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        /// The index says what the plain definition says, before and after
        /// some of the filters are gone again.
        #[test]
        fn agrees_with_the_plain_definition(
            texts in prop::collection::btree_set(filters(), 0..40),
            topics in prop::collection::vec(levels(false).prop_filter("empty", |t| !t.is_empty()), 1..20),
            gone in any::<prop::sample::Index>(),
        ) {
            let all: Vec<Filter> = texts.iter().map(|text| filter(text)).collect();
            let mut index = FilterIndex::default();
            for filter in &all {
                index.insert(filter, subscriber(7));
            }
            let removed = if all.is_empty() { 0 } else { gone.index(all.len()) };
            for (round, kept) in [(0, &all[..]), (1, &all[removed..])] {
                if round == 1 {
                    for filter in &all[..removed] {
                        index.remove(filter, ClientKey(7));
                    }
                }
                for text in &topics {
                    let topic = topic(text);
                    let mut expected: Vec<String> = kept
                        .iter()
                        .filter(|filter| filter.matches(&topic))
                        .map(ToString::to_string)
                        .collect();
                    expected.sort();
                    prop_assert_eq!(matching(&index, &topic), expected);
                }
            }
        }
    }
}
