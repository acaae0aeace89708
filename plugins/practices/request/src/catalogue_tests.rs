//! What is offered to whom for how much, and orders of one thing and of several.

use super::*;
use crate::tests::host;
use weft_sdk::Record;

fn form() -> Value {
    json!([
        { "name": "memory", "title": "Memory", "type": "choice", "choices": ["16", "32"], "default": "16" },
        { "name": "dock", "title": "Docking station", "type": "flag", "default": false },
        { "name": "screens", "title": "Screens", "type": "number", "required": true, "when": { "name": "dock", "is": [true] } },
    ])
}

fn laptop() -> Record {
    let prices = json!([{ "name": "memory", "is": "32", "price": 200.1 }, { "name": "dock", "is": true, "price": 150, "recurring": 2.5 }]);
    let item = Record::new("I1", "catalogue-item", "published")
        .with("key", "notebook")
        .with("price", 1200)
        .with("form", form());
    item.with("price_by", prices).with("process", "laptop-request").with("finance_limit", 5000).with("edition", 3)
}

fn phone() -> Record {
    let item =
        Record::new("I2", "catalogue-item", "published").with("key", "phone").with("price", 400).with("edition", 1);
    item.with("entitled_groups", json!(["sales"]))
}

fn company() -> FakeHost {
    host().with_record(laptop()).with_record(phone()).with_members("sales", &["sid"]).with_members("it", &["erin"])
}

fn order(who: &str, item: &str, more: &[(&str, Value)]) -> Result<Effects, Vec<String>> {
    let ticket = Ticket::new("R1", "request").for_requester(who).with("item", item);
    let ticket = more.iter().fold(ticket, |ticket, (field, value)| ticket.with(field, value.clone()));
    let refused = |refusal: Rejection| {
        refusal.issues.into_iter().map(|issue| format!("{} {}", issue.pointer, issue.code)).collect()
    };
    guard(&company(), &Change::creating(ticket).within(Context::of_person(who, &["requester"]))).map_err(refused)
}

fn said(effects: &Effects, field: &str) -> Value {
    effects
        .iter()
        .find(|effect| effect.text("field") == Some(field))
        .map_or(Value::Null, |effect| effect.data["value"].clone())
}

#[test]
fn cat_01_price_and_flow_follow_the_item_and_what_was_answered() {
    let plain = order("erin", "notebook", &[]).unwrap();
    assert_eq!(
        (said(&plain, "price"), said(&plain, "variables")),
        (json!(1200), json!({ "memory": "16", "dock": false }))
    );
    assert_eq!((said(&plain, "offer"), said(&plain, "offer_edition")), (json!("#I1"), json!(3)));
    let flow = plain.iter().find(|effect| effect.kind == "start-flow").unwrap();
    assert_eq!(
        (&flow.data["process"], &flow.data["variables"]["finance_limit"]),
        (&json!("laptop-request"), &json!(5000))
    );

    let answers = json!({ "memory": "32", "dock": true, "screens": 2 });
    let more = order("erin", "notebook", &[("variables", answers), ("quantity", json!(2))]).unwrap();
    assert_eq!((said(&more, "price"), said(&more, "recurring_price")), (json!(3100.2), json!(5)));
}

#[test]
fn cat_01_answers_are_checked_again() {
    let wrong = order("erin", "notebook", &[("variables", json!({ "memory": "64", "dock": true, "colour": "red" }))]);
    let expected = [
        "/fields/variables/colour unknown-variable",
        "/fields/variables/memory invalid-value",
        "/fields/variables/screens required",
    ];
    assert_eq!(wrong.unwrap_err(), expected);
    let hidden = order("erin", "notebook", &[("variables", json!({ "screens": 2 }))]).unwrap();
    assert_eq!(
        said(&hidden, "variables"),
        json!({ "memory": "16", "dock": false }),
        "what is not asked for does not count"
    );
}

#[test]
fn cat_01_only_those_whom_it_is_offered_to_get_it() {
    assert_eq!(order("erin", "phone", &[]).unwrap_err(), ["/fields/item not-entitled"]);
    assert_eq!(said(&order("sid", "phone", &[]).unwrap(), "price"), json!(400));
}

