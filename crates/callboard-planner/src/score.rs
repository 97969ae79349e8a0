//! A clause seen against an index: what its words weigh, which operations they stand for, and what the clause expects of data flow.

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use crate::aims::Aim;
use crate::chains::Expanded;
use crate::clauses::{Clause, ContentWord, Mode, Pronoun};
use crate::entities::EntityId;
use crate::index::{Index, OpId, Strength, Token};
use crate::literals::{Literal, LiteralKind};
use crate::oracle;
use crate::sentence::Sentence;
use crate::words::{Act, is_person_like, singular, stem};
use callboard_model::Method;

/// A word with its worth.
pub(crate) struct ViewWord {
    pub(crate) text: String,
    pub(crate) stem: String,
    pub(crate) weight: f64,
    pub(crate) factor: f64,
    pub(crate) is_verb: bool,
    pub(crate) negated: bool,
    pub(crate) position: usize,
    /// The noun of the first phrase: what the clause asks for.
    pub(crate) is_head: bool,
    pub(crate) strengths: HashMap<OpId, Strength>,
}

impl ViewWord {
    /// How strongly it stands for an operation, 0 to 1.
    pub(crate) fn strength(&self, op: OpId) -> f64 {
        self.strengths.get(&op).map_or(0.0, |strength| strength.whole)
    }
}

/// A literal with what the words around it say about its type.
#[derive(Clone, Debug)]
pub(crate) struct ViewLiteral {
    pub(crate) number: usize,
    pub(crate) kind: LiteralKind,
    pub(crate) is_key: bool,
    /// A name to search for (`teapot`), never a key.
    pub(crate) is_instance: bool,
    /// Resources that it may name.
    pub(crate) entities: Vec<EntityId>,
    /// A resource that it does not name.
    pub(crate) not: Vec<EntityId>,
    /// Somebody, by grammar.
    pub(crate) is_person: bool,
    /// The stem of the word before it.
    pub(crate) before: Vec<String>,
}

/// A clause as the search sees it.
pub(crate) struct View<'i, 'a> {
    pub(crate) index: &'i Index<'a>,
    pub(crate) clause: &'i Clause,
    pub(crate) words: Vec<ViewWord>,
    pub(crate) literals: Vec<ViewLiteral>,
    /// Resources in the order in which data should flow.
    pub(crate) mentions: Vec<Vec<EntityId>>,
    pub(crate) services: BTreeSet<usize>,
    /// Services that the project prefers.
    pub(crate) preferred: BTreeSet<usize>,
    pub(crate) stems: BTreeSet<String>,
    /// Stems of nouns of which a literal is the name, by grammar (`Ada's` names a person).
    named: BTreeSet<String>,
    /// What each word of the clause may mean; nothing for verbs.
    meanings: Vec<Vec<EntityId>>,
    /// By operation; not a number where nobody asked yet.
    rel: RefCell<Vec<f64>>,
    supports: RefCell<HashMap<usize, f64>>,
    asks_for_attribute: OnceCell<bool>,
    similar_to_verb: OnceCell<Vec<String>>,
    pub(crate) targets: OnceCell<Vec<OpId>>,
    agreements: RefCell<Vec<f64>>,
    /// Strengths of all words, by operation.
    strengths: RefCell<HashMap<OpId, Rc<[Strength]>>>,
    /// Operations that yield what a need wants, as an operation of a service sees them: by service and need.
    pub(crate) producers: RefCell<HashMap<Wanted, Producers>>,
    /// Chains that were found, by target.
    pub(crate) expanded: RefCell<HashMap<OpId, Vec<Expanded>>>,
}

/// A need as an operation of a service sees it: the service, the operation that has the need, and its number there.
type Wanted = (usize, (OpId, usize));

/// Operations with how surely each yields something, best first.
type Producers = Rc<[(OpId, f64)]>;

/// What earlier clauses left behind for pronouns.
#[derive(Clone, Debug, Default)]
pub(crate) struct Antecedents {
    pub(crate) thing: Option<String>,
    pub(crate) person: Option<String>,
}

