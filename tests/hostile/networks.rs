//! Who is let in, from networks of their own: two network namespaces with a
//! cable between them. It takes root; where the test has it not, it says so.

use std::ffi::OsString;
use std::process::{self, Command, Output};

use moustique_tests::{Broker, Setup, python};

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
    fn new() -> Self {
        let id = process::id();
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
        let setup = Setup {
            host: Some("\"::\""),
            more: format!(
                "security:\n  blocked_peers: [10.77.0.66, 100.77.0.66, 192.0.2.66, \"fd77::66\"]\n{security}"
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

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    id.stdout == b"0\n"
}

#[test]
fn addresses_are_let_in_by_their_network() {
    if !is_root() {
        println!("not root: no network namespaces, nothing is tested");
        return;
    }
    let networks = Networks::new();
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
