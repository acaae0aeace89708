//! Files that are meant to hurt: refused within a second, by name, and without a stack that overflows.

use weft_bpmn as bpmn;

use std::time::{Duration, Instant};

const HEAD: &str = "<definitions xmlns=\"http://www.omg.org/spec/BPMN/20100524/MODEL\" targetNamespace=\"t\">";

/// The first problem, after a time that is bounded even in a debug build on a busy machine.
#[expect(clippy::disallowed_methods, reason = "it measures how long a refusal takes")]
fn check(xml: &str) -> String {
    let start = Instant::now();
    let report = bpmn::validate("hostile.bpmn", xml);
    assert!(start.elapsed() < Duration::from_secs(20), "it took {:?}", start.elapsed());
    report.errors.first().map(ToString::to_string).unwrap_or_default()
}

#[test]
fn billion_laughs() {
    let bomb = "<!DOCTYPE lolz [<!ENTITY lol \"lol\"><!ENTITY lol2 \"&lol;&lol;\">]><definitions>&lol2;</definitions>";

    assert_eq!(
        check(bomb),
        "hostile.bpmn:1: a model must not have a document type; remove the DOCTYPE [document-type]"
    );
}

#[test]
fn a_hundred_thousand_elements() {
    let tasks: String = (0..100_000).map(|n| format!("<task id=\"t{n}\"/>")).collect();

    let said = check(&format!("{HEAD}<process id=\"p\" isExecutable=\"true\">{tasks}</process></definitions>"));

    assert!(said.contains("`t5000`") && said.contains("[model-too-large]"), "{said}");
}

#[test]
fn a_hundred_thousand_deep() {
    let open: String = (0..100_000).map(|n| format!("<subProcess id=\"s{n}\">")).collect();

    let said = check(&format!("{HEAD}<process id=\"p\">{open}"));

    assert!(said.contains("`subProcess s98` stands too deep"), "{said}");
}

#[test]
fn ten_thousand_attributes_and_namespaces() {
    let attributes: String = (0..10_000).map(|n| format!(" a{n}=\"1\"")).collect();
    let said = check(&format!("{HEAD}<process id=\"p\"{attributes}/></definitions>"));
    assert!(said.contains("has 10001 attributes"), "{said}");

    let declared: String = (0..500).map(|n| format!("<task xmlns:n{n}=\"u{n}\"/>")).collect();
    let said = check(&format!("{HEAD}{declared}</definitions>"));
    assert!(said.contains("one namespace too many"), "{said}");
}

#[test]
fn references_that_lead_nowhere_and_in_circles() {
    let body = "<startEvent id=\"s\"/><sequenceFlow id=\"f\" sourceRef=\"s\" targetRef=\"nowhere\"/>\
                <boundaryEvent id=\"b\" attachedToRef=\"b\"/><callActivity id=\"c\" calledElement=\"q\"/>";
    let xml = format!(
        "{HEAD}<process id=\"p\" isExecutable=\"true\">{body}</process><process id=\"q\" isExecutable=\"true\">\
         <startEvent id=\"qs\"/><callActivity id=\"qc\" calledElement=\"p\"/><sequenceFlow id=\"qf\" sourceRef=\"qs\" targetRef=\"qc\"/>\
         </process></definitions>"
    );

    let codes: Vec<String> = bpmn::validate("x", &xml)
        .errors
        .iter()
        .map(|problem| format!("{} {}", problem.code, problem.pointer))
        .collect();

    for expected in ["flow-reference /f", "flow-reference /b", "flow-call-cycle /c", "flow-call-cycle /qc"] {
        assert!(codes.iter().any(|code| code == expected), "{expected} in {codes:?}");
    }
}

#[test]
fn a_graph_whose_scopes_stand_in_one_another() {
    let scope = |id: &str, parent: u32, start: u32| {
        format!(
            "{{\"id\":\"{id}\",\"parent\":{parent},\"kind\":{{\"type\":\"sub-process\",\"start\":{start},\"event_sub_processes\":[]}}}}"
        )
    };
    let json = format!(
        "{{\"format\":1,\"processes\":[{{\"id\":\"p\",\"name\":\"\",\"nodes\":[{},{}],\"flows\":[],\"starts\":[]}}]}}",
        scope("a", 1, 1),
        scope("b", 0, 0)
    );

    let report = bpmn::compile_json("x", &json).unwrap_err();

    assert!(report.errors[0].message.contains("`a`: it stands in itself"), "{report}");
}

#[test]
fn a_model_as_large_as_allowed_is_checked_in_time() {
    // 1,200 gateways that all join and split: the walks over loops and joins have to stay linear.
    let mut body = String::from(
        "<startEvent id=\"s\"/><endEvent id=\"e\"/><sequenceFlow id=\"f\" sourceRef=\"s\" targetRef=\"g0\"/>",
    );
    for n in 0..1_200 {
        body.push_str(&format!("<parallelGateway id=\"g{n}\"/>"));
        let next = if n == 1_199 { "e".to_owned() } else { format!("g{}", n + 1) };
        body.push_str(&format!("<sequenceFlow id=\"a{n}\" sourceRef=\"g{n}\" targetRef=\"{next}\"/>"));
        body.push_str(&format!("<sequenceFlow id=\"b{n}\" sourceRef=\"g{n}\" targetRef=\"{next}\"/>"));
    }

    assert_eq!(check(&format!("{HEAD}<process id=\"p\" isExecutable=\"true\">{body}</process></definitions>")), "");
}
