//! The plain API against its own description: requests made up by schemathesis,
//! right ones and wrong ones, on the real program.

use std::process::Command;

use moustique_tests::{Broker, count_from, figure, python};

/// Made up for each of the calls, besides those that schemathesis tries always.
const EXAMPLES: usize = 10;

#[test]
fn what_it_answers_is_what_it_describes() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path());
    let examples = count_from("MOUSTIQUE_EXAMPLES", EXAMPLES);
    let address = format!("http://127.0.0.1:{}", broker.port());
    let output = Command::new(python())
        .args([
            "-c",
            "from schemathesis.cli import schemathesis; schemathesis()",
        ])
        .args(["run", &format!("{address}/openapi.json")])
        .args(["--max-examples", &examples.to_string()])
        // A stream has no end.
        .args(["--exclude-path", "/v1/stream", "--exclude-path", "/v1/ws"])
        // Bytes, levels and control characters are bounds that a schema cannot
        // say: some of what it allows is refused.
        .args([
            "--checks",
            "all",
            "--exclude-checks",
            "positive_data_acceptance",
        ])
        .args(["--no-color", "--seed", "1"])
        .args(["--phases", "examples,coverage,fuzzing"])
        .args([
            "--generation-database",
            "none",
            "--suppress-health-check",
            "all",
        ])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{said}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let generated = said.lines().find(|line| line.contains("generated"));
    figure(&format!(
        "the description holds: {}",
        generated.unwrap_or("no count").trim()
    ));
    // It lives, and did not fail at anything meanwhile.
    assert_eq!(broker.caller().get("/readyz", &[]).status, 200);
    broker.stop();
}
