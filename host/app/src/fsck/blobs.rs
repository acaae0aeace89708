//! Content: files and components are what their digests say, and as long as the attachments say.

use super::{Depth, Fsck, Result, org};
use std::collections::BTreeMap;
use store::digest;
use store::snapshot::{Cell, Pages};

pub(super) async fn check(fsck: &mut Fsck<'_>, depth: Depth) -> Result {
    if depth == Depth::Rows {
        return Ok(());
    }
    content(fsck, "component", "wasm", "component-changed").await?;
    content(fsck, "blob", "content", "blob-changed").await?;
    attachments(fsck).await
}

async fn content(fsck: &mut Fsck<'_>, name: &str, column: &str, code: &str) -> Result {
    let Some(table) = fsck.table(name) else { return Ok(()) };
    let mut pages = Pages::of(&table, &[column]);
    while let Some(rows) = pages.next(fsck.snapshot).await? {
        for row in &rows {
            let Cell::Blob(bytes) = row.cell(column) else { continue };
            let found = digest::of_bytes(bytes);
            if row.text("digest") != Some(found.as_str()) {
                fsck.find(code, &table, row, format!("its {} bytes have the digest `{found}`", bytes.len()));
            }
        }
    }
    Ok(())
}

async fn attachments(fsck: &mut Fsck<'_>) -> Result {
    let (Some(table), Some(blobs)) = (fsck.table("attachment"), fsck.table("blob")) else { return Ok(()) };
    let mut pages = Pages::of(&table, &["digest", "size"]);
    while let Some(rows) = pages.next(fsck.snapshot).await? {
        // A few at a time, because the content comes along.
        for rows in rows.chunks(4) {
            let wanted = rows.iter().map(|row| vec![org(row), row.cell("digest").clone()]).collect();
            let found = fsck.rows_by(&blobs, &["content"], &["org_id", "digest"], wanted).await?;
            let sizes: BTreeMap<&Vec<Cell>, usize> = found
                .iter()
                .filter_map(|(key, rows)| match rows.first()?.cell("content") {
                    Cell::Blob(bytes) => Some((key, bytes.len())),
                    _ => None,
                })
                .collect();
            for row in rows {
                let size = sizes.get(&vec![org(row), row.cell("digest").clone()]);
                if let Some(size) = size
                    && row.int("size") != i64::try_from(*size).ok()
                {
                    let what = format!("it says {} bytes, and the file has {size}", row.cell("size"));
                    fsck.find("attachment-size", &table, row, what);
                }
            }
        }
    }
    Ok(())
}
