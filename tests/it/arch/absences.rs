//! What parts of the host must not know. Most invariants are absences; a word that is not there cannot be misused.

use super::{
    ratchet,
    rust_source::{lines_with, production_only},
    tree,
};

struct Absence {
    rule: &'static str,
    /// Where the words may not be: path prefixes.
    within: &'static [&'static str],
    /// Path prefixes inside `within` where they may be.
    except: &'static [&'static str],
    words: &'static [&'static str],
    /// Today's exceptions, `path: word`. Only shrinks.
    allowed: &'static [&'static str],
}

const PURE: &[&str] = &["host/feel/", "host/domain/", "host/bpmn/", "host/engine/"];

const ABSENCES: &[Absence] = &[
    Absence {
        rule: "domain, bpmn and engine are pure: no runtime, no I/O, no clock, no randomness",
        within: PURE,
        except: &[],
        words: &[
            "tokio",
            "async fn",
            "async move",
            ".await",
            "SystemTime",
            "Instant::now",
            "time::Instant",
            "Timestamp::now",
            "Zoned::now",
            "std::fs",
            "fs::",
            "std::env",
            "env::",
            "std::net",
            "std::process",
            "std::thread",
            "getrandom",
            "rand",
            "new_v4",
            "now_v7",
            "RandomState",
        ],
        allowed: &[],
    },
    Absence {
        rule: "only the stores name sqlx",
        within: &["host/", "sdk/"],
        except: &["host/store-sqlite/", "host/store-postgres/"],
        words: &["sqlx"],
        allowed: &[],
    },
    Absence {
        rule: "only runtime names wasmtime",
        within: &["host/", "sdk/"],
        except: &["host/runtime/"],
        words: &["wasmtime"],
        allowed: &[],
    },
    Absence {
        rule: "only api names axum, and the server that hands it the listener",
        within: &["host/", "sdk/"],
        except: &["host/api/", "host/server/"],
        words: &["axum"],
        allowed: &[],
    },
    Absence {
        rule: "only the server reads the environment",
        within: &["host/"],
        except: &["host/server/", "host/bundle/build.rs"],
        words: &["std::env", "env::var", "env::vars", "env::var_os", "env::args", "env::temp_dir", "env::current_dir"],
        allowed: &[],
    },
    Absence {
        rule: "app, the stores and runtime take the time as an argument",
        within: &["host/app/", "host/store/", "host/store-sqlite/", "host/store-postgres/", "host/runtime/"],
        except: &[],
        words: &["SystemTime::now", "Timestamp::now", "Zoned::now"],
        allowed: &[],
    },
];

impl Absence {
    /// Every `path: word` that breaks the rule.
    fn violations(&self, files: &[(String, String)]) -> Vec<String> {
        let starts = |path: &str, prefixes: &[&str]| prefixes.iter().any(|prefix| path.starts_with(prefix));
        let files =
            files.iter().filter(|(path, _)| starts(path, self.within) && !starts(path, self.except) && !is_test(path));
        let mut found = Vec::new();
        for (path, text) in files {
            let code = production_only(text);
            let words = self.words.iter().filter(|word| !lines_with(&code, word).is_empty());
            found.extend(words.map(|word| format!("{path}: {word}")));
        }
        found
    }
}

/// Unit tests in files of their own may read files and name other crates.
fn is_test(path: &str) -> bool {
    path.ends_with("/tests.rs") || path.contains("/tests/")
}

#[test]
fn what_must_not_be_known_is_not_named() {
    let files = tree::rust_files();
    for absence in ABSENCES {
        ratchet(absence.rule, absence.violations(&files), absence.allowed);
    }
}

#[test]
fn each_forbidden_word_is_found() {
    for absence in ABSENCES {
        for word in absence.words {
            let within = absence.within[0];
            let guilty =
                vec![(format!("{within}x/src/guilty.rs"), format!("//! Header.\nfn f() {{ let _ = {word} ; }}\n"))];
            assert!(!absence.violations(&guilty).is_empty(), "{}: {word}", absence.rule);

            let innocent =
                vec![(format!("{within}x/src/innocent.rs"), format!("//! Not {word}.\nconst X: &str = \"{word}\";\n"))];
            assert!(absence.violations(&innocent).is_empty(), "{}: {word}", absence.rule);
        }
    }
}
