//! `moustique find`: the brokers on the network.

use std::time::Duration;

use moustique_discovery::{DiscoveryError, Found, find};

/// What is found within that time, as it is to be printed; `None` when that is
/// nothing.
pub(crate) fn run(patience: Duration, as_json: bool) -> Result<Option<String>, DiscoveryError> {
    let found = find(patience)?;
    if found.is_empty() {
        return Ok(None);
    }
    // There is nothing in it that JSON could not say.
    let json = || serde_json::to_string_pretty(&found).unwrap_or_default() + "\n";
    Ok(Some(if as_json { json() } else { table(&found) }))
}

/// A row for each URL; the name and the version stand in the first of a broker.
fn table(found: &[Found]) -> String {
    let mut rows = vec![[
        "NAME".to_owned(),
        "ADDRESS".to_owned(),
        "VERSION".to_owned(),
    ]];
    for broker in found {
        let mut first = Some((broker.name.clone(), broker.version.clone()));
        for url in broker.urls() {
            let (name, version) = first.take().unwrap_or_default();
            rows.push([name, url, version.unwrap_or_default()]);
        }
    }
    let width = |column: fn(&[String; 3]) -> &String| {
        let widths = rows.iter().map(|row| column(row).chars().count());
        widths.max().unwrap_or_default()
    };
    let (names, urls) = (width(|[name, _, _]| name), width(|[_, url, _]| url));
    let mut text = String::new();
    for [name, url, version] in &rows {
        let line = format!("{name:<names$}  {url:<urls$}  {version}");
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broker_has_a_row_for_each_address() {
        let broker = |name: &str, tls_port| Found {
            name: name.into(),
            addresses: vec![[192, 168, 0, 7].into()],
            port: 33_334,
            tls_port,
            version: Some("0.1.0".into()),
        };
        assert_eq!(
            table(&[broker("kök", Some(33_335)), broker("b", None)]),
            "NAME  ADDRESS                    VERSION\n\
             kök   http://192.168.0.7:33334   0.1.0\n      \
             https://192.168.0.7:33335\n\
             b     http://192.168.0.7:33334   0.1.0\n"
        );
    }
}
