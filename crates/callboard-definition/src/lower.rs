//! From the raw trees to the API model. A thin view: schemas and examples stay where they are.
//!
//! What the model leaves out: callbacks and webhooks (the service itself sends them), servers of single paths and operations, and the
//! header parameters `Accept`, `Content-Type` and `Authorization` of OpenAPI 3 (its section "Parameter Object" says to ignore them).

mod body;
mod keys;
mod links;
mod operation;
mod parameter;
mod path;
mod response;
mod security;
mod servers;
mod tainted;

use std::collections::HashMap;
use std::sync::Arc;

use callboard_model::api::Format;
use callboard_model::{Diagnostic, DocumentId, Documents, Operation, Parsed, Service, ServiceName};

use crate::codes::{AMBIGUOUS_PATH, DUPLICATE_OPERATION_ID, MISSING_INFO, NO_PATHS, WRONG_TYPE};
use crate::node::{Node, kind_of};
use crate::problems::Problems;
use crate::synthetic::Synthetic;
use crate::template;

/// What all parts of a definition need while they are read.
pub(crate) struct Context<'a> {
    pub(crate) service: &'a ServiceName,
    pub(crate) format: Format,
    pub(crate) documents: &'a Documents,
    /// The definition itself.
    pub(crate) root: Node<'a>,
    pub(crate) problems: Problems<'a>,
    pub(crate) synthetic: Synthetic,
}

impl Context<'_> {
    pub(crate) fn is_swagger(&self) -> bool {
        self.format == Format::Swagger20
    }
}

/// Reads the service that complete documents define. The first document is the definition itself.
pub(crate) fn service(
    name: &ServiceName,
    format: Format,
    mut documents: Documents,
    mut diagnostics: Vec<Diagnostic>,
) -> Parsed<Option<Service>> {
    let (mut service, synthetic, found) = read(name, format, &documents);
    synthetic.add_to(&mut documents);
    service.documents = Arc::new(documents);
    diagnostics.extend(found);
    Parsed { value: Some(service), diagnostics }
}

fn read(name: &ServiceName, format: Format, documents: &Documents) -> (Service, Synthetic, Vec<Diagnostic>) {
    let root = Node::root(documents, DocumentId(0));
    let mut cx = Context {
        service: name,
        format,
        documents,
        root: root.clone(),
        problems: Problems::new(documents),
        synthetic: Synthetic::new(documents),
    };
    let info = info(&mut cx);
    let text = |key: &str| info.as_ref().and_then(|info| info.text(key));
    let mut service = Service {
        name: name.clone(),
        title: text("title").unwrap_or_else(|| name.to_string()),
        description: text("description"),
        version: text("version"),
        format,
        documents: Arc::default(),
        servers: servers::servers(&mut cx),
        security_schemes: security::schemes(&mut cx),
        operations: operations(&mut cx),
    };
    links::resolve(&mut cx, &mut service.operations);
    tainted::mark(&mut cx, &mut service.operations);
    (service, cx.synthetic, cx.problems.into_diagnostics())
}

fn info<'a>(cx: &mut Context<'a>) -> Option<Node<'a>> {
    let info = cx.root.get("info").filter(|info| info.value.is_object());
    if info.is_none() {
        cx.problems.warn(MISSING_INFO, &cx.root.at, "the definition has no `info`".to_owned(), None);
    }
    info
}

fn operations(cx: &mut Context<'_>) -> Vec<Operation> {
    let Some(paths) = paths(cx) else {
        return Vec::new();
    };
    let mut operations = Vec::new();
    let mut shapes: HashMap<String, &str> = HashMap::new();
    for (path, item) in paths.entries() {
        if path.starts_with("x-") {
            continue;
        }
        if let Some(other) = shapes.insert(template::shape(path), path) {
            let message = format!("`{path}` and `{other}` differ in the names of their parameters only: they are one path");
            cx.problems.warn_at_key(AMBIGUOUS_PATH, &item.at, message, None);
        }
        operations.extend(path::operations(cx, path, &item));
    }
    report_shared_ids(cx, &operations);
    operations
}

fn paths<'a>(cx: &mut Context<'a>) -> Option<Node<'a>> {
    let Some(paths) = cx.root.raw("paths") else {
        let has_others = cx.root.raw("webhooks").is_some() || cx.root.raw("components").is_some();
        if !has_others || matches!(cx.format, Format::Swagger20 | Format::OpenApi30) {
            cx.problems.warn(NO_PATHS, &cx.root.at, "the definition has no `paths`, so it has no operations".to_owned(), None);
        }
        return None;
    };
    let paths = cx.problems.resolve(&paths)?;
    if paths.object().is_none() {
        let message = format!("`paths` must be an object, here is {}", kind_of(paths.value));
        cx.problems.warn(WRONG_TYPE, &paths.at, message, None);
    }
    Some(paths)
}

fn report_shared_ids(cx: &mut Context<'_>, operations: &[Operation]) {
    let mut known: HashMap<&str, &Operation> = HashMap::new();
    for operation in operations {
        let Some(id) = operation.id.as_deref() else { continue };
        if let Some(first) = known.get(id) {
            let message = format!("the operationId `{id}` is taken by {} {}", first.key.method, first.key.path);
            let help = "name this one by method and path, or give it an id of its own".to_owned();
            cx.problems.warn(DUPLICATE_OPERATION_ID, &operation.node.join("operationId"), message, Some(help));
        } else {
            known.insert(id, operation);
        }
    }
}
