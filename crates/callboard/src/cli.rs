//! Arguments.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Test distributed systems end to end at the API layer.
///
/// Callboard reads the definitions of several services as one system, writes scenarios that cross them, stands in for services that
/// are missing, runs, and tells which tests a change concerns. No language model, key or network is needed.
#[derive(Debug, Parser)]
#[command(
    name = "callboard",
    version,
    max_term_width = 110,
    after_help = "Start with `callboard demo`, or with `callboard init` in a project of yours.
Exit codes: 0 pass, 1 a test failed, 2 a file or argument is wrong, 3 the environment is not ready, 4 a bug of ours."
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every command.
#[derive(Debug, Args)]
pub(crate) struct Global {
    /// The folder of the project; by default the nearest one upwards that holds a callboard.toml
    #[arg(long, short = 'C', global = true, help_heading = "Global options", value_name = "DIR")]
    pub(crate) project: Option<PathBuf>,
    /// When to use colour
    #[arg(
        long,
        global = true,
        help_heading = "Global options",
        value_name = "WHEN",
        default_value = "auto",
        hide_default_value = true
    )]
    pub(crate) color: ColorWhen,
    /// Say less on stderr
    #[arg(long, short, global = true, help_heading = "Global options")]
    pub(crate) quiet: bool,
}

/// When to use colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorWhen {
    /// On a terminal that can, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Find service definitions and write callboard.toml
    Init(InitArgs),
    /// Show services, operations, entities and the links between them
    Map(MapArgs),
    /// Plan a sentence as operations, without writing anything
    Plan(PlanArgs),
    /// Write a scenario from a sentence
    Generate(GenerateArgs),
    /// Check scenarios, definitions and settings without sending a request
    Check(CheckArgs),
    /// Run scenarios
    Run(RunArgs),
    /// Stand in for services
    #[command(subcommand, after_help = "Example: callboard virtual up payments --port 7005")]
    Virtual(VirtualCommand),
    /// Tell which tests a change concerns, and why
    Impact(ImpactArgs),
    /// Show the operations that no test calls
    Gaps(GapsArgs),
    /// Show the whole job on a bundled system: nothing to install
    Demo(DemoArgs),
    /// Serve the project to agents: the Model Context Protocol over stdin and stdout, or over HTTP
    Mcp(McpArgs),
    /// Write a completion script for a shell
    #[command(after_help = "Example: callboard completions bash > ~/.local/share/bash-completion/completions/callboard")]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

/// Definitions given on the command line.
#[derive(Debug, Default, Args)]
pub(crate) struct DefinitionArgs {
    /// A service and its definition, a file or a URL; may be given several times
    #[arg(long = "definition", value_name = "NAME=FILE")]
    pub(crate) definitions: Vec<String>,
}

/// A language model beside the embedded planner.
#[derive(Debug, Default, Args)]
pub(crate) struct LlmArgs {
    /// Ask a language model as well, such as openai/gpt-4o-mini or ollama/llama3.1, and take the better plan; `off` asks none
    #[arg(long, value_name = "PROVIDER/MODEL", env = "CALLBOARD_LLM", hide_env_values = true)]
    pub(crate) llm: Option<String>,
    /// Keep each question and answer in this folder; --llm replay/DIR answers from it
    #[arg(long, value_name = "DIR")]
    pub(crate) llm_record: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  callboard init                                look through this folder
  callboard init services http://localhost:8080 look through a folder and ask a running service")]
pub(crate) struct InitArgs {
    /// Folders, files and URLs to look at; this folder when none is given
    #[arg(value_name = "PATH or URL")]
    pub(crate) places: Vec<String>,
    /// Replace a callboard.toml that is there
    #[arg(long)]
    pub(crate) force: bool,
    /// Write the settings to stdout, not to callboard.toml
    #[arg(long)]
    pub(crate) print: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  callboard map                                 services and operations
  callboard map --links                         each link with its evidence
  callboard map --json --definition orders=orders.yaml --definition users=http://localhost:8080/openapi.json")]
pub(crate) struct MapArgs {
    #[command(flatten)]
    pub(crate) definitions: DefinitionArgs,
    /// Show the links between operations, each with its evidence
    #[arg(long)]
    pub(crate) links: bool,
    /// Write JSON to stdout
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  callboard plan \"Register a customer, order a teapot for her and pay\"
  callboard plan --json \"Create a user and delete it\" --definition hub=hub.yaml
  callboard plan \"Onboard a shopper\" --llm ollama/llama3.1")]
pub(crate) struct PlanArgs {
    /// What should happen, in English
    pub(crate) sentence: String,
    #[command(flatten)]
    pub(crate) definitions: DefinitionArgs,
    /// The environment whose servers and values are at hand
    #[arg(long, value_name = "NAME")]
    pub(crate) env: Option<String>,
    #[command(flatten)]
    pub(crate) llm: LlmArgs,
    /// Write JSON to stdout
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Default, Args)]
#[command(after_help = "Examples:
  callboard generate \"Register a customer, order a teapot for her and pay\" -o scenarios/teapot.arazzo.yaml
  callboard generate \"A declined card leaves the order unpaid\"
  callboard generate --update scenarios/order.arazzo.yaml          edits for a changed definition, as a diff
  callboard generate --update --base origin/main --write           make them in all scenarios of the project
  callboard generate --cover gaps               what no test touches, tried on the system before it is written
  callboard generate --cover gaps --budget 20 --env local -o scenarios/generated")]
