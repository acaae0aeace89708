//! People, groups, spaces, roles, calendars, CI classes: the set-up of an organisation. Each change is one commit with its line in the
//! journal.

use crate::app::App;
use crate::authz::SpaceAction;
use crate::error::{AppError, Result};
use domain::calendar::Calendar;
use domain::person::RoleAssignment;
use domain::{Actor, CiClass, Group, GroupId, Object, Person, PersonId, Problem, Role, Space, SpaceId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;
use store::changeset::Noun;
use store::{Expect, Page, Write};

/// The name of somebody who was erased.
const ERASED: &str = "Erased person";

/// What erasing a person would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erasure {
    /// Numbers of the holds that keep the person: with any, nothing is erased.
    pub held_by: Vec<String>,
    /// What would be taken; nothing of somebody who is erased already.
    pub goes: Vec<&'static str>,
}

/// What is said of a person; what is absent stays, or gets its default when the person is new.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PersonChange {
    pub login: Option<String>,
    pub name: Option<String>,
    pub email: Option<String>,
    pub manager: Option<PersonId>,
    pub locale: Option<String>,
    pub zone: Option<String>,
    pub active: Option<bool>,
    pub attributes: Option<Object>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupChange {
    pub title: String,
    pub space: SpaceId,
    pub members: Vec<PersonId>,
    #[serde(default = "yes")]
    pub active: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpaceChange {
    pub id: SpaceId,
    pub title: String,
    #[serde(default)]
    pub confidential: bool,
    #[serde(default)]
    pub calendar: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalendarChange {
    pub definition: Value,
}

fn yes() -> bool {
    true
}

impl App {
    /// Create a person, or change one. `id` is given for imports and demos that need the same id every time.
    ///
    /// # Errors
    /// Not an administrator; anything wrong with the values; a login that is taken.
    pub async fn person_put(&self, actor: &Actor, id: Option<&PersonId>, change: PersonChange) -> Result<Person> {
        self.platform_or_system(actor)?;
        let known = match id {
            Some(id) => self.store.person_get(self.org(), id).await?,
            None => None,
        };
        let person = merge(known.as_ref(), id.cloned().unwrap_or_else(|| PersonId(self.new_id())), change);
        check_person(&person)?;
        if known.as_ref().is_some_and(|known| Person { version: known.version, ..person.clone() } == *known) {
            return Ok(person);
        }
        let kind = if known.is_some() { "person.changed" } else { "person.created" };
        // What changed and not what it says: the journal is never rewritten, so that it has to be silent about what may be erased.
        let data = json!({ "set": told(known.as_ref(), &person), "active": person.active });
        let mut set = self.admin_set(actor, "person", &person.id.0, kind, data);
        let version = known.as_ref().map_or(0, |known| known.version);
        let person = Person { version: version + 1, ..person };
        set.expects.push(Expect { noun: Noun::Person, id: person.id.0.clone(), version });
        set.writes.push(Write::Person(Box::new(person.clone())));
        self.commit(set).await?;
        self.actors.clear();
        if !person.active {
            // Somebody who left is out at once, on every device.
            self.store.session_delete_all(self.org(), &person.id).await?;
            self.actors.clear();
        }
        Ok(person)
    }

    /// What erasing a person would take, and what keeps them. It tells nothing of tickets, which whoever runs the platform may not see.
    ///
    /// # Errors
    /// Not an administrator; no such person; nobody can say what is held.
    pub async fn person_erasure(&self, actor: &Actor, id: &PersonId) -> Result<Erasure> {
        self.platform_or_system(actor)?;
        let holds = self.holds().await?;
        let person = self.person_get(id).await?;
        let mut goes = told(Some(&erased(&person)), &person);
        if self.store.password_get(self.org(), id).await?.is_some() {
            goes.push("password");
        }
        if !self.roles_of(id).await?.is_empty() {
            goes.push("roles");
        }
        Ok(Erasure { held_by: holds.of_person(id).into_iter().map(str::to_owned).collect(), goes })
    }

    /// Erase what says who a person is: name, login, mail, manager and attributes, password and roles. Their tickets stay and name the id,
    /// which then says nothing. Somebody who is held stays as they are. Doing it twice is doing it once.
    ///
    /// # Errors
    /// Not an administrator; no such person; the holds that keep them.
    pub async fn person_erase(&self, actor: &Actor, id: &PersonId) -> Result<Person> {
        self.platform_or_system(actor)?;
        let (holds, reads) = self.holds_now().await?;
        let known = self.person_get(id).await?;
        let by = holds.of_person(id);
        if !by.is_empty() {
            let message = format!("{} is kept by {}: have it released first", known.name, by.join(", "));
            return Err(AppError::invalid("", "held", message));
        }
        let erased = erased(&known);
        if erased == known {
            return Ok(known);
        }
        let mut set = self.admin_set(actor, "person", &id.0, "person.erased", json!({}));
        set.expects.push(Expect { noun: Noun::Person, id: id.0.clone(), version: known.version });
        // A hold that comes at the same moment is a conflict and not a surprise.
        set.reads = reads;
        let person = Person { version: known.version + 1, ..erased };
        set.writes.push(Write::Person(Box::new(person.clone())));
        set.writes.push(Write::Password { person: id.clone(), phc: None });
        set.writes.push(Write::Roles { person: id.clone(), roles: Vec::new() });
        self.commit(set).await?;
        self.store.session_delete_all(self.org(), id).await?;
        self.actors.clear();
        Ok(person)
    }

    /// Set or remove a password. People set their own, administrators anybody's; every session of the person ends.
    ///
    /// # Errors
    /// Not allowed, no such person, or a password that is too short.
    pub async fn password_put(&self, actor: &Actor, person: &PersonId, password: Option<&str>) -> Result<()> {
        if actor.person_id().as_ref() != Some(person) {
            self.platform_or_system(actor)?;
        }
        self.store.person_get(self.org(), person).await?.ok_or_else(|| AppError::not_found("person", &person.0))?;
        let phc = match password {
            Some(password) => Some(self.password_hash(password).await?),
            None => None,
        };
        let mut set =
            self.admin_set(actor, "person", &person.0, "person.password-set", json!({ "removed": phc.is_none() }));
        set.writes.push(Write::Password { person: person.clone(), phc });
        self.commit(set).await?;
        self.store.session_delete_all(self.org(), person).await?;
        self.actors.clear();
        Ok(())
    }

    /// Replace the roles of a person.
    ///
    /// # Errors
    /// Not an administrator, or no such person or space.
    pub async fn roles_put(&self, actor: &Actor, person: &PersonId, roles: Vec<(SpaceId, Role)>) -> Result<()> {
        self.platform_or_system(actor)?;
        self.store.person_get(self.org(), person).await?.ok_or_else(|| AppError::not_found("person", &person.0))?;
        let mut problems = Vec::new();
        for (index, (space, _)) in roles.iter().enumerate() {
            if space.0 != Actor::PLATFORM && self.store.space_get(self.org(), &space.0).await?.is_none() {
                problems.push(Problem::new(
                    format!("/{index}/space"),
                    "unknown-space",
                    format!("there is no space `{space}`"),
                ));
            }
        }
        if !problems.is_empty() {
            return Err(AppError::Invalid(problems));
        }
        let mut set = self.admin_set(actor, "person", &person.0, "person.roles-set", json!({ "roles": roles }));
        let roles =
            roles.into_iter().map(|(space, role)| RoleAssignment { person: person.clone(), space, role }).collect();
        set.writes.push(Write::Roles { person: person.clone(), roles });
        self.commit(set).await?;
        self.actors.clear();
        Ok(())
    }

    /// Create a group, or replace its title and members.
    ///
    /// # Errors
    /// Not an administrator of its space; unknown members.
    pub async fn group_put(&self, actor: &Actor, id: &GroupId, change: GroupChange) -> Result<Group> {
        if actor.kind == domain::ActorKind::Person {
            self.in_space(actor, SpaceAction::Administer, &change.space)?;
        }
        let mut problems = check_word("/id", &id.0);
        for (index, member) in change.members.iter().enumerate() {
            if self.store.person_get(self.org(), member).await?.is_none() {
                problems.push(Problem::new(
                    format!("/members/{index}"),
                    "unknown-person",
                    format!("there is no person `{member}`"),
                ));
            }
        }
        if !problems.is_empty() {
            return Err(AppError::Invalid(problems));
        }
        let known = self.store.group_get(self.org(), id).await?;
        let version = known.as_ref().map_or(0, |group| group.version);
        let group = Group {
            id: id.clone(),
            title: change.title,
            space: change.space,
            members: change.members,
            active: change.active,
            version: version + 1,
        };
        if known.is_some_and(|known| Group { version, ..group.clone() } == known) {
            return Ok(group);
        }
        let mut set = self.admin_set(
            actor,
            "group",
            &id.0,
            "group.set",
            json!({ "title": group.title, "members": group.members }),
        );
        set.expects.push(Expect { noun: Noun::Group, id: id.0.clone(), version });
        set.writes.push(Write::Group(group.clone()));
        self.commit(set).await?;
        self.actors.clear();
        Ok(group)
    }

    /// Create a space, or change one.
    ///
    /// # Errors
    /// Not an administrator; a bad id or title.
    pub async fn space_put(&self, actor: &Actor, change: SpaceChange) -> Result<Space> {
        self.platform_or_system(actor)?;
        let problems = check_word("/id", &change.id.0);
        if !problems.is_empty() {
            return Err(AppError::Invalid(problems));
        }
        let known = self.store.space_get(self.org(), &change.id.0).await?;
        let version = known.map_or(0, |space| space.version);
        let SpaceChange { id, title, confidential, calendar } = change;
        let space = Space { id, title, confidential, calendar, version: version + 1 };
        let mut set = self.admin_set(
            actor,
            "space",
            &space.id.0,
            "space.set",
            json!({ "title": space.title, "confidential": space.confidential }),
        );
        set.expects.push(Expect { noun: Noun::Space, id: space.id.0.clone(), version });
        set.writes.push(Write::Space(space.clone()));
        self.commit(set).await?;
        self.actors.clear();
        Ok(space)
    }

    /// Create a calendar, or replace it.
    ///
    /// # Errors
    /// Not an administrator; every problem of the definition.
    pub async fn calendar_put(&self, actor: &Actor, key: &str, definition: &Value) -> Result<()> {
        self.platform_or_system(actor)?;
        let mut definition = definition.clone();
        if let Some(object) = definition.as_object_mut() {
            object.insert("key".to_owned(), Value::from(key));
        }
        let mut problems = check_word("/key", key);
        if let Err(found) = Calendar::from_json(&definition) {
            problems.extend(found);
        }
        if !problems.is_empty() {
            return Err(AppError::Invalid(problems));
        }
        let known = self.store.calendar_list(self.org()).await?.into_iter().find(|(known, _, _)| known == key);
        if known.as_ref().is_some_and(|(_, known, _)| *known == definition) {
            return Ok(());
        }
        let version = known.map_or(0, |(_, _, version)| version);
        let mut set = self.admin_set(actor, "calendar", key, "calendar.set", definition.clone());
        set.expects.push(Expect { noun: Noun::Calendar, id: key.to_owned(), version });
        set.writes.push(Write::Calendar { key: key.to_owned(), definition, version: version + 1 });
        self.commit(set).await?;
        self.reload_calendars().await
    }

    /// When something would be due on a calendar that is not kept yet.
    ///
    /// # Errors
    /// Not an administrator; every problem of the definition; a time out of range.
    pub fn calendar_try(&self, actor: &Actor, definition: &Value, start: Timestamp, seconds: i64) -> Result<Timestamp> {
        self.platform(actor)?;
        let mut definition = definition.clone();
        if let Some(object) = definition.as_object_mut() {
            object.insert("key".to_owned(), Value::from("trial"));
        }
        let calendar = Calendar::from_json(&definition).map_err(AppError::Invalid)?;
        calendar.add(start, seconds).map_err(|error| AppError::invalid("/seconds", "out-of-range", error.to_string()))
    }

    /// Definitions by key.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn calendar_list(&self) -> Result<Vec<(String, Value, u32)>> {
        Ok(self.store.calendar_list(self.org()).await?)
    }

    /// Create a CI class, or change one.
    ///
    /// # Errors
    /// Not an administrator; unknown or circular parent; attributes that are no JSON Schema.
    pub async fn ci_class_put(&self, actor: &Actor, class: CiClass) -> Result<CiClass> {
        self.platform_or_system(actor)?;
        let registry = self.registry();
        let mut problems = check_word("/id", &class.id);
        let mut parent = class.parent.clone();
        let mut steps = 0;
        while let Some(id) = parent.take() {
            steps += 1;
            if id == class.id || steps > 20 {
                problems.push(Problem::new(
                    "/parent",
                    "class-cycle",
                    format!("`{}` would be its own ancestor", class.id),
                ));
                break;
            }
            match registry.classes.iter().find(|known| known.id == id) {
                Some(known) => parent.clone_from(&known.parent),
                None => problems.push(Problem::new("/parent", "unknown-class", format!("there is no CI class `{id}`"))),
            }
        }
        if let Err(message) = domain::kind::compile_schema(&json!({ "properties": class.attributes })) {
            problems.push(Problem::new("/attributes", "bad-schema", message));
        }
        if !problems.is_empty() {
            return Err(AppError::Invalid(problems));
        }
        let version = registry.classes.iter().find(|known| known.id == class.id).map_or(0, |known| known.version);
        let class = CiClass { version: version + 1, ..class };
        let mut set = self.admin_set(actor, "ci-class", &class.id, "ci-class.set", json!(class));
        set.expects.push(Expect { noun: Noun::CiClass, id: class.id.clone(), version });
        set.writes.push(Write::CiClass(class.clone()));
        self.commit(set).await?;
        self.reload_registry().await?;
        Ok(class)
    }

    /// People whose name, login or mail contains the text.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn person_list(&self, text: &str, after: Option<&str>, limit: u32) -> Result<Page<Person>> {
        Ok(self.store.person_list(self.org(), text, after, limit.clamp(1, 200)).await?)
    }

    /// # Errors
    /// There is no such person.
    pub async fn person_get(&self, id: &PersonId) -> Result<Person> {
        self.store.person_get(self.org(), id).await?.ok_or_else(|| AppError::not_found("person", &id.0))
    }

    /// # Errors
    /// There is no such person.
    pub async fn person_by_login(&self, login: &str) -> Result<Person> {
        self.store.person_by_login(self.org(), login).await?.ok_or_else(|| AppError::not_found("person", login))
    }

    /// # Errors
    /// The store cannot be read.
    pub async fn group_list(&self) -> Result<Vec<Group>> {
        Ok(self.store.group_list(self.org()).await?)
    }

    /// # Errors
    /// The store cannot be read.
    pub async fn space_list(&self) -> Result<Vec<Space>> {
        Ok(self.store.space_list(self.org()).await?)
    }

    /// The roles of a person.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn roles_of(&self, person: &PersonId) -> Result<Vec<RoleAssignment>> {
        Ok(self.store.roles_of(self.org(), person).await?)
    }

    /// The roles of a person, for those who hand them out and for the person.
    ///
    /// # Errors
    /// Not theirs to know; no such person.
    pub async fn role_list(&self, actor: &Actor, person: &PersonId) -> Result<Vec<RoleAssignment>> {
        if actor.person_id().as_ref() != Some(person) {
            self.platform(actor)?;
        }
        self.person_get(person).await?;
        self.roles_of(person).await
    }

    /// Whether the caller runs the platform.
    ///
    /// # Errors
    /// They do not.
    pub fn runs_platform(&self, actor: &Actor) -> Result<()> {
        self.platform(actor)
    }

    /// The caller's notifications, newest first.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn notification_list(&self, actor: &Actor, limit: u32) -> Result<Vec<store::Notification>> {
        let person = actor.person_id().ok_or(AppError::Unauthenticated)?;
        Ok(self.store.notification_list(self.org(), &person, limit).await?)
    }

    /// Mark a notification of the caller as read.
    ///
    /// # Errors
    /// The store cannot be written.
    pub async fn notification_read(&self, actor: &Actor, id: &str) -> Result<()> {
        let person = actor.person_id().ok_or(AppError::Unauthenticated)?;
        let mut set = store::Changeset::new(self.org().clone(), self.now());
        set.writes.push(Write::NotificationRead { id: id.to_owned(), person });
        self.commit(set).await?;
        Ok(())
    }

    /// The host sets things up itself before anybody can sign in.
    fn platform_or_system(&self, actor: &Actor) -> Result<()> {
        if actor.kind == domain::ActorKind::System { Ok(()) } else { self.platform(actor) }
    }

    /// The actor behind a login, for commands on the server's own machine.
    ///
    /// # Errors
    /// There is no such person, or they are not active.
    pub async fn actor_by_login(&self, login: &str) -> Result<Arc<Actor>> {
        let person = self.person_by_login(login).await?;
        self.actor(&person.id).await
    }
}

