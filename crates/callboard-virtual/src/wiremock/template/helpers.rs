//! The helpers by name.

use std::borrow::Cow;

use super::scope::Scope;
use super::value::Val;
use super::{chance, choice, clock, json, list, text};
use crate::wiremock::json_path::JsonPath;

/// A helper.
#[derive(Clone, Copy, Debug)]
pub(super) enum Helper {
    If,
    Unless,
    Each,
    With,
    /// Gives true or false; as a block it chooses.
    Predicate(Run),
    /// Gives a value; as a block its content is an argument.
    Value(Run),
}

/// What a helper does; an error becomes a 500.
pub(super) type Run = for<'s, 'a> fn(&mut Arguments<'s, 'a>) -> Result<Val<'a>, String>;

/// What a helper is called with.
pub(super) struct Arguments<'s, 'a> {
    pub(super) name: &'static str,
    pub(super) values: Vec<Val<'a>>,
    pub(super) hash: Vec<(&'a str, Val<'a>)>,
    /// The rendered content of a block.
    pub(super) content: Option<String>,
    pub(super) json_path: Option<&'a JsonPath>,
    pub(super) scope: &'s mut Scope<'a>,
}

impl<'a> Arguments<'_, 'a> {
    /// An argument by its place; the content of a block comes first.
    pub(super) fn at(&self, index: usize) -> Val<'a> {
        match &self.content {
            Some(content) if index == 0 => Val::text(content.clone()),
            Some(_) => self.values.get(index - 1).cloned().unwrap_or(Val::Missing),
            None => self.values.get(index).cloned().unwrap_or(Val::Missing),
        }
    }

    /// An argument as text.
    pub(super) fn text(&self, index: usize) -> Cow<'a, str> {
        self.at(index).to_text()
    }

    /// A named argument; nothing where it is not given.
    pub(super) fn named(&self, name: &str) -> Option<Val<'a>> {
        self.hash.iter().find(|(key, _)| *key == name).map(|(_, value)| value.clone()).filter(|value| !value.is_missing())
    }

    /// A named argument that is true.
    pub(super) fn is_set(&self, name: &str) -> bool {
        self.named(name).is_some_and(|value| value.is_truthy() && value.to_text() != "false")
    }

    /// A named argument as a number.
    pub(super) fn number(&self, name: &str) -> Option<f64> {
        self.named(name).and_then(|value| value.to_number())
    }

    /// An argument as a count.
    pub(super) fn count(&self, index: usize) -> Option<usize> {
        let number = self.at(index).to_number()?;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked")]
        (0.0..1e9).contains(&number).then_some(number as usize)
    }
}

/// Helpers of WireMock that are refused when a mapping is loaded.
pub const REFUSED: &[&str] = &[
    "xPath",
    "soapXPath",
    "formatXml",
    "systemValue",
    "truncateDate",
    "jsonSort",
    "jsonArrayAdd",
    "include",
    "partial",
    "block",
    "embedded",
    "i18n",
    "i18nJs",
    "wordWrap",
    "stripTags",
    "numberFormat",
    "stringFormat",
    "dateFormat",
    "log",
    "lookup",
];

const HELPERS: &[(&str, Helper)] = &[
    ("if", Helper::If),
    ("unless", Helper::Unless),
    ("each", Helper::Each),
    ("with", Helper::With),
    ("eq", Helper::Predicate(choice::equal)),
    ("neq", Helper::Predicate(choice::not_equal)),
    ("gt", Helper::Predicate(choice::greater)),
    ("gte", Helper::Predicate(choice::greater_or_equal)),
    ("lt", Helper::Predicate(choice::less)),
    ("lte", Helper::Predicate(choice::less_or_equal)),
    ("and", Helper::Predicate(choice::all)),
    ("or", Helper::Predicate(choice::any)),
    ("not", Helper::Predicate(choice::not)),
    ("contains", Helper::Predicate(choice::contains)),
    ("matches", Helper::Predicate(choice::matches)),
    ("isEven", Helper::Predicate(choice::even)),
    ("isOdd", Helper::Predicate(choice::odd)),
    ("trim", Helper::Value(text::trim)),
    ("upper", Helper::Value(text::upper)),
    ("lower", Helper::Value(text::lower)),
    ("capitalize", Helper::Value(text::capitalize)),
    ("capitalizeFirst", Helper::Value(text::capitalize_first)),
    ("base64", Helper::Value(text::base64)),
    ("urlEncode", Helper::Value(text::url_encode)),
    ("substring", Helper::Value(text::substring)),
    ("replace", Helper::Value(text::replace)),
    ("cut", Helper::Value(text::cut)),
    ("abbreviate", Helper::Value(text::abbreviate)),
    ("ljust", Helper::Value(text::left)),
    ("rjust", Helper::Value(text::right)),
    ("center", Helper::Value(text::center)),
    ("defaultIfEmpty", Helper::Value(text::default_if_empty)),
    ("slugify", Helper::Value(text::slugify)),
    ("yesno", Helper::Value(text::yes_or_no)),
    ("regexExtract", Helper::Value(text::regex_extract)),
    ("formData", Helper::Value(text::form_data)),
    ("jsonPath", Helper::Value(json::json_path)),
    ("parseJson", Helper::Value(json::parse)),
    ("toJson", Helper::Value(json::print)),
    ("formatJson", Helper::Value(json::format)),
    ("jsonMerge", Helper::Value(json::merge)),
    ("jsonRemove", Helper::Value(json::remove)),
    ("size", Helper::Value(list::size)),
    ("range", Helper::Value(list::range)),
    ("array", Helper::Value(list::array)),
    ("arrayAdd", Helper::Value(list::add)),
    ("arrayRemove", Helper::Value(list::remove)),
    ("arrayJoin", Helper::Value(list::join)),
    ("join", Helper::Value(list::join_all)),
    ("val", Helper::Value(list::val)),
    ("assign", Helper::Value(list::assign)),
    ("randomValue", Helper::Value(chance::value)),
    ("randomInt", Helper::Value(chance::int)),
    ("randomDecimal", Helper::Value(chance::decimal)),
    ("pickRandom", Helper::Value(chance::pick)),
    ("now", Helper::Value(clock::now)),
    ("date", Helper::Value(clock::date)),
    ("parseDate", Helper::Value(clock::parse)),
    ("math", Helper::Value(clock::math)),
    ("hostname", Helper::Value(clock::hostname)),
];

/// A helper by its name.
pub(super) fn find(name: &str) -> Option<(&'static str, Helper)> {
    HELPERS.iter().find(|(known, _)| *known == name).copied()
}

/// The names of all helpers that work.
pub fn supported() -> impl Iterator<Item = &'static str> {
    HELPERS.iter().map(|(name, _)| *name)
}
