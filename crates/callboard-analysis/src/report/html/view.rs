//! What the page shows: texts that are ready to be escaped, numbers that are ready to be drawn.

use std::collections::BTreeMap;

use callboard_model::OperationKey;
use callboard_model::run::{ScenarioResult, Verdict};
use serde::Serialize;

use super::super::clean::{clean, clean_line};
use super::super::{RunReport, text, words};
use super::sequence::{self, Sequence};
use super::step::{Clock, Look, StepView, steps};

/// A report of more scenarios shows requests and drawings only of those that did not pass, so that a browser can open it.
pub(super) const DETAILED: usize = 200;
/// Colours of services in the style sheet.
const COLOURS: usize = 8;

#[derive(Serialize)]
pub(super) struct RunView {
    verdict: VerdictView,
    headline: String,
    run: String,
    started: String,
    took: String,
    seed: String,
    environment: Option<String>,
    replay: Option<String>,
    tool: String,
    interrupted: bool,
    is_short: bool,
    counts: Vec<Count>,
    total: usize,
    not_ready: Vec<[String; 3]>,
    stale: Vec<String>,
    accepted: Vec<AcceptedView>,
    deselected: Vec<[String; 2]>,
    services: Vec<ServiceView>,
    scenarios: Vec<ScenarioView>,
}

/// A verdict: a class for its colour, a sign and a word for everybody.
#[derive(Clone, Copy, Serialize)]
pub(super) struct VerdictView {
    class: &'static str,
    sign: &'static str,
    word: &'static str,
}

#[derive(Serialize)]
struct Count {
    verdict: VerdictView,
    n: usize,
    share: f64,
}

#[derive(Serialize)]
struct AcceptedView {
    test: String,
    step: String,
    operation: String,
    mismatch: String,
    at: String,
    reason: String,
}

#[derive(Serialize)]
struct ServiceView {
    name: String,
    colour: usize,
    server: String,
    is_virtual: bool,
}

#[derive(Serialize)]
struct ScenarioView {
    verdict: VerdictView,
    workflow: String,
    file: String,
    summary: Option<String>,
    reason: Option<String>,
    took: String,
    trace: String,
    is_open: bool,
    is_idle: bool,
    search: String,
    services: Vec<ChipView>,
    steps: Vec<StepView>,
    teardown: Vec<StepView>,
    not_run: Vec<String>,
    sequence: Option<Sequence>,
}

#[derive(Serialize)]
pub(super) struct ChipView {
    name: String,
    colour: usize,
}

/// Text of others on one line.
pub(super) fn line(text: &str) -> String {
    clean_line(text).into_owned()
}

/// Text of others on as many lines as it has.
pub(super) fn block(text: &str) -> String {
    clean(text).into_owned()
}

pub(super) fn run(report: &RunReport) -> RunView {
    let palette = Palette::of(report);
    let finished = &report.finished;
    let (verdict, headline) = headline(report);
    RunView {
        verdict,
        headline,
        run: line(report.started.run.as_str()),
        started: words::time(report.started.at),
        took: words::duration(report.duration_ms().saturating_mul(1000)),
        seed: report.started.seed.to_string(),
        environment: report.environment.as_deref().map(line),
        replay: report.replay.as_deref().map(line),
        tool: line(&report.tool),
        interrupted: finished.interrupted,
        is_short: is_short(report),
        counts: counts(report),
        total: finished.results.len(),
        not_ready: finished.not_ready.iter().map(|n| [line(n.service.as_str()), line(&n.server), line(&n.reason)]).collect(),
        stale: finished.stale_acceptances.iter().map(|text| line(text)).collect(),
        accepted: accepted(report),
        deselected: report.deselected.iter().map(|d| [line(d.test.as_str()), line(&d.reason)]).collect(),
        services: report.services.iter().map(|s| palette.service(s.name.as_str(), &s.server, s.is_virtual)).collect(),
        scenarios: report.scenarios().map(|s| scenario(s, &palette, !is_short(report) || s.verdict != Verdict::Passed)).collect(),
    }
}

/// Whether requests and drawings of passed scenarios are left out.
pub(super) fn is_short(report: &RunReport) -> bool {
    report.finished.results.len() > DETAILED
}

fn headline(report: &RunReport) -> (VerdictView, String) {
    let s = &report.finished.summary;
    let of = |n: usize| match report.finished.results.len() {
        1 => "The scenario".to_owned(),
        total => format!("{n} of {total} scenarios"),
    };
    let is_ready = report.finished.not_ready.is_empty();
    if s.failed > 0 {
        let besides = if is_ready { "" } else { "; environment not ready" };
        return (verdict(Verdict::Failed), format!("{} failed{besides}", of(s.failed)));
    }
    if !is_ready {
        return (verdict(Verdict::Inconclusive), "Environment not ready".to_owned());
    }
    if report.finished.interrupted {
        return (verdict(Verdict::Inconclusive), "Stopped before all was done".to_owned());
    }
    if s.inconclusive + s.not_run > 0 {
        return (verdict(Verdict::Inconclusive), format!("{} taught nothing", of(s.inconclusive + s.not_run)));
    }
    match report.finished.results.len() {
        0 => (verdict(Verdict::NotRun), "No scenario ran".to_owned()),
        1 => (verdict(Verdict::Passed), "The scenario passed".to_owned()),
        n => (verdict(Verdict::Passed), format!("All {n} scenarios passed")),
    }
}

