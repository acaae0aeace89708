//! The way of one node to the database: requests and replies take time, get lost, come twice; the node crashes, stands still or is cut off.
//!
//! Everything that a node awaits is a call of the store, a plugin, the outside or its clock, so a crash at one of these is a crash at any
//! await. Planted bugs live here: the host itself is always the real one.

use crate::fault::Bug;
use crate::memory::{MemoryStore, commit};
use crate::world::Shared;
use app::port::clock::Clock;
use async_trait::async_trait;
use domain::job::Work;
use domain::report::SavedQuery;
use domain::*;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use store::*;
use tokio::sync::{Notify, oneshot};

const LOCK: &str = "nothing panics while it holds this lock";
/// What a caller waits for an answer before it gives up.
const DEADLINE: Duration = Duration::from_secs(5);

/// One life of a node: a crash ends it, a restart is another one.
#[derive(Debug)]
pub struct Life {
    pub name: String,
    alive: AtomicBool,
    ended: Notify,
    /// Until then it stands still, as under a debugger or a sleeping lid.
    paused_until: AtomicI64,
    /// Until then nothing it says reaches the database.
    cut_until: AtomicI64,
    /// What happens to one of its next calls, for whoever wants something just there and not by chance.
    planned: Mutex<Option<Planned>>,
}

#[derive(Debug)]
struct Planned {
    /// Calls that go well before.
    calls: usize,
    what: Happening,
}

#[derive(Debug)]
enum Happening {
    /// It says that it is there, and waits.
    Stop(oneshot::Sender<()>, oneshot::Receiver<()>),
    Fail,
}

impl Life {
    #[must_use]
    pub fn new(name: String) -> Self {
        Self {
            name,
            alive: AtomicBool::new(true),
            ended: Notify::new(),
            paused_until: AtomicI64::new(0),
            cut_until: AtomicI64::new(0),
            planned: Mutex::default(),
        }
    }

    /// After so many calls the next one is carried out and then stands still until it is told to go on. Gives who is told when it is there, and
    /// who tells it.
    pub fn stop_after(&self, calls: usize) -> (oneshot::Receiver<()>, oneshot::Sender<()>) {
        let ((there, is_there), (go_on, goes_on)) = (oneshot::channel(), oneshot::channel());
        self.plan(calls, Happening::Stop(there, goes_on));
        (is_there, go_on)
    }

    /// After so many calls the answer of the next one is lost.
    pub fn fail_after(&self, calls: usize) {
        self.plan(calls, Happening::Fail);
    }

    /// Whatever was planned does not happen any more.
    pub fn plan_nothing(&self) {
        self.planned.lock().expect(LOCK).take();
    }

    fn plan(&self, calls: usize, what: Happening) {
        *self.planned.lock().expect(LOCK) = Some(Planned { calls, what });
    }

    /// What was planned for this call.
    fn planned(&self) -> Option<Happening> {
        let mut planned = self.planned.lock().expect(LOCK);
        match planned.as_mut() {
            Some(one) if one.calls > 0 => {
                one.calls -= 1;
                None
            }
            _ => planned.take().map(|one| one.what),
        }
    }

    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.alive.load(Ordering::SeqCst)
    }

    pub fn end(&self) {
        self.alive.store(false, Ordering::SeqCst);
        self.ended.notify_waiters();
    }

    /// Wait for the crash.
    pub async fn ended(&self) {
        loop {
            let ended = self.ended.notified();
            if !self.is_alive() {
                return;
            }
            ended.await;
        }
    }

    pub fn pause_until(&self, micros: i64) {
        self.paused_until.store(micros, Ordering::SeqCst);
    }

    pub fn cut_until(&self, micros: i64) {
        self.cut_until.store(micros, Ordering::SeqCst);
    }
}

#[derive(Debug)]
pub struct NodeStore {
    store: MemoryStore,
    shared: Arc<Shared>,
    life: Arc<Life>,
    /// Timers that a planted bug has removed already.
    removed: Mutex<BTreeSet<JobId>>,
}

