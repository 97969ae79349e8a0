//! What holds for any text: nothing panics, places lie inside the text, what is written is read back.

use std::sync::LazyLock;

use callboard_model::Document;
use callboard_model::Pointer;
use callboard_model::System;
use callboard_model::api::ParameterLocation;
use callboard_scenario::ast::{
    Action, ActionKind, ActionTarget, Info, Parameter, RequestBody, SourceDescription, SourceKind, Step, StepTarget, Until,
    Version, Workflow, WorkflowReference,
};
use callboard_scenario::condition::Condition;
use callboard_scenario::expression::SyntaxError;
use callboard_scenario::{Criterion, Expression, ScenarioFile, Template, check, parse, write};
use proptest::prelude::*;
use serde_json::{Map, Value};

fn expression() -> impl Strategy<Value = String> {
    let name = "[A-Za-z][A-Za-z0-9_-]{0,5}";
    let pointer = prop_oneof![Just(String::new()), "(#(/[a-z0-9]{0,3}){1,3})", "(\\.[a-z]{1,3}){1,2}", "\\[[0-9]\\]"];
    prop_oneof![
        Just("$statusCode".to_owned()),
        Just("$url".to_owned()),
        (name, pointer.clone()).prop_map(|(n, p)| format!("$inputs.{n}{p}")),
        (name, name, pointer.clone()).prop_map(|(s, o, p)| format!("$steps.{s}.outputs.{o}{p}")),
        (name, name, pointer.clone()).prop_map(|(w, o, p)| format!("$workflows.{w}.outputs.{o}{p}")),
        pointer.prop_map(|p| format!("$response.body{p}")),
        name.prop_map(|n| format!("$response.header.{n}")),
    ]
}

fn inside(text: &str, error: &SyntaxError) -> bool {
    error.length >= 1 && error.offset <= text.chars().count()
}

