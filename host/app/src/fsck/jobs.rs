//! Jobs: readable, claimable, and about something that is there.

use super::{Fsck, Result, org};
use domain::job::{JobState, Work};
use store::snapshot::{Cell, Pages, Row, Table};

/// A claim holds for half a minute and is prolonged; nothing is ever claimed for this long, in microseconds.
const LEASE_MAX: i64 = 60 * 60 * 1_000_000;

pub(super) async fn check(fsck: &mut Fsck<'_>) -> Result {
    let Some(table) = fsck.table("job") else { return Ok(()) };
    let mut pages = Pages::all(&table);
    while let Some(rows) = pages.next(fsck.snapshot).await? {
        let mut about = Vec::new();
        for row in &rows {
            lease(fsck, &table, row);
            match row.text("work").map(serde_json::from_str::<Work>) {
                Some(Ok(work)) => {
                    plugin(fsck, &table, row, &work);
                    about.extend(target(&work).map(|(target, by, value)| (row, target, by, value)));
                }
                // Buried: a person sees it and knows why.
                _ if row.text("state").and_then(super::word) == Some(JobState::Dead) => {}
                Some(Err(error)) => {
                    fsck.find("job-unreadable", &table, row, format!("its work cannot be read: {error}"))
                }
                None => {}
            }
        }
        there(fsck, &table, about).await?;
    }
    Ok(())
}

fn lease(fsck: &mut Fsck<'_>, table: &Table, row: &Row) {
    let (owner, until) = (row.cell("lease_owner"), row.int("lease_until"));
    if owner.is_null() != until.is_none() {
        fsck.find("job-lease", table, row, "a claim has an owner and an end, or neither");
    } else if until.is_some_and(|until| until > fsck.now.as_microsecond() + LEASE_MAX) {
        fsck.find("job-lease", table, row, format!("`{owner}` claims it for longer than any worker does"));
    } else if row.int("fence").is_none_or(|fence| fence < 0) || row.int("attempts").is_none_or(|tries| tries < 0) {
        fsck.find("job-lease", table, row, "fence and attempts count from 0");
    }
}

fn plugin(fsck: &mut Fsck<'_>, table: &Table, row: &Row, work: &Work) {
    if row.text("plugin") != work.plugin().map(|id| id.as_str()) {
        let what = format!("the row says plugin `{}`, and the work is another one's", row.cell("plugin"));
        fsck.find("job-unreadable", table, row, what);
    }
}

type Target = (&'static str, &'static [&'static str], Vec<Cell>);

/// What has to be there for the work. What may have ended meanwhile is looked for by the worker, which then drops the job.
fn target(work: &Work) -> Option<Target> {
    const ID: &[&str] = &["org_id", "id"];
    Some(match work {
        Work::React { seq, .. } => ("event", &["org_id", "seq"], vec![(*seq).into()]),
        Work::ClockDue { ticket, clock, .. } => {
            ("clock", &["org_id", "ticket", "name"], vec![ticket.as_str().into(), clock.as_str().into()])
        }
        Work::Timer { ticket, .. } | Work::RevisitTicket { ticket, .. } => ("ticket", ID, vec![ticket.as_str().into()]),
        Work::FlowTimer { instance, .. }
        | Work::Deliver { instance, .. }
        | Work::Reevaluate { instance }
        | Work::AnswerStep { instance, .. } => ("flow_instance", ID, vec![instance.as_str().into()]),
        Work::StartTimer { process, version, .. } => (
            "definition",
            &["org_id", "definition_type", "id", "version"],
            vec!["process".into(), process.as_str().into(), i64::from(*version).into()],
        ),
        Work::Send { item, .. } => ("outbox", ID, vec![item.as_str().into()]),
        Work::ExpireMessage { id } => ("message", ID, vec![id.as_str().into()]),
        _ => return None,
    })
}

async fn there(
    fsck: &mut Fsck<'_>,
    table: &Table,
    about: Vec<(&Row, &'static str, &'static [&'static str], Vec<Cell>)>,
) -> Result {
    let mut targets: Vec<(&str, &[&str])> = about.iter().map(|(_, target, by, _)| (*target, *by)).collect();
    targets.sort_unstable();
    targets.dedup();
    for (name, by) in targets {
        let Some(target) = fsck.table(name) else { continue };
        let wanted: Vec<(&Row, Vec<Cell>)> = about
            .iter()
            .filter(|(_, to, with, _)| *to == name && *with == by)
            .map(|(row, _, _, value)| (*row, std::iter::once(org(row)).chain(value.iter().cloned()).collect()))
            .collect();
        let present = fsck.present(&target, by, wanted.iter().map(|(_, value)| value.clone()).collect()).await?;
        for (row, value) in wanted.iter().filter(|(_, value)| !present.has(value)) {
            let shown: Vec<String> = value.iter().skip(1).map(ToString::to_string).collect();
            fsck.find(
                "job-orphan",
                table,
                row,
                format!("it is about {name} `{}`, which is not there", shown.join(" ")),
            );
        }
    }
    Ok(())
}
