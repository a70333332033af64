//! Settings that are changed while the broker runs.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;

use moustique_monitor::{
    Applied, BrokerState, Publish, Refusal, SettingChange, SettingValue, Settings, SettingsChanged,
};
use moustique_node::{ConfigSource, Node, Paths};
use tempfile::TempDir;
use tokio::net::TcpStream;

/// A file that somebody has written, with what nobody else may change.
const BY_HAND: &str = "\
# The broker in the shed.
server:
  host: 127.0.0.1 # nobody else
  port: 0
  announce: false

logging:
  level: warn
";

struct Desk {
    folder: TempDir,
    node: Node,
}

impl Desk {
    fn new(text: Option<&str>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let paths = Paths::in_folder(folder.path());
        if let Some(text) = text {
            fs::write(&paths.config, text).unwrap();
        }
        let node = Node::new(ConfigSource {
            paths,
            required: false,
            log: None,
        });
        Self { folder, node }
    }

    async fn running() -> Self {
        let desk = Self::new(Some(BY_HAND));
        desk.node.start().await.unwrap();
        desk
    }

    fn file(&self) -> String {
        fs::read_to_string(self.folder.path().join("config.yaml")).unwrap()
    }

    async fn change(&self, key: &str, value: &str) -> Result<SettingsChanged, Refusal> {
        let value = Some(SettingValue::One(value.to_owned()));
        let key = key.to_owned();
        self.node
            .change_settings(vec![SettingChange { key, value }])
            .await
    }

    fn state(&self) -> BrokerState {
        self.node.source().borrow().status.state
    }

    fn port(&self) -> u16 {
        let address = self.node.local_url().unwrap();
        let address = address.trim_end_matches('/');
        address.rsplit(':').next().unwrap().parse().unwrap()
    }

    async fn is_open(port: u16) -> bool {
        TcpStream::connect((Ipv4Addr::LOCALHOST, port))
            .await
            .is_ok()
    }
}

fn value<'a>(settings: &'a Settings, key: &str) -> Option<&'a SettingValue> {
    let setting = settings.settings.iter().find(|setting| setting.key == key);
    setting.unwrap().value.as_ref()
}

fn one(text: &str) -> Option<SettingValue> {
    Some(SettingValue::One(text.to_owned()))
}

#[tokio::test]
async fn what_is_configured_is_told_key_by_key() {
    let desk = Desk::new(Some(BY_HAND));
    let settings = desk.node.settings().await.unwrap();
    assert!(settings.file.ends_with("config.yaml"));
    assert!(!settings.has_password);
    assert_eq!(value(&settings, "server.port"), one("0").as_ref());
    assert_eq!(value(&settings, "server.announce"), one("false").as_ref());
    assert_eq!(value(&settings, "server.timeout"), None);
}

#[tokio::test]
async fn a_setting_holds_at_once_where_that_can_be() {
    let desk = Desk::running().await;
    let port = desk.port();
    let changed = desk.change("limits.message_bytes", "10 B").await.unwrap();
    assert_eq!(changed.applied, Applied::Live);
    let key = "limits.message_bytes";
    assert_eq!(value(&changed.settings, key), one("10 B").as_ref());
    assert_eq!(desk.port(), port, "the broker goes on");
    let publish = Publish {
        topic: "/a".to_owned(),
        message: "eleven byte".to_owned(),
        from: String::new(),
    };
    let refusal = desk.node.publish(publish).await.unwrap_err();
    assert!(refusal.detail.contains("at most 10"), "{refusal}");
    assert!(desk.file().starts_with(BY_HAND), "{}", desk.file());
    desk.node.stop().await;
}

#[tokio::test]
async fn a_port_holds_after_the_broker_was_started_anew_by_itself() {
    let desk = Desk::running().await;
    let before = desk.port();
    let changed = desk.node.use_free_port().await.unwrap();
    assert_eq!(changed.applied, Applied::Restarted);
    let port = desk.port();
    assert_ne!(port, before);
    let name = port.to_string();
    assert_eq!(value(&changed.settings, "server.port"), one(&name).as_ref());
    assert!(Desk::is_open(port).await && !Desk::is_open(before).await);
    assert_eq!(
        desk.file(),
        BY_HAND.replace("port: 0", &format!("port: {port}"))
    );
    desk.node.stop().await;
}

#[tokio::test]
async fn a_port_that_cannot_be_had_changes_nothing() {
    let desk = Desk::running().await;
    desk.node.use_free_port().await.unwrap();
    let (port, file) = (desk.port(), desk.file());
    let other = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let taken = other.local_addr().unwrap().port().to_string();
    let refusal = desk.change("server.port", &taken).await.unwrap_err();
    assert_eq!(refusal.code, "port_taken");
    assert!(refusal.detail.contains(&taken), "{refusal}");
    assert!(refusal.detail.ends_with("holds again."), "{refusal}");
    assert_eq!(desk.state(), BrokerState::Running);
    assert_eq!((desk.port(), desk.file()), (port, file));
    assert!(Desk::is_open(port).await);
    desk.node.stop().await;
}

