//! From a person to an actor: roles and groups, remembered until somebody changes them.

use crate::app::App;
use crate::error::{AppError, Result};
use domain::{Actor, ActorKind, PersonId, SpaceId};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, RwLock};

const LOCK: &str = "nothing panics while it holds this lock";

#[derive(Debug, Default)]
pub struct ActorCache(RwLock<Actors>);

#[derive(Debug, Default)]
struct Actors {
    known: HashMap<PersonId, Arc<Actor>>,
    /// Counts how often everybody was forgotten.
    cleared: u64,
}

impl ActorCache {
    /// Forget everybody: roles, groups or people have changed, and that counts at once.
    pub(crate) fn clear(&self) {
        let mut actors = self.0.write().expect(LOCK);
        actors.known.clear();
        actors.cleared += 1;
    }
}

impl App {
    /// The actor that a person is.
    ///
    /// # Errors
    /// The person does not exist or is not active.
    pub async fn actor(&self, id: &PersonId) -> Result<Arc<Actor>> {
        let cleared = {
            let actors = self.actors.0.read().expect(LOCK);
            if let Some(actor) = actors.known.get(id) {
                return Ok(Arc::clone(actor));
            }
            actors.cleared
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
        let mut actors = self.actors.0.write().expect(LOCK);
        // What was read before somebody changed a role must not be remembered after it.
        if actors.cleared == cleared {
            actors.known.insert(id.clone(), Arc::clone(&actor));
        }
        Ok(actor)
    }
}
