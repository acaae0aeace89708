//! Passwords and sessions.

use crate::PostgresStore;
use crate::value::{self, Cells};
use async_trait::async_trait;
use domain::{OrgId, PersonId};
use sqlx::postgres::PgRow;
use store::{Credentials, Result, Session};

const COLUMNS: &str = "token_hash, person, kind, name, created_at, expires_at";

fn decode(row: &PgRow) -> Result<Session> {
    let cells = Cells(row);
    Ok(Session {
        token_hash: cells.text("token_hash")?,
        person: cells.text("person")?.into(),
        kind: cells.word("kind")?,
        name: cells.text("name")?,
        created_at: cells.time("created_at")?,
        expires_at: cells.time("expires_at")?,
    })
}

#[async_trait]
impl Credentials for PostgresStore {
    async fn password_get(&self, org: &OrgId, person: &PersonId) -> Result<Option<String>> {
        let sql = "SELECT phc FROM password WHERE org_id = $1 AND person = $2";
        let row = self.connections.row(sql, vec![org.as_str().into(), person.as_str().into()]).await?;
        row.map(|row| Cells(&row).text("phc")).transpose()
    }

    async fn session_put(&self, org: &OrgId, session: &Session) -> Result<()> {
        let sql = "INSERT INTO session (org_id, token_hash, person, kind, name, created_at, expires_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7)
            ON CONFLICT (org_id, token_hash) DO UPDATE SET person = excluded.person, kind = excluded.kind, name = excluded.name,
                created_at = excluded.created_at, expires_at = excluded.expires_at";
        let values = vec![
            org.as_str().into(),
            session.token_hash.as_str().into(),
            session.person.as_str().into(),
            value::word(&session.kind).into(),
            session.name.as_str().into(),
            session.created_at.into(),
            session.expires_at.into(),
        ];
        self.connections.rows(sql, values).await.map(drop)
    }

    async fn session_get(&self, org: &OrgId, token_hash: &str) -> Result<Option<Session>> {
        let sql = format!("SELECT {COLUMNS} FROM session WHERE org_id = $1 AND token_hash = $2");
        let row = self.connections.row(sql, vec![org.as_str().into(), token_hash.into()]).await?;
        row.as_ref().map(decode).transpose()
    }

    async fn session_delete(&self, org: &OrgId, token_hash: &str) -> Result<()> {
        let sql = "DELETE FROM session WHERE org_id = $1 AND token_hash = $2";
        self.connections.rows(sql, vec![org.as_str().into(), token_hash.into()]).await.map(drop)
    }

    async fn session_delete_all(&self, org: &OrgId, person: &PersonId) -> Result<()> {
        let sql = "DELETE FROM session WHERE org_id = $1 AND person = $2";
        self.connections.rows(sql, vec![org.as_str().into(), person.as_str().into()]).await.map(drop)
    }

    async fn session_list(&self, org: &OrgId, person: &PersonId) -> Result<Vec<Session>> {
        let sql =
            format!("SELECT {COLUMNS} FROM session WHERE org_id = $1 AND person = $2 ORDER BY created_at, token_hash");
        let rows = self.connections.rows(sql, vec![org.as_str().into(), person.as_str().into()]).await?;
        rows.iter().map(decode).collect()
    }
}
