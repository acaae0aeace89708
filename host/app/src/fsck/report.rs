//! What was found, as data and as text.

use super::rule::Rule;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Findings that are kept one by one; the others are counted.
const KEPT_MAX: usize = 1_000;
/// Findings of one rule that the text shows.
const SHOWN_MAX: usize = 10;

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Names the rule that is broken.
    pub code: &'static str,
    pub table: String,
    /// Values of the primary key.
    pub key: String,
    pub what: String,
    pub why: &'static str,
    pub fix: &'static str,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    pub database: String,
    /// Number of the newest migration.
    pub schema: i64,
    /// Rows that were read, by table.
    pub rows: BTreeMap<String, u64>,
    /// Findings by rule, also those that are not kept.
    pub counts: BTreeMap<&'static str, u64>,
    pub findings: Vec<Finding>,
}

impl Report {
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.counts.is_empty()
    }

    pub(super) fn add(&mut self, rule: &'static Rule, table: &str, key: &str, what: String) {
        *self.counts.entry(rule.code).or_default() += 1;
        if self.findings.len() < KEPT_MAX {
            self.findings.push(Finding {
                code: rule.code,
                table: table.to_owned(),
                key: key.to_owned(),
                what,
                why: rule.why,
                fix: rule.fix,
            });
        }
    }

    #[must_use]
    pub fn json(&self) -> Value {
        json!({ "clean": self.is_clean(), "database": self.database, "schema": self.schema, "rows": self.rows,
            "counts": self.counts, "findings": self.findings })
    }

    /// For people: by rule, the reason and the remedy once, the first places one by one.
    #[must_use]
    pub fn text(&self) -> String {
        let rows: u64 = self.rows.values().sum();
        let mut text =
            format!("{} with schema {}, {rows} rows in {} tables", self.database, self.schema, self.rows.len());
        if self.is_clean() {
            text.push_str(": everything fits together.\n");
            return text;
        }
        let total: u64 = self.counts.values().sum();
        let _ = writeln!(text, ": {total} findings.");
        for (code, count) in &self.counts {
            let of_rule: Vec<&Finding> = self.findings.iter().filter(|finding| finding.code == *code).collect();
            let _ = writeln!(text, "\n{code} ({count})");
            if let Some(first) = of_rule.first() {
                let _ = writeln!(text, "  why it matters: {}\n  what to do:     {}", first.why, first.fix);
            }
            for finding in of_rule.iter().take(SHOWN_MAX) {
                let _ = writeln!(text, "  {} {}: {}", finding.table, finding.key, finding.what);
            }
            if *count > SHOWN_MAX as u64 {
                let _ = writeln!(text, "  and {} more; --json shows up to {KEPT_MAX}", count - SHOWN_MAX as u64);
            }
        }
        text
    }
}
