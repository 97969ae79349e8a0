//! What holds for any bytes: a document is read or refused with a place inside of it, and every node of it has a place.

use callboard_model::document::join_reference;
use callboard_model::{Document, Pointer};
use proptest::prelude::*;
use serde_json::Value;

/// Text that looks like YAML or JSON now and then.
fn soup() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "a", "b: ", ": ", "- ", "\n", "\n  ", "\n    ", "{", "}", "[", "]", ",", "\"", "'", "&x ", "*x", "<<: ", "|", ">", "#",
        "1", "0x", ".nan", "null", "~", "? ", "!!str ", "---\n", "é", "\t", "\\u00", "%",
    ]);
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

fn visit(document: &Document, value: &Value, at: &Pointer) {
    let (span, key) = (document.span(at), document.key_span(at));
    assert!(span.line >= 1 && key.line >= 1, "{at}: {span:?} {key:?}");
    match value {
        Value::Object(map) => map.iter().for_each(|(name, child)| visit(document, child, &at.join(name))),
        Value::Array(list) => list.iter().enumerate().for_each(|(i, child)| visit(document, child, &at.join(i.to_string()))),
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_text_is_read_or_refused(text in prop_oneof![soup(), ".{0,40}"]) {
        match Document::parse("a.yaml", text.as_bytes()) {
            Ok(document) => visit(&document, document.value(), &Pointer::root()),
            Err(refusal) => prop_assert!(!refusal.message.is_empty()),
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        drop(Document::parse("a.yaml", &bytes));
    }

    #[test]
    fn any_reference_joins(base in "[a-z:/.?#%]{0,16}", reference in "[a-z:/.?#%é]{0,16}") {
        join_reference(&base, &reference);
    }

    #[test]
    fn names_survive_a_pointer(names in prop::collection::vec("[a~/01é ]{0,4}", 0..4)) {
        let pointer = Pointer::of(&names);
        prop_assert_eq!(Pointer::parse(pointer.as_str()).expect("it was made").segments().collect::<Vec<_>>(), names);
    }
}
