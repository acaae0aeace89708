//! Configuration items, classes and relations.

use crate::filter::Sql;
use crate::table::{Row, Table};
use crate::value::Cells;
use crate::{SqliteStore, page};
use async_trait::async_trait;
use domain::ci::Needs;
use domain::{Ci, CiClass, CiId, CiPlace, CiRelation, OrgId};
use sqlx::sqlite::SqliteRow;
use store::{CiQuery, Cis, Page, Result};

const COLUMNS: &str = "id, name, class, space, attributes, version";
/// Relations that one statement asks for.
const AMONG_MAX: usize = 50;

pub(crate) fn row(org: &OrgId, item: &Ci) -> Row {
    Row::new(
        Table::Ci,
        vec![
            org.as_str().into(),
            item.id.as_str().into(),
            item.name.as_str().into(),
            item.class.as_str().into(),
            item.space.as_str().into(),
            (&item.attributes).into(),
            item.version.into(),
            item.name.to_lowercase().into(),
        ],
    )
}

pub(crate) fn class_row(org: &OrgId, class: &CiClass) -> Row {
    let definition = serde_json::to_string(class).expect("a class has text keys");
    let values = vec![org.as_str().into(), class.id.as_str().into(), definition.into(), class.version.into()];
    Row::new(Table::CiClass, values)
}

fn decode(row: &SqliteRow) -> Result<Ci> {
    let cells = Cells(row);
    Ok(Ci {
        id: cells.text("id")?.into(),
        name: cells.text("name")?,
        class: cells.text("class")?,
        space: cells.text("space")?.into(),
        attributes: cells.json("attributes")?,
        version: cells.small("version")?,
    })
}

/// A page of a query; the statement is also asked again by the commit.
pub(crate) fn candidates_sql(org: &OrgId, query: &CiQuery, columns: &str) -> Sql {
    let mut sql = Sql::new("SELECT ");
    sql.push(columns).push(" FROM ci WHERE org_id = ").bind(org.as_str());
    if !query.classes.is_empty() {
        sql.push(" AND ").is_in("class", &query.classes);
    }
    if let Some(spaces) = &query.spaces {
        sql.push(" AND ").is_in("space", spaces);
    }
    if let Some(name) = &query.name {
        // The index is on the name in lower case.
        sql.push(" AND search = ").bind(name.to_lowercase()).push(" AND name = ").bind(name.as_str());
    }
    for needle in query.needles() {
        sql.push(" AND instr(attributes, ").bind(needle).push(") > 0");
    }
    in_use(&mut sql);
    if let Some(after) = &query.after {
        sql.push(" AND id > ").bind(after.as_str());
    }
    sql.push(" ORDER BY id LIMIT ").bind(query.limit);
    sql
}

/// Retired items are found by their id only.
fn in_use(sql: &mut Sql) {
    sql.push(" AND instr(attributes, ").bind(format!("\"{}\":", domain::ci::RETIRED)).push(") = 0");
}

fn decode_place(row: &SqliteRow) -> Result<CiPlace> {
    let cells = Cells(row);
    Ok(CiPlace {
        id: cells.text("id")?.into(),
        space: cells.text("space")?.into(),
        needs: cells.text_or_null("needs")?.and_then(|text| Needs::parse(&text)),
    })
}

fn decode_relation(row: &SqliteRow) -> Result<CiRelation> {
    let cells = Cells(row);
    Ok(CiRelation {
        from: cells.text("from_id")?.into(),
        relation_type: cells.text("relation_type")?,
        to: cells.text("to_id")?.into(),
    })
}

#[async_trait]
impl Cis for SqliteStore {
    async fn ci_get(&self, org: &OrgId, id: &CiId) -> Result<Option<Ci>> {
        let sql = format!("SELECT {COLUMNS} FROM ci WHERE org_id = $1 AND id = $2");
        let row = self.readers.row(sql, vec![org.as_str().into(), id.as_str().into()]).await?;
        row.as_ref().map(decode).transpose()
    }