fn merge(known: Option<&Person>, id: PersonId, change: PersonChange) -> Person {
    let base = known.cloned().unwrap_or_else(|| Person {
        id,
        login: String::new(),
        name: String::new(),
        email: String::new(),
        manager: None,
        locale: "en".to_owned(),
        zone: "UTC".to_owned(),
        active: true,
        attributes: Object::new(),
        version: 0,
    });
    Person {
        login: change.login.unwrap_or(base.login).trim().to_lowercase(),
        name: change.name.unwrap_or(base.name).trim().to_owned(),
        email: change.email.unwrap_or(base.email),
        manager: change.manager.or(base.manager),
        locale: change.locale.unwrap_or(base.locale),
        zone: change.zone.unwrap_or(base.zone),
        active: change.active.unwrap_or(base.active),
        attributes: change.attributes.unwrap_or(base.attributes),
        ..base
    }
}

/// What is left of somebody who is erased.
fn erased(known: &Person) -> Person {
    Person {
        login: format!("erased-{}", known.id.0.to_lowercase()),
        name: ERASED.to_owned(),
        email: String::new(),
        manager: None,
        locale: "en".to_owned(),
        zone: "UTC".to_owned(),
        active: false,
        attributes: Object::new(),
        ..known.clone()
    }
}

/// Which of the things that say who somebody is are not what they were; all that are there, of somebody new.
fn told(before: Option<&Person>, after: &Person) -> Vec<&'static str> {
    let is_set = [
        ("login", before.is_none_or(|before| before.login != after.login)),
        ("name", before.is_none_or(|before| before.name != after.name)),
        ("email", before.map_or(!after.email.is_empty(), |before| before.email != after.email)),
        ("manager", before.map_or(after.manager.is_some(), |before| before.manager != after.manager)),
        ("locale", before.is_none_or(|before| before.locale != after.locale)),
        ("zone", before.is_none_or(|before| before.zone != after.zone)),
        ("attributes", before.map_or(!after.attributes.is_empty(), |before| before.attributes != after.attributes)),
    ];
    is_set.into_iter().filter(|(_, is_set)| *is_set).map(|(name, _)| name).collect()
}

