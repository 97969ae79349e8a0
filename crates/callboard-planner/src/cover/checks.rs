//! What answers must hold, as definitions and the map say: echo of what was sent, reads that agree with writes, references that
//! agree with each other.

use callboard_model::Pointer;
use callboard_model::api::ParameterLocation;
use callboard_model::map::{Input, Output};
use callboard_model::plan::{BindingSource, PlannedCheck, SentValue};

use super::draft::Draft;
use crate::index::OpId;
use crate::pointers::{concrete_pointer, generic};
use crate::shape::Place;
use crate::typing::Yield;
use crate::words::split_identifier;

impl Draft<'_, '_, '_> {
    /// An answer repeats what one call sent.
    pub(crate) fn echo(&self, answer: OpId, sent: usize) -> Vec<PlannedCheck> {
        let call = &self.calls[sent];
        let places = &self.world.types(answer).response;
        let mut checks = Vec::new();
        for binding in &call.bindings {
            let pointer = match &binding.input {
                Input::Body(pointer) => pointer.clone(),
                Input::Parameter(ParameterLocation::Path, name) => Pointer::of([name]),
                Input::Parameter(..) => continue,
            };
            if is_repeated(places, &pointer) && !is_secret(&pointer) && is_plain(&binding.source) {
                let sent = SentValue { step: sent, input: binding.input.clone() };
                checks.push(PlannedCheck::Echo { at: pointer, sent });
            }
        }
        checks
    }

    /// Two answers are the same, as a whole where both have one schema, else field by field.
    pub(crate) fn same_answer(&self, answer: OpId, earlier: usize) -> Vec<PlannedCheck> {
        let (here, there) = (&self.world.types(answer).response, &self.world.types(self.calls[earlier].op).response);
        let (Some(root), Some(other)) = (here.first(), there.first()) else { return Vec::new() };
        if root.shape.number == other.shape.number {
            return vec![same(Pointer::root(), earlier, Pointer::root())];
        }
        let scalars = here.iter().filter(|place| place.nesting == 0 && place.shape.kind.is_scalar() && !place.pointer.is_root());
        let both = scalars.filter(|place| there.iter().any(|other| other.pointer == place.pointer));
        both.map(|place| same(place.pointer.clone(), earlier, place.pointer.clone())).collect()
    }

    /// What a change did not name is as it was before.
    pub(crate) fn untouched(&self, change: usize, before: usize) -> Vec<PlannedCheck> {
        let call = &self.calls[change];
        let (here, there) = (&self.world.types(call.op).response, &self.world.types(self.calls[before].op).response);
        let is_sent = |place: &Place| {
            call.bindings.iter().any(|binding| match &binding.input {
                Input::Body(pointer) => pointer.segments().next() == place.pointer.segments().next(),
                Input::Parameter(..) => false,
            })
        };
        let own = here.iter().filter(|place| place.parent == Some(0) && place.nesting == 0 && place.shape.kind.is_scalar());
        let kept = own.filter(|place| !is_sent(place) && there.iter().any(|other| other.pointer == place.pointer));
        kept.map(|place| same(place.pointer.clone(), before, place.pointer.clone())).collect()
    }

    /// A list holds what was made.
    pub(crate) fn listed(&self, item: &Yield, key: &BindingSource) -> Option<PlannedCheck> {
        let Output::Body(pointer) = &item.output else { return None };
        let segments: Vec<String> = pointer.segments().collect();
        let star = segments.iter().position(|segment| segment == "*")?;
        let (at, item) = (Pointer::of(&segments[..star]), Pointer::of(&segments[star + 1..]));
        Some(PlannedCheck::Contains { at, item, value: key.clone(), present: true })
    }

    /// Fields that refer to resources of this scenario refer to the right ones.
    pub(crate) fn references(&self, at: usize) -> Vec<PlannedCheck> {
        let types = self.world.types(self.calls[at].op);
        let mut checks = Vec::new();
        for found in types.yields.iter().filter(|y| y.nesting <= 1 && (y.is_reference || y.nesting == 0)) {
            let Output::Body(pointer) = &found.output else { continue };
            let Some(place) = concrete_pointer(pointer, &types.response) else { continue };
            let known = self.made.iter().filter(|made| made.entity == found.entity && made.call < at);
            let mut known = known.filter_map(|made| self.key_of(made.call, made.entity));
            if let (Some(source), None) = (known.next(), known.next()) {
                checks.push(PlannedCheck::Same { at: place, as_in: source });
            }
        }
        checks
    }
}

pub(crate) fn same(at: Pointer, step: usize, earlier: Pointer) -> PlannedCheck {
    PlannedCheck::Same { at, as_in: BindingSource::Step { step, output: Output::Body(earlier) } }
}

/// Whether an answer has a plain value where this was sent.
fn is_repeated(places: &[Place], pointer: &Pointer) -> bool {
    let wanted = generic(pointer);
    places.iter().any(|place| place.pointer == wanted && place.shape.kind.is_scalar() && !place.shape.write_only)
}

/// Only scalars are compared: the leaf of an empty list or object says nothing.
fn is_plain(source: &BindingSource) -> bool {
    match source {
        BindingSource::Literal(value) | BindingSource::Generated { value, .. } => {
            !value.is_object() && !value.is_array() && !value.is_null()
        }
        _ => true,
    }
}

fn is_secret(pointer: &Pointer) -> bool {
    const SECRETS: &[&str] = &["password", "secret", "token", "credential", "credentials", "pin", "cvc", "cvv"];
    let last = pointer.last().unwrap_or_default();
    split_identifier(&last).iter().any(|word| SECRETS.contains(&word.as_str()))
}
