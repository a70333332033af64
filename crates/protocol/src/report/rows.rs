//! `CLIENTS` and `CROOKS`: one object a row.

use std::net::IpAddr;

use jiff::tz::TimeZone;
use moustique_core::Timestamp;
use serde::Serialize;

use crate::encoding::Encoding;
use crate::message_json::{LocalTime, encode_json};

/// A client that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientRow<'r> {
    /// The name it gave itself.
    pub name: &'r str,
    /// When it first subscribed.
    pub first_seen: Timestamp,
    /// When it picked up last; `None` before it ever did.
    pub latest_pickup: Option<Timestamp>,
    /// Requests it made since the broker started.
    pub requests: u64,
    /// The address of its last request.
    pub address: IpAddr,
}

/// Somebody who was refused entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrookRow<'r> {
    /// From where.
    pub address: IpAddr,
    /// Why the last time.
    pub reason: &'r str,
    /// How often.
    pub attempts: u64,
    /// When first.
    pub first_seen: Timestamp,
    /// When last.
    pub last_seen: Timestamp,
}

/// The fields of the wire, in their order.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ClientJson<'r> {
    name: &'r str,
    first_seen: i64,
    first_seen_nice_datetime: LocalTime<'r>,
    latest_pickup: i64,
    latest_pickup_nice_datetime: Nice<'r>,
    latest_system_pickup: i64,
    request_counter: u64,
    #[serde(rename = "IP")]
    ip: IpAddr,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct CrookJson<'r> {
    #[serde(rename = "IP")]
    ip: IpAddr,
    attempts: u64,
    first_seen: i64,
    first_seen_nice_datetime: LocalTime<'r>,
    last_seen: i64,
    last_seen_nice_datetime: LocalTime<'r>,
    banned_at: i64,
    banned_at_nice_datetime: &'static str,
    is_banned: bool,
    reason: &'r str,
}

/// A time that may be none: then the text is empty, and the number 0.
#[derive(Serialize)]
#[serde(untagged)]
enum Nice<'r> {
    Time(LocalTime<'r>),
    None(&'static str),
}

/// The body of the answer to `CLIENTS`: a JSON list, encoded like the request.
/// Words of the broker come with every pickup, so the latest pickup of both kinds
/// is one.
#[must_use]
pub fn clients_reply(rows: &[ClientRow<'_>], zone: &TimeZone, encoding: Encoding) -> Vec<u8> {
    let rows = rows.iter().map(|row| {
        let latest = row.latest_pickup.map(Timestamp::seconds);
        ClientJson {
            name: row.name,
            first_seen: row.first_seen.seconds(),
            first_seen_nice_datetime: local(row.first_seen, zone),
            latest_pickup: latest.unwrap_or_default(),
            latest_pickup_nice_datetime: match row.latest_pickup {
                Some(time) => Nice::Time(local(time, zone)),
                None => Nice::None(""),
            },
            latest_system_pickup: latest.unwrap_or_default(),
            request_counter: row.requests,
            ip: row.address,
        }
    });
    encode_json(&rows.collect::<Vec<_>>(), encoding)
}

/// The body of the answer to `CROOKS`: a JSON list, encoded like the request.
/// Nobody is ever banned; the fields for it stand for those who read them.
#[must_use]
pub fn crooks_reply(rows: &[CrookRow<'_>], zone: &TimeZone, encoding: Encoding) -> Vec<u8> {
    let rows = rows.iter().map(|row| CrookJson {
        ip: row.address,
        attempts: row.attempts,
        first_seen: row.first_seen.seconds(),
        first_seen_nice_datetime: local(row.first_seen, zone),
        last_seen: row.last_seen.seconds(),
        last_seen_nice_datetime: local(row.last_seen, zone),
        banned_at: 0,
        banned_at_nice_datetime: "",
        is_banned: false,
        reason: row.reason,
    });
    encode_json(&rows.collect::<Vec<_>>(), encoding)
}

pub(super) fn local(time: Timestamp, zone: &TimeZone) -> LocalTime<'_> {
    LocalTime {
        seconds: time.seconds(),
        zone,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_have_the_recorded_fields_in_their_order() {
        let client = |latest_pickup| ClientRow {
            name: "c\"1",
            first_seen: Timestamp(1_700_000_000_999),
            latest_pickup,
            requests: 7,
            address: [192, 0, 2, 7].into(),
        };
        let text = |row| {
            String::from_utf8(clients_reply(&[row], &TimeZone::UTC, Encoding::Plain)).unwrap()
        };
        assert_eq!(
            text(client(Some(Timestamp(1_700_000_001_000)))),
            r#"[{"Name":"c\"1","FirstSeen":1700000000,"FirstSeenNiceDatetime":"2023-11-14 22:13:20","LatestPickup":1700000001,"LatestPickupNiceDatetime":"2023-11-14 22:13:21","LatestSystemPickup":1700000001,"RequestCounter":7,"IP":"192.0.2.7"}]"#
        );
        assert!(
            text(client(None)).contains(
                r#""LatestPickup":0,"LatestPickupNiceDatetime":"","LatestSystemPickup":0,"#
            )
        );
        assert_eq!(clients_reply(&[], &TimeZone::UTC, Encoding::Plain), b"[]");
    }

    #[test]
    fn nobody_is_banned() {
        let crook = CrookRow {
            address: "fe80::1".parse().unwrap(),
            reason: "wrong password",
            attempts: 3,
            first_seen: Timestamp(1_700_000_000_000),
            last_seen: Timestamp(1_700_000_001_000),
        };
        assert_eq!(
            String::from_utf8(crooks_reply(&[crook], &TimeZone::UTC, Encoding::Plain)).unwrap(),
            r#"[{"IP":"fe80::1","Attempts":3,"FirstSeen":1700000000,"FirstSeenNiceDatetime":"2023-11-14 22:13:20","LastSeen":1700000001,"LastSeenNiceDatetime":"2023-11-14 22:13:21","BannedAt":0,"BannedAtNiceDatetime":"","IsBanned":false,"Reason":"wrong password"}]"#
        );
    }
}
