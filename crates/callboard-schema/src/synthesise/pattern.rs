//! Text that matches a pattern.

use rand::RngExt as _;
use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, Hir, HirKind};

use super::generate::Dice;

/// How many texts are drawn until one has the right length.
const DRAWS: usize = 40;

/// A text that matches an ECMA-262 pattern, with a length in characters. `None` when the pattern cannot be read or no draw fits.
///
/// Look-arounds are left out of what is drawn, and the draws that they refuse are discarded.
pub(crate) fn sample(pattern: &str, least: usize, most: usize, dice: &mut Dice) -> Option<String> {
    let (plain, has_lookarounds) = without_lookarounds(pattern);
    let hir = printable(regex_syntax::ParserBuilder::new().build().parse(&plain).ok()?);
    let judge = has_lookarounds.then(|| jsonschema::options().build(&serde_json::json!({ "pattern": pattern })).ok()).flatten();
    let repeats = [6_u32, u32::try_from(least.min(5000)).unwrap_or(0), 1, 0, 24];
    let samplers: Vec<_> = repeats.iter().filter_map(|max| rand_regex::Regex::with_hir(hir.clone(), *max).ok()).collect();
    for draw in 0..DRAWS {
        let text: String = dice.sample(samplers.get(draw % samplers.len().max(1))?);
        let text = stretched(text, pattern, least);
        let length = text.chars().count();
        let is_accepted = || judge.as_ref().is_none_or(|judge| judge.is_valid(&serde_json::Value::from(text.as_str())));
        if (least..=most).contains(&length) && is_accepted() {
            return Some(text);
        }
    }
    None
}

/// A pattern without anchors matches anywhere: what is too short may go on.
fn stretched(mut text: String, pattern: &str, least: usize) -> String {
    if !pattern.ends_with('$') {
        let missing = least.saturating_sub(text.chars().count()).min(5000);
        text.extend(std::iter::repeat_n('a', missing));
    }
    text
}

/// Anchors removed (each text is drawn from start to end), classes cut down to what can be read and typed.
fn printable(hir: Hir) -> Hir {
    match hir.into_kind() {
        HirKind::Empty | HirKind::Look(_) => Hir::empty(),
        HirKind::Literal(literal) => Hir::literal(literal.0),
        HirKind::Class(Class::Unicode(class)) => Hir::class(Class::Unicode(narrowed(class))),
        HirKind::Class(class) => Hir::class(class),
        HirKind::Repetition(mut repetition) => {
            repetition.sub = Box::new(printable(*repetition.sub));
            Hir::repetition(repetition)
        }
        HirKind::Capture(capture) => printable(*capture.sub),
        HirKind::Concat(parts) => Hir::concat(parts.into_iter().map(printable).collect()),
        HirKind::Alternation(parts) => Hir::alternation(parts.into_iter().map(printable).collect()),
    }
}

fn narrowed(class: ClassUnicode) -> ClassUnicode {
    let of = |ranges: &[(char, char)]| ClassUnicode::new(ranges.iter().map(|(a, b)| ClassUnicodeRange::new(*a, *b)));
    let letters = of(&[('0', '9'), ('A', 'Z'), ('a', 'z')]);
    for wanted in [letters, of(&[(' ', '~')])] {
        let mut both = class.clone();
        both.intersect(&wanted);
        if both.ranges().iter().next().is_some() {
            return both;
        }
    }
    class
}

/// Removes `(?=…)`, `(?!…)`, `(?<=…)` and `(?<!…)`.
fn without_lookarounds(pattern: &str) -> (String, bool) {
    const OPENINGS: [&str; 4] = ["(?=", "(?!", "(?<=", "(?<!"];
    let mut out = String::new();
    let mut rest = pattern;
    let mut found = false;
    while let Some(at) = OPENINGS.iter().filter_map(|opening| rest.find(opening)).min() {
        let Some(length) = group_length(&rest[at..]) else { break };
        out.push_str(&rest[..at]);
        rest = &rest[at + length..];
        found = true;
    }
    out.push_str(rest);
    (out, found)
}

/// The length in bytes of the group that the text starts with.
fn group_length(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut in_class = false;
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => {
                chars.next();
            }
            '[' => in_class = true,
            ']' => in_class = false,
            '(' if !in_class => depth += 1,
            ')' if !in_class => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;

    use super::*;

    #[test]
    fn what_is_drawn_matches() {
        let patterns = [
            "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$",
            r"^\d{3}-\d{2,4}$",
            r"^\+?[1-9]\d{1,14}$",
            "^(?!con$)[a-z]{3}$",
            "^(?=.*[0-9])[a-z0-9]{8}$",
            r"^[^\s/]+$",
            "foo|bar",
            r"^\w+@\w+\.com$",
            r"^#(?:[0-9a-fA-F]{3}){1,2}$",
        ];
        for pattern in patterns {
            let judge = jsonschema::options().build(&serde_json::json!({ "pattern": pattern })).expect("a pattern");
            for seed in 0..20 {
                let text = sample(pattern, 0, 64, &mut Dice::seed_from_u64(seed)).expect(pattern);
                assert!(judge.is_valid(&serde_json::json!(text)), "{pattern}: {text}");
                assert!(text.chars().all(|c| (' '..='~').contains(&c)), "{pattern}: {text}");
            }
        }
    }

    #[test]
    fn lengths_are_kept() {
        let text = sample("^[a-f]*$", 30, 40, &mut Dice::seed_from_u64(1)).expect("possible");
        assert!((30..=40).contains(&text.len()), "{text}");
        assert_eq!(sample("^[a-f]{3}$", 30, 40, &mut Dice::seed_from_u64(1)), None);
    }
}
