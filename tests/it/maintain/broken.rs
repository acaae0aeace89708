//! Every invariant broken by hand, one by one: `fsck` finds it, and nothing else.

use super::company;
use app::fsck::RULES;
use std::collections::BTreeSet;
use std::path::Path;
use store_postgres::testing;
use weft_tests::fsck;

/// Where a case can be made.
#[derive(Clone, Copy, PartialEq)]
enum On {
    Both,
    /// It needs a function that PostgreSQL calls something else, or something that PostgreSQL does not let happen.
    Sqlite,
}

const RUNNING: &str = "(SELECT MIN(id) FROM flow_instance WHERE status = 'running')";

struct Case {
    /// The rules that are broken by it; the first is the one that is meant, the others follow from it.
    codes: &'static [&'static str],
    on: On,
    sql: String,
}

fn case(codes: &'static [&'static str], on: On, sql: impl Into<String>) -> Case {
    Case { codes, on, sql: sql.into() }
}

/// The state of a running instance with something changed in its JSON.
fn state(codes: &'static [&'static str], path: &str, json: &str) -> Case {
    let sql =
        format!("UPDATE flow_instance SET state = json_set(state, '{path}', json('{json}')) WHERE id = {RUNNING}");
    case(codes, On::Sqlite, sql)
}

/// Something in the state of an instance beside what is there.
fn more(codes: &'static [&'static str], json: &str) -> Case {
    let sql = format!("UPDATE flow_instance SET state = json_patch(state, '{json}') WHERE id = {RUNNING}");
    case(codes, On::Sqlite, sql)
}

