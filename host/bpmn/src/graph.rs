//! The executable form of a model: what the engine walks and what an instance is pinned to.
//!
//! A graph is plain data. It serialises to JSON and back without loss (the digest is of that JSON), so a generator may write it and a
//! test may compare it. Indexes point into the vectors of one [`Process`]; a graph that was compiled here never has a dangling one.
//!
//! *Architecture Invariant:* nothing here knows XML. What the engine cannot run is refused before a graph exists.

use crate::expression::Expression;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Version of the format that is written here; see [`Graph::format`].
pub const FORMAT: u32 = 1;

/// Place of a node in [`Process::nodes`].
pub type NodeIndex = usize;
/// Place of a sequence flow in [`Process::flows`].
pub type FlowIndex = usize;

/// One deployed model: its processes, ready to run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Graph {
    /// Version of this format; an instance keeps the one that it was pinned to.
    pub format: u32,
    pub processes: Vec<Process>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Process {
    pub id: String,
    pub name: String,
    /// `zeebe:versionTag`: what people call this version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version_tag: Option<String>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub documentation: String,
    pub nodes: Vec<Node>,
    pub flows: Vec<SequenceFlow>,
    /// Top-level start events.
    pub starts: Vec<NodeIndex>,
    /// Event sub-processes of the process itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub event_sub_processes: Vec<NodeIndex>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SequenceFlow {
    pub id: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    pub source: NodeIndex,
    pub target: NodeIndex,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<Expression>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Node {
    pub id: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub documentation: String,
    /// The sub-process that it stands in; absent at the top level of the process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<NodeIndex>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub incoming: Vec<FlowIndex>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outgoing: Vec<FlowIndex>,
    /// The flow that is taken when no condition holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<FlowIndex>,
    /// Boundary events attached to it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub boundary: Vec<NodeIndex>,
    /// `zeebe:input`: evaluated in the surrounding scope when the element starts, in order, into the element's own scope.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<Mapping>,
    /// `zeebe:output`: evaluated in the element's own scope when it completes. Without any, everything it produced is merged outwards.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outputs: Vec<Mapping>,
    /// `zeebe:taskHeaders` and `zeebe:properties`: fixed texts for components and tools.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeat: Option<Repeat>,
    /// The compensation handler of this activity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compensation: Option<NodeIndex>,
    /// This activity is only run to compensate another.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_for_compensation: bool,
    pub kind: NodeKind,
}

/// `target` may be a path such as `request.item`; the objects in between are made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mapping {
    pub source: Expression,
    pub target: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum NodeKind {
    StartEvent {
        trigger: Trigger,
        /// For the start event of an event sub-process.
        interrupting: bool,
    },
    IntermediateCatchEvent {
        trigger: Trigger,
    },
    IntermediateThrowEvent {
        result: EventResult,
    },
    EndEvent {
        result: EventResult,
    },
    BoundaryEvent {
        attached_to: NodeIndex,
        trigger: Trigger,
        interrupting: bool,
    },
    ExclusiveGateway,
    ParallelGateway,
    InclusiveGateway,
    EventBasedGateway,
    /// Abstract and manual tasks: nothing to wait for.
    PassThrough,
    UserTask(Box<UserTask>),
    /// Service and send tasks: a step that a component takes.
    ServiceTask(Box<Step>),
    ScriptTask {
        expression: Expression,
        /// Where the result goes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        result_variable: Option<String>,
    },
    BusinessRuleTask {
        decision: Decision,
        result_variable: String,
    },
    ReceiveTask {
        message: MessageCatch,
    },
    SubProcess {
        start: NodeIndex,
        event_sub_processes: Vec<NodeIndex>,
    },
    EventSubProcess {
        start: NodeIndex,
        event_sub_processes: Vec<NodeIndex>,
    },
    AdHocSubProcess(Box<AdHoc>),
    CallActivity {
        /// Process id, text or expression.
        process: TextOrExpression,
        binding: Binding,
        /// Hand all variables down, and back up.
        propagate_all_parent: bool,
        propagate_all_child: bool,
    },
}

/// What starts or continues something.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Trigger {
    None,
    Message(MessageCatch),
    Timer(Timer),
    Signal {
        name: TextOrExpression,
    },
    /// No code: every error.
    Error {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<String>,
    },
    Escalation {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<String>,
    },
    Conditional {
        condition: Expression,
    },
    Compensation,
    Link {
        name: String,
    },
}

