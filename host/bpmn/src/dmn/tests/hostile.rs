//! Models that were made to hurt: each ends with a clear problem or an exceeded budget, and soon.

use super::{DMN, decide, definitions, inputs, model, problems};
use crate::dmn::{DmnError, Sources, read};
use feel::{Budget, Exceeded, FixedEnvironment};

fn exceeded(body: &str) -> Exceeded {
    let definitions = definitions(body);
    match definitions.evaluate("d", &inputs("{}"), &FixedEnvironment::default(), &mut Budget::default()) {
        Err(DmnError::Exceeded { exceeded, .. }) => exceeded,
        other => panic!("{other:?}"),
    }
}

const CALLS: &str = "<decision id=\"d\" name=\"D\"><knowledgeRequirement><requiredKnowledge href=\"#k\"/></knowledgeRequirement>\
                     <literalExpression><text>again(1)</text></literalExpression></decision>";

#[test]
fn a_knowledge_model_that_calls_itself_for_ever_is_stopped() {
    let literal = "<businessKnowledgeModel id=\"k\" name=\"again\"><encapsulatedLogic><formalParameter name=\"n\"/>\
                   <literalExpression><text>again(n + 1)</text></literalExpression></encapsulatedLogic></businessKnowledgeModel>";
    assert_eq!(exceeded(&format!("{literal}{CALLS}")), Exceeded::Depth);
    let boxed = "<businessKnowledgeModel id=\"k\" name=\"again\"><encapsulatedLogic><formalParameter name=\"n\"/><list><context><contextEntry>\
                 <variable name=\"a\"/><invocation><literalExpression><text>again</text></literalExpression><binding><parameter name=\"n\"/>\
                 <literalExpression><text>n + 1</text></literalExpression></binding></invocation></contextEntry></context></list>\
                 </encapsulatedLogic></businessKnowledgeModel>";
    assert_eq!(exceeded(&format!("{boxed}{CALLS}")), Exceeded::Depth);
}

#[test]
fn a_knowledge_model_that_calls_itself_twice_is_stopped() {
    let body = format!(
        "<businessKnowledgeModel id=\"k\" name=\"again\"><encapsulatedLogic><formalParameter name=\"n\"/>\
         <literalExpression><text>if n > 60 then 1 else again(n + 1) + again(n + 1)</text></literalExpression></encapsulatedLogic>\
         </businessKnowledgeModel>{CALLS}"
    );
    assert!(matches!(exceeded(&body), Exceeded::Steps | Exceeded::Memory | Exceeded::Depth));
}

#[test]
fn documents_that_grow_or_nest_are_refused() {
    let laughs = "<!DOCTYPE d [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">]><d>&b;</d>";
    assert_eq!(problems(laughs), ["1:document-type"]);
    let deep = format!(
        "<definitions xmlns=\"{DMN}\">{}{}</definitions>",
        "<context>".repeat(90_000),
        "</context>".repeat(90_000)
    );
    assert_eq!(problems(&deep), ["1:too-deep"]);
    let wide = format!("<definitions xmlns=\"{DMN}\">{}</definitions>", "<decision/>".repeat(250_000));
    assert_eq!(problems(&wide), ["1:model-too-large"]);
    assert_eq!(problems(&" ".repeat(6 << 20)), ["1:model-too-large"]);
}

#[test]
fn a_hundred_thousand_elements_end_as_problems_that_are_counted() {
    let wide = model(&"<decision/>".repeat(100_000));
    let found = read(&wide, &Sources::none()).unwrap_err();
    assert_eq!(found.len(), 200);
    assert!(found.last().unwrap().message.ends_with("more problems are not listed"));
}

#[test]
fn a_long_chain_of_decisions_is_refused() {
    let mut body =
        "<decision id=\"d0\" name=\"d0\"><literalExpression><text>1</text></literalExpression></decision>".to_owned();
    for at in 1..5_000 {
        body.push_str(&format!(
            "<decision id=\"d{at}\" name=\"d{at}\"><informationRequirement><requiredDecision href=\"#d{}\"/></informationRequirement>\
             <literalExpression><text>1</text></literalExpression></decision>",
            at - 1
        ));
    }
    assert_eq!(problems(&model(&body)), ["2:chain-too-long"]);
}

#[test]
fn types_that_double_at_each_step_cost_no_more_than_they_say() {
    let mut body = "<itemDefinition name=\"t0\"><typeRef>number</typeRef></itemDefinition>".to_owned();
    for at in 1..60 {
        body.push_str(&format!(
            "<itemDefinition name=\"t{at}\"><itemComponent name=\"left part\"><typeRef>t{0}</typeRef></itemComponent>\
             <itemComponent name=\"right part\"><typeRef>t{0}</typeRef></itemComponent></itemDefinition>",
            at - 1
        ));
    }
    body.push_str(
        "<inputData id=\"i\" name=\"tree\"><variable name=\"tree\" typeRef=\"t59\"/></inputData><decision id=\"d\" name=\"D\">\
         <informationRequirement><requiredInput href=\"#i\"/></informationRequirement>\
         <literalExpression><text>tree.left part</text></literalExpression></decision>",
    );
    assert_eq!(decide(&definitions(&body), "D", "{tree: {left part: null}}").value.to_string(), "null");
}

#[test]
fn a_giant_table_is_read_and_decided() {
    let rules: String = (0..5_000)
        .map(|at| {
            format!(
                "<rule><inputEntry><text>{at}</text></inputEntry><outputEntry><text>{at}</text></outputEntry></rule>"
            )
        })
        .collect();
    let body = format!(
        "<inputData id=\"i\" name=\"n\"/><decision id=\"d\" name=\"D\"><informationRequirement><requiredInput href=\"#i\"/></informationRequirement>\
         <decisionTable><input><inputExpression><text>n</text></inputExpression></input><output/>{rules}</decisionTable></decision>"
    );
    assert_eq!(decide(&definitions(&body), "D", "{n: 4999}").value.to_string(), "4999");
}
