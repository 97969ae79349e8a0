//! Defects that a virtual service is given on purpose, to see whether the checks of a test notice them.
//!
//! A defect strikes one operation, in the world of one test, from a certain call on. Everything else is as it would be without it, so
//! a check that holds all the same has not looked at what the defect changes.

use bytes::Bytes;
use callboard_model::api::StatusPattern;
use callboard_model::{Operation, OperationKey, Schema};
use serde_json::{Number, Value};

use crate::answer::Answer;

/// A defect at its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mutation {
    /// The operation that has it.
    pub operation: OperationKey,
    /// How many calls of the operation go well before it strikes.
    pub after: u64,
    /// What goes wrong.
    pub defect: Defect,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Defect {
    /// The answer has another status of success.
    OtherStatus,
    /// The answer leaves out all properties that need not be there.
    FieldsDropped,
    /// All numbers of the answer are one too large.
    NumbersOff,
    /// Texts of the answer, and flags, are others than they should be.
    TextsChanged,
    /// Another one of the same kind is answered.
    OtherRead,
    /// What is made is answered but not kept.
    CreationLost,
    /// A change is answered but not kept.
    ChangeLost,
    /// What is removed stays.
    RemovalIgnored,
    /// The last item of a list is missing.
    ItemMissing,
    /// The last item of each list in the answer is there twice.
    ItemRepeated,
    /// A list ignores its filters and pages.
    FiltersIgnored,
    /// What should be refused is done.
    RefusalMissing,
}

impl Defect {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::OtherStatus,
        Self::FieldsDropped,
        Self::NumbersOff,
        Self::TextsChanged,
        Self::OtherRead,
        Self::CreationLost,
        Self::ChangeLost,
        Self::RemovalIgnored,
        Self::ItemMissing,
        Self::ItemRepeated,
        Self::FiltersIgnored,
        Self::RefusalMissing,
    ];

    /// The word that reports use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OtherStatus => "another status",
            Self::FieldsDropped => "fields dropped",
            Self::NumbersOff => "numbers off by one",
            Self::TextsChanged => "texts changed",
            Self::OtherRead => "another one read",
            Self::CreationLost => "creation lost",
            Self::ChangeLost => "change lost",
            Self::RemovalIgnored => "removal ignored",
            Self::ItemMissing => "item missing",
            Self::ItemRepeated => "item repeated",
            Self::FiltersIgnored => "filters ignored",
            Self::RefusalMissing => "refusal missing",
        }
    }

    /// Changes an answer that is made already. Defects of the state leave it alone.
    pub(crate) fn spoil(self, mut answer: Answer, operation: &Operation, schema: Option<&Schema<'_>>) -> Answer {
        if self == Self::OtherStatus {
            answer.status = other_status(operation, answer.status);
            return answer;
        }
        let Ok(mut body) = serde_json::from_slice::<Value>(&answer.body) else { return answer };
        match self {
            Self::FieldsDropped => drop_fields(&mut body, schema),
            Self::NumbersOff => each_scalar(&mut body, &off_by_one),
            Self::TextsChanged => each_scalar(&mut body, &changed),
            Self::ItemRepeated => repeat_items(&mut body),
            _ => return answer,
        }
        answer.body = Bytes::from(body.to_string());
        answer
    }
}

/// Another status of the same class, documented where there is one.
fn other_status(operation: &Operation, status: u16) -> u16 {
    let documented = operation.responses.iter().filter_map(|response| match response.status {
        StatusPattern::Exact(exact) => Some(exact),
        _ => None,
    });
    let mut others = documented.filter(|other| *other != status && other / 100 == status / 100);
    others.next().unwrap_or(match status {
        200 => 201,
        201..=299 => 200,
        404 => 400,
        400..=499 => 404,
        other => other,
    })
}

/// Leaves out what the schema does not require, at the top of the value and in the items of a list.
fn drop_fields(value: &mut Value, schema: Option<&Schema<'_>>) {
    match value {
        Value::Object(map) => {
            let required = schema.map(Schema::required).unwrap_or_default();
            map.retain(|name, _| required.contains(&name.as_str()));
        }
        Value::Array(items) => {
            let schema = schema.and_then(Schema::items);
            items.iter_mut().for_each(|item| drop_fields(item, schema.as_ref()));
        }
        _ => {}
    }
}

fn each_scalar(value: &mut Value, change: &dyn Fn(&mut Value)) {
    match value {
        Value::Object(map) => map.values_mut().for_each(|inner| each_scalar(inner, change)),
        Value::Array(items) => items.iter_mut().for_each(|inner| each_scalar(inner, change)),
        scalar => change(scalar),
    }
}

fn repeat_items(value: &mut Value) {
    match value {
        Value::Object(map) => map.values_mut().for_each(repeat_items),
        Value::Array(items) => {
            items.iter_mut().for_each(repeat_items);
            items.extend(items.last().cloned());
        }
        _ => {}
    }
}

fn off_by_one(value: &mut Value) {
    let Value::Number(number) = value else { return };
    let larger = match number.as_i64() {
        Some(whole) => whole.checked_add(1).map(Number::from),
        None => number.as_f64().and_then(|n| Number::from_f64(n + 1.0)),
    };
    if let Some(larger) = larger {
        *number = larger;
    }
}

fn changed(value: &mut Value) {
    match value {
        Value::String(text) => text.push('x'),
        Value::Bool(flag) => *flag = !*flag,
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_scalar_changes_and_every_list_grows() {
        let mut value = json!({"a": 1, "b": [1.5, "t", true, null], "c": {"d": i64::MAX}});
        each_scalar(&mut value, &off_by_one);
        assert_eq!(value, json!({"a": 2, "b": [2.5, "t", true, null], "c": {"d": i64::MAX}}));
        each_scalar(&mut value, &changed);
        let mut list = json!({"a": [1, [2]], "b": []});
        repeat_items(&mut list);
        assert_eq!(list, json!({"a": [1, [2, 2], [2, 2]], "b": []}));
        assert_eq!(value, json!({"a": 2, "b": [2.5, "tx", false, null], "c": {"d": i64::MAX}}));
    }
}
