//! User tasks, approvals, and steps with their retries, calls and waits.

use crate::driver::{object, setup};
use serde_json::json;
use weft_engine::flow::{Action, Answer, Command, Event, Finality, IncidentCode, Refusal, TaskOutcome, Verdict, Vote};

#[test]
fn a_task_opens_for_whom_the_model_says() {
    let mut run = setup(
        "s: start
        u: user assignee==owner groups=it,hr people=ana due=PT4H follow-up==day priority=80 form=laptop in.item=item
        e: end
        s -> u -> e",
    )
    .variables(json!({ "owner": "ben", "item": 1, "day": "2026-04-01", "secret": 2 }))
    .run();
    let task = run.tasks.values().next().expect("it is open");
    assert_eq!(
        serde_json::to_value(task).expect("JSON"),
        json!({
            "element": 3, "node": "u", "name": "u", "assignee": "ben", "candidate_groups": ["it", "hr"],
            "candidate_people": ["ana"], "due": "2026-03-27T13:00:00Z", "follow_up": "2026-04-01T00:00:00Z",
            "priority": 80, "form": "laptop", "approvers": [], "rule": null, "variables": { "item": 1 }, "headers": {}
        })
    );
    run.complete("u", json!({ "done": true }));
    assert!(
        run.actions
            .contains(&Action::CloseTask { element: weft_engine::flow::Key(3), outcome: TaskOutcome::Completed })
    );
    assert_eq!(run.variables()["done"], json!(true));
}

const APPROVAL: &str = "
    s: start
    u: user rule=majority approvers==people parameters=\"{quorum: 2}\" reminder=P1D expiry=P3D out.ok=\"approval.verdict\"
    e: end
    s -> u -> e";

fn vote(person: &str, answer: Answer) -> Vote {
    let at = "2026-03-27T10:00:00Z".parse().expect("a date");
    Vote { person: person.to_owned(), delegate: None, answer, at, comment: None }
}

/// Approves with two approvals, rejects with a rejection.
fn majority(action: &Action) -> Command {
    let Action::Judge { element, votes, parameters, rule, .. } = action else { panic!("{action:?}") };
    assert_eq!((rule.as_str(), &parameters["quorum"]), ("majority", &json!(2)));
    let count = |answer: Answer| votes.iter().filter(|vote| vote.answer == answer).count();
    let reason = "counted".to_owned();
    let verdict = match (count(Answer::Approve), count(Answer::Reject)) {
        (_, 1..) => Verdict::Rejected { reason },
        (2.., _) => Verdict::Approved { reason },
        _ => Verdict::Pending { needed: vec![], reason },
    };
    Command::Verdict { element: *element, verdict }
}

#[test]
fn an_approval_ends_by_the_verdict_of_its_rule() {
    let people = json!({ "people": ["ana", "ben", "cid"] });
    let mut run = setup(APPROVAL).variables(people.clone()).component(majority).run();
    let element = run.task("u");
    assert_eq!(run.tasks[&element].approvers, ["ana", "ben", "cid"]);

    let stranger = Command::Vote { element, vote: vote("eve", Answer::Approve) };
    assert_eq!(run.try_command(stranger), Err(Refusal::NotAsked { person: "eve".to_owned() }));
    let complete = Command::CompleteTask { element, variables: object(json!({})), by: "ana".to_owned() };
    assert!(matches!(run.try_command(complete), Err(Refusal::WrongState { .. })));

    run.command(Command::Vote { element, vote: vote("ana", Answer::Abstain) });
    run.command(Command::Vote { element, vote: vote("ana", Answer::Approve) });
    assert_eq!(run.instance.votes(element).len(), 1, "a second answer replaces the first");
    run.command(Command::Vote { element, vote: vote("ben", Answer::Approve) });
    assert_eq!(run.variables()["ok"], json!("approved"));
    assert!(run.actions.contains(&Action::CloseTask { element, outcome: TaskOutcome::Approved }));

    let mut run = setup(APPROVAL).variables(people).component(majority).run();
    run.command(Command::Vote { element, vote: vote("cid", Answer::Reject) });
    assert_eq!(run.variables()["ok"], json!("rejected"));
}

#[test]
fn those_who_have_not_answered_are_reminded_until_it_expires() {
    let mut run = setup(APPROVAL).variables(json!({ "people": ["ana", "ben"] })).component(majority).run();
    let element = run.task("u");
    run.pass("P1D");
    run.command(Command::Vote { element, vote: vote("ana", Answer::Approve) });
    run.pass("P1DT12H");
    let reminded: Vec<Vec<String>> = run
        .actions
        .iter()
        .filter_map(|action| if let Action::Remind { people, .. } = action { Some(people.clone()) } else { None })
        .collect();
    assert_eq!(reminded, [vec!["ana", "ben"], vec!["ben"]]);
    run.pass("P1D");
    assert_eq!(run.variables()["ok"], json!("expired"));
    assert_eq!(run.status(), json!({ "status": "completed" }));
}

