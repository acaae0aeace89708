//! Reading records, as the caller may see them.
//!
//! *Architecture Invariant:* `records_in` is the one place that says which records a person sees, and which of their fields. Lists and
//! searches put its answer into their query; one record is held against it.

use crate::app::App;
use crate::error::{AppError, Result};
use domain::{Actor, KindId, Record, RecordScope, ShownRecords, SpaceId};
use store::Page;

impl App {
    /// By id or number.
    ///
    /// # Errors
    /// There is none that the caller may see.
    pub async fn record(&self, actor: &Actor, id_or_number: &str) -> Result<Record> {
        let found = self.store.record_get(self.org(), id_or_number).await?;
        found
            .and_then(|record| self.records_in(actor, std::slice::from_ref(&record.space)).view(record))
            .ok_or_else(|| AppError::not_found("record", id_or_number))
    }

    /// A page of a kind's records that the caller may see, by number.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn record_list(
        &self,
        actor: &Actor,
        kind: &KindId,
        state: Option<&str>,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page<Record>> {
        let scope = self.record_scope(actor).await?;
        let page = self.store.record_list(self.org(), kind, state, &scope, after, limit.clamp(1, 200)).await?;
        let items = page.items.into_iter().filter_map(|record| scope.view(record)).collect();
        Ok(Page { items, next: page.next })
    }

    /// Everything that the caller may see of the records of all spaces.
    pub(crate) async fn record_scope(&self, actor: &Actor) -> Result<RecordScope> {
        let spaces = self.store.space_list(self.org()).await?;
        let spaces: Vec<SpaceId> = spaces.into_iter().map(|space| space.id).collect();
        Ok(self.records_in(actor, &spaces))
    }

    /// What somebody may see of the records of these spaces: all of it where they look around, else what a kind shows to their roles.
    pub(crate) fn records_in(&self, actor: &Actor, spaces: &[SpaceId]) -> RecordScope {
        let (whole, others): (Vec<&SpaceId>, Vec<&SpaceId>) =
            spaces.iter().partition(|space| self.authz.may_read_space(actor, space));
        let names = |spaces: Vec<&SpaceId>| spaces.into_iter().map(|space| space.0.clone()).collect::<Vec<_>>();
        let mut shown = Vec::new();
        if others.is_empty() {
            return RecordScope { spaces: None, shown };
        }
        for kind in self.registry().kinds.iter() {
            for rule in &kind.readers {
                let reads = |space: &&&SpaceId| self.authz.may_read_shown(actor, space, &rule.roles);
                let spaces = names(others.iter().filter(reads).copied().collect());
                if !spaces.is_empty() {
                    shown.push(ShownRecords {
                        kind: kind.id.clone(),
                        spaces,
                        states: rule.states.clone(),
                        when: rule.when.clone(),
                        fields: rule.fields.clone(),
                    });
                }
            }
        }
        RecordScope { spaces: Some(names(whole)), shown }
    }
}
