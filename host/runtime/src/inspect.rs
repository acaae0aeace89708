//! What a file says about itself, without compiling or running anything of it: manifest, assets, imports, exports.
//!
//! The import list is the consent list: what is not offered is refused here, by name. All problems are reported at once.

use crate::bindings::{OFFERED, UNDERSTOOD};
use crate::config::{RuntimeConfig, count};
use app::port::plugins::Inspection;
use domain::manifest::{ASSET_SECTION, MANIFEST_SECTION, WIT_VERSION};
use domain::{Digest, Problem};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use wasmparser::{Encoding, Parser, Payload, Validator, WasmFeatures};

/// Names in a file that are shown to people are cut off here, in bytes.
const NAME_BYTES_MAX: usize = 200;

/// The features of the engine, see `crate::engine`.
const FEATURES: WasmFeatures = WasmFeatures::WASM2
    .union(WasmFeatures::EXTENDED_CONST)
    .union(WasmFeatures::TAIL_CALL)
    .union(WasmFeatures::COMPONENT_MODEL);

/// SHA-256 of a file, 64 hexadecimal digits.
pub(crate) fn digest(wasm: &[u8]) -> Digest {
    Digest(hexadecimal(&Sha256::digest(wasm)))
}

pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a string cannot fail");
        text
    })
}

/// Read a file without running it.
///
/// # Errors
/// Everything that is wrong with it.
pub(crate) fn inspect(wasm: &[u8], config: &RuntimeConfig) -> Result<Inspection, Vec<Problem>> {
    check_size(wasm, config)?;
    check_header(wasm)?;
    if let Err(error) = Validator::new_with_features(FEATURES).validate_all(wasm) {
        return Err(one("invalid-component", format!("not a valid component: {error}")));
    }
    let mut found = Found::default();
    found.read(wasm).map_err(|error| one("invalid-component", format!("not a valid component: {error}")))?;
    found.finish(wasm, config)
}

/// # Errors
/// The file is larger than the limit; also checked by whoever compiles it.
pub(crate) fn check_size(wasm: &[u8], config: &RuntimeConfig) -> Result<(), Vec<Problem>> {
    let max = config.component_bytes_max;
    if wasm.len() as u64 > max {
        return Err(one("too-large", format!("the file has {} bytes, {max} are allowed", wasm.len())));
    }
    Ok(())
}

/// Say what the file is instead, where that can be told from its first bytes.
fn check_header(wasm: &[u8]) -> Result<(), Vec<Problem>> {
    if !wasm.starts_with(b"\0asm") {
        return Err(one("not-wasm", "not a WebAssembly file: it does not begin with `\\0asm`"));
    }
    if Parser::is_core_wasm(wasm) {
        let message = "a core module, not a component: encode it with `wit-component` or the packer of the SDK";
        return Err(one("core-module", message));
    }
    if !Parser::is_component(wasm) {
        return Err(one("unknown-encoding", "neither a component nor a core module of a known version"));
    }
    Ok(())
}

/// What was found at the top level of the file; what is nested is the component's own business.
#[derive(Default)]
struct Found<'a> {
    manifests: Vec<&'a [u8]>,
    assets: Vec<&'a [u8]>,
    imports: Vec<String>,
    exports: Vec<String>,
}

