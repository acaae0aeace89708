//! Each rule by the smallest model that breaks it: what is said, and in which line.

use weft_bpmn as bpmn;

/// A model around the content of a process and what stands beside it.
fn model(process: &str, beside: &str) -> String {
    format!(
        "<b:definitions xmlns:b=\"http://www.omg.org/spec/BPMN/20100524/MODEL\" xmlns:zeebe=\"http://camunda.org/schema/zeebe/1.0\" \
         xmlns:camunda=\"http://camunda.org/schema/1.0/bpmn\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" targetNamespace=\"t\">\
         {beside}<b:process id=\"p\" isExecutable=\"true\">{process}</b:process></b:definitions>"
    )
}

/// Start and end around one element `x`, which is written out with its tag.
fn around(x: &str) -> String {
    format!(
        "<b:startEvent id=\"s\"/><b:sequenceFlow id=\"f1\" sourceRef=\"s\" targetRef=\"x\"/>{x}\
         <b:sequenceFlow id=\"f2\" sourceRef=\"x\" targetRef=\"e\"/><b:endEvent id=\"e\"/>"
    )
}

fn flow(id: &str, source: &str, target: &str) -> String {
    format!("<b:sequenceFlow id=\"{id}\" sourceRef=\"{source}\" targetRef=\"{target}\"/>")
}

/// Rule ids with `!` for errors, at their elements.
fn check(process: &str, beside: &str) -> Vec<String> {
    let report = bpmn::validate("m.bpmn", &model(process, beside));
    let told = |problems: &[domain::Problem], mark: &str| -> Vec<String> {
        problems
            .iter()
            .map(|problem| format!("{mark}{} {}", problem.code, problem.pointer.trim_start_matches('/')))
            .collect()
    };
    let mut all = told(&report.errors, "!");
    all.extend(told(&report.warnings, ""));
    all
}

const NOTHING: [&str; 0] = [];

#[test]
fn common_elements_compile() {
    let body = [
        around("<b:userTask id=\"x\" name=\"Approve\"><b:extensionElements><zeebe:assignmentDefinition candidateGroups=\"it\"/></b:extensionElements></b:userTask>"),
        "<b:boundaryEvent id=\"t\" attachedToRef=\"x\" cancelActivity=\"false\"><b:timerEventDefinition><b:timeDuration>PT4H</b:timeDuration></b:timerEventDefinition></b:boundaryEvent>".to_owned(),
        flow("f3", "t", "e2"),
        "<b:endEvent id=\"e2\"/>".to_owned(),
    ];
    assert_eq!(check(&body.concat(), ""), NOTHING);
}

#[test]
fn an_approval_is_a_user_task_with_a_rule() {
    let task = "<b:userTask id=\"x\"><b:extensionElements><zeebe:taskHeaders><zeebe:header key=\"approval\" value=\"quorum@1\"/>\
                <zeebe:header key=\"approvers\" value=\"=request.approvers\"/><zeebe:header key=\"reminder\" value=\"P1D\"/>\
                <zeebe:header key=\"colour\" value=\"blue\"/></zeebe:taskHeaders></b:extensionElements></b:userTask>";
    let compiled = bpmn::compile("m.bpmn", &model(&around(task), "")).unwrap();

    let node = &compiled.graph.processes[0].nodes[1];
    let bpmn::graph::NodeKind::UserTask(task) = &node.kind else { panic!("{node:?}") };
    let approval = task.approval.as_ref().unwrap();
    assert_eq!((approval.rule.as_str(), approval.reminder.as_deref()), ("quorum@1", Some("P1D")));
    assert_eq!(node.headers.keys().collect::<Vec<_>>(), ["colour"]);
}

#[test]
fn vsm_01_a_step_is_part_of_one_of_the_six_activities() {
    let tagged = |name: &str, properties: &[(&str, &str)]| {
        let entries: String = properties
            .iter()
            .map(|(name, value)| format!("<zeebe:property name=\"{name}\" value=\"{value}\"/>"))
            .collect();
        around(&format!(
            "<b:{name} id=\"x\"><b:extensionElements><zeebe:properties>{entries}</zeebe:properties></b:extensionElements></b:{name}>"
        ))
    };
    let (activity, stream) = ("value-chain-activity", "value-stream");
    assert_eq!(check(&tagged("userTask", &[(activity, "obtain-build"), (stream, "laptops")]), ""), NOTHING);
    assert_eq!(check(&tagged("userTask", &[(activity, "improvise")]), ""), ["!flow-value-chain x"]);
    assert_eq!(check(&tagged("userTask", &[(stream, "laptops")]), ""), ["!flow-value-chain x"]);
    let gateway = check(&tagged("exclusiveGateway", &[(activity, "plan")]), "");
    assert_eq!(gateway, ["!flow-gateway-direction x", "!flow-value-chain x"], "no work is done there");
}

