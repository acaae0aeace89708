//! Where the time of a ticket went: who held it, in which state, which of its clocks rested, from its journal. The segments follow each
//! other without a gap, so they add up to the whole; that is why they end on whole seconds.

use crate::app::App;
use crate::error::{AppError, Result};
use domain::calendar::Calendar;
use domain::event::Event;
use domain::{Actor, Ticket, TicketId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;

/// Events of one ticket that are looked at: more than any ticket has that people worked on.
const EVENTS_MAX: usize = 20_000;
const PAGE: u32 = 1_000;

/// Some time in which nothing of this changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segment {
    pub from: Timestamp,
    pub until: Timestamp,
    pub state: String,
    pub group: Option<String>,
    pub assignee: Option<String>,
    /// Clocks that rested.
    pub paused: Vec<String>,
    pub seconds: i64,
    /// Working time by the calendar; absent without one.
    pub working_seconds: Option<i64>,
}

/// The whole, and its parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Breakdown {
    pub segments: Vec<Segment>,
    pub seconds: i64,
    pub working_seconds: Option<i64>,
    /// Key of the calendar that working time was counted by.
    pub calendar: Option<String>,
}

/// What a segment is about, at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Held {
    state: String,
    group: Option<String>,
    assignee: Option<String>,
    paused: BTreeSet<String>,
}

impl App {
    /// The segments of a ticket from its opening until now, or until it was closed. Working time is that of the calendar named, else of the
    /// one of its space.
    ///
    /// # Errors
    /// There is no such ticket that the caller may see, no such calendar, or a history that is too long to be told.
    pub async fn breakdown(&self, actor: &Actor, id: &str, calendar: Option<&str>) -> Result<Breakdown> {
        let bundle = self.load_visible(actor, &TicketId::from(id)).await?;
        let ticket = bundle.ticket;
        let key = match calendar {
            Some(key) => Some(key.to_owned()),
            None => self.calendar_of(&ticket.space).await?,
        };
        let hours = key.as_deref().map(|key| self.calendar(key)).transpose()?;
        let mut events: Vec<Event> = Vec::new();
        loop {
            let after = events.last().map_or(0, |event| event.subject_seq);
            let page = self.store.event_history(self.org(), "ticket", &ticket.id.0, after, PAGE).await?;
            let last = page.len() < PAGE as usize;
            events.extend(page);
            if last {
                break;
            }
            if events.len() > EVENTS_MAX {
                let message = format!("{} has more than {EVENTS_MAX} events", ticket.number);
                return Err(AppError::invalid("", "too-long", message));
            }
        }
        let segments = segments(&ticket, &events, self.now(), hours.as_deref());
        let seconds = segments.iter().map(|segment| segment.seconds).sum();
        let working_seconds = hours.map(|_| segments.iter().filter_map(|segment| segment.working_seconds).sum());
        Ok(Breakdown { segments, seconds, working_seconds, calendar: key })
    }
}

fn segments(ticket: &Ticket, events: &[Event], now: Timestamp, hours: Option<&Calendar>) -> Vec<Segment> {
    let mut held = at_first(ticket, events);
    let end = whole(ticket.closed_at.filter(|_| !ticket.category.is_open()).unwrap_or(now));
    let mut from = whole(ticket.opened_at);
    let mut all: Vec<Segment> = Vec::new();
    for event in events {
        let mut after = held.clone();
        apply(&mut after, event);
        if after == held {
            continue;
        }
        let at = whole(event.at).clamp(from, end.max(from));
        push(&mut all, &held, from, at, hours);
        (held, from) = (after, at);
    }
    push(&mut all, &held, from, end, hours);
    all
}

/// As it was before the first change: what the first change of each says it was, and what it is when none did.
fn at_first(ticket: &Ticket, events: &[Event]) -> Held {
    let first = |field: &str| {
        let found = events.iter().flat_map(changes).find(|change| change["field"] == field);
        found.map(|change| change["from"].as_str().map(str::to_owned))
    };
    let id = |field: &str, now: Option<&str>| first(field).unwrap_or_else(|| now.map(str::to_owned));
    Held {
        state: first("state").flatten().unwrap_or_else(|| ticket.state.clone()),
        group: id("group", ticket.group.as_ref().map(|group| group.as_str())),
        assignee: id("assignee", ticket.assignee.as_ref().map(|person| person.as_str())),
        paused: BTreeSet::new(),
    }
}

fn apply(held: &mut Held, event: &Event) {
    let clock = || event.data["clock"].as_str().unwrap_or_default().to_owned();
    match event.kind.as_str() {
        "clock.paused" => {
            held.paused.insert(clock());
        }
        "clock.started" | "clock.stopped" | "clock.cancelled" => {
            held.paused.remove(&clock());
        }
        _ => {}
    }
    for change in changes(event) {
        let to = change["to"].as_str().map(str::to_owned);
        match change["field"].as_str() {
            Some("state") => held.state = to.unwrap_or_default(),
            Some("group") => held.group = to,
            Some("assignee") => held.assignee = to,
            _ => {}
        }
    }
}

fn changes(event: &Event) -> impl Iterator<Item = &Value> {
    let of_ticket = event.kind == "ticket.changed";
    event.data["changes"].as_array().into_iter().flatten().filter(move |_| of_ticket)
}

fn push(all: &mut Vec<Segment>, held: &Held, from: Timestamp, until: Timestamp, hours: Option<&Calendar>) {
    if until <= from {
        return;
    }
    all.push(Segment {
        from,
        until,
        state: held.state.clone(),
        group: held.group.clone(),
        assignee: held.assignee.clone(),
        paused: held.paused.iter().cloned().collect(),
        seconds: until.as_second() - from.as_second(),
        working_seconds: hours.map(|hours| hours.between(from, until)),
    });
}

fn whole(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}
