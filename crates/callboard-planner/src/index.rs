//! The index of a system: which words stand for which operations, what each needs, yields and takes as text.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use callboard_model::api::ParameterLocation;
use callboard_model::map::Input;
use callboard_model::{Method, Operation, System};

use crate::entities::{EntityId, Numbered};
use crate::parallel;
use crate::path::{self, Segment};
use crate::sentence::Vocabulary;
use crate::shape::{Kind, Place};
use crate::typing::{OperationTypes, Typing};
use crate::weights::Weights;
use crate::words::{Act, Lexicon, is_person_like, is_stop, split_identifier, stem};

/// An operation by number.
pub(crate) type OpId = usize;

/// How strongly a word stands for an operation.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Strength {
    /// By everything that the definition says.
    pub(crate) whole: f64,
    /// Without the fields of the answer: what counts of an operation that only finds something for another.
    pub(crate) named: f64,
}

impl Strength {
    fn raise(&mut self, strength: f64, is_answer: bool) {
        self.whole = self.whole.max(strength);
        if !is_answer {
            self.named = self.named.max(strength);
        }
    }

    /// With a synonym that counts `share` of itself.
    fn or_similar(self, similar: Self, share: f64) -> Self {
        let either = |a: f64, b: f64| 1.0 - (1.0 - a) * (1.0 - share * b);
        Self { whole: either(self.whole, similar.whole), named: either(self.named, similar.named) }
    }
}

/// An input that takes free text.
#[derive(Clone, Debug)]
pub(crate) struct TextInput {
    pub(crate) input: Input,
    pub(crate) stems: Vec<String>,
    /// A search term (`q`, `query`), as opposed to a filter or a field.
    pub(crate) is_query: bool,
    pub(crate) kind: Kind,
}

/// An operation as the planner sees it.
#[derive(Debug)]
pub(crate) struct Op {
    pub(crate) service: usize,
    pub(crate) method: Method,
    pub(crate) deprecated: bool,
    pub(crate) usable: bool,
    /// Whether its path ends in the key of one thing.
    pub(crate) ends_in_parameter: bool,
    /// Of its path.
    pub(crate) segments: Vec<Segment>,
    /// Stems of fixed path segments, with whether the segment is followed by a parameter.
    pub(crate) tokens: Vec<Token>,
    /// Stems of `operationId` and `summary`.
    pub(crate) names: BTreeSet<String>,
    pub(crate) texts: Vec<TextInput>,
}

/// A word of a fixed path segment.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) stem: String,
    pub(crate) rarity: f64,
    /// Its part of the segment: words of one segment support each other.
    pub(crate) share: f64,
    /// The parameter behind the segment.
    pub(crate) parameter: Option<String>,
    /// Whether it says that something is searched for.
    pub(crate) searches: bool,
    /// The number of its stem among all stems of the system's paths.
    pub(crate) number: usize,
}

/// The index.
pub(crate) struct Index<'a> {
    pub(crate) system: &'a System,
    pub(crate) typing: Arc<Typing>,
    pub(crate) weights: Weights,
    pub(crate) ops: Vec<Op>,
    pub(crate) vocabulary: Vocabulary,
    postings: HashMap<String, Vec<(OpId, Strength)>>,
    service_stems: Vec<BTreeSet<String>>,
    /// Operations that give an output which some service's environment waits for, with its name.
    pub(crate) awaited: Vec<(OpId, String)>,
    /// Entities whose noun is person-like, by number.
    pub(crate) persons: Vec<EntityId>,
    /// Entities by the stem of the last word of their noun.
    by_noun_stem: HashMap<String, Vec<EntityId>>,
}

