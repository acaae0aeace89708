//! Conditions over tickets as queries over marks: the same meaning as `Filter::matches`, or none.

use crate::document::{Columns, MARK_MAX, column_name, field_mark, mark, record_mark, set_name};
use domain::ShownRecords;
use domain::filter::Filter;
use tantivy::Term;
use tantivy::query::{AllQuery, BooleanQuery, EmptyQuery, Occur, Query, TermQuery, TermSetQuery};
use tantivy::schema::IndexRecordOption;

/// Values of one column that are looked up one by one; more are looked up together.
const VALUES_MAX: usize = 16;

impl Columns {
    /// A condition as a query; nothing if it asks what is not kept here. Words are asked for by [`crate::question`] alone.
    pub(crate) fn condition(&self, filter: &Filter) -> Option<Box<dyn Query>> {
        Some(match filter {
            Filter::True => Box::new(AllQuery),
            Filter::False => Box::new(EmptyQuery),
            Filter::In(field, values) => self.any(values.iter().map(|value| mark(column_name(*field), value)))?,
            Filter::Empty(field) => self.any([mark("empty", column_name(*field))])?,
            Filter::Any(set, values) => {
                let name = set_name(*set)?;
                self.any(values.iter().map(|value| mark(name, value)))?
            }
            Filter::FieldEquals(name, value) => self.any([field_mark(name, value)?])?,
            Filter::Text(_) => return None,
            Filter::Not(_) => self.all(std::slice::from_ref(filter))?,
            Filter::And(all) => self.all(all)?,
            Filter::Or(any) => {
                let parts: Vec<Box<dyn Query>> = any.iter().map(|one| self.condition(one)).collect::<Option<_>>()?;
                if parts.is_empty() { Box::new(EmptyQuery) } else { Box::new(BooleanQuery::union(parts)) }
            }
        })
    }

    /// The tickets of a condition. There are far more of them than of records: leaving those out is the shorter way.
    pub(crate) fn tickets(&self, filter: &Filter) -> Option<Box<dyn Query>> {
        let records = self.any([record_mark()])?;
        Some(Box::new(BooleanQuery::new(vec![(Occur::Must, self.condition(filter)?), (Occur::MustNot, records)])))
    }

    /// Every record of these spaces, or of all.
    pub(crate) fn records(&self, spaces: Option<&[String]>) -> Option<Box<dyn Query>> {
        let mut parts = vec![self.any([record_mark()])?];
        if let Some(spaces) = spaces {
            parts.push(self.any(spaces.iter().map(|space| mark("space", space)))?);
        }
        Some(Box::new(BooleanQuery::intersection(parts)))
    }

    /// Records that a kind shows to readers: the meaning of `RecordScope::allows`.
    pub(crate) fn shown_records(&self, part: &ShownRecords) -> Option<Box<dyn Query>> {
        let mut parts = vec![
            self.records(Some(&part.spaces))?,
            self.any([mark("kind", &part.kind.0)])?,
            self.any(part.states.iter().map(|state| mark("state", state)))?,
        ];
        for when in &part.when {
            let marks: Option<Vec<String>> = when.is.iter().map(|value| field_mark(&when.field, value)).collect();
            parts.push(self.any(marks?)?);
        }
        Some(Box::new(BooleanQuery::intersection(parts)))
    }

    fn all(&self, filters: &[Filter]) -> Option<Box<dyn Query>> {
        let mut parts: Vec<(Occur, Box<dyn Query>)> = Vec::with_capacity(filters.len() + 1);
        for filter in filters {
            parts.push(match filter {
                Filter::Not(inner) => (Occur::MustNot, self.condition(inner)?),
                other => (Occur::Must, self.condition(other)?),
            });
        }
        // Nothing is found by what must not be alone.
        if parts.iter().all(|(occur, _)| *occur == Occur::MustNot) {
            parts.push((Occur::Must, Box::new(AllQuery)));
        }
        Some(Box::new(BooleanQuery::new(parts)))
    }

    /// One of these marks; nothing if one is too long to be kept.
    fn any(&self, marks: impl IntoIterator<Item = String>) -> Option<Box<dyn Query>> {
        let marks: Vec<String> = marks.into_iter().collect();
        if marks.iter().any(|mark| mark.len() > MARK_MAX) {
            return None;
        }
        let mut terms: Vec<Term> = marks.iter().map(|mark| Term::from_field_text(self.marks, mark)).collect();
        let one = |term| Box::new(TermQuery::new(term, IndexRecordOption::Basic)) as Box<dyn Query>;
        Some(match terms.len() {
            0 => Box::new(EmptyQuery),
            1 => one(terms.remove(0)),
            2..=VALUES_MAX => Box::new(BooleanQuery::union(terms.into_iter().map(one).collect())),
            _ => Box::new(TermSetQuery::new(terms)),
        })
    }
}
