//! Response templates: Handlebars as WireMock speaks it. Templates are compiled once; rendering borrows from template and request.
//!
//! An engine of our own, because WireMock's model has values that are text and list at once (`request.path`, `request.query.x`), which no
//! JSON tree can hold, and because a rendering must cost little more than the copying of its text.

mod chance;
mod choice;
mod clock;
mod helpers;
mod json;
mod list;
mod parse;
mod scope;
mod text;
mod value;

use serde_json::Value;

use super::json_path::JsonPath;
use helpers::Helper;
pub(crate) use scope::Scope;
use value::Val;

pub use helpers::{REFUSED as REFUSED_HELPERS, supported as supported_helpers};

/// A compiled template.
#[derive(Debug)]
pub(crate) struct Template {
    nodes: Vec<Node>,
    length: usize,
}

#[derive(Debug)]
enum Node {
    Text(String),
    Print(Expression),
    Block(Block),
}

#[derive(Debug)]
struct Block {
    call: Call,
    is_inverted: bool,
    names: Vec<String>,
    body: Vec<Node>,
    otherwise: Vec<Node>,
}

#[derive(Debug)]
enum Expression {
    Path(Path),
    Literal(Value),
    Call(Box<Call>),
}

/// A helper with its arguments, or a plain path without any.
#[derive(Debug)]
struct Call {
    target: Target,
    arguments: Vec<Expression>,
    hash: Vec<(String, Expression)>,
    /// The first argument's JSONPath, compiled when it is written out.
    json_path: Option<JsonPath>,
}

#[derive(Debug)]
enum Target {
    Helper(&'static str, Helper),
    Path(Path),
    /// Nobody knows it: an error once it is rendered.
    Unknown(String),
}

#[derive(Debug)]
struct Path {
    /// How many contexts up.
    up: usize,
    segments: Vec<String>,
}

impl Template {
    /// Compiles a template; the error says what is wrong with it, or which helper is not supported.
    pub(crate) fn compile(source: &str) -> Result<Self, String> {
        let nodes = parse::parse(source)?;
        Ok(Self { nodes, length: source.len() })
    }

    /// Whether nothing is to be filled in.
    pub(crate) fn is_plain(&self) -> bool {
        self.nodes.iter().all(|node| matches!(node, Node::Text(_)))
    }

    /// Fills in a template; the error becomes a 500.
    pub(crate) fn render<'a>(&'a self, scope: &mut Scope<'a>) -> Result<String, String> {
        let mut out = String::with_capacity(self.length + 64);
        render(&self.nodes, scope, &mut out)?;
        Ok(out)
    }
}

fn render<'a>(nodes: &'a [Node], scope: &mut Scope<'a>, out: &mut String) -> Result<(), String> {
    for node in nodes {
        match node {
            Node::Text(text) => out.push_str(text),
            Node::Print(expression) => scope.evaluate(expression)?.print(out),
            Node::Block(block) => render_block(block, scope, out)?,
        }
    }
    Ok(())
}

fn render_block<'a>(block: &'a Block, scope: &mut Scope<'a>, out: &mut String) -> Result<(), String> {
    let (body, otherwise) = if block.is_inverted { (&block.otherwise, &block.body) } else { (&block.body, &block.otherwise) };
    match &block.call.target {
        Target::Unknown(name) => Err(format!("could not find helper: '{name}'")),
        Target::Path(path) => {
            let value = scope.look_up(path);
            let is_list = value.items().is_some();
            if !value.is_truthy() {
                render(otherwise, scope, out)
            } else if is_list {
                render_each(block, &value, scope, out)
            } else {
                scope.within(value, |scope| render(body, scope, out))
            }
        }
        Target::Helper(_, Helper::If) => {
            let holds = scope.first_argument(&block.call)?.is_truthy();
            render(if holds { body } else { otherwise }, scope, out)
        }
        Target::Helper(_, Helper::Unless) => {
            let holds = scope.first_argument(&block.call)?.is_truthy();
            render(if holds { otherwise } else { body }, scope, out)
        }
        Target::Helper(_, Helper::With) => {
            let value = scope.first_argument(&block.call)?;
            if !value.is_truthy() {
                return render(otherwise, scope, out);
            }
            let named = block.names.first().map(|name| (name.as_str(), value.clone())).into_iter().collect();
            scope.within_named(value, named, |scope| render(body, scope, out))
        }
        Target::Helper(_, Helper::Each) => {
            let value = scope.first_argument(&block.call)?;
            render_each(block, &value, scope, out)
        }
        Target::Helper(_, Helper::Predicate(_)) => {
            let holds = scope.call(&block.call, None)?.is_truthy();
            render(if holds { body } else { otherwise }, scope, out)
        }
        Target::Helper(_, Helper::Value(_)) => {
            let mut content = String::new();
            render(body, scope, &mut content)?;
            scope.call(&block.call, Some(content))?.print(out);
            Ok(())
        }
    }
}

fn render_each<'a>(block: &'a Block, value: &Val<'a>, scope: &mut Scope<'a>, out: &mut String) -> Result<(), String> {
    let members = value.members();
    if members.is_empty() {
        return render(&block.otherwise, scope, out);
    }
    let count = members.len();
    for (index, (key, item)) in members.into_iter().enumerate() {
        let key = key.unwrap_or_else(|| Val::number(index));
        let mut named = vec![
            ("@index", Val::number(index)),
            ("@first", Val::flag(index == 0)),
            ("@last", Val::flag(index + 1 == count)),
            ("@key", key.clone()),
        ];
        named.extend(block.names.iter().map(String::as_str).zip([item.clone(), key]));
        scope.within_named(item, named, |scope| render(&block.body, scope, out))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
