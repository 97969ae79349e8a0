//! Which operations a test calls, as its file says: every step, teardown step, called workflow and workflow that an action leads to.
//!
//! Whatever might run counts. What cannot be resolved is listed, so that nobody takes silence for "calls nothing".

use std::collections::{BTreeSet, HashMap};

use callboard_model::document::join_reference;
use callboard_model::names::TestName;
use callboard_model::{OperationKey, System};
use callboard_scenario::ScenarioFile;
use callboard_scenario::ast::{Action, ActionKind, ActionTarget, SourceKind, Step, StepTarget, Workflow, WorkflowReference};
use callboard_scenario::resolve;

use crate::expected::{self, Expected};
use crate::flows::{self, Flow, Scope};

/// A scenario file of the project.
#[derive(Clone, Copy, Debug)]
pub struct ScenarioSource<'a> {
    /// Its path from the project's folder, with `/`: what tests are named after.
    pub name: &'a str,
    /// Its path or URL as the document was read: what relative references start from.
    pub origin: &'a str,
    /// Its text.
    pub text: &'a str,
    /// What it says.
    pub file: &'a ScenarioFile,
}

/// A test and what it calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestUse {
    /// The test: `FILE#workflowId`.
    pub test: TestName,
    /// The scenario files that it is made of, its own first.
    pub files: Vec<String>,
    /// Changes when any of the files changes.
    pub fingerprint: String,
    /// The operations that it may call, each with a step that does.
    pub operations: Vec<StaticUse>,
    /// The answers that its steps ask for, each once.
    pub expected: Vec<(OperationKey, Expected)>,
    /// The values that it passes from one operation to another, each once.
    pub flows: Vec<Flow>,
    /// What could not be resolved, in words. While there is anything, the test may call whatever there is.
    pub unresolved: Vec<String>,
}

/// An operation that a step calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaticUse {
    /// The operation.
    pub operation: OperationKey,
    /// The step.
    pub step: String,
}

/// The tests of all files, in the order of files and workflows.
pub fn uses(sources: &[ScenarioSource<'_>], system: &System) -> Vec<TestUse> {
    // A file may hold a thousand tests, so its text is read once.
    let prints: HashMap<&str, String> = sources.iter().map(|source| (source.name, fingerprint([source.text]))).collect();
    let tests = sources.iter().flat_map(|source| source.file.workflows.iter().map(move |workflow| (source, workflow)));
    tests.map(|(source, workflow)| test_use(sources, system, source, workflow, &prints)).collect()
}

/// The name of the test that a workflow of a file is.
pub fn test_name(file: &str, workflow: &str) -> TestName {
    TestName::new(format!("{file}#{workflow}"))
}

/// A fingerprint of texts: 128 bits in hex (FNV-1a). Not for secrets.
pub fn fingerprint<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    let mut hash: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    for text in texts {
        // 0xff is no byte of UTF-8, so it parts the texts.
        for byte in text.bytes().chain([0xff]) {
            hash = (hash ^ u128::from(byte)).wrapping_mul(PRIME);
        }
    }
    format!("{hash:032x}")
}

fn test_use(
    sources: &[ScenarioSource<'_>],
    system: &System,
    source: &ScenarioSource<'_>,
    workflow: &Workflow,
    prints: &HashMap<&str, String>,
) -> TestUse {
    let mut walk = Walk {
        sources,
        system,
        seen: BTreeSet::new(),
        files: vec![source.name],
        operations: Vec::new(),
        expected: BTreeSet::new(),
        flows: BTreeSet::new(),
        unresolved: Vec::new(),
    };
    walk.workflow(source, workflow);
    let prints = walk.files.iter().filter_map(|name| prints.get(name)).map(String::as_str);
    TestUse {
        test: test_name(source.name, &workflow.id),
        fingerprint: fingerprint(prints),
        files: walk.files.iter().map(|name| (*name).to_owned()).collect(),
        operations: walk.operations,
        expected: walk.expected.into_iter().collect(),
        flows: walk.flows.into_iter().collect(),
        unresolved: walk.unresolved,
    }
}

struct Walk<'a> {
    sources: &'a [ScenarioSource<'a>],
    system: &'a System,
    seen: BTreeSet<(&'a str, String)>,
    files: Vec<&'a str>,
    operations: Vec<StaticUse>,
    expected: BTreeSet<(OperationKey, Expected)>,
    flows: BTreeSet<Flow>,
    unresolved: Vec<String>,
}

