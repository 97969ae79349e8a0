//! Makes text of others safe to show: nothing that steers a terminal, reorders a line or breaks XML gets through.

use std::borrow::Cow;

/// Shows control characters and characters that reorder text as `\u{…}`. Line breaks and tabs stay.
pub fn clean(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut cleaned = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_unsafe(c) { cleaned.extend(c.escape_unicode()) } else { cleaned.push(c) }
    }
    Cow::Owned(cleaned)
}

/// As [`clean`], on one line: line breaks and tabs become `\n`, `\r` and `\t`.
pub fn clean_line(text: &str) -> Cow<'_, str> {
    if !text.contains(['\n', '\r', '\t']) {
        return clean(text);
    }
    let flat = text.replace('\n', "\\n").replace('\r', "\\r").replace('\t', "\\t");
    Cow::Owned(clean(&flat).into_owned())
}

/// Shortens to so many characters, with `…` where something is missing.
pub fn shorten(text: &str, max: usize) -> Cow<'_, str> {
    match text.char_indices().nth(max) {
        None => Cow::Borrowed(text),
        Some(_) => Cow::Owned(text.chars().take(max.saturating_sub(1)).chain(['…']).collect()),
    }
}

/// Controls, marks that change the direction of text (CVE-2021-42574), and what XML 1.0 has no form for (section 2.2).
fn is_unsafe(c: char) -> bool {
    (c.is_control() && c != '\n' && c != '\t')
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{fffe}' | '\u{ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_steers_the_terminal() {
        assert_eq!(clean("a\u{1b}[31mb\u{202e}c\nd"), "a\\u{1b}[31mb\\u{202e}c\nd");
        assert_eq!(clean_line("a\r\nb\tc"), "a\\r\\nb\\tc");
        assert!(matches!(clean("grün ☃"), Cow::Borrowed(_)));
    }

    #[test]
    fn long_text_is_shortened_by_characters() {
        assert_eq!(shorten("äöü", 3), "äöü");
        assert_eq!(shorten("äöüß", 3), "äö…");
    }
}
