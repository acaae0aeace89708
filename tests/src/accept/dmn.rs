//! The DMN Technology Compatibility Kit, from any folder of its shape (`data/dmn-tck`). The runner is `bpmn::dmn::tck`; here it is
//! printed, and held against what is promised: level 2 as a whole, level 3 for 995 of 1,000 cases.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use bpmn::dmn::tck::{self, Count};
use serde_json::json;

/// Folders inside one another.
const DEPTH_MAX: usize = 6;
/// Cases that must pass, in thousandths of those that are run.
const LEVELS: [(&str, usize); 2] = [("compliance-level-2", 1_000), ("compliance-level-3", 995)];

/// Runs every case below a folder, prints the failures, the counts and the summary line, and says whether the promise holds.
///
/// A folder that cannot be read does not pass; nor does one that has no case of a level.
#[expect(clippy::print_stdout, reason = "the report is what a person or a script runs this for")]
pub fn run(folder: &Path) -> bool {
    let mut files = BTreeMap::new();
    if let Err(error) = read(folder, DEPTH_MAX, &mut files) {
        println!("{} cannot be read: {error}", folder.display());
        return false;
    }
    let report = tck::run(&files);
    println!("{report}");
    let levels = report.levels();
    let of = |level: &str| levels.get(level).copied().unwrap_or_default();
    let pass = LEVELS.iter().all(|&(level, least)| of(level).per_mille() >= least);
    let figures: Vec<usize> = LEVELS.iter().map(|&(level, _)| of(level).per_mille()).collect();
    let limits: Vec<usize> = LEVELS.iter().map(|&(_, least)| least).collect();
    let excluded: usize = levels.values().map(|Count { excluded, .. }| excluded).sum();
    println!("{}", json!({"id": "dmn", "figure": figures, "limit": limits, "excluded": excluded, "pass": pass}));
    pass
}

/// Every text below a folder, by its path.
fn read(folder: &Path, depth: usize, files: &mut BTreeMap<PathBuf, String>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            if depth > 0 {
                read(&path, depth - 1, files)?;
            }
        } else if path.extension().is_some_and(|extension| extension == "dmn" || extension == "xml") {
            files.insert(path.clone(), std::fs::read_to_string(&path)?);
        }
    }
    Ok(())
}
