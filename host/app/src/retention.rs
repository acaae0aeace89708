//! What is forgotten when it is old, and what is kept for ever.
//!
//! Everything in small pages, so that nobody waits for it, and each run that did something is a line in the journal. Doing it twice is doing
//! it once, so every node may do it.

use crate::app::App;
use crate::error::Result;
use domain::Actor;
use domain::filter::{Field, Filter};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use store::Expired;
use tokio_util::sync::CancellationToken;

/// A kind of rows that may be forgotten, and the table they are in.
pub const RULES: &[(&str, &str, Expired)] = &[
    ("answers", "answer", Expired::Answers),
    ("sessions", "session", Expired::Sessions),
    ("read-notifications", "notification", Expired::ReadNotifications),
    ("notifications", "notification", Expired::Notifications),
    ("dead-jobs", "job", Expired::DeadJobs),
    ("closed-tickets", "ticket", Expired::ClosedTickets),
];

/// Tables without a rule, each with the reason.
pub const KEPT: &[(&str, &str)] = &[
    ("attachment", "goes with its ticket, which stays"),
    (
        "blob",
        "what an attachment names; content that no commit refers to is not told from content that one is about to refer to",
    ),
    ("calendar", "configuration"),
    ("ci", "the inventory"),
    ("ci_class", "configuration"),
    ("ci_relation", "the inventory"),
    ("ci_relation_version", "one row for each CI"),
    ("clock", "goes with its ticket, which stays"),
    ("comment", "goes with its ticket, which stays"),
    ("component", "decisions are replayed with the code that made them"),
    ("definition", "an instance is explained by the version it ran"),
    ("event", "the journal proves what happened only when it is whole"),
    ("flow_instance", "what was decided, and by whom"),
    ("group_member", "who there is"),
    ("journal_head", "one row"),
    ("message", "a job throws each away when its time is over"),
    ("node", "forgotten a day after its last sign of life"),
    ("outbox", "items that are over go after `outbound.kept_days`; those that are open wait for somebody"),
    ("outbox_content", "goes when its item ends"),
    ("password", "who there is"),
    ("person", "who there is; erasing a person is another thing than age (`POST /people/{id}/erasure`)"),
    ("person_group", "who there is"),
    ("plugin", "configuration"),
    ("record", "a practice decides about its own documents"),
    ("role_assignment", "who there is"),
    ("saved_query", "its owner removes it"),
    ("sequence", "a number is never given out twice"),
    ("space", "configuration"),
    ("subscription", "goes with its instance"),
    ("task", "who decided what"),
    ("task_candidate", "goes when its task ends"),
    ("ticket_access_group", "goes with its ticket, which stays"),
    ("ticket_access_person", "goes with its ticket, which stays"),
    ("ticket_link", "goes with its ticket, which stays"),
    ("ticket_watcher", "goes with its ticket, which stays"),
];

/// Rows of one statement.
const PAGE: u32 = 500;
/// Pages of one rule in one run: the rest is left for the next one.
const PAGES_MAX: u32 = 2_000;
const EVERY: Duration = Duration::from_secs(60 * 60);

/// Days that each kind is kept; 0 is for ever.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RetentionPolicy {
    pub answers_days: u32,
    pub sessions_days: u32,
    pub read_notifications_days: u32,
    pub notifications_days: u32,
    pub dead_jobs_days: u32,
    pub closed_tickets_days: u32,
}

impl RetentionPolicy {
    fn days(&self, what: Expired) -> u32 {
        match what {
            Expired::Answers => self.answers_days,
            Expired::Sessions => self.sessions_days,
            Expired::ReadNotifications => self.read_notifications_days,
            Expired::Notifications => self.notifications_days,
            Expired::DeadJobs => self.dead_jobs_days,
            Expired::ClosedTickets => self.closed_tickets_days,
        }
    }

    /// What is older than this may go.
    fn before(&self, what: Expired, now: Timestamp) -> Option<Timestamp> {
        before(self.days(what), now)
    }
}

fn before(days: u32, now: Timestamp) -> Option<Timestamp> {
    let back = SignedDuration::from_hours(24 * i64::from(days));
    (days > 0).then(|| now.checked_sub(back).unwrap_or(Timestamp::MIN))
}

fn or(left: Filter, right: Filter) -> Filter {
    match (left, right) {
        (Filter::False, one) | (one, Filter::False) => one,
        (left, right) => Filter::Or(vec![left, right]),
    }
}

/// What a rule did, or would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retained {
    pub rule: &'static str,
    pub table: &'static str,
    /// Absent when the rule is off. Kinds of tickets may have another time of their own.
    pub before: Option<Timestamp>,
    pub rows: u64,
    /// Old enough, and kept because something holds them.
    pub held: u64,
}

