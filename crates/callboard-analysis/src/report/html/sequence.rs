//! Who called whom, drawn: a lane for the test and one for each service, a row for each step.

use callboard_model::run::{ScenarioResult, StepResult, Verdict};
use serde::Serialize;

use super::super::clean::{clean_line, shorten};

/// Between two lanes, in pixels: as much as the page has room for, within these bounds.
const LANES: [usize; 2] = [152, 190];
/// The room that the page has.
const ROOM: usize = 1_050;
/// Left of the first lane.
const MARGIN: usize = 60;
/// Above the first row.
const TOP: usize = 62;
/// One row.
const ROW: usize = 50;
/// The width of a character of a label, about.
const CHAR: usize = 7;
/// Longer names of services are cut to fit their box.
const MAX_NAME: usize = 17;
/// Longer scenarios are drawn up to here.
const MAX_ROWS: usize = 60;

/// A drawing, in pixels.
#[derive(Serialize)]
pub(super) struct Sequence {
    width: usize,
    height: usize,
    bottom: usize,
    label: String,
    lanes: Vec<Lane>,
    rows: Vec<Row>,
    left_out: usize,
}

#[derive(Serialize)]
struct Lane {
    name: String,
    x: usize,
    colour: usize,
    is_test: bool,
}

#[derive(Serialize)]
struct Row {
    y: usize,
    answer_y: usize,
    from: usize,
    to: usize,
    class: &'static str,
    sign: &'static str,
    call: String,
    answer: String,
    title: String,
}

/// The drawing of a scenario that calls services; none where it calls nobody.
pub(super) fn draw(scenario: &ScenarioResult, services: &[&str], colour: impl Fn(&str) -> usize) -> Option<Sequence> {
    let calls: Vec<&StepResult> = scenario.all_steps().filter(|step| step.operation.is_some()).collect();
    if calls.is_empty() {
        return None;
    }
    let gap = (2 * ROOM / (2 * services.len() + 1)).clamp(LANES[0], LANES[1]);
    let x = |lane: usize| MARGIN + lane * gap;
    let mut lanes = vec![Lane { name: "test".to_owned(), x: x(0), colour: 0, is_test: true }];
    lanes.extend(services.iter().enumerate().map(|(i, service)| Lane {
        name: shorten(&clean_line(service), MAX_NAME).into_owned(),
        x: x(i + 1),
        colour: colour(service),
        is_test: false,
    }));
    let rows: Vec<Row> = calls.iter().take(MAX_ROWS).enumerate().filter_map(|(i, step)| row(step, i, services, gap)).collect();
    let bottom = TOP + rows.len() * ROW;
    Some(Sequence {
        width: x(services.len()) + gap / 2,
        height: bottom + 8,
        bottom,
        label: format!(
            "The scenario calls {} in {} steps",
            services.iter().map(|s| clean_line(s)).collect::<Vec<_>>().join(", "),
            calls.len()
        ),
        left_out: calls.len() - rows.len(),
        lanes,
        rows,
    })
}

fn row(step: &StepResult, i: usize, services: &[&str], gap: usize) -> Option<Row> {
    let operation = step.operation.as_ref()?;
    let lane = services.iter().position(|service| *service == operation.service.as_str())? + 1;
    let (class, sign) = look(step.verdict);
    let call = format!("{} {}", operation.method, operation.path);
    let y = TOP + i * ROW + 12;
    Some(Row {
        y,
        answer_y: y + 20,
        from: MARGIN,
        to: MARGIN + lane * gap,
        class,
        sign,
        call: shorten(&clean_line(&call), (lane * gap - 24) / CHAR).into_owned(),
        answer: shorten(&answer(step), (lane * gap - 24) / CHAR).into_owned(),
        title: clean_line(&format!("{}: {call}, {}", step.step, step.verdict.as_str())).into_owned(),
    })
}

fn look(verdict: Verdict) -> (&'static str, &'static str) {
    match verdict {
        Verdict::Passed => ("passed", ""),
        Verdict::Failed => ("failed", "✗"),
        Verdict::Flaky => ("flaky", "≈"),
        Verdict::Inconclusive => ("inconclusive", "?"),
        Verdict::NotRun => ("notrun", "○"),
    }
}

/// What came back, with the number of requests where there were several.
fn answer(step: &StepResult) -> String {
    let Some(last) = step.attempts.last() else {
        return step.verdict.as_str().to_owned();
    };
    let what = match &last.response {
        Some(response) => response.status.to_string(),
        None => "no answer".to_owned(),
    };
    if step.attempts.len() > 1 { format!("{what} ({} requests)", step.attempts.len()) } else { what }
}