impl NodeStore {
    #[must_use]
    pub fn new(shared: Arc<Shared>, life: Arc<Life>, clock: Arc<dyn Clock>) -> Self {
        let store = MemoryStore::open(shared.database.clone(), clock);
        Self { store, shared, life, removed: Mutex::default() }
    }

    async fn die(&self, what: &str, when: &str) {
        self.shared.log(format_args!("{} crashes {when} {what}", self.life.name));
        self.life.end();
        std::future::pending::<()>().await;
    }

    async fn still(&self) {
        if !self.life.is_alive() {
            std::future::pending::<()>().await;
        }
        loop {
            let left = self.life.paused_until.load(Ordering::SeqCst) - self.shared.now_micros();
            if left <= 0 || self.shared.heals() {
                return;
            }
            self.shared.timeline.sleep(Duration::from_micros(left.unsigned_abs())).await;
        }
    }

    fn is_cut(&self) -> bool {
        !self.shared.heals()
            && (self.shared.is_away() || self.life.cut_until.load(Ordering::SeqCst) > self.shared.now_micros())
    }

    /// Waited in vain.
    async fn nothing<T>(&self) -> Result<T> {
        self.shared.timeline.sleep(DEADLINE).await;
        self.still().await;
        Err(StoreError::Deadline(5_000))
    }

    /// The way there.
    async fn before(&self, what: &str) -> Result<()> {
        self.still().await;
        let micros = 50 + self.shared.below(2_000);
        self.shared.timeline.sleep(Duration::from_micros(micros)).await;
        self.still().await;
        let faults = self.shared.faults();
        if self.shared.strikes(faults.crash) {
            self.die(what, "before").await;
        }
        if self.is_cut() || self.shared.strikes(faults.lost_request) {
            self.shared.log(format_args!("{} {what} does not arrive", self.life.name));
            return self.nothing().await;
        }
        Ok(())
    }

    /// The way back.
    async fn after(&self, what: &str) -> Result<()> {
        match self.life.planned() {
            None => {}
            Some(Happening::Fail) => return self.nothing().await,
            Some(Happening::Stop(there, goes_on)) => {
                let _ = there.send(());
                let _ = goes_on.await;
            }
        }
        let faults = self.shared.faults();
        if self.shared.strikes(faults.crash) {
            self.die(what, "after").await;
        }
        if self.is_cut() || self.shared.strikes(faults.lost_reply) {
            self.shared.log(format_args!("{} {what} is not answered", self.life.name));
            return self.nothing().await;
        }
        self.still().await;
        Ok(())
    }

    async fn call<T>(&self, what: &str, work: impl Future<Output = Result<T>> + Send) -> Result<T> {
        self.before(what).await?;
        let answer = work.await;
        self.after(what).await?;
        answer
    }

    /// What becomes of a changeset when a bug is planted: the one to commit, and the one to commit after it.
    fn plant(&self, mut changeset: Changeset) -> (Changeset, Option<Changeset>) {
        let mut second = None;
        match self.shared.bug {
            Some(Bug::FenceNotChecked) => {
                if let Some(done) = changeset.job_done.take() {
                    let fence = self.shared.database.look(&self.shared.org, |data| {
                        data.jobs.get(done.id.as_str()).filter(|job| job.lease.is_some()).map(|job| job.fence)
                    });
                    changeset.job_done = fence.map(|fence| JobDone { fence, ..done });
                }
            }
            Some(Bug::AnswerAfterCommit) => {
                if let Some(answer) = changeset.answer.take() {
                    let mut later = Changeset::new(changeset.org.clone(), changeset.at);
                    later.answer = Some(answer);
                    second = Some(later);
                }
            }
            Some(Bug::ReadsNotChecked) => changeset.reads.clear(),
            Some(Bug::TimerRemovedFirst) => {
                let removed = self.removed.lock().expect(LOCK);
                if changeset.job_done.as_ref().is_some_and(|done| removed.contains(&done.id)) {
                    changeset.job_done = None;
                }
            }
            _ => {}
        }
        (changeset, second)
    }

