//! What a file says about itself, without compiling or running anything of it: manifest, assets, imports, exports.
//!
//! The import list is the consent list: what is not offered is refused here, by name. All problems are reported at once.

use crate::bindings::{OFFERED, UNDERSTOOD};
use crate::config::RuntimeConfig;
use app::port::plugins::Inspection;
use domain::manifest::WIT_VERSION;
use domain::{Digest, Problem};
use pack::{PackError, Packed};
use wasmparser::{Parser, Validator, WasmFeatures};

/// Names in a file that are shown to people are cut off here, in bytes.
const NAME_BYTES_MAX: usize = 200;

/// The features of the engine, see `crate::engine`.
const FEATURES: WasmFeatures = WasmFeatures::WASM2
    .union(WasmFeatures::EXTENDED_CONST)
    .union(WasmFeatures::TAIL_CALL)
    .union(WasmFeatures::COMPONENT_MODEL);

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
    let invalid = |error: PackError| vec![pack_problem(&error)];
    let interfaces = pack::interfaces(wasm).map_err(invalid)?;
    let mut problems: Vec<_> = interfaces.imports.iter().filter_map(|name| import_problem(name)).collect();
    problems.extend(interfaces.exports.iter().filter_map(|name| export_problem(name)));
    match pack::read(wasm) {
        Ok(Packed { manifest, assets }) if problems.is_empty() => Ok(Inspection {
            digest: Digest(pack::digest(wasm)),
            size: wasm.len() as u64,
            manifest,
            assets: assets.into_iter().map(|asset| (asset.path, asset.bytes)).collect(),
            imports: interfaces.imports,
            exports: interfaces.exports,
        }),
        Ok(_) => Err(problems),
        Err(error) => {
            problems.insert(0, pack_problem(&error));
            Err(problems)
        }
    }
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

/// What the reader of packed files says, in words that programs know.
fn pack_problem(error: &PackError) -> Problem {
    let (pointer, code) = match error {
        PackError::Manifest(_) => ("/manifest", "manifest-section"),
        PackError::Asset { .. } => ("/assets", "asset-section"),
        PackError::TooManyAssets { .. } => ("/assets", "too-many-assets"),
        PackError::TooLarge { .. } => ("", "too-large"),
        _ => ("", "invalid-component"),
    };
    Problem::new(pointer, code, error.to_string())
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
