//! The life of a resource: made, read, listed, changed, and gone after its deletion.

use callboard_model::map::Input;
use callboard_model::plan::{Binding, BindingSource, Expectation};
use callboard_model::{Method, Pointer, StatusPattern};
use callboard_schema::Fill;

use super::draft::Draft;
use super::world::World;
use super::{Candidate, Kind, data, words};
use crate::index::OpId;
use crate::pointers::leaves;

/// A life cycle for each operation that makes something; each with everything filled in, and with the least as another try.
pub(crate) fn lives(world: &World<'_, '_>) -> Vec<Candidate> {
    let makers: Vec<OpId> = world.usable().filter(|op| world.created(*op).is_some()).collect();
    let mut found = Vec::new();
    for maker in makers {
        let (full, least) = (life(world, maker, Fill::Full), life(world, maker, Fill::Minimal));
        let sent = |candidate: &Candidate| candidate.plan.steps.get(candidate.focus).map(|step| step.bindings.len());
        let differs = full.as_ref().map(sent) != least.as_ref().map(sent);
        found.extend(full);
        found.extend(
            least
                .filter(|_| differs)
                .map(|least| Candidate { title: least.title.replace("that was made", "of which the least was said"), ..least }),
        );
    }
    found
}

/// The title of a life cycle.
fn title(world: &World<'_, '_>, maker: OpId, did: &[&str]) -> String {
    let service = world.service(maker).name.as_str();
    let noun = world.created(maker).map(|entity| world.noun(entity)).unwrap_or_default();
    let list = match did {
        [] => "is there".to_owned(),
        [only] => format!("can be {only}"),
        [most @ .., last] => format!("can be {} and {last}", most.join(", ")),
    };
    let same = world.makers(world.created(maker).unwrap_or_default()).len();
    let by = if same > 1 { format!(" (by {})", words::phrase(world, maker)) } else { String::new() };
    format!("{service}: {} that was made{by} {list}", words::one(noun))
}

fn life(world: &World<'_, '_>, maker: OpId, fill: Fill) -> Option<Candidate> {
    let entity = world.created(maker)?;
    let tag = data::tag(&format!("{} {fill:?}", world.operation(maker).label()), world.options.seed);
    let mut draft = Draft::new(world, &tag, Fill::Full);
    if fill != Fill::Full {
        // Only the thing itself is said in few words: what it needs is there as always.
        super::refusals::prepared(&mut draft, maker, &[])?;
        draft.fill = fill;
    }
    let made = draft.call(maker, format!("makes {}", words::one(world.noun(entity))))?;
    draft.calls[made].checks = draft.echo(maker, made);
    let references = draft.references(made);
    draft.calls[made].checks.extend(references);
    let mut did = Vec::new();
    let reader = world.reader(maker);
    let mut latest = made;
    if let Some(read) = reader.and_then(|reader| draft.read_again(reader, made)) {
        latest = read;
        did.push("read");
    }
    if list(&mut draft, maker, made).is_some() {
        did.push("listed");
    }
    draft.look_around(made, None);
    if change(&mut draft, maker, &Method::Put, reader, &mut latest).is_some() {
        did.push("replaced");
    }
    if change(&mut draft, maker, &Method::Patch, reader, &mut latest).is_some() {
        did.push("changed");
    }
    if remove(&mut draft, maker, made, reader).is_some() {
        did.push("deleted");
    }
    if did.is_empty() {
        return None;
    }
    let title = title(world, maker, &did);
    Some(Candidate::of(&draft, title, Kind::Life, world.operation(maker)))
}

impl Draft<'_, '_, '_> {
    /// Reads by key what a call made or changed, and compares.
    pub(crate) fn read_again(&mut self, reader: OpId, written: usize) -> Option<usize> {
        let read = self.call(reader, "reads it back")?;
        let mut checks = if self.promises(written) { Vec::new() } else { self.same_answer(reader, written) };
        if checks.len() != 1 {
            checks.extend(self.echo(reader, written));
            checks.extend(self.references(read));
        }
        self.calls[read].checks = dedup(checks);
        Some(read)
    }
}

fn dedup(checks: Vec<callboard_model::plan::PlannedCheck>) -> Vec<callboard_model::plan::PlannedCheck> {
    let mut kept: Vec<callboard_model::plan::PlannedCheck> = Vec::new();
    for check in checks {
        if !kept.contains(&check) {
            kept.push(check);
        }
    }
    kept
}

