//! The value of a request body: payload, then replacements.

use serde_json::{Map, Value};

use crate::ast::{Replacement, RequestBody};
use crate::expression::{Context, Unavailable};
use crate::selector::Selector;
use crate::template::Template;

impl RequestBody {
    /// The value to send; `None` when there is no payload.
    ///
    /// A payload that is written as text (a JSON text with expressions in braces, say) becomes the tree that it spells where the body
    /// is sent as JSON (`as_json`) and the text is a JSON object or list; otherwise it stays a string.
    pub fn evaluate(&self, context: &dyn Context, as_json: bool) -> Result<Option<Value>, Unavailable> {
        let Some(payload) = &self.payload else {
            return Ok(None);
        };
        let mut value = payload.evaluate(context)?;
        if as_json && let Some(tree) = spelled_out(payload, &value) {
            value = tree;
        }
        for replacement in &self.replacements {
            replace(&mut value, replacement, context)?;
        }
        Ok(Some(value))
    }
}

fn spelled_out(payload: &Template, value: &Value) -> Option<Value> {
    let text = value.as_str().filter(|_| matches!(payload, Template::Literal(_) | Template::Text(_)))?;
    text.trim_start().starts_with(['{', '[']).then(|| serde_json::from_str(text).ok()).flatten()
}

fn replace(value: &mut Value, replacement: &Replacement, context: &dyn Context) -> Result<(), Unavailable> {
    let new = replacement.value.evaluate(context)?;
    let targets: Vec<String> = match &replacement.selector {
        Selector::Pointer(pointer) => vec![pointer.as_str().to_owned()],
        Selector::JsonPath(query) => {
            query.path().query_located(value).locations().map(|location| location.to_json_pointer()).collect()
        }
        Selector::XPath => return Err(Unavailable::new(&replacement.target, "XPath is not supported")),
    };
    if targets.is_empty() {
        return Err(Unavailable::new(&replacement.target, "it selects nothing in the payload"));
    }
    for target in targets {
        if !set(value, &target, &new) {
            return Err(Unavailable::new(&replacement.target, "the payload has no such place"));
        }
    }
    Ok(())
}

/// Sets a place; the last name may be new in its object, and `-` appends to a list.
fn set(value: &mut Value, pointer: &str, new: &Value) -> bool {
    if let Some(place) = value.pointer_mut(pointer) {
        *place = new.clone();
        return true;
    }
    let Some((parent, name)) = pointer.rsplit_once('/') else {
        return false;
    };
    match value.pointer_mut(parent) {
        Some(Value::Object(fields)) => insert(fields, name, new),
        Some(Value::Array(items)) if name == "-" => {
            items.push(new.clone());
            true
        }
        _ => false,
    }
}

fn insert(fields: &mut Map<String, Value>, name: &str, new: &Value) -> bool {
    fields.insert(name.replace("~1", "/").replace("~0", "~"), new.clone());
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ast::Version;
    use crate::selector::SelectorKind;
    use crate::testing::Values;
    use callboard_model::Pointer;
    use serde_json::json;

    fn body(payload: &Value, replacements: &[(SelectorKind, &str, Value)]) -> RequestBody {
        let replacements = replacements
            .iter()
            .map(|(kind, target, value)| Replacement {
                target: (*target).to_owned(),
                selector: Selector::parse(*kind, target).expect("a place"),
                names_type: false,
                value: Template::compile(value, Version::V1_0).0,
                extensions: Map::new(),
                pointer: Pointer::root(),
            })
            .collect();
        let payload = Some(Template::compile(payload, Version::V1_0).0);
        RequestBody { payload, replacements, ..RequestBody::default() }
    }

    #[test]
    fn replacements_set_places_of_the_payload() {
        let values = Values::default().input("n", 3);
        let body = body(
            &json!({"items": [{"sku": "a", "n": 1}, {"sku": "b", "n": 1}]}),
            &[
                (SelectorKind::JsonPointer, "/note", json!("n={$inputs.n}")),
                (SelectorKind::JsonPath, "$.items[?@.sku == 'b'].n", json!("$inputs.n")),
                (SelectorKind::JsonPointer, "/items/-", json!({"sku": "c"})),
            ],
        );
        let sent = body.evaluate(&values, true).expect("all is there");
        let expected = json!({"items": [{"sku": "a", "n": 1}, {"sku": "b", "n": 3}, {"sku": "c"}], "note": "n=3"});
        assert_eq!(sent, Some(expected));
    }

    #[test]
    fn a_place_that_is_not_there_is_not_invented() {
        let body = body(&json!({"a": 1}), &[(SelectorKind::JsonPointer, "/b/c", json!(1))]);
        assert!(body.evaluate(&Values::default(), true).is_err());
    }

    #[test]
    fn a_json_text_becomes_a_tree_only_when_sent_as_json() {
        let values = Values::default().input("n", 3);
        let body = body(&json!("{\"n\": {$inputs.n}}"), &[]);
        assert_eq!(body.evaluate(&values, true), Ok(Some(json!({"n": 3}))));
        assert_eq!(body.evaluate(&values, false), Ok(Some(json!("{\"n\": 3}"))));
    }
}
