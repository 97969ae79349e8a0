//! The documents say what the binary does: commands in them run, examples parse, lists are complete.
//!
//! A fenced `console` block holds commands behind `$ ` with what they print below them. They run, block after block of a document, in one
//! copy of the shop's project while the shop is up. `# exit code N` below a command is its exit code (0 where nothing is said), `...` any
//! number of lines, `[..]` any part of a line. A command without output below it may print anything.

use std::collections::BTreeSet;
use std::path::Path;

use callboard_shop::ShopOptions;
use serde_json::Value;

use crate::help;
use crate::project::{Project, in_time, workspace};
use crate::shop::RunningShop;

fn read(document: &str) -> String {
    let path = workspace("docs").join(document);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The contents of the fenced blocks of a language.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let opening = format!("```{language}\n");
    let parts = text.split(opening.as_str()).skip(1);
    parts.map(|part| part.split("\n```").next().unwrap_or_default().to_owned()).collect()
}

/// A command of a document, and what it should print.
struct Command {
    line: String,
    code: i32,
    output: Vec<String>,
}

fn commands(block: &str) -> Vec<Command> {
    let mut commands: Vec<Command> = Vec::new();
    for line in block.lines() {
        if let Some(line) = line.strip_prefix("$ ") {
            commands.push(Command { line: line.to_owned(), code: 0, output: Vec::new() });
            continue;
        }
        let command = commands.last_mut().unwrap_or_else(|| panic!("a block begins with a command: {block}"));
        match line.strip_prefix("# exit code ") {
            Some(code) => command.code = code.parse().expect("a number"),
            None => command.output.push(line.to_owned()),
        }
    }
    commands
}

fn line_matches(pattern: &str, line: &str) -> bool {
    let mut parts = pattern.split("[..]");
    let Some(mut rest) = line.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let mut is_open = false;
    for part in parts {
        is_open = part.is_empty();
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    is_open || rest.is_empty()
}

fn matches(patterns: &[String], lines: &[&str]) -> bool {
    match patterns.split_first() {
        None => lines.is_empty(),
        Some((first, rest)) if first == "..." => (0..=lines.len()).any(|skipped| matches(rest, &lines[skipped..])),
        Some((first, rest)) => {
            lines.split_first().is_some_and(|(line, others)| line_matches(first, line.trim_end()) && matches(rest, others))
        }
    }
}

async fn run(project: &Project, command: &Command, document: &str) {
    let binaries = Path::new(env!("CARGO_BIN_EXE_callboard")).parent().expect("a binary lies in a folder").display().to_string();
    let path = format!("{binaries}:{}", std::env::var("PATH").unwrap_or_default());
    let mut shell = tokio::process::Command::new("sh");
    shell.args(["-c", &format!("{{ {}; }} 2>&1", command.line)]).current_dir(project.path("")).env_clear();
    shell.env("PATH", path).env("HOME", project.path("")).env("TMPDIR", project.path("")).env("GIT_CONFIG_NOSYSTEM", "1");
    shell.env("GIT_AUTHOR_NAME", "Reader").env("GIT_AUTHOR_EMAIL", "reader@localhost").kill_on_drop(true);
    shell.env("GIT_COMMITTER_NAME", "Reader").env("GIT_COMMITTER_EMAIL", "reader@localhost");
    let output = in_time(shell.output()).await.expect("a shell is there");
    let text = String::from_utf8_lossy(&output.stdout);
    let shown = format!("docs/{document}\n$ {}\n{text}", command.line);
    assert_eq!(output.status.code(), Some(command.code), "{shown}");
    let lines: Vec<&str> = text.trim_end().lines().collect();
    let is_right = command.output.is_empty() || matches(&command.output, &lines);
    assert!(is_right, "{shown}\n--- the document says\n{}", command.output.join("\n"));
}

/// Runs all commands of a document in one copy of the shop's project, without `left_out`.
async fn follow(document: &str, left_out: &[&str]) {
    follow_with(&RunningShop::start().await, document, left_out).await;
}

async fn follow_with(shop: &RunningShop, document: &str, left_out: &[&str]) {
    let project = shop.project();
    for path in left_out {
        let path = project.path(path);
        let _ = if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) };
    }
    let commands: Vec<Command> = blocks(&read(document), "console").iter().flat_map(|block| commands(block)).collect();
    assert!(!commands.is_empty(), "docs/{document} shows no command");
    for command in commands {
        run(&project, &command, document).await;
    }
}

