//! One command at work: the agenda, and the life of an element from its start to its end.
//!
//! Everything that has to happen is a [`Work`] item on one queue, so nothing recurses with the model. An element that fails keeps its
//! place and gets an incident; what else is on the agenda goes on. What a single kind of element does is in `element/`.

use super::instance::{Activity, Compensable, Element, Incident, Instance, Resume};
use super::port::{Action, Event, IncidentCode, Key, Limits, Place, Refusal, Step, World};
use super::variables::object_bytes;
use bpmn::graph::{FlowIndex, Node, NodeIndex, NodeKind, Process};
use domain::Object;
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

/// Why an element cannot go on.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Fault {
    pub code: IncidentCode,
    pub message: String,
}

impl Fault {
    pub fn new(code: IncidentCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Work {
    /// A token is on a flow of a scope.
    Take { scope: Key, flow: FlowIndex },
    /// An element was made and has to start.
    Activate(Key),
    /// A scope has no token any more.
    Close(Key),
}

pub(super) struct Machine<'a> {
    pub state: &'a mut Instance,
    pub world: &'a dyn World,
    pub limits: &'a Limits,
    /// Processes by the place that elements name: 0 is the instance's own.
    pub processes: Vec<Arc<Process>>,
    pub budget: feel::Budget,
    pub agenda: VecDeque<Work>,
    /// A variable changed; conditional events have to be asked.
    pub dirty: bool,
    pub out: Step,
}

impl<'a> Machine<'a> {
    /// # Errors
    /// [`Refusal::Problems`] when a called process is not there any more.
    pub fn new(
        process: &Arc<Process>,
        state: &'a mut Instance,
        world: &'a dyn World,
        limits: &'a Limits,
    ) -> Result<Self, Refusal> {
        let mut processes = vec![Arc::clone(process)];
        for called in &state.called {
            let found = world.process(&called.id, &called.binding).ok_or_else(|| Refusal::NoStart {
                process: called.id.clone(),
                what: "stored version, although this instance has called it; deploy it again".to_owned(),
            })?;
            processes.push(found);
        }
        let budget = limits.expressions.clone();
        let (agenda, out) = (VecDeque::new(), Step::default());
        Ok(Self { state, world, limits, processes, budget, agenda, dirty: false, out })
    }

    /// Work until nothing can move without the world.
    pub fn run(&mut self) {
        loop {
            if std::mem::take(&mut self.dirty) {
                self.ask_conditions();
                continue;
            }
            match self.agenda.pop_front() {
                Some(Work::Take { scope, flow }) => self.arrive(scope, flow),
                Some(Work::Activate(key)) => self.activate(key),
                Some(Work::Close(key)) => self.close(key),
                None if self.fire_inclusive_join() => {}
                None => return,
            }
        }
    }

    pub fn next_key(&mut self) -> Key {
        let key = Key(self.state.next_key);
        self.state.next_key += 1;
        key
    }

    pub fn event(&mut self, event: Event) {
        self.out.events.push(event);
    }

    pub fn action(&mut self, action: Action) {
        self.out.actions.push(action);
    }

    /// A live element. Every key on the agenda is checked with [`Machine::is_alive`] before it is used.
    pub fn element(&self, key: Key) -> &Element {
        &self.state.elements[&key]
    }

    pub fn element_mut(&mut self, key: Key) -> &mut Element {
        self.state.elements.get_mut(&key).expect("the caller has checked that the element lives")
    }

    pub fn is_alive(&self, key: Key) -> bool {
        self.state.elements.contains_key(&key)
    }

    pub fn process_of(&self, key: Key) -> Arc<Process> {
        Arc::clone(&self.processes[self.element(key).process])
    }

    /// The process of an element and the place of its node; for elements that are not the root of a process.
    pub fn node_of(&self, key: Key) -> (Arc<Process>, NodeIndex) {
        let node = self.element(key).node.expect("only the root of a process has no node");
        (self.process_of(key), node)
    }

    pub fn place(&self, key: Key) -> Place {
        let element = self.element(key);
        let process = &self.processes[element.process];
        let node = element.node.map_or(&process.id, |node| &process.nodes[node].id);
        Place { element: key, node: node.clone() }
    }

    /// A place at a node that is not the element's own, such as a boundary event.
    pub fn place_at(&self, key: Key, node: NodeIndex) -> Place {
        Place { element: key, node: self.processes[self.element(key).process].nodes[node].id.clone() }
    }

    /// Make an element at a node and put its start on the agenda. The token is counted by the caller.
    pub fn create(&mut self, scope: Key, node: NodeIndex, flow: Option<FlowIndex>) -> Key {
        let process = self.element(scope).process;
        let element = Element {
            node: Some(node),
            scope: Some(scope),
            process,
            repetition: None,
            compensates: None,
            variables: Object::new(),
            activity: Activity::Starting,
        };
        let key = self.insert(element, flow);
        self.agenda.push_back(Work::Activate(key));
        key
    }

