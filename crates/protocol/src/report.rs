//! What the broker tells of itself, to those who may know: `STATUS`, `STATS`,
//! `CLIENTS`, `POSTERS`, `TOPICS`, `CROOKS`, `PEERHOSTS` and `LOG`.

mod html;
mod log;
mod page;
mod posters;
mod rows;
mod stats;

use std::fmt;

use crate::encoding::Encoding;
use crate::fields::Fields;
use crate::form::Form;

pub use log::log_reply;
pub use page::StatusPage;
pub use posters::{PosterRow, posters_reply};
pub use rows::{ClientRow, CrookRow, clients_reply, crooks_reply};
pub use stats::{Flow, Stats, stats_reply};

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Report {
    /// A page for people with all of it.
    Status,
    /// Numbers.
    Stats,
    /// The clients that are known.
    Clients,
    /// Who published, and what last.
    Posters,
    /// The topics that have a value.
    Topics,
    /// Who was refused entry.
    Crooks,
    /// The addresses that connected.
    PeerHosts,
    /// The last lines of the log.
    Log,
}

impl Report {
    /// Every report, in the order in which [`crate::Verb::ALL`] has them.
    pub const ALL: [Self; 8] = [
        Self::Status,
        Self::Stats,
        Self::Clients,
        Self::Posters,
        Self::Topics,
        Self::Crooks,
        Self::PeerHosts,
        Self::Log,
    ];

    /// Its name, as it stands in the path.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Status => "STATUS",
            Self::Stats => "STATS",
            Self::Clients => "CLIENTS",
            Self::Posters => "POSTERS",
            Self::Topics => "TOPICS",
            Self::Crooks => "CROOKS",
            Self::PeerHosts => "PEERHOSTS",
            Self::Log => "LOG",
        }
    }
}

/// What the field `pwd` of a request may mean.
///
/// A password must not be judged by a guess: unless the request declares its
/// encoding, each way in which the field can be read is offered, the decided one
/// first. There are at most three. None of them is ever shown.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Passwords(Vec<String>);

impl Passwords {
    pub(crate) fn read(form: &Form<'_>, fields: &Fields<'_>, declared: Option<Encoding>) -> Self {
        const FIELD: &str = "pwd";
        let mut offered: Vec<String> = fields.get(FIELD).map(str::to_owned).into_iter().collect();
        if declared.is_none()
            && let Some(value) = form.get(FIELD)
        {
            for encoding in [Encoding::Classic, Encoding::Inner, Encoding::Plain] {
                if let Ok(reading) = encoding.decode(value)
                    && offered.iter().all(|other| *other != reading)
                {
                    offered.push(reading.into_owned());
                }
            }
        }
        Self(offered)
    }

    /// Whether the field is there.
    #[must_use]
    pub fn is_offered(&self) -> bool {
        !self.0.is_empty()
    }

    /// Each way in which it can be read.
    #[must_use]
    pub fn into_readings(self) -> Vec<String> {
        self.0
    }

    #[cfg(test)]
    pub(crate) fn offered(&self) -> Option<&str> {
        self.0.first().map(String::as_str)
    }
}

impl fmt::Debug for Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Passwords({})", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::{Command, RequestLimits, read};
    use crate::vectors::Known;
    use crate::verb::Verb;

    fn passwords(form: &str, declared: Option<Encoding>) -> Passwords {
        let verb = Verb::Report(Report::Stats);
        let limits = RequestLimits::default();
        let request = read(verb, form.as_bytes(), declared, &Known::nothing(), &limits);
        match request.unwrap().command {
            Command::Report(Report::Stats, passwords) => passwords,
            command => panic!("{command:?}"),
        }
    }

    #[test]
    fn a_password_is_offered_as_each_dialect_and_as_it_stands() {
        for password in ["secret", "hemligt lösenord", "abcd", "åäö", "x"] {
            for encoding in [Encoding::Classic, Encoding::Inner, Encoding::Plain] {
                let mut encoded = Vec::new();
                encoding.encode(password.as_bytes(), &mut encoded);
                let encoded = String::from_utf8(encoded).unwrap();
                let form = crate::vectors::escape([("pwd", encoded.as_str())]);
                let offered = passwords(&form, None);
                assert!(offered.0.len() <= 3);
                assert!(
                    offered.0.iter().any(|reading| reading == password),
                    "{password} in {}",
                    encoding.name()
                );
                assert!(!format!("{offered:?}").contains(password));
                let declared = passwords(&form, Some(encoding));
                assert_eq!(declared.into_readings(), [password]);
            }
        }
        assert!(!passwords("", None).is_offered());
        assert_eq!(passwords("pwd=", None).into_readings(), [""]);
    }
}