impl<'a> Walk<'a> {
    fn workflow(&mut self, source: &ScenarioSource<'a>, workflow: &'a Workflow) {
        if !self.seen.insert((source.name, workflow.id.clone())) {
            return;
        }
        if !self.files.contains(&source.name) {
            self.files.push(source.name);
        }
        workflow.depends_on.iter().for_each(|reference| self.reference(source, reference));
        self.actions(source, workflow.success_actions.iter().chain(&workflow.failure_actions));
        for step in workflow.steps.iter().chain(&workflow.finally) {
            self.step(source, workflow, step);
        }
    }

    fn step(&mut self, source: &ScenarioSource<'a>, workflow: &'a Workflow, step: &Step) {
        match &step.target {
            StepTarget::Workflow(reference) => self.reference(source, reference),
            StepTarget::Unusable { why } => self.unresolved.push(format!("step `{}`: {why}", step.id)),
            target => self.operation(source, workflow, step, target),
        }
        self.actions(source, step.on_success.iter().chain(&step.on_failure));
        for workflow in step.depends_on.iter().filter_map(|reference| reference.workflow.as_ref()) {
            self.reference(source, workflow);
        }
    }

    fn operation(&mut self, source: &ScenarioSource<'a>, workflow: &'a Workflow, step: &Step, target: &StepTarget) {
        match resolve::operation(target, source.file, source.origin, self.system) {
            Some((_, operation)) => {
                let scope = Scope { sources: self.sources, system: self.system, source: *source, workflow };
                self.flows.extend(flows::of_step(scope, step, &operation.key));
                self.expected.extend(expected::of_step(step, operation).map(|expected| (operation.key.clone(), expected)));
                if !self.operations.iter().any(|known| known.operation == operation.key) {
                    self.operations.push(StaticUse { operation: operation.key.clone(), step: step.id.clone() });
                }
            }
            None => {
                self.unresolved.push(format!("step `{}` of {} calls an operation that no definition has", step.id, source.name));
            }
        }
    }

    fn actions<'b>(&mut self, source: &ScenarioSource<'a>, actions: impl Iterator<Item = &'b Action>) {
        for action in actions {
            let target = match &action.kind {
                ActionKind::Goto(target) | ActionKind::Retry { first: Some(target), .. } => target,
                ActionKind::End | ActionKind::Retry { first: None, .. } => continue,
            };
            if let ActionTarget::Workflow(reference) = target {
                self.reference(source, reference);
            }
        }
    }

    fn reference(&mut self, source: &ScenarioSource<'a>, reference: &WorkflowReference) {
        match find(self.sources, source, reference) {
            Some((found, workflow)) => self.workflow(&found, workflow),
            None => self.unresolved.push(format!("workflow `{}`, named in {}, is not there", reference.workflow, source.name)),
        }
    }
}

/// The workflow that a reference means, with the file that it is in.
pub(crate) fn find<'a>(
    sources: &'a [ScenarioSource<'a>],
    source: &ScenarioSource<'a>,
    reference: &WorkflowReference,
) -> Option<(ScenarioSource<'a>, &'a Workflow)> {
    let found = match &reference.source {
        None => *source,
        Some(name) => {
            let description = source.file.source(name).filter(|s| s.kind() == SourceKind::Arazzo)?;
            let url = join_reference(source.origin, &description.url);
            *sources.iter().find(|candidate| candidate.origin == url)?
        }
    };
    found.file.workflow(&reference.workflow).map(|workflow| (found, workflow))
}

#[cfg(test)]
mod tests {
    use callboard_definition::{MemoryFetch, load};
    use callboard_model::{Document, ServiceName};

    use super::*;

    const DEFINITION: &str = "\
openapi: 3.0.3
info: {title: Shop, version: '1'}
paths:
  /orders:
    get: {operationId: list, responses: {'200': {description: ok}}}
    post: {operationId: create, responses: {'201': {description: ok}}}
  /orders/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string}}]
    get: {operationId: read, responses: {'200': {description: ok}}}
    delete: {operationId: drop, responses: {'204': {description: ok}}}
