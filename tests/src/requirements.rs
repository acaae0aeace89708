//! Which requirement is proven by which test: a page made of `tests/requirements.toml` and of the names of all tests.
//!
//! A requirement without a test is not met, whatever anybody says; one that lacks something is met partly and says what it lacks.

use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;

/// The page's place in the project.
pub const PAGE: &str = "host/docs/requirements.md";
/// Tests that are named in one line of the page; more are counted.
const NAMES_MAX: usize = 3;
/// Folders that hold what was built.
const NOT_SOURCE: [&str; 4] = ["target", "node_modules", ".git", "dist"];

#[derive(Debug, Deserialize)]
struct List {
    requirement: Vec<Requirement>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Requirement {
    id: String,
    title: String,
    /// Tests that prove it and are named after something else.
    #[serde(default)]
    tests: Vec<String>,
    lacks: Option<String>,
}

/// The page as it should be now.
///
/// # Errors
/// The list and the tests contradict each other: every way in which they do.
pub fn page(root: &Path) -> Result<String, String> {
    let text = std::fs::read_to_string(root.join("tests/requirements.toml")).map_err(|error| error.to_string())?;
    let list: List = toml::from_str(&text).map_err(|error| error.to_string())?;
    let mut names = BTreeSet::new();
    for folder in ["host", "sdk", "plugins", "tests"] {
        collect(&root.join(folder), &mut names)?;
    }
    write(&list.requirement, &names)
}

fn write(requirements: &[Requirement], names: &BTreeSet<String>) -> Result<String, String> {
    let mut proofs: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for name in names {
        for id in ids(name) {
            proofs.entry(id).or_default().insert(name);
        }
    }
    let mut wrong = String::new();
    let known: BTreeSet<&str> = requirements.iter().map(|one| one.id.as_str()).collect();
    for id in proofs.keys().filter(|id| !known.contains(id.as_str())) {
        let _ = writeln!(wrong, "tests are named after {id}, which is in no list");
    }
    let mut rows = String::new();
    let mut counts = [0; 3];
    for one in requirements {
        let mut tests = proofs.remove(&one.id).unwrap_or_default();
        for name in &one.tests {
            if !names.contains(name) {
                let _ = writeln!(wrong, "{} is to be proven by `{name}`, which is no test", one.id);
            }
            tests.insert(name);
        }
        let state = match (tests.is_empty(), &one.lacks) {
            (true, None) => {
                let _ = writeln!(wrong, "{} has no test and lacks nothing", one.id);
                continue;
            }
            (true, Some(_)) => 2,
            (false, Some(_)) => 1,
            (false, None) => 0,
        };
        counts[state] += 1;
        let more = tests.len().saturating_sub(NAMES_MAX);
        let shown: Vec<String> = tests.iter().take(NAMES_MAX).map(|name| format!("`{name}`")).collect();
        let tail = if more > 0 { format!(" and {more} more") } else { String::new() };
        let state = ["met", "partly", "not"][state];
        let lacks = one.lacks.as_deref().unwrap_or_default();
        let _ = writeln!(rows, "| {} | {} | {state} | {lacks} | {}{tail} |", one.id, one.title, shown.join(", "));
    }
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let [met, partly, not] = counts;
    Ok(format!(
        "# Requirements\n\nMade of `tests/requirements.toml` and the names of the tests by `cargo dev regen`; do not edit it here.\n\n\
         {met} are met, {partly} partly, {not} not.\n\n| Id | What | State | Lacks | Tests |\n|---|---|---|---|---|\n{rows}"
    ))
}

/// The ids that a test is named after: `chg_04b_…`, `prb_02_prb_03_…`.
fn ids(name: &str) -> Vec<String> {
    let parts: Vec<&str> = name.split('_').collect();
    let mut ids = Vec::new();
    for pair in parts.chunks(2) {
        let [word, number] = pair else { break };
        let digits = number.strip_suffix('b').unwrap_or(number);
        let is = word.len() == 3 && digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
        if !is {
            break;
        }
        ids.push(format!("{}-{number}", word.to_uppercase()));
    }
    ids
}

/// The names of all functions that stand below a test attribute.
fn collect(folder: &Path, names: &mut BTreeSet<String>) -> Result<(), String> {
    let entries = std::fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    for entry in entries {
        let path = entry.map_err(|error| error.to_string())?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() {
            if !NOT_SOURCE.contains(&name) {
                collect(&path, names)?;
            }
        } else if name.ends_with(".rs") {
            let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
            names.extend(tests_in(&text));
        }
    }
    Ok(())
}

fn tests_in(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut is_test = false;
    for line in text.lines().map(str::trim) {
        if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
            is_test = true;
        } else if is_test && let Some(rest) = line.strip_prefix("async fn ").or_else(|| line.strip_prefix("fn ")) {
            found.extend(rest.split(['(', '<']).next().map(str::to_owned));
            is_test = false;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn requirement(id: &str, tests: &[&str], lacks: Option<&str>) -> Requirement {
        let tests = tests.iter().map(|&test| test.to_owned()).collect();
        Requirement { id: id.to_owned(), title: "It works".to_owned(), tests, lacks: lacks.map(str::to_owned) }
    }

    fn names(of: &[&str]) -> BTreeSet<String> {
        of.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn a_test_may_be_named_after_several() {
        assert_eq!(ids("prb_02_prb_03_people_hear"), ["PRB-02", "PRB-03"]);
        assert_eq!(ids("chg_04b_anyone"), ["CHG-04b"]);
        assert!(ids("a_dry_run_writes_nothing").is_empty());
    }

    #[test]
    fn what_is_proven_met_and_lacking_is_told_apart() {
        let list = [
            requirement("INC-01", &[], None),
            requirement("INC-02", &["other"], Some("half")),
            requirement("INC-03", &[], Some("all")),
        ];
        let page = write(&list, &names(&["inc_01_it_works", "other"])).expect("they agree");
        assert!(page.contains("1 are met, 1 partly, 1 not."));
        assert!(page.contains("| INC-02 | It works | partly | half | `other` |"));
    }

    #[test]
    fn what_contradicts_is_said() {
        let wrong = write(
            &[requirement("INC-01", &["gone"], None), requirement("INC-02", &[], None)],
            &names(&["inc_09_it_works"]),
        );
        let wrong = wrong.expect_err("nothing agrees");
        for part in ["INC-09, which is in no list", "`gone`, which is no test", "INC-02 has no test and lacks nothing"]
        {
            assert!(wrong.contains(part), "{wrong}");
        }
    }

    #[test]
    fn only_tests_count() {
        assert_eq!(
            tests_in("#[test]\nfn a() {}\nfn b() {}\n#[tokio::test(x)]\n#[cfg(y)]\nasync fn c() {}"),
            ["a", "c"]
        );
    }
}