#[tokio::test]
async fn a_data_folder_that_cannot_be_had_changes_nothing() {
    let desk = Desk::running().await;
    let publish = Publish {
        topic: "/a".to_owned(),
        message: "kept".to_owned(),
        from: String::new(),
    };
    desk.node.publish(publish).await.unwrap();
    let not_a_folder = desk.folder.path().join("config.yaml/broker.db");
    let path = not_a_folder.to_str().unwrap();
    let refusal = desk.change("database.path", path).await.unwrap_err();
    assert_eq!(refusal.code, "data_unreadable", "{refusal}");
    assert_eq!(
        (desk.state(), desk.file().as_str()),
        (BrokerState::Running, BY_HAND)
    );
    let broker = desk.node.source().borrow().broker.clone().unwrap();
    assert_eq!(broker.statistics().contents.topics, 1);
    desk.node.stop().await;
}

#[tokio::test]
async fn a_value_that_is_wrong_is_refused_with_what_is_expected() {
    let desk = Desk::running().await;
    for (key, value, expected) in [
        (
            "server.port",
            "70000",
            "'70000' is not a port from 0 to 65535",
        ),
        ("server.host", "here", "'here' is not an IP address"),
        ("limits.headers", "0", "0 never means"),
        ("logging.level", "loud", "loud"),
        (
            "security.password_file",
            "/nowhere/password",
            "/nowhere/password",
        ),
        ("logging.file", "/nowhere/log", "/nowhere/log"),
        ("nobody.has", "1", "no setting 'nobody.has'"),
    ] {
        let refusal = desk.change(key, value).await.unwrap_err();
        assert!(refusal.detail.contains(expected), "{refusal}");
        assert_eq!(desk.file(), BY_HAND, "{key}");
        assert_eq!(desk.state(), BrokerState::Running);
    }
    desk.node.stop().await;
}

#[tokio::test]
async fn a_file_that_is_missing_is_made() {
    let desk = Desk::new(None);
    let changed = desk.change("server.port", "1883").await.unwrap();
    assert_eq!(changed.applied, Applied::Written);
    assert_eq!(desk.file(), "server:\n  port: 1883\n");
    assert_eq!(desk.state(), BrokerState::Stopped);
}

#[tokio::test]
async fn a_file_that_is_broken_is_left_alone() {
    let broken = "server:\n  port: [1\n";
    let desk = Desk::new(Some(broken));
    assert_eq!(
        desk.node.settings().await.unwrap_err().code,
        "configuration"
    );
    assert!(desk.change("server.port", "1883").await.is_err());
    assert_eq!(desk.file(), broken);
}

#[tokio::test]
async fn a_wrong_value_in_the_file_can_be_put_right() {
    let desk = Desk::new(Some("server:\n  port: 99999\n"));
    assert!(desk.node.start().await.is_err());
    let settings = desk.node.settings().await.unwrap();
    assert_eq!(value(&settings, "server.port"), one("99999").as_ref());
    desk.change("server.port", "1883").await.unwrap();
    assert_eq!(desk.file(), "server:\n  port: 1883\n");
}

#[tokio::test]
async fn a_password_is_set_and_removed_while_the_broker_runs() {
    let desk = Desk::running().await;
    let set = desk.node.change_password(Some("open sesame".to_owned()));
    let changed = set.await.unwrap();
    assert_eq!(changed.applied, Applied::Live);
    assert!(changed.settings.has_password);
    let file = desk.folder.path().join("password");
    let hash = fs::read_to_string(&file).unwrap();
    assert!(hash.starts_with("$argon2id$"), "{hash}");

    let refusal = desk.node.change_password(Some(String::new())).await;
    assert_eq!(refusal.unwrap_err().code, "invalid");
    assert_eq!(fs::read_to_string(&file).unwrap(), hash);

    let changed = desk.node.change_password(None).await.unwrap();
    assert!(!changed.settings.has_password);
    assert!(!desk.file().contains("password"), "{}", desk.file());
    desk.node.stop().await;
}

#[cfg(unix)]
#[tokio::test]
async fn a_link_stays_a_link_and_rights_stay_what_they_were() {
    use std::os::unix::fs::{PermissionsExt, symlink};

    let desk = Desk::new(None);
    let real = desk.folder.path().join("repository.yaml");
    fs::write(&real, BY_HAND).unwrap();
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
    let link = desk.folder.path().join("config.yaml");
    symlink(&real, &link).unwrap();
    desk.change("server.port", "1883").await.unwrap();
    assert!(is_link(&link));
    assert!(fs::read_to_string(&real).unwrap().contains("port: 1883"));
    let mode = fs::metadata(&real).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
}

#[cfg(unix)]
fn is_link(path: &Path) -> bool {
    fs::symlink_metadata(path).unwrap().is_symlink()
}