/// The valid files with the system that they were written for.
static VALID: LazyLock<(Vec<String>, System)> = LazyLock::new(|| {
    let folder = crate::support::workspace("crates/callboard-scenario/tests");
    let definition = |name: &str| folder.join("mistakes/definitions").join(name);
    let system = crate::support::system(&[
        ("customers", definition("customers.yaml")),
        ("orders", definition("orders.yaml")),
        ("payments", definition("payments.yaml")),
    ]);
    let paths = crate::support::scenarios(&folder.join("valid"));
    (paths.iter().map(|path| std::fs::read_to_string(path).expect("readable")).collect(), system)
});

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn no_text_breaks_a_parser(text in prop_oneof![".*", "[$a-z.{}#/\\[\\]'()&|=!<> 0-9]{0,24}", "\\$(steps|inputs|response|workflows)[.a-z#/~\\[\\]']{0,16}"]) {
        for error in [Expression::parse(&text).err(), Condition::parse(&text).err(), Template::parse(&text).err()].into_iter().flatten() {
            prop_assert!(inside(&text, &error), "{error:?}");
        }
        for error in [Criterion::regex("$response.body", &*text).err(), Criterion::jsonpath("$response.body", &*text).err()].into_iter().flatten() {
            prop_assert!(inside(&text, &error), "{error:?}");
        }
    }

    #[test]
    fn no_document_breaks_the_reader(text in "(arazzo: 1\\.[01]\\.0\n)?([a-zA-Z$-]{1,12}: ?[\\[\\]{}a-z0-9$.,' ]{0,20}\n){0,6}") {
        if let Ok(document) = Document::parse("a.arazzo.yaml", text.as_bytes()) {
            let _ = parse(&document);
        }
    }

    #[test]
    fn no_damage_to_a_file_breaks_the_check(
        which in 0usize..3, cuts in prop::collection::vec((0usize..200, 0usize..4, "[$a-z{}#/\\[\\]'=:. -]{0,12}"), 1..4)
    ) {
        let (texts, system) = &*VALID;
        let mut lines: Vec<String> = texts[which].lines().map(str::to_owned).collect();
        for (line, how, text) in cuts {
            let at = line % lines.len();
            match how {
                0 => drop(lines.remove(at)),
                1 => lines.insert(at, lines[at].clone()),
                2 => lines[at] = lines[at].split(": ").next().map(|key| format!("{key}: {text}")).unwrap_or_default(),
                _ => lines[at] = lines[at].replacen(|c: char| c.is_ascii_lowercase(), "", 1),
            }
        }
        if let Ok(document) = Document::parse("a.arazzo.yaml", lines.join("\n").as_bytes())
            && let Some(file) = parse(&document).value
        {
            check(&file, &document, system);
            write(&file);
        }
    }

    #[test]
    fn an_expression_means_the_same_wherever_it_stands(text in expression()) {
        let parsed = Expression::parse(&text);
        prop_assert!(parsed.is_ok(), "{parsed:?}");
        let expected = parsed.ok();
        prop_assert_eq!(Template::parse(&text).ok(), expected.clone().map(Template::Expression));
        let embedded = Template::parse(&format!("a{{{text}}}b")).map_err(|e| TestCaseError::fail(e.message))?;
        let places: Vec<_> = embedded.expressions().into_iter().map(|o| (o.offset, o.expression.clone())).collect();
        prop_assert_eq!(places, expected.clone().map(|e| (2, e)).into_iter().collect::<Vec<_>>());
        let condition = Condition::parse(&format!("{text} == 1")).map_err(|e| TestCaseError::fail(e.message))?;
        prop_assert_eq!(condition.expressions(), expected.iter().collect::<Vec<_>>());
    }

    #[test]
    fn what_is_written_is_read_back(file in files()) {
        let text = write(&file);
        let document = Document::parse("a.arazzo.yaml", text.as_bytes()).map_err(|e| TestCaseError::fail(format!("{e}\n{text}")))?;
        let parsed = parse(&document);
        prop_assert!(parsed.diagnostics.is_empty(), "{:?}\n{}", parsed.diagnostics, text);
        let read = parsed.value.map(without_places);
        prop_assert_eq!(read, Some(file), "{}", text);
    }
}

fn template() -> impl Strategy<Value = Template> {
    let text = prop_oneof![expression(), ".{0,8}", expression().prop_map(|e| format!("x {{{e}}}"))];
    let leaf = prop_oneof![
        text.prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        Just(Value::Null),
        any::<bool>().prop_map(Value::from)
    ];
    let tree = leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::vec(("[a-z]{1,4}", inner), 0..3).prop_map(|e| Value::Object(e.into_iter().collect())),
        ]
    });
    tree.prop_filter_map("a template", |value| {
        let (template, errors) = Template::compile(&value, Version::V1_0);
        errors.is_empty().then_some(template)
    })
}

fn criterion() -> impl Strategy<Value = Criterion> {
    prop_oneof![
        (expression(), any::<u16>()).prop_map(|(e, n)| Criterion::simple(format!("{e} == {n}"))),
        (expression(), "[a-z ']{0,6}").prop_map(|(e, t)| Criterion::simple(format!("!({e} != '{}')", t.replace('\'', "''")))),
        expression().prop_map(|e| Criterion::regex(&e, "^a{2}(b|c)$")),
        expression().prop_map(|e| Criterion::jsonpath("$response.body", format!("$.items[?@.id == '{{{e}}}']"))),
    ]
    .prop_map(|criterion| criterion.expect("well-formed"))
}

fn action() -> impl Strategy<Value = ActionKind> {
    let millis = (0u64..5000).prop_map(std::time::Duration::from_millis);
    prop_oneof![
        Just(ActionKind::End),
        "[a-z]{1,4}".prop_map(|id| ActionKind::Goto(ActionTarget::Step(id))),
        "[a-z]{1,4}".prop_map(|workflow| {
            let reference = WorkflowReference { source: Some("shared".to_owned()), workflow, pointer: Pointer::root() };
            ActionKind::Goto(ActionTarget::Workflow(reference))
        }),
        (prop::option::of(millis), 0u32..9).prop_map(|(after, limit)| ActionKind::Retry { after, limit, first: None }),
    ]
}

