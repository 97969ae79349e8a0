use callboard_model::Method;
use callboard_model::evidence::{EdgeSource, Passed};
use callboard_model::names::RunId;
use callboard_model::run::Verdict;
use proptest::prelude::*;

use super::*;
use crate::usage::StaticUse;

const SERVICES: [&str; 4] = ["catalog", "cart", "orders", "payments"];

/// A project of four services and four tests that all passed as they stand: browse (catalog), fill (cart), buy (orders), pay (payments).
struct Project {
    changes: Vec<FileChange>,
    services: Vec<ServiceFacts>,
    tests: Vec<TestUse>,
    evidence: Evidence,
}

impl Project {
    /// Nothing is known about who calls whom.
    fn new(changed: &[&str]) -> Self {
        let tests = [("browse", "catalog"), ("fill", "cart"), ("buy", "orders"), ("pay", "payments")]
            .map(|(name, service)| test(name, &[service]));
        Self {
            changes: changed.iter().map(|path| FileChange::Modified((*path).to_owned())).collect(),
            services: SERVICES.iter().map(|name| service(name)).collect(),
            evidence: Evidence { tests: tests.iter().map(passed).collect(), ..Evidence::default() },
            tests: tests.to_vec(),
        }
    }

    /// All calls are declared: cart calls catalog, orders calls cart and payments.
    fn declared(changed: &[&str]) -> Self {
        Self::new(changed)
            .calls("catalog", &[])
            .calls("cart", &["catalog"])
            .calls("orders", &["cart", "payments"])
            .calls("payments", &[])
    }

    fn calls(mut self, caller: &str, callees: &[&str]) -> Self {
        self.service(caller).calls = Some(callees.iter().map(ServiceName::new).collect());
        self
    }

    fn edge(mut self, caller: &str, callee: &str, source: EdgeSource) -> Self {
        self.evidence.edges.push(Edge { caller: caller.into(), callee: callee.into(), source, at: 0 });
        self
    }

    fn seen(mut self, test: &str, service: &str, is_virtual: bool) -> Self {
        let seen =
            Observed { test: name(test), operation: key(service), is_virtual, run: RunId::new("r7"), at: 1_764_000_000_000 };
        self.evidence.observed.push(seen);
        self
    }

    fn service(&mut self, name: &str) -> &mut ServiceFacts {
        self.services.iter_mut().find(|service| service.name.as_str() == name).expect("one of the four")
    }

    fn definition(mut self, name: &str, change: DefinitionChange) -> Self {
        self.service(name).change = change;
        self
    }

