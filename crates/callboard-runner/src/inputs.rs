//! The inputs of a workflow: what is given, completed by the defaults of its schema, and judged by it.

use callboard_model::document::{Dialect, Documents};
use callboard_model::{Document, NodeRef, Pointer, Schema};
use callboard_scenario::ScenarioFile;
use callboard_scenario::ast::Workflow;
use callboard_schema::{Direction, Validator};
use serde_json::{Map, Value, json};

/// The inputs with which a workflow runs.
///
/// # Errors
/// What is wrong with them, in one sentence: a required one is missing, or one is not what the schema asks for.
pub(crate) fn complete(
    file: &ScenarioFile,
    workflow: &Workflow,
    given: &Map<String, Value>,
) -> Result<Map<String, Value>, String> {
    let Some(schema) = &workflow.inputs else {
        return Ok(given.clone());
    };
    let documents = documents(file, schema);
    let node = NodeRef::new(callboard_model::DocumentId(0), Pointer::of(["inputs"]));
    let schema = Schema::at(&documents, &node).expect("the document was made with this node");
    let mut inputs = given.clone();
    for (name, property) in schema.properties() {
        if let (false, Some(default)) = (inputs.contains_key(name), property.lookup("default")) {
            inputs.insert(name.to_owned(), default.clone());
        }
    }
    let validator = Validator::compile(&schema, Direction::Request).map_err(|error| error.to_string())?;
    let inputs = Value::Object(inputs);
    let violations: Vec<String> = validator.validate(&inputs).into_iter().map(|violation| violation.message).collect();
    match (violations.is_empty(), inputs) {
        (true, Value::Object(inputs)) => Ok(inputs),
        _ => Err(format!("the inputs of workflow `{}` do not fit its schema: {}", workflow.id, violations.join("; "))),
    }
}

/// The names of the inputs that a workflow declares.
pub(crate) fn declared(file: &ScenarioFile, workflow: &Workflow) -> Vec<String> {
    let Some(schema) = &workflow.inputs else { return Vec::new() };
    let documents = documents(file, schema);
    let node = NodeRef::new(callboard_model::DocumentId(0), Pointer::of(["inputs"]));
    let schema = Schema::at(&documents, &node).expect("the document was made with this node");
    schema.properties().into_iter().map(|(name, _)| name.to_owned()).collect()
}

/// A document in which the schema and the components that it may refer to stand where the scenario file has them.
fn documents(file: &ScenarioFile, schema: &Value) -> Documents {
    let components = Value::Object(file.components.inputs.iter().map(|(name, schema)| (name.clone(), schema.clone())).collect());
    let mut documents = Documents::new(Dialect::JsonSchema202012);
    documents.add(Document::synthetic("inputs", json!({"inputs": schema, "components": {"inputs": components}})));
    documents
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complete_with(given: &Value) -> Result<Map<String, Value>, String> {
        let schema = json!({"type": "object", "required": ["name"], "properties": {
            "name": {"$ref": "#/components/inputs/name"},
            "count": {"type": "integer", "default": 2}
        }});
        let workflow = Workflow { id: "w".to_owned(), inputs: Some(schema), ..Workflow::default() };
        let mut file = ScenarioFile::default();
        file.components.inputs.insert("name".to_owned(), json!({"type": "string"}));
        complete(&file, &workflow, given.as_object().expect("an object"))
    }

    #[test]
    fn defaults_complete_what_is_given() {
        let inputs = complete_with(&json!({"name": "ada"})).expect("these fit");
        assert_eq!(Value::Object(inputs), json!({"name": "ada", "count": 2}));
    }

    #[test]
    fn inputs_that_do_not_fit_are_named() {
        let error = complete_with(&json!({"count": "many"})).expect_err("two mistakes");
        assert!(error.contains("`name` is missing") && error.contains("`count`"), "{error}");
    }
}
