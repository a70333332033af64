//! Names of the broker and origins of web pages.

use moustique_http::{HostName, Origin};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use super::parsed;

pub(super) fn hosts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<HostName>, D::Error> {
    let names = Vec::<Host>::deserialize(deserializer)?;
    Ok(names.into_iter().map(|Host(name)| name).collect())
}

pub(super) fn origins<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Origin>, D::Error> {
    let origins = Vec::<Page>::deserialize(deserializer)?;
    Ok(origins.into_iter().map(|Page(origin)| origin).collect())
}

struct Host(HostName);

impl<'de> Deserialize<'de> for Host {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let expected = "the name of a host without scheme, port or *, such as broker.home.example";
        parsed(deserializer, expected, |text| text.parse().ok().map(Self))
    }
}

struct Page(Origin);

impl<'de> Deserialize<'de> for Page {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let origin = text.parse().map(Self);
        origin.map_err(|reason| D::Error::custom(format!("'{text}' {reason}")))
    }
}
