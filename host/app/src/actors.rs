//! What is asked for with every command and seldom changes: whose a session is, who an actor is, and by which calendar a space counts.

use crate::app::App;
use crate::error::{AppError, Result};
use domain::{Actor, ActorKind, PersonId, SpaceId};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, RwLock, RwLockReadGuard, RwLockWriteGuard};
use store::Session;

/// How long a session is taken as standing. One that this node ends is over at once; another node or a command beside it may end one
/// too, and that has to count within a second.
const SESSION_FOR: SignedDuration = SignedDuration::from_millis(900);
/// Sessions in memory; the oldest are forgotten all at once, which costs a read each and nothing else.
const SESSIONS_MAX: usize = 20_000;

#[derive(Debug, Default)]
pub struct ActorCache(RwLock<Known>);

#[derive(Debug, Default)]
struct Known {
    actors: HashMap<PersonId, Arc<Actor>>,
    /// Keys of the calendars of spaces that have one.
    calendars: HashMap<SpaceId, Option<String>>,
    /// By the hash of their secret, and until when they are taken as standing.
    sessions: HashMap<String, (Session, Timestamp)>,
    /// Counts changes, so that what was read before one is not remembered after it.
    changes: u64,
}

impl ActorCache {
    /// Forget everything: roles, groups, people, spaces or sessions have changed, and that counts at once.
    pub(crate) fn clear(&self) {
        let mut known = self.write();
        known.changes += 1;
        known.actors.clear();
        known.calendars.clear();
        known.sessions.clear();
    }

    fn read(&self) -> RwLockReadGuard<'_, Known> {
        self.0.read().expect("nothing panics while it holds this lock")
    }

    fn write(&self) -> RwLockWriteGuard<'_, Known> {
        self.0.write().expect("nothing panics while it holds this lock")
    }
}

impl App {
    /// The actor that a person is.
    ///
    /// # Errors
    /// The person does not exist or is not active.
    pub async fn actor(&self, id: &PersonId) -> Result<Arc<Actor>> {
        let changes = {
            let known = self.actors.read();
            if let Some(actor) = known.actors.get(id) {
                return Ok(Arc::clone(actor));
            }
            known.changes
        };
        let org = self.org();
        let person =
            self.store.person_get(org, id).await?.filter(|person| person.active).ok_or(AppError::Unauthenticated)?;
        let mut roles: BTreeMap<SpaceId, BTreeSet<domain::Role>> = BTreeMap::new();
        for assignment in self.store.roles_of(org, id).await? {
            roles.entry(assignment.space).or_default().insert(assignment.role);
        }
        let groups = self.store.groups_of(org, id).await?.into_iter().collect();
        let actor = Arc::new(Actor {
            kind: ActorKind::Person,
            id: person.id.0,
            name: person.name,
            roles,
            groups,
            locale: person.locale,
            zone: person.zone,
        });
        let mut known = self.actors.write();
        if known.changes == changes {
            known.actors.insert(id.clone(), Arc::clone(&actor));
        }
        Ok(actor)
    }

    /// The session of a secret with this hash, unless it is over.
    pub(crate) async fn session(&self, hash: &str) -> Result<Option<Session>> {
        let now = self.now();
        let changes = {
            let known = self.actors.read();
            // A clock that was set back must not make it last longer.
            if let Some((session, until)) = known.sessions.get(hash)
                && now < *until
                && *until <= now + SESSION_FOR
            {
                return Ok(Some(session.clone()));
            }
            known.changes
        };
        let session = self.store.session_get(self.org(), hash).await?.filter(|session| session.expires_at > now);
        let mut known = self.actors.write();
        if let Some(session) = &session
            && known.changes == changes
        {
            if known.sessions.len() >= SESSIONS_MAX {
                known.sessions.clear();
            }
            let until = session.expires_at.min(now + SESSION_FOR);
            known.sessions.insert(hash.to_owned(), (session.clone(), until));
        }
        Ok(session)
    }

    /// The key of the calendar by which a space counts.
    pub(crate) async fn calendar_of(&self, space: &SpaceId) -> Result<Option<String>> {
        let changes = {
            let known = self.actors.read();
            if let Some(calendar) = known.calendars.get(space) {
                return Ok(calendar.clone());
            }
            known.changes
        };
        let calendar = self.store.space_get(self.org(), &space.0).await?.and_then(|space| space.calendar);
        let mut known = self.actors.write();
        if known.changes == changes {
            known.calendars.insert(space.clone(), calendar.clone());
        }
        Ok(calendar)
    }
}
