//! What is said of a file without running it.

use super::{config, start};
use app::port::plugins::Plugins;
use domain::Problem;
use runtime::{Runtime, RuntimeConfig};
use weft_tests::guests::{self, Function, Guest};

/// The problems of a file: their codes, and all their messages.
fn refused(wasm: &[u8]) -> (Vec<String>, String) {
    codes(start().inspect(wasm).expect_err("the file is refused"))
}

fn codes(problems: Vec<Problem>) -> (Vec<String>, String) {
    let text = problems.iter().map(|problem| problem.message.as_str()).collect::<Vec<_>>().join("\n");
    (problems.into_iter().map(|problem| problem.code).collect(), text)
}

#[test]
fn a_component_says_what_it_is() {
    let guest = Guest::new("incident")
        .asset("flows/major.bpmn", b"<definitions/>")
        .asset("texts/de.toml", b"")
        .exporting(Function::Guard, "unreachable")
        .exporting(Function::React, "unreachable");
    let wasm = guest.build();

    let inspection = start().inspect(&wasm).expect("the component is valid");

    assert_eq!(inspection.size, wasm.len() as u64);
    assert_eq!(inspection.digest.0.len(), 64);
    assert!(inspection.manifest.starts_with("id = \"incident\"\n"));
    assert_eq!(inspection.assets["flows/major.bpmn"], b"<definitions/>");
    assert_eq!(inspection.assets["texts/de.toml"], b"");
    assert_eq!(inspection.imports, ["weft:types/types@0.1.0"], "what it does not use is not in the list");
    assert_eq!(inspection.exports, ["weft:practice/guard@0.1.0", "weft:practice/react@0.1.0"]);
}

#[test]
fn imports_that_are_not_offered_are_refused_by_name() {
    let (codes, text) = refused(&guests::importing_unoffered("evil"));
    assert_eq!(codes, ["import-not-offered"]);
    assert!(text.contains("`evil:net/sockets@1.0.0`"), "{text}");
}

#[test]
fn another_version_is_refused_saying_which_one_is_spoken_and_all_problems_come_at_once() {
    let (codes, text) = refused(&guests::importing_another_version("future"));
    assert_eq!(codes.len(), 2, "{text}");
    assert!(
        text.contains("uses `weft:host/log@9.0.0`, but this host speaks `weft:host/log` at version 0.1.0"),
        "{text}"
    );
    assert!(text.contains("`wasi:random/random@0.2.6`, which Weft does not offer"), "{text}");

    let mut twice = guests::exporting_another_version("future");
    guests::push_section(&mut twice, "weft:manifest", b"");
    let (codes, text) = refused(&twice);
    assert_eq!(codes, ["manifest-section", "wit-version"]);
    assert!(text.contains("`weft:practice/guard@9.0.0`"), "{text}");
}

#[test]
fn what_is_not_a_component_is_named_for_what_it_is() {
    let core = wat::parse_str("(module)").expect("an empty module");
    let good = guests::guard_returning("good", &[]);
    let cases: [(&[u8], &str); 7] = [
        (b"", "not-wasm"),
        (b"#!/bin/sh\necho hello\n", "not-wasm"),
        (b"\0as", "not-wasm"),
        (b"\0asm\xff\xff\xff\xff", "unknown-encoding"),
        (&core, "core-module"),
        (&good[..good.len() / 2], "invalid-component"),
        (&good[..9], "invalid-component"),
    ];
    for (wasm, code) in cases {
        let (codes, text) = refused(wasm);
        assert_eq!(codes, [code], "{text}");
    }
}

#[test]
fn a_damaged_component_is_refused_or_is_another_one() {
    let runtime = start();
    let good = guests::guard_returning("good", &[("comment", "{}")]);
    let digest = runtime.inspect(&good).expect("the component is valid").digest;
    for position in (8..good.len()).step_by(7) {
        let mut damaged = good.clone();
        damaged[position] ^= 0x55;
        if let Ok(inspection) = runtime.inspect(&damaged) {
            assert_ne!(inspection.digest, digest);
        }
    }
}

