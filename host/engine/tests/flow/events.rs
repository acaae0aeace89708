//! Messages, signals, conditions, links, terminate, event sub-processes.

use crate::driver::{object, setup};
use serde_json::json;
use weft_engine::flow::{Action, Command, Event, Refusal, Wanted};

#[test]
fn a_message_is_waited_for_by_name_and_key() {
    let model = "s: start\nm: catch on=message:paid/order.id out.total=amount\ne: end\ns -> m -> e";
    let mut run = setup(model).variables(json!({ "order": { "id": "O-7" } })).run();
    let wanted: Vec<&Wanted> = run.subscriptions.values().collect();
    assert_eq!(wanted, [&Wanted::Message { name: "paid".to_owned(), key: "O-7".to_owned() }]);
    let subscription = *run.subscriptions.keys().next().expect("one");

    run.message("paid", json!({ "amount": 3 }));
    assert_eq!(run.variables(), json!({ "order": { "id": "O-7" }, "total": 3 }));
    let late = Command::Message { subscription, name: "paid".to_owned(), variables: object(json!({})) };
    assert_eq!(run.try_command(late), Err(Refusal::Ended));
}

#[test]
fn messages_and_signals_are_thrown_with_the_mapped_variables() {
    let model = "
        s: start
        m: throw throw=message:order/key in.item=1
        g: end throw=signal:changed in.what=nothing
        s -> m -> g";
    let run = setup(model).variables(json!({ "key": 12 })).run();
    let thrown: Vec<&Action> = run.actions.iter().filter(|action| !matches!(action, Action::Finished { .. })).collect();
    let order = Action::PublishMessage {
        name: "order".to_owned(),
        key: "12".to_owned(),
        variables: object(json!({ "item": 1 })),
        ttl: None,
    };
    let it = json!({ "what": null });
    let changed = Action::BroadcastSignal { name: "changed".to_owned(), variables: object(it) };
    assert_eq!(thrown, [&order, &changed]);
}

#[test]
fn a_signal_reaches_its_own_instance_before_the_thrower_goes_on() {
    let model = "
        s: start
        p: sub start=s2
        s2: start in=p
        t: throw throw=signal:stop in=p
        a: pass in=p
        e2: end in=p
        x: event-sub start=s3 in=p
        s3: start in=x on=signal:stop MODE
        b: pass in=x
        e3: end in=x
        z: pass
        e: end
        s -> p -> z -> e
        s2 -> t -> a -> e2
        s3 -> b -> e3";
    assert_eq!(setup(&model.replace("MODE", "")).run().completed(), ["b", "z"]);
    let run = setup(&model.replace("MODE", "non-interrupting")).run();
    let mut done = run.completed();
    done.sort_unstable();
    assert_eq!(done, ["a", "b", "z"]);
}

const CONDITIONAL: &str = "
    s: start
    u: user
    c: boundary at=u on=\"condition:x > 10\" MODE
    a: pass
    e: end
    s -> u -> e
    c -> a -> e";

#[test]
fn a_conditional_event_triggers_each_time_its_condition_becomes_true() {
    let mut run = setup(&CONDITIONAL.replace("MODE", "non-interrupting")).run();
    for (x, count) in [(1, 0), (11, 1), (12, 1), (2, 1), (20, 2)] {
        run.set(json!({ "x": x }));
        assert_eq!(run.completed().len(), count, "x = {x}");
    }
    run.complete("u", json!({}));
    assert_eq!(run.status(), json!({ "status": "completed" }));

    let mut run = setup(&CONDITIONAL.replace("MODE", "")).variables(json!({ "x": 1 })).run();
    run.set(json!({ "x": 11 }));
    assert_eq!((run.completed(), run.open()), (vec!["a"], vec![]));

    let run = setup(&CONDITIONAL.replace("MODE", "")).variables(json!({ "x": 11 })).run();
    assert_eq!(run.completed(), ["a"], "it holds already when it is asked first");
}

#[test]
fn a_condition_on_the_host_is_asked_on_reevaluate() {
    let mut run = setup("s: start\nc: catch on=\"condition:ticket.priority = 1\"\ne: end\ns -> c -> e").run();
    run.world.names.insert("ticket".to_owned(), feel::Value::from_json(&json!({ "priority": 1 })));
    assert_eq!(run.completed(), [""; 0]);
    run.command(Command::Reevaluate);
    assert_eq!(run.completed(), ["c"]);
}

#[test]
fn terminate_ends_its_scope_and_nothing_more() {
    let model = "
        s: start
        p: sub start=s2
        s2: start in=p
        f: and in=p
        u: user in=p
        t: catch in=p on=timer:PT1H
        stop: end throw=terminate in=p
        e2: end in=p
        z: pass
        e: end
        s -> p -> z -> e
        s2 -> f -> u -> e2
        f -> t -> stop";
    let mut run = setup(model).run();
    run.pass("PT1H");
    assert_eq!(run.completed(), ["t", "z"]);
    assert_eq!(run.status(), json!({ "status": "completed" }));
}

#[test]
fn event_sub_processes_of_the_process_listen_as_long_as_it_runs() {
    let model = "
        s: start
        u: user
        e: end
        x: event-sub start=s2
        s2: start in=x on=message:ping non-interrupting out.last=n
        a: user in=x
        e2: end in=x
        s -> u -> e
        s2 -> a -> e2";
    let mut run = setup(model).run();
    run.message("ping", json!({ "n": 1 }));
    run.message("ping", json!({ "n": 2 }));
    assert_eq!(run.open(), ["u", "a", "a"]);
    run.complete("u", json!({}));
    assert_eq!(run.status(), json!({ "status": "running" }));
    run.complete("a", json!({}));
    run.complete("a", json!({}));
    assert_eq!(run.status(), json!({ "status": "completed" }));

    let mut run = setup(&model.replace(" non-interrupting", "")).run();
    run.message("ping", json!({ "n": 1 }));
    assert_eq!((run.open(), run.subscriptions.len()), (vec!["a"], 0));
    run.complete("a", json!({}));
    assert_eq!(run.completed(), ["a"]);
    assert_eq!(run.status(), json!({ "status": "completed" }));
}

#[test]
fn boundary_messages_interrupt_or_not() {
    let model = "
        s: start
        u: user
        m: boundary at=u on=message:ping MODE
        a: pass
        e: end
        s -> u -> e
        m -> a -> e";
    let mut run = setup(&model.replace("MODE", "")).run();
    run.message("ping", json!({ "n": 1 }));
    assert_eq!((run.completed(), run.open()), (vec!["a"], vec![]));
    assert_eq!(run.variables(), json!({ "n": 1 }));

    let mut run = setup(&model.replace("MODE", "non-interrupting")).run();
    run.message("ping", json!({}));
    run.message("ping", json!({}));
    assert_eq!((run.completed(), run.open()), (vec!["a", "a"], vec!["u"]));
    run.complete("u", json!({}));
    assert_eq!(run.count(|event| matches!(event, Event::MessageCorrelated { .. })), 2);
}

#[test]
fn a_process_starts_at_the_event_that_is_named() {
    let mut start = setup("s: start\nm: start on=message:order\na: pass\nb: pass\ne: end\ns -> a -> e\nm -> b -> e");
    start.start = Some("m".to_owned());
    assert_eq!(start.run().completed(), ["b"]);
}
