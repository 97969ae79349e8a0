//! What looks like a definition, and what its service is called.

use crate::discover::{looks_like_definition, service_name};

#[test]
fn definitions_are_recognised_without_parsing() {
    let yes = [
        ("a.yaml", "openapi: 3.1.0\n"),
        ("a.yml", "# comment\ninfo: {}\n\"swagger\": '2.0'\n"),
        ("a.yaml", "swagger: 2.0\n"),
        ("a.json", "{\"info\": {}, \"openapi\" : \"3.0.0\"}"),
        ("A.JSON", "\u{feff}{\"swagger\":\"2.0\"}"),
        ("http://h/v3/api-docs", "{\"openapi\":\"3.0.1\"}"),
    ];
    for (path, text) in yes {
        assert!(looks_like_definition(path, text), "{path}: {text}");
    }
    let no = [
        ("a.txt", "openapi: 3.1.0\n"),
        ("a.yaml", "  openapi: 3.1.0\n"),
        ("a.yaml", "arazzo: 1.0.1\n"),
        ("package.json", "{\"dependencies\": {\"openapi\": \"1.0\"}}"),
        ("a.json", "{\"swagger\": \"1.2\"}"),
        ("http://h/login", "<html>openapi</html>"),
        ("a.yaml", ""),
    ];
    for (path, text) in no {
        assert!(!looks_like_definition(path, text), "{path}: {text}");
    }
}

#[test]
fn a_service_is_named_by_what_says_most() {
    let cases = [
        ("definitions/carts.json", "Carts API", "carts"),
        ("services/orders/openapi.yaml", "", "orders"),
        ("payment/src/main/resources/static/api-docs.json", "x", "payment"),
        ("suite/xero_accounting.yaml", "Xero Accounting API", "xero-accounting"),
        ("specs/3.1_train-travel.json", "", "train-travel"),
        ("identity-v3.14.yaml", "", "identity"),
        ("proxy/configurable-http-proxy.openapi3.yml", "", "configurable-http-proxy"),
        ("order-service.yaml", "", "order"),
        ("openapi.yaml", "Catalogue Service API", "catalogue"),
        ("http://localhost:8080/v3/api-docs", "Shipping API", "shipping"),
        ("https://billing.example.com/openapi.json", "API", "billing"),
        ("openapi.yaml", "", "service"),
    ];
    for (origin, title, expected) in cases {
        assert_eq!(service_name(origin, title).as_str(), expected, "{origin}");
    }
}
