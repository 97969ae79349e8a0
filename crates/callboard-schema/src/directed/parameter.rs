//! Instances of parameters: what cannot be told apart once it is text in a path, a query or a header is left out.

use callboard_model::api::{Parameter, ParameterLocation};
use callboard_model::{Pointer, Schema};
use serde_json::Value;

use super::{Directed, Fault, Instance, Kind};
use crate::parameter::{Raw, Written, read, split_query, write};
use crate::synthesise::Hints;
use crate::validate::{CompileError, Direction, Validator};

/// Instances of a parameter with the schema of its value: valid ones, edges and faults, each judged as it arrives on the wire. A
/// required parameter that is not part of the path has one more, in which it is missing (`value` is `None`).
///
/// Fails where the schema cannot be used, see [`Validator::compile`].
pub fn of_parameter(parameter: &Parameter, schema: &Schema<'_>, seed: u64, hints: &Hints) -> Result<Vec<Instance>, CompileError> {
    let hints = Hints { name: hints.name.clone().or_else(|| Some(parameter.name.clone())), ..hints.clone() };
    let directed = Directed::new(schema, Direction::Request, seed, &hints)?;
    let made = directed.valid().into_iter().chain(directed.boundaries()).chain(directed.faults());
    let mut found: Vec<Instance> = made.filter(|instance| survives(instance, parameter, schema, &directed.validator)).collect();
    if parameter.required && parameter.location != ParameterLocation::Path {
        let (kind, label) = (Kind::Invalid(Fault::Missing), format!("{} is missing", parameter.name));
        found.push(Instance { kind, at: Pointer::root(), label, value: None });
    }
    Ok(found)
}

/// Whether what arrives is what was meant: the same value where it is valid, an invalid one where it is not.
fn survives(instance: &Instance, parameter: &Parameter, schema: &Schema<'_>, validator: &Validator) -> bool {
    let Some(sent) = instance.value.as_ref().filter(|value| !value.is_null()) else { return false };
    match arrived(parameter, schema, sent) {
        Some(arrived) if instance.kind.is_valid() => arrived == *sent && validator.is_valid(&arrived),
        Some(arrived) => !validator.is_valid(&arrived),
        None => false,
    }
}

/// What the other side reads of a value. An empty piece of a path makes it another path, an empty header is none.
fn arrived(parameter: &Parameter, schema: &Schema<'_>, value: &Value) -> Option<Value> {
    match write(parameter, value) {
        Written::Path(text) => read(parameter, Some(schema), Raw::Path(Some(text.as_str()).filter(|t| !t.is_empty())?)),
        Written::Header(text) => read(parameter, Some(schema), Raw::Header(Some(text.as_str()).filter(|t| !t.is_empty())?)),
        Written::Cookie(pairs) => read(parameter, Some(schema), Raw::Cookie(&borrowed(&pairs))),
        Written::Querystring(text) => read(parameter, Some(schema), Raw::Querystring(&text)),
        Written::Query(pairs) => {
            let query = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&");
            read(parameter, Some(schema), Raw::Query(&split_query(&query)))
        }
    }
}

fn borrowed(pairs: &[(String, String)]) -> Vec<(String, &str)> {
    pairs.iter().map(|(name, value)| (name.clone(), value.as_str())).collect()
}
