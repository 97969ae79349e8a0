//! JSONPath in the dialect of Jayway's library, which WireMock uses: what it shares with RFC 9535 is left to a library, the rest is
//! rewritten. Paths that can find one value only are walked directly: they are nearly all of those in use.

use std::borrow::Cow;

use serde_json::Value;

/// A compiled path.
#[derive(Clone, Debug)]
pub(crate) struct JsonPath {
    route: Route,
    function: Option<Function>,
}

#[derive(Clone, Debug)]
enum Route {
    /// Finds one value or none.
    Definite(Vec<Step>),
    /// Finds a list.
    General(Box<serde_json_path::JsonPath>),
}

#[derive(Clone, Debug, PartialEq)]
enum Step {
    Name(String),
    Index(i64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Function {
    Length,
    Keys,
    First,
    Last,
    Sum,
    Min,
    Max,
    Average,
}

/// What a path finds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Found<'a> {
    /// A definite path leads nowhere.
    Missing,
    /// One value.
    One(Cow<'a, Value>),
    /// What an indefinite path finds: none, one or several.
    Many(Vec<&'a Value>),
}

impl JsonPath {
    /// Compiles a path; the error says what is wrong with it.
    pub(crate) fn compile(source: &str) -> Result<Self, String> {
        let trimmed = source.trim();
        let rooted = match trimmed.chars().next() {
            Some('$') => trimmed.to_owned(),
            Some('[') => format!("${trimmed}"),
            Some(_) => format!("$.{trimmed}"),
            None => return Err("a JSONPath must not be empty".to_owned()),
        };
        let (path, function) = split_function(&rooted);
        let route = match definite(path) {
            Some(steps) => Route::Definite(steps),
            None => Route::General(Box::new(
                serde_json_path::JsonPath::parse(&rewrite(path))
                    .map_err(|error| format!("`{source}` is not a JSONPath: {error}"))?,
            )),
        };
        Ok(Self { route, function })
    }

    /// Removes what a path of names and indexes leads to; false where the path is of another kind.
    pub(crate) fn remove_from(&self, document: &mut Value) -> bool {
        let (Route::Definite(steps), None) = (&self.route, self.function) else { return false };
        let Some((last, parents)) = steps.split_last() else { return false };
        match (last, walk_mut(document, parents)) {
            (Step::Name(name), Some(Value::Object(map))) => {
                map.shift_remove(name);
            }
            (Step::Index(index), Some(Value::Array(items))) => {
                if let Some(at) = place(*index, items.len()) {
                    items.remove(at);
                }
            }
            _ => {}
        }
        true
    }

    /// What the path finds in a document.
    pub(crate) fn find<'a>(&self, document: &'a Value) -> Found<'a> {
        let found = match &self.route {
            Route::Definite(steps) => walk(document, steps).map_or(Found::Missing, |value| Found::One(Cow::Borrowed(value))),
            Route::General(path) => Found::Many(path.query(document).all()),
        };
        match self.function {
            None => found,
            Some(function) => function.apply(&found).map_or(Found::Missing, |value| Found::One(Cow::Owned(value))),
        }
    }
}

impl Function {
    const ALL: [(&'static str, Self); 9] = [
        (".length()", Self::Length),
        (".size()", Self::Length),
        (".keys()", Self::Keys),
        (".first()", Self::First),
        (".last()", Self::Last),
        (".sum()", Self::Sum),
        (".min()", Self::Min),
        (".max()", Self::Max),
        (".avg()", Self::Average),
    ];

    fn apply(self, found: &Found<'_>) -> Option<Value> {
        let items: Vec<&Value> = match found {
            Found::Missing => return None,
            Found::Many(values) => values.clone(),
            Found::One(value) => match (&**value, self) {
                (Value::Array(items), _) => items.iter().collect(),
                (Value::Object(map), Self::Keys) => return Some(map.keys().cloned().collect()),
                (Value::Object(map), Self::Length) => return Some(map.len().into()),
                (Value::String(text), Self::Length) => return Some(text.chars().count().into()),
                _ => return None,
            },
        };
        let numbers = || items.iter().filter_map(|value| value.as_f64());
        match self {
            Self::Length => Some(items.len().into()),
            Self::First => items.first().map(|value| (*value).clone()),
            Self::Last => items.last().map(|value| (*value).clone()),
            Self::Keys => None,
            Self::Sum => Some(numbers().sum::<f64>().into()),
            Self::Min => numbers().reduce(f64::min).map(Value::from),
            Self::Max => numbers().reduce(f64::max).map(Value::from),
            #[expect(clippy::cast_precision_loss, reason = "an average over more than 2^52 numbers does not occur")]
            Self::Average => (!items.is_empty()).then(|| (numbers().sum::<f64>() / items.len() as f64).into()),
        }
    }
}

fn split_function(path: &str) -> (&str, Option<Function>) {
    let found = Function::ALL.iter().find_map(|(suffix, function)| Some((path.strip_suffix(suffix)?, *function)));
    found.map_or((path, None), |(rest, function)| (rest, Some(function)))
}

fn walk<'a>(document: &'a Value, steps: &[Step]) -> Option<&'a Value> {
    steps.iter().try_fold(document, |value, step| match (step, value) {
        (Step::Name(name), Value::Object(map)) => map.get(name),
        (Step::Index(index), Value::Array(items)) => items.get(place(*index, items.len())?),
        _ => None,
    })
}

