//! A model's answer compared with the definitions: what of it may be used, and what is wrong.

use std::collections::BTreeMap;

use callboard_model::api::preferred;
use callboard_model::map::{Input, Output};
use callboard_model::schema::Descent;
use callboard_model::{Operation, Pointer, Schema, Service, StatusPattern};
use callboard_schema::{Direction, Validator};
use serde_json::Value;

use super::answer::{Answer, AnswerInput, AnswerStep};
use super::candidates::{self, Candidates};
use super::clean;
use super::reading::Reading;
use crate::bind::is_sent_by_the_environment;
use crate::index::OpId;
use crate::sentence::number_word;

/// A step that can be used.
#[derive(Debug)]
pub(crate) struct Accepted {
    pub(crate) op: OpId,
    pub(crate) clause: usize,
    pub(crate) expect: Option<Vec<StatusPattern>>,
    pub(crate) inputs: Vec<(Input, Source)>,
}

/// Where an input comes from.
#[derive(Debug)]
pub(crate) enum Source {
    Literal(Value),
    /// An accepted step, by its number among them.
    Step(usize, Output),
}

/// What can be used of an answer, and what is wrong with the rest.
pub(crate) struct Validated {
    pub(crate) steps: Vec<Accepted>,
    pub(crate) violations: Vec<String>,
}

/// Compares an answer with the definitions.
pub(crate) fn validate(reading: &Reading<'_, '_>, candidates: &Candidates, answer: &Answer) -> Validated {
    let mut checker = Checker { reading, candidates, steps: Vec::new(), numbers: BTreeMap::new(), violations: Vec::new() };
    for (number, step) in answer.steps.iter().enumerate() {
        checker.take(number, step);
    }
    Validated { steps: checker.steps, violations: checker.violations }
}

struct Checker<'r, 'i, 'a> {
    reading: &'r Reading<'i, 'a>,
    candidates: &'r Candidates,
    steps: Vec<Accepted>,
    /// The model's number of a step to that of the accepted one.
    numbers: BTreeMap<usize, usize>,
    violations: Vec<String>,
}

impl<'a> Checker<'_, '_, 'a> {
    fn take(&mut self, number: usize, step: &AnswerStep) {
        let Some(op) = self.candidates.op(&step.op) else {
            self.violations.push(format!("step {number}: `{}` is no operation of the catalogue", clean::line(&step.op, 80)));
            return;
        };
        let clause =
            step.clause.and_then(|clause| usize::try_from(clause).ok()).filter(|clause| *clause < self.reading.clauses.len());
        let clause = clause.unwrap_or_else(|| self.reading.best_clause(op));
        let mut inputs: Vec<(Input, Source)> = Vec::new();
        for given in &step.inputs {
            match self.input(number, op, given) {
                Ok(None) => {}
                Ok(Some((input, _))) if inputs.iter().any(|(known, _)| *known == input) => {
                    self.violations.push(format!("step {number}: {input} is given twice"));
                }
                Ok(Some(input)) => inputs.push(input),
                Err(why) => self.violations.push(format!("step {number} ({}): {why}", step.op)),
            }
        }
        self.numbers.insert(number, self.steps.len());
        self.steps.push(Accepted { op, clause, expect: expectation(step.expect.as_deref()), inputs });
    }

    /// An input with its source; nothing when the value is to be made.
    fn input(&self, number: usize, op: OpId, given: &AnswerInput) -> Result<Option<(Input, Source)>, String> {
        let (service, operation) = self.reading.operation(op);
        let shown = clean::line(&given.input, 80);
        let unknown = || {
            let known: Vec<String> =
                candidates::inputs(self.reading, op).into_iter().map(|(input, _)| input.to_string()).take(20).collect();
            format!("`{shown}` is no input of it; it takes {}", known.join(", "))
        };
        let input = Input::parse(given.input.trim_end_matches('*')).ok_or_else(unknown)?;
        let schema = input_schema(service, operation, &input).ok_or_else(unknown)?;
        let source = match given.source.as_str() {
            "generate" => return Ok(None),
            "literal" => Source::Literal(self.literal(&input, schema.as_ref(), &given.value)?),
            "step" => self.step(number, &input, schema.as_ref(), given)?,
            other => return Err(format!("`{}` is no source", clean::line(other, 40))),
        };
        Ok(Some((input, source)))
    }

