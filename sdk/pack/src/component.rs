//! The file format: a component with the manifest and each asset in a custom section of its own, at the top level.
//!
//! A section inside a nested module is the author's business and is never read as a manifest: otherwise a dependency could
//! smuggle one in.

use std::collections::BTreeSet;

use sha2::{Digest as _, Sha256};
use wasmparser::{Parser, Payload};

use crate::PackError;

/// Holds the text of `plugin.toml`; exactly one.
pub const MANIFEST_SECTION: &str = "weft:manifest";
/// Holds a path, a NUL byte and the bytes of one file; sorted by path.
pub const ASSET_SECTION: &str = "weft:asset";

/// What a plugin may weigh. An interpreter of another language brings 12 to 19 MB, a Rust plugin less than 0.1 MB.
pub mod limit {
    pub const COMPONENT_BYTES_MAX: usize = 32 << 20;
    pub const MANIFEST_BYTES_MAX: usize = 256 << 10;
    pub const ASSET_BYTES_MAX: usize = 1 << 20;
    pub const ASSETS_BYTES_MAX: usize = 8 << 20;
    pub const ASSETS_MAX: usize = 512;
    pub const ASSET_PATH_BYTES_MAX: usize = 200;
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asset {
    /// Relative to `plugin.toml`, with `/` between the parts.
    pub path: String,
    pub bytes: Vec<u8>,
}

/// What travels in a component besides its code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packed {
    pub manifest: String,
    /// Sorted by path.
    pub assets: Vec<Asset>,
}

/// Names of the interfaces as the component spells them, sorted, for example `weft:host/tickets@0.1.0`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Interfaces {
    pub imports: Vec<String>,
    pub exports: Vec<String>,
}

/// Reads manifest and assets back. What comes out has passed the same limits as what [`pack`] takes.
///
/// # Errors
/// If the file is not a component, has no manifest or two, or has assets that [`pack`] would have refused.
pub fn read(component: &[u8]) -> Result<Packed, PackError> {
    bounded("the component", component.len(), limit::COMPONENT_BYTES_MAX)?;
    let (manifest, assets) = read_sections(component)?;
    let manifest =
        manifest.ok_or_else(|| PackError::Manifest(format!("is missing: no custom section `{MANIFEST_SECTION}`")))?;
    let assets = checked_assets(&assets)?.into_iter().cloned().collect();
    Ok(Packed { manifest, assets })
}

