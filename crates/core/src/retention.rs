//! How long what stays in the log.

use std::time::Duration;

use crate::filter::Filter;
use crate::topic::Topic;

const MIB: u64 = 1024 * 1024;

/// Policies that may be given. More: refused by whoever reads them. Each new
/// topic is compared with each of them.
pub const MAX_POLICIES: usize = 64;

/// What stays in the log: policies by filter, and a bound on all of it.
///
/// The first policy whose filter matches a topic holds for it; where none does,
/// the default one. Whatever they say, messages that wait for a client stay
/// until they are handed over; only [`Retention::total_bytes`] is above that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retention {
    /// What holds for topics that no policy names.
    pub default: Keep,
    /// What holds for the topics that a filter matches, first match first.
    pub policies: Vec<(Filter, Keep)>,
    /// Bytes of the database. More: the oldest messages of the log go, of all
    /// policies alike.
    pub total_bytes: u64,
}

/// What is kept of the messages that one policy holds for. They are counted
/// together, not topic by topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keep {
    /// Age, in time that the broker has run. Older: pruned.
    pub age: Duration,
    /// Messages. More: the oldest are pruned.
    pub messages: u64,
    /// Bytes of topics, payloads and publishers' names. More: the oldest are
    /// pruned.
    pub bytes: u64,
    /// How long a topic's value is kept after it was last set, in time that the
    /// broker has run; `None` for as long as nobody deletes it. Values do not
    /// go with the log: a topic keeps its value when its messages are pruned.
    pub values: Option<Duration>,
}

/// A policy's place among all of them: 0 is the default one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PolicyId(pub usize);

impl Retention {
    /// Which policy holds for a topic.
    #[must_use]
    pub fn policy(&self, topic: &Topic) -> PolicyId {
        let named = self
            .policies
            .iter()
            .position(|(filter, _)| filter.matches(topic));
        PolicyId(named.map_or(0, |index| index + 1))
    }

    /// What a policy keeps; the default where there is no such policy.
    #[must_use]
    pub fn keep(&self, policy: PolicyId) -> &Keep {
        let named = policy.0.checked_sub(1);
        named
            .and_then(|index| self.policies.get(index))
            .map_or(&self.default, |(_, keep)| keep)
    }

    /// As much of another retention as can hold without numbering the log anew:
    /// all of it where its policies have the same filters in the same order,
    /// else all but its policies.
    #[must_use]
    pub fn adopt(&self, wanted: Self) -> Self {
        if self.has_filters_of(&wanted) {
            return wanted;
        }
        Self {
            policies: self.policies.clone(),
            ..wanted
        }
    }

    /// Whether the policies have the same filters in the same order, so that
    /// what is numbered by the one is numbered by the other.
    #[must_use]
    pub fn has_filters_of(&self, other: &Self) -> bool {
        let filters = |retention: &'_ Self| -> Vec<Filter> {
            let policies = retention.policies.iter();
            policies.map(|(filter, _)| filter.clone()).collect()
        };
        filters(self) == filters(other)
    }

    /// All policies, the default one first.
    pub fn all(&self) -> impl Iterator<Item = (PolicyId, &Keep)> {
        let named = self.policies.iter().map(|(_, keep)| keep);
        std::iter::once(&self.default)
            .chain(named)
            .enumerate()
            .map(|(index, keep)| (PolicyId(index), keep))
    }
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            default: Keep::default(),
            policies: Vec::new(),
            total_bytes: 1024 * MIB,
        }
    }
}

impl Default for Keep {
    fn default() -> Self {
        Self {
            age: Duration::from_secs(7 * 24 * 60 * 60),
            messages: 100_000,
            bytes: 512 * MIB,
            values: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;

    #[test]
    fn other_filters_wait_and_other_bounds_do_not() {
        let limits = Limits::default();
        let retention = |filter: &str, messages, total_bytes| Retention {
            policies: vec![(
                Filter::parse(filter, &limits).unwrap(),
                Keep {
                    messages,
                    ..Keep::default()
                },
            )],
            total_bytes,
            ..Retention::default()
        };
        let old = retention("/a", 1, 10);
        assert_eq!(
            old.adopt(retention("/a", 2, 20)),
            retention("/a", 2, 20),
            "the filters are the same"
        );
        assert_eq!(old.adopt(retention("/b", 2, 20)), retention("/a", 1, 20));
    }

    #[test]
    fn the_first_filter_that_matches_holds() {
        let limits = Limits::default();
        let policy = |filter: &str, messages| {
            let keep = Keep {
                messages,
                ..Keep::default()
            };
            (Filter::parse(filter, &limits).unwrap(), keep)
        };
        let retention = Retention {
            policies: vec![policy("/camera/+/alarm", 1), policy("/camera/#", 2)],
            ..Retention::default()
        };
        for (topic, messages) in [
            ("/camera/1/alarm", 1),
            ("/camera/1/frame", 2),
            ("/camera", 2),
            ("/kitchen", 100_000),
            ("$internal", 100_000),
        ] {
            let id = retention.policy(&Topic::parse(topic, &limits).unwrap());
            assert_eq!(retention.keep(id).messages, messages, "{topic}");
        }
        let all: Vec<_> = retention
            .all()
            .map(|(id, keep)| (id.0, keep.messages))
            .collect();
        assert_eq!(all, [(0, 100_000), (1, 1), (2, 2)]);
        assert_eq!(retention.keep(PolicyId(9)).messages, 100_000);
    }
}
