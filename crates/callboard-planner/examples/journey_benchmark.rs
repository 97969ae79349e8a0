//! Holds plans against journeys with gold: `journey_benchmark [FOLDER] [--verbose] [--only ID]`; the folder is `bench/journeys` by default.
//!
//! A sentence comes out right when its plan (teardown included) has the gold operations in order, with the expectations, waits and checks
//! that gold asks for, when no further operation changes anything, and when all data flows are bound. Further reads are allowed. Steps that
//! gold marks as `beyond` are part of the journey but not of its sentence: they may be there, and `whole` counts the plans that have them all.

#![expect(clippy::print_stdout, reason = "what is printed is what the command is for")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use callboard_definition::{Fetch, FetchError, load};
use callboard_model::map::Input;
use callboard_model::plan::{BindingSource, Expectation, Plan, PlannedStep};
use callboard_model::{ServiceName, StatusPattern, System};
use callboard_planner::{MapOptions, PlanOptions, Planner, ScenarioOptions, map, render, scenario_of};
use serde::Deserialize;

struct Files;

impl Fetch for Files {
    fn fetch(&self, origin: &str) -> Result<Vec<u8>, FetchError> {
        std::fs::read(origin).map_err(|error| FetchError::new(error.to_string()))
    }
}

/// A file of cases over one system.
#[derive(Deserialize)]
struct Suite {
    /// Definitions by service, relative to the file.
    definitions: BTreeMap<String, String>,
    /// Outputs that the environment wants before a service is called.
    #[serde(default)]
    needs: BTreeMap<String, Vec<String>>,
    cases: Vec<Case>,
}

#[derive(Clone, Deserialize)]
struct Case {
    id: String,
    /// `journey`: the sentence of the list; `told`: its steps spelled out; `held out`: another sentence.
    kind: String,
    text: String,
    steps: Vec<Gold>,
    /// Two steps that may stand in either order.
    #[serde(default)]
    either: Option<(usize, usize)>,
    /// `0 -> 2 path.name`: what step 0 yields or was given goes there.
    flows: Vec<String>,
}

impl Case {
    /// The case with the two steps that may stand in either order in the other one.
    fn swapped(&self) -> Option<Self> {
        let (a, b) = self.either?;
        let place = |text: &str| match text.parse::<usize>() {
            Ok(at) if at == a => b.to_string(),
            Ok(at) if at == b => a.to_string(),
            _ => text.to_owned(),
        };
        let flow = |flow: &String| flow.split(' ').map(place).collect::<Vec<_>>().join(" ");
        let mut other = Self { flows: self.flows.iter().map(flow).collect(), ..self.clone() };
        other.steps.swap(a, b);
        Some(other)
    }
}

#[derive(Clone, Deserialize)]
struct Gold {
    /// `service METHOD /path`; several, separated by ` | `, where each would do.
    op: String,
    /// Expected status; a success when absent.
    expect: Option<String>,
    /// The answer is judged.
    #[serde(default)]
    check: bool,
    /// The step is repeated until something holds.
    #[serde(default)]
    until: bool,
    /// Not asked for by the sentence.
    #[serde(default)]
    beyond: bool,
}

impl Gold {
    fn is(&self, step: &PlannedStep) -> bool {
        let key = &step.operation;
        self.op.split(" | ").any(|op| op == format!("{} {} {}", key.service, key.method, key.path))
    }

    /// What the planned step lacks of what gold asks for.
    fn lacks(&self, step: &PlannedStep) -> Option<String> {
        let expects = match (&self.expect, &step.expect) {
            (None, Expectation::Success) => true,
            // Removed, or gone already.
            (None, Expectation::Status(patterns)) => patterns.iter().any(|pattern| covers(*pattern, "2xx")),
            (Some(wanted), Expectation::Status(patterns)) => patterns.iter().any(|pattern| covers(*pattern, wanted)),
            _ => false,
        };
        if !expects {
            return Some(format!("expects {:?}, not {:?}", step.expect, self.expect));
        }
        if self.until && step.until.is_none() {
            return Some("does not wait".to_owned());
        }
        (self.check && step.checks.is_empty() && step.until.is_none()).then(|| "checks nothing".to_owned())
    }
}

