//! What an administrator does with running flows: versions, migration with a dry run, moving tokens, mending incidents, cancelling; and
//! what happens when a component is gone.

use app::flow::model::{Activation, Command};
use app::flow::{NewInstance, Resource, Simulation};
use domain::flow::{DefinitionType, InstanceStatus};
use domain::{FlowInstance, InstanceId};
use serde_json::json;
use std::collections::BTreeMap;
use weft_tests::world::World;

const HEAD: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" id="d" targetNamespace="t">"#;

/// Start, a task for max, a second element, end.
fn two_tasks(first: &str, second: &str) -> Resource {
    let task = |id: &str| {
        format!(
            "<bpmn:userTask id=\"{id}\" name=\"Do {id}\"><bpmn:extensionElements><zeebe:userTask/>\
             <zeebe:assignmentDefinition assignee=\"max\"/></bpmn:extensionElements></bpmn:userTask>"
        )
    };
    let text = format!(
        "{HEAD}<bpmn:process id=\"work\" name=\"Work\" isExecutable=\"true\"><bpmn:startEvent id=\"start\"/>\
         <bpmn:sequenceFlow id=\"a\" sourceRef=\"start\" targetRef=\"{first}\"/>{}\
         <bpmn:sequenceFlow id=\"b\" sourceRef=\"{first}\" targetRef=\"{second}\"/>{}\
         <bpmn:sequenceFlow id=\"c\" sourceRef=\"{second}\" targetRef=\"end\"/><bpmn:endEvent id=\"end\"/></bpmn:process></bpmn:definitions>",
        task(first),
        task(second)
    );
    Resource { file: "work.bpmn".to_owned(), text }
}

/// Sets a condition that cannot be decided until somebody sets the variable `ready`.
fn gate() -> Resource {
    let text = format!(
        "{HEAD}<bpmn:process id=\"gate\" isExecutable=\"true\"><bpmn:startEvent id=\"start\"/>\
         <bpmn:sequenceFlow id=\"a\" sourceRef=\"start\" targetRef=\"x\"/><bpmn:exclusiveGateway id=\"x\"/>\
         <bpmn:sequenceFlow id=\"b\" sourceRef=\"x\" targetRef=\"end\"><bpmn:conditionExpression>=ready</bpmn:conditionExpression></bpmn:sequenceFlow>\
         <bpmn:sequenceFlow id=\"c\" sourceRef=\"x\" targetRef=\"later\"><bpmn:conditionExpression>=not(ready)</bpmn:conditionExpression></bpmn:sequenceFlow>\
         <bpmn:endEvent id=\"later\"/>\
         <bpmn:endEvent id=\"end\"/></bpmn:process></bpmn:definitions>"
    );
    Resource { file: "gate.bpmn".to_owned(), text }
}

async fn deploy(world: &World, resource: Resource) -> u32 {
    let max = world.actor("max").await;
    let deployment = world.app.flow_deploy(&max, &[resource]).await.unwrap_or_else(|error| panic!("{error:?}"));
    deployment.definitions[0].version
}

async fn start(world: &World, process: &str) -> FlowInstance {
    let command = world.command("max", None, json!([])).await;
    world.app.instance_start(&command, process, NewInstance::default()).await.expect("it starts").instance
}

async fn act(world: &World, id: &InstanceId, wish: Command) -> app::Result<FlowInstance> {
    let command = world.command("max", None, json!([])).await;
    world.app.instance_command(&command, id, wish).await.map(|answer| answer.instance)
}

