//! Close stale: each sign of life winds a ticket's timer again; when it runs out, people are reminded, and then it moves.
//!
//! Nothing is searched for at night: a timer for each ticket is exact, and costs nothing while nothing happens.

use serde::Deserialize;
use weft_sdk::Notify;
use weft_sdk::prelude::*;

weft_sdk::automation! { react: react }

const TIMER: &str = "stale";

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Rule {
    kind: String,
    state: String,
    remind_days: i64,
    move_days: i64,
    to: String,
}

fn react(host: &impl Host, context: &Context, event: &Event, subject: Option<&Ticket>) -> Result<Effects, Fault> {
    let Some(ticket) = subject else { return Ok(Effects::new()) };
    let rules: Vec<Rule> = host.setting("rules")?;
    let covers = |rule: &&Rule| rule.kind == ticket.kind && rule.state == ticket.state;
    let Some(rule) = rules.iter().find(covers) else {
        let left = event.change("state").and_then(|change| change.from.as_str());
        let was = rules.iter().any(|rule| rule.kind == ticket.kind && Some(rule.state.as_str()) == left);
        return Ok(Effects::new().when(was, |effects| effects.unschedule(TIMER)));
    };
    // What this automation says itself is no sign of life.
    if !event.is_timer(TIMER) {
        let wound = context.now.plus_days(rule.remind_days);
        return Ok(Effects::new().when(event.actor != "stale", |effects| {
            effects.schedule(TIMER, wound, json!({"state": ticket.state, "reminded": false}))
        }));
    }
    let data = event.value("data");
    if data["state"] != ticket.state.as_str() {
        return Ok(Effects::new());
    }
    if data["reminded"] == true {
        let text = format!("Nothing happened for {} days.", rule.remind_days + rule.move_days);
        return Ok(Effects::new().comment_public(text).transition(&rule.to));
    }
    let people: Vec<&str> = ticket.assignee.iter().chain(&ticket.requester).map(String::as_str).collect();
    let subject = format!("{} waits: {}", ticket.number, ticket.title);
    let body =
        format!("Nothing happened for {} days. In {} days it will be {}.", rule.remind_days, rule.move_days, rule.to);
    Ok(Effects::new().notify(Notify { people: &people, groups: &[], subject: &subject, body: &body }).schedule(
        TIMER,
        context.now.plus_days(rule.move_days),
        json!({"state": ticket.state, "reminded": true}),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-03-02T09:00:00Z";

    fn host() -> FakeHost {
        let rule = json!({"kind": "incident", "state": "on-hold", "remind-days": 14, "move-days": 7, "to": "resolved"});
        FakeHost::of_manifest(include_str!("../plugin.toml")).with_setting("rules", json!([rule]))
    }

    fn ticket(state: &str) -> Ticket {
        Ticket::new("T1", "incident").in_state(state).for_requester("erin")
    }

    fn told(event: Event, state: &str) -> Effects {
        react(&host(), &Context::of_plugin("stale").at(NOW), &event, Some(&ticket(state))).unwrap()
    }

    fn wound(days: i64, reminded: bool) -> Effects {
        let at = NOW.parse::<Instant>().unwrap().plus_days(days);
        Effects::new().schedule(TIMER, at, json!({"state": "on-hold", "reminded": reminded}))
    }

    #[test]
    fn aut_01_each_sign_of_life_winds_the_timer_again() {
        assert_eq!(told(Event::state_change("T1", "in-progress", "on-hold"), "on-hold"), wound(14, false));
        assert_eq!(told(Event::about("comment.added", "T1", json!({})), "on-hold"), wound(14, false));
        let own = Event { actor: "stale".into(), ..Event::about("comment.added", "T1", json!({})) };
        assert_eq!(told(own, "on-hold"), Effects::new());
        assert_eq!(
            told(Event::state_change("T1", "on-hold", "in-progress"), "in-progress"),
            Effects::new().unschedule(TIMER)
        );
    }

    #[test]
    fn aut_01_it_is_reminded_of_then_moved() {
        let fire = |reminded: bool| Event::timer("T1", TIMER, json!({"state": "on-hold", "reminded": reminded}));
        let reminded = told(fire(false), "on-hold");
        assert_eq!(reminded.kinds(), ["notify", "schedule"]);
        assert!(reminded.include(&wound(7, true)));
        let moved = Effects::new().comment_public("Nothing happened for 21 days.").transition("resolved");
        assert_eq!(told(fire(true), "on-hold"), moved);
        assert_eq!(told(fire(true), "in-progress"), Effects::new(), "it went on meanwhile");
    }
}
