use callboard_model::{Document, Pointer};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Edit, after, apply};
use crate::yaml;

fn document(text: &str) -> Document {
    Document::parse("a.yaml", text.as_bytes()).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn at(text: &str) -> Pointer {
    Pointer::parse(text).expect("a pointer")
}

/// The text after edits that must all be possible.
#[track_caller]
fn edited(text: &str, edits: &[Edit]) -> String {
    let edited = apply(&document(text), edits);
    assert_eq!(edited.refused, [], "in\n{text}");
    edited.text
}

fn set(place: &str, value: impl Into<Value>) -> Edit {
    Edit::Set { at: at(place), value: value.into() }
}

fn rename(place: &str, name: &str) -> Edit {
    Edit::Rename { at: at(place), name: name.to_owned() }
}

fn append(place: &str, value: Value) -> Edit {
    Edit::Append { to: at(place), value, comment: Some("new".to_owned()) }
}

fn insert(place: &str, key: &str, value: Value) -> Edit {
    Edit::Insert { into: at(place), key: key.to_owned(), value, comment: None }
}

fn remove(place: &str) -> Edit {
    Edit::Remove { at: at(place) }
}

const STEP: &str = "# by hand
step:   # odd   spacing
    operationId:   \"getOrder\"   # quoted
    parameters:
      # the order
      - name: id   # its id
        in: path
        value: '$steps.a.outputs.id'
      - {name: q, in: query, value: tea}

    # what must hold
    successCriteria:
    - condition: $response.body#/total == 1
    - condition: >-
        $response.body#/total
        > 2
    note: |
      total one
      two
";

#[test]
fn a_scalar_keeps_its_quotes_and_what_stands_around_it() {
    let text = edited(
        STEP,
        &[
            set("/step/operationId", "readOrder"),
            set("/step/parameters/0/value", "$steps.b.outputs.id"),
            set("/step/successCriteria/0/condition", "$response.body#/amount == 1"),
            set("/step/successCriteria/1/condition", "$response.body#/amount > 2"),
            set("/step/note", "amount one\ntwo\n"),
        ],
    );
    let expected = STEP.replace("getOrder", "readOrder").replace("steps.a", "steps.b").replace("total", "amount");
    assert_eq!(text, expected);
}

#[test]
fn keys_are_renamed_members_and_items_come_and_go() {
    let text = edited(
        STEP,
        &[
            rename("/step/note", "remark"),
            rename("/step/parameters/1/value", "default"),
            append("/step/parameters", json!({"name": "page", "in": "query", "value": 3})),
            append("/step/successCriteria", json!({"condition": "$statusCode == 200"})),
            insert("/step/parameters/0", "x-why", json!("because: so")),
            remove("/step/parameters/0/in"),
        ],
    );
    let expected = "# by hand
step:   # odd   spacing
    operationId:   \"getOrder\"   # quoted
    parameters:
      # the order
      - name: id   # its id
        value: '$steps.a.outputs.id'
        x-why: 'because: so'
      - {name: q, in: query, default: tea}
      # new
      - {name: page, in: query, value: 3}

    # what must hold
    successCriteria:
    - condition: $response.body#/total == 1
    - condition: >-
        $response.body#/total
        > 2
    # new
    - condition: $statusCode == 200
    remark: |
      total one
      two
";
    assert_eq!(text, expected);
}

#[test]
fn the_first_member_behind_a_dash_and_whole_items_can_go() {
    assert_eq!(edited("a:\n- x: 1\n  y: 2 # two\n- z: 3\n", &[remove("/a/0/x")]), "a:\n- y: 2 # two\n- z: 3\n");
    assert_eq!(edited("a:\n- x: 1\n  y: 2 # two\n# kept\n- z: 3\n", &[remove("/a/0")]), "a:\n# kept\n- z: 3\n");
    assert_eq!(edited("a: [1, 2, 3]\n", &[remove("/a/0"), remove("/a/2")]), "a: [2]\n");
    assert_eq!(edited("a: {x: 1, y: 2}\n", &[remove("/a/x")]), "a: {y: 2}\n");
}

#[test]
fn json_stays_json() {
    let text = "{\n  \"a\": [\n    {\n      \"name\": \"x\"\n    }\n  ],\n  \"b\": {\"c\": \"d\"}\n}";
    let edits = [
        append("/a", json!({"name": "y", "in": "path"})),
        insert("/b", "e", json!([1])),
        set("/b/c", "it's \"d\""),
        rename("/a", "list"),
    ];
    let expected = "{\n  \"list\": [\n    {\n      \"name\": \"x\"\n    },\n    {\n      \"name\": \"y\",\n      \"in\": \"path\"\n    }\n  ],\n  \"b\": {\"c\": \"it's \\\"d\\\"\", \"e\": [1]}\n}";
    assert_eq!(edited(text, &edits), expected);
}

#[test]
fn line_breaks_of_windows_and_a_missing_last_one_stay() {
    assert_eq!(edited("a:\r\n  b: 1\r\nc: 2", &[insert("/a", "d", json!(3))]), "a:\r\n  b: 1\r\n  d: 3\r\nc: 2");
    assert_eq!(edited("a:\n  b: 1", &[insert("/a", "d", json!("x"))]), "a:\n  b: 1\n  d: x");
    assert_eq!(edited("é: ü\nb: ä # ö\n", &[set("/b", "ß")]), "é: ü\nb: ß # ö\n");
}

#[test]
fn what_could_be_read_as_something_else_gets_quotes() {
    assert_eq!(edited("a: [x, y]\nb: z\n", &[set("/a/0", "p, q"), set("/b", "yes")]), "a: ['p, q', y]\nb: 'yes'\n");
    assert_eq!(edited("a: 1\nb:\n", &[set("/a", json!({"x": [1, "2"]})), set("/b", 3)]), "a: {x: [1, '2']}\nb: 3\n");
}

#[test]
fn what_aliases_share_is_not_damaged() {
    let text = "a: &x {b: 1}\nc: *x\n";
    let edited = apply(&document(text), &[set("/c/b", 2), set("/nowhere", 1), rename("/a", "c")]);
    assert_eq!(edited.text, text);
    assert_eq!(edited.refused.len(), 3);
}

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        "[ -~]{0,12}".prop_map(Value::from),
        "[a-z #:,'\"\n]{0,12}".prop_map(Value::from),
        ".{0,6}".prop_map(Value::from),
    ]
}

