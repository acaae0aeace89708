//! What a component may ask: for each interface what is granted, what does not exist or may not be seen, and what is denied. A
//! denial is an answer that the component reads, never a trap.

use super::{call, effect, input, install, start};
use app::port::plugins::{Plugins, RawEffect};
use serde_json::json;
use std::sync::Arc;
use weft_tests::guests::{self, Argument, FakeSnapshot, Question, Shape};

/// Ask, and return what the component heard.
async fn ask(question: &Question, snapshot: FakeSnapshot) -> RawEffect {
    let runtime = start();
    let digest = install(&runtime, &guests::asking("asking", question)).await;
    let mut call = call(&digest, &Arc::new(snapshot));
    call.settings = Arc::new([("limit".to_owned(), json!({"a": [1, "x"]}))].into_iter().collect());
    let effects = runtime.guard(call, input()).await.expect("an answer").expect("no rejection");
    effects.into_iter().next().expect("one effect")
}

/// Ask for what is granted and there, for what is not there, and without the grant.
async fn check(question: Question, noun: &'static str, granted: RawEffect, missing: Option<RawEffect>) {
    assert_eq!(ask(&question, FakeSnapshot::granting(&[noun])).await, granted);
    if let Some(missing) = missing {
        let mut other = question.clone();
        other.arguments[0] = text("99");
        assert_eq!(ask(&other, FakeSnapshot::granting(&[noun])).await, missing, "{question:?}");
    }
    let others: Vec<_> =
        ["ticket", "record", "ci", "person", "calendar"].into_iter().filter(|other| *other != noun).collect();
    let denied = effect("denied", &format!("no grant to read {noun}"));
    assert_eq!(ask(&question, FakeSnapshot::granting(&others)).await, denied, "{question:?}");
}

fn question(interface: &'static str, function: &'static str, arguments: Vec<Argument>, shape: Shape) -> Question {
    Question { interface, function, arguments, shape }
}

fn text(text: &str) -> Argument {
    Argument::Text(text.to_owned())
}

const TICKETS: &str = "weft:host/tickets@0.1.0";
const CIS: &str = "weft:host/cis@0.1.0";
const RECORDS: &str = "weft:host/records@0.1.0";
const PEOPLE: &str = "weft:host/people@0.1.0";
const CALENDARS: &str = "weft:host/calendars@0.1.0";

#[tokio::test]
async fn tickets_are_read() {
    let id = guests::sample_ticket().id.0;
    let get = question(TICKETS, "get", vec![text("1")], Shape::OptionalRecord);
    check(get, "ticket", effect("some", &id), Some(effect("none", ""))).await;
}

#[tokio::test]
async fn tickets_are_queried_by_a_condition_that_the_store_compiles() {
    let filter =
        |kind: Option<&str>, open_only, limit| Argument::Filter { kind: kind.map(str::to_owned), open_only, limit };
    let query = |filter| question(TICKETS, "query", vec![filter], Shape::Records);
    let granted = || FakeSnapshot::granting(&["ticket"]);

    let heard = ask(&query(filter(Some("incident"), true, 5000)), granted()).await;
    let condition = "200 of And([In(Kind, [\"incident\"]), In(Category, [\"new\", \"active\", \"paused\"])])";
    assert_eq!(heard, effect("list", condition), "the limit of the contract holds");
    assert_eq!(ask(&query(filter(Some("change"), false, 5)), granted()).await, effect("none", ""));
    assert_eq!(ask(&query(filter(None, false, 5)), granted()).await, effect("invalid", "empty-filter"));
    let denied = ask(&query(filter(Some("incident"), false, 5)), FakeSnapshot::default()).await;
    assert_eq!(denied, effect("denied", "no grant to read ticket"));

    let count = question(TICKETS, "count", vec![filter(Some("incident"), false, 0)], Shape::Number);
    check(count, "ticket", effect("number", "3"), None).await;
}

