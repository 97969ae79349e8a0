//! The run as JSON: the contract of `callboard run --json`. Fields are only ever added; `version` counts what breaks readers.

use callboard_model::run::{Attempt, CheckOutcome, CheckResult, ScenarioResult, StepResult, Verdict};
use serde_json::{Map, Value, json};

use super::{AcceptedMismatch, RunReport, curl, words};

/// The version of the shape.
pub const VERSION: u32 = 1;

/// The run as one JSON value. Times are RFC 3339 in UTC, durations milliseconds.
pub fn json(report: &RunReport) -> Value {
    let RunReport { started, finished, .. } = report;
    json!({
        "version": VERSION,
        "summary": summary(report),
        "run": started.run,
        "startedAt": words::time(started.at),
        "durationMs": report.duration_ms(),
        "seed": started.seed,
        "environment": report.environment,
        "interrupted": finished.interrupted,
        "replay": report.replay,
        "tool": report.tool,
        "services": report.services.iter().map(|s| json!({"name": s.name, "server": s.server, "virtual": s.is_virtual})).collect::<Vec<_>>(),
        "notReady": finished.not_ready.iter().map(|n| json!({"service": n.service, "server": n.server, "reason": n.reason})).collect::<Vec<_>>(),
        "deselected": report.deselected.iter().map(|d| json!({"test": d.test, "reason": d.reason})).collect::<Vec<_>>(),
        "acceptedMismatches": report.accepted().iter().map(accepted).collect::<Vec<_>>(),
        "staleAcceptances": finished.stale_acceptances,
        "scenarios": report.scenarios().map(scenario).collect::<Vec<_>>(),
    })
}

fn summary(report: &RunReport) -> Value {
    let s = &report.finished.summary;
    json!({
        "passed": s.passed,
        "failed": s.failed,
        "flaky": s.flaky,
        "inconclusive": s.inconclusive,
        "notRun": s.not_run,
        "deselected": report.deselected.len(),
        "acceptedMismatches": s.accepted_mismatches,
        "ok": report.is_green(),
    })
}

fn accepted(mismatch: &AcceptedMismatch<'_>) -> Value {
    json!({
        "test": mismatch.test,
        "step": mismatch.step,
        "operation": mismatch.operation,
        "mismatch": mismatch.mismatch,
        "at": mismatch.at,
        "reason": mismatch.reason,
    })
}

fn scenario(scenario: &ScenarioResult) -> Value {
    json!({
        "name": scenario.name,
        "file": scenario.file,
        "workflow": scenario.workflow,
        "summary": scenario.summary,
        "verdict": verdict(scenario.verdict),
        "reason": scenario.reason,
        "startedAt": words::time(scenario.started),
        "durationMs": millis(scenario.duration),
        "seed": scenario.seed,
        "trace": scenario.trace,
        "outputs": scenario.outputs,
        "steps": scenario.steps.iter().map(step).collect::<Vec<_>>(),
        "teardown": scenario.teardown.iter().map(step).collect::<Vec<_>>(),
    })
}

fn step(step: &StepResult) -> Value {
    json!({
        "step": step.step,
        "description": step.description,
        "service": step.operation.as_ref().map(|o| &o.service),
        "method": step.operation.as_ref().map(|o| &o.method),
        "path": step.operation.as_ref().map(|o| &o.path),
        "verdict": verdict(step.verdict),
        "reason": step.reason,
        "place": step.span.as_ref().map(ToString::to_string),
        "startedAt": words::time(step.started),
        "durationMs": millis(step.duration),
        "checks": step.checks.iter().map(check).collect::<Vec<_>>(),
        "attempts": step.attempts.iter().map(attempt).collect::<Vec<_>>(),
        "curl": step.attempts.last().map(|attempt| curl(&attempt.request)),
        "outputs": step.outputs,
        "steps": step.nested.iter().map(self::step).collect::<Vec<_>>(),
    })
}

fn check(check: &CheckResult) -> Value {
    let mut fields = Map::new();
    let mut put = |name: &str, value: Value| {
        fields.insert(name.to_owned(), value);
    };
    put("kind", json!(check.kind));
    put("condition", json!(check.condition));
    match &check.outcome {
        CheckOutcome::Held => put("outcome", json!("held")),
        CheckOutcome::Failed { expected, actual, at } => {
            put("outcome", json!("failed"));
            put("expected", json!(expected));
            put("actual", json!(actual));
            put("at", json!(at));
        }
        CheckOutcome::Unevaluable { why } => {
            put("outcome", json!("unevaluable"));
            put("why", json!(why));
        }
        CheckOutcome::Accepted { mismatch, at, reason } => {
            put("outcome", json!("accepted"));
            put("mismatch", json!(mismatch));
            put("at", json!(at));
            put("reason", json!(reason));
        }
    }
    put("place", json!(check.span.as_ref().map(ToString::to_string)));
    Value::Object(fields)
}

fn attempt(attempt: &Attempt) -> Value {
    json!({
        "kind": attempt.kind,
        "request": attempt.request,
        "response": attempt.response,
        "transportError": attempt.transport_error,
        "durationMs": millis(attempt.duration),
    })
}

fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::NotRun => "notRun",
        other => other.as_str(),
    }
}

/// Microseconds as milliseconds with a fraction.
fn millis(micros: u64) -> f64 {
    let micros = u32::try_from(micros).unwrap_or(u32::MAX);
    f64::from(micros) / 1000.0
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    #[test]
    fn the_shape_is_the_documented_one() {
        let value = json(&samples::failed_run());
        assert_eq!(value["version"], 1);
        assert_eq!(value["summary"]["passed"], 1);
        assert_eq!(value["summary"]["failed"], 1);
        assert_eq!(value["summary"]["notRun"], 0);
        assert_eq!(value["summary"]["acceptedMismatches"], 1);
        assert_eq!(value["summary"]["ok"], false);
        let failed = &value["scenarios"][1];
        assert_eq!(failed["name"], "scenarios/order.arazzo.yaml#placeOrder");
        assert_eq!(failed["verdict"], "failed");
        let verdicts: Vec<_> = failed["steps"].as_array().expect("steps").iter().map(|s| s["verdict"].as_str()).collect();
        assert_eq!(verdicts, [Some("passed"), Some("failed"), Some("notRun"), Some("notRun")]);
        assert_eq!(failed["steps"][1]["checks"][1]["actual"], "\"declined\"");
        assert_eq!(value["acceptedMismatches"][0]["reason"], "known since 4.0");
    }

    #[test]
    fn a_run_that_learned_nothing_is_not_ok() {
        let value = json(&samples::not_ready_run());
        assert_eq!(value["summary"]["ok"], false);
        assert_eq!(value["notReady"][0]["service"], "hub");
        assert_eq!(value["scenarios"][0]["verdict"], "inconclusive");
    }

    #[test]
    fn durations_are_milliseconds() {
        assert_eq!(json(&samples::green_run())["scenarios"][0]["durationMs"], 812.0);
    }
}
