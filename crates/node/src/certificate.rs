//! What a certificate says of itself.

use std::time::Duration;

use jiff::{Timestamp, tz::TimeZone};
use moustique_monitor::Certificate;
use ring::digest;
use tokio_rustls::rustls::pki_types::CertificateDer;
use x509_parser::error::X509Error;
use x509_parser::prelude::{FromDer, X509Certificate};

/// How long before its end a certificate is warned of: time enough to have
/// another one made, and too short for one that is renewed as it should be.
const WARNED_BEFORE: Duration = Duration::from_secs(14 * 24 * 60 * 60);

/// Reads what is told of a certificate.
///
/// # Errors
/// When it is none.
pub(crate) fn facts(der: &CertificateDer<'_>) -> Result<Certificate, X509Error> {
    let (_, certificate) = X509Certificate::from_der(der)?;
    let ends_at = certificate.validity().not_after.timestamp();
    let ends_at = ends_at.saturating_mul(1_000);
    let warned_before = i64::try_from(WARNED_BEFORE.as_millis()).unwrap_or(i64::MAX);
    Ok(Certificate {
        fingerprint: fingerprint(der),
        self_signed: certificate.issuer() == certificate.subject(),
        ends_at,
        warn_from: ends_at.saturating_sub(warned_before),
    })
}

/// Whether a certificate that ends then will have ended after that time.
pub(crate) fn ends_within(certificate: &Certificate, time: Duration, now: Timestamp) -> bool {
    let time = i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
    certificate.ends_at <= now.as_millisecond().saturating_add(time)
}

/// What there is to say of its end, while that is near or has been.
pub(crate) fn warning(certificate: &Certificate, now: Timestamp) -> Option<String> {
    if now.as_millisecond() < certificate.warn_from {
        return None;
    }
    let verb = match ends_within(certificate, Duration::ZERO, now) {
        true => "ended",
        false => "ends",
    };
    Some(format!(
        "the certificate {verb} on {}: after that nobody should trust it. Put another one into \
         its files, then have the configuration read again",
        day_of(certificate.ends_at)
    ))
}

/// Logs what there is to say of its end.
pub(crate) fn warn(certificate: &Certificate) {
    if let Some(warning) = warning(certificate, Timestamp::now()) {
        tracing::warn!("{warning}");
    }
}

/// The day of a time, in UTC.
pub(crate) fn day_of(milliseconds: i64) -> String {
    Timestamp::from_millisecond(milliseconds).map_or_else(
        // No calendar goes that far.
        |_| "a day that has no date".to_owned(),
        |time| time.to_zoned(TimeZone::UTC).date().to_string(),
    )
}

fn fingerprint(certificate: &CertificateDer<'_>) -> String {
    let digest = digest::digest(&digest::SHA256, certificate);
    let pairs: Vec<_> = digest
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02X}"))
        .collect();
    pairs.join(":")
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};

    const DAY: i64 = 24 * 60 * 60 * 1_000;

    fn params(name: &str) -> CertificateParams {
        let mut params = CertificateParams::new(vec!["localhost".into()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.not_after = rcgen::date_time_ymd(2030, 3, 15);
        params
    }

    #[test]
    fn its_end_its_signer_and_its_fingerprint_are_told() {
        let key = KeyPair::generate().unwrap();
        let own = params("own").self_signed(&key).unwrap();
        let told = facts(own.der()).unwrap();
        assert!(told.self_signed);
        assert_eq!(day_of(told.ends_at), "2030-03-15");
        assert_eq!(told.ends_at - told.warn_from, 14 * DAY);
        assert_eq!(told.fingerprint.split(':').count(), 32);
        let mut authority = params("authority");
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap());
        let signed = params("own").signed_by(&key, &authority.unwrap()).unwrap();
        let signed = facts(signed.der()).unwrap();
        assert!(!signed.self_signed);
        assert_ne!(signed.fingerprint, told.fingerprint);
        for bytes in [&b""[..], b"nothing", &own.der()[..100]] {
            assert!(facts(&bytes.to_vec().into()).is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn its_end_is_warned_of_for_fourteen_days_and_ever_after() {
        let ends_at = 1_900_000_000_000;
        let certificate = Certificate {
            fingerprint: String::new(),
            self_signed: false,
            ends_at,
            warn_from: ends_at - 14 * DAY,
        };
        for (before_end, words) in [
            (15 * DAY, None),
            (14 * DAY, Some("ends on 2030-03-17")),
            (1, Some("ends on")),
            (0, Some("ended on")),
            (-400 * DAY, Some("ended on 2030-03-17")),
        ] {
            let now = Timestamp::from_millisecond(ends_at - before_end).unwrap();
            let warning = warning(&certificate, now);
            assert_eq!(warning.is_some(), words.is_some(), "{before_end}");
            let warning = warning.unwrap_or_default();
            assert!(warning.contains(words.unwrap_or("")), "{warning}");
        }
        assert_eq!(day_of(i64::MAX), "a day that has no date");
    }
}