    /// A crash of the database in the middle of a write. What was written is gone when it is back: that is what it promises.
    fn torn(&self, changeset: &Changeset) {
        let before = self.shared.database.snapshot();
        let half = 1 + usize::try_from(self.shared.below(changeset.writes.len() as u64)).unwrap_or(0);
        commit::tear(&mut self.shared.database.rows(), changeset, half.min(changeset.writes.len() - 1));
        if self.shared.bug != Some(Bug::TornWriteKept) {
            self.shared.database.restore(&before);
        }
        self.shared.power_cut();
    }
}

#[async_trait]
impl Commits for NodeStore {
    async fn commit(&self, changeset: Changeset) -> Result<Committed, CommitError> {
        self.before("commit").await?;
        let done = changeset.job_done.clone();
        let (changeset, second) = self.plant(changeset);
        if changeset.writes.len() > 1 && self.shared.strikes(self.shared.faults().torn_write) {
            self.shared.log(format_args!("{} commit is torn, the database is away", self.life.name));
            self.torn(&changeset);
            return self.nothing().await.map_err(CommitError::Store);
        }
        let job = done.as_ref().and_then(|done| self.shared.database.job(&self.shared.org, &done.id));
        let committed = self.store.commit(changeset.clone()).await;
        match &committed {
            Ok(committed) => {
                let places: Vec<i64> = committed.events.iter().map(|event| event.seq).collect();
                let id = done.as_ref().map(|done| done.id.as_str()).unwrap_or_default();
                self.shared.log(format_args!("{} commits {places:?} for `{id}`", self.life.name));
                self.shared.history().committed(
                    &self.shared.database,
                    &self.shared.org,
                    &changeset,
                    done.as_ref(),
                    job,
                );
            }
            Err(error) => self.shared.log(format_args!("{} may not commit: {error}", self.life.name)),
        }
        if let (Ok(_), Some(second)) = (&committed, second) {
            self.after("commit").await?;
            self.before("commit of the answer").await?;
            let _ = self.store.commit(second).await;
        }
        self.after("commit").await?;
        committed
    }

    async fn answer_get(&self, org: &OrgId, scope: &str, key: &str) -> Result<Option<StoredAnswer>> {
        self.call("answer_get", self.store.answer_get(org, scope, key)).await
    }

    async fn number_lease(&self, org: &OrgId, sequence: &str, count: u32) -> Result<i64> {
        self.call("number_lease", self.store.number_lease(org, sequence, count)).await
    }

    async fn number_floor(&self, org: &OrgId, sequence: &str, floor: i64) -> Result<()> {
        self.call("number_floor", self.store.number_floor(org, sequence, floor)).await
    }
}

#[async_trait]
impl Jobs for NodeStore {
    async fn job_claim(
        &self,
        org: &OrgId,
        now: Timestamp,
        lease_until: Timestamp,
        owner: &str,
        limit: u32,
    ) -> Result<Vec<ClaimedJob>> {
        self.before("job_claim").await?;
        let mut claimed = self.store.job_claim(org, now, lease_until, owner, limit).await?;
        for one in &claimed {
            self.shared.log(format_args!(
                "{} claims `{}` {} {}",
                self.life.name,
                one.job.id,
                one.fence,
                kind(&one.job.work)
            ));
        }
        if self.shared.bug == Some(Bug::TimerRemovedFirst) {
            let mut removed = self.removed.lock().expect(LOCK);
            for one in claimed.iter().filter(|one| matches!(one.job.work, Work::FlowTimer { .. })) {
                self.shared.database.change(org, |data| drop(data.jobs.remove(one.job.id.as_str())));
                removed.insert(one.job.id.clone());
            }
        }
        if !claimed.is_empty() && self.shared.strikes(self.shared.faults().doubled_job) {
            let place = usize::try_from(self.shared.below(claimed.len() as u64)).unwrap_or(0);
            self.shared.log(format_args!("{} is given `{}` twice", self.life.name, claimed[place].job.id));
            claimed.push(claimed[place].clone());
        }
        self.after("job_claim").await?;
        Ok(claimed)
    }

