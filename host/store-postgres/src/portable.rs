//! What a statement must not have, so that a distributed engine with PostgreSQL's language stays possible: parsed, and read word by word.
//! For tests, which give it every statement that is ever sent.

use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Token, Tokenizer};

/// Words and sequences of words that no statement may have, each with the reason.
pub const BANNED: [(&str, &str); 28] = [
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
const WITHOUT_ORG: [&str; 2] = ["schema_migration", "schema_lock"];
/// What the database says about itself.
const CATALOGUE: [&str; 6] =
    ["INFORMATION_SCHEMA", "PG_INDEXES", "PG_CLASS", "PG_STAT_USER_TABLES", "PG_STAT_ACTIVITY", "PG_LOCKS"];
/// A hint that is left out where it does not exist.
const HINTS: [&str; 1] = ["NOTIFY weft_journal"];
/// What is wrong with a text of one or more statements.
///
/// # Panics
/// Never: what was parsed has words.
#[must_use]
pub fn violations(sql: &str) -> Vec<String> {
    if HINTS.contains(&sql) {
        return Vec::new();
    }
    let dialect = PostgreSqlDialect {};
    if let Err(error) = Parser::parse_sql(&dialect, sql) {
        return vec![format!("it does not parse: {error}")];
    }
    let words: Vec<String> =
        Tokenizer::new(&dialect, sql).tokenize().expect("what was parsed has words").iter().filter_map(word).collect();
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
    let is_about_itself = CATALOGUE.iter().any(|name| words.iter().any(|word| word == name));
    let is_new_column = has("ALTER TABLE") && has("ADD COLUMN");
    if !touches_data || is_without_org || is_about_itself || is_new_column {
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
