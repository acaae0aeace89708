//! What an administrator does: move tokens, migrate, set variables, cancel.

use crate::driver::setup;
use crate::model::model;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use weft_engine::flow::{Activation, Command, Event, Refusal};

fn activation(node: &str) -> Activation {
    Activation { node: node.to_owned(), scope: None, variables: domain::Object::new() }
}

const TWO_STEPS: &str = "
    s: start
    a: user
    late: boundary at=a on=timer:PT1H
    p: sub start=s2
    s2: start in=p
    b: user in=p
    c: user in=p
    e2: end in=p
    z: pass
    e: end
    s -> a -> p -> z -> e
    s2 -> b -> c -> e2
    late -> e";

#[test]
fn a_token_is_moved_into_a_sub_process_that_was_not_started() {
    let mut run = setup(TWO_STEPS).run();
    let terminate = vec![run.task("a")];
    run.command(Command::Modify { activate: vec![activation("c")], terminate });
    assert_eq!((run.open(), run.timers.len()), (vec!["c"], 0));
    assert_eq!(run.count(|event| matches!(event, Event::Modified { .. })), 1);
    run.complete("c", json!({}));
    assert_eq!(run.completed(), ["c", "z"]);
}

#[test]
fn a_wrong_modification_says_everything_and_does_nothing() {
    let mut run = setup(TWO_STEPS).run();
    let activate = vec![activation("nowhere"), activation("late"), activation("b")];
    let terminate = vec![weft_engine::flow::Key(1), weft_engine::flow::Key(99)];
    let Err(Refusal::Problems(problems)) = run.try_command(Command::Modify { activate, terminate }) else {
        panic!("it is refused");
    };
    let pointers: Vec<&str> = problems.iter().map(|problem| problem.pointer.as_str()).collect();
    assert_eq!(pointers, ["/activate/0", "/activate/1", "/terminate/0", "/terminate/1"]);
}

#[test]
fn ending_the_last_token_cancels_the_instance() {
    let mut run = setup(TWO_STEPS).run();
    run.complete("a", json!({}));
    let terminate = vec![run.task("b")];
    run.command(Command::Modify { activate: vec![], terminate });
    assert_eq!(run.status(), json!({ "status": "cancelled" }));
}

#[test]
fn one_run_of_a_repeating_activity_can_be_ended() {
    let mut run = setup("s: start\na: user count=3\nz: pass\ne: end\ns -> a -> z -> e").run();
    let terminate = vec![run.task("a")];
    run.command(Command::Modify { activate: vec![], terminate });
    run.complete("a", json!({}));
    run.complete("a", json!({}));
    assert_eq!(run.completed().last(), Some(&"z"));
}

fn migrate(to: &str, mapping: Value) -> Command {
    let mapping: BTreeMap<String, String> = serde_json::from_value(mapping).expect("names");
    Command::Migrate { to: model(to), called: BTreeMap::new(), definition: "new".to_owned(), mapping }
}

#[test]
fn an_instance_goes_on_in_a_new_version_and_its_waits_follow() {
    let old = "
        s: start
        a: user
        keep: boundary at=a on=timer:PT1H non-interrupting
        gone: boundary at=a on=message:old non-interrupting
        x: pass
        e: end
        s -> a -> e
        keep -> x -> e
        gone -> x";
    let new = "
        s: start
        first: pass
        review: user
        keep: boundary at=review on=timer:PT9H non-interrupting
        fresh: boundary at=review on=message:new non-interrupting
        y: pass
        z: pass
        e: end
        s -> first -> review -> z -> e
        keep -> y -> e
        fresh -> y";
    let mut run = setup(old).run();
    let (timer, due) = run.timers.iter().map(|(key, due)| (*key, *due)).next().expect("armed");
    run.command(migrate(new, json!({ "a": "review" })));

    assert_eq!(run.instance.definition(), "new");
    assert_eq!(run.timers, BTreeMap::from([(timer, due)]), "it keeps its date");
    assert_eq!(run.subscriptions.len(), 1);
    run.message("new", json!({}));
    run.pass("PT1H");
    let task = *run.tasks.keys().next().expect("open");
    run.command(Command::CompleteTask { element: task, variables: domain::Object::new(), by: "ana".to_owned() });
    assert_eq!(run.completed(), ["y", "y", "review", "z"]);
}