    async fn job_heartbeat(&self, org: &OrgId, claims: &[JobDone], lease_until: Timestamp) -> Result<Vec<JobId>> {
        self.call("job_heartbeat", self.store.job_heartbeat(org, claims, lease_until)).await
    }

    async fn job_release(&self, org: &OrgId, id: &JobId, fence: i64, release: Release) -> Result<()> {
        self.shared.log(format_args!("{} gives `{id}` back: {release:?}", self.life.name));
        if let Release::Bury { .. } = release {
            self.shared.history().buried(id);
        }
        self.call("job_release", self.store.job_release(org, id, fence, release)).await
    }

    async fn job_unhold(&self, org: &OrgId, plugin: &PluginId) -> Result<u64> {
        self.call("job_unhold", self.store.job_unhold(org, plugin)).await
    }

    async fn job_next_due(&self, org: &OrgId) -> Result<Option<Timestamp>> {
        self.call("job_next_due", self.store.job_next_due(org)).await
    }

    async fn job_counts(&self, org: &OrgId) -> Result<JobCounts> {
        self.call("job_counts", self.store.job_counts(org)).await
    }

    async fn schedule_jobs(&self, org: &OrgId) -> Result<Vec<Job>> {
        self.call("schedule_jobs", self.store.schedule_jobs(org)).await
    }

    async fn job_list(&self, org: &OrgId, state: job::JobState, limit: u32) -> Result<Vec<Job>> {
        self.call("job_list", self.store.job_list(org, state, limit)).await
    }

    async fn job_retry(&self, org: &OrgId, id: &JobId, now: Timestamp) -> Result<bool> {
        self.call("job_retry", self.store.job_retry(org, id, now)).await
    }
}

fn kind(work: &Work) -> &'static str {
    match work {
        Work::React { .. } => "reaction",
        Work::ClockDue { .. } => "clock",
        Work::Timer { .. } => "timer",
        Work::Revisit { .. } => "revisit",
        Work::RevisitTicket { .. } => "revisit of a ticket",
        Work::StartFlow { .. } => "start",
        Work::StartTimer { .. } => "start timer",
        Work::FlowTimer { .. } => "flow timer",
        Work::Deliver { .. } => "delivery",
        Work::Publish { .. } => "publication",
        Work::HandOver { .. } => "hand-over",
        Work::ExpireMessage { .. } => "expiry",
        Work::Reevaluate { .. } => "reevaluation",
        Work::Send { .. } => "sending",
        Work::AnswerStep { .. } => "answer",
    }
}

/// Calls that need nothing but the way there and back.
macro_rules! forward {
    ($trait:ident { $(fn $name:ident($($argument:ident: $type:ty),* $(,)?) -> $answer:ty;)* }) => {
        #[async_trait]
        impl $trait for NodeStore {
            $(
                async fn $name(&self, $($argument: $type),*) -> Result<$answer> {
                    self.call(stringify!($name), self.store.$name($($argument),*)).await
                }
            )*
        }
    };
}

forward!(Tickets {
    fn ticket_load(org: &OrgId, id_or_number: &str) -> Option<ticket::TicketBundle>;
    fn ticket_list(org: &OrgId, query: &TicketQuery) -> Page<Ticket>;
    fn ticket_count(org: &OrgId, filter: &filter::Filter) -> u64;
    fn ticket_count_by(org: &OrgId, filter: &filter::Filter, field: filter::Field) -> Vec<(Option<String>, u64)>;
    fn ticket_index_rows(org: &OrgId, scope: &IndexScope, limit: u32) -> Vec<IndexRow>;
    fn ticket_digest(org: &OrgId, read: &QueryRead) -> String;
    fn comment_list(org: &OrgId, ticket: &TicketId) -> Vec<Comment>;
    fn attachment_list(org: &OrgId, ticket: &TicketId) -> Vec<Attachment>;
});

