//! The shape of the tree and of a file: what `STYLE` asks for and a machine can see.

use super::{
    ratchet,
    rust_source::{code_only, lines_with},
    tree::{self, File},
};

const TOP_LEVEL: &[&str] =
    &["Cargo.toml", "Cargo.lock", "README.md", "host", "migrations", "plugins", "sdk", "tests", "wit"];
const LINES_MAX: usize = 600;
/// In the header of a longer file.
const REASON: &str = "Longer than 600 lines because";

/// Leaves out tool folders and files (dots) and licence texts.
fn foreign_top_level(files: &[File]) -> Vec<String> {
    let top = files.iter().map(|file| file.path.split('/').next().unwrap_or_default());
    let foreign =
        top.filter(|name| !TOP_LEVEL.contains(name) && !name.starts_with('.') && !name.starts_with("LICENSE"));
    foreign.map(str::to_owned).collect()
}

fn without_header(files: &[(String, String)]) -> Vec<String> {
    files.iter().filter(|(_, text)| !text.starts_with("//! ")).map(|(path, _)| path.clone()).collect()
}

fn too_long(files: &[(String, String)]) -> Vec<String> {
    let has_reason =
        |text: &str| text.lines().take_while(|line| line.starts_with("//!")).any(|line| line.contains(REASON));
    let long = files.iter().filter(|(_, text)| text.lines().count() > LINES_MAX && !has_reason(text));
    long.map(|(path, _)| path.clone()).collect()
}

fn unfinished(files: &[(String, String)]) -> Vec<String> {
    let words = ["todo!", "unimplemented!", "#[ignore", "#[allow(", "#![allow("];
    let mut found = Vec::new();
    for (path, text) in files {
        let code = code_only(text);
        let used = words.iter().filter(|word| !lines_with(&code, word).is_empty());
        found.extend(used.map(|word| format!("{path}: {word}")));
    }
    found
}

/// A path of somebody's machine, or a host that packages come from: both are true in one place only. Lock files of cargo name
/// their registry and cannot do otherwise.
fn local_names(files: &[File]) -> Vec<String> {
    // In pieces, because this file is looked at too.
    let folders = [["/ro", "ot/"], ["/ho", "me/"], ["/wo", "rk/"], ["/Us", "ers/"]].map(|parts| parts.concat());
    let hosts = [["crates", ".io"], ["npmjs", ".org"], ["pypi", ".org"], ["debian", ".org"], ["pythonhosted", ".org"]];
    let hosts = hosts.map(|parts| parts.concat());
    let mut found = Vec::new();
    for file in files.iter().filter(|file| !file.path.ends_with("Cargo.lock")) {
        let Some(text) = &file.text else { continue };
        let starts = |folder: &str| {
            let mut places = text.match_indices(folder);
            places.any(|(at, _)| {
                !text[..at].ends_with(|before: char| before.is_alphanumeric() || "._-})]>".contains(before))
            })
        };
        let named =
            folders.iter().filter(|folder| starts(folder)).chain(hosts.iter().filter(|host| text.contains(*host)));
        found.extend(named.map(|name| format!("{}: {name}", file.path)));
    }
    found
}

#[test]
fn the_top_level_is_fixed() {
    ratchet("the top level is fixed", foreign_top_level(&tree::files()), &[]);
}

#[test]
fn every_file_says_what_it_is_for() {
    ratchet(
        "a file begins with `//!`: what it is for and what it must not know",
        without_header(&tree::rust_files()),
        &[],
    );
}

#[test]
fn long_files_say_why() {
    let rule = format!("a file over {LINES_MAX} lines says in its header `{REASON} …`");
    ratchet(&rule, too_long(&tree::rust_files()), &[]);
}

#[test]
fn nothing_is_left_for_later() {
    ratchet("finish it, or expect the lint with a reason", unfinished(&tree::rust_files()), &[]);
}

#[test]
fn nothing_is_true_on_one_machine_only() {
    ratchet("no paths of a machine and no registry hosts", local_names(&tree::files()), &[]);
}

#[test]
fn each_violation_is_found() {
    let file = |path: &str, text: &str| File { path: path.to_owned(), text: Some(text.to_owned()) };
    let rust = |text: String| vec![("host/x/src/lib.rs".to_owned(), text)];

    assert_eq!(foreign_top_level(&[file("Makefile", ""), file(".ci/run", ""), file("LICENSE-MIT", "")]), ["Makefile"]);
    assert_eq!(without_header(&rust("use x;".into())).len(), 1);
    assert_eq!(too_long(&rust("//! X.\n".repeat(LINES_MAX + 1))).len(), 1);
    assert!(too_long(&rust(format!("//! {REASON} X.\n").repeat(LINES_MAX + 1))).is_empty());
    for text in
        ["fn f() { todo!() }", "#[ignore]\nfn f() {}", "#[ignore = \"x\"]", "#[allow(dead_code)]", "#![allow(x)]"]
    {
        assert_eq!(unfinished(&rust(text.into())).len(), 1, "{text}");
    }
    assert!(unfinished(&rust("// todo!\n#[expect(x, reason = \"#[allow(y)]\")]".into())).is_empty());
    for text in [["see /ro", "ot/x"], ["\"/wo", "rk/x\""], ["https://static.crates", ".io/x"]] {
        assert_eq!(local_names(&[file("a.md", &text.concat())]).len(), 1, "{text:?}");
    }
    assert!(local_names(&[file("a.md", &["{base}/wo", "rk/ and api/ho", "me/"].concat())]).is_empty());
}
