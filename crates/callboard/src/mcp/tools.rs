//! The tools: what they are called, what they promise, and which function does the work.

use std::sync::Arc;

use callboard_model::suggest::did_you_mean_or_list;
use rmcp::handler::server::tool::schema_for_input;
use rmcp::model::{JsonObject, Tool, ToolAnnotations};
use schemars::JsonSchema;
use tokio_util::sync::CancellationToken;

use super::answer::Answer;
use super::arguments::{
    CheckArguments, CoverArguments, DownArguments, FlakyArguments, GapsArguments, GenerateArguments, ImpactArguments,
    JournalArguments, MapArguments, PlanArguments, ResetArguments, RunArguments, UpArguments, UpdateArguments, WriteArguments,
    parse,
};
use super::progress::Progress;
use super::server::Session;
use super::{author, change, cover, flaky, map, run, update};
use crate::exit::Failure;

/// One call of a tool.
pub(crate) struct Call {
    /// What lives as long as the connection.
    pub(crate) session: Arc<Session>,
    /// Cancelled when the client no longer wants the result, or is gone.
    pub(crate) cancel: CancellationToken,
    /// Where to tell how far it is.
    pub(crate) progress: Progress,
}

/// The tools, in the order in which an agent meets them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Map,
    Plan,
    Generate,
    GenerateCover,
    WriteScenario,
    Check,
    UpdateScenarios,
    Run,
    VirtualUp,
    VirtualReset,
    VirtualDown,
    VirtualJournal,
    Impact,
    Gaps,
    Flaky,
}

const ALL: [Kind; 15] = [
    Kind::Map,
    Kind::Plan,
    Kind::Generate,
    Kind::GenerateCover,
    Kind::WriteScenario,
    Kind::Check,
    Kind::UpdateScenarios,
    Kind::Run,
    Kind::VirtualUp,
    Kind::VirtualReset,
    Kind::VirtualDown,
    Kind::VirtualJournal,
    Kind::Impact,
    Kind::Gaps,
    Kind::Flaky,
];

/// All tools as clients list them.
pub(crate) fn all() -> Vec<Tool> {
    ALL.iter().map(|kind| kind.tool()).collect()
}

impl Kind {
    /// The tool of this name; otherwise what was perhaps meant.
    pub(crate) fn named(name: &str) -> Result<Self, String> {
        let found = ALL.into_iter().find(|kind| kind.name() == name);
        found.ok_or_else(|| {
            let help = did_you_mean_or_list(name, ALL.iter().map(|kind| kind.name())).unwrap_or_default();
            format!("no tool is called `{name}`; {help}")
        })
    }

