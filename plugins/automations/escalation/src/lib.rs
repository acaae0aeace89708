//! Escalation: levels before and after the due time of a clock.
//!
//! A clock that is started again, after a pause or with another target, has its levels set again: the timers of a level have its
//! name, so the later replaces the earlier, and one that fires late looks at the clock as it is.

use serde::Deserialize;
use weft_sdk::prelude::*;
use weft_sdk::{Clock, ClockState, Notify, duty};

weft_sdk::automation! { react: react }

#[derive(Debug, Deserialize)]
struct Level {
    percent: i64,
    tell: Vec<String>,
    /// What the target measures; anything when empty.
    #[serde(default)]
    measures: Vec<String>,
    /// With whom it was agreed; anybody when empty.
    #[serde(default)]
    agreements: Vec<String>,
    /// What must hold of the ticket at that time.
    #[serde(default)]
    when: Vec<When>,
}

#[derive(Debug, Deserialize)]
struct When {
    field: String,
    #[serde(rename = "in")]
    values: Vec<Value>,
}

impl Level {
    /// Whether it is for the target of a clock. A clock says with itself what it measures and what was agreed; one that does not has only the
    /// levels that are for all.
    fn is_for(&self, clock: &Clock) -> bool {
        let listed =
            |names: &[String], key: &str| names.is_empty() || names.iter().any(|name| clock.data[key] == **name);
        listed(&self.measures, "metric") && listed(&self.agreements, "type")
    }

    fn holds(&self, ticket: &Ticket) -> bool {
        self.when.iter().all(|when| when.values.contains(&ticket.value(&when.field)))
    }

    /// The instant at which this share of the time has passed, however often the clock rested meanwhile.
    fn at(&self, clock: &Clock) -> Option<Instant> {
        let due = clock.due_at?;
        Some(clock.started_at.plus_seconds(due.seconds_since(clock.started_at) * self.percent / 100))
    }
}

/// The levels of a clock, each with the name of its timer: two at the same share of the time are told apart by their place.
fn levels_of<'l>(levels: &'l [Level], clock: &Clock) -> Vec<(String, &'l Level)> {
    let name = |(index, level): (usize, &'l Level)| {
        let earlier = levels[..index].iter().filter(|other| other.percent == level.percent).count();
        let place = if earlier == 0 { String::new() } else { format!("/{}", earlier + 1) };
        (format!("{}@{}{place}", clock.name, level.percent), level)
    };
    levels.iter().enumerate().map(name).filter(|(_, level)| level.is_for(clock)).collect()
}

fn react(host: &impl Host, context: &Context, event: &Event, subject: Option<&Ticket>) -> Result<Effects, Fault> {
    let Some(ticket) = subject else { return Ok(Effects::new()) };
    let levels: Vec<Level> = host.setting("levels")?;
    let clocks = host.clocks(&ticket.id)?;
    if event.kind == "clock.started" {
        let Some(clock) = clocks.iter().find(|clock| Some(clock.name.as_str()) == event.text("clock")) else {
            return Ok(Effects::new());
        };
        let set = |effects: Effects, (key, level): (String, &Level)| match level.at(clock) {
            Some(at) => effects.schedule(&key, at.max(context.now), json!({"clock": clock.name, "due": clock.due_at})),
            None => effects,
        };
        return Ok(levels_of(&levels, clock).into_iter().fold(Effects::new(), set));
    }
    let data = event.value("data");
    let clock = clocks.iter().find(|clock| data["clock"] == clock.name.as_str());
    let fired = |clock: &Clock| levels_of(&levels, clock).into_iter().find(|(key, _)| event.is_timer(key));
    let Some((clock, (_, level))) = clock.and_then(|clock| Some((clock, fired(clock)?))) else {
        return Ok(Effects::new());
    };
    // Met, cancelled, resting, or counting to another time by now: nobody is told.
    if clock.state != ClockState::Running || data["due"] != json!(clock.due_at) || !level.holds(ticket) {
        return Ok(Effects::new());
    }
    tell(host, ticket, clock, level, context.now)
}