";

    const BUY: &str = "\
arazzo: 1.0.1
info: {title: Buy, version: '1'}
sourceDescriptions:
  - {name: shop, url: ../shop.yaml, type: openapi}
  - {name: helpers, url: helpers.arazzo.yaml, type: arazzo}
workflows:
  - workflowId: buy
    steps:
      - {stepId: prepare, workflowId: $sourceDescriptions.helpers.prepare}
      - stepId: create
        operationId: create
        successCriteria: [{condition: $statusCode == 201}]
        onFailure: [{name: again, type: goto, workflowId: look}]
    x-callboard-finally:
      - {stepId: drop, operationId: drop}
  - workflowId: look
    steps:
      - {stepId: read, operationPath: '{$sourceDescriptions.shop.url}#/paths/~1orders~1{id}/get'}
  - workflowId: broken
    steps:
      - {stepId: gone, operationId: nothing}
      - {stepId: lost, workflowId: $sourceDescriptions.helpers.lost}
";

    const HELPERS: &str = "\
arazzo: 1.0.1
info: {title: Helpers, version: '1'}
sourceDescriptions: [{name: shop, url: ../shop.yaml, type: openapi}]
workflows:
  - workflowId: prepare
    steps:
      - {stepId: list, operationId: list}
";

    fn used(buy: &str, helpers: &str) -> Vec<TestUse> {
        let service = load(&ServiceName::new("shop"), "shop.yaml", &MemoryFetch::new().with("shop.yaml", DEFINITION));
        let system = System::new(vec![service.value.expect("a definition")]);
        let file = |name: &str, text: &str| {
            let document = Document::parse(name, text.as_bytes()).expect("YAML");
            callboard_scenario::parse(&document).value.expect("a scenario file")
        };
        let names = ["scenarios/buy.arazzo.yaml", "scenarios/helpers.arazzo.yaml"];
        let files = [file(names[0], buy), file(names[1], helpers)];
        let texts = [buy, helpers];
        let source = |i: usize| ScenarioSource { name: names[i], origin: names[i], text: texts[i], file: &files[i] };
        uses(&[source(0), source(1)], &system)
    }

    fn operations(test: &TestUse) -> Vec<String> {
        test.operations.iter().map(|used| format!("{} {}", used.operation.method, used.operation.path)).collect()
    }

    #[test]
    fn whatever_might_run_counts() {
        let tests = used(BUY, HELPERS);
        assert_eq!(tests[0].test.as_str(), "scenarios/buy.arazzo.yaml#buy");
        assert_eq!(operations(&tests[0]), ["GET /orders", "POST /orders", "GET /orders/{id}", "DELETE /orders/{id}"]);
        assert_eq!(tests[0].files, ["scenarios/buy.arazzo.yaml", "scenarios/helpers.arazzo.yaml"]);
        assert!(tests[0].unresolved.is_empty(), "{:?}", tests[0].unresolved);
        assert_eq!(operations(&tests[1]), ["GET /orders/{id}"]);
        assert_eq!(operations(&tests[3]), ["GET /orders"]);
    }

    #[test]
    fn what_cannot_be_resolved_is_listed() {
        let tests = used(BUY, HELPERS);
        assert_eq!(tests[2].unresolved.len(), 2, "{:?}", tests[2].unresolved);
        assert!(tests[2].unresolved[0].contains("step `gone`"));
        assert!(tests[2].unresolved[1].contains("workflow `lost`"));
    }

    #[test]
    fn the_fingerprint_follows_every_file_that_the_test_is_made_of() {
        let fingerprints =
            |buy: &str, helpers: &str| used(buy, helpers).into_iter().map(|test| test.fingerprint).collect::<Vec<_>>();
        let (before, after) = (fingerprints(BUY, HELPERS), fingerprints(BUY, &HELPERS.replace("title: Helpers", "title: Help")));
        assert_ne!(before[0], after[0]);
        assert_eq!(before[1], after[1]);
    }

    #[test]
    fn fingerprints_part_their_texts_and_never_change() {
        assert_ne!(fingerprint(["ab", "c"]), fingerprint(["a", "bc"]));
        assert_ne!(fingerprint([]), fingerprint([""]));
        // The offset basis of FNV-1a with 128 bits.
        assert_eq!(fingerprint([]), "6c62272e07bb014262b821756295c58d");
    }
}
