//! Messages that a client has, but has not let go of.

use std::fmt;
use std::str::FromStr;

use crate::clock::RunTime;
use crate::queue::Delivery;
use crate::settled::Span;

/// The name of a lease: the client lets go of its messages by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LeaseToken(u64);

/// The text is no name of a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a lease's name is 16 hexadecimal digits")]
pub struct InvalidLeaseToken;

impl fmt::Display for LeaseToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl FromStr for LeaseToken {
    type Err = InvalidLeaseToken;

    fn from_str(text: &str) -> Result<Self, InvalidLeaseToken> {
        let is_token = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = is_token.then(|| u64::from_str_radix(text, 16).ok());
        number.flatten().map(Self).ok_or(InvalidLeaseToken)
    }
}

/// Gives each lease a name that none before it had, in other runs of the
/// broker neither, as far as the wall clock tells them apart.
#[derive(Debug)]
pub(crate) struct LeaseTokens(u64);

impl LeaseTokens {
    /// The low bits count; the rest is the start's wall-clock time.
    const COUNTED_BITS: u32 = 22;

    pub(crate) fn new(start: crate::clock::Timestamp) -> Self {
        Self(start.0.cast_unsigned() << Self::COUNTED_BITS)
    }

    pub(crate) fn next(&mut self) -> LeaseToken {
        self.0 = self.0.wrapping_add(1);
        LeaseToken(self.0)
    }
}

/// Messages under a lease.
#[derive(Debug)]
pub(crate) struct Lease {
    /// When they come again, unless the client has let go of them.
    pub(crate) until: RunTime,
    /// At least one, oldest first.
    pub(crate) deliveries: Vec<Delivery>,
    /// Where they are in the log.
    pub(crate) spans: Vec<Span>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;

    #[test]
    fn a_token_reads_as_it_is_written() {
        let mut tokens = LeaseTokens::new(Timestamp(1_790_000_000_000));
        let (one, two) = (tokens.next(), tokens.next());
        assert_ne!(one, two);
        assert_eq!(one.to_string().parse(), Ok(one));
        let later = LeaseTokens::new(Timestamp(1_790_000_000_001)).next();
        assert!(later > two);
    }

    #[test]
    fn rubbish_is_no_token() {
        for text in [
            "",
            "1",
            "+000000000000001",
            "0123456789abcdefg",
            "000000000000000g",
        ] {
            assert_eq!(text.parse::<LeaseToken>(), Err(InvalidLeaseToken), "{text}");
        }
    }
}
