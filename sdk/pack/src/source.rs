//! A plugin's folder: `plugin.toml`, and every file beside it that is neither Rust source nor hidden.
//!
//! Of the manifest only id and version are read here. What it means is checked by the host at install, completely.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{Asset, PackError, limit};

/// Folders deeper than this are a mistake or an attack on the stack.
const DEPTH_MAX: usize = 8;
/// Belongs to the build and not to the plugin, at the top of the folder only.
const NOT_ASSETS: &[&str] =
    &["Cargo.toml", "Cargo.lock", "build.rs", "plugin.toml", "README.md", "src", "tests", "target"];

#[derive(Debug, Clone)]
pub struct Source {
    pub id: String,
    pub version: String,
    /// The text of `plugin.toml`.
    pub manifest: String,
    /// Sorted by path.
    pub assets: Vec<Asset>,
}

impl Source {
    /// Reads `plugin.toml` and the assets of one plugin.
    ///
    /// # Errors
    /// If a file cannot be read, is not a regular file, is too large, or the manifest has no usable id and version.
    pub fn read(folder: &Path) -> Result<Self, PackError> {
        let path = folder.join("plugin.toml");
        let manifest = fs::read_to_string(&path).map_err(|source| PackError::Read { path: path.clone(), source })?;
        let (id, version) = identity(&manifest).map_err(|error| error.within(&path))?;
        let mut assets = Vec::new();
        collect(folder, "", 0, &mut assets)?;
        assets.sort_by(|left: &Asset, right| left.path.cmp(&right.path));
        Ok(Self { id, version, manifest, assets })
    }
}

/// Id and version of a manifest.
pub(crate) fn identity(manifest: &str) -> Result<(String, String), PackError> {
    let table: toml::Table =
        manifest.parse().map_err(|error| PackError::Manifest(format!("is not valid TOML: {error}")))?;
    let text = |key: &str| {
        let value = table.get(key).and_then(toml::Value::as_str);
        value.map(str::to_owned).ok_or_else(|| PackError::Manifest(format!("has no text `{key}`")))
    };
    let (id, version) = (text("id")?, text("version")?);
    text("wit")?;
    if !is_id(&id) {
        return Err(PackError::Manifest(format!(
            "has the id `{id}`; an id has 1 to 64 characters a-z 0-9 - and dots between its parts, each part begins with a letter"
        )));
    }
    Ok((id, version))
}

fn is_id(id: &str) -> bool {
    let part = |part: &str| {
        part.starts_with(|first: char| first.is_ascii_lowercase())
            && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    id.len() <= 64 && id.split('.').all(part)
}

fn collect(folder: &Path, prefix: &str, depth: usize, assets: &mut Vec<Asset>) -> Result<(), PackError> {
    let failed = |path: PathBuf| move |source| PackError::Read { path, source };
    for entry in fs::read_dir(folder).map_err(failed(folder.to_owned()))? {
        let entry = entry.map_err(failed(folder.to_owned()))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with('.') || (depth == 0 && NOT_ASSETS.contains(&name.as_str())) {
            continue;
        }
        let path = format!("{prefix}{name}");
        // `file_type` does not follow links, so a link to a secret outside the folder is refused here.
        let kind = entry.file_type().map_err(failed(entry.path()))?;
        if kind.is_dir() {
            if depth == DEPTH_MAX {
                return Err(PackError::Asset { path, problem: format!("is more than {DEPTH_MAX} folders deep") });
            }
            collect(&entry.path(), &format!("{path}/"), depth + 1, assets)?;
        } else if kind.is_file() {
            if assets.len() == limit::ASSETS_MAX {
                return Err(PackError::TooManyAssets { actual: assets.len() + 1, limit: limit::ASSETS_MAX });
            }
            let bytes = fs::read(entry.path()).map_err(failed(entry.path()))?;
            assets.push(Asset { path, bytes });
        } else {
            return Err(PackError::NotRegular { path: entry.path() });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    const MANIFEST: &str = "id = \"incident\"\nversion = \"1.2.3\"\nwit = \"0.1\"\n";

    #[test]
    fn everything_but_source_and_hidden_files_is_an_asset() {
        let folder = folder(&[
            ("plugin.toml", MANIFEST),
            ("Cargo.toml", ""),
            ("src/lib.rs", ""),
            (".git/config", ""),
            ("texts/src/en.ftl", "hello = Hello"),
            ("kinds/incident.toml", "title = \"Incident\""),
        ]);

        let source = Source::read(folder.path()).unwrap();

        let paths = source.assets.iter().map(|asset| asset.path.as_str()).collect::<Vec<_>>();
        assert_eq!(paths, ["kinds/incident.toml", "texts/src/en.ftl"]);
        assert_eq!((source.id.as_str(), source.version.as_str()), ("incident", "1.2.3"));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_refused() {
        let folder = folder(&[("plugin.toml", MANIFEST)]);
        std::os::unix::fs::symlink("/etc/hostname", folder.path().join("hosts.txt")).unwrap();
        assert!(matches!(Source::read(folder.path()), Err(PackError::NotRegular { .. })));
    }

    #[test]
    fn an_unusable_manifest_is_explained() {
        let check = |manifest: &str, expected: &str| {
            let problem = identity(manifest).unwrap_err().to_string();
            assert!(problem.contains(expected), "{problem}");
        };
        check("id = ", "is not valid TOML");
        check("version = \"1\"\nwit = \"0.1\"", "has no text `id`");
        check("id = \"a\"\nwit = \"0.1\"", "has no text `version`");
        check("id = \"a\"\nversion = \"1\"", "has no text `wit`");
        for id in ["", "A", "a..b", ".a", "1a", "a b", "../a"] {
            check(&format!("id = \"{id}\"\nversion = \"1\"\nwit = \"0.1\""), "has the id");
        }
        identity("id = \"acme.sla-2\"\nversion = \"1\"\nwit = \"0.1\"").unwrap();
    }
}
