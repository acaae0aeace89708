//! The route inventory is the specification: whatever answers is described, and whatever is described has somebody who may.

use super::access::EXPECTED;
use std::collections::BTreeSet;
use utoipa::openapi::OpenApi;

fn operations(document: &OpenApi) -> Vec<(String, String, String)> {
    let mut found = Vec::new();
    for (path, item) in &document.paths.paths {
        for (method, operation) in [
            ("GET", &item.get),
            ("POST", &item.post),
            ("PUT", &item.put),
            ("PATCH", &item.patch),
            ("DELETE", &item.delete),
        ] {
            if let Some(operation) = operation {
                found.push((method.to_owned(), path.clone(), operation.operation_id.clone().unwrap_or_default()));
            }
        }
    }
    found
}

#[test]
fn every_route_says_who_may() {
    let described: BTreeSet<String> = operations(&api::openapi()).into_iter().map(|(_, _, id)| id).collect();
    let expected: BTreeSet<String> = EXPECTED.iter().map(|case| case.operation.to_owned()).collect();

    assert_eq!(
        described.difference(&expected).collect::<Vec<_>>(),
        Vec::<&String>::new(),
        "routes without an expectation in `access.rs`"
    );
    assert_eq!(
        expected.difference(&described).collect::<Vec<_>>(),
        Vec::<&String>::new(),
        "expectations without a route"
    );
    assert_eq!(expected.len(), EXPECTED.len(), "one expectation for each route");
}

#[test]
fn the_document_is_whole() {
    let document = serde_json::to_value(api::openapi()).expect("it is JSON");
    assert_eq!(document["openapi"], "3.1.0");
    let text = document.to_string();
    let mut missing = BTreeSet::new();
    for reference in text.split("\"#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap_or_default();
        if document["components"]["schemas"][name].is_null() {
            missing.insert(name.to_owned());
        }
    }
    assert_eq!(missing, BTreeSet::new(), "schemas that are named and not described");
    for (method, path, id) in operations(&api::openapi()) {
        assert!(
            path.starts_with("/api") || ["/healthz", "/readyz", "/metrics"].contains(&path.as_str()),
            "{method} {path}"
        );
        assert!(id.contains('_'), "{method} {path} is called `{id}`: verb_resource");
        let operation = &document["paths"][&path][method.to_lowercase()];
        assert!(operation["summary"].is_string(), "{method} {path} says nothing about itself");
        assert!(operation["responses"]["4XX"].is_object(), "{method} {path} has no problems");
    }
}