forward!(Blobs {
    fn blob_put(org: &OrgId, digest: &str, content: &[u8]) -> ();
    fn blob_get(org: &OrgId, digest: &str) -> Option<Vec<u8>>;
});

forward!(People {
    fn person_get(org: &OrgId, id: &PersonId) -> Option<Person>;
    fn person_by_login(org: &OrgId, login: &str) -> Option<Person>;
    fn person_list(org: &OrgId, text: &str, after: Option<&str>, limit: u32) -> Page<Person>;
    fn group_get(org: &OrgId, id: &GroupId) -> Option<Group>;
    fn group_list(org: &OrgId) -> Vec<Group>;
    fn groups_of(org: &OrgId, person: &PersonId) -> Vec<GroupId>;
    fn members(org: &OrgId, group: &GroupId) -> Vec<Person>;
    fn roles_of(org: &OrgId, person: &PersonId) -> Vec<person::RoleAssignment>;
    fn space_get(org: &OrgId, id: &str) -> Option<Space>;
    fn space_list(org: &OrgId) -> Vec<Space>;
});

forward!(Credentials {
    fn password_get(org: &OrgId, person: &PersonId) -> Option<String>;
    fn session_put(org: &OrgId, session: &Session) -> ();
    fn session_get(org: &OrgId, token_hash: &str) -> Option<Session>;
    fn session_delete(org: &OrgId, token_hash: &str) -> ();
    fn session_delete_all(org: &OrgId, person: &PersonId) -> ();
    fn session_list(org: &OrgId, person: &PersonId) -> Vec<Session>;
});

forward!(Cis {
    fn ci_get(org: &OrgId, id: &CiId) -> Option<Ci>;
    fn ci_list(
        org: &OrgId,
        spaces: Option<&[String]>,
        text: &str,
        class: Option<&str>,
        after: Option<&str>,
        limit: u32,
    ) -> Page<Ci>;
    fn ci_relations(org: &OrgId, id: &CiId) -> Vec<CiRelation>;
    fn ci_candidates(org: &OrgId, query: &CiQuery) -> Vec<Ci>;
    fn ci_get_many(org: &OrgId, ids: &[CiId]) -> Vec<Ci>;
    fn ci_places(org: &OrgId, after: Option<&CiId>, limit: u32) -> Vec<CiPlace>;
    fn ci_relation_page(org: &OrgId, after: Option<&CiRelation>, limit: u32) -> Vec<CiRelation>;
    fn ci_relations_among(org: &OrgId, relations: &[CiRelation]) -> Vec<CiRelation>;
    fn ci_class_list(org: &OrgId) -> Vec<CiClass>;
});

forward!(Records {
    fn record_get(org: &OrgId, id_or_number: &str) -> Option<Record>;
    fn record_list(
        org: &OrgId,
        kind: &KindId,
        state: Option<&str>,
        scope: &domain::RecordScope,
        after: Option<&str>,
        limit: u32,
    ) -> Page<Record>;
});

forward!(Calendars {
    fn calendar_list(org: &OrgId) -> Vec<(String, serde_json::Value, u32)>;
});

forward!(SavedQueries {
    fn saved_query_list(org: &OrgId) -> Vec<(String, SavedQuery, u32)>;
    fn saved_query_get(org: &OrgId, id: &str) -> Option<(SavedQuery, u32)>;
});

forward!(PluginRows {
    fn plugin_list(org: &OrgId) -> Vec<InstalledPlugin>;
    fn component_get(org: &OrgId, digest: &Digest) -> Option<Vec<u8>>;
});

