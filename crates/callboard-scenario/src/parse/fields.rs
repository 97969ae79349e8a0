//! Reading objects field by field: types, required fields, unknown fields.

use callboard_model::Pointer;
use callboard_model::suggest::did_you_mean;
use serde_json::{Map, Value};

use super::Reader;
use super::criterion::WEAK;
use crate::ast::Version;
use crate::codes;
use crate::compare::kind;

/// An object of the file with its place and its name in messages.
pub(super) struct Fields<'d> {
    pub(super) map: &'d Map<String, Value>,
    pub(super) at: Pointer,
    what: &'static str,
}

impl<'d> Fields<'d> {
    pub(super) fn get(&self, key: &str) -> Option<&'d Value> {
        self.map.get(key)
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.map.contains_key(key)
    }

    /// Extensions that nobody here reads, `x-callboard-` ones left out.
    pub(super) fn extensions(&self) -> Map<String, Value> {
        let is_extension = |key: &str| key.starts_with("x-") && !key.starts_with(OWN_PREFIX);
        self.map.iter().filter(|(key, _)| is_extension(key)).map(|(key, value)| (key.clone(), value.clone())).collect()
    }
}

const OWN_PREFIX: &str = "x-callboard-";

/// Our own extensions, and what they belong to.
const OWN: [(&str, &str); 3] = [("x-callboard-until", "a step"), ("x-callboard-finally", "a workflow"), (WEAK, "a criterion")];

