//! The JSON schema of an answer: one shape that the structured output of every provider can express.

use serde_json::{Value, json};

/// What a step may be expected to end with.
pub(crate) const OUTCOMES: [&str; 11] = ["success", "refused", "400", "401", "403", "404", "409", "410", "412", "422", "429"];

/// The schema of an answer that names these operations. Every property is required and no other one allowed: strict modes ask for that.
pub(crate) fn schema(ids: &[&str]) -> Value {
    let input = object(&json!({
        "input": {"type": "string", "description": "an input of the operation, as the catalogue writes it"},
        "source": {"type": "string", "enum": ["literal", "step", "generate"]},
        "value": {"type": "string", "description": "literal: the value, as the sentence has it; otherwise empty"},
        "step": {"type": "integer", "description": "step: the number of an earlier step, counted from 0; otherwise 0"},
        "place": {"type": "string", "description": "step: a place in what that step gives, as the catalogue writes it; otherwise empty"},
    }));
    let step = object(&json!({
        "op": {"type": "string", "enum": ids},
        "clause": {"type": "integer", "description": "the number of the clause that the step belongs to"},
        "why": {"type": "string", "description": "a few words"},
        "expect": {"type": "string", "enum": OUTCOMES},
        "inputs": {"type": "array", "items": input},
    }));
    object(&json!({
        "steps": {"type": "array", "items": step},
        "unmatched": {"type": "array", "items": {"type": "string"}},
    }))
}

fn object(properties: &Value) -> Value {
    let required: Vec<&String> = properties.as_object().into_iter().flat_map(|map| map.keys()).collect();
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_is_one_of_the_catalogue_and_nothing_is_optional() {
        let schema = schema(&["a.one", "b.two"]);
        let step = &schema["properties"]["steps"]["items"];
        assert_eq!(step["properties"]["op"]["enum"], json!(["a.one", "b.two"]));
        for object in [&schema, step, &step["properties"]["inputs"]["items"]] {
            assert_eq!(object["additionalProperties"], false);
            let count = |key: &str| object[key].as_object().map(|o| o.len()).or(object[key].as_array().map(Vec::len));
            assert_eq!(count("properties"), count("required"));
        }
    }
}
