//! One step on the page: its place in time, its checks with what was expected and what was there, its requests and answers.

use callboard_model::run::{
    Attempt, AttemptKind, CheckOutcome, CheckResult, RequestRecord, ResponseRecord, ScenarioResult, StepResult, Verdict,
};
use serde::Serialize;
use similar::{ChangeTag, TextDiff};

use super::super::excerpt::{Line, excerpt};
use super::super::{curl, text, words};
use super::view::{ChipView, Palette, VerdictView, block, line, verdict};

/// Lines of a body that are shown: where something failed, and elsewhere.
const BODY_LINES: [usize; 2] = [400, 80];
/// Values that are compared character by character.
const MAX_DIFF: usize = 300;
#[derive(Serialize)]
pub(super) struct StepView {
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

/// Turns times into places on a line from 0 to 100.
pub(super) struct Clock {
    start: u64,
    length: u64,
}

impl Clock {
    pub(super) fn of(scenario: &ScenarioResult) -> Self {
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
pub(super) struct Look<'a> {
    pub(super) clock: &'a Clock,
    pub(super) palette: &'a Palette,
    pub(super) is_detailed: bool,
}

/// The steps in order, each followed by those of the workflow that it calls.
pub(super) fn steps(steps: &[StepResult], look: &Look<'_>) -> Vec<StepView> {
    let mut views = Vec::new();
    add_steps(steps, 0, look, &mut views);
    views
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