#[test]
fn cat_01_what_is_offered_fits_together_and_each_change_is_an_edition() {
    let item =
        |form: Value| Ticket::new("I9", "catalogue-item").in_state("published").with("key", "desk").with("form", form);
    let offer = |after: Ticket| {
        let before = after.clone().in_state("draft");
        guard(&company(), &Change::of(&before, after)).map_err(|refusal| refusal.codes().join(" "))
    };
    assert_eq!(offer(item(form())), Ok(Effects::new().set_field("edition", 1)));
    assert_eq!(offer(item(form()).with("key", "phone")), Err("taken".to_owned()));
    let twice = json!([{ "name": "a", "title": "A", "type": "choice" }, { "name": "a", "title": "A", "type": "flag", "default": 1, "when": { "name": "z", "is": [1] } }]);
    assert_eq!(offer(item(twice)), Err("choices duplicate bad-default bad-condition".to_owned()));
    let priced = item(form()).with("price_by", json!([{ "name": "colour", "is": "red" }]));
    assert_eq!(offer(priced), Err("unknown-variable".to_owned()));
    let dearer = Change::of(&item(form()).with("edition", 1), item(form()).with("edition", 1).with("price", 7));
    assert_eq!(guard(&company(), &dearer), Ok(Effects::new().set_field("edition", 2)));
}

fn starter() -> Record {
    let parts = json!([
        { "item": "notebook", "variables": { "memory": { "from": "memory" }, "dock": true, "screens": 1 } },
        { "item": "phone", "when": { "name": "travels", "is": [true] } },
    ]);
    let asked = json!([{ "name": "memory", "title": "Memory", "type": "choice", "choices": ["16", "32"] },
        { "name": "travels", "title": "Travels", "type": "flag", "default": false }]);
    let bundle = Record::new("B1", "catalogue-bundle", "published").with("key", "starter").with("form", asked);
    bundle.with("parts", parts).with("edition", 1)
}

fn bundle(who: &str, answers: Value) -> Result<Effects, Rejection> {
    let ticket = Ticket::new("R1", "request").for_requester(who).with("item", "starter").with("variables", answers);
    guard(&company().with_record(starter()), &Change::creating(ticket).within(Context::of_person(who, &["requester"])))
}

#[test]
fn cat_02_the_variables_of_a_bundle_cascade_and_leave_parts_out() {
    let at_home = bundle("erin", json!({ "memory": "32" })).unwrap();
    let parts = said(&at_home, "parts");
    assert_eq!(parts[0]["variables"], json!({ "memory": "32", "dock": true, "screens": 1 }));
    assert_eq!(
        (parts.as_array().unwrap().len(), said(&at_home, "price"), said(&at_home, "delivered")),
        (1, json!(1550.1), json!("0 of 1"))
    );
    assert!(at_home.iter().all(|effect| ["set-field", "start-flow"].contains(&effect.kind.as_ref())));

    let travelling = bundle("sid", json!({ "memory": "16", "travels": true })).unwrap();
    assert_eq!((said(&travelling, "parts").as_array().unwrap().len(), said(&travelling, "price")), (2, json!(1750)));
    let refused = bundle("erin", json!({ "travels": true })).unwrap_err();
    assert_eq!(refused.codes(), ["not-entitled"], "all of it or nothing");
}

#[test]
fn cat_02_a_cart_is_checked_line_by_line() {
    let lines = json!([{ "item": "notebook" }, { "item": "phone" }, { "item": "boat" }]);
    assert_eq!(
        order("erin", "cart", &[("lines", lines)]).unwrap_err(),
        ["/fields/lines/1/item not-entitled", "/fields/lines/2 unknown-item"]
    );
    let lines = json!([{ "item": "notebook", "quantity": 2 }, { "item": "phone" }]);
    let cart = order("sid", "cart", &[("lines", lines)]).unwrap();
    assert_eq!((said(&cart, "price"), said(&cart, "together")), (json!(2800), json!(false)));
    assert_eq!(order("sid", "cart", &[]).unwrap_err(), ["/fields/lines lines"]);
}

