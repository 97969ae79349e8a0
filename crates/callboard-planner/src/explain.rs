//! What was understood of a sentence, as text for people who work on the planner.

use std::fmt::Write;

use crate::beam::{self, Sequence};
use crate::chains::{self, Chain, Known};
use crate::index::Index;
use crate::score::View;
use crate::sentence::Sentence;

/// Chains shown of each clause.
const SHOWN: usize = 6;

/// Each clause with its best chains, given what the clauses before it yield.
pub(crate) fn explain(index: &Index<'_>, sentence: &Sentence, views: &[View<'_, '_>], best: &Sequence) -> String {
    let mut text = String::new();
    for (number, view) in views.iter().enumerate() {
        clause(&mut text, sentence, view);
        let mut known = Known::default();
        for step in best.steps.iter().filter(|step| step.clause < number) {
            beam::learn(index, &mut known, step.op);
        }
        for found in chains::chains(view, &known, SHOWN) {
            chain(&mut text, index, &found);
        }
    }
    text
}

fn clause(text: &mut String, sentence: &Sentence, view: &View<'_, '_>) {
    let words: Vec<String> = view.words.iter().map(|word| format!("{}:{:.1}", word.text, word.weight)).collect();
    let literals: Vec<&str> = view.literals.iter().map(|literal| sentence.literals[literal.number].text.as_str()).collect();
    let (clause, entity) = (view.clause, |e: &usize| view.index.typing.entities[*e].noun.as_str());
    let mentions: Vec<String> = view.mentions.iter().map(|m| m.iter().map(entity).collect::<Vec<_>>().join("|")).collect();
    let _ = writeln!(
        text,
        "  {:?} {:?} {} literals {literals:?} order {mentions:?} {:?}",
        clause.mode,
        clause.act,
        words.join(" "),
        clause.outcome
    );
}

fn chain(text: &mut String, index: &Index<'_>, chain: &Chain) {
    let operations: Vec<_> = index.system.operations().collect();
    let names: Vec<String> =
        chain.ops.iter().map(|op| format!("{} {}", operations[*op].1.key.method, operations[*op].1.key.path)).collect();
    let r = &chain.rating;
    let _ = writeln!(
        text,
        "    {:>6.2} = words {:.2} steps {:.2} links {:.2} literals {:.2} unsupported {:.2} order {:.2} fit {:.2} answer {:.2}  {}",
        chain.score,
        r.words,
        r.steps,
        r.links,
        r.literals,
        r.unsupported,
        r.order,
        r.fit,
        r.answer,
        names.join("; ")
    );
}
