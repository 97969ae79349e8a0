//! From a path to the operations that stand there.

use std::collections::HashMap;

use callboard_model::Service;

/// The paths of a service.
pub(crate) struct Routes {
    base: String,
    router: matchit::Router<usize>,
    /// Templates that the router cannot hold, most specific first.
    odd: Vec<(Vec<Segment>, usize)>,
    entries: Vec<Entry>,
}

/// All operations of one shape of path. Templates that differ only in the names of their parameters share it.
pub(crate) struct Entry {
    /// Method names with indices of operations, in the order of the definition.
    pub(crate) operations: Vec<(String, usize)>,
}

enum Segment {
    Literal(String),
    /// What stands before and behind a parameter in its segment.
    Parameter(String, String),
}

/// A match: the operations, and the values of the parameters as they stand in the path.
pub(crate) struct Found<'r, 'p> {
    pub(crate) entry: &'r Entry,
    pub(crate) captures: Vec<&'p str>,
}

impl Routes {
    pub(crate) fn new(service: &Service) -> Self {
        let mut routes = Self { base: service.base_path(), router: matchit::Router::new(), odd: Vec::new(), entries: Vec::new() };
        let mut shapes: HashMap<String, usize> = HashMap::new();
        for (index, operation) in service.operations.iter().enumerate() {
            if operation.unusable.is_some() {
                continue;
            }
            let path = operation.key.path.split(['?', '#']).next().unwrap_or_default();
            let shape = shape_of(path);
            let method = operation.key.method.as_str().to_owned();
            match shapes.get(&shape) {
                Some(entry) => routes.entries[*entry].operations.push((method, index)),
                None => {
                    let entry = routes.entries.len();
                    routes.entries.push(Entry { operations: vec![(method, index)] });
                    routes.insert(path, &shape, entry);
                    shapes.insert(shape, entry);
                }
            }
        }
        routes.odd.sort_by_key(|(segments, _)| segments.iter().filter(|s| matches!(s, Segment::Parameter(..))).count());
        routes
    }

    fn insert(&mut self, path: &str, shape: &str, entry: usize) {
        if !has_partial_parameters(path) && self.router.insert(shape, entry).is_ok() {
            return;
        }
        self.odd.push((path.split('/').map(segment).collect(), entry));
    }

    /// Finds a path, with or without the base path of the definition's first server.
    pub(crate) fn find<'p>(&self, path: &'p str) -> Option<Found<'_, 'p>> {
        let stripped = path
            .strip_prefix(self.base.as_str())
            .filter(|rest| !self.base.is_empty() && (rest.starts_with('/') || rest.is_empty()));
        stripped.and_then(|rest| self.find_exact(rest)).or_else(|| self.find_exact(path))
    }

    fn find_exact<'p>(&self, path: &'p str) -> Option<Found<'_, 'p>> {
        let path = if path.is_empty() { "/" } else { path };
        if let Ok(found) = self.router.at(path) {
            return Some(Found {
                entry: &self.entries[*found.value],
                captures: found.params.iter().map(|(_, value)| value).collect(),
            });
        }
        let odd = self.odd.iter().find_map(|(segments, entry)| {
            captures(segments, path).map(|captures| Found { entry: &self.entries[*entry], captures })
        });
        let trimmed = path.strip_suffix('/').filter(|rest| !rest.is_empty());
        odd.or_else(|| self.find_exact(trimmed?))
    }
}

/// The template with its parameters numbered, so that names do not matter; literal braces do not occur.
fn shape_of(path: &str) -> String {
    let mut out = String::new();
    let mut rest = path;
    let mut ordinal = 0;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((_, behind)) = after.split_once('}') else { break };
        out.push_str(before);
        out.push_str(&format!("{{p{ordinal}}}"));
        ordinal += 1;
        rest = behind;
    }
    out.push_str(&rest.replace('{', "{{").replace('}', "}}"));
    if out.starts_with('/') { out } else { format!("/{out}") }
}

fn has_partial_parameters(path: &str) -> bool {
    path.split('/')
        .any(|segment| segment.contains('{') && (!segment.starts_with('{') || segment.find('}') != Some(segment.len() - 1)))
}

fn segment(text: &str) -> Segment {
    match (text.find('{'), text.rfind('}')) {
        (Some(start), Some(end)) if start < end => Segment::Parameter(text[..start].to_owned(), text[end + 1..].to_owned()),
        _ => Segment::Literal(text.to_owned()),
    }
}

fn captures<'p>(segments: &[Segment], path: &'p str) -> Option<Vec<&'p str>> {
    let parts: Vec<&str> = path.split('/').collect();
    if parts.len() != segments.len() {
        return None;
    }
    let mut found = Vec::new();
    for (segment, part) in segments.iter().zip(parts) {
        match segment {
            Segment::Literal(text) if text == part => {}
            Segment::Literal(_) => return None,
            Segment::Parameter(before, behind) => {
                let value = part.strip_prefix(before.as_str())?.strip_suffix(behind.as_str())?;
                found.push(Some(value).filter(|value| !value.is_empty())?);
            }
        }
    }
    Some(found)
}
