//! `callboard completions`: completion scripts for shells.

use clap::CommandFactory as _;

use crate::cli::Cli;
use crate::exit::Exit;
use crate::terminal::Terminal;

/// Writes the script to stdout.
pub(crate) fn completions(shell: clap_complete::Shell, terminal: &Terminal) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "callboard", &mut script);
    terminal.data(&String::from_utf8_lossy(&script));
    Exit::Pass
}
