//! `urlPathTemplate`: `/contacts/{contactId}/addresses/{addressId}`, and `{path+}` or `**` for all that follows.

/// A compiled template.
#[derive(Clone, Debug)]
pub(crate) struct PathTemplate {
    source: String,
    segments: Vec<Segment>,
}

#[derive(Clone, Debug, PartialEq)]
enum Segment {
    Fixed(String),
    Parameter(String),
    /// Whatever follows.
    Rest,
}

impl PathTemplate {
    /// Compiles a template; the error says what is wrong with it.
    pub(crate) fn compile(source: &str) -> Result<Self, String> {
        let segments = source.split('/').map(|segment| {
            let name = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
            match name {
                Some(name) if name.contains(['{', '}']) || name.is_empty() => Err(format!("`{segment}` is not a parameter")),
                Some(name) => Ok(Segment::Parameter(name.to_owned())),
                None if segment == "**" => Ok(Segment::Rest),
                None if segment.contains(['{', '}']) => {
                    Err(format!("a parameter must be a whole segment of the path, unlike in `{segment}`"))
                }
                None => Ok(Segment::Fixed(segment.to_owned())),
            }
        });
        let segments: Vec<Segment> = segments.collect::<Result<_, _>>()?;
        if segments.iter().rev().skip(1).any(|segment| *segment == Segment::Rest) {
            return Err("`**` may stand at the end only".to_owned());
        }
        Ok(Self { source: source.to_owned(), segments })
    }

    /// The template as it was written.
    pub(crate) fn source(&self) -> &str {
        &self.source
    }

    /// The names of the parameters.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.segments.iter().filter_map(|segment| match segment {
            Segment::Parameter(name) => Some(name.as_str()),
            Segment::Fixed(_) | Segment::Rest => None,
        })
    }

    /// Whether a path fits.
    pub(crate) fn matches(&self, path: &str) -> bool {
        self.parameters(path).is_some()
    }

    /// The parameters of a path that fits, not decoded.
    pub(crate) fn parameters<'t>(&'t self, path: &'t str) -> Option<Vec<(&'t str, &'t str)>> {
        let mut parameters = Vec::new();
        let mut parts = path.split('/');
        for segment in &self.segments {
            if *segment == Segment::Rest {
                return Some(parameters);
            }
            let part = parts.next()?;
            match segment {
                Segment::Fixed(text) if text != part => return None,
                Segment::Parameter(_) if part.is_empty() => return None,
                Segment::Parameter(name) => parameters.push((name.as_str(), part)),
                Segment::Fixed(_) | Segment::Rest => {}
            }
        }
        parts.next().is_none().then_some(parameters)
    }
}
