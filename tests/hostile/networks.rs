//! Who is let in, from networks of their own: two network namespaces with a
//! cable between them. It takes root; where the test has it not, it says so.

use std::ffi::OsString;
use std::process::{self, Command, Output};

use moustique_tests::{Broker, Setup, is_root, program, python};
use serde_json::Value;

/// Of the broker, for each kind of address.
const BROKER: [&str; 5] = [
    "10.77.0.1/24",
    "100.77.0.1/24",
    "192.0.2.1/24",
    "fd77::1/64",
    "2001:db8:77::1/64",
];

/// Of those who connect.
const CLIENTS: [&str; 9] = [
    "10.77.0.2/24",
    "10.77.0.66/24",
    "100.77.0.2/24",
    "100.77.0.66/24",
    "192.0.2.2/24",
    "192.0.2.66/24",
    "fd77::2/64",
    "fd77::66/64",
    "2001:db8:77::2/64",
];

/// Connects from one address to another and says with which status it was
/// answered.
const CLIENT: &str = "
import socket, sys
source, target, port = sys.argv[1:]
connection = socket.create_connection((target, int(port)), 20, (source, 0))
host = '[' + target + ']' if ':' in target else target
connection.sendall(('GET /VERSION HTTP/1.1\\r\\nHost: ' + host + '\\r\\n\\r\\n').encode())
print(connection.recv(4096).split()[1].decode())
";

/// Two network namespaces. Dropping them takes the cable along.
struct Networks {
    broker: String,
    client: String,
}

impl Networks {
    fn new(test: &str) -> Self {
        let id = format!("{}-{test}", process::id());
        let networks = Self {
            broker: format!("moustique-broker-{id}"),
            client: format!("moustique-client-{id}"),
        };
        let (broker, client) = (networks.broker.as_str(), networks.client.as_str());
        ip(&["netns", "add", broker]);
        ip(&["netns", "add", client]);
        let cable = [
            "link", "add", "cable", "type", "veth", "peer", "name", "cable",
        ];
        let ends = [&["-n", broker][..], &cable, &["netns", client]].concat();
        ip(&ends);
        for (name, addresses) in [(broker, &BROKER[..]), (client, &CLIENTS)] {
            ip(&["-n", name, "link", "set", "lo", "up"]);
            ip(&["-n", name, "link", "set", "cable", "up"]);
            for address in addresses {
                // Nobody else is there whose address it might be.
                let check: &[&str] = if address.contains(':') {
                    &["nodad"]
                } else {
                    &[]
                };
                let add = ["-n", name, "address", "add", address, "dev", "cable"];
                ip(&[&add[..], check].concat());
            }
        }
        networks
    }

    /// Starts a broker at every address of its network.
    fn start(&self, folder: &std::path::Path, security: &str) -> Broker {
        self.start_with(folder, "", security)
    }

    fn start_with(&self, folder: &std::path::Path, server: &str, security: &str) -> Broker {
        let setup = Setup {
            host: Some("\"::\""),
            more: format!(
                "{server}security:\n  blocked_peers: [10.77.0.66, 100.77.0.66, 192.0.2.66, \"fd77::66\"]\n{security}"
            ),
            wrapper: ["ip", "netns", "exec", &self.broker]
                .map(OsString::from)
                .into(),
            ..Setup::default()
        };
        Broker::start_with(folder, &setup)
    }

    fn status(&self, source: &str, target: &str, port: u16) -> String {
        let output = Command::new("ip")
            .args(["netns", "exec", &self.client])
            .arg(python())
            .args(["-c", CLIENT, source, target, &port.to_string()])
            .output()
            .unwrap();
        String::from_utf8(succeeded(output))
            .unwrap()
            .trim()
            .to_owned()
    }
}

impl Networks {
    /// What a program of the other network finds.
    fn find(&self) -> Output {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.client]);
        command.arg(program("moustique"));
        command.args(["find", "--json"]).output().unwrap()
    }
}

