//! Every statement that Weft sends, parsed and checked: nothing that a distributed engine with PostgreSQL's language lacks, and every
//! key begins with the organisation.
//!
//! The statements are the real ones: those that a long run of random operations sent, those of the migrations, and all that a commit
//! can put together.
#![expect(clippy::unwrap_used, reason = "a panic is a failed case")]

mod workload;

use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Token, Tokenizer};
use std::collections::BTreeSet;
use std::sync::Arc;
use store::conformance::data::Dice;
use weft_store_postgres::{PostgresConfig, PostgresStore, testing};
use workload::World;

/// Words and sequences of words that no statement may have, each with the reason.
const BANNED: [(&str, &str); 28] = [
    ("LISTEN", "not everywhere: polling is the truth"),
    ("UNLISTEN", "not everywhere: polling is the truth"),
    ("LOCK TABLE", "locks are rows"),
    ("INHERITS", "table inheritance"),
    ("EXCLUDE", "exclusion constraints"),
    ("DEFERRABLE", "deferrable constraints"),
    ("INITIALLY DEFERRED", "deferrable constraints"),
    ("USING GIST", "GiST"),
    ("USING SPGIST", "SP-GiST"),
    ("STORED", "stored generated columns"),
    ("TRIGGER", "triggers"),
    ("CREATE FUNCTION", "functions in the database"),
    ("CREATE PROCEDURE", "functions in the database"),
    ("ALTER TYPE", "types that change"),
    ("CREATE TYPE", "types that cannot change"),
    ("CREATE EXTENSION", "extensions"),
    ("PREPARE TRANSACTION", "XA"),
    ("COMMIT PREPARED", "XA"),
    ("SERIAL", "sequential ids make one hot range"),
    ("BIGSERIAL", "sequential ids make one hot range"),
    ("IDENTITY", "sequential ids make one hot range"),
    ("CREATE SEQUENCE", "sequential ids make one hot range"),
    ("RECURSIVE", "recursive queries over several shards"),
    ("NOW", "times come in as values"),
    ("CURRENT_TIMESTAMP", "times come in as values"),
    ("CLOCK_TIMESTAMP", "times come in as values"),
    ("RANDOM", "randomness comes in as values"),
    ("GEN_RANDOM_UUID", "randomness comes in as values"),
];
const BANNED_BEGINNINGS: [(&str, &str); 3] =
    [("PG_ADVISORY", "advisory locks: a row is the lock"), ("XML", "XML functions"), ("NEXTVAL", "sequential ids")];

/// About the database and not about an organisation.
const WITHOUT_ORG: [&str; 5] =
    ["schema_migration", "schema_lock", "pg_stat_user_tables", "pg_stat_activity", "pg_locks"];
/// A hint that is left out where it does not exist.
const HINTS: [&str; 1] = ["NOTIFY weft_journal"];
/// Random operations, enough to send every statement.
const STEPS: usize = 250;

/// What is wrong with a text of one or more statements.
fn violations(sql: &str) -> Vec<String> {
    if HINTS.contains(&sql) {
        return Vec::new();
    }
    let dialect = PostgreSqlDialect {};
    if let Err(error) = Parser::parse_sql(&dialect, sql) {
        return vec![format!("it does not parse: {error}")];
    }
    let words: Vec<String> = Tokenizer::new(&dialect, sql).tokenize().unwrap().iter().filter_map(word).collect();
    words.split(|word| word == ";").flat_map(statement_violations).collect()
}

/// Words in capitals and what separates them; texts and comments say nothing.
fn word(token: &Token) -> Option<String> {
    match token {
        Token::Whitespace(_) | Token::SingleQuotedString(_) => None,
        other => Some(other.to_string().to_uppercase()),
    }
}

