//! From a plan to a scenario file: plain Arazzo 1.0.1, with `x-callboard-until` where a step waits.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use callboard_model::api::{Method, ParameterLocation};
use callboard_model::map::{Input, Output};
use callboard_model::plan::{BindingSource, Expectation, Plan, PlannedCheck, PlannedStep};
use callboard_model::{Operation, Pointer, ServiceName, StatusPattern, System};
use callboard_scenario::ast::{
    Info, Parameter, RequestBody, ScenarioFile, SourceDescription, SourceKind, Step, StepTarget, Until, Workflow,
};
use callboard_scenario::{Criterion, Template};
use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use crate::criteria;
use crate::path::{self, Segment};
use crate::words::split_identifier;

/// How a scenario file is put together.
#[derive(Clone, Debug, Default)]
pub struct ScenarioOptions {
    /// The sentence, which becomes the title.
    pub sentence: String,
    /// `workflowId`; made of the sentence's first words when empty.
    pub workflow: String,
    /// Addresses of the definitions as the file should name them (relative to it); the documents' own origins otherwise.
    pub sources: BTreeMap<ServiceName, String>,
    /// Outputs that must exist under exactly this name before a service is called.
    pub environment_needs: BTreeMap<ServiceName, Vec<String>>,
    /// Named values of the environment: they become workflow inputs with these defaults.
    pub environment_values: BTreeMap<String, Value>,
    /// How long a step waits at most; two minutes when absent.
    pub wait: Option<Duration>,
}

/// Writes a plan as a scenario file of one workflow.
pub fn scenario_of(plan: &Plan, system: &System, options: &ScenarioOptions) -> ScenarioFile {
    let writer = Writer::new(plan, system, options);
    let id = if options.workflow.is_empty() { workflow_id(&options.sentence) } else { options.workflow.clone() };
    let workflow = Workflow {
        id,
        summary: (!options.sentence.is_empty()).then(|| options.sentence.clone()),
        inputs: writer.inputs(),
        steps: (0..plan.steps.len()).map(|at| writer.step(at)).collect(),
        finally: (plan.steps.len()..writer.steps.len()).map(|at| writer.step(at)).collect(),
        ..Workflow::default()
    };
    let title = if options.sentence.is_empty() { "Generated scenario".to_owned() } else { options.sentence.clone() };
    ScenarioFile {
        arazzo: "1.0.1".to_owned(),
        info: Info { title, version: "1.0.0".to_owned(), ..Info::default() },
        sources: writer.sources(),
        workflows: vec![workflow],
        ..ScenarioFile::default()
    }
}

/// `createUserAda`: the first words of a sentence.
fn workflow_id(sentence: &str) -> String {
    let words: Vec<String> = split_identifier(sentence)
        .into_iter()
        .filter(|word| !matches!(word.as_str(), "a" | "an" | "the" | "and" | "is" | "it" | "that"))
        .map(|word| word.chars().filter(char::is_ascii_alphanumeric).collect::<String>())
        .filter(|word| !word.is_empty())
        .take(6)
        .collect();
    if words.is_empty() { "scenario".to_owned() } else { words.join("-") }
}

/// What the writer keeps at hand.
pub(crate) struct Writer<'p> {
    /// The plan's steps, and its teardown behind them.
    steps: Vec<&'p PlannedStep>,
    /// How many are no teardown.
    own: usize,
    system: &'p System,
    options: &'p ScenarioOptions,
    operations: Vec<Option<&'p Operation>>,
    /// By step: outputs with their names.
    names: Vec<Vec<(Output, String)>>,
}

impl<'p> Writer<'p> {
    fn new(plan: &'p Plan, system: &'p System, options: &'p ScenarioOptions) -> Self {
        let steps: Vec<&PlannedStep> = plan.steps.iter().chain(&plan.teardown).collect();
        let operations = steps.iter().map(|step| system.operation(&step.operation).map(|(_, operation)| operation)).collect();
        let names = vec![Vec::new(); steps.len()];
        let mut writer = Self { steps, own: plan.steps.len(), system, options, operations, names };
        let reserved = writer.reserve();
        writer.name_outputs(&reserved);
        writer
    }

