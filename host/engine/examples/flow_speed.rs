//! Measures the engine alone: how long it takes to decide an instance of two steps, and how many bytes a state has.
//! Run it in release.
#![expect(clippy::print_stdout, reason = "a tool talks to its terminal")]

use bpmn::graph::{Binding, Process};
use domain::Object;
use jiff::{Timestamp, tz::TimeZone};
use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Arc;
use weft_engine::flow::{Action, Command, Decided, Instance, Limits, Start, World, start, step};

const ROUNDS: u32 = 50_000;

const MODEL: &str = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"
    xmlns:zeebe="http://camunda.org/schema/zeebe/1.0">
  <process id="two-steps" isExecutable="true">
    <startEvent id="s"/><sequenceFlow id="f1" sourceRef="s" targetRef="a"/>
    <KIND id="a">EXTENSION</KIND>
    <sequenceFlow id="f2" sourceRef="a" targetRef="b"/>
    <KIND id="b">EXTENSION</KIND>
    <sequenceFlow id="f3" sourceRef="b" targetRef="e"/><endEvent id="e"/>
  </process></definitions>"#;

const STEP: &str = r#"<extensionElements><zeebe:taskDefinition type="asset/reserve@1"/></extensionElements>"#;

struct Still {
    environment: feel::FixedEnvironment,
    names: BTreeMap<String, feel::Value>,
}

impl World for Still {
    fn now(&self) -> Timestamp {
        self.environment.now
    }
    fn zone(&self) -> &TimeZone {
        &self.environment.zone
    }
    fn environment(&self) -> &dyn feel::Environment {
        &self.environment
    }
    fn names(&self) -> &BTreeMap<String, feel::Value> {
        &self.names
    }
    fn process(&self, _: &str, _: &Binding) -> Option<Arc<Process>> {
        None
    }
    fn decide(&self, _: &str, _: &Binding, _: &feel::Context, _: &mut feel::Budget) -> Result<Decided, String> {
        Err("no decisions here".to_owned())
    }
}

fn model(kind: &str, extension: &str) -> Arc<Process> {
    let xml = MODEL.replace("KIND", kind).replace("EXTENSION", extension);
    let compiled = bpmn::compile("speed.bpmn", &xml).expect("the model is right");
    Arc::new(compiled.graph.processes.into_iter().next().expect("it has a process"))
}

fn begin(process: &Arc<Process>, world: &Still, limits: &Limits) -> (Instance, weft_engine::flow::Step) {
    let variables = Object::from_iter([("item".to_owned(), "laptop".into()), ("amount".to_owned(), 3.into())]);
    let from = Start { id: "i".to_owned(), definition: "d".to_owned(), node: None, variables };
    start(process, from, world, limits).expect("it starts")
}

/// Answer each component at once.
fn answer(process: &Arc<Process>, world: &Still, limits: &Limits) -> Instance {
    let (mut instance, mut out) = begin(process, world, limits);
    while let Some(Action::Run { element, .. }) = out.actions.iter().find(|action| matches!(action, Action::Run { .. }))
    {
        let command = Command::StepDone { element: *element, outputs: Object::new() };
        out = step(process, &mut instance, command, world, limits).expect("it is waited for");
    }
    instance
}

#[expect(clippy::disallowed_methods, reason = "it measures")]
fn measure(what: &str, run: impl Fn()) {
    run();
    let begun = std::time::Instant::now();
    (0..ROUNDS).for_each(|_| run());
    let each = begun.elapsed() / ROUNDS;
    println!("{what:<55} {:>8.2} µs", each.as_secs_f64() * 1e6);
}

fn main() {
    let world = Still { environment: feel::FixedEnvironment::default(), names: BTreeMap::new() };
    let limits = Limits::default();
    let (plain, steps, tasks) = (model("task", ""), model("serviceTask", STEP), model("userTask", ""));
    measure("two plain tasks, start to end", || {
        black_box(begin(&plain, &world, &limits));
    });
    measure("two component steps answered in the wave, start to end", || {
        black_box(answer(&steps, &world, &limits));
    });
    let (waiting, _) = begin(&tasks, &world, &limits);
    measure("write and read back a waiting state", || {
        let bytes = serde_json::to_vec(&waiting).expect("a state is JSON");
        black_box(serde_json::from_slice::<Instance>(&bytes).expect("it was just written"));
    });
    println!("bytes of a state that waits in a user task: {}", serde_json::to_vec(&waiting).expect("JSON").len());
}
