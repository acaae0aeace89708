//! The port to the component runtime: what the host asks of a plugin, and what a plugin may ask of the snapshot.
//!
//! Nothing here knows wasmtime. A call is pure: the same component, context, input and answers give the same output.

use async_trait::async_trait;
use domain::filter::Filter;
use domain::{
    Ci, CiId, Clock, Digest, Event, GroupId, KindId, Object, Person, PersonId, PluginId, Problem, Record, RecordId,
    SpaceId, Ticket, TicketId, ci,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What was found in a `.wasm` file without running anything of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Inspection {
    pub digest: Digest,
    /// Bytes.
    pub size: u64,
    /// Text of the manifest section.
    pub manifest: String,
    /// Assets by path.
    pub assets: BTreeMap<String, Vec<u8>>,
    /// Names of the interfaces, for example `weft:host/tickets@0.1.0`.
    pub imports: Vec<String>,
    pub exports: Vec<String>,
}

/// The decisions that a component can make.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Capability {
    Guard,
    React,
    Approval,
    Automation,
    Form,
}

/// Everything ambient that a decision may depend on; see `weft:types/types.context`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Context {
    pub now: Timestamp,
    /// 32 hexadecimal digits.
    pub seed: String,
    pub actor: String,
    pub actor_kind: String,
    pub roles: Vec<String>,
    pub locale: String,
    pub zone: String,
    pub space: String,
    pub depth: u32,
    pub dry_run: bool,
    pub origin: String,
    pub correlation: String,
    /// More that only some calls have, by name, as JSON: `answer` is the answer to a step's request.
    pub extra: BTreeMap<String, serde_json::Value>,
}

/// One call of one component.
#[derive(Clone)]
pub struct Call {
    pub plugin: PluginId,
    pub digest: Digest,
    pub context: Context,
    pub settings: Arc<Object>,
    pub reader: Arc<dyn SnapshotReader>,
}

impl std::fmt::Debug for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Call").field("plugin", &self.plugin).field("digest", &self.digest).finish_non_exhaustive()
    }
}

/// An effect as a component returned it: not yet understood, not yet allowed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RawEffect {
    pub kind: String,
    /// JSON text.
    pub data: String,
}

#[derive(Debug, Clone)]
pub struct GuardInput {
    pub before: Option<Ticket>,
    pub after: Ticket,
    pub effects: Vec<RawEffect>,
    pub clocks: Vec<Clock>,
}

/// A decision that a component declined to make: part of its contract.
#[derive(Debug, Clone, PartialEq, thiserror::Error, Serialize, Deserialize)]
pub enum Fault {
    #[error("denied: {0}")]
    Denied(String),
    #[error("invalid: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Invalid(Vec<Problem>),
    #[error("try again in {0} s")]
    Retry(u32),
    #[error("{0}")]
    Permanent(String),
}

/// Why a call ended without an answer: the component misbehaved, or the host could not run it.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("plugin `{plugin}` failed in `{function}`: {cause}")]
pub struct CallFault {
    pub plugin: PluginId,
    pub function: &'static str,
    pub cause: FaultCause,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FaultCause {
    #[error("trapped ({0})")]
    Trap(String),
    #[error("ran longer than {0} ms")]
    Deadline(u64),
    /// Too many calls were waiting, or its turn did not come in time: nothing that the component did.
    #[error("did not get its turn")]
    Busy,
    #[error("wanted more than {0} bytes of memory")]
    Memory(u64),
    #[error("used up its stack")]
    Stack,
    #[error("answered with more than {0} bytes")]
    ResultTooLarge(u64),
    #[error("sent more than {0} bytes through host calls")]
    HostCallBytes(u64),
    #[error("answered with something that is not of the declared type ({0})")]
    BadAnswer(String),
    #[error("does not export `{0}`")]
    NotExported(String),
    #[error("is not loaded ({0})")]
    NotLoaded(String),
}

/// A refusal of a guard.
pub type Rejection = Vec<Problem>;

/// A step of an automation, asked to run.
#[derive(Debug, Clone)]
pub struct StepInput {
    pub step: String,
    pub ticket: Option<Ticket>,
    /// JSON object text.
    pub inputs: String,
    pub attempt: u32,
}

#[derive(Debug, Clone, PartialEq)]
pub enum StepOutcome {
    Done { outputs: String, effects: Vec<RawEffect> },
    BpmnError { code: String, message: String },
    Call { method: String, url: String, headers: Vec<(String, String)>, body: Option<String> },
    Wait { name: String, correlation_key: String, timeout_seconds: Option<u32> },
}

#[derive(Debug, Clone)]
pub struct ApprovalInput {
    pub ticket: Option<Ticket>,
    pub approvers: Vec<PersonId>,
    /// JSON object text.
    pub parameters: String,
    pub votes: Vec<Vote>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vote {
    pub person: PersonId,
    pub delegate: Option<PersonId>,
    pub answer: Answer,
    pub at: Timestamp,
    pub comment: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    Approve,
    Reject,
    Abstain,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    Approved(String),
    Rejected(String),
    Pending { needed: Vec<PersonId>, reason: String },
}

/// The component runtime.
#[async_trait]
pub trait Plugins: Send + Sync + std::fmt::Debug {
    /// Read a file without running it.
    ///
    /// # Errors
    /// All problems: not a component, no manifest, imports that Weft does not offer (by name), another WIT version.
    fn inspect(&self, wasm: &[u8]) -> Result<Inspection, Vec<Problem>>;

