//! Clocks: started, paused and stopped by plugins; kept exact and fired once by the host.

use crate::decision::{JobPlan, clock_key};
use crate::wave::{By, Wave};
use domain::effect::{PauseClock, StartClock, StopClock};
use domain::{Clock, ClockState, TicketId, job};
use jiff::Timestamp;
use serde_json::json;

/// Clocks on one ticket.
const CLOCKS_MAX: usize = 50;

impl Wave<'_> {
    pub(crate) fn start_clock(&mut self, id: &TicketId, start: &StartClock, by: &By, pointer: &str) {
        let Some(plugin) = by.plugin.clone() else { return self.plugins_only(pointer, "start-clock") };
        self.settle(id, &start.name, self.now, by);
        let now = self.now;
        let clocks = &mut self.tickets.get_mut(id).expect("checked by `apply`").after.clocks;
        if clocks.iter().any(|clock| clock.name == start.name && clock.plugin != plugin) {
            return self.problem(
                pointer,
                "not-your-clock",
                format!("clock `{}` belongs to another plugin", start.name),
            );
        }
        if clocks.len() >= CLOCKS_MAX {
            return self.problem(pointer, "too-many-clocks", format!("a ticket has at most {CLOCKS_MAX} clocks"));
        }
        clocks.retain(|clock| clock.name != start.name);
        clocks.push(Clock {
            ticket: id.clone(),
            name: start.name.clone(),
            plugin,
            title: start.title.clone(),
            state: ClockState::Running,
            started_at: start.started_at,
            due_at: Some(start.due_at),
            stopped_at: None,
            // Breach is decided on the exact due time: a clock that starts with its due time behind it is late from that instant.
            breached_at: (start.due_at < now).then_some(start.due_at),
            reason: start.reason.clone(),
            data: start.data.clone(),
        });
        let late = start.due_at < now;
        self.changed(id, &start.name);
        self.ticket_event(
            id,
            by,
            "clock.started",
            json!({
                "clock": start.name, "title": start.title, "started": start.started_at, "due": start.due_at, "reason": start.reason
            }),
        );
        if late {
            self.ticket_event(
                id,
                by,
                "clock.due",
                json!({ "clock": start.name, "title": start.title, "due": start.due_at }),
            );
            self.disarm(id, &start.name);
        } else {
            self.arm(id, &start.name, start.due_at);
        }
    }

    pub(crate) fn pause_clock(&mut self, id: &TicketId, pause: &PauseClock, by: &By, pointer: &str) {
        if !self.own_clock(id, &pause.name, by, pointer) {
            return;
        }
        self.settle(id, &pause.name, self.now, by);
        let clock = self.clock(id, &pause.name);
        let title = clock.title.clone();
        clock.state = ClockState::Paused;
        clock.due_at = None;
        clock.reason.clone_from(&pause.reason);
        clock.data = pause.data.clone();
        self.changed(id, &pause.name);
        self.disarm(id, &pause.name);
        self.ticket_event(
            id,
            by,
            "clock.paused",
            json!({ "clock": pause.name, "title": title, "reason": pause.reason }),
        );
    }

    pub(crate) fn stop_clock(&mut self, id: &TicketId, stop: &StopClock, by: &By, pointer: &str) {
        if !self.own_clock(id, &stop.name, by, pointer) {
            return;
        }
        if !stop.cancelled {
            self.settle(id, &stop.name, stop.at, by);
        }
        let clock = self.clock(id, &stop.name);
        clock.state = if stop.cancelled { ClockState::Cancelled } else { ClockState::Stopped };
        clock.stopped_at = Some(stop.at);
        clock.due_at = if stop.cancelled { None } else { clock.due_at };
        clock.reason.clone_from(&stop.reason);
        clock.data = stop.data.clone();
        let (title, breached) = (clock.title.clone(), clock.breached_at);
        self.changed(id, &stop.name);
        self.disarm(id, &stop.name);
        let kind = if stop.cancelled { "clock.cancelled" } else { "clock.stopped" };
        self.ticket_event(
            id,
            by,
            kind,
            json!({ "clock": stop.name, "title": title, "at": stop.at, "reason": stop.reason, "breached": breached }),
        );
    }

    /// The due time of a clock has come: called by the host's own job. Does nothing when the clock moved on meanwhile.
    pub fn fire_clock(&mut self, id: &TicketId, name: &str, due_at: Timestamp, by: &By) -> bool {
        let current =
            self.tickets.get(id).and_then(|working| working.after.clocks.iter().find(|clock| clock.name == name));
        let fires = current.is_some_and(|clock| {
            clock.state == ClockState::Running && clock.due_at == Some(due_at) && clock.breached_at.is_none()
        });
        if fires {
            self.breach(id, name, due_at, by);
            self.tickets.get_mut(id).expect("found above").effects.push(domain::Effect::StopClock(StopClock {
                ticket: None,
                name: name.to_owned(),
                at: due_at,
                cancelled: false,
                reason: "due".to_owned(),
                data: serde_json::Value::Null,
            }));
        }
        fires
    }

    /// Record a due time that passed while the clock ran, before the clock is changed.
    fn settle(&mut self, id: &TicketId, name: &str, at: Timestamp, by: &By) {
        let clock = self.tickets[id].after.clocks.iter().find(|clock| clock.name == name);
        if let Some(clock) = clock
            && clock.state == ClockState::Running
            && clock.breached_at.is_none()
            && let Some(due_at) = clock.due_at
            && due_at < at
        {
            self.breach(id, name, due_at, by);
        }
    }

    fn breach(&mut self, id: &TicketId, name: &str, due_at: Timestamp, by: &By) {
        let clock = self.clock(id, name);
        clock.breached_at = Some(due_at);
        let title = clock.title.clone();
        self.changed(id, name);
        self.ticket_event(id, by, "clock.due", json!({ "clock": name, "title": title, "due": due_at }));
    }

    fn own_clock(&mut self, id: &TicketId, name: &str, by: &By, pointer: &str) -> bool {
        let Some(plugin) = &by.plugin else {
            self.plugins_only(pointer, "clocks");
            return false;
        };
        match self.tickets[id].after.clocks.iter().find(|clock| clock.name == name) {
            None => self.problem(pointer, "unknown-clock", format!("the ticket has no clock `{name}`")),
            Some(clock) if clock.plugin != *plugin => {
                self.problem(pointer, "not-your-clock", format!("clock `{name}` belongs to another plugin"));
            }
            Some(_) => return true,
        }
        false
    }

    fn clock(&mut self, id: &TicketId, name: &str) -> &mut Clock {
        let clocks = &mut self.tickets.get_mut(id).expect("checked by `apply`").after.clocks;
        clocks.iter_mut().find(|clock| clock.name == name).expect("the caller found it")
    }

    fn changed(&mut self, id: &TicketId, name: &str) {
        self.tickets.get_mut(id).expect("checked by `apply`").changed_clocks.insert(name.to_owned());
    }

    fn arm(&mut self, id: &TicketId, name: &str, due_at: Timestamp) {
        let unique_key = clock_key(id, name);
        self.out.jobs.retain(|job| job.unique_key != unique_key);
        self.out.jobs_cancelled.retain(|key| *key != unique_key);
        self.out.jobs.push(JobPlan {
            work: job::Work::ClockDue { ticket: id.clone(), clock: name.to_owned(), due_at },
            order_key: format!("host/ticket:{id}"),
            due_at,
            unique_key,
        });
    }

    fn disarm(&mut self, id: &TicketId, name: &str) {
        let key = clock_key(id, name);
        self.out.jobs.retain(|job| job.unique_key != key);
        if !self.out.jobs_cancelled.contains(&key) {
            self.out.jobs_cancelled.push(key);
        }
    }
}