/// SHA-256 of the whole file in lower-case hexadecimal: the identity of a plugin version.
#[must_use]
pub fn digest(component: &[u8]) -> String {
    Sha256::digest(component).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What the component wants and offers: the machine-checkable consent list.
///
/// # Errors
/// If the file is not a component.
pub fn interfaces(component: &[u8]) -> Result<Interfaces, PackError> {
    let mut imports = BTreeSet::new();
    let mut exports = BTreeSet::new();
    for_each_top_level(component, |payload| {
        match payload {
            Payload::ComponentImportSection(section) => {
                for import in section.clone() {
                    imports.insert(import.map_err(not_component)?.name.name.to_owned());
                }
            }
            Payload::ComponentExportSection(section) => {
                for export in section.clone() {
                    exports.insert(export.map_err(not_component)?.name.name.to_owned());
                }
            }
            _ => {}
        }
        Ok(())
    })?;
    Ok(Interfaces { imports: imports.into_iter().collect(), exports: exports.into_iter().collect() })
}

pub(crate) fn read_sections(component: &[u8]) -> Result<(Option<String>, Vec<Asset>), PackError> {
    let mut manifest = None;
    let mut assets = Vec::new();
    for_each_top_level(component, |payload| {
        let Payload::CustomSection(section) = payload else {
            return Ok(());
        };
        match section.name() {
            MANIFEST_SECTION => {
                bounded("the manifest", section.data().len(), limit::MANIFEST_BYTES_MAX)?;
                let text =
                    std::str::from_utf8(section.data()).map_err(|_| PackError::Manifest("is not UTF-8".to_owned()))?;
                if manifest.replace(text.to_owned()).is_some() {
                    return Err(PackError::Manifest("is there twice".to_owned()));
                }
            }
            ASSET_SECTION => {
                // Counted before copying: a file of a million empty sections must not cost more than it weighs.
                if assets.len() == limit::ASSETS_MAX {
                    return Err(PackError::TooManyAssets { actual: assets.len() + 1, limit: limit::ASSETS_MAX });
                }
                assets.push(parse_asset(section.data())?);
            }
            _ => {}
        }
        Ok(())
    })?;
    Ok((manifest, assets))
}

fn parse_asset(data: &[u8]) -> Result<Asset, PackError> {
    let unnamed = |problem: &str| PackError::Asset { path: "?".to_owned(), problem: problem.to_owned() };
    let end = data.iter().position(|byte| *byte == 0).ok_or_else(|| unnamed("has no path"))?;
    let path = std::str::from_utf8(&data[..end]).map_err(|_| unnamed("has a path that is not UTF-8"))?;
    Ok(Asset { path: path.to_owned(), bytes: data[end + 1..].to_vec() })
}

/// Visits the payloads of the component itself and skips those of the modules and components inside it.
fn for_each_top_level(
    component: &[u8],
    mut visit: impl FnMut(&Payload<'_>) -> Result<(), PackError>,
) -> Result<(), PackError> {
    if !Parser::is_component(component) {
        return Err(PackError::NotComponent("it does not begin like one".to_owned()));
    }
    let mut depth = 0_usize;
    for payload in Parser::new(0).parse_all(component) {
        let payload = payload.map_err(not_component)?;
        match payload {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            _ if depth == 0 => visit(&payload)?,
            _ => {}
        }
    }
    Ok(())
}

pub(crate) fn checked_assets(assets: &[Asset]) -> Result<Vec<&Asset>, PackError> {
    if assets.len() > limit::ASSETS_MAX {
        return Err(PackError::TooManyAssets { actual: assets.len(), limit: limit::ASSETS_MAX });
    }
    let mut sorted = assets.iter().collect::<Vec<_>>();
    sorted.sort_by(|left, right| left.path.cmp(&right.path));
    let mut total = 0;
    let mut previous = None;
    for asset in &sorted {
        let refuse = |problem: String| Err(PackError::Asset { path: asset.path.clone(), problem });
        if let Some(problem) = path_problem(&asset.path) {
            return refuse(problem.to_owned());
        }
        if previous == Some(asset.path.as_str()) {
            return refuse("is there twice".to_owned());
        }
        bounded(&format!("asset `{}`", asset.path), asset.bytes.len(), limit::ASSET_BYTES_MAX)?;
        total += asset.bytes.len();
        previous = Some(asset.path.as_str());
    }
    bounded("all assets together", total, limit::ASSETS_BYTES_MAX)?;
    Ok(sorted)
}

/// A path that means the same on every system and in a URL, and that stays inside its folder.
fn path_problem(path: &str) -> Option<&'static str> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-@+".contains(&byte);
    if path.len() > limit::ASSET_PATH_BYTES_MAX {
        return Some("has too long a path");
    }
    path.split('/').find_map(|part| match part {
        "" => Some("has an empty part in its path"),
        _ if part.starts_with('.') => Some("has a hidden or relative part in its path"),
        _ if !part.bytes().all(plain) => Some("has a character in its path other than a-z A-Z 0-9 . _ - @ +"),
        _ => None,
    })
}

pub(crate) fn bounded(what: &str, actual: usize, limit: usize) -> Result<(), PackError> {
    if actual > limit {
        return Err(PackError::TooLarge { what: what.to_owned(), actual, limit });
    }
    Ok(())
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err takes")]
fn not_component(error: wasmparser::BinaryReaderError) -> PackError {
    PackError::NotComponent(error.to_string())
}

#[cfg(test)]
#[cfg(feature = "component")]
mod tests;
