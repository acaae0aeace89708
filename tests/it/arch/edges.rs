//! Which crate may depend on which, read from cargo itself.

use std::{collections::BTreeSet, path::Path, process::Command};

use serde_json::Value;

use super::{ratchet, tree};

/// The arrows of `host/ARCHITECTURE.md`, for every kind of dependency. A new arrow is a decision: it gets its own commit and,
/// if it closes a door, an ADR.
const EDGES: &[(&str, &[&str])] = &[
    ("weft-domain", &[]),
    ("weft-feel", &[]),
    ("weft-bpmn", &["weft-domain", "weft-feel"]),
    ("weft-engine", &["weft-bpmn", "weft-domain", "weft-feel"]),
    ("weft-store", &["weft-domain", "weft-engine"]),
    ("weft-store-sqlite", &["weft-store", "weft-domain"]),
    // Delivers what the others decided; the server wires it to the ports of app.
    ("weft-outbound", &["weft-domain"]),
    // Its tests play the same into its twin and compare; and they are compiled with its own feature for tests.
    ("weft-store-postgres", &["weft-store", "weft-domain", "weft-store-sqlite", "weft-store-postgres"]),
    // Finds tickets by their words; what it finds them in can be thrown away.
    ("weft-search", &["weft-domain"]),
    ("weft-app", &["weft-engine", "weft-store", "weft-search", "weft-domain", "weft-bpmn", "weft-feel"]),
    // Pack without its encoder reads what the packer wrote; two readers of one format would drift apart.
    ("weft-runtime", &["weft-app", "weft-domain", "weft-pack"]),
    ("weft-api", &["weft-app", "weft-domain"]),
    ("weft-bundle", &["weft-pack"]),
    (
        "weft-server",
        &[
            "weft-api",
            "weft-app",
            "weft-runtime",
            "weft-store",
            "weft-store-sqlite",
            "weft-store-postgres",
            "weft-outbound",
            "weft-bundle",
            "weft-domain",
        ],
    ),
    ("weft-sdk", &[]),
    ("weft-pack", &[]),
    ("weft-dev", &["weft-pack"]),
    // The real application over a store in memory. It must not know the component runtime: it is to build fast.
    ("weft-sim", &["weft-app", "weft-domain", "weft-engine", "weft-store", "weft-store-sqlite"]),
];
/// May depend on everything, and nothing on it.
const TESTS: &str = "weft-tests";

/// Crates of others that only some of ours may name.
const OUTSIDE: &[(&str, &[&str])] = &[
    ("wasmtime", &["weft-runtime"]),
    ("sqlx", &["weft-store-sqlite", "weft-store-postgres"]),
    ("axum", &["weft-api", "weft-server"]),
    ("cedar-policy", &["weft-app"]),
    ("tantivy", &["weft-search"]),
    (
        "tokio",
        &[
            "weft-app",
            "weft-runtime",
            "weft-api",
            "weft-server",
            "weft-store",
            "weft-store-sqlite",
            "weft-store-postgres",
            "weft-outbound",
            "weft-sim",
        ],
    ),
    // Whoever names these can open a connection to anywhere.
    // The server only listens with them: the loop that axum brings bounds neither connections nor silence.
    ("hyper", &["weft-outbound", "weft-server"]),
    ("hyper-util", &["weft-outbound", "weft-server"]),
    ("lettre", &["weft-outbound"]),
    ("rustls", &["weft-outbound"]),
    ("tokio-rustls", &["weft-outbound"]),
    ("cron", &["weft-domain"]),
    ("getrandom", &["weft-app", "weft-server"]),
];

/// Every `package -> dependency` that is not in the lists.
fn violations(metadata: &Value) -> Vec<String> {
    let packages = metadata["packages"].as_array().expect("cargo lists packages");
    let ours = packages.iter().filter_map(|package| package["name"].as_str()).collect::<BTreeSet<_>>();
    let mut found = Vec::new();
    for package in packages {
        let name = package["name"].as_str().expect("a package has a name");
        if name == TESTS {
            continue;
        }
        let dependencies = package["dependencies"].as_array().expect("cargo lists dependencies");
        for dependency in dependencies.iter().filter_map(|dependency| dependency["name"].as_str()) {
            let is_allowed = if ours.contains(dependency) || dependency.starts_with("weft-") {
                EDGES.iter().any(|(from, to)| *from == name && to.contains(&dependency))
            } else {
                OUTSIDE.iter().all(|(outside, users)| *outside != dependency || users.contains(&name))
            };
            if !is_allowed {
                found.push(format!("{name} -> {dependency}"));
            }
        }
    }
    found
}

/// Plugins know the SDK and, of ours, nothing else but what lies in `plugins/`.
fn plugin_violations(metadata: &Value) -> Vec<String> {
    let packages = metadata["packages"].as_array().expect("cargo lists packages");
    let mut found = Vec::new();
    for package in packages {
        let name = package["name"].as_str().expect("a package has a name");
        let dependencies = package["dependencies"].as_array().expect("cargo lists dependencies");
        let paths = dependencies.iter().filter_map(|dependency| dependency["path"].as_str());
        // No plugin: FEEL for the browser is built with them, because it has their target.
        let own: &[&str] = if name == "weft-feel-browser" { &["/host/feel"] } else { &["/sdk/rust"] };
        let is_own = |path: &str| path.contains("/plugins/") || own.iter().any(|end| path.ends_with(end));
        let foreign = paths.filter(|path| !is_own(path));
        found.extend(foreign.map(|path| format!("{name} -> {}", path.rsplit('/').next().unwrap_or(path))));
    }
    found
}

fn metadata(folder: &Path) -> Value {
    let cargo = option_env!("CARGO").unwrap_or("cargo");
    let output = Command::new(cargo)
        .args(["metadata", "--no-deps", "--offline", "--format-version=1"])
        .current_dir(folder)
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "cargo metadata failed: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("cargo prints JSON")
}

#[test]
fn dependencies_follow_the_arrows() {
    ratchet("a dependency against the arrows of the architecture", violations(&metadata(&tree::root())), &[]);
}

#[test]
fn plugins_depend_on_the_sdk_only() {
    let plugins = tree::root().join("plugins");
    if plugins.join("Cargo.toml").is_file() {
        ratchet("a plugin that depends on the host", plugin_violations(&metadata(&plugins)), &[]);
    }
}

#[test]
fn a_wrong_edge_is_found() {
    let package = |name: &str, dependencies: &[&str]| {
        let dependencies = dependencies.iter().map(|name| serde_json::json!({ "name": name })).collect::<Vec<_>>();
        serde_json::json!({ "name": name, "dependencies": dependencies })
    };
    let packages = [
        package("weft-domain", &["weft-app", "serde", "tokio"]),
        package("weft-app", &["weft-store", "wasmtime"]),
        package("weft-tests", &["weft-server", "sqlx"]),
        package("weft-new", &["weft-domain"]),
    ];
    assert_eq!(
        violations(&serde_json::json!({ "packages": packages })),
        ["weft-domain -> weft-app", "weft-domain -> tokio", "weft-app -> wasmtime", "weft-new -> weft-domain"]
    );

    let paths = ["/x/sdk/rust", "/x/plugins/practices/shared", "/x/host/domain"];
    let paths = paths.map(|path| serde_json::json!({ "name": "dependency", "path": path }));
    let plugin = serde_json::json!({ "packages": [{ "name": "plugin", "dependencies": paths }] });
    assert_eq!(plugin_violations(&plugin), ["plugin -> domain"]);
}
