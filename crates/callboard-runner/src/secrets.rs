//! Secret values never reach a record: they are replaced wherever they stand, plain or encoded.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use callboard_model::run::{CheckOutcome, CheckResult, RequestRecord, StepResult};
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

/// A value that must not be shown, with the name under which it is known (`HUB_TOKEN`).
#[derive(Clone)]
pub struct Secret {
    /// Its name: what is shown instead, as `${NAME}`.
    pub name: String,
    /// The value.
    pub value: String,
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Secret({})", self.name)
    }
}

/// Replaces secret values by their names.
#[derive(Clone, Debug, Default)]
pub struct Masker {
    /// What is looked for, and what stands there instead. Longer ones first: one secret may hold another.
    needles: Vec<(Needle, String)>,
}

/// A text that gives a secret away. Its own `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq)]
struct Needle(String);

impl std::fmt::Debug for Needle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

/// Characters that most programs encode in a query or path: fewer than [`NON_ALPHANUMERIC`].
const USUAL: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// Characters that must be encoded even where reserved ones may stay.
const FEW: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'`').add(b'#').add(b'?').add(b'{').add(b'}').add(b'%');

impl Masker {
    /// A masker for these secrets. Empty values hide nothing.
    pub fn new(secrets: &[Secret]) -> Self {
        let mut masker = Self::default();
        for secret in secrets {
            masker.add(secret);
        }
        masker
    }

    /// Adds a secret. An empty value is ignored: it stands everywhere.
    pub fn add(&mut self, secret: &Secret) {
        if secret.value.is_empty() {
            return;
        }
        let shown = format!("${{{}}}", secret.name);
        for text in encodings(&secret.value) {
            if !self.needles.iter().any(|(known, _)| known.0 == text) {
                self.needles.push((Needle(text), shown.clone()));
            }
        }
        self.needles.sort_by_key(|(needle, _)| std::cmp::Reverse(needle.0.len()));
    }

    /// Whether there is nothing to mask.
    pub fn is_empty(&self) -> bool {
        self.needles.is_empty()
    }

    /// The text without secrets. Borrowed when there was none.
    pub fn mask<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut masked = Cow::Borrowed(text);
        for (needle, shown) in &self.needles {
            if masked.contains(&needle.0) {
                masked = Cow::Owned(masked.replace(&needle.0, shown));
            }
        }
        masked
    }

    /// Masks a text in place.
    pub fn mask_string(&self, text: &mut String) {
        if let Cow::Owned(masked) = self.mask(text) {
            *text = masked;
        }
    }

    /// Masks all strings of a value, keys included.
    pub fn mask_value(&self, value: &mut Value) {
        if self.needles.is_empty() {
            return;
        }
        match value {
            Value::String(text) => self.mask_string(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.mask_value(item)),
            Value::Object(map) => {
                if map.keys().any(|key| matches!(self.mask(key), Cow::Owned(_))) {
                    *map = std::mem::take(map).into_iter().map(|(key, value)| (self.mask(&key).into_owned(), value)).collect();
                }
                map.values_mut().for_each(|value| self.mask_value(value));
            }
            // A number that is a secret is a secret, too.
            Value::Number(number) => {
                if let Cow::Owned(masked) = self.mask(&number.to_string()) {
                    *value = Value::String(masked);
                }
            }
            Value::Bool(_) | Value::Null => {}
        }
    }

    /// Takes secrets out of all that a step's result holds.
    pub(crate) fn mask_result(&self, result: &mut StepResult) {
        if self.needles.is_empty() {
            return;
        }
        result.reason.iter_mut().for_each(|reason| self.mask_string(reason));
        result.checks.iter_mut().for_each(|check| self.mask_check(check));
        result.outputs.values_mut().for_each(|value| self.mask_value(value));
        for attempt in &mut result.attempts {
            self.mask_request(&mut attempt.request);
            attempt.transport_error.iter_mut().for_each(|error| self.mask_string(error));
            if let Some(response) = &mut attempt.response {
                self.mask_headers(&mut response.headers);
                response.body.iter_mut().for_each(|body| self.mask_string(body));
            }
        }
    }

    fn mask_check(&self, check: &mut CheckResult) {
        let mask = |text: &mut String| self.mask_string(text);
        mask(&mut check.condition);
        match &mut check.outcome {
            CheckOutcome::Held => {}
            CheckOutcome::Failed { expected, actual, at } => {
                [expected, actual].into_iter().chain(at).for_each(mask);
            }
            CheckOutcome::Unevaluable { why } => mask(why),
            CheckOutcome::Accepted { mismatch, at, reason } => {
                [mismatch, reason].into_iter().chain(at).for_each(mask);
            }
        }
    }

    /// Masks all of a request.
    pub fn mask_request(&self, request: &mut RequestRecord) {
        if self.needles.is_empty() {
            return;
        }
        self.mask_string(&mut request.url);
        self.mask_headers(&mut request.headers);
        request.body.iter_mut().for_each(|body| self.mask_string(body));
    }

    /// Masks the values of headers.
    pub(crate) fn mask_headers(&self, headers: &mut [(String, String)]) {
        for (name, value) in headers {
            if name.eq_ignore_ascii_case("authorization")
                && let Some(masked) = self.mask_basic(value)
            {
                *value = masked;
            }
            self.mask_string(value);
        }
    }

    /// `Basic` credentials are base64 over `user:password`, so the secret's own base64 need not stand in them.
    fn mask_basic(&self, value: &str) -> Option<String> {
        let (scheme, encoded) = value.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("basic") {
            return None;
        }
        let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
        match self.mask(&decoded) {
            Cow::Owned(masked) => Some(format!("{scheme} base64({masked})")),
            Cow::Borrowed(_) => None,
        }
    }
}

