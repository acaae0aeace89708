//! What wakes a flow: timers that move with their ticket, messages that come early or late, signals, and a repeated command.

use app::flow::{NewInstance, Resource};
use domain::change::IdempotencyKey;
use domain::flow::{InstanceStatus, Topic};
use jiff::SignedDuration;
use serde_json::{Value, json};
use weft_tests::world::World;

const HEAD: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" id="d" targetNamespace="t">"#;

/// A process whose only element between start and end is given.
fn around(id: &str, middle: &str, rest: &str) -> Resource {
    let text = format!(
        "{HEAD}{rest}<bpmn:process id=\"{id}\" isExecutable=\"true\"><bpmn:startEvent id=\"start\"/>\
         <bpmn:sequenceFlow id=\"one\" sourceRef=\"start\" targetRef=\"middle\"/>{middle}\
         <bpmn:sequenceFlow id=\"two\" sourceRef=\"middle\" targetRef=\"end\"/><bpmn:endEvent id=\"end\"/></bpmn:process></bpmn:definitions>"
    );
    Resource { file: format!("{id}.bpmn"), text }
}

async fn deploy(world: &World, resources: &[Resource]) {
    let max = world.actor("max").await;
    world.app.flow_deploy(&max, resources).await.unwrap_or_else(|error| panic!("{error:?}"));
}

async fn start(world: &World, process: &str, new: NewInstance) -> domain::FlowInstance {
    // An administrator starts what is about nothing, the service desk what is about one of its tickets.
    let who = if new.ticket.is_some() { "ada" } else { "max" };
    let command = world.command(who, None, json!([])).await;
    let answer = world.app.instance_start(&command, process, new).await.unwrap_or_else(|error| panic!("{error:?}"));
    answer.instance
}

async fn status(world: &World, id: &domain::InstanceId) -> InstanceStatus {
    let row = world.app.store().instance_get(&world.app.config.org, id).await.expect("a row");
    row.expect("the instance").status
}

fn catch(key: &str) -> (String, String) {
    let middle = "<bpmn:intermediateCatchEvent id=\"middle\"><bpmn:messageEventDefinition messageRef=\"paid\"/></bpmn:intermediateCatchEvent>";
    let message = format!(
        "<bpmn:message id=\"paid\" name=\"paid\"><bpmn:extensionElements><zeebe:subscription correlationKey=\"={key}\"/></bpmn:extensionElements></bpmn:message>"
    );
    (middle.to_owned(), message)
}

async fn publish(world: &World, topic: Topic, variables: Value) {
    let command = world.command("max", None, json!([])).await;
    let variables = variables.as_object().cloned().unwrap_or_default();
    world.app.publish(&command, topic, variables, None).await.expect("it is sent");
    world.settle().await;
}