impl Antecedents {
    /// Takes over the nouns of a clause.
    pub(crate) fn take(&mut self, clause: &Clause, index: &Index<'_>) {
        let noun = |word: &&ContentWord| !word.is_verb && !index.entities_of(&word.text).is_empty();
        // What is said of `it` leaves `it` what we speak of.
        let stays = clause.mode == Mode::Check && clause.pronouns.contains(&Pronoun::Thing) && self.thing.is_some();
        // `Order a latte` speaks of an order.
        let made = |word: &&ContentWord| {
            word.is_verb && clause.act == Some(Act::Create) && index.entities_of(&word.text).iter().any(|e| index.is_made(*e))
        };
        // Who acts is spoken of only where nothing else is: `a customer orders a latte` speaks of an order, too.
        let words = || clause.words.iter();
        let first = words().find(noun);
        let found = first.filter(|word| !word.beside).or_else(|| words().find(made)).or(first);
        if let Some(word) = found.filter(|_| !stays) {
            self.thing = Some(word.text.clone());
        }
        if let Some(word) = clause.words.iter().find(|word| !word.is_verb && is_person_like(&word.stem)) {
            self.person = Some(word.text.clone());
        }
    }
}

impl<'i, 'a> View<'i, 'a> {
    pub(crate) fn new(
        index: &'i Index<'a>,
        sentence: &Sentence,
        clause: &'i Clause,
        antecedents: &Antecedents,
        preferred: BTreeSet<usize>,
    ) -> Self {
        let mut content: Vec<ContentWord> = clause.words.clone();
        for pronoun in &clause.pronouns {
            let (noun, factor) = match pronoun {
                Pronoun::Thing => (antecedents.thing.as_ref(), 0.6),
                Pronoun::Person => (antecedents.person.as_ref(), 0.4),
            };
            if let Some(text) = noun
                && !content.iter().any(|word| word.stem == stem(text))
            {
                content.push(ContentWord {
                    text: text.clone(),
                    stem: stem(text),
                    factor,
                    position: usize::MAX,
                    possessive: false,
                    is_verb: false,
                    definite: true,
                    indefinite: false,
                    specific: false,
                    beside: false,
                    negated: false,
                });
            }
        }
        let weights = &index.weights;
        let head = head(clause);
        let mut words: Vec<ViewWord> = content
            .iter()
            .map(|word| {
                let factor = word.factor * if word.is_verb || is_temporal(&word.stem) { weights.verb_word } else { 1.0 };
                ViewWord {
                    text: word.text.clone(),
                    stem: word.stem.clone(),
                    weight: index.weight(&word.stem) * factor,
                    factor: word.factor,
                    is_verb: word.is_verb,
                    negated: word.negated,
                    position: word.position,
                    is_head: Some(word.position) == head,
                    strengths: strengths(index, word),
                }
            })
            .collect();
        if clause.mode != Mode::Do {
            told_by_answers(index, &mut words);
        }
        let literals = view_literals(index, sentence, clause);
        let possessives = clause.literals.iter().map(|(_, l)| *l).filter(|l| sentence.literals[*l].possessive).collect();
        let mentions = mentions(index, clause, &literals, &possessives);
        let services = content
            .iter()
            .filter(|word| !word.is_verb && !word.beside)
            .flat_map(|word| index.services_named(&word.stem))
            .collect();
        let stems = content.iter().map(|word| word.stem.clone()).collect();
        let named = named(index, &literals);
        Self {
            index,
            clause,
            words,
            literals,
            mentions,
            services,
            preferred,
            stems,
            named,
            meanings: meanings(index, clause),
            rel: RefCell::new(vec![f64::NAN; index.ops.len()]),
            supports: RefCell::default(),
            asks_for_attribute: OnceCell::new(),
            similar_to_verb: OnceCell::new(),
            targets: OnceCell::new(),
            agreements: RefCell::new(vec![f64::NAN; index.ops.len()]),
            strengths: RefCell::default(),
            producers: RefCell::default(),
            expanded: RefCell::default(),
        }
    }

    /// All that the words weigh.
    pub(crate) fn total_weight(&self) -> f64 {
        self.words.iter().map(|word| word.weight).sum()
    }

    /// Whether the clause asks for something about what it names (`the birthday of …`), not for the thing itself.
    pub(crate) fn asks_for_attribute(&self) -> bool {
        *self.asks_for_attribute.get_or_init(|| self.find_whether_it_asks_for_attribute())
    }

    fn find_whether_it_asks_for_attribute(&self) -> bool {
        let clause = self.clause;
        let named = |position: usize| {
            clause.literals.iter().any(|(at, _)| *at == position)
                || clause.words.iter().any(|word| word.position == position && !self.index.entities_of(&word.text).is_empty())
        };
        let last = clause.words.iter().map(|word| word.position).max();
        clause.words.iter().any(|word| {
            let relates = word.stem.len() >= 2 && word.text.ends_with("ed") && Some(word.position) != last;
            !word.is_verb && !relates && !is_temporal(&word.stem) && !named(word.position) && !named(word.position + 1)
        })
    }

