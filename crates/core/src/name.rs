//! Who subscribes, who publishes, and what a publisher calls its message.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use crate::limits::Limits;
use crate::text::{self, InvalidText};

/// The name that a client gave itself. Its queue and its filters hang on it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientName(Arc<str>);

/// The name that a publisher gave itself.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublisherName(Arc<str>);

/// What a publisher calls one message of its own (`msg_id`), to be able to send
/// it again when it does not know whether it arrived.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublisherMessageId(Arc<str>);

macro_rules! name {
    ($type:ident) => {
        impl $type {
            /// Reads a name.
            ///
            /// # Errors
            /// When the text is empty, too long or holds a control character.
            pub fn parse(text: &str, limits: &Limits) -> Result<Self, InvalidText> {
                text::check(text, limits.name_bytes)?;
                Ok(Self(text.into()))
            }

            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        /// Lets a map of names be asked with the text alone.
        impl Borrow<str> for $type {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}

name!(ClientName);
name!(PublisherName);
name!(PublisherMessageId);