#[tokio::test]
async fn tickets_are_found_by_what_their_kind_defines() {
    let find = |fields: Vec<(&'static str, &'static str)>| {
        let states = Argument::Attributes(Vec::new());
        let arguments = vec![text("incident"), states, Argument::Number(1), Argument::Attributes(fields)];
        let limited = [arguments, vec![Argument::Number(5000)]].concat();
        question("weft:search/tickets@0.1.0", "find", limited, Shape::Records)
    };
    let granted = || FakeSnapshot::granting(&["ticket"]);

    let heard = ask(&find(vec![("ci", "\"db-1\"")]), granted()).await;
    let condition = "200 of And([In(Kind, [\"incident\"]), In(Category, [\"new\", \"active\", \"paused\"]), \
                     FieldEquals(\"ci\", String(\"db-1\"))])";
    assert_eq!(heard, effect("list", condition), "the limit of the contract holds");
    assert_eq!(ask(&find(vec![("ci", "[]")]), granted()).await, effect("invalid", "not-a-scalar"));
    assert_eq!(ask(&find(vec![("ci", "db")]), granted()).await, effect("invalid", "not-json"));
    assert_eq!(ask(&find(vec![("ci", "1"); 9]), granted()).await, effect("invalid", "too-many-fields"));
    let denied = ask(&find(Vec::new()), FakeSnapshot::default()).await;
    assert_eq!(denied, effect("denied", "no grant to read ticket"));
    let inspection = start().inspect(&guests::asking("asking", &find(Vec::new()))).expect("valid");
    assert_eq!(inspection.imports, ["weft:search/tickets@0.1.0", "weft:types/types@0.1.0"]);
}

#[tokio::test]
async fn cis_are_found_by_what_they_are() {
    const INVENTORY: &str = "weft:inventory/cis@0.1.0";
    let find = |attributes: Vec<(&'static str, &'static str)>| {
        let none = || Argument::OptionalText(None);
        let class = Argument::OptionalText(Some("server".to_owned()));
        let arguments = vec![class, none(), none(), Argument::Attributes(attributes), none(), Argument::Number(5000)];
        question(INVENTORY, "find", arguments, Shape::Records)
    };
    let granted = || FakeSnapshot::granting(&["ci"]);

    let heard = ask(&find(vec![("serial", "\"S1\"")]), granted()).await;
    let condition = "200 of CiCriteria { class: Some(\"server\"), space: None, name: None, \
                     attributes: [(\"serial\", String(\"S1\"))], after: None }";
    assert_eq!(heard, effect("list", condition), "the limit of the contract holds");
    assert_eq!(ask(&find(vec![("serial", "{}")]), granted()).await, effect("invalid", "not-a-scalar"));
    assert_eq!(ask(&find(vec![("serial", "S1")]), granted()).await, effect("invalid", "not-json"));
    assert_eq!(ask(&find(vec![("serial", "1"); 9]), granted()).await, effect("invalid", "too-many-attributes"));
    let denied = ask(&find(Vec::new()), FakeSnapshot::default()).await;
    assert_eq!(denied, effect("denied", "no grant to read ci"));
    let inspection = start().inspect(&guests::asking("asking", &find(Vec::new()))).expect("valid");
    assert_eq!(inspection.imports, ["weft:inventory/cis@0.1.0", "weft:types/types@0.1.0"]);

    let check_item = |attributes: &str| question(INVENTORY, "check", vec![text("1"), text(attributes)], Shape::Records);
    check(check_item("{\"x\":1}"), "ci", effect("list", "/1"), None).await;
    check(check_item("{}"), "ci", effect("none", ""), None).await;
    assert_eq!(ask(&check_item("[]"), granted()).await, effect("invalid", "not-an-object"));
}

#[tokio::test]
async fn clocks_are_read_with_their_ticket() {
    let clocks = question("weft:host/clocks@0.1.0", "of-ticket", vec![text("1")], Shape::Records);
    check(clocks, "ticket", effect("list", "resolve"), Some(effect("none", ""))).await;
}

#[tokio::test]
async fn cis_are_read_with_what_depends_on_them() {
    let get = question(CIS, "get", vec![text("1")], Shape::OptionalRecord);
    check(get, "ci", effect("some", "1"), Some(effect("none", ""))).await;
    let related = question(CIS, "related", vec![text("1")], Shape::Records);
    check(related, "ci", effect("list", "2"), Some(effect("none", ""))).await;
    for (number, direction) in [(0, "Up"), (1, "Down")] {
        let impact = question(CIS, "impact", vec![text("1"), Argument::Number(number)], Shape::Records);
        check(impact, "ci", effect("list", direction), Some(effect("none", ""))).await;
    }
}

