//! A recorded request as a `curl` command that a person can paste into a shell.
//!
//! Masked secrets stand in it as `"${NAME}"`: the shell puts them in from its environment.

use std::fmt::Write as _;

use callboard_model::run::RequestRecord;

/// Headers that `curl` sets by itself, and rightly only by itself.
const OF_CURL: [&str; 5] = ["host", "content-length", "transfer-encoding", "connection", "user-agent"];

/// The request as one `curl` command for a POSIX shell. Secrets are as masked as in the record, for the shell to fill in.
pub fn curl(request: &RequestRecord) -> String {
    let mut command = String::from("curl -sS -i");
    write_method(&mut command, request);
    write_url(&mut command, &request.url);
    for (name, value) in &request.headers {
        write_header(&mut command, name, value);
    }
    if let Some(body) = &request.body {
        write_body(&mut command, request, body);
    }
    command
}

fn write_method(command: &mut String, request: &RequestRecord) {
    let method = request.method.as_str();
    match (method, request.body.is_some()) {
        ("GET", false) | ("POST", true) => {}
        ("HEAD", false) => command.push_str(" --head"),
        _ => push(command, &format!(" -X {}", quote(method))),
    }
}

fn write_url(command: &mut String, url: &str) {
    if url.contains(['[', ']', '{', '}']) {
        command.push_str(" --globoff");
    }
    if url.contains("/./") || url.contains("/../") || url.ends_with("/.") || url.ends_with("/..") {
        command.push_str(" --path-as-is");
    }
    push(command, &format!(" {}", quote_masked(url)));
}

fn write_header(command: &mut String, name: &str, value: &str) {
    let lower = name.to_ascii_lowercase();
    if OF_CURL.contains(&lower.as_str()) {
        return;
    }
    if lower == "accept-encoding" {
        command.push_str(" --compressed");
        return;
    }
    // curl leaves a header out when nothing follows the colon; a semicolon sends it empty.
    let header = if value.is_empty() { format!("{name};") } else { format!("{name}: {value}") };
    push(command, &format!(" -H {}", quote_masked(&header)));
}

fn write_body(command: &mut String, request: &RequestRecord, body: &str) {
    if !request.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
        command.push_str(" -H 'Content-Type:'");
    }
    push(command, &format!(" --data-raw {}", quote_masked(body)));
}

fn push(command: &mut String, text: &str) {
    command.push_str(text);
}

/// One word for a POSIX shell, in which `${NAME}` is left to the shell.
fn quote_masked(text: &str) -> String {
    let mut word = String::with_capacity(text.len() + 2);
    let mut rest = text;
    while let Some((before, mask, after)) = next_mask(rest) {
        if !before.is_empty() {
            word.push_str(&quote(before));
        }
        word.extend(["\"", mask, "\""]);
        rest = after;
    }
    if !rest.is_empty() || word.is_empty() {
        word.push_str(&quote(rest));
    }
    word
}

/// The text before the next `${NAME}`, that, and the text behind it.
fn next_mask(text: &str) -> Option<(&str, &str, &str)> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.match_indices("${").find_map(|(at, _)| {
        let name = &text[at + 2..];
        let length = name.find(|c| !is_name(c)).filter(|length| *length > 0 && name[*length..].starts_with('}'))?;
        let end = at + 2 + length + 1;
        (!name.starts_with(|c: char| c.is_ascii_digit())).then(|| (&text[..at], &text[at..end], &text[end..]))
    })
}

/// One word for a POSIX shell. Text with control characters takes the `$'…'` form (POSIX.1-2024, section 2.2.4).
pub fn quote(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    if text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
        return quote_controls(text);
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

fn quote_controls(text: &str) -> String {
    let mut quoted = String::from("$'");
    for c in text.chars() {
        match c {
            '\'' => quoted.push_str("\\'"),
            '\\' => quoted.push_str("\\\\"),
            c if c.is_control() => {
                let mut bytes = [0; 4];
                for byte in c.encode_utf8(&mut bytes).bytes() {
                    // Octal with three digits ends by itself; hexadecimal would swallow what follows.
                    write!(quoted, "\\{byte:03o}").expect("a string takes all text");
                }
            }
            c => quoted.push(c),
        }
    }
    quoted.push('\'');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(method: &str, url: &str, headers: &[(&str, &str)], body: Option<&str>) -> RequestRecord {
        RequestRecord {
            method: method.to_owned(),
            url: url.to_owned(),
            headers: headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect(),
            body: body.map(str::to_owned),
        }
    }

    #[test]
    fn a_plain_get_stays_plain() {
        let command = curl(&request("GET", "http://127.0.0.1:1/users?limit=2&x=a", &[("host", "127.0.0.1:1")], None));
        assert_eq!(command, "curl -sS -i 'http://127.0.0.1:1/users?limit=2&x=a'");
    }

    #[test]
    fn quotes_in_a_body_cannot_leave_it() {
        let command =
            curl(&request("POST", "http://h/", &[("Content-Type", "application/json")], Some(r#"{"n":"it's; rm -rf $HOME"}"#)));
        assert_eq!(
            command,
            r#"curl -sS -i http://h/ -H 'Content-Type: application/json' --data-raw '{"n":"it'\''s; rm -rf $HOME"}'"#
        );
    }

    #[test]
    fn curl_adds_nothing_that_was_not_sent() {
        let command = curl(&request("DELETE", "http://h/a/../b", &[("X-Empty", ""), ("Accept-Encoding", "gzip")], Some("@file")));
        assert_eq!(
            command,
            "curl -sS -i -X DELETE --path-as-is http://h/a/../b -H 'X-Empty;' --compressed -H 'Content-Type:' --data-raw @file"
        );
    }

    #[test]
    fn a_masked_secret_is_left_to_the_shell_and_nothing_else_is() {
        let command = curl(&request("GET", "http://h/", &[("authorization", "token ${HUB_TOKEN}!")], None));
        assert_eq!(command, r#"curl -sS -i http://h/ -H 'authorization: token '"${HUB_TOKEN}"'!'"#);
        assert_eq!(quote_masked("a ${not a name} $(rm -rf /) `x`"), "'a ${not a name} $(rm -rf /) `x`'");
        assert_eq!(quote_masked("${A}${outputs.b}"), r#""${A}"'${outputs.b}'"#);
    }

    #[test]
    fn a_shell_reads_back_what_was_quoted() {
        for text in ["", "a'b", "a\\b'\u{1b}[0m\r1", "multi\nline", "$(id)`id`\"", "-n", "ünï"] {
            let script = format!("printf %s {}", quote(text));
            let Ok(output) = std::process::Command::new("bash").args(["-c", &script]).output() else {
                eprintln!("skipped: there is no bash here");
                return;
            };
            if text != "-n" {
                assert_eq!(String::from_utf8_lossy(&output.stdout), text, "{script}");
            }
        }
    }
}
