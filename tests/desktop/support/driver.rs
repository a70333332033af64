//! A small client of WebKit's own WebDriver, which starts the application and
//! uses its window as a person does.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use moustique_tests::free_port;
use serde_json::{Value, json};
use ureq::Agent;

use super::process::{self, Process};
use super::wait::{LONG, SHORT, until};

/// The key under which WebDriver hands out elements.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// What a driver answers when the thing is not there, or not any more.
const GONE: [&str; 2] = ["no such element", "stale element reference"];

/// The page in the window of a running application.
pub(crate) struct Page {
    agent: Agent,
    session: String,
    application: u32,
    // Dropped last: with it, the session would end in peace.
    _driver: Process,
}

impl Page {
    /// Starts the application under a driver and waits for its page.
    pub(crate) fn open(program: &Path, arguments: &[&str], environment: &mut Command) -> Self {
        let port = free_port();
        let driver = Process::start(
            environment
                .env("TAURI_AUTOMATION", "true")
                .env("TAURI_WEBVIEW_AUTOMATION", "true")
                .arg(format!("--port={port}"))
                .arg("--host=127.0.0.1")
                .stdout(Stdio::null())
                .stderr(Stdio::piped()),
        );
        let agent: Agent = Agent::config_builder()
            .timeout_global(Some(LONG))
            .http_status_as_error(false)
            .build()
            .into();
        let root = format!("http://127.0.0.1:{port}");
        until(LONG, "the driver answers", || {
            agent.get(format!("{root}/status")).call().ok()
        });
        let capabilities = json!({ "capabilities": { "alwaysMatch": {
            "webkitgtk:browserOptions": { "binary": program, "args": arguments },
        } } });
        let answer = ask(agent
            .post(format!("{root}/session"))
            .send_json(capabilities))
        .unwrap_or_else(|error| panic!("no session: {error}; {}", driver.said()));
        let session = answer["sessionId"].as_str().expect("a session").to_owned();
        let application = process::children(driver.id())
            .into_iter()
            .find(|id| process::program_of(*id).as_deref() == Some(program))
            .expect("the application runs under the driver");
        let page = Self {
            agent,
            session: format!("{root}/session/{session}"),
            application,
            _driver: driver,
        };
        page.find("body");
        page
    }

