//! Pages of the simple lists, which begin after an id.

use sqlx::postgres::PgRow;
use store::{Cursor, Page, Result};

const PAGE_MAX: u32 = 200;

pub(crate) fn limit(asked: u32) -> u32 {
    asked.clamp(1, PAGE_MAX)
}

/// A page of rows that were asked for with one more than the limit. `place` gives the sort value and the id of an item.
pub(crate) fn of<T>(
    rows: &[PgRow],
    asked: u32,
    decode: impl Fn(&PgRow) -> Result<T>,
    place: impl Fn(&T) -> (String, String),
) -> Result<Page<T>> {
    let size = limit(asked) as usize;
    let items: Vec<T> = rows.iter().take(size).map(decode).collect::<Result<_>>()?;
    let next = (rows.len() > size).then(|| items.last().map(&place)).flatten();
    Ok(Page { items, next: next.map(|(value, id)| Cursor { value: Some(value), id }) })
}
