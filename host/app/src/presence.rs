//! Who looks at a ticket right now, and who writes: a courtesy between people who work on it, kept in memory of this node and forgotten
//! when nobody renews it. Nothing is decided by it.

use crate::app::App;
use crate::authz::TicketAction;
use crate::error::{AppError, Result};
use domain::{Actor, PersonId, TicketId};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::sync::Mutex;
use tokio::sync::broadcast;

/// How long a sign of life counts. The screens renew it at half of that.
const COUNTS: SignedDuration = SignedDuration::from_secs(40);
/// Tickets that somebody looks at, and people at one of them.
const TICKETS_MAX: usize = 10_000;
const PEOPLE_MAX: usize = 50;
const BACKLOG: usize = 256;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doing {
    Looking,
    Writing,
    /// They are gone.
    Nothing,
}

/// Somebody at a ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watcher {
    pub person: PersonId,
    pub name: String,
    pub writes: bool,
}

#[derive(Debug, Clone)]
struct Seen {
    name: String,
    at: Timestamp,
    writes: bool,
}

#[derive(Debug)]
pub struct Presence {
    tickets: Mutex<BTreeMap<TicketId, BTreeMap<PersonId, Seen>>>,
    sender: broadcast::Sender<TicketId>,
}

impl Default for Presence {
    fn default() -> Self {
        Self { tickets: Mutex::default(), sender: broadcast::channel(BACKLOG).0 }
    }
}

impl Presence {
    /// Note what somebody does; true if the others have to know.
    fn note(&self, ticket: &TicketId, person: &PersonId, name: &str, doing: Doing, now: Timestamp) -> bool {
        let mut tickets = self.tickets.lock().expect("nothing panics while it holds this lock");
        if !tickets.contains_key(ticket) && tickets.len() >= TICKETS_MAX {
            tickets.retain(|_, people| people.values().any(|seen| now.duration_since(seen.at) < COUNTS));
            if tickets.len() >= TICKETS_MAX {
                return false;
            }
        }
        let people = tickets.entry(ticket.clone()).or_default();
        people.retain(|_, seen| now.duration_since(seen.at) < COUNTS);
        let before = people.get(person).map(|seen| seen.writes);
        match doing {
            Doing::Nothing => {
                people.remove(person);
            }
            Doing::Looking | Doing::Writing if people.len() < PEOPLE_MAX || before.is_some() => {
                let seen = Seen { name: name.to_owned(), at: now, writes: doing == Doing::Writing };
                people.insert(person.clone(), seen);
            }
            Doing::Looking | Doing::Writing => {}
        }
        let after = people.get(person).map(|seen| seen.writes);
        if people.is_empty() {
            tickets.remove(ticket);
        }
        before != after
    }

    fn at(&self, ticket: &TicketId, now: Timestamp) -> Vec<Watcher> {
        let tickets = self.tickets.lock().expect("nothing panics while it holds this lock");
        let people = tickets.get(ticket).into_iter().flatten();
        people
            .filter(|(_, seen)| now.duration_since(seen.at) < COUNTS)
            .map(|(person, seen)| Watcher { person: person.clone(), name: seen.name.clone(), writes: seen.writes })
            .collect()
    }
}

impl App {
    /// Say what the caller does at a ticket, and learn who else is there. For those who work on it.
    ///
    /// # Errors
    /// There is no such ticket for the caller, or they do not work on it.
    pub async fn presence_put(&self, actor: &Actor, ticket: &str, doing: Doing) -> Result<Vec<Watcher>> {
        let id = self.present(actor, ticket).await?;
        let person = actor.person_id().ok_or(AppError::Unauthenticated)?;
        let name = self.person_get(&person).await?.name;
        if self.presence.note(&id, &person, &name, doing, self.now()) {
            // An error only says that nobody listens.
            let _ = self.presence.sender.send(id.clone());
        }
        Ok(self.presence.at(&id, self.now()))
    }

    /// Who is at a ticket, for whoever works on it; nothing for everybody else.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn presence_seen(&self, actor: &Actor, ticket: &TicketId) -> Result<Option<Vec<Watcher>>> {
        match self.present(actor, &ticket.0).await {
            Ok(id) => Ok(Some(self.presence.at(&id, self.now()))),
            Err(AppError::NotFound(_) | AppError::Forbidden(_)) => Ok(None),
            Err(other) => Err(other),
        }
    }

    /// Hears of tickets where somebody came, went or began to write.
    #[must_use]
    pub fn presence_news(&self) -> broadcast::Receiver<TicketId> {
        self.presence.sender.subscribe()
    }

    async fn present(&self, actor: &Actor, ticket: &str) -> Result<TicketId> {
        let bundle = self.load_visible(actor, &TicketId::from(ticket)).await?;
        if !self.authz.ticket(actor, TicketAction::ReadInternal, &bundle) {
            return Err(AppError::Forbidden("who else is here is for those who work on the ticket".to_owned()));
        }
        Ok(bundle.ticket.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn somebody_who_stops_renewing_is_gone() {
        let presence = Presence::default();
        let (ticket, ada, ben) = (TicketId::from("t1"), PersonId::from("ada"), PersonId::from("ben"));
        let start = Timestamp::UNIX_EPOCH;
        let names = |at| presence.at(&ticket, at).into_iter().map(|one| (one.name, one.writes)).collect::<Vec<_>>();

        assert!(presence.note(&ticket, &ada, "Ada", Doing::Looking, start));
        assert!(!presence.note(&ticket, &ada, "Ada", Doing::Looking, start), "nothing new");
        assert!(presence.note(&ticket, &ben, "Ben", Doing::Writing, start));
        assert_eq!(names(start), [("Ada".to_owned(), false), ("Ben".to_owned(), true)]);
        assert!(presence.note(&ticket, &ben, "Ben", Doing::Nothing, start));
        assert_eq!(names(start), [("Ada".to_owned(), false)]);
        assert_eq!(names(start + COUNTS), []);
    }
}