    /// Outputs that the environment's templates name: the first step before a service's first call that has one.
    fn reserve(&mut self) -> BTreeSet<String> {
        let mut reserved = BTreeSet::new();
        for (service, names) in &self.options.environment_needs {
            let Some(first) = self.steps.iter().position(|step| step.operation.service == *service) else { continue };
            for name in names {
                reserved.insert(name.clone());
                let found = (0..first).find_map(|at| Some((at, self.output_named(at, name)?)));
                if let Some((at, output)) = found
                    && !self.names[at].iter().any(|(_, known)| known == name)
                {
                    self.names[at].push((output, name.clone()));
                }
            }
        }
        reserved
    }

    fn output_named(&self, at: usize, name: &str) -> Option<Output> {
        let operation = self.operations[at]?;
        let (service, _) = self.system.operation(&operation.key)?;
        let schema = operation.success_response().and_then(|r| r.preferred()).and_then(|m| m.schema.as_ref());
        if schema.and_then(|node| service.schema(node)).is_some_and(|schema| schema.resolved().property(name).is_some()) {
            return Some(Output::Body(Pointer::of([name])));
        }
        let is_named = |header: &&callboard_model::api::ResponseHeader| {
            split_identifier(&header.name).last().is_some_and(|last| *last == name)
        };
        let makes = matches!(operation.key.method, Method::Post | Method::Put);
        if let Some(header) = operation.success_response().filter(|_| makes).and_then(|r| r.headers.iter().find(is_named)) {
            return Some(Output::Header(header.name.clone()));
        }
        let input = Input::Parameter(ParameterLocation::Path, name.to_owned());
        let is_sent = self.steps[at].bindings.iter().any(|binding| binding.input == input);
        (makes && is_sent).then_some(Output::Request(input))
    }

    /// Gives a name to every output that a later step uses.
    fn name_outputs(&mut self, reserved: &BTreeSet<String>) {
        let mut used: Vec<(usize, Output)> = Vec::new();
        for step in &self.steps.clone() {
            let sources = step.bindings.iter().map(|binding| &binding.source).chain(check_sources(step));
            for source in sources {
                if let BindingSource::Step { step, output } = source
                    && !used.contains(&(*step, output.clone()))
                {
                    used.push((*step, output.clone()));
                }
            }
        }
        for (at, output) in used {
            if at >= self.names.len() || self.names[at].iter().any(|(known, _)| *known == output) {
                continue;
            }
            let base = self.output_name(at, &output);
            let mut name = base.clone();
            let mut number = 2;
            while reserved.contains(&name) || self.names[at].iter().any(|(_, known)| *known == name) {
                name = format!("{base}{number}");
                number += 1;
            }
            self.names[at].push((output, name));
        }
    }

    /// What an output carries: `orderId` for the `id` of an order, the field's own name where it says enough.
    fn output_name(&self, at: usize, output: &Output) -> String {
        let last = match output {
            Output::Body(pointer) => {
                pointer.segments().filter(|s| s.parse::<usize>().is_err()).last().unwrap_or_else(|| "body".to_owned())
            }
            Output::Header(name) => name.clone(),
            Output::Request(Input::Parameter(_, name)) => name.clone(),
            Output::Request(Input::Body(pointer)) => pointer.last().unwrap_or_else(|| "body".to_owned()),
        };
        let words = split_identifier(&last);
        let noun = path::segments(&self.steps[at].operation.path).iter().rev().find_map(|segment| match segment {
            Segment::Fixed(text) => Some(path::noun(text)).filter(|noun| !noun.is_empty()),
            Segment::Parameter(_) => None,
        });
        let is_short = words.len() == 1
            && matches!(
                words[0].as_str(),
                "id" | "uuid" | "name" | "key" | "path" | "code" | "number" | "location" | "total" | "slug"
            );
        let all: Vec<String> = if is_short { noun.unwrap_or_default().into_iter().chain(words).collect() } else { words };
        camel(&all)
    }

    fn sources(&self) -> Vec<SourceDescription> {
        let used: BTreeSet<&str> = self.steps.iter().map(|step| step.operation.service.as_str()).collect();
        let services = self.system.services().iter().filter(|service| used.contains(service.name.as_str()));
        services
            .map(|service| SourceDescription {
                name: service.name.as_str().to_owned(),
                url: self.options.sources.get(&service.name).cloned().unwrap_or_else(|| {
                    service.documents.iter().next().map(|(_, document)| document.origin().to_string()).unwrap_or_default()
                }),
                kind: Some(SourceKind::OpenApi),
                extensions: Map::new(),
                pointer: Pointer::root(),
            })
            .collect()
    }

