//! Errors and escalations: who catches them, and what happens when nobody does.

use crate::driver::{object, setup};
use crate::model::named;
use serde_json::json;
use weft_engine::flow::{Action, Command, Event, IncidentCode, Refusal};

/// A sub-process that throws, with catchers to choose from.
fn scope(throw: &str, catchers: &str) -> String {
    format!(
        "s: start
        p: sub start=s2
        s2: start in=p
        f: and in=p
        u: user in=p
        e2: end in=p
        t: end in=p throw={throw} in.why=1
        z: pass
        caught: pass
        all: pass
        e: end
        s -> p -> z -> e
        s2 -> f -> u -> e2
        f -> t
        {catchers}"
    )
}

#[test]
fn a_code_comes_before_a_catch_all_on_the_same_level() {
    let both = "
        any: boundary at=p on=error
        one: boundary at=p on=error:E1
        any -> all -> e
        one -> caught -> e";
    assert_eq!(setup(&scope("error:E1", both)).run().completed(), ["caught"]);
    let run = setup(&scope("error:E2", both)).run();
    assert_eq!(run.completed(), ["all"]);
    assert_eq!(run.variables(), json!({ "why": 1 }));
}

#[test]
fn an_error_that_nothing_catches_fails_the_instance_with_its_code() {
    let other = "one: boundary at=p on=error:E1\none -> caught -> e";
    let run = setup(&scope("error:E2", other)).run();
    assert_eq!(run.status(), json!({ "status": "failed", "code": "E2" }));
    assert!(run.events.iter().any(|event| matches!(event, Event::ErrorThrown { caught_by: None, .. })));
}

#[test]
fn an_event_sub_process_catches_inside_and_can_throw_further() {
    let inside = "
        x: event-sub start=s3 in=p
        s3: start in=x on=error
        h: pass in=x
        e3: end in=x throw=error:AGAIN
        one: boundary at=p on=error:AGAIN
        s3 -> h -> e3
        one -> caught -> e";
    assert_eq!(setup(&scope("error:E1", inside)).run().completed(), ["h", "caught"]);
}

#[test]
fn errors_cross_calls() {
    let mut start = setup(
        "s: start
        c: call process=child
        b: boundary at=c on=error:E1
        caught: pass
        e: end
        s -> c -> e
        b -> caught -> e",
    );
    start.called.push(named("child", "s: start\nf: and\nu: user\nt: end throw=error:E1\ns -> f -> u\nf -> t"));
    let run = start.run();
    assert_eq!(run.completed(), ["caught"]);
    assert_eq!(run.status(), json!({ "status": "completed" }));
}

#[test]
fn an_escalation_lets_its_thrower_go_on_unless_it_interrupts() {
    let model = |mode: &str| {
        format!(
            "s: start
            p: sub start=s2
            s2: start in=p
            a: pass in=p
            t: throw throw=escalation:X in=p
            b: pass in=p
            e2: end in=p throw=escalation:Y
            c: boundary at=p on=escalation:X {mode}
            h: pass
            z: pass
            e: end
            s -> p -> z -> e
            s2 -> a -> t -> b -> e2
            c -> h -> e"
        )
    };
    let run = setup(&model("non-interrupting")).run();
    let mut completed = run.completed();
    completed.sort_unstable();
    assert_eq!(completed, ["a", "b", "h", "z"]);
    assert_eq!(run.count(|event| matches!(event, Event::EscalationThrown { caught_by: None, .. })), 1);
    assert_eq!(setup(&model("")).run().completed(), ["a", "h"]);
}

#[test]
fn a_step_reports_errors_of_the_model() {
    let model = "
        s: start
        a: service
        b: boundary at=a on=error:NO_STOCK
        caught: pass
        e: end
        s -> a -> e
        b -> caught -> e";
    let answer = |code: &'static str| {
        move |action: &Action| {
            let Action::Run { element, .. } = action else { panic!("{action:?}") };
            Command::StepError {
                element: *element,
                code: code.to_owned(),
                message: "none left".to_owned(),
                variables: object(json!({ "left": 0 })),
            }
        }
    };
    let run = setup(model).component(answer("NO_STOCK")).run();
    assert_eq!(run.completed(), ["caught"]);
    assert_eq!(run.variables(), json!({ "left": 0 }));

    let mut run = setup(model).component(answer("OTHER")).run();
    assert_eq!(run.incidents()[0].0, IncidentCode::ErrorNotCaught);
    run.component = Box::new(answer("NO_STOCK"));
    run.retry(json!({}));
    assert_eq!(run.completed(), ["caught"]);
}

#[test]
fn a_person_reports_only_what_is_caught() {
    let mut run = setup(
        "s: start
        u: user
        b: boundary at=u on=error:WRONG
        n: boundary at=u on=escalation non-interrupting
        caught: pass
        help: user
        e: end
        s -> u -> e
        b -> caught -> e
        n -> help -> e",
    )
    .run();
    let (element, by) = (run.task("u"), "ana".to_owned());
    let error = |code: &str| Command::TaskError {
        element,
        code: code.to_owned(),
        message: String::new(),
        variables: object(json!({})),
        by: by.clone(),
    };
    assert!(matches!(run.try_command(error("UNKNOWN")), Err(Refusal::NotCaught { .. })));
    let escalation =
        Command::TaskEscalation { element, code: "LATE".to_owned(), variables: object(json!({})), by: by.clone() };
    run.command(escalation);
    assert_eq!(run.open(), ["u", "help"]);
    run.command(error("WRONG"));
    assert_eq!((run.open(), run.completed()), (vec!["help"], vec!["caught"]));
    run.complete("help", json!({}));
    assert_eq!(run.status(), json!({ "status": "completed" }));
}
