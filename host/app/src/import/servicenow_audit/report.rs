//! What an import did, for people (text) and programs (JSON). Its size does not grow with the file.

use super::row::{Row, RowProblem};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Entries kept of each list; all of them are counted.
const KEPT_MAX: usize = 100;
/// Different reasons that are counted apart; a reason has no values in it, so these are few.
const REASONS_MAX: usize = 200;

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Rows of the file, without the header.
    pub rows_read: u64,
    /// Rows whose effects were committed.
    pub applied: u64,
    /// Rows that an earlier import had committed.
    pub already_imported: u64,
    /// Rows that say nothing new, so that there was nothing to commit.
    pub unchanged: u64,
    /// Rows that the file has more than once.
    pub duplicates: u64,
    /// Rows that could not be read, and rows that were refused when they were applied.
    pub unusable: u64,
    pub unusable_by_reason: BTreeMap<String, u64>,
    /// The first 100.
    pub unusable_rows: Vec<RowProblem>,
    pub incidents: u64,
    pub people: u64,
    pub groups: u64,
    /// Rows whose priority was compared with the one computed here.
    pub priorities_compared: u64,
    pub priority_mismatch_count: u64,
    /// The first 100.
    pub priority_mismatches: Vec<PriorityMismatch>,
    pub finals_compared: u64,
    pub final_mismatch_count: u64,
    /// The first 100.
    pub final_mismatches: Vec<FinalMismatch>,
    /// Why reading ended before the end of the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PriorityMismatch {
    pub line: u64,
    pub number: String,
    pub impact: Option<u8>,
    pub urgency: Option<u8>,
    pub source: u8,
    pub here: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FinalMismatch {
    pub number: String,
    /// State that the log ends with.
    pub source: String,
    /// State that it has here; absent if there is no such ticket.
    pub here: Option<String>,
}

impl Report {
    /// A row that could not be read; it may have several problems and counts once.
    pub fn unreadable(&mut self, problems: Vec<RowProblem>) {
        self.unusable += 1;
        for problem in problems {
            self.reason(format!("{}: {}", problem.column, problem.why));
            keep(&mut self.unusable_rows, problem);
        }
    }

    /// A row whose effects were refused. `why` is a sentence without values of this row, so that like ones are counted as one.
    pub fn refused(&mut self, row: &Row, why: &str) {
        self.unusable += 1;
        self.reason(format!("refused: {why}"));
        let problem = RowProblem {
            line: row.line,
            number: Some(row.number.clone()),
            column: "incident_state".to_owned(),
            value: row.state.state.to_owned(),
            why: format!("refused: {why}"),
        };
        keep(&mut self.unusable_rows, problem);
    }

    fn reason(&mut self, reason: String) {
        let room = self.unusable_by_reason.len() < REASONS_MAX || self.unusable_by_reason.contains_key(&reason);
        *self.unusable_by_reason.entry(if room { reason } else { "other reasons".to_owned() }).or_default() += 1;
    }

    /// Compares the priority of the source with the one that the ticket has after the row. A row without one is not compared.
    pub fn compare_priority(&mut self, row: &Row, here: Option<i64>) {
        let Some(source) = row.priority else { return };
        self.priorities_compared += 1;
        if here == Some(i64::from(source)) {
            return;
        }
        self.priority_mismatch_count += 1;
        let (number, impact, urgency) = (row.number.clone(), row.impact, row.urgency);
        keep(&mut self.priority_mismatches, PriorityMismatch { line: row.line, number, impact, urgency, source, here });
    }

    /// Compares the state that the log ends with and the one that the ticket has.
    pub fn compare_final(&mut self, number: &str, source: &str, here: Option<&str>) {
        self.finals_compared += 1;
        if here == Some(source) {
            return;
        }
        self.final_mismatch_count += 1;
        let (number, source) = (number.to_owned(), source.to_owned());
        keep(&mut self.final_mismatches, FinalMismatch { number, source, here: here.map(str::to_owned) });
    }

    /// For a terminal or a mail.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        let mut line = |text_line: std::fmt::Arguments<'_>| {
            let _ = writeln!(text, "{text_line}");
        };
        let Self { rows_read, applied, already_imported, unchanged, duplicates, unusable, .. } = self;
        line(format_args!("{rows_read} rows read"));
        line(format_args!("  {applied} applied"));
        line(format_args!("  {already_imported} already imported before"));
        line(format_args!("  {unchanged} without a change"));
        line(format_args!("  {duplicates} twice in the file"));
        line(format_args!("  {unusable} unusable"));
        for (reason, count) in &self.unusable_by_reason {
            line(format_args!("    {count} × {reason}"));
        }
        line(format_args!("{} incidents, {} people, {} groups", self.incidents, self.people, self.groups));
        line(format_args!("{} of {} priorities differ", self.priority_mismatch_count, self.priorities_compared));
        line(format_args!("{} of {} final states differ", self.final_mismatch_count, self.finals_compared));
        if let Some(why) = &self.stopped {
            line(format_args!("stopped: {why}"));
        }
        let more = |kept: usize, all: u64| match all.saturating_sub(kept as u64) {
            0 => String::new(),
            more => format!(" (and {more} more)"),
        };
        if !self.unusable_rows.is_empty() {
            let all = self.unusable_by_reason.values().sum();
            line(format_args!("\nUnusable rows{}:", more(self.unusable_rows.len(), all)));
            self.unusable_rows.iter().for_each(|problem| line(format_args!("  {problem}")));
        }
        if !self.priority_mismatches.is_empty() {
            line(format_args!("\nPriorities{}:", more(self.priority_mismatches.len(), self.priority_mismatch_count)));
            for PriorityMismatch { line: at, number, impact, urgency, source, here } in &self.priority_mismatches {
                let (impact, urgency) = (shown(impact.as_ref()), shown(urgency.as_ref()));
                let here = shown(here.as_ref());
                line(format_args!(
                    "  line {at} ({number}): impact {impact}, urgency {urgency}: {source} there, {here} here"
                ));
            }
        }
        if !self.final_mismatches.is_empty() {
            line(format_args!("\nFinal states{}:", more(self.final_mismatches.len(), self.final_mismatch_count)));
            for FinalMismatch { number, source, here } in &self.final_mismatches {
                line(format_args!("  {number}: {source} there, {} here", shown(here.as_ref())));
            }
        }
        text
    }

    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        serde_json::to_value(self).expect("numbers, texts and lists are always JSON")
    }
}

fn keep<T>(list: &mut Vec<T>, entry: T) {
    if list.len() < KEPT_MAX {
        list.push(entry);
    }
}

fn shown(value: Option<&impl ToString>) -> String {
    value.map_or("none".to_owned(), ToString::to_string)
}