    /// The name that clients call.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Map => "map",
            Self::Plan => "plan",
            Self::Generate => "generate",
            Self::GenerateCover => "generate_cover",
            Self::WriteScenario => "write_scenario",
            Self::Check => "check",
            Self::UpdateScenarios => "update_scenarios",
            Self::Run => "run",
            Self::VirtualUp => "virtual_up",
            Self::VirtualReset => "virtual_reset",
            Self::VirtualDown => "virtual_down",
            Self::VirtualJournal => "virtual_journal",
            Self::Impact => "impact",
            Self::Gaps => "gaps",
            Self::Flaky => "flaky",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Map => "Show the system",
            Self::Plan => "Plan a sentence",
            Self::Generate => "Make a scenario of a sentence",
            Self::GenerateCover => "Make scenarios for what is not tested",
            Self::WriteScenario => "Write a scenario",
            Self::Check => "Check scenarios",
            Self::UpdateScenarios => "Fit scenarios to changed definitions",
            Self::Run => "Run scenarios",
            Self::VirtualUp => "Stand in for services",
            Self::VirtualReset => "Give virtual services a fresh world",
            Self::VirtualDown => "Stop virtual services",
            Self::VirtualJournal => "Show what virtual services saw",
            Self::Impact => "Tell what a change concerns",
            Self::Gaps => "Show what is not tested",
            Self::Flaky => "Show tests that change their verdict",
        }
    }

    fn description(self) -> &'static str {
        match self {
            Self::Map => {
                "Services, operations, entities and the links between operations (which field of one answer feeds which input of another). \
                 Begin here. Filter by service or text; `more` counts what is not listed."
            }
            Self::Plan => {
                "Turns an English sentence into ordered API calls across the services, with the source of every input, alternatives, and the \
                 words that were not used. Writes nothing and sends nothing."
            }
            Self::Generate => {
                "Turns an English sentence into an Arazzo scenario that passes its check. Returns the text; with `path` it is written inside \
                 the project, never over an existing file unless `overwrite` is true."
            }
            Self::GenerateCover => {
                "Plans scenarios for operations, answers and links that no test touches, also refusals; tries each one several times on the \
                 services of the environment, which changes their data, or on virtual services; writes those that hold into the project. \
                 Returns coverage before and after, what was dropped and why, and where a service is not what its definition says."
            }
            Self::WriteScenario => {
                "Writes a scenario file (Arazzo) inside the project, after checking it against the definitions. With an error nothing is \
                 written, and the diagnostics come back with line and column."
            }
            Self::Check => {
                "Checks scenario files of the project, or a text that is not written yet, against the definitions. Sends nothing. Returns \
                 diagnostics: file, line, column, severity, code, message, help."
            }
            Self::UpdateScenarios => {
                "Proposes the smallest edits that make scenarios fit definitions that changed (operation moved, field renamed, parameter \
                 added), as a diff with a reason for each; with `write` it makes them. Comments and hand edits stay."
            }
            Self::Run => {
                "Runs scenarios over HTTP against the services of an environment, which may change their data. Returns counts, each failed \
                 step with expected and actual values and a curl command, and the path of an HTML report. Services that virtual_up started \
                 stand in. Supports progress and cancellation."
            }
            Self::VirtualUp => {
                "Stands in for services with state, made from their definitions, until virtual_down or the end of the server. Returns their \
                 URLs. A service that is up already stays as it is. With `defects`, something goes wrong for a test on purpose: a test that \
                 still passes checks too little."
            }
            Self::VirtualReset => {
                "Makes virtual services forget what a test, or requests without a test, changed. `run` does this by itself for the tests \
                 that it runs."
            }
            Self::VirtualDown => "Stops virtual services of this server. Their data and journal are lost.",
            Self::VirtualJournal => {
                "The latest requests that virtual services of this server answered: method, target, test, body, status, and why that was the \
                 answer."
            }
            Self::Impact => {
                "Tells which tests the change since a git revision concerns, each with its reasons, and what was not known. Unknown selects."
            }
            Self::Gaps => "Operations that no test calls, and how much of each service is tested.",
            Self::Flaky => {
                "Tests that passed only when a step was repeated, or that both passed and failed in the runs that this project kept, with \
                 counts. Whether the code changed between runs is not known."
            }
        }
    }

    fn annotations(self) -> ToolAnnotations {
        match self {
            Self::Map | Self::Plan | Self::Check | Self::VirtualJournal | Self::Impact | Self::Gaps | Self::Flaky => reads(),
            // With `overwrite` or `write`, a file is replaced.
            Self::Generate | Self::WriteScenario | Self::UpdateScenarios => writes().destructive(true).idempotent(true),
            // Requests change what the services hold, and services may be anywhere.
            Self::Run | Self::GenerateCover => writes().destructive(true).idempotent(false).open_world(true),
            Self::VirtualUp => writes().destructive(false).idempotent(true),
            Self::VirtualReset | Self::VirtualDown => writes().destructive(true).idempotent(true),
        }
    }

    fn schema(self) -> Arc<JsonObject> {
        match self {
            Self::Map => schema::<MapArguments>(),
            Self::Plan => schema::<PlanArguments>(),
            Self::Generate => schema::<GenerateArguments>(),
            Self::GenerateCover => schema::<CoverArguments>(),
            Self::WriteScenario => schema::<WriteArguments>(),
            Self::Check => schema::<CheckArguments>(),
            Self::UpdateScenarios => schema::<UpdateArguments>(),
            Self::Run => schema::<RunArguments>(),
            Self::VirtualUp => schema::<UpArguments>(),
            Self::VirtualReset => schema::<ResetArguments>(),
            Self::VirtualDown => schema::<DownArguments>(),
            Self::VirtualJournal => schema::<JournalArguments>(),
            Self::Impact => schema::<ImpactArguments>(),
            Self::Gaps => schema::<GapsArguments>(),
            Self::Flaky => schema::<FlakyArguments>(),
        }
    }

    fn tool(self) -> Tool {
        Tool::new(self.name(), self.description(), self.schema()).with_title(self.title()).with_annotations(self.annotations())
    }

    /// Does the work. Runs on a thread of its own, so it may take its time.
    pub(crate) async fn call(self, arguments: JsonObject, call: Call) -> Result<Answer, Failure> {
        let stage = &call.session.stage;
        match self {
            Self::Map => map::map(&parse(arguments)?),
            Self::Plan => author::plan(&parse(arguments)?),
            Self::Generate => author::generate(&parse(arguments)?),
            Self::GenerateCover => cover::cover(&parse(arguments)?, call).await,
            Self::WriteScenario => author::write_scenario(&parse(arguments)?),
            Self::Check => author::check(&parse(arguments)?),
            Self::UpdateScenarios => update::update(&parse(arguments)?),
            Self::Run => run::run(&parse(arguments)?, call).await,
            Self::VirtualUp => stage.up(&parse(arguments)?).await,
            Self::VirtualReset => stage.reset(&parse(arguments)?).await,
            Self::VirtualDown => stage.down(&parse(arguments)?).await,
            Self::VirtualJournal => stage.journal(&parse(arguments)?),
            Self::Impact => change::impact(&parse(arguments)?).await,
            Self::Gaps => change::gaps(&parse(arguments)?).await,
            Self::Flaky => flaky::flaky(&parse(arguments)?).await,
        }
    }
}

fn reads() -> ToolAnnotations {
    ToolAnnotations::new().read_only(true).destructive(false).idempotent(true).open_world(false)
}

fn writes() -> ToolAnnotations {
    ToolAnnotations::new().read_only(false).open_world(false)
}

fn schema<T: JsonSchema + 'static>() -> Arc<JsonObject> {
    schema_for_input::<T>().expect("arguments are structs, whose schema is an object")
}