impl<'a> Index<'a> {
    pub(crate) fn new(system: &'a System, typing: Arc<Typing>, aliases: &BTreeMap<String, String>, weights: Weights) -> Self {
        let lexicon = Lexicon::new(aliases);
        let mut vocabulary = Vocabulary { lexicon, ..Vocabulary::default() };
        let mut by_noun_stem: HashMap<String, Vec<EntityId>> = HashMap::new();
        for (id, entity) in typing.entities.iter().enumerate() {
            let last = entity.noun.split(' ').next_back().map(stem).unwrap_or_default();
            by_noun_stem.entry(last.clone()).or_default().push(id);
            vocabulary.nouns.insert(last);
        }
        let (mut terms, mut ops) = (Vec::with_capacity(typing.operations.len()), Vec::with_capacity(typing.operations.len()));
        for read in read_services(system, &typing, &weights, &vocabulary.lexicon) {
            terms.extend(read.terms);
            ops.extend(read.ops);
            vocabulary.learn(read.vocabulary);
        }
        rate_tokens(&mut ops);
        let mut postings: HashMap<String, Vec<(OpId, Strength)>> = HashMap::new();
        for (op, terms) in terms.into_iter().enumerate() {
            for (term, strength) in terms {
                postings.entry(term).or_default().push((op, strength));
            }
        }
        let service_stems =
            system.services().iter().map(|s| split_identifier(s.name.as_str()).iter().map(|w| stem(w)).collect()).collect();
        let mut persons: Vec<EntityId> =
            by_noun_stem.iter().filter(|(stem, _)| is_person_like(stem)).flat_map(|(_, ids)| ids).copied().collect();
        persons.sort_unstable();
        Self { system, typing, weights, ops, vocabulary, postings, service_stems, awaited: Vec::new(), persons, by_noun_stem }
    }

    /// How strongly a word stands for each operation, itself and by its synonyms.
    pub(crate) fn strengths(&self, stem: &str) -> HashMap<OpId, Strength> {
        let mut direct: HashMap<OpId, Strength> = self.postings.get(stem).into_iter().flatten().copied().collect();
        let mut similar: HashMap<OpId, Strength> = HashMap::new();
        for other in self.vocabulary.lexicon.similar(stem) {
            for (op, strength) in self.postings.get(other).into_iter().flatten() {
                let known = similar.entry(*op).or_default();
                known.whole = known.whole.max(strength.whole);
                known.named = known.named.max(strength.named);
            }
        }
        // Where the system has the very word, others of similar meaning say less.
        let share = if self.vocabulary.is_term(stem) { self.weights.synonym_of_known } else { self.weights.synonym };
        for (op, strength) in similar {
            let known = direct.entry(op).or_default();
            *known = known.or_similar(strength, share);
        }
        direct
    }

    /// The worth of a word by its rarity.
    pub(crate) fn weight(&self, stem: &str) -> f64 {
        let known = self.postings.get(stem).map_or(0, Vec::len);
        if known == 0 {
            return self.weights.word_base + self.weights.word_rarity;
        }
        let rarity = (self.ops.len() as f64 / known as f64).ln();
        (self.weights.word_base + self.weights.word_rarity * rarity).min(self.weights.word_most)
    }

    /// Services that a word names.
    pub(crate) fn services_named(&self, stem: &str) -> Vec<usize> {
        (0..self.service_stems.len())
            .filter(|at| self.service_stems[*at].len() == 1 && self.service_stems[*at].contains(stem))
            .collect()
    }

    /// The resource that an operation makes: what it is about, when it answers with a key that it was not given.
    pub(crate) fn created(&self, op: OpId) -> Option<EntityId> {
        let types = &self.typing.operations[op];
        let makes = matches!(self.ops[op].method, Method::Post | Method::Put);
        let subject = types.subject.filter(|_| makes)?;
        let is_given = types.needs.iter().any(|need| {
            need.hard
                && need.entity == subject
                && matches!(need.input, Input::Parameter(..))
                && !crate::chains::is_chosen(self, op, need)
        });
        (!is_given && types.yields.iter().any(|y| y.entity == subject && y.nesting == 0)).then_some(subject)
    }

    /// Whether some operation makes such a resource.
    pub(crate) fn is_made(&self, entity: EntityId) -> bool {
        self.makers(entity).next().is_some()
    }

    /// The operations that make a resource, in their order.
    pub(crate) fn makers(&self, entity: EntityId) -> impl Iterator<Item = OpId> {
        let producing = self.typing.producing.get(&entity).into_iter().flatten();
        producing.copied().filter(move |op| self.created(*op) == Some(entity))
    }

