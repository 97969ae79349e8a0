//! `callboard plan`: a sentence as operations in order, nothing written.

use callboard_model::System;
use callboard_model::map::Output;
use callboard_model::plan::{Binding, BindingSource, Expectation, Plan, PlannedStep};
use callboard_planner::{PlanOptions, Planner};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::answers::Question;
use crate::cli::PlanArgs;
use crate::environment::{Environment, Wishes};
use crate::exit::{Exit, Failure};
use crate::llm;
use crate::project::Project;
use crate::terminal::{Sources, Terminal};

/// Plans a sentence.
pub(crate) fn plan(project: &Project, arguments: &PlanArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    let question = question(project, arguments, terminal);
    if let Some(shown) =
        question.as_ref().and_then(Question::answer).and_then(|answer| serde_json::from_value::<Shown>(answer).ok())
    {
        terminal.show_drawn(&shown.drawn);
        shown.show(arguments.json, terminal);
        return Ok(Exit::Pass);
    }
    let mut sources = Sources::default();
    let loaded = project.load_some(&arguments.definitions.definitions, &mut sources)?;
    let drawn = terminal.drawn(&loaded.diagnostics, &sources);
    terminal.show_drawn(&drawn);
    let options = options(project, arguments.env.as_deref(), &loaded.system)?;
    let (plan, said) = llm::plan(project, &loaded.system, &arguments.sentence, &options, &arguments.llm, terminal)?;
    let mut shown = Shown::of(&plan, &loaded.system);
    shown.drawn = drawn;
    if let Some(said) = said {
        shown.json["llm"] = said.json();
    }
    shown.show(arguments.json, terminal);
    if plan.steps.is_empty() {
        return Err(nothing_found(&loaded.system));
    }
    if let (Some(question), Ok(answer)) = (question, serde_json::to_value(&shown)) {
        question.keep(project, &loaded, answer);
    }
    // The process ends: to take a large system apart piece by piece would only take time.
    std::mem::forget((loaded, sources));
    Ok(Exit::Pass)
}

/// The question that is asked, where its answer depends on nothing but files and arguments: not on a language model.
fn question(project: &Project, arguments: &PlanArgs, terminal: &Terminal) -> Option<Question> {
    let asked = arguments.llm.llm.as_deref();
    let is_alone = asked == Some("off") || asked.is_none() && project.settings.llm.model.is_none();
    let definitions = format!("{:?} {:?}", arguments.definitions.definitions, arguments.env);
    let manner = terminal.manner();
    let parts = ["plan", arguments.sentence.as_str(), definitions.as_str(), manner.as_str()];
    if is_alone && arguments.llm.llm_record.is_none() { Question::new(project, &parts) } else { None }
}

/// A plan as it is shown.
#[derive(Serialize, Deserialize)]
struct Shown {
    /// What is wrong with the definitions.
    drawn: Vec<String>,
    json: Value,
    text: String,
    talk: Vec<String>,
}

impl Shown {
    fn of(plan: &Plan, system: &System) -> Self {
        Self { drawn: Vec::new(), json: to_json(plan, system), text: to_text(plan, system), talk: leftovers(plan) }
    }

    fn show(&self, as_json: bool, terminal: &Terminal) {
        if as_json {
            terminal.json(&self.json);
            return;
        }
        terminal.data(&self.text);
        for line in &self.talk {
            terminal.say(line);
        }
    }
}

/// The plan of a sentence.
pub(crate) fn plan_of(project: &Project, system: &System, sentence: &str, options: &PlanOptions) -> Plan {
    Planner::reading(system, &project.map_options(), options).plan(sentence, options)
}

/// No operation fits the sentence.
pub(crate) fn nothing_found(system: &System) -> Failure {
    let names: Vec<_> = system.services().iter().map(|service| format!("`{}`", service.name)).collect();
    let help = format!("say what should happen with what {} offer; `callboard map` shows it", names.join(", "));
    Failure::argument(callboard_model::Code("no-plan"), "no operation fits the sentence", Some(help))
}

/// What the planner may use: the words of the project, and the outputs and values that the environment asks for or holds.
///
/// A plan needs no running system, so an environment whose variables are not set is no hindrance. Those that are set stay names as well:
/// a secret has no place in a plan or a scenario.
pub(crate) fn options(project: &Project, environment: Option<&str>, system: &System) -> Result<PlanOptions, Failure> {
    let wishes = Wishes { environment, servers: &[], virtual_services: &[] };
    let variable = |name: &str| Some(format!("${{{name}}}"));
    let environment = Environment::resolve(&project.settings, wishes, system, &variable)?;
    Ok(PlanOptions {
        aliases: project.aliases(),
        environment_needs: environment.needs().into_iter().collect(),
        environment_values: environment.values.into_iter().collect(),
        ..PlanOptions::default()
    })
}

