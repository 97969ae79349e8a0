//! Reads JSON as a tree and notes members that stand twice: JSON lets them pass (RFC 8259 section 4), and the last one counts.

use std::cell::RefCell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::pointer::Pointer;

/// So many members that stand twice are noted.
const MAX_NOTED: usize = 50;

/// The tree, and the members that stand twice.
pub(super) fn parse(text: &str) -> Result<(Value, Vec<Pointer>), serde_json::Error> {
    let noted = RefCell::new(Vec::new());
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = Node { place: &Place::Root, noted: &noted }.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok((value, noted.into_inner()))
}

/// The place of a node, without copies: each one refers to that of its parent.
enum Place<'p> {
    Root,
    Member(&'p Place<'p>, &'p str),
    Item(&'p Place<'p>, usize),
}

impl Place<'_> {
    fn pointer(&self) -> Pointer {
        match self {
            Self::Root => Pointer::root(),
            Self::Member(parent, name) => parent.pointer().join(name),
            Self::Item(parent, index) => parent.pointer().join(index.to_string()),
        }
    }
}

/// A node that is still to be read.
#[derive(Clone, Copy)]
struct Node<'n> {
    place: &'n Place<'n>,
    noted: &'n RefCell<Vec<Pointer>>,
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any valid JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        loop {
            let place = Place::Item(self.place, items.len());
            match access.next_element_seed(Node { place: &place, noted: self.noted })? {
                Some(item) => items.push(item),
                None => return Ok(Value::Array(items)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut fields = Map::new();
        while let Some(name) = access.next_key::<String>()? {
            let place = Place::Member(self.place, &name);
            let value = access.next_value_seed(Node { place: &place, noted: self.noted })?;
            if fields.contains_key(&name) && self.noted.borrow().len() < MAX_NOTED {
                self.noted.borrow_mut().push(place.pointer());
            }
            fields.insert(name, value);
        }
        Ok(Value::Object(fields))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_is_that_of_any_reader_and_members_that_stand_twice_are_noted() {
        let text =
            r#"{"a": [1, -2, 3.5, 1e3, 18446744073709551615, null, true, "x\n"], "b": {"c": 1, "d": {}, "c": 2}, "b": {"c": 3}}"#;
        let (value, noted) = parse(text).expect("this is JSON");
        assert_eq!(value, serde_json::from_str::<Value>(text).expect("this is JSON"));
        assert_eq!(noted.iter().map(Pointer::as_str).collect::<Vec<_>>(), ["/b/c", "/b"]);
    }

    #[test]
    fn what_is_no_json_is_refused_as_before() {
        for text in ["{\"a\": 1} x", "{\"a\" 1}", "[1,]", "", "{\"a\": nul}"] {
            let error = parse(text).expect_err(text).to_string();
            assert_eq!(error, serde_json::from_str::<Value>(text).expect_err(text).to_string());
        }
        assert!(parse(&"[".repeat(100_000)).is_err());
    }
}
