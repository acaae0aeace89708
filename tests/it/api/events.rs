//! Live events: what is told, to whom, and that nothing is lost when a stream breaks.

use serde_json::json;
use weft_tests::app::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_told_to_those_who_may_know_of_it() {
    let app = TestApp::new().await;
    let (ada, erin, hana) = (app.caller("ada").await, app.caller("erin").await, app.caller("hana").await);
    let mut told = ada.events().await;
    let mut own = erin.events().await;
    let mut other = hana.events().await;

    let foreign = ada.create_incident("Not Erin's", json!({})).await;
    let ticket = erin.create_incident("Erin's", json!({})).await;
    ada.post(&format!("/tickets/{}/comments", ticket.id), json!({ "visibility": "internal", "body": "Hm." }))
        .await
        .expect(201);
    ada.patch(&format!("/tickets/{}", ticket.id), json!({ "state": "in-progress" })).await.expect(200);

    let first = told.next().await.expect("the stream goes on");
    assert_eq!((first.ticket, first.kind.as_str()), (foreign.id, "ticket.created"));
    let mine = own.next().await.expect("the stream goes on");
    assert_eq!(
        (mine.ticket.as_str(), mine.number.as_str(), mine.kind.as_str()),
        (ticket.id.as_str(), ticket.number.as_str(), "ticket.created")
    );
    let changed = own.next().await.expect("the stream goes on");
    assert_eq!(changed.kind, "ticket.changed", "an internal comment is not told to the requester");
    app.stop.cancel();
    assert_eq!(other.next().await, None, "HR was told nothing of all this");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_goes_on_where_it_broke() {
    let app = TestApp::new().await;
    let ada = app.caller("ada").await;
    let mut stream = ada.events().await;
    ada.create_incident("Seen", json!({})).await;
    stream.next().await.expect("the stream goes on");
    let seen_at = stream.position().to_owned();
    drop(stream);
    let mut missed = Vec::new();
    for number in 0..300 {
        missed.push(ada.create_incident(&format!("Missed {number}"), json!({})).await.id);
    }

    let mut again = ada.with("last-event-id", seen_at).events().await;

    for id in missed {
        loop {
            let event = again.next().await.expect("the stream goes on");
            if event.kind == "ticket.created" {
                assert_eq!(event.ticket, id);
                break;
            }
        }
    }
    assert_eq!(ada.with("last-event-id", "yesterday").get("/events").await.problem(400).code, "bad-parameter");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_with_the_session() {
    let app = TestApp::new().await;
    let (ada, ben) = (app.caller("ada").await, app.caller("ben").await);
    let mut stream = ben.events().await;
    ada.create_incident("Before", json!({})).await;
    assert!(stream.next().await.is_some());

    app.caller("max").await.patch("/people/ben", json!({ "active": false })).await.expect(200);
    ada.create_incident("After", json!({})).await;

    let mut rest = Vec::new();
    while let Some(event) = stream.next().await {
        rest.push(event.number);
    }
    assert!(!rest.contains(&"INC0000002".to_owned()), "{rest:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flow_that_goes_on_is_told_to_those_who_work_there_or_are_asked() {
    const MODEL: &str = r#"<?xml version="1.0"?><bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
        xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" id="d" targetNamespace="t"><bpmn:process id="ask" isExecutable="true">
        <bpmn:startEvent id="start"/><bpmn:sequenceFlow id="f" sourceRef="start" targetRef="do"/>
        <bpmn:userTask id="do" name="Do it"><bpmn:extensionElements><zeebe:userTask/>
        <zeebe:assignmentDefinition candidateUsers="=[asked]"/></bpmn:extensionElements></bpmn:userTask>
        <bpmn:sequenceFlow id="g" sourceRef="do" targetRef="end"/><bpmn:endEvent id="end"/></bpmn:process></bpmn:definitions>"#;
    let app = TestApp::new().await;
    let (ada, erin, hana) = (app.caller("ada").await, app.caller("erin").await, app.caller("hana").await);
    let max = app.caller("max").await;
    max.post("/flows", json!({ "files": [{ "file": "ask.bpmn", "text": MODEL }] })).await.expect(201);
    let (mut told, mut asked, mut other) = (ada.events().await, erin.events().await, hana.events().await);

    let person = erin.get("/session").await.expect(200).value()["person"]["id"].clone();
    let start = json!({ "space": "it", "variables": { "asked": person } });
    let started = ada.post("/flows/process/ask/instances", start).await.expect(201);
    let instance = started.value()["instance"]["id"].as_str().expect("its id").to_owned();

    for stream in [&mut told, &mut asked] {
        let event = stream.next_flow().await.expect("the stream goes on");
        assert_eq!((event.instance.as_str(), event.process.as_str(), event.ticket), (instance.as_str(), "ask", None));
    }
    app.stop.cancel();
    assert_eq!(other.next_flow().await, None, "HR was told nothing of it");
}
