//! Every combination of call, host, page and content type, judged by rules that
//! are written here once more.

use moustique_tests::{Broker, Raw, Reply, Setup};

use crate::sealed::SEALED;

const ALLOWED_ORIGIN: &str = "https://panel.example";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Call {
    Read,
    Publish,
    PublishByGet,
    Subscribe,
    Options,
    Preflight,
}

#[derive(Clone, Copy, Debug)]
struct Row {
    call: Call,
    host: &'static str,
    origin: Option<&'static str>,
    site: Option<&'static str>,
    kind: Option<&'static str>,
}

fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    let calls = [
        Call::Read,
        Call::Publish,
        Call::PublishByGet,
        Call::Subscribe,
        Call::Options,
        Call::Preflight,
    ];
    let hosts = [
        "127.0.0.1:PORT",
        "LOCALHOST",
        "[2001:db8::1]:8",
        "Broker.Example:9",
        "rebound.example",
    ];
    let origins = [
        None,
        Some("http://HOST"),
        Some(ALLOWED_ORIGIN),
        Some("https://evil.example"),
        Some("http://HOST.evil.example"),
        Some("null"),
    ];
    let sites = [
        None,
        Some("same-origin"),
        Some("none"),
        Some("same-site"),
        Some("cross-site"),
    ];
    let kinds = [
        None,
        Some("application/x-www-form-urlencoded"),
        Some("Application/X-WWW-Form-Urlencoded; charset=utf-8"),
        Some("text/plain"),
        Some("application/json"),
    ];
    for call in calls {
        for host in hosts {
            for origin in origins {
                for site in sites {
                    for kind in kinds {
                        rows.push(Row {
                            call,
                            host,
                            origin,
                            site,
                            kind,
                        });
                    }
                }
            }
        }
    }
    rows
}

impl Row {
    fn is_ours(&self) -> bool {
        self.host != "rebound.example"
    }

    fn is_of_allowed_page(&self) -> bool {
        self.origin == Some(ALLOWED_ORIGIN)
    }

    fn is_of_own_page(&self) -> bool {
        self.origin.is_none() || self.origin == Some("http://HOST")
    }

    /// What it is to be answered with.
    fn status(&self) -> u16 {
        if !self.is_ours() {
            return 421;
        }
        let is_foreign =
            !self.is_of_own_page() || matches!(self.site, Some("cross-site" | "same-site"));
        if is_foreign && !self.is_of_allowed_page() {
            return 403;
        }
        let is_form = self
            .kind
            .is_none_or(|kind| kind.to_lowercase().starts_with("application/x-www-form"));
        match self.call {
            Call::Read => 200,
            Call::PublishByGet | Call::Options => 405,
            Call::Preflight if self.is_of_allowed_page() => 204,
            Call::Preflight => 405,
            Call::Publish | Call::Subscribe if is_form => 200,
            Call::Publish | Call::Subscribe => 415,
        }
    }

    /// Whether a page of another origin may read the answer.
    fn is_shared(&self) -> bool {
        self.is_ours() && self.is_of_allowed_page()
    }

    fn text(&self, number: usize, port: u16) -> String {
        let publish = format!("topic=/row/{number}&message=1");
        let subscribe = format!("topic=%23&client=row{number}");
        let (line, body) = match self.call {
            Call::Read => ("GET /GETVAL?encoding=plain&topic=/known".to_owned(), ""),
            Call::Publish => ("POST /POST?encoding=plain".to_owned(), publish.as_str()),
            Call::PublishByGet => (format!("GET /POST?encoding=plain&{publish}"), ""),
            Call::Subscribe => (
                "PUT /SUBSCRIBE?encoding=plain".to_owned(),
                subscribe.as_str(),
            ),
            Call::Options | Call::Preflight => ("OPTIONS /POST".to_owned(), ""),
        };
        let host = self.host.replace("PORT", &port.to_string());
        let mut text = format!("{line} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n");
        let origin = self.origin.map(|origin| origin.replace("HOST", &host));
        let asked = (self.call == Call::Preflight).then_some("POST");
        for (name, value) in [
            ("Origin", origin.as_deref()),
            ("Sec-Fetch-Site", self.site),
            ("Content-Type", self.kind),
            ("Access-Control-Request-Method", asked),
        ] {
            if let Some(value) = value {
                text.push_str(&format!("{name}: {value}\r\n"));
            }
        }
        text + &format!("Content-Length: {}\r\n\r\n{body}", body.len())
    }
}

