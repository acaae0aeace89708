//! What people decide: which item stays, and what items must be like.

use super::*;

fn duplicates() -> FakeHost {
    let origin = json!({"seen": {"good": "2026-03-01T00:00:00Z"}, "from": {}});
    configured()
        .with_ci(Ci::new("a", "server").with("serial", "S1").with("memory", 8).with(KEPT, origin))
        .with_ci(Ci::new("b", "server").with("serial", "S1").with("memory", 16).with("owner", "erin"))
        .with_relation("b", "runs-on", "rack")
        .with_relation("shop", "depends-on", "a")
        .with_relation("shop", "depends-on", "b")
        .with_relation("a", "connected-to", "b")
}

fn duplicate(state: &str) -> Ticket {
    Ticket::new("D1", "ci-duplicate").in_state(state).with("candidates", json!(["a", "b"])).with("survivor", "a")
}

fn react_to(host: &FakeHost, from: &str, ticket: &Ticket) -> Effects {
    let event = Event::state_change("D1", from, &ticket.state);
    react(host, &Context::of_plugin("service-configuration").at(NOW), &event, Some(ticket)).unwrap()
}

#[test]
fn cfg_04_a_merge_shows_moves_and_retires() {
    let before = duplicate("new");
    let asked = Change::of(&before, duplicate("merging"));
    let shown = guard(&duplicates(), &asked).unwrap();
    let plan = shown.iter().next().unwrap().data["value"].clone();
    assert_eq!(
        plan["attributes"],
        json!([{"attribute": "owner", "from": null, "to": "erin", "of": "b", "source": null}])
    );
    assert_eq!(plan["related"], json!([{"from": "a", "type": "runs-on", "to": "rack"}]));
    assert_eq!(plan["unrelated"].as_array().unwrap().len(), 3);
    let done = react_to(&duplicates(), "new", &duplicate("merging"));
    let expected = [
        "upsert-ci",
        "unrelate-cis",
        "unrelate-cis",
        "unrelate-cis",
        "relate-cis",
        "upsert-ci",
        "set-field",
        "set-field",
        "transition",
    ];
    assert_eq!(done.kinds(), expected);
    let told = done.iter().find(|effect| effect.kind == "set-field").unwrap();
    assert_eq!(told.data["value"], plan, "what was shown is what is done");
    let retired = done.iter().filter(|effect| effect.kind == "upsert-ci").last().unwrap();
    assert_eq!((&retired.data["ci"], &retired.data["retire"]["into"]), (&json!("b"), &json!("a")));

    let wrong = duplicate("merging").with("survivor", "c").with("candidates", json!(["a", "gone"]));
    assert_eq!(
        guard(&duplicates(), &Change::of(&before, wrong.clone())).unwrap_err().codes(),
        ["not-a-candidate", "unknown-ci"]
    );
    assert_eq!(react_to(&duplicates(), "new", &wrong).kinds(), ["set-field", "transition"], "and back it goes");
}

#[test]
fn cfg_04_a_merge_is_taken_back_but_for_what_changed_since() {
    let done = react_to(&duplicates(), "new", &duplicate("merging"));
    let result = done.iter().find(|effect| effect.kind == "set-field").unwrap().data["value"].clone();
    let merged = configured()
        .with_ci(Ci::new("a", "server").with("serial", "S1").with("memory", 8).with("owner", "mona"))
        .with_ci(Ci::new("b", "server").with("serial", "S1").with("_retired", json!({"into": "a"})))
        .with_ci(Ci::new("rack", "server"))
        .with_ci(Ci::new("shop", "server"))
        .with_relation("a", "runs-on", "rack")
        .with_relation("shop", "depends-on", "a");
    let back = react_to(&merged, "merged", &duplicate("undoing").with("result", result));
    let told = back.iter().find(|effect| effect.kind == "set-field").unwrap();
    assert_eq!(told.data["value"], json!({"undone": "a", "kept": ["owner"]}));
    let counts = |kind: &str| back.iter().filter(|effect| effect.kind == kind).count();
    assert_eq!((counts("relate-cis"), counts("unrelate-cis"), counts("upsert-ci")), (3, 1, 2));
}

fn policy(wants: Value) -> Ticket {
    Ticket::new("P1", "ci-policy").in_state("active").with("class", "server").with("wants", wants)
}

#[test]
fn cfg_07_a_policy_that_nothing_can_meet_is_refused_with_everything_at_once() {
    let other = Record::new("P2", "ci-policy", "active")
        .with("class", "hardware")
        .with("wants", json!([{"attribute": "memory", "at_least": 8}]));
    let host = configured().with_ci_attributes("server", &["memory", "serial"]).with_record(other);
    let codes = |ticket: Ticket| {
        guard(&host, &Change::creating(ticket)).map_or_else(|why| why.codes().join(" "), |_| String::new())
    };
    assert_eq!(codes(policy(json!([{"attribute": "memory", "one_of": [4, 8]}]))), "");
    assert_eq!(codes(policy(json!([{"attribute": "memory", "equals": 4}]))), "contradiction", "with the other one");
    let all = json!([{"attribute": "serial"}, {"attribute": "serial", "present": false},
        {"attribute": "serial", "equals": "S1"}, {"attribute": "colour", "equals": "red"}]);
    assert_eq!(codes(policy(all)), "says-nothing contradiction impossible-value");
}

#[test]
fn cfg_07_an_audit_goes_on_page_by_page_and_asks_once() {
    let rule = Record::new("P1", "ci-policy", "active")
        .with("class", "hardware")
        .with("wants", json!([{"attribute": "memory", "present": true}]));
    let host = (0..250).fold(configured().with_record(rule), |host, number| {
        let ci = Ci::new(&format!("s{number:04}"), "server");
        host.with_ci(if number == 7 { ci } else { ci.with("memory", 8) })
    });
    let first = outputs(&host, "audit", json!({"space": "it"}));
    assert_eq!((&first["checked"], &first["opened"], &first["next"]), (&json!(200), &json!(1), &json!("s0199")));
    let second = outputs(&host, "audit", json!({"space": "it", "after": "s0199"}));
    assert_eq!((&second["checked"], &second["compliant"], &second["next"]), (&json!(50), &json!(50), &json!(null)));
    let open = |ci: &str| {
        Ticket::new("V1", "ci-deviation").with("ci", ci).with("findings", first["failing"][0]["findings"].clone())
    };
    let again = outputs(&host, "audit", json!({"items": ["s0007"]}));
    assert_eq!(again["opened"], 1);
    let host = host.with_ticket(open("s0007"));
    let again = outputs(&host, "audit", json!({"items": ["s0007"]}));
    assert_eq!((&again["opened"], &again["closed"]), (&json!(0), &json!(0)));
    let host = host.with_ci(Ci::new("s0007", "server").with("memory", 4));
    let better = outputs(&host, "audit", json!({"items": ["s0007"]}));
    assert_eq!((&better["closed"], &better["compliant"]), (&json!(1), &json!(1)));
    let health = outputs(&configured().with_ci(Ci::new("x", "server")), "health", json!({}));
    assert_eq!((&health["compliant"], &health["deviating"]), (&json!(1), &json!([])));
}