    /// A value of the sentence, or one that the definition lists; valid by the definition.
    fn literal(&self, input: &Input, schema: Option<&Schema<'a>>, value: &Value) -> Result<Value, String> {
        let text = match value {
            Value::String(text) => text.trim().to_owned(),
            Value::Number(_) | Value::Bool(_) => value.to_string(),
            _ => return Err(format!("{input}: a literal is a single value")),
        };
        let shown = clean::line(&text, 60);
        let parsed = serde_json::from_str::<Value>(&text).ok().filter(|value| value.is_number() || value.is_boolean());
        let as_text = Value::String(text.clone());
        let Some(schema) = schema else { return self.said(&text, &[]).then_some(as_text).ok_or_else(|| unsaid(input, &shown)) };
        let wants_text = schema.allows_type("string");
        let forms = if wants_text { [Some(as_text), parsed] } else { [parsed, Some(as_text)] };
        let mut problem = None;
        for value in forms.into_iter().flatten() {
            match violation(schema, &value) {
                None if self.said(&text, &schema.enumeration().unwrap_or_default()) => return Ok(value),
                None => return Err(unsaid(input, &shown)),
                Some(why) => problem = problem.or(Some(why)),
            }
        }
        Err(format!("{input}: \"{shown}\" does not fit: {}", clean::line(&problem.unwrap_or_default(), 160)))
    }

    /// Whether the sentence has the value, as it stands or as a number word, or the definition lists it.
    fn said(&self, text: &str, options: &[&Value]) -> bool {
        let shown = |option: &Value| option.as_str().map_or_else(|| option.to_string(), str::to_owned);
        let is_option = |option: &&Value| shown(option) == text;
        let words = || self.reading.text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        let as_word = |number: i64| words().any(|word| number_word(&word.to_lowercase()) == Some(number));
        let is_literal = |literal: &crate::literals::Literal| literal.text.eq_ignore_ascii_case(text);
        options.iter().any(is_option)
            || self.reading.binder.sentence.literals.iter().any(is_literal)
            || matches!(text, "true" | "false")
            || has_words(self.reading.text, text)
            || text.parse::<i64>().is_ok_and(as_word)
            || text.parse::<i64>() == Ok(1) && words().any(|word| matches!(word.to_lowercase().as_str(), "a" | "an"))
    }

    /// A value that an earlier step gives, of a type that fits.
    fn step(&self, number: usize, input: &Input, wanted: Option<&Schema<'a>>, given: &AnswerInput) -> Result<Source, String> {
        let from = given.step.and_then(|step| usize::try_from(step).ok());
        let Some(from) = from.filter(|from| *from < number) else {
            let said = given.step.map_or_else(|| "none".to_owned(), |step| step.to_string());
            return Err(format!("{input} takes its value from step {said}, which does not come before it"));
        };
        let Some(accepted) = self.numbers.get(&from) else {
            return Err(format!("{input} takes its value from step {from}, which has no known operation"));
        };
        let op = self.steps[*accepted].op;
        let shown = clean::line(given.place.as_deref().unwrap_or_default(), 120);
        let name = self.candidates.id(op).unwrap_or_default();
        let output =
            given.place.as_deref().and_then(Output::parse).ok_or_else(|| format!("`{shown}` is no place in an answer"))?;
        let (service, operation) = self.reading.operation(op);
        let found = output_schema(service, operation, &output).map_err(|why| format!("`{name}` gives no `{shown}`: {why}"))?;
        match (found, wanted) {
            (Some(found), Some(wanted)) if !fits(&found, wanted, input) => Err(format!(
                "`{shown}` of `{name}` is {}, and {input} takes {}",
                found.types().join(" or "),
                wanted.types().join(" or ")
            )),
            _ => Ok(Source::Step(*accepted, output)),
        }
    }
}

fn unsaid(input: &Input, shown: &str) -> String {
    format!("{input}: \"{shown}\" is neither in the sentence nor listed for the input; use source `generate`")
}

