//! Whether an instance takes longer to move when many others sleep: the same start and task with 10,000, 100,000 and 1,000,000 instances
//! that wait with an armed timer each.

#![expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
#![expect(clippy::print_stdout, reason = "a benchmark's table is for a terminal")]
#![expect(clippy::unwrap_used, reason = "a benchmark that fails says where")]

use crate::world::World;
use app::flow::{NewInstance, Resource, TaskCompletion};
use domain::job::Work;
use domain::{FlowInstance, InstanceId, JobId, Object};
use serde_json::{Value, json};
use std::time::Instant;
use store::{Changeset, NewJob, Write};

const POPULATIONS: [usize; 3] = [10_000, 100_000, 1_000_000];
const SAMPLES: usize = 400;
const BATCH: usize = 2_000;
/// How much slower a step may be with the largest population.
const GROWTH_MAX: f64 = 1.2;

pub(crate) const MODEL: &str = r#"<?xml version="1.0"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" id="d" targetNamespace="t">
<bpmn:process id="sleeper" isExecutable="true"><bpmn:startEvent id="start"/><bpmn:sequenceFlow id="a" sourceRef="start" targetRef="work"/>
<bpmn:userTask id="work" name="Work"><bpmn:extensionElements><zeebe:userTask/><zeebe:assignmentDefinition assignee="max"/></bpmn:extensionElements></bpmn:userTask>
<bpmn:boundaryEvent id="late" attachedToRef="work" cancelActivity="false"><bpmn:timerEventDefinition><bpmn:timeDuration>P365D</bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:boundaryEvent>
<bpmn:sequenceFlow id="l" sourceRef="late" targetRef="told"/><bpmn:endEvent id="told"/>
<bpmn:sequenceFlow id="b" sourceRef="work" targetRef="end"/><bpmn:endEvent id="end"/></bpmn:process></bpmn:definitions>"#;

/// Measure, print a table, and give the figures back as JSON.
///
/// # Panics
/// The host refuses what it should accept.
pub async fn run() -> Value {
    let world = World::bare().await;
    let max = world.actor("max").await;
    let resource = Resource { file: "sleeper.bpmn".to_owned(), text: MODEL.to_owned() };
    world.app.flow_deploy(&max, &[resource]).await.unwrap();
    let (template, _) = one(&world).await;
    let mut there = 0;
    let mut rows = Vec::new();
    println!("{:>10} {:>12} {:>12}", "sleeping", "start p50 us", "task p50 us");
    for population in POPULATIONS {
        fill(&world, &template, there, population).await;
        there = population;
        let mut starts = Vec::new();
        let mut steps = Vec::new();
        for _ in 0..SAMPLES {
            let started = Instant::now();
            let (row, task) = one(&world).await;
            starts.push(started.elapsed().as_secs_f64() * 1e6);
            let command = world.command("max", None, json!([])).await;
            let started = Instant::now();
            let done = TaskCompletion::Complete { variables: Object::new() };
            world.app.task_complete(&command, &task, done).await.unwrap();
            steps.push(started.elapsed().as_secs_f64() * 1e6);
            drop(row);
        }
        let (start, step) = (median(&mut starts), median(&mut steps));
        println!("{population:>10} {start:>12.0} {step:>12.0}");
        rows.push(json!({ "sleeping": population, "start_p50_us": start, "task_p50_us": step }));
    }
    let figure = |row: &Value| row["task_p50_us"].as_f64().unwrap_or(1.0);
    let growth = figure(&rows[rows.len() - 1]) / figure(&rows[0]);
    println!("with a million sleeping, a step takes {growth:.2}x of what it takes with ten thousand");
    json!({ "id": "population", "figure": growth, "limit": GROWTH_MAX, "pass": growth <= GROWTH_MAX, "rows": rows })
}

async fn one(world: &World) -> (FlowInstance, domain::TaskId) {
    let command = world.command("max", None, json!([])).await;
    let answer = world.app.instance_start(&command, "sleeper", NewInstance::default()).await.unwrap();
    let element = answer
        .happened
        .iter()
        .find_map(|event| match event {
            app::flow::model::Event::TaskOpened { place } => Some(place.element),
            _ => None,
        })
        .unwrap();
    let task = domain::TaskId(format!("{}.{element}", answer.instance.id));
    (answer.instance, task)
}

/// Sleepers as the engine would have written them, in large commits.
async fn fill(world: &World, template: &FlowInstance, from: usize, to: usize) {
    let org = &world.app.config.org;
    let due = template.started_at + jiff::SignedDuration::from_hours(24 * 365);
    for begin in (from..to).step_by(BATCH) {
        let mut set = Changeset::new(org.clone(), template.started_at);
        for number in begin..(begin + BATCH).min(to) {
            let id = InstanceId(format!("sleeper-{number:07}"));
            set.writes.push(Write::FlowInstance(Box::new(FlowInstance {
                id: id.clone(),
                version: 1,
                ..template.clone()
            })));
            set.jobs.push(NewJob {
                id: JobId(format!("timer-{number:07}")),
                work: Work::FlowTimer { instance: id.clone(), timer: "1".to_owned() },
                order_key: format!("flow/{id}"),
                due_at: due,
                unique_key: Some(format!("flow:{id}:timer:1")),
                event: None,
            });
        }
        world.app.store().commit(set).await.unwrap();
    }
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
