//! The report for the terminal: each failure with all that a person needs to find its cause, then one line that sums up.

use callboard_model::run::{Attempt, CheckKind, CheckOutcome, CheckResult, ScenarioResult, StepResult, Verdict};

use super::clean::{clean_line, shorten};
use super::excerpt::excerpt;
use super::{RunReport, curl, words};

/// At most this many lines of a body are shown.
const BODY_LINES: usize = 12;
/// Values are cut at this many characters.
const MAX_VALUE: usize = 400;

/// What a piece of text is, for whoever gives it colour. The text is complete without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Something that did not hold.
    Failed,
    /// Something that held.
    Passed,
    /// Something that a person should look at.
    Warning,
    /// A name or heading.
    Strong,
    /// Less important.
    Dim,
    /// What was expected.
    Expected,
    /// What was there instead.
    Actual,
}

/// Gives a piece of text its look.
pub type Style = fn(Role, &str) -> String;

/// No look at all.
pub fn plain(_: Role, text: &str) -> String {
    text.to_owned()
}

/// The look for a terminal with colours (ECMA-48 select graphic rendition).
pub fn ansi(role: Role, text: &str) -> String {
    let code = match role {
        Role::Failed => "1;31",
        Role::Passed => "32",
        Role::Warning => "33",
        Role::Strong => "1",
        Role::Dim => "2",
        Role::Expected => "32",
        Role::Actual => "31",
    };
    format!("\u{1b}[{code}m{text}\u{1b}[0m")
}

/// The whole report: what was not ready, each scenario that neither passed nor was flaky, warnings, the summary.
pub fn text(report: &RunReport, style: Style) -> String {
    let mut out = Writer { text: String::new(), style };
    out.not_ready(report);
    let (idle, active): (Vec<_>, Vec<_>) = report.scenarios().filter(|scenario| needs_words(scenario)).partition(|s| is_idle(s));
    active.into_iter().for_each(|scenario| out.scenario(scenario));
    idle.iter().for_each(|scenario| out.scenario(scenario));
    if !idle.is_empty() {
        out.line(0, "");
    }
    out.warnings(report);
    out.text.push_str(&summary(report, style));
    out.text
}

/// One scenario that did not pass, as it stands in [`text`]; for progress that shows failures at once.
pub fn scenario(result: &ScenarioResult, style: Style) -> String {
    let mut out = Writer { text: String::new(), style };
    out.scenario(result);
    out.text
}

/// The line that sums up, with a line on how to repeat the run where it is known.
pub fn summary(report: &RunReport, style: Style) -> String {
    let s = &report.finished.summary;
    let total = report.finished.results.len();
    let parts = [
        (s.failed, "failed", Role::Failed),
        (s.inconclusive, "inconclusive", Role::Warning),
        (s.flaky, "flaky", Role::Warning),
        (s.not_run, "not run", Role::Warning),
        (report.deselected.len(), "deselected", Role::Dim),
    ];
    let mut shown = vec![style(if s.passed > 0 { Role::Passed } else { Role::Dim }, &format!("{} passed", s.passed))];
    shown.extend(parts.iter().filter(|(n, ..)| *n > 0).map(|(n, word, role)| style(*role, &format!("{n} {word}"))));
    let took = words::duration(report.duration_ms().saturating_mul(1000));
    let mut line = format!(
        "{}: {} in {took} (seed {})\n",
        words::count(total, "scenario", "scenarios"),
        shown.join(", "),
        report.started.seed
    );
    if s.accepted_mismatches > 0 {
        let note = format!(
            "{} of the project\n",
            words::count(
                s.accepted_mismatches,
                "definition mismatch is accepted by a rule",
                "definition mismatches are accepted by rules"
            )
        );
        line.push_str(&style(Role::Dim, &note));
    }
    if report.finished.interrupted {
        line.push_str(&style(Role::Warning, "the run was stopped before all was done\n"));
    }
    if let (Some(replay), false) = (&report.replay, report.is_green()) {
        line.push_str(&format!("run it again: {replay}\n"));
    }
    line
}

fn needs_words(scenario: &ScenarioResult) -> bool {
    !matches!(scenario.verdict, Verdict::Passed | Verdict::Flaky)
}

struct Writer {
    text: String,
    style: Style,
}

impl Writer {
    fn line(&mut self, indent: usize, text: &str) {
        self.text.push_str(&" ".repeat(indent));
        self.text.push_str(text);
        self.text.push('\n');
    }

    fn paint(&self, role: Role, text: &str) -> String {
        (self.style)(role, text)
    }

    fn not_ready(&mut self, report: &RunReport) {
        for service in &report.finished.not_ready {
            let title = self.paint(Role::Warning, "environment not ready");
            let text =
                format!("{title}: {} at {}: {}", service.service, clean_line(&service.server), clean_line(&service.reason));
            self.line(0, &text);
        }
        if !report.finished.not_ready.is_empty() {
            self.line(0, "");
        }
    }

