//! Random block-structured processes and random commands: parallel interleavings give the same result, joins fire once, nothing is left
//! behind, and no order of commands panics. A failure prints its seed; set it in `named_seeds` to keep it as a case.

use crate::driver::{Run, object, setup_with};
use crate::model::{add_flow, expression, model};
use bpmn::graph::Process;
use serde_json::json;
use std::fmt::Write as _;
use std::sync::Arc;
use weft_engine::flow::{Activation, Answer, Command, Event, Finality, Key, Verdict, Vote};

const PROCESSES: u64 = 300;
const COMMANDS: usize = 60;

/// A small generator (`SplitMix64`), so that a seed is all it takes to see a case again.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).expect("below a usize")
    }
}

/// A process that is made of blocks: what is split is joined.
struct Builder {
    nodes: String,
    flows: Vec<(String, String, Option<String>, bool)>,
    count: usize,
    random: Random,
    /// Only blocks that end whatever people do.
    tame: bool,
}

impl Builder {
    fn process(seed: u64, tame: bool) -> Arc<Process> {
        let mut builder = Self { nodes: String::new(), flows: Vec::new(), count: 0, random: Random(seed), tame };
        builder.nodes.push_str("start: start\nend: end\n");
        let (first, last) = builder.block("", 4);
        builder.flow("start", &first);
        builder.flow(&last, "end");
        let mut process = Arc::unwrap_or_clone(model(&builder.nodes));
        let place =
            |process: &Process, id: &str| process.nodes.iter().position(|node| node.id == id).expect("it was made");
        for (source, target, condition, default) in builder.flows {
            let (source, target) = (place(&process, &source), place(&process, &target));
            add_flow(&mut process, source, target, condition.as_deref().map(expression), default);
        }
        Arc::new(process)
    }

    fn id(&mut self, kind: &str) -> String {
        self.count += 1;
        format!("{kind}{}", self.count)
    }

    fn node(&mut self, kind: &str, rest: &str, around: &str) -> String {
        let id = self.id(kind);
        let parent = if around.is_empty() { String::new() } else { format!("in={around}") };
        writeln!(self.nodes, "{id}: {kind} {rest} {parent}").expect("a text");
        id
    }

    fn flow(&mut self, source: &str, target: &str) {
        self.flows.push((source.to_owned(), target.to_owned(), None, false));
    }

    /// First and last node of a new block.
    fn block(&mut self, around: &str, depth: usize) -> (String, String) {
        let choice = if depth == 0 { self.random.below(2) } else { self.random.below(if self.tame { 8 } else { 12 }) };
        match choice {
            0 => self.single("user", "", around),
            1 => self.single("pass", "", around),
            2 | 3 => {
                let (first, middle) = self.block(around, depth - 1);
                let (next, last) = self.block(around, depth - 1);
                self.flow(&middle, &next);
                (first, last)
            }
            4 => self.split("and", around, depth),
            5 => self.split("or", around, depth),
            6 => self.split("xor", around, depth),
            7 => self.sub_process(around, depth),
            8 => {
                let count = 1 + self.random.below(3);
                let order = ["", "sequential"][self.random.below(2)];
                self.single("user", &format!("count={count} {order}"), around)
            }
            9 => {
                let host = self.node("user", "", around);
                let mode = ["", "non-interrupting"][self.random.below(2)];
                let on = ["timer:PT1H", "message:ping", "signal:stop", "\"condition:x > 2\"", "cycle:R3/PT10M"]
                    [self.random.below(5)];
                let event = self.node("boundary", &format!("at={host} on={on} {mode}"), around);
                let handler = self.node("user", "", around);
                let end = self.node("end", "", around);
                self.flow(&event, &handler);
                self.flow(&handler, &end);
                (host.clone(), host)
            }
            10 => {
                let gateway = self.node("first", "", around);
                let merge = self.node("xor", "", around);
                for on in ["timer:PT30M", "message:ping"] {
                    let event = self.node("catch", &format!("on={on}"), around);
                    self.flow(&gateway, &event);
                    self.flow(&event, &merge);
                }
                (gateway, merge)
            }
            _ => self.single("service", "", around),
        }
    }

    fn single(&mut self, kind: &str, rest: &str, around: &str) -> (String, String) {
        let id = self.node(kind, rest, around);
        (id.clone(), id)
    }

    fn split(&mut self, kind: &str, around: &str, depth: usize) -> (String, String) {
        let (fork, join) = (self.node(kind, "", around), self.node(kind, "", around));
        let branches = 2 + self.random.below(2);
        for branch in 0..branches {
            let (first, last) = self.block(around, depth - 1);
            let default = branch + 1 == branches && kind != "and";
            let condition = (!default && kind != "and").then(|| format!("x > {branch}"));
            self.flows.push((fork.clone(), first, condition, default));
            self.flow(&last, &join);
        }
        (fork, join)
    }

