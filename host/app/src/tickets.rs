//! Reading tickets: one, many, counted, and their history; each as the caller may see it.

use crate::app::App;
use crate::authz::TicketAction;
use crate::error::{AppError, Result};
use domain::filter::{Field, Filter};
use domain::kind::Kind;
use domain::ticket::{AccessList, TicketBundle, Visibility};
use domain::{Actor, Attachment, Clock, Comment, Effect, Event, Link, PersonId, Role, Ticket, TicketId};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use store::{Page, TicketQuery};

/// A ticket with everything its page shows.
#[derive(Debug, Clone, Serialize)]
pub struct TicketView {
    #[serde(flatten)]
    pub ticket: Ticket,
    pub clocks: Vec<Clock>,
    pub watchers: Vec<PersonId>,
    pub access: AccessList,
    pub links: Vec<Link>,
    pub actions: Actions,
    /// Display names of the people, groups and tickets that are mentioned.
    pub names: BTreeMap<String, String>,
}

/// What the caller may do with the ticket now.
#[derive(Debug, Clone, Serialize)]
pub struct Actions {
    pub transitions: Vec<NextState>,
    pub can_edit: bool,
    pub can_assign: bool,
    pub can_comment_public: bool,
    pub can_comment_internal: bool,
    /// Fields that the caller may set.
    pub fields: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NextState {
    pub to: String,
    pub title: String,
    pub required: Vec<String>,
    pub comment: bool,
}

/// One line of a ticket's timeline.
#[derive(Debug, Clone, Serialize)]
pub struct TimelineEntry {
    pub seq: i64,
    pub at: jiff::Timestamp,
    pub actor: String,
    pub actor_name: String,
    pub kind: String,
    pub data: serde_json::Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<Comment>,
}

impl App {
    /// A ticket by id or number.
    ///
    /// # Errors
    /// There is none that the caller may see.
    pub async fn ticket(&self, actor: &Actor, id_or_number: &str) -> Result<TicketView> {
        let bundle = self.load_visible(actor, &TicketId::from(id_or_number)).await?;
        let registry = self.registry();
        let kind = registry.kinds.get(&bundle.ticket.kind);
        let actions = self.actions(actor, &bundle, kind);
        let names = self.names(actor, &bundle).await?;
        let TicketBundle { mut ticket, clocks, watchers, access, links, flows: _ } = bundle;
        if let Some(kind) = kind {
            hide_fields(actor, kind, &mut ticket);
        }
        Ok(TicketView { ticket, clocks, watchers, access, links, actions, names })
    }

    /// A page of the tickets that the caller may see.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn ticket_list(&self, actor: &Actor, mut query: TicketQuery) -> Result<Page<Ticket>> {
        query.filter = self.authz.ticket_filter(actor).and(query.filter);
        let mut page = self.store.ticket_list(self.org(), &query).await?;
        let registry = self.registry();
        for ticket in &mut page.items {
            if let Some(kind) = registry.kinds.get(&ticket.kind) {
                hide_fields(actor, kind, ticket);
            }
        }
        Ok(page)
    }

