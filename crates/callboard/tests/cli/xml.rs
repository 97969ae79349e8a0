//! Is a text well-formed XML? Enough of it to hold a report to: one root, elements closed in their order, no loose `<` or `&`.

/// The names of all elements, in the order of their start tags.
#[track_caller]
pub(crate) fn elements(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut open: Vec<String> = Vec::new();
    let body = text.strip_prefix("<?xml").and_then(|rest| rest.split_once("?>")).expect("an XML declaration").1;
    let mut rest = body.trim_start();
    while let Some((before, after)) = rest.split_once('<') {
        check_text(before);
        assert!(!open.is_empty() || before.trim().is_empty(), "text outside of the root: {before:?}");
        if let Some(cdata) = after.strip_prefix("![CDATA[") {
            rest = cdata.split_once("]]>").expect("a CDATA section ends").1;
            continue;
        }
        let (tag, behind) = after.split_once('>').expect("a tag ends");
        rest = behind;
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name.trim()), "a tag that closes another one");
            continue;
        }
        check_text(tag);
        let name = tag.trim_end_matches('/').split_whitespace().next().expect("a tag has a name").to_owned();
        assert!(!open.is_empty() || names.is_empty(), "a second root: {name}");
        names.push(name.clone());
        if !tag.ends_with('/') {
            open.push(name);
        }
    }
    assert!(open.is_empty() && rest.trim().is_empty(), "not closed: {open:?}");
    names
}

#[track_caller]
fn check_text(text: &str) {
    for part in text.split('&').skip(1) {
        let entity = part.split_once(';').unwrap_or_else(|| panic!("a loose & in {text:?}")).0;
        assert!(entity.starts_with('#') || ["amp", "lt", "gt", "quot", "apos"].contains(&entity), "unknown entity {entity}");
    }
    let allowed = |c: char| c >= ' ' || "\n\r\t".contains(c);
    assert!(text.chars().all(allowed), "a character that XML 1.0 forbids in {text:?}");
}
