//! Who serves: one row for each running process.

use crate::SqliteStore;
use crate::value::Cells;
use async_trait::async_trait;
use domain::OrgId;
use store::{NODE_KEPT, Node, Nodes, Result};

#[async_trait]
impl Nodes for SqliteStore {
    async fn node_beat(&self, org: &OrgId, node: &Node) -> Result<()> {
        let sql = "INSERT INTO node (org_id, id, name, version, started_at, seen_at, lease_until)
            VALUES ($1, $2, $3, $4, $5, $6, $7)
            ON CONFLICT (org_id, id) DO UPDATE SET name = excluded.name, version = excluded.version,
                seen_at = excluded.seen_at, lease_until = excluded.lease_until";
        let values = vec![
            org.as_str().into(),
            node.id.as_str().into(),
            node.name.as_str().into(),
            node.version.as_str().into(),
            node.started_at.into(),
            node.seen_at.into(),
            node.lease_until.into(),
        ];
        self.write(sql, values).await?;
        let forgotten = node.seen_at.as_microsecond() - i64::try_from(NODE_KEPT.as_micros()).unwrap_or(i64::MAX);
        let sql = "DELETE FROM node WHERE org_id = $1 AND lease_until < $2";
        self.write(sql, vec![org.as_str().into(), forgotten.into()]).await.map(drop)
    }

    async fn node_list(&self, org: &OrgId) -> Result<Vec<Node>> {
        let sql = "SELECT id, name, version, started_at, seen_at, lease_until FROM node WHERE org_id = $1
            ORDER BY started_at, id";
        let rows = self.readers.rows(sql, vec![org.as_str().into()]).await?;
        rows.iter()
            .map(|row| {
                let cells = Cells(row);
                Ok(Node {
                    id: cells.text("id")?,
                    name: cells.text("name")?,
                    version: cells.text("version")?,
                    started_at: cells.time("started_at")?,
                    seen_at: cells.time("seen_at")?,
                    lease_until: cells.time("lease_until")?,
                })
            })
            .collect()
    }
}
