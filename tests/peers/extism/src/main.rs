//! What the same guard call costs in Extism: a fresh plugin from compiled code, JSON in, JSON out. Prints one line of JSON.
//!
//! The payload is `change.json`: the sample ticket that `weft_tests::bench::call` measures Weft with.

use extism::{CompiledPlugin, Manifest, Plugin, PluginBuilder, Wasm};
use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Instant;

const ROUNDS: usize = 9;
const CALLS: usize = 500;
const CHANGE: &str = include_str!("../change.json");

fn main() -> Result<(), Box<dyn Error>> {
    let guest = build_guest()?;
    let manifest = Manifest::new([Wasm::data(std::fs::read(guest)?)]);
    let compiled = CompiledPlugin::new(PluginBuilder::new(manifest).with_wasi(false))?;
    let mut fresh = Vec::new();
    let mut reused = Vec::new();
    let mut kept = Plugin::new_from_compiled(&compiled)?;
    for round in 0..=ROUNDS {
        for _ in 0..CALLS {
            let started = Instant::now();
            let mut plugin = Plugin::new_from_compiled(&compiled)?;
            let answer: String = plugin.call("guard", CHANGE)?;
            drop(plugin);
            let fresh_us = started.elapsed().as_secs_f64() * 1e6;
            assert_eq!(answer, r#"[{"kind":"comment","data":"{}"}]"#);

            let started = Instant::now();
            let _: String = kept.call("guard", CHANGE)?;
            let reused_us = started.elapsed().as_secs_f64() * 1e6;
            if round > 0 {
                fresh.push(fresh_us);
                reused.push(reused_us);
            }
        }
    }
    println!(
        r#"{{"peer":"extism","version":"1.30.0","calls":{},"fresh_p50_us":{:.2},"reused_p50_us":{:.2}}}"#,
        fresh.len(),
        median(&mut fresh),
        median(&mut reused)
    );
    Ok(())
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The guest, compiled the way the plugins are.
fn build_guest() -> Result<PathBuf, Box<dyn Error>> {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let target = project.join("target/guest");
    let toolchain = pack::toolchain::find()?;
    let status = toolchain
        .cargo_build(project)
        .current_dir(project)
        .args(["--package", "weft-peer-extism-guest", "--target-dir"])
        .arg(&target)
        // The profile of the plugins.
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "s")
        .env("CARGO_PROFILE_RELEASE_LTO", "true")
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "1")
        .env("CARGO_PROFILE_RELEASE_PANIC", "abort")
        .env("CARGO_PROFILE_RELEASE_STRIP", "true")
        .status()?;
    if !status.success() {
        return Err("the guest does not build".into());
    }
    Ok(target.join("wasm32-unknown-unknown/release/weft_peer_extism_guest.wasm"))
}