pub(crate) struct GenerateArgs {
    /// What should happen, in English
    #[arg(required_unless_present_any = ["update", "cover"], conflicts_with = "cover")]
    pub(crate) sentence: Option<String>,
    /// Generate for coverage instead of from a sentence
    #[arg(long, value_enum, value_name = "WHAT", conflicts_with = "update")]
    pub(crate) cover: Option<CoverWhat>,
    #[command(flatten)]
    pub(crate) definitions: DefinitionArgs,
    /// The file to write, stdout when absent; with --cover the folder, scenarios/generated when absent
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// The environment whose servers and values are at hand
    #[arg(long, value_name = "NAME")]
    pub(crate) env: Option<String>,
    #[command(flatten)]
    pub(crate) llm: LlmArgs,
    /// With --cover: write at most so many scenarios, those that touch most
    #[arg(long, value_name = "N", requires = "cover", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) budget: Option<u16>,
    /// With --cover: how often each scenario has to hold before it is written, 3 when absent
    #[arg(long, value_name = "N", requires = "cover", value_parser = clap::value_parser!(u16).range(1..=100))]
    pub(crate) runs: Option<u16>,
    /// With --cover: how many scenarios are tried at a time
    #[arg(long, short, value_name = "N", requires = "cover", value_parser = clap::value_parser!(u16).range(1..=10_000))]
    pub(crate) jobs: Option<u16>,
    /// With --cover: the seed of made-up data; the same seed gives the same scenarios
    #[arg(long, value_name = "N", requires = "cover")]
    pub(crate) seed: Option<u64>,
    /// With --cover: mark the checks that no defect of a virtual service makes fail (x-callboard-weak)
    #[arg(long, requires = "cover")]
    pub(crate) rate: bool,
    /// With --cover: never call this operation (operationId or "METHOD /path"); may be given several times
    #[arg(long, value_name = "OPERATION", requires = "cover")]
    pub(crate) skip: Vec<String>,
    /// With --cover: the server of a service; may be given several times
    #[arg(long = "server", value_name = "NAME=URL", requires = "cover")]
    pub(crate) servers: Vec<String>,
    /// With --cover: write JSON to stdout
    #[arg(long, requires = "cover")]
    pub(crate) json: bool,
    /// Fail when words of the sentence are left over or a choice is close
    #[arg(long)]
    pub(crate) strict: bool,
    /// Replace a file that is there
    #[arg(long)]
    pub(crate) force: bool,
    /// Show the smallest edits that make scenario files fit definitions that changed, as a diff; all of the project when none is given
    #[arg(long, value_name = "FILE", num_args = 0.., conflicts_with_all = ["output", "strict", "force", "env"])]
    pub(crate) update: Option<Vec<PathBuf>>,
    /// With --update: make the edits
    #[arg(long, requires = "update")]
    pub(crate) write: bool,
    /// With --update: the git revision whose definitions are compared with; by default those of the last green run, or of HEAD
    #[arg(long, value_name = "REV", requires = "update")]
    pub(crate) base: Option<String>,
}

impl GenerateArgs {
    /// An option that is given and means nothing to a sentence.
    pub(crate) fn only_for_coverage(&self) -> Option<&'static str> {
        let given = [
            (self.budget.is_some(), "--budget"),
            (self.runs.is_some(), "--runs"),
            (self.jobs.is_some(), "--jobs"),
            (self.seed.is_some(), "--seed"),
            (self.rate, "--rate"),
            (!self.skip.is_empty(), "--skip"),
            (!self.servers.is_empty(), "--server"),
            (self.json, "--json"),
        ];
        given.into_iter().find(|(is_given, _)| *is_given).map(|(_, name)| name)
    }
}

