//! Handlebars as text, read into nodes.

use serde_json::Value;

use super::helpers::{self, Helper};
use super::{Block, Call, Expression, Node, Path, Target};
use crate::wiremock::json_path::JsonPath;

/// Reads a template.
pub(super) fn parse(source: &str) -> Result<Vec<Node>, String> {
    let mut reader = Reader { rest: source, trim_next: false };
    let (nodes, end) = reader.nodes(0)?;
    match end {
        End::Source => Ok(nodes),
        End::Else(_) => Err("`{{else}}` stands outside a block".to_owned()),
        End::Close(name) => Err(format!("`{{{{/{name}}}}}` closes no block")),
    }
}

/// Blocks this deep are a mistake.
const MAX_DEPTH: usize = 64;

struct Reader<'s> {
    rest: &'s str,
    /// The last tag ended with `~`: white space after it goes.
    trim_next: bool,
}

/// How a run of nodes ended.
enum End {
    Source,
    /// `{{else}}`, with what follows it: `{{else if x}}`.
    Else(String),
    Close(String),
}

impl Reader<'_> {
    fn nodes(&mut self, depth: usize) -> Result<(Vec<Node>, End), String> {
        if depth > MAX_DEPTH {
            return Err(format!("blocks are nested more than {MAX_DEPTH} deep"));
        }
        let mut nodes = Vec::new();
        loop {
            let Some(text_end) = self.rest.find("{{") else {
                let text = self.take_text(self.rest.len());
                push_text(&mut nodes, text);
                return Ok((nodes, End::Source));
            };
            if self.rest[..text_end].ends_with('\\') {
                let text = self.take_text(text_end);
                push_text(&mut nodes, &text[..text.len() - 1]);
                let close = self.rest.find("}}").map_or(self.rest.len(), |at| at + 2);
                let literal = self.take_text(close);
                push_text(&mut nodes, literal);
                continue;
            }
            let mut text = self.take_text(text_end);
            if self.rest.starts_with("{{~") {
                text = text.trim_end();
            }
            push_text(&mut nodes, text);
            let tag = self.tag()?;
            if let Some(end) = self.node(&tag, &mut nodes, depth)? {
                return Ok((nodes, end));
            }
        }
    }

    fn node(&mut self, tag: &str, nodes: &mut Vec<Node>, depth: usize) -> Result<Option<End>, String> {
        match tag.chars().next() {
            None => return Err("a tag is empty: `{{}}`".to_owned()),
            Some('!') => {}
            Some('>') => return Err(format!("partials are not supported: `{{{{{tag}}}}}`")),
            Some('/') => return Ok(Some(End::Close(tag[1..].trim().to_owned()))),
            Some('#') => {
                let block = self.block(tag[1..].trim(), false, depth)?;
                nodes.push(Node::Block(block));
            }
            Some('^') if tag.len() > 1 => {
                let block = self.block(tag[1..].trim(), true, depth)?;
                nodes.push(Node::Block(block));
            }
            Some('^') => return Ok(Some(End::Else(String::new()))),
            Some(_) if tag == "else" => return Ok(Some(End::Else(String::new()))),
            Some(_) if tag.starts_with("else ") => return Ok(Some(End::Else(tag[5..].trim().to_owned()))),
            Some('&') => nodes.push(Node::Print(expression_of(call(tag[1..].trim())?.0))),
            Some(_) => nodes.push(Node::Print(expression_of(call(tag)?.0))),
        }
        Ok(None)
    }

    fn block(&mut self, head: &str, is_inverted: bool, depth: usize) -> Result<Block, String> {
        let (call, names) = call(head)?;
        let name = head.split_whitespace().next().unwrap_or_default().to_owned();
        let (body, end) = self.nodes(depth + 1)?;
        let otherwise = self.otherwise(end, &name, depth)?;
        Ok(Block { call, is_inverted, names, body, otherwise })
    }

    /// What follows the body of a block: nothing, `{{else}}`, or a chain of `{{else if}}`.
    fn otherwise(&mut self, end: End, name: &str, depth: usize) -> Result<Vec<Node>, String> {
        match end {
            End::Close(closed) if closed == name => Ok(Vec::new()),
            End::Close(closed) => Err(format!("`{{{{/{closed}}}}}` closes the block `{{{{#{name}}}}}`")),
            End::Source => Err(format!("the block `{{{{#{name}}}}}` is not closed")),
            End::Else(chained) if chained.is_empty() => {
                let (otherwise, end) = self.nodes(depth + 1)?;
                if matches!(end, End::Else(_)) {
                    return Err(format!("the block `{{{{#{name}}}}}` has a second `{{{{else}}}}`"));
                }
                self.otherwise(end, name, depth)?;
                Ok(otherwise)
            }
            End::Else(chained) => {
                let (call, names) = call(&chained)?;
                let (body, end) = self.nodes(depth + 1)?;
                let otherwise = self.otherwise(end, name, depth + 1)?;
                Ok(vec![Node::Block(Block { call, is_inverted: false, names, body, otherwise })])
            }
        }
    }

    /// The next tag without its braces; the rest begins after it.
    fn tag(&mut self) -> Result<String, String> {
        let rest = self.rest;
        let comment =
            rest.strip_prefix("{{").map(|after| after.trim_start_matches('~')).is_some_and(|after| after.starts_with("!--"));
        let (open, close) = match rest {
            _ if rest.starts_with("{{{{") => return Err("raw blocks `{{{{…}}}}` are not supported".to_owned()),
            _ if comment => ("{{", "--}}"),
            _ if rest.starts_with("{{{") => ("{{{", "}}}"),
            _ => ("{{", "}}"),
        };
        let end = end_of_tag(&rest[open.len()..], close)
            .ok_or_else(|| format!("a tag is not closed: `{}`", rest.chars().take(40).collect::<String>()))?;
        let inner = &rest[open.len()..open.len() + end];
        self.rest = &rest[open.len() + end + close.len()..];
        self.trim_next = inner.ends_with('~');
        Ok(inner.trim_start_matches('~').trim_end_matches('~').trim().to_owned())
    }
}

