//! `weft:host/calendars`: business time.

use super::answer;
use crate::bindings::weft::host::calendars::Host;
use crate::bindings::weft::types::types;
use crate::convert::instant;
use crate::state::State;
use app::port::plugins::{Fault, SnapshotReader};
use jiff::Timestamp;

impl Host for State {
    async fn add(
        &mut self,
        calendar: String,
        start: String,
        seconds: u32,
        zone: Option<String>,
    ) -> wasmtime::Result<Result<String, types::Fault>> {
        let reader = self.ask()?;
        let at = add(&*reader, &calendar, &start, seconds, zone.as_deref()).await;
        answer(at, |at| at.to_string())
    }

    async fn between(
        &mut self,
        calendar: String,
        start: String,
        end: String,
        zone: Option<String>,
    ) -> wasmtime::Result<Result<u32, types::Fault>> {
        let reader = self.ask()?;
        answer(between(&*reader, &calendar, &start, &end, zone.as_deref()).await, |seconds| seconds)
    }

    async fn is_open(
        &mut self,
        calendar: String,
        at: String,
        zone: Option<String>,
    ) -> wasmtime::Result<Result<bool, types::Fault>> {
        let reader = self.ask()?;
        answer(is_open(&*reader, &calendar, &at, zone.as_deref()).await, |open| open)
    }
}

async fn add(
    reader: &dyn SnapshotReader,
    calendar: &str,
    start: &str,
    seconds: u32,
    zone: Option<&str>,
) -> Result<Timestamp, Fault> {
    reader.calendar_add(calendar, instant("start", start)?, seconds, zone).await
}

async fn between(
    reader: &dyn SnapshotReader,
    calendar: &str,
    start: &str,
    end: &str,
    zone: Option<&str>,
) -> Result<u32, Fault> {
    reader.calendar_between(calendar, instant("start", start)?, instant("end", end)?, zone).await
}

async fn is_open(reader: &dyn SnapshotReader, calendar: &str, at: &str, zone: Option<&str>) -> Result<bool, Fault> {
    reader.calendar_is_open(calendar, instant("at", at)?, zone).await
}