    /// Compile (off the request path, cached by digest) and load every advertised capability once in a throw-away store.
    ///
    /// # Errors
    /// Does not compile, wants more than the limits, traps on start, or exports something of another shape.
    async fn prepare(
        &self,
        plugin: &PluginId,
        digest: &Digest,
        wasm: Arc<[u8]>,
    ) -> Result<Vec<Capability>, Vec<Problem>>;

    /// Drop the compiled code of a digest from memory.
    fn forget(&self, digest: &Digest);

    async fn guard(&self, call: Call, input: GuardInput) -> Result<Result<Vec<RawEffect>, Rejection>, CallFault>;

    async fn react(
        &self,
        call: Call,
        event: Event,
        subject: Option<Ticket>,
    ) -> Result<Result<Vec<RawEffect>, Fault>, CallFault>;

    async fn run_step(&self, call: Call, input: StepInput) -> Result<Result<StepOutcome, Fault>, CallFault>;

    async fn decide(&self, call: Call, input: ApprovalInput) -> Result<Result<Verdict, Fault>, CallFault>;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogLevel {
    Debug,
    Info,
    Warn,
    Error,
}

/// A relation of a CI, seen from that CI.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelatedCi {
    pub other: CiId,
    pub relation_type: String,
    pub direction: ci::Direction,
}

/// Which configuration items; all given conditions must hold.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CiCriteria {
    /// Of this class and of the classes below it.
    pub class: Option<String>,
    pub space: Option<SpaceId>,
    pub name: Option<String>,
    /// Attributes and the JSON scalar that each must have.
    pub attributes: Vec<(String, serde_json::Value)>,
    /// The last item of the page before.
    pub after: Option<CiId>,
}

/// What a component may ask while it decides. Every answer comes from the decision's snapshot, goes into its read set, and is
/// limited to grants *and* to what the person acted for may see. Implemented by `app`, called by `runtime`.
#[async_trait]
pub trait SnapshotReader: Send + Sync {
    async fn ticket(&self, id: &TicketId) -> Result<Option<Ticket>, Fault>;
    async fn tickets(&self, filter: &Filter, limit: u32) -> Result<Vec<Ticket>, Fault>;
    async fn ticket_count(&self, filter: &Filter) -> Result<u32, Fault>;
    async fn clocks(&self, ticket: &TicketId) -> Result<Vec<Clock>, Fault>;
    async fn ci(&self, id: &CiId) -> Result<Option<Ci>, Fault>;
    async fn related(&self, id: &CiId) -> Result<Vec<RelatedCi>, Fault>;
    async fn impact(&self, id: &CiId, direction: ci::Direction) -> Result<Vec<Ci>, Fault>;
    /// By id.
    async fn find_cis(&self, criteria: &CiCriteria, limit: u32) -> Result<Vec<Ci>, Fault>;
    /// A class and its ancestors, nearest first; empty when there is no such class.
    fn ci_lineage(&self, class: &str) -> Result<Vec<String>, Fault>;
    /// What is wrong with the attributes for an item of the class.
    fn check_ci(&self, class: &str, attributes: &Object) -> Result<Vec<Problem>, Fault>;
    async fn record(&self, id: &RecordId) -> Result<Option<Record>, Fault>;
    async fn records(&self, kind: &KindId, state: Option<&str>) -> Result<Vec<Record>, Fault>;
    async fn person(&self, id: &PersonId) -> Result<Option<Person>, Fault>;
    async fn manager(&self, id: &PersonId) -> Result<Option<Person>, Fault>;
    async fn members(&self, group: &GroupId) -> Result<Vec<Person>, Fault>;
    async fn is_member(&self, person: &PersonId, group: &GroupId) -> Result<bool, Fault>;
    async fn calendar_add(
        &self,
        calendar: &str,
        start: Timestamp,
        seconds: u32,
        zone: Option<&str>,
    ) -> Result<Timestamp, Fault>;
    async fn calendar_between(
        &self,
        calendar: &str,
        start: Timestamp,
        end: Timestamp,
        zone: Option<&str>,
    ) -> Result<u32, Fault>;
    async fn calendar_is_open(&self, calendar: &str, at: Timestamp, zone: Option<&str>) -> Result<bool, Fault>;
    fn log(&self, level: LogLevel, message: &str);
}