    /// The resource of a collection to which an operation adds, whatever it answers.
    pub(crate) fn collects(&self, op: OpId) -> Option<EntityId> {
        let entry = &self.ops[op];
        let needs = &self.typing.operations[op].needs;
        let is_open = entry.method == Method::Post && !entry.ends_in_parameter && needs.iter().all(|need| !need.hard);
        self.typing.operations[op].subject.filter(|entity| is_open && self.names_last(op, *entity))
    }

    /// The resource that the last fixed segment of an operation's path names, or on which that acts (`POST /orders/{id}/cancel`).
    pub(crate) fn about(&self, op: OpId) -> Option<EntityId> {
        let subject = self.typing.operations[op].subject?;
        let is_act = !self.ops[op].method.is_safe() && !self.ops[op].ends_in_parameter;
        (is_act || self.names_last(op, subject)).then_some(subject)
    }

    /// Whether the last fixed segment of an operation's path names a resource.
    fn names_last(&self, op: OpId, entity: EntityId) -> bool {
        let noun = self.typing.entities[entity].noun.split(' ').next_back().map(stem).unwrap_or_default();
        self.ops[op].tokens.last().is_some_and(|token| token.stem == noun)
    }

    /// The resources that a word of a sentence may mean.
    pub(crate) fn entities_of(&self, word: &str) -> Vec<EntityId> {
        if let Some(id) = self.typing.by_word(word) {
            return vec![id];
        }
        let stem = stem(word);
        let similar = self.vocabulary.lexicon.similar(&stem);
        let stems = similar.into_iter().chain([stem.as_str()]);
        let mut found: Vec<EntityId> = stems.filter_map(|stem| self.by_noun_stem.get(stem)).flatten().copied().collect();
        found.sort_unstable();
        found.dedup();
        // An actor is somebody, whatever else is similar to the word.
        if is_person_like(&stem) && !self.persons.is_empty() {
            found.retain(|id| self.is_person(*id));
            if found.is_empty() {
                found.extend(&self.persons);
            }
        }
        found
    }

    pub(crate) fn is_person(&self, entity: EntityId) -> bool {
        self.persons.binary_search(&entity).is_ok()
    }
}

/// What the operations of one service say.
struct Read {
    terms: Vec<HashMap<String, Strength>>,
    ops: Vec<Op>,
    vocabulary: Vocabulary,
}

fn read_services(system: &System, typing: &Typing, weights: &Weights, lexicon: &Lexicon) -> Vec<Read> {
    let services = system.services();
    let before = |number: usize| services[..number].iter().map(|service| service.operations.len()).sum::<usize>();
    let starts: Vec<usize> = (0..services.len()).map(before).collect();
    parallel::map(services.len(), |number| {
        let service = &services[number];
        let mut read = Read { terms: Vec::new(), ops: Vec::new(), vocabulary: Vocabulary::default() };
        for (at, operation) in service.operations.iter().enumerate() {
            let (numbered, index) = (Numbered { service_number: number, service, operation }, starts[number] + at);
            read.terms.push(terms_of(&numbered, index, typing, weights, &mut read.vocabulary));
            learn_instances(&numbered, &typing.operations[index], &mut read.vocabulary);
            read.ops.push(op_of(&numbered, index, typing, lexicon));
        }
        read
    })
}

