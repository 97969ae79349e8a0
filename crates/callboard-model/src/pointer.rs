//! JSON Pointer (RFC 6901).

use std::fmt;

use serde::{Deserialize, Serialize};

/// A JSON Pointer in its string form: empty for the whole document, otherwise `/`-separated escaped segments.
///
/// A segment `*` stands for "each item" where a pointer addresses a shape rather than an instance (links in the system map).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Pointer(String);

impl Pointer {
    /// The whole document.
    pub fn root() -> Self {
        Self::default()
    }

    /// Reads a pointer; `None` when it is neither empty nor starts with `/`, or has a wrong escape.
    pub fn parse(text: &str) -> Option<Self> {
        let starts_well = text.is_empty() || text.starts_with('/');
        let mut rest = text;
        while let Some(at) = rest.find('~') {
            rest = &rest[at + 1..];
            if !rest.starts_with(['0', '1']) {
                return None;
            }
        }
        starts_well.then(|| Self(text.to_owned()))
    }

    /// A pointer of unescaped segments.
    pub fn of<S: AsRef<str>>(segments: impl IntoIterator<Item = S>) -> Self {
        let mut pointer = Self::root();
        for segment in segments {
            pointer.push(segment.as_ref());
        }
        pointer
    }

    /// Appends an unescaped segment.
    pub fn push(&mut self, segment: &str) {
        self.0.push('/');
        for c in segment.chars() {
            match c {
                '~' => self.0.push_str("~0"),
                '/' => self.0.push_str("~1"),
                c => self.0.push(c),
            }
        }
    }

    /// This pointer with one more unescaped segment.
    #[must_use]
    pub fn join(&self, segment: impl AsRef<str>) -> Self {
        let mut pointer = self.clone();
        pointer.push(segment.as_ref());
        pointer
    }

    /// This pointer followed by another one.
    #[must_use]
    pub fn concat(&self, rest: &Pointer) -> Self {
        Self(format!("{}{}", self.0, rest.0))
    }

    /// The pointer without its last segment; `None` for the root.
    pub fn parent(&self) -> Option<Self> {
        self.0.rfind('/').map(|at| Self(self.0[..at].to_owned()))
    }

    /// The last segment, unescaped; `None` for the root.
    pub fn last(&self) -> Option<String> {
        self.0.rfind('/').map(|at| unescape(&self.0[at + 1..]))
    }

    /// The segments, unescaped.
    pub fn segments(&self) -> impl Iterator<Item = String> + '_ {
        self.0.split('/').skip(1).map(unescape)
    }

    /// The string form.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is the whole document.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }
}

fn unescape(segment: &str) -> String {
    segment.replace("~1", "/").replace("~0", "~")
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_escaped_and_come_back() {
        let pointer = Pointer::of(["paths", "/users/{id}", "a~b", ""]);
        assert_eq!(pointer.as_str(), "/paths/~1users~1{id}/a~0b/");
        assert_eq!(pointer.segments().collect::<Vec<_>>(), ["paths", "/users/{id}", "a~b", ""]);
        assert_eq!(pointer.last().as_deref(), Some(""));
    }

    #[test]
    fn a_wrong_escape_is_no_pointer() {
        assert_eq!(Pointer::parse("/a~2"), None);
        assert_eq!(Pointer::parse("a"), None);
        assert!(Pointer::parse("").is_some_and(|p| p.is_root()));
    }
}
