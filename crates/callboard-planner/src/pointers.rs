//! Pointers into schemas and into values.

use callboard_model::Pointer;
use serde_json::Value;

use crate::shape::{Kind, Place};

/// `/items/0/id` as the schema's place `/items/*/id`.
pub(crate) fn generic(pointer: &Pointer) -> Pointer {
    Pointer::of(pointer.segments().map(|s| if s.parse::<usize>().is_ok() { "*".to_owned() } else { s }))
}

/// A place with the first item for each list; `None` where a map is on the way.
pub(crate) fn concrete_pointer(pointer: &Pointer, places: &[Place]) -> Option<Pointer> {
    let mut walked = Pointer::root();
    let mut concrete = Pointer::root();
    for segment in pointer.segments() {
        if segment == "*" {
            let holder = places.iter().find(|place| place.pointer == walked)?;
            if holder.shape.kind != Kind::Array {
                return None;
            }
            concrete.push("0");
        } else {
            concrete.push(&segment);
        }
        walked.push(&segment);
    }
    Some(concrete)
}

/// The leaves of a value: scalars, and lists and objects that are empty.
pub(crate) fn leaves(value: &Value, at: &Pointer, take: &mut impl FnMut(&Pointer, &Value)) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (name, value) in map {
                leaves(value, &at.join(name), take);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for (i, item) in items.iter().enumerate() {
                leaves(item, &at.join(i.to_string()), take);
            }
        }
        _ => take(at, value),
    }
}
