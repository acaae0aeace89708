//! The outbox: whatever waits to be sent has a job that sends it and something to say, and whoever waits for an answer has a request on its
//! way or the answer to it. And the reverse: nothing is sent or kept that nobody wants.

use super::flows::Needed;
use super::{Fsck, Result, json, org, word};
use crate::flow::plan::order_key;
use crate::outbox::job_key;
use domain::outbox::{OutboxItem, OutboxState};
use engine::flow::Instance;
use std::sync::Arc;
use store::snapshot::{Cell, Pages, Row, Table};

/// Instances whose states are in memory at once.
const STATES_MAX: usize = 100;

type Items<'r> = [(&'r Row, OutboxItem)];

pub(super) async fn check(fsck: &mut Fsck<'_>) -> Result {
    let (Some(outbox), Some(content), Some(job), Some(instance)) =
        (fsck.table("outbox"), fsck.table("outbox_content"), fsck.table("job"), fsck.table("flow_instance"))
    else {
        return Ok(());
    };
    let mut pages = Pages::all(&outbox);
    while let Some(rows) = pages.next(fsck.snapshot).await? {
        let item = |row: &Row| serde_json::from_str(row.text("details")?).ok();
        let items: Vec<(&Row, OutboxItem)> = rows.iter().filter_map(|row| Some((row, item(row)?))).collect();
        for (row, item) in &items {
            differs(fsck, &outbox, row, item);
        }
        sent(fsck, &outbox, &job, &items).await?;
        said(fsck, &outbox, &content, &items).await?;
        for items in items.chunks(STATES_MAX) {
            wanted(fsck, &outbox, &instance, items).await?;
        }
    }
    Ok(())
}

/// The columns that are searched say what the item says.
fn differs(fsck: &mut Fsck<'_>, table: &Table, row: &Row, item: &OutboxItem) {
    let step = item.step.as_ref().filter(|_| item.state.is_open() && !item.abandoned);
    let texts = [
        ("id", Some(item.id.0.clone())),
        ("plugin", item.plugin.as_ref().map(|id| id.0.clone())),
        ("ticket", item.ticket.as_ref().map(|id| id.0.clone())),
        ("step_key", step.map(|step| step.key())),
    ];
    for (column, text) in texts.iter().filter(|(column, text)| row.text(column) != text.as_deref()) {
        let says = text.as_deref().unwrap_or("nothing");
        fsck.find(
            "outbox-differs",
            table,
            row,
            format!("`{column}` is `{}`, and the item says {says}", row.cell(column)),
        );
    }
    let is_same = row.text("state").and_then(word) == Some(item.state)
        && row.text("item_type").and_then(word) == Some(item.item_type)
        && row.int("version") == Some(i64::from(item.version));
    if !is_same {
        let what = format!(
            "the row says {}, {} in version {}, and the item {:?}, {:?} in version {}",
            row.cell("item_type"),
            row.cell("state"),
            row.cell("version"),
            item.item_type,
            item.state,
            item.version
        );
        fsck.find("outbox-differs", table, row, what);
    }
}

/// What waits, or was being sent, has a job that goes on with it.
async fn sent(fsck: &mut Fsck<'_>, table: &Table, job: &Table, items: &Items<'_>) -> Result {
    let is_due = |item: &OutboxItem| matches!(item.state, OutboxState::Waiting | OutboxState::Sending);
    let key = |row: &Row, item: &OutboxItem| vec![org(row), job_key(&item.id).into()];
    let due: Vec<(&Row, Vec<Cell>)> =
        items.iter().filter(|(_, item)| is_due(item)).map(|(row, item)| (*row, key(row, item))).collect();
    let wanted = due.iter().map(|(_, key)| key.clone()).collect();
    let present = fsck.present(job, &["org_id", "unique_key"], wanted).await?;
    for (row, _) in due.iter().filter(|(_, key)| !present.has(key)) {
        fsck.find("outbox-stuck", table, row, format!("it is {}, and no job sends it", row.cell("state")));
    }
    Ok(())
}

