//! Working time as the host counts it: whole seconds, by calendar and zone.

use std::cell::RefCell;
use timeline::{BusinessTime, CalendarUse, Fault, Micros, SECOND};
use weft_sdk::{Host, Instant};

pub(crate) struct HostTime<'a, H> {
    host: &'a H,
    fault: RefCell<Option<weft_sdk::Fault>>,
}

impl<'a, H: Host> HostTime<'a, H> {
    pub(crate) fn new(host: &'a H) -> Self {
        let fault = RefCell::new(None);
        Self { host, fault }
    }

    /// The host's last no, unless it was about the question itself.
    pub(crate) fn refusal(&self) -> Option<weft_sdk::Fault> {
        let fault = self.fault.take();
        fault.filter(|fault| matches!(fault, weft_sdk::Fault::Denied(_) | weft_sdk::Fault::Retry(_)))
    }

    fn note<T>(&self, answer: Result<T, weft_sdk::Fault>) -> Result<T, Fault> {
        answer.map_err(|fault| {
            let words = Fault(fault.to_string());
            self.fault.replace(Some(fault));
            words
        })
    }
}

impl<H: Host> BusinessTime for HostTime<'_, H> {
    fn add(&self, calendar: &CalendarUse, start: Micros, amount: Micros) -> Result<Micros, Fault> {
        let seconds =
            u32::try_from(amount / SECOND).map_err(|_| Fault("the target is longer than a century".to_owned()))?;
        let due = self.host.calendar_add(key(calendar), instant(start), seconds, calendar.zone.as_deref());
        self.note(due).map(micros)
    }

    fn between(&self, calendar: &CalendarUse, from: Micros, to: Micros) -> Result<Micros, Fault> {
        let (from, to) = (instant(from), instant(to));
        let seconds = self.host.calendar_between(key(calendar), from, to, calendar.zone.as_deref());
        self.note(seconds).map(|seconds| i64::from(seconds) * SECOND)
    }

    fn next_open(&self, calendar: &CalendarUse, at: Micros) -> Result<Micros, Fault> {
        Ok(self.add(calendar, at, SECOND)? - SECOND)
    }
}

fn key(calendar: &CalendarUse) -> &str {
    calendar.key.as_deref().unwrap_or_default()
}

pub(crate) fn micros(instant: Instant) -> Micros {
    instant.unix() * SECOND
}

pub(crate) fn instant(at: Micros) -> Instant {
    Instant::from_unix(at.div_euclid(SECOND))
}
