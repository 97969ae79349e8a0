//! Criteria.

use callboard_model::suggest::did_you_mean;
use callboard_model::{Code, Pointer};
use serde_json::Value;

use super::Reader;
use super::fields::Fields;
use crate::codes;
use crate::condition::Condition;
use crate::criterion::{Criterion, Test, jsonpath_test, regex_test};
use crate::expression::SyntaxError;

/// A check that no defect of a virtual service makes fail, with the reason in words. For readers; it changes nothing.
pub(crate) const WEAK: &str = "x-callboard-weak";

const TYPES: [&str; 4] = ["simple", "regex", "jsonpath", "xpath"];

impl<'d> Reader<'d> {
    pub(super) fn criteria(&mut self, fields: &Fields<'d>, key: &str) -> Vec<Criterion> {
        let items = self.list(fields, key);
        items.into_iter().filter_map(|(at, item)| self.criterion(item, &at)).collect()
    }

    fn criterion(&mut self, value: &'d Value, at: &Pointer) -> Option<Criterion> {
        let fields = self.fields(value, at, "a criterion", &["context", "condition", "type"], &[])?;
        self.required(&fields, "condition")?;
        let condition = self.condition_text(&fields)?;
        let context = match self.string(&fields, "context") {
            Some(text) => self.expression(text, &at.join("context")),
            None => None,
        };
        let kind = fields.get("type");
        let test = self.test(kind, &condition, &fields);
        let mut extensions = fields.extensions();
        extensions.extend(fields.get(WEAK).map(|reason| (WEAK.to_owned(), reason.clone())));
        Some(Criterion { condition, context, kind: kind.cloned(), test, extensions, pointer: at.clone() })
    }

    /// A condition is a string; YAML reads `true` or a number as something else.
    fn condition_text(&mut self, fields: &Fields<'d>) -> Option<String> {
        match fields.get("condition") {
            Some(Value::Bool(value)) => Some(value.to_string()),
            _ => self.owned(fields, "condition"),
        }
    }

    fn test(&mut self, kind: Option<&'d Value>, condition: &str, fields: &Fields<'d>) -> Test {
        let at = fields.at.join("condition");
        let word = self.type_word(kind, &fields.at.join("type"));
        let Some(word) = word else {
            return Test::Unusable("the type of the criterion is unknown".to_owned());
        };
        if word != "simple" && !fields.has("context") {
            let help = "add `context: $response.body`, for instance".to_owned();
            let message = format!("a criterion of type `{word}` needs a `context`");
            self.error(codes::MISSING_CONTEXT, &fields.at, message, Some(help));
        }
        match word {
            "simple" => self.compiled(Condition::parse(condition).map(Test::Simple), codes::BAD_CONDITION, &at),
            "regex" => self.compiled(regex_test(condition), codes::BAD_REGEX, &at),
            "jsonpath" => self.compiled(jsonpath_test(condition), codes::BAD_JSONPATH, &at),
            _ => {
                let help = "use `jsonpath`, `regex` or a simple condition".to_owned();
                self.error(codes::UNSUPPORTED_XPATH, &fields.at.join("type"), "XPath is not supported", Some(help));
                Test::Unusable("XPath is not supported".to_owned())
            }
        }
    }

    fn compiled(&mut self, test: Result<Test, SyntaxError>, code: Code, at: &Pointer) -> Test {
        test.unwrap_or_else(|error| {
            let why = error.message.clone();
            let is_expression = error.message.contains("is no expression");
            self.syntax(if is_expression { codes::BAD_EXPRESSION } else { code }, at, error);
            Test::Unusable(why)
        })
    }

    /// The word of `type`: `simple` where nothing is said, the `type` of an Expression Type Object otherwise.
    fn type_word(&mut self, kind: Option<&'d Value>, at: &Pointer) -> Option<&'static str> {
        let (word, at) = match kind {
            None => return Some("simple"),
            Some(Value::String(word)) => (word.as_str(), at.clone()),
            Some(value) => {
                let fields = self.fields(value, at, "a criterion type", &["type", "version"], &[])?;
                self.required(&fields, "type")?;
                self.expression_version(&fields);
                (self.string(&fields, "type")?, at.join("type"))
            }
        };
        let found = TYPES.iter().find(|known| **known == word).copied();
        if found.is_none() {
            let help = did_you_mean(word, TYPES).unwrap_or_else(|| "`simple`, `regex` or `jsonpath`".to_owned());
            self.error(codes::INVALID_VALUE, &at, format!("`{word}` is no type of a criterion"), Some(help));
        }
        found
    }

    fn expression_version(&mut self, fields: &Fields<'d>) {
        const VERSIONS: [&str; 7] =
            ["rfc9535", "draft-goessner-dispatch-jsonpath-00", "rfc6901", "xpath-31", "xpath-30", "xpath-20", "xpath-10"];
        self.required(fields, "version");
        self.word(fields, "version", &VERSIONS);
    }
}
