//! A host for tests: a virtual clock, components and rules that are closures, and the side rows that a store would keep. After every
//! command it checks what must always be true.

use bpmn::graph::{Binding, Process};
use domain::Object;
use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use weft_engine::flow::{self, *};

/// Commands that one story may take; a story that needs more hangs.
const COMMANDS_MAX: usize = 20_000;

pub struct TestWorld {
    pub environment: feel::FixedEnvironment,
    pub names: BTreeMap<String, feel::Value>,
    pub processes: BTreeMap<String, Arc<Process>>,
}

impl World for TestWorld {
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
    fn process(&self, id: &str, _: &Binding) -> Option<Arc<Process>> {
        self.processes.get(id).cloned()
    }
    fn decide(
        &self,
        decision: &str,
        _: &Binding,
        inputs: &feel::Context,
        _: &mut feel::Budget,
    ) -> Result<Decided, String> {
        match decision {
            "double" => {
                let amount = inputs.get("amount").map_or(Value::Null, feel::Value::to_json);
                let amount = amount.as_i64().ok_or("`amount` is not a number")?;
                Ok(Decided { value: json!(amount * 2), explanation: json!(["rule 1"]) })
            }
            other => Err(format!("there is no decision `{other}`")),
        }
    }
}

pub type Component = Box<dyn FnMut(&Action) -> Command>;

/// One instance and what a store would keep for it.
pub struct Run {
    pub process: Arc<Process>,
    pub world: TestWorld,
    pub limits: Limits,
    pub instance: Instance,
    pub events: Vec<Event>,
    pub actions: Vec<Action>,
    pub timers: BTreeMap<Key, Timestamp>,
    pub subscriptions: BTreeMap<Key, Wanted>,
    pub tasks: BTreeMap<Key, OpenTask>,
    pub calls: BTreeSet<Key>,
    pub component: Component,
}

/// What a story starts with.
pub struct Setup {
    pub process: Arc<Process>,
    pub variables: Value,
    pub start: Option<String>,
    pub called: Vec<Arc<Process>>,
    pub names: Value,
    pub zone: &'static str,
    pub limits: Limits,
    pub component: Component,
}

pub fn setup(text: &str) -> Setup {
    setup_with(crate::model::model(text))
}

pub fn setup_with(process: Arc<Process>) -> Setup {
    Setup {
        process,
        variables: json!({}),
        start: None,
        called: Vec::new(),
        names: json!({}),
        zone: "UTC",
        limits: Limits::default(),
        component: Box::new(|action| done(action, json!({}))),
    }
}

/// The answer of a component that is done.
pub fn done(action: &Action, outputs: Value) -> Command {
    match action {
        Action::Run { element, .. } => Command::StepDone { element: *element, outputs: object(outputs) },
        Action::Judge { element, .. } => Command::Verdict {
            element: *element,
            verdict: Verdict::Pending { needed: vec![], reason: "waiting".to_owned() },
        },
        other => panic!("no component runs for {other:?}"),
    }
}

pub fn object(value: Value) -> Object {
    match value {
        Value::Object(object) => object,
        other => panic!("{other} is not an object"),
    }
}

impl Setup {
    pub fn variables(mut self, variables: Value) -> Self {
        self.variables = variables;
        self
    }

    pub fn component(mut self, component: impl FnMut(&Action) -> Command + 'static) -> Self {
        self.component = Box::new(component);
        self
    }

    pub fn run(self) -> Run {
        let zone = TimeZone::get(self.zone).expect("a zone of the database");
        let now = "2026-03-27T09:00:00Z".parse().expect("a date");
        let names =
            object(self.names).into_iter().map(|(name, value)| (name, feel::Value::from_json(&value))).collect();
        let world = TestWorld {
            environment: feel::FixedEnvironment { now, zone },
            names,
            processes: self.called.into_iter().map(|process| (process.id.clone(), process)).collect(),
        };
        let from = Start {
            id: "instance".to_owned(),
            definition: "digest".to_owned(),
            node: self.start,
            variables: object(self.variables),
        };
        let (instance, step) = flow::start(&self.process, from, &world, &self.limits).expect("it starts");
        let mut run = Run {
            process: self.process,
            world,
            limits: self.limits,
            instance,
            events: Vec::new(),
            actions: Vec::new(),
            timers: BTreeMap::new(),
            subscriptions: BTreeMap::new(),
            tasks: BTreeMap::new(),
            calls: BTreeSet::new(),
            component: self.component,
        };
        run.settle(step);
        run
    }
}

