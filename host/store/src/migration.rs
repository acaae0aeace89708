//! Numbered changes of the schema, and what a program may do with a database that has more or fewer of them.
//!
//! A migration *expands* (new tables, columns that may be empty or have a default, indexes) or *contracts* (takes something away). Whoever
//! does not know an expansion can go on beside it: that is how nodes are upgraded one by one, and how the binary of yesterday can be put
//! back. A contraction says so in its name, and is released one version after the last one that needed what it takes. Must not know SQL.

use crate::snapshot::Applied;
use crate::{StoreError, digest};

/// A file of `migrations/`, as it was built in.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    pub number: i64,
    pub slug: &'static str,
    pub text: &'static str,
}

/// How the slug of a migration begins that takes something away.
pub const CONTRACT: &str = "contract_";

/// A database may be this many expansions ahead of a program that works with it.
pub const AHEAD_MAX: usize = 1;

impl Migration {
    #[must_use]
    pub fn checksum(&self) -> String {
        digest::of_bytes(self.text.as_bytes())
    }

    /// Names of the indexes that it makes.
    pub fn indexes(&self) -> impl Iterator<Item = &'static str> {
        self.text.lines().filter_map(|line| {
            let rest = line.strip_prefix("CREATE INDEX ").or_else(|| line.strip_prefix("CREATE UNIQUE INDEX "))?;
            rest.split_whitespace().next()
        })
    }
}

/// What is to be done with a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// Migrations that it has.
    pub applied: usize,
    /// Migrations that it lacks.
    pub pending: usize,
    /// Expansions of a newer program.
    pub ahead: usize,
}

/// Compare what a database has with what a program knows.
///
/// # Errors
/// The program must not touch it: it is too new, something was taken away, or it was migrated by another program.
pub fn plan(applied: &[Applied], known: &[Migration]) -> Result<Plan, StoreError> {
    for (found, migration) in applied.iter().zip(known) {
        if migration.number != found.number || migration.checksum() != found.checksum {
            return Err(refused(format!(
                "migration {} of the database is not the one this Weft was built with",
                found.number
            )));
        }
    }
    let newest = known.last().map_or(0, |migration| migration.number);
    let extra = applied.get(known.len()..).unwrap_or_default();
    if let Some(taken) = extra.iter().find(|one| one.slug.starts_with(CONTRACT)) {
        return Err(refused(format!(
            "the database has schema {}, whose migration {} (`{}`) took away what this Weft needs; it knows up to {newest}: use a newer Weft",
            extra.last().map_or(0, |one| one.number),
            taken.number,
            taken.slug
        )));
    }
    if extra.len() > AHEAD_MAX {
        return Err(refused(format!(
            "the database has schema {}, this Weft knows up to {newest} and can work with {AHEAD_MAX} more: use a newer Weft",
            extra.last().map_or(0, |one| one.number)
        )));
    }
    let common = applied.len().min(known.len());
    Ok(Plan { applied: common, pending: known.len() - common, ahead: extra.len() })
}

fn refused(text: String) -> StoreError {
    StoreError::Database(text.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [Migration; 2] = [
        Migration { number: 1, slug: "a", text: "CREATE INDEX x ON t (org_id);\nCREATE UNIQUE INDEX y ON t (org_id);" },
        Migration { number: 2, slug: "b", text: "B" },
    ];

    fn check(applied: &[(i64, &str, &str)], expected: &str) {
        let applied: Vec<Applied> = applied
            .iter()
            .map(|(number, slug, text)| Applied {
                number: *number,
                slug: (*slug).to_owned(),
                checksum: digest::of_bytes(text.as_bytes()),
            })
            .collect();
        let found = match plan(&applied, &KNOWN) {
            Ok(plan) => format!("{} applied, {} pending, {} ahead", plan.applied, plan.pending, plan.ahead),
            Err(StoreError::Database(why)) => why.to_string(),
            Err(other) => other.to_string(),
        };
        assert!(found.contains(expected), "{found}");
    }

    #[test]
    fn a_database_is_brought_up_to_date_or_left_alone() {
        let (one, two) = ((1, "a", KNOWN[0].text), (2, "b", "B"));
        check(&[], "0 applied, 2 pending, 0 ahead");
        check(&[one], "1 applied, 1 pending, 0 ahead");
        check(&[one, two], "2 applied, 0 pending, 0 ahead");
        check(&[one, two, (3, "more", "C")], "2 applied, 0 pending, 1 ahead");
        check(&[one, two, (3, "contract_less", "C")], "took away");
        check(&[one, two, (3, "more", "C"), (4, "more", "D")], "use a newer Weft");
        check(&[one, (2, "b", "changed")], "migration 2");
    }

    #[test]
    fn the_names_of_indexes_are_found() {
        assert_eq!(KNOWN[0].indexes().collect::<Vec<_>>(), ["x", "y"]);
    }
}