#[test]
fn output_is_compared_with_wildcards() {
    let patterns = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    assert!(matches(&patterns("a\n...\nz [..] ms"), &["a", "b", "c", "z 1 ms"]));
    assert!(matches(&patterns("..."), &[]) && matches(&patterns("[..]"), &["x"]));
    assert!(!matches(&patterns("a"), &["a", "b"]) && !matches(&patterns("a[..]b"), &["acc"]));
}

#[tokio::test]
async fn the_first_ten_minutes_work_as_written() {
    follow("getting-started.md", &["callboard.toml", "scenarios"]).await;
}

#[tokio::test]
async fn the_commands_about_scenarios_work_as_written() {
    follow("scenarios.md", &[]).await;
}

#[tokio::test]
async fn the_commands_about_virtual_services_work_as_written() {
    let nowhere = format!("http://{}", callboard_testkit::refusing_address());
    let elsewhere = [("payments".to_owned(), nowhere)].into();
    let shop = RunningShop::start_with(ShopOptions { elsewhere, ..ShopOptions::default() }).await;
    follow_with(&shop, "virtual-services.md", &[]).await;
}

#[tokio::test]
async fn the_commands_about_impact_work_as_written() {
    follow("impact.md", &[]).await;
}

#[tokio::test]
async fn the_commands_of_the_command_line_page_work_as_written() {
    follow("command-line.md", &[]).await;
}

#[tokio::test]
async fn the_commands_about_coverage_work_as_written() {
    follow("coverage.md", &["scenarios"]).await;
}

#[tokio::test]
async fn every_example_of_settings_can_be_read() {
    let examples: Vec<String> =
        ["settings.md", "virtual-services.md", "impact.md"].iter().flat_map(|page| blocks(&read(page), "toml")).collect();
    assert!(examples.len() >= 5, "only {}", examples.len());
    // Examples show parts: the services that they name are added.
    let services = ["hub", "orders", "payments", "shipping"];
    for example in examples {
        let mut text = example.clone();
        for service in services {
            if !example.contains(&format!("[services.{service}]")) {
                let path =
                    if service == "hub" { "definitions/hub.yaml".to_owned() } else { format!("services/{service}/openapi.yaml") };
                text.push_str(&format!("\n[services.{service}]\ndefinition = \"{path}\"\n"));
            }
        }
        let project = Project::with(callboard_shop::files());
        project.write("definitions/hub.yaml", crate::orders::DEFINITION);
        project.write("callboard.toml", &text);
        let outcome = project.run(&["check", "--json"]).await;
        assert!(!outcome.stderr.contains("[invalid-settings]"), "{outcome}\n{text}");
        let json = outcome.json();
        let codes = crate::project::texts(&json["diagnostics"], "code");
        assert!(!codes.contains(&"invalid-settings".to_owned()), "{json:#}\n{text}");
    }
}

#[tokio::test]
async fn every_example_of_a_scenario_is_right() {
    let examples = blocks(&read("scenarios.md"), "yaml");
    assert!(!examples.is_empty());
    for (number, example) in examples.iter().enumerate().filter(|(_, text)| text.starts_with("arazzo:")) {
        let project = Project::with(callboard_shop::files());
        let path = format!("scenarios/example-{number}.arazzo.yaml");
        project.write(&path, example);
        project.run(&["check", &path]).await.exits(0).says(&["no problem"]);
    }
}

/// Options as the help of a command lists them.
fn options(help: &str) -> BTreeSet<String> {
    let lines = help.split("\nOptions:\n").nth(1).unwrap_or_default().lines().take_while(|line| !line.starts_with("Example"));
    let options = lines.filter(|line| line.trim_start().starts_with('-') && !line.trim_start().starts_with("- "));
    options
        .filter_map(|line| line.split_whitespace().find(|word| word.starts_with("--")))
        .map(|word| word.trim_matches(',').to_owned())
        .collect()
}

