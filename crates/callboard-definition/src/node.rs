//! A cursor over the raw trees: an object with its address. References are followed wherever an object or a value is asked for, since
//! real definitions put `$ref` in places where the specification has none.

use callboard_model::document::ReferenceError;
use callboard_model::{DocumentId, Documents, NodeRef, Pointer};
use serde_json::{Map, Value};

/// A chain of references longer than this leads in a circle.
const MAX_HOPS: usize = 32;

/// A value at its place.
#[derive(Clone, Debug)]
pub(crate) struct Node<'a> {
    documents: &'a Documents,
    pub(crate) at: NodeRef,
    pub(crate) value: &'a Value,
}

/// A reference that leads nowhere, with the node that holds it.
#[derive(Clone, Debug)]
pub(crate) struct Unresolved<'a> {
    pub(crate) node: Node<'a>,
    pub(crate) reference: &'a str,
    pub(crate) reason: String,
    /// Whether the loader has told about the document that is missing.
    pub(crate) is_known: bool,
}

impl<'a> Node<'a> {
    pub(crate) fn root(documents: &'a Documents, document: DocumentId) -> Self {
        Self { documents, at: NodeRef::new(document, Pointer::root()), value: documents.get(document).value() }
    }

    pub(crate) fn at(documents: &'a Documents, at: &NodeRef) -> Option<Self> {
        Some(Self { documents, at: at.clone(), value: documents.value(at)? })
    }

    pub(crate) fn object(&self) -> Option<&'a Map<String, Value>> {
        self.value.as_object()
    }

    /// The child as it stands; a reference stays one.
    pub(crate) fn raw(&self, key: &str) -> Option<Node<'a>> {
        let value = self.value.get(key)?;
        Some(Node { documents: self.documents, at: self.at.join(key), value })
    }

    /// The child with references followed; nothing where they lead nowhere.
    pub(crate) fn get(&self, key: &str) -> Option<Node<'a>> {
        self.raw(key)?.resolve().ok()
    }

    /// The keys of an object with their values as they stand, in order.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&'a str, Node<'a>)> + use<'a> {
        let (documents, at) = (self.documents, self.at.clone());
        let map = self.object().into_iter().flatten();
        map.map(move |(key, value)| (key.as_str(), Node { documents, at: at.join(key), value }))
    }

    /// The items of a list as they stand, in order.
    pub(crate) fn items(&self) -> impl Iterator<Item = Node<'a>> + use<'a> {
        let (documents, at) = (self.documents, self.at.clone());
        let list = self.value.as_array().map(Vec::as_slice).unwrap_or_default();
        list.iter().enumerate().map(move |(i, value)| Node { documents, at: at.join(i.to_string()), value })
    }

    /// A text under a key. A number counts as text: YAML reads `version: 1.0` as one.
    pub(crate) fn text(&self, key: &str) -> Option<String> {
        match self.get(key)?.value {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    pub(crate) fn flag(&self, key: &str) -> Option<bool> {
        self.get(key)?.value.as_bool()
    }

    /// The texts of a list under a key.
    pub(crate) fn texts(&self, key: &str) -> Option<Vec<String>> {
        let list = self.get(key)?;
        list.value.as_array().map(|items| items.iter().filter_map(Value::as_str).map(str::to_owned).collect())
    }

    /// The reference that this object is.
    pub(crate) fn reference(&self) -> Option<&'a str> {
        self.value.get("$ref").and_then(Value::as_str)
    }

    /// Follows references to what they mean; a node without one is its own meaning.
    pub(crate) fn resolve(&self) -> Result<Node<'a>, Unresolved<'a>> {
        let mut current = self.clone();
        for _ in 0..MAX_HOPS {
            let Some(reference) = current.reference() else {
                return Ok(current);
            };
            current = current.follow(reference)?;
        }
        let reference = self.reference().unwrap_or_default();
        Err(Unresolved { node: self.clone(), reference, reason: "it leads in a circle".to_owned(), is_known: false })
    }

    fn follow(&self, reference: &'a str) -> Result<Node<'a>, Unresolved<'a>> {
        let unresolved = |error: ReferenceError| {
            let is_known = matches!(error, ReferenceError::UnknownDocument(_));
            Unresolved { node: self.clone(), reference, reason: error.to_string(), is_known }
        };
        let at = self.documents.resolve(self.at.document, reference).map_err(unresolved)?;
        let value = self.documents.value(&at);
        let value = value.ok_or_else(|| unresolved(ReferenceError::NoSuchNode(reference.to_owned())))?;
        Ok(Node { documents: self.documents, at, value })
    }
}

/// What kind of value stands somewhere, in words.
pub(crate) fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