impl<'a> Found<'a> {
    fn read(&mut self, wasm: &'a [u8]) -> wasmparser::Result<()> {
        let mut depth = 0_u32;
        for payload in Parser::new(0).parse_all(wasm) {
            match payload? {
                Payload::Version { encoding: Encoding::Component | Encoding::Module, .. } => depth += 1,
                Payload::End(_) => depth -= 1,
                _ if depth != 1 => {}
                Payload::CustomSection(section) if section.name() == MANIFEST_SECTION => {
                    self.manifests.push(section.data());
                }
                Payload::CustomSection(section) if section.name() == ASSET_SECTION => self.assets.push(section.data()),
                Payload::ComponentImportSection(section) => {
                    for import in section {
                        self.imports.push(import?.name.name.to_owned());
                    }
                }
                Payload::ComponentExportSection(section) => {
                    for export in section {
                        self.exports.push(export?.name.name.to_owned());
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn finish(self, wasm: &[u8], config: &RuntimeConfig) -> Result<Inspection, Vec<Problem>> {
        let mut problems = Vec::new();
        let manifest = manifest(&self.manifests, &mut problems);
        let assets = assets(&self.assets, config, &mut problems);
        problems.extend(self.imports.iter().filter_map(|name| import_problem(name)));
        problems.extend(self.exports.iter().filter_map(|name| export_problem(name)));
        if !problems.is_empty() {
            return Err(problems);
        }
        let size = wasm.len() as u64;
        let Self { imports, exports, .. } = self;
        Ok(Inspection { digest: digest(wasm), size, manifest, assets, imports, exports })
    }
}

fn manifest(sections: &[&[u8]], problems: &mut Vec<Problem>) -> String {
    let [section] = sections else {
        let message = match sections.len() {
            0 => format!("no section `{MANIFEST_SECTION}`: pack the component together with its plugin.toml"),
            many => format!("{many} sections `{MANIFEST_SECTION}`, there must be one"),
        };
        problems.push(Problem::new("/manifest", "manifest-section", message));
        return String::new();
    };
    std::str::from_utf8(section).map(str::to_owned).unwrap_or_else(|_| {
        problems.push(Problem::new("/manifest", "not-utf8", "the manifest is not UTF-8 text"));
        String::new()
    })
}

/// Assets by path. A section is a path, a zero byte and the content.
fn assets(sections: &[&[u8]], config: &RuntimeConfig, problems: &mut Vec<Problem>) -> BTreeMap<String, Vec<u8>> {
    let max = config.assets_max;
    if sections.len() > count(max) {
        let message = format!("{} assets, {max} are allowed", sections.len());
        problems.push(Problem::new("/assets", "too-many-assets", message));
        return BTreeMap::new();
    }
    let mut assets = BTreeMap::new();
    for (index, section) in sections.iter().enumerate() {
        let mut refuse = |code, message: String| problems.push(Problem::new(format!("/assets/{index}"), code, message));
        let Some(zero) = section.iter().position(|byte| *byte == 0) else {
            refuse("asset-section", "an asset section is a path, a zero byte and the content".to_owned());
            continue;
        };
        match std::str::from_utf8(&section[..zero]) {
            Ok(path) if is_plain_path(path) => {
                if assets.insert(path.to_owned(), section[zero + 1..].to_vec()).is_some() {
                    refuse("duplicate-asset", format!("two assets have the path `{path}`"));
                }
            }
            Ok(path) => refuse("asset-path", format!("`{}` is not a plain relative path", shown(path))),
            Err(_) => refuse("asset-path", "a path that is not UTF-8 text".to_owned()),
        }
    }
    assets
}

/// Relative, forward slashes, nothing that climbs or hides: somebody will write assets to a disk one day.
fn is_plain_path(path: &str) -> bool {
    path.len() <= NAME_BYTES_MAX
        && path.split('/').all(|part| !part.is_empty() && part != "." && part != "..")
        && !path.contains(|c: char| c.is_control() || c == '\\' || c == ':')
}

fn import_problem(name: &str) -> Option<Problem> {
    if OFFERED.contains(&name) {
        return None;
    }
    Some(version_problem("/imports", name, &OFFERED).unwrap_or_else(|| {
        let message = format!("imports `{}`, which Weft does not offer", shown(name));
        Problem::new("/imports", "import-not-offered", message)
    }))
}

/// Exports that are not ours are ignored: some toolchains add their own. Ours must be of a version that the host understands.
fn export_problem(name: &str) -> Option<Problem> {
    if UNDERSTOOD.contains(&name) { None } else { version_problem("/exports", name, &UNDERSTOOD) }
}

/// The name is that of one of our interfaces, at another version.
fn version_problem(pointer: &str, name: &str, ours: &[&str]) -> Option<Problem> {
    let interface = name.split('@').next().unwrap_or(name);
    let spoken = ours.iter().find(|ours| ours.split('@').next() == Some(interface))?;
    let version = spoken.split('@').nth(1).unwrap_or(WIT_VERSION);
    let message = format!(
        "uses `{}`, but this host speaks `{interface}` at version {version}: build it against WIT {WIT_VERSION}",
        shown(name)
    );
    Some(Problem::new(pointer, "wit-version", message))
}

fn one(code: &str, message: impl Into<String>) -> Vec<Problem> {
    vec![Problem::new("", code, message)]
}

fn shown(name: &str) -> &str {
    &name[..name.floor_char_boundary(NAME_BYTES_MAX)]
}