/// What an element brings about when it is reached.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum EventResult {
    None,
    Terminate,
    Error {
        code: TextOrExpression,
    },
    Escalation {
        code: TextOrExpression,
    },
    Signal {
        name: TextOrExpression,
    },
    /// A message event that a component carries out, or one to other instances when it names no component.
    Message {
        name: TextOrExpression,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        correlation_key: Option<Expression>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<Box<Step>>,
    },
    /// The activity to compensate; all of the scope when absent.
    Compensation {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        activity: Option<NodeIndex>,
    },
    /// Jumps to the catching link of the same scope.
    Link {
        target: NodeIndex,
    },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MessageCatch {
    pub name: TextOrExpression,
    /// Absent only for start events at the top level.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_key: Option<Expression>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "kebab-case")]
pub enum Timer {
    /// RFC 3339 with optional zone in brackets, or an expression that gives one (or a FEEL date and time).
    Date { at: TextOrExpression },
    /// ISO 8601 duration: days and longer are calendar time in the instance's zone, hours and shorter exact.
    Duration { after: TextOrExpression },
    /// `R[n]/[start/]duration`, or a cron expression.
    Cycle { every: TextOrExpression },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum TextOrExpression {
    Expression { expression: Expression },
    Text(String),
}

/// A step that a component takes: `plugin/step` or `plugin/step@major`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    pub task_type: TextOrExpression,
    /// Attempts in all; 3 when the model says nothing.
    pub retries: TextOrExpression,
    /// Header `backoff`: ISO 8601 durations between the attempts; the last one repeats.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub backoff: Vec<String>,
    /// Header `timeout`: ISO 8601 duration after which a call that has no answer is taken as failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<String>,
    /// Header `resultVariable`: where the outputs go as one object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result_variable: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct UserTask {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignee: Option<TextOrExpression>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub candidate_groups: Option<TextOrExpression>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub candidate_people: Option<TextOrExpression>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<TextOrExpression>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follow_up: Option<TextOrExpression>,
    /// 0 to 100, 50 when the model says nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<TextOrExpression>,
    /// Id of a form asset of the plugin that brings the flow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<String>,
    /// Header `approval`: the approval rule that turns votes into a verdict, `plugin` or `plugin@major`. A user task with one asks its
    /// candidates to vote and completes with the verdict.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<Approval>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Approval {
    pub rule: String,
    /// Gives the parameters of the rule as a context; an empty one when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameters: Option<Expression>,
    /// Gives the list of person ids who are asked.
    pub approvers: TextOrExpression,
    /// ISO 8601 duration between reminders to those who have not answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reminder: Option<String>,
    /// ISO 8601 duration after which the verdict is `expired`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expiry: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// Id of the decision.
    pub decision: TextOrExpression,
    pub binding: Binding,
}

/// Which version is meant; resolved when the model is deployed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Binding {
    Latest,
    /// The version that was deployed together with this model.
    Deployment,
    VersionTag(String),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AdHoc {
    /// Activities without an incoming flow: those that can be started.
    pub activities: Vec<NodeIndex>,
    /// Ids of those to start at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active: Option<Expression>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completion: Option<Expression>,
    /// End what still runs when the completion condition holds.
    pub cancel_remaining: bool,
    pub event_sub_processes: Vec<NodeIndex>,
}

/// An activity that runs several times.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Repeat {
    /// BPMN's standard loop.
    Loop {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        condition: Option<Expression>,
        /// Ask before the first run (while) or after it (until).
        test_before: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        maximum: Option<u32>,
    },
    MultiInstance {
        sequential: bool,
        /// Gives the list to run over; `cardinality` a number instead. One of the two is present.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        collection: Option<Expression>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cardinality: Option<Expression>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        element_variable: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        output_collection: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        output_element: Option<Expression>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        completion: Option<Expression>,
    },
}