/// The list of the collection holds it; filters that fit what was made are used.
fn list(draft: &mut Draft<'_, '_, '_>, maker: OpId, made: usize) -> Option<usize> {
    let world = draft.world;
    let (lister, item) = world.lister(maker)?;
    let entity = world.created(maker)?;
    let key = draft.key_of(made, entity)?;
    let filters = filters(draft, lister, made);
    let mut bindings = draft.bindings(lister, &filters)?;
    bindings.extend(filters.into_iter().filter(|filter| matches!(filter.input, Input::Parameter(..))));
    let mut seen: Vec<Binding> = Vec::new();
    for binding in bindings {
        if !seen.iter().any(|known| known.input == binding.input) {
            seen.push(binding);
        }
    }
    let at = draft.push(lister, seen, "finds it in the list");
    draft.calls[at].checks = draft.listed(&item, &key).into_iter().collect();
    Some(at)
}

/// Optional parameters of a list that what was made fits: the same field, the resource it belongs to, and the largest page.
pub(crate) fn filters(draft: &Draft<'_, '_, '_>, lister: OpId, made: usize) -> Vec<Binding> {
    let world = draft.world;
    let mut filters = Vec::new();
    for parameter in world.operation(lister).parameters.iter().filter(|p| !p.required) {
        let input = Input::Parameter(parameter.location, parameter.name.clone());
        let sent = draft.calls[made].bindings.iter().find(|b| b.input == Input::Body(Pointer::of([&parameter.name])));
        let need = world.types(lister).needs.iter().find(|need| need.input == input);
        let schema = parameter.schema.as_ref().and_then(|node| world.service(lister).schema(node));
        let most = schema.and_then(|schema| schema.lookup("maximum").cloned());
        let is_page =
            matches!(parameter.name.to_lowercase().as_str(), "limit" | "page_size" | "pagesize" | "per_page" | "size" | "count");
        let source = match (sent, need, most) {
            (Some(sent), ..) => Some(sent.source.clone()),
            (None, Some(need), _) => draft.living(need.entity).and_then(|at| draft.key_of(at, need.entity)),
            (None, None, Some(most)) if is_page => Some(BindingSource::Literal(most)),
            _ => None,
        };
        filters.extend(source.map(|source| Binding { input, source }));
    }
    filters
}

/// `PUT` twice or `PATCH` once with other data, and a read that agrees.
fn change(
    draft: &mut Draft<'_, '_, '_>,
    maker: OpId,
    method: &Method,
    reader: Option<OpId>,
    latest: &mut usize,
) -> Option<usize> {
    let world = draft.world;
    let op = world.at_key(maker, method)?;
    let before = *latest;
    let mut bindings = draft.bindings(op, &[])?;
    vary(draft, op, before, &mut bindings);
    let changed = draft.push(op, bindings.clone(), if *method == Method::Put { "replaces it" } else { "changes it" });
    draft.calls[changed].checks = draft.echo(op, changed);
    let kept = draft.untouched(changed, before);
    draft.calls[changed].checks.extend(kept);
    if *method == Method::Put {
        let again = draft.push(op, bindings, "the same a second time changes nothing more");
        draft.calls[again].checks = draft.same_answer(op, changed);
    }
    *latest = changed;
    if let Some(reader) = reader
        && let Some(read) = draft.read_again(reader, changed)
    {
        let kept = draft.untouched(changed, before);
        draft.calls[read].checks.extend(kept);
        *latest = read;
    }
    if *method == Method::Patch {
        change_one(draft, op, *latest);
    }
    Some(changed)
}

/// One field alone: the others stay.
fn change_one(draft: &mut Draft<'_, '_, '_>, op: OpId, before: usize) -> Option<usize> {
    let mut bindings = draft.bindings(op, &[])?;
    vary(draft, op, before, &mut bindings);
    let field = |binding: &Binding| match &binding.input {
        Input::Body(at) => at.segments().next(),
        Input::Parameter(..) => None,
    };
    let first = bindings.iter().find_map(field)?;
    let left: Vec<Binding> = bindings.iter().filter(|binding| field(binding).is_none_or(|name| name == first)).cloned().collect();
    if left.len() == bindings.len() {
        return None;
    }
    let at = draft.push(op, left, format!("changes `{first}` alone"));
    draft.calls[at].checks = draft.echo(op, at);
    let kept = draft.untouched(at, before);
    draft.calls[at].checks.extend(kept);
    Some(at)
}

