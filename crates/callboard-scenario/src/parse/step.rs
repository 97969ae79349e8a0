//! Steps: target, request, polls.

use std::time::Duration;

use callboard_model::suggest::{did_you_mean, nearest};
use callboard_model::{Method, Pointer};
use serde_json::Value;

use super::Reader;
use super::action::Kind;
use super::fields::Fields;
use crate::ast::{Replacement, RequestBody, Step, StepReference, StepTarget, Until};
use crate::codes;
use crate::expression::{Expression, Reference, SyntaxError};
use crate::selector::{Selector, SelectorKind, selector_kind};

/// The extension for polls.
pub(crate) const UNTIL: &str = "x-callboard-until";

const METHODS: [&str; 9] = ["get", "put", "post", "delete", "options", "head", "patch", "trace", "query"];

impl<'d> Reader<'d> {
    pub(super) fn steps(&mut self, fields: &Fields<'d>, key: &str) -> Vec<Step> {
        let items = self.filled_list(fields, key);
        items.into_iter().filter_map(|(at, item)| self.step(item, &at)).collect()
    }

    fn step(&mut self, value: &'d Value, at: &Pointer) -> Option<Step> {
        const KNOWN: [&str; 11] = [
            "stepId",
            "description",
            "operationId",
            "operationPath",
            "workflowId",
            "parameters",
            "requestBody",
            "successCriteria",
            "onSuccess",
            "onFailure",
            "outputs",
        ];
        const NEWER: [&str; 5] = ["channelPath", "action", "correlationId", "timeout", "dependsOn"];
        let fields = self.fields(value, at, "a step", &KNOWN, &NEWER)?;
        self.refuse_empty(&fields, "successCriteria");
        Some(Step {
            id: self.id(&fields, "stepId"),
            description: self.owned(&fields, "description"),
            target: self.target(&fields),
            parameters: self.parameters(&fields),
            request_body: self.request_body(&fields),
            success_criteria: self.criteria(&fields, "successCriteria"),
            on_success: self.actions(&fields, "onSuccess", Kind::Success),
            on_failure: self.actions(&fields, "onFailure", Kind::Failure),
            outputs: self.outputs(&fields),
            timeout: self.amount(&fields, "timeout").map(|ms| Duration::from_secs_f64(ms / 1000.0)),
            depends_on: self.step_references(&fields),
            until: self.until(&fields),
            extensions: fields.extensions(),
            pointer: at.clone(),
            comment: None,
        })
    }

    fn step_references(&mut self, fields: &Fields<'d>) -> Vec<StepReference> {
        let items = self.list(fields, "dependsOn");
        items.into_iter().filter_map(|(at, item)| self.step_reference(item, &at)).collect()
    }

    fn target(&mut self, fields: &Fields<'d>) -> StepTarget {
        let unusable = |why: &str| StepTarget::Unusable { why: why.to_owned() };
        let keys = ["operationId", "operationPath", "workflowId", "channelPath"];
        let given: Vec<_> = keys.into_iter().filter(|key| fields.has(key)).collect();
        if let [first, second, ..] = given[..] {
            let message = format!("a step has one target, not `{first}` and `{second}`");
            let help = format!("remove `{first}` or `{second}`");
            self.key_error(codes::AMBIGUOUS_TARGET, &fields.at.join(second), message, Some(help));
            return unusable("the step has two targets");
        }
        let Some(key) = given.first() else {
            return self.no_target(fields);
        };
        let at = fields.at.join(key);
        let Some(text) = self.string(fields, key) else {
            return unusable("the target is no string");
        };
        let target = match *key {
            "operationId" => self.operation_id(text, &at),
            "operationPath" => self.operation_path(text, &at),
            "workflowId" => self.workflow_reference(&fields.map["workflowId"], &at).map(StepTarget::Workflow),
            _ => {
                let help = "steps call HTTP operations or workflows".to_owned();
                self.error(codes::UNSUPPORTED_CHANNEL, &at, "steps on AsyncAPI channels are not supported", Some(help));
                None
            }
        };
        target.unwrap_or_else(|| unusable("the target cannot be used"))
    }