    /// How many of the tickets that the caller may see have each value of a column.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn ticket_count_by(
        &self,
        actor: &Actor,
        filter: Filter,
        by: Field,
    ) -> Result<Vec<(Option<String>, u64)>> {
        let filter = self.authz.ticket_filter(actor).and(filter);
        Ok(self.store.ticket_count_by(self.org(), &filter, by).await?)
    }

    /// Comments, oldest first; internal ones only for those who work on the ticket.
    ///
    /// # Errors
    /// There is no such ticket for the caller.
    pub async fn comment_list(&self, actor: &Actor, id: &str) -> Result<Vec<Comment>> {
        let bundle = self.load_visible(actor, &TicketId::from(id)).await?;
        let internal = self.authz.ticket(actor, TicketAction::ReadInternal, &bundle);
        let all = self.store.comment_list(self.org(), &bundle.ticket.id).await?;
        Ok(all.into_iter().filter(|comment| internal || comment.visibility == Visibility::Public).collect())
    }

    /// # Errors
    /// There is no such ticket for the caller.
    pub async fn attachment_list(&self, actor: &Actor, id: &str) -> Result<Vec<Attachment>> {
        let bundle = self.load_visible(actor, &TicketId::from(id)).await?;
        Ok(self.store.attachment_list(self.org(), &bundle.ticket.id).await?)
    }

    /// The content of an attachment of a ticket.
    ///
    /// # Errors
    /// There is no such attachment for the caller.
    pub async fn attachment(&self, actor: &Actor, ticket: &str, id: &str) -> Result<(Attachment, Vec<u8>)> {
        let found = self.attachment_list(actor, ticket).await?.into_iter().find(|attachment| attachment.id.0 == id);
        let attachment = found.ok_or_else(|| AppError::not_found("attachment", id))?;
        let content = self.store.blob_get(self.org(), &attachment.digest).await?;
        Ok((attachment.clone(), content.ok_or_else(|| AppError::not_found("attachment", id))?))
    }

    /// Keep a file's content, to be attached by a command; its digest.
    ///
    /// # Errors
    /// Too large, or empty.
    pub async fn blob_keep(&self, content: &[u8]) -> Result<String> {
        let max = self.config.attachment_max;
        if content.is_empty() || content.len() as u64 > max {
            return Err(AppError::invalid(
                "/file",
                "bad-size",
                format!("a file has 1 to {max} bytes, this one has {}", content.len()),
            ));
        }
        let digest = crate::hash::sha256(content);
        self.store.blob_put(self.org(), &digest, content).await?;
        Ok(digest)
    }

    /// What happened to a ticket, oldest first, as the caller may know it, and where the next page begins. A page may be shorter than
    /// `limit` and not be the last one.
    ///
    /// # Errors
    /// There is no such ticket for the caller.
    pub async fn timeline(
        &self,
        actor: &Actor,
        id: &str,
        after: i64,
        limit: u32,
    ) -> Result<(Vec<TimelineEntry>, Option<i64>)> {
        let bundle = self.load_visible(actor, &TicketId::from(id)).await?;
        let internal = self.authz.ticket(actor, TicketAction::ReadInternal, &bundle);
        let registry = self.registry();
        let kind = registry.kinds.get(&bundle.ticket.kind);
        let events = self.store.event_history(self.org(), "ticket", &bundle.ticket.id.0, after, limit).await?;
        let next = events.last().filter(|_| events.len() >= limit as usize).map(|event| event.subject_seq);
        let comments: BTreeMap<_, _> = self
            .store
            .comment_list(self.org(), &bundle.ticket.id)
            .await?
            .into_iter()
            .map(|comment| (comment.id.0.clone(), comment))
            .collect();
        let mut entries = Vec::new();
        let mut people = BTreeSet::new();
        for event in events {
            let comment = event.data.get("comment").and_then(|id| id.as_str()).and_then(|id| comments.get(id)).cloned();
            let hidden = event.kind == "comment.added"
                && comment.as_ref().is_none_or(|comment| comment.visibility == Visibility::Internal);
            if hidden && !internal {
                continue;
            }
            people.insert(event.actor.clone());
            entries.push(entry(event, comment, actor, kind));
        }
        let names = self.people_names(&people).await?;
        for entry in &mut entries {
            if let Some(name) = names.get(&entry.actor) {
                entry.actor_name.clone_from(name);
            }
        }
        Ok((entries, next))
    }

    /// Whether the caller may know of an event: what live updates are filtered by.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn may_see_event(&self, actor: &Actor, event: &Event) -> Result<bool> {
        if event.subject_kind != "ticket" {
            return Ok(self.authz.may_read_space(actor, &event.space.as_str().into()));
        }
        let Some(bundle) = self.store.ticket_load(self.org(), &event.subject).await? else { return Ok(false) };
        let internal = event.kind == "comment.added" && event.data.get("visibility").is_some_and(|v| v == "internal");
        let action = if internal { TicketAction::ReadInternal } else { TicketAction::Read };
        Ok(self.authz.ticket(actor, action, &bundle))
    }

    /// The ticket that an event is about, for whoever may know of the event: what live updates carry.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn live_ticket(&self, actor: &Actor, event: &Event) -> Result<Option<Ticket>> {
        if event.subject_kind != "ticket" {
            return Ok(None);
        }
        let Some(bundle) = self.store.ticket_load(self.org(), &event.subject).await? else { return Ok(None) };
        let internal = event.kind == "comment.added" && event.data.get("visibility").is_some_and(|v| v == "internal");
        let action = if internal { TicketAction::ReadInternal } else { TicketAction::Read };
        Ok(self.authz.ticket(actor, action, &bundle).then_some(bundle.ticket))
    }

    /// A ticket that came of a command, without the fields that the caller may not see.
    #[must_use]
    pub fn shown(&self, actor: &Actor, mut ticket: Ticket) -> Ticket {
        if let Some(kind) = self.registry().kinds.get(&ticket.kind) {
            hide_fields(actor, kind, &mut ticket);
        }
        ticket
    }

    /// The effects that the caller may know of: those on fields that they see, and no internal comments for those who do not work on it.
    #[must_use]
    pub fn shown_effects(&self, actor: &Actor, ticket: &Ticket, effects: Vec<Effect>) -> Vec<Effect> {
        let registry = self.registry();
        let roles = actor.roles_in(&ticket.space);
        let kind = registry.kinds.get(&ticket.kind);
        let visible = |name: &str| kind.is_none_or(|kind| kind.shows(name, &roles));
        let works = roles.iter().any(|role| matches!(role, Role::Agent | Role::Manager | Role::Auditor));
        let shown = |effect: &Effect| match effect {
            Effect::SetField(set) => visible(&set.field),
            Effect::Comment(comment) => works || comment.visibility == Visibility::Public,
            _ => true,
        };
        effects.into_iter().filter(shown).collect()
    }

    fn actions(&self, actor: &Actor, bundle: &TicketBundle, kind: Option<&Kind>) -> Actions {
        let may = |action| self.authz.ticket(actor, action, bundle);
        let can_edit = may(TicketAction::Update);
        let roles = actor.roles_in(&bundle.ticket.space);
        let (mut transitions, mut fields) = (Vec::new(), Vec::new());
        if let Some(kind) = kind.filter(|_| can_edit) {
            for rule in kind.legal_from(&bundle.ticket.state) {
                if rule.roles.iter().any(|role| roles.contains(role)) {
                    transitions.push(NextState {
                        to: rule.to.clone(),
                        title: rule.title.clone(),
                        required: rule.required.clone(),
                        comment: rule.comment,
                    });
                }
            }
            let mine = kind.fields.iter().filter(|(_, rule)| rule.write.iter().any(|role| roles.contains(role)));
            fields.extend(mine.map(|(name, _)| name.clone()));
        }
        Actions {
            transitions,
            can_edit,
            can_assign: may(TicketAction::Assign),
            can_comment_public: may(TicketAction::CommentPublic),
            can_comment_internal: may(TicketAction::CommentInternal),
            fields,
        }
    }

    async fn names(&self, actor: &Actor, bundle: &TicketBundle) -> Result<BTreeMap<String, String>> {
        let ticket = &bundle.ticket;
        let mentioned = [&ticket.requester, &ticket.opened_by, &ticket.assignee].into_iter().flatten();
        let people: BTreeSet<String> =
            mentioned.chain(&bundle.watchers).chain(&bundle.access.people).map(|person| person.0.clone()).collect();
        let mut names = self.people_names(&people).await?;
        for group in ticket.group.iter().chain(&bundle.access.groups) {
            if let Some(group) = self.store.group_get(self.org(), group).await? {
                names.insert(group.id.0, group.title);
            }
        }
        let linked = bundle.links.iter().map(|link| if link.from == ticket.id { &link.to } else { &link.from });
        for other in linked.chain(&ticket.parent) {
            // The number of a ticket that the caller may not see would tell them that it is there.
            if let Some(other) =
                self.store.ticket_load(self.org(), &other.0).await?.filter(|other| self.authz.may_read(actor, other))
            {
                names.insert(other.ticket.id.0, other.ticket.number);
            }
        }
        Ok(names)
    }

    async fn people_names(&self, ids: &BTreeSet<String>) -> Result<BTreeMap<String, String>> {
        let mut names = BTreeMap::new();
        for id in ids {
            if let Some(person) = self.store.person_get(self.org(), &PersonId(id.clone())).await? {
                names.insert(person.id.0, person.name);
            }
        }
        Ok(names)
    }
}

