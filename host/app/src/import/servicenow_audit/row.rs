//! One row of the log as typed values, or everything that is wrong with it.

use super::file::Columns;
use super::name::hash;
use super::state::{SourceState, state};
use super::when;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

/// Columns that a row is made of; a file without one of them is refused.
pub(super) const COLUMNS: [&str; 26] = [
    "number",
    "incident_state",
    "reassignment_count",
    "reopen_count",
    "sys_mod_count",
    "made_sla",
    "caller_id",
    "opened_at",
    "sys_updated_by",
    "sys_updated_at",
    "contact_type",
    "location",
    "category",
    "subcategory",
    "u_symptom",
    "cmdb_ci",
    "impact",
    "urgency",
    "priority",
    "assignment_group",
    "assigned_to",
    "problem_id",
    "rfc",
    "vendor",
    "caused_by",
    "closed_code",
];
const NUMBER_CHARS_MAX: usize = 40;
const TEXT_CHARS_MAX: usize = 200;
/// What the log writes where it does not know.
const UNKNOWN: &str = "?";

/// The incident as it was after one update. What the log does not know is `None`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Line in the file, counted from 1, the header included.
    pub line: u64,
    pub number: String,
    pub state: SourceState,
    pub reassignment_count: u32,
    pub reopen_count: u32,
    pub mod_count: u32,
    pub made_sla: Option<bool>,
    pub caller: Option<String>,
    pub opened_at: Timestamp,
    pub updated_by: Option<String>,
    /// When the update happened: the time of the effects.
    pub updated_at: Timestamp,
    pub contact_type: Option<String>,
    pub location: Option<String>,
    pub category: Option<String>,
    pub subcategory: Option<String>,
    pub symptom: Option<String>,
    pub ci: Option<String>,
    pub impact: Option<u8>,
    pub urgency: Option<u8>,
    /// What the source computed; ours is computed again and compared.
    pub priority: Option<u8>,
    pub group: Option<String>,
    pub assignee: Option<String>,
    pub problem: Option<String>,
    pub change: Option<String>,
    pub vendor: Option<String>,
    pub caused_by: Option<String>,
    pub close_code: Option<String>,
    /// Stable in every file that has this row: number, count of modifications and a hash of the values.
    pub key: String,
}

/// Why a row cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RowProblem {
    pub line: u64,
    /// The incident, if that much could be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    pub column: String,
    /// At most 80 characters of it.
    pub value: String,
    pub why: String,
}

impl std::fmt::Display for RowProblem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}", self.line)?;
        if let Some(number) = &self.number {
            write!(f, " ({number})")?;
        }
        write!(f, ": {} `{}`: {}", self.column, self.value, self.why)
    }
}

/// The values of one record by column, and the problems found on the way.
struct Cells<'c> {
    columns: &'c Columns,
    record: &'c csv::ByteRecord,
    line: u64,
    problems: Vec<RowProblem>,
}

impl<'c> Cells<'c> {
    fn refuse(&mut self, column: &str, value: &str, why: impl Into<String>) {
        let value = value.chars().take(80).map(|c| if c.is_control() { ' ' } else { c }).collect();
        self.problems.push(RowProblem {
            line: self.line,
            number: None,
            column: column.to_owned(),
            value,
            why: why.into(),
        });
    }

