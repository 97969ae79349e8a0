//! `callboard gaps`: the operations, answers and values between services that no test touches.

use callboard_analysis::gaps::{self as analysis, AnswerGap, Gaps, Known, ServiceCoverage};
use callboard_model::OperationKey;
use callboard_model::map::{Consumer, Input};
use callboard_store::Store;

use crate::cli::GapsArgs;
use crate::commands::impact::test_uses;
use crate::exit::{Exit, Failure};
use crate::project::{Project, no_services};
use crate::suite::Suite;
use crate::terminal::{Sources, Terminal};

/// Shows what is not tested.
pub(crate) async fn gaps(project: &Project, arguments: &GapsArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    let mut sources = Sources::default();
    let suite = Suite::read(project, &[], &arguments.definitions.definitions, &mut sources)?;
    if suite.system.services().is_empty() && suite.definition_problems.is_empty() {
        return Err(no_services());
    }
    let errors = suite.errors();
    terminal.diagnostics(&errors, &sources);
    let gaps = find(project, &suite).await;
    if arguments.json {
        terminal.json(&analysis::json(&gaps));
    } else {
        terminal.data(&to_text(&gaps));
    }
    Ok(if errors.is_empty() { Exit::Pass } else { Exit::BadInput })
}

/// What no scenario touches, and no run did.
pub(crate) async fn find(project: &Project, suite: &Suite) -> Gaps {
    let map = callboard_planner::map(&suite.system, &project.map_options());
    let (observed, answered) = match Store::open_to_read(&project.store_path()).await {
        Ok(mut store) => (store.observed().await.unwrap_or_default(), store.answered().await.unwrap_or_default()),
        // Without a store, the scenario files alone tell.
        Err(_) => (Vec::new(), Vec::new()),
    };
    let known = Known { tests: &test_uses(suite), observed: &observed, answered: &answered };
    analysis::gaps(&suite.system, &map, known)
}

fn to_text(gaps: &Gaps) -> String {
    let mut text = String::new();
    for service in &gaps.services {
        text.push_str(&summary(service));
        let is_own = |operation: &OperationKey| operation.service == service.service;
        for gap in gaps.gaps.iter().filter(|gap| is_own(&gap.operation)) {
            let summary = gap.summary.as_deref().map(|s| format!("  {s}")).unwrap_or_default();
            text.push_str(&format!("    {} {}{summary}\n", gap.operation.method, gap.operation.path));
        }
        // Of an operation that nobody calls, nothing else is touched either.
        let is_called = |operation: &OperationKey| gaps.gaps.iter().all(|gap| gap.operation != *operation);
        for gap in gaps.answers.iter().filter(|gap| is_own(&gap.operation) && is_called(&gap.operation)) {
            text.push_str(&format!("    {}\n", answer(gap)));
        }
        let mut crossings: Vec<(&Consumer, Vec<&str>)> = Vec::new();
        for gap in gaps.crossings.iter().filter(|gap| is_own(&gap.to.operation) && is_called(&gap.to.operation)) {
            match crossings.last_mut().filter(|(to, _)| **to == gap.to) {
                Some((_, from)) => from.push(gap.from.as_str()),
                None => crossings.push((&gap.to, vec![gap.from.as_str()])),
            }
        }
        crossings.iter().for_each(|(to, from)| text.push_str(&format!("    {}\n", crossing(to, from))));
    }
    text
}

fn summary(service: &ServiceCoverage) -> String {
    let only_virtual = match service.only_virtual {
        0 => String::new(),
        count => format!(", {count} of them only by a stand-in"),
    };
    let ServiceCoverage { service: name, operations, covered, classes, crossings, .. } = service;
    let mut line = format!("{name}: {covered} of {operations} operations tested{only_virtual}\n");
    line.push_str(&format!("    {} of {} status classes asked for", classes.touched, classes.all));
    if crossings.all > 0 {
        line.push_str(&format!("; {} of {} values from other services passed on", crossings.touched, crossings.all));
    }
    line.push('\n');
    line
}

/// `POST /orders never answers 4xx (400, 409)`.
fn answer(gap: &AnswerGap) -> String {
    let statuses = gap.statuses.iter().map(u16::to_string).collect::<Vec<_>>().join(", ");
    let what = match (gap.is_whole_class, statuses.is_empty()) {
        (true, true) => format!("{}xx", gap.class),
        (true, false) => format!("{}xx ({statuses})", gap.class),
        (false, _) => statuses,
    };
    format!("{} {} never answers {what}", gap.operation.method, gap.operation.path)
}

/// ``POST /orders never takes `buyer` from customers, cart``.
fn crossing(to: &Consumer, from: &[&str]) -> String {
    let input = match &to.input {
        Input::Parameter(_, name) => name.clone(),
        Input::Body(pointer) => pointer.as_str().trim_start_matches('/').to_owned(),
    };
    format!("{} {} never takes `{input}` from {}", to.operation.method, to.operation.path, from.join(", "))
}
