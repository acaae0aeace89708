//! The journal: complete, unchanged, and the same story as the rows tell.
//!
//! Chains are walked subject by subject, so that memory does not grow with the number of subjects. What a ticket should be is folded from its
//! events on the way and compared with the row.

use super::{Fsck, Result, json, org};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::Arc;
use store::chain;
use store::snapshot::{Cell, Pages, Row, Table};

const CHAIN: [&str; 12] = [
    "org_id",
    "seq",
    "subject_kind",
    "subject",
    "subject_seq",
    "space",
    "at",
    "actor",
    "kind",
    "data",
    "cause",
    "hash",
];
/// Subjects whose rows are looked up together.
const SUBJECTS: usize = 200;

pub(super) async fn check(fsck: &mut Fsck<'_>) -> Result {
    let (Some(events), Some(heads)) = (fsck.table("event"), fsck.table("journal_head")) else { return Ok(()) };
    let ends = places(fsck, &events).await?;
    tails(fsck, &heads, ends).await?;
    chains(fsck, &events).await?;
    for (table, kind) in [("ticket", "ticket"), ("flow_instance", "flow")] {
        if let Some(table) = fsck.table(table) {
            unknown(fsck, &events, &table, kind).await?;
        }
    }
    Ok(())
}

/// Every place of an organisation's journal is taken. Returns the last ones.
async fn places(fsck: &mut Fsck<'_>, events: &Table) -> Result<BTreeMap<Cell, i64>> {
    let mut last: BTreeMap<Cell, i64> = BTreeMap::new();
    let mut pages = Pages::of(events, &["org_id", "seq"]);
    while let Some(rows) = pages.next(fsck.snapshot).await? {
        for row in &rows {
            let seq = row.int("seq").unwrap_or(0);
            let before = last.insert(org(row), seq).unwrap_or(0);
            if seq != before + 1 {
                let missing = if seq == before + 2 {
                    format!("event {} is missing before this one", before + 1)
                } else {
                    format!("events {} to {} are missing before this one", before + 1, seq - 1)
                };
                fsck.find("journal-gap", events, row, missing);
            }
        }
    }
    Ok(last)
}

async fn tails(fsck: &mut Fsck<'_>, heads: &Table, mut ends: BTreeMap<Cell, i64>) -> Result {
    let mut pages = Pages::of(heads, &["org_id", "seq"]);
    while let Some(rows) = pages.next(fsck.snapshot).await? {
        for row in &rows {
            let (said, found) = (row.int("seq").unwrap_or(0), ends.remove(&org(row)).unwrap_or(0));
            if said != found {
                fsck.find(
                    "journal-tail",
                    heads,
                    row,
                    format!("it says that the journal ends at {said}; it ends at {found}"),
                );
            }
        }
    }
    for (org, found) in ends {
        let what = format!("the journal ends at {found} and has no head that says so");
        fsck.find_at("journal-tail", "journal_head", &[org], what);
    }
    Ok(())
}

/// What is known of the subject whose chain is being walked.
#[derive(Default)]
struct Subject {
    key: Vec<Cell>,
    last: i64,
    hash: String,
    /// Events that go with a new version of a flow instance.
    moves: i64,
    commits: i64,
    command: String,
    at: i64,
    story: Story,
}

/// What a ticket is by its events.
#[derive(Default)]
struct Story {
    values: Map<String, Value>,
    is_begun: bool,
    jump: Option<String>,
}

async fn chains(fsck: &mut Fsck<'_>, events: &Table) -> Result {
    let order = ["org_id", "subject_kind", "subject", "subject_seq"];
    let mut pages = Pages::ordered(events, CHAIN.to_vec(), order.to_vec());
    let mut subject = Subject::default();
    let mut finished: Vec<Subject> = Vec::new();
    while let Some(rows) = pages.next(fsck.snapshot).await? {
        for row in &rows {
            let key = row.cells_of(&order[..3]);
            if key != subject.key {
                let before = std::mem::replace(&mut subject, Subject { key, ..Subject::default() });
                finished.push(before);
                if finished.len() >= SUBJECTS {
                    compare(fsck, std::mem::take(&mut finished)).await?;
                }
            }
            link(fsck, events, row, &mut subject);
        }
    }
    finished.push(subject);
    compare(fsck, finished).await
}

/// One event and its place in the chain of its subject.
fn link(fsck: &mut Fsck<'_>, events: &Table, row: &Row, subject: &mut Subject) {
    let text = |name: &str| row.text(name).unwrap_or_default();
    let place = row.int("subject_seq").unwrap_or(0);
    let parts = chain::Parts {
        subject_kind: text("subject_kind"),
        subject: text("subject"),
        space: text("space"),
        at: row.int("at").unwrap_or(0),
        actor: text("actor"),
        kind: text("kind"),
        data: text("data"),
        cause: text("cause"),
    };
    let hash = chain::hash_parts(&subject.hash, place, &parts);
    if place != subject.last + 1 {
        let what = format!("its chain goes from {} to {place}", subject.last);
        fsck.find("journal-changed", events, row, what);
    } else if hash != text("hash") {
        fsck.find("journal-changed", events, row, "its hash does not fit its content and the event before it");
    }
    // From here on with what is stored, so that one edit is one finding.
    (subject.last, subject.hash) = (place, text("hash").to_owned());
    // Of the last one, not the latest: a commit that had to be decided again keeps the time of its command.
    subject.at = parts.at;
    if parts.kind.starts_with("flow.") {
        subject.moves += 1;
    }
    let command = json(row, "cause").and_then(|cause| Some(cause.get("command")?.as_str()?.to_owned()));
    let command = command.unwrap_or_default();
    if command != subject.command {
        (subject.commits, subject.command) = (subject.commits + 1, command);
    }
    if parts.subject_kind == "ticket" {
        subject.story.tell(parts.kind, json(row, "data").unwrap_or_default());
    }
}

