//! From a core module to the packed component.

use wasm_encoder::ComponentSection as _;
use wasmparser::Parser;

use crate::{
    ASSET_SECTION, Asset, MANIFEST_SECTION, PackError,
    component::{bounded, checked_assets, read_sections},
    limit,
};

/// Encodes a core module built with wit-bindgen as a component and puts manifest and assets into it.
///
/// A file that already is a component is taken as it is: guests in other languages come that way.
///
/// # Errors
/// If the module has no component type in it, or anything exceeds its [`limit`].
pub fn pack(code: &[u8], manifest: &str, assets: &[Asset]) -> Result<Vec<u8>, PackError> {
    bounded("the manifest", manifest.len(), limit::MANIFEST_BYTES_MAX)?;
    let assets = checked_assets(assets)?;
    let mut bytes = if Parser::is_component(code) {
        if read_sections(code)?.0.is_some() {
            return Err(PackError::Encode("it is packed already".to_owned()));
        }
        code.to_vec()
    } else {
        encode(code)?
    };
    append(&mut bytes, MANIFEST_SECTION, manifest.as_bytes());
    for asset in assets {
        let mut data = Vec::with_capacity(asset.path.len() + 1 + asset.bytes.len());
        data.extend_from_slice(asset.path.as_bytes());
        data.push(0);
        data.extend_from_slice(&asset.bytes);
        append(&mut bytes, ASSET_SECTION, &data);
    }
    bounded("the component", bytes.len(), limit::COMPONENT_BYTES_MAX)?;
    Ok(bytes)
}

pub(crate) fn encode(core: &[u8]) -> Result<Vec<u8>, PackError> {
    wit_component::ComponentEncoder::default()
        .validate(true)
        .module(core)
        .and_then(|encoder| encoder.encode())
        .map_err(|error| PackError::Encode(format!("{error:#}")))
}

pub(crate) fn append(component: &mut Vec<u8>, name: &str, data: &[u8]) {
    wasm_encoder::CustomSection { name: name.into(), data: data.into() }.append_to_component(component);
}