    /// Whether the clause itself has the word, not only what a pronoun stands for.
    pub(crate) fn says(&self, stem: &str) -> bool {
        self.words.iter().any(|word| word.stem == stem && word.factor >= 1.0)
    }

    /// Whether the clause speaks of a resource that is not there (`for an unknown customer`).
    pub(crate) fn is_unknown(&self, entity: EntityId) -> bool {
        self.clause.unknown.as_ref().is_some_and(|noun| self.index.entities_of(noun).contains(&entity))
    }

    /// How strongly each word stands for an operation.
    pub(crate) fn strengths_of(&self, op: OpId) -> Rc<[Strength]> {
        let mut known = self.strengths.borrow_mut();
        known
            .entry(op)
            .or_insert_with(|| self.words.iter().map(|word| word.strengths.get(&op).copied().unwrap_or_default()).collect())
            .clone()
    }

    /// The words of the clause, each with the resources that it may mean.
    fn words_with_meanings(&self) -> impl Iterator<Item = (&ContentWord, &[EntityId])> {
        self.clause.words.iter().zip(self.meanings.iter().map(Vec::as_slice))
    }

    /// Whether the caller knows which one is meant (`a specific customer`, `using its ID`).
    pub(crate) fn is_given(&self, entity: EntityId) -> bool {
        self.clause.has_key || self.words_with_meanings().any(|(word, meant)| word.specific && meant.contains(&entity))
    }

    /// Whether a resource is mentioned only as the one who acts, or for whom something is done.
    pub(crate) fn is_beside(&self, mention: &[EntityId]) -> bool {
        let mut meant =
            self.words_with_meanings().filter(|(_, meant)| meant.iter().any(|entity| mention.contains(entity))).peekable();
        meant.peek().is_some() && meant.all(|(word, _)| word.beside)
    }

    /// Whether an operation does what a verb asks for: it is called so, or it is of the kind that a general verb asks for. A verb by which
    /// the system calls something else is not done.
    pub(crate) fn is_done_by(&self, verb: &ViewWord, op: OpId) -> bool {
        let method = &self.index.ops[op].method;
        if verb.strength(op) >= 0.3 || self.clause.aim != Aim::Plain {
            return true;
        }
        let act = self.index.vocabulary.act(&verb.text.to_lowercase());
        let fit = act.map_or(1.0, |act| method_fit(act, method));
        match act {
            Some(Act::Perform) => !method.is_safe() && !self.index.vocabulary.verbs.contains(&verb.stem),
            _ => fit > 0.0,
        }
    }

    /// How much an operation covers of the clause.
    pub(crate) fn covered(&self, op: OpId) -> f64 {
        self.words.iter().map(|word| word.weight * word.strength(op)).sum()
    }

    /// How much the words support a path token, 0 to 1.
    pub(crate) fn support(&self, token: &Token) -> f64 {
        if let Some(known) = self.supports.borrow().get(&token.number) {
            return *known;
        }
        let support = self.find_support(token);
        self.supports.borrow_mut().insert(token.number, support);
        support
    }

    fn find_support(&self, token: &Token) -> f64 {
        let mut best: f64 = 0.0;
        for word in &self.words {
            let likeness = if word.stem == token.stem {
                1.0
            } else if self.index.vocabulary.lexicon.are_similar(&word.stem, &token.stem) {
                self.index.weights.synonym
            } else {
                continue;
            };
            best = best.max(likeness * word.factor.max(0.6));
        }
        if self.named.contains(&token.stem) { best.max(self.index.weights.downstream) } else { best }
    }

    /// Relevance of one operation by itself.
    pub(crate) fn rel(&self, op: OpId) -> f64 {
        let known = self.rel.borrow()[op];
        if !known.is_nan() {
            return known;
        }
        let score = self.bare(op, self.covered(op)) + self.agreement(op) + self.standing(op);
        self.rel.borrow_mut()[op] = score;
        score
    }

    /// What the covered words are worth for an operation, less what its path says and the clause does not.
    pub(crate) fn bare(&self, op: OpId, covered: f64) -> f64 {
        let weights = &self.index.weights;
        let tokens = self.index.ops[op].tokens.iter();
        let unsupported: f64 = tokens.map(|t| t.share * t.rarity.min(weights.token_most) * (1.0 - self.token_support(t))).sum();
        weights.coverage * covered - weights.unsupported * unsupported
    }