/// What scenarios for coverage are made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum CoverWhat {
    /// What no test of the project touches
    Gaps,
    /// Everything, whatever is tested already
    All,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  callboard check                               everything in the project
  callboard check scenarios/order.arazzo.yaml
  callboard check --base origin/main            what the changes since then break, and why
  callboard check --json | jq '.diagnostics[] | select(.severity == \"error\")'")]
pub(crate) struct CheckArgs {
    /// Scenario files; all of the project when none is given
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) definitions: DefinitionArgs,
    /// The git revision whose definitions are compared with; by default those of the last green run, or of HEAD
    #[arg(long, value_name = "REV")]
    pub(crate) base: Option<String>,
    /// Write JSON to stdout
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Default, Args)]
#[command(after_help = "Examples:
  callboard run                                 all scenarios of the project
  callboard run scenarios/order.arazzo.yaml --html report.html
  callboard run --virtual payments              payments is down: stand in for it
  callboard run --impacted --base origin/main   only what a change concerns
  callboard run order.arazzo.yaml --server orders=http://127.0.0.1:7003")]
pub(crate) struct RunArgs {
    /// Scenario files; all of the project when none is given
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) definitions: DefinitionArgs,
    /// The server of a service; may be given several times
    #[arg(long = "server", value_name = "NAME=URL")]
    pub(crate) servers: Vec<String>,
    /// Stand in for this service; may be given several times
    #[arg(long = "virtual", value_name = "NAME")]
    pub(crate) virtual_services: Vec<String>,
    /// The environment of callboard.toml to run against
    #[arg(long, value_name = "NAME")]
    pub(crate) env: Option<String>,
    /// Run only scenarios whose name contains this text
    #[arg(long, value_name = "TEXT")]
    pub(crate) filter: Option<String>,
    /// Run only the tests that the change since --base concerns
    #[arg(long, requires = "base")]
    pub(crate) impacted: bool,
    /// The git revision that --impacted compares with
    #[arg(long, value_name = "REV")]
    pub(crate) base: Option<String>,
    /// How many scenarios run at a time
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=10_000))]
    pub(crate) jobs: Option<u16>,
    /// The seed of generated values; the same seed gives the same values
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
    /// Run only every Nth part of the scenarios, such as 1/4
    #[arg(long, value_name = "I/N", value_parser = parse_shard)]
    pub(crate) shard: Option<Shard>,
    /// How long one request may take, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = parse_seconds)]
    pub(crate) timeout: std::time::Duration,
    /// Write a JUnit report
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,
    /// Write an HTML report: one file, nothing else needed
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// Write a JSON report; `-` is stdout
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "-", require_equals = false)]
    pub(crate) json: Option<PathBuf>,
    /// Keep nothing in the project's store
    #[arg(long)]
    pub(crate) no_store: bool,
}

impl RunArgs {
    /// Whether all tests of the project run.
    pub(crate) fn is_whole(&self) -> bool {
        self.files.is_empty() && self.filter.is_none() && !self.impacted && self.shard.is_none()
    }
}

/// A part of a suite: `index` of `count`, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shard {
    pub(crate) index: usize,
    pub(crate) count: usize,
}

fn parse_shard(text: &str) -> Result<Shard, String> {
    let parsed = text.split_once('/').and_then(|(i, n)| Some((i.parse().ok()?, n.parse().ok()?)));
    match parsed {
        Some((index, count)) if index >= 1 && index <= count => Ok(Shard { index, count }),
        _ => Err("expected I/N with I from 1 to N, such as 1/4".to_owned()),
    }
}

