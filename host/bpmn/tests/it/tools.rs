//! What stands around a model: the drawing, the difference, the canonical file, the import.

use weft_bpmn as bpmn;

use std::collections::BTreeMap;
use weft_bpmn::{import::Outcome, svg::Mark};

const HEAD: &str = "<b:definitions xmlns:b=\"http://www.omg.org/spec/BPMN/20100524/MODEL\" \
                    xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xmlns:camunda=\"http://camunda.org/schema/1.0/bpmn\" \
                    xmlns:di=\"http://www.omg.org/spec/BPMN/20100524/DI\" xmlns:dc=\"http://www.omg.org/spec/DD/20100524/DC\" \
                    xmlns:i=\"http://www.omg.org/spec/DD/20100524/DI\" targetNamespace=\"t\">";

fn model(task: &str) -> String {
    format!(
        "{HEAD}<b:process id=\"p\" name=\"Laptop\" isExecutable=\"true\"><b:startEvent id=\"s\" name=\"Wanted\"/>\
         <b:sequenceFlow id=\"f1\" sourceRef=\"s\" targetRef=\"x\"/>{task}<b:sequenceFlow id=\"f2\" sourceRef=\"x\" targetRef=\"e\"/>\
         <b:endEvent id=\"e\"/></b:process></b:definitions>"
    )
}

const TASK: &str = "<b:userTask id=\"x\" name=\"Approve the laptop &amp; its &lt;dock&gt; together\"/>";

#[test]
fn a_process_without_a_diagram_is_laid_out_and_drawn() {
    let compiled = bpmn::compile("m.bpmn", &model(TASK)).unwrap();
    let marks = BTreeMap::from([("s".to_owned(), Mark::Completed), ("x".to_owned(), Mark::Active)]);

    let svg = bpmn::svg::draw(&compiled.graph.processes[0], &compiled.diagram, &marks);

    let drawn = roxmltree::Document::parse(&svg).unwrap();
    let classes: Vec<(&str, &str)> = drawn
        .descendants()
        .filter_map(|node| Some((node.attribute("data-id")?, node.attribute("class").unwrap_or_default())))
        .collect();
    assert_eq!(classes, [("f1", ""), ("f2", ""), ("s", "node completed"), ("x", "node active"), ("e", "node")]);
    let texts: Vec<&str> = drawn
        .descendants()
        .filter(|node| node.has_tag_name(("http://www.w3.org/2000/svg", "text")))
        .filter_map(|node| node.text())
        .collect();
    assert_eq!(texts, ["Wanted", "Approve the", "laptop & its", "<dock> together"]);
}

#[test]
fn a_diagram_of_the_file_is_kept() {
    let drawn = "<di:BPMNDiagram><di:BPMNPlane bpmnElement=\"p\"><di:BPMNShape bpmnElement=\"x\"><dc:Bounds x=\"10\" y=\"20\" width=\"100\" height=\"80\"/></di:BPMNShape>\
                 <di:BPMNEdge bpmnElement=\"f1\"><i:waypoint x=\"1\" y=\"2\"/><i:waypoint x=\"3\" y=\"4\"/></di:BPMNEdge></di:BPMNPlane></di:BPMNDiagram></b:definitions>";
    let xml = model(TASK).replace("</b:definitions>", drawn);

    let compiled = bpmn::compile("m.bpmn", &xml).unwrap();

    assert_eq!(compiled.diagram.shapes["x"].bounds.width, 100.0);
    assert_eq!(compiled.diagram.edges["f1"].points.len(), 2);
    assert_eq!(compiled.graph.digest(), bpmn::compile("m.bpmn", &model(TASK)).unwrap().graph.digest());
}

#[test]
fn a_difference_names_elements() {
    let old = bpmn::compile("m.bpmn", &model(TASK)).unwrap().graph;
    let added = "<b:scriptTask id=\"y\"><b:script>1</b:script></b:scriptTask><b:sequenceFlow id=\"f3\" sourceRef=\"y\" targetRef=\"e\"/>";
    let xml = model(&TASK.replace("Approve", "Check"))
        .replace("<b:endEvent", &format!("{added}<b:endEvent"))
        .replace("targetRef=\"e\"/><b:scr", "targetRef=\"y\"/><b:scr");
    let new = bpmn::compile("m.bpmn", &xml).unwrap().graph;

    let lines: Vec<String> = bpmn::diff(&old, &new).iter().map(ToString::to_string).collect();

    assert_eq!(
        lines,
        [
            "sequence flow `f2`: target from e to y",
            "added sequence flow `f3`",
            "user task “Check the laptop & its <dock> together” (`x`): name from “Approve the laptop & its <dock> together” to “Check the \
             laptop & its <dock> together”",
            "added script task `y`",
        ]
    );
    assert_eq!(bpmn::diff(&new, &new), []);
}