fn walk_mut<'a>(document: &'a mut Value, steps: &[Step]) -> Option<&'a mut Value> {
    steps.iter().try_fold(document, |value, step| match (step, value) {
        (Step::Name(name), Value::Object(map)) => map.get_mut(name),
        (Step::Index(index), Value::Array(items)) => place(*index, items.len()).and_then(|at| items.get_mut(at)),
        _ => None,
    })
}

/// The place of an item; a negative index counts from the end.
fn place(index: i64, length: usize) -> Option<usize> {
    let distance = usize::try_from(index.unsigned_abs()).ok()?;
    let at = if index < 0 { length.checked_sub(distance)? } else { distance };
    (at < length).then_some(at)
}

/// The steps of a path made of names and single indexes only.
fn definite(path: &str) -> Option<Vec<Step>> {
    let mut rest = path.strip_prefix('$')?;
    let mut steps = Vec::new();
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('.') {
            let end = after.find(['.', '[']).unwrap_or(after.len());
            let name = &after[..end];
            if name.is_empty() || name.contains(['*', '(', ')', '?', '@', ' ', '\'', '"']) {
                return None;
            }
            steps.push(Step::Name(name.to_owned()));
            rest = &after[end..];
        } else {
            let (step, after) = bracket(rest.strip_prefix('[')?)?;
            steps.push(step);
            rest = after;
        }
    }
    Some(steps)
}

fn bracket(inner: &str) -> Option<(Step, &str)> {
    let trimmed = inner.trim_start();
    if let Some(quote @ ('\'' | '"')) = trimmed.chars().next() {
        let end = trimmed[1..].find(quote)? + 1;
        let name = &trimmed[1..end];
        let after = trimmed[end + 1..].trim_start().strip_prefix(']')?;
        return (!name.contains('\\')).then(|| (Step::Name(name.to_owned()), after));
    }
    let (index, after) = trimmed.split_once(']')?;
    let index = index.trim();
    let last = index
        .strip_prefix("(@.length-")
        .or_else(|| index.strip_prefix("(@.length() - "))
        .or_else(|| index.strip_prefix("(@.length - "));
    let index = match last.and_then(|number| number.strip_suffix(')')) {
        Some(number) => number.trim().parse::<i64>().ok().map(|number| -number)?,
        None => index.parse().ok()?,
    };
    Some((Step::Index(index), after))
}

