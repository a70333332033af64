use std::fs;
use std::path::Path;

use moustique_monitor::{AlertRule, Comparison, Notifications};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;

fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config").join(FILE);
    (folder, path)
}

fn written(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn put(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn rule(name: &str, value: &str) -> AlertRule {
    AlertRule {
        name: name.into(),
        filter: "/home/+/temperature".into(),
        comparison: Comparison::Above,
        value: value.into(),
        text: String::new(),
    }
}

#[test]
fn without_a_file_the_defaults_hold_and_none_is_made() {
    let (_folder, path) = folder();

    let chosen = Chosen::read(path.clone());

    assert_eq!(*chosen.held().preferences(), Preferences::default());
    assert_eq!(chosen.held().preferences().on_close, OnClose::Tray);
    assert!(chosen.held().preferences().notifications.failures);
    assert!(!path.exists());
}

#[test]
fn what_was_chosen_is_there_the_next_time_and_whoever_follows_is_told() {
    let (_folder, path) = folder();
    let chosen = Chosen::read(path.clone());
    let news = chosen.news();
    let preferences = Preferences {
        on_close: OnClose::Ask,
        notifications: Notifications {
            failures: true,
            new_devices: false,
            alerts: true,
        },
        paused: true,
        alerts: vec![rule("hot", "30")],
    };

    chosen.set(preferences.clone()).unwrap();
    chosen.note_knows_of_tray().unwrap();

    assert!(news.has_changed().unwrap());
    assert_eq!(*news.borrow().preferences(), preferences);
    let again = Chosen::read(path).held();
    assert_eq!(*again.preferences(), preferences);
    assert!(again.knows_of_tray());
    assert_eq!(again.rules().len(), 1);
}

#[test]
#[cfg(unix)]
fn the_file_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let (_folder, path) = folder();

    Chosen::read(path.clone()).toggle_pause().unwrap();

    let mode = fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_rule_that_is_wrong_changes_nothing() {
    let (_folder, path) = folder();
    let chosen = Chosen::read(path.clone());
    chosen.toggle_pause().unwrap();
    let before = written(&path);

    let refusal = chosen
        .set(Preferences {
            alerts: vec![rule("hot", "30"), rule("cold", "a lot")],
            ..Preferences::default()
        })
        .unwrap_err();

    assert_eq!(refusal.code, "rule_value");
    assert!(refusal.detail.contains("'cold'"), "{refusal}");
    assert!(chosen.held().preferences().paused);
    assert_eq!(written(&path), before);
}

#[test]
fn what_another_version_wrote_survives() {
    let (_folder, path) = folder();
    put(
        &path,
        r#"{"theme": "sepia", "notifications": {"alerts": false, "sound": "gong"}}"#,
    );

    let chosen = Chosen::read(path.clone());
    let notifications = chosen.held().preferences().notifications;
    assert!(!notifications.alerts && notifications.failures);
    chosen.toggle_pause().unwrap();

    let text = written(&path);
    assert_eq!(text["theme"], "sepia");
    assert_eq!(text["notifications"]["sound"], "gong");
    assert_eq!(text["notifications"]["alerts"], false);
    assert_eq!(text["paused"], true);
}

#[test]
fn what_cannot_be_used_is_set_aside() {
    let bad_rule = json!({ "alerts": [rule("hot", "x")] }).to_string();
    let long = format!("{{\"a\": \"{}\"}}", "x".repeat(1024 * 1024));
    for text in [
        "",
        "{",
        "[]",
        "\u{0}\u{0}",
        r#"{"paused": "perhaps"}"#,
        r#"{"onClose": "explode"}"#,
        &bad_rule,
        &long,
    ] {
        let (_folder, path) = folder();
        put(&path, text);

        let chosen = Chosen::read(path.clone());

        assert_eq!(*chosen.held().preferences(), Preferences::default());
        let aside = path.with_extension("json.unusable");
        assert_eq!(fs::read_to_string(aside).unwrap(), text);
        assert!(!path.exists());
        chosen.toggle_pause().unwrap();
        assert!(Chosen::read(path).held().preferences().paused);
    }
}

#[test]
fn what_cannot_be_kept_does_not_hold() {
    let (folder, path) = folder();
    let chosen = Chosen::read(path);
    // Where its folder should be.
    fs::write(folder.path().join("config"), "").unwrap();

    let refusal = chosen.toggle_pause().unwrap_err();

    assert_eq!(refusal.code, "storage");
    assert!(refusal.detail.contains(FILE), "{refusal}");
    assert!(!chosen.held().preferences().paused);
}