/// Whether a text stands in another one as whole words, whatever the case.
fn has_words(sentence: &str, text: &str) -> bool {
    let (sentence, text) = (sentence.to_lowercase(), text.to_lowercase());
    let edge = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
    !text.is_empty()
        && sentence
            .match_indices(&text)
            .any(|(at, found)| edge(sentence[..at].chars().next_back()) && edge(sentence[at + found.len()..].chars().next()))
}

fn violation(schema: &Schema<'_>, value: &Value) -> Option<String> {
    let validator = Validator::compile(schema, Direction::Request).ok()?;
    validator.validate(value).into_iter().next().map(|violation| violation.message)
}

fn expectation(word: Option<&str>) -> Option<Vec<StatusPattern>> {
    match word? {
        "refused" => Some(vec![StatusPattern::Class(4)]),
        code => code.parse().ok().filter(|code| (400..500).contains(code)).map(|code| vec![StatusPattern::Exact(code)]),
    }
}

/// The schema of an input, if it has one; `None` when there is no such input that a plan may bind.
fn input_schema<'a>(service: &'a Service, operation: &'a Operation, input: &Input) -> Option<Option<Schema<'a>>> {
    match input {
        Input::Parameter(location, name) => {
            let parameter = operation.parameter(*location, name).filter(|parameter| !is_sent_by_the_environment(parameter))?;
            Some(parameter.schema.as_ref().and_then(|node| service.schema(node)))
        }
        Input::Body(pointer) => {
            let media = preferred(&operation.request_body.as_ref()?.content)?;
            let root = service.schema(media.schema.as_ref()?)?;
            match root.descend(pointer) {
                Descent::Found(found) if is_scalar(&found) && !found.is_read_only() => Some(Some(found)),
                Descent::Open if !pointer.is_root() => Some(None),
                _ => None,
            }
        }
    }
}

fn is_scalar(schema: &Schema<'_>) -> bool {
    !schema.types().iter().any(|name| matches!(*name, "object" | "array"))
}

/// The schema of a place in what an operation gives, if the definition has one; an error when there is no such place.
fn output_schema<'a>(service: &'a Service, operation: &'a Operation, output: &Output) -> Result<Option<Schema<'a>>, String> {
    match output {
        Output::Request(input) => input_schema(service, operation, input).ok_or_else(|| "it takes no such input".to_owned()),
        Output::Header(name) => {
            let response = operation.success_response().ok_or("it documents no success")?;
            let header = response
                .headers
                .iter()
                .find(|header| header.name.eq_ignore_ascii_case(name))
                .ok_or("it documents no such header")?;
            Ok(header.schema.as_ref().and_then(|node| service.schema(node)))
        }
        Output::Body(pointer) => body_schema(service, operation, pointer),
    }
}

fn body_schema<'a>(service: &'a Service, operation: &'a Operation, pointer: &Pointer) -> Result<Option<Schema<'a>>, String> {
    let response = operation.success_response().ok_or("it documents no success")?;
    let media = response.preferred().ok_or("its answer has no body")?;
    let Some(root) = media.schema.as_ref().and_then(|node| service.schema(node)) else { return Ok(None) };
    match root.descend(pointer) {
        Descent::Found(found) if is_scalar(&found) => Ok(Some(found)),
        Descent::Found(_) => Err("that is no single value".to_owned()),
        Descent::Open => Ok(None),
        Descent::Missing { known, .. } => {
            let known: Vec<String> = known.iter().take(12).map(|name| clean::line(name, 40)).collect();
            Err(if known.is_empty() { "there is nothing below".to_owned() } else { format!("there are {}", known.join(", ")) })
        }
    }
}

/// Whether a value of one schema may stand where another one is asked for. A parameter is text on the wire, whatever its type.
fn fits(found: &Schema<'_>, wanted: &Schema<'_>, input: &Input) -> bool {
    let (found, wanted) = (found.types(), wanted.types());
    let meets = |name: &&str| wanted.contains(name) || (*name == "integer" && wanted.contains(&"number"));
    let is_text = matches!(input, Input::Parameter(..)) && wanted.contains(&"string");
    found.is_empty() || wanted.is_empty() || is_text || found.iter().any(meets)
}
