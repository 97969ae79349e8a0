//! `callboard gaps`: the operations that no test calls.

use callboard_analysis::gaps::{self as analysis, Gaps};
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

/// The operations that no scenario calls and no test was seen to reach.
pub(crate) async fn find(project: &Project, suite: &Suite) -> Gaps {
    let observed = match Store::open_to_read(&project.store_path()).await {
        Ok(mut store) => store.observed().await.unwrap_or_default(),
        // Without a store, the scenario files alone tell.
        Err(_) => Vec::new(),
    };
    analysis::gaps(&suite.system, &test_uses(suite), &observed)
}

fn to_text(gaps: &Gaps) -> String {
    let mut text = String::new();
    for service in &gaps.services {
        let only_virtual = if service.only_virtual > 0 {
            format!(", {} of them only by a stand-in", service.only_virtual)
        } else {
            String::new()
        };
        text.push_str(&format!(
            "{}: {} of {} operations tested{only_virtual}\n",
            service.service, service.covered, service.operations
        ));
        for gap in gaps.gaps.iter().filter(|gap| gap.operation.service == service.service) {
            let summary = gap.summary.as_deref().map(|s| format!("  {s}")).unwrap_or_default();
            text.push_str(&format!("    {} {}{summary}\n", gap.operation.method, gap.operation.path));
        }
    }
    text
}
