//! Several nodes on one database: each says that it is alive, and each hears what the others committed.

use crate::app::App;
use crate::error::{AppError, Result};
use domain::{Actor, Event, PluginId};
use jiff::SignedDuration;
use std::collections::BTreeSet;
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
/// What an administrator does about a plugin that fails.
const ENDS_QUARANTINE: [&str; 2] = ["plugin.installed", "plugin.resumed"];

impl App {
    /// Say that this node is alive until told to stop.
    pub async fn attend(self: Arc<Self>, name: String, version: String, stop: CancellationToken) {
        let now = self.now();
        let mut node =
            Node { id: self.node.clone(), name, version, started_at: now, seen_at: now, lease_until: now + ALIVE };
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
            let heard = match news {
                Ok(events) => match self.hear(&events).await {
                    Ok(()) => {
                        after = events.last().map_or(after, |last| last.seq);
                        continue;
                    }
                    Err(error) => error,
                },
                Err(error) => error.into(),
            };
            // What was not understood is asked for again: a change that is skipped would be missed until the next one.
            tracing::warn!(error = %heard, "what other nodes did could not be read");
            self.clock.sleep(Duration::from_secs(1)).await;
        }
    }

    async fn hear(&self, events: &[Event]) -> Result<()> {
        if events.is_empty() {
            return Ok(());
        }
        let about = |kinds: &[&str]| events.iter().any(|event| kinds.contains(&event.subject_kind.as_str()));
        let outcome = async {
            if about(&["plugin", "ci-class"]) {
                self.reload_registry().await?;
                self.wake_held(events).await?;
            }
            if about(&["calendar"]) {
                self.reload_calendars().await?;
            }
            Ok::<_, AppError>(())
        };
        match outcome.await {
            Err(error) if error.is_passing() => return Err(error),
            Err(error) => tracing::error!(%error, "what another node changed could not be loaded"),
            Ok(()) => {}
        }
        if about(&["person", "group", "space", "role"]) {
            self.actors.clear();
        }
        self.impact.note(crate::impact::Touched::by_events(events));
        self.publisher.publish(events);
        self.wake.notify_waiters();
        Ok(())
    }

    /// Somebody looked at a plugin, on whichever node: its quarantine ends here too. And what this node held because its picture was older
    /// than the change runs now; the node that made the change has woken what was held by then.
    async fn wake_held(&self, events: &[Event]) -> Result<()> {
        let registry = self.registry();
        for event in events.iter().filter(|event| ENDS_QUARANTINE.contains(&event.kind.as_str())) {
            self.health.resume(&PluginId(event.subject.clone()));
        }
        let changed = events.iter().filter(|event| event.subject_kind == "plugin");
        let changed: BTreeSet<PluginId> = changed.map(|event| PluginId(event.subject.clone())).collect();
        for plugin in changed.iter().filter_map(|id| registry.plugin(id)) {
            if plugin.is_active() && !self.health.is_quarantined(plugin.id()) {
                self.unhold(plugin.id()).await?;
            }
        }
        Ok(())
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
