//! Records of practices.

use crate::filter::Sql;
use crate::table::{Row, Table};
use crate::value::Cells;
use crate::{PostgresStore, page};
use async_trait::async_trait;
use domain::{KindId, OrgId, Record, RecordScope};
use sqlx::postgres::PgRow;
use store::{Page, Records, Result};

pub(crate) const COLUMNS: &str = "id, number, kind, space, state, category, title, version, updated_at, fields";

pub(crate) fn row(org: &OrgId, record: &Record) -> Row {
    Row::new(
        Table::Record,
        vec![
            org.as_str().into(),
            record.id.as_str().into(),
            record.number.as_str().into(),
            record.kind.as_str().into(),
            record.space.as_str().into(),
            record.state.as_str().into(),
            record.category.as_str().into(),
            record.title.as_str().into(),
            record.version.into(),
            record.updated_at.into(),
            (&record.fields).into(),
        ],
    )
}

pub(crate) fn decode(row: &PgRow) -> Result<Record> {
    let cells = Cells(row);
    Ok(Record {
        id: cells.text("id")?.into(),
        number: cells.text("number")?,
        kind: cells.text("kind")?.into(),
        space: cells.text("space")?.into(),
        state: cells.text("state")?,
        category: cells.word("category")?,
        title: cells.text("title")?,
        version: cells.small("version")?,
        updated_at: cells.time("updated_at")?,
        fields: cells.json("fields")?,
    })
}

/// Exactly the records that may be seen: the meaning of `RecordScope::allows`.
pub(crate) fn scope(sql: &mut Sql, scope: &RecordScope) {
    let Some(spaces) = &scope.spaces else {
        sql.push("TRUE");
        return;
    };
    sql.push("(").is_in("space", spaces);
    for part in &scope.shown {
        sql.push(" OR (kind = ").bind(part.kind.as_str());
        sql.push(" AND ").is_in("space", &part.spaces).push(" AND ").is_in("state", &part.states);
        for when in &part.when {
            sql.push(" AND COALESCE((");
            member(sql, &when.field).push(") IN (");
            for (place, value) in when.is.iter().enumerate() {
                sql.push(if place == 0 { "" } else { ", " }).bind(value);
            }
            sql.push("), FALSE)");
        }
        sql.push(")");
    }
    sql.push(")");
}

/// One field as JSON text.
fn member<'a>(sql: &'a mut Sql, name: &str) -> &'a mut Sql {
    sql.push("CAST(CAST(fields AS JSON) -> CAST(").bind(name).push(" AS TEXT) AS TEXT)")
}

#[async_trait]
impl Records for PostgresStore {
    async fn record_get(&self, org: &OrgId, id_or_number: &str) -> Result<Option<Record>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM record WHERE org_id = $1 AND id = COALESCE(
                (SELECT id FROM record WHERE org_id = $1 AND id = $2), (SELECT id FROM record WHERE org_id = $1 AND number = $2))"
        );
        let row = self.connections.row(sql, vec![org.as_str().into(), id_or_number.into()]).await?;
        row.as_ref().map(decode).transpose()
    }

    async fn record_list(
        &self,
        org: &OrgId,
        kind: &KindId,
        state: Option<&str>,
        visible: &RecordScope,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page<Record>> {
        let mut sql = Sql::new("SELECT ");
        sql.push(COLUMNS)
            .push(" FROM record WHERE org_id = ")
            .bind(org.as_str())
            .push(" AND kind = ")
            .bind(kind.as_str());
        if let Some(state) = state {
            sql.push(" AND state = ").bind(state);
        }
        sql.push(" AND ");
        scope(&mut sql, visible);
        if let Some(after) = after {
            sql.push(" AND number > (SELECT number FROM record WHERE org_id = ").bind(org.as_str());
            sql.push(" AND id = ").bind(after).push(")");
        }
        sql.push(" ORDER BY number LIMIT ").bind(page::limit(limit) + 1);
        let rows = self.connections.rows(sql.text, sql.values).await?;
        page::of(&rows, limit, decode, |record| (record.number.clone(), record.id.0.clone()))
    }
}
