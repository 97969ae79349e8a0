//! Acting as somebody: the request for a token says who, for what, and by which of several ways.
//!
//! Such bodies are deep and nothing in them is required, but they are useless empty: the resources that the sentence speaks of are filled
//! in, in the part that belongs to the first way that the definition offers.

use callboard_model::Pointer;
use callboard_model::plan::BindingSource;
use serde_json::Value;

use crate::aims::Aim;
use crate::beam::Step;
use crate::bind::{Binder, Bound};
use crate::entities::EntityId;
use crate::pointers::concrete_pointer;
use crate::shape::{Kind, Place};

/// The secret of whoever is made here and acts later.
const SECRET: &str = "Correct-horse-7";

impl Binder<'_, '_> {
    /// Whether a step asks for a token of somebody who was made here.
    pub(crate) fn is_acting(&self, step: &Step) -> bool {
        step.is_target && self.view(step).is_some_and(|view| view.clause.aim == Aim::ActAs)
    }

    /// Resources that the sentence relates to who acts.
    pub(crate) fn is_told_of_actor(&self, entity: EntityId) -> bool {
        let related = self.views.iter().filter(|view| matches!(view.clause.aim, Aim::ActAs | Aim::Join));
        let mut words = related.flat_map(|view| view.clause.words.iter().filter(|word| !word.is_verb));
        words.any(|word| self.index.entities_of(&word.text).contains(&entity))
    }

    /// Fields of the secret, where somebody is made who acts later, and where they act; and the way in which they do.
    pub(crate) fn secrets(&self, step: &Step, places: &[Place], before: &[Bound]) -> Vec<(Pointer, BindingSource)> {
        let acts = self.views.iter().any(|view| view.clause.aim == Aim::ActAs);
        let makes_person = self.makes_person(step);
        if !acts || !(self.is_acting(step) || makes_person) {
            return Vec::new();
        }
        let is_made_here = makes_person || before.iter().any(|bound| self.makes_person(&bound.step));
        let secret = BindingSource::Generated { name: "password".to_owned(), value: Value::from(SECRET) };
        let is_secret = |place: &&Place| place.name == "password" && place.shape.kind == Kind::Text && is_made_here;
        let secrets = places.iter().filter(is_secret).filter(|place| is_of_first_way(place, places));
        let secrets = secrets.filter_map(|place| Some((concrete_pointer(&place.pointer, places)?, secret.clone())));
        let ways = ways(places).filter(|_| self.is_acting(step)).filter_map(|place| {
            let way = place.shape.options.first()?.clone();
            Some((concrete_pointer(&place.pointer, places)?, BindingSource::Literal(way)))
        });
        secrets.chain(ways).collect()
    }

    fn makes_person(&self, step: &Step) -> bool {
        self.index.created(step.op).is_some_and(|entity| self.index.is_person(entity))
    }
}

/// Lists of ways (`methods: [password, token]`) of which several have an object of their own beside the list.
fn ways(places: &[Place]) -> impl Iterator<Item = &Place> {
    let has_object = |place: &Place, way: &Value| {
        let depth = place.pointer.segments().count();
        places.iter().any(|other| way.as_str() == Some(&other.name) && other.pointer.segments().count() + 1 == depth)
    };
    places.iter().filter(move |place| {
        let options = &place.shape.options;
        place.nesting == 1 && options.iter().filter(|way| has_object(place, way)).count() > 1
    })
}

/// Whether a place is not in the part of another way than the first one.
pub(crate) fn is_of_first_way(place: &Place, places: &[Place]) -> bool {
    ways(places).all(|list| {
        let others: Vec<&str> = list.shape.options.iter().skip(1).filter_map(Value::as_str).collect();
        let depth = list.pointer.segments().count();
        let part = place.pointer.segments().nth(depth.saturating_sub(2));
        !part.is_some_and(|segment| others.contains(&segment.as_str()))
    })
}
