//! What others' code may come in: licences, banned crates, lowest versions, one registry, no second copy of what is heavy.
//!
//! The rules are in `.config/dependencies`, one a line. The check reads `cargo metadata` and works without a network.

use std::{collections::BTreeSet, fs};

use serde_json::Value;

use crate::{
    licence,
    project::Project,
    run::{self, Failure, say},
};

const RULES: &str = ".config/dependencies";

/// A crate as the lock file has it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Package {
    name: String,
    version: String,
    licence: String,
    /// Nothing for a crate of this project.
    source: Option<String>,
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Rules<'a> {
    licences: Vec<&'a str>,
    /// Name (a star at the end stands for anything) and reason.
    bans: Vec<(&'a str, &'a str)>,
    /// Name, lowest version and reason.
    minimums: Vec<(&'a str, &'a str, &'a str)>,
    singles: Vec<&'a str>,
}

/// Checks both workspaces and shows every violation.
pub(crate) fn check(project: &Project) -> Result<(), Failure> {
    let text = fs::read_to_string(project.root.join(RULES))
        .map_err(|error| Failure::new(format!("cannot read {RULES}: {error}")))?;
    let rules = parse(&text).map_err(|line| Failure::new(format!("{RULES} has a line that is no rule: {line}")))?;
    let tuple = run::read(project.rustc_host())?;
    let host = run::read(project.metadata(tuple.trim()))?;
    let mut problems = violations(&packages(&host)?, &rules);
    if project.has_plugins() {
        let mut metadata = project.plugins_cargo(["metadata", "--format-version=1", "--locked"]);
        metadata.arg("--filter-platform").arg(pack::toolchain::TARGET);
        problems.extend(violations(&packages(&run::read(metadata)?)?, &rules));
    }
    if problems.is_empty() {
        say("Dependencies keep the rules of .config/dependencies.");
        return Ok(());
    }
    Err(Failure::new(format!("dependencies break the rules of {RULES}:\n  {}", problems.join("\n  "))))
}

impl Project {
    fn rustc_host(&self) -> std::process::Command {
        let mut rustc = self.command("rustc");
        rustc.arg("--print=host-tuple");
        rustc
    }

    fn metadata(&self, host: &str) -> std::process::Command {
        let mut metadata = self.cargo(["metadata", "--format-version=1", "--locked"]);
        metadata.args(["--filter-platform", host]);
        metadata
    }
}

fn parse(text: &str) -> Result<Rules<'_>, &str> {
    let mut rules = Rules::default();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (word, rest) = line.split_once(' ').ok_or(line)?;
        let (name, rest) = rest.trim().split_once("  ").map_or((rest.trim(), ""), |(name, rest)| (name, rest.trim()));
        match word {
            "licence" => rules.licences.push(name),
            "ban" if !rest.is_empty() => rules.bans.push((name, rest)),
            "minimum" => {
                let (version, reason) = rest.split_once("  ").ok_or(line)?;
                rules.minimums.push((name, version, reason.trim()));
            }
            "single" => rules.singles.push(name),
            _ => return Err(line),
        }
    }
    Ok(rules)
}

/// The packages that are built, and not those that the lock file has for other systems.
fn packages(metadata: &str) -> Result<Vec<Package>, Failure> {
    let unexpected = || Failure::new("cargo metadata printed something unexpected");
    let metadata: Value = serde_json::from_str(metadata).map_err(|_| unexpected())?;
    let nodes = metadata["resolve"]["nodes"].as_array().ok_or_else(unexpected)?;
    let built = nodes.iter().filter_map(|node| node["id"].as_str()).collect::<BTreeSet<_>>();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let packages = metadata["packages"].as_array().ok_or_else(unexpected)?;
    let packages = packages.iter().filter(|package| package["id"].as_str().is_some_and(|id| built.contains(id)));
    packages
        .map(|package| {
            Ok(Package {
                name: text(&package["name"]).ok_or_else(unexpected)?,
                version: text(&package["version"]).ok_or_else(unexpected)?,
                licence: text(&package["license"]).unwrap_or_default(),
                source: text(&package["source"]),
            })
        })
        .collect()
}

