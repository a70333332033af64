use moustique_monitor::{BrokerState, OnClose};
use moustique_node::{ConfigSource, Paths};
use serde_json::json;
use tauri::ipc::{CallbackFn, InvokeBody};
use tauri::test::{
    INVOKE_KEY, MockRuntime, get_ipc_response, mock_builder, mock_context, noop_assets,
};
use tauri::webview::InvokeRequest;
use tauri::{App, Manager, WebviewWindow, WebviewWindowBuilder};
use tempfile::TempDir;

use super::*;
use crate::preferences;
use crate::tray::Tray;

/// The application without a display, its broker on a port of its own.
struct Desk {
    app: App<MockRuntime>,
    window: WebviewWindow<MockRuntime>,
    _folder: TempDir,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let paths = Paths::in_folder(folder.path());
        std::fs::write(&paths.config, "server:\n  port: 0\n  host: 127.0.0.1\n").unwrap();
        let chosen = Chosen::read(paths.config.with_file_name(preferences::FILE));
        let app = mock_builder()
            .manage(Node::new(ConfigSource {
                paths: paths.clone(),
                required: true,
                log: None,
            }))
            .manage(paths)
            .manage(chosen)
            .manage(Stream::default())
            .manage(Tray::default())
            .manage(closing::Asking::default())
            .plugin(tauri_plugin_opener::init())
            .invoke_handler(handler())
            .build(mock_context(noop_assets()))
            .unwrap();
        let window = WebviewWindowBuilder::new(&app, "main", tauri::WebviewUrl::default())
            .build()
            .unwrap();
        Self {
            app,
            window,
            _folder: folder,
        }
    }

    fn ask(&self, command: &str, body: Value) -> Result<Value, Value> {
        self.ask_from("tauri://localhost", command, body)
    }

    fn ask_from(&self, origin: &str, command: &str, body: Value) -> Result<Value, Value> {
        let request = InvokeRequest {
            cmd: command.to_owned(),
            callback: CallbackFn(0),
            error: CallbackFn(1),
            url: origin.parse().unwrap(),
            body: InvokeBody::Json(body),
            headers: Default::default(),
            invoke_key: INVOKE_KEY.to_owned(),
        };
        get_ipc_response(&self.window, request).map(|answer| answer.deserialize().unwrap())
    }

    fn rpc(&self, request: Value) -> Result<Value, Value> {
        self.ask("rpc", json!({ "request": request }))
    }

    fn state(&self) -> BrokerState {
        self.app.state::<Node>().source().borrow().status.state
    }
}

fn publish(topic: &str) -> Value {
    json!({
        "name": "publish",
        "payload": { "topic": topic, "message": "21.5", "from": "monitor" },
    })
}

#[test]
fn the_broker_starts_takes_a_message_and_stops() {
    let desk = Desk::new();

    assert_eq!(desk.rpc(json!({ "name": "start" })), Ok(Value::Null));
    assert_eq!(desk.state(), BrokerState::Running);
    assert_eq!(desk.rpc(publish("/home/temperature")), Ok(Value::Null));
    assert_eq!(desk.rpc(json!({ "name": "stop" })), Ok(Value::Null));
    assert_eq!(desk.state(), BrokerState::Stopped);
}

#[test]
fn what_needs_the_broker_is_refused_while_it_does_not_run() {
    let desk = Desk::new();
    for request in [publish("/a"), json!({ "name": "openInBrowser" })] {
        let refusal = desk.rpc(request.clone()).unwrap_err();

        assert_eq!(refusal["code"], "not_running", "{request}");
        assert!(refusal["detail"].is_string(), "{request}");
    }
}

#[test]
fn a_message_that_breaks_a_rule_is_refused_with_the_reason() {
    let desk = Desk::new();
    desk.rpc(json!({ "name": "start" })).unwrap();

    let refusal = desk.rpc(publish("")).unwrap_err();

    assert_eq!(refusal["code"], "invalid", "{refusal}");
}

