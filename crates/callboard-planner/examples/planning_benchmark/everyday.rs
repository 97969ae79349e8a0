//! Everyday sentences: operations with what is expected of them.
//!
//! A step of gold is an operation, or several of which one will do (`GET /a|GET /b`). `~` before it: it may stand anywhere. `?`: it may be
//! there, anywhere. `=> 422`, `=> refused` and `=> check` behind it say what the plan has to expect; without that a step that changes
//! something has to succeed.

use std::path::Path;

use callboard_model::StatusPattern;
use callboard_model::plan::{Expectation, Plan, PlannedStep};
use callboard_planner::{MapOptions, PlanOptions, Planner, map};
use serde_json::Value;

use crate::load::{entries, json, own_services, strings, system};

/// How many plans were right.
#[derive(Clone, Copy, Default)]
pub(crate) struct Everyday {
    pub(crate) count: usize,
    /// The operations, with what is expected of them, and nothing else.
    pub(crate) right: usize,
    /// As `right`, perhaps with further steps.
    pub(crate) path: usize,
    /// The operations in order, whatever is expected of them.
    pub(crate) operations: usize,
}

impl Everyday {
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            count: self.count + other.count,
            right: self.right + other.right,
            path: self.path + other.path,
            operations: self.operations + other.operations,
        }
    }
}

/// What gold wants of one step.
#[derive(Clone)]
struct Wanted {
    operations: Vec<String>,
    anywhere: bool,
    optional: bool,
    expect: Option<String>,
}

impl Wanted {
    fn read(text: &str) -> Self {
        let (text, expect) = text.split_once(" => ").map_or((text, None), |(text, expect)| (text, Some(expect.to_owned())));
        let operations = text.trim_start_matches(['~', '?']).split('|').map(str::to_owned).collect();
        let optional = text.starts_with('?');
        Self { operations, anywhere: optional || text.starts_with('~'), optional, expect }
    }

    fn is(&self, step: &PlannedStep, strict: bool) -> bool {
        let name = format!("{} {}", step.operation.method, step.operation.path);
        self.operations.contains(&name) && (!strict || self.is_expected(step))
    }

    fn is_expected(&self, step: &PlannedStep) -> bool {
        match self.expect.as_deref() {
            None => step.operation.method.is_safe() || step.expect == Expectation::Success,
            Some("check") => !step.checks.is_empty() || step.until.is_some(),
            Some("wait") => step.until.is_some(),
            Some(status) => refuses(&step.expect, status),
        }
    }
}

/// Whether an expectation is this status, perhaps among others, or any refusal.
fn refuses(expect: &Expectation, status: &str) -> bool {
    let Expectation::Status(patterns) = expect else { return false };
    let is_refusal = |pattern: &StatusPattern| match pattern {
        StatusPattern::Exact(exact) => (400..500).contains(exact),
        StatusPattern::Class(class) => *class == 4,
        StatusPattern::Default => false,
    };
    let exact = status.parse::<u16>().ok();
    patterns.iter().all(is_refusal) && exact.is_none_or(|exact| patterns.contains(&StatusPattern::Exact(exact)))
}

/// Whether a plan has all wanted steps in order, and how many steps it has beyond them.
fn fits(plan: &Plan, gold: &[Wanted], strict: bool) -> Option<usize> {
    let ordered: Vec<&Wanted> = gold.iter().filter(|wanted| !wanted.anywhere).collect();
    let mut anywhere: Vec<&Wanted> = gold.iter().filter(|wanted| wanted.anywhere).collect();
    let (mut at, mut extra) = (0, 0);
    for step in &plan.steps {
        if ordered.get(at).is_some_and(|wanted| wanted.is(step, strict)) {
            at += 1;
        } else if let Some(found) = anywhere.iter().position(|wanted| wanted.is(step, strict)) {
            anywhere.remove(found);
        } else {
            extra += 1;
        }
    }
    (at == ordered.len() && anywhere.iter().all(|wanted| wanted.optional)).then_some(extra)
}

fn score(planner: &Planner<'_>, cases: &Value, options: &PlanOptions, verbose: bool) -> Everyday {
    let mut score = Everyday::default();
    for case in cases.as_array().into_iter().flatten() {
        let text = case["sentence"].as_str().unwrap_or_default();
        let others = case["or"].as_array().into_iter().flatten();
        let golds: Vec<Vec<Wanted>> = std::iter::once(&case["steps"])
            .chain(others)
            .map(|gold| strings(gold).iter().map(|step| Wanted::read(step)).collect())
            .collect();
        let plan = planner.plan(text, options);
        let best = |strict| golds.iter().filter_map(|gold| fits(&plan, gold, strict)).min();
        let extra = best(true);
        score.count += 1;
        score.right += usize::from(extra == Some(0));
        score.path += usize::from(extra.is_some());
        score.operations += usize::from(best(false).is_some());
        if verbose && extra != Some(0) {
            let mark = if extra.is_some() { "~" } else { "x" };
            println!("{mark} {text}\n  gold {:?}\n{}", strings(&case["steps"]), told(&plan));
            println!("{}", planner.explain(text));
        }
    }
    score
}

/// A plan in short.
fn told(plan: &Plan) -> String {
    let expect = |step: &PlannedStep| match (&step.expect, step.until.is_some() || !step.checks.is_empty()) {
        (Expectation::Status(patterns), _) => format!(" => {patterns:?}"),
        (Expectation::Success, true) => " => check".to_owned(),
        _ => String::new(),
    };
    let steps = plan.steps.iter().map(|step| format!("{} {}{}", step.operation.method, step.operation.path, expect(step)));
    format!("  plan {:?}\n  not used {:?}", steps.collect::<Vec<_>>(), plan.unmatched)
}

/// By system, the open part and the part that is held out.
pub(crate) fn all(folder: &Path, options: &PlanOptions, verbose: bool) -> Vec<(String, Everyday, Everyday)> {
    let files = entries(folder).into_iter().filter(|file| file.extension().is_some_and(|e| e == "json"));
    let one = |file: &Value| {
        let system = system(&own_services(file)?);
        let planner = Planner::new(&system, &map(&system, &MapOptions::default()), options);
        let part = |name: &str, verbose: bool| score(&planner, &file[name], options, verbose);
        let name = file["system"].as_str().unwrap_or_default();
        Some((format!("everyday {name}"), part("open", verbose), part("held-out", false)))
    };
    files.filter_map(|file| one(&json(&file))).collect()
}
