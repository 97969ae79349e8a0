//! What the page shows: texts that are ready to be escaped, numbers that are ready to be drawn.

use std::collections::BTreeMap;

use callboard_model::OperationKey;
use callboard_model::run::{
    Attempt, AttemptKind, CheckOutcome, CheckResult, RequestRecord, ResponseRecord, ScenarioResult, StepResult, Verdict,
};
use serde::Serialize;
use similar::{ChangeTag, TextDiff};

use super::super::clean::{clean, clean_line};
use super::super::excerpt::{Line, excerpt};
use super::super::{RunReport, curl, text, words};
use super::sequence::{self, Sequence};

/// Lines of a body that are shown: where something failed, and elsewhere.
const BODY_LINES: [usize; 2] = [400, 80];
/// Values that are compared character by character.
const MAX_DIFF: usize = 300;
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
struct ChipView {
    name: String,
    colour: usize,
}

#[derive(Serialize)]
struct StepView {
    verdict: VerdictView,
    step: String,
    description: Option<String>,
    service: Option<ChipView>,
    method: String,
    path: String,
    reason: Option<String>,
    place: Option<String>,
    took: String,
    tries: usize,
    status: Option<String>,
    left: f64,
    width: f64,
    depth: usize,
    is_open: bool,
    bad: Vec<CheckView>,
    accepted: Vec<CheckView>,
    held: Vec<String>,
    outputs: Vec<[String; 2]>,
    attempts: Vec<AttemptView>,
}

#[derive(Serialize)]
struct CheckView {
    title: String,
    place: Option<String>,
    at: Option<String>,
    why: Option<String>,
    reason: Option<String>,
    expected: Vec<Piece>,
    actual: Vec<Piece>,
}

/// A piece of a value; `is_different` where the other side has something else.
#[derive(Serialize)]
struct Piece {
    text: String,
    is_different: bool,
}

#[derive(Serialize)]
struct AttemptView {
    label: String,
    took: String,
    curl: String,
    request: MessageView,
    response: Option<MessageView>,
    error: Option<String>,
}

#[derive(Serialize)]
struct MessageView {
    title: String,
    size: Option<String>,
    headers: Vec<[String; 2]>,
    lines: Vec<LineView>,
}

#[derive(Serialize)]
struct LineView {
    text: String,
    is_marked: bool,
}

/// Text of others on one line.
pub(super) fn line(text: &str) -> String {
    clean_line(text).into_owned()
}