#[test]
fn structure() {
    let end = "<b:endEvent id=\"e\"/>";
    assert_eq!(check("<b:task id=\"x\"/>", ""), ["!flow-no-start p", "!flow-no-incoming x"]);
    let back = [around("<b:userTask id=\"x\"/>"), flow("f3", "x", "s"), flow("f4", "e", "x")].concat();
    assert_eq!(check(&back, ""), ["!flow-start-incoming s", "!flow-end-outgoing e"]);
    let loose = [around("<b:userTask id=\"x\"/>"), "<b:userTask id=\"y\"/>".to_owned()].concat();
    assert_eq!(check(&loose, ""), ["!flow-no-incoming y", "!flow-no-outgoing y"]);
    let nowhere = format!("<b:startEvent id=\"s\"/>{}{end}", flow("f", "s", "gone"));
    assert_eq!(check(&nowhere, ""), ["!flow-reference f", "!flow-no-outgoing s", "!flow-no-incoming e"]);
    let crossing = format!(
        "{}<b:subProcess id=\"sub\"><b:startEvent id=\"is\"/><b:endEvent id=\"ie\"/>{}{}</b:subProcess>{}{}",
        "<b:startEvent id=\"s\"/><b:endEvent id=\"e\"/>",
        flow("i", "is", "ie"),
        flow("out", "is", "e"),
        flow("a", "s", "sub"),
        flow("b", "sub", "e")
    );
    assert_eq!(check(&crossing, ""), ["!flow-scope out"]);
    assert_eq!(check(&around("<b:exclusiveGateway id=\"x\"/>"), ""), ["!flow-gateway-direction x"]);
    assert_eq!(check("<b:startEvent/>", ""), ["!flow-no-outgoing ", "!missing-id "]);
}

#[test]
fn conditions_and_defaults() {
    let gateway = |attributes: &str, first: &str, second: &str| {
        format!(
            "<b:startEvent id=\"s\"/><b:exclusiveGateway id=\"x\" {attributes}/><b:endEvent id=\"e\"/><b:endEvent id=\"e2\"/>{}\
             <b:sequenceFlow id=\"a\" sourceRef=\"x\" targetRef=\"e\">{first}</b:sequenceFlow>\
             <b:sequenceFlow id=\"b\" sourceRef=\"x\" targetRef=\"e2\">{second}</b:sequenceFlow>",
            flow("f", "s", "x")
        )
    };
    let condition = "<b:conditionExpression xsi:type=\"b:tFormalExpression\">= amount &gt; 10</b:conditionExpression>";
    assert_eq!(check(&gateway("default=\"b\"", condition, ""), ""), NOTHING);
    assert_eq!(check(&gateway("default=\"b\"", condition, condition), ""), ["!flow-default b"]);
    assert_eq!(check(&gateway("default=\"f\"", condition, condition), ""), ["!flow-default x"]);
    assert_eq!(check(&gateway("", condition, ""), ""), ["flow-missing-condition b"]);
    let prose = "<b:conditionExpression>large</b:conditionExpression>";
    assert_eq!(check(&gateway("default=\"b\"", prose, ""), ""), ["!flow-informal-expression a"]);
    let broken = condition.replace("amount", "amount + ");
    assert_eq!(check(&gateway("default=\"b\"", &broken, ""), ""), ["!flow-feel a"]);
}