impl Drop for Networks {
    fn drop(&mut self) {
        for name in [&self.broker, &self.client] {
            let _ = Command::new("ip").args(["netns", "del", name]).status();
        }
    }
}

fn ip(arguments: &[&str]) {
    succeeded(Command::new("ip").args(arguments).output().unwrap());
}

fn succeeded(output: Output) -> Vec<u8> {
    assert!(output.status.success(), "{output:?}");
    output.stdout
}

#[test]
fn addresses_are_let_in_by_their_network() {
    if !is_root() {
        println!("not root: no network namespaces, nothing is tested");
        return;
    }
    let networks = Networks::new("access");
    // Each source, the address of the broker that it goes to, and whether that
    // is answered: without a list, with Tailscale, with a list.
    for (security, cases) in [
        (
            "",
            &[
                ("10.77.0.2", "10.77.0.1", "200"),
                ("10.77.0.66", "10.77.0.1", "401"),
                ("fd77::2", "fd77::1", "200"),
                ("fd77::66", "fd77::1", "401"),
                ("192.0.2.2", "192.0.2.1", "401"),
                ("2001:db8:77::2", "2001:db8:77::1", "401"),
                ("100.77.0.2", "100.77.0.1", "401"),
                // Where it goes to does not matter.
                ("192.0.2.2", "10.77.0.1", "401"),
            ][..],
        ),
        (
            "  tailscale_enabled: true\n",
            &[
                ("100.77.0.2", "100.77.0.1", "200"),
                ("100.77.0.66", "100.77.0.1", "401"),
                // Not in that network by itself.
                ("100.77.0.2", "10.77.0.1", "401"),
                ("10.77.0.2", "10.77.0.1", "200"),
                ("192.0.2.2", "192.0.2.1", "401"),
            ],
        ),
        (
            "  allowed_ips: [192.0.2.0/24, \"2001:db8:77::/64\"]\n",
            &[
                ("192.0.2.2", "192.0.2.1", "200"),
                ("192.0.2.66", "192.0.2.1", "401"),
                ("2001:db8:77::2", "2001:db8:77::1", "200"),
                ("10.77.0.2", "10.77.0.1", "401"),
                ("fd77::2", "fd77::1", "401"),
                ("100.77.0.2", "100.77.0.1", "401"),
            ],
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let broker = networks.start(folder.path(), security);
        for (source, target, expected) in cases {
            let status = networks.status(source, target, broker.port());
            assert_eq!(status, *expected, "{source} to {target} with {security:?}");
        }
    }
}

#[test]
fn a_broker_is_found_and_told_by_its_addresses_as_they_come_and_go() {
    if !is_root() {
        eprintln!("left out: it takes root");
        return;
    }
    let networks = Networks::new("find");
    let folder = tempfile::tempdir().unwrap();
    let mut broker = networks.start(folder.path(), "");
    let found: Value = serde_json::from_slice(&succeeded(networks.find())).unwrap();
    let [one] = found.as_array().unwrap().as_slice() else {
        panic!("{found}");
    };
    assert_eq!(one["port"], broker.port());
    assert_eq!(one["version"], env!("CARGO_PKG_VERSION"));
    let addresses = one["addresses"].as_array().unwrap();
    assert!(addresses.contains(&"10.77.0.1".into()), "{found}");

    let name = networks.broker.as_str();
    ip(&["-n", name, "address", "add", "10.77.0.9/24", "dev", "cable"]);
    broker.wait_for_line(&format!("http://10.77.0.9:{}", broker.port()));

    broker.stop();
    let nothing = networks.find();
    assert_eq!(nothing.status.code(), Some(1), "{nothing:?}");
    let said = String::from_utf8(nothing.stderr).unwrap();
    assert!(said.contains("no broker answered within 2s"), "{said}");

    // One that is not to be found serves all the same.
    let folder = tempfile::tempdir().unwrap();
    let hidden = networks.start_with(folder.path(), "  announce: false\n", "");
    assert_eq!(
        networks.status("10.77.0.2", "10.77.0.1", hidden.port()),
        "200"
    );
    assert_eq!(networks.find().status.code(), Some(1));
}
