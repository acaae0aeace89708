//! The edge: bodies, headers, addresses that do not exist.

use serde_json::json;
use weft_tests::app::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_are_not_what_they_should_be_are_refused_with_reasons() {
    let app = TestApp::new().await;
    let ada = app.caller("ada").await;

    let unknown = ada
        .post("/tickets", json!({ "kind": "incident", "space": "it", "titel": "x", "colour": 1 }))
        .await
        .problem(400);
    let found: Vec<_> = unknown.errors.iter().map(|error| (error.pointer.as_str(), error.code.as_str())).collect();
    assert_eq!(found, [("/colour", "unknown-field"), ("/titel", "unknown-field"), ("/title", "missing-field")]);
    assert!(unknown.errors[0].message.contains("`title`"), "the known ones are named: {unknown:?}");
    let types = ada
        .post("/tickets", json!({ "kind": 1, "space": "it", "title": ["x"], "restricted": "no" }))
        .await
        .problem(400);
    assert_eq!(
        types.errors.iter().map(|error| error.code.as_str()).collect::<Vec<_>>(),
        ["wrong-type"; 3],
        "{types:?}"
    );
    let send = |media_type, body: &str| ada.send("POST", "/tickets", media_type, body.as_bytes().to_vec());
    assert_eq!(send(Some("application/json"), "{\"kind\":").await.problem(400).code, "malformed-json");
    assert_eq!(send(Some("text/plain"), "{}").await.problem(415).code, "unsupported-media-type");
    assert_eq!(send(None, "{}").await.problem(415).code, "unsupported-media-type");
    let large = format!("{{\"title\": \"{}\"}}", "x".repeat(2 << 20));
    assert_eq!(send(Some("application/json"), &large).await.problem(413).code, "too-large");
    let deep = format!("{}1{}", "[".repeat(500), "]".repeat(500));
    assert_eq!(send(Some("application/json"), &deep).await.problem(400).code, "malformed-json");
    let plugin = app
        .caller("max")
        .await
        .send("POST", "/plugins", Some("application/wasm"), b"not wasm".to_vec())
        .await
        .problem(422);
    assert!(!plugin.errors.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_is_safe_to_show() {
    let app = TestApp::new().await;
    let ada = app.caller("ada").await;

    for path in ["/tickets", "//", "//api", "//nowhere", "/nowhere", "//healthz"] {
        let reply = ada.get(path).await;
        assert!(reply.header("content-security-policy").contains("frame-ancestors 'none'"), "{path}");
        assert_eq!(reply.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(reply.header("cross-origin-opener-policy"), "same-origin", "{path}");
        assert!(!reply.header("x-request-id").is_empty(), "{path}");
    }
    assert_eq!(ada.get("/tickets").await.header("cache-control"), "no-store");
    assert_eq!(ada.get("/nowhere").await.problem(404).code, "not-found");
    let method = ada.send("PUT", "/tickets", None, Vec::new()).await;
    assert_eq!(
        (method.problem(405).code.as_str(), method.header("allow").contains("POST")),
        ("method-not-allowed", true)
    );
    assert_eq!(ada.get("//some/page").await.status, 200, "a page of the screens");
    assert_eq!(ada.get("//agent/tasks/01a203ec-1cc1-704f-a90a-c94d6419cfbb.5").await.status, 200, "an id has a dot");
    for file in ["//assets/none.js", "//favicon.ico"] {
        assert_eq!(ada.get(file).await.status, 404, "{file}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_runs_it_can_ask_how_it_is() {
    let app = TestApp::new().await;
    let nobody = app.anonymous();

    nobody.get("//healthz").await.expect(200);
    nobody.get("//readyz").await.expect(200);
    assert!(nobody.get("//metrics").await.expect(200).header("content-type").starts_with("text/plain"));
    assert!(String::from_utf8_lossy(&nobody.get("//api").await.expect(200).bytes).contains("create_ticket"));
    app.stop.cancel();
    nobody.get("//readyz").await.problem(503);
}
