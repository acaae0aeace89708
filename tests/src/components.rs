//! The table of components: how large each is, what it asks for, how many lines of Rust decide; what of that follows from the source
//! alone is a page of the documentation, and `cargo dev bench components` prints times beside it.

use std::fmt::Write;
use std::path::{Path, PathBuf};

/// The page's place in the project.
pub const PAGE: &str = "host/docs/components.md";
const GROUPS: [&str; 4] = ["practices", "approvals", "automations", "departments"];

/// What is known of a component without running it.
#[derive(Debug, Clone)]
pub struct Component {
    pub id: String,
    pub group: &'static str,
    pub title: String,
    /// Of the packed component, with manifest, flows and forms.
    pub kib: usize,
    pub grants: usize,
    pub kinds: usize,
    /// Lines of Rust that decide: neither tests nor empty lines nor comments.
    pub lines: usize,
}

/// Every bundled component, by group and id.
///
/// # Errors
/// A plugin's folder cannot be read.
pub fn list(root: &Path) -> Result<Vec<Component>, String> {
    let mut all = Vec::new();
    for group in GROUPS {
        for folder in sorted(&root.join("plugins").join(group))? {
            let Ok(text) = std::fs::read_to_string(folder.join("plugin.toml")) else { continue };
            let manifest: toml::Table =
                toml::from_str(&text).map_err(|error| format!("{}: {error}", folder.display()))?;
            let text_of = |key: &str| manifest.get(key).and_then(toml::Value::as_str).unwrap_or_default().to_owned();
            let count = |key: &str| manifest.get(key).and_then(toml::Value::as_array).map_or(0, Vec::len);
            let id = text_of("id");
            let bytes = bundle::plugin(&id).map_or(0, |plugin| plugin.bytes.len());
            let lines = lines_in(&folder.join("src"))?;
            let (title, kib) = (text_of("title"), bytes.div_ceil(1024));
            all.push(Component { id, group, title, kib, grants: count("grant"), kinds: count("kind"), lines });
        }
    }
    Ok(all)
}

/// The page as it should be now: the table, below what is written by hand.
///
/// # Errors
/// A plugin's folder cannot be read.
pub fn page(root: &Path) -> Result<String, String> {
    let all = list(root)?;
    let mut page = String::from(
        "# Components\n\nMade by `cargo dev regen` from the source and the built components. How long their decisions take is printed by\n\
         `cargo dev bench components`, which lets each decide what a company asked of it in ninety days.\n\n\
         | Component | Group | Size in KiB | Kinds | Grants | Lines of Rust |\n|---|---|---:|---:|---:|---:|\n",
    );
    for Component { id, group, title, kib, grants, kinds, lines } in &all {
        let _ = writeln!(page, "| {title} (`{id}`) | {group} | {kib} | {kinds} | {grants} | {lines} |");
    }
    let (lines, kib) = all.iter().fold((0, 0), |(lines, kib), one| (lines + one.lines, kib + one.kib));
    let _ = writeln!(
        page,
        "\n{} components, {kib} KiB, {lines} lines of Rust. Tests, empty lines and comments are not counted.\n",
        all.len()
    );
    let large: Vec<_> = all.iter().filter(|one| one.lines > LINES_AIM).collect();
    let _ = writeln!(page, "## Above {LINES_AIM} lines\n");
    for one in large {
        let why = WHY.iter().find(|(id, _)| *id == one.id).map_or("no reason is written down", |(_, why)| *why);
        let _ = writeln!(page, "- `{}`, {}: {why}.", one.id, one.lines);
    }
    page.push_str(REPEATED);
    Ok(page)
}

/// What several of them say in the same words, looked for by hand.
const REPEATED: &str = "\n## What several repeat\n\nNothing of three lines or more is the same in three components but their frame: that an import is let \
through as it is (six guards say so in their first lines, because it is a decision of each), that `run` names its steps and refuses others (five), \
that a reaction without a ticket does nothing (three), and the line that declares what an approval rule is given (three). What was shared before \
is in the SDK: filters, changes, records and clocks, fake hosts.\n";

/// What a practice should do with.
const LINES_AIM: usize = 150;

/// Why some need more.
const WHY: [(&str, &str); 15] = [
    (
        "incident",
        "priority, family, holds with follow-ups, reopening, restriction and majors are six sets of rules, a file each",
    ),
    (
        "service-level",
        "clocks of three types with pauses, retroaction and escalation; the timeline is a crate of its own, tested against recorded cases",
    ),
    (
        "change",
        "models, templates, approval definitions, windows and freezes, conflicts, risk by three calculations and drift, a file each",
    ),
    ("problem", "its end moves incidents in four ways, and trends propose it"),
    ("request", "forms, prices by answer, bundles, carts and what is delivered so far"),
    ("asset", "contracts, licences and depreciation are practices of their own within it"),
    ("financial", "budgets, allocation to the cent and statements"),
    ("knowledge", "versions, quality, validity and feedback"),
    ("relationship", "surveys with sampling, scores and stakeholders"),
    (
        "service-configuration",
        "identification, reconciliation by precedence, import policies, merging, audits and health are sets of rules, a file each",
    ),
    ("on-call", "turns by calendar with stand-ins, and pages that go on to the next"),
    ("ticket-steps", "the steps that flows take on tickets, each with typed inputs"),
    (
        "rules",
        "events with times before and after dates, nested conditions with old and new values, actions, and a check that finds contradictions, a file each",
    ),
    ("customer-service", "entitlement by contract and tier, complaints and returns are three sets of rules"),
    ("security", "severity and need to know of incidents, reviews of access that recur, and exceptions that expire"),
];

fn sorted(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let entries = std::fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    Ok(paths)
}

fn lines_in(folder: &Path) -> Result<usize, String> {
    let mut count = 0;
    for path in sorted(folder)? {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() {
            count += lines_in(&path)?;
        } else if name.ends_with(".rs") && !name.ends_with("tests.rs") {
            let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
            count += code_lines(&text);
        }
    }
    Ok(count)
}

/// Lines with code, up to the module of tests at the end.
fn code_lines(text: &str) -> usize {
    let before_tests = text.split("#[cfg(test)]\nmod tests").next().unwrap_or(text);
    let before_tests = before_tests.split("#[cfg(test)]\npub(crate) mod tests").next().unwrap_or(before_tests);
    before_tests.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//")).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_tests_nor_comments_count() {
        assert_eq!(
            code_lines("//! What.\n\nuse a;\n\n/// Why.\nfn f() {}\n\n#[cfg(test)]\nmod tests {\n    fn t() {}\n}\n"),
            2
        );
    }

    #[test]
    fn every_bundled_component_has_a_row_with_its_size_and_every_large_one_a_reason() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests lie in the project");
        let all = list(root).expect("the plugins can be read");
        assert_eq!(all.len(), bundle::PLUGINS.len());
        assert!(all.iter().all(|one| one.kib > 0 && one.lines > 0), "{all:?}");
        let page = page(root).expect("the page can be made");
        assert!(!page.contains("no reason is written down"), "{page}");
        assert_eq!(page.matches("| practices |").count(), 13, "{page}");
    }
}
