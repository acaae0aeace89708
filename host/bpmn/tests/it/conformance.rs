//! The models of the public conformance suite: those to refuse are refused for the reason that their name tells, the others compile.
//!
//! The suite lies beside the repository; a clone without it says so and goes on.

use weft_bpmn as bpmn;

use std::path::{Path, PathBuf};

/// The folder of the suite, found by walking up from the crate.
fn suite() -> Option<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let found =
        here.ancestors().map(|folder| folder.join("shared/data/bpmn-conformance")).find(|folder| folder.is_dir());
    if found.is_none() {
        println!("SKIPPED: the folder shared/data/bpmn-conformance is not there");
    }
    found
}

fn models(prefix: fn(&str) -> bool) -> Vec<(String, String)> {
    let Some(suite) = suite() else { return Vec::new() };
    let mut models: Vec<(String, String)> = std::fs::read_dir(suite)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "bpmn"))
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read_to_string(&path).unwrap()))
        .filter(|(name, _)| prefix(name))
        .collect();
    models.sort();
    models
}

#[test]
fn invalid_models_are_refused_for_their_reason() {
    let expected = [
        ("refuse__EXT002_1_Fail_duplicate_ID", "duplicate-id"),
        (
            "refuse__EXT012_4_failure_multiInstanceLoopCharacteristics_invalidCompletionCondition",
            "flow-informal-expression",
        ),
        ("refuse__EXT024_1_failure", "flow-immediate"),
        ("refuse__EXT041_1_Fail_both_loop_markers", "flow-loop-markers"),
        ("refuse__EXT057_2_fail_outgoing_seqFlow", "flow-event-sub-process"),
        ("refuse__EXT068_1_failure", "flow-multi-instance"),
        ("refuse__EXT089_1_failure", "flow-data"),
        ("refuse__EXT098_6_fail_link", "flow-start-trigger"),
        ("refuse__EXT110_6_failure_noCancel_error", "flow-interrupting"),
        ("refuse__EXT124_1_failure_noSource", "flow-link"),
        ("refuse__EXT138_1_failure_invalidEventType", "flow-event-gateway"),
        ("refuse__EXT148_2_failure_compensateCatch", "flow-event-definition"),
    ];
    for (name, xml) in models(|name| name.starts_with("refuse__")) {
        let report = bpmn::validate(&name, &bpmn::conformance::adapt(&xml));

        let rule = expected.iter().find(|(file, _)| name.starts_with(file)).map(|(_, rule)| *rule);
        assert!(report.errors.iter().any(|error| Some(error.code.as_str()) == rule), "{name}: {report}");
    }
}

#[test]
fn valid_models_compile_and_keep_their_digest_through_json() {
    for (name, xml) in models(|name| !name.starts_with("refuse__")) {
        let compiled =
            bpmn::compile(&name, &bpmn::conformance::adapt(&xml)).unwrap_or_else(|report| panic!("{name}:\n{report}"));

        let again = bpmn::compile_json("model.json", &compiled.graph.to_canonical_json())
            .unwrap_or_else(|report| panic!("{name} as JSON:\n{report}"));
        assert_eq!(again.graph.digest(), compiled.graph.digest(), "{name}");
        assert_eq!(again.graph, compiled.graph, "{name}");
    }
}
