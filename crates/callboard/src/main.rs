//! The `callboard` command: arguments, settings, wiring, terminal output, exit codes.

mod answers;
mod cli;
mod commands;
mod cover;
mod environment;
mod exit;
mod fetch;
mod fleet;
mod git;
mod links;
mod llm;
mod mcp;
mod older;
mod outputs;
mod progress;
mod project;
mod rate;
mod session;
mod settings;
mod signals;
mod suite;
mod terminal;
mod tests_of;
mod unjudged;

use std::process::ExitCode;

use clap::Parser as _;

use crate::cli::{Cli, Command, VirtualCommand};
use crate::exit::{Exit, Failure};
use crate::project::Project;
use crate::terminal::{Sources, Terminal};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let terminal = Terminal::new(&cli.global, |name| std::env::var(name).ok());
    install_panic_hook();
    let run = || dispatch(&cli, &terminal);
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run));
    let exit = match outcome {
        Ok(Ok(exit)) => exit,
        Ok(Err(failure)) => {
            terminal.diagnostics(&failure.diagnostics, &Sources::default());
            failure.exit
        }
        Err(_) => Exit::Bug,
    };
    with_output_written(exit, &terminal).into()
}

/// Data that could not be written turns a pass into an error; it never hides what the command found.
fn with_output_written(exit: Exit, terminal: &Terminal) -> Exit {
    let Some(failure) = terminal.output_failure() else { return exit };
    terminal.diagnostics(&failure.diagnostics, &Sources::default());
    if exit == Exit::Pass { failure.exit } else { exit }
}

fn dispatch(cli: &Cli, terminal: &Terminal) -> Result<Exit, Failure> {
    if let Command::Completions { shell } = &cli.command {
        return Ok(commands::completions::completions(*shell, terminal));
    }
    if let Command::Demo(arguments) = &cli.command {
        return block_on(commands::demo::demo(arguments, terminal));
    }
    if let Command::Mcp(arguments) = &cli.command {
        return commands::mcp::mcp(cli.global.project.as_deref(), arguments, terminal);
    }
    let project = Project::find(cli.global.project.as_deref())?;
    match &cli.command {
        Command::Init(arguments) => commands::init::init(&project, arguments, terminal),
        Command::Map(arguments) => commands::map::map(&project, arguments, terminal),
        Command::Plan(arguments) => commands::plan::plan(&project, arguments, terminal),
        Command::Generate(arguments) => match arguments.cover {
            Some(what) => block_on(commands::cover::cover(&project, arguments, what, terminal)),
            None => commands::generate::generate(&project, arguments, terminal),
        },
        Command::Check(arguments) => commands::check::check(&project, arguments, terminal),
        Command::Run(arguments) => block_on(commands::run::run(&project, arguments, terminal)),
        Command::Virtual(VirtualCommand::Up(arguments)) => block_on(commands::virtual_up::up(&project, arguments, terminal)),
        Command::Impact(arguments) => block_on(commands::impact::impact(&project, arguments, terminal)),
        Command::Gaps(arguments) => block_on(commands::gaps::gaps(&project, arguments, terminal)),
        Command::Completions { .. } | Command::Demo(_) | Command::Mcp(_) => {
            unreachable!("handled above: they need no project, or open it themselves")
        }
    }
}

fn block_on<T>(future: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::not_ready(callboard_model::Code("runtime"), format!("failed to start: {error}"), None))?;
    runtime.block_on(future)
}

/// A panic is our bug: say so, and how to report it.
fn install_panic_hook() {
    let default = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        default(info);
        eprintln!(
            "\nThis is a bug of Callboard {}, not of your files: please report it with the lines above.",
            env!("CARGO_PKG_VERSION")
        );
    }));
}
