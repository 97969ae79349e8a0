//! Criteria that no answer can meet any more: statuses, values of enumerations, names inside JSONPaths.

use callboard_definition::{PlaceFate, Versions};
use callboard_model::schema::Descent;
use callboard_model::{Operation, Schema, StatusPattern};
use callboard_scenario::codes;
use callboard_scenario::condition::{Condition, Operator};
use callboard_scenario::criterion::{Criterion, Test};
use callboard_scenario::edit::Edit;
use callboard_scenario::expression::{Expression, MessagePart, Reference};
use callboard_scenario::status;
use serde_json::Value;

use super::answers::{criteria_of, schemas};
use super::body::{Allowed, renamed_value};
use super::calls::Call;
use super::{CHANGED_ANSWER, Examiner, Report, choices};

/// Levels of an answer that are compared for names in a JSONPath.
const MAX_LEVELS: usize = 200;

impl Examiner<'_> {
    /// Everything about the criteria of a step.
    pub(super) fn conditions(&mut self, call: &Call<'_>) {
        let Some((_, old)) = call.old else { return };
        for criterion in criteria_of(call.step) {
            for (operator, status) in status::compared(criterion) {
                let status = u16::try_from(status).ok().filter(|_| operator == Operator::Equal);
                if let Some(status) = status.filter(|status| is_gone(old, call.new.1, *status)) {
                    self.status_gone(call, old, criterion, status);
                }
            }
            match &criterion.test {
                Test::Simple(condition) => self.values(call, criterion, condition),
                Test::JsonPath(_) | Test::DynamicJsonPath(_) => self.names(call, criterion),
                _ => {}
            }
        }
    }

    fn status_gone(&mut self, call: &Call<'_>, old: &Operation, criterion: &Criterion, status: u16) {
        if (self.change.around.accepts)(call.new.1, status) {
            return;
        }
        let at = criterion.pointer.join("condition");
        let exact = |operation: &Operation| -> Vec<u16> {
            let exact = operation.responses.iter().filter_map(|response| match response.status {
                StatusPattern::Exact(exact) => Some(exact),
                _ => None,
            });
            exact.filter(|exact| exact / 100 == status / 100).collect()
        };
        let before = exact(old);
        let documented = exact(call.new.1);
        let added: Vec<u16> = documented.iter().copied().filter(|new| !before.contains(new)).collect();
        let instead = match (&added[..], &documented[..]) {
            ([only], _) | ([], [only]) => Some(*only),
            _ => None,
        };
        let named = status::compared(criterion).into_iter().map(|(_, status)| status).collect::<Vec<_>>();
        let instead = instead.filter(|new| !named.contains(&u64::from(*new)));
        let edits: Vec<Edit> = instead
            .and_then(|new| replaced_once(&criterion.condition, &status.to_string(), &new.to_string()))
            .map(|condition| Edit::Set { at: at.clone(), value: condition.into() })
            .into_iter()
            .collect();
        let label = call.new.1.label();
        let all = call.new.1.responses.iter().map(|response| response.status.to_string()).collect::<Vec<_>>().join(", ");
        let remedy = match (instead, edits.is_empty()) {
            (Some(new), false) => format!("{new} instead of {status}"),
            _ => format!("it documents {all}"),
        };
        let report = Report {
            code: CHANGED_ANSWER,
            explains: Some(codes::UNDOCUMENTED_STATUS),
            at: &at,
            subject: &label,
            message: format!("`{label}` does not document the status {status} any more: it documents {all}"),
            edits,
            remedy,
            settles: Vec::new(),
            is_guess: call.old.is_none(),
        };
        self.report(Some(call), Some(&call.step.pointer), report);
    }

    /// Comparisons of a place of the answer with a text that its enumeration does not have any more.
    fn values(&mut self, call: &Call<'_>, criterion: &Criterion, condition: &Condition) {
        for (operator, left, right) in condition.comparisons() {
            let (expression, literal) = match (left, right) {
                (Condition::Reference(expression), Condition::Literal(Value::String(text)))
                | (Condition::Literal(Value::String(text)), Condition::Reference(expression)) => (expression, text),
                _ => continue,
            };
            let is_body = matches!(expression.reference(), Reference::Response(MessagePart::Body));
            if is_body && matches!(operator, Operator::Equal | Operator::NotEqual) {
                self.value(call, criterion, expression, literal);
            }
        }
    }

    fn value(&mut self, call: &Call<'_>, criterion: &Criterion, expression: &Expression, literal: &str) {
        let Some(old) = call.old else { return };
        let values = |schemas: Vec<Schema<'_>>| -> Option<Vec<Value>> {
            schemas.into_iter().find_map(|schema| match schema.descend(expression.pointer()) {
                Descent::Found(schema) => Some(schema.enumeration()?.into_iter().cloned().collect()),
                _ => None,
            })
        };
        let (Some(before), Some(after)) = (values(schemas(old, call.step)), values(schemas(call.new, call.step))) else { return };
        // Arazzo compares texts without regard to case.
        let has = |list: &[Value]| list.iter().any(|value| value.as_str().is_some_and(|text| text.eq_ignore_ascii_case(literal)));
        if !has(&before) || has(&after) {
            return;
        }
        let at = criterion.pointer.join("condition");
        let quoted = |text: &str| format!("'{}'", text.replace('\'', "''"));
        let found = renamed_value(&before.iter().collect::<Vec<_>>(), &after.iter().collect::<Vec<_>>(), &Value::from(literal));
        let (edits, remedy) = match found {
            Allowed::Instead(Value::String(new)) => {
                let text = replaced_once(&criterion.condition, &quoted(literal), &quoted(&new));
                let edits = text.map(|text| Edit::Set { at: at.clone(), value: text.into() }).into_iter().collect();
                (edits, format!("`{new}` instead of `{literal}`"))
            }
            _ => (Vec::new(), format!("it knows {}", choices(after.iter().map(Value::to_string)))),
        };
        let label = call.new.1.label();
        let report = Report {
            code: CHANGED_ANSWER,
            explains: None,
            at: &at,
            subject: literal,
            message: format!(
                "`{}` in the answer of `{label}` does not know the value `{literal}` any more",
                expression.pointer()
            ),
            edits,
            remedy,
            settles: Vec::new(),
            is_guess: call.old.is_none(),
        };
        self.report(Some(call), Some(&call.step.pointer), report);
    }

    /// Names in a JSONPath on the answer.
    fn names(&mut self, call: &Call<'_>, criterion: &Criterion) {
        let (Some(old), Some(versions)) = (call.old, call.versions) else { return };
        let is_body = |context: &Expression| matches!(context.reference(), Reference::Response(MessagePart::Body));
        if !criterion.context.as_ref().is_some_and(is_body) {
            return;
        }
        let at = criterion.pointer.join("condition");
        for (before, after) in schemas(old, call.step).iter().zip(schemas(call.new, call.step)) {
            for (name, to) in renamed_members(versions, before, &after) {
                let Some(text) = with_name(&criterion.condition, &name, &to) else { continue };
                let label = call.new.1.label();
                let report = Report {
                    code: CHANGED_ANSWER,
                    explains: Some(codes::UNKNOWN_PROPERTY),
                    at: &at,
                    subject: &name,
                    message: format!("`{name}` in the answer of `{label}` is `{to}` now"),
                    edits: vec![Edit::Set { at: at.clone(), value: text.into() }],
                    remedy: format!("`{to}` instead of `{name}`"),
                    settles: Vec::new(),
                    is_guess: call.old.is_none(),
                };
                self.report(Some(call), Some(&call.step.pointer), report);
            }
        }
    }
}

