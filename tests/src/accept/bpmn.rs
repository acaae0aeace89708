//! The BPMN conformance suite (PEBL), from any folder of its shape (`data/bpmn-conformance`): models that must run as expected, and models
//! that must be refused. The runner is `engine::flow::conformance`; here is counted what came out.

use bpmn::conformance::adapt;
use engine::flow::conformance::{Cases, run as run_case};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;

/// Runs every case of a folder, prints the failures, the counts per result and the summary line, and says whether all is as expected.
#[expect(clippy::print_stdout, reason = "the report is what a person or a script runs this for")]
pub fn run(folder: &Path) -> bool {
    let cases = std::fs::read_to_string(folder.join("cases.json"))
        .map_err(|error| error.to_string())
        .and_then(|text| serde_json::from_str::<Cases>(&text).map_err(|error| error.to_string()));
    let cases = match cases {
        Ok(cases) => cases,
        Err(error) => {
            println!("{} cannot be read: {error}", folder.join("cases.json").display());
            return false;
        }
    };
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for model in &cases.run {
        for (number, case) in model.cases.iter().enumerate() {
            let result = xml(folder, &model.file).and_then(|xml| {
                let compiled =
                    bpmn::compile(&model.file, &adapt(&xml)).map_err(|report| format!("refused: {report}"))?;
                let outcome = run_case(&compiled.graph, case)?;
                if outcome.is(case) { Ok(()) } else { Err(format!("{outcome:?}, not {:?}", case.expect)) }
            });
            let word = match &result {
                Ok(()) => "as expected",
                Err(why) if why.starts_with("refused") => "refused, though it must run",
                Err(_) => "another outcome",
            };
            *counts.entry(word).or_default() += 1;
            if let Err(why) = result {
                println!("{} case {}: {}", model.file, number + 1, why.trim());
            }
        }
    }
    for file in &cases.refuse {
        let refused = xml(folder, file).map(|xml| bpmn::compile(file, &adapt(&xml)).is_err());
        let word = match refused {
            Ok(true) => "refused",
            Ok(false) => "deployed, though it must be refused",
            Err(_) => "unreadable",
        };
        *counts.entry(word).or_default() += 1;
        if word != "refused" {
            println!("{file}: {word}");
        }
    }
    for (word, count) in &counts {
        println!("{count:5} {word}");
    }
    let all = cases.run.iter().map(|model| model.cases.len()).sum::<usize>() + cases.refuse.len();
    let good = counts.get("as expected").copied().unwrap_or(0) + counts.get("refused").copied().unwrap_or(0);
    let pass = all > 0 && good == all;
    println!("{}", json!({"id": "bpmn", "figure": good, "limit": all, "excluded": 0, "pass": pass}));
    pass
}

fn xml(folder: &Path, file: &str) -> Result<String, String> {
    std::fs::read_to_string(folder.join(file)).map_err(|error| format!("{file} cannot be read: {error}"))
}
