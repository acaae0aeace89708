//! What rules refuse, what they do, and what they say about it.

use super::*;
use weft_sdk::fake::KindFile;

fn kinds() -> Value {
    json!({"incident": {
        "states": ["new", "in-progress", "resolved"],
        "fields": {
            "impact": {"type": "integer", "minimum": 1, "maximum": 3},
            "urgency": {"type": "integer", "minimum": 1, "maximum": 3},
            "channel": {"enum": ["phone", "mail"]},
            "vip": {"type": "boolean"},
            "due": {"type": "string", "format": "date-time"},
            "priority": {"type": "integer"},
        },
        "settable": ["impact", "urgency", "channel", "vip", "due"],
    }, "task": {"states": ["new"], "fields": {"note": {"type": "string"}}}})
}

fn context() -> Context {
    let mut context = Context::of_person("mona", &["manager"]).at("2026-03-02T09:00:00Z");
    context.extra.insert("kinds".to_owned(), kinds());
    context
}

fn document(id: &str, event: Value, condition: Value, actions: Value) -> Ticket {
    let rule = Ticket::new(id, "rule").in_state("active").with("ticket_kind", "incident").with("event", event);
    rule.with("condition", condition).with("actions", actions)
}

fn stored(rule: &Ticket) -> Record {
    Record { fields: rule.fields.clone(), title: rule.title.clone(), ..Record::new(&rule.id, "rule", "active") }
}

fn save(host: &FakeHost, rule: Ticket) -> Result<Effects, Rejection> {
    guard(host, &Change::creating(rule).within(context()))
}

fn wrong(rule: Ticket) -> Vec<(String, String)> {
    let issues = save(&FakeHost::new(), rule).unwrap_err().issues;
    issues.into_iter().map(|issue| (issue.pointer, issue.code)).collect()
}

fn condition(condition: Value) -> Vec<(String, String)> {
    let rule = document("R1", json!({"on": "changed"}), condition, json!([{"note": "Seen."}]));
    save(&FakeHost::new(), rule).err().into_iter().flat_map(|it| it.issues).map(|it| (it.pointer, it.code)).collect()
}

fn acted(rules: &[Ticket], ticket: &Ticket, event: &Event) -> Effects {
    let host = rules.iter().fold(FakeHost::new(), |host, rule| host.with_record(stored(rule)));
    react(&host, &Context::of_plugin("rules").at("2026-03-02T09:00:00Z"), event, Some(ticket)).unwrap()
}

fn changed(field: &str, from: Value, to: Value) -> Event {
    Event::about(
        "ticket.changed",
        "T1",
        json!({"changes": [{"field": format!("fields.{field}"), "from": from, "to": to}]}),
    )
}

#[test]
fn aut_01_conditions_are_nested_and_see_old_and_new_values() {
    let nested = json!({"all": [
        {"field": "impact", "increased": true, "was": 1},
        {"any": [{"field": "channel", "is": "mail"}, {"not": {"field": "vip", "is": true}}]},
    ]});
    let rule = document("R1", json!({"on": "changed"}), nested, json!([{"set": "urgency", "to": 1}]));
    let rule = rule.with("version", 3);
    let ticket = Ticket::new("T1", "incident").with("impact", 2).with("channel", "phone");
    let up = changed("impact", json!(1), json!(2));
    let effects = acted(std::slice::from_ref(&rule), &ticket, &up);
    let text = "Rule #R1 v3 \"rule R1\" acted because it was changed and impact increased and impact was 1 and not (vip is true).";
    assert_eq!(effects, Effects::new().set_field("urgency", 1).comment_internal(text));

    let rules = [rule];
    assert!(acted(&rules, &ticket, &changed("impact", json!(3), json!(2))).is_empty(), "it decreased");
    assert!(acted(&rules, &ticket.clone().with("vip", true), &up).is_empty());
    assert!(!acted(&rules, &ticket.clone().with("vip", true).with("channel", "mail"), &up).is_empty());
    assert!(acted(&rules, &ticket.clone().with("urgency", 1), &up).is_empty(), "what changes nothing is no act");
    assert!(acted(&rules, &Ticket { space: "hr".into(), ..ticket }, &up).is_empty(), "of another department");
}

