//! The words of `simple` conditions, with an explanation for each that other languages have and this one has not.

use serde_json::Value;

use crate::condition::Operator;
use crate::expression::{Expression, SyntaxError};

/// What a token is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    Literal(Value),
    Reference(Expression),
    Operator(Operator),
    Not,
    And,
    Or,
    Open,
    Close,
}

/// A token at its place, counted in characters.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    pub(crate) offset: usize,
    pub(crate) length: usize,
}

/// The tokens of a condition.
pub(crate) fn lex(text: &str) -> Result<Vec<Token>, SyntaxError> {
    let characters: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < characters.len() {
        if characters[at].is_whitespace() {
            at += 1;
            continue;
        }
        let (kind, length) = token(&characters, at)?;
        tokens.push(Token { kind, offset: at, length });
        at += length;
    }
    Ok(tokens)
}

fn token(characters: &[char], at: usize) -> Result<(Kind, usize), SyntaxError> {
    let pair = (characters[at], characters.get(at + 1).copied());
    Ok(match pair {
        ('=', Some('=')) => (Kind::Operator(Operator::Equal), 2),
        ('!', Some('=')) => (Kind::Operator(Operator::NotEqual), 2),
        ('<', Some('=')) => (Kind::Operator(Operator::LessOrEqual), 2),
        ('>', Some('=')) => (Kind::Operator(Operator::GreaterOrEqual), 2),
        ('<', _) => (Kind::Operator(Operator::Less), 1),
        ('>', _) => (Kind::Operator(Operator::Greater), 1),
        ('!', _) => (Kind::Not, 1),
        ('&', Some('&')) => (Kind::And, 2),
        ('|', Some('|')) => (Kind::Or, 2),
        ('(', _) => (Kind::Open, 1),
        (')', _) => (Kind::Close, 1),
        ('\'', _) => string(characters, at)?,
        ('$', _) => reference(characters, at)?,
        ('{', Some('$')) => braced(characters, at)?,
        ('=', _) => return refuse(at, 1, "`=` is no operator", "equality is written `==`"),
        ('&', _) => return refuse(at, 1, "`&` is no operator", "\"and\" is written `&&`"),
        ('|', _) => return refuse(at, 1, "`|` is no operator", "\"or\" is written `||`"),
        ('"', _) => return double_quoted(characters, at),
        (c, _) if c.is_alphanumeric() || matches!(c, '-' | '+' | '_') => word(characters, at)?,
        (c, _) => return Err(SyntaxError::new(at, 1, format!("`{c}` is not expected in a condition"))),
    })
}

/// A mistake with what to do about it.
pub(crate) fn refuse<T>(offset: usize, length: usize, message: impl Into<String>, help: &str) -> Result<T, SyntaxError> {
    Err(SyntaxError::new(offset, length, message).with_help(Some(help.to_owned())))
}

fn string(characters: &[char], at: usize) -> Result<(Kind, usize), SyntaxError> {
    let mut value = String::new();
    let mut i = at + 1;
    while i < characters.len() {
        match characters[i] {
            '\'' if characters.get(i + 1) == Some(&'\'') => {
                value.push('\'');
                i += 2;
            }
            '\'' => return Ok((Kind::Literal(Value::String(value)), i + 1 - at)),
            c => {
                value.push(c);
                i += 1;
            }
        }
    }
    refuse(at, characters.len() - at, "this string is never closed", "a quote inside a string is written `''`")
}

fn double_quoted<T>(characters: &[char], at: usize) -> Result<T, SyntaxError> {
    let end = characters[at + 1..].iter().position(|c| *c == '"').map_or(characters.len(), |i| at + i + 2);
    let inside: String = characters[at + 1..end].iter().collect();
    let help = format!("write '{}'", inside.trim_end_matches('"').replace('\'', "''"));
    refuse(at, end - at, "strings stand in single quotes", &help)
}

fn reference(characters: &[char], at: usize) -> Result<(Kind, usize), SyntaxError> {
    let mut end = at;
    while end < characters.len() {
        match characters[end] {
            '[' => end = characters[end..].iter().position(|c| *c == ']').map_or(characters.len(), |i| end + i + 1),
            c if c.is_whitespace() || "=<>!&|(),'\"{}".contains(c) => break,
            _ => end += 1,
        }
    }
    let text: String = characters[at..end].iter().collect();
    let expression = Expression::parse(&text).map_err(|error| error.shifted(at))?;
    Ok((Kind::Reference(expression), end - at))
}

fn braced(characters: &[char], at: usize) -> Result<(Kind, usize), SyntaxError> {
    let Some(length) = characters[at..].iter().position(|c| *c == '}') else {
        return Err(SyntaxError::new(at, 1, "this brace is never closed"));
    };
    let text: String = characters[at + 1..at + length].iter().collect();
    let expression = Expression::parse(&text).map_err(|error| error.shifted(at + 1))?;
    Ok((Kind::Reference(expression), length + 1))
}

fn word(characters: &[char], at: usize) -> Result<(Kind, usize), SyntaxError> {
    let belongs = |c: char| c.is_alphanumeric() || matches!(c, '-' | '+' | '_' | '.' | '$');
    let length = characters[at..].iter().take_while(|c| belongs(**c)).count();
    let text: String = characters[at..at + length].iter().collect();
    let value = match text.as_str() {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        "null" => Value::Null,
        other => match number(other) {
            Some(value) => value,
            None => return refuse(at, length, format!("`{other}` is neither a literal nor an expression"), &word_help(other)),
        },
    };
    Ok((Kind::Literal(value), length))
}

fn word_help(word: &str) -> String {
    match word.to_ascii_lowercase().as_str() {
        "and" => "\"and\" is written `&&`".to_owned(),
        "or" => "\"or\" is written `||`".to_owned(),
        "not" => "\"not\" is written `!`".to_owned(),
        "contains" | "matches" | "startswith" | "endswith" => "use a criterion of `type: regex` with a `context`".to_owned(),
        "none" | "nil" | "undefined" => "write `null`".to_owned(),
        "true" | "false" | "null" => format!("write `{}`", word.to_ascii_lowercase()),
        _ if crate::expression::looks_like_expression(&format!("${word}")) => format!("write `${word}`"),
        _ => format!("a string stands in single quotes: '{word}'"),
    }
}

/// Reads a number as JSON writes it.
pub(crate) fn number(text: &str) -> Option<Value> {
    let starts = text.trim_start_matches('-').starts_with(|c: char| c.is_ascii_digit());
    let value: Value = starts.then(|| serde_json::from_str(text).ok()).flatten()?;
    value.is_number().then_some(value)
}