    /// The trimmed text; `None` where the log does not know.
    fn text(&mut self, column: &'static str) -> Option<&'c str> {
        let bytes = self.columns.cell(self.record, column)?;
        let Ok(text) = std::str::from_utf8(bytes) else {
            self.refuse(column, &String::from_utf8_lossy(bytes), "not text in UTF-8");
            return None;
        };
        let text = text.trim();
        if text.chars().count() > TEXT_CHARS_MAX {
            self.refuse(column, text, format!("longer than {TEXT_CHARS_MAX} characters"));
            return None;
        }
        (!text.is_empty() && text != UNKNOWN).then_some(text)
    }

    fn owned(&mut self, column: &'static str) -> Option<String> {
        self.text(column).map(str::to_owned)
    }

    /// A value without which the row says nothing.
    fn needed<T>(&mut self, column: &'static str, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        let before = self.problems.len();
        let Some(text) = self.text(column) else {
            if self.problems.len() == before {
                self.refuse(column, "", "empty or unknown; the row says nothing without it");
            }
            return None;
        };
        parse(text).map_err(|why| self.refuse(column, text, why)).ok()
    }

    /// A value that may be unknown; absent also if it is wrong, which makes the row unusable anyway.
    fn known<T>(&mut self, column: &'static str, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        let text = self.text(column)?;
        parse(text).map_err(|why| self.refuse(column, text, why)).ok()
    }
}

/// Reads a record that has as many columns as the header.
///
/// # Errors
/// Everything that is wrong with it, at least one problem.
pub(super) fn read(
    columns: &Columns,
    record: &csv::ByteRecord,
    line: u64,
    zone: &TimeZone,
) -> Result<Row, Vec<RowProblem>> {
    let mut cells = Cells { columns, record, line, problems: Vec::new() };
    let number = cells.needed("number", number);
    let mod_count = cells.needed("sys_mod_count", count);
    let state = cells.needed("incident_state", state);
    let opened_at = cells.needed("opened_at", |text| when::instant(text, zone));
    let updated_at = cells.needed("sys_updated_at", |text| when::instant(text, zone));
    let row = Row {
        line,
        number: number.clone().unwrap_or_default(),
        // Stand-ins that are never seen: without the real values there are problems, and so no row.
        state: state.unwrap_or(SourceState { state: "new", pending_reason: None }),
        reassignment_count: cells.known("reassignment_count", count).unwrap_or(0),
        reopen_count: cells.known("reopen_count", count).unwrap_or(0),
        mod_count: mod_count.unwrap_or(0),
        made_sla: cells.known("made_sla", boolean),
        caller: cells.owned("caller_id"),
        opened_at: opened_at.unwrap_or(Timestamp::UNIX_EPOCH),
        updated_by: cells.owned("sys_updated_by"),
        updated_at: updated_at.unwrap_or(Timestamp::UNIX_EPOCH),
        contact_type: cells.owned("contact_type"),
        location: cells.owned("location"),
        category: cells.owned("category"),
        subcategory: cells.owned("subcategory"),
        symptom: cells.owned("u_symptom"),
        ci: cells.owned("cmdb_ci"),
        impact: cells.known("impact", level),
        urgency: cells.known("urgency", level),
        priority: cells.known("priority", level),
        group: cells.owned("assignment_group"),
        assignee: cells.owned("assigned_to"),
        problem: cells.owned("problem_id"),
        change: cells.owned("rfc"),
        vendor: cells.owned("vendor"),
        caused_by: cells.owned("caused_by"),
        close_code: cells.owned("closed_code"),
        key: format!("{}:{}:{}", number.as_deref().unwrap_or(""), mod_count.unwrap_or(0), digest(columns, record)),
    };
    if cells.problems.is_empty() {
        return Ok(row);
    }
    for problem in &mut cells.problems {
        problem.number.clone_from(&number);
    }
    Err(cells.problems)
}

/// Over the known columns in a fixed order, so that an export with other columns, or in another order, gives the same.
fn digest(columns: &Columns, record: &csv::ByteRecord) -> String {
    let mut bytes = Vec::new();
    for column in COLUMNS {
        bytes.extend_from_slice(columns.cell(record, column).unwrap_or_default().trim_ascii());
        bytes.push(0x1f);
    }
    hash(&bytes, 8)
}

fn number(text: &str) -> Result<String, String> {
    let good = text.chars().count() <= NUMBER_CHARS_MAX
        && text.bytes().all(|c| c.is_ascii_alphanumeric() || b"-_.".contains(&c));
    if good { Ok(text.to_owned()) } else { Err("not the number of an incident, such as INC0000045".to_owned()) }
}

fn count(text: &str) -> Result<u32, String> {
    text.parse().map_err(|_| "not a whole number".to_owned())
}

fn boolean(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err("neither true nor false".to_owned()),
    }
}

/// `2 - Medium`, or `2`.
fn level(text: &str) -> Result<u8, String> {
    let digit = text.split_once('-').map_or(text, |(digit, _)| digit).trim();
    match digit.parse() {
        Ok(level @ 1..=9) => Ok(level),
        _ => Err("not a level such as `2 - Medium`".to_owned()),
    }
}