    fn scenario(&mut self, scenario: &ScenarioResult) {
        if is_idle(scenario) {
            return self.idle(scenario);
        }
        let (word, role) = verdict(scenario.verdict);
        let name = self.paint(Role::Strong, &clean_line(scenario.name.as_str()));
        let took = self.paint(Role::Dim, &words::duration(scenario.duration));
        let title = format!("{} {name} {took}", self.paint(role, word));
        self.line(0, &title);
        for about in [&scenario.summary, &scenario.reason].into_iter().flatten() {
            self.line(2, &clean_line(about));
        }
        for step in scenario.steps.iter().flat_map(StepResult::with_nested).filter(|step| is_bad(step)) {
            self.step("step", step);
        }
        for step in scenario.teardown.iter().flat_map(StepResult::with_nested).filter(|step| is_bad(step)) {
            self.step("teardown step", step);
        }
        self.not_run(scenario);
        self.line(0, "");
    }

    /// One line is enough where nothing ran.
    fn idle(&mut self, scenario: &ScenarioResult) {
        let (word, role) = verdict(scenario.verdict);
        let reason = scenario.reason.as_ref().map(|reason| format!(": {}", clean_line(reason))).unwrap_or_default();
        let name = self.paint(Role::Strong, &clean_line(scenario.name.as_str()));
        let line = format!("{} {name}{reason}", self.paint(role, word));
        self.line(0, &line);
    }

    fn step(&mut self, what: &str, step: &StepResult) {
        self.line(0, "");
        let place = step.span.as_ref().map(|span| format!("  {}", self.paint(Role::Dim, &span.to_string())));
        let title = format!("{what} {}", self.paint(Role::Strong, &clean_line(&step.step)));
        let (word, role) = verdict(step.verdict);
        let verdict = if step.verdict == Verdict::Failed { String::new() } else { format!("  {}", self.paint(role, word)) };
        self.line(2, &format!("{title}{verdict}{}", place.unwrap_or_default()));
        if let Some(operation) = &step.operation {
            self.line(4, &format!("{} {} of {}", operation.method, operation.path, operation.service));
        }
        if let Some(reason) = &step.reason {
            self.line(4, &clean_line(reason));
        }
        for check in step.failures() {
            self.check(check);
        }
        if let Some(attempt) = step.attempts.last() {
            self.attempt(step, attempt);
        }
    }

    fn check(&mut self, check: &CheckResult) {
        let place = check.span.as_ref().map(|span| format!("  {}", self.paint(Role::Dim, &format!("line {}", span.line))));
        let mark = self.paint(Role::Failed, "✗");
        let condition = shorten(&clean_line(&check.condition), MAX_VALUE).into_owned();
        self.line(4, &format!("{mark} {}{}", title(check.kind, &condition), place.unwrap_or_default()));
        match &check.outcome {
            CheckOutcome::Failed { expected, actual, at } => {
                if let Some(at) = at.as_deref().filter(|at| !at.is_empty()) {
                    self.line(6, &format!("at        {}", clean_line(at)));
                }
                self.value("expected  ", Role::Expected, expected);
                self.value("actual    ", Role::Actual, actual);
            }
            CheckOutcome::Unevaluable { why } => self.line(6, &format!("could not be evaluated: {}", clean_line(why))),
            CheckOutcome::Held | CheckOutcome::Accepted { .. } => {}
        }
    }

    fn value(&mut self, label: &str, role: Role, value: &str) {
        let shown = shorten(&clean_line(value), MAX_VALUE).into_owned();
        self.line(6, &format!("{label}{}", self.paint(role, &shown)));
    }

    fn attempt(&mut self, step: &StepResult, attempt: &Attempt) {
        let tries = match step.attempts.len() {
            1 => String::new(),
            n => format!(", attempt {n} of {n}"),
        };
        match (&attempt.response, &attempt.transport_error) {
            (Some(response), _) => {
                let status = format!("{} {}", response.status, words::status(response.status));
                let took = words::duration(attempt.duration);
                self.line(4, &format!("answer    {}, {} in {took}{tries}", status.trim_end(), words::size(response.size)));
                self.body(step, response.body.as_deref().unwrap_or_default());
            }
            (None, Some(error)) => self.line(4, &format!("no answer: {}{tries}", clean_line(error))),
            (None, None) => self.line(4, &format!("no answer{tries}")),
        }
        self.line(4, &format!("repeat    {}", super::clean::clean(&curl(&attempt.request))));
    }

    fn body(&mut self, step: &StepResult, body: &str) {
        let places: Vec<&str> = step.failures().filter_map(place).collect();
        for line in excerpt(body, &places, BODY_LINES) {
            let mark = if line.is_marked { self.paint(Role::Failed, ">") } else { " ".to_owned() };
            self.line(6, format!("{mark} {}", line.text).trim_end());
        }
    }