/// Says which words were not used, and when the choice was close.
pub(crate) fn tell_leftovers(plan: &Plan, terminal: &Terminal) {
    for line in leftovers(plan) {
        terminal.say(line);
    }
}

fn leftovers(plan: &Plan) -> Vec<String> {
    let mut lines = Vec::new();
    if !plan.unmatched.is_empty() {
        let words: Vec<_> = plan.unmatched.iter().map(|word| format!("\"{word}\"")).collect();
        lines.push(format!("not used: {}", words.join(", ")));
    }
    if is_close(plan) {
        lines.push("another plan fits nearly as well; `callboard plan --json` shows the alternatives".to_owned());
    }
    lines
}

/// Plans whose scores differ by less are a matter of taste.
const CLOSE_MARGIN: f64 = 0.3;

/// Whether the best two plans are so near to each other that a person should look.
pub(crate) fn is_close(plan: &Plan) -> bool {
    !plan.alternatives.is_empty() && plan.margin < CLOSE_MARGIN
}

/// The plan in the shape that scripts rely on.
pub(crate) fn to_json(plan: &Plan, system: &System) -> Value {
    let alternatives: Vec<Value> = plan
        .alternatives
        .iter()
        .map(|alternative| json!({"steps": steps_json(&alternative.steps, system), "score": rounded(alternative.score)}))
        .collect();
    json!({
        "version": 1,
        "steps": steps_json(&plan.steps, system),
        "alternatives": alternatives,
        "unmatched": plan.unmatched,
        "margin": rounded(plan.margin),
    })
}

fn steps_json(steps: &[PlannedStep], system: &System) -> Vec<Value> {
    steps.iter().map(|step| step_json(step, system)).collect()
}

fn step_json(step: &PlannedStep, system: &System) -> Value {
    let key = &step.operation;
    let expect = match &step.expect {
        Expectation::Success => json!("success"),
        Expectation::Status(patterns) => json!(patterns.iter().map(ToString::to_string).collect::<Vec<_>>()),
    };
    json!({
        "service": key.service.as_str(),
        "operationId": system.operation(key).and_then(|(_, operation)| operation.id.clone()),
        "method": key.method.as_str(),
        "path": &*key.path,
        "bindings": step.bindings.iter().map(binding_json).collect::<Vec<_>>(),
        "confidence": rounded(step.confidence),
        "words": step.words,
        "expect": expect,
        "polls": step.until.is_some(),
    })
}

fn binding_json(binding: &Binding) -> Value {
    let mut value = json!({"input": binding.input.to_string()});
    let (key, source) = match &binding.source {
        BindingSource::Step { step, output: Output::Body(pointer) } => {
            ("from", json!({"step": step, "pointer": pointer.as_str()}))
        }
        BindingSource::Step { step, output: Output::Header(name) } => ("from", json!({"step": step, "header": name})),
        BindingSource::Step { step, output: Output::Request(input) } => {
            ("from", json!({"step": step, "request": input.to_string()}))
        }
        BindingSource::Environment(name) => ("from", json!({"environment": name})),
        BindingSource::Literal(literal) => ("literal", literal.clone()),
        BindingSource::Generated { name, value: generated } => {
            value["value"] = generated.clone();
            ("generated", json!(name))
        }
    };
    value[key] = source;
    value
}

fn rounded(number: f64) -> f64 {
    (number * 1000.0).round() / 1000.0
}

/// The plan for people: one line a step, one for each of its inputs.
pub(crate) fn to_text(plan: &Plan, system: &System) -> String {
    let mut text = String::new();
    for (number, step) in plan.steps.iter().enumerate() {
        let name =
            system.operation(&step.operation).and_then(|(_, o)| o.id.clone()).map(|id| format!("  ({id})")).unwrap_or_default();
        text.push_str(&format!("{:>2}. {}{name}{}\n", number + 1, step.operation, remark(step)));
        for binding in &step.bindings {
            text.push_str(&format!("      {} = {}\n", binding.input, source_text(&binding.source, plan)));
        }
    }
    text
}

fn remark(step: &PlannedStep) -> String {
    let mut remark = match &step.expect {
        Expectation::Success => String::new(),
        Expectation::Status(patterns) => {
            let statuses: Vec<_> = patterns.iter().map(ToString::to_string).collect();
            format!(", expects {}", statuses.join(" or "))
        }
    };
    if step.until.is_some() {
        remark.push_str(", repeated until it holds");
    }
    remark
}

fn source_text(source: &BindingSource, plan: &Plan) -> String {
    match source {
        BindingSource::Step { step, output } => {
            let name = plan.steps.get(*step).map_or_else(|| format!("step {}", step + 1), |s| s.step.clone());
            format!("{output} of step {} ({name})", step + 1)
        }
        BindingSource::Environment(name) => format!("`{name}` of the environment"),
        BindingSource::Literal(value) => value.to_string(),
        BindingSource::Generated { value, .. } => format!("{value} (made up)"),
    }
}