fn statement_violations(words: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    let has = |sequence: &str| {
        let sequence: Vec<&str> = sequence.split(' ').collect();
        words.windows(sequence.len()).any(|window| window.iter().eq(&sequence))
    };
    found.extend(BANNED.iter().filter(|(words, _)| has(words)).map(|(words, why)| format!("{words}: {why}")));
    for (beginning, why) in BANNED_BEGINNINGS {
        found.extend(words.iter().filter(|word| word.starts_with(beginning)).map(|word| format!("{word}: {why}")));
    }
    let is_without_org = WITHOUT_ORG.iter().any(|table| words.contains(&table.to_uppercase()));
    let touches_data = ["FROM", "INTO", "UPDATE", "JOIN", "TABLE", "INDEX"].iter().any(|word| has(word));
    if !touches_data || is_without_org {
        return found;
    }
    if !words.iter().any(|word| word == "ORG_ID" || word.ends_with(".ORG_ID")) {
        found.push("it does not name the organisation".to_owned());
    }
    if has("CREATE TABLE") && !has("PRIMARY KEY ( ORG_ID") {
        found.push("its primary key does not begin with the organisation".to_owned());
    }
    if has("CREATE INDEX") || has("CREATE UNIQUE INDEX") {
        let columns: Vec<&String> = words.iter().skip_while(|word| *word != "(").skip(1).collect();
        let is_gin = has("USING GIN");
        if is_gin && columns.iter().take_while(|word| **word != ")").any(|word| *word == ",") {
            found.push("a GIN index over several columns".to_owned());
        }
        if !is_gin && columns.first().is_none_or(|word| *word != "ORG_ID") {
            found.push("its key does not begin with the organisation".to_owned());
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_statement_is_portable() {
    // From an empty database: the migrations are statements too.
    let config = PostgresConfig { deadline_ms: 60_000, ..PostgresConfig::new(testing::empty_database()) };
    let mut world = World::new(Arc::new(PostgresStore::open(config).await.unwrap()));
    let mut dice = Dice(7);
    for _ in 0..STEPS {
        world.step(&mut dice).await;
    }
    world.store.close().await;

    let statements = testing::statements();
    let mut found: BTreeSet<String> = BTreeSet::new();
    for sql in &statements {
        found.extend(violations(sql).into_iter().map(|violation| format!("{violation}\n    in {sql}")));
    }
    assert!(found.is_empty(), "{}", found.into_iter().collect::<Vec<_>>().join("\n"));
    let is_there = |part: &str| assert!(statements.iter().any(|sql| sql.contains(part)), "`{part}` was never sent");
    for part in [
        "CREATE TABLE ticket (",
        "FOR UPDATE OF j SKIP LOCKED",
        "INSERT INTO event ",
        "FROM journal_head",
        "INSERT INTO sequence",
        "FROM node",
        "strpos(t.field_digests",
        "schema_lock WHERE id = 1 FOR UPDATE",
    ] {
        is_there(part);
    }
}

#[test]
fn each_violation_is_found() {
    for guilty in [
        "LOCK TABLE ticket",
        "CREATE INDEX x ON ticket USING gist (org_id)",
        "CREATE INDEX x ON ticket USING gin (org_id, a)",
        "CREATE INDEX x ON ticket (number)",
        "CREATE UNIQUE INDEX x ON ticket (number, org_id)",
        "CREATE TABLE x (org_id TEXT, id TEXT, PRIMARY KEY (id, org_id))",
        "CREATE TABLE x (id BIGSERIAL, org_id TEXT, PRIMARY KEY (org_id, id))",
        "CREATE TABLE x (org_id TEXT PRIMARY KEY DEFERRABLE)",
        "SELECT pg_advisory_lock(1) FROM ticket WHERE org_id = $1",
        "SELECT pg_advisory_xact_lock(1)",
        "SELECT id FROM ticket WHERE id = $1",
        "UPDATE ticket SET updated_at = now() WHERE org_id = $1",
        "DELETE FROM ticket",
        "SELECT nextval('x')",
        "LISTEN weft_journal",
        "NOTIFY other; LISTEN x",
        "SELECT xmlparse(document a) FROM ticket WHERE org_id = $1",
        "SELECT 1; DELETE FROM ticket",
        "SELEKT 1",
    ] {
        assert!(!violations(guilty).is_empty(), "{guilty}");
    }
    for innocent in [
        "BEGIN",
        "SELECT 1 AS one",
        "SELECT t.id FROM ticket t WHERE t.org_id = $1 AND t.title = 'LOCK TABLE; now()'",
        "CREATE TABLE x (org_id TEXT NOT NULL, id TEXT, PRIMARY KEY (org_id, id)); -- trigger\nCREATE INDEX y ON x (org_id, id);",
        "SELECT number FROM schema_migration ORDER BY number",
    ] {
        assert_eq!(violations(innocent), Vec::<String>::new(), "{innocent}");
    }
}
