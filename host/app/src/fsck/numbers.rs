//! Numbers that people use: each once, and below the counter that gives out the next one.

use super::{Fsck, Result, org};
use std::collections::BTreeMap;
use store::snapshot::{Cell, Pages};

pub(super) async fn check(fsck: &mut Fsck<'_>) -> Result {
    let mut counters: BTreeMap<(Cell, String), i64> = BTreeMap::new();
    if let Some(table) = fsck.table("sequence") {
        let mut pages = Pages::all(&table);
        while let Some(rows) = pages.next(fsck.snapshot).await? {
            for row in &rows {
                let id = row.text("id").unwrap_or_default().to_owned();
                counters.insert((org(row), id), row.int("next_value").unwrap_or(0));
            }
        }
    }
    for name in ["ticket", "record"] {
        numbers(fsck, name, &counters).await?;
    }
    Ok(())
}

async fn numbers(fsck: &mut Fsck<'_>, name: &str, counters: &BTreeMap<(Cell, String), i64>) -> Result {
    let Some(table) = fsck.table(name) else { return Ok(()) };
    // With the id, so that a number that is there twice is not stepped over.
    let mut pages = Pages::ordered(&table, vec![], vec!["org_id", "number", "id"]);
    let mut before: Option<(Cell, String)> = None;
    while let Some(rows) = pages.next(fsck.snapshot).await? {
        for row in &rows {
            let number = row.text("number").unwrap_or_default().to_owned();
            let own = Some((org(row), number.clone()));
            if own == before {
                fsck.find("number-taken-twice", &table, row, format!("`{number}` is the number of another one too"));
            }
            before = own;
            let digits = number.len() - number.bytes().rev().take_while(u8::is_ascii_digit).count();
            let (prefix, digits) = number.split_at(digits);
            let next = counters.get(&(org(row), prefix.to_owned()));
            if let (Some(next), Ok(value)) = (next, digits.parse::<i64>())
                && value >= *next
            {
                let what = format!("its number is `{number}`, and the next one that `{prefix}` gives out is {next}");
                fsck.find("number-above-counter", &table, row, what);
            }
        }
    }
    Ok(())
}
