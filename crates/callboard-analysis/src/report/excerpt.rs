//! The part of a body that a failed check is about: pretty, a few lines around the place.

use callboard_model::Pointer;
use serde_json::Value;

use super::clean::{clean, clean_line, shorten};

/// Lines are cut at this many characters.
const MAX_LINE: usize = 160;

/// One line of an excerpt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The text, cut and without control characters.
    pub text: String,
    /// Whether the check is about this line.
    pub is_marked: bool,
}

/// At most `max` lines of the body around the places `at` (JSON Pointers); the beginning when there is none. Text that is no JSON is
/// shown as it is. A line `…` stands where lines are missing.
pub fn excerpt(body: &str, at: &[&str], max: usize) -> Vec<Line> {
    let lines = match serde_json::from_str::<Value>(body) {
        Ok(value) => {
            let marks: Vec<Pointer> = at.iter().filter_map(|at| nearest_node(&value, at)).collect();
            json_lines(&value, &marks)
        }
        Err(_) => clean(body).lines().map(|line| Line { text: line.to_owned(), is_marked: false }).collect(),
    };
    window(lines, max)
}

/// The node itself, or the deepest one on the way to it that is there: a missing property is shown in its object.
fn nearest_node(value: &Value, at: &str) -> Option<Pointer> {
    let mut pointer = Pointer::parse(at)?;
    while value.pointer(pointer.as_str()).is_none() {
        pointer = pointer.parent()?;
    }
    (!pointer.is_root()).then_some(pointer)
}

fn json_lines(value: &Value, marks: &[Pointer]) -> Vec<Line> {
    let mut writer = Writer { marks, lines: Vec::new() };
    writer.write(value, &Pointer::root(), 0, "", "");
    writer.lines
}

struct Writer<'a> {
    marks: &'a [Pointer],
    lines: Vec<Line>,
}

impl Writer<'_> {
    fn write(&mut self, value: &Value, at: &Pointer, depth: usize, before: &str, after: &str) {
        match value {
            Value::Object(map) if !map.is_empty() => {
                self.line(at, depth, &format!("{before}{{"));
                for (i, (key, item)) in map.iter().enumerate() {
                    let key_text = format!("{}: ", Value::from(key.as_str()));
                    self.write(item, &at.join(key), depth + 1, &key_text, comma(i, map.len()));
                }
                self.plain(depth, &format!("}}{after}"));
            }
            Value::Array(items) if !items.is_empty() => {
                self.line(at, depth, &format!("{before}["));
                for (i, item) in items.iter().enumerate() {
                    self.write(item, &at.join(i.to_string()), depth + 1, "", comma(i, items.len()));
                }
                self.plain(depth, &format!("]{after}"));
            }
            scalar => self.line(at, depth, &format!("{before}{scalar}{after}")),
        }
    }

    fn line(&mut self, at: &Pointer, depth: usize, text: &str) {
        let is_marked = self.marks.contains(at);
        self.push(depth, text, is_marked);
    }

    fn plain(&mut self, depth: usize, text: &str) {
        self.push(depth, text, false);
    }

    fn push(&mut self, depth: usize, text: &str, is_marked: bool) {
        let text = format!("{:width$}{}", "", clean_line(text), width = depth * 2);
        self.lines.push(Line { text, is_marked });
    }
}

fn comma(i: usize, length: usize) -> &'static str {
    if i + 1 < length { "," } else { "" }
}

fn window(lines: Vec<Line>, max: usize) -> Vec<Line> {
    let first = lines.iter().position(|line| line.is_marked);
    let start = match first {
        Some(at) if lines.len() > max => at.saturating_sub(max / 2).min(lines.len() - max),
        _ => 0,
    };
    let end = lines.len().min(start + max);
    let gap = || Line { text: "…".to_owned(), is_marked: false };
    let mut shown = Vec::new();
    if start > 0 {
        shown.push(gap());
    }
    let (total, cut) = (lines.len(), |line: Line| Line { text: shorten(&line.text, MAX_LINE).into_owned(), ..line });
    shown.extend(lines.into_iter().skip(start).take(end - start).map(cut));
    if end < total {
        shown.push(gap());
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(body: &str, at: &[&str], max: usize) -> String {
        let lines = excerpt(body, at, max);
        lines.iter().map(|line| format!("{}{}\n", if line.is_marked { "> " } else { "  " }, line.text)).collect()
    }

    #[test]
    fn the_place_is_marked_with_lines_around_it() {
        let body = r#"{"id":1,"items":[{"sku":"a","n":1},{"sku":"b","n":2}],"status":"open"}"#;
        let expected = "  …\n        \"sku\": \"b\",\n>       \"n\": 2\n      }\n  …\n";
        assert_eq!(shown(body, &["/items/1/n"], 3), expected);
    }

    #[test]
    fn a_missing_property_is_shown_in_its_object() {
        assert_eq!(shown(r#"{"a":{"b":1}}"#, &["/a/c"], 9), "  {\n>   \"a\": {\n      \"b\": 1\n    }\n  }\n");
    }

    #[test]
    fn text_that_is_no_json_is_shown_from_the_start_without_controls() {
        assert_eq!(shown("<h1>\u{1b}[2JBad</h1>\nb\nc", &["/a"], 2), "  <h1>\\u{1b}[2JBad</h1>\n  b\n  …\n");
    }
}
