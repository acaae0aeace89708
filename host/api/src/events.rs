//! Live events by SSE. A stream begins where the caller left off (`Last-Event-ID`), tells only what they may know, and catches up from
//! the journal whenever it falls behind: nothing is lost between two events.

use crate::extract::Caller;
use crate::problem::{ApiError, Result};
use crate::schema;
use crate::state::ApiState;
use crate::tickets::presence::watching;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use axum::response::Response;
use axum::response::sse::{Event as Sent, Sse};
use domain::{Actor, Event, TicketId};
use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{OwnedSemaphorePermit, broadcast};
use tokio::time::Interval;

/// Events that are read from the journal at once.
const CATCH_UP: u32 = 200;

/// One stream.
struct Stream {
    state: ApiState,
    caller: Caller,
    live: broadcast::Receiver<Arc<Event>>,
    presence: broadcast::Receiver<TicketId>,
    /// Position in the journal up to which everything was looked at.
    seen: i64,
    pending: VecDeque<Arc<Event>>,
    ping: Interval,
    _permit: OwnedSemaphorePermit,
}

/// Changes of tickets and of flows as they happen, as far as the caller may know of them.
#[utoipa::path(
    get, path = "/events", tag = "events",
    params(("Last-Event-ID" = Option<String>, Header, description = "The id of the last event that was received")),
    responses((status = 200, content_type = "text/event-stream", body = schema::LiveEvent, description = "`event: ticket` with this data; `event: flow` with `LiveFlow`, when an instance went on; `event: presence` with `LivePresence`, when somebody came to a ticket or left; `event: ping` as a sign of life"))
)]
pub(crate) async fn stream_events(
    State(state): State<ApiState>,
    caller: Caller,
    headers: HeaderMap,
) -> Result<Response> {
    let permit = Arc::clone(&state.streams).try_acquire_owned().map_err(|_| {
        let detail = "Too many live streams are open.";
        let full = ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "too-many-streams", "The server is busy", detail);
        ApiError { retry_after: Some(10), ..full }
    })?;
    // Subscribed before the position is taken, so that nothing falls between.
    let live = state.app.publisher().subscribe();
    let presence = state.app.presence_news();
    let head = state.app.publisher().head();
    let seen = match headers.get("last-event-id") {
        None => head,
        Some(id) => {
            let seq = state.app.position_open(id.to_str().unwrap_or_default()).await?;
            let seq = seq.ok_or_else(|| {
                ApiError::bad_request("bad-parameter", "`Last-Event-ID` is the id of an event of this stream.")
            })?;
            // A position from the future would wait for it in silence.
            seq.min(head)
        }
    };
    let mut ping = tokio::time::interval(state.config.ping);
    ping.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let stream = Stream { state, caller, live, presence, seen, pending: VecDeque::new(), ping, _permit: permit };
    let events = futures_util::stream::unfold(stream, |mut stream| async move {
        let next = stream.next().await?;
        Some((Ok::<_, Infallible>(next), stream))
    });
    let mut response = Sse::new(events).into_response();
    response.headers_mut().insert("x-accel-buffering", axum::http::HeaderValue::from_static("no"));
    Ok(response)
}

impl Stream {
    /// The next thing to send; nothing when the stream is over.
    async fn next(&mut self) -> Option<Sent> {
        loop {
            while let Some(event) = self.pending.pop_front() {
                self.seen = self.seen.max(event.seq);
                if let Some(sent) = self.tell(&event).await? {
                    return Some(sent);
                }
            }
            let head = self.state.app.publisher().head();
            if self.seen < head && self.live.is_empty() {
                self.catch_up().await?;
                continue;
            }
            let stop = self.state.stop.clone();
            tokio::select! {
                () = stop.cancelled() => return None,
                received = self.live.recv() => match received {
                    Ok(event) if event.seq <= self.seen => {}
                    Ok(event) if event.seq == self.seen + 1 => self.pending.push_back(event),
                    // Something is missing in between, or was: the journal has it.
                    Ok(_) | Err(RecvError::Lagged(_)) => self.catch_up().await?,
                    Err(RecvError::Closed) => return None,
                },
                moved = self.presence.recv() => {
                    // Who misses one sees the next: presence is renewed all the time.
                    if let Ok(ticket) = moved
                        && let Some(sent) = self.tell_presence(&ticket).await?
                    {
                        return Some(sent);
                    }
                }
                _ = self.ping.tick() => {
                    self.actor().await?;
                    return Some(self.marked("ping", self.seen).await?.data("{}"));
                }
            }
        }
    }

    async fn catch_up(&mut self) -> Option<()> {
        let app = &self.state.app;
        let head = app.publisher().head();
        let missed = app.store().event_list(&app.config.org, self.seen, CATCH_UP).await.ok()?;
        if missed.is_empty() {
            self.seen = self.seen.max(head);
        }
        self.pending.extend(missed.into_iter().map(Arc::new));
        Some(())
    }

    /// Whoever listens, as they are now. The stream ends when their session has, or when they may not sign in any more.
    async fn actor(&self) -> Option<Arc<Actor>> {
        Some(self.state.app.authenticate(&self.caller.secret).await.ok()??.actor)
    }

    /// Who is at a ticket, for whoever works on it.
    async fn tell_presence(&self, ticket: &TicketId) -> Option<Option<Sent>> {
        let actor = self.actor().await?;
        let Some(people) = self.state.app.presence_seen(&actor, ticket).await.ok()? else { return Some(None) };
        let people = people.into_iter().map(watching).collect();
        let data = schema::LivePresence { ticket: ticket.0.clone(), people };
        Some(Sent::default().event("presence").json_data(data).ok())
    }

    /// Something to send, from which the stream can go on. The position is sealed: how much happened in between is not for everybody.
    async fn marked(&self, name: &str, position: i64) -> Option<Sent> {
        Some(Sent::default().event(name).id(self.state.app.position_seal(position).await.ok()?))
    }

    async fn tell(&self, event: &Event) -> Option<Option<Sent>> {
        if !["ticket", "flow"].contains(&event.subject_kind.as_str()) {
            return Some(None);
        }
        let actor = self.actor().await?;
        if event.subject_kind == "flow" {
            let Some(instance) = self.state.app.live_instance(&actor, event).await.ok()? else { return Some(None) };
            let data = schema::LiveFlow {
                kind: event.kind.clone(),
                instance: instance.id.0,
                process: instance.process,
                ticket: instance.ticket.map(|ticket| ticket.0),
            };
            return Some(self.marked("flow", event.seq).await?.json_data(data).ok());
        }
        let ticket = self.state.app.live_ticket(&actor, event).await.ok()?;
        let Some(ticket) = ticket else { return Some(None) };
        let data = schema::LiveEvent {
            kind: event.kind.clone(),
            ticket: ticket.id.0,
            number: ticket.number,
            version: ticket.version,
        };
        Some(self.marked("ticket", event.seq).await?.json_data(data).ok())
    }
}
