//! Parameters and actions, with reusable objects resolved.

use std::time::Duration;

use callboard_model::Pointer;
use callboard_model::api::ParameterLocation;
use callboard_model::suggest::did_you_mean_or_list;
use serde_json::Value;

use super::Reader;
use super::fields::Fields;
use crate::ast::{Action, ActionKind, ActionTarget, Parameter, Reuse, Version};
use crate::codes;
use crate::expression::Reference;

/// Success or failure actions.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Success,
    Failure,
}

impl Kind {
    fn component(self) -> &'static str {
        match self {
            Self::Success => "successActions",
            Self::Failure => "failureActions",
        }
    }
}

impl<'d> Reader<'d> {
    pub(super) fn parameters(&mut self, fields: &Fields<'d>) -> Vec<Parameter> {
        let items = self.list(fields, "parameters");
        let parameters: Vec<_> = items.into_iter().filter_map(|(at, item)| self.parameter(item, &at)).collect();
        let key = |p: &Parameter| match p.location {
            Some(location) => format!("{}` in `{location}", p.name),
            None => p.name.clone(),
        };
        let names = parameters.iter().map(|p| (key(p), p.pointer.join("name")));
        self.refuse_duplicates(codes::DUPLICATE_PARAMETER, "parameter", names);
        parameters
    }

    fn parameter(&mut self, value: &'d Value, at: &Pointer) -> Option<Parameter> {
        if value.get("reference").is_none() {
            return self.plain_parameter(value, at);
        }
        let (name, own_value) = self.reuse(value, at, "parameters")?;
        let known = self.components.parameters.get(&name).cloned();
        let mut parameter = self.component(known, "parameters", &name, at)?;
        if let Some(own) = own_value {
            parameter.value = self.template(own, &at.join("value"));
        }
        parameter.reuse = Some(Reuse { component: name, overrides_value: own_value.is_some(), is_failure: false });
        parameter.pointer = at.clone();
        Some(parameter)
    }

    pub(super) fn plain_parameter(&mut self, value: &'d Value, at: &Pointer) -> Option<Parameter> {
        let fields = self.fields(value, at, "a parameter", &["name", "in", "value"], &[])?;
        let name = self.required_string(&fields, "name");
        let location = self.location(&fields);
        let value = self.required(&fields, "value")?;
        let value = self.template(value, &at.join("value"));
        Some(Parameter { name, location, value, reuse: None, extensions: fields.extensions(), pointer: at.clone() })
    }

    fn location(&mut self, fields: &Fields<'d>) -> Option<ParameterLocation> {
        let known: &[&str] = if self.version >= Version::V1_1 {
            &["path", "query", "header", "cookie", "querystring"]
        } else {
            &["path", "query", "header", "cookie"]
        };
        Some(match self.word(fields, "in", known)? {
            "path" => ParameterLocation::Path,
            "query" => ParameterLocation::Query,
            "header" => ParameterLocation::Header,
            "cookie" => ParameterLocation::Cookie,
            _ => ParameterLocation::Querystring,
        })
    }

    /// The name of the component that a reusable object means, and the value that it sets.
    fn reuse(&mut self, value: &'d Value, at: &Pointer, kind: &str) -> Option<(String, Option<&'d Value>)> {
        let fields = self.reusable(value, at)?;
        let text = self.string(&fields, "reference")?;
        let reference_at = at.join("reference");
        let expression = self.expression(text, &reference_at)?;
        match expression.reference() {
            Reference::Component { kind: found, name } if found == kind => Some((name.clone(), fields.get("value"))),
            _ => {
                let help = format!("write `$components.{kind}.NAME`");
                self.error(codes::UNKNOWN_COMPONENT, &reference_at, format!("`{text}` is none of {kind}"), Some(help));
                None
            }
        }
    }

    fn component<T>(&mut self, found: Option<T>, kind: &str, name: &str, at: &Pointer) -> Option<T> {
        if found.is_none() {
            let names: Vec<String> = match kind {
                "parameters" => self.components.parameters.keys().cloned().collect(),
                "successActions" => self.components.success_actions.keys().cloned().collect(),
                _ => self.components.failure_actions.keys().cloned().collect(),
            };
            let help = did_you_mean_or_list(name, names.iter().map(String::as_str));
            let message = format!("`components.{kind}` has no `{name}`");
            self.error(codes::UNKNOWN_COMPONENT, &at.join("reference"), message, help);
        }
        found
    }

    pub(super) fn actions(&mut self, fields: &Fields<'d>, key: &str, kind: Kind) -> Vec<Action> {
        let items = self.list(fields, key);
        let actions: Vec<_> = items.into_iter().filter_map(|(at, item)| self.action(item, &at, kind)).collect();
        let names = actions.iter().map(|a| (a.name.clone(), a.pointer.join("name")));
        self.refuse_duplicates(codes::DUPLICATE_ACTION, "action", names);
        actions
    }

