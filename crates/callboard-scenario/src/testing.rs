//! A context of plain values for unit tests.

use std::borrow::Cow;
use std::collections::HashMap;

use serde_json::Value;

use crate::expression::{Context, Reference, Unavailable};

/// Inputs by name; nothing else exists.
#[derive(Default)]
pub(crate) struct Values {
    inputs: HashMap<String, Value>,
}

impl Values {
    pub(crate) fn input(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.inputs.insert(name.to_owned(), value.into());
        self
    }
}

impl Context for Values {
    fn value(&self, reference: &Reference) -> Result<Option<Cow<'_, Value>>, Unavailable> {
        Ok(match reference {
            Reference::Input(name) => self.inputs.get(name).map(Cow::Borrowed),
            _ => None,
        })
    }
}
