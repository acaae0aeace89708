//! The format, its limits, and what a hostile file may try.

use wit_component::{StringEncoding, dummy_module, embed_component_metadata};
use wit_parser::{ManglingAndAbi, Resolve};

use super::*;
use crate::{
    encode::{append, encode},
    pack,
};

const MANIFEST: &str = "id = \"probe\"\nversion = \"1.0.0\"\nwit = \"0.1\"\n";

/// A core module as a guest compiler would leave it, with one import and one export.
fn core() -> Vec<u8> {
    let mut resolve = Resolve::default();
    let package = resolve
        .push_str(
            "probe.wit",
            "package weft:probe@0.1.0;
             interface clock { now: func() -> string; }
             interface rule { decide: func(text: string) -> string; }
             world probe { import clock; export rule; }",
        )
        .unwrap();
    let world = resolve.select_world(&[package], Some("probe")).unwrap();
    let mut module = dummy_module(&resolve, world, ManglingAndAbi::Standard32);
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
    module
}

fn asset(path: &str, text: &str) -> Asset {
    Asset { path: path.to_owned(), bytes: text.as_bytes().to_vec() }
}

#[test]
fn what_was_packed_is_read_back_sorted() {
    let assets = [asset("kinds/b.toml", "b"), asset("flows/a.bpmn", "")];

    let component = pack(&core(), MANIFEST, &assets).unwrap();

    let packed = read(&component).unwrap();
    assert_eq!(packed.manifest, MANIFEST);
    assert_eq!(packed.assets, [asset("flows/a.bpmn", ""), asset("kinds/b.toml", "b")]);
    wasmparser::Validator::new_with_features(wasmparser::WasmFeatures::all()).validate_all(&component).unwrap();
}

#[test]
fn the_order_of_the_input_does_not_change_the_digest() {
    let forward = [asset("a", "1"), asset("b", "2")];
    let backward = [asset("b", "2"), asset("a", "1")];

    let digests = [forward, backward].map(|assets| digest(&pack(&core(), MANIFEST, &assets).unwrap()));

    assert_eq!(digests[0], digests[1]);
    assert_eq!(digests[0].len(), 64);
}

#[test]
fn imports_and_exports_are_listed() {
    let component = pack(&core(), MANIFEST, &[]).unwrap();

    assert_eq!(
        interfaces(&component).unwrap(),
        Interfaces {
            imports: vec!["weft:probe/clock@0.1.0".to_owned()],
            exports: vec!["weft:probe/rule@0.1.0".to_owned()],
        }
    );
}

#[test]
fn a_component_of_another_language_is_packed_as_it_is_and_only_once() {
    let component = encode(&core()).unwrap();

    let packed = pack(&component, MANIFEST, &[]).unwrap();

    assert_eq!(packed[..component.len()], component);
    assert!(matches!(pack(&packed, MANIFEST, &[]), Err(PackError::Encode(_))));
}

#[test]
fn paths_that_leave_the_folder_or_hide_are_refused() {
    for path in ["", "/etc", "../up", "a/../b", "a//b", ".hidden", "a/.b", "a b", "a\\b", "ä", &"x".repeat(201)] {
        let result = pack(&core(), MANIFEST, &[asset(path, "")]);
        assert!(matches!(result, Err(PackError::Asset { .. })), "{path}: {result:?}");
    }
}

#[test]
fn the_same_path_twice_is_refused() {
    let result = pack(&core(), MANIFEST, &[asset("a", "1"), asset("a", "2")]);
    assert_eq!(result.unwrap_err().to_string(), "asset `a` is there twice");
}

#[test]
fn limits_hold_on_both_sides() {
    let large = Asset { path: "a".to_owned(), bytes: vec![0; limit::ASSET_BYTES_MAX + 1] };
    assert!(matches!(pack(&core(), MANIFEST, &[large]), Err(PackError::TooLarge { .. })));

    let many = (0..=limit::ASSETS_MAX).map(|index| asset(&index.to_string(), "")).collect::<Vec<_>>();
    assert!(matches!(pack(&core(), MANIFEST, &many), Err(PackError::TooManyAssets { .. })));

    let mut file = pack(&core(), MANIFEST, &[]).unwrap();
    for _ in 0..=limit::ASSETS_MAX {
        append(&mut file, ASSET_SECTION, b"a\0");
    }
    assert!(matches!(read(&file), Err(PackError::TooManyAssets { .. })));
}

#[test]
fn a_second_manifest_is_refused() {
    let mut component = pack(&core(), MANIFEST, &[]).unwrap();
    append(&mut component, MANIFEST_SECTION, b"id = \"other\"");
    assert_eq!(read(&component).unwrap_err().to_string(), "the manifest is there twice");
}

#[test]
fn a_manifest_inside_the_nested_module_does_not_count() {
    let mut core = core();
    wasm_encoder::Section::append_to(
        &wasm_encoder::CustomSection { name: MANIFEST_SECTION.into(), data: b"id = \"smuggled\"".as_slice().into() },
        &mut core,
    );

    let component = encode(&core).unwrap();

    assert!(component.windows(8).any(|window| window == b"smuggled"), "the probe must reach the component");
    assert!(matches!(read(&component), Err(PackError::Manifest(_))));
}

#[test]
fn what_is_not_a_component_is_said_to_be_none() {
    for bytes in [&b""[..], b"\0asm", b"#!/bin/sh", &core()] {
        assert!(matches!(read(bytes), Err(PackError::NotComponent(_))));
    }
    let cut = pack(&core(), MANIFEST, &[asset("a", "text")]).unwrap();
    assert!(matches!(read(&cut[..cut.len() - 3]), Err(PackError::NotComponent(_))));
}