    /// Waits for an element.
    #[track_caller]
    pub(crate) fn find(&self, selector: &str) -> Element<'_> {
        until(SHORT, &format!("{selector} in the page"), || {
            self.look(selector)
        })
    }

    /// The element, if it is there now.
    pub(crate) fn look(&self, selector: &str) -> Option<Element<'_>> {
        let query = json!({ "using": "css selector", "value": selector });
        let found = self.post("/element", query)?;
        let id = found[ELEMENT].as_str()?.to_owned();
        Some(Element { page: self, id })
    }

    /// Waits for an element with this text in it.
    #[track_caller]
    pub(crate) fn wait_for_text(&self, selector: &str, text: &str) {
        self.wait_for_text_within(SHORT, selector, text);
    }

    /// Waits for an element with this text in it.
    #[track_caller]
    pub(crate) fn wait_for_text_within(&self, time: Duration, selector: &str, text: &str) {
        until(time, &format!("{text:?} in {selector}"), || {
            self.look(selector)
                .and_then(|element| element.text())
                .filter(|found| found.contains(text))
        });
    }

    /// What a script in the page returns.
    pub(crate) fn run(&self, script: &str) -> Value {
        self.post("/execute/sync", json!({ "script": script, "args": [] }))
            .unwrap_or_else(|| panic!("{script} fails"))
    }

    /// A picture of the window as PNG; `None` where none is to be had in this
    /// moment: on a busy machine the driver may wait for a frame for ever.
    fn picture(&self) -> Option<Vec<u8>> {
        const PATIENCE: Duration = Duration::from_secs(5);

        let order = self.agent.get(format!("{}/screenshot", self.session));
        let order = order.config().timeout_global(Some(PATIENCE)).build();
        let picture = ask(order.call()).ok()?;
        Some(STANDARD.decode(picture.as_str()?).unwrap())
    }

    /// Keeps a picture of the window, under this name, for people to look at.
    pub(crate) fn keep(&self, name: &str) {
        /// More bytes than a picture of nothing takes.
        const AN_EMPTY_WINDOW: usize = 10_000;

        // The driver waits for a frame, which a page that stands still never paints
        // again where there is no graphics card. What it holds may not be painted
        // yet at all: on a busy machine a picture of that moment shows an empty
        // window.
        let paint = "const done = arguments[0]; \
            const style = document.documentElement.style; \
            const end = performance.now() + 3000; \
            const frame = () => { \
                style.opacity = style.opacity === '1' ? '0.999' : '1'; \
                if (performance.now() < end) requestAnimationFrame(frame); \
                else style.removeProperty('opacity'); \
            }; \
            frame(); \
            requestAnimationFrame(() => requestAnimationFrame(() => done(true)))";
        let picture = until(LONG, "the window is painted", || {
            self.post("/execute/async", json!({ "script": paint, "args": [] }));
            let picture = self.picture()?;
            assert_eq!(picture.get(..8), Some(&b"\x89PNG\r\n\x1a\n"[..]));
            (picture.len() > AN_EMPTY_WINDOW).then_some(picture)
        });
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("desktop");
        fs::create_dir_all(&folder).unwrap();
        let file = folder.join(format!("{name}.png"));
        fs::write(&file, picture).unwrap();
        println!("{}", file.display());
    }

    fn post(&self, path: &str, body: Value) -> Option<Value> {
        let url = format!("{}{path}", self.session);
        match ask(self.agent.post(url).send_json(body)) {
            Ok(value) => Some(value),
            Err(error) if GONE.contains(&error.as_str()) => None,
            Err(error) => panic!("{path}: {error}"),
        }
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        process::signal(self.application, "KILL");
    }
}

/// An element of the page.
pub(crate) struct Element<'page> {
    page: &'page Page,
    id: String,
}

impl Element<'_> {
    /// Its text, unless it is gone by now.
    pub(crate) fn text(&self) -> Option<String> {
        let url = format!("{}/element/{}/text", self.page.session, self.id);
        let text = ask(self.page.agent.get(url).call()).ok()?;
        text.as_str().map(str::to_owned)
    }

    #[track_caller]
    pub(crate) fn click(&self) {
        self.order("click", json!({}));
    }

    /// Replaces what is in a field.
    #[track_caller]
    pub(crate) fn fill(&self, text: &str) {
        self.order("clear", json!({}));
        self.order("value", json!({ "text": text }));
    }

    /// Replaces what is in a field and has it taken.
    #[track_caller]
    pub(crate) fn enter(&self, text: &str) {
        /// The key, as WebDriver writes it.
        const ENTER: char = '\u{e007}';

        // Typed over what is there: emptied first, the field would be left with
        // nothing in it for a moment.
        let select = json!({
            "script": "arguments[0].focus(); arguments[0].select()",
            "args": [{ ELEMENT: self.id }],
        });
        self.page.post("/execute/sync", select);
        self.order("value", json!({ "text": format!("{text}{ENTER}") }));
    }

    #[track_caller]
    fn order(&self, order: &str, body: Value) {
        let path = format!("/element/{}/{order}", self.id);
        assert!(
            self.page.post(&path, body).is_some(),
            "{order}: the element is gone"
        );
    }
}

/// The value in an answer, or the word for what went wrong.
fn ask(answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Result<Value, String> {
    let mut answer = answer.map_err(|error| error.to_string())?;
    let is_success = answer.status().is_success();
    let body: Value = answer
        .body_mut()
        .with_config()
        .limit(64 * 1024 * 1024)
        .read_json()
        .map_err(|error| error.to_string())?;
    let value = body["value"].clone();
    if is_success {
        return Ok(value);
    }
    match value["error"].as_str() {
        Some(error) if GONE.contains(&error) => Err(error.to_owned()),
        _ => Err(value.to_string()),
    }
}
