//! Schemas that stand in no file: the object that Swagger's `formData` parameters form, and the text of a path parameter that nobody
//! declares. They become one more document of the definition, so that everybody reads them like any other.

use callboard_model::{Document, DocumentId, Documents, NodeRef, Pointer};
use serde_json::{Map, Value, json};

/// The origin of that document. It has no folder, so references in it mean the origins of the others as they are.
const ORIGIN: &str = "(synthesised)";

pub(crate) struct Synthetic {
    document: DocumentId,
    schemas: Map<String, Value>,
}

impl Synthetic {
    /// `documents` is complete: the next document to be added is the synthetic one.
    pub(crate) fn new(documents: &Documents) -> Self {
        let count = u32::try_from(documents.iter().count()).expect("the number of documents is limited");
        Self { document: DocumentId(count), schemas: Map::new() }
    }

    /// Keeps a schema under a name that is unique in the definition.
    pub(crate) fn add(&mut self, name: &str, schema: Value) -> NodeRef {
        self.schemas.insert(name.to_owned(), schema);
        NodeRef::new(self.document, Pointer::of([name]))
    }

    /// A text without further conditions.
    pub(crate) fn string(&mut self) -> NodeRef {
        self.add("string", json!({"type": "string"}))
    }

    /// Adds the document, if it holds anything.
    pub(crate) fn add_to(self, documents: &mut Documents) {
        if !self.schemas.is_empty() {
            let id = documents.add(Document::synthetic(ORIGIN, Value::Object(self.schemas)));
            debug_assert_eq!(id, self.document);
        }
    }
}

/// A reference from the synthetic document to a node of another one.
pub(crate) fn reference_to(documents: &Documents, node: &NodeRef) -> Value {
    let origin = documents.get(node.document).origin();
    let location = if origin.contains("://") { origin.to_string() } else { origin.replace('%', "%25") };
    json!({"$ref": format!("{location}#{}", node.pointer.as_str().replace('%', "%25"))})
}
