//! Content by its SHA-256.

use crate::PostgresStore;
use crate::value::{Cells, Value};
use async_trait::async_trait;
use domain::OrgId;
use store::{Blobs, Result};

#[async_trait]
impl Blobs for PostgresStore {
    async fn blob_put(&self, org: &OrgId, digest: &str, content: &[u8]) -> Result<()> {
        let sql =
            "INSERT INTO blob (org_id, digest, content) VALUES ($1, $2, $3) ON CONFLICT (org_id, digest) DO NOTHING";
        self.connections
            .rows(sql, vec![org.as_str().into(), digest.into(), Value::Blob(content.into())])
            .await
            .map(drop)
    }

    async fn blob_get(&self, org: &OrgId, digest: &str) -> Result<Option<Vec<u8>>> {
        let sql = "SELECT content FROM blob WHERE org_id = $1 AND digest = $2";
        let row = self.connections.row(sql, vec![org.as_str().into(), digest.into()]).await?;
        row.map(|row| Cells(&row).blob("content")).transpose()
    }
}
