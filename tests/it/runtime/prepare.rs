//! From bytes to loaded code: the cache, the trial start, and loading again.

use super::{call, config, effect, guard, input, install, start};
use app::port::plugins::{
    Answer, ApprovalInput, Capability, Fault, FaultCause, Plugins, RawEffect, StepInput, StepOutcome, Verdict, Vote,
};
use domain::event::{Cause, Origin};
use domain::{Digest, Event, PersonId, PluginId, Problem};
use runtime::{Runtime, RuntimeConfig};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use weft_tests::guests::{self, FakeSnapshot, Function, Guest};

async fn refused(runtime: &Runtime, wasm: &[u8]) -> Vec<Problem> {
    let digest = runtime.inspect(wasm).expect("the component is valid").digest;
    let problems = runtime.prepare(&PluginId::new("guest"), &digest, wasm.into()).await;
    assert!(matches!(guard(runtime, &digest).await, Err(fault) if matches!(fault.cause, FaultCause::NotLoaded(_))));
    problems.expect_err("the component is refused")
}

#[tokio::test]
async fn every_capability_is_found_and_called() {
    let runtime = start();
    let prepare = async |wasm: Vec<u8>| {
        let digest = runtime.inspect(&wasm).expect("valid").digest;
        let found = runtime.prepare(&PluginId::new("guest"), &digest, wasm.into()).await.expect("prepared");
        (found, digest)
    };
    let snapshot = Arc::new(FakeSnapshot::default());

    let (found, rejecting) = prepare(guests::guard_rejecting("g", &[("/title", "too-short", "say more")])).await;
    assert_eq!(found, [Capability::Guard]);
    let problems = guard(&runtime, &rejecting).await.expect("an answer").expect_err("a rejection");
    assert_eq!(problems, [Problem::new("/title", "too-short", "say more")]);

    let (found, reacting) = prepare(guests::react_returning("r", &[("assign", "{\"group\":\"desk\"}")])).await;
    assert_eq!(found, [Capability::React]);
    let answer = runtime.react(call(&reacting, &snapshot), event(), Some(guests::sample_ticket())).await;
    assert_eq!(answer, Ok(Ok(vec![effect("assign", "{\"group\":\"desk\"}")])));
    let (_, retrying) = prepare(guests::react_retrying("r", 30)).await;
    assert_eq!(runtime.react(call(&retrying, &snapshot), event(), None).await, Ok(Err(Fault::Retry(30))));

    let (found, approving) = prepare(guests::rule_approving("a", "two of two")).await;
    assert_eq!(found, [Capability::Approval]);
    let verdict = runtime.decide(call(&approving, &snapshot), approval()).await;
    assert_eq!(verdict, Ok(Ok(Verdict::Approved("two of two".to_owned()))));
    let (_, pending) = prepare(guests::rule_pending("a", "ben", "one more")).await;
    let verdict = runtime.decide(call(&pending, &snapshot), approval()).await;
    let needed = vec![PersonId::new("ben")];
    assert_eq!(verdict, Ok(Ok(Verdict::Pending { needed, reason: "one more".to_owned() })));

    let (found, step) = prepare(guests::step_returning("s", "{\"n\":1}", &[("comment", "{}")])).await;
    assert_eq!(found, [Capability::Automation]);
    let outcome = runtime.run_step(call(&step, &snapshot), step_input()).await;
    let effects: Vec<RawEffect> = vec![effect("comment", "{}")];
    assert_eq!(outcome, Ok(Ok(StepOutcome::Done { outputs: "{\"n\":1}".to_owned(), effects })));
    let (_, waiting) = prepare(guests::step_waiting("s", "signed", "T-1")).await;
    let outcome = runtime.run_step(call(&waiting, &snapshot), step_input()).await;
    let wait =
        StepOutcome::Wait { name: "signed".to_owned(), correlation_key: "T-1".to_owned(), timeout_seconds: None };
    assert_eq!(outcome, Ok(Ok(wait)));

    let fault = runtime.guard(call(&step, &snapshot), input()).await.expect_err("a step is no guard");
    assert_eq!(fault.cause, FaultCause::NotExported("weft:practice/guard@0.1.0".to_owned()));
}