fn is_gone(old: &Operation, new: &Operation, status: u16) -> bool {
    old.response(status).is_some() && new.response(status).is_none() && !new.responses.is_empty()
}

/// A text with a part replaced that stands in it exactly once, and is no part of a longer word.
fn replaced_once(text: &str, part: &str, by: &str) -> Option<String> {
    let is_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let stands_alone = |at: &usize| !is_word(text[..*at].chars().next_back()) && !is_word(text[at + part.len()..].chars().next());
    let mut places = text.match_indices(part).map(|(at, _)| at).filter(stands_alone);
    let at = places.next()?;
    places.next().is_none().then(|| format!("{}{by}{}", &text[..at], &text[at + part.len()..]))
}

/// Members anywhere in an answer that have one other name now, and whose old name nothing has any more.
fn renamed_members(versions: &Versions<'_>, old: &Schema<'_>, new: &Schema<'_>) -> Vec<(String, String)> {
    let mut waiting = vec![(old.resolved(), new.resolved())];
    let mut seen: Vec<callboard_model::NodeRef> = Vec::new();
    let mut renamed: Vec<(String, String)> = Vec::new();
    let mut kept: Vec<String> = Vec::new();
    while let Some((old, new)) = waiting.pop() {
        if seen.contains(old.node()) || seen.len() > MAX_LEVELS {
            continue;
        }
        seen.push(old.node().clone());
        waiting.extend(old.items().zip(new.items()).map(|(old, new)| (old.resolved(), new.resolved())));
        kept.extend(new.all_properties().into_iter().map(|(name, _)| name.to_owned()));
        for (name, member) in old.all_properties() {
            if let Some(now) = new.property(name) {
                waiting.push((member.resolved(), now.resolved()));
            } else if let (PlaceFate::Moved { to, .. }, _) = versions.member(&old, &new, &[name.to_owned()]) {
                let segments: Vec<String> = to.segments().collect();
                renamed.push((name.to_owned(), segments.join(".")));
            }
        }
    }
    renamed.retain(|(name, _)| !kept.contains(name));
    renamed.dedup();
    renamed
}

/// A JSONPath with another name in the place of each one that is exactly `name`; nothing where it has none.
fn with_name(path: &str, name: &str, to: &str) -> Option<String> {
    let mut text = path.replace(&format!("['{name}']"), &format!("['{}']", to.replace('.', "']['")));
    let mut from = 0;
    while let Some(at) = text[from..].find(&format!(".{name}")).map(|at| from + at) {
        let end = at + 1 + name.len();
        if text[end..].starts_with(|c: char| c.is_alphanumeric() || c == '_' || c == '-') {
            from = end;
        } else {
            text.replace_range(at + 1..end, to);
            from = at + 1 + to.len();
        }
    }
    (text != path).then_some(text)
}