    fn inputs(&self) -> Option<Value> {
        let mut properties = Map::new();
        for binding in self.steps.iter().flat_map(|step| &step.bindings) {
            if let BindingSource::Environment(name) = &binding.source {
                let schema =
                    self.options.environment_values.get(name).map_or_else(|| json!({}), |value| json!({ "default": value }));
                properties.insert(name.clone(), schema);
            }
        }
        (!properties.is_empty()).then(|| json!({ "type": "object", "properties": properties }))
    }

    fn step(&self, at: usize) -> Step {
        let planned = self.steps[at];
        let mut step = Step {
            id: planned.step.clone(),
            target: self.target(at),
            comment: Some(if at < self.own { comment(planned) } else { "removes what this scenario made".to_owned() }),
            ..Step::default()
        };
        for binding in &planned.bindings {
            if let Input::Parameter(location, name) = &binding.input {
                step.parameters.push(Parameter::new(*location, name.clone(), self.template(&binding.source)));
            }
        }
        step.request_body = self.request_body(at);
        step.success_criteria = self.success_criteria(at);
        for (output, name) in &self.names[at] {
            if let Some(template) = expression(&output_expression(output)) {
                step.outputs.insert(name.clone(), template);
            }
        }
        step.until = planned.until.as_ref().map(|checks| Until {
            criteria: checks.iter().filter_map(|check| self.criterion(at, check)).collect(),
            timeout: planned.within.map(Duration::from_secs).or(self.options.wait).unwrap_or(Duration::from_secs(120)),
            interval: Duration::from_millis(500),
            pointer: Pointer::root(),
        });
        step
    }

    fn target(&self, at: usize) -> StepTarget {
        let key = &self.steps[at].operation;
        let id = self.operations[at].and_then(|operation| operation.id.clone());
        let plain = |id: &String| !id.is_empty() && id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        match id.filter(plain) {
            Some(id) => StepTarget::Operation { source: Some(key.service.as_str().to_owned()), id },
            None => StepTarget::OperationPath {
                source: key.service.as_str().to_owned(),
                method: key.method.clone(),
                path: key.path.to_string(),
            },
        }
    }

    /// A value as it stands in the file.
    fn template(&self, source: &BindingSource) -> Template {
        match source {
            BindingSource::Literal(value) | BindingSource::Generated { value, .. } => Template::literal(value.clone()),
            _ => self
                .source_expression(source)
                .and_then(|text| expression(&text))
                .unwrap_or_else(|| Template::literal(Value::Null)),
        }
    }

    /// The runtime expression of a value that is known while running.
    pub(crate) fn source_expression(&self, source: &BindingSource) -> Option<String> {
        match source {
            BindingSource::Step { step, output } => {
                let (_, name) = self.names.get(*step)?.iter().find(|(known, _)| known == output)?;
                Some(format!("$steps.{}.outputs.{name}", self.steps[*step].step))
            }
            BindingSource::Environment(name) => Some(format!("$inputs.{name}")),
            _ => None,
        }
    }

    fn request_body(&self, at: usize) -> Option<RequestBody> {
        let bindings = self.steps[at].bindings.iter().filter_map(|binding| match &binding.input {
            Input::Body(pointer) => Some((pointer, self.template(&binding.source))),
            Input::Parameter(..) => None,
        });
        let mut payload: Option<Template> = None;
        for (pointer, template) in bindings {
            insert(&mut payload, &pointer.segments().collect::<Vec<_>>(), template);
        }
        let payload = payload?;
        let media = self.operations[at]?.request_body.as_ref()?.preferred()?;
        let content_type =
            if media.is_json() && media.name.contains('*') { "application/json".to_owned() } else { media.name.clone() };
        Some(RequestBody { content_type: Some(content_type), payload: Some(payload), ..RequestBody::default() })
    }

    fn success_criteria(&self, at: usize) -> Vec<Criterion> {
        let planned = self.steps[at];
        let patterns = match &planned.expect {
            Expectation::Status(patterns) => patterns.clone(),
            Expectation::Success => self.operations[at].map(documented_success).unwrap_or_default(),
        };
        let mut all: Vec<Criterion> = Criterion::simple(criteria::status(&patterns)).into_iter().collect();
        all.extend(planned.checks.iter().filter_map(|check| self.criterion(at, check)));
        all
    }

