//! The page about WireMock lists what works and what is refused: it must say what the code says.

use std::path::Path;

use callboard_virtual::wiremock::{REFUSED_HELPERS, REFUSED_ROUTES, ROUTES, fields, supported_helpers};

fn page() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/wiremock.md");
    std::fs::read_to_string(path).expect("docs/wiremock.md is there")
}

/// The names in backticks in the first column of a section's tables, each with whether its row says that it works.
fn rows(section: &str) -> Vec<(String, bool)> {
    let page = page();
    let begin = page.find(&format!("\n## {section}\n")).unwrap_or_else(|| panic!("the section {section}"));
    let body = &page[begin + 4..];
    let body = &body[..body.find("\n## ").unwrap_or(body.len())];
    let mut rows = Vec::new();
    for line in body.lines().filter(|line| line.starts_with('|')) {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let [names, verdict, ..] = cells.as_slice() else { continue };
        rows.extend(names.split('`').skip(1).step_by(2).map(|name| (name.to_owned(), verdict.starts_with("works"))));
    }
    rows
}

#[track_caller]
fn check<'a>(section: &str, works: impl Iterator<Item = &'a str>, refused: impl Iterator<Item = &'a str>) {
    let mut expected: Vec<(String, bool)> = works.map(|name| (name.to_owned(), true)).collect();
    expected.extend(refused.map(|name| (name.to_owned(), false)));
    let mut listed = rows(section);
    expected.sort();
    listed.sort();
    assert_eq!(listed, expected, "section {section}");
}

#[test]
fn the_page_lists_every_key_as_the_code_has_it() {
    for (section, kind) in [
        ("Stub mapping", fields::STUB),
        ("Request", fields::REQUEST),
        ("Matchers", fields::MATCHER),
        ("Several values", fields::MULTI_MATCHER),
        ("Response", fields::RESPONSE),
    ] {
        check(section, kind.works.iter().copied(), kind.refused.iter().map(|(key, _)| *key));
    }
}

#[test]
fn the_page_lists_every_helper_as_the_code_has_it() {
    check("Template helpers", supported_helpers(), REFUSED_HELPERS.iter().copied());
}

#[test]
fn the_page_lists_every_route_as_the_code_has_it() {
    let works: Vec<String> = ROUTES.iter().map(|(method, route)| format!("{method} {route}")).collect();
    let refused: Vec<String> = REFUSED_ROUTES.iter().map(|(method, route, _)| format!("{method} {route}")).collect();
    check("Admin API", works.iter().map(String::as_str), refused.iter().map(String::as_str));
}
