//! The port for TLS.

use std::path::PathBuf;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

/// The port for TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// The port, or 0 for any free one.
    pub port: u16,
    /// Where certificate and key are; `None` for one that is made.
    pub files: Option<CertificateFiles>,
}

/// A certificate and its key, in PEM files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateFiles {
    /// The certificate, with what leads to its root.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

/// The section as it is written.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Section {
    #[serde(deserialize_with = "super::port")]
    port: u16,
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
}

impl Default for Section {
    fn default() -> Self {
        Self {
            port: 33_335,
            certificate: None,
            key: None,
        }
    }
}

pub(super) fn section<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Tls>, D::Error> {
    let Some(section) = Option::<Section>::deserialize(deserializer)? else {
        return Ok(None);
    };
    let files = match (section.certificate, section.key) {
        (Some(certificate), Some(key)) => Some(CertificateFiles { certificate, key }),
        (None, None) => None,
        (Some(_), None) => {
            return Err(D::Error::custom(
                "server.tls has a certificate and no key; expected are both, or neither",
            ));
        }
        (None, Some(_)) => {
            return Err(D::Error::custom(
                "server.tls has a key and no certificate; expected are both, or neither",
            ));
        }
    };
    Ok(Some(Tls {
        port: section.port,
        files,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use std::path::Path;

    fn parse(text: &str) -> Result<Option<Tls>, String> {
        Config::parse(text, Path::new("c.yaml"))
            .map(|config| config.server.tls)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_certificate_has_a_key_or_is_made() {
        assert_eq!(parse("server:\n  tls:\n"), Ok(None));
        let made = Tls {
            port: 33_335,
            files: None,
        };
        assert_eq!(parse("server:\n  tls: {}\n"), Ok(Some(made)));
        let given = Tls {
            port: 1,
            files: Some(CertificateFiles {
                certificate: "a".into(),
                key: "b".into(),
            }),
        };
        let text = "server:\n  tls:\n    port: 1\n    certificate: a\n    key: b\n";
        assert_eq!(parse(text), Ok(Some(given)));
        for (text, words) in [
            ("certificate: a", "no key; expected are both"),
            ("key: b", "no certificate; expected are both"),
            ("prot: 1", "prot"),
            ("port: x", "'x' is not a port"),
        ] {
            let error = parse(&format!("server:\n  tls:\n    {text}\n")).unwrap_err();
            assert!(error.contains(words), "{error}");
            assert!(error.contains("c.yaml, line "), "{error}");
        }
    }
}