    fn no_target(&mut self, fields: &Fields<'d>) -> StepTarget {
        if fields.has("x-operation") {
            return StepTarget::Unusable { why: "`x-operation` is not supported".to_owned() };
        }
        // A misspelled target is reported as an unknown field already.
        let known = ["operationId", "operationPath", "workflowId"];
        let misspelt = fields.map.keys().find(|key| !key.starts_with("x-") && *key != "stepId" && nearest(key, known).is_some());
        if misspelt.is_none() {
            let help = "a step needs `operationId`, `operationPath` or `workflowId`".to_owned();
            self.error(codes::MISSING_TARGET, &fields.at, "the step calls nothing", Some(help));
        }
        StepTarget::default()
    }

    fn operation_id(&mut self, text: &str, at: &Pointer) -> Option<StepTarget> {
        if !text.starts_with('$') {
            return Some(StepTarget::Operation { source: None, id: text.to_owned() });
        }
        let (source, id) = self.source_reference(text, at, "an operationId")?;
        Some(StepTarget::Operation { source: Some(source), id })
    }

    fn operation_path(&mut self, text: &str, at: &Pointer) -> Option<StepTarget> {
        match operation_path(text) {
            Ok(target) => Some(target),
            Err(error) => {
                self.syntax(codes::BAD_OPERATION_PATH, at, error);
                None
            }
        }
    }

    fn request_body(&mut self, fields: &Fields<'d>) -> Option<RequestBody> {
        let value = fields.get("requestBody")?;
        let at = fields.at.join("requestBody");
        let fields = self.fields(value, &at, "a request body", &["contentType", "payload", "replacements"], &[])?;
        let payload = fields.get("payload").map(|payload| self.template(payload, &at.join("payload")));
        let content_type = self.owned(&fields, "contentType");
        let is_xml = content_type.as_deref().is_some_and(|name| name.contains("xml"));
        let items = self.list(&fields, "replacements");
        let replacements = items.into_iter().filter_map(|(at, item)| self.replacement(item, &at, is_xml)).collect();
        Some(RequestBody { content_type, payload, replacements, extensions: fields.extensions(), pointer: at })
    }

    fn replacement(&mut self, value: &'d Value, at: &Pointer, is_xml: bool) -> Option<Replacement> {
        let fields = self.fields(value, at, "a replacement", &["target", "value"], &["targetSelectorType"])?;
        let target = self.required_string(&fields, "target");
        let value = self.required(&fields, "value")?;
        let value = self.template(value, &at.join("value"));
        let usual = if is_xml { SelectorKind::XPath } else { SelectorKind::JsonPointer };
        let kind = match fields.get("targetSelectorType").map(selector_kind) {
            None => usual,
            Some(Ok(kind)) => kind,
            Some(Err(error)) => {
                self.syntax(codes::INVALID_VALUE, &at.join("targetSelectorType"), error);
                return None;
            }
        };
        let selector = self.selector(kind, &target, &at.join("target"))?;
        Some(Replacement {
            target,
            selector,
            names_type: fields.has("targetSelectorType"),
            value,
            extensions: fields.extensions(),
            pointer: at.clone(),
        })
    }

    fn selector(&mut self, kind: SelectorKind, text: &str, at: &Pointer) -> Option<Selector> {
        let code = match kind {
            SelectorKind::JsonPointer => codes::BAD_POINTER,
            SelectorKind::JsonPath => codes::BAD_JSONPATH,
            SelectorKind::XPath => {
                let help = "use a JSON Pointer or JSONPath".to_owned();
                self.error(codes::UNSUPPORTED_XPATH, at, "XPath is not supported", Some(help));
                return Some(Selector::XPath);
            }
        };
        match Selector::parse(kind, text) {
            Ok(selector) => Some(selector),
            Err(error) => {
                self.syntax(code, at, error);
                None
            }
        }
    }

    fn until(&mut self, fields: &Fields<'d>) -> Option<Until> {
        let value = fields.get(UNTIL)?;
        let at = fields.at.join(UNTIL);
        let fields = self.fields(value, &at, "`x-callboard-until`", &["criteria", "timeout", "interval"], &[])?;
        self.required(&fields, "criteria");
        self.refuse_empty(&fields, "criteria");
        let seconds = |amount: Option<f64>, usual: Duration| amount.map_or(usual, Duration::from_secs_f64);
        Some(Until {
            criteria: self.criteria(&fields, "criteria"),
            timeout: seconds(self.amount(&fields, "timeout"), Until::DEFAULT_TIMEOUT),
            interval: seconds(self.amount(&fields, "interval"), Until::DEFAULT_INTERVAL),
            pointer: at,
        })
    }
}

