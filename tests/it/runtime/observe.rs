//! What an operator sees of the calls.

use super::{call, config, install};
use app::port::plugins::{FaultCause, Plugins};
use domain::TicketId;
use metrics_exporter_prometheus::PrometheusBuilder;
use runtime::{Runtime, RuntimeConfig};
use std::sync::Arc;
use weft_tests::guests::{self, Argument, FakeSnapshot, Question, Shape};

#[tokio::test]
async fn calls_are_counted_by_plugin_function_and_outcome() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let _installed = metrics::set_default_local_recorder(&recorder);
    let runtime = Runtime::new(config()).expect("starts");
    let good = install(&runtime, &guests::guard_returning("good", &[])).await;
    let bad = install(&runtime, &guests::memory_bomb("bad")).await;

    super::guard(&runtime, &good).await.expect("an answer").expect("no rejection");
    super::guard(&runtime, &good).await.expect("an answer").expect("no rejection");
    super::guard(&runtime, &bad).await.expect_err("no answer");

    let text = recorder.handle().render();
    let count = |outcome, number| {
        format!("weft_plugin_calls_total{{plugin=\"guest\",function=\"guard\",outcome=\"{outcome}\"}} {number}\n")
    };
    assert!(text.contains(&count("ok", 2)), "{text}");
    assert!(text.contains(&count("memory", 1)), "{text}");
    assert!(text.contains("weft_plugin_call_seconds_count{plugin=\"guest\",function=\"guard\"} 3"), "{text}");
    assert!(text.contains("weft_plugin_memory_bytes"), "{text}");
}

#[tokio::test]
async fn a_stuck_component_waits_for_its_own_places_and_leaves_the_others_to_everybody() {
    let crowded = RuntimeConfig { calls_max: 4, calls_per_component_max: 2, call_wall_ms_max: 200, ..config() };
    let runtime = Arc::new(Runtime::new(crowded).expect("starts"));
    let get = Question {
        interface: "weft:host/tickets@0.1.0",
        function: "get",
        arguments: vec![Argument::Text("1".to_owned())],
        shape: Shape::OptionalRecord,
    };
    let asking = install(&runtime, &guests::asking("asking", &get)).await;
    let good = install(&runtime, &guests::guard_returning("good", &[])).await;
    let stuck: Vec<_> = (0..6)
        .map(|_| {
            let snapshot = FakeSnapshot { stuck: Some(TicketId::new("1")), ..FakeSnapshot::granting(&["ticket"]) };
            let (runtime, call) = (Arc::clone(&runtime), call(&asking, &Arc::new(snapshot)));
            tokio::spawn(async move { runtime.guard(call, super::input()).await })
        })
        .collect();
    tokio::task::yield_now().await;

    for _ in 0..10 {
        super::guard(&runtime, &good).await.expect("an answer").expect("no rejection");
    }

    assert!(stuck.iter().all(|call| !call.is_finished()), "the good calls did not wait for the stuck ones");
    let mut late = 0;
    for call in stuck {
        let fault = call.await.expect("no panic").expect_err("the snapshot never answers");
        late += usize::from(fault.cause == FaultCause::Deadline(200));
        assert!(matches!(fault.cause, FaultCause::Deadline(200) | FaultCause::Busy), "{:?}", fault.cause);
    }
    assert!(late >= 2, "those that had a place ran too long; who waited for one is not to blame");
}

#[tokio::test]
async fn calls_that_wait_are_bounded() {
    let crowded = RuntimeConfig {
        calls_max: 4,
        calls_per_component_max: 1,
        calls_waiting_max: 1,
        call_wall_ms_max: 200,
        ..config()
    };
    let runtime = Arc::new(Runtime::new(crowded).expect("starts"));
    let get = Question {
        interface: "weft:host/tickets@0.1.0",
        function: "get",
        arguments: vec![Argument::Text("1".to_owned())],
        shape: Shape::OptionalRecord,
    };
    let asking = install(&runtime, &guests::asking("asking", &get)).await;
    let ask = || {
        let snapshot = FakeSnapshot { stuck: Some(TicketId::new("1")), ..FakeSnapshot::granting(&["ticket"]) };
        let (runtime, call) = (Arc::clone(&runtime), call(&asking, &Arc::new(snapshot)));
        tokio::spawn(async move { runtime.guard(call, super::input()).await })
    };
    let begun: Vec<_> = (0..2).map(|_| ask()).collect();
    tokio::task::yield_now().await;

    let refused = ask();
    tokio::task::yield_now().await;

    assert!(refused.is_finished(), "the third does not wait: one runs, one waits");
    assert_eq!(refused.await.expect("no panic").expect_err("refused").cause, FaultCause::Busy);
    for call in begun {
        call.await.expect("no panic").expect_err("the snapshot never answers");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn good_guests_answer_while_bad_ones_end_around_them() {
    let runtime = Arc::new(Runtime::new(config()).expect("starts"));
    let good = install(&runtime, &guests::guard_returning("good", &[("comment", "{}")])).await;
    let mut bad = Vec::new();
    for wasm in [
        guests::trap("bad"),
        guests::memory_bomb("bad"),
        guests::recursion("bad"),
        guests::invalid_utf8("bad"),
        guests::endless_loop("bad"),
    ] {
        bad.push(install(&runtime, &wasm).await);
    }
    let calls: Vec<_> = (0..300)
        .map(|number| {
            let is_good = number % 2 == 0;
            // Few of the endless loops: each of them computes for 100 ms.
            let which = if number % 75 == 1 { 4 } else { number % 4 };
            let digest = if is_good { good.clone() } else { bad[which].clone() };
            let runtime = Arc::clone(&runtime);
            tokio::spawn(async move { (is_good, super::guard(&runtime, &digest).await) })
        })
        .collect();

    for call in calls {
        let (is_good, answer) = call.await.expect("no panic");
        assert_eq!(is_good, answer.is_ok(), "{answer:?}");
    }
}

#[tokio::test]
async fn a_computing_call_can_be_dropped_between_two_ticks() {
    let runtime = Runtime::new(config()).expect("starts");
    let endless = install(&runtime, &guests::endless_loop("bad")).await;
    let good = install(&runtime, &guests::guard_returning("good", &[])).await;
    for _ in 0..10 {
        let call = super::guard(&runtime, &endless);
        let dropped = tokio::time::timeout(std::time::Duration::from_millis(1), call).await;
        assert!(dropped.is_err(), "the call was dropped where it gave its thread back");
        super::guard(&runtime, &good).await.expect("an answer").expect("no rejection");
    }
}
