//! What a client need not get again.

use thiserror::Error;

use crate::message::MessageId;

/// Spans that are remembered at most. Beyond, the last ones become one: what was
/// let go of between them comes again after a restart.
const MAX_SPANS: usize = 64;

/// Messages from one to another, both included, that a client has still to let go
/// of. What lies between and is not for the client does not matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Span {
    pub(crate) first: MessageId,
    pub(crate) last: MessageId,
}

/// What is settled for a client: everything up to a message, but for some spans.
/// They are what is under leases, or came back: without them a start could not
/// tell what was let go of behind an open lease, and that would come again and
/// push what is leased out of a full queue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    up_to: MessageId,
    /// Sorted, apart, at most [`MAX_SPANS`], and none reaches `up_to`.
    open: Vec<Span>,
}

/// The text names no spans of messages.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("'{0}' is no list of spans, such as '12-15 40-40'")]
pub struct InvalidSpans(String);

impl Settled {
    /// Everything up to a message.
    #[must_use]
    pub fn up_to(message: MessageId) -> Self {
        Self {
            up_to: message,
            open: Vec::new(),
        }
    }

    /// Everything up to a message, but for the spans.
    pub(crate) fn except(up_to: MessageId, spans: impl Iterator<Item = Span>) -> Self {
        let mut spans: Vec<_> = spans.collect();
        spans.sort_unstable();
        let mut settled = Self::up_to(up_to);
        for span in spans {
            let is_full = settled.open.len() == MAX_SPANS;
            match settled.open.last_mut() {
                Some(last) if is_full || span.first <= last.last => {
                    last.last = last.last.max(span.last);
                }
                _ => settled.open.push(span),
            }
        }
        // What is not settled at the end is news like all that follows.
        while let Some(last) = settled.open.pop_if(|last| last.last >= settled.up_to) {
            settled.up_to = last.first.previous();
        }
        settled
    }

    /// Whether the message need not come again.
    #[must_use]
    pub fn contains(&self, message: MessageId) -> bool {
        message <= self.up_to && !self.open.iter().any(|span| span.contains(message))
    }

    /// Everything up to this message is settled, without exception.
    #[must_use]
    pub fn wholly_up_to(&self) -> MessageId {
        let first = self.open.first();
        first.map_or(self.up_to, |span| span.first.previous())
    }

    /// The last message that is settled.
    #[must_use]
    pub fn last(&self) -> MessageId {
        self.up_to
    }

    /// What is not settled before the last message that is, as text: the first and
    /// last message of each span, such as `12-15 40-40`.
    #[must_use]
    pub fn exceptions(&self) -> String {
        let spans = self.open.iter();
        let spans: Vec<_> = spans
            .map(|span| format!("{}-{}", span.first.0, span.last.0))
            .collect();
        spans.join(" ")
    }

    /// Everything up to a message, but for the exceptions, which are given as
    /// [`Settled::exceptions`] has them.
    ///
    /// # Errors
    /// When the exceptions are not of that form.
    pub fn parse(up_to: MessageId, exceptions: &str) -> Result<Self, InvalidSpans> {
        let words = exceptions.split(' ').filter(|_| !exceptions.is_empty());
        let spans: Option<Vec<_>> = words.map(Span::parse).collect();
        match spans {
            Some(spans) => Ok(Self::except(up_to, spans.into_iter())),
            None => Err(InvalidSpans(exceptions.to_owned())),
        }
    }

    pub(crate) fn into_spans(self) -> Vec<Span> {
        self.open
    }
}

impl Span {
    pub(crate) fn contains(self, message: MessageId) -> bool {
        self.first <= message && message <= self.last
    }

    fn parse(word: &str) -> Option<Self> {
        let number = |digits: &str| digits.parse().ok().map(MessageId);
        let (first, last) = word.split_once('-')?;
        let (first, last) = (number(first)?, number(last)?);
        (first <= last).then_some(Self { first, last })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settled(up_to: u64, spans: &[(u64, u64)]) -> Settled {
        let span = |&(first, last)| Span {
            first: MessageId(first),
            last: MessageId(last),
        };
        Settled::except(MessageId(up_to), spans.iter().map(span))
    }

    #[test]
    fn what_is_open_is_not_settled() {
        let settled = settled(9, &[(6, 7), (2, 3)]);
        let ids = (1..12).filter(|id| settled.contains(MessageId(*id)));
        assert!(ids.eq([1, 4, 5, 8, 9]), "{settled:?}");
        assert_eq!(settled.wholly_up_to(), MessageId(1));
    }

    #[test]
    fn spans_are_sorted_and_apart_and_none_is_at_the_end() {
        let cases = [
            (9, &[][..], 9, ""),
            (9, &[(8, 9)], 7, ""),
            (9, &[(5, 9), (4, 4)], 3, ""),
            (9, &[(3, 3), (8, 9)], 7, "3-3"),
            (9, &[(6, 7), (2, 4), (3, 5)], 9, "2-5 6-7"),
            (9, &[(2, 7), (3, 4)], 9, "2-7"),
        ];
        for (up_to, spans, last, text) in cases {
            let (settled, last) = (settled(up_to, spans), MessageId(last));
            assert_eq!(settled.last(), last, "{spans:?}");
            assert_eq!(settled.exceptions(), text);
            assert_eq!(Settled::parse(last, text), Ok(settled));
        }
    }

    #[test]
    fn too_many_spans_become_one() {
        let spans: Vec<_> = (1..=100).map(|n| (10 * n, 10 * n)).collect();
        let settled = settled(2_000, &spans);
        assert_eq!(settled.open.len(), MAX_SPANS);
        assert!(settled.contains(MessageId(635)));
        assert!(!settled.contains(MessageId(645)), "in the last span");
        assert!(settled.contains(MessageId(1_001)));
        assert!(
            spans
                .iter()
                .all(|(id, _)| !settled.contains(MessageId(*id)))
        );
    }

    #[test]
    fn rubbish_is_refused() {
        for text in [
            "x", " ", "3", "3-", "4-3", "-9", "1-2  3-4", "1-2-3", "1-2 ",
        ] {
            assert!(Settled::parse(MessageId(9), text).is_err(), "{text:?}");
        }
    }
}