    pub fn insert(&mut self, element: Element, flow: Option<FlowIndex>) -> Key {
        let key = self.next_key();
        let process = &self.processes[element.process];
        let node = element.node.map_or(&process.id, |node| &process.nodes[node].id).clone();
        let flow = flow.map(|flow| process.flows[flow].id.clone());
        let scope = element.scope;
        self.state.elements.insert(key, element);
        self.event(Event::Activated { place: Place { element: key, node }, scope, flow });
        key
    }

    /// Start an element: input mappings, what its kind does, boundary events.
    pub fn activate(&mut self, key: Key) {
        if !self.is_alive(key) || self.element(key).activity != Activity::Starting {
            return;
        }
        self.state.spent += 1;
        let before = self.element(key).variables.clone();
        let Err(fault) = self.within_limits().and_then(|()| self.try_activate(key)) else { return };
        if self.is_alive(key) {
            self.remove_waits(&BTreeSet::from([key]));
            let element = self.element_mut(key);
            element.activity = Activity::Starting;
            let after = std::mem::replace(&mut element.variables, before);
            let kept = object_bytes(&self.element(key).variables);
            self.state.variables_bytes = self.state.variables_bytes + kept - object_bytes(&after);
            self.raise(key, Resume::Activate, fault);
        }
    }

    fn within_limits(&self) -> Result<(), Fault> {
        let limit = |message: String| Err(Fault::new(IncidentCode::Limit, message));
        if self.state.spent > self.limits.activations_max {
            return limit(format!(
                "more than {} elements were started without a wait in between; end the loop, or put a timer into it",
                self.limits.activations_max
            ));
        }
        if self.state.elements.len() > self.limits.elements_max {
            return limit(format!(
                "more than {} elements are alive at once; let some end first",
                self.limits.elements_max
            ));
        }
        Ok(())
    }

    fn try_activate(&mut self, key: Key) -> Result<(), Fault> {
        let (process, index) = self.node_of(key);
        let node = &process.nodes[index];
        if node.repeat.is_some() && self.element(key).repetition.is_none() {
            self.arm_boundary(key, node)?;
            return self.activate_repeat(key, node);
        }
        self.map_inputs(key, node)?;
        if self.element(key).repetition.is_none() && !node.boundary.is_empty() {
            self.arm_boundary(key, node)?;
        }
        self.activate_kind(key, &process, node)
    }

    fn activate_kind(&mut self, key: Key, process: &Arc<Process>, node: &Node) -> Result<(), Fault> {
        match &node.kind {
            NodeKind::StartEvent { .. } | NodeKind::BoundaryEvent { .. } | NodeKind::PassThrough => {
                self.finish(key, Object::new());
                Ok(())
            }
            NodeKind::ExclusiveGateway | NodeKind::ParallelGateway | NodeKind::InclusiveGateway => {
                self.leave(key);
                Ok(())
            }
            NodeKind::EventBasedGateway => self.activate_event_gateway(key, process, node),
            NodeKind::IntermediateCatchEvent { trigger } => self.activate_catch(key, trigger),
            NodeKind::ReceiveTask { message } => self.activate_receive(key, message),
            NodeKind::IntermediateThrowEvent { result } | NodeKind::EndEvent { result } => {
                self.activate_throw(key, node, result)
            }
            NodeKind::UserTask(task) => self.activate_user_task(key, node, task),
            NodeKind::ServiceTask(step) => self.activate_step(key, node, step),
            NodeKind::ScriptTask { expression, result_variable } => {
                self.activate_script(key, expression, result_variable.as_deref())
            }
            NodeKind::BusinessRuleTask { decision, result_variable } => {
                self.activate_business_rule(key, decision, result_variable)
            }
            NodeKind::SubProcess { start, event_sub_processes }
            | NodeKind::EventSubProcess { start, event_sub_processes } => {
                self.activate_sub_process(key, *start, event_sub_processes)
            }
            NodeKind::AdHocSubProcess(ad_hoc) => self.activate_ad_hoc(key, process, ad_hoc),
            NodeKind::CallActivity { process, binding, propagate_all_parent, .. } => {
                self.activate_call(key, process, binding, *propagate_all_parent)
            }
        }
    }

    /// What the element was there for has happened: take over what it produced, then leave.
    pub fn finish(&mut self, key: Key, produced: Object) {
        let (process, index) = self.node_of(key);
        let node = &process.nodes[index];
        let handed = if node.outputs.is_empty() {
            self.hand_outwards(key, produced)
        } else {
            self.set_local(key, produced).and_then(|()| self.map_outputs(key, node))
        };
        match handed {
            Ok(()) => self.leave(key),
            Err(fault) => self.raise(key, Resume::Complete, fault),
        }
    }

