//! What a decision is made about: the subject, and everything that the effects name.

use crate::app::App;
use crate::error::{AppError, Result};
use crate::registry::Registry;
use domain::ticket::TicketBundle;
use domain::{Actor, ActorKind, Effect, TicketId};
use engine::Wave;
use std::collections::BTreeMap;

/// An id as long as any other that no ticket has.
const NO_TICKET: &str = "00000000-0000-0000-0000-000000000000";

impl App {
    /// A ticket that the actor may see; "not there" and "not yours to see" are one answer.
    pub(crate) async fn load_visible(&self, actor: &Actor, id: &TicketId) -> Result<TicketBundle> {
        let found = self.store.ticket_load(self.org(), &id.0).await?;
        let exists = found.is_some();
        if let Some(bundle) = found.filter(|it| actor.kind != ActorKind::Person || self.authz.may_read(actor, it)) {
            self.decoy.get_or_init(|| bundle.ticket.id.clone());
            return Ok(bundle);
        }
        // Either way one ticket is read and judged, and once there is none: otherwise the time that this answer takes would tell which.
        let other = self.decoy.get().filter(|_| !exists).map_or(NO_TICKET, |decoy| decoy.as_str());
        if let Ok(Some(bundle)) = self.store.ticket_load(self.org(), other).await {
            std::hint::black_box(self.authz.may_read(actor, &bundle));
        }
        Err(AppError::not_found("ticket", &id.0))
    }

    /// Load what the effects name, so that they can be applied and checked.
    pub(crate) async fn load_named(&self, wave: &mut Wave<'_>, effects: &[Effect]) -> Result<()> {
        for effect in effects {
            let mut ids: Vec<TicketId> = effect.ticket().cloned().into_iter().collect();
            match effect {
                Effect::Link(link) | Effect::Unlink(link) => ids.push(link.other.clone()),
                Effect::SetParent(set) => ids.extend(self.ancestors(wave, set.parent.clone()).await?),
                Effect::CreateTicket(create) => ids.extend(create.parent.clone()),
                Effect::UpsertRecord(upsert) => {
                    if let Some(id) = &upsert.record
                        && let Some(record) = self.store.record_get(self.org(), &id.0).await?
                    {
                        wave.insert_record(record);
                    }
                }
                Effect::UpsertCi(upsert) => {
                    if let Some(id) = &upsert.ci
                        && let Some(ci) = self.store.ci_get(self.org(), id).await?
                    {
                        wave.insert_ci(ci);
                    }
                }
                Effect::RelateCis(relate) | Effect::UnrelateCis(relate) => {
                    for id in [&relate.from, &relate.to] {
                        if let Some(ci) = self.store.ci_get(self.org(), id).await? {
                            wave.insert_ci(ci);
                        }
                    }
                }
                _ => {}
            }
            for id in ids {
                if !wave.contains(&id)
                    && let Some(bundle) = self.store.ticket_load(self.org(), &id.0).await?
                {
                    wave.insert(bundle);
                }
            }
        }
        Ok(())
    }

    /// A ticket and the chain of its parents, as far as it goes.
    async fn ancestors(&self, wave: &mut Wave<'_>, from: Option<TicketId>) -> Result<Vec<TicketId>> {
        let mut chain = Vec::new();
        let mut next = from;
        while let Some(id) = next {
            if chain.contains(&id) || chain.len() > 20 {
                break;
            }
            let Some(bundle) = self.store.ticket_load(self.org(), &id.0).await? else { break };
            next = bundle.ticket.parent.clone();
            chain.push(id);
            wave.insert(bundle);
        }
        Ok(chain)
    }

    pub(crate) async fn number_for(
        &self,
        registry: &Registry,
        effect: &Effect,
        numbers: &mut BTreeMap<String, String>,
        slot: &str,
    ) -> Result<Option<String>> {
        let kind = match effect {
            Effect::CreateTicket(create) if create.imported.is_none() => &create.kind,
            Effect::UpsertRecord(upsert) if upsert.record.is_none() => &upsert.kind,
            _ => return Ok(None),
        };
        let Some(kind) = registry.kinds.get(kind) else { return Ok(None) };
        // A decision that is made again keeps its number: a conflict must not burn them.
        if let Some(number) = numbers.get(slot) {
            return Ok(Some(number.clone()));
        }
        let number = self.numbers.next(&*self.store, self.org(), kind).await?;
        numbers.insert(slot.to_owned(), number.clone());
        Ok(Some(number))
    }
}
