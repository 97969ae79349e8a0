//! `simple` conditions: own parser and tree (Arazzo "Criterion Object", literals and operators).
//!
//! Precedence, tightest first: `()`, `.name` and `[0]`; `!`; comparisons (which do not chain); `&&`; `||`. An expression ends at white
//! space or at a character of an operator; `{$response.body#/a b}` in braces holds anything.

use serde_json::Value;

use crate::condition_lexer::{Kind, Token, lex, refuse};
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
            return refuse(token.offset, token.length, "comparisons do not chain", help);
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
