//! WireMock's own clients, where they are installed.

use std::process::Command;

use crate::support::Server;

#[test]
fn the_python_client_drives_the_server_unchanged() {
    let installed =
        Command::new("python3").args(["-c", "import wiremock.client"]).output().is_ok_and(|output| output.status.success());
    if !installed {
        eprintln!("SKIPPED: the Python package `wiremock` is not installed (pip install wiremock)");
        return;
    }
    let server = Server::empty();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/wiremock/client.py");
    let output = Command::new("python3").args([script, &format!("http://{}", server.address)]).output().expect("python3 runs");
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{stdout}\n{stderr}");
    assert!(stdout.contains("all cases passed"), "{stdout}");
}
