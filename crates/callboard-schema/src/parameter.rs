//! Parameters to and from the wire: OpenAPI styles ("Style Values" of the Parameter Object) over RFC 6570, and form bodies.

mod encode;
mod form;
mod read;
mod write;

pub use encode::{decode, encode};
pub use form::{read_form, write_form};
pub use read::{Raw, coerce, read, split_query};
pub use write::{Written, write};

use callboard_model::api::ParameterStyle;
use serde_json::Value;

/// What stands between the items of an array that is written into one value.
fn separator(style: ParameterStyle) -> &'static str {
    match style {
        ParameterStyle::SpaceDelimited => "%20",
        ParameterStyle::PipeDelimited => "|",
        ParameterStyle::TabDelimited => "%09",
        _ => ",",
    }
}

/// A scalar as text; whatever has an inner structure, as JSON.
fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}