#[test]
fn what_can_not_be_mapped_is_said_completely_and_nothing_is_done() {
    let old = "
        s: start
        f: and
        a: user
        b: user
        c: pass
        j: and
        e: end
        s -> f -> a -> j
        f -> b -> j
        f -> c -> j -> e";
    let new = "s: start\nb: service\ne: end\ns -> b -> e";
    let mut run = setup(old).run();
    let Err(Refusal::Problems(problems)) = run.try_command(migrate(new, json!({ "nobody": "b" }))) else {
        panic!("it is refused");
    };
    let codes: Vec<String> = problems.iter().map(|problem| format!("{} {}", problem.pointer, problem.code)).collect();
    assert_eq!(
        codes,
        ["/mapping/nobody unknown-source", "/mapping/a no-target", "/mapping/b other-kind", "/mapping/c-j no-target"]
    );
}

#[test]
fn tokens_that_wait_at_a_join_migrate_with_it() {
    let text = |extra: &str| {
        format!(
            "{extra}s: start\nf: and\na: user\nb: user\nj: and\nz: pass\ne: end\ns -> f -> a -> j\nf -> b -> j -> z -> e"
        )
    };
    let mut run = setup(&text("")).run();
    run.complete("a", json!({}));
    run.command(migrate(&text("unused: pass\n"), json!({})));
    run.complete("b", json!({}));
    assert_eq!(run.completed().last(), Some(&"z"));
}

const CALLER: &str = "s: start\nc: call process=child\nz: pass\ne: end\ns -> c -> z -> e";
const CHILD: &str = "
    s: start
    f: and
    a: user
    late: boundary at=a on=timer:PT1H non-interrupting
    b: user
    j: and
    e: end
    s -> f -> a -> j -> e
    f -> b -> j
    late -> e";
/// What was first stands somewhere else, under another name.
const CHILD_LATER: &str = "
    s: start
    check: pass
    f: and
    b: user
    review: user
    late: boundary at=review on=timer:PT9H non-interrupting
    told: boundary at=review on=message:told non-interrupting
    x: pass
    j: and
    e: end
    s -> check -> f -> b -> j -> e
    f -> review -> j
    late -> x -> e
    told -> x";

#[test]
fn a_called_process_goes_on_in_the_version_that_the_new_one_is_bound_to() {
    let mut start = setup(CALLER);
    let before = crate::model::named("child", CHILD);
    start.called.push(std::sync::Arc::clone(&before));
    let mut run = start.run();
    run.complete("b", json!({}));
    let due = run.timers.clone();

    let after = crate::model::named("child", CHILD_LATER);
    run.world.processes.insert("child".to_owned(), std::sync::Arc::clone(&after));
    let command = |mapping: Value| {
        let mapping = serde_json::from_value(mapping).expect("names");
        let called = BTreeMap::from([("child".to_owned(), std::sync::Arc::clone(&before))]);
        Command::Migrate { to: model(CALLER), called, definition: "new".to_owned(), mapping }
    };
    // Nothing of the child has a line: what is active there, the token at the join, and a line about a process that does not run.
    let wrong = json!({ "other#a": "a", "child#nobody": "a" });
    run.world
        .processes
        .insert("child".to_owned(), crate::model::named("child", "s: start\nb: user\ne: end\ns -> b -> e"));
    let Err(Refusal::Problems(problems)) = run.try_command(command(wrong)) else { panic!("it is refused") };
    let codes: Vec<String> = problems.iter().map(|problem| format!("{} {}", problem.pointer, problem.code)).collect();
    assert_eq!(
        codes,
        [
            "/mapping/other#a unknown-source",
            "/mapping/child#nobody unknown-source",
            "/mapping/child#nobody unknown-target",
            "/mapping/child#a no-target",
            "/mapping/child#b-j no-target",
        ]
    );

    run.world.processes.insert("child".to_owned(), after);
    run.command(command(json!({ "child#a": "child#review" })));
    let renamed = run.count(
        |event| matches!(event, Event::Migrated { renamed, .. } if renamed.iter().any(|place| place.node == "review")),
    );
    assert_eq!(renamed, 1);
    assert_eq!(run.timers, due, "a wait that is still there keeps its date");
    run.message("told", json!({}));
    let task = *run.tasks.keys().next().expect("open");
    run.command(Command::CompleteTask { element: task, variables: domain::Object::new(), by: "ana".to_owned() });
    for node in ["b", "x", "review", "z"] {
        assert_eq!(run.count(|event| matches!(event, Event::Completed { place } if place.node == node)), 1, "{node}");
    }
}