impl<'s> Reader<'s> {
    fn take_text(&mut self, end: usize) -> &'s str {
        let (text, rest) = self.rest.split_at(end);
        self.rest = rest;
        if std::mem::take(&mut self.trim_next) { text.trim_start() } else { text }
    }
}

/// Where the closing braces are, outside of quotes.
fn end_of_tag(inner: &str, close: &str) -> Option<usize> {
    if close == "--}}" {
        return inner.find(close);
    }
    let mut quote = None;
    let mut skip = false;
    for (at, letter) in inner.char_indices() {
        if quote.is_none() && inner[at..].starts_with(close) {
            return Some(at);
        }
        match (quote, letter) {
            _ if skip => skip = false,
            (Some(_), '\\') => skip = true,
            (Some(open), letter) if open == letter => quote = None,
            (None, '\'' | '"') if !inner.starts_with('!') => quote = Some(letter),
            _ => {}
        }
    }
    None
}

fn push_text(nodes: &mut Vec<Node>, text: &str) {
    match nodes.last_mut() {
        _ if text.is_empty() => {}
        Some(Node::Text(last)) => last.push_str(text),
        _ => nodes.push(Node::Text(text.to_owned())),
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Open,
    Close,
    Text(String),
    /// A word, and whether `=` follows it at once.
    Word(String, bool),
    Names(Vec<String>),
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(letter) = rest.chars().next() {
        let taken = match letter {
            '(' | ')' => {
                tokens.push(if letter == '(' { Token::Open } else { Token::Close });
                1
            }
            '\'' | '"' => {
                let (content, length) = quoted(rest, letter).ok_or_else(|| format!("a quote is not closed: `{rest}`"))?;
                tokens.push(Token::Text(content));
                length
            }
            _ if rest.starts_with("as |") => {
                let end = rest[4..].find('|').ok_or_else(|| format!("the names are not closed: `{rest}`"))?;
                tokens.push(Token::Names(rest[4..4 + end].split_whitespace().map(str::to_owned).collect()));
                end + 5
            }
            _ => {
                let end = word_end(rest);
                let is_key = rest[end..].starts_with('=');
                tokens.push(Token::Word(rest[..end].to_owned(), is_key));
                end + usize::from(is_key)
            }
        };
        if taken == 0 {
            return Err(format!("`{rest}` is not understood"));
        }
        rest = rest[taken..].trim_start();
    }
    Ok(tokens)
}

fn quoted(text: &str, quote: char) -> Option<(String, usize)> {
    let mut content = String::new();
    let mut letters = text.char_indices().skip(1).peekable();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' if letters.peek().is_some_and(|(_, next)| *next == quote) => {
                content.push(quote);
                letters.next();
            }
            letter if letter == quote => return Some((content, at + 1)),
            other => content.push(other),
        }
    }
    None
}

/// The end of a word; what stands in brackets belongs to it.
fn word_end(text: &str) -> usize {
    let mut is_bracketed = false;
    for (at, letter) in text.char_indices() {
        match letter {
            '[' => is_bracketed = true,
            ']' => is_bracketed = false,
            _ if !is_bracketed && (letter.is_whitespace() || matches!(letter, '(' | ')' | '=' | '\'' | '"')) => return at,
            _ => {}
        }
    }
    text.len()
}