#[tokio::test]
async fn a_component_may_export_several_capabilities_or_none() {
    let runtime = start();
    let several = Guest::new("several")
        .exporting(Function::React, "unreachable")
        .exporting(Function::Guard, "unreachable")
        .exporting(Function::Run, "unreachable")
        .build();
    let none = Guest::new("data-only").build();
    for (wasm, expected) in [
        (several, vec![Capability::Guard, Capability::React, Capability::Automation]),
        (none, Vec::new()),
        (guests::form_stub("form"), vec![Capability::Form]),
    ] {
        let digest = runtime.inspect(&wasm).expect("valid").digest;
        let found = runtime.prepare(&PluginId::new("guest"), &digest, wasm.into()).await.expect("prepared");
        assert_eq!(found, expected);
    }
}

#[tokio::test]
async fn a_component_that_does_not_start_is_refused() {
    let runtime = start();
    let problems = refused(&runtime, &guests::trap_on_start("bad")).await;
    assert_eq!(problems[0].code, "does-not-start");
    assert!(problems[0].message.contains("unreachable"), "{}", problems[0]);

    let hasty = RuntimeConfig { start_compute_ms_max: 30, ..config() };
    let runtime = Runtime::new(hasty).expect("the runtime starts");
    let problems = refused(&runtime, &guests::endless_start("bad")).await;
    assert!(problems[0].message.contains("ran longer than 30 ms"), "{}", problems[0]);
    let problems = refused(&runtime, &guests::memory_from_the_start("bad", 65_536)).await;
    assert_eq!(problems.len(), 1, "{problems:?}");
}

#[tokio::test]
async fn types_that_are_not_those_of_the_contract_are_found_before_the_first_call() {
    let runtime = start();
    for (wasm, code) in [
        (guests::guard_of_another_type("liar"), "export-shape"),
        (guests::guard_without_a_function("liar"), "export-shape"),
        (guests::import_of_another_type("liar"), "does-not-link"),
    ] {
        let problems = refused(&runtime, &wasm).await;
        assert_eq!(problems[0].code, code, "{}", problems[0]);
    }
}

#[tokio::test]
async fn bytes_of_another_digest_are_refused() {
    let runtime = start();
    let wasm = guests::guard_returning("good", &[]);
    let problems = runtime.prepare(&PluginId::new("guest"), &Digest::new("0".repeat(64)), wasm.into()).await;
    assert_eq!(problems.expect_err("refused")[0].code, "digest-mismatch");
}

#[tokio::test]
async fn what_was_forgotten_is_not_called_and_can_come_back() {
    let runtime = start();
    let wasm = guests::guard_returning("good", &[]);
    let digest = install(&runtime, &wasm).await;

    runtime.forget(&digest);
    let fault = guard(&runtime, &digest).await.expect_err("it was forgotten");
    assert_eq!(fault.cause, FaultCause::NotLoaded(digest.0.clone()));

    install(&runtime, &wasm).await;
    assert_eq!(guard(&runtime, &digest).await, Ok(Ok(Vec::new())));
}

