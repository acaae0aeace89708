//! Runs a folder of the public BPMN conformance suite: `flow_conformance FOLDER`. Prints what fails and the count.
#![expect(clippy::print_stdout, reason = "a tool talks to its terminal")]

use std::path::PathBuf;
use weft_engine::flow::conformance::{Cases, run};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("name a folder with cases.json")?);
    let cases: Cases = serde_json::from_str(&std::fs::read_to_string(folder.join("cases.json"))?)?;
    let (mut passed, mut count) = (0, 0);
    for model in &cases.run {
        let xml = std::fs::read_to_string(folder.join(&model.file))?;
        let compiled = bpmn::compile(&model.file, &bpmn::conformance::adapt(&xml));
        for case in &model.cases {
            count += 1;
            match compiled.as_ref().map(|compiled| run(&compiled.graph, case)) {
                Ok(Ok(outcome)) if outcome.is(case) => passed += 1,
                other => println!("{} {:?}: {other:?}, not {:?}", model.file, case.inputs, case.expect),
            }
        }
    }
    println!("{passed} of {count} cases pass");
    Ok(())
}
