//! The same with a client that is not ours and not in our language: the official Python one, where it is installed.

use std::collections::BTreeMap;
use std::path::Path;

use callboard_shop::ShopOptions;
use tokio::process::Command;

use crate::agent::{Over, TOKEN, serve_http, within};
use crate::shop::RunningShop;

#[tokio::test(flavor = "multi_thread")]
async fn the_official_python_client_holds_a_whole_session() {
    hold_a_session(Over::Pipes).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_official_python_client_holds_a_whole_session_over_http() {
    hold_a_session(Over::Http).await;
}

async fn hold_a_session(over: Over) {
    let python = std::env::var("CALLBOARD_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let is_there = Command::new(&python).args(["-c", "import mcp.client.stdio"]).output().await.is_ok_and(|o| o.status.success());
    if !is_there {
        eprintln!("SKIPPED: `{python}` has no package `mcp` (pip install mcp; CALLBOARD_TEST_PYTHON names another interpreter)");
        return;
    }
    let elsewhere = BTreeMap::from([("payments".to_owned(), format!("http://{}", callboard_testkit::refusing_address()))]);
    let shop = RunningShop::start_with(ShopOptions { elsewhere, ..ShopOptions::default() }).await;
    let project = shop.project();
    project.commit();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mcp/session.py");
    let mut command = Command::new(&python);
    command.arg(script).kill_on_drop(true);
    let server = match over {
        Over::Pipes => {
            command.arg(env!("CARGO_BIN_EXE_callboard")).arg(project.path(""));
            None
        }
        Over::Http => {
            let (server, url) = serve_http(&project).await;
            command.args([&url, TOKEN]);
            Some(server)
        }
    };
    let output = within(command.output()).await.expect("python starts");
    let (said, error) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && said.ends_with("ok\n"), "{said}\n{error}");
    eprintln!("{said}");
    if let Some(server) = server {
        server.signal("INT");
        server.end().await.exits(0);
    }
}