/// Other data than before: what a lost update would leave must be told from what was sent.
pub(crate) fn vary(draft: &Draft<'_, '_, '_>, op: OpId, before: usize, bindings: &mut [Binding]) {
    let Some(schema) = draft.body_schema(op) else { return };
    let pins: Vec<(Pointer, BindingSource)> = bindings
        .iter()
        .filter_map(|binding| match (&binding.input, &binding.source) {
            (Input::Body(at), source @ (BindingSource::Step { .. } | BindingSource::Environment(_))) => {
                Some((at.clone(), source.clone()))
            }
            _ => None,
        })
        .collect();
    let sent = |at: &Pointer| {
        let known = draft.calls[..=before].iter().rev().find_map(|call| {
            call.bindings.iter().find(|binding| binding.input == Input::Body(at.clone())).map(|binding| binding.source.clone())
        });
        match known {
            Some(BindingSource::Generated { value, .. } | BindingSource::Literal(value)) => Some(value),
            _ => None,
        }
    };
    for seed in 1..24 {
        let value = draft.other_body(op, &schema, &pins, draft.world.options.seed.wrapping_add(seed));
        leaves(&value, &Pointer::root(), &mut |at, leaf| {
            let Some(binding) = bindings.iter_mut().find(|binding| binding.input == Input::Body(at.clone())) else { return };
            let BindingSource::Generated { value, .. } = &mut binding.source else { return };
            if sent(at).is_some_and(|sent| sent == *value) && leaf != value {
                *value = leaf.clone();
            }
        });
    }
}

/// Deleted, and not there any more.
fn remove(draft: &mut Draft<'_, '_, '_>, maker: OpId, made: usize, reader: Option<OpId>) -> Option<usize> {
    let world = draft.world;
    let op = world.at_key(maker, &Method::Delete)?;
    let removed = draft.call(op, "deletes it")?;
    let keys = draft.calls[removed].bindings.clone();
    if let Some(reader) = reader {
        let bindings = draft.bindings(reader, &keys)?;
        let gone = draft.push(reader, bindings, "it is gone");
        draft.refuse(gone, Expectation::Status(vec![gone_status(world, reader)]));
    }
    for made in draft.made.iter_mut().filter(|known| known.call == made) {
        made.alive = false;
    }
    Some(removed)
}

/// What a definition documents for something that is not there: 404, else 410, else 404 all the same.
pub(crate) fn gone_status(world: &World<'_, '_>, op: OpId) -> StatusPattern {
    let refusals = world.refusals(op);
    let status = [404, 410].into_iter().find(|status| refusals.contains(status));
    StatusPattern::Exact(status.unwrap_or(404))
}

impl Draft<'_, '_, '_> {
    /// Reads what an answer refers to in the services that own it, and what the scenario made before: what one service says, the
    /// others say, too.
    pub(crate) fn look_around(&mut self, at: usize, but: Option<usize>) {
        let world = self.world;
        let own = but.or(world.created(self.calls[at].op));
        let mut entities: Vec<usize> = Vec::new();
        let referred = world.types(self.calls[at].op).yields.iter().filter(|y| y.is_reference && y.nesting == 0);
        let made = self.made.iter().rev().filter(|made| made.alive).map(|made| made.entity);
        for entity in referred.map(|y| y.entity).chain(made) {
            if !entities.contains(&entity) && Some(entity) != own {
                entities.push(entity);
            }
        }
        for entity in entities.into_iter().take(5) {
            let Some(reader) = world.owners_reader(entity) else { continue };
            let Some(need) = world.last_need(reader).cloned() else { continue };
            // The reference of this answer before the key that is known: what one service says has to be there in the other.
            let living = self.living(entity).and_then(|made| self.key_of(made, entity));
            let Some(source) = self.reference_in(at, entity).or(living) else { continue };
            let given = [Binding { input: need.input.clone(), source: source.clone() }];
            let service = world.service(reader).name.as_str();
            let noun = world.noun(entity);
            let Some(read) = self.call_with(reader, &given, format!("what {service} says of the {noun}")) else { continue };
            self.calls[read].checks = self.references(read);
            if let Some(key) = self.key_place(reader, entity) {
                self.calls[read].checks.insert(0, callboard_model::plan::PlannedCheck::Same { at: key, as_in: source });
            }
        }
    }

    /// The place of its own key in the answer of a read.
    fn key_place(&self, reader: OpId, entity: usize) -> Option<Pointer> {
        let types = self.world.types(reader);
        let is_key = |place: &&crate::shape::Place| {
            let named = self.world.index.typing.entities[entity].keys.values().flatten();
            place.parent == Some(0) && place.nesting == 0 && place.shape.kind.is_scalar() && {
                let words = crate::words::split_identifier(&place.name).join(" ");
                named.clone().any(|key| *key == words)
            }
        };
        types.response.iter().find(is_key).map(|place| place.pointer.clone())
    }

    /// A body with other data, not from the examples of the definition.
    fn other_body(
        &self,
        op: OpId,
        schema: &callboard_model::Schema<'_>,
        pins: &[(Pointer, BindingSource)],
        seed: u64,
    ) -> serde_json::Value {
        let hints = callboard_schema::Hints {
            pins: self.stand_ins(op, pins, seed),
            fill: self.fill,
            ignore_examples: true,
            ..callboard_schema::Hints::default()
        };
        self.world.value(op, schema, seed, &hints)
    }
}