/// Whose turn it is in the rota of the group that has the ticket, or who comes so many turns later; nobody without a rota.
fn on_call(host: &impl Host, ticket: &Ticket, now: Instant, later: usize) -> Result<Option<String>, Fault> {
    let rotas = host.records("on-call-rota", Some("active"))?;
    let Some(rota) =
        rotas.iter().find(|rota| rota.text("group").is_some() && rota.text("group") == ticket.group.as_deref())
    else {
        return Ok(None);
    };
    let order = duty::order(host, rota, &host.records("on-call-stand-in", Some("active"))?, now)?;
    Ok(order.into_iter().nth(later))
}

fn tell(host: &impl Host, ticket: &Ticket, clock: &Clock, level: &Level, now: Instant) -> Result<Effects, Fault> {
    let (mut people, mut groups): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    for whom in &level.tell {
        match (whom.as_str(), &ticket.assignee) {
            ("assignee", Some(person)) => people.push(person.clone()),
            ("manager", Some(person)) => people.extend(host.manager(person)?.map(|manager| manager.id)),
            ("on-call" | "on-call-next", _) => match on_call(host, ticket, now, usize::from(whom == "on-call-next"))? {
                Some(person) => people.push(person),
                None => groups.extend(ticket.group.clone()),
            },
            // Nobody has it yet, so those hear of it who could take it.
            ("assignee" | "manager" | "group", _) => groups.extend(ticket.group.clone()),
            (group, _) => groups.push(group.to_owned()),
        }
    }
    people.dedup();
    groups.dedup();
    let text = format!(
        "{} % of {} are over; it is due at {}.",
        level.percent,
        clock.title,
        clock.due_at.map(|due| due.to_string()).unwrap_or_default()
    );
    let subject = format!("{}: {} at {} %", ticket.number, clock.title, level.percent);
    let (people, groups): (Vec<&str>, Vec<&str>) =
        (people.iter().map(String::as_str).collect(), groups.iter().map(String::as_str).collect());
    let told = !people.is_empty() || !groups.is_empty();
    Ok(Effects::new().comment_internal(text.as_str()).when(told, |effects| {
        effects.notify(Notify { people: &people, groups: &groups, subject: &subject, body: &text })
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use weft_sdk::{Person, Record};

    fn at(text: &str) -> Instant {
        format!("2026-03-02T{text}:00Z").parse().unwrap()
    }

    fn ticket() -> Ticket {
        Ticket::new("T1", "incident").assigned("network", Some("ada"))
    }

    fn host(clock: Clock) -> FakeHost {
        FakeHost::of_manifest(include_str!("../plugin.toml"))
            .with_clock("T1", clock)
            .with_person(Person::new("ada").managed_by("mona"))
            .with_person(Person::new("mona"))
    }

    fn clock() -> Clock {
        Clock::new("resolve", at("08:00"), at("12:00"))
    }

    fn told(clock: Clock, event: Event) -> Effects {
        let context = Context { now: at("08:00"), ..Context::of_plugin("escalation") };
        react(&host(clock), &context, &event, Some(&ticket())).unwrap()
    }

    fn people(effects: &Effects) -> Vec<Value> {
        effects.iter().filter(|effect| effect.kind == "notify").map(|effect| effect.data["people"].clone()).collect()
    }

    #[test]
    fn slm_06_levels_are_set_at_shares_of_the_time() {
        let data = || json!({"clock": "resolve", "due": at("12:00")});
        let set = told(clock(), Event::about("clock.started", "T1", json!({"clock": "resolve"})));
        let expected =
            Effects::new().schedule("resolve@75", at("11:00"), data()).schedule("resolve@100", at("12:00"), data());
        assert_eq!(set, expected);
    }

    #[test]
    fn slm_06_each_level_tells_more_people() {
        let fire = |key: &str| told(clock(), Event::timer("T1", key, json!({"clock": "resolve", "due": at("12:00")})));
        assert_eq!(people(&fire("resolve@75")), [json!(["ada"])]);
        assert_eq!(people(&fire("resolve@100")), [json!(["ada", "mona"])]);
        assert_eq!(fire("resolve@60"), Effects::new());
    }

    #[test]
    fn ops_01_a_level_tells_whoever_is_on_call_then() {
        let levels = json!([{ "percent": 75, "tell": ["on-call"] }, { "percent": 100, "tell": ["on-call-next"] }]);
        let rota = Record::new("R1", "on-call-rota", "active")
            .with("group", "network")
            .with("members", json!(["ada", "mona"]));
        let fire = |host: FakeHost, key: &str| {
            let event = Event::timer("T1", key, json!({"clock": "resolve", "due": at("12:00")}));
            let host = host.with_setting("levels", levels.clone());
            let context = Context { now: at("11:00"), ..Context::of_plugin("escalation") };
            react(&host, &context, &event, Some(&ticket())).unwrap()
        };
        assert_eq!(people(&fire(host(clock()).with_record(rota.clone()), "resolve@75")), [json!(["ada"])]);
        assert_eq!(people(&fire(host(clock()).with_record(rota), "resolve@100")), [json!(["mona"])]);
        let nobody = fire(host(clock()), "resolve@75");
        assert_eq!(
            nobody.iter().last().unwrap().data["groups"],
            json!(["network"]),
            "a group without a rota hears all of it"
        );
    }

    #[test]
    fn slm_06_levels_are_for_what_a_target_measures_and_for_tickets_that_meet_their_conditions() {
        let levels = json!([
            { "percent": 75, "tell": ["assignee"] },
            { "percent": 75, "tell": ["network"], "measures": ["response"], "agreements": ["sla"] },
            { "percent": 100, "tell": ["mona"], "measures": ["resolution"], "when": [{ "field": "priority", "in": [1, 2] }] },
        ]);
        let ask = |data: Value, ticket: &Ticket, event: Event| {
            let host = host(Clock { data, ..clock() }).with_setting("levels", levels.clone());
            react(&host, &Context { now: at("08:00"), ..Context::of_plugin("escalation") }, &event, Some(ticket))
                .unwrap()
        };
        let of = |metric: &str, kind: &str| json!({ "metric": metric, "type": kind });
        let set = |data: Value| -> Vec<String> {
            let effects = ask(data, &ticket(), Event::about("clock.started", "T1", json!({"clock": "resolve"})));
            effects.iter().filter_map(|effect| effect.text("key").map(str::to_owned)).collect()
        };
        assert_eq!(set(of("response", "sla")), ["resolve@75", "resolve@75/2"]);
        assert_eq!(set(of("response", "ola")), ["resolve@75"], "an internal agreement has no second level");
        assert_eq!(set(of("resolution", "uc")), ["resolve@75", "resolve@100"]);
        assert_eq!(set(Value::Null), ["resolve@75"], "a clock that says nothing has the levels for all");

        let fire = |key: &str, priority: i64| {
            let event = Event::timer("T1", key, json!({"clock": "resolve", "due": at("12:00")}));
            let metric = if key.contains('/') { "response" } else { "resolution" };
            ask(of(metric, "sla"), &ticket().with("priority", priority), event)
        };
        let groups = |effects: &Effects| effects.iter().last().map(|effect| effect.data["groups"].clone());
        assert_eq!(groups(&fire("resolve@75/2", 3)), Some(json!(["network"])));
        assert_eq!(groups(&fire("resolve@100", 2)), Some(json!(["mona"])));
        assert_eq!(fire("resolve@100", 3), Effects::new(), "by then it is not urgent any more");
    }

    #[test]
    fn slm_06_a_clock_that_is_met_paused_or_moved_tells_nobody() {
        let fire = |clock: Clock| {
            told(clock, Event::timer("T1", "resolve@75", json!({"clock": "resolve", "due": at("12:00")})))
        };
        for state in [ClockState::Stopped, ClockState::Paused, ClockState::Cancelled] {
            assert_eq!(fire(Clock { state, ..clock() }), Effects::new());
        }
        assert_eq!(fire(Clock { due_at: Some(at("15:00")), ..clock() }), Effects::new());
    }

    #[test]
    fn slm_06_levels_that_were_due_already_are_replayed_when_the_target_is_replaced() {
        let short = Clock::new("resolve", at("06:00"), at("08:30"));
        let set = told(short, Event::about("clock.started", "T1", json!({"clock": "resolve"})));
        assert_eq!(set.iter().next().unwrap().text("at"), Some("2026-03-02T08:00:00Z"), "at once, not in the past");
    }
}