/// Bytes without any meaning, behind each of the headers. A cheap fuzzer; the seeds are the numbers from 0.
#[test]
fn random_bytes_are_refused_without_a_panic() {
    let runtime = start();
    let headers: [&[u8]; 3] = [b"", b"\0asm\x01\0\0\0", b"\0asm\x0d\0\x01\0"];
    for seed in 0..2000_u64 {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_le_bytes()[0]
        };
        let length = usize::from(next());
        let mut bytes = headers[usize::try_from(seed % 3).expect("small")].to_vec();
        bytes.extend((0..=length).map(|_| next()));
        let problems = runtime.inspect(&bytes).expect_err("random bytes are no component");
        assert!(problems.iter().all(|problem| !problem.message.is_empty()), "seed {seed}: {problems:?}");
    }
}

/// The list that imports are compared with is the contract's own.
#[test]
fn everything_in_the_contract_is_offered() {
    let contract = guests::contract();
    let package =
        contract.package_names.iter().find(|(name, _)| name.name == "sdk").expect("the package of the worlds");
    let world = contract.select_world(&[*package.1], Some("host")).expect("the world of the host");
    for (key, _) in &contract.worlds[world].imports {
        let name = contract.name_world_key(key);
        let mut guest = Guest::new("wants");
        guest.module.import(&first_function(&contract, key));
        if name.ends_with("types@0.1.0") {
            continue;
        }
        let inspection = start().inspect(&guest.build()).expect("everything in the contract is offered");
        assert!(inspection.imports.contains(&name), "{name} in {:?}", inspection.imports);
    }
}

fn first_function(contract: &wit_parser::Resolve, key: &wit_parser::WorldKey) -> String {
    let wit_parser::WorldKey::Interface(id) = key else {
        return String::new();
    };
    let Some((name, function)) = contract.interfaces[*id].functions.first() else {
        return String::new();
    };
    let signature = contract.wasm_signature(wit_parser::abi::AbiVariant::GuestImport, function);
    let (params, results) = ("i32 ".repeat(signature.params.len()), "i32 ".repeat(signature.results.len()));
    let interface = contract.name_world_key(key);
    format!("(import \"{interface}\" \"{name}\" (func (param {params}) (result {results})))")
}

#[test]
fn a_file_that_is_too_large_is_not_read() {
    let small = RuntimeConfig { component_bytes_max: 100, ..config() };
    let runtime = Runtime::new(small).expect("the runtime starts");
    let problems = runtime.inspect(&guests::guard_returning("good", &[])).expect_err("the file is too large");
    assert_eq!(codes(problems).0, ["too-large"]);
}

#[test]
fn manifest_and_assets_must_be_well_formed() {
    let bare = || Guest::new("bare").exporting(Function::Guard, "unreachable");
    assert_eq!(refused(&bare().manifest(None).build()).0, ["manifest-section"]);

    let mut twice = bare().build();
    guests::push_section(&mut twice, "weft:manifest", b"id = \"other\"");
    assert_eq!(refused(&twice).0, ["manifest-section"]);

    let mut binary = bare().manifest(None).build();
    guests::push_section(&mut binary, "weft:manifest", &[0xff, 0xfe]);
    assert_eq!(refused(&binary).0, ["manifest-section"]);

    let mut unnamed = bare().build();
    guests::push_section(&mut unnamed, "weft:asset", b"no zero byte");
    for bad in [
        bare().asset("a", b"").asset("a", b"").build(),
        bare().asset("../../etc/passwd", b"").build(),
        bare().asset("/etc/passwd", b"").build(),
        unnamed,
    ] {
        let (codes, text) = refused(&bad);
        assert_eq!(codes, ["asset-section"], "{text}");
    }
}

#[test]
fn sections_of_nested_modules_do_not_count() {
    let mut core = wat::parse_str("(module)").expect("an empty module");
    guests::push_section(&mut core, "weft:manifest", b"id = \"smuggled\"");
    let mut component = b"\0asm\x0d\0\x01\0".to_vec();
    component.push(1);
    component.push(u8::try_from(core.len()).expect("a short module"));
    component.extend(core);
    let (codes, _) = refused(&component);
    assert_eq!(codes, ["manifest-section"]);
}
