//! Jobs inside a commit: made, replaced, cancelled, completed.

use super::batch::Batch;
use crate::table::{Row, Table};
use crate::value::Value;
use domain::{Event, JobId, OrgId, job::Work};
use store::NewJob;

/// A job's first fence is its ordinal, shifted: a later job with the same id never repeats the fence of an earlier one.
const FENCE_SHIFT: u32 = 20;

impl Batch<'_> {
    pub(super) fn complete_job(&mut self, org: &OrgId, id: &JobId) {
        self.pending.delete(Table::Job, vec![org.as_str().into(), id.as_str().into()]);
        self.seen.remove_job(org.as_str(), id.as_str());
    }

    pub(super) fn cancel_job(&mut self, org: &OrgId, unique_key: &str) {
        self.pending.remove_unique_job(&Value::from(org.as_str()), unique_key);
        self.seen.remove_unique_job(org.as_str(), unique_key);
    }

    /// `events` are those of the same changeset, with their places in the journal.
    pub(super) fn write_job(&mut self, org: &OrgId, job: &NewJob, events: &[Event]) {
        if let Some(unique_key) = &job.unique_key {
            self.cancel_job(org, unique_key);
        }
        self.seen.remove_job(org.as_str(), job.id.as_str());
        let ordinal = self.heads.next_ordinal(org.as_str());
        let plugin = job.work.plugin().map(|plugin| plugin.as_str());
        let mut work = job.work.clone();
        if let (Work::React { seq, .. }, Some(event)) = (&mut work, job.event.and_then(|index| events.get(index))) {
            *seq = event.seq;
        }
        let work = serde_json::to_string(&work).expect("work has text keys");
        self.pending.put(Row::new(
            Table::Job,
            vec![
                org.as_str().into(),
                job.id.as_str().into(),
                job.order_key.as_str().into(),
                job.order_at().into(),
                ordinal.into(),
                job.unique_key.as_deref().into(),
                plugin.into(),
                work.into(),
                job.due_at.into(),
                "ready".into(),
                0_i64.into(),
                Value::Null,
                Value::Null,
                Value::Null,
                (ordinal << FENCE_SHIFT).into(),
            ],
        ));
    }
}