    async fn ci_list(
        &self,
        org: &OrgId,
        spaces: Option<&[String]>,
        text: &str,
        class: Option<&str>,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page<Ci>> {
        let mut sql = Sql::new("SELECT ");
        sql.push(COLUMNS).push(" FROM ci WHERE org_id = ").bind(org.as_str());
        if let Some(spaces) = spaces {
            sql.push(" AND ").is_in("space", spaces);
        }
        if let Some(class) = class {
            sql.push(" AND class = ").bind(class);
        }
        in_use(&mut sql);
        sql.words_in("search", text);
        if let Some(after) = after {
            sql.push(" AND (search, id) > (SELECT search, id FROM ci WHERE org_id = ").bind(org.as_str());
            sql.push(" AND id = ").bind(after).push(")");
        }
        sql.push(" ORDER BY search, id LIMIT ").bind(page::limit(limit) + 1);
        let rows = self.readers.rows(sql.text, sql.values).await?;
        page::of(&rows, limit, decode, |item| (item.name.clone(), item.id.0.clone()))
    }

    async fn ci_relations(&self, org: &OrgId, id: &CiId) -> Result<Vec<CiRelation>> {
        let sql = "SELECT from_id, relation_type, to_id FROM ci_relation WHERE org_id = $1 AND from_id = $2
            UNION SELECT from_id, relation_type, to_id FROM ci_relation WHERE org_id = $1 AND to_id = $2
            ORDER BY from_id, relation_type, to_id";
        let rows = self.readers.rows(sql, vec![org.as_str().into(), id.as_str().into()]).await?;
        rows.iter().map(decode_relation).collect()
    }

    async fn ci_candidates(&self, org: &OrgId, query: &CiQuery) -> Result<Vec<Ci>> {
        let sql = candidates_sql(org, query, COLUMNS);
        let rows = self.readers.rows(sql.text, sql.values).await?;
        rows.iter().map(decode).collect()
    }

    async fn ci_places(&self, org: &OrgId, after: Option<&CiId>, limit: u32) -> Result<Vec<CiPlace>> {
        let mut sql = Sql::new(
            "SELECT id, space, CAST(json_extract(attributes, '$.needs') AS TEXT) AS needs FROM ci WHERE org_id = ",
        );
        sql.bind(org.as_str());
        if let Some(after) = after {
            sql.push(" AND id > ").bind(after.as_str());
        }
        sql.push(" ORDER BY id LIMIT ").bind(limit);
        let rows = self.readers.rows(sql.text, sql.values).await?;
        rows.iter().map(decode_place).collect()
    }

    async fn ci_relation_page(&self, org: &OrgId, after: Option<&CiRelation>, limit: u32) -> Result<Vec<CiRelation>> {
        let mut sql = Sql::new("SELECT from_id, relation_type, to_id FROM ci_relation WHERE org_id = ");
        sql.bind(org.as_str());
        if let Some(after) = after {
            sql.push(" AND (from_id, relation_type, to_id) > (").bind(after.from.as_str());
            sql.push(", ").bind(after.relation_type.as_str()).push(", ").bind(after.to.as_str()).push(")");
        }
        sql.push(" ORDER BY from_id, relation_type, to_id LIMIT ").bind(limit);
        let rows = self.readers.rows(sql.text, sql.values).await?;
        rows.iter().map(decode_relation).collect()
    }

    async fn ci_relations_among(&self, org: &OrgId, relations: &[CiRelation]) -> Result<Vec<CiRelation>> {
        let mut found = Vec::new();
        for some in relations.chunks(AMONG_MAX) {
            let mut sql = Sql::new("SELECT from_id, relation_type, to_id FROM ci_relation WHERE org_id = ");
            sql.bind(org.as_str());
            for (place, one) in some.iter().enumerate() {
                sql.push(if place == 0 { " AND (" } else { " OR " });
                sql.push("(from_id = ").bind(one.from.as_str());
                sql.push(" AND relation_type = ").bind(one.relation_type.as_str());
                sql.push(" AND to_id = ").bind(one.to.as_str()).push(")");
            }
            sql.push(")");
            let rows = self.readers.rows(sql.text, sql.values).await?;
            for row in &rows {
                found.push(decode_relation(row)?);
            }
        }
        Ok(found)
    }

    async fn ci_get_many(&self, org: &OrgId, ids: &[CiId]) -> Result<Vec<Ci>> {
        let ids: Vec<String> = ids.iter().map(|id| id.0.clone()).collect();
        let mut sql = Sql::new("SELECT ");
        sql.push(COLUMNS).push(" FROM ci WHERE org_id = ").bind(org.as_str()).push(" AND ").is_in("id", &ids);
        let rows = self.readers.rows(sql.text, sql.values).await?;
        rows.iter().map(decode).collect()
    }

    async fn ci_class_list(&self, org: &OrgId) -> Result<Vec<CiClass>> {
        let sql = "SELECT id, definition FROM ci_class WHERE org_id = $1 ORDER BY id";
        let rows = self.readers.rows(sql, vec![org.as_str().into()]).await?;
        rows.iter().map(|row| Cells(row).json("definition")).collect()
    }
}
