//! A selection as JSON: the contract of `callboard impact --json`.

use serde_json::{Value, json};

use super::{Impact, Reason};

/// The selection as one JSON value.
pub fn json(impact: &Impact) -> Value {
    let selected: Vec<Value> = impact
        .selected
        .iter()
        .map(|selected| json!({"test": selected.test, "reasons": selected.reasons.iter().map(reason).collect::<Vec<_>>()}))
        .collect();
    let escalations: Vec<Value> =
        impact.escalations.iter().map(|e| json!({"item": e.item, "to": e.to, "cause": e.cause, "help": e.help})).collect();
    json!({
        "version": 1,
        "selected": selected,
        "deselected": impact.deselected,
        "escalations": escalations,
        "ignored": impact.ignored.iter().map(|i| json!({"path": i.path, "why": i.why})).collect::<Vec<_>>(),
        "notes": impact.notes,
    })
}

fn reason(reason: &Reason) -> Value {
    json!({"kind": reason.kind.as_str(), "item": reason.item, "text": reason.text})
}