fn violations(packages: &[Package], rules: &Rules<'_>) -> Vec<String> {
    let mut problems = Vec::new();
    let mut registries = BTreeSet::new();
    for Package { name, version, licence, source } in packages {
        if source.is_some() && !licence::is_allowed(licence, &rules.licences) {
            problems.push(format!("{name} {version} has the licence `{licence}`, which is not in the list"));
        }
        match source.as_deref() {
            Some(source) if source.starts_with("registry+") || source.starts_with("sparse+") => {
                registries.insert(source);
            }
            Some(source) => problems.push(format!("{name} {version} comes from {source} and not from a registry")),
            None => {}
        }
        for (_, reason) in rules.bans.iter().filter(|(pattern, _)| fits(name, pattern)) {
            problems.push(format!("{name} {version} is banned: {reason}"));
        }
        for (_, lowest, reason) in rules.minimums.iter().filter(|(pattern, ..)| fits(name, pattern)) {
            if numbers(version) < numbers(lowest) {
                problems.push(format!("{name} {version} is older than {lowest}: {reason}"));
            }
        }
    }
    if registries.len() > 1 {
        problems.push(format!("{} registries are used, and one is enough", registries.len()));
    }
    for single in &rules.singles {
        let versions =
            packages.iter().filter(|package| package.name == *single).map(|package| package.version.as_str());
        let versions = versions.collect::<Vec<_>>();
        if versions.len() > 1 {
            problems.push(format!("{single} is built in several versions: {}", versions.join(", ")));
        }
    }
    problems
}

fn fits(name: &str, pattern: &str) -> bool {
    pattern.strip_suffix('*').map_or(name == pattern, |start| name.starts_with(start))
}

/// Major, minor and patch; a pre-release counts as its release.
fn numbers(version: &str) -> Vec<u64> {
    let release = version.split(['-', '+']).next().unwrap_or_default();
    release.split('.').map(|number| number.parse().unwrap_or(0)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: &str = "# A comment.
licence MIT
licence Apache-2.0 WITH LLVM-exception
ban openssl*  rustls is enough
minimum wasmtime  48.0.8  advisories
single wasmtime
";

    fn package(name: &str, version: &str, licence: &str, source: &str) -> Package {
        let source = Some(source.to_owned());
        Package { name: name.into(), version: version.into(), licence: licence.into(), source }
    }

    #[test]
    fn every_rule_finds_its_violation() {
        let rules = parse(RULES).unwrap();
        let packages = [
            package("good", "1.0.0", "MIT", "registry+a"),
            package("strict", "1.0.0", "GPL-3.0", "registry+a"),
            package("openssl-sys", "0.9.0", "MIT", "registry+a"),
            package("wasmtime", "48.0.7", "Apache-2.0 WITH LLVM-exception", "registry+a"),
            package("wasmtime", "49.0.0", "Apache-2.0 WITH LLVM-exception", "registry+b"),
            package("forked", "1.0.0", "MIT", "git+somewhere"),
            Package { source: None, licence: String::new(), ..package("ours", "0.1.0", "", "") },
        ];

        assert_eq!(
            violations(&packages, &rules),
            [
                "strict 1.0.0 has the licence `GPL-3.0`, which is not in the list",
                "openssl-sys 0.9.0 is banned: rustls is enough",
                "wasmtime 48.0.7 is older than 48.0.8: advisories",
                "forked 1.0.0 comes from git+somewhere and not from a registry",
                "2 registries are used, and one is enough",
                "wasmtime is built in several versions: 48.0.7, 49.0.0",
            ]
        );
        assert!(violations(&packages[..1], &rules).is_empty());
    }

    #[test]
    fn a_line_that_is_no_rule_is_shown() {
        for line in ["allow MIT", "ban openssl", "minimum wasmtime  1", "licence"] {
            assert_eq!(parse(line), Err(line));
        }
    }

    #[test]
    fn versions_are_compared_as_numbers() {
        assert!(numbers("48.0.10") > numbers("48.0.9"));
        assert!(numbers("48.0.8-rc.1") == numbers("48.0.8"));
    }
}