    /// What speaks for or against an operation whatever the words are: a named or preferred service, deprecation.
    pub(crate) fn standing(&self, op: OpId) -> f64 {
        let weights = &self.index.weights;
        let entry = &self.index.ops[op];
        let mut score = 0.0;
        if self.services.contains(&entry.service) {
            score += weights.named_service;
        }
        if self.preferred.contains(&entry.service) {
            score += 0.5 * weights.named_service;
        }
        let is_awaited = |(known, name): &(OpId, String)| *known == op && self.stems.contains(&stem(name));
        if self.clause.act == Some(Act::Create) && self.index.awaited.iter().any(is_awaited) {
            score += weights.awaited;
        }
        if entry.deprecated {
            score -= weights.deprecated;
        }
        score
    }

    /// As [`Self::support`]; a search is supported by a name to search for.
    pub(crate) fn token_support(&self, token: &Token) -> f64 {
        let has_name = self.literals.iter().any(|literal| literal.kind != LiteralKind::Number);
        if token.searches && has_name { 1.0 } else { self.support(token) }
    }

    /// Whether verb and method, and verb and name, agree.
    pub(crate) fn agreement(&self, op: OpId) -> f64 {
        let known = self.agreements.borrow()[op];
        if !known.is_nan() {
            return known;
        }
        let agreement = self.find_agreement(op);
        self.agreements.borrow_mut()[op] = agreement;
        agreement
    }

    /// No operation agrees more than this.
    pub(crate) fn most_agreement(&self) -> f64 {
        let weights = &self.index.weights;
        weights.verb_method + weights.verb_name + weights.number
    }

    fn find_agreement(&self, op: OpId) -> f64 {
        let weights = &self.index.weights;
        let entry = &self.index.ops[op];
        let verb = self.words.iter().find(|word| word.is_verb);
        // An operation that is called so (`POST /orders/{id}/cancel`) does it, whatever its method.
        let is_called_so = verb.is_some_and(|verb| entry.tokens.last().is_some_and(|token| token.stem == verb.stem));
        let least = if is_called_so && !entry.method.is_safe() { 0.7 } else { -1.0 };
        let mut score = weights.verb_method * self.clause.act.map_or(0.0, |act| method_fit(act, &entry.method).max(least));
        if let Some(verb) = verb {
            let similar = self
                .similar_to_verb
                .get_or_init(|| self.index.vocabulary.lexicon.similar(&verb.stem).into_iter().map(str::to_owned).collect());
            if entry.names.contains(&verb.stem) {
                score += weights.verb_name;
            } else if similar.iter().any(|similar| entry.names.contains(similar)) {
                score += 0.6 * weights.verb_name;
            }
        }
        // What is refused was an attempt to do something, even without a verb.
        if self.clause.act.is_none() && self.clause.outcome.is_none() && !entry.method.is_safe() {
            score -= weights.verb_method;
        }
        score + weights.number * self.number_fit(op)
    }

    /// Whether an operation tells of one or of many, as the clause does: `a specific order` is not a list, `orders` are not one.
    fn number_fit(&self, op: OpId) -> f64 {
        let entry = &self.index.ops[op];
        if !entry.method.is_safe() {
            return 0.0;
        }
        let subject = self.index.typing.operations[op].subject;
        let noun = entry.tokens.last().map(|token| token.stem.as_str());
        let is_of = |(word, meant): &(&ContentWord, &[EntityId])| {
            !word.is_verb && (noun == Some(&word.stem) || subject.is_some_and(|subject| meant.contains(&subject)))
        };
        let Some((word, _)) = self.words_with_meanings().find(is_of) else { return 0.0 };
        let is_plural = singular(&word.text) != word.text;
        match (entry.ends_in_parameter, is_plural) {
            (true, false) if word.specific => 1.0,
            (false, false) if word.specific => -1.0,
            (true, true) => -1.0,
            (false, true) => 0.5,
            _ => 0.0,
        }
    }
}

/// Where the noun of the clause's first phrase stands: `budget` in `the annual budget of the project`.
fn head(clause: &Clause) -> Option<usize> {
    let nouns = || clause.words.iter().filter(|word| !word.is_verb && !word.beside && !clause.counts);
    let mut last = nouns().next()?.position;
    for word in nouns().skip(1) {
        if word.position != last + 1 {
            break;
        }
        last = word.position;
    }
    Some(last)
}