fn names(tasks: &[domain::Task]) -> Vec<&str> {
    tasks.iter().map(|task| task.node.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_instance_keeps_its_version_until_it_is_migrated() {
    let world = World::bare().await;
    assert_eq!(deploy(&world, two_tasks("first", "second")).await, 1);
    assert_eq!(deploy(&world, two_tasks("first", "second")).await, 1, "nothing changed");
    let old = start(&world, "work").await;
    assert_eq!(deploy(&world, two_tasks("begin", "second")).await, 2);
    let new = start(&world, "work").await;
    assert_eq!((old.process_version, new.process_version), (1, 2));

    let command = world.command("max", None, json!([])).await;
    let unmapped = world.app.instance_migrate(&command, &old.id, None, BTreeMap::new()).await;
    let app::AppError::Invalid(problems) = unmapped.expect_err("`first` is gone") else { panic!("a list") };
    assert!(problems[0].message.contains("first"), "{problems:?}");
    let renames = BTreeMap::from([("first".to_owned(), "begin".to_owned())]);
    let mut dry = world.command("max", None, json!([])).await;
    dry.dry_run = true;
    let tried = world.app.instance_migrate(&dry, &old.id, None, renames.clone()).await.expect("it would go");
    assert_eq!(tried.instance.process_version, 2);
    let still = world.app.store().instance_get(&world.app.config.org, &old.id).await.expect("a row").expect("it");
    assert_eq!((still.process_version, still.version), (1, old.version), "a dry run keeps nothing");

    let moved = world.app.instance_migrate(&command, &old.id, None, renames).await.expect("it goes");
    assert_eq!(moved.instance.process_version, 2);
    let task = world.tasks_of("max").await.into_iter().find(|task| task.instance == old.id).expect("its task");
    let done = app::flow::TaskCompletion::Complete { variables: domain::Object::new() };
    let answer = world.app.task_complete(&command, &task.id, done).await.expect("it can be done");
    assert_eq!(answer.instance.process_version, 2);
    let after: Vec<_> = world.tasks_of("max").await.into_iter().filter(|task| task.instance == old.id).collect();
    assert_eq!(names(&after), ["second"]);
}

/// Calls `work`; `name` makes one version differ from another.
fn outer(name: &str) -> Resource {
    let text = format!(
        "{HEAD}<bpmn:process id=\"outer\" name=\"{name}\" isExecutable=\"true\"><bpmn:startEvent id=\"start\"/>\
         <bpmn:sequenceFlow id=\"a\" sourceRef=\"start\" targetRef=\"call\"/><bpmn:callActivity id=\"call\"><bpmn:extensionElements>\
         <zeebe:calledElement processId=\"work\"/></bpmn:extensionElements></bpmn:callActivity>\
         <bpmn:sequenceFlow id=\"b\" sourceRef=\"call\" targetRef=\"end\"/><bpmn:endEvent id=\"end\"/></bpmn:process></bpmn:definitions>"
    );
    Resource { file: "outer.bpmn".to_owned(), text }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_called_process_that_runs_migrates_with_its_caller() {
    let world = World::bare().await;
    deploy(&world, two_tasks("first", "second")).await;
    deploy(&world, outer("Outer")).await;
    let flow = start(&world, "outer").await;
    // In the new version another element stands where `first` stood.
    deploy(&world, two_tasks("begin", "second")).await;
    assert_eq!(deploy(&world, outer("Outer, later")).await, 2);

    let command = world.command("max", None, json!([])).await;
    let unmapped = world.app.instance_migrate(&command, &flow.id, None, BTreeMap::new()).await;
    let app::AppError::Invalid(problems) = unmapped.expect_err("`first` is gone") else { panic!("a list") };
    assert_eq!(problems[0].pointer, "/mapping/work#first");
    let renames = BTreeMap::from([("work#first".to_owned(), "begin".to_owned())]);
    let moved = world.app.instance_migrate(&command, &flow.id, None, renames).await.expect("it goes");
    assert_eq!(moved.instance.process_version, 2);
    let max = world.actor("max").await;
    let view = world.app.instance_view(&max, &flow.id).await.expect("a view");
    let live = view.elements.as_array().expect("a list").iter().find(|one| one["node"] == "begin").expect("it lives");
    assert_eq!(live["called"], "work");

    for _ in 0..2 {
        let task = world.tasks_of("max").await.into_iter().next().expect("a task");
        let done = app::flow::TaskCompletion::Complete { variables: domain::Object::new() };
        let command = world.command("max", None, json!([])).await;
        world.app.task_complete(&command, &task.id, done).await.expect("it can be done");
    }
    let ended = world.app.store().instance_get(&world.app.config.org, &flow.id).await.expect("a row").expect("it");
    assert_eq!(ended.status, InstanceStatus::Completed);
    world.nothing_left(&flow.id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_is_seen_mended_and_retried() {
    let world = World::bare().await;
    deploy(&world, gate()).await;

    let flow = start(&world, "gate").await;
    assert_eq!((flow.status, flow.incidents), (InstanceStatus::Running, 1));
    let max = world.actor("max").await;
    let view = world.app.instance_view(&max, &flow.id).await.expect("a view");
    assert_eq!(view.incident_list[0].node, "x");
    let troubled = app::flow::InstanceQuery { troubled: true, ..Default::default() };
    assert_eq!(world.app.instance_list(&max, troubled, None, 10).await.expect("a list").items.len(), 1);

    let variables = json!({ "ready": true }).as_object().cloned().expect("an object");
    let wish = Command::Retry { incident: view.incident_list[0].incident, variables };
    let mended = act(&world, &flow.id, wish).await.expect("it can be retried");

    assert_eq!((mended.status, mended.incidents), (InstanceStatus::Completed, 0));
    world.nothing_left(&flow.id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_moved_with_an_audit_and_an_instance_is_cancelled() {
    let world = World::bare().await;
    deploy(&world, two_tasks("first", "second")).await;
    let flow = start(&world, "work").await;
    let max = world.actor("max").await;
    let view = world.app.instance_view(&max, &flow.id).await.expect("a view");
    let first = view.elements.as_array().expect("a list").iter().find(|one| one["node"] == "first").expect("it lives");

    let skip = Command::Modify {
        activate: vec![Activation { node: "second".to_owned(), scope: None, variables: domain::Object::new() }],
        terminate: vec![app::flow::model::Key(first["key"].as_u64().expect("a key"))],
    };
    act(&world, &flow.id, skip).await.expect("it can be moved");
    assert_eq!(names(&world.tasks_of("max").await), ["second"]);
    let picture = world.app.instance_picture(&max, &flow.id, None).await.expect("a picture");
    assert!(picture.starts_with("<svg") && picture.contains("active"), "{picture}");

    let ended = act(&world, &flow.id, Command::Cancel { reason: "not needed".to_owned() }).await.expect("it ends");
    assert_eq!(ended.status, InstanceStatus::Cancelled);
    assert!(world.tasks_of("max").await.is_empty());
    world.nothing_left(&flow.id).await;
    let again = act(&world, &flow.id, Command::Cancel { reason: String::new() }).await;
    assert!(matches!(again, Err(app::AppError::Invalid(_))), "{again:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_those_who_run_the_place_move_flows_and_strangers_see_nothing() {
    let world = World::bare().await;
    deploy(&world, two_tasks("first", "second")).await;
    let flow = start(&world, "work").await;

    let command = world.command("erin", None, json!([])).await;
    let cancel = Command::Cancel { reason: String::new() };
    let refused = world.app.instance_command(&command, &flow.id, cancel).await;
    assert!(matches!(refused, Err(app::AppError::NotFound(_))), "{refused:?}");
    let refused = world.app.flow_deploy(&command.actor, &[gate()]).await;
    assert!(matches!(refused, Err(app::AppError::Forbidden(_))), "{refused:?}");
    let task = &world.tasks_of("max").await[0];
    let refused = world.app.task_view(&command.actor, &task.id).await;
    assert!(matches!(refused, Err(app::AppError::NotFound(_))), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_flow_of_a_plugin_is_deployed_and_pinned_to_its_components() {
    let world = World::new().await;

    let plugins = world.app.plugin_list(&world.actor("max").await).expect("the plugins");
    let waiting: Vec<_> = plugins.iter().filter_map(|plugin| plugin.reason.clone()).collect();
    assert!(waiting.is_empty(), "{waiting:#?}");
    let definition = world.app.definition_get(DefinitionType::Process, "laptop-request", None).await.expect("deployed");

    assert_eq!(definition.plugin.as_ref().map(|plugin| plugin.as_str()), Some("request"));
    let pinned = &definition.bindings.components["asset-steps/reserve"];
    assert_eq!(pinned.digest.0, bundle::plugin("asset-steps").expect("bundled").digest);
    for key in
        ["change-normal", "change-standard", "change-emergency", "onboarding", "contract-review", "major-incident"]
    {
        world
            .app
            .definition_get(DefinitionType::Process, key, None)
            .await
            .unwrap_or_else(|error| panic!("{key}: {error}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_year_of_timers_is_tried_without_storing_anything() {
    let world = World::bare().await;
    let text = format!(
        "{HEAD}<bpmn:process id=\"monthly\" isExecutable=\"true\"><bpmn:startEvent id=\"start\"/>\
         <bpmn:sequenceFlow id=\"a\" sourceRef=\"start\" targetRef=\"work\"/>\
         <bpmn:userTask id=\"work\" name=\"Work\"><bpmn:extensionElements><zeebe:userTask/></bpmn:extensionElements></bpmn:userTask>\
         <bpmn:boundaryEvent id=\"remind\" attachedToRef=\"work\" cancelActivity=\"false\"><bpmn:timerEventDefinition>\
         <bpmn:timeCycle>R12/P30D</bpmn:timeCycle></bpmn:timerEventDefinition></bpmn:boundaryEvent>\
         <bpmn:sequenceFlow id=\"b\" sourceRef=\"remind\" targetRef=\"reminded\"/><bpmn:endEvent id=\"reminded\"/>\
         <bpmn:sequenceFlow id=\"c\" sourceRef=\"work\" targetRef=\"end\"/><bpmn:endEvent id=\"end\"/></bpmn:process></bpmn:definitions>"
    );
    let simulation: Simulation = serde_json::from_value(json!({
        "at": "2026-01-01T00:00:00Z", "mocks": { "work": { "silent": true } },
    }))
    .expect("a simulation");

    let tried = world.app.flow_simulate(&[Resource { file: "m.bpmn".to_owned(), text }], &simulation).await;

    let tried = tried.unwrap_or_else(|error| panic!("{error:?}"));
    let fired = tried.lines.iter().filter(|line| line.event["event"] == "timer-fired").count();
    assert_eq!((fired, tried.status.as_str()), (12, "running"));
    assert_eq!(tried.ended_at, "2026-12-27T00:00:00Z".parse().expect("an instant"));
    let kept = world.app.store().instance_list(&world.app.config.org, &Default::default(), None, 5).await;
    assert!(kept.expect("a list").items.is_empty());
}
