//! Service requests: what the catalogue offers (`catalogue`), what becomes of an order (`order`, `parts`), what of it is approved once and
//! what again (`approval`), and what people may not do past the flow of an item.

mod approval;
mod catalogue;
mod order;
mod parts;

use std::collections::BTreeMap;
use weft_sdk::SendMessage;
use weft_sdk::prelude::*;

weft_sdk::practice! { guard: guard, react: react }

/// What the flow of a request waits for when somebody rescinds it.
const RESCINDED: &str = "request.rescinded";

fn guard(host: &impl Host, change: &Change) -> Result<Effects, Rejection> {
    if change.context.is_import() {
        return Ok(Effects::new());
    }
    if change.after.kind != "request" {
        return catalogue::decide(host, change);
    }
    let mut flows: BTreeMap<String, String> = host.setting("flows")?;
    let Some(before) = &change.before else {
        if let Some(ordered) = order::place(host, change)? {
            return Ok(ordered);
        }
        let process = change.after.text("item").and_then(|item| flows.remove(item));
        return process
            .map_or(Ok(Effects::new()), |process| Ok(Effects::new().start_flow(order::flow(host, &process, None)?)));
    };
    let flows = before.text("process").is_some() || before.text("item").is_some_and(|item| flows.contains_key(item));
    let whole = !before.field("parts").is_null();
    if !(flows || whole || before.text("offer").is_some()) {
        return Ok(Effects::new());
    }
    if !change.context.is_person() {
        return Ok(approval::noted(change, before));
    }
    past_the_flow(change, before, flows)?;
    let rescinded = flows && change.entered("cancelled");
    let effects = approval::noted(change, before).and(approval::again(host, change, before)?);
    Ok(effects.when(rescinded, |effects| {
        let reason = change.comments(Visibility::Public).next().unwrap_or_default();
        effects.send_message(SendMessage::new(RESCINDED, &change.after.id).variable("reason", reason))
    }))
}

fn react(host: &impl Host, _context: &Context, event: &Event, subject: Option<&Ticket>) -> Result<Effects, Fault> {
    parts::react(host, event, subject)
}

/// Nobody goes round the approval by hand, and what was approved stays what it is.
fn past_the_flow(change: &Change, before: &Ticket, flows: bool) -> Result<(), Rejection> {
    let mut refused = Rejection::none();
    let asked_again = change.left("approval") && !before.field("approved_price").is_null();
    if (flows || asked_again) && change.entered("fulfilment") {
        let message = "its flow starts the fulfilment once it is approved: answer the task of the flow";
        refused.add("/state", "approval-first", message);
    }
    if change.entered("approval") && change.left("fulfilment") {
        refused.add("/state", "price-first", "only a price that rises is approved again: change the price");
    }
    let fixed = ["item", "model", "quantity", "variables", "lines"].into_iter().filter(|field| change.changed(field));
    for field in fixed.chain((change.changed("price") && !approval::may_change(change, before)).then_some("price")) {
        let message = format!("`{field}` was what the approval is about: rescind the request and order anew");
        refused.add(format!("/fields/{field}"), "fixed", message);
    }
    refused.or_ok(())
}

#[cfg(test)]
mod catalogue_tests;

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn host() -> FakeHost {
        FakeHost::of_manifest(include_str!("../plugin.toml"))
    }

    fn request(state: &str) -> Ticket {
        Ticket::new("R1", "request").in_state(state).for_requester("erin").with("item", "laptop").with("price", 1200)
    }

    fn erin() -> Context {
        Context::of_person("erin", &["requester"])
    }

    fn codes(decision: Result<Effects, Rejection>) -> Vec<String> {
        decision.expect_err("a refusal").issues.into_iter().map(|issue| issue.code).collect()
    }

    #[test]
    fn cat_01_an_item_starts_its_flow_with_the_settings_of_that_day() {
        let effects = guard(&host(), &Change::creating(request("new")).within(erin())).unwrap();
        let data = &effects.iter().next().unwrap().data;
        assert_eq!(effects.kinds(), ["start-flow"]);
        assert_eq!(data["process"], "laptop-request");
        assert_eq!(data["variables"]["finance_limit"], json!(1500));
        assert_eq!(data["variables"]["groups"]["reception"], "reception");

        let other = request("new").with("item", "chair");
        assert_eq!(guard(&host(), &Change::creating(other)), Ok(Effects::new()), "worked on by hand");
        let import = Change::creating(request("new")).within(erin().with_origin(Origin::Import));
        assert_eq!(guard(&host(), &import), Ok(Effects::new()));
    }

    #[test]
    fn cat_03_nobody_goes_round_the_approval() {
        let by_hand = Change::of(&request("approval"), request("fulfilment"));
        assert_eq!(codes(guard(&host(), &by_hand)), ["approval-first"]);
        let by_flow = by_hand.within(Context::of_plugin("ticket-steps"));
        assert_eq!(guard(&host(), &by_flow), Ok(Effects::new().set_field("approved_price", 1200)));
        let chair = |state| request(state).with("item", "chair");
        assert_eq!(guard(&host(), &Change::of(&chair("new"), chair("fulfilment"))), Ok(Effects::new()));
    }

    #[test]
    fn cat_03_what_was_approved_stays_what_it_is() {
        let dearer = Change::of(&request("approval"), request("approval").with("price", 4000).with("item", "phone"));
        assert_eq!(codes(guard(&host(), &dearer)), ["fixed", "fixed"]);
        let noted = Change::of(&request("approval"), request("approval").with("description", "For travelling."));
        assert_eq!(guard(&host(), &noted), Ok(Effects::new()));
    }

    #[test]
    fn cat_05_rescinding_tells_the_flow() {
        let change = Change::of(&request("fulfilment"), request("cancelled"))
            .asking(Effects::new().comment_public("I got another one."))
            .within(erin());
        let message = SendMessage::new(RESCINDED, "R1").variable("reason", "I got another one.");
        assert_eq!(guard(&host(), &change), Ok(Effects::new().send_message(message)));
        let by_flow = change.within(Context::of_plugin("ticket-steps"));
        assert_eq!(guard(&host(), &by_flow), Ok(Effects::new()), "the flow knows what it does");
    }

    #[test]
    fn the_flows_of_the_settings_are_there() {
        let models = [include_str!("../flows/laptop-request.bpmn"), include_str!("../flows/order-approval.bpmn")];
        let own: BTreeMap<String, String> = host().setting("flows").unwrap();
        for process in own.into_values().chain([host().setting("order-approval").unwrap()]) {
            let here = |model: &&str| model.contains(&format!("<bpmn:process id=\"{process}\""));
            assert!(models.iter().any(here), "{process}");
        }
        assert!(models.iter().all(|model| model.contains(&format!("name=\"{RESCINDED}\""))));
    }
}
