//! What shall leave the house.

use crate::filter::Sql;
use crate::table::{Row, Table};
use crate::value::{self, Cells};
use crate::{SqliteStore, page};
use async_trait::async_trait;
use domain::outbox::{Content, OutboxItem, OutboxState};
use domain::{OrgId, OutboxId};
use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;
use std::collections::BTreeMap;
use store::{Outbox, OutboxQuery, Page, Result};

pub(crate) fn row(org: &OrgId, item: &OutboxItem) -> Row {
    // Who waits is found only as long as it waits.
    let step_key = item.step.as_ref().filter(|_| item.state.is_open() && !item.abandoned).map(|step| step.key());
    Row::new(
        Table::Outbox,
        vec![
            org.as_str().into(),
            item.id.as_str().into(),
            value::word(&item.item_type).into(),
            value::word(&item.state).into(),
            item.plugin.as_ref().map(|id| id.as_str()).into(),
            item.ticket.as_ref().map(|id| id.as_str()).into(),
            step_key.as_deref().into(),
            item.created_at.into(),
            item.ended_at.into(),
            serde_json::to_string(item).expect("an item has text keys").into(),
            i64::from(item.version).into(),
        ],
    )
}

pub(crate) fn content_row(org: &OrgId, id: &OutboxId, content: &Content) -> Row {
    let content = serde_json::to_string(content).expect("content has text keys");
    Row::new(Table::OutboxContent, vec![org.as_str().into(), id.as_str().into(), content.into()])
}

fn decode(row: &SqliteRow) -> Result<OutboxItem> {
    Cells(row).json("details")
}

#[async_trait]
impl Outbox for SqliteStore {
    async fn outbox_get(&self, org: &OrgId, id: &OutboxId) -> Result<Option<OutboxItem>> {
        let sql = "SELECT details FROM outbox WHERE org_id = $1 AND id = $2";
        let row = self.readers.row(sql, vec![org.as_str().into(), id.as_str().into()]).await?;
        row.as_ref().map(decode).transpose()
    }

    async fn outbox_content(&self, org: &OrgId, id: &OutboxId) -> Result<Option<Content>> {
        let sql = "SELECT content FROM outbox_content WHERE org_id = $1 AND id = $2";
        let row = self.readers.row(sql, vec![org.as_str().into(), id.as_str().into()]).await?;
        row.map(|row| Cells(&row).json("content")).transpose()
    }

    async fn outbox_list(
        &self,
        org: &OrgId,
        query: &OutboxQuery,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page<OutboxItem>> {
        let mut sql = Sql::new("SELECT details FROM outbox WHERE org_id = ");
        sql.bind(org.as_str());
        for (index, state) in query.states.iter().enumerate() {
            sql.push(if index == 0 { " AND state IN (" } else { ", " }).bind(value::word(state));
        }
        if !query.states.is_empty() {
            sql.push(")");
        }
        let texts = [
            (" AND item_type = ", query.item_type.as_ref().map(value::word)),
            (" AND plugin = ", query.plugin.as_ref().map(|id| id.0.clone())),
            (" AND ticket = ", query.ticket.as_ref().map(|id| id.0.clone())),
            (" AND step_key = ", query.step_key.clone()),
        ];
        for (condition, text) in texts {
            if let Some(text) = text {
                sql.push(condition).bind(text);
            }
        }
        if let Some(after) = after {
            sql.push(" AND (created_at, id) < (SELECT created_at, id FROM outbox WHERE org_id = ");
            sql.bind(org.as_str()).push(" AND id = ").bind(after).push(")");
        }
        sql.push(" ORDER BY created_at DESC, id DESC LIMIT ").bind(page::limit(limit) + 1);
        let rows = self.readers.rows(sql.text, sql.values).await?;
        page::of(&rows, limit, decode, |one| (one.created_at.as_microsecond().to_string(), one.id.0.clone()))
    }

    async fn outbox_counts(&self, org: &OrgId) -> Result<BTreeMap<OutboxState, u64>> {
        let sql = "SELECT state, COUNT(*) AS number FROM outbox
            WHERE org_id = $1 AND state <> 'delivered' AND state <> 'cancelled' GROUP BY state";
        let rows = self.readers.rows(sql, vec![org.as_str().into()]).await?;
        rows.iter().map(|row| Ok((Cells(row).word("state")?, Cells(row).count("number")?))).collect()
    }

    async fn outbox_prune(&self, org: &OrgId, ended_before: Timestamp, limit: u32) -> Result<u64> {
        // Its content went when it ended.
        let sql =
            "DELETE FROM outbox WHERE org_id = $1 AND id IN (SELECT id FROM outbox WHERE org_id = $1 AND ended_at < $2
                AND state IN ('delivered', 'cancelled') ORDER BY ended_at, id LIMIT $3) RETURNING id";
        let values = vec![org.as_str().into(), ended_before.into(), page::limit(limit).into()];
        Ok(self.write(sql, values).await?.len() as u64)
    }
}
