//! A node through its life: started, stopped, refused, and why.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::Path;

use moustique_monitor::{BrokerState, Publish};
use moustique_node::{ConfigSource, Node, Paths};

fn node(folder: &Path, config: &str) -> Node {
    let paths = Paths::in_folder(folder);
    fs::write(&paths.config, config).unwrap();
    Node::new(ConfigSource {
        paths,
        required: true,
        log: None,
    })
}

fn config(port: u16) -> String {
    format!("server:\n  host: 127.0.0.1\n  port: {port}\n")
}

fn state(node: &Node) -> BrokerState {
    node.source().borrow().status.state
}

fn address(node: &Node) -> String {
    let url = node.local_url().unwrap();
    url.trim_start_matches("http://")
        .trim_end_matches('/')
        .to_owned()
}

fn message(topic: &str) -> Publish {
    Publish {
        topic: topic.into(),
        message: "1".into(),
        from: String::new(),
    }
}

#[tokio::test]
async fn it_starts_stops_and_starts_again_with_what_was_stored() {
    let folder = tempfile::tempdir().unwrap();
    let node = node(folder.path(), &config(0));
    assert_eq!(state(&node), BrokerState::Stopped);
    assert_eq!(
        node.publish(message("/a")).await.unwrap_err().code,
        "not_running"
    );
    for round in 1..=3 {
        node.start().await.unwrap();
        node.start().await.unwrap();
        assert_eq!(state(&node), BrokerState::Running);
        let address = address(&node);
        TcpStream::connect(&address).unwrap();
        node.publish(message(&format!("/round/{round}")))
            .await
            .unwrap();
        let topics = node
            .source()
            .borrow()
            .broker
            .clone()
            .unwrap()
            .topics(10)
            .total;
        assert_eq!(topics, round);
        node.stop().await;
        node.stop().await;
        assert_eq!(state(&node), BrokerState::Stopped);
        assert!(TcpStream::connect(&address).is_err(), "the port is closed");
    }
}

#[tokio::test]
async fn a_taken_port_is_a_state_and_can_be_mended() {
    let folder = tempfile::tempdir().unwrap();
    let holder = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = holder.local_addr().unwrap().port();
    let node = node(folder.path(), &config(port));
    let problem = node.start().await.unwrap_err();
    assert_eq!(problem.code, "port_taken");
    // Who it is, is this test itself.
    let named = format!("(process {}).", std::process::id());
    assert!(
        problem
            .what
            .starts_with(&format!("Port {port} is in use by "))
    );
    assert!(problem.what.ends_with(&named), "{}", problem.what);
    assert_eq!(state(&node), BrokerState::Failed);
    assert_eq!(node.source().borrow().status.problem, Some(problem));
    drop(holder);
    node.start().await.unwrap();
    assert_eq!(state(&node), BrokerState::Running);
    node.stop().await;
}

#[tokio::test]
async fn data_in_use_is_a_state() {
    let folder = tempfile::tempdir().unwrap();
    let first = node(folder.path(), &config(0));
    let second = first.clone();
    first.start().await.unwrap();
    second.start().await.unwrap();
    let other = node(folder.path(), &config(0));
    let problem = other.start().await.unwrap_err();
    assert_eq!(problem.code, "data_in_use");
    assert!(
        problem.what.contains("in use by another Moustique"),
        "{}",
        problem.what
    );
    first.stop().await;
    other.start().await.unwrap();
    other.stop().await;
}

#[tokio::test]
async fn a_bad_configuration_is_a_state_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let node = node(folder.path(), "server:\n  prot: 1\n");
    let problem = node.start().await.unwrap_err();
    assert_eq!(problem.code, "configuration");
    assert!(
        problem.what.contains("config.yaml, line 2: "),
        "{}",
        problem.what
    );
    fs::write(folder.path().join("config.yaml"), config(0)).unwrap();
    node.start().await.unwrap();
    node.stop().await;
}

#[tokio::test]
async fn a_bound_that_is_lowered_holds_for_what_comes_and_not_for_what_is_stored() {
    let folder = tempfile::tempdir().unwrap();
    let long = format!("/{}", "t".repeat(40));
    let first = node(folder.path(), &config(0));
    first.start().await.unwrap();
    first.publish(message(&long)).await.unwrap();
    first.stop().await;
    let lowered = format!("{}limits:\n  topic_bytes: 20 B\n", config(0));
    let second = node(folder.path(), &lowered);
    second.start().await.unwrap();
    let broker = second.source().borrow().broker.clone().unwrap();
    assert!(broker.value(&long).is_some());
    let refusal = second.publish(message(&long)).await.unwrap_err();
    assert_eq!(refusal.code, "invalid");
    assert!(refusal.detail.contains("at most 20"), "{}", refusal.detail);
    second.publish(message("/short")).await.unwrap();
    second.stop().await;
}
