//! Definitions change: `check` tells what breaks and why, `generate --update` proposes edits.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use callboard_testkit::{Reply, TestServer};

use crate::project::{Project, workspace};

const BUY: &str = "scenarios/buy.arazzo.yaml";
const ORDERS: &str = "services/orders/openapi.yaml";

/// The shop's project, without a shop, in a git repository.
fn shop() -> Project {
    let project = Project::empty();
    for (path, content) in callboard_shop::files() {
        project.write(path, content);
    }
    project.write(".gitignore", ".callboard/\n");
    project.commit();
    project
}

/// Replaces parts of a file that must be there.
#[track_caller]
fn edit(project: &Project, path: &str, parts: &[(&str, &str)]) {
    let mut text = project.read(path);
    for (part, by) in parts {
        assert!(text.contains(part), "`{part}` stands in {path}");
        text = text.replace(part, by);
    }
    project.write(path, text);
}

fn move_get_order(project: &Project) {
    edit(
        project,
        ORDERS,
        &[("  /orders/{orderId}:\n", "  /v2/orders/{orderId}:\n"), ("operationId: getOrder\n", "operationId: readOrder\n")],
    );
}

#[tokio::test]
async fn check_tells_what_an_uncommitted_change_breaks_and_update_proposes_the_edit() {
    let project = shop();
    move_get_order(&project);
    let check = project.run(&["check", BUY]).await;
    check.exits(2);
    let why = "`GET /orders/{orderId}` was removed from orders; `GET /v2/orders/{orderId}` (`readOrder`) has the same answer";
    assert!(check.stderr.contains(why), "{check}");
    assert!(check.stderr.contains(&format!("`callboard generate --update {BUY}` proposes: call")), "{check}");
    assert!(check.stderr.contains("compared with HEAD"), "{check}");
    let before = project.read(BUY);
    let update = project.run(&["generate", "--update", BUY]).await;
    update.exits(0);
    assert!(update.stdout.contains("+        operationId: $sourceDescriptions.orders.readOrder\n"), "{update}");
    assert_eq!(project.read(BUY), before, "without --write nothing is written");
    // What is printed is a patch.
    project.write("update.patch", &update.stdout);
    project.git(&["apply", "update.patch"]);
    assert_eq!(project.read(BUY), before.replace("orders.getOrder", "orders.readOrder"));
    project.run(&["check", BUY]).await.exits(0);
    let again = project.run(&["generate", "--update", BUY]).await;
    again.exits(0);
    assert_eq!((again.stdout.as_str(), again.stderr.contains("nothing to update")), ("", true), "{again}");
}

#[tokio::test]
async fn write_edits_all_scenarios_and_keeps_comments_and_formatting() {
    let project = shop();
    let odd = project.read(BUY).replace(
        "        operationId: $sourceDescriptions.orders.getOrder\n",
        "        # read it again\n        operationId:   \"$sourceDescriptions.orders.getOrder\"   # by hand\n",
    );
    assert!(odd.contains("# by hand"));
    project.write(BUY, format!("\u{feff}{}", odd.replace('\n', "\r\n")));
    project.commit();
    move_get_order(&project);
    edit(&project, "services/cart/openapi.yaml", &[("custId", "customerRef")]);
    let update = project.run(&["generate", "--update", "--write"]).await;
    update.exits(0);
    assert!(update.stderr.contains("7 files updated"), "{update}");
    let now = odd.replace("orders.getOrder", "orders.readOrder").replace("custId", "customerRef");
    assert_eq!(project.read(BUY), format!("\u{feff}{}", now.replace('\n', "\r\n")));
    project.run(&["check"]).await.exits(0);
}

#[tokio::test]
async fn a_change_that_is_committed_is_found_in_the_history_or_by_its_revision() {
    let project = shop();
    move_get_order(&project);
    project.commit();
    project.write("README.md", "# The shop\n");
    project.commit();
    let check = project.run(&["check", BUY]).await;
    check.exits(2);
    assert!(check.stderr.contains("was removed from orders"), "{check}");
    assert!(check.stderr.contains("compared with what was there before"), "{check}");
    let check = project.run(&["check", BUY, "--base", "HEAD~2", "--json"]).await.exits(2).json();
    let diagnostic = &check["diagnostics"][0];
    assert_eq!((&diagnostic["code"], &diagnostic["line"]), (&"unknown-operation".into(), &131.into()), "{check:#}");
    let unknown = project.run(&["check", "--base", "nowhere"]).await;
    unknown.exits(2);
    assert!(unknown.stderr.contains("no revision is called `nowhere`"), "{unknown}");
}

#[tokio::test]
async fn what_matters_and_does_not_break_is_a_warning() {
    let project = shop();
    let text = project.read(ORDERS);
    let at = text.find("operationId: placeOrder").expect("it is there");
    let (before, rest) = text.split_at(at);
    project.write(ORDERS, format!("{before}{}", rest.replacen("'201':", "'202':", 1)));
    let check = project.run(&["check", BUY]).await;
    check.exits(0);
    assert!(check.stderr.contains("does not document the status 201 any more: it documents 202"), "{check}");
    let update = project.run(&["generate", "--update", BUY]).await;
    update.exits(0);
    assert!(update.stdout.contains("+          - condition: $statusCode == 202\n"), "{update}");
}