impl Run {
    /// Give a command that must apply, and do everything that follows from it in the same wave.
    pub fn command(&mut self, command: Command) {
        self.try_command(command.clone()).unwrap_or_else(|refusal| panic!("{command:?}: {refusal}"));
    }

    pub fn try_command(&mut self, command: Command) -> Result<(), Refusal> {
        let before = self.instance.clone();
        let to = match &command {
            Command::Migrate { to, .. } => Some(Arc::clone(to)),
            _ => None,
        };
        match flow::step(&self.process, &mut self.instance, command, &self.world, &self.limits) {
            Ok(step) => {
                if let Some(to) = to {
                    self.process = to;
                }
                self.settle(step);
                Ok(())
            }
            Err(refusal) => {
                assert_eq!(before, self.instance, "a refused command changes nothing: {refusal}");
                Err(refusal)
            }
        }
    }

    fn settle(&mut self, step: Step) {
        let mut open = vec![step];
        let mut count = 0;
        while !open.is_empty() {
            let step = open.remove(0);
            self.events.extend(step.events);
            for action in step.actions {
                self.keep(&action);
                if let Action::Run { element, .. } | Action::Judge { element, .. } = &action {
                    count += 1;
                    assert!(count < COMMANDS_MAX, "the wave does not end");
                    let command = (self.component)(&action);
                    if let Command::StepCalls { element } = &command {
                        self.calls.insert(*element);
                    }
                    match flow::step(&self.process, &mut self.instance, command, &self.world, &self.limits) {
                        Ok(step) => open.push(step),
                        Err(Refusal::NotFound { .. } | Refusal::Ended | Refusal::WrongState { .. }) => {
                            self.calls.remove(element);
                        }
                        Err(refusal) => panic!("{refusal}"),
                    }
                }
                self.actions.push(action);
            }
        }
        self.check();
    }

    /// Keep the side rows.
    fn keep(&mut self, action: &Action) {
        match action {
            Action::OpenTask(task) => {
                self.tasks.insert(task.element, (**task).clone());
            }
            Action::ChangeTask { element, due, follow_up } => {
                let task = self.tasks.get_mut(element).expect("only an open task changes");
                (task.due, task.follow_up) = (*due, *follow_up);
            }
            Action::CloseTask { element, .. } => {
                self.tasks.remove(element).expect("only an open task is closed");
            }
            Action::Arm { timer, due, .. } => {
                self.timers.insert(*timer, *due);
            }
            Action::Disarm { timer } => {
                self.timers.remove(timer);
            }
            Action::Subscribe { subscription, to, .. } => {
                self.subscriptions.insert(*subscription, to.clone());
            }
            Action::Unsubscribe { subscription } => {
                self.subscriptions.remove(subscription).expect("only what is open is closed");
            }
            Action::AbandonCall { element } => {
                assert!(self.calls.remove(element), "only a call is abandoned");
            }
            _ => {}
        }
    }

    /// What must be true between any two commands.
    pub fn check(&mut self) {
        let live: BTreeSet<Key> = self.instance.calls().collect();
        self.calls.retain(|call| live.contains(call));
        assert_eq!(live, self.calls, "calls");
        let timers: BTreeMap<Key, Timestamp> = self.instance.timers().map(|(key, _, due)| (key, due)).collect();
        self.timers.retain(|key, due| timers.contains_key(key) || *due > self.world.environment.now);
        assert_eq!(timers, self.timers, "timers");
        let open: BTreeMap<Key, Wanted> = self.instance.subscriptions().map(|(key, _, to)| (key, to.clone())).collect();
        assert_eq!(open, self.subscriptions, "subscriptions");
        let tasks: BTreeSet<Key> = self.instance.tasks().collect();
        assert_eq!(tasks, self.tasks.keys().copied().collect(), "tasks");
        let called: Vec<Arc<Process>> =
            self.instance.called().map(|(id, _)| Arc::clone(&self.world.processes[id])).collect();
        let called: Vec<&Process> = called.iter().map(Arc::as_ref).collect();
        let replayed = replay::positions(&self.events, usize::MAX);
        assert_eq!(replayed, self.instance.positions(&self.process, &called), "replay");
        assert_eq!(self.instance.inconsistencies(), [""; 0]);
        if !self.instance.is_running() {
            assert_eq!(self.instance.elements().count(), 0, "elements are left");
            assert!(self.timers.is_empty() && self.subscriptions.is_empty() && self.tasks.is_empty());
            assert!(self.calls.is_empty() && self.instance.incidents().count() == 0);
        }
        let text = serde_json::to_string(&self.instance).expect("a state is JSON");
        let again: Instance = serde_json::from_str(&text).expect("a state can be read back");
        assert_eq!(serde_json::to_string(&again).expect("a state is JSON"), text);
    }