forward!(Journal {
    fn event_list(org: &OrgId, after_seq: i64, limit: u32) -> Vec<Event>;
    fn event_get(org: &OrgId, seq: i64) -> Option<Event>;
    fn event_history(org: &OrgId, subject_kind: &str, subject: &str, after: i64, limit: u32) -> Vec<Event>;
    fn event_head(org: &OrgId) -> i64;
    fn event_wait(org: &OrgId, after_seq: i64, limit: u32, wait: Duration) -> Vec<Event>;
});

forward!(Nodes {
    fn node_beat(org: &OrgId, node: &Node) -> ();
    fn node_list(org: &OrgId) -> Vec<Node>;
});

forward!(Notifications {
    fn notification_list(org: &OrgId, person: &PersonId, limit: u32) -> Vec<Notification>;
});

forward!(Insight {
    fn event_search(org: &OrgId, query: &store::EventQuery) -> Vec<domain::Event>;
    fn record_search(org: &OrgId, query: &store::RecordSearch) -> Vec<domain::Record>;
    fn ticket_facts(org: &OrgId, query: &store::FactQuery) -> Vec<store::Fact>;
    fn clock_facts(
        org: &OrgId,
        filter: &filter::Filter,
        since: Option<Timestamp>,
        limit: u32,
    ) -> Vec<store::ClockFact>;
});

forward!(Outbox {
    fn outbox_get(org: &OrgId, id: &OutboxId) -> Option<domain::outbox::OutboxItem>;
    fn outbox_content(org: &OrgId, id: &OutboxId) -> Option<domain::outbox::Content>;
    fn outbox_list(org: &OrgId, query: &OutboxQuery, after: Option<&str>, limit: u32) -> Page<domain::outbox::OutboxItem>;
    fn outbox_counts(org: &OrgId) -> BTreeMap<domain::outbox::OutboxState, u64>;
    fn outbox_prune(org: &OrgId, ended_before: Timestamp, limit: u32) -> u64;
});

forward!(Flows {
    fn definition_get(
        org: &OrgId,
        definition_type: domain::flow::DefinitionType,
        key: &str,
        version: Option<u32>,
    ) -> Option<domain::flow::Definition>;
    fn definition_by_tag(
        org: &OrgId,
        definition_type: domain::flow::DefinitionType,
        key: &str,
        tag: &str,
    ) -> Option<domain::flow::Definition>;
    fn definition_list(
        org: &OrgId,
        definition_type: domain::flow::DefinitionType,
        after: Option<&str>,
        limit: u32,
    ) -> Page<domain::flow::Definition>;
    fn definition_versions(org: &OrgId, definition_type: domain::flow::DefinitionType, key: &str) -> Vec<domain::flow::Definition>;
    fn instance_get(org: &OrgId, id: &InstanceId) -> Option<FlowInstance>;
    fn instance_list(org: &OrgId, query: &InstanceQuery, after: Option<&str>, limit: u32) -> Page<FlowInstance>;
    fn instance_counts(org: &OrgId) -> Vec<InstanceCounts>;
    fn task_get(org: &OrgId, id: &TaskId) -> Option<Task>;
    fn task_list(org: &OrgId, query: &TaskQuery, after: Option<&str>, limit: u32) -> Page<Task>;
    fn task_count(org: &OrgId, query: &TaskQuery) -> u64;
    fn subscription_list(org: &OrgId, topic: &domain::flow::Topic) -> Vec<domain::flow::Subscription>;
    fn message_list(org: &OrgId, name: &str, key: &str) -> Vec<domain::flow::BufferedMessage>;
});

#[async_trait]
impl Store for NodeStore {
    async fn ping(&self) -> Result<()> {
        self.call("ping", self.store.ping()).await
    }

    async fn close(&self) {
        self.store.close().await;
    }

    async fn verify_journal(&self, org: &OrgId) -> Result<u64> {
        self.call("verify_journal", self.store.verify_journal(org)).await
    }
}
