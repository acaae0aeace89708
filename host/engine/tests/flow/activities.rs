//! Sub-processes, calls, ad-hoc work, variables and mappings.

use crate::driver::{done, object, setup};
use crate::model::named;
use serde_json::{Value, json};
use weft_engine::flow::{Action, Command, IncidentCode, Limits, Refusal};

#[test]
fn inputs_are_local_and_outputs_go_to_where_the_name_is() {
    let model = "
        s: start
        p: sub start=s2 in.inner=1
        s2: start in=p
        a: service in=p in.item=request.item in.twice=\"item + item\" out.request.asset=asset out.inner=2
        e2: end in=p
        e: end
        s -> p -> e
        s2 -> a -> e2";
    let run = setup(model)
        .variables(json!({ "request": { "item": "A", "who": "ana" } }))
        .component(|action| {
            let Action::Run { inputs, task_type, attempt, .. } = action else { panic!("{action:?}") };
            assert_eq!(Value::Object(inputs.clone()), json!({ "item": "A", "twice": "AA" }));
            assert_eq!((task_type.as_str(), *attempt), ("test/step", 1));
            done(action, json!({ "asset": 7, "noise": true }))
        })
        .run();

    assert_eq!(run.variables(), json!({ "request": { "item": "A", "who": "ana", "asset": 7 } }));
    assert_eq!(run.status(), json!({ "status": "completed" }));
}

#[test]
fn without_mappings_everything_is_seen_and_everything_goes_outwards() {
    let run = setup("s: start\na: service\nb: service result=answer\ne: end\ns -> a -> b -> e")
        .variables(json!({ "x": 1 }))
        .component(|action| {
            let Action::Run { inputs, .. } = action else { panic!("{action:?}") };
            let sum = inputs.values().filter_map(Value::as_i64).sum::<i64>();
            done(action, json!({ "y": sum + 1 }))
        })
        .run();
    assert_eq!(run.variables(), json!({ "x": 1, "y": 2, "answer": { "y": 4 } }));
}

#[test]
fn a_mapping_that_fails_holds_the_element_until_it_is_retried() {
    let model =
        "s: start\na: service in.key=\"lookup.key\"\ng: xor\nb: pass\ne: end\ns -> a -> g -> b if \"ok\"\nb -> e";
    let mut run = setup(model).run();
    assert_eq!(run.incidents()[0].0, IncidentCode::Expression, "ok is not there yet");
    run.retry(json!({ "ok": true }));
    assert_eq!(run.completed(), ["a", "b"]);
}

#[test]
fn scripts_and_decisions_give_variables() {
    let model = "
        s: start
        a: script do=\"amount + 1\" result=amount
        b: rule decision=double result=twice
        e: end
        s -> a -> b -> e";
    let run = setup(model).variables(json!({ "amount": 20 })).run();
    assert_eq!(run.variables(), json!({ "amount": 21, "twice": 42 }));

    let mut run = setup(&model.replace("decision=double", "decision==which"))
        .variables(json!({ "amount": 20, "which": "nothing" }))
        .run();
    assert_eq!(run.incidents()[0].0, IncidentCode::Decision);
    run.retry(json!({ "which": "double" }));
    assert_eq!(run.variables()["twice"], json!(42));
}

#[test]
fn a_call_sees_what_it_is_given_and_hands_back_what_is_asked_for() {
    let called = named("child", "s: start\na: script do=\"x + 1\" result=y\nu: user\ne: end\ns -> a -> u -> e");
    let model = "s: start\nc: call process==which\nz: pass\ne: end\ns -> c -> z -> e";
    let mut start = setup(model).variables(json!({ "x": 1, "which": "child" }));
    start.called.push(std::sync::Arc::clone(&called));
    let mut run = start.run();
    assert_eq!(run.open(), ["u"]);
    run.complete("u", json!({ "z": 5 }));
    assert_eq!(run.variables(), json!({ "x": 1, "which": "child", "y": 2, "z": 5 }));
    assert_eq!(run.completed().last(), Some(&"z"));

    let model = "s: start\nc: call process=child own-only keep-inside in.x=x*10 out.got=y\ne: end\ns -> c -> e";
    let mut start = setup(model).variables(json!({ "x": 1 }));
    start.called.push(called);
    let mut run = start.run();
    run.complete("u", json!({}));
    assert_eq!(run.variables(), json!({ "x": 1, "got": 11 }));
}

