//! The arguments of the tools. Their doc comments and examples are what an agent reads.

use std::collections::BTreeMap;

use callboard_virtual::Defect;
use rmcp::model::JsonObject;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::exit::Failure;
use crate::project::BAD_ARGUMENT;

/// Reads the arguments of a call. What does not fit is told to the agent, not to its client.
pub(crate) fn parse<T: DeserializeOwned>(arguments: JsonObject) -> Result<T, Failure> {
    serde_json::from_value(Value::Object(arguments)).map_err(|error| Failure::argument(BAD_ARGUMENT, error.to_string(), None))
}

/// What to show of the map.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MapArguments {
    /// Only this service and the links that touch it.
    #[schemars(example = &"orders")]
    pub(crate) service: Option<String>,
    /// Only what has this text in its operationId, path, summary or name; upper and lower case are the same.
    #[schemars(example = &"payment")]
    pub(crate) text: Option<String>,
    /// How many operations, entities and links are listed at most; `more` counts the rest.
    #[schemars(range(min = 1, max = 500), example = 40)]
    pub(crate) limit: Option<usize>,
}

/// A sentence to plan.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlanArguments {
    /// What should happen, in English.
    #[schemars(example = &"Register a customer, order a teapot for her and pay", example = &"A declined card leaves the order unpaid")]
    pub(crate) sentence: String,
    /// The environment of callboard.toml whose servers and values are at hand; the default one when absent.
    #[schemars(example = &"local")]
    pub(crate) env: Option<String>,
}

/// A sentence to make a scenario of.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GenerateArguments {
    /// What should happen, in English.
    #[schemars(example = &"Register a customer, order a teapot for her and pay")]
    pub(crate) sentence: String,
    /// The file to write, from the project's folder, ending in .arazzo.yaml; nothing is written when absent.
    #[schemars(example = &"scenarios/teapot.arazzo.yaml")]
    pub(crate) path: Option<String>,
    /// Replace the file when it is there already.
    #[serde(default)]
    pub(crate) overwrite: bool,
    /// The environment of callboard.toml whose servers and values are at hand; the default one when absent.
    #[schemars(example = &"local")]
    pub(crate) env: Option<String>,
}

/// What to generate for coverage.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CoverArguments {
    /// Cover everything anew, not only what no test touches.
    #[serde(default)]
    pub(crate) all: bool,
    /// Write at most so many scenarios, those that touch most.
    #[schemars(range(min = 1), example = 20)]
    pub(crate) budget: Option<u16>,
    /// How often each scenario has to hold before it is written; 3 when absent.
    #[schemars(range(min = 1, max = 100), example = 3)]
    pub(crate) runs: Option<u16>,
    /// The folder to write to, from the project's folder; scenarios/generated when absent.
    #[schemars(example = &"scenarios/generated")]
    pub(crate) folder: Option<String>,
    /// The environment of callboard.toml whose services the scenarios are tried on; virtual services where nobody answers.
    #[schemars(example = &"local")]
    pub(crate) env: Option<String>,
    /// Never call these operations, named by operationId or METHOD PATH.
    #[serde(default)]
    #[schemars(example = ["deleteCustomer"])]
    pub(crate) skip: Vec<String>,
    /// The seed of made-up data; the same seed gives the same scenarios.
    #[schemars(example = 1)]
    pub(crate) seed: Option<u64>,
    /// Replace generated files that were edited since.
    #[serde(default)]
    pub(crate) overwrite: bool,
}

/// A scenario to write.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WriteArguments {
    /// The file to write, from the project's folder, ending in .arazzo.yaml, .arazzo.yml or .arazzo.json.
    #[schemars(example = &"scenarios/teapot.arazzo.yaml")]
    pub(crate) path: String,
    /// The whole file: an Arazzo 1.0 or 1.1 document.
    #[schemars(example = &"arazzo: 1.0.1\ninfo: {title: Teapot, version: '1'}\nsourceDescriptions:\n  - {name: orders, url: ../services/orders/openapi.yaml, type: openapi}\nworkflows:\n  - workflowId: read-order\n    steps:\n      - stepId: read\n        operationId: getOrder\n        parameters: [{name: id, in: path, value: 1}]\n        successCriteria: [{condition: $statusCode == 200}]\n")]
    pub(crate) text: String,
    /// Replace the file when it is there already.
    #[serde(default)]
    pub(crate) overwrite: bool,
}

