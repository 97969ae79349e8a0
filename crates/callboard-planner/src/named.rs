//! What a sentence names and a scenario works on is made first: `Give ada a server` needs a user ada.
//!
//! Only resources whose key the caller chooses can be made by name, and only a step that changes something is worth making them for: who
//! merely reads means what is there.

use callboard_model::map::{Input, Output};

use crate::beam::Step;
use crate::entities::EntityId;
use crate::index::{Index, OpId};
use crate::literals::LiteralKind;
use crate::score::View;

/// Adds steps that make what a changing step is given by name, and no earlier step makes.
pub(crate) fn make(index: &Index<'_>, views: &[View<'_, '_>], steps: &[Step]) -> Vec<Step> {
    let mut out: Vec<Step> = Vec::with_capacity(steps.len());
    for step in steps {
        for entity in named(index, views, step) {
            if out.iter().any(|earlier| chooses(index, earlier.op, entity)) {
                continue;
            }
            if let Some(op) = maker(index, entity) {
                out.push(Step::needed(op, step.clause));
            }
        }
        out.push(step.clone());
    }
    out
}

/// Resources on which a changing step works, and which its clause names.
fn named(index: &Index<'_>, views: &[View<'_, '_>], step: &Step) -> Vec<EntityId> {
    let Some(view) = views.get(step.clause).filter(|_| !index.ops[step.op].method.is_safe()) else { return Vec::new() };
    let is_named = |entity: EntityId| {
        let names = |literal: &&crate::score::ViewLiteral| literal.kind != LiteralKind::Number && !literal.is_instance;
        view.literals.iter().filter(names).any(|literal| literal.entities.contains(&entity))
    };
    let needs = index.typing.operations[step.op].needs.iter();
    let in_path = needs.filter(|need| need.hard && matches!(need.input, Input::Parameter(..)));
    in_path.map(|need| need.entity).filter(|entity| is_named(*entity) && !chooses(index, step.op, *entity)).collect()
}

/// Whether an operation makes a resource under a key that the caller chooses.
fn chooses(index: &Index<'_>, op: OpId, entity: EntityId) -> bool {
    let yields = &index.typing.operations[op].yields;
    yields.iter().any(|found| found.entity == entity && matches!(found.output, Output::Request(_)))
}

/// The operation that makes a resource under a chosen key and needs nothing else.
fn maker(index: &Index<'_>, entity: EntityId) -> Option<OpId> {
    let needs_nothing =
        |op: OpId| index.typing.operations[op].needs.iter().filter(|need| need.hard).all(|need| need.entity == entity);
    let owner = index.typing.entities[entity].owner();
    let makes =
        |op: &OpId| index.ops[*op].usable && !index.ops[*op].deprecated && chooses(index, *op, entity) && needs_nothing(*op);
    (0..index.ops.len()).filter(makes).min_by_key(|op| (owner != Some(index.ops[*op].service), *op))
}