fn entry(event: Event, comment: Option<Comment>, actor: &Actor, kind: Option<&Kind>) -> TimelineEntry {
    let mut data = event.data;
    if let Some(kind) = kind {
        hide_changes(actor, kind, &event.space.as_str().into(), &mut data);
    }
    TimelineEntry {
        seq: event.subject_seq,
        at: event.at,
        actor_name: event.actor.clone(),
        actor: event.actor,
        kind: event.kind,
        data,
        comment,
    }
}

/// Take out of an event what it says about fields that the caller's roles may not see.
pub(crate) fn hide_changes(actor: &Actor, kind: &Kind, space: &domain::SpaceId, data: &mut serde_json::Value) {
    let roles = actor.roles_in(space);
    let visible = |name: &str| kind.shows(name, &roles);
    if let Some(changes) = data.get_mut("changes").and_then(|changes| changes.as_array_mut()) {
        changes.retain(|change| {
            visible(change["field"].as_str().and_then(|field| field.strip_prefix("fields.")).unwrap_or_default())
        });
    }
    if let Some(fields) = data.get_mut("fields").and_then(|fields| fields.as_object_mut()) {
        fields.retain(|name, _| visible(name));
    }
}

/// Take out the fields that the caller's roles may not see.
fn hide_fields(actor: &Actor, kind: &Kind, ticket: &mut Ticket) {
    let roles = actor.roles_in(&ticket.space);
    for (name, rule) in &kind.fields {
        if !rule.is_shown_to(&roles) {
            ticket.fields.remove(name);
        }
    }
}