#[test]
fn a_rule_that_faults_is_an_incident() {
    let faulty = |action: &Action| {
        let Action::Judge { element, .. } = action else { panic!("{action:?}") };
        Command::Verdict { element: *element, verdict: Verdict::Faulted { message: "trap".to_owned() } }
    };
    let mut run = setup(APPROVAL).variables(json!({ "people": ["ana"] })).component(faulty).run();
    assert_eq!(run.incidents()[0].0, IncidentCode::Approval);
    assert_eq!(run.open(), ["u"]);
    run.component = Box::new(majority);
    run.retry(json!({}));
    assert_eq!(run.incidents(), []);
}

const STEP: &str = "
    s: start
    a: service retries=3 backoff=PT10S,PT1M timeout=PT20S
    t: boundary at=a on=error:timeout
    late: pass
    e: end
    s -> a -> e
    t -> late -> e";

fn element_of(action: &Action) -> weft_engine::flow::Key {
    match action {
        Action::Run { element, .. } => *element,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_step_is_tried_again_after_its_back_off_and_then_held() {
    let fails = |action: &Action| Command::StepFailed {
        element: element_of(action),
        message: "no connection".to_owned(),
        retry_at: None,
        finality: Finality::MayRetry,
    };
    let mut run = setup(STEP).component(fails).run();
    let attempts = |run: &crate::driver::Run| run.count(|event| matches!(event, Event::StepRequested { .. }));
    assert_eq!(attempts(&run), 1);
    run.pass("PT10S");
    assert_eq!(attempts(&run), 2);
    run.pass("PT59S");
    assert_eq!(attempts(&run), 2);
    run.pass("PT1S");
    assert_eq!(attempts(&run), 3);
    assert_eq!(run.incidents()[0].0, IncidentCode::StepFailed);
    assert_eq!(run.timers.len(), 0);

    run.component = Box::new(|action| crate::driver::done(action, json!({ "x": 1 })));
    run.retry(json!({}));
    assert_eq!(run.completed(), ["a"]);
}

#[test]
fn a_final_failure_is_not_tried_again() {
    let fails = |action: &Action| Command::StepFailed {
        element: element_of(action),
        message: "the input is wrong".to_owned(),
        retry_at: None,
        finality: Finality::Final,
    };
    let run = setup(STEP).component(fails).run();
    assert_eq!((run.incidents().len(), run.timers.len()), (1, 0));
}

#[test]
fn a_call_is_answered_later_or_times_out_and_is_abandoned() {
    let calls = |action: &Action| Command::StepCalls { element: element_of(action) };
    let mut run = setup(STEP).component(calls).run();
    let element = run.alive("a")[0];
    run.command(Command::StepDone { element, outputs: object(json!({ "code": 200 })) });
    assert_eq!((run.completed(), run.variables()), (vec!["a"], json!({ "code": 200 })));

    let mut run = setup(STEP).component(calls).run();
    run.pass("PT20S");
    assert!(run.actions.contains(&Action::AbandonCall { element }));
    assert_eq!(run.timers.len(), 1, "the back-off");
    let late = Command::StepDone { element, outputs: object(json!({})) };
    assert!(matches!(run.try_command(late), Err(Refusal::WrongState { .. })));
    run.pass("PT10S");
    run.command(Command::StepDone { element, outputs: object(json!({})) });
    assert_eq!(run.status(), json!({ "status": "completed" }));
}

#[test]
fn a_step_can_wait_for_a_message() {
    let waits = |action: &Action| Command::StepWaits {
        element: element_of(action),
        name: "shipped".to_owned(),
        correlation_key: "O-7".to_owned(),
        timeout: Some("2026-03-27T10:00:00Z".parse().expect("a date")),
    };
    let mut run = setup(STEP).component(waits).run();
    run.message("shipped", json!({ "by": "truck" }));
    assert_eq!((run.completed(), run.variables()), (vec!["a"], json!({ "by": "truck" })));

    let mut run = setup(STEP).component(waits).run();
    run.pass("PT1H");
    assert_eq!(run.completed(), ["late"]);
}

#[test]
fn a_call_is_abandoned_when_its_element_ends() {
    let calls = |action: &Action| Command::StepCalls { element: element_of(action) };
    let mut run = setup(STEP).component(calls).run();
    run.command(Command::Cancel { reason: "withdrawn".to_owned() });
    assert_eq!(run.actions.iter().filter(|action| matches!(action, Action::AbandonCall { .. })).count(), 1);
}