#[test]
fn events() {
    let message = "<b:message id=\"m\" name=\"paid\"/>";
    let keyed = "<b:message id=\"m\" name=\"paid\"><b:extensionElements><zeebe:subscription correlationKey=\"=order\"/></b:extensionElements></b:message>";
    let catch = around(
        "<b:intermediateCatchEvent id=\"x\"><b:messageEventDefinition messageRef=\"m\"/></b:intermediateCatchEvent>",
    );
    assert_eq!(check(&catch, keyed), NOTHING);
    assert_eq!(check(&catch, message), ["!flow-message x"]);
    let timer = |text: &str| {
        around(&format!(
            "<b:intermediateCatchEvent id=\"x\"><b:timerEventDefinition>{text}</b:timerEventDefinition></b:intermediateCatchEvent>"
        ))
    };
    assert_eq!(check(&timer("<b:timeDuration>four hours</b:timeDuration>"), ""), ["!flow-duration x"]);
    assert_eq!(check(&timer("<b:timeDate>tomorrow</b:timeDate>"), ""), ["!flow-date x"]);
    assert_eq!(check(&timer(""), ""), ["!flow-timer x"]);
    let two = around(
        "<b:intermediateCatchEvent id=\"x\"><b:signalEventDefinition signalRef=\"g\"/><b:signalEventDefinition signalRef=\"g\"/></b:intermediateCatchEvent>",
    );
    assert_eq!(check(&two, "<b:signal id=\"g\" name=\"go\"/>"), ["!flow-event-definition x"]);
    let wrong = around(
        "<b:intermediateCatchEvent id=\"x\"><b:signalEventDefinition signalRef=\"m\"/></b:intermediateCatchEvent>",
    );
    assert_eq!(check(&wrong, message), ["!flow-reference x"]);
    let thrown = around(
        "<b:intermediateThrowEvent id=\"x\"><b:escalationEventDefinition escalationRef=\"c\"/></b:intermediateThrowEvent>",
    );
    assert_eq!(check(&thrown, "<b:escalation id=\"c\"/>"), ["!flow-error-code x"]);
}

#[test]
fn compensation_has_a_handler() {
    let body = |handler: &str, association: &str| {
        format!(
            "{}<b:boundaryEvent id=\"c\" attachedToRef=\"x\"><b:compensateEventDefinition/></b:boundaryEvent>\
             <b:userTask id=\"undo\" {handler}/>{association}",
            around("<b:userTask id=\"x\"/>")
        )
    };
    let association = "<b:association id=\"a\" sourceRef=\"c\" targetRef=\"undo\"/>";
    assert_eq!(check(&body("isForCompensation=\"true\"", association), ""), NOTHING);
    assert_eq!(check(&body("isForCompensation=\"true\"", ""), ""), ["!flow-compensation c", "!flow-compensation undo"]);
    assert_eq!(check(&body("", association), "").first().map(String::as_str), Some("!flow-compensation c"));
}

#[test]
fn what_is_not_executed_is_refused_by_name() {
    for (element, rule) in [
        ("<b:complexGateway id=\"x\"/>", "!flow-unsupported x"),
        ("<b:transaction id=\"x\"/>", "!flow-unsupported x"),
        ("<b:task id=\"x\" startQuantity=\"2\"/>", "!flow-unsupported x"),
        ("<b:serviceTask id=\"x\" camunda:class=\"a.B\"/>", "!flow-needs-import x"),
        ("<b:serviceTask id=\"x\"/>", "!flow-step x"),
        ("<b:businessRuleTask id=\"x\"/>", "!flow-decision x"),
        ("<b:scriptTask id=\"x\" scriptFormat=\"groovy\"><b:script>1</b:script></b:scriptTask>", "!flow-script x"),
        ("<b:callActivity id=\"x\"/>", "!flow-call x"),
        ("<b:callActivity id=\"x\" calledElement=\"p\"/>", "!flow-call-cycle x"),
        ("<b:task id=\"x\"><b:standardLoopCharacteristics/></b:task>", "!flow-loop-markers x"),
        ("<b:task id=\"x\"><b:multiInstanceLoopCharacteristics/></b:task>", "!flow-multi-instance x"),
    ] {
        assert_eq!(check(&around(element), "").first().map(String::as_str), Some(rule), "{element}");
    }
    let beside = "<b:globalUserTask id=\"g\"/>";
    assert_eq!(check(&around("<b:userTask id=\"x\"/>"), beside), ["!flow-unsupported g"]);
    let unknown = "<b:userTask id=\"x\"><b:extensionElements><zeebe:assignmentDefinition assignee=\"ana\" colour=\"blue\"/><zeebe:sparkles/></b:extensionElements></b:userTask>";
    assert_eq!(check(&around(unknown), ""), ["flow-unknown-attribute x", "flow-unknown-attribute x"]);
}

#[test]
fn steps_have_a_shape() {
    let step = |attributes: &str, headers: &str| {
        around(&format!(
            "<b:serviceTask id=\"x\"><b:extensionElements><zeebe:taskDefinition {attributes}/><zeebe:taskHeaders>{headers}</zeebe:taskHeaders></b:extensionElements></b:serviceTask>"
        ))
    };
    let header = |key: &str, value: &str| format!("<zeebe:header key=\"{key}\" value=\"{value}\"/>");
    assert_eq!(check(&step("type=\"asset/reserve@1\" retries=\"5\"", &header("backoff", "PT10S,PT1M")), ""), NOTHING);
    assert_eq!(check(&step("type=\"reserve\"", ""), ""), ["!flow-step x"]);
    assert_eq!(check(&step("type=\"asset/reserve\" retries=\"many\"", ""), ""), ["!flow-retries x"]);
    assert_eq!(check(&step("type=\"asset/reserve\"", &header("timeout", "soon")), ""), ["!flow-duration x"]);
}

