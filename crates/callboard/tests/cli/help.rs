//! Help and completions.

use crate::project::Project;

/// The subcommands that `callboard COMMAND --help` lists, below `command`.
pub(crate) async fn subcommands(command: &[&str]) -> Vec<String> {
    let arguments = [command, &["--help"]].concat();
    let outcome = Project::empty().run(&arguments).await;
    let help = &outcome.exits(0).stdout;
    let Some((_, list)) = help.split_once("\nCommands:\n") else { return Vec::new() };
    let names = list.lines().take_while(|line| line.starts_with("  ")).filter(|line| !line.starts_with("   "));
    names.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help").map(str::to_owned).collect()
}

/// All commands, those of two words included.
pub(crate) async fn all_commands() -> Vec<Vec<String>> {
    let mut commands = Vec::new();
    for name in subcommands(&[]).await {
        let nested = subcommands(&[&name]).await;
        commands.extend(nested.into_iter().map(|below| vec![name.clone(), below]));
        commands.push(vec![name]);
    }
    commands
}

/// The help of a command.
pub(crate) async fn help(command: &[String]) -> String {
    let mut arguments: Vec<&str> = command.iter().map(String::as_str).collect();
    arguments.push("--help");
    Project::empty().run(&arguments).await.exits(0).stdout.clone()
}

#[tokio::test]
async fn every_command_has_an_example_in_its_help() {
    let commands = all_commands().await;
    assert!(commands.len() >= 11, "{commands:?}");
    for command in commands {
        let help = help(&command).await;
        assert!(help.contains("Example") && help.contains("callboard "), "no example in the help of {command:?}:\n{help}");
    }
}

#[tokio::test]
async fn the_help_names_the_exit_codes_and_where_to_start() {
    let help = help(&[]).await;
    assert!(help.contains("callboard demo") && help.contains("Exit codes: 0 pass, 1 a test failed"), "{help}");
}

#[tokio::test]
async fn each_shell_gets_a_completion_script() {
    for shell in ["bash", "zsh", "fish"] {
        let script = Project::empty().run(&["completions", shell]).await.exits(0).stdout.clone();
        assert!(script.contains("callboard") && script.contains("impact"), "{shell}");
    }
    Project::empty().run(&["completions", "csh"]).await.exits(2).says(&["bash"]);
}
