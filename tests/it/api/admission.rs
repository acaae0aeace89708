//! Overload: who is served, who waits, who is told to come back; and that nothing is half done for any of them.
//!
//! A request is kept busy by a body that does not come; so no test depends on how fast the machine is.

use api::{AdmissionConfig, ApiConfig};
use serde_json::{Value, json};
use std::time::Duration;
use weft_tests::app::TestApp;
use weft_tests::world::World;

async fn app(admission: AdmissionConfig) -> TestApp {
    TestApp::over(World::new().await, ApiConfig { admission, ..ApiConfig::default() })
}

/// One request at a time; whoever does not find it free waits as long as it takes.
fn one_place() -> AdmissionConfig {
    AdmissionConfig {
        in_flight_max: 1,
        waiting_max: 8,
        wait_max: Duration::from_secs(60),
        served_target: Duration::from_secs(60),
        ..AdmissionConfig::default()
    }
}

fn incident(title: &str) -> Value {
    json!({ "kind": "incident", "space": "it", "title": title })
}

#[tokio::test]
async fn a_full_node_refuses_before_it_reads_and_serves_again_when_there_is_room() {
    let app = app(AdmissionConfig { waiting_max: 0, ..one_place() }).await;
    let (ada, erin) = (app.caller("ada").await, app.caller("erin").await);
    ada.get("/session").await.expect(200);
    erin.get("/session").await.expect(200);
    let running = ada.slow("POST", "/tickets");
    running.reached().await;

    let refused = erin.slow("POST", "/tickets");
    assert!(refused.is_waiting().await, "its body is not asked for");
    let answer = refused.finish(&incident("Never read")).await;
    let keyed = erin.with("idempotency-key", "k-1");
    let again = keyed.post("/tickets", incident("Screen is black")).await;

    for answer in [answer, again] {
        let problem = answer.problem(503);
        assert_eq!((problem.code.as_str(), problem.retry_after), ("busy", Some(1)));
        assert_eq!(answer.header("retry-after"), "1");
    }
    let nobody = app.anonymous();
    for path in ["//healthz", "//readyz", "//metrics", "/openapi.json", "//some/page"] {
        nobody.get(path).await.expect(200);
    }
    running.finish(&incident("Mouse is dead")).await.expect(201);
    keyed.post("/tickets", incident("Screen is black")).await.expect(201);
    let titles = |value: Value| -> Vec<String> {
        value["items"].as_array().into_iter().flatten().map(|one| one["title"].to_string()).collect()
    };
    let mut found = titles(ada.get("/tickets?kind=incident").await.expect(200).value());
    found.sort();
    assert_eq!(found, ["\"Mouse is dead\"", "\"Screen is black\""], "what was refused left nothing behind");
}

#[tokio::test]
async fn people_are_served_before_integrations_that_came_first() {
    let app = app(one_place()).await;
    let (script, other) = (app.caller("ada").await, app.caller("erin").await);
    let person = app.browser("ben").await;
    for caller in [&script, &other, &person] {
        caller.get("/session").await.expect(200);
    }
    let running = other.slow("POST", "/tickets");
    running.reached().await;

    let first = script.slow("POST", "/tickets");
    assert!(first.is_waiting().await);
    let second = person.slow("POST", "/tickets");
    assert!(second.is_waiting().await);
    running.finish(&incident("One")).await.expect(201);

    second.reached().await;
    assert!(first.is_waiting().await, "a person is served, and the script waits on");
    second.finish(&incident("Two")).await.expect(201);
    first.reached().await;
    first.finish(&incident("Three")).await.expect(201);
}

