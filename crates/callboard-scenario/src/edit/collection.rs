//! Members and items that come and go, in the style of their neighbours.

use callboard_model::Pointer;
use serde_json::Value;

use super::layout::Layout;
use super::scalar::flow;
use crate::yaml;

/// Ways to add the one member or item of `addition` at the end of a collection.
pub(super) fn add(layout: &Layout<'_>, to: &Pointer, addition: &Value, comment: Option<&str>) -> Vec<String> {
    let children = layout.children(to);
    let Some(last) = children.last() else {
        let range = layout.range(to);
        return vec![layout.replaced(range, &flow(layout, addition))];
    };
    if layout.is_flow(to) { in_flow(layout, to, last, addition) } else { in_block(layout, last, addition, comment) }
}

fn in_flow(layout: &Layout<'_>, to: &Pointer, last: &Pointer, addition: &Value) -> Vec<String> {
    let end = layout.end(last);
    let start = layout.start(last);
    let is_on_one_line = layout.start_of_line(layout.range(to).start) == layout.start_of_line(start);
    if is_on_one_line {
        return vec![layout.replaced(end..end, &format!(", {}", inside(&flow(layout, addition))))];
    }
    let indent = layout.before(start);
    let indent: String = indent.chars().take_while(|c| c.is_whitespace()).collect();
    let is_spread = layout.start_of_line(start) != layout.start_of_line(end);
    let item = if is_spread && layout.is_json() { pretty(addition, &indent) } else { inside(&flow(layout, addition)).to_owned() };
    vec![layout.replaced(end..end, &format!(",{}{indent}{item}", layout.line_break()))]
}

/// A collection's text without its brackets.
fn inside(text: &str) -> &str {
    text.get(1..text.len() - 1).unwrap_or(text)
}

/// The one item of a collection as JSON over several lines, the first of which stands at `indent`.
fn pretty(addition: &Value, indent: &str) -> String {
    let text = format!("{addition:#}");
    let lines: Vec<&str> = text.lines().collect();
    let inner = lines.get(1..lines.len().saturating_sub(1)).unwrap_or_default();
    let inner: Vec<&str> = inner.iter().map(|line| line.strip_prefix("  ").unwrap_or(line)).collect();
    inner.join(&format!("\n{indent}"))
}

fn in_block(layout: &Layout<'_>, last: &Pointer, addition: &Value, comment: Option<&str>) -> Vec<String> {
    let start = layout.start(last);
    let prefix = layout.before(start);
    let column = match addition {
        // The dash of the last item, which may stand before a member of an outer one.
        Value::Array(_) => prefix.rfind('-').unwrap_or(prefix.len()),
        _ => prefix.chars().count(),
    };
    let indent = " ".repeat(column);
    let at = layout.end_of_line(layout.end(last));
    let last_is_flow = matches!(layout.value(last), Some(Value::Object(_) | Value::Array(_))) && layout.is_flow(last);
    let written = match addition {
        Value::Array(items) if last_is_flow => format!("- {}\n", items.first().map(yaml::flow).unwrap_or_default()),
        _ => yaml::to_text(None, &yaml::Node::from(addition)),
    };
    let written = format!("{}{written}", yaml::comment(comment));
    let line_break = layout.line_break();
    let line = |line: &str| if line.is_empty() { line_break.to_owned() } else { format!("{line_break}{indent}{line}") };
    vec![layout.replaced(at..at, &written.lines().map(line).collect::<String>())]
}

/// Ways to remove a member or an item.
pub(super) fn remove(layout: &Layout<'_>, at: &Pointer) -> Vec<String> {
    let Some(parent) = at.parent() else {
        return Vec::new();
    };
    let siblings = layout.children(&parent);
    let Some(place) = siblings.iter().position(|sibling| sibling == at) else {
        return Vec::new();
    };
    let (start, end) = (layout.start(at), layout.end(at));
    let previous = place.checked_sub(1).map(|before| &siblings[before]);
    let next = siblings.get(place + 1);
    if layout.is_flow(&parent) {
        let range = match (previous, next) {
            (Some(previous), _) => layout.end(previous)..end,
            (None, Some(next)) => start..layout.start(next),
            (None, None) => start..end,
        };
        return vec![layout.replaced(range, "")];
    }
    let mut ways = Vec::new();
    let line = layout.start_of_line(start);
    let stands_alone = layout.before(start).chars().all(|c| c.is_whitespace() || c == '-');
    if stands_alone {
        let after = layout.end_of_line(end);
        let after = layout.text()[after..].find('\n').map_or(layout.text().len(), |at| after + at + 1);
        ways.push(layout.replaced(line..after, ""));
    }
    // The first member of an item stands behind its dash: what follows moves up.
    if let Some(next) = next {
        ways.push(layout.replaced(start..layout.start(next), ""));
    }
    ways
}