    /// Go on where an output mapping failed.
    pub fn finish_again(&mut self, key: Key) {
        let (process, index) = self.node_of(key);
        match self.map_outputs(key, &process.nodes[index]) {
            Ok(()) => self.leave(key),
            Err(fault) => self.raise(key, Resume::Complete, fault),
        }
    }

    /// Choose the outgoing flows, end the element and put a token on each of them.
    pub fn leave(&mut self, key: Key) {
        if self.element(key).repetition.is_some() {
            self.repetition_done(key);
            return;
        }
        let (process, index) = self.node_of(key);
        let flows = match self.choose_flows(key, &process, &process.nodes[index]) {
            Ok(flows) => flows,
            Err(fault) => return self.raise(key, Resume::Leave, fault),
        };
        let scope = self.element(key).scope.expect("only the root has no scope");
        let compensates = self.element(key).compensates;
        self.record_compensable(key, &process, index);
        self.event(Event::Completed { place: self.place(key) });
        self.remove(key);
        self.put_tokens(scope, &process, &flows);
        if let Some(thrower) = compensates.filter(|thrower| self.is_alive(*thrower)) {
            self.compensate_next(thrower);
        }
        self.settle_ad_hoc(scope);
    }

    /// Note what an activity that has completed can be compensated with.
    fn record_compensable(&mut self, key: Key, process: &Process, index: NodeIndex) {
        let Some(record) = self.compensable(key, process, index) else { return };
        let mut holder = self.element(key).scope;
        while let Some(scope) = holder {
            let element = self.element_mut(scope);
            match &mut element.activity {
                Activity::Scope(scope) => return scope.compensable.push(record),
                Activity::Repeating(body) => return body.compensable.push(record),
                _ => holder = element.scope,
            }
        }
    }

    pub fn compensable(&mut self, key: Key, process: &Process, index: NodeIndex) -> Option<Compensable> {
        let element = self.element_mut(key);
        let (inner, has_scope) = match &mut element.activity {
            Activity::Scope(scope) => (std::mem::take(&mut scope.compensable), true),
            Activity::Repeating(body) => (std::mem::take(&mut body.compensable), false),
            _ => (Vec::new(), false),
        };
        let node = &process.nodes[index];
        let own = if element.repetition.is_some() { None } else { node.compensation };
        let handler = own.or_else(|| super::compensation::handler_inside(process, node).filter(|_| has_scope));
        if handler.is_none() && inner.is_empty() {
            return None;
        }
        let variables = if has_scope { element.variables.clone() } else { Object::new() };
        let order = self.next_key().0;
        Some(Compensable { node: index, handler, order, variables, inner })
    }

    /// An element cannot go on: keep it, and say why.
    pub fn raise(&mut self, key: Key, resume: Resume, fault: Fault) {
        let incident = self.next_key();
        let (code, message) = (fault.code, fault.message);
        self.event(Event::IncidentRaised { place: self.place(key), incident, code, message: message.clone() });
        self.state.incidents.insert(incident, Incident { element: key, code, message, resume });
    }

    /// Take a completed element out, with everything that waits for it.
    pub fn remove(&mut self, key: Key) {
        let element = self.state.elements.remove(&key).expect("the caller has checked that the element lives");
        self.state.variables_bytes -= object_bytes(&element.variables);
        self.remove_waits(&BTreeSet::from([key]));
    }

    /// End elements from outside, with everything in them, the youngest first. Their tokens are counted by the caller.
    pub fn terminate(&mut self, roots: &[Key]) {
        let Some(first) = roots.iter().min() else { return };
        let mut doomed: BTreeSet<Key> = roots.iter().copied().filter(|key| self.is_alive(*key)).collect();
        // Children are younger than what they live in, so one pass upwards finds them all.
        for (key, element) in self.state.elements.range(*first..) {
            if element.scope.is_some_and(|scope| doomed.contains(&scope)) {
                doomed.insert(*key);
            }
        }
        for key in doomed.iter().rev() {
            self.close_outside(*key, super::port::TaskOutcome::Cancelled, None);
            self.event(Event::Terminated { place: self.place(*key) });
        }
        self.remove_waits(&doomed);
        for key in &doomed {
            let element = self.state.elements.remove(key).expect("it was just looked at");
            self.state.variables_bytes -= object_bytes(&element.variables);
        }
        self.agenda.retain(|work| match work {
            Work::Take { scope, .. } => !doomed.contains(scope),
            Work::Activate(key) | Work::Close(key) => !doomed.contains(key),
        });
    }

    /// Live elements directly inside another.
    pub fn children(&self, key: Key) -> Vec<Key> {
        self.state
            .elements
            .range(key..)
            .filter(|(_, child)| child.scope == Some(key))
            .map(|(child, _)| *child)
            .collect()
    }
}
