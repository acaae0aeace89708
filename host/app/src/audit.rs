//! The journal as auditors search it. What they may know of is part of the question to the store: tickets on which they see everything,
//! records and CIs of their spaces, and the set-up for those who run or audit the platform.

use crate::app::App;
use crate::authz::TicketAction;
use crate::error::Result;
use domain::{Actor, Event, Role, SpaceId};
use jiff::Timestamp;
use std::collections::BTreeMap;
use store::{EventQuery, EventScope};

/// Who did what, when and to what; all when absent.
#[derive(Debug, Clone, Default)]
pub struct AuditQuestion {
    pub actor: Option<String>,
    pub kind: Option<String>,
    pub subject_kind: Option<String>,
    /// Id; of a ticket also its number.
    pub subject: Option<String>,
    pub from: Option<Timestamp>,
    pub until: Option<Timestamp>,
    /// Position before which to go on.
    pub before: Option<i64>,
    pub limit: u32,
}

impl App {
    /// A page of the journal, newest first, and where the next one begins.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn audit(&self, actor: &Actor, question: AuditQuestion) -> Result<(Vec<Event>, Option<i64>)> {
        let limit = question.limit.clamp(1, 200);
        let scope = EventScope {
            tickets: (*self.authz.filter(actor, TicketAction::ReadInternal)).clone(),
            spaces: self.visible_spaces(actor).await?,
            setup: self.authz.administers_platform(actor)
                || actor.has_role(&SpaceId::from(Actor::PLATFORM), Role::Auditor),
        };
        let mut subject = question.subject;
        if question.subject_kind.as_deref().is_none_or(|kind| kind == "ticket")
            && let Some(number) = &subject
            && let Some(bundle) = self.store.ticket_load(self.org(), number).await?
            && self.authz.may_read(actor, &bundle)
        {
            subject = Some(bundle.ticket.id.0);
        }
        let query = EventQuery {
            scope,
            actor: question.actor,
            kind: question.kind,
            subject_kind: question.subject_kind,
            subject,
            from: question.from,
            until: question.until,
            before: question.before,
            limit: limit + 1,
        };
        let mut events = self.store.event_search(self.org(), &query).await?;
        let more = events.len() > limit as usize;
        events.truncate(limit as usize);
        let next = events.last().filter(|_| more).map(|event| event.seq);
        let mut kinds: BTreeMap<String, Option<domain::KindId>> = BTreeMap::new();
        for event in events.iter_mut().filter(|event| event.subject_kind == "ticket") {
            if !kinds.contains_key(&event.subject) {
                let bundle = self.store.ticket_load(self.org(), &event.subject).await?;
                kinds.insert(event.subject.clone(), bundle.map(|bundle| bundle.ticket.kind));
            }
            let registry = self.registry();
            let kind = kinds.get(&event.subject).and_then(Option::as_ref).and_then(|id| registry.kinds.get(id));
            if let Some(kind) = kind {
                crate::tickets::hide_changes(actor, kind, &SpaceId::from(event.space.as_str()), &mut event.data);
            }
        }
        Ok((events, next))
    }
}
