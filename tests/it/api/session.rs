//! Signing in: passwords, cookies, tokens, and what ends them.

use api::schema;
use serde_json::json;
use weft_tests::app::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_is_good_for_our_own_pages_only() {
    let app = TestApp::new().await;
    let erin = app.browser("erin").await;
    let body = json!({ "kind": "incident", "space": "it", "title": "From a page" });

    let session: schema::Session = erin.get("/session").await.expect(200).read();
    erin.post("/tickets", body.clone()).await.expect(201);

    assert_eq!((session.person.login.as_str(), session.demo), ("erin", false));
    for other in [
        erin.without("x-weft"),
        erin.without("sec-fetch-site").with("sec-fetch-site", "cross-site"),
        erin.without("sec-fetch-site").with("origin", "https://evil.example"),
    ] {
        assert_eq!(other.post("/tickets", body.clone()).await.problem(403).code, "cross-site");
    }
    erin.delete("/session").await.expect(204);
    erin.get("/session").await.problem(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_tells_nothing_and_is_slowed_down() {
    let app = TestApp::new().await;
    let erin = app.browser("erin").await;
    let nobody = app.anonymous();

    let wrong = nobody.post("/session", json!({ "login": "erin", "password": "wrong password" })).await.problem(401);
    let unknown =
        nobody.post("/session", json!({ "login": "nobody", "password": "wrong password" })).await.problem(401);
    assert_eq!((&wrong.code, &wrong.detail, &wrong.title), (&unknown.code, &unknown.detail, &unknown.title));
    for _ in 0..9 {
        nobody.post("/session", json!({ "login": "erin", "password": "wrong password" })).await.problem(401);
    }
    let limited = nobody.post("/session", json!({ "login": "erin", "password": "correct horse battery" })).await;

    assert_eq!(limited.problem(429).code, "rate-limited");
    assert!(limited.header("retry-after").parse::<u32>().expect("seconds") > 0);
    erin.get("/session").await.expect(200);
    nobody.get("/session/personas").await.problem(404);
    nobody.post("/session/persona", json!({ "login": "erin" })).await.problem(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_works_until_it_is_ended() {
    let app = TestApp::new().await;
    let erin = app.browser("erin").await;

    let made: schema::NewToken =
        erin.post("/tokens", json!({ "name": "script", "expires_in_days": 30 })).await.expect(201).read();
    let script = app.anonymous().with("authorization", format!("Bearer {}", made.token));

    script.post("/tickets", json!({ "kind": "incident", "space": "it", "title": "By a script" })).await.expect(201);
    assert!(!erin.get("/tokens").await.expect(200).value().to_string().contains(&made.token), "a secret is shown once");
    erin.delete(&format!("/tokens/{}", made.id)).await.expect(204);
    script.get("/session").await.problem(401);
    let wrong = erin.post("/tokens", json!({ "name": "", "expires_in_days": 4000 })).await.problem(422);
    assert_eq!(wrong.errors.len(), 2);
    app.anonymous().with("authorization", "Basic eDp5").get("/session").await.problem(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_leaves_is_out_on_every_device_at_once() {
    let app = TestApp::new().await;
    let (browser, token) = (app.browser("ben").await, app.caller("ben").await);
    browser.get("/tickets").await.expect(200);

    app.caller("max").await.patch("/people/ben", json!({ "active": false })).await.expect(200);

    browser.get("/tickets").await.problem(401);
    token.get("/tickets").await.problem(401);
    app.anonymous().post("/session", json!({ "login": "ben", "password": "correct horse battery" })).await.problem(401);
}