fn op_of(numbered: &Numbered<'_>, index: usize, typing: &Typing, lexicon: &Lexicon) -> Op {
    let operation = numbered.operation;
    let segments = path::segments(&operation.key.path);
    let mut tokens = Vec::new();
    for (i, segment) in segments.iter().enumerate() {
        let Segment::Fixed(text) = segment else { continue };
        let parameter = match segments.get(i + 1) {
            Some(Segment::Parameter(name)) => Some(name.clone()),
            _ => None,
        };
        let words: Vec<String> = path::noun(text)
            .into_iter()
            .filter(|word| {
                !is_stop(word)
                    || word.len() == 2 && !matches!(word.as_str(), "on" | "of" | "to" | "in" | "by" | "at" | "me" | "my")
            })
            .collect();
        let share = 1.0 / words.len().max(1) as f64;
        tokens.extend(words.iter().map(|word| {
            let stem = stem(word);
            let searches = lexicon.are_similar(&stem, "search");
            Token { stem, rarity: 1.0, share, parameter: parameter.clone(), searches, number: 0 }
        }));
    }
    let method = operation.key.method.as_str().to_lowercase();
    let id = operation.id.as_deref().map(split_identifier).unwrap_or_default();
    // `images:post` says how it is called, not what it does.
    let id = id.iter().enumerate().filter(|(at, word)| *at == 0 || **word != method).map(|(_, word)| stem(word));
    let names = id.chain(operation.summary.as_deref().map(crate::words::stems).unwrap_or_default()).collect();
    Op {
        service: numbered.service_number,
        method: operation.key.method.clone(),
        deprecated: operation.deprecated,
        usable: operation.unusable.is_none(),
        ends_in_parameter: matches!(segments.last(), Some(Segment::Parameter(_))),
        segments,
        tokens,
        names,
        texts: texts_of(numbered, index, typing),
    }
}

/// Query parameters and body fields that take text which a person may give.
fn texts_of(numbered: &Numbered<'_>, index: usize, typing: &Typing) -> Vec<TextInput> {
    let mut texts = Vec::new();
    for parameter in &numbered.operation.parameters {
        if !matches!(parameter.location, ParameterLocation::Query | ParameterLocation::Path) {
            continue;
        }
        let schema = parameter.schema.as_ref().and_then(|node| numbered.service.schema(node));
        let is_free = schema.as_ref().is_none_or(|s| s.enumeration().is_none());
        let kind = match schema.as_ref().and_then(|s| s.types().first().copied()) {
            Some("integer") => Kind::Integer,
            Some("number") => Kind::Number,
            Some("boolean") => Kind::Boolean,
            Some("string") => Kind::Text,
            _ => Kind::Any,
        };
        if !is_free || kind == Kind::Boolean {
            continue;
        }
        let words = split_identifier(&parameter.name);
        let is_query = parameter.location == ParameterLocation::Query && kind != Kind::Integer && is_search_word(&words);
        let stems = words.iter().map(|w| stem(w)).collect();
        texts.push(TextInput { input: Input::Parameter(parameter.location, parameter.name.clone()), stems, is_query, kind });
    }
    for place in typing.operations[index].request.iter() {
        let shape = &place.shape;
        if shape.kind.is_scalar()
            && shape.kind != Kind::Boolean
            && shape.options.is_empty()
            && !shape.read_only
            && !place.name.is_empty()
        {
            let stems = split_identifier(&place.name).iter().map(|w| stem(w)).collect();
            texts.push(TextInput { input: Input::Body(place.pointer.clone()), stems, is_query: false, kind: shape.kind });
        }
    }
    texts
}

fn is_search_word(words: &[String]) -> bool {
    const ALONE: &[&str] = &["q", "query", "search", "term", "text", "keyword", "keywords", "filter"];
    match words {
        [only] => ALONE.contains(&only.as_str()),
        [first, .., last] => first == "search" || matches!(last.as_str(), "query" | "search" | "term"),
        [] => false,
    }
}

