//! Activities that run several times.

use crate::driver::{done, setup};
use serde_json::json;
use weft_engine::flow::{Action, IncidentCode, Limits};

const EACH: &str = "
    s: start
    u: user MODE each=people item=person collect=answers:answer UNTIL in.ask=person out.answer=given
    late: boundary at=u on=timer:PT1H
    z: pass
    e: end
    s -> u -> z -> e
    late -> e";

fn each(mode: &str, until: &str) -> String {
    EACH.replace("MODE", mode).replace("UNTIL", until)
}

#[test]
fn in_parallel_all_are_open_and_results_keep_their_place() {
    let mut run = setup(&each("", "")).variables(json!({ "people": ["ana", "ben", "cid"] })).run();
    let asked: Vec<_> = run.tasks.values().map(|task| task.variables["ask"].clone()).collect();
    assert_eq!(asked, [json!("ana"), json!("ben"), json!("cid")]);
    let keys: Vec<_> = run.tasks.keys().copied().collect();
    for (number, place) in [(1, 2), (2, 0), (3, 1)] {
        let (element, by) = (keys[place], "x".to_owned());
        let variables = crate::driver::object(json!({ "given": number }));
        run.command(weft_engine::flow::Command::CompleteTask { element, variables, by });
    }
    assert_eq!(run.variables()["answers"].as_array().map(Vec::len), Some(3));
    assert_eq!(run.completed().last(), Some(&"z"));
}

#[test]
fn results_are_collected_by_place() {
    let model = "
        s: start
        a: service each=items item=item collect=out:doubled out.doubled=\"r + loopCounter\"
        e: end
        s -> a -> e";
    let run = setup(model)
        .variables(json!({ "items": [10, 20, 30] }))
        .component(|action| {
            let Action::Run { inputs, .. } = action else { panic!("{action:?}") };
            done(action, json!({ "r": inputs["item"].as_i64().map(|item| item * 2) }))
        })
        .run();
    // Without a local variable of that name the output goes outwards, where all runs share it; each is read right after it was set.
    assert_eq!(run.variables()["out"], json!([21, 42, 63]));
}

#[test]
fn one_after_the_other() {
    let mut run = setup(&each("sequential", "")).variables(json!({ "people": ["ana", "ben"] })).run();
    assert_eq!(run.open(), ["u"]);
    run.complete("u", json!({ "given": 1 }));
    assert_eq!(run.open(), ["u"]);
    run.complete("u", json!({ "given": 2 }));
    assert_eq!(run.variables()["answers"], json!([1, 2]));
}

#[test]
fn the_completion_condition_ends_the_rest_and_sees_the_counts() {
    let until = "until=\"numberOfCompletedInstances / numberOfInstances >= 0.5\"";
    let mut run = setup(&each("", until)).variables(json!({ "people": [1, 2, 3, 4] })).run();
    run.complete("u", json!({ "given": 1 }));
    assert_eq!(run.open().len(), 3);
    run.complete("u", json!({ "given": 2 }));
    assert_eq!(run.open(), [""; 0]);
    assert_eq!(run.variables()["answers"], json!([1, 2, null, null]));
    assert_eq!(run.status(), json!({ "status": "completed" }));
}

#[test]
fn a_boundary_event_ends_all_runs() {
    let mut run = setup(&each("", "")).variables(json!({ "people": [1, 2, 3] })).run();
    assert_eq!(run.timers.len(), 1);
    run.pass("PT1H");
    assert_eq!(run.status(), json!({ "status": "completed" }));
    assert_eq!(run.completed(), [""; 0]);
}

#[test]
fn an_empty_list_runs_nothing_and_what_is_no_list_is_an_incident() {
    let run = setup(&each("", "")).variables(json!({ "people": [] })).run();
    assert_eq!(run.completed(), ["u", "z"]);
    assert_eq!(run.variables()["answers"], json!([]));

    let mut run = setup(&each("", "")).run();
    assert_eq!(run.incidents()[0].0, IncidentCode::Expression);
    run.retry(json!({ "people": ["ana"] }));
    assert_eq!(run.open(), ["u"]);
}

#[test]
fn a_number_of_runs_is_whole_and_bounded() {
    let model = "s: start\na: script count=n\ne: end\ns -> a -> e";
    let run = setup(model).variables(json!({ "n": 3 })).run();
    assert_eq!(run.completed(), ["a", "a", "a", "a"], "three runs and the activity itself");
    for (n, code) in [
        (json!(-1), IncidentCode::Expression),
        (json!(1.5), IncidentCode::Expression),
        (json!(99), IncidentCode::Limit),
    ] {
        let mut start = setup(model).variables(json!({ "n": n }));
        start.limits = Limits { repetitions_max: 10, ..Limits::default() };
        assert_eq!(start.run().incidents()[0].0, code);
    }
}

#[test]
fn a_sub_process_can_repeat_with_scopes_of_its_own() {
    let model = "
        s: start
        p: sub start=s2 each=items item=item collect=out:y
        s2: start in=p
        a: script in=p do=\"item + 1\" result=y out.y=y
        e2: end in=p
        e: end
        s -> p -> e
        s2 -> a -> e2";
    let run = setup(model).variables(json!({ "items": [1, 2, 3] })).run();
    assert_eq!(run.status(), json!({ "status": "completed" }));
    assert_eq!(run.variables()["out"].as_array().map(Vec::len), Some(3));
}

#[test]
fn standard_loops_ask_before_or_after() {
    let count = |attributes: &str, x: i64| {
        let model = format!("s: start\na: script do=\"x + 1\" result=x {attributes}\ne: end\ns -> a -> e");
        let run = setup(&model).variables(json!({ "x": x })).run();
        assert_eq!(run.status(), json!({ "status": "completed" }));
        run.variables()["x"].as_i64().expect("a number") - x
    };
    assert_eq!(count("while=\"x < 5\"", 0), 5);
    assert_eq!(count("while=\"x < 5\"", 9), 1, "asked after the first run");
    assert_eq!(count("while=\"x < 5\" test-before", 9), 0);
    assert_eq!(count("while=\"loopCounter < 4\"", 0), 4);
    assert_eq!(count("times=3", 0), 3);
    assert_eq!(count("while=\"x < 2\" times=3", 0), 2);
}

#[test]
fn a_loop_without_end_is_held() {
    let mut start = setup("s: start\na: pass while=true\ne: end\ns -> a -> e");
    start.limits = Limits { activations_max: 100, ..Limits::default() };
    let run = start.run();
    assert_eq!(run.incidents()[0].0, IncidentCode::Limit);
}
