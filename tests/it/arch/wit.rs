//! The plugin contract: a released file never changes, and a newer version never breaks a plugin built for an older one.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest as _, Sha256};
use wit_parser::{PackageName, Resolve, UnresolvedPackageGroup, WorldId};

use super::{ratchet, tree};

/// SHA-256 and path of every released file, as `sha256sum wit/*/*.wit` prints them. Lines are added by a release, never changed.
const RELEASED: &str = include_str!("wit.sha256");

/// Path and text.
type Files = BTreeMap<String, String>;

fn files() -> Files {
    let files = tree::files().into_iter().filter(|file| file.path.starts_with("wit/") && file.path.ends_with(".wit"));
    files.map(|file| (file.path, file.text.expect("WIT is UTF-8"))).collect()
}

/// Released files that changed or went away, and files that joined a released folder.
fn thawed(released: &str, files: &Files) -> Vec<String> {
    let released = released.lines().filter_map(|line| line.split_once("  ")).collect::<Vec<_>>();
    let folder = |path: &str| path.rsplit_once('/').map(|(folder, _)| folder.to_owned());
    let folders = released.iter().filter_map(|(_, path)| folder(path)).collect::<BTreeSet<_>>();
    let mut found = Vec::new();
    for (expected, path) in &released {
        let actual = files
            .get(*path)
            .map(|text| Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect::<String>());
        match actual {
            None => found.push(format!("{path} is gone")),
            Some(actual) if actual != **expected => found.push(format!("{path} changed")),
            Some(_) => {}
        }
    }
    let joined = files.keys().filter(|path| released.iter().all(|(_, known)| known != path));
    let joined = joined.filter(|path| folder(path).is_some_and(|folder| folders.contains(&folder)));
    found.extend(joined.map(|path| format!("{path} joined a released package")));
    found
}

/// All packages in one resolution. Each file is a package of its own.
fn resolve(files: &Files) -> Resolve {
    let mut groups = files
        .iter()
        .map(|(path, text)| {
            UnresolvedPackageGroup::parse(path, text).unwrap_or_else(|(_, error)| panic!("{path}: {error:?}"))
        })
        .collect::<Vec<_>>();
    let mut resolve = Resolve::default();
    let last = groups.pop().expect("there is a contract");
    resolve.push_groups(last, groups).unwrap_or_else(|error| panic!("the contract does not resolve: {error:?}"));
    resolve
}

/// Worlds of a newer version that would break a guest or a host of an older one of the same package. Versions below 1.0 promise
/// it within a minor version, as everywhere.
fn incompatible(files: &Files) -> Vec<String> {
    let resolve = resolve(files);
    let worlds = worlds(&resolve);
    let mut found = Vec::new();
    for (old, name, old_world) in &worlds {
        for (new, _, new_world) in worlds.iter().filter(|(new, new_name, _)| new_name == name && promises(old, new)) {
            if wit_component::semver_check(resolve.clone(), *old_world, *new_world).is_err() {
                found.push(format!("{name} of {new} breaks {old}"));
            }
        }
    }
    found
}

fn worlds(resolve: &Resolve) -> Vec<(PackageName, String, WorldId)> {
    let worlds = resolve.worlds.iter().filter_map(|(id, world)| {
        let package = &resolve.packages[world.package?].name;
        Some((package.clone(), world.name.clone(), id))
    });
    worlds.collect()
}

/// True if everything built for `old` must work with `new`.
fn promises(old: &PackageName, new: &PackageName) -> bool {
    let (Some(old_version), Some(new_version)) = (&old.version, &new.version) else {
        return false;
    };
    let same_line =
        old_version.major == new_version.major && (old_version.major > 0 || old_version.minor == new_version.minor);
    (&old.namespace, &old.name) == (&new.namespace, &new.name) && same_line && old_version < new_version
}

#[test]
fn released_files_are_frozen() {
    ratchet("a released WIT file is frozen; make a new version beside it", thawed(RELEASED, &files()), &[]);
}

#[test]
fn newer_versions_break_nobody() {
    ratchet("a newer version that breaks plugins", incompatible(&files()), &[]);
}

#[test]
fn a_changed_file_is_found() {
    let path = "wit/types@0.1.0/types.wit";
    let mut changed = files();
    changed.get_mut(path).unwrap().push('\n');
    assert_eq!(thawed(RELEASED, &changed), [format!("{path} changed")]);

    let mut gone = files();
    gone.remove(path);
    assert_eq!(thawed(RELEASED, &gone), [format!("{path} is gone")]);

    let mut joined = files();
    joined.insert("wit/types@0.1.0/more.wit".to_owned(), String::new());
    assert_eq!(thawed(RELEASED, &joined), ["wit/types@0.1.0/more.wit joined a released package"]);
}

/// A copy of the first version as 0.1.1 beside it, with one change.
fn with_successor(change: (&str, &str)) -> Files {
    let mut files = files();
    files.retain(|path, _| path.contains("@0.1.0/"));
    let newer = files.iter().map(|(path, text)| {
        let text = text.replacen(change.0, change.1, 1).replace("@0.1.0", "@0.1.1");
        (path.replace("@0.1.0", "@0.1.1"), text)
    });
    let newer = newer.collect::<Files>();
    if change.0 != change.1 {
        assert!(files.values().any(|text| text.contains(change.0)), "the contract has `{}`", change.0);
    }
    files.extend(newer);
    files
}

#[test]
fn what_may_change_and_what_may_not() {
    let check = |change: (&str, &str), breaks: bool| {
        let found = incompatible(&with_successor(change));
        assert_eq!(!found.is_empty(), breaks, "{change:?}: {found:?}");
    };
    check(("", ""), false);
    // A function more that the host offers.
    check(
        ("    count: func(filter: filter)", "    sum: func(filter: filter) -> u32;\n    count: func(filter: filter)"),
        false,
    );
    // A field, a case, and a function more that the host would ask for.
    check(("        actor: string,\n", "        actor: string,\n        more: string,\n"), true);
    check(("        denied(", "        later(string),\n        denied("), true);
    check(("    decide: func(", "    explain: func() -> string;\n    decide: func("), true);
    // A function less that the host offers.
    check(("    count: func(filter: filter) -> result<u32, fault>;", ""), true);
}