fn terms_of(
    numbered: &Numbered<'_>,
    index: usize,
    typing: &Typing,
    weights: &Weights,
    vocabulary: &mut Vocabulary,
) -> HashMap<String, Strength> {
    let operation = numbered.operation;
    let mut terms: HashMap<String, Strength> = HashMap::new();
    let mut note = |text: &str, strength: f64, is_answer: bool| {
        for word in split_identifier(text) {
            if !is_stop(&word) || word.len() == 2 && strength >= weights.in_name {
                terms.entry(stem(&word)).or_default().raise(strength, is_answer);
            }
        }
    };
    let types = &typing.operations[index];
    for place in types.response.iter().take(100) {
        note(&place.name, weights.in_response, true);
    }
    let mut add = |text: &str, strength: f64| note(text, strength, false);
    for segment in path::segments(&operation.key.path) {
        match segment {
            Segment::Fixed(text) => add(&text, weights.in_path),
            Segment::Parameter(name) => add(&name, weights.in_parameters),
        }
    }
    for name in [operation.id.as_deref(), operation.summary.as_deref()].into_iter().flatten() {
        add(name, weights.in_name);
    }
    for parameter in &operation.parameters {
        add(&parameter.name, weights.in_parameters);
        let schema = parameter.schema.as_ref().and_then(|node| numbered.service.schema(node));
        for value in schema.iter().filter_map(|s| s.enumeration()).flatten().filter_map(|v| v.as_str()).take(12) {
            add(value, weights.in_parameters);
        }
    }
    for place in types.request.iter().take(60) {
        add(&place.name, weights.in_parameters);
    }
    for tag in &operation.tags {
        add(tag, weights.in_response);
    }
    if let Some(text) = &operation.description {
        add(&text.chars().take(400).collect::<String>(), weights.in_description);
    }
    add(numbered.service.name.as_str(), weights.in_service);
    add(&numbered.service.title.chars().take(80).collect::<String>(), weights.in_title);
    let strong = terms.iter().filter(|(_, strength)| strength.named >= weights.in_name).map(|(term, _)| term.clone());
    vocabulary.terms.extend(strong);
    learn_verbs(operation, vocabulary);
    terms
}

/// The first word of an operation's name is a verb when we know it as one, or when an article follows it (`Forget a customer`).
fn learn_verbs(operation: &Operation, vocabulary: &mut Vocabulary) {
    for text in [operation.id.as_deref(), operation.summary.as_deref()].into_iter().flatten() {
        let mut words = split_identifier(text).into_iter();
        let (Some(first), second) = (words.next(), words.next()) else { continue };
        let stem = stem(&first);
        if crate::words::act_of(&stem).is_none() {
            if is_stop(&first) || !second.is_some_and(|word| matches!(word.as_str(), "a" | "an" | "the")) {
                continue;
            }
            vocabulary.acts.entry(stem.clone()).or_insert(act_of_method(&operation.key.method));
        }
        vocabulary.verbs.insert(stem);
    }
}

fn act_of_method(method: &Method) -> Act {
    match method {
        Method::Delete => Act::Delete,
        Method::Put | Method::Patch => Act::Update,
        method if method.is_safe() => Act::Read,
        _ => Act::Perform,
    }
}

/// Words that an example gives as the name of the operation's resource.
fn learn_instances(numbered: &Numbered<'_>, types: &OperationTypes, vocabulary: &mut Vocabulary) {
    let Some(subject) = types.subject else { return };
    let is_name = |place: &&Place| place.shape.kind == Kind::Text && matches!(place.name.as_str(), "name" | "title" | "label");
    let own = |place: &&Place| place.pointer.segments().filter(|segment| segment != "*").count() <= 2;
    for place in types.request.iter().chain(types.response.iter()).filter(is_name).filter(own).take(4) {
        let Some(schema) = numbered.service.schema(&place.node) else { continue };
        for text in schema.examples().into_iter().filter_map(|example| example.as_str()).take(4) {
            if text.len() > 3 && text.chars().all(char::is_alphabetic) {
                vocabulary.instances.entry(stem(&text.to_lowercase())).or_insert(subject);
            }
        }
    }
}

fn rate_tokens(ops: &mut [Op]) {
    let mut known: HashMap<String, (usize, usize)> = HashMap::new();
    for op in ops.iter() {
        for stem in op.tokens.iter().map(|token| &token.stem).collect::<BTreeSet<_>>() {
            let next = known.len();
            known.entry(stem.clone()).or_insert((next, 0)).1 += 1;
        }
    }
    let count = ops.len() as f64;
    for token in ops.iter_mut().flat_map(|op| &mut op.tokens) {
        let (number, times) = known.get(&token.stem).copied().unwrap_or((0, 1));
        token.rarity = (count / times as f64).ln();
        token.number = number;
    }
}
