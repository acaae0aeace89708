//! Looks for mistakes in a decision table that its author cannot see: rules that can never be used, rules that overlap though only one
//! may match, and inputs that no rule covers. It claims only what it can prove: conditions that depend on other values count as
//! perhaps true, and a table that is too large to go through is left alone.

mod cells;

use std::collections::{BTreeMap, HashSet};

use super::logic::{Condition, Table};
use super::model::{self, HitPolicy};
use super::problem::Problems;
use cells::{Column, Segment};

/// Rules of a table that is looked at.
const RULES_MAX: usize = 512;
/// Combinations of inputs that are gone through for one table, and for all tables of a model.
const VISITS_MAX: usize = 20_000;
const VISITS_ALL_MAX: usize = 200_000;
/// Warnings of one kind for one table.
const WARNINGS_MAX: usize = 10;

/// A set of rules, one bit for each.
type Rules = Vec<u64>;

/// What has been spent on all tables of a model.
#[derive(Debug, Default)]
pub(crate) struct Linter {
    visits: usize,
}

impl Linter {
    /// Warns of what is wrong with a table. `source` is where its rules stand.
    pub fn table(&mut self, table: &Table, source: &model::Table, problems: &mut Problems) {
        if table.rules.is_empty() || table.rules.len() > RULES_MAX || table.rules.len() != source.rules.len() {
            return;
        }
        let columns: Vec<Column> = (0..table.inputs.len()).map(|column| Column::new(table, column)).collect();
        let mut search = Search {
            table,
            columns: &columns,
            visits_left: VISITS_MAX.min(VISITS_ALL_MAX.saturating_sub(self.visits)),
            reached: HashSet::new(),
            first: HashSet::new(),
            overlaps: BTreeMap::new(),
            gaps: Vec::new(),
        };
        let before = search.visits_left;
        let all = all_rules(table.rules.len());
        let broken = table
            .rules
            .iter()
            .enumerate()
            .filter(|(_, rule)| rule.conditions.iter().any(|condition| matches!(condition, Condition::Broken(_))));
        let broken: HashSet<usize> = broken.map(|(position, _)| position).collect();
        search.visit(0, &all, &all, &mut Vec::new());
        self.visits += before - search.visits_left;
        let complete = search.visits_left > 0;
        search.report(source, complete, &broken, problems);
    }
}

fn all_rules(count: usize) -> Rules {
    let mut rules = vec![0_u64; count.div_ceil(64)];
    for rule in 0..count {
        rules[rule / 64] |= 1 << (rule % 64);
    }
    rules
}

fn both(left: &Rules, right: &Rules) -> Rules {
    left.iter().zip(right).map(|(left, right)| left & right).collect()
}

fn members(rules: &Rules) -> impl Iterator<Item = usize> + '_ {
    rules
        .iter()
        .enumerate()
        .flat_map(|(word, &bits)| (0..64).filter(move |bit| bits >> bit & 1 == 1).map(move |bit| word * 64 + bit))
}

struct Search<'t> {
    table: &'t Table,
    columns: &'t [Column],
    visits_left: usize,
    /// Rules that match something.
    reached: HashSet<usize>,
    /// Rules that match something that no earlier rule surely matches.
    first: HashSet<usize>,
    /// Pairs of rules that surely match the same, with an example.
    overlaps: BTreeMap<(usize, usize), String>,
    gaps: Vec<String>,
}

