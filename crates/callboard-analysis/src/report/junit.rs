//! JUnit XML for whatever reads test results: a suite per file, a case per scenario.
//!
//! A check that did not hold is a `failure`. What taught nothing about the system (environment not ready, run stopped) is an `error`,
//! because many readers count a skipped case as harmless. Scenarios that were deselected or not reached are `skipped`; the reason why
//! nothing was reached is an error of its own in the suite `environment`.

use std::time::Duration;

use callboard_model::run::{ScenarioResult, Verdict};
use indexmap::IndexMap;
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::clean::clean;
use super::{Deselected, RunReport, curl, text};

/// The report could not be written as XML.
#[derive(Debug, thiserror::Error)]
#[error("failed to write the JUnit report")]
pub struct JunitError(#[from] quick_junit::SerializeError);

/// The run as JUnit XML.
pub fn junit(report: &RunReport) -> Result<String, JunitError> {
    let mut suites: IndexMap<&str, TestSuite> = IndexMap::new();
    for scenario in report.scenarios() {
        let suite = suites.entry(&scenario.file).or_insert_with(|| TestSuite::new(&*clean(&scenario.file)));
        suite.add_test_case(case(scenario));
    }
    for deselected in &report.deselected {
        let (file, _) = split(deselected.test.as_str());
        suites.entry(file).or_insert_with(|| TestSuite::new(&*clean(file))).add_test_case(skipped(deselected));
    }
    let mut xml = Report::new("callboard");
    xml.set_time(Duration::from_millis(report.duration_ms()));
    xml.add_test_suites(environment(report));
    xml.add_test_suites(suites.into_values().map(timed));
    Ok(xml.to_string()?)
}

/// A suite for what kept the run from learning anything.
fn environment(report: &RunReport) -> Option<TestSuite> {
    let mut suite = TestSuite::new("environment");
    for service in &report.finished.not_ready {
        let message = format!("{} at {} is not ready: {}", service.service, service.server, service.reason);
        suite.add_test_case(error(&format!("{} is ready", service.service), "environment-not-ready", &message));
    }
    if report.finished.interrupted {
        suite.add_test_case(error("the run is complete", "interrupted", "the run was stopped before all was done"));
    }
    (!suite.test_cases.is_empty()).then_some(suite)
}

fn error(name: &str, kind: &str, message: &str) -> TestCase {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
    status.set_type(kind).set_message(&*clean(message));
    let mut case = TestCase::new(&*clean(name), status);
    case.set_classname("environment");
    case
}

fn case(scenario: &ScenarioResult) -> TestCase {
    let mut case = TestCase::new(&*clean(split(scenario.name.as_str()).1), status(scenario));
    case.set_classname(&*clean(&scenario.file)).set_time(Duration::from_micros(scenario.duration));
    case.set_assertions(scenario.all_steps().map(|step| step.checks.len()).sum());
    let out = output(scenario);
    if !out.is_empty() {
        case.set_system_out(&*clean(&out));
    }
    case
}

fn status(scenario: &ScenarioResult) -> TestCaseStatus {
    let mut status = match scenario.verdict {
        Verdict::Passed | Verdict::Flaky => return TestCaseStatus::success(),
        Verdict::Failed => TestCaseStatus::non_success(NonSuccessKind::Failure),
        Verdict::Inconclusive => TestCaseStatus::non_success(NonSuccessKind::Error),
        Verdict::NotRun => TestCaseStatus::skipped(),
    };
    status.set_message(&*clean(&message(scenario)));
    if scenario.verdict != Verdict::NotRun {
        status.set_type(scenario.verdict.as_str()).set_description(&*clean(&text::scenario(scenario, text::plain)));
    }
    status
}

/// One line: the first failed check, or the reason.
fn message(scenario: &ScenarioResult) -> String {
    let failed = scenario.all_steps().find_map(|step| step.failures().next().map(|check| (step, check)));
    match (failed, &scenario.reason) {
        (Some((step, check)), _) => format!("step {}: {}", step.step, text::title(check.kind, &check.condition)),
        (None, Some(reason)) => reason.clone(),
        (None, None) => scenario.verdict.as_str().to_owned(),
    }
}

/// The requests of failed steps, and the mismatches that are accepted.
fn output(scenario: &ScenarioResult) -> String {
    let mut lines = Vec::new();
    for step in scenario.all_steps() {
        if let (Verdict::Failed, Some(attempt)) = (step.verdict, step.attempts.last()) {
            lines.push(format!("step {}: {}", step.step, curl(&attempt.request)));
        }
        lines.extend(super::accepted_in(scenario, step).map(|accepted| {
            let at = accepted.at.map(|at| format!(" at {at}")).unwrap_or_default();
            format!("step {}: accepted mismatch{at}: {} ({})", accepted.step, accepted.mismatch, accepted.reason)
        }));
    }
    if scenario.verdict == Verdict::Flaky {
        lines.push("flaky: held on a further attempt".to_owned());
    }
    lines.join("\n")
}

fn skipped(deselected: &Deselected) -> TestCase {
    let (file, name) = split(deselected.test.as_str());
    let mut status = TestCaseStatus::skipped();
    status.set_message(&*clean(&format!("deselected: {}", deselected.reason)));
    let mut case = TestCase::new(&*clean(name), status);
    case.set_classname(&*clean(file));
    case
}

fn timed(mut suite: TestSuite) -> TestSuite {
    let time = suite.test_cases.iter().filter_map(|case| case.time).sum();
    suite.set_time(time);
    suite
}

/// The file and the rest of a test's name.
fn split(name: &str) -> (&str, &str) {
    name.split_once('#').unwrap_or(("", name))
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    #[test]
    fn each_outcome_has_its_element() {
        let mut report = samples::failed_run();
        report.deselected =
            vec![Deselected { test: "scenarios/a.arazzo.yaml#b".into(), reason: "no change concerns it".to_owned() }];
        insta::assert_snapshot!(junit(&report).expect("it is written"));
    }

    #[test]
    fn an_environment_that_is_not_ready_is_an_error_not_a_skip() {
        let xml = junit(&samples::not_ready_run()).expect("it is written");
        assert!(xml.contains(r#"<testsuite name="environment" tests="1" skipped="0" errors="1" failures="0""#), "{xml}");
        assert!(xml.contains("hub at http://127.0.0.1:1 is not ready: connection refused"), "{xml}");
        assert_eq!(xml.matches("<error").count(), 2, "{xml}");
    }

    #[test]
    fn hostile_text_stays_text() {
        let xml = junit(&samples::hostile_run()).expect("it is written");
        assert!(!xml.contains("<img") && !xml.contains("<script") && !xml.contains('\u{1b}') && !xml.contains('\0'), "{xml}");
        assert!(xml.contains("\\u{1b}[31m"), "{xml}");
    }
}