    fn criterion(&self, _at: usize, check: &PlannedCheck) -> Option<Criterion> {
        criteria::criterion(check, &|source| self.operand(source), &|step, input| {
            let binding = self.steps.get(step)?.bindings.iter().find(|binding| binding.input == *input)?;
            self.operand(&binding.source)
        })
    }

    fn operand(&self, source: &BindingSource) -> Option<criteria::Operand> {
        match source {
            BindingSource::Literal(value) | BindingSource::Generated { value, .. } => {
                Some(criteria::Operand::Value(value.clone()))
            }
            _ => self.source_expression(source).map(criteria::Operand::Expression),
        }
    }
}

fn check_sources(step: &PlannedStep) -> impl Iterator<Item = &BindingSource> {
    step.checks.iter().chain(step.until.iter().flatten()).filter_map(|check| match check {
        PlannedCheck::Key { value, .. } | PlannedCheck::Contains { value, .. } | PlannedCheck::Same { as_in: value, .. } => {
            Some(value)
        }
        _ => None,
    })
}

fn comment(planned: &PlannedStep) -> String {
    let made_up: Vec<&str> = planned
        .bindings
        .iter()
        .filter_map(|binding| match &binding.source {
            BindingSource::Generated { name, .. } => Some(name.as_str()),
            _ => None,
        })
        .collect();
    let mut text = if planned.words.is_empty() {
        "needed by a later step".to_owned()
    } else {
        format!("\"{}\", confidence {:.2}", planned.words.join(" "), planned.confidence)
    };
    if !made_up.is_empty() {
        text.push_str(&format!("; made up: {}", made_up.join(", ")));
    }
    text
}

fn expression(text: &str) -> Option<Template> {
    Template::parse(text).ok()
}

fn output_expression(output: &Output) -> String {
    match output {
        Output::Body(pointer) if pointer.is_root() => "$response.body".to_owned(),
        Output::Body(pointer) => format!("$response.body#{pointer}"),
        Output::Header(name) => format!("$response.header.{name}"),
        Output::Request(Input::Body(pointer)) => format!("$request.body#{pointer}"),
        Output::Request(Input::Parameter(location, name)) => format!("$request.{location}.{name}"),
    }
}

fn documented_success(operation: &Operation) -> Vec<StatusPattern> {
    let is_success = |pattern: &StatusPattern| matches!(pattern, StatusPattern::Exact(200..=299) | StatusPattern::Class(2));
    operation.responses.iter().map(|response| response.status).filter(is_success).collect()
}

/// Puts a value at its place, making objects and lists on the way.
fn insert(tree: &mut Option<Template>, segments: &[String], template: Template) {
    let Some((first, rest)) = segments.split_first() else {
        *tree = Some(template);
        return;
    };
    let index = first.parse::<usize>().ok().filter(|i| *i < 1000);
    let fresh = || if index.is_some() { Template::Array(Vec::new()) } else { Template::Object(IndexMap::new()) };
    match (tree.get_or_insert_with(fresh), index) {
        (Template::Array(items), Some(index)) => {
            while items.len() <= index {
                items.push(Template::literal(Value::Null));
            }
            let mut slot = match &items[index] {
                Template::Literal(Value::Null) => None,
                known => Some(known.clone()),
            };
            insert(&mut slot, rest, template);
            items[index] = slot.unwrap_or(Template::Literal(Value::Null));
        }
        (Template::Object(fields), _) => {
            let mut slot = fields.get(first).cloned();
            insert(&mut slot, rest, template);
            fields.insert(first.clone(), slot.unwrap_or(Template::Literal(Value::Null)));
        }
        _ => {}
    }
}

fn camel(words: &[String]) -> String {
    let mut name = String::new();
    for word in words {
        let mut chars = word.chars().filter(char::is_ascii_alphanumeric);
        if let Some(first) = chars.next() {
            let first = if name.is_empty() { first } else { first.to_ascii_uppercase() };
            name.push(first);
            name.extend(chars);
        }
    }
    if name.is_empty() { "value".to_owned() } else { name }
}