#[test]
fn a_called_process_that_the_new_version_lacks_stands_in_the_way_only_while_it_runs() {
    let caller = "s: start\nc: call process=child\nu: user\ne: end\ns -> c -> u -> e";
    let child = || crate::model::named("child", "s: start\na: user\ne: end\ns -> a -> e");
    let mut start = setup(caller);
    start.called.push(child());
    let mut run = start.run();
    let command = || {
        let called = BTreeMap::from([("child".to_owned(), child())]);
        let to = model("s: start\nc: call process=else\nu: user\ne: end\ns -> c -> u -> e");
        Command::Migrate { to, called, definition: "new".to_owned(), mapping: BTreeMap::new() }
    };
    let kept = std::mem::take(&mut run.world.processes);
    let Err(Refusal::Problems(problems)) = run.try_command(command()) else { panic!("it is refused") };
    assert_eq!((problems[0].pointer.as_str(), problems[0].code.as_str()), ("/mapping/child", "no-target"));

    run.world.processes = kept;
    run.complete("a", json!({}));
    run.world.processes.clear();
    run.command(command());
    run.complete("u", json!({}));
    assert_eq!(run.status(), json!({ "status": "completed" }));
}

#[test]
fn a_dry_run_is_a_migration_of_a_clone() {
    let run = setup(TWO_STEPS).run();
    let mut clone = run.instance.clone();
    let to = model(&TWO_STEPS.replace("a: user", "a: service"));
    let command =
        Command::Migrate { to, called: BTreeMap::new(), definition: "new".to_owned(), mapping: BTreeMap::new() };
    let answer = weft_engine::flow::step(&run.process, &mut clone, command, &run.world, &run.limits);
    assert!(matches!(answer, Err(Refusal::Problems(_))));
    assert_eq!(clone, run.instance);
}

#[test]
fn an_ended_instance_takes_no_command() {
    let mut run = setup(TWO_STEPS).run();
    run.command(Command::Cancel { reason: "withdrawn".to_owned() });
    assert_eq!(run.try_command(Command::Reevaluate), Err(Refusal::Ended));
    assert_eq!(run.count(|event| matches!(event, Event::CancelRequested { .. })), 1);
}

#[test]
fn past_positions_are_redrawn_from_events() {
    let mut run = setup(TWO_STEPS).run();
    run.complete("a", json!({}));
    let at = |upto: usize| {
        let positions = weft_engine::flow::replay::positions(&run.events, upto);
        positions.active.into_values().collect::<Vec<_>>()
    };
    assert_eq!(at(2), ["process"]);
    assert_eq!(at(usize::MAX), ["process", "p", "b"]);
    let opened = run.events.iter().position(|event| matches!(event, Event::TaskOpened { .. })).expect("it was opened");
    assert_eq!(at(opened), ["process", "a"]);
}

#[test]
fn variables_of_a_scope_can_be_set() {
    let mut run = setup(TWO_STEPS).run();
    run.complete("a", json!({}));
    let scope = run.alive("p").first().copied();
    run.command(Command::SetVariables { scope, variables: crate::driver::object(json!({ "x": 1 })) });
    assert_eq!(run.variables(), json!({}));
    let unknown = Command::SetVariables { scope: Some(weft_engine::flow::Key(77)), variables: domain::Object::new() };
    assert!(matches!(run.try_command(unknown), Err(Refusal::NotFound { .. })));
}

#[test]
fn a_called_process_keeps_its_version() {
    let mut start = setup("s: start\nc: call process=child\nz: pass\ne: end\ns -> c -> z -> e");
    start.called.push(crate::model::named("child", "s: start\nu: user\ne: end\ns -> u -> e"));
    let mut run = start.run();
    run.command(migrate(
        "s: start\nnew: pass\nc: call process=child\nz: pass\ne: end\ns -> new -> c -> z -> e",
        json!({}),
    ));
    let task = *run.tasks.keys().next().expect("open");
    run.command(Command::CompleteTask { element: task, variables: domain::Object::new(), by: "ana".to_owned() });
    assert_eq!(run.completed(), ["z"]);
}