#[test]
fn a_start_that_fails_is_the_state_of_the_broker() {
    let desk = Desk::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let config = format!("server:\n  port: {port}\n  host: 127.0.0.1\n");
    std::fs::write(desk._folder.path().join("config.yaml"), config).unwrap();

    assert_eq!(desk.rpc(json!({ "name": "start" })), Ok(Value::Null));

    assert_eq!(desk.state(), BrokerState::Failed);
}

#[test]
fn preferences_are_told_and_changed_all_or_none() {
    let desk = Desk::new();
    let application = || desk.rpc(json!({ "name": "application" })).unwrap();
    let before = application();
    assert_eq!(before["preferences"]["onClose"], "tray");
    assert_eq!(before["startsAtLogin"], Value::Null);
    assert_eq!(before["hasTray"], false);
    let folder = desk._folder.path().to_str().unwrap();
    assert_eq!(before["folders"]["configuration"], folder);

    let mut wanted = before["preferences"].clone();
    wanted["onClose"] = "ask".into();
    let rule =
        json!({ "name": "a", "filter": "+x", "comparison": "equals", "value": "", "text": "" });
    wanted["alerts"] = json!([rule]);
    let set = |wanted: &Value| desk.rpc(json!({ "name": "setPreferences", "payload": wanted }));
    let refusal = set(&wanted).unwrap_err();
    assert_eq!(refusal["code"], "rule_filter", "{refusal}");
    assert_eq!(application(), before);

    wanted["alerts"][0]["filter"] = "/x".into();
    assert_eq!(set(&wanted), Ok(Value::Null));
    assert_eq!(application()["preferences"], wanted);
    assert!(
        desk.rpc(json!({ "name": "setPreferences", "payload": { "paused": 3 } }))
            .is_err()
    );
}

#[test]
fn an_answer_to_closing_is_remembered_where_that_is_wanted() {
    let desk = Desk::new();
    let close = |choice: &str, remember: bool| {
        desk.rpc(json!({
            "name": "close",
            "payload": { "choice": choice, "remember": remember },
        }))
    };
    let on_close = || desk.app.state::<Chosen>().held().preferences().on_close;

    assert_eq!(close("cancel", true), Ok(Value::Null));
    assert_eq!(on_close(), OnClose::Tray);
    let ask = json!({ "name": "setPreferences", "payload": { "onClose": "ask" } });
    desk.rpc(ask).unwrap();
    assert_eq!(close("keep", false), Ok(Value::Null));
    assert_eq!(on_close(), OnClose::Ask);
}

#[test]
fn what_starts_with_the_session_is_refused_where_nothing_can() {
    let desk = Desk::new();

    let refusal = desk
        .rpc(json!({ "name": "setStartAtLogin", "payload": true }))
        .unwrap_err();

    assert_eq!(refusal["code"], "no_autostart");
}

#[test]
fn frames_can_be_subscribed_to_and_unsubscribed_from() {
    let desk = Desk::new();

    let opened = desk.ask("subscribe", json!({ "channel": "__CHANNEL__:7" }));
    let closed = desk.ask("unsubscribe", json!({ "id": 7 }));
    let closed_again = desk.ask("unsubscribe", json!({ "id": 7 }));

    assert_eq!(opened, Ok(Value::Null));
    assert_eq!(closed, Ok(Value::Null));
    assert_eq!(closed_again, Ok(Value::Null), "it may have ended by itself");
}

#[test]
fn what_is_no_command_or_no_request_is_refused() {
    let desk = Desk::new();

    assert!(desk.ask("start", json!({})).is_err());
    assert!(
        desk.ask(
            "plugin:opener|open_url",
            json!({ "url": "http://localhost/" })
        )
        .is_err()
    );
    assert!(desk.rpc(json!({ "name": "reboot" })).is_err());
    assert!(desk.rpc(json!({ "name": "publish" })).is_err());
}

#[test]
fn a_page_from_elsewhere_is_refused() {
    let desk = Desk::new();

    let answer = desk.ask_from(
        "https://example.org",
        "rpc",
        json!({ "request": { "name": "stop" } }),
    );

    assert!(answer.is_err(), "{answer:?}");
}
