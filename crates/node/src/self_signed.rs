//! A certificate for this machine that nobody but itself has signed.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::addresses;
use crate::certificate;
use crate::tls::{self, Certificate, TlsError};
use jiff::{Timestamp, ToSpan, tz::TimeZone};
use moustique_monitor::Certificate as Facts;
use moustique_store::private;
use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, KeyPair, SanType,
    date_time_ymd,
};

/// Certificate and key in one file, so that they always belong together.
const FILE: &str = "tls.pem";

/// How long one is valid, in days: systems that let a user trust a certificate
/// by hand take none that lasts longer.
const DAYS: i64 = 825;

/// One that ends within this time is replaced.
const RENEWED_BEFORE: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// More is not what we wrote, in bytes.
const MAX_BYTES: u64 = 64 * 1024;

/// The name that every certificate has.
const LOCALHOST: &str = "localhost";

/// The certificate that is kept in the folder. It is made where there is none,
/// and made anew before it ends.
pub(crate) fn kept(folder: &Path) -> Result<Certificate, TlsError> {
    let path = file_in(folder);
    let unreadable = |error| TlsError::new(&path, format_args!("it cannot be read: {error}"));
    if let Some(file) = open(&path).map_err(unreadable)? {
        private::make_private(&file).map_err(unreadable)?;
        let pem = content(file).map_err(unreadable)?;
        let certificate = tls::certificate((&path, &pem), (&path, &pem))?;
        if is_kept(&certificate.facts, Timestamp::now()) {
            return Ok(certificate);
        }
        tracing::warn!(
            "the certificate in {} ends soon or has ended: another one is made",
            path.display()
        );
    }
    let failed = |error: &dyn std::fmt::Display| {
        TlsError::new(&path, format_args!("no certificate can be made: {error}"))
    };
    let pem = make(&names(), DAYS).map_err(|error| failed(&error))?;
    private::create_folder(folder)
        .and_then(|()| private::replace(&path, pem.as_bytes()))
        .map_err(|error| failed(&error))?;
    tls::certificate((&path, pem.as_bytes()), (&path, pem.as_bytes()))
}

/// What is told of the certificate in the folder, if there is one. Nothing is
/// changed.
pub(crate) fn look(folder: &Path) -> Result<Option<Facts>, TlsError> {
    let path = file_in(folder);
    let unreadable = |error| TlsError::new(&path, format_args!("it cannot be read: {error}"));
    let Some(file) = open(&path).map_err(unreadable)? else {
        return Ok(None);
    };
    let pem = content(file).map_err(unreadable)?;
    tls::certificate((&path, &pem), (&path, &pem)).map(|certificate| Some(certificate.facts))
}

/// Where it is kept.
pub(crate) fn file_in(folder: &Path) -> PathBuf {
    folder.join(FILE)
}

/// Whether it is served, rather than replaced by another one.
pub(crate) fn is_kept(facts: &Facts, now: Timestamp) -> bool {
    !certificate::ends_within(facts, RENEWED_BEFORE, now)
}

fn open(path: &Path) -> io::Result<Option<File>> {
    match private::open_to_read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        opened => opened.map(Some),
    }
}

fn content(file: File) -> io::Result<Vec<u8>> {
    let mut pem = Vec::new();
    file.take(MAX_BYTES).read_to_end(&mut pem)?;
    Ok(pem)
}

/// Names and addresses by which this machine is reached.
fn names() -> BTreeSet<String> {
    let mut names = BTreeSet::from([LOCALHOST.to_owned()]);
    names.extend(addresses::names().map(|name| name.as_str().to_owned()));
    let loopback = [
        IpAddr::from(Ipv4Addr::LOCALHOST),
        Ipv6Addr::LOCALHOST.into(),
    ];
    let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
    let addresses = interfaces.iter().map(if_addrs::Interface::ip);
    names.extend(addresses.chain(loopback).map(|address| address.to_string()));
    names
}

/// Certificate and key as PEM. What cannot stand in a certificate is left out.
fn make(names: &BTreeSet<String>, days: i64) -> Result<String, rcgen::Error> {
    let mut params = CertificateParams::default();
    params.subject_alt_names = names
        .iter()
        .filter_map(|name| match name.parse() {
            Ok(address) => Some(SanType::IpAddress(address)),
            Err(_) => name.as_str().try_into().ok().map(SanType::DnsName),
        })
        .collect();
    params.distinguished_name = DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::CommonName, "Moustique");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    // A device whose clock is behind takes it all the same.
    params.not_before = date_time_ymd(1975, 1, 1);
    let end = Timestamp::now().to_zoned(TimeZone::UTC).date();
    let end = end.saturating_add(days.days());
    let month = u8::try_from(end.month()).unwrap_or(1);
    let day = u8::try_from(end.day()).unwrap_or(1);
    params.not_after = date_time_ymd(end.year().into(), month, day);
    let key = KeyPair::generate()?;
    let certificate = params.self_signed(&key)?;
    Ok(certificate.pem() + &key.serialize_pem())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::fs;

    /// Certificate and key that end in so many days.
    pub(crate) fn good_for(days: i64) -> String {
        make(&names(), days).unwrap()
    }

    #[test]
    fn it_is_kept_until_it_ends_soon() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        let first = kept(folder.path()).unwrap();
        assert_eq!(kept(folder.path()).unwrap().facts, first.facts);
        for (days, is_kept) in [(40, true), (20, false), (-1, false)] {
            let pem = good_for(days);
            fs::write(&path, &pem).unwrap();
            let certificate = kept(folder.path()).unwrap();
            let now = fs::read_to_string(&path).unwrap();
            assert_eq!(now == pem, is_kept, "{days} days");
            assert_ne!(certificate.facts.fingerprint, first.facts.fingerprint);
        }
    }

    #[test]
    fn it_has_the_names_of_this_machine() {
        let names = names();
        for name in [LOCALHOST, "127.0.0.1", "::1"] {
            assert!(names.contains(name), "{names:?}");
        }
        assert!(addresses::names().all(|name| names.contains(name.as_str())));
        let odd = ["näme", "", "a b"].map(String::from);
        assert!(make(&BTreeSet::from(odd), 1).is_ok(), "left out");
    }

    #[test]
    fn what_is_no_certificate_is_neither_used_nor_replaced() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FILE), "mine").unwrap();
        let error = kept(folder.path()).err().unwrap().to_string();
        assert!(error.contains("no certificate in it"), "{error}");
        let text = fs::read_to_string(folder.path().join(FILE)).unwrap();
        assert_eq!(text, "mine");
    }
}
