//! Written limits: what goes past one is held as an incident, never an abort.

use crate::driver::{object, setup};
use serde_json::json;
use weft_engine::flow::{Command, IncidentCode, Limits, Refusal};

#[test]
fn a_loop_without_a_wait_is_held_and_can_be_left() {
    let mut start = setup("s: start\na: pass\ng: xor\ne: end\ns -> a -> g -> e if \"done = true\"\ng -> a default")
        .variables(json!({ "done": false }));
    start.limits = Limits { activations_max: 1_000, ..Limits::default() };
    let mut run = start.run();
    assert_eq!(run.incidents()[0].0, IncidentCode::Limit);
    run.retry(json!({ "done": true }));
    assert_eq!(run.status(), json!({ "status": "completed" }));
}

#[test]
fn a_loop_of_components_in_one_wave_is_held_too() {
    let mut start = setup("s: start\na: service\ng: xor\ne: end\ns -> a -> g -> e if \"done = true\"\ng -> a default")
        .variables(json!({ "done": false }));
    start.limits = Limits { activations_max: 1_000, ..Limits::default() };
    assert_eq!(start.run().incidents()[0].0, IncidentCode::Limit);
}

#[test]
fn variables_have_a_size() {
    let mut start = setup("s: start\nu: user\na: script do=\"big + big\" result=big\ne: end\ns -> u -> a -> e");
    start.limits = Limits { variables_bytes_max: 1_000, ..Limits::default() };
    let mut run = start.run();
    let element = run.task("u");
    let too_much =
        Command::CompleteTask { element, variables: object(json!({ "x": "y".repeat(2_000) })), by: "ana".to_owned() };
    assert!(matches!(run.try_command(too_much), Err(Refusal::TooLarge { max: 1_000, .. })));
    run.complete("u", json!({ "big": "y".repeat(600) }));
    assert_eq!(run.incidents()[0].0, IncidentCode::Limit);
}

#[test]
fn an_expression_that_costs_too_much_is_held() {
    let model = "s: start\na: script do=\"count(for i in 1..100000000 return i)\" result=n\ne: end\ns -> a -> e";
    assert_eq!(setup(model).run().incidents()[0].0, IncidentCode::Limit);
}

#[test]
fn live_elements_are_bounded() {
    let mut start = setup("s: start\na: user count=500\ne: end\ns -> a -> e");
    start.limits = Limits { elements_max: 100, ..Limits::default() };
    let run = start.run();
    assert!(run.incidents().iter().all(|(code, _)| *code == IncidentCode::Limit));
    assert!(!run.incidents().is_empty() && run.open().len() <= 100);
}
