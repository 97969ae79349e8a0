//! What a step calls.

use callboard_model::api::Method;
use callboard_model::suggest::{did_you_mean, did_you_mean_or_list, nearest};
use callboard_model::{Operation, Pointer, Service, Severity};

use super::Checker;
use crate::ast::{SourceKind, Step, StepTarget};
use crate::{codes, resolve};

type Found<'c> = Option<(&'c Service, &'c Operation)>;

impl<'c> Checker<'c> {
    /// The operation that a step calls; everything that is wrong with it is reported.
    pub(super) fn target(&mut self, step: &'c Step) -> Found<'c> {
        let found = match &step.target {
            StepTarget::Operation { source, id } => self.by_id(source.as_deref(), id, &step.pointer.join("operationId")),
            StepTarget::OperationPath { source, method, path } => {
                self.by_path(source, method, path, &step.pointer.join("operationPath"))
            }
            StepTarget::Workflow(_) => None,
            StepTarget::Unusable { why } => {
                if step.extensions.contains_key("x-operation") {
                    self.error(codes::UNSUPPORTED, &step.pointer, why.clone(), None);
                }
                None
            }
        };
        let at = match &step.target {
            StepTarget::OperationPath { .. } => step.pointer.join("operationPath"),
            _ => step.pointer.join("operationId"),
        };
        found.filter(|(_, operation)| self.is_usable(operation, &at))
    }

    fn is_usable(&mut self, operation: &Operation, at: &Pointer) -> bool {
        if let Some(why) = &operation.unusable {
            let message = format!("the definition of `{}` cannot be used: {why}", operation.label());
            self.error(codes::UNUSABLE_OPERATION, at, message, None);
            return false;
        }
        if operation.deprecated {
            let message = format!("`{}` is deprecated", operation.label());
            self.report(Severity::Note, codes::DEPRECATED_OPERATION, at, message, None);
        }
        true
    }

    fn by_id(&mut self, source: Option<&str>, id: &str, at: &Pointer) -> Found<'c> {
        let Some(source) = source else {
            return self.by_bare_id(id, at);
        };
        let service = self.named_service(source, at)?;
        if let Some(operation) = service.operation_by_id(id) {
            return Some((service, operation));
        }
        let help = self.similar_operation(Some(service), id);
        self.error(codes::UNKNOWN_OPERATION, at, format!("`{source}` has no operation `{id}`"), help);
        None
    }

    fn by_bare_id(&mut self, id: &str, at: &Pointer) -> Found<'c> {
        let services = self.services();
        let mut fitting = services.iter().filter_map(|(name, service)| Some((*name, *service, service.operation_by_id(id)?)));
        let first = fitting.next();
        let is_ambiguous = fitting.next().is_some();
        if self.file.sources.iter().filter(|source| source.kind() != SourceKind::Arazzo).count() > 1 {
            let help = match first {
                Some((name, ..)) if !is_ambiguous => Some(format!("write `$sourceDescriptions.{name}.{id}`")),
                Some(_) => Some("several sources have it: write `$sourceDescriptions.NAME.` before it".to_owned()),
                None => self.similar_operation(None, id),
            };
            let message = format!("with several sources, `{id}` must say which one it is in");
            let code = if first.is_some() { codes::UNQUALIFIED_OPERATION } else { codes::UNKNOWN_OPERATION };
            let message = if first.is_some() { message } else { format!("no source has an operation `{id}`") };
            self.error(code, at, message, help);
        } else if first.is_none() && !services.is_empty() {
            let help = self.similar_operation(None, id);
            self.error(codes::UNKNOWN_OPERATION, at, format!("no source has an operation `{id}`"), help);
        }
        first.filter(|_| !is_ambiguous).map(|(_, service, operation)| (service, operation))
    }

    fn by_path(&mut self, source: &str, method: &Method, path: &str, at: &Pointer) -> Found<'c> {
        let service = self.named_service(source, at)?;
        if let Some(operation) = service.operation_at(method, path) {
            return Some((service, operation));
        }
        let here: Vec<_> = service.operations.iter().filter(|o| &*o.key.path == path).map(|o| o.key.method.to_string()).collect();
        let (message, help) = if here.is_empty() {
            let help = did_you_mean(path, service.operations.iter().map(|o| &*o.key.path).collect::<Vec<_>>());
            (format!("`{source}` has no path `{path}`"), help)
        } else {
            (format!("`{path}` of `{source}` has no {method}"), Some(format!("it has {}", here.join(", "))))
        };
        self.error(codes::UNKNOWN_OPERATION, at, message, help);
        None
    }

    /// The service of a source; an unknown name is reported, a source without service was reported where it stands.
    fn named_service(&mut self, name: &str, at: &Pointer) -> Option<&'c Service> {
        let source = self.known_source(name, at)?;
        match source.kind() {
            SourceKind::OpenApi => resolve::service(source, self.file, self.document.origin(), self.system),
            SourceKind::Arazzo => {
                let message = format!("`{name}` is a scenario file and has no operations");
                self.error(codes::UNKNOWN_OPERATION, at, message, Some("call a workflow of it with `workflowId`".to_owned()));
                None
            }
            SourceKind::AsyncApi => {
                let help = Some("steps call HTTP operations or workflows".to_owned());
                self.error(codes::UNSUPPORTED_CHANNEL, at, "steps on AsyncAPI operations are not supported", help);
                None
            }
        }
    }

    /// A source by name; an unknown one is reported.
    pub(super) fn known_source(&mut self, name: &str, at: &Pointer) -> Option<&'c crate::ast::SourceDescription> {
        let found = self.file.source(name);
        if found.is_none() {
            let names = self.file.sources.iter().map(|source| source.name.as_str());
            let help = did_you_mean_or_list(name, names.collect::<Vec<_>>());
            self.error(codes::UNKNOWN_SOURCE, at, format!("there is no source description `{name}`"), help);
        }
        found
    }

    /// The services of all sources, with the names of the sources.
    fn services(&self) -> Vec<(&'c str, &'c Service)> {
        let service = |source| resolve::service(source, self.file, self.document.origin(), self.system);
        self.file.sources.iter().filter_map(|source| Some((source.name.as_str(), service(source)?))).collect()
    }

    /// "Did you mean" over the source that was named first, then over all of them.
    fn similar_operation(&self, first: Option<&Service>, id: &str) -> Option<String> {
        let ids = |service: &'c Service| service.operations.iter().filter_map(|o| o.id.as_deref());
        let several = self.file.sources.len() > 1;
        let services = self.services();
        let own: Vec<_> = services.iter().filter(|(_, s)| first.is_some_and(|f| f.name == s.name)).collect();
        for (name, service) in own.into_iter().chain(&services) {
            let exact = service.operation_by_id(id).map(|_| id);
            if let Some(near) = exact.or_else(|| nearest(id, ids(service).collect::<Vec<_>>())) {
                let text = if several { format!("$sourceDescriptions.{name}.{near}") } else { near.to_owned() };
                return Some(format!("did you mean `{text}`?"));
            }
        }
        let by_path = |s: &Service| s.operations.iter().all(|o| o.id.is_none());
        let without = services.iter().find(|(_, s)| by_path(s) && !s.operations.is_empty());
        without.map(|(name, _)| format!("the operations of `{name}` have no ids: use `operationPath`"))
    }
}