#[test]
fn the_canonical_file_is_stable_and_means_the_same() {
    let one = bpmn::canonical_xml("m.bpmn", &model(TASK)).unwrap();
    let reordered =
        model("<b:userTask   name=\"Approve the laptop &amp; its &lt;dock&gt; together\"\n id=\"x\"></b:userTask>");

    assert_eq!(bpmn::canonical_xml("m.bpmn", &reordered).unwrap(), one);
    assert_eq!(bpmn::canonical_xml("m.bpmn", &one).unwrap(), one);
    assert_eq!(bpmn::compile("m.bpmn", &one).unwrap().graph, bpmn::compile("m.bpmn", &model(TASK)).unwrap().graph);
}

fn outcomes(imported: &bpmn::import::Imported) -> Vec<String> {
    imported.report.iter().map(|line| format!("{:?} {} {}", line.outcome, line.element, line.what)).collect()
}

#[test]
fn a_user_task_of_camunda_7_is_translated() {
    let task = "<b:userTask id=\"x\" camunda:assignee=\"${manager.id}\" camunda:dueDate=\"${due}\" camunda:formKey=\"laptop\" camunda:asyncBefore=\"true\">\
                <b:extensionElements><camunda:inputOutput><camunda:inputParameter name=\"item\">${request.item}</camunda:inputParameter></camunda:inputOutput></b:extensionElements></b:userTask>";

    let imported = bpmn::import::import("m.bpmn", &model(task)).unwrap();

    assert!(imported.is_deployable(), "{}\n{:#?}", imported.xml, outcomes(&imported));
    let graph = bpmn::compile("m.bpmn", &imported.xml).unwrap().graph;
    let node = graph.processes[0].nodes.iter().find(|node| node.id == "x").unwrap();
    let bpmn::graph::NodeKind::UserTask(task) = &node.kind else { panic!("{node:?}") };
    assert_eq!(task.form.as_deref(), Some("laptop"));
    assert_eq!(serde_json::to_value(&task.assignee).unwrap(), serde_json::json!({"expression": "manager.id"}));
    assert_eq!(node.inputs[0].source.text(), "request.item");
    assert!(!imported.xml.contains("camunda:assignee"));
}

#[test]
fn what_has_no_equal_is_refused_and_does_not_deploy() {
    for task in [
        "<b:serviceTask id=\"x\" camunda:class=\"com.acme.Reserve\"/>",
        "<b:serviceTask id=\"x\" camunda:type=\"external\" camunda:topic=\"reserve\"/>",
        "<b:userTask id=\"x\" camunda:assignee=\"${users.find(1)}\"/>",
        "<b:userTask id=\"x\"><b:extensionElements><camunda:taskListener event=\"create\"/></b:extensionElements></b:userTask>",
        "<b:scriptTask id=\"x\" scriptFormat=\"groovy\"><b:script>println 1</b:script></b:scriptTask>",
    ] {
        let imported = bpmn::import::import("m.bpmn", &model(task)).unwrap();

        assert!(!imported.is_deployable(), "{task}\n{}", imported.xml);
        assert!(
            imported.report.iter().any(|line| line.element == "x" && line.outcome == Outcome::Refused),
            "{:?}",
            outcomes(&imported)
        );
        assert!(bpmn::compile("m.bpmn", &imported.xml).is_err(), "{}", imported.xml);
    }
}

#[test]
fn a_call_of_camunda_7_hands_over_what_it_did() {
    let task = "<b:callActivity id=\"x\" calledElement=\"order\"><b:extensionElements><camunda:in source=\"a\" target=\"b\"/><camunda:out variables=\"all\"/></b:extensionElements></b:callActivity>";

    let imported = bpmn::import::import("m.bpmn", &model(task)).unwrap();

    let graph = bpmn::compile("m.bpmn", &imported.xml).unwrap().graph;
    let kind = &graph.processes[0].nodes.iter().find(|node| node.id == "x").unwrap().kind;
    assert!(
        matches!(
            kind,
            bpmn::graph::NodeKind::CallActivity { propagate_all_parent: false, propagate_all_child: true, .. }
        ),
        "{kind:?}"
    );
}

#[test]
fn a_model_of_camunda_8_stays_as_it_is() {
    let imported = bpmn::import::import("m.bpmn", &model(TASK)).unwrap();

    assert_eq!(imported.xml, model(TASK));
    assert!(imported.is_deployable());
}