fn covers(pattern: StatusPattern, wanted: &str) -> bool {
    match pattern {
        StatusPattern::Exact(status) => status.to_string() == wanted || wanted == format!("{}xx", status / 100),
        StatusPattern::Class(class) => wanted.starts_with(&class.to_string()),
        StatusPattern::Default => true,
    }
}

/// What is wrong with a plan.
#[derive(Default)]
struct Judgement {
    missing: Vec<String>,
    extra: Vec<String>,
    unbound: Vec<String>,
    made_up: Vec<String>,
    /// Steps beyond the sentence that are missing.
    beyond: usize,
}

impl Judgement {
    fn is_right(&self) -> bool {
        self.missing.is_empty() && self.extra.is_empty() && self.unbound.is_empty()
    }
}

/// The planned step for each gold step, in order.
fn matches(case: &Case, steps: &[&PlannedStep], judgement: &mut Judgement) -> Vec<Option<usize>> {
    let mut from = 0;
    let mut found = Vec::with_capacity(case.steps.len());
    for (number, gold) in case.steps.iter().enumerate() {
        let required_later = |at: usize| {
            case.steps[number + 1..].iter().filter(|g| !g.beyond).all(|g| steps[at + 1..].iter().any(|step| g.is(step)))
        };
        let fits = |at: &usize| gold.is(steps[*at]) && gold.lacks(steps[*at]).is_none() && (!gold.beyond || required_later(*at));
        let at = (from..steps.len()).find(fits);
        match at {
            Some(at) => from = at + 1,
            None if gold.beyond => judgement.beyond += 1,
            None => {
                let near = (from..steps.len()).find(|at| gold.is(steps[*at])).and_then(|at| gold.lacks(steps[at]));
                judgement.missing.push(near.map_or_else(|| gold.op.clone(), |lack| format!("{} ({lack})", gold.op)));
            }
        }
        found.push(at);
    }
    found
}

fn judge(case: &Case, plan: &Plan, system: &System, options: &PlanOptions) -> Judgement {
    let steps: Vec<&PlannedStep> = plan.steps.iter().chain(&plan.teardown).collect();
    let mut judgement = Judgement::default();
    let found = matches(case, &steps, &mut judgement);
    for step in &plan.steps {
        if !step.operation.method.is_safe() && !case.steps.iter().any(|gold| gold.is(step)) {
            judgement.extra.push(step.operation.to_string());
        }
    }
    judgement.unbound =
        case.flows.iter().filter(|flow| !is_bound(case, flow, &found, &steps, plan, system, options)).cloned().collect();
    judgement.made_up = plan
        .steps
        .iter()
        .flat_map(|step| step.bindings.iter().map(move |binding| (step, binding)))
        .filter(|(_, binding)| matches!(binding.source, BindingSource::Generated { .. }))
        .map(|(step, binding)| format!("{} {}", step.step, binding.input))
        .collect();
    judgement
}

/// Whether a flow is bound. A flow of a step beyond the sentence that is not there counts as bound.
fn is_bound(
    case: &Case,
    flow: &str,
    found: &[Option<usize>],
    steps: &[&PlannedStep],
    plan: &Plan,
    system: &System,
    options: &PlanOptions,
) -> bool {
    let (from, rest) = flow.split_once(" -> ").expect("a flow has two ends");
    let (to, input) = rest.split_once(' ').expect("a flow ends at an input");
    let (from, to): (usize, usize) = (from.parse().expect("a step's number"), to.parse().expect("a step's number"));
    let (Some(giver), Some(taker)) = (found[from], found[to]) else {
        return [from, to].iter().any(|at| case.steps[*at].beyond && found[*at].is_none());
    };
    if let Some(name) = input.strip_prefix("environment.") {
        let scenario = ScenarioOptions { environment_needs: options.environment_needs.clone(), ..ScenarioOptions::default() };
        let workflow = &scenario_of(plan, system, &scenario).workflows[0];
        return workflow.steps.get(giver).is_some_and(|step| step.outputs.contains_key(name));
    }
    let at_or_below = |binding: &&callboard_model::plan::Binding| {
        let text = binding.input.to_string();
        text == input || (matches!(binding.input, Input::Body(_)) && text.starts_with(&format!("{input}/")))
    };
    steps[taker].bindings.iter().filter(at_or_below).any(|binding| comes_from(&binding.source, steps, &case.steps[from], giver))
}

