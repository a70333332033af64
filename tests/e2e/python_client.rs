//! The Python client of the field, unmodified, through a restart.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use moustique_tests::{Broker, Setup, free_port, python, root};

#[test]
fn the_python_package_works_through_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let setup = Setup {
        port: free_port(),
        ..Setup::default()
    };
    let mut broker = Broker::start_with(folder.path(), &setup);
    let mut client = Command::new(python())
        .arg(root().join("tests/e2e/python_client.py"))
        .arg(setup.port.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told = client.stdin.take().unwrap();
    let said = BufReader::new(client.stdout.take().unwrap());
    let mut restarts = 0;
    for line in said.lines() {
        let line = line.unwrap();
        println!("{line}");
        // The client asks for the restarts, so that it knows what it did before.
        match line.as_str() {
            "restart, please" => broker.stop(),
            "kill, please" => broker.kill(),
            _ => continue,
        }
        broker = Broker::start_with(folder.path(), &setup);
        restarts += 1;
        writeln!(told, "it is back").unwrap();
    }
    let status = client.wait().unwrap();
    assert!(status.success(), "{status}");
    assert_eq!(restarts, 2);
    broker.stop();
}