#[test]
fn aut_01_rules_follow_their_order_and_one_may_stop_the_rest() {
    let on = || json!({"on": "created"});
    let set = |id: &str, urgency: u8, order: u32, stop: bool| {
        let condition = json!({"not": {"field": "urgency", "is": urgency}});
        document(id, on(), condition, json!([{"set": "urgency", "to": urgency}]))
            .with("order", order)
            .with("stop", stop)
    };
    let created = Event::about("ticket.created", "T1", json!({}));
    let told = |stop: bool| {
        let effects =
            acted(&[set("R1", 1, 20, false), set("R2", 2, 10, stop)], &Ticket::new("T1", "incident"), &created);
        let set = effects.iter().filter(|effect| effect.kind == "set-field");
        set.map(|effect| effect.data["value"].clone()).collect::<Vec<_>>()
    };
    assert_eq!((told(false), told(true)), (vec![json!(2), json!(1)], vec![json!(2)]));
}

#[test]
fn aut_01_a_rule_acts_before_and_after_a_date_that_may_move() {
    let rule = document(
        "R1",
        json!({"on": "time", "field": "due", "minutes": -30}),
        Value::Null,
        json!([{"note": "Soon: {number}"}]),
    );
    let rules = [rule];
    let ticket = Ticket::new("T1", "incident").with("due", "2026-03-02T12:00:00Z");
    let created = acted(&rules, &ticket, &Event::about("ticket.created", "T1", json!({})));
    let data = json!({"at": "2026-03-02T11:30:00Z"});
    assert_eq!(created, Effects::new().schedule("rule R1", "2026-03-02T11:30:00Z".parse().unwrap(), data.clone()));
    let fired = acted(&rules, &ticket, &Event::timer("T1", "rule R1", data.clone()));
    let why = "Rule #R1 v1 \"rule R1\" acted because `due` is in 30 minutes.";
    assert_eq!(fired, Effects::new().comment_internal("Soon: #T1").comment_internal(why));
    let moved = ticket.with("due", "2026-03-03T12:00:00Z");
    assert!(acted(&rules, &moved, &Event::timer("T1", "rule R1", data)).is_empty(), "the date moved");
}

#[test]
fn aut_01_what_rules_say_wakes_no_rule() {
    let rules = [document("R1", json!({"on": "comment"}), Value::Null, json!([{"move-to": "in-progress"}]))];
    let said = Event::about("comment.added", "T1", json!({}));
    assert_eq!(acted(&rules, &Ticket::new("T1", "incident"), &said).kinds(), ["transition", "comment"]);
    let own = Event { actor: "rules".into(), ..said };
    assert!(acted(&rules, &Ticket::new("T1", "incident"), &own).is_empty());
}

#[test]
fn aut_01_all_that_is_wrong_is_told_with_its_place() {
    let event = json!({"on": "time", "field": "channel", "hours": 1});
    let rule = document(
        "R1",
        event,
        json!({"any": [{"field": "impact", "equals": 1}, {"some": []}]}),
        json!([{"set": "impact"}, {"go": 1}]),
    );
    let places = [
        ("/fields/event/hours", "unknown-word"),
        ("/fields/condition/any/0/equals", "unknown-word"),
        ("/fields/condition/any/1", "unknown-word"),
        ("/fields/actions/0/to", "required"),
        ("/fields/actions/1", "unknown-action"),
    ];
    assert_eq!(wrong(rule), places.map(|(place, code)| (place.to_owned(), code.to_owned())));

    let event = json!({"on": "time", "field": "channel"});
    let test = json!({"all": [{"field": "colour", "is": 1}, {"field": "channel", "is": "fax"}, {"field": "impact", "in": [1, 9], "changed": true}]});
    let actions = json!([{"set": "state", "to": "new"}, {"move-to": "gone"}, {"create": {"kind": "tsk", "title": "T"}}, {"set": "impact", "to": "high"}, {"set": "priority", "to": 1}]);
    let places = [
        ("/fields/event/field", "not-a-time"),
        ("/fields/condition/all/0/is", "unknown-field"),
        ("/fields/condition/all/1/is", "invalid-value"),
        ("/fields/condition/all/2/changed", "never-true"),
        ("/fields/condition/all/2/in/1", "invalid-value"),
        ("/fields/actions/0/set", "not-settable"),
        ("/fields/actions/1/move-to", "invalid-value"),
        ("/fields/actions/2/create/kind", "unknown-kind"),
        ("/fields/actions/3/to", "invalid-value"),
        ("/fields/actions/4/set", "not-settable"),
    ];
    let mut told = wrong(document("R1", event, test, actions));
    let mut places: Vec<_> = places.map(|(place, code)| (place.to_owned(), code.to_owned())).to_vec();
    told.sort();
    places.sort();
    assert_eq!(told, places);
    let unknown =
        document("R1", json!({"on": "created"}), Value::Null, json!([{"note": "x"}])).with("ticket_kind", "case");
    assert_eq!(wrong(unknown), [("/fields/ticket_kind".to_owned(), "unknown-kind".to_owned())]);
}