#[test]
fn cancelling_ends_what_was_called_and_a_missing_process_is_an_incident() {
    let mut start = setup("s: start\nc: call process=child\ne: end\ns -> c -> e");
    start.called.push(named("child", "s: start\nu: user\nb: boundary at=u on=timer:PT1H\ne: end\ns -> u -> e\nb -> e"));
    let mut run = start.run();
    run.command(Command::Cancel { reason: "withdrawn".to_owned() });
    assert_eq!(run.status(), json!({ "status": "cancelled" }));
    assert!(run.actions.iter().any(|action| matches!(action, Action::Finished { .. })));

    let mut run = setup("s: start\nc: call process=child\ne: end\ns -> c -> e").run();
    assert_eq!(run.incidents()[0].0, IncidentCode::CalledProcess);
    run.world.processes.insert("child".to_owned(), named("child", "s: start\ne: end\ns -> e"));
    run.retry(json!({}));
    assert_eq!(run.status(), json!({ "status": "completed" }));
}

#[test]
fn processes_that_call_each_other_without_end_are_held() {
    let mut start = setup("s: start\nc: call process=child\ne: end\ns -> c -> e");
    start.called.push(named("child", "s: start\nc: call process=child\ne: end\ns -> c -> e"));
    start.limits = Limits { call_depth_max: 5, ..Limits::default() };
    let mut run = start.run();
    assert_eq!(run.incidents()[0].0, IncidentCode::Limit);
    run.command(Command::Cancel { reason: "loop".to_owned() });
}

const AD_HOC: &str = "
    s: start
    h: ad-hoc activities=a,b
    a: user in=h
    b: user in=h
    after: user in=h
    z: pass
    e: end
    s -> h -> z -> e
    a -> after";

#[test]
fn people_choose_what_an_ad_hoc_sub_process_does() {
    let mut run = setup(AD_HOC).run();
    let element = run.alive("h")[0];
    assert_eq!(run.open(), [""; 0]);
    assert!(!run.instance.stuck());
    let wrong = Command::ActivateAdHoc { element, activities: vec!["after".to_owned()] };
    assert!(matches!(run.try_command(wrong), Err(Refusal::Problems(_))));

    run.command(Command::ActivateAdHoc { element, activities: vec!["a".to_owned(), "b".to_owned()] });
    run.complete("b", json!({}));
    run.complete("a", json!({}));
    assert_eq!(run.open(), ["after"]);
    run.complete("after", json!({}));
    assert_eq!(run.completed(), ["b", "a", "after", "z"]);
}

#[test]
fn an_ad_hoc_sub_process_ends_when_its_condition_holds() {
    let model = AD_HOC.replace("activities=a,b", "activities=a,b active=start until=enough");
    let mut run = setup(&model).variables(json!({ "start": ["a", "b"], "enough": false })).run();
    assert_eq!(run.open(), ["a", "b"]);
    run.complete("b", json!({ "enough": true }));
    assert_eq!(run.completed(), ["b", "z"]);

    let model = model.replace("until=enough", "until=enough keep-remaining");
    let mut run = setup(&model).variables(json!({ "start": ["a", "b"], "enough": false })).run();
    run.complete("b", json!({ "enough": true }));
    assert_eq!(run.open(), ["a"]);
    run.complete("a", json!({}));
    run.complete("after", json!({}));
    assert_eq!(run.completed(), ["b", "a", "after", "z"]);
}

#[test]
fn names_of_the_host_are_seen_and_hidden_by_variables() {
    let mut start = setup("s: start\na: script do=\"who + priority\" result=seen\ne: end\ns -> a -> e");
    start.names = json!({ "who": "ana", "priority": "P1" });
    start.variables = json!({ "who": "ben" });
    assert_eq!(start.run().variables(), json!({ "who": "ben", "seen": "benP1" }));
}

#[test]
fn the_same_inputs_give_the_same_bytes() {
    let story = || {
        let mut run = setup(AD_HOC).variables(json!({ "b": [1, { "c": null }], "a": 0.5 })).run();
        let element = run.alive("h")[0];
        run.command(Command::ActivateAdHoc { element, activities: vec!["a".to_owned()] });
        run.complete("a", object(json!({ "r": 1 })).into());
        (serde_json::to_string(&run.instance).expect("JSON"), serde_json::to_string(&run.events).expect("JSON"))
    };
    assert_eq!(story(), story());
}
