//! The database itself: its file, its version, its indexes.

use super::{Depth, Fsck, Result};

pub(super) async fn check(fsck: &mut Fsck<'_>, depth: Depth) -> Result {
    let applied = fsck.snapshot.migrations().await?;
    fsck.report.schema = applied.last().map_or(0, |one| one.number);
    if depth == Depth::Full {
        for sentence in fsck.snapshot.damage().await? {
            fsck.find_at("database-damaged", "database", &[], sentence);
        }
    }
    if applied.is_empty() {
        fsck.find_at(
            "schema-unknown",
            "schema_migration",
            &[],
            "no migration was ever applied: this is no database of Weft",
        );
    }
    let (found, made) = fsck.snapshot.indexes().await?;
    for name in made.difference(&found) {
        let key = [name.as_str().into()];
        fsck.find_at("schema-incomplete", "schema_migration", &key, format!("the index `{name}` is missing"));
    }
    Ok(())
}
