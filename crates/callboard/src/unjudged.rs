//! What of the definitions no check judges, such as a pattern that cannot be evaluated: told before a run rather than in its report.

use std::collections::BTreeSet;

use callboard_model::{Code, Diagnostic, NodeRef, Operation, Pointer, Service, Span};
use callboard_scenario::resolve;
use callboard_schema::{Direction, Validator};

use crate::commands::check::counted;
use crate::suite::Suite;

/// Parts of schemas that are not judged.
const UNJUDGED_SCHEMA: Code = Code("unjudged-schema");
/// Without scenarios, so many operations of each service are looked at.
const MAX_OPERATIONS: usize = 300;
/// So many parts are named.
const MAX_NAMED: usize = 5;

/// One note for each definition with such parts, in the operations that scenarios call; in all of them where there is no scenario.
pub(crate) fn notes(suite: &Suite) -> Vec<Diagnostic> {
    let called = called(suite);
    let of_service = |service: &Service| {
        let is_called = |operation: &&Operation| called.as_ref().is_none_or(|called| called.contains(&operation.key));
        let operations =
            service.operations.iter().filter(is_called).take(if called.is_some() { usize::MAX } else { MAX_OPERATIONS });
        let parts: BTreeSet<String> = operations.flat_map(|operation| parts(service, operation)).collect();
        note(service, &parts.into_iter().collect::<Vec<_>>())
    };
    suite.system.services().iter().filter_map(of_service).collect()
}

/// The operations that steps call; nothing where there are no scenarios.
fn called(suite: &Suite) -> Option<BTreeSet<callboard_model::OperationKey>> {
    let documents = suite.all_documents();
    let mut keys = BTreeSet::new();
    for source in documents.iter().filter_map(|document| document.source.as_deref()) {
        let steps = source.file.workflows.iter().flat_map(|workflow| workflow.steps.iter().chain(&workflow.finally));
        let found = steps.filter_map(|step| resolve::operation(&step.target, &source.file, source.origin(), &suite.system));
        keys.extend(found.map(|(_, operation)| operation.key.clone()));
    }
    (!documents.is_empty()).then_some(keys)
}

/// What of the bodies of an operation is not judged: `POINTER: WHAT`.
fn parts(service: &Service, operation: &Operation) -> Vec<String> {
    let sent = operation.request_body.iter().flat_map(|body| &body.content).map(|media| (&media.schema, Direction::Request));
    let content = operation.responses.iter().flat_map(|response| &response.content);
    let bodies = sent.chain(content.map(|media| (&media.schema, Direction::Response)));
    let notes = bodies.filter_map(|(node, direction)| Some((service.schema(node.as_ref()?)?, direction)));
    notes.flat_map(|(schema, direction)| Validator::notes_of(&schema, direction).unwrap_or_default()).collect()
}

fn note(service: &Service, parts: &[String]) -> Option<Diagnostic> {
    let first = parts.first()?;
    let (entry, document) = service.documents.iter().next()?;
    let place = first.split(": ").next().and_then(Pointer::parse).map(|pointer| NodeRef::new(entry, pointer));
    let place = place.filter(|node| service.documents.value(node).is_some());
    let span = place.map_or_else(|| Span::file(document.origin().clone()), |node| service.documents.span(&node));
    let shown: Vec<&str> = parts.iter().take(MAX_NAMED).map(String::as_str).collect();
    let more = if parts.len() > MAX_NAMED { format!(", and {} more", parts.len() - MAX_NAMED) } else { String::new() };
    let message = format!(
        "{} of the schemas of `{}` cannot be judged, and nothing is said about them",
        counted(parts.len(), "part"),
        service.name
    );
    Some(Diagnostic::note(UNJUDGED_SCHEMA, span, message).with_help(format!("{}{more}", shown.join("; "))))
}
