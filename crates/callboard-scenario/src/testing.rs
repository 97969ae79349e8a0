//! A context of plain values for unit tests.

use std::borrow::Cow;
use std::collections::HashMap;

use serde_json::Value;

use crate::expression::{Context, MessagePart, Reference, Unavailable};

/// Values by what they are.
#[derive(Default)]
pub(crate) struct Values {
    status: Option<u16>,
    body: Option<Value>,
    headers: HashMap<String, Value>,
    inputs: HashMap<String, Value>,
    outputs: HashMap<(String, String), Value>,
}

impl Values {
    pub(crate) fn status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    pub(crate) fn body(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.insert(name.to_ascii_lowercase(), value.into());
        self
    }

    pub(crate) fn input(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.inputs.insert(name.to_owned(), value.into());
        self
    }

    pub(crate) fn output(mut self, step: &str, name: &str, value: impl Into<Value>) -> Self {
        self.outputs.insert((step.to_owned(), name.to_owned()), value.into());
        self
    }
}

impl Context for Values {
    fn value(&self, reference: &Reference) -> Result<Option<Cow<'_, Value>>, Unavailable> {
        let nothing = |what: &str| Unavailable::new(what, "no answer came");
        Ok(match reference {
            Reference::StatusCode => Some(Cow::Owned(Value::from(self.status.ok_or_else(|| nothing("$statusCode"))?))),
            Reference::Response(MessagePart::Body) => {
                Some(Cow::Borrowed(self.body.as_ref().ok_or_else(|| nothing("$response.body"))?))
            }
            Reference::Response(MessagePart::Header(name)) => self.headers.get(&name.to_ascii_lowercase()).map(Cow::Borrowed),
            Reference::Input(name) => self.inputs.get(name).map(Cow::Borrowed),
            Reference::StepOutput { step, output } => self.outputs.get(&(step.clone(), output.clone())).map(Cow::Borrowed),
            _ => None,
        })
    }
}
