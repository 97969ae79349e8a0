//! A plan as text, one line per step and binding: for terminals and for tests.

use std::fmt::Write;

use callboard_model::plan::{BindingSource, Expectation, Plan, PlannedCheck, PlannedStep};

/// A plan as text.
pub fn render(plan: &Plan) -> String {
    let mut text = String::new();
    for (number, step) in plan.steps.iter().enumerate() {
        render_step(&mut text, &number.to_string(), step);
    }
    for step in &plan.teardown {
        render_step(&mut text, "finally", step);
    }
    text
}

fn render_step(text: &mut String, number: &str, step: &PlannedStep) {
    let _ = write!(text, "{number} {} {} {}", step.operation.service, step.operation.method, step.operation.path);
    if let Expectation::Status(patterns) = &step.expect {
        let patterns: Vec<String> = patterns.iter().map(ToString::to_string).collect();
        let _ = write!(text, " -> {}", patterns.join("|"));
    }
    let _ = writeln!(text, "  ({}; {})", step.step, step.words.join(" "));
    for binding in &step.bindings {
        let _ = writeln!(text, "    {} = {}", binding.input, source(&binding.source));
    }
    for check in &step.checks {
        let _ = writeln!(text, "    check {}", render_check(check));
    }
    for check in step.until.iter().flatten() {
        let _ = writeln!(text, "    until {}", render_check(check));
    }
}

fn source(source: &BindingSource) -> String {
    match source {
        BindingSource::Step { step, output } => format!("step {step} {output}"),
        BindingSource::Environment(name) => format!("environment {name}"),
        BindingSource::Literal(value) => value.to_string(),
        BindingSource::Generated { name, value } => format!("generated {name} {value}"),
    }
}

/// A check in words.
pub(crate) fn render_check(check: &PlannedCheck) -> String {
    let has = |present: bool| if present { "has" } else { "lacks" };
    match check {
        PlannedCheck::Echo { at, sent } => format!("{at} is what step {} sent as {}", sent.step, sent.input),
        PlannedCheck::Equals { at, value } => format!("{at} is {value}"),
        PlannedCheck::Differs { at, value } => format!("{at} is not {value}"),
        PlannedCheck::Same { at, as_in } => format!("{at} is the same as {}", source(as_in)),
        PlannedCheck::Status(patterns) => format!("status {patterns:?}"),
        PlannedCheck::Present { at } => format!("{at} is there"),
        PlannedCheck::Absent { at } => format!("{at} is not there"),
        PlannedCheck::Key { at, prefix, value, suffix, present } => {
            format!("{at} {} key {prefix}{{{}}}{suffix}", has(*present), source(value))
        }
        PlannedCheck::Contains { at, item, value, present } => format!("{at} {} {item} = {}", has(*present), source(value)),
    }
}