/// How strongly a word stands for each operation: by the words of its definition, and by what it yields where the word names a resource.
fn strengths(index: &Index<'_>, word: &ContentWord) -> HashMap<OpId, Strength> {
    let mut strengths = index.strengths(&word.stem);
    let entities = if word.is_verb { Vec::new() } else { index.entities_of(&word.text) };
    for entity in entities {
        for &(op, number) in index.typing.producers.get(&entity).into_iter().flatten() {
            let found = &index.typing.operations[op].yields[number];
            if found.score >= 0.6 && found.nesting > 0 {
                let known = strengths.entry(op).or_default();
                let strength = index.weights.yields_it * found.score;
                *known = Strength { whole: known.whole.max(strength), named: known.named.max(strength) };
            }
        }
    }
    strengths
}

/// What is checked has to be told by the answer: a state stands for the reads that can say that something is in it.
fn told_by_answers(index: &Index<'_>, words: &mut [ViewWord]) {
    let candidates: BTreeSet<OpId> =
        words.iter().flat_map(|word| word.strengths.keys().copied()).filter(|op| index.ops[*op].method.is_safe()).collect();
    for word in words.iter_mut().filter(|word| !word.is_verb && word.factor >= 1.0) {
        for &op in &candidates {
            let places = &index.typing.operations[op].response;
            let told = places.iter().map(|place| oracle::tells(place, &word.stem)).fold(0.0, f64::max);
            let known = word.strengths.entry(op).or_default();
            // A status that may be anything tells little.
            known.whole = known.whole.max(if told > 0.5 { told } else { 0.0 });
        }
    }
}

fn is_temporal(stem: &str) -> bool {
    const TEMPORAL: &[&str] =
        &["latest", "recent", "current", "today", "daili", "upcom", "now", "last", "previou", "futur", "activ", "new"];
    TEMPORAL.contains(&stem)
}

/// How a verb and a method go together, -1 to 1. Real systems also change things through GET: nothing is excluded.
fn method_fit(act: Act, method: &Method) -> f64 {
    match (act, method) {
        (Act::Read, m) if m.is_safe() => 1.0,
        (Act::Read, Method::Post) => -0.5,
        (Act::Read, _) => -1.0,
        (Act::Create, Method::Post) => 1.0,
        (Act::Create, Method::Put) => 0.7,
        (Act::Create, Method::Patch) => 0.0,
        (Act::Create, m) if m.is_safe() => -0.7,
        (Act::Create, _) => -1.0,
        (Act::Update, Method::Put | Method::Patch) => 1.0,
        (Act::Update, Method::Post) => 0.0,
        (Act::Update, _) => -1.0,
        (Act::Delete, Method::Delete) => 1.0,
        (Act::Delete, Method::Post | Method::Patch | Method::Put) => 0.0,
        (Act::Delete, _) => -1.0,
        (Act::Perform, Method::Post | Method::Put | Method::Patch) => 0.5,
        (Act::Perform, Method::Delete) => -0.7,
        (Act::Perform, _) => 0.0,
    }
}

fn view_literals(index: &Index<'_>, sentence: &Sentence, clause: &Clause) -> Vec<ViewLiteral> {
    clause
        .literals
        .iter()
        .map(|&(position, number)| view_literal(index, &sentence.literals[number], clause, position, number))
        .collect()
}

fn view_literal(index: &Index<'_>, literal: &Literal, clause: &Clause, position: usize, number: usize) -> ViewLiteral {
    let before: Vec<&ContentWord> = clause.words.iter().filter(|word| word.position < position).collect();
    let previous = before.last().filter(|word| word.position + 2 >= position || word.position + 3 >= position && literal.is_key);
    let next = clause.words.iter().find(|word| word.position > position && word.position <= position + 1);
    let mut entities = Vec::new();
    let mut not = Vec::new();
    entities.extend(literal.instance);
    let adjacent = previous.filter(|word| word.position + 1 == position || literal.is_key);
    if let Some(word) = adjacent.filter(|word| !word.is_verb && literal.instance.is_none()) {
        entities = index.entities_of(&word.text);
    }
    if let Some(word) = next.filter(|_| !literal.possessive && entities.is_empty()) {
        entities = index.entities_of(&word.text);
    }
    if entities.is_empty() {
        not = is_not(index, literal, clause, position);
    }
    let is_person =
        literal.kind == LiteralKind::Name && (clause.agents.contains(&position) || literal.possessive) && entities.is_empty();
    ViewLiteral {
        number,
        kind: literal.kind,
        is_key: literal.is_key,
        is_instance: literal.instance.is_some(),
        entities,
        not,
        is_person,
        before: before
            .iter()
            .rev()
            .take(1)
            .filter(|word| word.position + 1 >= position || word.position + 2 >= position && literal.kind == LiteralKind::Number)
            .map(|word| word.stem.clone())
            .collect(),
    }
}