impl Story {
    fn tell(&mut self, kind: &str, data: Value) {
        match (kind, data) {
            ("ticket.created", Value::Object(mut data)) => {
                let fields = data.remove("fields");
                self.values = data;
                for (name, value) in fields.as_ref().and_then(Value::as_object).into_iter().flatten() {
                    self.values.insert(format!("fields.{name}"), value.clone());
                }
                self.is_begun = true;
            }
            ("ticket.changed", data) => {
                for change in data["changes"].as_array().into_iter().flatten() {
                    let field = change["field"].as_str().unwrap_or_default();
                    let before = self.values.get(field).unwrap_or(&Value::Null);
                    if *before != change["from"] && self.jump.is_none() {
                        self.jump =
                            Some(format!("`{field}` was {before} by its history, and changed from {}", change["from"]));
                    }
                    self.values.insert(field.to_owned(), change["to"].clone());
                }
            }
            _ => {}
        }
    }

    /// What the row says differently.
    fn differs(&self, row: &Row) -> Option<String> {
        if let Some(jump) = &self.jump {
            return Some(jump.clone());
        }
        let text = |column: &str| row.text(column).map_or(Value::Null, Value::from);
        let stored = [
            ("number", text("number")),
            ("kind", text("kind")),
            ("state", text("state")),
            ("title", text("title")),
            ("requester", text("requester")),
            ("group", text("group_id")),
            ("assignee", text("assignee")),
            ("parent", text("parent")),
            ("restricted", Value::from(row.int("restricted") == Some(1))),
        ];
        let own = |name: &str| self.values.get(name).cloned().unwrap_or_default();
        let fields = json(row, "fields").unwrap_or_default();
        let fields = fields.as_object().cloned().unwrap_or_default();
        let told = self.values.keys().filter_map(|name| name.strip_prefix("fields.").map(str::to_owned));
        let names = told.chain(fields.keys().cloned()).map(|name| {
            let value = fields.get(&name).cloned().unwrap_or_default();
            (format!("fields.{name}"), value)
        });
        let all = stored.into_iter().map(|(name, value)| (name.to_owned(), value)).chain(names);
        all.map(|(name, value)| (own(&name), name, value))
            .find(|(told, _, stored)| told != stored)
            .map(|(told, name, stored)| format!("`{name}` is {stored} and by its history {told}"))
    }
}

/// The rows of finished subjects against their chains.
async fn compare(fsck: &mut Fsck<'_>, subjects: Vec<Subject>) -> Result {
    for (kind, table) in [("ticket", "ticket"), ("flow", "flow_instance"), ("record", "record"), ("ci", "ci")] {
        let Some(table) = fsck.table(table) else { continue };
        let of_kind: Vec<&Subject> =
            subjects.iter().filter(|subject| subject.key.get(1) == Some(&Cell::from(kind))).collect();
        compare_kind(fsck, kind, &table, &of_kind).await?;
    }
    Ok(())
}

async fn compare_kind(fsck: &mut Fsck<'_>, kind: &str, table: &Arc<Table>, subjects: &[&Subject]) -> Result {
    let id = |subject: &Subject| vec![subject.key[0].clone(), subject.key[2].clone()];
    let wanted = subjects.iter().map(|subject| id(subject)).collect();
    let rows = fsck.rows_by(table, &table.names(), &["org_id", "id"], wanted).await?;
    for subject in subjects {
        let Some(row) = rows.get(&id(subject)).and_then(|rows| rows.first()) else {
            let what = format!("its journal has {} events and it is not there", subject.last);
            fsck.find_at("subject-missing", &table.name, &id(subject), what);
            continue;
        };
        let version = row.int("version").unwrap_or(0);
        if kind == "flow" && version != subject.moves {
            let what = format!("it has version {version}, and its journal tells of {} commits", subject.moves);
            fsck.find("flow-version", table, row, what);
        }
        if kind != "ticket" {
            continue;
        }
        if subject.story.is_begun
            && let Some(difference) = subject.story.differs(row)
        {
            fsck.find("ticket-differs", table, row, difference);
        }
        if version < subject.commits {
            let what = format!("version {version} is older than the {} commits of its journal", subject.commits);
            fsck.find("ticket-version", table, row, what);
        } else if row.int("updated_at").unwrap_or(0) < subject.at {
            fsck.find("ticket-version", table, row, "it was last changed before the last event of its journal");
        }
    }
    Ok(())
}

/// Rows that have no journal.
async fn unknown(fsck: &mut Fsck<'_>, events: &Table, table: &Table, kind: &str) -> Result {
    let mut pages = Pages::of(table, &["org_id", "id"]);
    while let Some(rows) = pages.next(fsck.snapshot).await? {
        let first = |row: &Row| vec![org(row), kind.into(), row.cell("id").clone(), Cell::Int(1)];
        let by = ["org_id", "subject_kind", "subject", "subject_seq"];
        let present = fsck.present(events, &by, rows.iter().map(first).collect()).await?;
        for row in rows.iter().filter(|row| !present.has(&first(row))) {
            fsck.find("subject-unknown", table, row, "the journal does not tell where it comes from");
        }
    }
    Ok(())
}
