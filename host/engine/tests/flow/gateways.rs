//! Gateways: which way tokens go and where they meet.

use crate::driver::setup;
use serde_json::json;
use weft_engine::flow::IncidentCode;

fn check(model: &str, variables: serde_json::Value, expected: &[&str]) {
    let run = setup(model).variables(variables).run();
    assert_eq!(run.completed(), expected);
    assert_eq!(run.status(), json!({ "status": "completed" }));
}

#[test]
fn exclusive_takes_the_first_that_holds_and_else_the_default() {
    let model = "
        s: start
        g: xor
        a: pass
        b: pass
        c: pass
        e: end
        s -> g -> a if \"x > 10\"
        g -> b if \"x > 5\"
        g -> c default
        a -> e
        b -> e
        c -> e";
    check(model, json!({ "x": 11 }), &["a"]);
    check(model, json!({ "x": 7 }), &["b"]);
    check(model, json!({ "x": 1 }), &["c"]);
}

const NO_DEFAULT: &str = "
    s: start
    g: xor
    a: pass
    e: end
    s -> g -> a if \"x > 10\"
    a -> e";

#[test]
fn no_match_and_no_default_is_an_incident_that_resumes_the_gateway() {
    let mut run = setup(NO_DEFAULT).variables(json!({ "x": 1 })).run();

    assert_eq!(run.incidents()[0].0, IncidentCode::NoFlow);
    assert!(!run.instance.stuck());

    run.retry(json!({ "x": 11 }));
    assert_eq!(run.completed(), ["a"]);
    assert_eq!(run.variables(), json!({ "x": 11 }));
    assert_eq!(run.status(), json!({ "status": "completed" }));
}

#[test]
fn a_condition_that_gives_null_is_an_incident_not_false() {
    let run = setup(NO_DEFAULT).run();

    let (code, message) = run.incidents()[0];
    assert_eq!(code, IncidentCode::Expression);
    assert!(message.contains("the condition of flow `g-a`") && message.contains("x > 10"), "{message}");
}

#[test]
fn parallel_waits_for_all_and_ignores_conditions() {
    let model = "
        s: start
        f: and
        a: user
        b: user
        j: and
        z: pass
        e: end
        s -> f -> a if \"false\"
        f -> b if \"true\"
        a -> j
        b -> j -> z -> e";
    for order in [["a", "b"], ["b", "a"]] {
        let mut run = setup(model).run();
        assert_eq!(run.open(), ["a", "b"]);
        run.complete(order[0], json!({}));
        assert!(!run.completed().contains(&"z"));
        run.complete(order[1], json!({}));
        assert_eq!(run.completed().last(), Some(&"z"));
        assert_eq!(run.status(), json!({ "status": "completed" }));
    }
}

#[test]
fn a_flow_that_is_taken_twice_does_not_satisfy_a_parallel_join() {
    let run = setup(
        "s: start
        f: and
        m: xor
        n: pass
        j: and
        z: pass
        e: end
        s -> f -> m
        f -> m
        m -> j
        n -> j
        j -> z -> e",
    )
    .run();
    assert_eq!(run.completed(), [""; 0]);
    assert!(run.instance.stuck(), "a deadlock is legal and told");
    assert_eq!(run.status(), json!({ "status": "running" }));
}

const INCLUSIVE: &str = "
    s: start
    f: or
    a: user
    b: user
    c: user
    j: or
    z: pass
    e: end
    s -> f -> a if \"x > 10\"
    f -> b if \"x > 5\"
    f -> c default
    a -> j
    b -> j
    c -> j -> z -> e";

#[test]
fn inclusive_joins_what_was_split() {
    let mut run = setup(INCLUSIVE).variables(json!({ "x": 11 })).run();
    assert_eq!(run.open(), ["a", "b"]);
    run.complete("b", json!({}));
    assert_eq!(run.completed(), ["b"]);
    run.complete("a", json!({}));
    assert_eq!(run.completed(), ["b", "a", "z"]);

    let mut run = setup(INCLUSIVE).variables(json!({ "x": 7 })).run();
    run.complete("b", json!({}));
    assert_eq!(run.completed(), ["b", "z"]);

    let mut run = setup(INCLUSIVE).variables(json!({ "x": 1 })).run();
    run.complete("c", json!({}));
    assert_eq!(run.completed(), ["c", "z"]);
}

#[test]
fn an_inclusive_join_waits_for_a_boundary_path_and_a_link_that_can_still_reach_it() {
    let model = "
        s: start
        f: and
        a: pass
        b: user
        late: boundary at=b on=timer:PT1H non-interrupting
        jump: throw throw=link:land
        land: catch on=link:there
        j: or
        z: pass
        e: end
        e2: end
        s -> f -> a -> j
        f -> b -> e2
        late -> jump
        land -> j -> z -> e";
    let mut run = setup(model).run();
    assert_eq!(run.completed(), ["a"]);
    run.pass("PT1H");
    assert_eq!(run.completed(), ["a", "land", "z"]);
    run.complete("b", json!({}));
    assert_eq!(run.status(), json!({ "status": "completed" }));

    let mut run = setup(model).run();
    run.complete("b", json!({}));
    assert_eq!(run.completed(), ["a", "b", "z"], "the boundary event can not come any more");
}

#[test]
fn an_inclusive_join_does_not_wait_for_a_path_through_itself() {
    let run = setup(
        "s: start
        f: and
        a: pass
        b: pass
        j: or
        g: xor
        e: end
        s -> f -> a -> j
        f -> b -> j
        j -> g -> e default
        g -> j if \"false\"",
    )
    .run();
    assert_eq!(run.completed(), ["a", "b"]);
    assert_eq!(run.status(), json!({ "status": "completed" }));
}

#[test]
fn activities_split_and_merge_by_themselves() {
    let model = "
        s: start
        a: pass
        b: pass
        c: pass
        d: pass
        e: end
        s -> a -> b if \"x = 1\"
        a -> c default
        a -> d
        b -> e
        c -> e
        d -> e";
    check(model, json!({ "x": 1 }), &["a", "b", "d"]);
    check(model, json!({ "x": 2 }), &["a", "d", "c"]);
}

#[test]
fn the_first_event_behind_an_event_based_gateway_takes_the_token() {
    let model = "
        s: start
        g: first
        m: catch on=message:paid
        t: catch on=timer:PT1H
        r: receive message=cancelled
        a: pass
        b: pass
        c: pass
        e: end
        s -> g -> m -> a -> e
        g -> t -> b -> e
        g -> r -> c -> e";
    let mut run = setup(model).run();
    assert_eq!((run.timers.len(), run.subscriptions.len()), (1, 2));
    run.message("paid", json!({ "amount": 3 }));
    assert_eq!(run.completed(), ["m", "a"]);
    assert_eq!(run.variables(), json!({ "amount": 3 }));

    let mut run = setup(model).run();
    run.pass("PT2H");
    assert_eq!(run.completed(), ["t", "b"]);

    let mut run = setup(model).run();
    run.message("cancelled", json!({}));
    assert_eq!(run.completed(), ["r", "c"]);
}