    fn action(&mut self, value: &'d Value, at: &Pointer, kind: Kind) -> Option<Action> {
        if value.get("reference").is_none() {
            return self.plain_action(value, at, kind);
        }
        let (name, own_value) = self.reuse(value, at, kind.component())?;
        if own_value.is_some() {
            let message = "`value` has no effect on an action".to_owned();
            self.key_warning(codes::IGNORED_FIELD, &at.join("value"), message, Some("remove it".to_owned()));
        }
        let components = match kind {
            Kind::Success => &self.components.success_actions,
            Kind::Failure => &self.components.failure_actions,
        };
        let known = components.get(&name).cloned();
        let mut action = self.component(known, kind.component(), &name, at)?;
        action.reuse = Some(Reuse { component: name, overrides_value: false, is_failure: kind == Kind::Failure });
        action.pointer = at.clone();
        Some(action)
    }

    pub(super) fn plain_action(&mut self, value: &'d Value, at: &Pointer, kind: Kind) -> Option<Action> {
        const SUCCESS: [&str; 5] = ["name", "type", "workflowId", "stepId", "criteria"];
        const FAILURE: [&str; 7] = ["name", "type", "workflowId", "stepId", "criteria", "retryAfter", "retryLimit"];
        let known: &[&str] = if kind == Kind::Success { &SUCCESS } else { &FAILURE };
        let what = if kind == Kind::Success { "a success action" } else { "a failure action" };
        let fields = self.fields(value, at, what, known, &["parameters"])?;
        let name = self.required_string(&fields, "name");
        self.required(&fields, "type")?;
        let action_kind = self.action_kind(&fields, kind)?;
        let parameters = self.parameters(&fields);
        if let Some(with_location) = parameters.iter().find(|p| p.location.is_some()) {
            let message = "parameters of an action are inputs of a workflow and have no `in`";
            self.key_error(
                codes::UNEXPECTED_LOCATION,
                &with_location.pointer.join("in"),
                message,
                Some("remove `in`".to_owned()),
            );
        }
        let criteria = self.criteria(&fields, "criteria");
        let extensions = fields.extensions();
        Some(Action { name, kind: action_kind, parameters, criteria, reuse: None, extensions, pointer: at.clone() })
    }

    fn action_kind(&mut self, fields: &Fields<'d>, kind: Kind) -> Option<ActionKind> {
        let known: &[&str] = if kind == Kind::Success { &["end", "goto"] } else { &["end", "goto", "retry"] };
        let word = self.word(fields, "type", known)?;
        let target = self.action_target(fields);
        if word != "retry" {
            for key in ["retryAfter", "retryLimit"].into_iter().filter(|key| fields.has(key)) {
                self.key_warning(codes::IGNORED_FIELD, &fields.at.join(key), format!("`{key}` belongs to `type: retry`"), None);
            }
        }
        match word {
            "goto" => {
                if target.is_none() && !fields.has("stepId") && !fields.has("workflowId") {
                    let help = "add `stepId` or `workflowId`".to_owned();
                    self.error(codes::MISSING_TARGET, &fields.at, "`goto` leads nowhere", Some(help));
                }
                target.map(ActionKind::Goto)
            }
            "retry" => {
                let after = self.amount(fields, "retryAfter").map(Duration::from_secs_f64);
                let limit = self.count(fields, "retryLimit").unwrap_or(1);
                Some(ActionKind::Retry { after, limit, first: target })
            }
            _ => {
                for key in ["stepId", "workflowId"].into_iter().filter(|key| fields.has(key)) {
                    let message = format!("`{key}` belongs to `type: goto`");
                    let help = Some("an `end` leads nowhere".to_owned());
                    self.key_warning(codes::IGNORED_FIELD, &fields.at.join(key), message, help);
                }
                Some(ActionKind::End)
            }
        }
    }

    fn action_target(&mut self, fields: &Fields<'d>) -> Option<ActionTarget> {
        match (fields.get("stepId"), fields.get("workflowId")) {
            (Some(_), Some(_)) => {
                let message = "an action leads to a step or to a workflow, not to both";
                self.key_error(codes::AMBIGUOUS_TARGET, &fields.at.join("workflowId"), message, None);
                None
            }
            (Some(_), None) => self.owned(fields, "stepId").map(ActionTarget::Step),
            (None, Some(value)) => self.workflow_reference(value, &fields.at.join("workflowId")).map(ActionTarget::Workflow),
            (None, None) => None,
        }
    }
}
