//! What was decided and why, as a structure: one entry for each decision, in the order in which they were decided. The sentence for
//! people is made in `explain`.

use std::sync::Arc;
use std::sync::{Mutex, PoisonError};

use feel::Value;

use super::model::HitPolicy;

/// Decisions that are explained; more are decided and left out here.
const DECISIONS_MAX: usize = 1_000;
/// Tables of one decision, which may ask a knowledge model often.
const TABLES_MAX: usize = 64;

/// One decision.
#[derive(Debug, Clone)]
pub struct DecisionTrace {
    pub id: Arc<str>,
    pub name: Arc<str>,
    /// What it required, by name.
    pub inputs: Vec<(Arc<str>, Value)>,
    pub value: Value,
    /// The tables that it asked, its own and those of knowledge models, in order.
    pub tables: Vec<TableTrace>,
    /// One line for people: `because rule 4 of "Approval level": amount 12,000 > 10,000, category = "legal"`.
    pub why: String,
}

/// One use of a decision table.
#[derive(Debug, Clone)]
pub struct TableTrace {
    pub name: Arc<str>,
    pub policy: HitPolicy,
    /// The input columns with what they were compared with: label, or text of the expression, and value.
    pub inputs: Vec<(Arc<str>, Value)>,
    /// The rules that made the result. Where a table collects much, the first of them.
    pub matched: Vec<MatchedRule>,
    /// How many rules matched.
    pub matched_count: usize,
    pub outcome: TableOutcome,
    pub value: Value,
}

/// How a table came to its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TableOutcome {
    /// From the rules that matched.
    Matched,
    /// No rule matched, and the default outputs were used.
    Default,
    /// No rule matched.
    Nothing,
    /// The table has no result, for this reason.
    Refused(String),
}

/// A rule that matched and why.
#[derive(Debug, Clone)]
pub struct MatchedRule {
    /// Counted from 1.
    pub number: usize,
    pub id: Arc<str>,
    /// The conditions that say something, by position of their column.
    pub conditions: Vec<MatchedCondition>,
    pub outputs: Vec<Value>,
    /// What the author wrote beside it: name of the column and text.
    pub annotations: Vec<(String, String)>,
}

/// A condition that held.
#[derive(Debug, Clone)]
pub struct MatchedCondition {
    /// Position of the input column, from 0.
    pub column: usize,
    /// The text of the cell.
    pub test: String,
}

/// Collects while an evaluation runs. Shared, because functions that are values take part.
#[derive(Debug, Default)]
pub(crate) struct Tracer(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    done: Vec<DecisionTrace>,
    /// The tables of the decisions that are being decided, the innermost last.
    open: Vec<Vec<TableTrace>>,
}

impl Tracer {
    fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        // A trace after a panic elsewhere is still a trace.
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub fn begin(&self) {
        self.with(|state| state.open.push(Vec::new()));
    }

    pub fn table(&self, table: TableTrace) {
        self.with(|state| {
            if let Some(tables) = state.open.last_mut().filter(|tables| tables.len() < TABLES_MAX) {
                tables.push(table);
            }
        });
    }

    /// Ends what `begin` began: the tables since then.
    pub fn end(&self) -> Vec<TableTrace> {
        self.with(|state| state.open.pop().unwrap_or_default())
    }

    pub fn decided(&self, trace: DecisionTrace) {
        self.with(|state| {
            if state.done.len() < DECISIONS_MAX {
                state.done.push(trace);
            }
        });
    }

    /// Takes everything out, so that function values in it do not keep it alive.
    pub fn take(&self) -> Vec<DecisionTrace> {
        self.with(|state| {
            state.open.clear();
            std::mem::take(&mut state.done)
        })
    }
}
