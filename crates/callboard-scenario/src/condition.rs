//! `simple` conditions: own lexer, parser and tree (Arazzo "Criterion Object", literals and operators).
//!
//! Precedence, tightest first: `()`, `.name` and `[0]`; `!`; comparisons (which do not chain); `&&`; `||`. An expression ends at white
//! space or at a character of an operator; `{$response.body#/a b}` in braces holds anything.

use serde_json::Value;

use crate::expression::{Expression, SyntaxError};

/// A parsed condition.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// A literal.
    Literal(Value),
    /// A runtime expression.
    Reference(Expression),
    /// `!a`.
    Not(Box<Condition>),
    /// `a && b && …`.
    All(Vec<Condition>),
    /// `a || b || …`.
    Any(Vec<Condition>),
    /// `a == b` and its like.
    Compare {
        /// The operator.
        operator: Operator,
        /// Left side.
        left: Box<Condition>,
        /// Right side.
        right: Box<Condition>,
    },
}

/// Comparisons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the variants are the operators' names")]
pub enum Operator {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    NotEqual,
}

impl Operator {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Equal => "==",
            Self::NotEqual => "!=",
        }
    }

    /// The operator with its sides swapped.
    #[must_use]
    pub fn mirrored(self) -> Self {
        match self {
            Self::Less => Self::Greater,
            Self::LessOrEqual => Self::GreaterOrEqual,
            Self::Greater => Self::Less,
            Self::GreaterOrEqual => Self::LessOrEqual,
            same => same,
        }
    }
}

impl Condition {
    /// Parses a condition.
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        let tokens = lex(text)?;
        let mut parser = Parser { tokens: &tokens, at: 0, end: text.chars().count(), depth: 0 };
        let condition = parser.any()?;
        match parser.peek() {
            None => Ok(condition),
            Some(token) => Err(SyntaxError::new(token.offset, token.length, "an operator such as `==` or `&&` is expected here")),
        }
    }

    /// The runtime expressions in it, in order.
    pub fn expressions(&self) -> Vec<&Expression> {
        match self {
            Self::Literal(_) => Vec::new(),
            Self::Reference(expression) => vec![expression],
            Self::Not(inner) => inner.expressions(),
            Self::All(parts) | Self::Any(parts) => parts.iter().flat_map(Self::expressions).collect(),
            Self::Compare { left, right, .. } => {
                let mut found = left.expressions();
                found.extend(right.expressions());
                found
            }
        }
    }

    /// All comparisons in it.
    pub fn comparisons(&self) -> Vec<(Operator, &Condition, &Condition)> {
        match self {
            Self::Literal(_) | Self::Reference(_) => Vec::new(),
            Self::Not(inner) => inner.comparisons(),
            Self::All(parts) | Self::Any(parts) => parts.iter().flat_map(Self::comparisons).collect(),
            Self::Compare { operator, left, right } => vec![(*operator, left, right)],
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Kind {
    Literal(Value),
    Reference(Expression),
    Operator(Operator),
    Not,
    And,
    Or,
    Open,
    Close,
}

#[derive(Clone, Debug)]
struct Token {
    kind: Kind,
    offset: usize,
    length: usize,
}

fn lex(text: &str) -> Result<Vec<Token>, SyntaxError> {
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
        ('=', _) => return fail(at, 1, "`=` is no operator", "equality is written `==`"),
        ('&', _) => return fail(at, 1, "`&` is no operator", "\"and\" is written `&&`"),
        ('|', _) => return fail(at, 1, "`|` is no operator", "\"or\" is written `||`"),
        ('"', _) => return double_quoted(characters, at),
        (c, _) if c.is_alphanumeric() || matches!(c, '-' | '+' | '_') => word(characters, at)?,
        (c, _) => return Err(SyntaxError::new(at, 1, format!("`{c}` is not expected in a condition"))),
    })
}

fn fail<T>(offset: usize, length: usize, message: impl Into<String>, help: &str) -> Result<T, SyntaxError> {
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
    fail(at, characters.len() - at, "this string is never closed", "a quote inside a string is written `''`")
}

fn double_quoted<T>(characters: &[char], at: usize) -> Result<T, SyntaxError> {
    let end = characters[at + 1..].iter().position(|c| *c == '"').map_or(characters.len(), |i| at + i + 2);
    let inside: String = characters[at + 1..end].iter().collect();
    let help = format!("write '{}'", inside.trim_end_matches('"').replace('\'', "''"));
    fail(at, end - at, "strings stand in single quotes", &help)
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
            None => return fail(at, length, format!("`{other}` is neither a literal nor an expression"), &word_help(other)),
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

/// Deeper nesting than anyone writes is refused, so that the parser needs no more stack than it has.
const MAX_DEPTH: usize = 64;

struct Parser<'t> {
    tokens: &'t [Token],
    at: usize,
    end: usize,
    depth: usize,
}

