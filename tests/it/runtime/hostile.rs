//! Hostile guests. After each, the same runtime serves a good one.

use super::{Answer, call, config, effect, guard, input, install, start};
use app::port::plugins::{FaultCause, LogLevel, Plugins};
use domain::TicketId;
use runtime::{Runtime, RuntimeConfig};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use weft_tests::guests::{self, Argument, FakeSnapshot, Question, Shape};

/// Run a bad guest twice between calls of a good one. Returns what ended it.
async fn survive(runtime: &Runtime, wasm: &[u8]) -> FaultCause {
    let good = install(runtime, &guests::guard_returning("good", &[("comment", "{}")])).await;
    let bad = install(runtime, wasm).await;
    let expected: Answer = Ok(Ok(vec![effect("comment", "{}")]));
    assert_eq!(guard(runtime, &good).await, expected);

    let first = guard(runtime, &bad).await.expect_err("a bad guest has no answer");
    assert_eq!(guard(runtime, &good).await, expected);

    let second = guard(runtime, &bad).await.expect_err("a bad guest has no answer");
    assert_eq!(second, first, "the second call starts like the first");
    assert_eq!(guard(runtime, &good).await, expected);
    assert_eq!(first.function, "guard");
    first.cause
}

async fn check(wasm: &[u8]) -> FaultCause {
    survive(&start(), wasm).await
}

#[tokio::test]
async fn a_trap_ends_one_call() {
    let cause = check(&guests::trap("bad")).await;
    assert_eq!(cause, FaultCause::Trap("wasm trap: wasm `unreachable` instruction executed".to_owned()));
}

#[tokio::test]
async fn a_panic_is_reported_with_its_message() {
    let cause = check(&guests::panicking("bad", "panicked at src/lib.rs:7: no such priority")).await;
    let FaultCause::Trap(message) = cause else { panic!("{cause}") };
    assert!(message.ends_with("panicked at src/lib.rs:7: no such priority"), "{message}");
}

#[tokio::test]
async fn an_endless_loop_is_stopped_on_time() {
    let runtime = start();
    let bad = install(&runtime, &guests::endless_loop("bad")).await;
    let started = Instant::now();
    let fault = guard(&runtime, &bad).await.expect_err("an endless loop has no answer");
    let elapsed = started.elapsed();

    assert_eq!(fault.cause, FaultCause::Deadline(100));
    assert!(elapsed >= Duration::from_millis(80), "{elapsed:?}");
    assert_eq!(survive(&runtime, &guests::endless_loop("bad")).await, FaultCause::Deadline(100));
}

#[tokio::test]
async fn an_endless_loop_leaves_its_thread_to_others() {
    let runtime = Arc::new(start());
    let bad = install(&runtime, &guests::endless_loop("bad")).await;
    let good = install(&runtime, &guests::guard_returning("good", &[])).await;
    let spinning = tokio::spawn({
        let runtime = Arc::clone(&runtime);
        async move { guard(&runtime, &bad).await }
    });

    for _ in 0..3 {
        tokio::task::yield_now().await;
        guard(&runtime, &good).await.expect("the good guest answers").expect("and agrees");
    }

    assert!(!spinning.is_finished(), "on this one thread, the good calls ran between the ticks of the bad one");
    assert!(spinning.await.expect("no panic").is_err());
}

#[tokio::test]
async fn a_recursion_uses_up_its_own_stack() {
    assert_eq!(check(&guests::recursion("bad")).await, FaultCause::Stack);
}

#[tokio::test]
async fn a_memory_bomb_hits_its_limit() {
    assert_eq!(check(&guests::memory_bomb("bad")).await, FaultCause::Memory(64 << 20));
}

#[tokio::test]
async fn a_table_bomb_hits_its_limit() {
    let cause = check(&guests::table_bomb("bad")).await;
    assert_eq!(cause, FaultCause::Trap("wanted more than 100000 table elements".to_owned()));
}

#[tokio::test]
async fn an_answer_of_100_mb_is_not_read() {
    let bomb = guests::huge_result("bad", 100 << 20);
    assert_eq!(check(&bomb).await, FaultCause::Memory(64 << 20), "it does not even fit into the guest");

    let roomy = RuntimeConfig { memory_bytes_max: 256 << 20, ..config() };
    let runtime = Runtime::new(roomy).expect("the runtime starts");
    assert_eq!(survive(&runtime, &bomb).await, FaultCause::ResultTooLarge(1 << 20));
}

#[tokio::test]
async fn an_answer_that_grows_while_it_is_read_is_not_read() {
    assert_eq!(check(&guests::amplified_result("bad", 900)).await, FaultCause::ResultTooLarge(1 << 20));
}

#[tokio::test]
async fn an_answer_within_the_transfer_limit_still_has_its_own() {
    let strict = RuntimeConfig { result_bytes_max: 1000, ..config() };
    let runtime = Runtime::new(strict).expect("the runtime starts");
    assert_eq!(survive(&runtime, &guests::huge_result("bad", 2000)).await, FaultCause::ResultTooLarge(1000));
}

#[tokio::test]
async fn too_many_effects_are_a_bad_answer() {
    let cause = check(&guests::many_effects("bad", 1001)).await;
    assert_eq!(cause, FaultCause::BadAnswer("1001 effects, 1000 are allowed".to_owned()));
}