fn whole(together: bool) -> Ticket {
    let parts = json!([{ "item": "notebook", "quantity": 1, "variables": {} }, { "item": "phone", "quantity": 1, "variables": {} }]);
    Ticket::new("R1", "request")
        .in_state("fulfilment")
        .for_requester("sid")
        .with("parts", parts)
        .with("together", together)
}

fn part(id: &str, state: &str) -> Ticket {
    Ticket::new(id, "request").in_state(state).child_of("R1").with("process", "laptop-request")
}

fn happens(whole: Ticket, parts: [Ticket; 2], event: &Event, subject: &Ticket) -> Effects {
    let [one, two] = parts;
    let host = company().with_ticket(whole).with_ticket(one).with_ticket(two);
    react(&host, &Context::of_plugin("request"), event, Some(subject)).unwrap()
}

#[test]
fn cat_02_a_request_with_parts_makes_a_request_of_each() {
    let made = react(
        &company(),
        &Context::of_plugin("request"),
        &Event::about("ticket.created", "R1", json!({})),
        Some(&whole(true)),
    );
    let made = made.unwrap();
    assert_eq!(made.kinds(), ["create-ticket", "create-ticket", "transition"]);
    assert_eq!(made.iter().next().unwrap().data["requester"], "sid");
}

#[test]
fn cat_02_a_bundle_comes_whole_or_not_at_all() {
    let (gone, open) = (part("P1", "cancelled"), part("P2", "approval"));
    let refused = Event::state_change("P1", "approval", "cancelled");
    let effects = happens(whole(true), [gone.clone(), open.clone()], &refused, &gone);
    assert_eq!(
        (effects.kinds(), effects.iter().last().unwrap().text("to")),
        (vec!["comment", "transition"], Some("cancelled"))
    );

    let over = whole(true).in_state("cancelled");
    let effects = happens(
        over.clone(),
        [gone.clone(), open.clone()],
        &Event::state_change("R1", "fulfilment", "cancelled"),
        &over,
    );
    assert_eq!(
        effects.kinds(),
        ["comment", "transition", "send-message"],
        "only what is open is rescinded, and its flow undoes it"
    );

    let cart = happens(whole(false), [gone.clone(), open], &refused, &gone);
    assert_eq!(cart, Effects::new().on("R1").set_field("delivered", "0 of 2"), "the rest of a cart goes on");
}

#[test]
fn cat_06_what_has_come_is_shown_while_the_rest_is_on_its_way() {
    let came = part("P1", "fulfilled");
    let event = Event::state_change("P1", "fulfilment", "fulfilled");
    let partly = happens(whole(true), [came.clone(), part("P2", "approval")], &event, &came);
    assert_eq!(partly, Effects::new().on("R1").set_field("delivered", "1 of 2"));
    let last = happens(whole(false), [came.clone(), part("P2", "cancelled")], &event, &came);
    assert_eq!(last, Effects::new().on("R1").set_field("delivered", "1 of 2").transition("fulfilled"));
}

fn flow_of(effects: &Effects) -> Option<(&str, &Value)> {
    let flow = effects.iter().find(|effect| effect.kind == "start-flow")?;
    Some((flow.text("process")?, &flow.data["variables"]))
}

