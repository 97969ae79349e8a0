//! A recorded request as a command that a person can paste into a shell.

use callboard_model::run::RequestRecord;

/// The `curl` command that sends a recorded request again. Masked secrets appear as `${NAME}` in double quotes, so that the shell puts
/// them in from its environment.
pub fn to_curl(request: &RequestRecord) -> String {
    let mut parts = vec!["curl".to_owned(), "-i".to_owned()];
    match request.method.as_str() {
        "GET" => {}
        "HEAD" => parts.push("--head".to_owned()),
        method => parts.extend(["-X".to_owned(), quote(method)]),
    }
    parts.push(quote(&request.url));
    for (name, value) in &request.headers {
        if !is_computed(name) {
            parts.extend(["-H".to_owned(), quote(&format!("{name}: {value}"))]);
        }
    }
    if let Some(body) = &request.body {
        parts.extend(["--data-binary".to_owned(), quote(body)]);
    }
    parts.join(" ")
}

/// Headers that `curl` finds out by itself.
fn is_computed(name: &str) -> bool {
    ["host", "content-length", "user-agent"].iter().any(|computed| name.eq_ignore_ascii_case(computed))
}

/// Quotes for a POSIX shell: bare where nothing is special, else in single quotes, or in double quotes around a masked secret.
fn quote(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@%+,=".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    let mut quoted = String::with_capacity(text.len() + 2);
    let mut rest = text;
    while let Some((before, name, after)) = next_mask(rest) {
        single_quoted(before, &mut quoted);
        quoted.push_str(&format!("\"${{{name}}}\""));
        rest = after;
    }
    if !rest.is_empty() || quoted.is_empty() {
        single_quoted(rest, &mut quoted);
    }
    quoted
}

fn single_quoted(text: &str, out: &mut String) {
    if !text.is_empty() || out.is_empty() {
        out.push('\'');
        out.push_str(&text.replace('\'', r"'\''"));
        out.push('\'');
    }
}

/// The text before the next `${NAME}`, the name, and the text behind it.
fn next_mask(text: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    while let Some(at) = text[from..].find("${").map(|i| from + i) {
        let end = text[at..].find('}').map(|i| at + i)?;
        let name = &text[at + 2..end];
        let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if is_name && !name.starts_with(|c: char| c.is_ascii_digit()) {
            return Some((&text[..at], name, &text[end + 1..]));
        }
        from = at + 2;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(method: &str, headers: &[(&str, &str)], body: Option<&str>) -> RequestRecord {
        RequestRecord {
            method: method.to_owned(),
            url: "http://127.0.0.1:8081/users/ada?limit=1".to_owned(),
            headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            body: body.map(str::to_owned),
        }
    }

    #[test]
    fn a_request_becomes_a_command() {
        let request = record("POST", &[("content-type", "application/json"), ("host", "x")], Some("{\"a\":\"it's\"}"));
        assert_eq!(
            to_curl(&request),
            r#"curl -i -X POST 'http://127.0.0.1:8081/users/ada?limit=1' -H 'content-type: application/json' --data-binary '{"a":"it'\''s"}'"#
        );
    }

    #[test]
    fn a_masked_secret_is_left_to_the_shell() {
        let request = record("GET", &[("authorization", "token ${HUB_TOKEN}")], None);
        assert_eq!(
            to_curl(&request),
            r#"curl -i 'http://127.0.0.1:8081/users/ada?limit=1' -H 'authorization: token '"${HUB_TOKEN}""#
        );
    }

    #[test]
    fn what_is_no_secret_is_not_for_the_shell() {
        assert_eq!(quote("a ${not a name} $(rm -rf /) `x`"), "'a ${not a name} $(rm -rf /) `x`'");
        assert_eq!(quote(""), "''");
    }
}
