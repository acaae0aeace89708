//! The cases of the public BPMN conformance suite that are shared with this project. Told, not failed, where the folder is absent.

use std::path::{Path, PathBuf};
use weft_engine::flow::conformance::{Cases, run};

#[test]
fn listed_cases_pass() {
    let Some(folder) = folder() else {
        eprintln!("skipped: there is no folder shared/data/bpmn-conformance above this crate");
        return;
    };
    let text = std::fs::read_to_string(folder.join("cases.json")).expect("the folder has a list");
    let cases: Cases = serde_json::from_str(&text).expect("the list can be read");
    let mut failed = Vec::new();
    let mut count = 0;
    for model in &cases.run {
        let xml = std::fs::read_to_string(folder.join(&model.file)).expect("a listed file is there");
        match bpmn::compile(&model.file, &bpmn::conformance::adapt(&xml)) {
            Err(report) => failed.push(format!("{}: {report:?}", model.file)),
            Ok(compiled) => {
                for case in &model.cases {
                    count += 1;
                    match run(&compiled.graph, case) {
                        Ok(outcome) if outcome.is(case) => {}
                        outcome => {
                            failed.push(format!("{} {:?}: {outcome:?}, not {:?}", model.file, case.inputs, case.expect))
                        }
                    }
                }
            }
        }
    }
    assert!(failed.is_empty(), "{} of {count}\n{}", failed.len(), failed.join("\n"));
    assert!(count >= 20, "only {count} cases");
}

fn folder() -> Option<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().map(|above| above.join("shared/data/bpmn-conformance")).find(|folder| folder.is_dir())
}
