//! Signs that need more than one place: names explained elsewhere, things that one service refers to and another keeps, texts of
//! operations, headers.

use super::links;

/// Paths of a service, one operation a line: method, path, whatever else it has, and what it answers with.
fn service(operations: &[(&str, &str, &str, &str)]) -> String {
    let mut text = "paths:\n".to_owned();
    let mut paths: Vec<&str> = Vec::new();
    for (_, path, _, _) in operations {
        if !paths.contains(path) {
            paths.push(path);
        }
    }
    for path in paths {
        text.push_str(&format!("  {path}:\n"));
        for (method, _, rest, answer) in operations.iter().filter(|(_, other, _, _)| *other == path) {
            let keys = path.split('{').skip(1).filter_map(|part| part.split('}').next());
            let mut parameters: Vec<String> =
                keys.map(|key| format!("{{name: {key}, in: path, required: true, schema: {{type: string}}}}")).collect();
            let (more, rest) = rest.split_once('|').unwrap_or(("", rest));
            parameters.extend((!more.is_empty()).then(|| more.to_owned()));
            let content = format!("{{application/json: {{schema: {{type: object, properties: {{{answer}}}}}}}}}");
            text.push_str(&format!("    {method}: {{parameters: [{}], {rest}responses: {{'200': ", parameters.join(", ")));
            text.push_str(&format!("{{description: ok, content: {content}}}}}}}\n"));
        }
    }
    text
}

fn body(properties: &str, required: &str) -> String {
    let schema = format!("{{type: object, required: [{required}], properties: {{{properties}}}}}");
    format!("requestBody: {{required: true, content: {{application/json: {{schema: {schema}}}}}}}, ")
}

#[track_caller]
fn has(services: &[(&str, &str)], wanted: &str) {
    let found = links(services);
    assert!(found.iter().any(|link| link == wanted), "{wanted}\nis not among {found:#?}");
}

const ID: &str = "id: {type: string}";

#[test]
fn a_name_that_a_service_explains_once_means_the_same_elsewhere_in_it() {
    let orders = service(&[("post", "/orders", "", ID), ("get", "/orders/{id}", "", ID)]);
    let explained = "reference: {type: string, description: 'What is paid, usually the order (or its group) ID.'}";
    let filter = "{name: reference, in: query, schema: {type: string}}|";
    let payments = service(&[("get", "/payments", filter, ""), ("post", "/payments", &body(explained, ""), ID)]);
    let services = [("orders", orders.as_str()), ("payments", payments.as_str())];
    has(&services, "orders POST /orders /id -> payments POST /payments body./reference [Order]");
    has(&services, "orders POST /orders /id -> payments GET /payments query.reference [Order]");
}

#[test]
fn a_member_that_is_a_project_has_a_projects_key() {
    let projects = service(&[("post", "/projects", "", ID), ("get", "/projects/{project_id}", "", ID)]);
    let member = "member_id: {type: string, description: An image member is usually a project.}";
    let images = service(&[
        (
            "get",
            "/images/{image_id}/members",
            "",
            &format!("members: {{type: array, items: {{type: object, properties: {{{member}}}}}}}"),
        ),
        ("get", "/images/{image_id}/members/{member_id}", "", member),
    ]);
    let services = [("identity", projects.as_str()), ("image", images.as_str())];
    has(&services, "identity POST /projects /id -> image GET /images/{image_id}/members/{member_id} path.member_id [Project]");
    has(
        &services,
        "image GET /images/{image_id}/members /members/*/member_id -> identity GET /projects/{project_id} path.project_id [Project]",
    );
}

#[test]
fn what_is_added_by_a_key_is_what_another_service_calls_by_the_same_word() {
    let catalogue = service(&[
        ("get", "/catalogue", "", &format!("entries: {{type: array, items: {{type: object, properties: {{{ID}}}}}}}")),
        ("get", "/catalogue/{id}", "summary: Get an item, ", "id: {type: string}, price: {type: number}"),
    ]);
    let carts = service(&[
        ("post", "/carts/{cart}/items", &body("itemId: {type: string}, quantity: {type: integer}", "itemId"), ""),
        ("delete", "/carts/{cart}/items/{itemId}", "", ""),
    ]);
    let services = [("catalogue", catalogue.as_str()), ("carts", carts.as_str())];
    has(&services, "catalogue GET /catalogue /entries/*/id -> carts POST /carts/{cart}/items body./itemId [Catalogue]");
    has(&services, "catalogue GET /catalogue /entries/*/id -> carts DELETE /carts/{cart}/items/{itemId} path.itemId [Catalogue]");
}

#[test]
fn a_text_says_what_an_operation_makes_where_its_path_does_not() {
    let users = service(&[("post", "/register", "summary: Register a new customer, ", ID), ("get", "/customers/{id}", "", ID)]);
    has(&[("user", &users)], "user POST /register /id -> user GET /customers/{id} path.id [Customer]");
}

#[test]
fn a_token_travels_in_headers() {
    let mut tokens =
        service(&[("get", "/tokens", "{name: X-Subject-Token, in: header, required: true, schema: {type: string}}|", "")]);
    tokens
        .push_str("    post: {responses: {'201': {description: made, headers: {X-Subject-Token: {schema: {type: string}}}}}}\n");
    has(
        &[("identity", &tokens)],
        "identity POST /tokens header:X-Subject-Token -> identity GET /tokens header.X-Subject-Token [Token]",
    );
}

#[test]
fn a_filter_by_key_means_what_the_path_is_about() {
    let projects = service(&[
        ("post", "/projects", "", ID),
        ("get", "/projects", "{name: parent_id, in: query, schema: {type: string}}|", ""),
        ("get", "/projects/{id}", "", ID),
    ]);
    has(&[("identity", &projects)], "identity POST /projects /id -> identity GET /projects query.parent_id [Project]");
}

#[test]
fn a_word_that_mostly_describes_is_a_key_where_its_service_keeps_such_things() {
    let kept = service(&[
        ("get", "/types/{type}", "", ""),
        ("post", "/types", "", "type: {type: string}"),
        ("get", "/events", "{name: type, in: query, schema: {type: string}}|", ""),
    ]);
    has(&[("events", &kept)], "events POST /types /type -> events GET /events query.type [Type]");
    let other = service(&[("post", "/notes", &body("type: {type: string}", ""), "")]);
    assert!(!links(&[("events", &kept), ("notes", &other)]).iter().any(|link| link.contains("-> notes")));
}

#[test]
fn a_new_name_and_what_was_put_somewhere_are_no_copies_of_the_paths_key() {
    let path = "path: {type: string}";
    let files = service(&[
        ("get", "/files/{path}", "", path),
        ("post", "/files/{path}", "summary: Create a file in the given path, ", path),
        ("patch", "/files/{path}", &format!("summary: Rename a file, {}", body(path, "path")), path),
    ]);
    let services = [("disk", files.as_str())];
    has(&services, "disk POST /files/{path} /path -> disk GET /files/{path} path.path [File]");
    has(&services, "disk PATCH /files/{path} /path -> disk GET /files/{path} path.path [File]");
    assert!(!links(&services).iter().any(|link| link.contains("body./path") || link.contains("request:path.path")));
}
