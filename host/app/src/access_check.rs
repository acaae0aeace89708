//! Why somebody sees something, or does not: which policies let them in, and what these policies look at.
//!
//! The answer is that of the policies themselves, for the whole ticket as it is now. Only those who may say who sees it are told, because
//! it tells of other people's roles and groups.

use crate::app::App;
use crate::authz::{SpaceAction, TicketAction};
use crate::error::{AppError, Result};
use domain::ticket::TicketBundle;
use domain::{Actor, Person, PersonId, Role, SpaceId, TicketId};
use serde::{Deserialize, Serialize};

/// Events of a ticket that are read at once.
const EVENTS: u32 = 500;

/// What somebody may do with one thing, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessCheck {
    pub person: PersonId,
    /// ticket or record.
    pub noun: String,
    pub id: String,
    pub number: Option<String>,
    pub space: SpaceId,
    pub actions: Vec<ActionCheck>,
    /// The roles that count there.
    pub roles: Vec<Role>,
    /// What is true of the person and this thing that a policy looks at, for example `requester` or `restricted`.
    pub facts: Vec<String>,
    /// Fields that they do not see of it.
    pub hidden_fields: Vec<String>,
    /// What asked for the list of those who see a restricted ticket, where something did, for example a policy.
    pub restricted_because: Option<String>,
}

/// One action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionCheck {
    pub action: String,
    pub allowed: bool,
    /// The policies that let them; none when it is refused, because what no policy permits is refused.
    pub policies: Vec<String>,
}

impl App {
    /// Why a person sees a ticket, or does not.
    ///
    /// # Errors
    /// There is no such ticket for the caller, who also has to be one of those who say who sees it; there is no such person.
    pub async fn ticket_access(&self, actor: &Actor, id: &str, person: &str) -> Result<AccessCheck> {
        let bundle = self.load_visible(actor, &TicketId::from(id)).await?;
        if !self.authz.ticket(actor, TicketAction::SetAccess, &bundle) {
            let message = "who sees a ticket, and why, is told to those who work on it";
            return Err(AppError::Forbidden(message.to_owned()));
        }
        let person = self.person_named(person).await?;
        let them = self.actor(&person.id).await?;
        let actions = TicketAction::ALL.map(|action| {
            let policies = self.authz.policies_that_permit(&them, action, &bundle);
            ActionCheck { action: action.name().to_owned(), allowed: !policies.is_empty(), policies }
        });
        let space = bundle.ticket.space.clone();
        let roles = them.roles_in(&space);
        let sees = actions.iter().any(|one| one.action == TicketAction::Read.name() && one.allowed);
        let hidden_fields = match self.registry().kinds.get(&bundle.ticket.kind) {
            Some(kind) if sees => {
                let hidden = kind.fields.iter().filter(|(_, rule)| !rule.is_shown_to(&roles));
                hidden.map(|(name, _)| name.clone()).collect()
            }
            _ => Vec::new(),
        };
        let restricted_because = match bundle.ticket.restricted {
            true => self.why_restricted(&bundle.ticket.id).await?,
            false => None,
        };
        Ok(AccessCheck {
            restricted_because,
            facts: facts(&them, &bundle, &person),
            person: person.id,
            noun: "ticket".to_owned(),
            id: bundle.ticket.id.0,
            number: Some(bundle.ticket.number),
            space,
            actions: actions.into(),
            roles: roles.into_iter().collect(),
            hidden_fields,
        })
    }

    /// Why a person sees a record, or does not.
    ///
    /// # Errors
    /// There is no such record for the caller, who also has to keep the records of its space; there is no such person.
    pub async fn record_access(&self, actor: &Actor, id: &str, person: &str) -> Result<AccessCheck> {
        let record = self.record(actor, id).await?;
        if !self.authz.space(actor, SpaceAction::Work, &record.space)
            && !self.authz.space(actor, SpaceAction::WriteRecord, &record.space)
        {
            let message = "who sees a record, and why, is told to those who work in its space";
            return Err(AppError::Forbidden(message.to_owned()));
        }
        let person = self.person_named(person).await?;
        let them = self.actor(&person.id).await?;
        let whole = self.store.record_get(self.org(), &record.id.0).await?.unwrap_or(record);
        let scope = self.records_in(&them, std::slice::from_ref(&whole.space));
        let seen = scope.view(whole.clone());
        let mut policies = self.authz.policies_in_space(&them, SpaceAction::Read, &whole.space);
        if policies.is_empty() && seen.is_some() {
            let registry = self.registry();
            let rules = registry.kinds.get(&whole.kind).map(|kind| kind.readers.as_slice()).unwrap_or_default();
            let readers: Vec<Role> = rules.iter().flat_map(|rule| rule.roles.iter().copied()).collect();
            policies = self.authz.policies_that_show(&them, &whole.space, &readers);
        }
        let mut facts = Vec::new();
        facts.extend((!person.active).then(|| "not-active".to_owned()));
        facts.extend(scope.shown.iter().any(|rule| rule.kind == whole.kind).then(|| "reader-of-the-kind".to_owned()));
        let hidden = |seen: &domain::Record| {
            whole.fields.keys().filter(|name| !seen.fields.contains_key(*name)).cloned().collect()
        };
        Ok(AccessCheck {
            restricted_because: None,
            facts,
            roles: them.roles_in(&whole.space).into_iter().collect(),
            actions: vec![ActionCheck { action: "read".to_owned(), allowed: seen.is_some(), policies }],
            hidden_fields: seen.as_ref().map(hidden).unwrap_or_default(),
            noun: "record".to_owned(),
            id: whole.id.0.clone(),
            number: Some(whole.number.clone()),
            space: whole.space.clone(),
            person: person.id,
        })
    }

    /// What was said last when somebody or something said who sees a ticket.
    async fn why_restricted(&self, id: &TicketId) -> Result<Option<String>> {
        let (mut why, mut after) = (None, 0);
        loop {
            let events = self.store.event_history(self.org(), "ticket", &id.0, after, EVENTS).await?;
            let mut said = events.iter().rev().filter(|event| event.kind == "ticket.access-set");
            why = said.find_map(|event| event.data["because"].as_str().map(str::to_owned)).or(why);
            match events.last() {
                Some(last) if events.len() == EVENTS as usize => after = last.seq,
                _ => return Ok(why),
            }
        }
    }

    /// By id or login.
    async fn person_named(&self, id_or_login: &str) -> Result<Person> {
        match self.store.person_get(self.org(), &id_or_login.into()).await? {
            Some(person) => Ok(person),
            None => self.person_by_login(id_or_login).await,
        }
    }
}

/// What is true of somebody and a ticket.
fn facts(them: &Actor, bundle: &TicketBundle, person: &Person) -> Vec<String> {
    let ticket = &bundle.ticket;
    let is = |other: Option<&PersonId>| other == Some(&person.id);
    let facts = [
        ("not-active", !person.active),
        ("restricted", ticket.restricted),
        ("requester", is(ticket.requester.as_ref())),
        ("opener", is(ticket.opened_by.as_ref())),
        ("watcher", bundle.watchers.contains(&person.id)),
        ("assignee", is(ticket.assignee.as_ref())),
        ("in-its-group", ticket.group.as_ref().is_some_and(|group| them.groups.contains(group))),
        ("named", bundle.access.people.contains(&person.id)),
        ("in-a-named-group", bundle.access.groups.iter().any(|group| them.groups.contains(group))),
    ];
    facts.into_iter().filter(|(_, holds)| *holds).map(|(name, _)| name.to_owned()).collect()
}
