//! People, groups, roles, spaces, and what they sign in with.

use super::{MemoryStore, has_words, page};
use async_trait::async_trait;
use domain::person::RoleAssignment;
use domain::{Group, GroupId, OrgId, Person, PersonId, Space};
use store::{Credentials, Page, People, Result, Session};

fn search(person: &Person) -> String {
    format!("{} {} {}", person.name, person.login, person.email).to_lowercase()
}

#[async_trait]
impl People for MemoryStore {
    async fn person_get(&self, org: &OrgId, id: &PersonId) -> Result<Option<Person>> {
        self.look(org, |data| data.people.get(id.as_str()).cloned())
    }

    async fn person_by_login(&self, org: &OrgId, login: &str) -> Result<Option<Person>> {
        self.look(org, |data| data.logins.get(login).and_then(|id| data.people.get(id)).cloned())
    }

    async fn person_list(&self, org: &OrgId, text: &str, after: Option<&str>, limit: u32) -> Result<Page<Person>> {
        self.look(org, |data| {
            let start = after.map(|id| data.people.get(id).map(|person| (search(person), person.id.clone())));
            let mut rows: Vec<((String, PersonId), &Person)> =
                data.people.rows().map(|person| ((search(person), person.id.clone()), person)).collect();
            rows.retain(|(key, _)| {
                has_words(&key.0, text)
                    && start.as_ref().is_none_or(|start| start.as_ref().is_some_and(|start| key > start))
            });
            rows.sort_by(|left, right| left.0.cmp(&right.0));
            let rows = rows.into_iter().map(|(_, person)| person.clone()).collect();
            page(rows, limit, |person: &Person| (person.name.clone(), person.id.0.clone()))
        })
    }

    async fn group_get(&self, org: &OrgId, id: &GroupId) -> Result<Option<Group>> {
        self.look(org, |data| data.groups.get(id.as_str()).cloned())
    }

    async fn group_list(&self, org: &OrgId) -> Result<Vec<Group>> {
        self.look(org, |data| data.groups.rows().cloned().collect())
    }

    async fn groups_of(&self, org: &OrgId, person: &PersonId) -> Result<Vec<GroupId>> {
        self.look(org, |data| {
            data.groups.rows().filter(|group| group.members.contains(person)).map(|group| group.id.clone()).collect()
        })
    }

    async fn members(&self, org: &OrgId, group: &GroupId) -> Result<Vec<Person>> {
        self.look(org, |data| data.members(group.as_str()).into_iter().cloned().collect())
    }

    async fn roles_of(&self, org: &OrgId, person: &PersonId) -> Result<Vec<RoleAssignment>> {
        self.look(org, |data| {
            data.roles.iter().filter(|(key, _)| key.0 == person.0).map(|(_, role)| role.clone()).collect()
        })
    }

    async fn space_get(&self, org: &OrgId, id: &str) -> Result<Option<Space>> {
        self.look(org, |data| data.spaces.get(id).cloned())
    }

    async fn space_list(&self, org: &OrgId) -> Result<Vec<Space>> {
        self.look(org, |data| data.spaces.rows().cloned().collect())
    }
}

#[async_trait]
impl Credentials for MemoryStore {
    async fn password_get(&self, org: &OrgId, person: &PersonId) -> Result<Option<String>> {
        self.look(org, |data| data.passwords.get(person.as_str()).cloned())
    }

    async fn session_put(&self, org: &OrgId, session: &Session) -> Result<()> {
        self.change(org, |data| drop(data.sessions.put(session.token_hash.clone(), session.clone())))
    }

    async fn session_get(&self, org: &OrgId, token_hash: &str) -> Result<Option<Session>> {
        self.look(org, |data| data.sessions.get(token_hash).cloned())
    }

    async fn session_delete(&self, org: &OrgId, token_hash: &str) -> Result<()> {
        self.change(org, |data| drop(data.sessions.remove(token_hash)))
    }

    async fn session_delete_all(&self, org: &OrgId, person: &PersonId) -> Result<()> {
        self.change(org, |data| data.sessions.retain(|_, session| session.person != *person))
    }

    async fn session_list(&self, org: &OrgId, person: &PersonId) -> Result<Vec<Session>> {
        self.look(org, |data| {
            let mut found: Vec<Session> =
                data.sessions.rows().filter(|session| session.person == *person).cloned().collect();
            found.sort_by_key(|session| (session.created_at, session.token_hash.clone()));
            found
        })
    }
}
