//! From what can be used of an answer to a whole plan: the embedded planner adds what the model left out.

use std::collections::BTreeSet;

use callboard_model::map::Input;
use callboard_model::plan::{Binding, BindingSource, Expectation, Plan};
use serde_json::Value;

use super::faults::{Fault, Rated, faults};
use super::producers;
use super::rate::rate;
use super::reading::Reading;
use super::validate::{Accepted, Source};
use crate::beam::{Sequence, Step};
use crate::bind::Bound;
use crate::{environment, fill, oracle};

/// A model's plan, whole.
pub(crate) struct Completed {
    pub(crate) rated: Rated,
    pub(crate) faults: Vec<Fault>,
}

/// Makes a plan of accepted steps. `unmatched` are the words of which the model says that nothing stands for them.
pub(crate) fn complete(reading: &Reading<'_, '_>, accepted: &[Accepted], unmatched: &[String]) -> Completed {
    let chosen = producers::complete(reading, accepted);
    let needs = &reading.binder.options.environment_needs;
    let steps = environment::ensure(reading.index(), chosen.clone(), needs);
    let steps = fill::fill(reading.index(), reading.views(), steps);
    let places = places(&steps, accepted);
    let (mut bound, mut used) = reading.binder.bind(&steps);
    for (step, at) in accepted.iter().zip(&places) {
        overlay(&mut bound[*at], step, &places);
        used.extend(literals_of(reading, step));
    }
    let worked = reading.planner.work_out(bound, used.clone(), &reading.binder, |oracles| {
        for (step, at) in accepted.iter().zip(&places) {
            expect(reading, step, &mut oracles[*at]);
        }
    });
    let sequence = Sequence { steps: chosen.clone(), ..Sequence::default() };
    let mut left = crate::plan::unmatched(&sequence, reading.views(), reading.binder.sentence, &used);
    left.retain(|word| !is_understood(reading, word, unmatched));
    left.extend(worked.inexpressible);
    let plan = Plan { steps: worked.steps, teardown: worked.teardown, unmatched: left, ..Plan::default() };
    let faults = faults(reading, &chosen, &plan);
    let violations = faults.iter().map(|fault| fault.text.clone()).collect();
    Completed { rated: Rated { violations, score: rate(reading, &chosen), plan }, faults }
}

/// A word that no definition knows is understood when the model does not say otherwise; of other words the definitions tell.
fn is_understood(reading: &Reading<'_, '_>, word: &str, unmatched: &[String]) -> bool {
    let of_words = reading.views().iter().flat_map(|view| &view.words).filter(|known| known.text == word);
    let mut is_strange = of_words.map(|known| known.strengths.is_empty()).peekable();
    is_strange.peek().is_some()
        && is_strange.all(|strange| strange)
        && !unmatched.iter().any(|said| said.eq_ignore_ascii_case(word))
}

/// Where each accepted step stands among all steps: steps were only added.
fn places(steps: &[Step], accepted: &[Accepted]) -> Vec<usize> {
    let mut places = Vec::with_capacity(accepted.len());
    let mut from = 0;
    for step in accepted {
        let found = steps[from..].iter().position(|other| other.op == step.op && other.clause == step.clause);
        let at = from + found.expect("steps are added, never taken away");
        places.push(at);
        from = at + 1;
    }
    places
}

/// What the model says of a step's inputs wins over what the embedded planner found.
fn overlay(bound: &mut Bound, step: &Accepted, places: &[usize]) {
    for (input, source) in &step.inputs {
        let source = match source {
            Source::Literal(value) => BindingSource::Literal(value.clone()),
            Source::Step(from, output) => BindingSource::Step { step: places[*from], output: output.clone() },
        };
        match bound.bindings.iter_mut().find(|binding| binding.input == *input) {
            Some(binding) => binding.source = source,
            None => {
                bound.bindings.retain(|binding| !holds(&binding.input, input));
                bound.bindings.push(Binding { input: input.clone(), source });
            }
        }
    }
}

/// Whether one place of a body holds another one: an empty list or object that now gets a content.
fn holds(outer: &Input, inner: &Input) -> bool {
    match (outer, inner) {
        (Input::Body(outer), Input::Body(inner)) => {
            inner.as_str().strip_prefix(outer.as_str()).is_some_and(|rest| rest.starts_with('/'))
        }
        _ => false,
    }
}

/// Literals of the sentence that the model's inputs are.
fn literals_of(reading: &Reading<'_, '_>, step: &Accepted) -> BTreeSet<usize> {
    let is_given = |value: &Value, text: &str| {
        step.inputs.iter().any(|(_, source)| match source {
            Source::Literal(Value::String(given)) => given == text || has(given, text),
            Source::Literal(given) => given == value,
            Source::Step(..) => false,
        })
    };
    let literals = reading.binder.sentence.literals.iter().enumerate();
    literals.filter(|(_, literal)| is_given(&literal.value(), &literal.text)).map(|(number, _)| number).collect()
}

/// Whether a longer value has the literal as one of its words.
fn has(given: &str, text: &str) -> bool {
    given.split(|c: char| !c.is_alphanumeric()).any(|word| word == text)
}

/// A refusal that the model sees and the embedded planner does not.
fn expect(reading: &Reading<'_, '_>, step: &Accepted, oracle: &mut oracle::Oracle) {
    let Some(patterns) = step.expect.as_ref().filter(|_| oracle.expect == Expectation::Success) else { return };
    let (_, operation) = reading.operation(step.op);
    *oracle =
        oracle::Oracle { expect: Expectation::Status(oracle::documented(operation, patterns)), checks: Vec::new(), until: None };
}