/// Text of others on as many lines as it has.
fn block(text: &str) -> String {
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

fn verdict(verdict: Verdict) -> VerdictView {
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
struct Palette(BTreeMap<String, usize>);

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

    fn chip(&self, service: &str) -> ChipView {
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
    let steps = |steps: &[StepResult]| {
        let mut views = Vec::new();
        add_steps(steps, 0, &Look { clock: &clock, palette, is_detailed }, &mut views);
        views
    };
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
        steps: steps(&scenario.steps),
        teardown: steps(&scenario.teardown),
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

/// Turns times into places on a line from 0 to 100.
struct Clock {
    start: u64,
    length: u64,
}

impl Clock {
    fn of(scenario: &ScenarioResult) -> Self {
        let start = scenario.started.saturating_mul(1000);
        let ends = scenario
            .all_steps()
            .map(|step| step.started.saturating_mul(1000).saturating_add(step.duration).saturating_sub(start));
        Self { start, length: ends.chain([scenario.duration, 1]).max().unwrap_or(1) }
    }

    #[expect(clippy::cast_precision_loss, reason = "places on a screen")]
    fn place(&self, step: &StepResult) -> (f64, f64) {
        let share = |micros: u64| (100.0 * micros as f64 / self.length as f64).clamp(0.0, 100.0);
        let left = share(step.started.saturating_mul(1000).saturating_sub(self.start));
        (left, share(step.duration).min(100.0 - left))
    }
}

/// How the steps of one scenario are shown.
struct Look<'a> {
    clock: &'a Clock,
    palette: &'a Palette,
    is_detailed: bool,
}

fn add_steps(steps: &[StepResult], depth: usize, look: &Look<'_>, views: &mut Vec<StepView>) {
    for step in steps {
        views.push(step_view(step, depth, look));
        add_steps(&step.nested, depth + 1, look, views);
    }
}

fn step_view(step: &StepResult, depth: usize, look: &Look<'_>) -> StepView {
    let (left, width) = look.clock.place(step);
    let operation = step.operation.as_ref();
    let is_bad = matches!(step.verdict, Verdict::Failed | Verdict::Inconclusive);
    let last = step.attempts.last().and_then(|attempt| attempt.response.as_ref());
    StepView {
        verdict: verdict(step.verdict),
        step: line(&step.step),
        description: step.description.as_deref().map(line),
        service: operation.map(|o| look.palette.chip(o.service.as_str())),
        method: operation.map(|o| line(o.method.as_str())).unwrap_or_default(),
        path: operation.map(|o| line(&o.path)).unwrap_or_default(),
        reason: step.reason.as_deref().map(block),
        place: step.span.as_ref().map(|span| line(&span.to_string())),
        took: if step.verdict == Verdict::NotRun { String::new() } else { words::duration(step.duration) },
        tries: step.attempts.len(),
        status: last.map(|response| response.status.to_string()),
        left,
        width,
        depth,
        is_open: is_bad && step.nested.is_empty(),
        bad: step.failures().map(check).collect(),
        accepted: step.checks.iter().filter(|c| c.outcome.is_accepted()).map(check).collect(),
        held: step
            .checks
            .iter()
            .filter(|c| c.outcome == CheckOutcome::Held)
            .map(|c| line(&text::title(c.kind, &c.condition)))
            .collect(),
        outputs: step.outputs.iter().map(|(name, value)| [line(name), line(&value.to_string())]).collect(),
        attempts: if look.is_detailed { attempts(step) } else { Vec::new() },
    }
}

fn check(check: &CheckResult) -> CheckView {
    let mut view = CheckView {
        title: line(&text::title(check.kind, &check.condition)),
        place: check.span.as_ref().map(|span| format!("line {}", span.line)),
        at: None,
        why: None,
        reason: None,
        expected: Vec::new(),
        actual: Vec::new(),
    };
    match &check.outcome {
        CheckOutcome::Held => {}
        CheckOutcome::Failed { expected, actual, at } => {
            view.at = at.as_deref().filter(|at| !at.is_empty()).map(line);
            (view.expected, view.actual) = compare(&block(expected), &block(actual));
        }
        CheckOutcome::Unevaluable { why } => view.why = Some(block(why)),
        CheckOutcome::Accepted { mismatch, at, reason } => {
            view.at = at.as_deref().filter(|at| !at.is_empty()).map(line);
            view.why = Some(block(mismatch));
            view.reason = Some(block(reason));
        }
    }
    view
}

/// Marks what is different, where the two values are alike enough for that to help.
fn compare(expected: &str, actual: &str) -> (Vec<Piece>, Vec<Piece>) {
    let whole = |text: &str| vec![Piece { text: text.to_owned(), is_different: false }];
    if expected.len().max(actual.len()) > MAX_DIFF {
        return (whole(expected), whole(actual));
    }
    let diff = TextDiff::from_chars(expected, actual);
    if diff.ratio() < 0.7 {
        return (whole(expected), whole(actual));
    }
    let (mut left, mut right) = (Vec::new(), Vec::new());
    for change in diff.iter_all_changes() {
        match change.tag() {
            ChangeTag::Equal => {
                push(&mut left, change.value(), false);
                push(&mut right, change.value(), false);
            }
            ChangeTag::Delete => push(&mut left, change.value(), true),
            ChangeTag::Insert => push(&mut right, change.value(), true),
        }
    }
    (left, right)
}

fn push(pieces: &mut Vec<Piece>, text: &str, is_different: bool) {
    match pieces.last_mut() {
        Some(last) if last.is_different == is_different => last.text.push_str(text),
        _ => pieces.push(Piece { text: text.to_owned(), is_different }),
    }
}

fn attempts(step: &StepResult) -> Vec<AttemptView> {
    let places: Vec<&str> = step.failures().filter_map(text::place).collect();
    let is_bad = step.verdict == Verdict::Failed;
    let count = step.attempts.len();
    let shown = step.attempts.iter().enumerate().rev().map(|(i, attempt)| {
        let places: &[&str] = if i + 1 == count { &places } else { &[] };
        attempt_view(attempt, i, count, places, is_bad)
    });
    shown.collect()
}

fn attempt_view(attempt: &Attempt, i: usize, count: usize, places: &[&str], is_bad: bool) -> AttemptView {
    let kind = match attempt.kind {
        AttemptKind::First => "first",
        AttemptKind::Retry => "retry",
        AttemptKind::Poll => "poll",
    };
    AttemptView {
        label: if count == 1 { String::new() } else { format!("Attempt {} of {count} ({kind})", i + 1) },
        took: words::duration(attempt.duration),
        curl: block(&curl(&attempt.request)),
        request: request(&attempt.request, is_bad),
        response: attempt.response.as_ref().map(|r| response(r, places, is_bad)),
        error: attempt.transport_error.as_deref().map(block),
    }
}

fn request(request: &RequestRecord, is_bad: bool) -> MessageView {
    MessageView {
        title: line(&format!("{} {}", request.method, request.url)),
        size: None,
        headers: headers(&request.headers),
        lines: body(request.body.as_deref(), &[], is_bad),
    }
}

fn response(response: &ResponseRecord, places: &[&str], is_bad: bool) -> MessageView {
    MessageView {
        title: format!("{} {}", response.status, words::status(response.status)),
        size: Some(words::size(response.size)),
        headers: headers(&response.headers),
        lines: body(response.body.as_deref(), places, is_bad),
    }
}

fn headers(headers: &[(String, String)]) -> Vec<[String; 2]> {
    headers.iter().map(|(name, value)| [line(name), line(value)]).collect()
}

fn body(body: Option<&str>, places: &[&str], is_bad: bool) -> Vec<LineView> {
    let max = BODY_LINES[usize::from(!is_bad)];
    let view = |line: Line| LineView { text: line.text, is_marked: line.is_marked };
    excerpt(body.unwrap_or_default(), places, max).into_iter().map(view).collect()
}
