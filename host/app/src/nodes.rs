//! Several nodes on one database: each says that it is alive, and each hears what the others committed.

use crate::app::App;
use crate::error::Result;
use domain::{Actor, Event};
use jiff::SignedDuration;
use std::sync::Arc;
use std::time::Duration;
use store::Node;
use tokio_util::sync::CancellationToken;

/// How often a node says that it is alive, and for how long that counts.
const BEAT: Duration = Duration::from_secs(5);
const ALIVE: SignedDuration = SignedDuration::from_secs(15);
/// How long one question for news may wait for an answer.
const WAIT: Duration = Duration::from_secs(5);
const EVENTS_MAX: u32 = 500;

impl App {
    /// Say that this node is alive until told to stop.
    pub async fn attend(self: Arc<Self>, name: String, version: String, stop: CancellationToken) {
        let now = self.now();
        let mut node =
            Node { id: self.new_id(), name, version, started_at: now, seen_at: now, lease_until: now + ALIVE };
        while !stop.is_cancelled() {
            node.seen_at = self.now();
            node.lease_until = node.seen_at + ALIVE;
            if let Err(error) = self.store.node_beat(self.org(), &node).await {
                tracing::warn!(%error, "this node could not say that it is alive");
            }
            let rest = self.clock.sleep(BEAT);
            tokio::select! {
                () = rest => {}
                () = stop.cancelled() => {}
            }
        }
        // Nobody has to wait for the lease to run out.
        node.lease_until = self.now();
        if let Err(error) = self.store.node_beat(self.org(), &node).await {
            tracing::warn!(%error, "this node could not say that it is gone");
        }
    }

    /// Publish what any node commits, in the order of the journal, and forget what it makes stale. Runs where several nodes share a
    /// database; a node that is alone publishes what it commits itself.
    pub async fn follow(self: Arc<Self>, stop: CancellationToken) {
        let mut after = self.publisher.head();
        while !stop.is_cancelled() {
            let news = tokio::select! {
                news = self.store.event_wait(self.org(), after, EVENTS_MAX, WAIT) => news,
                () = stop.cancelled() => return,
            };
            match news {
                Ok(events) => {
                    if let Some(last) = events.last() {
                        after = last.seq;
                        self.hear(&events).await;
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "what other nodes did could not be read");
                    self.clock.sleep(Duration::from_secs(1)).await;
                }
            }
        }
    }

    async fn hear(&self, events: &[Event]) {
        let about = |kinds: &[&str]| events.iter().any(|event| kinds.contains(&event.subject_kind.as_str()));
        let outcome = async {
            if about(&["plugin", "ci-class"]) {
                self.reload_registry().await?;
            }
            if about(&["calendar"]) {
                self.reload_calendars().await?;
            }
            Ok::<_, crate::error::AppError>(())
        };
        if let Err(error) = outcome.await {
            tracing::error!(%error, "what another node changed could not be loaded");
        }
        if about(&["person", "group", "space", "role"]) {
            self.actors.clear();
        }
        if about(&["ci"]) {
            self.impact_changed();
        }
        self.publisher.publish(events);
        self.wake.notify_waiters();
    }

    /// The nodes of the last day, by start.
    ///
    /// # Errors
    /// Not somebody who runs the platform.
    pub async fn node_list(&self, actor: &Actor) -> Result<Vec<Node>> {
        self.platform(actor)?;
        Ok(self.store.node_list(self.org()).await?)
    }
}
