//! The first-party plugins: finds them, builds all with one nested cargo, and packs each.
#![expect(
    clippy::disallowed_methods,
    reason = "a build tool is told by the environment what to take instead of building"
)]

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
};

use crate::{PackError, Source, digest, interfaces, pack, prebuilt, toolchain};

/// The folders of `plugins/`, in the order in which a person meets them.
pub const GROUPS: [&str; 4] = ["practices", "approvals", "automations", "departments"];
/// Names a folder of built components with their `SHA256SUMS`, to be taken instead of building.
pub const PREBUILT_VARIABLE: &str = "WEFT_PLUGINS_PREBUILT";

/// A plugin in the workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    pub folder: PathBuf,
    /// The file that cargo leaves for it.
    core_file: String,
}

/// A plugin ready to install.
#[derive(Debug, Clone)]
pub struct Built {
    pub id: String,
    pub version: String,
    pub digest: String,
    pub bytes: Vec<u8>,
}

/// The folders that hold a `Cargo.toml` beside a `plugin.toml`, by group and name.
///
/// # Errors
/// If a folder or a package manifest cannot be read.
pub fn members(plugins: &Path) -> Result<Vec<Member>, PackError> {
    let mut members = Vec::new();
    for group in GROUPS {
        let folder = plugins.join(group);
        if !folder.is_dir() {
            continue;
        }
        let entries = fs::read_dir(&folder).map_err(|source| PackError::Read { path: folder.clone(), source })?;
        let mut folders = entries.flatten().map(|entry| entry.path()).collect::<Vec<_>>();
        folders.sort();
        for folder in folders.into_iter().filter(|folder| folder.join("Cargo.toml").is_file()) {
            let library = Library::read(&folder.join("Cargo.toml"))?;
            if folder.join("plugin.toml").is_file() {
                members.push(Member { folder, core_file: format!("{}.wasm", library.name) });
            } else if library.is_component {
                // Left out silently, it would be missed by a user and not by its author.
                return Err(PackError::Manifest(format!(
                    "plugin.toml is missing beside a `cdylib` in {}",
                    folder.display()
                )));
            }
        }
    }
    Ok(members)
}

/// Builds and packs every plugin of the workspace, or takes the prebuilt ones. Sorted by id; empty if there are no plugins.
///
/// `target` keeps what was built, std included, from one build to the next.
///
/// # Errors
/// If no toolchain fits, cargo fails, a plugin cannot be packed, two have the same id, or one expects an operating system.
pub fn build(plugins: &Path, target: &Path) -> Result<Vec<Built>, PackError> {
    if let Some(folder) = env::var_os(PREBUILT_VARIABLE).filter(|folder| !folder.is_empty()) {
        return prebuilt::take(Path::new(&folder));
    }
    let members = members(plugins)?;
    if members.is_empty() {
        return Ok(Vec::new());
    }
    compile(plugins, target)?;
    let release = target.join(toolchain::TARGET).join("release");
    let mut built: BTreeMap<String, (PathBuf, Built)> = BTreeMap::new();
    for member in members {
        let core = release.join(&member.core_file);
        let plugin = pack_member(&member, &core).map_err(|error| error.within(&member.folder))?;
        let id = plugin.id.clone();
        if let Some((first, _)) = built.insert(id.clone(), (member.folder.clone(), plugin)) {
            return Err(PackError::DuplicateId { id, first, second: member.folder });
        }
    }
    Ok(built.into_values().map(|(_, plugin)| plugin).collect())
}

fn compile(plugins: &Path, target: &Path) -> Result<(), PackError> {
    let plugins = plugins.canonicalize().map_err(|source| PackError::Read { path: plugins.to_owned(), source })?;
    let mut command = toolchain::find()?.cargo_build(plugins.parent().unwrap_or(&plugins));
    command.args(["--workspace", "--lib", "--target-dir"]).arg(target).current_dir(&plugins);
    let text = format!("{command:?}");
    let failed = |problem: String| PackError::Cargo { command: text, problem };
    let status = command.status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(failed(format!("ended with {status}"))),
        Err(error) => Err(failed(format!("did not start: {error}"))),
    }
}

fn pack_member(member: &Member, core: &Path) -> Result<Built, PackError> {
    let source = Source::read(&member.folder)?;
    let code = fs::read(core).map_err(|source| PackError::Read { path: core.to_owned(), source })?;
    let bytes = pack(&code, &source.manifest, &source.assets)?;
    let foreign = interfaces(&bytes)?.imports;
    let foreign = foreign.iter().filter(|import| !import.starts_with("weft:")).cloned().collect::<Vec<_>>();
    if !foreign.is_empty() {
        return Err(PackError::ForeignImports { plugin: source.id, imports: foreign.join(", ") });
    }
    Ok(Built { id: source.id, version: source.version, digest: digest(&bytes), bytes })
}

/// What a package's manifest says about its library.
struct Library {
    /// As cargo spells it in file names.
    name: String,
    /// True for what becomes a component, false for what plugins share.
    is_component: bool,
}

impl Library {
    fn read(manifest: &Path) -> Result<Self, PackError> {
        let text =
            fs::read_to_string(manifest).map_err(|source| PackError::Read { path: manifest.to_owned(), source })?;
        let invalid = |problem: String| PackError::Toml { path: manifest.to_owned(), problem };
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| invalid(error.to_string()))?;
        let name = |section: &str| table.get(section)?.get("name")?.as_str();
        let name = name("lib").or_else(|| name("package")).ok_or_else(|| invalid("has no package name".to_owned()))?;
        let kinds = table.get("lib").and_then(|library| library.get("crate-type"));
        let kinds = kinds.and_then(toml::Value::as_array).into_iter().flatten();
        Ok(Self {
            name: name.replace('-', "_"),
            is_component: kinds.into_iter().any(|kind| kind.as_str() == Some("cdylib")),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(path: &Path, text: &str) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    #[test]
    fn members_are_the_folders_with_both_manifests() {
        let plugins = tempfile::tempdir().unwrap();
        let at = |path: &str| plugins.path().join(path);
        write(&at("practices/incident/plugin.toml"), "");
        write(&at("practices/incident/Cargo.toml"), "[package]\nname = \"weft-incident\"");
        write(&at("approvals/quorum/plugin.toml"), "");
        write(&at("approvals/quorum/Cargo.toml"), "[package]\nname = \"x\"\n[lib]\nname = \"quorum\"");
        write(&at("practices/shared/Cargo.toml"), "[package]\nname = \"shared\"");

        let members = members(plugins.path()).unwrap();

        let files = members.iter().map(|member| member.core_file.as_str()).collect::<Vec<_>>();
        assert_eq!(files, ["weft_incident.wasm", "quorum.wasm"]);
    }

    #[test]
    fn a_component_without_a_manifest_is_refused() {
        let plugins = tempfile::tempdir().unwrap();
        let manifest = "[package]\nname = \"x\"\n[lib]\ncrate-type = [\"cdylib\", \"rlib\"]";
        write(&plugins.path().join("practices/x/Cargo.toml"), manifest);

        let refused = members(plugins.path()).unwrap_err().to_string();

        assert!(refused.contains("plugin.toml is missing"), "{refused}");
    }

    #[test]
    fn no_plugins_is_an_empty_list() {
        let empty = tempfile::tempdir().unwrap();
        assert!(build(&empty.path().join("absent"), empty.path()).unwrap().is_empty());
    }
}
