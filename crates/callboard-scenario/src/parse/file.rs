//! The document itself: version, info, sources, components.

use std::collections::HashSet;

use callboard_model::{Code, Pointer};
use serde_json::Value;

use super::Reader;
use super::fields::Fields;
use crate::ast::{Components, Info, ScenarioFile, SourceDescription, SourceKind, Version};
use crate::codes;

impl<'d> Reader<'d> {
    pub(super) fn file(&mut self) -> Option<ScenarioFile> {
        let root = Pointer::root();
        let value = self.document.value();
        if value.get("arazzo").is_none() {
            self.not_arazzo(value);
            return None;
        }
        let arazzo = self.version_of(value);
        const KNOWN: [&str; 5] = ["arazzo", "info", "sourceDescriptions", "workflows", "components"];
        let fields = self.fields(value, &root, "a scenario file", &KNOWN, &["$self"])?;
        let self_uri = self.self_uri(&fields);
        let info = self.info(&fields);
        let sources = self.sources(&fields);
        self.components = self.components_of(&fields);
        let workflows = self.workflows(&fields);
        Some(ScenarioFile {
            version: self.version,
            arazzo,
            self_uri,
            info,
            sources,
            workflows,
            components: self.components.clone(),
            extensions: fields.extensions(),
            comment: None,
        })
    }

    fn not_arazzo(&mut self, value: &Value) {
        let has = |key: &str| value.get(key).is_some();
        let help = if has("openapi") || has("swagger") {
            "it is an OpenAPI definition; name it in `callboard.toml` as `definition` of a service"
        } else {
            "a scenario file begins with `arazzo: 1.0.1`"
        };
        self.error(codes::NOT_ARAZZO, &Pointer::root(), "the document has no `arazzo` field", Some(help.to_owned()));
    }

    /// Sets the version that decides what the rest means.
    fn version_of(&mut self, value: &Value) -> String {
        let at = Pointer::of(["arazzo"]);
        let declared = &value["arazzo"];
        let text = match declared {
            Value::String(text) => text.clone(),
            other => {
                self.wrong_type(&at, "`arazzo`", "a string such as `1.0.1`", other);
                other.to_string()
            }
        };
        if text.starts_with("1.1") {
            self.version = Version::V1_1;
        } else if !text.starts_with("1.0") && declared.is_string() {
            let help = "1.0.0, 1.0.1 and 1.1.0 are supported".to_owned();
            self.error(codes::UNSUPPORTED_VERSION, &at, format!("Arazzo {text} is not supported"), Some(help));
        }
        text
    }

    fn self_uri(&mut self, fields: &Fields<'d>) -> Option<String> {
        let uri = self.owned(fields, "$self")?;
        if uri.contains('#') {
            self.error(codes::INVALID_VALUE, &Pointer::of(["$self"]), "`$self` must not have a fragment", None);
        }
        Some(uri)
    }

    fn info(&mut self, fields: &Fields<'d>) -> Info {
        let read = |reader: &mut Self| {
            let value = reader.required(fields, "info")?;
            const KNOWN: [&str; 4] = ["title", "summary", "description", "version"];
            let info = reader.fields(value, &fields.at.join("info"), "`info`", &KNOWN, &[])?;
            Some(Info {
                title: reader.required_string(&info, "title"),
                summary: reader.owned(&info, "summary"),
                description: reader.owned(&info, "description"),
                version: reader.required_string(&info, "version"),
                extensions: info.extensions(),
            })
        };
        read(self).unwrap_or_default()
    }

    fn sources(&mut self, fields: &Fields<'d>) -> Vec<SourceDescription> {
        let items = self.filled_list(fields, "sourceDescriptions");
        let sources: Vec<_> = items.into_iter().filter_map(|(at, item)| self.source(item, &at)).collect();
        self.refuse_duplicates(
            codes::DUPLICATE_SOURCE,
            "source description",
            sources.iter().map(|s| (s.name.clone(), s.pointer.join("name"))),
        );
        sources
    }

    fn source(&mut self, value: &'d Value, at: &Pointer) -> Option<SourceDescription> {
        let fields = self.fields(value, at, "a source description", &["name", "url", "type"], &[])?;
        Some(SourceDescription {
            name: self.id(&fields, "name"),
            url: self.required_string(&fields, "url"),
            kind: self.source_kind(&fields),
            extensions: fields.extensions(),
            pointer: at.clone(),
        })
    }

    fn source_kind(&mut self, fields: &Fields<'d>) -> Option<SourceKind> {
        let known: &[&str] =
            if self.version >= Version::V1_1 { &["openapi", "arazzo", "asyncapi"] } else { &["openapi", "arazzo"] };
        Some(match self.word(fields, "type", known)? {
            "arazzo" => SourceKind::Arazzo,
            "asyncapi" => SourceKind::AsyncApi,
            _ => SourceKind::OpenApi,
        })
    }

    fn components_of(&mut self, fields: &Fields<'d>) -> Components {
        let Some(value) = fields.get("components") else {
            return Components::default();
        };
        const KNOWN: [&str; 4] = ["inputs", "parameters", "successActions", "failureActions"];
        let at = fields.at.join("components");
        let Some(fields) = self.fields(value, &at, "`components`", &KNOWN, &[]) else {
            return Components::default();
        };
        let mut components = Components { extensions: fields.extensions(), ..Components::default() };
        for (name, at, value) in self.map(&fields, "inputs") {
            self.schema(value, &at);
            components.inputs.insert(name.clone(), value.clone());
        }
        for (name, at, value) in self.map(&fields, "parameters") {
            components.parameters.extend(self.plain_parameter(value, &at).map(|p| (name.clone(), p)));
        }
        for (name, at, value) in self.map(&fields, "successActions") {
            components
                .success_actions
                .extend(self.plain_action(value, &at, super::action::Kind::Success).map(|a| (name.clone(), a)));
        }
        for (name, at, value) in self.map(&fields, "failureActions") {
            components
                .failure_actions
                .extend(self.plain_action(value, &at, super::action::Kind::Failure).map(|a| (name.clone(), a)));
        }
        components
    }

    /// A JSON Schema is an object or a boolean.
    pub(super) fn schema(&mut self, value: &Value, at: &Pointer) {
        if !value.is_object() && !value.is_boolean() {
            self.wrong_type(at, "a JSON Schema", "an object", value);
        }
    }

    /// Reports each name that was there before.
    pub(super) fn refuse_duplicates(&mut self, code: Code, what: &str, names: impl IntoIterator<Item = (String, Pointer)>) {
        let mut seen = HashSet::new();
        for (name, at) in names {
            if !seen.insert(name.clone()) && !name.is_empty() {
                let help = "each one needs a name of its own".to_owned();
                self.error(code, &at, format!("there is a {what} `{name}` already"), Some(help));
            }
        }
    }
}
