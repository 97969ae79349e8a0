//! Sentences over real definitions: which operations they become, in order, and that everything they need is bound.

use std::path::{Path, PathBuf};

use callboard_definition::{Fetch, FetchError, load};
use callboard_model::api::ParameterLocation;
use callboard_model::map::Input;
use callboard_model::plan::Plan;
use callboard_model::{Document, ServiceName, Severity, System};
use callboard_planner::{MapOptions, PlanOptions, Planner, ScenarioOptions, map, scenario_of};

struct Files;

impl Fetch for Files {
    fn fetch(&self, origin: &str) -> Result<Vec<u8>, FetchError> {
        std::fs::read(origin).map_err(|error| FetchError::new(error.to_string()))
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The system of these definitions, or nothing (said loudly) when one of them is not there.
fn system(files: &[(&str, PathBuf)]) -> Option<System> {
    let mut services = Vec::new();
    for (name, file) in files {
        if !file.exists() {
            eprintln!("skipped: {} is not there", file.display());
            return None;
        }
        services.push(load(&ServiceName::new(name), &file.to_string_lossy(), &Files).value?);
    }
    Some(System::new(services))
}

fn shop() -> Option<System> {
    let names = ["catalog", "customers", "cart", "orders", "payments", "shipping"];
    let files: Vec<(&str, PathBuf)> =
        names.iter().map(|name| (*name, root().join("examples/shop/services").join(name).join("openapi.yaml"))).collect();
    system(&files)
}

fn jupyter() -> Option<System> {
    let copy = root().join("acceptance/jupyter/definitions");
    let folder = if copy.exists() { copy } else { root().join("../shared/data/definitions/from-fetch/suite-jupyter") };
    system(&[
        ("hub", folder.join("jupyterhub.yml")),
        ("proxy", folder.join("configurable-http-proxy.yml")),
        ("server", folder.join("jupyter-server.yaml")),
    ])
}

fn sock_shop() -> Option<System> {
    let folder = root().join("../shared/data/definitions/from-fetch/suite-sock-shop");
    let names = ["carts", "catalogue", "orders", "payment", "user"];
    let files: Vec<(&str, PathBuf)> = names.iter().map(|name| (*name, folder.join(format!("{name}.json")))).collect();
    system(&files)
}

fn petstore() -> Option<System> {
    system(&[("petstore", root().join("../shared/data/definitions/from-npm/readme/2.0_petstore.json"))])
}

fn options() -> PlanOptions {
    let mut options = PlanOptions::default();
    options.environment_needs.insert(ServiceName::new("server"), vec!["name".to_owned(), "token".to_owned()]);
    options
}

fn steps(plan: &Plan) -> Vec<String> {
    plan.steps.iter().map(|step| format!("{} {}", step.operation.method, step.operation.path)).collect()
}

/// Whether all wanted steps are there in order; further reads may stand between them.
fn holds(plan: &Plan, wanted: &[&str]) -> bool {
    let steps = steps(plan);
    let mut rest = steps.iter();
    wanted.iter().all(|wanted| rest.any(|step| step == wanted))
}

fn every_required_input_is_bound(plan: &Plan, system: &System) {
    for (at, step) in plan.steps.iter().enumerate() {
        let (_, operation) = system.operation(&step.operation).expect("planned operations are of the system");
        for parameter in operation.parameters.iter().filter(|p| p.required && p.location != ParameterLocation::Header) {
            let input = Input::Parameter(parameter.location, parameter.name.clone());
            assert!(step.bindings.iter().any(|b| b.input == input), "{} leaves {input} open", step.operation);
        }
        if operation.request_body.as_ref().is_some_and(|body| body.required) {
            assert!(step.bindings.iter().any(|b| matches!(b.input, Input::Body(_))), "{} has no body", step.operation);
        }
        for binding in &step.bindings {
            if let callboard_model::plan::BindingSource::Step { step, .. } = &binding.source {
                assert!(*step < at, "a value comes from an earlier step");
            }
        }
    }
}

/// Plans each sentence, compares the operations, and holds the written scenario to our own checker. Returns how many were right.
fn check_sentences(system: &System, cases: &[(&str, &[&str])]) -> Vec<String> {
    let map = map(system, &MapOptions::default());
    let options = options();
    let planner = Planner::new(system, &map, &options);
    let mut wrong = Vec::new();
    for (sentence, wanted) in cases {
        let plan = planner.plan(sentence, &options);
        every_required_input_is_bound(&plan, system);
        assert_eq!(plan, planner.plan(sentence, &options), "the same sentence gives the same plan");
        passes_our_check(&plan, system, sentence);
        if !holds(&plan, wanted) {
            wrong.push(format!("{sentence}\n  wanted {wanted:?}\n  got    {:?}", steps(&plan)));
        }
    }
    wrong
}

fn passes_our_check(plan: &Plan, system: &System, sentence: &str) {
    let options = ScenarioOptions {
        sentence: sentence.to_owned(),
        environment_needs: options().environment_needs,
        ..ScenarioOptions::default()
    };
    if plan.steps.is_empty() {
        return;
    }
    let text = callboard_scenario::write(&scenario_of(plan, system, &options));
    let document = Document::parse("generated.arazzo.yaml", text.as_bytes()).expect("what is written can be read");
    let parsed = callboard_scenario::parse(&document);
    let mut diagnostics = parsed.diagnostics;
    if let Some(file) = &parsed.value {
        diagnostics.extend(callboard_scenario::check(file, &document, system));
    }
    diagnostics.retain(|diagnostic| diagnostic.severity == Severity::Error);
    assert!(diagnostics.is_empty(), "{sentence}\n{text}\n{diagnostics:#?}");
}

fn all_right(wrong: &[String]) {
    assert!(wrong.is_empty(), "{} sentences became other operations:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_two_jupyter_sentences_become_their_journeys() {
    let Some(system) = jupyter() else { return };
    all_right(&check_sentences(
        &system,
        &[
            (
                "Create the user ada, start her server and wait until it is ready, check that the proxy has a route for her, create a token \
                 for her and read the status of her server with it, then stop the server, check that the route is gone, and delete the user.",
                &[
                    "POST /users/{name}",
                    "POST /users/{name}/server",
                    "GET /users/{name}",
                    "GET /routes",
                    "POST /users/{name}/tokens",
                    "GET /api/status",
                    "DELETE /users/{name}/server",
                    "GET /routes",
                    "DELETE /users/{name}",
                ],
            ),
            (
                "Create the user ada, start her server and wait until it is ready, create a token, write the file notes.txt, read it back and \
                 compare, delete it, expect not found when it is read again, then stop the server and delete the user.",
                &[
                    "POST /users/{name}",
                    "POST /users/{name}/server",
                    "GET /users/{name}",
                    "POST /users/{name}/tokens",
                    "PUT /api/contents/{path}",
                    "GET /api/contents/{path}",
                    "DELETE /api/contents/{path}",
                    "GET /api/contents/{path}",
                    "DELETE /users/{name}/server",
                    "DELETE /users/{name}",
                ],
            ),
        ],
    ));
}

#[test]
fn sentences_about_jupyter_become_operations_of_the_hub() {
    let Some(system) = jupyter() else { return };
    all_right(&check_sentences(
        &system,
        &[
            ("Create a group team and delete it.", &["POST /groups/{name}", "DELETE /groups/{name}"]),
            ("List all users.", &["GET /users"]),
            (
                "Create the user ben, list his tokens and delete the user.",
                &["POST /users/{name}", "GET /users/{name}/tokens", "DELETE /users/{name}"],
            ),
        ],
    ));
}

#[test]
fn sentences_about_the_shop_cross_its_services() {
    let Some(system) = shop() else { return };
    all_right(&check_sentences(
        &system,
        &[
            ("Register a customer and read the customer.", &["POST /customers", "GET /customers/{id}"]),
            (
                "Register a customer, open a cart for the customer and read the cart.",
                &["POST /customers", "POST /carts", "GET /carts/{cartId}"],
            ),
            (
                "Register a customer, open a cart, put a product into the cart, place an order and pay the order.",
                &[
                    "POST /customers",
                    "POST /carts",
                    "POST /carts/{cartId}/lines",
                    "POST /orders",
                    "POST /orders/{orderId}/payment",
                ],
            ),
            (
                "Add a product, change its price and take it out of the catalog.",
                &["POST /products", "PATCH /products/{sku}", "DELETE /products/{sku}"],
            ),
            ("List the products.", &["GET /products"]),
            (
                "Register a customer, delete the customer, and expect not found when the customer is read again.",
                &["POST /customers", "DELETE /customers/{id}", "GET /customers/{id}"],
            ),
        ],
    ));
}

#[test]
fn a_clause_that_names_two_things_gets_an_operation_for_each_in_their_order() {
    let Some(system) = shop() else { return };
    all_right(&check_sentences(
        &system,
        &[
            ("Show the registered customers and all recent shipments.", &["GET /customers", "GET /shipments"]),
            ("List all shipments and every payment of the shop.", &["GET /shipments", "GET /payments"]),
        ],
    ));
}

#[test]
fn sentences_about_buying_use_what_was_made_before() {
    let Some(system) = shop() else { return };
    all_right(&check_sentences(
        &system,
        &[
            (
                "Register a customer, open a cart for her, add two teapots to the cart, place an order for the cart and pay it, then read \
                 the payment and the order.",
                &[
                    "POST /customers",
                    "POST /carts",
                    "GET /products",
                    "POST /carts/{cartId}/lines",
                    "POST /orders",
                    "POST /orders/{orderId}/payment",
                    "GET /payments/{paymentId}",
                    "GET /orders/{orderId}",
                ],
            ),
            (
                "Register a customer, find a product, open a cart, put the product into the cart, place an order, pay it and track the \
                 shipment.",
                &[
                    "POST /customers",
                    "GET /products",
                    "POST /carts",
                    "POST /carts/{cartId}/lines",
                    "POST /orders",
                    "POST /orders/{orderId}/payment",
                    "GET /shipments/{trackingNumber}",
                ],
            ),
            (
                "A customer buys a teapot.",
                &["POST /customers", "POST /carts", "GET /products", "POST /carts/{cartId}/lines", "POST /orders"],
            ),
            (
                "Register a customer, then read it and forget it.",
                &["POST /customers", "GET /customers/{id}", "DELETE /customers/{id}"],
            ),
        ],
    ));
}

#[test]
fn two_teapots_are_searched_for_by_name_and_put_in_twice() {
    let plan = planned("Register a customer, open a cart for her and add two teapots to the cart.");
    assert_eq!(
        only_bindings(&plan, "addLine"),
        ["path.cartId = step 1 /cartId", "body./productCode = step 2 /items/0/sku", "body./quantity = 2"]
    );
    assert_eq!(only_bindings(&plan, "listProducts"), ["query.q = \"teapot\""]);
}

#[test]
fn what_is_refused_expects_the_documented_refusals() {
    for (sentence, step) in [
        ("A customer who was forgotten cannot order any more.", "orders POST /orders -> 409|422"),
        ("Order for an unknown customer is refused.", "orders POST /orders -> 422"),
        ("An order for an unknown customer is refused.", "orders POST /orders -> 422"),
        ("Order more than is in stock and see that it is refused.", "orders POST /orders -> 409|422"),
        ("An order that is already paid cannot be paid again.", "orders POST /orders/{orderId}/payment -> 402|404|409"),
        ("An empty cart cannot be ordered.", "orders POST /orders -> 422"),
        ("Put a product that does not exist into a cart and expect a 422.", "cart POST /carts/{cartId}/lines -> 422"),
        ("Pay an order twice: the second payment is refused.", "orders POST /orders/{orderId}/payment -> 402|404|409"),
        ("Add a product, take it out of the catalog, it is not found any more.", "catalog GET /products/{sku} -> 404"),
    ] {
        let text = callboard_planner::render(&planned(sentence));
        assert!(text.contains(step), "{sentence}\n{text}");
    }
}

#[test]
fn short_sentences_about_jupyter_become_whole_journeys() {
    let Some(system) = jupyter() else { return };
    all_right(&check_sentences(
        &system,
        &[
            (
                "Give ada a server and show it is reachable, then take it away.",
                &[
                    "POST /users/{name}",
                    "POST /users/{name}/server",
                    "GET /users/{name}",
                    "GET /routes",
                    "POST /users/{name}/tokens",
                    "GET /api/status",
                    "DELETE /users/{name}/server",
                    "GET /routes",
                    "GET /api/status",
                ],
            ),
            (
                "A file written through the proxy can be read back and is gone after deletion.",
                &[
                    "POST /users/{name}",
                    "POST /users/{name}/server",
                    "GET /users/{name}",
                    "POST /users/{name}/tokens",
                    "PUT /api/contents/{path}",
                    "GET /api/contents/{path}",
                    "DELETE /api/contents/{path}",
                    "GET /api/contents/{path}",
                ],
            ),
            (
                "A group's members are listed; deleting a user takes it out of the group.",
                &[
                    "POST /users/{name}",
                    "POST /groups/{name}",
                    "POST /groups/{name}/users",
                    "GET /groups/{name}",
                    "DELETE /users/{name}",
                    "GET /groups/{name}",
                ],
            ),
        ],
    ));
}

/// A system whose definitions were written for the benchmark of journeys.
#[test]
fn a_verb_that_stands_alone_means_what_was_spoken_of() {
    const BUY: [&str; 6] = [
        "POST /customers",
        "POST /carts",
        "GET /products",
        "POST /carts/{cartId}/lines",
        "POST /orders",
        "POST /orders/{orderId}/payment",
    ];
    for (sentence, look) in [
        (
            "Register a customer, order two teapots for her, pay and check that the shipment is delivered.",
            "GET /shipments/{trackingNumber}",
        ),
        ("A customer orders a mug and pays; the parcel is shipped.", "GET /shipments"),
    ] {
        let plan = planned(sentence);
        assert_eq!(steps(&plan), [BUY.as_slice(), &[look]].concat(), "{sentence}");
        let look = plan.steps.last().expect("the plan has steps");
        assert!(look.until.is_some() || !look.checks.is_empty(), "{sentence}");
    }
    let both = planned("Register a customer, place an order, pay and cancel the order.");
    assert!(holds(&both, &["POST /orders/{orderId}/payment", "POST /orders/{orderId}/cancellation"]), "{:?}", steps(&both));
}

#[test]
fn what_is_declined_leaves_things_as_they_were() {
    let text = callboard_planner::render(&planned("A declined card leaves the order unpaid."));
    for part in [
        "orders POST /orders/{orderId}/payment -> 402",
        "path.orderId = step 4 /orderId",
        "body./card/number = generated declinCardNumber \"4242424242420002\"",
        "orders GET /orders/{orderId}",
        "check /status is not \"paid\"",
    ] {
        assert!(text.contains(part), "{part} in\n{text}");
    }
}

#[test]
fn what_is_put_into_something_is_looked_for_and_what_is_made_of_it_is_read() {
    let plan = planned("Put three mugs into a cart, remove one and check the total.");
    let wanted = [
        "POST /customers",
        "POST /carts",
        "POST /carts/{cartId}/lines",
        "DELETE /carts/{cartId}/lines/{productCode}",
        "GET /carts/{cartId}",
    ];
    assert!(holds(&plan, &wanted) && holds(&plan, &["GET /products", "POST /carts/{cartId}/lines"]), "{:?}", steps(&plan));
    let bindings = only_bindings(&plan, "addLine");
    assert!(bindings.iter().any(|binding| binding.starts_with("body./productCode = step")), "{bindings:?}");
    assert!(bindings.contains(&"body./quantity = 3".to_owned()), "{bindings:?}");
    assert_eq!(plan.unmatched, ["mugs", "total"], "what is not searched for or compared is told");
}

#[test]
fn a_verb_for_which_nothing_is_done_is_told() {
    for (sentence, word) in [
        ("Register a customer, juggle her and read her.", "juggle"),
        ("Order more than is in stock and see that it is refused.", "more than"),
        ("Create a customer without an address.", "without"),
    ] {
        let plan = planned(sentence);
        assert!(plan.unmatched.iter().any(|unused| unused == word), "{sentence}: {:?}", plan.unmatched);
    }
}

fn written_for_journeys(names: &[&'static str]) -> System {
    let folder = root().join("bench/journeys/definitions");
    let files: Vec<(&str, PathBuf)> = names.iter().map(|name| (*name, folder.join(format!("{name}.yaml")))).collect();
    system(&files).expect("the definitions are part of the project")
}

#[test]
fn what_a_neighbour_refuses_changes_nothing_elsewhere() {
    let system = written_for_journeys(&["orders", "kitchen", "payments"]);
    let map = map(&system, &MapOptions::default());
    let sentence = "If payments refuses, the kitchen gets nothing and the order stays created.";
    let plan = Planner::new(&system, &map, &options()).plan(sentence, &options());
    passes_our_check(&plan, &system, sentence);
    let text = callboard_planner::render(&plan);
    assert!(text.contains("2 orders POST /orders/{order_id}/pay -> 4XX|5XX"), "{text}");
    assert!(text.contains("check /schedules is the same as step 0 /schedules"), "{text}");
    assert!(text.contains("check /status is \"created\""), "{text}");
}

#[test]
fn what_was_seen_is_looked_at_again_when_it_was_taken_away() {
    let system = written_for_journeys(&["orders", "kitchen", "payments"]);
    all_right(&check_sentences(
        &system,
        &[(
            "Order a cappuccino, pay for it, see it in the kitchen, cancel it.",
            &[
                "POST /orders",
                "POST /orders/{order_id}/pay",
                "GET /kitchen/schedules",
                "POST /orders/{order_id}/cancel",
                "GET /kitchen/schedules",
                "GET /orders/{order_id}",
            ],
        )],
    ));
}

#[test]
fn only_known_resources_may_be_named() {
    let system = written_for_journeys(&["movies", "casts"]);
    let map = map(&system, &MapOptions::default());
    let sentence = "A movie can only name people the cast service knows.";
    let plan = Planner::new(&system, &map, &options()).plan(sentence, &options());
    passes_our_check(&plan, &system, sentence);
    let text = callboard_planner::render(&plan);
    assert!(text.contains("body./casts_id/0 = step 0 /id"), "{text}");
    assert!(text.contains("2 movies POST /api/v1/movies/ -> 404|422"), "{text}");
    assert!(text.contains("finally movies DELETE /api/v1/movies/{id}/"), "{text}");
}

#[test]
fn what_is_checked_after_a_deed_was_there_before_it() {
    let plan = planned("Cancel an order and check that the payment is refunded.");
    let steps = steps(&plan);
    let place = |wanted: &str| steps.iter().position(|step| step == wanted);
    let (paid, cancelled) = (place("POST /orders/{orderId}/payment"), place("POST /orders/{orderId}/cancellation"));
    assert!(paid.is_some() && paid < cancelled, "{steps:?}");
}

#[test]
fn what_is_made_is_removed_last_made_first() {
    let plan = planned("Register a customer, open a cart and read the cart.");
    let removed: Vec<&str> = plan.teardown.iter().map(|step| step.step.as_str()).collect();
    assert_eq!(removed, ["deleteCart", "deleteCustomer"]);
}

#[test]
fn what_the_sentence_removes_may_be_gone_at_the_end() {
    let text = callboard_planner::render(&planned("Register a customer and forget it."));
    assert!(text.contains("finally customers DELETE /customers/{id} -> 204|404"), "{text}");
}

/// A sentence, planned over the shop.
fn planned(sentence: &str) -> Plan {
    let system = shop().expect("the shop is part of the project");
    let plan = Planner::new(&system, &map(&system, &MapOptions::default()), &options()).plan(sentence, &options());
    passes_our_check(&plan, &system, sentence);
    plan
}

/// The rendered bindings of a step.
fn only_bindings(plan: &Plan, step: &str) -> Vec<String> {
    let text = callboard_planner::render(plan);
    let lines = text.lines().skip_while(|line| !line.contains(&format!("({step};"))).skip(1);
    lines.take_while(|line| line.starts_with(' ') && !line.contains(" check ")).map(|line| line.trim().to_owned()).collect()
}

#[test]
fn sentences_about_pets_create_change_and_delete() {
    let Some(system) = petstore() else { return };
    all_right(&check_sentences(
        &system,
        &[
            (
                "Add a new pet to the store, find it by its ID, update it and delete it.",
                &["POST /pet", "GET /pet/{petId}", "PUT /pet", "DELETE /pet/{petId}"],
            ),
            ("Place an order for a pet and then delete the order.", &["POST /store/order", "DELETE /store/order/{orderId}"]),
            ("Create the user ada and delete the user.", &["POST /user", "DELETE /user/{username}"]),
            ("Show the inventory of the store.", &["GET /store/inventory"]),
        ],
    ));
}

#[test]
fn sentences_about_socks_find_their_services() {
    let Some(system) = sock_shop() else { return };
    all_right(&check_sentences(&system, &[("List the catalogue.", &["GET /catalogue"])]));
}

#[test]
fn odd_sentences_give_odd_plans_but_no_panic() {
    let Some(system) = shop() else { return };
    let map = map(&system, &MapOptions::default());
    let options = options();
    let planner = Planner::new(&system, &map, &options);
    for sentence in [
        "",
        " ",
        ",,,,",
        "\"",
        "'s",
        "and and and",
        "ID 5",
        "§§§ ü ß 漢字 🙂",
        "a.b.c/d@e",
        "delete delete delete",
        "-1",
        "{}[]$",
        "it",
    ] {
        let plan = planner.plan(sentence, &options);
        every_required_input_is_bound(&plan, &system);
        passes_our_check(&plan, &system, sentence);
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(48))]

    #[test]
    fn any_text_can_be_planned(text in "([a-zA-Z]{1,8}|customer|order|delete|create|and|it|her|[\\PC]{1,3}|[,.\"'{}$ ]){0,24}") {
        if let Some(system) = shop() {
            let map = map(&system, &MapOptions::default());
            let options = options();
            let plan = Planner::new(&system, &map, &options).plan(&text, &options);
            every_required_input_is_bound(&plan, &system);
        }
    }
}
