//! Where a service answers, and with which headers it is called: as the environment says, with values of the scenario put in.

use std::borrow::Cow;

use callboard_schema::parameter::encode;
use serde_json::{Map, Value};

use crate::request::plain_text;

/// A service's place in an environment.
#[derive(Clone, Debug, Default)]
pub struct Target {
    /// The whole base URL, such as `http://127.0.0.1:8081/hub/api`; it replaces whatever the definition says. It may hold
    /// `{outputs.NAME}` (the latest output of that name), `{inputs.NAME}` and `{values.NAME}`.
    pub base: String,
    /// Headers that go with every request; their values may hold the same.
    pub headers: Vec<(String, String)>,
}

/// The values that a target may ask for.
#[derive(Clone, Copy)]
pub(crate) struct Values<'a> {
    pub(crate) outputs: &'a Map<String, Value>,
    pub(crate) inputs: &'a Map<String, Value>,
    pub(crate) values: &'a Map<String, Value>,
}

/// A target with its values put in.
#[derive(Debug)]
pub(crate) struct Resolved<'t> {
    pub(crate) base: Cow<'t, str>,
    pub(crate) headers: Vec<(&'t str, Cow<'t, str>)>,
}

/// A value that is not there (yet).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the environment's {place} asks for `{{{name}}}`, and there is no such {kind}{hint}")]
pub(crate) struct MissingValue {
    place: String,
    name: String,
    kind: &'static str,
    hint: &'static str,
}

impl Target {
    /// A target without headers.
    pub fn new(base: impl Into<String>) -> Self {
        Self { base: base.into(), headers: Vec::new() }
    }

    /// The outputs that headers with credentials ask for.
    pub(crate) fn credential_outputs(&self) -> Vec<String> {
        let of = |(name, value): &(String, String)| if is_credential(name) { outputs_in(value) } else { Vec::new() };
        self.headers.iter().flat_map(of).collect()
    }

    pub(crate) fn resolve(&self, values: Values<'_>) -> Result<Resolved<'_>, MissingValue> {
        let base = fill(&self.base, values, "server URL", &|text| encode(text, false))?;
        let header = |(name, template): &'_ (String, String)| {
            fill(template, values, &format!("header `{name}`"), &str::to_owned).map(Cow::into_owned)
        };
        let mut headers = Vec::with_capacity(self.headers.len());
        for entry in &self.headers {
            let value = if entry.1.contains('{') { Cow::Owned(header(entry)?) } else { Cow::Borrowed(entry.1.as_str()) };
            headers.push((entry.0.as_str(), value));
        }
        Ok(Resolved { base, headers })
    }

    /// Scheme, host and port, where they do not depend on the scenario: what can be asked before the run.
    pub(crate) fn fixed_origin(&self, values: &Map<String, Value>) -> Option<String> {
        let start = self.base.find("://")? + 3;
        let end = self.base[start..].find(['/', '?']).map_or(self.base.len(), |at| start + at);
        let none = Map::new();
        let values = Values { outputs: &none, inputs: &none, values };
        fill(&self.base[..end], values, "server URL", &|text| encode(text, false)).ok().map(Cow::into_owned)
    }
}

/// Whether a header carries a credential, by its name.
fn is_credential(header: &str) -> bool {
    let name = header.to_ascii_lowercase();
    ["auth", "token", "key", "secret", "cookie", "password", "session"].iter().any(|word| name.contains(word))
}

/// The names in `{outputs.NAME}`.
fn outputs_in(template: &str) -> Vec<String> {
    let places = template.split("{outputs.").skip(1).filter_map(|rest| rest.split_once('}'));
    places.map(|(name, _)| name.to_owned()).collect()
}

type Encode<'e> = &'e dyn Fn(&str) -> String;

/// Puts values in the place of `{outputs.…}`, `{inputs.…}` and `{values.…}`. Other braces stay as they are.
fn fill<'t>(template: &'t str, values: Values<'_>, place: &str, encode: Encode<'_>) -> Result<Cow<'t, str>, MissingValue> {
    if !template.contains('{') {
        return Ok(Cow::Borrowed(template));
    }
    let mut filled = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        filled.push_str(&rest[..open]);
        let after = &rest[open + 1..];
        let name = after.find('}').map(|close| &after[..close]);
        match name.and_then(|name| Some((name, split(name, values)?))) {
            Some((name, (kind, hint, map, key))) => {
                let missing = || MissingValue { place: place.to_owned(), name: name.to_owned(), kind, hint };
                filled.push_str(&encode(&plain_text(map.get(key).ok_or_else(missing)?)));
                rest = &after[name.len() + 1..];
            }
            None => {
                filled.push('{');
                rest = after;
            }
        }
    }
    filled.push_str(rest);
    Ok(Cow::Owned(filled))
}

type Place<'v, 'n> = (&'static str, &'static str, &'v Map<String, Value>, &'n str);

fn split<'v, 'n>(name: &'n str, values: Values<'v>) -> Option<Place<'v, 'n>> {
    let (root, key) = name.split_once('.')?;
    match root {
        "outputs" => Some(("output", " of an earlier step", values.outputs, key)),
        "inputs" => Some(("input", " of the workflow", values.inputs, key)),
        "values" => Some(("value", " among the environment's values", values.values, key)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn map(value: &Value) -> Map<String, Value> {
        value.as_object().cloned().expect("an object")
    }

    #[test]
    fn values_of_the_scenario_are_put_in() {
        let target = Target {
            base: "http://127.0.0.1:8000/user/{outputs.name}".to_owned(),
            headers: vec![("Authorization".to_owned(), "token {outputs.token}".to_owned()), ("x".to_owned(), "{a}".to_owned())],
        };
        let outputs = map(&json!({"name": "ada/b", "token": "t/1"}));
        let none = Map::new();
        let values = Values { outputs: &outputs, inputs: &none, values: &none };
        let resolved = target.resolve(values).expect("all values are there");
        assert_eq!(resolved.base, "http://127.0.0.1:8000/user/ada%2Fb");
        let headers: Vec<_> = resolved.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        assert_eq!(headers, ["Authorization: token t/1", "x: {a}"]);
        let missing = target.resolve(Values { outputs: &none, ..values }).expect_err("no output yet");
        assert_eq!(
            missing.to_string(),
            "the environment's server URL asks for `{outputs.name}`, and there is no such output of an earlier step"
        );
    }

    #[test]
    fn the_origin_is_known_before_the_run_unless_it_depends_on_it() {
        let values = map(&json!({"port": 8000}));
        let origin = |base: &str| Target::new(base).fixed_origin(&values);
        assert_eq!(origin("http://h:1/user/{outputs.name}").as_deref(), Some("http://h:1"));
        assert_eq!(origin("http://h:{values.port}").as_deref(), Some("http://h:8000"));
        assert_eq!(origin("http://{outputs.host}/x"), None);
        assert_eq!(origin("/relative"), None);
    }
}