fn check_headers(row: &Row, reply: &Reply) {
    for (name, value) in SEALED.into_iter().chain([("vary", "Origin")]) {
        assert_eq!(reply.header(name), Some(value), "{name}: {row:?} {reply:?}");
    }
    let allowed = row.is_shared().then_some(ALLOWED_ORIGIN);
    assert_eq!(
        reply.header("access-control-allow-origin"),
        allowed,
        "{row:?}"
    );
    let policy = reply.header("cross-origin-resource-policy");
    assert_eq!(
        policy,
        (!row.is_shared()).then_some("same-origin"),
        "{row:?}"
    );
    let told = reply
        .headers
        .iter()
        .filter(|(name, _)| name.starts_with("access-control-"));
    let count = match (row.is_shared(), reply.status) {
        (false, _) => 0,
        (true, 204) => 5,
        (true, _) => 2,
    };
    assert_eq!(told.count(), count, "{row:?} {reply:?}");
}

#[test]
fn each_row_has_its_status_and_what_is_refused_has_no_effect() {
    let folder = tempfile::tempdir().unwrap();
    let setup = Setup {
        more: format!(
            "security:\n  allowed_hosts: [broker.example]\n  allowed_origins: [\"{ALLOWED_ORIGIN}\"]\n"
        ),
        ..Setup::default()
    };
    let broker = Broker::start_with(folder.path(), &setup);
    let caller = broker.caller();
    caller.publish("/known", "1");
    let rows = rows();
    for (number, row) in rows.iter().enumerate() {
        let mut raw = Raw::connect(broker.port());
        raw.send(row.text(number, broker.port()).as_bytes());
        let reply = raw.reply();
        assert_eq!(reply.status, row.status(), "{row:?} {reply:?}");
        check_headers(row, &reply);
        if reply.status == 421 {
            let named =
                reply.body.contains("'rebound.example'") && reply.body.contains("allowed_hosts");
            assert!(named, "{reply:?}");
        }
        let topic = format!("/row/{number}");
        let is_published = row.call == Call::Publish && reply.status == 200;
        assert_eq!(caller.value(&topic).is_some(), is_published, "{row:?}");
        if row.call == Call::Subscribe {
            // One that is not known is told to subscribe.
            let picked = caller.pickup(&format!("row{number}"), "0");
            let is_unknown = picked.get("/server/action/resubscribe").is_some();
            assert_eq!(is_unknown, reply.status != 200, "{row:?} {picked}");
        }
    }
    println!("{} rows", rows.len());
    assert!(rows.len() >= 1_000);
}

#[test]
fn a_link_to_the_page_may_be_followed_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path());
    let caller = broker.caller();
    for site in ["cross-site", "same-site"] {
        let link = [("Sec-Fetch-Site", site), ("Sec-Fetch-Mode", "navigate")];
        let page = caller.get("/", &link);
        assert_eq!(page.status, 200);
        assert!(
            page.header("content-security-policy")
                .unwrap()
                .contains("frame-ancestors 'none'")
        );
        assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
        for path in ["/GETVAL?topic=/a", "/VERSION", "/v1/monitor/stream"] {
            assert_eq!(caller.get(path, &link).status, 403, "{path} {site}");
        }
        let framed = [link[0], ("Sec-Fetch-Mode", "no-cors")];
        assert_eq!(caller.get("/", &framed).status, 403, "{site}");
    }
}
