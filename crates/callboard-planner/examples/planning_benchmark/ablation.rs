//! Parts of the planner that can be switched off, and weights that can be set.

use callboard_planner::Weights;

type Part = (&'static str, fn(&mut Weights));

/// Each part with what switches it off.
pub(crate) const PARTS: &[Part] = &[
    ("without literals", |w| (w.literal, w.unused_literal, w.literal_type) = (0.0, 0.0, 0.0)),
    ("without literal types", |w| w.literal_type = 0.0),
    ("without synonyms", |w| (w.synonym, w.synonym_of_known) = (0.0, 0.0)),
    ("without descriptions", |w| w.in_description = 0.0),
    ("without unsupported tokens", |w| w.unsupported = 0.0),
    ("without mention order", |w| (w.mention, w.mention_edge, w.mention_last) = (0.0, 0.0, 0.0)),
    ("without verbs", |w| (w.verb_method, w.verb_name) = (0.0, 0.0)),
    ("without step cost", |w| w.step = 0.0),
    ("without head and number", |w| (w.head, w.number) = (0.0, 0.0)),
    ("without link confidence", |w| w.confidence = 0.0),
];

/// `--set=step=0.5`: one weight changed, to see what it does.
pub(crate) fn set(weights: &mut Weights, setting: &str) {
    let Some((name, value)) = setting.split_once('=') else { return };
    let Ok(value) = value.parse::<f64>() else { return };
    match name {
        "step" => weights.step = value,
        "open_need" => weights.open_need = value,
        "unsupported" => weights.unsupported = value,
        "confidence" => weights.confidence = value,
        "synonym_of_known" => weights.synonym_of_known = value,
        "synonym" => weights.synonym = value,
        "literal" => weights.literal = value,
        "literal_type" => weights.literal_type = value,
        "unused_literal" => weights.unused_literal = value,
        "mention" => weights.mention = value,
        "mention_edge" => weights.mention_edge = value,
        "mention_last" => weights.mention_last = value,
        "verb_method" => weights.verb_method = value,
        "verb_name" => weights.verb_name = value,
        "verb_word" => weights.verb_word = value,
        "second" => weights.second = value,
        "made_again" => weights.made_again = value,
        "in_description" => weights.in_description = value,
        "in_response" => weights.in_response = value,
        "in_title" => weights.in_title = value,
        "in_service" => weights.in_service = value,
        "named_service" => weights.named_service = value,
        "bare_search" => weights.bare_search = value,
        "made_up_number" => weights.made_up_number = value,
        "number" => weights.number = value,
        "head" => weights.head = value,
        "unnamed" => weights.unnamed = value,
        "yields_it" => weights.yields_it = value,
        "token_most" => weights.token_most = value,
        "downstream" => weights.downstream = value,
        "least_coverage" => weights.least_coverage = value,
        "target_coverage" => weights.target_coverage = value,
        _ => eprintln!("no weight `{name}`"),
    }
}
