//! Components that were built elsewhere: for packagers and for machines without a Wasm compiler.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use crate::{Built, PackError, digest, read, source};

/// One line for each component, as `sha256sum` prints it.
pub const SUMS_FILE: &str = "SHA256SUMS";

/// Takes every component that the list names, if it is the one that the list means.
pub(crate) fn take(folder: &Path) -> Result<Vec<Built>, PackError> {
    let path = folder.join(SUMS_FILE);
    let text = fs::read_to_string(&path).map_err(|source| PackError::Read { path: path.clone(), source })?;
    let mut built: BTreeMap<String, (PathBuf, Built)> = BTreeMap::new();
    for (expected, name) in parse(&text).map_err(|problem| PackError::Prebuilt { path, problem })? {
        let path = folder.join(name);
        let plugin = take_one(&path, expected).map_err(|error| error.within(&path))?;
        let id = plugin.id.clone();
        if let Some((first, _)) = built.insert(id.clone(), (path.clone(), plugin)) {
            return Err(PackError::DuplicateId { id, first, second: path });
        }
    }
    Ok(built.into_values().map(|(_, plugin)| plugin).collect())
}

/// Writes each plugin as `<id>.wasm` with the list that makes the folder usable as a prebuilt one, and removes other components.
///
/// # Errors
/// If the folder cannot be written.
pub fn write_sums(folder: &Path, built: &[Built]) -> Result<(), PackError> {
    let write =
        |path: PathBuf, bytes: &[u8]| fs::write(&path, bytes).map_err(|source| PackError::Write { path, source });
    fs::create_dir_all(folder).map_err(|source| PackError::Write { path: folder.to_owned(), source })?;
    let entries = fs::read_dir(folder).map_err(|source| PackError::Read { path: folder.to_owned(), source })?;
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.extension().is_some_and(|extension| extension == "wasm") {
            fs::remove_file(&path).map_err(|source| PackError::Write { path, source })?;
        }
    }
    let mut sums = String::new();
    for plugin in built {
        write(folder.join(format!("{}.wasm", plugin.id)), &plugin.bytes)?;
        sums.push_str(&format!("{}  {}.wasm\n", plugin.digest, plugin.id));
    }
    write(folder.join(SUMS_FILE), sums.as_bytes())
}

fn take_one(path: &Path, expected: &str) -> Result<Built, PackError> {
    let bytes = fs::read(path).map_err(|source| PackError::Read { path: path.to_owned(), source })?;
    let digest = digest(&bytes);
    if digest != expected {
        let problem = format!("the digest is {digest} and {SUMS_FILE} says {expected}");
        return Err(PackError::Prebuilt { path: path.to_owned(), problem });
    }
    let (id, version) = source::identity(&read(&bytes)?.manifest)?;
    Ok(Built { id, version, digest, bytes })
}

fn parse(text: &str) -> Result<Vec<(&str, &str)>, String> {
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    let parsed = lines.map(|line| {
        let (digest, name) = line.split_once(' ').ok_or_else(|| format!("`{line}` is not `<digest>  <file>`"))?;
        let name = name.trim_start_matches([' ', '*']);
        if digest.len() != 64 || name.contains(['/', '\\']) || !name.ends_with(".wasm") {
            return Err(format!("`{line}` is not the digest and name of a component in the same folder"));
        }
        Ok((digest, name))
    });
    parsed.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_names_files_of_its_own_folder_only() {
        let digest = "0".repeat(64);
        assert_eq!(parse(&format!("{digest}  a.wasm\n{digest} *b.wasm\n\n")).unwrap().len(), 2);
        for line in [format!("{digest}  ../a.wasm"), format!("{digest}  a.txt"), "short  a.wasm".into(), "x".into()] {
            assert!(parse(&line).is_err(), "{line}");
        }
    }

    #[test]
    fn a_changed_component_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let bytes = b"not what was built".to_vec();
        let plugin = Built { id: "a".into(), version: "1".into(), digest: "0".repeat(64), bytes };
        write_sums(folder.path(), &[plugin]).unwrap();

        let refused = take(folder.path()).unwrap_err();

        let cause = std::error::Error::source(&refused).unwrap().to_string();
        assert!(cause.contains("SHA256SUMS says 0000"), "{cause}");
    }
}
