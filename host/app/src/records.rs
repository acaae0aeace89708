//! Reading records, as the caller may see them.

use crate::app::App;
use crate::error::{AppError, Result};
use domain::{Actor, KindId, Record};
use store::Page;

impl App {
    /// By id or number.
    ///
    /// # Errors
    /// There is none that the caller may see.
    pub async fn record(&self, actor: &Actor, id_or_number: &str) -> Result<Record> {
        let found = self.store.record_get(self.org(), id_or_number).await?;
        found
            .filter(|record| self.authz.may_read_space(actor, &record.space))
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
        let spaces = self.visible_spaces(actor).await?;
        Ok(self.store.record_list(self.org(), kind, state, spaces.as_deref(), after, limit.clamp(1, 200)).await?)
    }
}