#[tokio::test]
async fn compiled_code_is_kept_and_a_damaged_file_is_never_trusted() {
    let dir = tempfile::tempdir().expect("a folder");
    let config = RuntimeConfig { cache_dir: Some(dir.path().join("code")), ..config() };
    let wasm = guests::guard_returning("good", &[("comment", "{}")]);
    let digest = install(&Runtime::new(config.clone()).expect("starts"), &wasm).await;
    let file = only_file(&dir.path().join("code"));
    let name = file.file_name().expect("a name").to_string_lossy().into_owned();
    assert!(name.starts_with(&digest.0) && name.ends_with(".cwasm"), "{name}");
    let whole = std::fs::read(&file).expect("the file is there");

    let mut flipped = whole.clone();
    let middle = whole.len() / 2;
    flipped[middle] ^= 1;
    let cases: [&[u8]; 5] = [&whole, &flipped, &whole[..middle], &whole[..10], b""];
    for content in cases {
        std::fs::write(&file, content).expect("the file can be written");
        let runtime = Runtime::new(config.clone()).expect("starts");
        install(&runtime, &wasm).await;
        assert_eq!(guard(&runtime, &digest).await, Ok(Ok(vec![effect("comment", "{}")])));
        assert_eq!(std::fs::read(&file).expect("the file is there").len(), whole.len(), "it was compiled again");
    }

    // Whole code of one component under the name of another is as good as damaged.
    let other = guests::guard_returning("other", &[]);
    let other_digest = start().inspect(&other).expect("valid").digest;
    std::fs::copy(&file, file.with_file_name(name.replace(&digest.0, &other_digest.0))).expect("copied");
    let runtime = Runtime::new(config).expect("starts");
    install(&runtime, &other).await;
    assert_eq!(guard(&runtime, &other_digest).await, Ok(Ok(Vec::new())));
}

#[cfg(unix)]
#[test]
fn the_folder_for_code_is_closed_to_others() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().expect("a folder");
    let code = dir.path().join("code");
    std::fs::create_dir(&code).expect("created");
    std::fs::set_permissions(&code, std::fs::Permissions::from_mode(0o777)).expect("opened");

    let _runtime = Runtime::new(RuntimeConfig { cache_dir: Some(code.clone()), ..config() }).expect("starts");

    let mode = std::fs::metadata(&code).expect("there").permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[tokio::test]
async fn a_compilation_that_takes_too_long_is_given_up() {
    let runtime = Runtime::new(RuntimeConfig { compile_ms_max: 0, ..config() }).expect("starts");
    let problems = refused(&runtime, &guests::guard_returning("good", &[])).await;
    assert_eq!(problems[0].code, "compile-time");
}

#[tokio::test]
async fn the_same_call_has_the_same_answer_in_every_instance() {
    let wasm = guests::guard_returning("good", &[("comment", "{}")]);
    let mut answers = Vec::new();
    for _ in 0..3 {
        let runtime = start();
        let digest = install(&runtime, &wasm).await;
        answers.push(guard(&runtime, &digest).await);
        answers.push(guard(&runtime, &digest).await);
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]));
}

fn only_file(dir: &Path) -> PathBuf {
    let files: Vec<_> =
        std::fs::read_dir(dir).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    files.into_iter().next().expect("one file")
}

fn event() -> Event {
    Event {
        seq: 7,
        subject_kind: "ticket".to_owned(),
        subject: "1".to_owned(),
        subject_seq: 1,
        space: "it".to_owned(),
        at: guests::sample_context().now,
        actor: "ana".to_owned(),
        kind: "ticket.created".to_owned(),
        data: serde_json::json!({}),
        cause: Cause {
            command: "c".to_owned(),
            correlation: "c".to_owned(),
            depth: 0,
            origin: Origin::Person,
            chain: Vec::new(),
        },
        hash: String::new(),
    }
}

fn approval() -> ApprovalInput {
    let vote = Vote {
        person: PersonId::new("ana"),
        delegate: None,
        answer: Answer::Approve,
        at: guests::sample_context().now,
        comment: Some("fine".to_owned()),
    };
    ApprovalInput {
        ticket: Some(guests::sample_ticket()),
        approvers: vec![PersonId::new("ana"), PersonId::new("ben")],
        parameters: "{}".to_owned(),
        votes: vec![vote],
    }
}

fn step_input() -> StepInput {
    StepInput { step: "count".to_owned(), ticket: None, inputs: "{}".to_owned(), attempt: 0 }
}