/// What may have to be sent is there, and is forgotten afterwards.
async fn said(fsck: &mut Fsck<'_>, table: &Table, content: &Table, items: &Items<'_>) -> Result {
    let key = |row: &Row| row.cells_of(&["org_id", "id"]);
    let present = fsck.present(content, &["org_id", "id"], items.iter().map(|(row, _)| key(row)).collect()).await?;
    for (row, item) in items {
        match (item.state.is_open(), present.has(&key(row))) {
            (true, false) => {
                fsck.find("outbox-stuck", table, row, "it may have to be sent, and what it says is not there");
            }
            (false, true) => fsck.find("outbox-leftover", table, row, "it is over, and what it said is still there"),
            _ => {}
        }
    }
    Ok(())
}

/// What is sent for a step is what the step waits for.
async fn wanted(fsck: &mut Fsck<'_>, table: &Table, instance: &Arc<Table>, items: &Items<'_>) -> Result {
    let awaited = |item: &OutboxItem| item.step.clone().filter(|_| item.state.is_awaited() && !item.abandoned);
    let steps: Vec<_> = items.iter().filter_map(|(row, item)| Some((*row, awaited(item)?))).collect();
    let ids = steps.iter().map(|(row, step)| vec![org(row), step.instance.as_str().into()]).collect();
    let found = fsck.rows_by(instance, &["state"], &["org_id", "id"], ids).await?;
    for (row, step) in steps {
        let Some(instance) = found.get(&vec![org(row), step.instance.as_str().into()]).and_then(|rows| rows.first())
        else {
            let what = format!("it is for a step of the instance `{}`, which is not there", step.instance);
            fsck.find("outbox-leftover", table, row, what);
            continue;
        };
        // One that cannot be read is found where the flows are looked at.
        let Some(Ok(state)) = instance.text("state").map(serde_json::from_str::<Instance>) else { continue };
        if !state.calls().any(|key| key.to_string() == step.element) {
            let what = format!("instance `{}` does not wait for it at element {}", step.instance, step.element);
            fsck.find("outbox-leftover", table, row, what);
        }
    }
    Ok(())
}

/// A step that waits for an answer.
pub(super) struct Call<'r> {
    pub(super) needed: Needed<'r>,
    pub(super) instance: domain::InstanceId,
    pub(super) element: String,
}

/// Every call has an item of which the end is not known yet, or a job that brings the answer. The value of what is needed is the step's key.
pub(super) async fn answered(fsck: &mut Fsck<'_>, instances: &Table, calls: Vec<Call<'_>>) -> Result {
    let (Some(outbox), Some(job)) = (fsck.table("outbox"), fsck.table("job")) else { return Ok(()) };
    let by = ["org_id", "step_key"];
    let items =
        fsck.rows_by(&outbox, &["state"], &by, calls.iter().map(|call| call.needed.value.clone()).collect()).await?;
    let is_sent = |call: &Call<'_>| {
        let mut states = items.get(&call.needed.value).into_iter().flatten().filter_map(|row| row.text("state"));
        states.any(|state| word(state).is_some_and(OutboxState::is_awaited))
    };
    let open: Vec<Call<'_>> = calls.into_iter().filter(|call| !is_sent(call)).collect();
    let queue = |call: &Call<'_>| vec![org(call.needed.row), order_key(&call.instance).into()];
    let jobs = fsck.rows_by(&job, &["work"], &["org_id", "order_key"], open.iter().map(queue).collect()).await?;
    for call in &open {
        let mut works = jobs.get(&queue(call)).into_iter().flatten().filter_map(|row| json(row, "work"));
        let is_answered = works.any(|work| {
            work["type"] == "answer-step"
                && work["instance"] == call.instance.as_str()
                && work["element"] == call.element.as_str()
        });
        if !is_answered {
            fsck.find(call.needed.code, instances, call.needed.row, call.needed.what.clone());
        }
    }
    Ok(())
}
