//! Calendars, questions that people keep, and what is installed.

use crate::PostgresStore;
use crate::table::{Row, Table};
use crate::value::Cells;
use async_trait::async_trait;
use domain::report::SavedQuery;
use domain::{Digest, OrgId};
use serde::de::DeserializeOwned;
use store::{Calendars, InstalledPlugin, PluginRows, Result, SavedQueries};

pub(crate) fn calendar_row(org: &OrgId, key: &str, definition: &serde_json::Value, version: u32) -> Row {
    Row::new(Table::Calendar, vec![org.as_str().into(), key.into(), definition.into(), version.into()])
}

pub(crate) fn saved_query_row(org: &OrgId, id: &str, query: &SavedQuery, version: u32) -> Row {
    let definition = serde_json::to_string(query).expect("a question has text keys");
    Row::new(Table::SavedQuery, vec![org.as_str().into(), id.into(), definition.into(), version.into()])
}

pub(crate) fn plugin_row(org: &OrgId, plugin: &InstalledPlugin) -> Row {
    let definition = serde_json::to_string(plugin).expect("an installed plugin has text keys");
    let values = vec![org.as_str().into(), plugin.id.as_str().into(), definition.into(), plugin.row_version.into()];
    Row::new(Table::Plugin, values)
}

impl PostgresStore {
    /// What is kept as text with an id and a version, by id.
    async fn definitions<T: DeserializeOwned>(&self, sql: &'static str, org: &OrgId) -> Result<Vec<(String, T, u32)>> {
        let rows = self.connections.rows(sql, vec![org.as_str().into()]).await?;
        rows.iter()
            .map(|row| {
                let cells = Cells(row);
                Ok((cells.text("id")?, cells.json("definition")?, cells.small("version")?))
            })
            .collect()
    }
}

#[async_trait]
impl Calendars for PostgresStore {
    async fn calendar_list(&self, org: &OrgId) -> Result<Vec<(String, serde_json::Value, u32)>> {
        self.definitions("SELECT id, definition, version FROM calendar WHERE org_id = $1 ORDER BY id", org).await
    }
}

#[async_trait]
impl SavedQueries for PostgresStore {
    async fn saved_query_list(&self, org: &OrgId) -> Result<Vec<(String, SavedQuery, u32)>> {
        self.definitions("SELECT id, definition, version FROM saved_query WHERE org_id = $1 ORDER BY id", org).await
    }

    async fn saved_query_get(&self, org: &OrgId, id: &str) -> Result<Option<(SavedQuery, u32)>> {
        let sql = "SELECT definition, version FROM saved_query WHERE org_id = $1 AND id = $2";
        let row = self.connections.row(sql, vec![org.as_str().into(), id.into()]).await?;
        row.map(|row| Ok((Cells(&row).json("definition")?, Cells(&row).small("version")?))).transpose()
    }
}

#[async_trait]
impl PluginRows for PostgresStore {
    async fn plugin_list(&self, org: &OrgId) -> Result<Vec<InstalledPlugin>> {
        let sql = "SELECT id, definition FROM plugin WHERE org_id = $1 ORDER BY id";
        let rows = self.connections.rows(sql, vec![org.as_str().into()]).await?;
        rows.iter().map(|row| Cells(row).json("definition")).collect()
    }

    async fn component_get(&self, org: &OrgId, digest: &Digest) -> Result<Option<Vec<u8>>> {
        let sql = "SELECT wasm FROM component WHERE org_id = $1 AND digest = $2";
        let row = self.connections.row(sql, vec![org.as_str().into(), digest.as_str().into()]).await?;
        row.map(|row| Cells(&row).blob("wasm")).transpose()
    }
}
