//! `STATUS`: a page for people.
//!
//! It is one document without a script, an image or a link, and with one style.
//! Everything in it that is not written here goes through [`Escaped`].

use std::fmt::{self, Display, Write as _};
use std::sync::Arc;

use jiff::tz::TimeZone;
use moustique_core::{Message, Timestamp};

use super::html::Escaped;
use super::posters::PosterRow;
use super::rows::{ClientRow, CrookRow, local};
use super::stats::Stats;
use crate::encoding::Encoding;
use crate::excerpt::Excerpt;
use crate::message_json::{UNKNOWN, encode_text};

/// What the page shows. Of each list it shows what is given, and says how many
/// there are in all.
#[derive(Clone, Debug)]
pub struct StatusPage<'p> {
    /// The version that is running.
    pub version: &'p str,
    /// Numbers.
    pub stats: &'p Stats,
    /// Clients, sorted by name.
    pub clients: &'p [ClientRow<'p>],
    /// Publishers, the latest first.
    pub posters: &'p [PosterRow<'p>],
    /// Last values, sorted by topic.
    pub values: &'p [Arc<Message>],
    /// Who was refused entry, the latest first.
    pub crooks: &'p [CrookRow<'p>],
    /// How many were refused entry in all.
    pub crooks_total: usize,
    /// The last lines of the log, oldest first.
    pub log: &'p [String],
}