fn meanings(index: &Index<'_>, clause: &Clause) -> Vec<Vec<EntityId>> {
    let meaning = |word: &ContentWord| if word.is_verb { Vec::new() } else { index.entities_of(&word.text) };
    clause.words.iter().map(meaning).collect()
}

/// Stems of the nouns that literals name though no word does.
fn named(index: &Index<'_>, literals: &[ViewLiteral]) -> BTreeSet<String> {
    let is_somebody = literals.iter().any(|literal| literal.is_person);
    let entities = index.persons.iter().filter(|_| is_somebody);
    entities.flat_map(|entity| index.typing.entities[*entity].noun.split(' ').map(stem)).collect()
}

/// Resources that a literal is not, by grammar: of `the director of X`, `the company that produced X` and `X's latest film` X is neither
/// the director nor the company nor the film.
fn is_not(index: &Index<'_>, literal: &Literal, clause: &Clause, position: usize) -> Vec<EntityId> {
    let mut not = Vec::new();
    let nouns = |word: &&ContentWord| !word.is_verb && !index.entities_of(&word.text).is_empty();
    if literal.possessive {
        let behind = clause.words.iter().filter(|word| word.position > position && word.position <= position + 4);
        not.extend(behind.filter(nouns).take(1).flat_map(|word| index.entities_of(&word.text)));
    }
    let before: Vec<&ContentWord> = clause.words.iter().filter(|word| word.position < position).collect();
    let Some((last, rest)) = before.split_last() else { return not };
    if last.position + 2 == position && is_person_like(&last.stem) && !literal.possessive {
        not.extend(index.entities_of(&last.text));
    }
    let relates = last.position + 1 == position && last.text.ends_with("ed") && index.entities_of(&last.text).is_empty();
    if let Some(noun) = rest.last().filter(|noun| relates && noun.position + 3 >= last.position && nouns(noun)) {
        not.extend(index.entities_of(&noun.text));
    }
    not
}

/// Resources in text order, turned round: what is named last is known first. A possessive (`Ada's order`) keeps its order.
fn mentions(index: &Index<'_>, clause: &Clause, literals: &[ViewLiteral], possessives: &BTreeSet<usize>) -> Vec<Vec<EntityId>> {
    enum Item {
        Word(Vec<EntityId>),
        Literal(Vec<EntityId>, bool),
    }
    let mut items: Vec<(usize, Item)> = Vec::new();
    for word in clause.words.iter().filter(|word| !word.is_verb) {
        let entities = index.entities_of(&word.text);
        // `TV show` is mentioned once.
        let goes_on = items.last().is_some_and(|(before, item)| {
            *before + 1 == word.position && matches!(item, Item::Word(known) if *known == entities)
        });
        if goes_on {
            items.pop();
        }
        if !entities.is_empty() {
            items.push((word.position, Item::Word(entities)));
        }
    }
    for (view, (position, _)) in literals.iter().zip(&clause.literals) {
        if view.kind != LiteralKind::Number {
            let mut entities = view.entities.clone();
            if view.is_person && entities.is_empty() {
                entities = (0..index.typing.entities.len()).filter(|e| index.is_person(*e)).collect();
            }
            items.push((*position, Item::Literal(entities, possessives.contains(&view.number))));
        }
    }
    items.sort_by_key(|(position, _)| *position);
    let possessive: BTreeSet<usize> = clause.words.iter().filter(|word| word.possessive).map(|word| word.position).collect();
    let mut groups: Vec<Vec<Vec<EntityId>>> = Vec::new();
    let mut joins = false;
    for (position, item) in items {
        let (entities, owns) = match item {
            Item::Word(entities) => (entities, possessive.contains(&position)),
            Item::Literal(entities, owns) => (entities, owns),
        };
        if entities.is_empty() {
            joins = owns;
            continue;
        }
        match groups.last_mut().filter(|_| joins) {
            Some(group) => group.push(entities),
            None => groups.push(vec![entities]),
        }
        joins = owns;
    }
    let mut flow: Vec<Vec<EntityId>> = groups.into_iter().rev().flatten().collect();
    flow.dedup();
    flow
}
