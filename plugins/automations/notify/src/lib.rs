//! Notifications: people are told something, in words that a flow fills.

mod text;

use serde::Deserialize;
use weft_sdk::Notify;
use weft_sdk::automation::{Outcome, StepCall};
use weft_sdk::prelude::*;

weft_sdk::automation! { run: run }

#[derive(Debug, Deserialize)]
struct Inputs {
    people: Option<Vec<Option<String>>>,
    groups: Option<Vec<Option<String>>>,
    subject: String,
    body: String,
    values: Option<Object>,
}

fn run(host: &impl Host, call: &StepCall) -> Result<Outcome, Fault> {
    if call.step != "people" {
        return Err(Fault::Permanent(format!("`notify` has no step `{}`", call.step)));
    }
    let inputs: Inputs = call.inputs()?;
    let (people, groups) = (distinct(inputs.people), distinct(inputs.groups));
    let values = inputs.values.unwrap_or_default();
    let known = |name: &str| value(host, call.ticket.as_ref(), &values, name);
    let subject = text::fill(&inputs.subject, "subject", known)?;
    let body = text::fill(&inputs.body, "body", known)?;
    let told = people.len() + groups.len();
    let people: Vec<&str> = people.iter().map(String::as_str).collect();
    let groups: Vec<&str> = groups.iter().map(String::as_str).collect();
    let message = Notify { people: &people, groups: &groups, subject: &subject, body: &body };
    let effects = Effects::new().when(told > 0, |effects| effects.notify(message));
    Ok(Outcome::done(json!({"told": told}), effects))
}

/// Everybody once, in the order given: a flow may name one person in two roles, or none in one.
fn distinct(ids: Option<Vec<Option<String>>>) -> Vec<String> {
    let mut distinct: Vec<String> = Vec::new();
    for id in ids.unwrap_or_default().into_iter().flatten() {
        if !id.is_empty() && !distinct.contains(&id) {
            distinct.push(id);
        }
    }
    distinct
}

/// What a name in braces stands for; the flow's own values come first.
fn value(host: &impl Host, ticket: Option<&Ticket>, values: &Object, name: &str) -> Result<Option<String>, Fault> {
    if let Some(value) = values.get(name) {
        return Ok(Some(value.as_str().map_or_else(|| plain(value), str::to_owned)));
    }
    let Some(ticket) = ticket else {
        return Ok(None);
    };
    Ok(match name {
        "number" => Some(ticket.label().to_owned()),
        "title" => Some(ticket.title.clone()),
        "state" => Some(ticket.state.clone()),
        "requester" => match &ticket.requester {
            Some(id) => Some(host.person(id)?.map_or_else(|| id.clone(), |person| person.name)),
            None => Some(String::new()),
        },
        _ => None,
    })
}

/// A value that is no text, for people: nothing for null.
fn plain(value: &Value) -> String {
    if value.is_null() { String::new() } else { value.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weft_sdk::Person;

    fn tell(inputs: Value) -> Result<Outcome, Fault> {
        let host = FakeHost::new().with_person(Person { name: "Erin Walsh".into(), ..Person::new("erin") });
        run(&host, &StepCall::new("people", inputs).on(Ticket::new("T1", "request").for_requester("erin")))
    }

    #[test]
    fn the_text_is_filled_and_everybody_is_told_once() {
        let inputs = json!({"people": ["ana", null, "ana", "bo"], "groups": ["reception"], "subject": "{number}: ready",
            "body": "{title} for {requester} is ready on {day}; {count} parts.", "values": {"day": "Monday", "count": 2}});
        let body = "request T1 for Erin Walsh is ready on Monday; 2 parts.";
        let message = Notify { people: &["ana", "bo"], groups: &["reception"], subject: "#T1: ready", body };
        assert_eq!(tell(inputs), Ok(Outcome::done(json!({"told": 3}), Effects::new().notify(message))));
    }

    #[test]
    fn nobody_to_tell_is_nothing_to_do() {
        let inputs = json!({"people": [null], "subject": "s", "body": "b"});
        assert_eq!(tell(inputs), Ok(Outcome::done(json!({"told": 0}), Effects::new())));
    }

    #[test]
    fn a_name_that_nobody_knows_is_told_to_who_made_the_flow() {
        let Err(Fault::Invalid(issues)) = tell(json!({"people": ["ana"], "subject": "s", "body": "On {dya}."})) else {
            panic!("it is refused")
        };
        assert_eq!((issues[0].pointer.as_str(), issues[0].code.as_str()), ("/inputs/body", "unknown-name"));
        assert!(issues[0].message.contains("{dya}"));
    }
}