#[tokio::test]
async fn records_are_read() {
    let get = question(RECORDS, "get", vec![text("1")], Shape::OptionalRecord);
    check(get, "record", effect("some", "1"), Some(effect("none", ""))).await;
    let state = Argument::OptionalText(Some("published".to_owned()));
    let query = question(RECORDS, "query", vec![text("article"), state], Shape::Records);
    check(query, "record", effect("list", "article published"), Some(effect("none", ""))).await;
    let all = question(RECORDS, "query", vec![text("article"), Argument::OptionalText(None)], Shape::Records);
    check(all, "record", effect("list", "article any"), None).await;
}

#[tokio::test]
async fn people_are_read() {
    let get = question(PEOPLE, "get", vec![text("1")], Shape::OptionalRecord);
    check(get, "person", effect("some", "1"), Some(effect("none", ""))).await;
    let manager = question(PEOPLE, "manager", vec![text("1")], Shape::OptionalRecord);
    check(manager, "person", effect("some", "boss"), Some(effect("none", ""))).await;
    let members = question(PEOPLE, "members", vec![text("1")], Shape::Records);
    check(members, "person", effect("list", "1"), Some(effect("none", ""))).await;
    let member = question(PEOPLE, "is-member", vec![text("1"), text("1")], Shape::Flag);
    check(member, "person", effect("number", "1"), Some(effect("number", "0"))).await;
}

#[tokio::test]
async fn calendars_compute() {
    let zone = || Argument::OptionalText(Some("Europe/Berlin".to_owned()));
    let (start, end) = ("2026-03-02T09:00:00Z", "2026-03-02T09:00:07Z");
    let add = question(CALENDARS, "add", vec![text("hq"), text(start), Argument::Number(7), zone()], Shape::Text);
    check(add, "calendar", effect("text", end), None).await;
    let between = question(CALENDARS, "between", vec![text("hq"), text(start), text(end), zone()], Shape::Number);
    check(between, "calendar", effect("number", "7"), None).await;
    let open = question(CALENDARS, "is-open", vec![text("hq"), text(start), zone()], Shape::Flag);
    check(open, "calendar", effect("number", "1"), None).await;

    let wrong = question(CALENDARS, "is-open", vec![text("hq"), text("yesterday"), zone()], Shape::Flag);
    assert_eq!(ask(&wrong, FakeSnapshot::granting(&["calendar"])).await, effect("invalid", "invalid-instant"));
}

#[tokio::test]
async fn settings_are_the_plugins_own() {
    let get = |key: &str| question("weft:host/settings@0.1.0", "get", vec![text(key)], Shape::OptionalText);
    let heard = ask(&get("limit"), FakeSnapshot::default()).await;
    assert_eq!(heard, effect("some", "{\"a\":[1,\"x\"]}"), "settings need no grant");
    assert_eq!(ask(&get("secret"), FakeSnapshot::default()).await, effect("none", ""));
}

#[tokio::test]
async fn an_error_of_the_host_is_an_answer_every_time() {
    let runtime = start();
    let get = question(TICKETS, "get", vec![text("1")], Shape::OptionalRecord);
    let digest = install(&runtime, &guests::asking_many("asking", &get, 1000)).await;
    let effects =
        runtime.guard(call(&digest, &Arc::default()), input()).await.expect("an answer").expect("no rejection");
    assert_eq!(effects, [effect("denied", "no grant to read ticket")]);
}

/// An interface that a component does not import is not in its list, so an administrator never consents to it.
#[test]
fn what_is_not_requested_is_not_imported() {
    let get = question(PEOPLE, "get", vec![text("1")], Shape::OptionalRecord);
    let inspection = start().inspect(&guests::asking("asking", &get)).expect("valid");
    assert_eq!(inspection.imports, ["weft:host/people@0.1.0", "weft:types/types@0.1.0"]);
}
