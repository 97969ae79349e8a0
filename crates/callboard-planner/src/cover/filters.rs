//! Lists keep to their filters: of two things that differ, each filter shows what it should and nothing else.

use callboard_model::map::Input;
use callboard_model::plan::{Binding, BindingSource};
use callboard_schema::Fill;
use serde_json::Value;

use super::draft::Draft;
use super::lifecycle::{filters, vary};
use super::world::World;
use super::{Candidate, Kind, data, words};
use crate::index::OpId;

/// So many values of one enumerated filter are tried.
const VALUES: usize = 3;

/// One scenario for each list of something that can be made.
pub(crate) fn filtering(world: &World<'_, '_>) -> Vec<Candidate> {
    let makers = world.usable().filter(|op| world.created(*op).is_some());
    makers.filter_map(|maker| filtered(world, maker)).collect()
}

fn filtered(world: &World<'_, '_>, maker: OpId) -> Option<Candidate> {
    let (lister, item) = world.lister(maker)?;
    let entity = world.created(maker)?;
    let mut draft =
        Draft::new(world, &data::tag(&format!("{} filters", world.operation(lister).label()), world.options.seed), Fill::Full);
    let one = draft.call(maker, format!("one {}", world.noun(entity)))?;
    draft.tag.push('b');
    let mut bindings = draft.bindings(maker, &[])?;
    vary(&draft, maker, one, &mut bindings);
    let other = draft.push(maker, bindings, format!("another {}", world.noun(entity)));
    draft.tag.pop();
    let key = draft.key_of(one, entity)?;
    let all = filters(&draft, lister, one);
    let (own, shared): (Vec<Binding>, Vec<Binding>) =
        all.into_iter().chain(search(&draft, lister)).partition(|binding| is_own(&binding.source, &draft.tag));
    let focus = draft.calls.len();
    let mut asked = vec![own.clone()];
    asked.extend(own.iter().map(|binding| vec![binding.clone()]));
    asked.extend(
        narrower(world, lister)
            .into_iter()
            .filter(|_| !own.is_empty())
            .map(|binding| own.iter().cloned().chain([binding]).collect()),
    );
    for filter in asked.into_iter().filter(|filter| !filter.is_empty()) {
        ask(&mut draft, lister, filter);
    }
    let telling: Vec<Binding> = shared.into_iter().filter(|binding| differs(&draft, binding, other)).collect();
    for binding in telling {
        let at = ask(&mut draft, lister, vec![binding])?;
        draft.calls[at].checks = draft.listed(&item, &key).into_iter().collect();
    }
    let title = format!("{}: {} keeps to its filters", world.service(lister).name, words::phrase(world, lister));
    (draft.calls.len() > focus).then(|| Candidate {
        is_guess: true,
        focus,
        ..Candidate::of(&draft, title, Kind::Read, world.operation(lister))
    })
}

fn ask(draft: &mut Draft<'_, '_, '_>, lister: OpId, filter: Vec<Binding>) -> Option<usize> {
    let mut bindings = draft.bindings(lister, &filter)?;
    let said: Vec<String> = filter
        .iter()
        .filter_map(|binding| match (&binding.input, &binding.source) {
            (Input::Parameter(_, name), BindingSource::Literal(value)) => Some(format!("{name} {value}")),
            (Input::Parameter(_, name), _) => Some(name.clone()),
            _ => None,
        })
        .collect();
    for binding in filter {
        if !bindings.iter().any(|known| known.input == binding.input) {
            bindings.push(binding);
        }
    }
    Some(draft.push(lister, bindings, format!("by {}", said.join(", "))))
}

/// Filters that only let through what this scenario made.
fn is_own(source: &BindingSource, tag: &str) -> bool {
    match source {
        BindingSource::Step { .. } => true,
        BindingSource::Generated { value, .. } => value.as_str().is_some_and(|text| text.contains(tag)),
        _ => false,
    }
}

/// A search for the name that only this scenario uses.
fn search(draft: &Draft<'_, '_, '_>, lister: OpId) -> Option<Binding> {
    let is_search =
        |name: &str| matches!(name.to_lowercase().as_str(), "q" | "query" | "search" | "term" | "text" | "keyword" | "filter");
    let parameter = draft.world.operation(lister).parameters.iter().find(|p| !p.required && is_search(&p.name))?;
    let source = BindingSource::Generated { name: parameter.name.clone(), value: Value::from(draft.tag.clone()) };
    Some(Binding { input: Input::Parameter(parameter.location, parameter.name.clone()), source })
}

/// Whether the other one has another value in the field that a filter is about.
fn differs(draft: &Draft<'_, '_, '_>, filter: &Binding, other: usize) -> bool {
    let Input::Parameter(_, name) = &filter.input else { return false };
    let field = Input::Body(callboard_model::Pointer::of([name]));
    let sent = draft.calls[other].bindings.iter().find(|binding| binding.input == field);
    sent.is_some_and(|sent| sent.source != filter.source)
}

/// Further filters with plain values: each listed value, and a page of one.
fn narrower(world: &World<'_, '_>, lister: OpId) -> Vec<Binding> {
    let mut found = Vec::new();
    for parameter in world.operation(lister).parameters.iter().filter(|p| !p.required) {
        let Some(schema) = parameter.schema.as_ref().and_then(|node| world.service(lister).schema(node)) else { continue };
        let is_page = matches!(parameter.name.to_lowercase().as_str(), "limit" | "page_size" | "pagesize" | "per_page" | "size");
        let values: Vec<Value> = match schema.enumeration() {
            Some(listed) => listed.into_iter().take(VALUES).cloned().collect(),
            None if is_page => vec![Value::from(1)],
            None => Vec::new(),
        };
        let input = Input::Parameter(parameter.location, parameter.name.clone());
        found.extend(values.into_iter().map(|value| Binding { input: input.clone(), source: BindingSource::Literal(value) }));
    }
    found
}