    fn not_run(&mut self, scenario: &ScenarioResult) {
        let names: Vec<_> = scenario.steps.iter().filter(|s| s.verdict == Verdict::NotRun).map(|s| clean_line(&s.step)).collect();
        if !names.is_empty() {
            let label = self.paint(Role::Warning, "not run:");
            let noun = if names.len() == 1 { "step" } else { "steps" };
            self.line(0, "");
            self.line(2, &format!("{label} {noun} {}", names.join(", ")));
        }
    }

    fn warnings(&mut self, report: &RunReport) {
        for warning in &report.finished.stale_acceptances {
            let label = self.paint(Role::Warning, "warning:");
            self.line(0, &format!("{label} {}", clean_line(warning)));
        }
    }
}

fn is_bad(step: &StepResult) -> bool {
    let is_own = step.nested.iter().all(|nested| !is_bad(nested)) || step.failures().next().is_some();
    matches!(step.verdict, Verdict::Failed | Verdict::Inconclusive) && is_own
}

/// The place in the body that a failed check is about: as the check says, or as its condition does (`$response.body#/status`).
pub(super) fn place(check: &CheckResult) -> Option<&str> {
    match &check.outcome {
        CheckOutcome::Failed { at: Some(at), .. } if !at.is_empty() => Some(at),
        CheckOutcome::Failed { .. } => {
            let (_, rest) = check.condition.split_once("$response.body#")?;
            let end = rest.find(|c: char| c.is_whitespace() || "=!<>&|)}'\"".contains(c)).unwrap_or(rest.len());
            Some(&rest[..end])
        }
        _ => None,
    }
}

/// Whether nothing of a scenario ran.
pub(super) fn is_idle(scenario: &ScenarioResult) -> bool {
    scenario.verdict != Verdict::Failed && scenario.all_steps().all(|step| step.verdict == Verdict::NotRun)
}

fn verdict(verdict: Verdict) -> (&'static str, Role) {
    match verdict {
        Verdict::Passed => ("passed", Role::Passed),
        Verdict::Failed => ("FAILED", Role::Failed),
        Verdict::Flaky => ("flaky", Role::Warning),
        Verdict::Inconclusive => ("inconclusive", Role::Warning),
        Verdict::NotRun => ("not run", Role::Warning),
    }
}

/// What a check is about, in words.
pub fn title(kind: CheckKind, condition: &str) -> String {
    let about = match kind {
        CheckKind::Criterion | CheckKind::Success => return condition.to_owned(),
        CheckKind::Until => "waiting until",
        CheckKind::DocumentedStatus | CheckKind::ContentType | CheckKind::ResponseSchema | CheckKind::ResponseHeader => {
            "definition"
        }
        CheckKind::RequestSchema => "request",
        CheckKind::Output => "output",
        CheckKind::Transport => "connection",
    };
    format!("{about}: {condition}")
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    #[test]
    fn a_failure_tells_all_that_is_needed_to_find_its_cause() {
        insta::assert_snapshot!(text(&samples::failed_run(), plain));
    }

    #[test]
    fn a_condition_names_its_place_where_the_check_does_not() {
        let outcome = CheckOutcome::Failed { expected: String::new(), actual: String::new(), at: None };
        let check = |condition: &str| CheckResult {
            kind: CheckKind::Criterion,
            condition: condition.to_owned(),
            outcome: outcome.clone(),
            span: None,
        };
        assert_eq!(place(&check("$response.body#/a/0/b=='x'")), Some("/a/0/b"));
        assert_eq!(place(&check("$response.body#/a")), Some("/a"));
        assert_eq!(place(&check("$statusCode == 200")), None);
    }

    #[test]
    fn a_scenario_of_which_nothing_ran_is_one_line() {
        let shown = text(&samples::not_ready_run(), plain);
        let line = "inconclusive scenarios/order.arazzo.yaml#browse: `hub` is not ready\n";
        assert!(shown.contains(line) && !shown.contains("not run: step"), "{shown}");
    }

    #[test]
    fn a_green_run_is_one_line() {
        assert_eq!(text(&samples::green_run(), plain), "1 scenario: 1 passed in 1.2 s (seed 42)\n");
    }

    #[test]
    fn colour_adds_nothing_but_colour() {
        let coloured = text(&samples::failed_run(), ansi);
        let mut stripped = String::new();
        let mut rest = coloured.as_str();
        while let Some(at) = rest.find('\u{1b}') {
            stripped.push_str(&rest[..at]);
            rest = &rest[at + rest[at..].find('m').expect("a sequence ends") + 1..];
        }
        stripped.push_str(rest);
        assert_eq!(stripped, text(&samples::failed_run(), plain));
    }

    #[test]
    fn an_environment_that_is_not_ready_is_no_failure() {
        let shown = text(&samples::not_ready_run(), plain);
        assert!(shown.starts_with("environment not ready: hub at http://127.0.0.1:1: connection refused\n"), "{shown}");
        assert!(shown.contains("0 passed, 1 inconclusive"), "{shown}");
        assert!(!shown.contains("FAILED"), "{shown}");
    }
}
