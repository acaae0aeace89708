//! What a model must be, and how it is told what it is not.

use super::{decide, definitions, feel, model, problems};
use crate::dmn::{Sources, read};

#[test]
fn every_version_of_dmn_is_read() {
    for namespace in [
        "http://www.omg.org/spec/DMN/20151101/dmn.xsd",
        "http://www.omg.org/spec/DMN/20180521/MODEL/",
        "https://www.omg.org/spec/DMN/20191111/MODEL/",
        "https://www.omg.org/spec/DMN/20211108/MODEL/",
        "https://www.omg.org/spec/DMN/20230324/MODEL/",
    ] {
        let xml = format!(
            "<d:definitions xmlns:d=\"{namespace}\" namespace=\"urn:a\"><d:decision id=\"d\" name=\"Sum\"><d:variable name=\"Sum\"/>\
             <d:literalExpression><d:text>1 + 2</d:text></d:literalExpression></d:decision></d:definitions>"
        );
        let definitions = read(&xml, &Sources::none()).unwrap();
        assert_eq!(decide(&definitions, "Sum", "{}").value.to_string(), "3", "{namespace}");
    }
}

#[test]
fn everything_wrong_is_told_with_its_line() {
    let xml = model(
        "<decision id=\"a\" name=\"A\"><informationRequirement><requiredInput href=\"#nobody\"/></informationRequirement>\n\
         <literalExpression><text>1 +</text></literalExpression></decision>\n\
         <decision id=\"a\" name=\"B\"><variable name=\"B\" typeRef=\"tNothing\"/>\n\
         <decisionTable hitPolicy=\"BEST\"><input><inputExpression/></input><output/>\n\
         <rule><outputEntry><text>1</text></outputEntry></rule></decisionTable></decision>\n\
         <decision name=\"C\"/>",
    );
    assert_eq!(
        problems(&xml),
        [
            "2:unknown-reference",
            "3:feel-syntax",
            "4:duplicate-id",
            "4:unknown-type",
            "5:unknown-hit-policy",
            "5:missing-expression",
            "6:rule-width",
            "7:missing-id",
            "7:no-logic",
        ]
        .map(str::to_owned)
    );
}

#[test]
fn what_is_no_model_is_refused() {
    assert_eq!(problems("<x/>"), ["1:not-dmn"]);
    assert_eq!(problems("<x>"), ["1:not-xml"]);
    assert_eq!(problems("<!DOCTYPE x [<!ENTITY a \"b\">]><x>&a;</x>"), ["1:document-type"]);
}

#[test]
fn decisions_that_require_one_another_are_told() {
    let decision = |id: &str, needs: &str| {
        format!(
            "<decision id=\"{id}\" name=\"{id}\"><informationRequirement><requiredDecision href=\"#{needs}\"/></informationRequirement>\
             <literalExpression><text>1</text></literalExpression></decision>\n"
        )
    };
    let xml = model(&(decision("a", "b") + &decision("b", "c") + &decision("c", "a")));
    assert_eq!(problems(&xml), ["2:requirement-cycle"]);
}

#[test]
fn the_digest_is_that_of_the_meaning() {
    let decision = |text: &str| {
        format!("<decision id=\"d\" name=\"D\"><literalExpression><text>{text}</text></literalExpression></decision>")
    };
    let one = definitions(&decision("1 + 2")).digest();
    let laid_out = definitions(&format!(
        "<!-- a comment -->\n  <decision name=\"D\" id=\"d\"><description>What it is</description>\n<literalExpression>\n<text> 1 + 2 </text></literalExpression></decision>{}",
        "<knowledgeSource id=\"k\" name=\"K\"/>"
    ));
    assert_eq!(one, laid_out.digest());
    assert_ne!(one, definitions(&decision("1 + 3")).digest());
}