fn comes_from(source: &BindingSource, steps: &[&PlannedStep], gold: &Gold, giver: usize) -> bool {
    match source {
        BindingSource::Step { step, .. } => *step == giver || gold.is(steps[*step]),
        BindingSource::Environment(_) => false,
        other => steps[giver].bindings.iter().any(|binding| binding.source == *other),
    }
}

fn suite(file: &Path) -> Option<(Suite, System)> {
    let text = std::fs::read(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let suite: Suite = serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let mut services = Vec::new();
    for (name, definition) in &suite.definitions {
        let path = file.parent().unwrap_or(Path::new(".")).join(definition);
        if !path.exists() {
            println!("{}: skipped, {} is not there", file.display(), path.display());
            return None;
        }
        services.extend(load(&ServiceName::new(name), &path.to_string_lossy(), &Files).value);
    }
    Some((suite, System::new(services)))
}

fn report(case: &Case, judgement: &Judgement, plan: &Plan) {
    let verdict = if judgement.is_right() { "right" } else { "WRONG" };
    println!("{verdict} {:4} {:8} {}", case.id, case.kind, case.text);
    for (what, list) in [
        ("operations missing", &judgement.missing),
        ("changes not asked for", &judgement.extra),
        ("flows not bound", &judgement.unbound),
        ("made up", &judgement.made_up),
        ("words unmatched", &plan.unmatched),
    ] {
        if !list.is_empty() {
            println!("        {what}: {}", list.join(", "));
        }
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let verbose = arguments.iter().any(|a| a == "--verbose");
    let only = arguments.iter().position(|a| a == "--only").and_then(|at| arguments.get(at + 1));
    let named = arguments.iter().enumerate().find(|(at, a)| !a.starts_with("--") && (*at == 0 || arguments[at - 1] != "--only"));
    let folder = named.map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../bench/journeys"), |(_, a)| a.into());
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    let mut totals: BTreeMap<String, (usize, usize, usize)> = BTreeMap::new();
    for file in files {
        let Some((suite, system)) = suite(&file) else { continue };
        let map = map(&system, &MapOptions::default());
        let environment_needs = suite.needs.iter().map(|(name, needs)| (ServiceName::new(name), needs.clone())).collect();
        let options = PlanOptions { environment_needs, ..PlanOptions::default() };
        let planner = Planner::new(&system, &map, &options);
        for case in suite.cases.iter().filter(|case| only.is_none_or(|id| *id == case.id)) {
            let plan = planner.plan(&case.text, &options);
            let judgement = judge(case, &plan, &system, &options);
            let swapped = case.swapped().map(|other| judge(&other, &plan, &system, &options)).filter(Judgement::is_right);
            let judgement = swapped.unwrap_or(judgement);
            report(case, &judgement, &plan);
            if verbose {
                println!("{}{}", planner.explain(&case.text), render(&plan));
            }
            let total = totals.entry(case.kind.clone()).or_default();
            total.0 += 1;
            total.1 += usize::from(judgement.is_right());
            total.2 += usize::from(judgement.is_right() && judgement.beyond == 0);
        }
    }
    for (kind, (count, right, whole)) in totals {
        println!("{kind:8} {right} of {count} right, {whole} with every step of the journey");
    }
}
