//! Compensation: what has completed is undone, the last first.

use crate::driver::setup;
use serde_json::json;
use weft_engine::flow::Event;

const BOOKING: &str = "
    s: start
    hotel: pass
    b1: boundary at=hotel on=compensation undo=no-hotel
    no-hotel: user handler
    car: pass
    b2: boundary at=car on=compensation undo=no-car
    no-car: user handler
    flight: user
    b3: boundary at=flight on=compensation undo=no-flight
    no-flight: user handler
    f: and
    t: throw throw=compensation
    z: pass
    e: end
    e2: end
    s -> hotel -> car -> f -> flight -> e2
    f -> t -> z -> e";

#[test]
fn handlers_run_one_after_the_other_the_last_completed_first() {
    let mut run = setup(BOOKING).run();
    assert_eq!(run.open(), ["flight", "no-car"], "what is not completed is not compensated");
    run.complete("no-car", json!({}));
    assert_eq!(run.open(), ["flight", "no-hotel"]);
    run.complete("no-hotel", json!({}));
    run.complete("flight", json!({}));
    assert_eq!(run.completed(), ["hotel", "car", "no-car", "no-hotel", "z", "flight"]);
    assert_eq!(run.status(), json!({ "status": "completed" }));
}

#[test]
fn one_activity_can_be_compensated_alone_and_only_once() {
    let model = "
        s: start
        hotel: pass
        b1: boundary at=hotel on=compensation undo=no-hotel
        no-hotel: pass handler
        car: pass
        b2: boundary at=car on=compensation undo=no-car
        no-car: pass handler
        t: throw throw=compensation:hotel
        t2: throw throw=compensation:hotel
        e: end throw=compensation
        s -> hotel -> car -> t -> t2 -> e";
    assert_eq!(setup(model).run().completed(), ["hotel", "car", "no-hotel", "no-car"]);
}

#[test]
fn a_completed_sub_process_is_undone_by_what_is_inside_with_its_variables() {
    let model = "
        s: start
        p: sub start=s2 in.room=7
        s2: start in=p
        hotel: pass in=p
        b1: boundary at=hotel in=p on=compensation undo=no-hotel
        no-hotel: script handler in=p do=room result=freed
        car: pass in=p
        b2: boundary at=car in=p on=compensation undo=no-car
        no-car: pass handler in=p
        e2: end in=p
        t: throw throw=compensation:p
        e: end
        s -> p -> t -> e
        s2 -> hotel -> car -> e2";
    let run = setup(model).run();
    assert_eq!(run.completed(), ["hotel", "car", "no-car", "no-hotel"]);
    assert_eq!(run.variables(), json!({ "freed": 7 }));
    assert_eq!(run.count(|event| matches!(event, Event::CompensationThrown { .. })), 1);
}

#[test]
fn a_compensation_event_sub_process_decides_for_its_sub_process() {
    let model = "
        s: start
        p: sub start=s2
        s2: start in=p
        hotel: pass in=p
        b1: boundary at=hotel in=p on=compensation undo=no-hotel
        no-hotel: pass handler in=p
        e2: end in=p
        x: event-sub start=s3 in=p
        s3: start in=x on=compensation
        before: pass in=x
        inner: throw throw=compensation in=x
        after: pass in=x
        e3: end in=x
        e: end throw=compensation
        s -> p -> e
        s2 -> hotel -> e2
        s3 -> before -> inner -> after -> e3";
    let run = setup(model).run();
    assert_eq!(run.completed(), ["hotel", "before", "no-hotel", "after"]);
    assert_eq!(run.status(), json!({ "status": "completed" }));
}

#[test]
fn an_error_handler_inside_compensates_the_scope_around() {
    let model = "
        s: start
        hotel: pass
        b1: boundary at=hotel on=compensation undo=no-hotel
        no-hotel: pass handler
        t: end throw=error:E
        x: event-sub start=s2
        s2: start in=x on=error
        c: end in=x throw=compensation
        s -> hotel -> t
        s2 -> c";
    let run = setup(model).run();
    assert_eq!(run.completed(), ["hotel", "no-hotel"]);
    assert_eq!(run.status(), json!({ "status": "completed" }));
}
