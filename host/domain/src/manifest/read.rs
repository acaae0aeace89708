//! Reading `plugin.toml` and its kind files: every problem at once, each with file and line.
//!
//! What a message says: what is wrong, where, why, and what to do. A slip is reported once: what a wrong word would make
//! wrong elsewhere is left out.

mod grant;
mod kind;
mod lifecycle;
mod near;
mod reading;
mod report;
mod rule;
mod schema;
mod screen;
mod source;
mod words;

pub use report::read_question;

use super::{MANIFEST_FILE, Manifest, WIT_VERSION};
use crate::{PluginId, Problem};
use source::{Place, Reader, Table};
use std::collections::BTreeMap;
use words::quoted;

const KINDS_MAX: usize = 64;
const SUMMARY_CHARS_MAX: usize = 500;

/// Reads a manifest with the kind files among its assets. Assets that nothing refers to are fine.
///
/// # Errors
/// Everything that is wrong, in the order of the files and their lines.
pub fn read(manifest_text: &str, assets: &BTreeMap<String, Vec<u8>>) -> Result<Manifest, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut in_kinds = Vec::new();
    let manifest = manifest(manifest_text, assets, &mut problems, &mut in_kinds);
    problems.sort_by_key(|problem| problem.line);
    problems.append(&mut in_kinds);
    match manifest {
        Some(manifest) if problems.is_empty() => Ok(manifest),
        _ => {
            if problems.is_empty() {
                // Every accessor reports what it refuses, so this says that one of them forgot to.
                problems.push(Problem::new("", "bad-manifest", "the manifest could not be read").at(MANIFEST_FILE, 1));
            }
            Err(problems)
        }
    }
}

fn manifest(
    text: &str,
    assets: &BTreeMap<String, Vec<u8>>,
    problems: &mut Vec<Problem>,
    in_kinds: &mut Vec<Problem>,
) -> Option<Manifest> {
    let (mut reader, tree) = Reader::open(MANIFEST_FILE, text, problems);
    let tree = tree?;
    let reader = &mut reader;
    let mut table = Table::new(tree.get_ref(), Place::default(), "the manifest");

    let id = table.need("id").and_then(|node| node.shaped(reader, "bad-id", words::id));
    let version = table.need("version").and_then(|node| node.shaped(reader, "bad-version", words::version));
    let wit = table.need("wit").and_then(|node| {
        let wit = node.text(reader, words::WORD_CHARS_MAX)?;
        if wit == WIT_VERSION {
            return Some(wit);
        }
        let message = format!(
            "the plugin speaks wit {}; this host speaks {WIT_VERSION}: build the plugin with an SDK of that version",
            quoted(wit)
        );
        reader.add(&node.place, "unsupported-wit", message);
        None
    });
    let title = table.need_text(reader, "title", kind::TITLE_CHARS_MAX);
    let summary = table.need_text(reader, "summary", SUMMARY_CHARS_MAX);
    let plugin = PluginId::from(id.unwrap_or("?"));
    let files = kinds(&mut table, assets, &plugin, reader, in_kinds);
    let grants = grant::read(&mut table, reader);
    let known = rule::Kinds { files: &files, grants: &grants };
    let guard = rule::guard(&mut table, &known, reader);
    let react = rule::react(&mut table, &known, reader);
    let revisit = rule::revisit(&mut table, &known, guard.is_some(), reader);
    let approval = rule::approval(&mut table, reader);
    let settings = rule::settings(&mut table, reader);
    let steps = rule::steps(&mut table, reader);
    let reports = report::read(&mut table, &files, reader);
    table.finish(reader);

    Some(Manifest {
        id: PluginId::from(id?),
        version: version?.to_owned(),
        wit: wit?.to_owned(),
        title: title?.to_owned(),
        summary: summary?.to_owned(),
        kinds: files.into_iter().filter_map(|file| file.kind).collect(),
        grants,
        guard,
        react,
        revisit,
        approval,
        settings,
        steps,
        reports,
    })
}

/// The kind files, each with its own problems; that two of them collide is a problem of the manifest.
fn kinds(
    table: &mut Table<'_>,
    assets: &BTreeMap<String, Vec<u8>>,
    plugin: &PluginId,
    reader: &mut Reader<'_>,
    problems: &mut Vec<Problem>,
) -> Vec<kind::KindFile> {
    let mut files: Vec<(kind::KindFile, Place)> = Vec::new();
    let mut paths: Vec<&str> = Vec::new();
    for mut entry in table.tables(reader, "kind", KINDS_MAX, "`[[kind]]`") {
        let node = entry.need("file");
        let place = entry.place.clone();
        entry.finish(reader);
        let Some(path) = node.and_then(|node| node.shaped(reader, "bad-path", words::path)) else { continue };
        if paths.contains(&path) {
            reader.add(&place, "duplicate-kind", format!("`{path}` is named twice; remove one"));
            continue;
        }
        paths.push(path);
        let Some(bytes) = assets.get(path) else {
            let hint = near::hint(path, assets.keys().map(String::as_str));
            reader.add(&place, "missing-asset", format!("the plugin has no file `{path}`{hint}"));
            continue;
        };
        let Ok(text) = std::str::from_utf8(bytes) else {
            reader.add(&place, "not-toml", format!("`{path}` is not text in UTF-8; save it as such"));
            continue;
        };
        let mut found = Vec::new();
        let file = kind::read(path, text, plugin, &mut found);
        found.sort_by_key(|problem| problem.line);
        problems.append(&mut found);
        for (other, _) in &files {
            if file.id.is_some() && file.id == other.id {
                let message = format!(
                    "`{path}` defines `{}` again; kinds need ids of their own",
                    other.id.as_deref().unwrap_or("")
                );
                reader.add(&place, "duplicate-kind", message);
            } else if file.prefix.is_some() && file.prefix == other.prefix {
                let prefix = other.prefix.as_deref().unwrap_or("");
                let message = format!("`{path}` numbers with `{prefix}` as another kind does; choose another prefix");
                reader.add(&place, "duplicate-prefix", message);
            }
        }
        files.push((file, place));
    }
    reading::check_feedback(&files, reader);
    files.into_iter().map(|(file, _)| file).collect()
}