impl<'t> Parser<'t> {
    fn peek(&self) -> Option<&'t Token> {
        self.tokens.get(self.at)
    }

    fn accept(&mut self, kind: &Kind) -> bool {
        let is_it = self.peek().is_some_and(|token| token.kind == *kind);
        self.at += usize::from(is_it);
        is_it
    }

    fn any(&mut self) -> Result<Condition, SyntaxError> {
        let mut parts = vec![self.all()?];
        while self.accept(&Kind::Or) {
            parts.push(self.all()?);
        }
        Ok(one_or(parts, Condition::Any))
    }

    fn all(&mut self) -> Result<Condition, SyntaxError> {
        let mut parts = vec![self.comparison()?];
        while self.accept(&Kind::And) {
            parts.push(self.comparison()?);
        }
        Ok(one_or(parts, Condition::All))
    }

    fn comparison(&mut self) -> Result<Condition, SyntaxError> {
        let left = self.unary()?;
        let Some(operator) = self.operator() else {
            return Ok(left);
        };
        let right = self.unary()?;
        if let Some(token) = self.peek()
            && matches!(token.kind, Kind::Operator(_))
        {
            let help = "join two comparisons with `&&`";
            return fail(token.offset, token.length, "comparisons do not chain", help);
        }
        Ok(Condition::Compare { operator, left: Box::new(left), right: Box::new(right) })
    }

    fn operator(&mut self) -> Option<Operator> {
        let Kind::Operator(operator) = self.peek()?.kind else {
            return None;
        };
        self.at += 1;
        Some(operator)
    }

    fn unary(&mut self) -> Result<Condition, SyntaxError> {
        if !self.accept(&Kind::Not) {
            return self.primary();
        }
        self.nested(|parser| Ok(Condition::Not(Box::new(parser.unary()?))))
    }

    fn nested(&mut self, parse: impl FnOnce(&mut Self) -> Result<Condition, SyntaxError>) -> Result<Condition, SyntaxError> {
        if self.depth >= MAX_DEPTH {
            let offset = self.peek().map_or(self.end, |token| token.offset);
            return Err(SyntaxError::new(offset, 1, "the condition is nested too deeply"));
        }
        self.depth += 1;
        let parsed = parse(self);
        self.depth -= 1;
        parsed
    }

    fn primary(&mut self) -> Result<Condition, SyntaxError> {
        let Some(token) = self.peek() else {
            let message =
                if self.end == 0 { "the condition is empty" } else { "something is missing at the end of the condition" };
            return Err(SyntaxError::new(self.end, 1, message));
        };
        self.at += 1;
        match &token.kind {
            Kind::Literal(value) => Ok(Condition::Literal(value.clone())),
            Kind::Reference(expression) => Ok(Condition::Reference(expression.clone())),
            Kind::Open => {
                let inner = self.nested(Self::any)?;
                if self.accept(&Kind::Close) {
                    return Ok(inner);
                }
                Err(SyntaxError::new(token.offset, 1, "this parenthesis is never closed"))
            }
            _ => Err(SyntaxError::new(token.offset, token.length, "a value or an expression is expected here")),
        }
    }
}

fn one_or(mut parts: Vec<Condition>, make: fn(Vec<Condition>) -> Condition) -> Condition {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        Some(last) => {
            parts.push(last);
            make(parts)
        }
        None => make(parts),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_error(text: &str, offset: usize, help: &str) {
        let error = Condition::parse(text).expect_err("the condition is wrong");
        assert_eq!(error.offset, offset, "{error:?}");
        assert!(error.help.clone().unwrap_or_default().contains(help), "{error:?}");
    }

    #[test]
    fn the_usual_slips_are_explained_at_their_column() {
        check_error("$statusCode = 200", 12, "`==`");
        check_error("$response.body#/name == \"Ada\"", 24, "'Ada'");
        check_error("$statusCode == 200 & $statusCode == 201", 19, "`&&`");
        check_error("$statusCode == 200 and $statusCode == 201", 19, "`&&`");
        check_error("$response.body#/state == active", 25, "'active'");
        check_error("statusCode == 200", 0, "`$statusCode`");
        check_error("$statusCod == 200", 0, "`$statusCode`");
        check_error("1 < $statusCode < 3", 16, "`&&`");
        check_error("$response.body#/a == 'x", 21, "`''`");
    }

    #[test]
    fn and_binds_tighter_than_or() {
        let condition = Condition::parse("true || false && false").expect("well-formed");
        assert!(matches!(condition, Condition::Any(parts) if matches!(parts[1], Condition::All(_))));
    }

    #[test]
    fn deep_nesting_is_refused_without_a_crash() {
        assert!(Condition::parse(&"(".repeat(100_000)).is_err());
        assert!(Condition::parse(&"!".repeat(100_000)).is_err());
    }
}