#[test]
fn an_imported_model_is_used_by_the_name_of_its_import() {
    let inner = model(
        "<itemDefinition name=\"tAmount\"><typeRef>number</typeRef><allowedValues><text>[0..100]</text></allowedValues></itemDefinition>\
         <inputData id=\"i\" name=\"loan amount\"><variable name=\"loan amount\" typeRef=\"tAmount\"/></inputData>\
         <decision id=\"d\" name=\"Twice\"><informationRequirement><requiredInput href=\"#i\"/></informationRequirement>\
         <literalExpression><text>loan amount * 2</text></literalExpression></decision>",
    )
    .replace("urn:test", "urn:inner");
    let outer = model(
        "<import namespace=\"urn:inner\" name=\"inner\"/>\
         <decision id=\"o\" name=\"Outer\"><variable name=\"Outer\" typeRef=\"inner.tAmount\"/>\
         <informationRequirement><requiredDecision href=\"urn:inner#d\"/></informationRequirement>\
         <literalExpression><text>inner.Twice + 1</text></literalExpression></decision>",
    );
    let sources = Sources::none().with("inner.dmn", inner);
    let definitions = read(&outer, &sources).unwrap();
    assert_eq!(decide(&definitions, "Outer", "{loan amount: 20}").value.to_string(), "41");
    assert_eq!(decide(&definitions, "Outer", "{inner: {loan amount: 20}}").value.to_string(), "41");
    assert_eq!(decide(&definitions, "Outer", "{loan amount: 60}").value.to_string(), "null");
    assert_eq!(problems(&outer), ["2:unknown-import", "2:unknown-type", "2:unknown-reference", "2:unknown-name"]);
}

#[test]
fn values_are_converted_to_the_type_of_their_variable_or_null() {
    let check = |type_: &str, text: &str| {
        let body = format!(
            "<itemDefinition name=\"tNames\" isCollection=\"true\"><typeRef>string</typeRef></itemDefinition>\
             <decision id=\"d\" name=\"D\"><variable name=\"D\" typeRef=\"{type_}\"/>\
             <literalExpression><text>{text}</text></literalExpression></decision>"
        );
        decide(&definitions(&body), "D", "{}").value
    };
    assert_eq!(check("tNames", "\"a\"").to_string(), "[\"a\"]");
    assert_eq!(check("string", "[\"a\"]").to_string(), "a");
    assert_eq!(check("string", "1").to_string(), "null");
    assert_eq!(check("tNames", "[1]").to_string(), "null");
    assert_eq!(
        check("date and time", "date(\"2024-02-29\")").feel_eq(&feel("date and time(\"2024-02-29T00:00:00Z\")")),
        Some(true)
    );
}

#[test]
fn json_texts_become_dates_where_the_model_says_so() {
    let definitions = definitions(
        "<itemDefinition name=\"tStay\"><itemComponent name=\"from\"><typeRef>date</typeRef></itemComponent>\
         <itemComponent name=\"nights\"><typeRef>days and time duration</typeRef></itemComponent></itemDefinition>\
         <inputData id=\"i\" name=\"stays\"><variable name=\"stays\" typeRef=\"tStays\"/></inputData>\
         <itemDefinition name=\"tStays\" isCollection=\"true\"><typeRef>tStay</typeRef></itemDefinition>\
         <decision id=\"d\" name=\"Until\"><informationRequirement><requiredInput href=\"#i\"/></informationRequirement>\
         <literalExpression><text>for stay in stays return stay.from + stay.nights</text></literalExpression></decision>",
    );
    let json = serde_json::json!({"stays": [{"from": "2024-02-28", "nights": "P2D"}]});
    let given = definitions.inputs_from_json(&json);
    let until = definitions
        .evaluate("Until", &given, &feel::FixedEnvironment::default(), &mut feel::Budget::default())
        .unwrap()
        .value;
    assert_eq!(until.to_json(), serde_json::json!(["2024-03-01"]));
}

#[test]
fn a_name_that_nobody_brings_is_warned_of() {
    let xml = model(
        "<decision id=\"d\" name=\"D\"><literalExpression><text>amuont + 1</text></literalExpression></decision>",
    );
    assert_eq!(problems(&xml), ["2:unknown-name"]);
}