    fn sub_process(&mut self, around: &str, depth: usize) -> (String, String) {
        let id = self.id("sub");
        let parent = if around.is_empty() { String::new() } else { format!("in={around}") };
        let start = self.node("start", "", &id);
        writeln!(self.nodes, "{id}: sub start={start} {parent}").expect("a text");
        let (first, last) = self.block(&id, depth - 1);
        let end = self.node("end", "", &id);
        self.flow(&start, &first);
        self.flow(&last, &end);
        (id.clone(), id)
    }
}

/// Complete all tasks in a random order.
fn complete_all(process: &Arc<Process>, seed: u64) -> Run {
    let mut random = Random(seed);
    let x = json!({ "x": 1 });
    let mut run = setup_with(Arc::clone(process)).variables(x).run();
    while !run.tasks.is_empty() {
        let place = random.below(run.tasks.len());
        let element = *run.tasks.keys().nth(place).expect("there are so many");
        run.command(Command::CompleteTask { element, variables: domain::Object::new(), by: "ana".to_owned() });
    }
    run
}

#[test]
fn interleavings_are_confluent_and_joins_fire_once() {
    for seed in 0..PROCESSES {
        let process = Builder::process(seed, true);
        let outcome = |order: u64| {
            let run = complete_all(&process, order);
            assert_eq!(run.status(), json!({ "status": "completed" }), "seed {seed}, order {order}");
            let mut completed: Vec<String> = run
                .events
                .iter()
                .filter_map(|event| match event {
                    Event::Completed { place } => Some(place.node.clone()),
                    _ => None,
                })
                .collect();
            completed.sort_unstable();
            let repeated = completed.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| pair[0].clone());
            assert_eq!(repeated, None, "seed {seed}, order {order}: it completed twice");
            (completed, run.variables())
        };
        let first = outcome(seed);
        assert_eq!(first, outcome(seed + 1_000), "seed {seed}");
        assert_eq!(first, outcome(seed + 2_000), "seed {seed}");
    }
}

fn any_command(run: &Run, random: &mut Random) -> Command {
    let key = |random: &mut Random| Key(1 + random.next() % 60);
    let element = match run.tasks.len() {
        0 => key(random),
        tasks => *run.tasks.keys().nth(random.below(tasks)).expect("there are so many"),
    };
    let variables = object(json!({ "x": random.below(5) }));
    match random.below(16) {
        0..=3 => Command::CompleteTask { element, variables, by: "ana".to_owned() },
        4 => Command::TimerDue { timer: run.timers.keys().next().copied().unwrap_or(element) },
        5 => Command::Message {
            subscription: run.subscriptions.keys().next().copied().unwrap_or(element),
            name: "ping".to_owned(),
            variables,
        },
        6 => Command::Signal {
            subscription: run.subscriptions.keys().last().copied().unwrap_or(element),
            name: "stop".to_owned(),
            variables,
        },
        7 => Command::Reevaluate,
        8 => Command::SetVariables { scope: None, variables },
        9 => Command::StepDone { element: key(random), outputs: variables },
        10 => Command::StepFailed {
            element: key(random),
            message: "no".to_owned(),
            retry_at: None,
            finality: Finality::MayRetry,
        },
        11 => Command::Retry { incident: key(random), variables },
        12 => Command::Vote {
            element,
            vote: Vote {
                person: "ana".to_owned(),
                delegate: None,
                answer: Answer::Approve,
                at: run.now(),
                comment: None,
            },
        },
        13 => Command::Verdict { element, verdict: Verdict::Approved { reason: "yes".to_owned() } },
        14 => {
            let nodes = &run.process.nodes;
            let node = nodes[random.below(nodes.len())].id.clone();
            let activation = Activation { node, scope: None, variables: domain::Object::new() };
            Command::Modify { activate: vec![activation], terminate: vec![element] }
        }
        _ => Command::Migrate {
            to: Arc::clone(&run.process),
            called: std::collections::BTreeMap::new(),
            definition: "next".to_owned(),
            mapping: std::collections::BTreeMap::new(),
        },
    }
}

#[test]
fn no_order_of_commands_panics_or_leaves_anything_behind() {
    for seed in 0..PROCESSES {
        let process = Builder::process(seed, false);
        let mut random = Random(seed ^ 0xABCD);
        // The driver checks after each command that side rows, replay and counts agree with the state.
        let told = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let mut run = setup_with(process)
                .variables(json!({ "x": 1 }))
                .component(|action| match action {
                    weft_engine::flow::Action::Run { element, .. } if element.0 % 3 == 0 => {
                        Command::StepCalls { element: *element }
                    }
                    action => crate::driver::done(action, json!({})),
                })
                .run();
            for _ in 0..COMMANDS {
                if random.below(4) == 0 {
                    run.pass("PT7M");
                }
                let command = any_command(&run, &mut random);
                let _ = run.try_command(command);
            }
            if run.instance.is_running() {
                run.command(Command::Cancel { reason: "end".to_owned() });
            }
            run.check();
        }));
        assert!(told.is_ok(), "seed {seed}");
    }
}