/// What to check.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CheckArguments {
    /// Scenario files of the project; all of them when neither files nor text are given.
    #[serde(default)]
    #[schemars(example = ["scenarios/buy.arazzo.yaml"])]
    pub(crate) files: Vec<String>,
    /// A scenario file that is not written yet.
    pub(crate) text: Option<String>,
    /// Where the text is to lie: its relative URLs count from there.
    #[schemars(example = &"scenarios/draft.arazzo.yaml")]
    pub(crate) path: Option<String>,
}

/// Which scenarios to mend after a definition changed.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpdateArguments {
    /// Scenario files of the project; all of them when absent.
    #[serde(default)]
    #[schemars(example = ["scenarios/buy.arazzo.yaml"])]
    pub(crate) files: Vec<String>,
    /// The git revision whose definitions are compared with; those of the last green run, or of HEAD, when absent.
    #[schemars(example = &"origin/main")]
    pub(crate) base: Option<String>,
    /// Make the edits. Otherwise they are only shown.
    #[serde(default)]
    pub(crate) write: bool,
}

/// What to run, and against what.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RunArguments {
    /// Scenario files of the project; all of them when absent.
    #[serde(default)]
    #[schemars(example = ["scenarios/buy.arazzo.yaml"])]
    pub(crate) files: Vec<String>,
    /// Run exactly these tests, named as `impact` and `run` name them.
    #[serde(default)]
    #[schemars(example = ["scenarios/buy.arazzo.yaml#buy"])]
    pub(crate) tests: Vec<String>,
    /// Run only tests whose name contains this text.
    #[schemars(example = &"refund")]
    pub(crate) filter: Option<String>,
    /// The environment of callboard.toml to run against; the default one when absent.
    #[schemars(example = &"local")]
    pub(crate) env: Option<String>,
    /// Stand in for these services during the run.
    #[serde(default, rename = "virtual")]
    #[schemars(example = ["payments"])]
    pub(crate) virtual_services: Vec<String>,
    /// Base URLs of services, in place of those of the environment. Only servers on this machine, or ones that callboard.toml names.
    #[serde(default)]
    #[schemars(example = BTreeMap::from([("orders", "http://127.0.0.1:7004")]))]
    pub(crate) servers: BTreeMap<String, String>,
    /// How many scenarios run at a time.
    #[schemars(range(min = 1, max = 1000), example = 4)]
    pub(crate) jobs: Option<u16>,
    /// The seed of generated values; the same seed gives the same values.
    #[schemars(example = 1)]
    pub(crate) seed: Option<u64>,
}

/// Which services to stand in for.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpArguments {
    /// The services; all of the project when absent.
    #[serde(default)]
    #[schemars(example = ["payments"])]
    pub(crate) services: Vec<String>,
    /// Listen on a free port. Otherwise a service listens where the environment says it is, so that its real neighbours find it.
    #[serde(default)]
    pub(crate) free_port: bool,
    /// The environment of callboard.toml that says where services are; the default one when absent.
    #[schemars(example = &"local")]
    pub(crate) env: Option<String>,
    /// The seed of all data; the same seed gives the same world.
    #[schemars(example = 1)]
    pub(crate) seed: Option<u64>,
    /// Only what the seed holds and what requests made exists: an unknown key is 404. Otherwise small integer keys exist from the start.
    #[serde(default)]
    pub(crate) strict_keys: bool,
    /// Answer requests without credentials, too, where the definition asks for some.
    #[serde(default)]
    pub(crate) open: bool,
    /// Things that go wrong on purpose, one for each test, to see whether the test notices: it should fail then.
    #[serde(default)]
    #[schemars(example = [serde_json::json!({"test": "scenarios/buy.arazzo.yaml#buy", "operation": "payments.createPayment", "defect": "creation-lost"})])]
    pub(crate) defects: Vec<DefectArgument>,
}