#[tokio::test]
async fn a_parameter_that_is_needed_now_is_bound_or_made_up() {
    let project = shop();
    let needed = "    parameters:\n      - $ref: '#/components/parameters/OrderId'\n    get:\n      operationId: getOrder\n";
    let more = "      parameters:\n        - {name: customerId, in: query, required: true, schema: {type: string, format: uuid}}\n        - {name: view, in: query, required: true, schema: {type: string, enum: [full]}}\n";
    edit(&project, ORDERS, &[(needed, &format!("{needed}{more}"))]);
    let update = project.run(&["generate", "--update", "--write", BUY]).await;
    update.exits(0);
    assert!(update.stdout.contains("needed now; this value is made up"), "{update}");
    assert!(
        update.stdout.contains("+          - {name: customerId, in: query, value: $steps.register.outputs.customer}\n"),
        "{update}"
    );
    project.run(&["check", BUY]).await.exits(0);
}

#[tokio::test]
async fn what_cannot_be_decided_is_left_and_told() {
    let project = shop();
    let text = project.read(ORDERS);
    let start = text.find("  /orders/{orderId}:\n").expect("it is there");
    let end = text.find("  /orders/{orderId}/payment:\n").expect("it is there");
    project.write(ORDERS, format!("{}{}", &text[..start], &text[end..]));
    let update = project.run(&["generate", "--update", BUY]).await;
    update.exits(2);
    assert!(update.stderr.contains("was removed from orders, and nothing clearly stands for it"), "{update}");
    assert!(update.stderr.contains("1 error left that cannot be decided"), "{update}");
}

#[tokio::test]
async fn a_file_made_from_a_sentence_can_be_planned_anew() {
    let project = shop();
    let file = "scenarios/made.arazzo.yaml";
    project.run(&["generate", "Create a cart", "-o", file]).await.exits(0);
    let text = project.read("services/cart/openapi.yaml");
    project.write(
        "services/cart/openapi.yaml",
        text.replace("    post:\n      operationId: createCart", "    trace:\n      operationId: traceIt"),
    );
    let update = project.run(&["generate", "--update", file]).await;
    update.exits(2);
    assert!(update.stderr.contains("callboard generate \"Create a cart\" -o scenarios/made.arazzo.yaml --force"), "{update}");
}

#[tokio::test]
async fn a_renamed_service_keeps_its_scenarios() {
    let project = shop();
    edit(
        &project,
        "callboard.toml",
        &[("[services.orders]", "[services.purchases]"), ("services.orders]", "services.purchases]")],
    );
    let moved = project.read("callboard.toml").replace("services/orders/openapi.yaml", "services/purchases/api.yaml");
    project.write("callboard.toml", moved);
    project.write("services/purchases/api.yaml", project.read(ORDERS));
    std::fs::remove_file(project.path(ORDERS)).expect("it is there");
    let check = project.run(&["check", BUY]).await;
    check.exits(2);
    assert!(check.stderr.contains("the service `orders` is called `purchases` now"), "{check}");
    project.run(&["generate", "--update", "--write", BUY]).await.exits(0);
    assert!(project.read(BUY).contains("    url: ../services/purchases/api.yaml\n"));
    project.run(&["check", BUY]).await.exits(0);
}

#[tokio::test]
async fn without_any_older_version_the_likeliest_operation_is_named() {
    let project = shop();
    std::fs::remove_dir_all(project.path(".git")).expect("it is there");
    edit(
        &project,
        ORDERS,
        &[
            ("  /orders/{orderId}:\n", "  /v2/orders/{orderId}:\n"),
            ("operationId: getOrder\n", "operationId: showDetailsOfOrder\n"),
        ],
    );
    let check = project.run(&["check", BUY]).await;
    check.exits(2);
    assert!(check.stderr.contains("`GET /v2/orders/{orderId}` (`showDetailsOfOrder`) fits best"), "{check}");
    project.run(&["generate", "--update", "--write", BUY]).await.exits(0);
    project.run(&["check", BUY]).await.exits(0);
}

#[tokio::test]
async fn a_definition_behind_a_url_is_compared_with_that_of_the_last_green_run() {
    let path: PathBuf = workspace("examples/shop").join("services/customers/openapi.yaml");
    let served = Arc::new(Mutex::new(std::fs::read_to_string(path).expect("readable")));
    let text = served.clone();
    let server = TestServer::start(move |_| Reply::text(200, text.lock().expect("nobody panics").clone())).await;
    let project = Project::empty();
    project.write("callboard.toml", format!("[services.customers]\ndefinition = \"{}\"\n", server.url("/openapi.yaml")));
    project.run(&["generate", "Register a customer", "-o", "scenarios/a.arazzo.yaml"]).await.exits(0);
    project.run(&["run", "--virtual", "customers"]).await.exits(0);
    {
        let mut text = served.lock().expect("nobody panics");
        *text = text.replace("registerCustomer", "signUp");
    }
    let check = project.run(&["check"]).await;
    check.exits(2);
    assert!(check.stderr.contains("(`signUp`) now") && check.stderr.contains("the last green run"), "{check}");
    project.run(&["generate", "--update", "--write"]).await.exits(0);
    project.run(&["check"]).await.exits(0);
}

#[tokio::test]
async fn files_that_cannot_be_read_are_told() {
    let project = shop();
    project.write("scenarios/bad.arazzo.yaml", "arazzo: [");
    let update = project.run(&["generate", "--update", "scenarios/bad.arazzo.yaml", BUY]).await;
    update.exits(2);
    assert!(update.stderr.contains("bad.arazzo.yaml"), "{update}");
    let missing = project.run(&["generate", "--update", "nothing.arazzo.yaml"]).await;
    missing.exits(2);
    assert!(missing.stderr.contains("nothing.arazzo.yaml"), "{missing}");
    project.run(&["generate", "--write"]).await.exits(2);
}