    /// Let time pass, firing what becomes due in order.
    pub fn pass(&mut self, duration: &str) {
        let until = self.after(duration);
        let mut count = 0;
        while let Some((key, due)) =
            self.timers.iter().map(|(key, due)| (*key, *due)).min_by_key(|(key, due)| (*due, *key))
            && due <= until
        {
            count += 1;
            assert!(count < COMMANDS_MAX, "timers do not end");
            self.world.environment.now = self.world.environment.now.max(due);
            self.timers.remove(&key);
            self.command(Command::TimerDue { timer: key });
        }
        self.world.environment.now = until;
    }

    /// Time passes while nobody fires timers, as when the host is down.
    pub fn sleep(&mut self, duration: &str) {
        self.world.environment.now = self.after(duration);
    }

    fn after(&self, duration: &str) -> Timestamp {
        let span = duration.parse::<jiff::Span>().expect("a duration");
        self.now().to_zoned(TimeZone::UTC).checked_add(span).expect("a date").timestamp()
    }

    pub fn now(&self) -> Timestamp {
        self.world.environment.now
    }

    /// The element of the open task at a node.
    pub fn task(&self, node: &str) -> Key {
        let found = self.tasks.values().find(|task| task.node == node);
        found.unwrap_or_else(|| panic!("no open task at {node}; open: {:?}", self.open())).element
    }

    /// Nodes of open tasks.
    pub fn open(&self) -> Vec<&str> {
        self.tasks.values().map(|task| task.node.as_str()).collect()
    }

    pub fn complete(&mut self, node: &str, variables: Value) {
        let (element, by) = (self.task(node), "ana".to_owned());
        self.command(Command::CompleteTask { element, variables: object(variables), by });
    }

    pub fn message(&mut self, name: &str, variables: Value) {
        let wanted = |to: &Wanted| matches!(to, Wanted::Message { name: wanted, .. } if wanted == name);
        let subscription = *self.subscriptions.iter().find(|(_, to)| wanted(to)).expect("something waits for it").0;
        self.command(Command::Message { subscription, name: name.to_owned(), variables: object(variables) });
    }

    pub fn set(&mut self, variables: Value) {
        self.command(Command::SetVariables { scope: None, variables: object(variables) });
    }

    pub fn retry(&mut self, variables: Value) {
        let incident = self.instance.incidents().next().expect("there is an incident").incident;
        self.command(Command::Retry { incident, variables: object(variables) });
    }

    /// Ids of what has completed, in order, without gateways and events that have no story.
    pub fn completed(&self) -> Vec<&str> {
        let of = |event: &Event| match event {
            Event::Completed { place } => self.process.nodes.iter().find(|node| node.id == place.node),
            _ => None,
        };
        self.events.iter().filter_map(of).filter(|node| told(&node.kind)).map(|node| node.id.as_str()).collect()
    }

    pub fn status(&self) -> Value {
        serde_json::to_value(self.instance.status()).expect("a status is JSON")
    }

    pub fn incidents(&self) -> Vec<(IncidentCode, &str)> {
        self.instance.incidents().map(|incident| (incident.code, incident.message)).collect()
    }

    pub fn variables(&self) -> Value {
        Value::Object(self.instance.variables().clone())
    }

    /// An event is somewhere in the log.
    pub fn count(&self, wanted: impl Fn(&Event) -> bool) -> usize {
        self.events.iter().filter(|event| wanted(event)).count()
    }

    /// Elements alive at a node.
    pub fn alive(&self, node: &str) -> Vec<Key> {
        let index = self.process.nodes.iter().position(|candidate| candidate.id == node);
        self.instance
            .elements()
            .filter(|element| element.node == index && index.is_some())
            .map(|element| element.key)
            .collect()
    }
}

fn told(kind: &bpmn::graph::NodeKind) -> bool {
    use bpmn::graph::NodeKind;
    matches!(
        kind,
        NodeKind::PassThrough
            | NodeKind::UserTask(_)
            | NodeKind::ServiceTask(_)
            | NodeKind::ScriptTask { .. }
            | NodeKind::BusinessRuleTask { .. }
            | NodeKind::ReceiveTask { .. }
            | NodeKind::IntermediateCatchEvent { .. }
    )
}
