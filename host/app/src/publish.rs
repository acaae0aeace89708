//! Live events: what was committed, told to whoever listens, in order. A slow listener misses events and is told so; it catches up
//! from the journal.

use domain::Event;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use tokio::sync::broadcast;

/// Events kept for slow listeners.
const BACKLOG: usize = 4096;

#[derive(Debug)]
pub struct Publisher {
    sender: broadcast::Sender<Arc<Event>>,
    head: AtomicI64,
}

impl Publisher {
    #[must_use]
    pub fn new(head: i64) -> Self {
        Self { sender: broadcast::channel(BACKLOG).0, head: AtomicI64::new(head) }
    }

    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<Event>> {
        self.sender.subscribe()
    }

    /// Position of the newest event that was published here.
    #[must_use]
    pub fn head(&self) -> i64 {
        self.head.load(Ordering::Acquire)
    }

    pub(crate) fn publish(&self, events: &[Event]) {
        for event in events {
            self.head.fetch_max(event.seq, Ordering::AcqRel);
            if self.sender.receiver_count() > 0 {
                // An error only says that nobody listens any more.
                let _ = self.sender.send(Arc::new(event.clone()));
            }
        }
    }
}