#[tokio::test]
async fn lies_about_lengths_are_bad_answers() {
    for wasm in [
        guests::lying_list("bad"),
        guests::lying_text("bad"),
        guests::lying_answer("bad"),
        guests::bad_discriminant("bad"),
        guests::invalid_utf8("bad"),
        guests::lying_allocator("bad"),
    ] {
        let cause = check(&wasm).await;
        assert!(matches!(cause, FaultCause::BadAnswer(_)), "{cause}");
    }
}

#[tokio::test]
async fn a_flood_of_lines_is_dropped_and_the_call_goes_on() {
    let runtime = start();
    let digest = install(&runtime, &guests::log_flood("noisy", 5000)).await;
    let snapshot = Arc::new(FakeSnapshot::default());

    let answer = runtime.guard(call(&digest, &snapshot), input()).await;

    assert_eq!(answer, Ok(Ok(Vec::new())));
    let lines = snapshot.lines.lock().expect("nobody panicked");
    assert_eq!(lines.len(), 64);
    assert!(lines.iter().all(|(level, line)| *level == LogLevel::Info && line.len() == 2048));
}

#[tokio::test]
async fn a_text_of_2_mb_does_not_reach_the_host() {
    assert_eq!(check(&guests::long_text_to_host("bad", 2 << 20)).await, FaultCause::HostCallBytes(1 << 20));
}

#[tokio::test]
async fn text_that_is_not_utf8_does_not_reach_the_host() {
    let cause = check(&guests::invalid_utf8_to_host("bad")).await;
    assert!(matches!(cause, FaultCause::Trap(_)), "{cause}");
}

#[tokio::test]
async fn host_calls_are_counted() {
    let cause = check(&guests::chatty("bad", 10_001)).await;
    assert_eq!(cause, FaultCause::Trap("made more than 10000 host calls".to_owned()));
    let runtime = start();
    let fine = install(&runtime, &guests::chatty("fine", 10_000)).await;
    assert_eq!(guard(&runtime, &fine).await, Ok(Ok(Vec::new())));
}

#[tokio::test]
async fn a_panic_of_the_host_ends_one_call() {
    let runtime = start();
    let digest = install(&runtime, &guests::asking("asking", &get_ticket("1"))).await;
    let broken = Arc::new(FakeSnapshot { panics: true, ..FakeSnapshot::granting(&["ticket"]) });
    let whole = Arc::new(FakeSnapshot::granting(&["ticket"]));

    let fault = runtime.guard(call(&digest, &broken), input()).await.expect_err("the host panics");

    assert_eq!(fault.cause, FaultCause::Trap("the host failed during the call".to_owned()));
    runtime.guard(call(&digest, &whole), input()).await.expect("the next call has an answer").expect("and agrees");
}

#[tokio::test]
async fn a_host_call_without_end_is_given_up() {
    let patient = RuntimeConfig { call_wall_ms_max: 50, ..config() };
    let runtime = Runtime::new(patient).expect("the runtime starts");
    let digest = install(&runtime, &guests::asking("asking", &get_ticket("1"))).await;
    let stuck = FakeSnapshot { stuck: Some(TicketId::new("1")), ..FakeSnapshot::granting(&["ticket"]) };

    let fault = runtime.guard(call(&digest, &Arc::new(stuck)), input()).await.expect_err("the snapshot never answers");

    assert_eq!(fault.cause, FaultCause::Deadline(50));
    let whole = Arc::new(FakeSnapshot::granting(&["ticket"]));
    runtime.guard(call(&digest, &whole), input()).await.expect("the next call has an answer").expect("and agrees");
}

#[tokio::test]
async fn a_call_that_is_dropped_in_the_middle_leaves_nothing() {
    let runtime = start();
    let digest = install(&runtime, &guests::asking("asking", &get_ticket("1"))).await;
    let stuck = || Arc::new(FakeSnapshot { stuck: Some(TicketId::new("1")), ..FakeSnapshot::granting(&["ticket"]) });
    let whole = Arc::new(FakeSnapshot::granting(&["ticket"]));

    // More often than there are places: a place that is not given back would be missed.
    for _ in 0..50 {
        let call = runtime.guard(call(&digest, &stuck()), input());
        let dropped = tokio::time::timeout(Duration::from_millis(1), call).await;
        assert!(dropped.is_err(), "the call was dropped while it waited");
    }

    runtime.guard(call(&digest, &whole), input()).await.expect("the next call has an answer").expect("and agrees");
}

#[tokio::test]
async fn more_calls_than_places_wait_for_their_turn() {
    let runtime = Arc::new(start());
    let digest = install(&runtime, &guests::guard_returning("good", &[("comment", "{}")])).await;
    let calls: Vec<_> = (0..200)
        .map(|_| {
            let (runtime, digest) = (Arc::clone(&runtime), digest.clone());
            tokio::spawn(async move { guard(&runtime, &digest).await })
        })
        .collect();

    for call in calls {
        assert_eq!(call.await.expect("no panic"), Ok(Ok(vec![effect("comment", "{}")])));
    }
}

#[tokio::test]
async fn without_a_pool_the_same_limits_hold() {
    let frugal = RuntimeConfig { pooling: false, ..config() };
    let runtime = Runtime::new(frugal).expect("the runtime starts");
    assert_eq!(survive(&runtime, &guests::memory_bomb("bad")).await, FaultCause::Memory(64 << 20));
    assert_eq!(survive(&runtime, &guests::recursion("bad")).await, FaultCause::Stack);
}

fn get_ticket(id: &str) -> Question {
    Question {
        interface: "weft:host/tickets@0.1.0",
        function: "get",
        arguments: vec![Argument::Text(id.to_owned())],
        shape: Shape::OptionalRecord,
    }
}
