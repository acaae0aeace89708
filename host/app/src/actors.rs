//! From a person to an actor: roles and groups, remembered until somebody changes them.

use crate::app::App;
use crate::error::{AppError, Result};
use domain::{Actor, ActorKind, PersonId, SpaceId};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, RwLock};

#[derive(Debug, Default)]
pub struct ActorCache {
    actors: RwLock<HashMap<PersonId, Arc<Actor>>>,
}

impl ActorCache {
    /// Forget everybody: roles, groups or people have changed, and that counts at once.
    pub(crate) fn clear(&self) {
        self.actors.write().expect("nothing panics while it holds this lock").clear();
    }
}

impl App {
    /// The actor that a person is.
    ///
    /// # Errors
    /// The person does not exist or is not active.
    pub async fn actor(&self, id: &PersonId) -> Result<Arc<Actor>> {
        if let Some(actor) = self.actors.actors.read().expect("nothing panics while it holds this lock").get(id) {
            return Ok(Arc::clone(actor));
        }
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
        let mut actors = self.actors.actors.write().expect("nothing panics while it holds this lock");
        actors.insert(id.clone(), Arc::clone(&actor));
        Ok(actor)
    }
}
