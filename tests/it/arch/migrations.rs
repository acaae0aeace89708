//! Migrations are twins: the same number and slug for SQLite and PostgreSQL, and each says why it exists.

use super::{
    ratchet,
    tree::{self, File},
};

/// What only one database needs, as `NNNN_slug.sql`. Only shrinks.
const SQLITE_ONLY: &[&str] = &[];

#[derive(Default)]
struct Migrations<'a> {
    sqlite: Vec<(&'a str, &'a str)>,
    postgres: Vec<(&'a str, &'a str)>,
}

fn migrations(files: &[File]) -> Migrations<'_> {
    let mut migrations = Migrations::default();
    for file in files {
        let text = file.text.as_deref().unwrap_or_default();
        if let Some(name) = file.path.strip_prefix("migrations/sqlite/") {
            migrations.sqlite.push((name, text));
        } else if let Some(name) = file.path.strip_prefix("migrations/postgres/") {
            migrations.postgres.push((name, text));
        }
    }
    migrations
}

/// Names that are not four digits, a slug and `.sql`, numbers with a gap or used twice, and files that do not say why.
fn malformed(files: &[(&str, &str)]) -> Vec<String> {
    let mut found = Vec::new();
    for (index, (name, text)) in files.iter().enumerate() {
        let slug = name.strip_suffix(".sql").and_then(|name| name.split_once('_'));
        let is_slug = |slug: &str| {
            !slug.is_empty()
                && slug.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_' || byte.is_ascii_digit())
        };
        match slug {
            Some((number, slug)) if number == format!("{:04}", index + 1) && is_slug(slug) => {}
            _ => found.push(format!("{name}: expected {:04}_<slug>.sql", index + 1)),
        }
        let why = text.lines().next().and_then(|line| line.strip_prefix("-- ")).unwrap_or_default();
        if why.len() < 20 {
            found.push(format!("{name}: the first line must be a comment that says why"));
        }
    }
    found
}

/// Until there is a first file for PostgreSQL there is no second store, and nothing to be a twin of.
fn without_twin(migrations: &Migrations<'_>) -> Vec<String> {
    let missing = |from: &[(&str, &str)], to: &[(&str, &str)]| {
        let names = from.iter().map(|(name, _)| (*name).to_owned());
        names.filter(|name| to.iter().all(|(other, _)| other != name)).collect::<Vec<_>>()
    };
    let mut found = missing(&migrations.postgres, &migrations.sqlite);
    if !migrations.postgres.is_empty() {
        found.extend(missing(&migrations.sqlite, &migrations.postgres));
    }
    found
}

/// How the slug of a migration begins that takes something away: older binaries refuse the database by it.
const CONTRACT: &str = "_contract_";

/// Statements that a binary which does not know the migration would stumble over, in files that do not say so in their name.
fn unannounced_contractions(files: &[(&str, &str)]) -> Vec<String> {
    let mut found = Vec::new();
    for (name, text) in files.iter().filter(|(name, _)| !name.contains(CONTRACT)) {
        let code: String =
            text.lines().map(|line| line.split("--").next().unwrap_or_default()).collect::<Vec<_>>().join(" ");
        let code = code.split_whitespace().collect::<Vec<_>>().join(" ").to_uppercase();
        for statement in code.split(';').map(str::trim).filter(|statement| !statement.is_empty()) {
            if let Some(why) = takes_away(statement, &code) {
                found.push(format!("{name}: {why}: name it NNNN_contract_… or expand first"));
            }
        }
    }
    found
}