fn cases(element: &str) -> Vec<Case> {
    use On::{Both, Sqlite};
    let calling = r#"{"step":{"attempt":1,"retries":0,"task_type":"x","phase":"calling"}}"#;
    let wanted = format!(r#"{{"element":{element},"node":0,"kind":"signal","name":"never"}}"#);
    let timer = format!(
        r#"{{"element":{element},"node":0,"purpose":"event","due":"2026-04-01T00:00:00Z","armed_at":"2026-03-01T00:00:00Z"}}"#
    );
    vec![
        case(&["answer-unreadable"], Both, "UPDATE answer SET answer = '{'"),
        case(&["attachment-size"], Both, "UPDATE attachment SET size = size + 1"),
        case(&["blob-changed"], Sqlite, "UPDATE blob SET content = zeroblob(5)"),
        case(
            &["component-changed"],
            Sqlite,
            "UPDATE component SET wasm = zeroblob(9) WHERE digest = (SELECT MIN(digest) FROM component)",
        ),
        case(&["component-missing"], Both, "DELETE FROM component WHERE digest = (SELECT MIN(digest) FROM component)"),
        case(
            &["database-damaged"],
            Sqlite,
            "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, 'opened_at', 'closed_at')
             WHERE name = 'ticket_opened'; PRAGMA writable_schema = RESET",
        ),
        case(
            &["definition-changed"],
            Both,
            format!(
                "UPDATE definition SET digest = 'x' WHERE definition_type = 'process'
                 AND id = (SELECT process FROM flow_instance WHERE id = {RUNNING})"
            ),
        ),
        state(&["flow-call-lost", "flow-leftover"], &format!("$.elements.\"{element}\".activity"), calling),
        case(&["flow-counts"], Both, "UPDATE flow_instance SET incidents = incidents + 1"),
        state(&["flow-inconsistent"], "$.next_key", "0"),
        case(
            &["flow-leftover"],
            Both,
            format!(
                "INSERT INTO subscription (org_id, id, topic, name, message_key, instance, process, element)
                 SELECT org_id, 'left', 'signal', 'x', '', id, process, '999' FROM flow_instance WHERE id = {RUNNING}"
            ),
        ),
        case(&["flow-state-unreadable"], Both, format!("UPDATE flow_instance SET state = '[]' WHERE id = {RUNNING}")),
        more(&["flow-subscription-lost"], &format!(r#"{{"subscriptions":{{"999":{wanted}}}}}"#)),
        case(
            &["flow-task-lost"],
            Both,
            "DELETE FROM task_candidate; UPDATE task SET state = 'cancelled' WHERE state = 'open'",
        ),
        more(&["flow-timer-lost"], &format!(r#"{{"timers":{{"999":{timer}}}}}"#)),
        case(&["flow-version"], Both, format!("UPDATE flow_instance SET version = version + 1 WHERE id = {RUNNING}")),
        case(
            &["job-lease"],
            Both,
            "UPDATE job SET lease_owner = 'nobody', lease_until = 9000000000000000 WHERE id = (SELECT MIN(id) FROM job)",
        ),
        case(
            &["job-orphan"],
            Both,
            r#"INSERT INTO job (org_id, id, order_key, order_at, ordinal, work, due_at, state, attempts, fence) VALUES
               ('default', 'j', 'o', 0, 9999, '{"type":"reevaluate","instance":"nobody"}', 0, 'ready', 0, 0)"#,
        ),
        case(
            &["job-unreadable"],
            Both,
            r#"INSERT INTO job (org_id, id, order_key, order_at, ordinal, work, due_at, state, attempts, fence) VALUES
               ('default', 'j', 'o', 0, 9999, '{"type":"dance"}', 0, 'ready', 0, 0)"#,
        ),
        case(
            &["journal-changed"],
            Both,
            "UPDATE event SET actor = 'nobody' WHERE seq = (SELECT MIN(seq) FROM event WHERE subject_kind = 'space')",
        ),
        case(
            &["journal-gap"],
            Both,
            "DELETE FROM event WHERE seq = (SELECT MIN(e.seq) FROM event e WHERE e.subject_kind = 'group' AND e.subject_seq = 1
             AND NOT EXISTS (SELECT 1 FROM event x WHERE x.subject_kind = 'group' AND x.subject = e.subject AND x.subject_seq = 2))",
        ),
        case(&["journal-tail"], Both, "UPDATE journal_head SET seq = seq + 1"),
        case(
            &["message-never-expires"],
            Both,
            "INSERT INTO message (org_id, id, name, message_key, variables, at, expires_at) VALUES ('default', 'm', 'n', 'k', '{}', 0, 0)",
        ),
        case(&["number-above-counter"], Both, "UPDATE sequence SET next_value = 1 WHERE id = 'INC'"),
        case(
            &["number-taken-twice", "schema-incomplete", "ticket-differs"],
            Both,
            "DROP INDEX ticket_number; UPDATE ticket SET number = (SELECT MIN(t.number) FROM ticket t)",
        ),
        case(&["outbox-differs"], Both, "UPDATE outbox SET state = 'dead'"),
        case(
            &["outbox-leftover"],
            Both,
            "UPDATE outbox SET state = 'delivered', details = replace(details, '\"state\":\"waiting\"', '\"state\":\"delivered\"')",
        ),
        case(
            &["outbox-leftover"],
            Both,
            format!(
                "UPDATE outbox SET step_key = 'flow:' || {RUNNING} || ':call:999', details = replace(details, '\"step\":null',
                 '\"step\":{{\"process\":\"p\",\"instance\":\"' || {RUNNING} || '\",\"element\":\"999\"}}')"
            ),
        ),
        case(&["outbox-stuck"], Both, "DELETE FROM job WHERE unique_key = 'outbox:o1'"),
        case(&["outbox-stuck"], Both, "DELETE FROM outbox_content"),
        case(&["reference-lost"], Both, "UPDATE person SET manager = 'nobody' WHERE id = 'ada'"),
        case(&["row-unreadable"], Both, "UPDATE person SET attributes = '[1' WHERE id = 'ada'"),
        case(&["schema-incomplete"], Both, "DROP INDEX comment_ticket"),
        case(&["schema-unknown"], Both, "DELETE FROM schema_migration"),
        case(&["subject-missing"], Both, "DELETE FROM record"),
        case(
            &["subject-unknown"],
            Both,
            "UPDATE event SET subject = 'another' WHERE seq = -1;
             INSERT INTO flow_instance (org_id, id, process, process_version, space, status, started_at, started_by, updated_at,
                incidents, stuck, state, version)
             SELECT org_id, 'ghost', process, process_version, space, status, started_at, started_by, updated_at, incidents, stuck,
                replace(state, id, 'ghost'), version FROM flow_instance WHERE status <> 'running'",
        ),
        case(&["ticket-differs"], Both, "UPDATE ticket SET title = 'Something else' WHERE number LIKE 'INC%'"),
        case(&["ticket-version"], Both, "UPDATE ticket SET updated_at = 0 WHERE number LIKE 'INC%'"),
        case(&["wrong-type"], Sqlite, "UPDATE comment SET at = 'soon'"),
    ]
}

async fn element(file: &Path) -> String {
    let snapshot = store_sqlite::SqliteSnapshot::open(&store_sqlite::SqliteConfig::new(file)).await.expect("it opens");
    let mut snapshot: Box<dyn store::Snapshot> = Box::new(snapshot);
    let tables = snapshot.tables().await.expect("tables");
    let tasks = tables.iter().find(|table| table.name == "task").expect("there are tasks");
    let rows = snapshot.page(tasks, &["element", "state"], &["org_id", "id"], None, 50).await.expect("rows");
    let open = rows.iter().find(|row| row.text("state") == Some("open")).expect("a flow waits for somebody");
    open.text("element").expect("a task is about an element").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_rule_that_is_broken_is_found_and_no_other() {
    let folder = tempfile::tempdir().expect("a folder");
    let whole = company::make(folder.path()).await;
    let report = fsck::sqlite(&whole).await;
    fsck::assert_clean(&report);
    assert!(report.rows["event"] > 20 && report.rows["job"] > 0, "{:?}", report.rows);
    let url = super::backup::into_postgres(&whole).await;
    let database = url.split(['/', '?']).find(|part| part.starts_with("weft_")).expect("it has a name").to_owned();

    let cases = cases(&element(&whole).await);
    let mut wrong = Vec::new();
    for (place, case) in cases.iter().enumerate() {
        let broken = folder.path().join(format!("broken-{place}.db"));
        std::fs::copy(&whole, &broken).expect("copied");
        store_sqlite::testing::execute(&broken, &case.sql).await;
        judge("SQLite", case, &fsck::sqlite(&broken).await, &mut wrong);
        if case.on == On::Both {
            let copy = format!("{database}_{place}");
            let server = testing::server();
            server.psql("postgres", &format!("CREATE DATABASE {copy} TEMPLATE {database}"));
            server.psql(&copy, &case.sql);
            judge("PostgreSQL", case, &fsck::postgres(&url.replace(&database, &copy)).await, &mut wrong);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));

    let broken: BTreeSet<&str> = cases.iter().map(|case| case.codes[0]).collect();
    let rules: BTreeSet<&str> = RULES.iter().map(|rule| rule.code).collect();
    assert_eq!(broken, rules, "a rule that nothing breaks here, or a case for no rule");
}

fn judge(database: &str, case: &Case, report: &app::fsck::Report, wrong: &mut Vec<String>) {
    let found: BTreeSet<&str> = report.counts.keys().copied().collect();
    let expected: BTreeSet<&str> = case.codes.iter().copied().collect();
    if found != expected {
        wrong.push(format!("{database}: expected {expected:?} of\n{}\nbut: {}", case.sql, report.text()));
    }
}
