//! Edits of a document's text: what changes, changes; comments, order, quotes and every other byte stay.
//!
//! No library writes YAML back as it was read, so an edit finds its place by spans, offers one or more ways to write the new text there,
//! and takes the first that reads back as exactly the tree that is meant. An edit for which there is none (what stands there is shared by
//! aliases, say) is refused with a reason: a file is never damaged.

mod collection;
mod layout;
mod scalar;

use std::sync::Arc;

use callboard_model::{Document, Pointer};
use serde_json::{Map, Value};

use layout::Layout;

/// One change of a tree. Places are those of the document as it was before any edit.
#[derive(Clone, Debug, PartialEq)]
pub enum Edit {
    /// Another value in the place of one that is there.
    Set {
        /// The place.
        at: Pointer,
        /// The new value.
        value: Value,
    },
    /// Another name for a member of an object.
    Rename {
        /// The member.
        at: Pointer,
        /// The new name.
        name: String,
    },
    /// A new member at the end of an object.
    Insert {
        /// The object.
        into: Pointer,
        /// The name of the member.
        key: String,
        /// Its value.
        value: Value,
        /// A comment before it, where the format has comments.
        comment: Option<String>,
    },
    /// A new item at the end of a list.
    Append {
        /// The list.
        to: Pointer,
        /// The item.
        value: Value,
        /// A comment before it, where the format has comments.
        comment: Option<String>,
    },
    /// A member or an item less.
    Remove {
        /// The place.
        at: Pointer,
    },
}

/// The text after some edits.
#[derive(Clone, Debug, PartialEq)]
pub struct Edited {
    /// The text.
    pub text: String,
    /// The edits that could not be made, each with the reason.
    pub refused: Vec<(Edit, String)>,
}

impl Edit {
    /// The place that it is about.
    pub fn place(&self) -> &Pointer {
        match self {
            Self::Set { at, .. } | Self::Rename { at, .. } | Self::Remove { at } => at,
            Self::Insert { into, .. } => into,
            Self::Append { to, .. } => to,
        }
    }

    /// Edits are made from the inside out and from the end on, so that none moves the place of a later one.
    fn turn(&self) -> (std::cmp::Reverse<usize>, u8, std::cmp::Reverse<usize>) {
        let depth = |pointer: &Pointer| pointer.segments().count();
        let index = self.place().last().and_then(|last| last.parse().ok()).unwrap_or(0);
        match self {
            Self::Set { at, .. } => (std::cmp::Reverse(depth(at)), 0, std::cmp::Reverse(0)),
            Self::Insert { into, .. } => (std::cmp::Reverse(depth(into) + 1), 1, std::cmp::Reverse(0)),
            Self::Append { to, .. } => (std::cmp::Reverse(depth(to) + 1), 1, std::cmp::Reverse(0)),
            Self::Remove { at } => (std::cmp::Reverse(depth(at)), 2, std::cmp::Reverse(index)),
            Self::Rename { at, .. } => (std::cmp::Reverse(depth(at)), 3, std::cmp::Reverse(0)),
        }
    }
}

/// Makes edits in the text of a document.
pub fn apply(document: &Document, edits: &[Edit]) -> Edited {
    let mut sorted: Vec<&Edit> = edits.iter().collect();
    sorted.sort_by_key(|edit| edit.turn());
    let mut text = document.text().to_string();
    let mut refused = Vec::new();
    for edit in sorted {
        match one(document.origin(), &text, edit) {
            Ok(edited) => text = edited,
            Err(why) => refused.push((edit.clone(), why)),
        }
    }
    Edited { text, refused }
}

fn one(origin: &Arc<str>, text: &str, edit: &Edit) -> Result<String, String> {
    let document = Document::parse(origin.clone(), text.as_bytes()).map_err(|error| error.message)?;
    let intended =
        after(document.value(), edit).ok_or_else(|| format!("nothing that can be edited so stands at `{}`", edit.place()))?;
    if intended == *document.value() {
        return Ok(text.to_owned());
    }
    let is_meant = |candidate: &String| {
        Document::parse(origin.clone(), candidate.as_bytes()).is_ok_and(|document| *document.value() == intended)
    };
    let found = candidates(&Layout::of(&document), edit).into_iter().find(is_meant);
    found.ok_or_else(|| format!("what stands at `{}` is shared or written in a way that cannot be edited alone", edit.place()))
}

/// Texts that may be what is meant, the least change first.
fn candidates(layout: &Layout<'_>, edit: &Edit) -> Vec<String> {
    match edit {
        Edit::Set { at, value } => scalar::set(layout, at, value),
        Edit::Rename { at, name } => scalar::rename(layout, at, name),
        Edit::Insert { into, key, value, comment } => {
            let entry = Value::Object(Map::from_iter([(key.clone(), value.clone())]));
            collection::add(layout, into, &entry, comment.as_deref())
        }
        Edit::Append { to, value, comment } => {
            collection::add(layout, to, &Value::Array(vec![value.clone()]), comment.as_deref())
        }
        Edit::Remove { at } => collection::remove(layout, at),
    }
}

/// The tree that an edit means; `None` where it cannot be made.
fn after(value: &Value, edit: &Edit) -> Option<Value> {
    let mut tree = value.clone();
    match edit {
        Edit::Set { at, value } => *tree.pointer_mut(at.as_str())? = value.clone(),
        Edit::Rename { at, name } => {
            let old = at.last()?;
            let fields = tree.pointer_mut(at.parent()?.as_str())?.as_object_mut()?;
            if !fields.contains_key(&old) || fields.contains_key(name) {
                return None;
            }
            *fields =
                std::mem::take(fields).into_iter().map(|(key, v)| (if key == old { name.clone() } else { key }, v)).collect();
        }
        Edit::Insert { into, key, value, .. } => {
            let fields = tree.pointer_mut(into.as_str())?.as_object_mut()?;
            if fields.insert(key.clone(), value.clone()).is_some() {
                return None;
            }
        }
        Edit::Append { to, value, .. } => tree.pointer_mut(to.as_str())?.as_array_mut()?.push(value.clone()),
        Edit::Remove { at } => {
            let (parent, last) = (at.parent()?, at.last()?);
            match tree.pointer_mut(parent.as_str())? {
                Value::Object(fields) => fields.shift_remove(&last).map(|_| ())?,
                Value::Array(items) => {
                    let index = last.parse::<usize>().ok().filter(|index| *index < items.len())?;
                    items.remove(index);
                }
                _ => return None,
            }
        }
    }
    Some(tree)
}

#[cfg(test)]
mod tests;