fn takes_away(statement: &str, file: &str) -> Option<&'static str> {
    let begins = |words: &str| statement.starts_with(words);
    if begins("DROP ") || begins("ALTER TABLE") && (statement.contains(" DROP ") || statement.contains(" RENAME ")) {
        return Some("it takes away what older binaries read");
    }
    if begins("ALTER TABLE") && statement.contains(" ALTER ") {
        return Some("it changes what older binaries know");
    }
    if begins("ALTER TABLE") && statement.contains(" NOT NULL") && !statement.contains(" DEFAULT ") {
        return Some("older binaries do not write the column");
    }
    if ["UPDATE ", "DELETE ", "TRUNCATE ", "INSERT "].iter().any(|word| begins(word)) {
        return Some("it changes rows: that is a job's, page by page");
    }
    if begins("CREATE UNIQUE INDEX") {
        let table = statement.split(" ON ").nth(1)?.split_whitespace().next()?;
        if !file.contains(&format!("CREATE TABLE {table} ")) {
            return Some("rows of older binaries may not be unique");
        }
    }
    None
}

#[test]
fn migrations_expand_or_say_that_they_contract() {
    let files = tree::files();
    let migrations = migrations(&files);
    ratchet("contractions for SQLite", unannounced_contractions(&migrations.sqlite), &[]);
    ratchet("contractions for PostgreSQL", unannounced_contractions(&migrations.postgres), &[]);
}

#[test]
fn each_contraction_is_found() {
    for guilty in [
        "DROP TABLE a",
        "DROP INDEX a",
        "ALTER TABLE a DROP COLUMN b",
        "ALTER TABLE a RENAME COLUMN b TO c",
        "ALTER TABLE a RENAME TO b",
        "ALTER TABLE a ALTER COLUMN b SET NOT NULL",
        "ALTER TABLE a ADD COLUMN b TEXT NOT NULL",
        "UPDATE a SET b = 1",
        "DELETE FROM a",
        "CREATE UNIQUE INDEX b ON a (org_id)",
    ] {
        assert_eq!(unannounced_contractions(&[("0002_x.sql", guilty)]).len(), 1, "{guilty}");
        assert!(unannounced_contractions(&[("0002_contract_x.sql", guilty)]).is_empty(), "{guilty}");
    }
    for innocent in [
        "-- DROP TABLE a;\nALTER TABLE a ADD COLUMN b TEXT",
        "ALTER TABLE a ADD COLUMN b BIGINT NOT NULL DEFAULT 0",
        "CREATE TABLE a (org_id TEXT);\nCREATE UNIQUE INDEX b ON a (org_id)",
        "CREATE INDEX b ON a (org_id)",
    ] {
        assert_eq!(unannounced_contractions(&[("0002_x.sql", innocent)]), Vec::<String>::new(), "{innocent}");
    }
}

#[test]
fn migrations_are_numbered_twins_that_say_why() {
    let files = tree::files();
    let migrations = migrations(&files);
    ratchet("migrations for SQLite", malformed(&migrations.sqlite), &[]);
    ratchet("migrations for PostgreSQL", malformed(&migrations.postgres), &[]);
    ratchet("a migration without its twin", without_twin(&migrations), SQLITE_ONLY);
}

#[test]
fn each_violation_is_found() {
    let why = "-- Tickets are what people work on.\nCREATE";
    assert!(malformed(&[("0001_tickets.sql", why), ("0002_a_b2.sql", why)]).is_empty());
    for name in ["0002_gap.sql", "0001.sql", "0001_A.sql", "0001_.sql", "0001_a.txt", "1_a.sql"] {
        assert_eq!(malformed(&[(name, why)]).len(), 1, "{name}");
    }
    assert_eq!(malformed(&[("0001_a.sql", "CREATE TABLE a")]).len(), 1);

    let (a, b) = (("0001_a.sql", why), ("0002_b.sql", why));
    let check =
        |sqlite: &[(&'static str, &'static str)], postgres: &[(&'static str, &'static str)], expected: &[&str]| {
            let migrations = Migrations { sqlite: sqlite.to_vec(), postgres: postgres.to_vec() };
            assert_eq!(without_twin(&migrations), expected);
        };
    check(&[a, b], &[], &[]);
    check(&[a, b], &[a, b], &[]);
    check(&[a, b], &[a], &["0002_b.sql"]);
    check(&[a], &[a, b], &["0002_b.sql"]);
}