impl StatusPage<'_> {
    /// The one style of the page, which a policy can name by its digest.
    pub const STYLE: &'static str = include_str!("status.css");

    /// The body of the answer: HTML, encoded like the request. `zone` is the
    /// broker's own, for the readable times.
    #[must_use]
    pub fn reply(&self, zone: &TimeZone, encoding: Encoding) -> Vec<u8> {
        let mut page = String::with_capacity(16 * 1024);
        // Writing into a text does not fail.
        let written = self.write(zone, &mut page);
        debug_assert!(written.is_ok());
        encode_text(page.into_bytes(), encoding)
    }

    fn write(&self, zone: &TimeZone, page: &mut String) -> fmt::Result {
        let stats = self.stats;
        let is_sound = stats.store == "sound";
        write!(
            page,
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <title>Moustique status</title>\n<style>{style}</style>\n</head>\n<body>\n\
             <header><h1>Moustique</h1><p>version {version}, running since {started}, \
             disk <span class=\"{tone}\">{store}</span></p></header>\n",
            style = Self::STYLE,
            version = Escaped(self.version),
            started = Escaped(local(stats.started, zone)),
            tone = if is_sound { "good" } else { "bad" },
            store = Escaped(stats.store),
        )?;
        self.write_figures(page)?;
        self.write_clients(zone, page)?;
        self.write_posters(zone, page)?;
        self.write_values(zone, page)?;
        self.write_crooks(zone, page)?;
        self.write_log(page)?;
        page.write_str("</body>\n</html>\n")
    }

    fn write_figures(&self, page: &mut String) -> fmt::Result {
        let stats = self.stats;
        let each_second =
            |flow: super::Flow| format!("{}|{:.1} a second", flow.total, flow.per_second_of_minute);
        let hits = stats.bounds.iter().filter(|(_, hits)| *hits > 0);
        let hits: Vec<_> = hits.map(|(name, hits)| format!("{name} {hits}")).collect();
        let figures = [
            ("Topics with a value", stats.values.to_string()),
            (
                "Clients",
                format!("{}|filters: {}", stats.clients, stats.filters),
            ),
            ("Connections", stats.connections.to_string()),
            ("Requests", each_second(stats.requests)),
            ("Messages stored", each_second(stats.processed)),
            ("Pickups", each_second(stats.pickups)),
            ("Values read", each_second(stats.getvals)),
            (
                "Time for a request",
                format!("{:.3} ms", stats.average_request.as_secs_f64() * 1000.0),
            ),
            ("Waiting for clients", mib(stats.queued_bytes as u64)),
            ("Dropped from full queues", stats.dropped.to_string()),
            (
                "Memory",
                stats
                    .memory
                    .map_or("not known".into(), |bytes| mib(bytes as u64)),
            ),
            ("Database", mib(stats.store_bytes)),
            (
                "Bounds that were hit",
                if hits.is_empty() {
                    "none".into()
                } else {
                    hits.join(", ")
                },
            ),
        ];
        page.write_str("<dl>\n")?;
        for (name, figure) in figures {
            let (figure, remark) = figure.split_once('|').unwrap_or((&figure, ""));
            writeln!(
                page,
                "<div><dt>{}</dt><dd>{} <small>{}</small></dd></div>",
                Escaped(name),
                Escaped(figure),
                Escaped(remark)
            )?;
        }
        page.write_str("</dl>\n")
    }

    fn write_clients(&self, zone: &TimeZone, page: &mut String) -> fmt::Result {
        let heads = ["Name", "Address", "First seen", "Last pickup", "#Requests"];
        write_table(
            page,
            ("Clients", self.clients.len(), self.stats.clients),
            &heads,
            self.clients.iter().map(|client| {
                [
                    excerpt(client.name),
                    client.address.to_string(),
                    time(client.first_seen, zone),
                    client
                        .latest_pickup
                        .map_or("never".into(), |at| time(at, zone)),
                    client.requests.to_string(),
                ]
            }),
        )
    }

    fn write_posters(&self, zone: &TimeZone, page: &mut String) -> fmt::Result {
        let heads = [
            "Name",
            "Address",
            "Last topic",
            "Last message",
            "At",
            "#Messages",
        ];
        write_table(
            page,
            ("Publishers", self.posters.len(), self.stats.posters),
            &heads,
            self.posters.iter().map(|poster| {
                [
                    excerpt(poster.name.unwrap_or(UNKNOWN)),
                    poster.latest.address.to_string(),
                    excerpt(poster.latest.topic.as_str()),
                    excerpt(&poster.latest.payload),
                    time(poster.latest.time, zone),
                    poster.messages.to_string(),
                ]
            }),
        )
    }

    fn write_values(&self, zone: &TimeZone, page: &mut String) -> fmt::Result {
        let heads = ["Topic", "Value", "From", "At"];
        write_table(
            page,
            ("Values", self.values.len(), self.stats.values),
            &heads,
            self.values.iter().map(|value| {
                [
                    excerpt(value.topic.as_str()),
                    excerpt(&value.payload),
                    excerpt(value.from.as_ref().map_or(UNKNOWN, |from| from.as_str())),
                    time(value.time, zone),
                ]
            }),
        )
    }

    fn write_crooks(&self, zone: &TimeZone, page: &mut String) -> fmt::Result {
        let heads = ["Address", "Why", "First", "Last", "#Attempts"];
        write_table(
            page,
            ("Refused entry", self.crooks.len(), self.crooks_total),
            &heads,
            self.crooks.iter().map(|crook| {
                [
                    crook.address.to_string(),
                    excerpt(crook.reason),
                    time(crook.first_seen, zone),
                    time(crook.last_seen, zone),
                    crook.attempts.to_string(),
                ]
            }),
        )
    }

    fn write_log(&self, page: &mut String) -> fmt::Result {
        page.write_str("<h2>Log <small>the last lines</small></h2>\n")?;
        if self.log.is_empty() {
            return page.write_str("<p class=\"none\">None.</p>\n");
        }
        page.write_str("<div class=\"scroll\"><pre>")?;
        for line in self.log {
            writeln!(page, "{}", Escaped(line))?;
        }
        page.write_str("</pre></div>\n")
    }
}

/// A table under its title. Heads that begin with `#` are those of numbers.
fn write_table<const COLUMNS: usize>(
    page: &mut String,
    (title, shown, total): (&str, usize, usize),
    heads: &[&str; COLUMNS],
    rows: impl Iterator<Item = [String; COLUMNS]>,
) -> fmt::Result {
    let count = if shown < total {
        format!("the first {shown} of {total}")
    } else {
        shown.to_string()
    };
    writeln!(
        page,
        "<h2>{} <small>{}</small></h2>",
        Escaped(title),
        Escaped(count)
    )?;
    if shown == 0 {
        return page.write_str("<p class=\"none\">None.</p>\n");
    }
    page.write_str("<div class=\"scroll\"><table><thead><tr>")?;
    for head in heads {
        write_cell(page, "th", head, head.trim_start_matches('#'))?;
    }
    page.write_str("</tr></thead><tbody>\n")?;
    for row in rows {
        page.write_str("<tr>")?;
        for (head, cell) in heads.iter().zip(&row) {
            write_cell(page, "td", head, cell)?;
        }
        page.write_str("</tr>\n")?;
    }
    page.write_str("</tbody></table></div>\n")
}

