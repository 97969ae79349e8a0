//! Binding: where each input of each step comes from.
//!
//! A literal of the clause first, then what an earlier step yields or was given, then a named value of the environment, and last a value
//! made from the schema, which is marked as such. Every required input ends up bound.

use std::collections::{BTreeMap, BTreeSet};

use callboard_model::api::{Parameter, ParameterLocation};
use callboard_model::map::Input;
use callboard_model::plan::{Binding, BindingSource};
use callboard_model::{Operation, Service};
use callboard_schema::{Direction, Hints, synthesise};
use serde_json::Value;

use crate::beam::Step;
use crate::chains::is_chosen;
use crate::index::{Index, OpId};
use crate::plan::PlanOptions;
use crate::score::View;
use crate::sentence::Sentence;
use crate::taking::takes;
use crate::typing::Need;

/// Seed of made-up values: the same plan always has the same data.
pub(crate) const SEED: u64 = 7;

/// A step with its bindings.
#[derive(Clone, Debug)]
pub(crate) struct Bound {
    pub(crate) step: Step,
    pub(crate) bindings: Vec<Binding>,
}

/// Binds the inputs of a sequence of steps.
pub(crate) struct Binder<'i, 'a> {
    pub(crate) index: &'i Index<'a>,
    pub(crate) operations: Vec<(&'a Service, &'a Operation)>,
    pub(crate) sentence: &'i Sentence,
    pub(crate) views: &'i [View<'i, 'a>],
    pub(crate) options: &'i PlanOptions,
}

