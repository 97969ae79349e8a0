//! Every number that the planner weighs with, in one place.
//!
//! All are set by hand and round. None was fitted to one set of sentences: on small sets a search gains a few points there and loses many
//! elsewhere. A change is kept when it helps on several systems.

/// What each sign is worth. A word of ordinary rarity is worth about 3 when an operation's path names it.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    /// How strongly a word stands for an operation, by where it occurs there.
    pub in_path: f64,
    /// In `operationId` or `summary`.
    pub in_name: f64,
    /// In names and enumerated values of parameters and request fields.
    pub in_parameters: f64,
    /// In tags and response fields.
    pub in_response: f64,
    /// In the description.
    pub in_description: f64,
    /// In the service's name.
    pub in_service: f64,
    /// In the service's title.
    pub in_title: f64,
    /// The word names a resource of which the answer is a list.
    pub yields_it: f64,
    /// A synonym counts this much of the word itself.
    pub synonym: f64,
    /// As `synonym`, where the system itself has the very word.
    pub synonym_of_known: f64,
    /// Weight of a word: `base + rarity * ln(operations / operations with it)`, at most `most`.
    pub word_base: f64,
    /// See `word_base`.
    pub word_rarity: f64,
    /// See `word_base`.
    pub word_most: f64,
    /// Verbs and words of time count this much of other words.
    pub verb_word: f64,
    /// Worth of a covered word.
    pub coverage: f64,
    /// Extra worth of words that the clause's own operation covers, not its producers.
    pub target_coverage: f64,
    /// Extra worth of the word that the clause asks for, where its own operation covers it.
    pub head: f64,
    /// Cost of a path token that nothing in the clause supports, per unit of its rarity.
    pub unsupported: f64,
    /// Rarity of a path token is cut at this.
    pub token_most: f64,
    /// How much a path token is supported by the resource that a later operation needs.
    pub downstream: f64,
    /// Cost of one more operation.
    pub step: f64,
    /// Worth of `ln(confidence)` of a link.
    pub confidence: f64,
    /// Cost of a needed key that nothing yields.
    pub open_need: f64,
    /// Cost of a number in the path that the sentence does not give.
    pub made_up_number: f64,
    /// Cost of a key that the caller chooses while the clause gives no name for it.
    pub unnamed: f64,
    /// How much the words on one side of a joint that only another operation stands for must weigh for it to come in, too; twice that where
    /// it changes something.
    pub second: f64,
    /// Cost of making a resource once more that an earlier clause made and this one means.
    pub made_again: f64,
    /// Worth of reading by its key what an earlier clause made, when the clause checks it.
    pub by_key: f64,
    /// Worth of an operation that was called before, when the clause speaks of the second time.
    pub repeated: f64,
    /// Worth of a literal that some operation takes.
    pub literal: f64,
    /// More or less, when the literal's type is that of the operation or another one.
    pub literal_type: f64,
    /// Cost of a literal that nothing takes.
    pub unused_literal: f64,
    /// Worth of a mention in the order in which data flows.
    pub mention: f64,
    /// Worth of two mentions that follow each other as two operations do.
    pub mention_edge: f64,
    /// Worth of a last operation that yields what was mentioned first.
    pub mention_last: f64,
    /// Verb and method agree, or do not.
    pub verb_method: f64,
    /// The operation is about one thing where the clause is, or about many.
    pub number: f64,
    /// The verb is part of the operation's own name.
    pub verb_name: f64,
    /// Cost of ending with a search while the clause asks for something about what is found.
    pub bare_search: f64,
    /// Worth of an operation that gives, by its name, what some service's environment waits for.
    pub awaited: f64,
    /// Worth of an operation of a service that the clause names.
    pub named_service: f64,
    /// Cost of an operation that is marked as deprecated.
    pub deprecated: f64,
    /// A clause that covers less than this share of its own weight is left out.
    pub least_coverage: f64,
}

impl Default for Weights {
    fn default() -> Self {
        Self {
            in_path: 1.0,
            in_name: 0.9,
            in_parameters: 0.6,
            in_response: 0.5,
            in_description: 0.45,
            in_service: 0.7,
            in_title: 0.3,
            yields_it: 0.5,
            synonym: 0.75,
            synonym_of_known: 0.5,
            word_base: 0.8,
            word_rarity: 0.35,
            word_most: 2.2,
            verb_word: 0.6,
            coverage: 2.0,
            target_coverage: 0.5,
            head: 0.5,
            unsupported: 0.8,
            token_most: 3.0,
            downstream: 0.6,
            step: 0.5,
            confidence: 1.5,
            open_need: 1.2,
            made_up_number: 1.0,
            unnamed: 3.0,
            second: 1.0,
            made_again: 3.0,
            by_key: 3.0,
            repeated: 3.0,
            literal: 2.2,
            literal_type: 1.2,
            unused_literal: 1.8,
            mention: 1.0,
            mention_edge: 0.6,
            mention_last: 1.0,
            verb_method: 1.5,
            number: 1.0,
            verb_name: 1.5,
            bare_search: 2.0,
            awaited: 5.0,
            named_service: 1.0,
            deprecated: 0.5,
            least_coverage: 0.2,
        }
    }
}
