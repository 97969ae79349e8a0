//! Regular expressions as Java writes them: a fast engine where it can, one with look-around where it must.

/// A compiled expression.
#[derive(Clone, Debug)]
pub(crate) struct Regex {
    source: String,
    engine: Engine,
}

#[derive(Clone, Debug)]
enum Engine {
    Fast(regex::Regex),
    /// Look-around and back-references, which cost a backtracking search.
    Fancy(Box<fancy_regex::Regex>),
}

impl Regex {
    /// An expression for the whole of a text, as Java's `matches`; a dot stands for a line break, too.
    pub(crate) fn whole(source: &str) -> Result<Self, String> {
        Self::build(source, &format!(r"\A(?s:{})\z", ascii_classes(source)))
    }

    /// An expression to search for.
    pub(crate) fn search(source: &str) -> Result<Self, String> {
        Self::build(source, &ascii_classes(source))
    }

    fn build(source: &str, pattern: &str) -> Result<Self, String> {
        let engine = match regex::Regex::new(pattern) {
            Ok(regex) => Engine::Fast(regex),
            Err(_) => Engine::Fancy(Box::new(
                fancy_regex::Regex::new(pattern).map_err(|error| format!("`{source}` is not a regular expression: {error}"))?,
            )),
        };
        Ok(Self { source: source.to_owned(), engine })
    }

    /// The expression as it was written.
    pub(crate) fn source(&self) -> &str {
        &self.source
    }

    /// Whether it fits. A backtracking search that gives up does not fit.
    pub(crate) fn is_match(&self, text: &str) -> bool {
        match &self.engine {
            Engine::Fast(regex) => regex.is_match(text),
            Engine::Fancy(regex) => regex.is_match(text).unwrap_or(false),
        }
    }

    /// What the first hit and its groups hold; a group that took no part is `None`.
    pub(crate) fn groups(&self, text: &str) -> Option<Vec<Option<String>>> {
        match &self.engine {
            Engine::Fast(regex) => {
                Some(regex.captures(text)?.iter().map(|group| group.map(|group| group.as_str().to_owned())).collect())
            }
            Engine::Fancy(regex) => {
                let captures = regex.captures(text).ok()??;
                Some(captures.iter().map(|group| group.map(|group| group.as_str().to_owned())).collect())
            }
        }
    }
}

/// Java's `\d`, `\w` and `\s` know ASCII only, and `\Q…\E` quotes.
fn ascii_classes(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    let mut rest = source;
    let mut in_class = false;
    while let Some(next) = rest.chars().next() {
        if let Some(quoted) = rest.strip_prefix(r"\Q") {
            let (text, after) = quoted.split_once(r"\E").unwrap_or((quoted, ""));
            out.push_str(&regex::escape(text));
            rest = after;
            continue;
        }
        if next == '\\' {
            let class = rest.chars().nth(1);
            match (class, in_class) {
                (Some('d'), false) => out.push_str("[0-9]"),
                (Some('d'), true) => out.push_str("0-9"),
                (Some('w'), false) => out.push_str("[a-zA-Z_0-9]"),
                (Some('w'), true) => out.push_str("a-zA-Z_0-9"),
                (Some('s'), false) => out.push_str(r"[ \t\n\x0B\f\r]"),
                (Some('s'), true) => out.push_str(r" \t\n\x0B\f\r"),
                (Some(other), _) => {
                    out.push('\\');
                    out.push(other);
                }
                (None, _) => out.push('\\'),
            }
            rest = &rest[1 + class.map_or(0, char::len_utf8)..];
            continue;
        }
        in_class = match next {
            '[' => true,
            ']' => false,
            _ => in_class,
        };
        out.push(next);
        rest = &rest[next.len_utf8()..];
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_fit_the_whole_text_as_in_java() {
        for (source, text, fits) in [
            ("a|b", "ab", false),
            ("a.b", "a\nb", true),
            (r"/things/\d+", "/things/42", true),
            (r"/things/\d+", "/things/٤", false),
            (r"[\w-]+@x", "a-b@x", true),
            (r"\Qa.b\E", "a.b", true),
            (r"\Qa.b\E", "axb", false),
            ("(?!foo).*", "foobar", false),
            ("(?i)ABC", "abc", true),
            (r"(a)\1", "aa", true),
        ] {
            assert_eq!(Regex::whole(source).expect("an expression").is_match(text), fits, "{source} {text}");
        }
        assert!(Regex::whole("(").is_err());
    }
}