fn parse_seconds(text: &str) -> Result<std::time::Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "expected a number of seconds, such as 2.5".to_owned())?;
    if seconds > 0.0 && seconds <= 86_400.0 {
        Ok(std::time::Duration::from_secs_f64(seconds))
    } else {
        Err("expected more than 0 and at most 86400 seconds".to_owned())
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum VirtualCommand {
    /// Start virtual services and keep them up until Ctrl-C
    Up(VirtualUpArgs),
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  callboard virtual up                          all services of the project, each on a port of its own
  callboard virtual up payments --port 7005
  callboard virtual up petstore --definition petstore=petstore.yaml --port 8080
  callboard virtual up payments --wiremock stubs --port 8080     a WireMock root folder, with the admin API
The journal of what was asked and answered: GET /__callboard/journal")]
pub(crate) struct VirtualUpArgs {
    /// The services; all of the project when none is given
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,
    #[command(flatten)]
    pub(crate) definitions: DefinitionArgs,
    /// The port of the first service, further ones count up; any free ports when absent
    #[arg(long, short, value_name = "P")]
    pub(crate) port: Option<u16>,
    /// The address to listen on
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1")]
    pub(crate) host: std::net::IpAddr,
    /// The seed of all data; the same seed gives the same world
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Serve the stub mappings of a WireMock root folder (mappings, __files), with WireMock's admin API below /__admin
    #[arg(long, value_name = "DIR", conflicts_with_all = ["definitions", "seed"])]
    pub(crate) wiremock: Option<PathBuf>,
    /// Write the addresses as JSON to stdout
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  callboard impact --base origin/main
  callboard impact --base HEAD~1 --explain \"scenarios/order.arazzo.yaml#pay-order\"
  callboard impact --base main --exit-code      10: nothing to run, 20: everything, because something is unknown")]
pub(crate) struct ImpactArgs {
    /// The git revision to compare with; changes since the merge base count, uncommitted ones too
    #[arg(long, value_name = "REV")]
    pub(crate) base: String,
    /// Write JSON to stdout
    #[arg(long)]
    pub(crate) json: bool,
    /// Show why this test is selected, or is not
    #[arg(long, value_name = "TEST")]
    pub(crate) explain: Option<String>,
    /// Tell by the exit code whether anything has to run
    #[arg(long)]
    pub(crate) exit_code: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  callboard gaps
  callboard gaps --json | jq '.gaps[].operation'")]
pub(crate) struct GapsArgs {
    #[command(flatten)]
    pub(crate) definitions: DefinitionArgs,
    /// Write JSON to stdout
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  callboard demo
  callboard demo --keep shop                    keep the project, to play with it")]
pub(crate) struct DemoArgs {
    /// Keep the demo's project in this folder, to play with it
    #[arg(long, value_name = "DIR")]
    pub(crate) keep: Option<PathBuf>,
    /// Open the report in a browser at the end
    #[arg(long)]
    pub(crate) open: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  callboard mcp                                 an agent starts this itself, registered as
                                                {\"mcpServers\": {\"callboard\": {\"command\": \"callboard\", \"args\": [\"mcp\"]}}}
  callboard mcp --http                          agents connect to http://127.0.0.1:7423/mcp
  callboard mcp --http 0.0.0.0:7423 --token-env CALLBOARD_MCP_TOKEN")]
pub(crate) struct McpArgs {
    /// Serve over streamable HTTP; an address, or a port of this machine [default: 127.0.0.1:7423]
    #[arg(long, value_name = "ADDR", num_args = 0..=1, default_missing_value = "127.0.0.1:7423", value_parser = parse_address)]
    pub(crate) http: Option<std::net::SocketAddr>,
    /// Ask each HTTP request for the bearer token that this environment variable holds
    #[arg(long, value_name = "NAME", requires = "http")]
    pub(crate) token_env: Option<String>,
}

/// `127.0.0.1:7423`, `[::1]:7423`, `localhost:7423` or `7423`.
fn parse_address(text: &str) -> Result<std::net::SocketAddr, String> {
    let local = |port| std::net::SocketAddr::from(([127, 0, 0, 1], port));
    let port = text.strip_prefix("localhost:").unwrap_or(text);
    port.parse()
        .map(local)
        .or_else(|_| text.parse())
        .map_err(|_| "expected an IP address and a port, such as 127.0.0.1:7423, or a port of this machine".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_arguments_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn an_address_may_be_a_port_of_this_machine() {
        let shown = |text: &str| parse_address(text).map(|address| address.to_string());
        for text in ["7423", "localhost:7423", "127.0.0.1:7423"] {
            assert_eq!(shown(text).as_deref(), Ok("127.0.0.1:7423"));
        }
        assert_eq!(shown("[::1]:0").as_deref(), Ok("[::1]:0"));
        assert!(parse_address("example.com").is_err() && parse_address("70000").is_err());
    }

    #[test]
    fn a_shard_is_one_of_its_count() {
        assert_eq!(parse_shard("2/4"), Ok(Shard { index: 2, count: 4 }));
        assert!(parse_shard("0/4").is_err() && parse_shard("5/4").is_err() && parse_shard("x").is_err());
    }
}
