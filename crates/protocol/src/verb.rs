//! Which calls there are, and by which methods they may be made.

use std::fmt;

use crate::excerpt::Excerpt;
use crate::rejection::Rejection;
use crate::report::Report;

/// A call of the classic API. Its name is the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verb {
    /// Publish a message.
    Post,
    /// Subscribe a client to a filter.
    Subscribe,
    /// End a client's subscription to a filter.
    Unsubscribe,
    /// Hand over what waits for a client.
    Pickup,
    /// Let go of messages that were handed over under a lease.
    Ack,
    /// Set a topic's last value, and notify nobody.
    PutVal,
    /// Read a topic's last value.
    GetVal,
    /// Read the last values of the topics that a regular expression finds.
    GetValsByRegex,
    /// Say something of the broker itself, to those who may know.
    Report(Report),
    /// Say which version is running.
    Version,
    /// Say which executable is running, by its digest.
    FileVersion,
}

impl Verb {
    /// Every verb.
    pub const ALL: [Self; 18] = [
        Self::Post,
        Self::Subscribe,
        Self::Unsubscribe,
        Self::Pickup,
        Self::Ack,
        Self::PutVal,
        Self::GetVal,
        Self::GetValsByRegex,
        Self::Report(Report::Status),
        Self::Report(Report::Stats),
        Self::Report(Report::Clients),
        Self::Report(Report::Posters),
        Self::Report(Report::Topics),
        Self::Report(Report::Crooks),
        Self::Report(Report::PeerHosts),
        Self::Report(Report::Log),
        Self::Version,
        Self::FileVersion,
    ];

    /// The verb that a path names; `/` around it is trimmed.
    ///
    /// # Errors
    /// When no verb has that name. Names are capitals.
    pub fn parse(path: &str) -> Result<Self, Rejection> {
        let name = path.trim_matches('/');
        Self::ALL
            .into_iter()
            .find(|verb| verb.name() == name)
            .ok_or_else(|| Rejection::UnknownVerb {
                given: Excerpt::of(name),
            })
    }

    /// Its name, as it stands in the path.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Post => "POST",
            Self::Subscribe => "SUBSCRIBE",
            Self::Unsubscribe => "UNSUBSCRIBE",
            Self::Pickup => "PICKUP",
            Self::Ack => "ACK",
            Self::PutVal => "PUTVAL",
            Self::GetVal => "GETVAL",
            Self::GetValsByRegex => "GETVALSBYREGEX",
            Self::Report(report) => report.name(),
            Self::Version => "VERSION",
            Self::FileVersion => "FILEVERSION",
        }
    }

    /// Whether it only reads, and what everybody may know. Such a verb also takes
    /// its form from the query of a `GET`; the others do not, so that an image on
    /// a web page can neither publish nor drain a queue, and a password does not
    /// get into the history of a browser.
    #[must_use]
    pub fn is_read(self) -> bool {
        match self {
            Self::GetVal | Self::GetValsByRegex | Self::Version | Self::FileVersion => true,
            Self::Post
            | Self::Subscribe
            | Self::Unsubscribe
            | Self::Pickup
            | Self::Ack
            | Self::PutVal
            | Self::Report(_) => false,
        }
    }

    /// The methods it takes, as the `Allow` header lists them.
    #[must_use]
    pub fn allow(self) -> &'static str {
        if self.is_read() {
            "GET, POST, PUT"
        } else {
            "POST, PUT"
        }
    }

    /// Checks the method of a request.
    ///
    /// # Errors
    /// When the verb does not take it.
    pub fn check_method(self, method: &str) -> Result<(), Rejection> {
        match method {
            "POST" | "PUT" => Ok(()),
            "GET" if self.is_read() => Ok(()),
            _ => Err(Rejection::MethodNotAllowed {
                verb: self,
                method: Excerpt::of(method),
            }),
        }
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slashes_around_the_name_are_trimmed() {
        for path in ["/VERSION", "/VERSION/", "VERSION", "//VERSION//"] {
            assert_eq!(Verb::parse(path), Ok(Verb::Version));
        }
        for verb in Verb::ALL {
            assert_eq!(Verb::parse(&format!("/{verb}")), Ok(verb));
        }
    }

    #[test]
    fn every_report_is_a_verb() {
        let reports = Verb::ALL.into_iter().filter_map(|verb| match verb {
            Verb::Report(report) => Some(report),
            _ => None,
        });
        assert!(reports.eq(Report::ALL));
    }

    #[test]
    fn other_names_are_unknown() {
        for path in ["", "/", "/post", "/POST/x", "/NOSUCH", "/V%45RSION"] {
            let rejection = Verb::parse(path).unwrap_err();
            assert_eq!(rejection.status(), 404, "{path}");
        }
    }

    #[test]
    fn get_is_for_reads_only() {
        for verb in Verb::ALL {
            assert_eq!(verb.check_method("POST"), Ok(()));
            assert_eq!(verb.check_method("PUT"), Ok(()));
            assert_eq!(verb.check_method("GET").is_ok(), verb.is_read());
            for method in ["HEAD", "DELETE", "post", ""] {
                let rejection = verb.check_method(method).unwrap_err();
                assert_eq!(rejection.status(), 405);
                assert_eq!(rejection.allow(), Some(verb.allow()));
            }
        }
        assert_eq!(
            Verb::Pickup.check_method("GET").unwrap_err().to_string(),
            "PICKUP does not take the method GET; it takes POST, PUT"
        );
    }
}