#[test]
fn aut_01_a_condition_that_can_never_hold_is_refused() {
    let never = |text: Value| condition(text) == [("/fields/condition".to_owned(), "never-true".to_owned())];
    let is = |field: &str, value: Value| json!({"field": field, "is": value});
    assert!(never(json!({"all": [is("impact", json!(1)), is("impact", json!(2))]})));
    assert!(never(
        json!({"all": [is("impact", json!(1)), {"any": [is("impact", json!(2)), {"field": "impact", "at-least": 3}]}]})
    ));
    assert!(!never(json!({"not": {"field": "channel", "in": ["mail", "phone"], "empty": false}})));
    assert!(never(json!({"all": [{"field": "impact", "at-least": 3}, {"field": "impact", "at-most": 2}]})));
    assert!(never(json!({"field": "impact", "changed-from": 1, "changed-to": 1})));
    assert!(never(json!({"field": "impact", "increased": true, "decreased": true})));
    assert!(never(json!({"field": "impact", "changed-to": 1, "is": 2})));
    assert!(never(json!({"all": [is("vip", json!(true)), {"not": is("vip", json!(true))}]})));
    assert!(never(json!({"field": "channel", "empty": false, "is-not": "mail", "in": ["mail"]})));
    assert!(!never(json!({"any": [is("impact", json!(1)), is("impact", json!(2))]})));
    assert!(!never(json!({"all": [is("impact", json!(1)), {"not": is("impact", json!(2))}]})));
}

#[test]
fn aut_01_two_rules_that_undo_each_other_are_refused() {
    let set = |id: &str, condition: Value, urgency: u8| {
        document(id, json!({"on": "changed"}), condition, json!([{"set": "urgency", "to": urgency}]))
    };
    let meet = |one: Value, two: Value| {
        let host = FakeHost::new().with_record(stored(&set("R1", one, 1)));
        save(&host, set("R2", two, 2)).err().map(|it| it.issues[0].code.clone())
    };
    let impact = |value: u8| json!({"field": "impact", "is": value});
    assert_eq!(meet(impact(1), impact(1)).as_deref(), Some("cycle"));
    assert_eq!(meet(Value::Null, json!({"field": "urgency", "is": 1})).as_deref(), Some("cycle"));
    assert_eq!(meet(impact(1), impact(2)), None, "never both");
    assert_eq!(meet(json!({"field": "urgency", "is": 3}), impact(1)), None, "the other does not write 3");
    assert_eq!(meet(json!({"field": "impact", "changed": true}), Value::Null), None, "the other does not change it");
}

#[test]
fn aut_01_each_change_of_the_meaning_is_a_version() {
    let rule = document("R1", json!({"on": "created"}), Value::Null, json!([{"note": "x"}]));
    assert_eq!(save(&FakeHost::new(), rule.clone()), Ok(Effects::new().set_field("version", 1)));
    let first = rule.with("version", 1);
    let change = |after: Ticket| guard(&FakeHost::new(), &Change::of(&first, after).within(context()));
    assert_eq!(change(first.clone().with("order", 5)), Ok(Effects::new().set_field("version", 2)));
    assert_eq!(change(first.clone().in_state("off")), Ok(Effects::new()));
}

#[test]
fn aut_01_a_rule_is_drafted_switched_on_and_off() {
    let kind = KindFile::read(include_str!("../kinds/rule.toml"));
    assert_eq!(kind.states(), ["draft", "active", "off", "retired"]);
    assert_eq!((kind.legal("draft"), kind.legal("active")), (vec!["active", "retired"], vec!["off"]));
}