/// Something that goes wrong on purpose.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DefectArgument {
    /// The test, named as `run` names it; all other tests see a sound service.
    pub(crate) test: String,
    /// The operation, as SERVICE.operationId or SERVICE METHOD PATH.
    pub(crate) operation: String,
    /// What goes wrong.
    pub(crate) defect: DefectKind,
    /// How many calls of the operation go well before.
    #[serde(default)]
    pub(crate) after: u64,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum DefectKind {
    /// Another status of success.
    OtherStatus,
    /// Properties that need not be there are left out.
    FieldsDropped,
    /// Numbers are one too large.
    NumbersOff,
    /// Texts and flags are others.
    TextsChanged,
    /// Another entity of the same kind is read.
    OtherRead,
    /// What is made is answered, not kept.
    CreationLost,
    /// A change is answered, not kept.
    ChangeLost,
    /// What is removed stays.
    RemovalIgnored,
    /// The last item of a list is missing.
    ItemMissing,
    /// A list ignores its filters.
    FiltersIgnored,
    /// What should be refused is done.
    RefusalMissing,
}

impl From<DefectKind> for Defect {
    fn from(kind: DefectKind) -> Self {
        match kind {
            DefectKind::OtherStatus => Self::OtherStatus,
            DefectKind::FieldsDropped => Self::FieldsDropped,
            DefectKind::NumbersOff => Self::NumbersOff,
            DefectKind::TextsChanged => Self::TextsChanged,
            DefectKind::OtherRead => Self::OtherRead,
            DefectKind::CreationLost => Self::CreationLost,
            DefectKind::ChangeLost => Self::ChangeLost,
            DefectKind::RemovalIgnored => Self::RemovalIgnored,
            DefectKind::ItemMissing => Self::ItemMissing,
            DefectKind::FiltersIgnored => Self::FiltersIgnored,
            DefectKind::RefusalMissing => Self::RefusalMissing,
        }
    }
}

/// What to forget.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResetArguments {
    /// The services; all that are up when absent.
    #[serde(default)]
    #[schemars(example = ["payments"])]
    pub(crate) services: Vec<String>,
    /// The test whose world is made anew; the one of requests that belong to no test when absent.
    #[schemars(example = &"scenarios/buy.arazzo.yaml#buy")]
    pub(crate) test: Option<String>,
}

/// Which services to stop standing in for.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DownArguments {
    /// The services; all that are up when absent.
    #[serde(default)]
    #[schemars(example = ["payments"])]
    pub(crate) services: Vec<String>,
}

/// What to show of the journal.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct JournalArguments {
    /// Only requests to this service.
    #[schemars(example = &"payments")]
    pub(crate) service: Option<String>,
    /// Only requests of tests whose name contains this text.
    #[schemars(example = &"buy.arazzo.yaml")]
    pub(crate) test: Option<String>,
    /// How many of the latest requests are listed for each service.
    #[schemars(range(min = 1, max = 500), example = 20)]
    pub(crate) limit: Option<usize>,
}

/// What to compare with.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ImpactArguments {
    /// The git revision to compare with; changes since the merge base count, uncommitted ones too.
    #[schemars(example = &"origin/main", example = &"HEAD~1")]
    pub(crate) base: String,
    /// How many tests are listed at most; `more` counts the rest.
    #[schemars(range(min = 1, max = 1000), example = 100)]
    pub(crate) limit: Option<usize>,
}

/// Which tests to look at.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FlakyArguments {
    /// Only tests whose name contains this text.
    #[schemars(example = &"buy.arazzo.yaml")]
    pub(crate) test: Option<String>,
    /// How many of the latest runs count.
    #[schemars(range(min = 1, max = 10_000), example = 100)]
    pub(crate) runs: Option<u32>,
    /// How many tests are listed at most; `more` counts the rest.
    #[schemars(range(min = 1, max = 1000), example = 50)]
    pub(crate) limit: Option<usize>,
}

/// Which gaps to show.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GapsArguments {
    /// Only operations of this service.
    #[schemars(example = &"orders")]
    pub(crate) service: Option<String>,
    /// How many operations are listed at most; `more` counts the rest.
    #[schemars(range(min = 1, max = 1000), example = 50)]
    pub(crate) limit: Option<usize>,
}