fn check_person(person: &Person) -> Result<()> {
    let mut problems = Vec::new();
    let login_ok = !person.login.is_empty()
        && person.login.len() <= 100
        && person.login.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-@+".contains(c));
    if !login_ok {
        problems.push(Problem::new("/login", "bad-login", "a login has 1 to 100 of a-z, 0-9 and . _ - @ +"));
    }
    if person.name.is_empty() || person.name.len() > 200 {
        problems.push(Problem::new("/name", "bad-name", "a name has 1 to 200 characters"));
    }
    if !person.email.is_empty() && !person.email.contains('@') {
        problems.push(Problem::new("/email", "bad-email", "an e-mail address has an @"));
    }
    if domain::calendar::read_zone(&person.zone).is_err() {
        problems.push(Problem::new(
            "/zone",
            "unknown-zone",
            format!("there is no time zone `{}`; use a name such as Europe/Berlin", person.zone),
        ));
    }
    if problems.is_empty() { Ok(()) } else { Err(AppError::Invalid(problems)) }
}

pub(crate) fn check_word(pointer: &str, word: &str) -> Vec<Problem> {
    let ok = !word.is_empty()
        && word.len() <= 60
        && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if ok {
        Vec::new()
    } else {
        vec![Problem::new(pointer, "bad-id", format!("`{word}` is not an id: use 1 to 60 of a-z, 0-9 and -"))]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn esm_04_the_journal_names_what_changed_of_a_person_and_not_what_it_says() {
        let change = PersonChange { login: Some("erin".into()), name: Some("Erin".into()), ..PersonChange::default() };
        let erin = merge(None, "p1".into(), change);
        assert_eq!(told(None, &erin), ["login", "name", "locale", "zone"]);
        let married = PersonChange { name: Some("Erin Berg".into()), ..PersonChange::default() };
        assert_eq!(told(Some(&erin), &merge(Some(&erin), "p1".into(), married)), ["name"]);
        assert_eq!(told(Some(&erin), &erased(&erin)), ["login", "name"]);
        assert_eq!(told(Some(&erased(&erin)), &erased(&erased(&erin))), Vec::<&str>::new());
    }
}