impl<'a> Binder<'_, 'a> {
    /// Binds step after step, and says which literals were used.
    pub(crate) fn bind(&self, steps: &[Step]) -> (Vec<Bound>, BTreeSet<usize>) {
        let mut bound: Vec<Bound> = Vec::new();
        let mut used = BTreeSet::new();
        for step in steps {
            let literals = self.literals(step, steps, &mut used);
            let bindings = self.inputs(step, &literals, &bound, &mut used);
            bound.push(Bound { step: step.clone(), bindings });
        }
        (bound, used)
    }

    /// The bindings of a removal: keys of what the last of these steps made; none when one of them is not known.
    pub(crate) fn removal(&self, step: &Step, before: &[Bound]) -> Vec<Binding> {
        let types = &self.index.typing.operations[step.op];
        let (service, operation) = self.operations[step.op];
        let mut bindings = Vec::new();
        for parameter in operation.parameters.iter().filter(|p| p.required && !is_sent_by_the_environment(p)) {
            let input = Input::Parameter(parameter.location, parameter.name.clone());
            let _ = service;
            let need = types.needs.iter().find(|need| need.input == input);
            let own = before.last().map(std::slice::from_ref).unwrap_or_default();
            let found = need.and_then(|need| {
                let shifted = self.produced(step, need, own).map(|source| shifted(source, before.len() - 1));
                shifted.or_else(|| self.given_before(need.entity, before))
            });
            match found {
                Some(source) => bindings.push(Binding { input, source }),
                None => return Vec::new(),
            }
        }
        bindings
    }

    /// The view of a step's clause.
    pub(crate) fn view(&self, step: &Step) -> Option<&View<'_, 'a>> {
        self.views.get(step.clause)
    }

    /// The literals of the clause that this step takes, by input: each goes to the step of the clause that values it most.
    fn literals(&self, step: &Step, steps: &[Step], used: &mut BTreeSet<usize>) -> BTreeMap<Input, Value> {
        let mut taken = BTreeMap::new();
        let Some(view) = self.view(step) else { return taken };
        for (at, literal) in view.literals.iter().enumerate() {
            let best_of = |op: OpId| {
                takes(view, op, at)
                    .into_iter()
                    .filter(|(_, input, _)| !taken.contains_key(*input))
                    .max_by(|a, b| a.0.total_cmp(&b.0))
            };
            let Some((worth, input, _)) = best_of(step.op) else { continue };
            let elsewhere = steps
                .iter()
                .filter(|s| s.clause == step.clause && s.op != step.op)
                .filter_map(|s| best_of(s.op))
                .map(|b| b.0)
                .fold(0.0, f64::max);
            if worth >= elsewhere {
                taken.insert(input.clone(), self.sentence.literals[literal.number].value());
                used.insert(literal.number);
            }
        }
        taken
    }

    fn inputs(
        &self,
        step: &Step,
        literals: &BTreeMap<Input, Value>,
        before: &[Bound],
        used: &mut BTreeSet<usize>,
    ) -> Vec<Binding> {
        let (service, operation) = self.operations[step.op];
        let mut bindings = Vec::new();
        for parameter in &operation.parameters {
            let input = Input::Parameter(parameter.location, parameter.name.clone());
            if is_sent_by_the_environment(parameter) {
                continue;
            }
            if let Some(source) = self.parameter(step, service, parameter, &input, literals, before, used) {
                bindings.push(Binding { input, source });
            }
        }
        bindings.extend(self.borrowed_headers(step, before));
        bindings.extend(self.body(step, service, operation, literals, before, used));
        bindings
    }

    #[expect(clippy::too_many_arguments, reason = "the places where a value may come from")]
    fn parameter(
        &self,
        step: &Step,
        service: &'a Service,
        parameter: &Parameter,
        input: &Input,
        literals: &BTreeMap<Input, Value>,
        before: &[Bound],
        used: &mut BTreeSet<usize>,
    ) -> Option<BindingSource> {
        if let Some(source) = self.header_seen(parameter, before) {
            return Some(source);
        }
        let types = &self.index.typing.operations[step.op];
        let need = types.needs.iter().find(|need| need.input == *input);
        if let Some(need) = need
            && !is_chosen(self.index, step.op, need)
        {
            // An optional filter by the very resource that the path names says nothing.
            let in_path = |other: &&Need| matches!(other.input, Input::Parameter(ParameterLocation::Path, _));
            let is_named =
                types.needs.iter().filter(in_path).any(|other| other.entity == need.entity && other.input != need.input);
            // A header or a filter that may be left out is only sent when the clause speaks of it.
            let is_told = || {
                let words = self.view(step).map(|view| &view.clause.words).into_iter().flatten();
                words.filter(|word| !word.is_verb).any(|word| self.index.entities_of(&word.text).contains(&need.entity))
            };
            let is_aside = parameter.location != ParameterLocation::Path && !is_told();
            let found = if (is_named || is_aside) && !parameter.required { None } else { self.need(step, need, before, used) };
            if found.is_some() || !parameter.required {
                return found;
            }
        }
        if let Some(value) = literals.get(input) {
            return Some(BindingSource::Literal(value.clone()));
        }
        // A key that was chosen before is that key, also for `PUT` a second time.
        if let Some(need) = need
            && let Some(source) = self.need(step, need, before, used)
        {
            return Some(source);
        }
        let schema = parameter.schema.as_ref().and_then(|node| service.schema(node));
        if let Some(value) = self.ordinal(step, &parameter.name, schema.as_ref(), parameter.location) {
            return Some(BindingSource::Literal(value));
        }
        if let Some(value) =
            schema.as_ref().and_then(|schema| self.option(step, schema)).filter(|(_, sure)| parameter.required || *sure)
        {
            return Some(BindingSource::Literal(value.0));
        }
        if !parameter.required {
            return None;
        }
        if self.options.environment_values.contains_key(&parameter.name) {
            return Some(BindingSource::Environment(parameter.name.clone()));
        }
        let value = schema.map_or(Value::String(parameter.name.clone()), |schema| {
            let direction = Direction::Request;
            synthesise(&schema, direction, SEED, &Hints::named(parameter.name.clone()))
        });
        let name = need.map_or_else(|| parameter.name.clone(), |need| self.key_name(need.entity, &parameter.name));
        Some(BindingSource::Generated { name, value })
    }
}

/// A source in a part of the steps, seen from all of them.
fn shifted(source: BindingSource, by: usize) -> BindingSource {
    match source {
        BindingSource::Step { step, output } => BindingSource::Step { step: step + by, output },
        other => other,
    }
}

/// Headers that come with the environment or the media type.
pub(crate) fn is_sent_by_the_environment(parameter: &Parameter) -> bool {
    let is_header = parameter.location == ParameterLocation::Header;
    is_header
        && ["authorization", "accept", "content-type", "traceparent", "baggage", "cookie"]
            .contains(&parameter.name.to_lowercase().as_str())
}

pub(crate) fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|c| c.to_uppercase().chain(chars).collect()).unwrap_or_default()
}