#[tokio::test]
async fn every_command_and_every_option_is_on_the_page_of_the_command_line() {
    let page = read("command-line.md");
    for command in help::all_commands().await {
        let name = format!("callboard {}", command.join(" "));
        assert!(page.contains(&format!("`{name}")), "docs/command-line.md does not mention `{name}`");
        for option in options(&help::help(&command).await) {
            assert!(page.contains(&format!("`{option}")), "docs/command-line.md does not mention `{option}` of `{name}`");
        }
    }
}

/// Whether a value has all keys that an example shows. An empty list in the example stands for any list.
fn has_keys_of(example: &Value, value: &Value, at: &str) {
    match (example, value) {
        (Value::Object(keys), Value::Object(real)) => {
            for (key, example) in keys {
                let value = real.get(key).unwrap_or_else(|| panic!("no {at}/{key} in {value}"));
                has_keys_of(example, value, &format!("{at}/{key}"));
            }
        }
        (Value::Array(examples), Value::Array(values)) => {
            for (example, value) in examples.iter().zip(values) {
                has_keys_of(example, value, &format!("{at}/0"));
            }
        }
        (Value::Null, _) | (_, Value::Null) => {}
        _ => {
            let (shown, real) = (std::mem::discriminant(example), std::mem::discriminant(value));
            assert_eq!(shown, real, "{at} is {value}, the page says {example}");
        }
    }
}

#[tokio::test]
async fn json_has_the_shape_that_the_page_shows() {
    let page = read("command-line.md");
    let shop = RunningShop::start().await;
    let project = shop.project();
    project.commit();
    project.run(&["run"]).await.exits(0);
    project.write("services/shipping/src/shipping.rs", "// changed");
    let commands: [&[&str]; 6] =
        [&["map"], &["plan", "register a customer"], &["check"], &["run"], &["impact", "--base", "HEAD"], &["gaps"]];
    for command in commands {
        let heading = format!("\n## `callboard {}", command[0]);
        let section = page.split(&heading).nth(1).unwrap_or_else(|| panic!("no section for {command:?}"));
        let section = section.split("\n## ").next().unwrap_or_default();
        let example = blocks(section, "json").into_iter().next().unwrap_or_else(|| panic!("no JSON for {command:?}"));
        let example: Value = serde_json::from_str(&example).unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let real = project.run(&[command, &["--json"]].concat()).await.exits(0).json();
        has_keys_of(&example, &real, command[0]);
    }
}

/// All files below a folder that end with `.rs`.
fn sources(folder: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.expect("a readable folder").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(std::fs::read_to_string(&path).expect("readable"));
        }
    }
}

/// The codes of all diagnostics: `Code("…")`, and the table of the scenario language. Tests have codes of their own.
fn codes_of_sources() -> BTreeSet<String> {
    let mut texts = Vec::new();
    for entry in std::fs::read_dir(workspace("crates")).expect("the crates are there") {
        sources(&entry.expect("a readable folder").path().join("src"), &mut texts);
    }
    let is_code =
        |text: &&str| !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || c == '-' || c.is_ascii_digit());
    let mut codes = BTreeSet::new();
    for text in &texts {
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        let named = code.split("Code(\"").skip(1).filter_map(|rest| rest.split('"').next()).filter(is_code);
        codes.extend(named.map(str::to_owned));
        if let Some((_, table)) = code.split_once("\ncodes! {") {
            let rows = table.lines().filter_map(|line| line.split_once(" = \"")?.1.strip_suffix("\";"));
            codes.extend(rows.filter(is_code).map(str::to_owned));
        }
    }
    codes
}

#[test]
fn every_diagnostic_is_in_the_table_and_nothing_else() {
    let documented: BTreeSet<String> = read("diagnostics.md")
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .map(str::to_owned)
        .collect();
    let real = codes_of_sources();
    assert!(real.len() > 80, "only {} codes were found", real.len());
    let missing: Vec<_> = real.difference(&documented).collect();
    let gone: Vec<_> = documented.difference(&real).collect();
    assert!(missing.is_empty() && gone.is_empty(), "not in docs/diagnostics.md: {missing:?}; no longer a code: {gone:?}");
}