prop_compose! {
    fn step()(
        description in prop::option::of(".{0,12}"),
        by_path in any::<bool>(),
        parameters in prop::collection::btree_map("[a-zA-Z-]{1,6}", template(), 0..3),
        payload in prop::option::of(template()),
        criteria in prop::collection::vec(criterion(), 0..3),
        outputs in prop::collection::btree_map("[a-z]{1,4}", expression(), 0..3),
        failures in prop::collection::vec(action(), 0..3),
        polls in prop::option::of(criterion()),
    ) -> Step {
        let target = if by_path {
            StepTarget::OperationPath { source: "shop".to_owned(), method: callboard_model::Method::Get, path: "/a~b/{id}".to_owned() }
        } else {
            StepTarget::Operation { source: Some("shop".to_owned()), id: "getThing".to_owned() }
        };
        Step {
            description,
            target,
            parameters: parameters.into_iter().map(|(name, value)| Parameter::new(ParameterLocation::Query, name, value)).collect(),
            request_body: payload.map(|payload| RequestBody { payload: Some(payload), ..RequestBody::default() }),
            success_criteria: criteria,
            outputs: outputs.into_iter().map(|(name, e)| (name, Template::parse(&e).expect("an expression"))).collect(),
            on_failure: failures.into_iter().enumerate().map(|(i, kind)| Action::new(format!("a{i}"), kind)).collect(),
            until: polls.map(|criterion| Until::new(vec![criterion])),
            ..Step::default()
        }
    }
}

prop_compose! {
    fn files()(title in ".{1,10}", description in prop::option::of(".{0,9}(\n.{0,9}){0,2}"), steps in prop::collection::vec(step(), 1..4)) -> ScenarioFile {
        let steps = steps.into_iter().enumerate().map(|(i, step)| Step { id: format!("s{i}"), ..step }).collect();
        let source = SourceDescription {
            name: "shop".to_owned(),
            url: "shop.yaml".to_owned(),
            kind: Some(SourceKind::OpenApi),
            extensions: Map::new(),
            pointer: Pointer::root(),
        };
        ScenarioFile {
            arazzo: "1.0.1".to_owned(),
            info: Info { title, version: "1.0.0".to_owned(), description, ..Info::default() },
            sources: vec![source],
            workflows: vec![Workflow { id: "buy".to_owned(), steps, ..Workflow::default() }],
            ..ScenarioFile::default()
        }
    }
}

/// The file as if a program had built it: with all places at the root.
fn without_places(mut file: ScenarioFile) -> ScenarioFile {
    let clear = |pointer: &mut Pointer| *pointer = Pointer::root();
    file.sources.iter_mut().for_each(|source| clear(&mut source.pointer));
    for workflow in &mut file.workflows {
        clear(&mut workflow.pointer);
        for step in &mut workflow.steps {
            clear(&mut step.pointer);
            step.parameters.iter_mut().for_each(|parameter| clear(&mut parameter.pointer));
            step.success_criteria.iter_mut().for_each(|criterion| clear(&mut criterion.pointer));
            step.request_body.iter_mut().for_each(|body| clear(&mut body.pointer));
            if let Some(until) = &mut step.until {
                clear(&mut until.pointer);
                until.criteria.iter_mut().for_each(|criterion| clear(&mut criterion.pointer));
            }
            for action in &mut step.on_failure {
                clear(&mut action.pointer);
                if let ActionKind::Goto(ActionTarget::Workflow(reference)) = &mut action.kind {
                    clear(&mut reference.pointer);
                }
            }
        }
    }
    file
}