#[tokio::test]
async fn strangers_wait_behind_people_and_get_no_more_than_a_quarter() {
    let app = app(AdmissionConfig { in_flight_max: 8, ..one_place() }).await;
    let person = app.browser("erin").await;
    let stranger = app.anonymous().with("cookie", "weft=weft_made_up");

    // Half of the places are offered in the beginning, so one is a quarter.
    let running = stranger.slow("POST", "/session");
    running.reached().await;
    let next = stranger.slow("POST", "/session");

    assert!(next.is_waiting().await);
    person.get("/tickets").await.expect(200);
    assert!(next.is_waiting().await, "a place is free, and not for strangers");
    running.finish(&json!({ "login": "nobody", "password": "guess-guess" })).await.problem(401);
    next.finish(&json!({ "login": "nobody", "password": "guess-guess" })).await.problem(401);
}

#[tokio::test]
async fn whoever_waits_too_long_is_refused_and_costs_nothing_after() {
    let app = app(AdmissionConfig { wait_max: Duration::from_millis(50), ..one_place() }).await;
    let (ada, erin) = (app.caller("ada").await, app.caller("erin").await);
    ada.get("/session").await.expect(200);
    erin.get("/session").await.expect(200);
    let running = ada.slow("POST", "/tickets");
    running.reached().await;

    for _ in 0..20 {
        let late = erin.post("/tickets", incident("Too late")).await.problem(503);
        assert_eq!(late.retry_after, Some(1));
    }

    running.finish(&incident("In time")).await.expect(201);
    erin.get("/session").await.expect(200);
}

#[tokio::test]
async fn one_caller_has_a_share_and_the_others_theirs() {
    let app = app(AdmissionConfig { in_flight_max: 64, caller_per_second_max: 3, ..one_place() }).await;
    let (greedy, modest) = (app.caller("ada").await, app.caller("erin").await);
    greedy.get("/session").await.expect(200);

    let many = futures_util::future::join_all((0..40).map(|_| greedy.get("/session"))).await;

    let refused: Vec<_> = many.iter().filter(|reply| reply.status != 200).collect();
    assert!(refused.len() >= 30, "{} of 40 were refused", refused.len());
    for reply in refused {
        let problem = reply.problem(429);
        assert_eq!((problem.code.as_str(), reply.header("retry-after")), ("rate-limited", "1"));
    }
    modest.get("/session").await.expect(200);
    modest.get("/session").await.expect(200);
}

#[tokio::test]
async fn one_caller_cannot_fill_the_node_with_requests_that_never_end() {
    let app = app(AdmissionConfig { in_flight_max: 64, caller_open_max: 2, ..one_place() }).await;
    let (greedy, modest) = (app.caller("ada").await, app.caller("erin").await);
    greedy.get("/session").await.expect(200);
    let running = [greedy.slow("POST", "/tickets"), greedy.slow("POST", "/tickets")];
    for one in &running {
        one.reached().await;
    }

    greedy.get("/session").await.problem(429);

    modest.get("/session").await.expect(200);
    for one in running {
        one.finish(&incident("Slow")).await.expect(201);
    }
    greedy.get("/session").await.expect(200);
}

#[tokio::test]
async fn a_session_that_has_ended_is_a_stranger() {
    let app = app(AdmissionConfig { in_flight_max: 8, ..one_place() }).await;
    let person = app.browser("erin").await;
    person.get("/session").await.expect(200);
    person.delete("/session").await.expect(204);
    person.get("/session").await.problem(401);
    let running = app.anonymous().slow("POST", "/session");
    running.reached().await;

    let after = person.slow("POST", "/tickets");

    assert!(after.is_waiting().await, "the quarter for strangers is taken");
    running.finish(&json!({ "login": "nobody", "password": "guess-guess" })).await.problem(401);
    after.finish(&incident("Nobody")).await.problem(401);
}

#[tokio::test]
async fn switched_off_everybody_is_tried_at_once() {
    let app = app(AdmissionConfig { is_on: false, waiting_max: 0, ..one_place() }).await;
    let (ada, erin) = (app.caller("ada").await, app.caller("erin").await);
    let running = ada.slow("POST", "/tickets");
    running.reached().await;

    erin.get("/session").await.expect(200);

    running.finish(&incident("Slow")).await.expect(201);
}