pub(super) fn verdict(verdict: Verdict) -> VerdictView {
    let (class, sign) = match verdict {
        Verdict::Passed => ("passed", "✓"),
        Verdict::Failed => ("failed", "✗"),
        Verdict::Flaky => ("flaky", "≈"),
        Verdict::Inconclusive => ("inconclusive", "?"),
        Verdict::NotRun => ("notrun", "○"),
    };
    VerdictView { class, sign, word: verdict.as_str() }
}

#[expect(clippy::cast_precision_loss, reason = "shares of a bar on a screen")]
fn counts(report: &RunReport) -> Vec<Count> {
    let s = &report.finished.summary;
    let all = [
        (Verdict::Failed, s.failed),
        (Verdict::Inconclusive, s.inconclusive),
        (Verdict::NotRun, s.not_run),
        (Verdict::Flaky, s.flaky),
        (Verdict::Passed, s.passed),
    ];
    let total = all.iter().map(|(_, n)| n).sum::<usize>().max(1);
    all.into_iter().map(|(v, n)| Count { verdict: verdict(v), n, share: 100.0 * n as f64 / total as f64 }).collect()
}

fn accepted(report: &RunReport) -> Vec<AcceptedView> {
    let view = |accepted: super::super::AcceptedMismatch<'_>| AcceptedView {
        test: line(accepted.test.as_str()),
        step: line(accepted.step),
        operation: accepted.operation.map(|o| line(&o.to_string())).unwrap_or_default(),
        mismatch: line(accepted.mismatch),
        at: accepted.at.map(line).unwrap_or_default(),
        reason: line(accepted.reason),
    };
    report.accepted().into_iter().map(view).collect()
}

/// A colour for each service, in the order in which the run names them.
pub(super) struct Palette(BTreeMap<String, usize>);

impl Palette {
    fn of(report: &RunReport) -> Self {
        let mut colours = BTreeMap::new();
        let listed = report.services.iter().map(|service| service.name.as_str());
        let called = report
            .scenarios()
            .flat_map(ScenarioResult::all_steps)
            .filter_map(|s| s.operation.as_ref())
            .map(|o| o.service.as_str());
        for name in listed.chain(called) {
            let next = colours.len() % COLOURS;
            colours.entry(name.to_owned()).or_insert(next);
        }
        Self(colours)
    }

    fn colour(&self, service: &str) -> usize {
        self.0.get(service).copied().unwrap_or_default()
    }

    pub(super) fn chip(&self, service: &str) -> ChipView {
        ChipView { name: line(service), colour: self.colour(service) }
    }

    fn service(&self, name: &str, server: &str, is_virtual: bool) -> ServiceView {
        ServiceView { name: line(name), colour: self.colour(name), server: line(server), is_virtual }
    }
}

fn scenario(scenario: &ScenarioResult, palette: &Palette, is_detailed: bool) -> ScenarioView {
    let mut services: Vec<&str> = Vec::new();
    for operation in scenario.all_steps().filter_map(|step| step.operation.as_ref()) {
        if !services.contains(&operation.service.as_str()) {
            services.push(operation.service.as_str());
        }
    }
    let is_idle = text::is_idle(scenario);
    let clock = Clock::of(scenario);
    let look = Look { clock: &clock, palette, is_detailed };
    let not_run = scenario.steps.iter().filter(|step| step.verdict == Verdict::NotRun).map(|step| line(&step.step)).collect();
    ScenarioView {
        verdict: verdict(scenario.verdict),
        workflow: line(&scenario.workflow),
        file: line(&scenario.file),
        summary: scenario.summary.as_deref().map(line),
        reason: scenario.reason.as_deref().map(block),
        took: if is_idle { String::new() } else { words::duration(scenario.duration) },
        trace: line(&scenario.trace),
        is_open: matches!(scenario.verdict, Verdict::Failed | Verdict::Inconclusive) && !is_idle,
        is_idle,
        search: search(scenario),
        sequence: is_detailed.then(|| sequence::draw(scenario, &services, |service| palette.colour(service))).flatten(),
        services: services.iter().map(|service| palette.chip(service)).collect(),
        steps: steps(&scenario.steps, &look),
        teardown: steps(&scenario.teardown, &look),
        not_run,
    }
}

/// What the search looks through: lower case.
fn search(scenario: &ScenarioResult) -> String {
    let mut words = vec![scenario.name.as_str().to_owned(), scenario.summary.clone().unwrap_or_default()];
    for step in scenario.all_steps() {
        words.push(step.step.clone());
        words.extend(step.operation.as_ref().map(OperationKey::to_string));
    }
    line(&words.join(" ").to_lowercase())
}