/// Some of the rows of a rule: older than this, and not these tickets.
struct Part {
    before: Timestamp,
    except: Filter,
}

impl App {
    /// What would be forgotten now.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn retention_count(&self, policy: RetentionPolicy) -> Result<Vec<Retained>> {
        let held_now = self.holds().await?.filter();
        let mut all = Vec::with_capacity(RULES.len());
        for (rule, table, what) in RULES {
            let (mut rows, mut held) = (0, 0);
            for part in self.retention_parts(policy, *what) {
                let (going, staying) = self.going_and_held(*what, &part, &held_now).await?;
                (rows, held) = (rows + going, held + staying);
            }
            all.push(Retained { rule, table, before: policy.before(*what, self.now()), rows, held });
        }
        Ok(all)
    }

    /// Forget and archive what is old and not held.
    ///
    /// # Errors
    /// The store fails, or nobody can say what is held; what was done stays done.
    pub async fn retention_run(&self, policy: RetentionPolicy) -> Result<Vec<Retained>> {
        let held_now = self.holds().await?.filter();
        let mut all = Vec::with_capacity(RULES.len());
        for (rule, table, what) in RULES {
            let before = policy.before(*what, self.now());
            let (mut rows, mut held) = (0, 0);
            for part in self.retention_parts(policy, *what) {
                rows += self.forget(*what, &part).await?;
                if *what == Expired::ClosedTickets {
                    held += self.going_and_held(*what, &part, &held_now).await?.1;
                }
            }
            if rows > 0 {
                let data = json!({ "table": table, "rows": rows, "before": before.map(|before| before.to_string()) });
                self.commit(self.admin_set(&Actor::system(), "retention", rule, "retention.applied", data)).await?;
            }
            all.push(Retained { rule, table, before, rows, held });
        }
        Ok(all)
    }

    async fn going_and_held(&self, what: Expired, part: &Part, held: &Filter) -> Result<(u64, u64)> {
        let old = self.store.expired_count(self.org(), what, part.before, &part.except).await?;
        // Only tickets are held, and most of the time none is.
        if what != Expired::ClosedTickets || *held == Filter::False {
            return Ok((old, 0));
        }
        let except = or(part.except.clone(), held.clone());
        let going = self.store.expired_count(self.org(), what, part.before, &except).await?;
        Ok((going, old.saturating_sub(going)))
    }

    async fn forget(&self, what: Expired, part: &Part) -> Result<u64> {
        let mut rows = 0;
        for _ in 0..PAGES_MAX {
            // Asked for each page, so that a hold that comes meanwhile counts for what is still there.
            let except = or(part.except.clone(), self.holds().await?.filter());
            let done = self.store.expired_forget(self.org(), what, part.before, self.now(), PAGE, &except).await?;
            rows += done;
            if done < u64::from(PAGE) {
                break;
            }
        }
        Ok(rows)
    }

    /// A rule as the installation has it, and for each kind of tickets that says otherwise the kind's own.
    fn retention_parts(&self, policy: RetentionPolicy, what: Expired) -> Vec<Part> {
        let registry = self.registry();
        let own: Vec<(String, u32)> = match what {
            Expired::ClosedTickets => {
                registry.kinds.iter().filter_map(|kind| Some((kind.id.0.clone(), kind.keep_days?))).collect()
            }
            _ => Vec::new(),
        };
        let others = own.iter().map(|(kind, _)| kind.clone()).collect();
        let except = if own.is_empty() { Filter::False } else { Filter::In(Field::Kind, others) };
        let usual = policy.before(what, self.now()).map(|before| Part { before, except });
        let kinds = own.into_iter().filter_map(|(kind, days)| {
            let before = before(days, self.now())?;
            Some(Part { before, except: Filter::Not(Box::new(Filter::eq(Field::Kind, kind))) })
        });
        usual.into_iter().chain(kinds).collect()
    }

    /// Do so every hour until told to stop.
    pub async fn retain(self: Arc<Self>, policy: RetentionPolicy, stop: CancellationToken) {
        loop {
            #[expect(
                clippy::disallowed_methods,
                reason = "how long to rest; what is old is asked of the clock that is passed in"
            )]
            let rest = tokio::time::sleep(EVERY);
            tokio::select! {
                () = rest => {}
                () = stop.cancelled() => return,
            }
            match self.retention_run(policy).await {
                Ok(done) => {
                    let rows: u64 = done.iter().map(|one| one.rows).sum();
                    tracing::info!(rows, "forgot and archived what is old");
                }
                Err(error) => tracing::warn!(%error, "what is old could not be forgotten; the next run goes on"),
            }
        }
    }
}