/// A call as a whole, with the names after `as`.
fn call(text: &str) -> Result<(Call, Vec<String>), String> {
    let mut all = tokens(text)?;
    let names = match all.last() {
        Some(Token::Names(names)) => names.clone(),
        _ => Vec::new(),
    };
    if !names.is_empty() {
        all.pop();
    }
    let mut left = all.as_slice();
    let call = read_call(&mut left, 0)?;
    match left {
        [] => Ok((call, names)),
        _ => Err(format!("`{text}` has more than one expression")),
    }
}

fn read_call(tokens: &mut &[Token], depth: usize) -> Result<Call, String> {
    if depth > MAX_DEPTH {
        return Err(format!("expressions are nested more than {MAX_DEPTH} deep"));
    }
    let Some((Token::Word(name, false), rest)) = tokens.split_first() else {
        return Err("a tag must begin with a name".to_owned());
    };
    *tokens = rest;
    let mut arguments = Vec::new();
    let mut hash = Vec::new();
    while let Some((token, rest)) = tokens.split_first() {
        match token {
            Token::Close => break,
            Token::Word(key, true) => {
                *tokens = rest;
                hash.push((key.clone(), read_expression(tokens, depth)?));
            }
            _ => arguments.push(read_expression(tokens, depth)?),
        }
    }
    let target = target(name, !arguments.is_empty() || !hash.is_empty())?;
    let json_path = compiled_path(name, &arguments)?;
    Ok(Call { target, arguments, hash, json_path })
}

fn target(name: &str, has_arguments: bool) -> Result<Target, String> {
    if let Some((known, helper)) = helpers::find(name) {
        let is_block = matches!(helper, Helper::If | Helper::Unless | Helper::Each | Helper::With);
        if has_arguments || !is_block {
            return Ok(Target::Helper(known, helper));
        }
    }
    if helpers::REFUSED.contains(&name) {
        return Err(format!("the helper `{name}` is not supported"));
    }
    if has_arguments { Ok(Target::Unknown(name.to_owned())) } else { Ok(Target::Path(path(name))) }
}

/// A JSONPath that is written out is compiled once.
fn compiled_path(name: &str, arguments: &[Expression]) -> Result<Option<JsonPath>, String> {
    match (name, arguments) {
        ("jsonPath", [_, Expression::Literal(Value::String(source)), ..]) => JsonPath::compile(source).map(Some),
        _ => Ok(None),
    }
}

fn read_expression(tokens: &mut &[Token], depth: usize) -> Result<Expression, String> {
    let Some((token, rest)) = tokens.split_first() else { return Err("a value is missing at the end".to_owned()) };
    *tokens = rest;
    match token {
        Token::Text(text) => Ok(Expression::Literal(Value::from(text.as_str()))),
        Token::Word(word, _) => Ok(word_expression(word)),
        Token::Open => {
            let inner = read_call(tokens, depth + 1)?;
            match tokens.split_first() {
                Some((Token::Close, rest)) => *tokens = rest,
                _ => return Err("a bracket is not closed".to_owned()),
            }
            Ok(expression_of(inner))
        }
        Token::Close | Token::Names(_) => Err("a value is missing".to_owned()),
    }
}

fn word_expression(word: &str) -> Expression {
    match word {
        "true" => Expression::Literal(true.into()),
        "false" => Expression::Literal(false.into()),
        "null" | "undefined" => Expression::Literal(Value::Null),
        _ => {
            let is_number = word.starts_with(|c: char| c.is_ascii_digit() || c == '-');
            let number = is_number.then(|| serde_json::from_str::<Value>(word).ok()).flatten().filter(Value::is_number);
            number.map_or_else(|| Expression::Path(path(word)), Expression::Literal)
        }
    }
}

fn expression_of(call: Call) -> Expression {
    match call.target {
        Target::Path(path) if call.arguments.is_empty() && call.hash.is_empty() => Expression::Path(path),
        _ => Expression::Call(Box::new(call)),
    }
}

fn path(word: &str) -> Path {
    let mut rest = word;
    let mut up = 0;
    while let Some(after) = rest.strip_prefix("../").or_else(|| (rest == "..").then_some("")) {
        up += 1;
        rest = after;
    }
    let mut segments = Vec::new();
    while !rest.is_empty() {
        if let Some((inner, after)) = rest.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
            segments.push(inner.trim_matches(['\'', '"']).to_owned());
            rest = after.trim_start_matches(['.', '/']);
        } else {
            let end = rest
                .char_indices()
                .skip(1)
                .find(|(_, letter)| matches!(letter, '.' | '/' | '['))
                .map_or(rest.len(), |(at, _)| at);
            if !matches!(&rest[..end], "." | "/") {
                segments.push(rest[..end].to_owned());
            }
            rest = rest[end..].trim_start_matches(['.', '/']);
        }
    }
    if segments.first().is_some_and(|first| first == "this") {
        segments.remove(0);
    }
    Path { up, segments }
}