impl Search<'_> {
    /// Goes through the combinations from a column on. `sure` are the rules that surely match so far, `perhaps` those that may.
    fn visit(&mut self, at: usize, sure: &Rules, perhaps: &Rules, path: &mut Vec<String>) {
        if self.visits_left == 0 {
            return;
        }
        self.visits_left -= 1;
        let columns = self.columns;
        let Some(column) = columns.get(at) else { return self.leaf(sure, perhaps, path) };
        // Values that the same rules match are one case; where no rule matches, neighbours are one gap.
        let mut seen: HashSet<(Rules, Rules)> = HashSet::new();
        let mut gap: Option<(usize, usize)> = None;
        for (position, Segment { sure: covers, perhaps: may, is_open }) in column.segments.iter().enumerate() {
            let (next_sure, next_perhaps) = (both(sure, covers), both(perhaps, may));
            if next_perhaps.iter().all(|&word| word == 0) {
                if *is_open {
                    continue;
                }
                gap = match gap {
                    Some((start, end)) if end + 1 == position && column.is_ordered() => Some((start, position)),
                    Some(done) => {
                        self.gap(column, done, path);
                        Some((position, position))
                    }
                    None => Some((position, position)),
                };
                continue;
            }
            if seen.insert((next_sure.clone(), next_perhaps.clone())) {
                let text = column.describe(position, position);
                let described = !text.is_empty();
                if described {
                    path.push(text);
                }
                self.visit(at + 1, &next_sure, &next_perhaps, path);
                if described {
                    path.pop();
                }
            }
        }
        if let Some(done) = gap {
            self.gap(column, done, path);
        }
    }

    fn gap(&mut self, column: &Column, (start, end): (usize, usize), path: &mut Vec<String>) {
        path.push(column.describe(start, end));
        if self.gaps.len() < WARNINGS_MAX {
            self.gaps.push(described(path));
        }
        path.pop();
    }

    fn leaf(&mut self, sure: &Rules, perhaps: &Rules, path: &[String]) {
        let first_sure = members(sure).next().unwrap_or(usize::MAX);
        for rule in members(perhaps) {
            self.reached.insert(rule);
            if rule <= first_sure {
                self.first.insert(rule);
            }
        }
        let mut matching = members(sure);
        if let (Some(left), Some(right)) = (matching.next(), matching.next())
            && self.overlaps.len() < WARNINGS_MAX
            && self.conflict(left, right)
        {
            self.overlaps.entry((left, right)).or_insert_with(|| described(path));
        }
    }

    /// Whether the hit policy minds that both match.
    fn conflict(&self, left: usize, right: usize) -> bool {
        let text = |rule: usize| -> Vec<&str> {
            let outputs = self.table.rules[rule].outputs.iter();
            outputs
                .map(|output| match output {
                    super::logic::Logic::Literal(expression) => expression.text(),
                    _ => "",
                })
                .collect()
        };
        match self.table.policy {
            HitPolicy::Unique => true,
            HitPolicy::Any => text(left) != text(right),
            _ => false,
        }
    }

    fn report(self, source: &model::Table, complete: bool, broken: &HashSet<usize>, problems: &mut Problems) {
        let name = &self.table.name;
        for ((left, right), example) in &self.overlaps {
            let (left_number, right_number) = (left + 1, right + 1);
            let message = match self.table.policy {
                HitPolicy::Any => format!(
                    "rules {left_number} and {right_number} of \"{name}\" both match {example} and say something else; make them agree"
                ),
                _ => format!(
                    "rules {left_number} and {right_number} of \"{name}\" both match {example}; only one may: narrow one of them, or use the hit policy FIRST"
                ),
            };
            problems.warn(&source.rules[*right].spot, "overlapping-rules", message);
        }
        if !complete {
            return;
        }
        for (position, rule) in source.rules.iter().enumerate().filter(|(position, _)| !broken.contains(position)) {
            let number = position + 1;
            if !self.reached.contains(&position) {
                let message = format!(
                    "rule {number} of \"{name}\" can never match, because a condition excludes every value; mend it or remove it"
                );
                problems.warn(&rule.spot, "unreachable-rule", message);
            } else if self.table.policy == HitPolicy::First && !self.first.contains(&position) {
                let message = format!(
                    "rule {number} of \"{name}\" is never used, because earlier rules match all that it matches; move it up or remove it"
                );
                problems.warn(&rule.spot, "unreachable-rule", message);
            }
        }
        let one_result =
            matches!(self.table.policy, HitPolicy::Unique | HitPolicy::Any | HitPolicy::Priority | HitPolicy::First);
        let has_default = self.table.outputs.iter().any(|output| output.default.is_some());
        if one_result && !has_default {
            for gap in &self.gaps {
                let message = format!("no rule of \"{name}\" matches {gap}; add a rule or a default output");
                problems.warn(&source.spot, "uncovered-input", message);
            }
        }
    }
}

fn described(path: &[String]) -> String {
    let parts: Vec<&str> = path.iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
    if parts.is_empty() { "any input".to_owned() } else { parts.join(" and ") }
}
