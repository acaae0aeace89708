//! Each sort of policy, against those inside and outside its groups.

use super::*;
use weft_sdk::Record;

fn policy(number: &str, keeps: &str, when: Value) -> Record {
    let groups = json!(["payroll-desk"]);
    let fields = json!({ "ticket_kind": "incident", "when": when, "keeps": keeps, "groups": groups });
    let record = Record::new(number, policy::KIND, "active");
    Record {
        number: number.to_owned(),
        title: "Payroll".to_owned(),
        space: "it".to_owned(),
        fields: fields.as_object().cloned().unwrap_or_default(),
        ..record
    }
}

fn host(policies: Vec<Record>) -> FakeHost {
    let host = FakeHost::of_manifest(include_str!("../plugin.toml")).with_members("payroll-desk", &["pia"]);
    policies.into_iter().fold(host, FakeHost::with_record)
}

fn incident(ci: &str) -> Ticket {
    Ticket { space: "it".to_owned(), ..Ticket::new("T1", "incident").with("ci", ci) }
}

fn codes(decision: Result<Effects, Rejection>) -> Vec<String> {
    decision.expect_err("it is refused").issues.into_iter().map(|issue| issue.code).collect()
}

const NAME: &str = "the policy ACP1 \"Payroll\"";

#[test]
fn esm_02_a_policy_restricts_what_it_is_about_whoever_opens_or_changes_it() {
    let host = host(vec![policy("ACP1", "read", json!({ "ci": ["payroll", "pensions"] }))]);
    let to_the_desk = Effects::new()
        .set_field("restricted", true)
        .set_access_because(&[], &["payroll-desk"], NAME)
        .comment_internal(format!("Restricted by {NAME}."));
    assert_eq!(guard(&host, &Change::creating(incident("pensions"))), Ok(to_the_desk.clone()));
    assert_eq!(guard(&host, &Change::creating(incident("mail"))), Ok(Effects::new()));
    let elsewhere = Ticket { space: "hr".to_owned(), ..incident("payroll") };
    assert_eq!(guard(&host, &Change::creating(elsewhere)), Ok(Effects::new()), "each space has its own");
    let changed = Change::of(&incident("mail"), incident("payroll")).asking(Effects::new().set_field("ci", "payroll"));
    assert_eq!(guard(&host, &changed), Ok(to_the_desk.clone()));
    // A new policy asks about what is open, with nothing asked for.
    assert_eq!(guard(&host, &Change::of(&incident("payroll"), incident("payroll"))), Ok(to_the_desk));
    let named = Change::creating(incident("payroll")).asking(Effects::new().set_access(&["cy"], &[]));
    let only = Effects::new().set_field("restricted", true).comment_internal(format!("Restricted by {NAME}."));
    assert_eq!(guard(&host, &named), Ok(only), "a list that was given stays");
}

#[test]
fn esm_02_what_a_policy_restricts_is_not_opened_while_it_holds() {
    let host = host(vec![policy("ACP1", "read", json!({ "ci": "payroll" }))]);
    let before = Ticket { restricted: true, ..incident("payroll") };
    let open = Ticket { restricted: false, ..before.clone() };
    assert_eq!(codes(guard(&host, &Change::of(&before, open))), ["restricted-by-policy"]);
    let other = Ticket { restricted: true, ..incident("mail") };
    assert_eq!(guard(&host, &Change::of(&before, other.clone())), Ok(Effects::new()), "it stays as it is");
    let open = Ticket { restricted: false, ..other.clone() };
    assert_eq!(guard(&host, &Change::of(&other, open)), Ok(Effects::new()));
}

#[test]
fn esm_02_others_comment_on_what_they_may_not_change_and_a_lock_lets_nobody_do_either() {
    let by = |who: &str, asked: Effects, keeps: &str| {
        let after =
            if asked.kinds() == ["comment"] { incident("payroll") } else { incident("payroll").with("impact", 1) };
        let change = Change::of(&incident("payroll"), after).asking(asked).within(Context::of_person(who, &["agent"]));
        guard(&host(vec![policy("ACP1", keeps, json!({ "ci": "payroll" }))]), &change)
    };
    let set = || Effects::new().set_field("impact", 1);
    let comment = || Effects::new().comment_internal("Is it late?");
    for keeps in ["write", "lock"] {
        assert_eq!(codes(by("ada", set(), keeps)), ["kept-by-policy"]);
        assert_eq!(by("pia", set(), keeps), Ok(Effects::new()), "she is of the group");
    }
    assert_eq!(by("ada", comment(), "write"), Ok(Effects::new()));
    assert_eq!(codes(by("ada", comment(), "lock")), ["kept-by-policy"]);
    let plugin = Change::of(&incident("payroll"), incident("payroll").with("impact", 1)).asking(set());
    let plugin = plugin.within(Context::of_plugin("service-level"));
    let locked = host(vec![policy("ACP1", "lock", json!({}))]);
    assert_eq!(guard(&locked, &plugin), Ok(Effects::new()), "clocks and flows go on");
}

#[test]
fn esm_02_everything_that_a_policy_cannot_mean_is_told_at_once() {
    let mut context = Context::of_person("mona", &["manager"]);
    context.extra.insert("kinds".to_owned(), json!({ "incident": { "fields": { "ci": {} } } }));
    let save = |fields: Value| {
        let fields = fields.as_object().cloned().unwrap_or_default();
        let policy = Ticket { fields, ..Ticket::new("P1", policy::KIND).in_state("draft") };
        guard(&host(Vec::new()), &Change::creating(policy).within(context.clone()))
    };
    let wrong = json!({ "ticket_kind": "incident", "when": { "colour": [] }, "keeps": "read", "groups": ["empty"] });
    assert_eq!(codes(save(wrong)), ["unknown-field", "never-true", "nobody"]);
    let wrong = json!({ "ticket_kind": "incidents", "keeps": "read", "groups": ["payroll-desk"] });
    assert_eq!(codes(save(wrong)), ["unknown-kind"]);
    let right = json!({ "ticket_kind": "incident", "when": { "group": "network" }, "groups": ["payroll-desk"] });
    assert_eq!(save(right), Ok(Effects::new()));
}