#[test]
fn loops_and_joins() {
    let spin = format!(
        "<b:startEvent id=\"s\"/><b:exclusiveGateway id=\"join\"/><b:task id=\"x\"/><b:exclusiveGateway id=\"split\" default=\"back\"/><b:endEvent id=\"e\"/>{}{}{}{}\
         <b:sequenceFlow id=\"out\" sourceRef=\"split\" targetRef=\"e\"><b:conditionExpression>=done</b:conditionExpression></b:sequenceFlow>",
        flow("f1", "s", "join"),
        flow("f2", "join", "x"),
        flow("f3", "x", "split"),
        flow("back", "split", "join")
    );
    assert_eq!(check(&spin, ""), ["!flow-loop join"]);
    assert_eq!(check(&spin.replace("<b:task id=\"x\"/>", "<b:userTask id=\"x\"/>"), ""), NOTHING);
    let script = "<b:scriptTask id=\"x\"><b:script>n + 1</b:script></b:scriptTask>";
    assert_eq!(check(&spin.replace("<b:task id=\"x\"/>", script), ""), ["flow-loop-without-wait join"]);
    let stuck = |split: &str| {
        format!(
            "<b:startEvent id=\"s\"/><b:{split} id=\"split\"/><b:userTask id=\"l\"/><b:userTask id=\"r\"/><b:parallelGateway id=\"j\"/><b:endEvent id=\"e\"/>\
             {}<b:sequenceFlow id=\"f2\" sourceRef=\"split\" targetRef=\"l\"><b:conditionExpression>=a</b:conditionExpression></b:sequenceFlow>\
             <b:sequenceFlow id=\"f3\" sourceRef=\"split\" targetRef=\"r\"><b:conditionExpression>=b</b:conditionExpression></b:sequenceFlow>{}{}{}",
            flow("f1", "s", "split"),
            flow("f4", "l", "j"),
            flow("f5", "r", "j"),
            flow("f6", "j", "e")
        )
    };
    assert_eq!(check(&stuck("exclusiveGateway"), ""), ["flow-deadlock j"]);
    assert_eq!(check(&stuck("inclusiveGateway"), ""), NOTHING);
}

#[test]
fn a_problem_says_where_and_what() {
    let report =
        bpmn::validate("laptop.bpmn", &model(&around("\n<b:serviceTask id=\"x\" name=\"Reserve laptop\"/>"), ""));

    assert_eq!(
        report.errors[0].to_string(),
        "laptop.bpmn:2: service task “Reserve laptop” (`x`): it names no component; add a taskDefinition with a type such as \
         `asset/reserve@1` [flow-step]"
    );
}

#[test]
fn the_json_form_is_checked_as_strictly() {
    let graph = bpmn::compile("m.bpmn", &model(&around("<b:userTask id=\"x\"/>"), "")).unwrap().graph;
    let json = graph.to_canonical_json();
    let check = |json: &str| -> Vec<String> {
        match bpmn::compile_json("m.json", json) {
            Ok(_) => Vec::new(),
            Err(report) => report.errors.into_iter().map(|problem| problem.code).collect(),
        }
    };
    assert_eq!(check(&json), NOTHING);
    assert_eq!(check("{"), ["flow-not-json"]);
    assert_eq!(check(&json.replace("\"source\":1", "\"source\":7")), ["flow-index"]);
    assert_eq!(check(&json.replace("\"starts\":[0]", "\"starts\":[1]")), ["flow-index"]);
    assert_eq!(check(&json.replace("\"format\":1", "\"format\":9")), ["flow-index"]);
    assert_eq!(check(&json.replace("\"id\":\"x\"", "\"id\":\"s\"")), ["duplicate-id"]);
    assert_eq!(check(&json.replace("\"format\"", "\"colour\":\"blue\",\"format\"")), ["flow-not-json"]);
    assert_eq!(check(&json.replace("\"outgoing\":[0]", "\"outgoing\":[0,1]")), ["flow-index"]);
}

#[test]
fn every_rule_is_documented() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/flows.md")).unwrap();
    let missing: Vec<&str> =
        bpmn::Rule::ALL.iter().map(|rule| rule.id()).filter(|id| !page.contains(&format!("`{id}`"))).collect();

    assert_eq!(missing, NOTHING);
}
