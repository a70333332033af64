//! Bytes to meaning and back: the classic wire protocol.
//!
//! What every existing client speaks is a form whose values are obscured in
//! one of two ways (spec/PROTOCOL.md, section 1). A request flows one way:
//!
//! ```text
//! path ──> Verb::parse ──> Verb::check_method
//! header, query ──> Encoding::declared ─┐
//! body or query ────────────────────────┴─> read ──> Request { command, encoding, basis }
//!                                            │
//!                   Form::parse (strict) ────┤
//!                   dialect (which encoding) ┤
//!                   Post, Pickup, … ─────────┘
//! ```
//!
//! and its answer the other way: [`GetVal::reply`], [`PickupReply`],
//! [`text_reply`], [`StatusPage`] and others make the text and encode it like the request;
//! the verbs that only change something answer with an empty body. Whatever is
//! refused is a [`Rejection`], the one table of statuses, codes and texts.
//!
//! ```
//! use moustique_core::{ClientName, Topic};
//! use moustique_protocol::{Command, Encoding, Hints, RequestLimits, Verb, read};
//!
//! /// What the broker knows that can tell the dialects apart.
//! struct Nothing;
//! impl Hints for Nothing {
//!     fn topic_exists(&self, _: &str) -> bool { false }
//!     fn client_known(&self, _: &str) -> bool { false }
//!     fn last_used(&self) -> Option<Encoding> { None }
//!     fn configured(&self) -> Encoding { Encoding::Classic }
//! }
//!
//! let verb = Verb::parse("/POST")?;
//! verb.check_method("PUT")?;
//! let limits = RequestLimits::default();
//! let declared = Encoding::declared(None, None, &limits.form)?;
//! let body = b"topic=Y2uioJHin2y0L2uyov90MJ1j&message=ZwRhAD%3D%3D&from=MKAjZmV=";
//! let request = read(verb, body, declared, &Nothing, &limits)?;
//! assert_eq!(request.encoding, Encoding::Classic);
//! let Command::Post(post) = request.command else { unreachable!() };
//! assert_eq!(post.topic.as_str(), "/home/kitchen/temp");
//! assert_eq!(post.message.as_ref(), "21.5");
//!
//! let refused = read(verb, b"message=on", None, &Nothing, &limits);
//! let refused = refused.unwrap_err();
//! assert_eq!((refused.status(), refused.code()), (404, "missing_field"));
//! assert_eq!(refused.to_string(), "POST needs the field 'topic', which is missing");
//! # Ok::<(), moustique_protocol::Rejection>(())
//! ```
//!
//! Absent on purpose: sockets, HTTP types, clocks and the system's time zone
//! (it is an argument), and any state of the broker beyond [`Hints`].

mod ack;
mod dialect;
#[cfg(test)]
mod dialect_figures;
mod encoding;
mod excerpt;
mod fields;
mod form;
mod getval;
mod getvalsbyregex;
mod message_json;
mod pickup;
mod post;
mod putval;
#[cfg(test)]
mod recorded;
mod rejection;
mod report;
mod request;
mod rotated_base64;
mod subscribe;
mod texts;
mod unsubscribe;
#[cfg(test)]
mod vectors;
mod verb;

pub use ack::Ack;
pub use dialect::{Basis, Decision, Hints, decide};
pub use encoding::{Encoding, Undecodable};
pub use excerpt::Excerpt;
pub use fields::Fields;
pub use form::{Form, FormLimits};
pub use getval::GetVal;
pub use getvalsbyregex::GetValsByRegex;
pub use message_json::SystemMessage;
pub use pickup::{MAX_LEASE, MAX_WAIT, Pickup, PickupReply};
pub use post::Post;
pub use putval::PutVal;
pub use rejection::Rejection;
pub use report::{
    ClientRow, CrookRow, Flow, Passwords, PosterRow, Report, Stats, StatusPage, clients_reply,
    crooks_reply, log_reply, posters_reply, stats_reply,
};
pub use request::{Command, Request, RequestLimits, read};
pub use subscribe::Subscribe;
pub use texts::{text_reply, texts_reply};
pub use unsubscribe::Unsubscribe;
pub use verb::Verb;