/// The forms in which a value may travel.
fn encodings(value: &str) -> Vec<String> {
    let quoted = Value::from(value).to_string();
    let mut forms = vec![value.to_owned(), quoted[1..quoted.len() - 1].to_owned()];
    for set in [NON_ALPHANUMERIC, USUAL, FEW] {
        let encoded = utf8_percent_encode(value, set).to_string();
        forms.push(encoded.replace("%20", "+"));
        forms.push(lower_hex(&encoded));
        forms.push(encoded);
    }
    // The base64 of very short values stands in too many other words.
    if value.len() >= 4 {
        for engine in [&STANDARD, &STANDARD_NO_PAD, &URL_SAFE, &URL_SAFE_NO_PAD] {
            let encoded = engine.encode(value);
            forms.push(utf8_percent_encode(&encoded, USUAL).to_string());
            forms.push(encoded);
        }
    }
    forms
}

/// `%2F` as `%2f`.
fn lower_hex(encoded: &str) -> String {
    let mut digits = 0_u8;
    let lower = |c: char| {
        let in_escape = digits > 0;
        digits = if c == '%' { 2 } else { digits.saturating_sub(1) };
        if in_escape { c.to_ascii_lowercase() } else { c }
    };
    encoded.chars().map(lower).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn masker(value: &str) -> Masker {
        Masker::new(&[Secret { name: "TOKEN".to_owned(), value: value.to_owned() }])
    }

    #[test]
    fn a_secret_is_masked_in_every_form() {
        let secret = "p&ss wörd/1+\"x\"";
        let masker = masker(secret);
        let forms = [
            secret.to_owned(),
            "p%26ss%20w%C3%B6rd%2F1%2B%22x%22".to_owned(),
            "p%26ss%20w%c3%b6rd%2f1%2b%22x%22".to_owned(),
            "p%26ss+w%C3%B6rd%2F1%2B%22x%22".to_owned(),
            STANDARD.encode(secret),
            URL_SAFE_NO_PAD.encode(secret),
            "p&ss wörd/1+\\\"x\\\"".to_owned(),
        ];
        for form in forms {
            assert_eq!(masker.mask(&format!("a {form} b")), "a ${TOKEN} b", "{form}");
        }
    }

    #[test]
    fn the_longer_secret_goes_first() {
        let secret = |name: &str, value: &str| Secret { name: name.to_owned(), value: value.to_owned() };
        let masker = Masker::new(&[secret("A", "abc"), secret("B", "abcdef"), secret("EMPTY", "")]);
        assert_eq!(masker.mask("abcdef abc"), "${B} ${A}");
    }

    #[test]
    fn values_are_masked_in_depth() {
        let mut value = json!({"s3cret": ["x s3cret y", {"k": "s3cret"}], "n": 1});
        masker("s3cret").mask_value(&mut value);
        assert_eq!(value, json!({"n": 1, "${TOKEN}": ["x ${TOKEN} y", {"k": "${TOKEN}"}]}));
        let mut number = json!({"pin": 471_100});
        masker("471100").mask_value(&mut number);
        assert_eq!(number, json!({"pin": "${TOKEN}"}));
    }

    #[test]
    fn basic_credentials_are_masked_inside_their_base64() {
        let mut headers = vec![("Authorization".to_owned(), format!("Basic {}", STANDARD.encode("ada:s3cret")))];
        masker("s3cret").mask_headers(&mut headers);
        assert_eq!(headers[0].1, "Basic base64(ada:${TOKEN})");
    }
}
