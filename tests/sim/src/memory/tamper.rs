//! What somebody can do to a database behind the store's back: for the conformance suite, which proves that it is noticed.

use super::Database;
use domain::Event;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tampering {
    Actor {
        seq: i64,
        actor: String,
    },
    /// The event happened a microsecond later.
    Later {
        seq: i64,
    },
    Delete {
        from: i64,
        to: i64,
    },
    /// Every later event moves one place to the front.
    CloseGap {
        after: i64,
    },
    HeadBack,
    /// Another place in the chain of its subject.
    Place {
        subject: String,
        from: i64,
        to: i64,
    },
    UnreadableJob {
        id: String,
    },
}

impl Database {
    /// Do it to every organisation.
    pub fn tamper(&self, tampering: &Tampering) {
        for data in self.rows().orgs.values_mut() {
            match tampering {
                Tampering::Actor { seq, actor } => {
                    data.events.update(seq, |event| event.actor.clone_from(actor));
                }
                Tampering::Later { seq } => {
                    data.events.update(seq, |event| event.at += jiff::SignedDuration::from_micros(1));
                }
                Tampering::Delete { from, to } => data.events.retain(|seq, _| seq < from || seq > to),
                Tampering::CloseGap { after } => {
                    let later: Vec<Event> = data.events.rows().filter(|event| event.seq > *after).cloned().collect();
                    data.events.retain(|seq, _| seq <= after);
                    for event in later {
                        data.events.put(event.seq - 1, Event { seq: event.seq - 1, ..event });
                    }
                }
                Tampering::HeadBack => data.head -= 1,
                Tampering::Place { subject, from, to } => {
                    let is_it = |event: &&Event| event.subject == *subject && event.subject_seq == *from;
                    let found: Vec<i64> = data.events.rows().filter(is_it).map(|event| event.seq).collect();
                    for seq in found {
                        data.events.update(&seq, |event| event.subject_seq = *to);
                    }
                }
                Tampering::UnreadableJob { id } => {
                    data.jobs.update(id.as_str(), |job| job.work = None);
                }
            }
        }
    }
}