impl<'d> Reader<'d> {
    /// The fields of an object, unknown ones reported. `newer` came with Arazzo 1.1.
    pub(super) fn fields(
        &mut self,
        value: &'d Value,
        at: &Pointer,
        what: &'static str,
        known: &[&'static str],
        newer: &[&'static str],
    ) -> Option<Fields<'d>> {
        let Some(map) = value.as_object() else {
            self.wrong_type(at, what, "an object", value);
            return None;
        };
        let fields = Fields { map, at: at.clone(), what };
        for key in map.keys() {
            self.key(&fields, key, known, newer);
        }
        Some(fields)
    }

    /// The fields of a reusable object: others than its own "MUST be ignored", which is worth a warning.
    pub(super) fn reusable(&mut self, value: &'d Value, at: &Pointer) -> Option<Fields<'d>> {
        let map = value.as_object()?;
        for key in map.keys().filter(|key| !matches!(key.as_str(), "reference" | "value")) {
            let message = format!("`{key}` has no effect beside `reference`");
            self.key_warning(codes::IGNORED_FIELD, &at.join(key), message, Some("set it in the component".to_owned()));
        }
        Some(Fields { map, at: at.clone(), what: "a reusable object" })
    }

    fn key(&mut self, fields: &Fields<'d>, key: &str, known: &[&'static str], newer: &[&'static str]) {
        let at = fields.at.join(key);
        if known.contains(&key) || (key.starts_with("x-") && !key.starts_with(OWN_PREFIX)) {
            return;
        }
        if newer.contains(&key) {
            if self.version < Version::V1_1 {
                let message = format!("`{key}` of {} came with Arazzo 1.1", fields.what);
                self.key_error(codes::NEEDS_NEWER_VERSION, &at, message, Some("write `arazzo: 1.1.0`".to_owned()));
            }
            return;
        }
        if let Some((own, owner)) = OWN.iter().find(|(own, _)| *own == key) {
            if *owner != fields.what {
                let message = format!("`{own}` belongs to {owner}, not to {}", fields.what);
                self.key_error(codes::UNKNOWN_FIELD, &at, message, None);
            }
            return;
        }
        let own = OWN.iter().filter(|(_, owner)| *owner == fields.what).map(|(own, _)| *own);
        let candidates = known.iter().chain(newer).copied().filter(|name| !fields.has(name)).chain(own);
        let help = did_you_mean(key, candidates.collect::<Vec<_>>());
        let help = help.or_else(|| Some(format!("known here: {}", listed(known))).filter(|_| !key.starts_with("x-")));
        self.key_error(codes::UNKNOWN_FIELD, &at, format!("{} has no field `{key}`", fields.what), help);
    }

    pub(super) fn wrong_type(&mut self, at: &Pointer, what: &str, expected: &str, value: &Value) {
        let found = if value.is_number() { value.to_string() } else { kind(value).to_owned() };
        self.error(codes::WRONG_TYPE, at, format!("{what} must be {expected}, not {found}"), None);
    }

    fn typed<T>(
        &mut self,
        fields: &Fields<'d>,
        key: &str,
        expected: &str,
        read: impl FnOnce(&'d Value) -> Option<T>,
    ) -> Option<T> {
        let value = fields.get(key)?;
        let read = read(value);
        if read.is_none() {
            self.wrong_type(&fields.at.join(key), &format!("`{key}`"), expected, value);
        }
        read
    }

    pub(super) fn string(&mut self, fields: &Fields<'d>, key: &str) -> Option<&'d str> {
        self.typed(fields, key, "a string", Value::as_str)
    }

    pub(super) fn owned(&mut self, fields: &Fields<'d>, key: &str) -> Option<String> {
        self.string(fields, key).map(str::to_owned)
    }

    /// A number that is not negative.
    pub(super) fn amount(&mut self, fields: &Fields<'d>, key: &str) -> Option<f64> {
        const LARGEST: f64 = 1e12;
        self.typed(fields, key, "a number of 0 or more", |value| value.as_f64().filter(|n| (0.0..=LARGEST).contains(n)))
    }

    /// A whole number that is not negative.
    pub(super) fn count(&mut self, fields: &Fields<'d>, key: &str) -> Option<u32> {
        let read = |value: &Value| value.as_u64().and_then(|n| u32::try_from(n).ok());
        self.typed(fields, key, "a whole number of 0 or more", read)
    }

    pub(super) fn required(&mut self, fields: &Fields<'d>, key: &str) -> Option<&'d Value> {
        let value = fields.get(key);
        if value.is_none() {
            let help = self.misspelling(fields, key);
            self.error(codes::MISSING_FIELD, &fields.at, format!("{} needs `{key}`", fields.what), help);
        }
        value
    }

    fn misspelling(&self, fields: &Fields<'d>, key: &str) -> Option<String> {
        let near = callboard_model::suggest::nearest(key, fields.map.keys().map(String::as_str))?;
        Some(format!("`{near}` may be meant for it"))
    }

    pub(super) fn required_string(&mut self, fields: &Fields<'d>, key: &str) -> String {
        match self.required(fields, key) {
            Some(_) => self.owned(fields, key).unwrap_or_default(),
            None => String::new(),
        }
    }

    /// The items of a list with their places; empty when it is not there.
    pub(super) fn list(&mut self, fields: &Fields<'d>, key: &str) -> Vec<(Pointer, &'d Value)> {
        let items = self.typed(fields, key, "a list", Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let at = fields.at.join(key);
        items.iter().enumerate().map(|(i, item)| (at.join(i.to_string()), item)).collect()
    }

    /// A list that must be there and hold something.
    pub(super) fn filled_list(&mut self, fields: &Fields<'d>, key: &str) -> Vec<(Pointer, &'d Value)> {
        if self.required(fields, key).is_none() {
            return Vec::new();
        }
        self.refuse_empty(fields, key);
        self.list(fields, key)
    }

    /// Reports a list that is there and empty.
    pub(super) fn refuse_empty(&mut self, fields: &Fields<'d>, key: &str) {
        if fields.get(key).and_then(Value::as_array).is_some_and(Vec::is_empty) {
            let message = format!("`{key}` of {} must not be empty", fields.what);
            self.error(codes::EMPTY_LIST, &fields.at.join(key), message, None);
        }
    }

    /// The members of a map with their places; empty when it is not there.
    pub(super) fn map(&mut self, fields: &Fields<'d>, key: &str) -> Vec<(&'d String, Pointer, &'d Value)> {
        let at = fields.at.join(key);
        let Some(map) = self.typed(fields, key, "an object", Value::as_object) else {
            return Vec::new();
        };
        let members: Vec<_> = map.iter().map(|(name, value)| (name, at.join(name), value)).collect();
        for (name, at, _) in &members {
            self.map_key(name, at);
        }
        members
    }

    fn map_key(&mut self, name: &str, at: &Pointer) {
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        if name.is_empty() || !name.chars().all(fits) {
            let help = "a name has letters, digits, `.`, `-` and `_` only".to_owned();
            self.key_error(codes::INVALID_ID, at, format!("`{name}` cannot be a name here"), Some(help));
        }
    }

    /// An id that others refer to.
    pub(super) fn id(&mut self, fields: &Fields<'d>, key: &str) -> String {
        let id = self.required_string(fields, key);
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        let dots_allowed = self.version < Version::V1_1;
        let is_fine = id.chars().all(|c| fits(c) || (c == '.' && dots_allowed)) && !id.is_empty();
        if !is_fine && fields.get(key).is_some_and(Value::is_string) {
            let proposal: String = id.chars().map(|c| if fits(c) { c } else { '-' }).collect();
            let help = (!id.is_empty()).then(|| format!("letters, digits, `-` and `_` only, such as `{proposal}`"));
            self.error(codes::INVALID_ID, &fields.at.join(key), format!("`{id}` cannot be a `{key}`"), help);
        }
        id
    }

    /// One of a few words.
    pub(super) fn word(&mut self, fields: &Fields<'d>, key: &str, known: &[&'static str]) -> Option<&'static str> {
        let word = self.string(fields, key)?;
        let found = known.iter().find(|known| **known == word).copied();
        if found.is_none() {
            let help = did_you_mean(word, known.iter().copied()).unwrap_or_else(|| format!("one of {}", listed(known)));
            let message = format!("`{word}` is no `{key}` of {}", fields.what);
            self.error(codes::INVALID_VALUE, &fields.at.join(key), message, Some(help));
        }
        found
    }
}

fn listed(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
