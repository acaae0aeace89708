//! The DMN compatibility kit, where it is there.

use std::path::PathBuf;

use crate::dmn::tck;

/// The folder with the kit, above the manifest. None where the data is not there.
fn folder() -> Option<PathBuf> {
    let mut folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    while folder.pop() {
        let kit = folder.join("shared/data/dmn-tck");
        if kit.is_dir() {
            return Some(kit);
        }
    }
    None
}

#[test]
fn the_compatibility_kit_passes() {
    let Some(folder) = folder() else {
        eprintln!("skipped: the folder shared/data/dmn-tck is not there");
        return;
    };
    let report = tck::run(&folder).unwrap();
    eprintln!("{report}");
    let levels = report.levels();
    let per_mille = |level: &str| levels.get(level).map_or(0, tck::Count::per_mille);
    assert_eq!(per_mille("compliance-level-2"), 1_000, "level 2 passes as a whole");
    assert!(per_mille("compliance-level-3") >= 995, "level 3 passes but for a few");
}