    fn with<T>(&self, ask: impl Fn(&ImpactInput<'_>) -> T) -> T {
        let globs: Vec<(ServiceName, Vec<String>)> =
            SERVICES.iter().map(|name| (ServiceName::new(name), vec![format!("services/{name}/**")])).collect();
        let ownership = Ownership::new(globs.iter().map(|(service, globs)| (service, globs.as_slice()))).expect("globs");
        ask(&ImpactInput {
            changes: &self.changes,
            services: &self.services,
            ownership: &ownership,
            tests: &self.tests,
            evidence: &self.evidence,
        })
    }

    fn impact(&self) -> Impact {
        self.with(impact)
    }

    fn selected(&self) -> Vec<String> {
        self.impact().selected.iter().map(|s| s.test.as_str().rsplit('#').next().expect("a name").to_owned()).collect()
    }
}

fn service(name: &str) -> ServiceFacts {
    ServiceFacts {
        name: name.into(),
        definition: vec![format!("api/{name}.yaml")],
        change: DefinitionChange::Same,
        overlays: vec![format!("virtual/{name}.yaml")],
        calls: None,
        may_be_virtual: false,
    }
}

fn name(workflow: &str) -> TestName {
    TestName::new(format!("scenarios/{workflow}.arazzo.yaml#{workflow}"))
}

fn key(service: &str) -> OperationKey {
    OperationKey::new(service, Method::Post, format!("/{service}"))
}

fn test(workflow: &str, services: &[&str]) -> TestUse {
    TestUse {
        test: name(workflow),
        files: vec![format!("scenarios/{workflow}.arazzo.yaml")],
        fingerprint: "f1".to_owned(),
        operations: services.iter().map(|service| StaticUse { operation: key(service), step: "create".to_owned() }).collect(),
        expected: Vec::new(),
        flows: Vec::new(),
        unresolved: Vec::new(),
    }
}

fn passed(test: &TestUse) -> TestHistory {
    let run = RunId::new("r7");
    let at = 1_764_000_000_000;
    let passed = Passed { run: run.clone(), at, fingerprint: Some(test.fingerprint.clone()), commit: None };
    TestHistory { test: test.test.clone(), verdict: Verdict::Passed, run, at, duration: 1, passed: Some(passed) }
}

fn changed(service: &str) -> DefinitionChange {
    let what = "response 200: `total` is gone".to_owned();
    DefinitionChange::Operations(vec![ChangedOperation { keys: vec![key(service)], what }])
}

#[test]
fn no_change_selects_nothing_when_all_passed_as_it_stands() {
    let impact = Project::new(&[]).impact();
    assert!(impact.selected.is_empty() && impact.escalations.is_empty());
    assert_eq!(impact.deselected.len(), 4);
}

#[test]
fn code_selects_tests_that_reach_it_directly_or_through_others() {
    let project = Project::declared(&["services/payments/src/main.rs", "services/payments/Cargo.toml"]);
    assert_eq!(project.selected(), ["buy", "pay"]);
    let impact = project.impact();
    assert_eq!(
        impact.selected[0].reasons[0].text,
        "services/payments/src/main.rs and 1 more file is code of `payments` (owns = services/payments/**); \
         the test reaches `payments` through `orders`, which calls `payments`"
    );
    assert!(impact.selected[1].reasons[0].text.ends_with("the test calls `POST /payments` of `payments` (step create)"));
    assert!(impact.escalations.is_empty());
    assert_eq!(Project::declared(&["services/catalog/a.rs"]).selected(), ["browse", "fill", "buy"]);
    assert_eq!(Project::declared(&["services/orders/a.rs"]).selected(), ["buy"]);
}

#[test]
fn when_nobody_knows_who_calls_a_service_everything_runs() {
    let project = Project::new(&["services/payments/a.rs"]);
    assert_eq!(project.selected().len(), 4);
    let impact = project.impact();
    assert_eq!(impact.escalations[0].cause, "nothing is known about who calls `payments`");
    assert_eq!(impact.escalations[0].item, "service payments");
    assert!(impact.is_everything_because_unknown());
}

#[test]
fn a_service_whose_calls_are_not_known_selects_the_tests_that_reach_it() {
    let mut project = Project::declared(&["services/payments/a.rs"]);
    project.service("cart").calls = None;
    assert_eq!(project.selected(), ["fill", "buy", "pay"]);
    let impact = project.impact();
    assert_eq!(impact.escalations[0].cause, "nothing is known about what `cart` calls, so it may be `payments`");
    assert_eq!(impact.escalations[0].to, "1 test that reaches `cart`");
    assert!(!impact.is_everything_because_unknown());
}

#[test]
fn traces_complete_what_a_service_calls_and_a_journal_does_not() {
    let traced = |source| {
        let project = Project::declared(&["services/payments/a.rs"]).edge("cart", "catalog", source);
        let mut project = project;
        project.service("cart").calls = None;
        project.selected()
    };
    assert_eq!(traced(EdgeSource::Trace), ["buy", "pay"]);
    assert_eq!(traced(EdgeSource::Journal), ["fill", "buy", "pay"]);
}

#[test]
fn an_edge_that_was_seen_counts_against_what_is_declared() {
    let project = Project::declared(&["services/payments/a.rs"]).edge("catalog", "payments", EdgeSource::Journal);
    assert_eq!(project.selected(), ["browse", "fill", "buy", "pay"]);
}

#[test]
fn what_was_seen_counts_beside_what_the_file_says() {
    let project = Project::declared(&["services/payments/a.rs"]).seen("browse", "payments", false);
    assert_eq!(project.selected(), ["browse", "buy", "pay"]);
    let text = &project.impact().selected[0].reasons[0].text;
    assert!(text.ends_with("the test called `POST /payments` of `payments` in run r7 on 2025-11-24"), "{text}");
}

#[test]
fn a_virtual_service_does_not_cover_the_code_of_the_real_one() {
    let project = Project::declared(&["services/payments/a.rs"]).seen("pay", "payments", true);
    let impact = project.impact();
    assert_eq!(project.selected(), ["buy", "pay"]);
    assert!(impact.notes[0].contains("met a virtual one"), "{:?}", impact.notes);
    let project = project.seen("buy", "payments", false);
    assert!(project.impact().notes.is_empty());
}

#[test]
fn a_definition_selects_the_tests_of_its_operations() {
    let project = Project::declared(&["api/payments.yaml"]).definition("payments", changed("payments"));
    assert_eq!(project.selected(), ["pay"]);
    assert!(
        project.impact().selected[0].reasons[0]
            .text
            .contains("changes `POST /payments` of `payments`: response 200: `total` is gone")
    );
}

#[test]
fn a_definition_that_runs_selects_tests_that_come_through_other_services_too() {
    let mut project = Project::declared(&["api/payments.yaml"]).definition("payments", changed("payments"));
    project.service("payments").may_be_virtual = true;
    assert_eq!(project.selected(), ["buy", "pay"]);
    let mut project = Project::declared(&["services/payments/openapi.yaml"]).definition("payments", changed("payments"));
    project.service("payments").definition = vec!["services/payments/openapi.yaml".to_owned()];
    assert_eq!(project.selected(), ["buy", "pay"]);
}

#[test]
fn other_words_in_a_definition_select_nothing_and_are_listed() {
    let impact = Project::new(&["api/payments.yaml"]).impact();
    assert!(impact.selected.is_empty());
    assert_eq!(impact.ignored[0].why, "the definition of `payments` says the same in other words");
}

#[test]
fn a_definition_that_cannot_be_compared_counts_as_code() {
    let project =
        Project::declared(&["api/payments.yaml"]).definition("payments", DefinitionChange::Unknown("not YAML".to_owned()));
    assert_eq!(project.selected(), ["buy", "pay"]);
}

#[test]
fn a_definition_from_elsewhere_is_said_to_be_unseen() {
    let mut project = Project::declared(&["README.md"]);
    project.service("cart").definition.clear();
    assert_eq!(
        project.impact().notes,
        ["the definition of `cart` is in no file of the project, so a change in it is not seen here"]
    );
}

#[test]
fn an_overlay_selects_what_its_service_does() {
    assert_eq!(Project::declared(&["virtual/payments.yaml"]).selected(), ["buy", "pay"]);
}

#[test]
fn settings_and_files_that_nobody_owns_select_everything() {
    let project = Project::declared(&["callboard.toml"]);
    assert_eq!(project.selected().len(), 4);
    assert!(project.impact().escalations.is_empty());
    let impact = Project::declared(&["Cargo.lock"]).impact();
    assert_eq!(impact.selected.len(), 4);
    assert_eq!((impact.escalations[0].item.as_str(), impact.escalations[0].to.as_str()), ("Cargo.lock", "everything"));
}

#[test]
fn text_for_people_selects_nothing_unless_a_service_owns_it() {
    let impact = Project::declared(&["docs/README.md"]).impact();
    assert!(impact.selected.is_empty());
    assert_eq!(impact.ignored[0].path, "docs/README.md");
    assert_eq!(Project::declared(&["services/orders/README.md"]).selected(), ["buy"]);
}

#[test]
fn a_move_counts_on_both_sides() {
    let mut project = Project::declared(&[]);
    project.changes =
        vec![FileChange::Renamed { from: "services/cart/a.rs".to_owned(), to: "services/payments/a.rs".to_owned() }];
    assert_eq!(project.selected(), ["fill", "buy", "pay"]);
}

#[test]
fn a_scenario_file_selects_its_tests_and_those_that_use_it() {
    let mut project = Project::declared(&["scenarios/fill.arazzo.yaml"]);
    project.tests[2].files.push("scenarios/fill.arazzo.yaml".to_owned());
    assert_eq!(project.selected(), ["fill", "buy"]);
    assert!(project.impact().selected[1].reasons[0].text.ends_with("the test calls a workflow in it"));
    let mut project = Project::declared(&[]);
    project.changes = vec![FileChange::Deleted("scenarios/old.arazzo.yaml".to_owned())];
    assert!(project.selected().is_empty());
    assert_eq!(Project::declared(&["scenarios/broken.arazzo.yaml"]).selected().len(), 4);
}

#[test]
fn a_test_runs_until_it_passed_as_it_stands() {
    let reason = |change: fn(&mut Project)| {
        let mut project = Project::declared(&[]);
        change(&mut project);
        let impact = project.impact();
        assert_eq!(impact.selected.len(), 1, "{impact:?}");
        impact.selected[0].reasons[0].kind
    };
    assert_eq!(reason(|p| p.tests.push(test("new", &["catalog"]))), ReasonKind::NoEvidence);
    assert_eq!(reason(|p| p.evidence.tests[0].verdict = Verdict::Failed), ReasonKind::NotPassed);
    assert_eq!(reason(|p| p.evidence.tests[0].verdict = Verdict::Flaky), ReasonKind::NotPassed);
    assert_eq!(reason(|p| p.evidence.tests[0].passed = None), ReasonKind::NoEvidence);
    assert_eq!(reason(|p| p.tests[0].fingerprint = "f2".to_owned()), ReasonKind::Stale);
    assert_eq!(reason(|p| p.tests[0].unresolved = vec!["step `a` calls nothing".to_owned()]), ReasonKind::Unresolved);
}

#[test]
fn a_store_that_cannot_be_read_selects_everything_and_says_so() {
    let mut project = Project::declared(&[]);
    project.evidence = Evidence { missing: Some("there is no store yet".to_owned()), ..Evidence::default() };
    let impact = project.impact();
    assert_eq!(impact.selected.len(), 4);
    assert!(impact.is_everything_because_unknown());
    assert_eq!(impact.escalations[0].cause, "nothing is known of earlier runs: there is no store yet");
}

#[test]
fn the_explanation_says_what_speaks_for_and_against() {
    let project = Project::declared(&["services/payments/a.rs", "README.md"]);
    let explained = |test: &TestName| project.with(|input| explain(&impact(input), input, test));
    insta::assert_snapshot!(explained(&name("buy")).expect("known").join("\n"), @r"
    scenarios/buy.arazzo.yaml#buy is selected:
      - services/payments/a.rs is code of `payments` (owns = services/payments/**); the test reaches `payments` through `orders`, which calls `payments`
    ");
    insta::assert_snapshot!(explained(&name("browse")).expect("known").join("\n"), @r"
    scenarios/browse.arazzo.yaml#browse is not selected:
      - it passed as it stands in run r7 on 2025-11-24
      - it calls `catalog`; those, and the services that they call, are not what changed
      - README.md: text or a picture for people, and no service owns it
    ");
    let hint = explained(&TestName::new("scenarios/buy.arazzo.yaml#bye")).expect_err("unknown");
    assert_eq!(hint.as_deref(), Some("did you mean `scenarios/buy.arazzo.yaml#buy`?"));
}

#[test]
fn the_json_has_the_documented_shape() {
    let value = json(&Project::declared(&["services/payments/a.rs", "README.md"]).impact());
    assert_eq!(value["version"], 1);
    assert_eq!(value["selected"][0]["test"], "scenarios/buy.arazzo.yaml#buy");
    assert_eq!(value["selected"][0]["reasons"][0]["kind"], "code");
    assert_eq!(value["deselected"][0], "scenarios/browse.arazzo.yaml#browse");
    assert_eq!(value["escalations"].as_array().map(Vec::len), Some(0));
    assert_eq!(value["ignored"][0]["path"], "README.md");
}

/// Who really calls whom, what the project declares of it, what the tests call.
#[derive(Clone, Debug)]
struct World {
    calls: Vec<Vec<usize>>,
    declared: Vec<bool>,
    tests: Vec<Vec<usize>>,
    changed: usize,
}

fn worlds() -> impl Strategy<Value = World> {
    let n = SERVICES.len();
    let some = move || prop::collection::vec(0..n, 0..3);
    (prop::collection::vec(some(), n), prop::collection::vec(any::<bool>(), n), prop::collection::vec(some(), 1..6), 0..n)
        .prop_map(|(calls, declared, tests, changed)| World { calls, declared, tests, changed })
}

fn really_reaches(world: &World, test: &[usize]) -> bool {
    let mut waiting = test.to_vec();
    let mut reached = [false; SERVICES.len()];
    while let Some(at) = waiting.pop() {
        if !std::mem::replace(&mut reached[at], true) {
            waiting.extend(&world.calls[at]);
        }
    }
    reached[world.changed]
}

proptest! {
    /// Whatever part of the truth is declared: a test that really reaches the changed service is selected.
    #[test]
    fn no_test_that_reaches_the_change_is_left_out(world in worlds()) {
        let mut project = Project::new(&[&format!("services/{}/a.rs", SERVICES[world.changed])]);
        for (i, service) in project.services.iter_mut().enumerate() {
            service.calls = world.declared[i].then(|| world.calls[i].iter().map(|callee| SERVICES[*callee].into()).collect());
        }
        project.tests = world.tests.iter().enumerate().map(|(i, called)| {
            test(&format!("t{i}"), &called.iter().map(|service| SERVICES[*service]).collect::<Vec<_>>())
        }).collect();
        project.evidence.tests = project.tests.iter().map(passed).collect();
        let selected = project.selected();
        for (i, called) in world.tests.iter().enumerate() {
            let is_selected = selected.contains(&format!("t{i}"));
            prop_assert!(is_selected || !really_reaches(&world, called), "t{} was left out", i);
            if world.declared.iter().all(|declared| *declared) {
                prop_assert_eq!(is_selected, really_reaches(&world, called), "all is known, so nothing more than needed");
            }
        }
    }
}