#[test]
fn cat_02_what_is_ordered_together_is_approved_once_by_all_of_it() {
    let lines = json!([{ "item": "notebook" }, { "item": "phone" }]);
    let cart = order("sid", "cart", &[("lines", lines)]).unwrap();
    let (process, variables) = flow_of(&cart).unwrap();
    assert_eq!((process, &variables["finance_limit"]), ("order-approval", &json!(1500.0)), "the lowest limit of all");
    let cheap = order("sid", "cart", &[("lines", json!([{ "item": "phone" }]))]).unwrap();
    assert_eq!(flow_of(&cheap), None, "nothing of it would ask, and it costs little");
    let many = order("sid", "cart", &[("lines", json!([{ "item": "phone", "quantity": 3 }]))]).unwrap();
    assert_eq!(flow_of(&many).unwrap().0, "order-approval", "it costs much");
    let alone = order("erin", "notebook", &[]).unwrap();
    assert_eq!(flow_of(&alone).unwrap().1["approved_before"], json!(false));

    let event = Event::about("ticket.created", "R1", json!({}));
    let asked = whole(false).in_state("new").with("process", "order-approval");
    let react = |event: &Event, request: &Ticket| {
        react(&company(), &Context::of_plugin("request"), event, Some(request)).unwrap()
    };
    assert_eq!(react(&event, &asked), Effects::new(), "its parts are made when it is approved");
    let parts = json!([{ "item": "notebook", "price": 1200 }]);
    let approved = asked.in_state("fulfilment").with("parts", parts).with("approved_price", 1200);
    let made = react(&Event::state_change("R1", "approval", "fulfilment"), &approved);
    assert_eq!(
        (made.kinds(), &made.iter().next().unwrap().data["fields"]["approved_price"]),
        (vec!["create-ticket"], &json!(1200))
    );
}

#[test]
fn cat_03_a_part_is_not_approved_again_unless_it_became_dearer() {
    let part = |approved: Value, who: Context| {
        let part = Ticket::new("P1", "request").child_of("R1").for_requester("erin").with("item", "notebook");
        let made = guard(&company(), &Change::creating(part.with("approved_price", approved)).within(who)).unwrap();
        flow_of(&made).unwrap().1["approved_before"] == json!(true)
    };
    let practice = || Context::of_plugin("request");
    assert!(part(json!(1200), practice()));
    assert!(part(json!(1143), practice()), "a twentieth more");
    assert!(!part(json!(1142), practice()), "and a little more than that");
    assert!(!part(Value::Null, practice()));
    assert!(!part(json!(1200), Context::of_person("erin", &["requester"])), "nobody says of himself what was approved");
}

#[test]
fn cat_03_a_price_that_rises_beyond_the_tolerance_is_approved_again() {
    let agent = || Context::of_person("ada", &["requester", "agent"]);
    let bought = |state: &str| {
        let request = Ticket::new("R1", "request").in_state(state).for_requester("erin").with("item", "notebook");
        request.with("process", "laptop-request").with("offer", "#I1").with("price", 1200).with("approved_price", 1200)
    };
    let costs = |price: f64, who: Context| {
        let change = Change::of(&bought("fulfilment"), bought("fulfilment").with("price", price)).within(who);
        guard(&company(), &change).map_err(|refused| refused.codes().join(","))
    };
    assert_eq!(costs(1260.0, agent()), Ok(Effects::new()), "what was approved stays approved");
    assert_eq!(costs(900.0, agent()), Ok(Effects::new()));
    let again = costs(1260.01, agent()).unwrap();
    assert_eq!((again.kinds(), flow_of(&again).unwrap().0), (vec!["transition", "start-flow"], "order-approval"));
    assert_eq!(costs(1250.0, Context::of_person("erin", &["requester"])), Err("fixed".to_owned()));

    let decide = |before: Ticket, after: Ticket, who: Context| {
        guard(&company(), &Change::of(&before, after).within(who)).map_err(|refused| refused.codes().join(","))
    };
    let asked = bought("approval").with("price", 1400);
    assert_eq!(decide(asked.clone(), asked.clone().in_state("fulfilment"), agent()), Err("approval-first".to_owned()));
    assert_eq!(decide(bought("fulfilment"), bought("approval"), agent()), Err("price-first".to_owned()));
    let by_flow = decide(asked.clone(), asked.in_state("fulfilment"), Context::of_plugin("ticket-steps"));
    assert_eq!(by_flow, Ok(Effects::new().set_field("approved_price", 1400)));
    let back = bought("approval");
    assert_eq!(
        decide(back.clone(), back.in_state("fulfilment"), Context::of_plugin("ticket-steps")),
        Ok(Effects::new())
    );
}