/// Reads `{$sourceDescriptions.NAME.url}#/paths/~1x/get`.
fn operation_path(text: &str) -> Result<StepTarget, SyntaxError> {
    const SHAPE: &str = "write `{$sourceDescriptions.NAME.url}#/paths/~1orders~1{id}/get`";
    let whole = text.chars().count();
    let wrong = |offset: usize, message: String| {
        SyntaxError::new(offset, whole.saturating_sub(offset), message).with_help(Some(SHAPE.to_owned()))
    };
    let not_a_path = || {
        let error = wrong(0, format!("`{text}` is no `operationPath`"));
        match plain_path(text) {
            Some(proposal) => error.with_help(Some(format!("write `{proposal}`"))),
            None => error,
        }
    };
    let (expression, fragment) = match text.strip_prefix('{') {
        Some(rest) => rest.split_once('}').and_then(|(e, rest)| Some((e, rest.strip_prefix('#')?))).ok_or_else(not_a_path)?,
        None => text.split_once('#').ok_or_else(not_a_path)?,
    };
    let source = source_of(expression).ok_or_else(not_a_path)?;
    let offset = whole - fragment.chars().count();
    let fragment = fragment.replace("%7B", "{").replace("%7D", "}").replace("%7b", "{").replace("%7d", "}");
    let pointer = Pointer::parse(&fragment).ok_or_else(|| wrong(offset, format!("`{fragment}` is no JSON Pointer")))?;
    let segments: Vec<String> = pointer.segments().collect();
    match &segments[..] {
        [paths, path, method] if paths == "paths" => {
            let known = METHODS.contains(&method.to_ascii_lowercase().as_str());
            if !known {
                let help = did_you_mean(method, METHODS).unwrap_or_else(|| SHAPE.to_owned());
                let error = wrong(whole - method.chars().count(), format!("`{method}` is no HTTP method"));
                return Err(error.with_help(Some(help)));
            }
            Ok(StepTarget::OperationPath { source, method: Method::parse(method), path: path.clone() })
        }
        [paths, path] if paths == "paths" => {
            let help = format!("end it with the method: `{text}/get`");
            Err(wrong(offset, format!("the method of `{path}` is missing")).with_help(Some(help)))
        }
        _ => Err(wrong(offset, format!("`{fragment}` does not lead to an operation"))),
    }
}

/// How `/orders` or `GET /orders` would be written.
fn plain_path(text: &str) -> Option<String> {
    let (method, path) = text.split_once(' ').unwrap_or(("get", text));
    let path = path.starts_with('/').then(|| path.replace('~', "~0").replace('/', "~1"))?;
    Some(format!("{{$sourceDescriptions.NAME.url}}#/paths/{path}/{}", method.to_ascii_lowercase()))
}

/// The source of `$sourceDescriptions.NAME.url`, or of `$sourceDescriptions.NAME` as some write it.
fn source_of(expression: &str) -> Option<String> {
    if let Some(name) = expression.strip_prefix("$sourceDescriptions.")
        && !name.contains('.')
    {
        return Some(name.to_owned());
    }
    match Expression::parse(expression).ok()?.reference() {
        Reference::Source { source, rest } if rest == "url" => Some(source.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_path_names_source_path_and_method() {
        let expected =
            StepTarget::OperationPath { source: "hub".to_owned(), method: Method::Get, path: "/users/{name}".to_owned() };
        for text in [
            "{$sourceDescriptions.hub.url}#/paths/~1users~1{name}/get",
            "{$sourceDescriptions.hub.url}#/paths/~1users~1%7Bname%7D/get",
            "$sourceDescriptions.hub.url#/paths/~1users~1{name}/get",
        ] {
            assert_eq!(operation_path(text), Ok(expected.clone()), "{text}");
        }
    }

    #[test]
    fn a_path_without_method_is_explained() {
        let error = operation_path("{$sourceDescriptions.hub.url}#/paths/~1users").expect_err("no method");
        assert_eq!(error.offset, 30);
        assert!(error.help.is_some_and(|help| help.contains("/get")));
        let error = operation_path("POST /users").expect_err("no expression");
        assert!(error.help.is_some_and(|help| help.ends_with("#/paths/~1users/post`")));
    }
}