/// Rewrites what RFC 9535 writes otherwise: `=~ /re/i`, `[(@.length-1)]`, names with hyphens, `.*` after `..`, brackets round filters.
fn rewrite(path: &str) -> String {
    let path = path.replace("[(@.length-1)]", "[-1]").replace("[(@.length - 1)]", "[-1]");
    let path = rewrite_regexes(&path);
    let mut out = String::with_capacity(path.len() + 8);
    let mut rest = path.as_str();
    while let Some(next) = rest.chars().next() {
        if next == '\'' || next == '"' {
            let end = rest[1..].find(next).map_or(rest.len(), |end| end + 2);
            out.push_str(&rest[..end]);
            rest = &rest[end..];
        } else if next == '.' && !out.ends_with(|c: char| c.is_ascii_digit()) {
            let dots = if rest.starts_with("..") { 2 } else { 1 };
            let after = &rest[dots..];
            let end = after.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-' || c == '$')).unwrap_or(after.len());
            let name = &after[..end];
            if name.contains(['-', '$']) || name.starts_with(|c: char| c.is_ascii_digit()) {
                out.push_str(if dots == 2 { ".." } else { "" });
                out.push_str(&format!("['{name}']"));
            } else {
                out.push_str(&rest[..dots + end]);
            }
            rest = &after[end..];
        } else {
            out.push(next);
            rest = &rest[next.len_utf8()..];
        }
    }
    out
}

fn rewrite_regexes(path: &str) -> String {
    let Some((before, after)) = path.split_once("=~") else { return path.to_owned() };
    let Some(body) = after.trim_start().strip_prefix('/') else { return path.to_owned() };
    let Some(end) = body.find('/') else { return path.to_owned() };
    let tail = &body[end + 1..];
    let flags = tail.len() - tail.trim_start_matches(['i', 'u', 's', 'm', 'x']).len();
    let modifier = if flags == 0 { String::new() } else { format!("(?{})", &tail[..flags]) };
    let trimmed = before.trim_end();
    let start = trimmed.rfind(['(', '&', '|', '?', ' ', '!']).map_or(0, |at| at + 1);
    let pattern = body[..end].replace('\\', "\\\\").replace('\'', "\\'");
    format!("{}match({}, '{modifier}{pattern}'){}", &trimmed[..start], &trimmed[start..], rewrite_regexes(&tail[flags..]))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(path: &str) -> String {
        let document = json!({"a": {"b-c": [1, 2, {"d": "x"}], "n": null}, "list": [{"k": 1, "t": "Abc"}, {"k": 2, "t": "def"}], "s": "four"});
        match JsonPath::compile(path).expect("a path").find(&document) {
            Found::Missing => "missing".to_owned(),
            Found::One(value) => value.to_string(),
            Found::Many(values) => format!("many {}", serde_json::to_string(&values).expect("values are JSON")),
        }
    }

    #[test]
    fn paths_of_the_jayway_dialect_find_what_they_find_there() {
        for (path, expected) in [
            ("$.a.b-c[0]", "1"),
            ("a.b-c[-1].d", "\"x\""),
            ("$['a']['b-c'][(@.length-1)].d", "\"x\""),
            ("$.a.n", "null"),
            ("$.a.zz", "missing"),
            ("$", &json!({"a": {"b-c": [1, 2, {"d": "x"}], "n": null}, "list": [{"k": 1, "t": "Abc"}, {"k": 2, "t": "def"}], "s": "four"}).to_string()),
            ("$.list.length()", "2"),
            ("$.s.length()", "4"),
            ("$.list[*].k.sum()", "3.0"),
            ("$.list[*].k", "many [1,2]"),
            ("$..d", "many [\"x\"]"),
            ("$.list[?(@.k == 2)].t", "many [\"def\"]"),
            ("$.list[?(@.k > 1.5)].t", "many [\"def\"]"),
            ("$.list[?(@.t =~ /a.*/i)].k", "many [1]"),
            ("$.list[?(@.k == 9)]", "many []"),
            ("$.a.b-c[0:2]", "many [1,2]"),
            ("$.a['b-c', 'n']", "many [[1,2,{\"d\":\"x\"}],null]"),
        ] {
            assert_eq!(found(path), expected, "{path}");
        }
    }

    #[test]
    fn what_is_no_path_is_an_error() {
        for path in ["", "$.a[", "$.a[?(@.b ==)]", "$.list[?(@.k in [1])]"] {
            assert!(JsonPath::compile(path).is_err(), "{path}");
        }
    }
}