fn write_cell(page: &mut String, element: &str, head: &str, text: impl Display) -> fmt::Result {
    let class = match head {
        head if head.starts_with('#') => " class=\"number\"",
        "Address" => " class=\"address\"",
        "At" | "First" | "Last" | "First seen" | "Last pickup" => " class=\"time\"",
        _ => "",
    };
    write!(page, "<{element}{class}>{}</{element}>", Escaped(text))
}

fn excerpt(text: &str) -> String {
    Excerpt::of(text).to_string()
}

fn time(at: Timestamp, zone: &TimeZone) -> String {
    local(at, zone).to_string()
}

fn mib(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / (1024.0 * 1024.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::stats::tests::stats;
    use moustique_core::{Limits, MessageId, MessageKind, PublisherName, RunTime, Topic};
    use proptest::prelude::*;

    /// A page on which every text from outside is the given one.
    fn page(hostile: &str, rows: usize) -> String {
        let limits = Limits::default();
        let name = PublisherName::parse(hostile, &limits).ok();
        let message = Arc::new(Message {
            id: MessageId(1),
            time: Timestamp(0),
            taken: RunTime(0),
            topic: Topic::parse(hostile, &limits)
                .unwrap_or_else(|_| Topic::parse("/t", &limits).unwrap()),
            payload: hostile.into(),
            from: name,
            address: [192, 0, 2, 7].into(),
            updated_time: 0,
            kind: MessageKind::Published,
        });
        let values = vec![message; rows];
        let client = ClientRow {
            name: hostile,
            first_seen: Timestamp(0),
            latest_pickup: None,
            requests: 1,
            address: [192, 0, 2, 7].into(),
        };
        let posters = values.iter().map(|message| PosterRow {
            name: Some(hostile),
            by_topic: &[],
            latest: message,
            first_seen: Timestamp(0),
            messages: 1,
        });
        let posters: Vec<_> = posters.collect();
        let crook = CrookRow {
            address: [192, 0, 2, 7].into(),
            reason: hostile,
            attempts: 1,
            first_seen: Timestamp(0),
            last_seen: Timestamp(0),
        };
        let page = StatusPage {
            version: hostile,
            stats: &stats(),
            clients: &vec![client; rows],
            posters: &posters,
            values: &values,
            crooks: &vec![crook; rows],
            crooks_total: rows,
            log: &vec![hostile.to_owned(); rows],
        };
        String::from_utf8(page.reply(&TimeZone::UTC, Encoding::Plain)).unwrap()
    }

    /// The tags of a page, in their order.
    fn tags(page: &str) -> Vec<&str> {
        let after = page.split('<').skip(1);
        after.map(|rest| rest.split('>').next().unwrap()).collect()
    }

    #[test]
    fn it_shows_what_there_is_and_says_what_is_left_out() {
        let page = page("/home/<kitchen>", 2);
        assert!(page.contains("<td>/home/&lt;kitchen&gt;</td>"));
        assert!(
            page.contains("<h2>Values <small>the first 2 of 7</small></h2>"),
            "{page}"
        );
        assert!(page.contains("<dd>regex 3 <small></small></dd>"));
        assert!(page.contains("<td class=\"time\">never</td>"));
        assert!(!page.contains("<script") && !page.contains("href"));
        assert!(super::StatusPage::STYLE.find('<').is_none());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        /// Whatever is on it, it has the same elements.
        #[test]
        fn no_text_becomes_markup(text in r#"[<>&"'a-z/=!;\PC\n\x1b]{1,40}"#) {
            let (hostile, tame) = (page(&text, 2), page("x", 2));
            prop_assert_eq!(tags(&hostile), tags(&tame));
        }
    }
}
