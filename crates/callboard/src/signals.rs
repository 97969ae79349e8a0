//! How a person, a service manager or CI stops the program.

use callboard_runner::RunOptions;
use tokio_util::sync::CancellationToken;

use crate::exit::Exit;
use crate::terminal::Terminal;

/// Resolves at Ctrl-C, or at the signal with which service managers and CI stop a process (SIGTERM).
pub(crate) async fn stop_requested() {
    #[cfg(unix)]
    if let Ok(mut terminated) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminated.recv() => {}
        }
        return;
    }
    // Without signals there is nothing to wait for but the end of the process.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// The first signal stops a run cleanly: teardown still runs. The second one ends the program at once.
pub(crate) fn cancel_when_stopped(terminal: &Terminal) -> CancellationToken {
    let cancel = CancellationToken::new();
    let told = cancel.clone();
    let is_quiet = terminal.is_quiet();
    tokio::spawn(async move {
        stop_requested().await;
        told.cancel();
        if !is_quiet {
            eprintln!("stopping: teardown runs for up to {} s; Ctrl-C again ends at once", RunOptions::GRACE.as_secs());
        }
        stop_requested().await;
        std::process::exit(Exit::Interrupted as i32);
    });
    cancel
}
