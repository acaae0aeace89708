//! Backups: whole, portable, and refused when a byte is wrong.

use super::company;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use store::Snapshot;
use store::backup::{self, BackupError, Counted, Reader, Restore};
use store_postgres::{PostgresConfig, PostgresRestore, PostgresSnapshot, testing};
use store_sqlite::{SqliteConfig, SqliteRestore, SqliteSnapshot};
use tokio::process::Command;
use weft_tests::{binary, fsck};

async fn of_sqlite(file: &Path) -> Vec<u8> {
    written(Box::new(SqliteSnapshot::open(&SqliteConfig::new(file)).await.expect("it opens"))).await.0
}

async fn written(mut snapshot: Box<dyn Snapshot>) -> (Vec<u8>, BTreeMap<String, Counted>) {
    let mut bytes = Vec::new();
    let (_, counts) =
        backup::write(&mut *snapshot, &mut bytes, "test", Timestamp::UNIX_EPOCH, |_| {}).await.expect("written");
    snapshot.end().await;
    (bytes, counts.into_iter().map(|one| (one.name.clone(), one)).collect())
}

async fn fill(bytes: &[u8], mut target: Box<dyn Restore>) {
    let mut reader = Reader::open(bytes).expect("a backup");
    backup::fill(&mut reader, &mut *target, |_| {}).await.expect("it can be restored");
    target.complete().await.expect("complete");
    target.keep().await.expect("kept");
}

/// The address of a new PostgreSQL database with everything of a file in it.
pub async fn into_postgres(file: &Path) -> String {
    let url = testing::empty_database();
    let config = PostgresConfig { deadline_ms: 60_000, ..PostgresConfig::new(&*url) };
    let target = PostgresRestore::open(&config, store_postgres::Existing::Keep).await.expect("it is empty");
    fill(&of_sqlite(file).await, Box::new(target)).await;
    url
}

async fn into_sqlite(bytes: &[u8], file: &Path) {
    let target = SqliteRestore::open(SqliteConfig::new(file), store_sqlite::Existing::Keep).await.expect("it is new");
    fill(bytes, Box::new(target)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_of_one_database_is_restored_into_the_other_and_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let original = company::make(folder.path()).await;
    let (_, expected) =
        written(Box::new(SqliteSnapshot::open(&SqliteConfig::new(&original)).await.expect("it opens"))).await;

    let url = into_postgres(&original).await;
    let (bytes, there) =
        written(Box::new(PostgresSnapshot::open(&PostgresConfig::new(&*url)).await.expect("it opens"))).await;
    let back = folder.path().join("back.db");
    into_sqlite(&bytes, &back).await;
    let (_, again) = written(Box::new(SqliteSnapshot::open(&SqliteConfig::new(&back)).await.expect("it opens"))).await;

    for (name, counted) in &expected {
        assert_eq!(Some(counted), again.get(name), "{name}: not the same rows after the way there and back");
        assert_eq!(counted.rows, there[name].rows, "{name}");
    }
    fsck::assert_clean(&fsck::postgres(&url).await);
    fsck::assert_clean(&fsck::sqlite(&back).await);
    // Both can be served: the program opens them, and goes on numbering where they were.
    let store = store_postgres::PostgresStore::open(PostgresConfig::new(&*url)).await.expect("it opens");
    let org = "default".into();
    let head = store::Journal::event_head(&store, &org).await.expect("a head");
    assert_eq!(head, i64::try_from(expected["event"].rows).expect("few"));
    store::Store::close(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_was_cut_off_or_changed_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let original = company::make(folder.path()).await;
    let bytes = of_sqlite(&original).await;
    let read = |bytes: &[u8]| -> Result<(), BackupError> {
        let mut reader = Reader::open(bytes)?;
        while reader.next_block()?.is_some() {}
        reader.finish().map(drop)
    };
    read(&bytes).expect("it is whole");

    let mut accepted = Vec::new();
    for step in 1..200 {
        let place = bytes.len() * step / 200;
        if read(&bytes[..place]).is_ok() {
            accepted.push(format!("cut off at {place}"));
        }
        let mut changed = bytes.clone();
        changed[place] ^= 1;
        if read(&changed).is_ok() {
            accepted.push(format!("changed at {place}"));
        }
    }
    let mut longer = bytes.clone();
    longer.push(0);
    assert!(read(&longer).is_err(), "something behind the end");
    assert_eq!(accepted, Vec::<String>::new());

    let newer = [b"weft backup 2\n", &bytes[14..]].concat();
    let refused = read(&newer).expect_err("a newer format");
    assert!(refused.to_string().contains("newer Weft"), "{refused}");
}

async fn weft(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output = Command::new(binary::path()).args(arguments).current_dir(folder).output().await.expect("it is built");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("it prints text");
    (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
}

fn files(folder: &Path) -> Vec<String> {
    let names = std::fs::read_dir(folder).expect("a folder").flatten();
    let mut names: Vec<String> = names.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn the_commands_check_back_up_and_restore() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let file: PathBuf = company::make(folder).await;

    let (code, out, error) = weft(folder, &["fsck"]).await;
    assert_eq!(code, 0, "{out}{error}");
    let (code, _, error) = weft(folder, &["fsck", "--store-path", "absent.db"]).await;
    assert_eq!(code, 2, "{error}");
    let (code, out, error) = weft(folder, &["backup", "one.weft"]).await;
    assert_eq!(code, 0, "{error}");
    assert!(out.contains("rows"), "{out}");
    assert_ne!(weft(folder, &["backup", "one.weft"]).await.0, 0, "a backup is never overwritten");

    store_sqlite::testing::execute(&file, "UPDATE ticket SET title = 'Something else'").await;
    let (code, out, error) = weft(folder, &["fsck", "--json"]).await;
    assert_eq!(code, 1, "{error}");
    let report: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(report["findings"][0]["code"], "ticket-differs", "{report}");
    for part in ["table", "key", "what", "why", "fix"] {
        assert!(report["findings"][0][part].as_str().is_some_and(|text| !text.is_empty()), "{part} in {report}");
    }

    let (code, _, error) = weft(folder, &["restore", "one.weft"]).await;
    assert!(code != 0 && error.contains("--replace"), "{error}");
    let before = files(folder);
    let (code, out, error) = weft(folder, &["restore", "one.weft", "--dry-run", "--replace"]).await;
    assert_eq!(code, 0, "{error}");
    assert!(out.contains("ticket") && out.contains("would be restored"), "{out}");
    assert_eq!(
        files(folder).iter().filter(|name| !name.ends_with(".lock")).count(),
        before.iter().filter(|name| !name.ends_with(".lock")).count()
    );

    let (code, out, error) = weft(folder, &["restore", "one.weft", "--replace"]).await;
    assert_eq!(code, 0, "{out}{error}");
    assert!(out.contains("weft.db.replaced-1"), "{out}");
    assert_eq!(weft(folder, &["fsck"]).await.0, 0);
    assert!(!files(folder).iter().any(|name| name.contains("restoring")), "{:?}", files(folder));

    let (code, out, _) = weft(folder, &["migrate", "status"]).await;
    assert!(code == 0 && out.contains("applied") && !out.contains("pending"), "{out}");
    let (code, out, _) = weft(folder, &["migrate", "--dry-run", "--store-path", "new.db"]).await;
    assert!(code == 0 && out.contains("would be applied") && !folder.join("new.db").exists(), "{out}");
}