fn trees() -> impl Strategy<Value = Value> {
    let tree = leaf().prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec(("[a-z]{1,3}", inner), 0..4).prop_map(|e| Value::Object(e.into_iter().collect())),
        ]
    });
    prop::collection::vec(("[a-z]{1,4}", tree), 1..4).prop_map(|e| Value::Object(e.into_iter().collect()))
}

fn places(value: &Value, here: &Pointer, found: &mut Vec<Pointer>) {
    found.push(here.clone());
    match value {
        Value::Object(fields) => fields.iter().for_each(|(key, v)| places(v, &here.join(key), found)),
        Value::Array(items) => items.iter().enumerate().for_each(|(i, v)| places(v, &here.join(i.to_string()), found)),
        _ => {}
    }
}

fn an_edit(tree: &Value, which: usize, kind: usize, value: Value) -> Edit {
    let mut found = Vec::new();
    places(tree, &Pointer::root(), &mut found);
    let at = found[which % found.len()].clone();
    match kind % 5 {
        0 => Edit::Set { at, value },
        1 => Edit::Rename { at, name: "renamed".to_owned() },
        2 => Edit::Insert { into: at, key: "inserted".to_owned(), value, comment: Some("why".to_owned()) },
        3 => Edit::Append { to: at, value, comment: Some("why".to_owned()) },
        _ => Edit::Remove { at },
    }
}

/// The tree in one of the styles in which people write.
fn written(tree: &Value, style: usize) -> String {
    match style % 4 {
        0 => yaml::to_text(None, &yaml::Node::from(tree)),
        1 => format!("{tree:#}\n"),
        2 => tree.to_string(),
        // A comment behind each line that surely is no part of a text over several lines.
        _ => {
            let text = yaml::to_text(None, &yaml::Node::from(tree));
            if text.contains('|') { text } else { text.lines().map(|line| format!("{line} # kept\n# own line\n")).collect() }
        }
    }
}

proptest! {
    #[test]
    fn an_edit_yields_the_tree_that_is_meant_and_leaves_all_other_bytes(
        tree in trees(), which in 0usize..64, kind in 0usize..5, style in 0usize..4, value in trees(),
    ) {
        let text = written(&tree, style);
        let document = document(&text);
        let edit = an_edit(&tree, which, kind, value);
        let result = apply(&document, std::slice::from_ref(&edit));
        let Some(intended) = after(&tree, &edit) else {
            prop_assert_eq!(result.text, text);
            return Ok(());
        };
        if result.refused.is_empty() {
            let reread = Document::parse("b.yaml", result.text.as_bytes()).expect("an edit yields a document");
            prop_assert_eq!(reread.value(), &intended);
            let comments = |text: &str| text.matches("# own line").count();
            prop_assert!(kind % 5 == 4 || kind % 5 == 0 || comments(&result.text) >= comments(&text), "{}", result.text);
        } else {
            prop_assert_eq!(&result.text, &text);
        }
    }

    #[test]
    fn in_plain_block_style_hardly_anything_is_refused(tree in trees(), which in 0usize..64, kind in 0usize..4) {
        let text = yaml::to_text(None, &yaml::Node::from(&tree));
        let edit = an_edit(&tree, which, kind, json!({"a": ["b"]}));
        let result = apply(&document(&text), std::slice::from_ref(&edit));
        if after(&tree, &edit).is_some() && !edit.place().is_root() {
            prop_assert_eq!(result.refused, [], "{}", text);
        }
    }

    #[test]
    fn no_text_makes_an_edit_panic(text in "[ -~\n\t]{0,60}", place in "(/[a-z0-9]{0,2}){0,3}", kind in 0usize..5) {
        let Ok(document) = Document::parse("a.yaml", text.as_bytes()) else { return Ok(()) };
        let at = Pointer::parse(&place).expect("a pointer");
        let edit = match kind {
            0 => Edit::Set { at, value: json!("x") },
            1 => Edit::Rename { at, name: "x".to_owned() },
            2 => Edit::Insert { into: at, key: "x".to_owned(), value: json!(1), comment: None },
            3 => Edit::Append { to: at, value: json!(1), comment: None },
            _ => Edit::Remove { at },
        };
        let _ = apply(&document, &[edit]);
    }
}