fn message(key: &str) -> Topic {
    Topic::Message { name: "paid".to_owned(), key: key.to_owned() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_finds_the_instance_that_waits_and_one_that_comes_early_is_kept() {
    let world = World::bare().await;
    let (middle, rest) = catch("order");
    deploy(&world, &[around("payment", &middle, &rest)]).await;
    let order = |number: &str| NewInstance {
        variables: json!({ "order": number }).as_object().cloned().expect("an object"),
        ..NewInstance::default()
    };
    let first = start(&world, "payment", order("A-1")).await;
    let other = start(&world, "payment", order("A-2")).await;

    publish(&world, message("A-1"), json!({ "amount": 12 })).await;
    publish(&world, message("A-3"), json!({ "amount": 13 })).await;

    assert_eq!(status(&world, &first.id).await, InstanceStatus::Completed);
    assert_eq!(status(&world, &other.id).await, InstanceStatus::Running);
    let late = start(&world, "payment", order("A-3")).await;
    assert_eq!(late.status, InstanceStatus::Completed, "its message was there already");
    let view = world.app.instance_view(&world.actor("max").await, &late.id).await.expect("a view");
    assert_eq!(view.variables["amount"], 13);

    // A message that nobody takes is gone after its time.
    publish(&world, message("A-4"), json!({})).await;
    world.advance(SignedDuration::from_hours(2)).await;
    let gone = start(&world, "payment", order("A-4")).await;
    assert_eq!(gone.status, InstanceStatus::Running);
    world.no_dead_jobs().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_wakes_everybody_who_waits_for_it() {
    let world = World::bare().await;
    let middle = "<bpmn:intermediateCatchEvent id=\"middle\"><bpmn:signalEventDefinition signalRef=\"s\"/></bpmn:intermediateCatchEvent>";
    deploy(&world, &[around("waits", middle, "<bpmn:signal id=\"s\" name=\"doors-open\"/>")]).await;
    let one = start(&world, "waits", NewInstance::default()).await;
    let two = start(&world, "waits", NewInstance::default()).await;

    publish(&world, Topic::Signal { name: "doors-open".to_owned() }, json!({})).await;

    assert_eq!(status(&world, &one.id).await, InstanceStatus::Completed);
    assert_eq!(status(&world, &two.id).await, InstanceStatus::Completed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_timer_moves_with_the_field_that_it_was_computed_from() {
    let world = World::new().await;
    let middle = "<bpmn:intermediateCatchEvent id=\"middle\"><bpmn:timerEventDefinition>\
        <bpmn:timeDate xsi:type=\"bpmn:tFormalExpression\">=date and time(ticket.fields.description)</bpmn:timeDate>\
        </bpmn:timerEventDefinition></bpmn:intermediateCatchEvent>";
    deploy(&world, &[around("remind", middle, "")]).await;
    let ticket = world.incident("erin", json!({ "description": "2026-03-03T09:00:00Z" })).await;
    let new = NewInstance { ticket: Some(ticket.id.clone()), ..NewInstance::default() };
    let flow = start(&world, "remind", new).await;

    let later = json!([{ "kind": "set-field", "data": { "field": "description", "value": "2026-03-05T09:00:00Z" } }]);
    world.submit("ada", Some(&ticket.id), later).await.expect("ada may change it");
    world.settle().await;
    world.advance(SignedDuration::from_hours(25)).await;
    assert_eq!(status(&world, &flow.id).await, InstanceStatus::Running, "the date has moved");
    world.advance(SignedDuration::from_hours(48)).await;

    assert_eq!(status(&world, &flow.id).await, InstanceStatus::Completed);
    world.nothing_left(&flow.id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cycle_of_starts_begins_one_instance_each_time() {
    let world = World::bare().await;
    let text = format!(
        "{HEAD}<bpmn:process id=\"nightly\" isExecutable=\"true\"><bpmn:startEvent id=\"start\"><bpmn:timerEventDefinition>\
         <bpmn:timeCycle>R3/PT1H</bpmn:timeCycle></bpmn:timerEventDefinition></bpmn:startEvent>\
         <bpmn:sequenceFlow id=\"one\" sourceRef=\"start\" targetRef=\"end\"/><bpmn:endEvent id=\"end\"/></bpmn:process></bpmn:definitions>"
    );
    deploy(&world, &[Resource { file: "nightly.bpmn".to_owned(), text }]).await;

    for _ in 0..6 {
        world.advance(SignedDuration::from_mins(61)).await;
    }

    let page = world.app.store().instance_list(&world.app.config.org, &Default::default(), None, 50).await;
    assert_eq!(page.expect("a list").items.len(), 3);
    world.no_dead_jobs().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_start_is_answered_again_and_a_business_key_runs_once() {
    let world = World::bare().await;
    let (middle, rest) = catch("&quot;k&quot;");
    deploy(&world, &[around("payment", &middle, &rest)]).await;
    let key = |fingerprint: &str| IdempotencyKey {
        scope: "max".to_owned(),
        key: "start-1".to_owned(),
        fingerprint: fingerprint.to_owned(),
    };
    let mut command = world.command("max", None, json!([])).await;
    command.idempotency = Some(key("a"));
    let first = world.app.instance_start(&command, "payment", NewInstance::default()).await.expect("it starts");
    let again = world.app.instance_start(&command, "payment", NewInstance::default()).await.expect("it is answered");
    assert_eq!((first.instance.id, again.answer.replayed), (again.instance.id, true));

    let keyed = || NewInstance { business_key: Some("order-7".to_owned()), ..NewInstance::default() };
    let one = start(&world, "payment", keyed()).await;
    let command = world.command("max", None, json!([])).await;
    let two = world.app.instance_start(&command, "payment", keyed()).await.expect("it is there");
    assert_eq!((two.instance.id, two.existed), (one.id, true));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loop_without_a_wait_is_refused_and_one_that_grows_ends_as_an_incident() {
    let world = World::bare().await;
    let text = format!(
        "{HEAD}<bpmn:process id=\"round\" isExecutable=\"true\"><bpmn:startEvent id=\"start\"/>\
         <bpmn:sequenceFlow id=\"a\" sourceRef=\"start\" targetRef=\"x\"/><bpmn:exclusiveGateway id=\"x\" default=\"b\"/>\
         <bpmn:sequenceFlow id=\"b\" sourceRef=\"x\" targetRef=\"t\"/><bpmn:task id=\"t\"/>\
         <bpmn:sequenceFlow id=\"c\" sourceRef=\"t\" targetRef=\"x\"/>\
         <bpmn:sequenceFlow id=\"d\" sourceRef=\"x\" targetRef=\"end\"><bpmn:conditionExpression>=false</bpmn:conditionExpression></bpmn:sequenceFlow>\
         <bpmn:endEvent id=\"end\"/></bpmn:process></bpmn:definitions>"
    );
    let max = world.actor("max").await;
    let refused = world.app.flow_deploy(&max, &[Resource { file: "round.bpmn".to_owned(), text }]).await;
    let app::AppError::Invalid(problems) = refused.expect_err("it never waits") else { panic!("a list of problems") };
    assert!(problems.iter().any(|one| one.code.contains("loop")), "{problems:?}");

    let script = "<bpmn:scriptTask id=\"middle\"><bpmn:extensionElements>\
        <zeebe:script expression=\"=for i in 1..1000000000 return i\" resultVariable=\"x\"/></bpmn:extensionElements></bpmn:scriptTask>";
    deploy(&world, &[around("grows", script, "")]).await;
    let flow = start(&world, "grows", NewInstance::default()).await;
    assert_eq!((flow.incidents, flow.status), (1, InstanceStatus::Running));
}
