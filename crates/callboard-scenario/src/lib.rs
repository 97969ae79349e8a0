//! Arazzo: parse, check, format, expressions and criteria.
