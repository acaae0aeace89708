//! Tickets: rows in both directions, lists, counts and digests.

use crate::filter::{self, Sql};
use crate::table::{Row, Table};
use crate::value::{self, Cells, Value};
use crate::{PostgresStore, read_set};
use async_trait::async_trait;
use domain::filter::{Field, Filter};
use domain::ticket::{AccessList, TicketBundle};
use domain::{Attachment, Clock, Comment, Link, OrgId, Ticket, TicketId};
use jiff::Timestamp;
use sqlx::postgres::PgRow;
use store::{Cursor, IndexRow, IndexScope, Page, QueryRead, Result, Sort, StoreError, TicketQuery, Tickets};

const PAGE_MAX: u32 = 200;

const COLUMNS: &str = "t.id, t.number, t.kind, t.space, t.state, t.category, t.requester, t.opened_by, t.group_id, t.assignee, t.parent, \
     t.restricted, t.opened_at, t.due_at, t.title, t.version, t.updated_at, t.resolved_at, t.closed_at, t.fields";

/// Everything about one ticket in one statement, so that it is one snapshot and one round trip. The sets come as JSON.
const LOAD: &str = "
    SELECT t.id, t.number, t.kind, t.space, t.state, t.category, t.requester, t.opened_by, t.group_id, t.assignee, t.parent,
           t.restricted, t.opened_at, t.due_at, t.title, t.version, t.updated_at, t.resolved_at, t.closed_at, t.fields,
        (SELECT CAST(COALESCE(json_agg(json_build_array(c.name, c.plugin, c.title, c.state, c.started_at, c.due_at, c.stopped_at,
                c.breached_at, c.reason, c.data) ORDER BY c.name), '[]') AS TEXT)
            FROM clock c WHERE c.org_id = t.org_id AND c.ticket = t.id) AS clocks,
        (SELECT CAST(COALESCE(json_agg(w.person ORDER BY w.person), '[]') AS TEXT)
            FROM ticket_watcher w WHERE w.org_id = t.org_id AND w.ticket = t.id) AS watchers,
        (SELECT CAST(COALESCE(json_agg(a.person ORDER BY a.place), '[]') AS TEXT)
            FROM ticket_access_person a WHERE a.org_id = t.org_id AND a.ticket = t.id) AS access_people,
        (SELECT CAST(COALESCE(json_agg(a.group_id ORDER BY a.place), '[]') AS TEXT)
            FROM ticket_access_group a WHERE a.org_id = t.org_id AND a.ticket = t.id) AS access_groups,
        (SELECT CAST(COALESCE(json_agg(json_build_array(l.from_id, l.link_type, l.to_id)
                ORDER BY l.from_id, l.link_type, l.to_id), '[]') AS TEXT) FROM (
            SELECT from_id, link_type, to_id FROM ticket_link WHERE org_id = t.org_id AND from_id = t.id
            UNION SELECT from_id, link_type, to_id FROM ticket_link WHERE org_id = t.org_id AND to_id = t.id) l) AS links,
        (SELECT CAST(COALESCE(json_agg(f.id ORDER BY f.id), '[]') AS TEXT) FROM flow_instance f
            WHERE f.org_id = t.org_id AND f.ticket = t.id AND f.status = 'running') AS flows
    FROM ticket t WHERE t.org_id = $1 AND t.id = ";

/// What the search index keeps besides the columns.
const INDEX_PARTS: &str = ", CAST(CASE WHEN t.archived_at IS NULL THEN 0 ELSE 1 END AS BIGINT) AS archived,
        (SELECT CAST(COALESCE(json_agg(w.person), '[]') AS TEXT)
            FROM ticket_watcher w WHERE w.org_id = t.org_id AND w.ticket = t.id) AS watchers,
        (SELECT CAST(COALESCE(json_agg(a.person), '[]') AS TEXT)
            FROM ticket_access_person a WHERE a.org_id = t.org_id AND a.ticket = t.id) AS access_people,
        (SELECT CAST(COALESCE(json_agg(a.group_id), '[]') AS TEXT)
            FROM ticket_access_group a WHERE a.org_id = t.org_id AND a.ticket = t.id) AS access_groups
    FROM ticket t WHERE t.org_id = ";

fn index_sql(org: &OrgId, scope: &IndexScope, limit: u32) -> Sql {
    let mut sql = Sql::new("SELECT ");
    sql.push(COLUMNS).push(INDEX_PARTS).bind(org.as_str());
    let after = match scope {
        IndexScope::After(after) => {
            sql.push(" AND t.archived_at IS NULL");
            after.as_ref()
        }
        IndexScope::Among(ids) => {
            let ids: Vec<String> = ids.iter().map(|id| id.0.clone()).collect();
            sql.push(" AND ").is_in("t.id", &ids);
            None
        }
        IndexScope::ArchivedSince(at, after) => {
            sql.push(" AND t.archived_at >= ").bind(*at);
            after.as_ref()
        }
    };
    if let Some(after) = after {
        sql.push(" AND t.id > ").bind(after.as_str());
    }
    sql.push(" ORDER BY t.id LIMIT ").bind(limit);
    sql
}

pub(crate) fn row(org: &OrgId, ticket: &Ticket) -> Row {
    let id = |id: Option<&str>| Value::from(id);
    Row::new(
        Table::Ticket,
        vec![
            org.as_str().into(),
            ticket.id.as_str().into(),
            ticket.number.as_str().into(),
            ticket.kind.as_str().into(),
            ticket.space.as_str().into(),
            ticket.state.as_str().into(),
            ticket.category.as_str().into(),
            id(ticket.requester.as_ref().map(|id| id.as_str())),
            id(ticket.opened_by.as_ref().map(|id| id.as_str())),
            id(ticket.group.as_ref().map(|id| id.as_str())),
            id(ticket.assignee.as_ref().map(|id| id.as_str())),
            id(ticket.parent.as_ref().map(|id| id.as_str())),
            ticket.restricted.into(),
            ticket.opened_at.into(),
            ticket.due_at.into(),
            ticket.title.as_str().into(),
            ticket.version.into(),
            ticket.updated_at.into(),
            ticket.resolved_at.into(),
            ticket.closed_at.into(),
            (&ticket.fields).into(),
            filter::search_text(&ticket.number, &ticket.title).into(),
            filter::field_digests(&ticket.fields).into(),
            // Any change brings it back from the archive.
            Value::Null,
        ],
    )
}

pub(crate) fn clock_row(org: &OrgId, clock: &Clock) -> Row {
    Row::new(
        Table::Clock,
        vec![
            org.as_str().into(),
            clock.ticket.as_str().into(),
            clock.name.as_str().into(),
            clock.plugin.as_str().into(),
            clock.title.as_str().into(),
            value::word(&clock.state).into(),
            clock.started_at.into(),
            clock.due_at.into(),
            clock.stopped_at.into(),
            clock.breached_at.into(),
            clock.reason.as_str().into(),
            (&clock.data).into(),
        ],
    )
}

pub(crate) fn comment_row(org: &OrgId, comment: &Comment) -> Row {
    Row::new(
        Table::Comment,
        vec![
            org.as_str().into(),
            comment.id.as_str().into(),
            comment.ticket.as_str().into(),
            value::word(&comment.visibility).into(),
            comment.author.as_str().into(),
            comment.at.into(),
            comment.body.as_str().into(),
        ],
    )
}

pub(crate) fn attachment_row(org: &OrgId, attachment: &Attachment) -> Row {
    Row::new(
        Table::Attachment,
        vec![
            org.as_str().into(),
            attachment.id.as_str().into(),
            attachment.ticket.as_str().into(),
            attachment.name.as_str().into(),
            attachment.media_type.as_str().into(),
            i64::try_from(attachment.size).unwrap_or(i64::MAX).into(),
            attachment.digest.as_str().into(),
            attachment.author.as_str().into(),
            attachment.at.into(),
        ],
    )
}

fn decode(row: &PgRow) -> Result<Ticket> {
    let cells = Cells(row);
    Ok(Ticket {
        id: cells.text("id")?.into(),
        number: cells.text("number")?,
        kind: cells.text("kind")?.into(),
        space: cells.text("space")?.into(),
        state: cells.text("state")?,
        category: cells.word("category")?,
        title: cells.text("title")?,
        requester: cells.text_or_null("requester")?.map(Into::into),
        opened_by: cells.text_or_null("opened_by")?.map(Into::into),
        group: cells.text_or_null("group_id")?.map(Into::into),
        assignee: cells.text_or_null("assignee")?.map(Into::into),
        parent: cells.text_or_null("parent")?.map(Into::into),
        restricted: cells.flag("restricted")?,
        version: cells.small("version")?,
        opened_at: cells.time("opened_at")?,
        updated_at: cells.time("updated_at")?,
        resolved_at: cells.time_or_null("resolved_at")?,
        closed_at: cells.time_or_null("closed_at")?,
        due_at: cells.time_or_null("due_at")?,
        fields: cells.json("fields")?,
    })
}

type ClockCells =
    (String, String, String, domain::ClockState, i64, Option<i64>, Option<i64>, Option<i64>, String, String);

fn decode_bundle(row: &PgRow) -> Result<TicketBundle> {
    let cells = Cells(row);
    let ticket = decode(row)?;
    let clocks: Vec<ClockCells> = cells.json("clocks")?;
    let links: Vec<(String, String, String)> = cells.json("links")?;
    Ok(TicketBundle {
        clocks: clocks.into_iter().map(|clock| decode_clock(&ticket.id, clock)).collect::<Result<_>>()?,
        watchers: cells.json("watchers")?,
        access: AccessList { people: cells.json("access_people")?, groups: cells.json("access_groups")? },
        links: links
            .into_iter()
            .map(|(from, link_type, to)| Link { from: from.into(), link_type, to: to.into() })
            .collect(),
        flows: cells.json("flows")?,
        ticket,
    })
}

fn decode_clock(ticket: &TicketId, cells: ClockCells) -> Result<Clock> {
    let (name, plugin, title, state, started_at, due_at, stopped_at, breached_at, reason, data) = cells;
    let time = |at: i64| {
        Timestamp::from_microsecond(at)
            .map_err(|error| StoreError::Corrupt { row: format!("{ticket} {name}"), reason: error.to_string() })
    };
    Ok(Clock {
        ticket: ticket.clone(),
        plugin: plugin.into(),
        title,
        state,
        started_at: time(started_at)?,
        due_at: due_at.map(time).transpose()?,
        stopped_at: stopped_at.map(time).transpose()?,
        breached_at: breached_at.map(time).transpose()?,
        reason,
        data: serde_json::from_str(&data)
            .map_err(|error| StoreError::Corrupt { row: format!("{ticket} {name}"), reason: error.to_string() })?,
        name,
    })
}

/// The statement of a list. Rows are in list order, one more than the page, to know whether there is a next one.
pub(crate) fn list_sql(org: &OrgId, query: &TicketQuery, columns: &str) -> Result<Sql> {
    let mut sql = Sql::new("SELECT ");
    sql.push(columns).push(" FROM ticket t WHERE t.org_id = ").bind(org.as_str()).push(" AND ").filter(&query.filter);
    sql.push(without_archived(&query.filter));
    if let Some(cursor) = &query.after {
        sql.push(" AND ");
        after(&mut sql, query, cursor)?;
    }
    let (column, direction) = (sort_column(query.sort), if query.descending { " DESC" } else { " ASC" });
    sql.push(" ORDER BY ").push(column).push(direction);
    sql.push(if query.sort == Sort::DueAt { " NULLS LAST, t.id" } else { ", t.id" }).push(direction);
    sql.push(" LIMIT ").bind(limit(query) + 1);
    Ok(sql)
}

fn after(sql: &mut Sql, query: &TicketQuery, cursor: &Cursor) -> Result<()> {
    let column = sort_column(query.sort);
    let than = if query.descending { " < (" } else { " > (" };
    let Some(text) = &cursor.value else {
        sql.push("(").push(column).push(" IS NULL AND (t.id)").push(than).bind(cursor.id.as_str()).push("))");
        return Ok(());
    };
    let value = if query.sort == Sort::Number {
        Value::from(text.as_str())
    } else {
        let at = text
            .parse::<i64>()
            .map_err(|error| StoreError::Corrupt { row: "cursor".to_owned(), reason: error.to_string() })?;
        Value::from(at)
    };
    sql.push("((").push(column).push(", t.id)").push(than).bind(value).push(", ").bind(cursor.id.as_str()).push(")");
    sql.push(if query.sort == Sort::DueAt { " OR t.due_at IS NULL)" } else { ")" });
    Ok(())
}

fn limit(query: &TicketQuery) -> u32 {
    query.limit.clamp(1, PAGE_MAX)
}

fn sort_column(sort: Sort) -> &'static str {
    match sort {
        Sort::OpenedAt => "t.opened_at",
        Sort::UpdatedAt => "t.updated_at",
        Sort::DueAt => "t.due_at",
        Sort::Number => "t.number",
    }
}

fn cursor(sort: Sort, ticket: &Ticket) -> Cursor {
    let time = |at: Timestamp| at.as_microsecond().to_string();
    let value = match sort {
        Sort::OpenedAt => Some(time(ticket.opened_at)),
        Sort::UpdatedAt => Some(time(ticket.updated_at)),
        Sort::DueAt => ticket.due_at.map(time),
        Sort::Number => Some(ticket.number.clone()),
    };
    Cursor { value, id: ticket.id.0.clone() }
}

pub(crate) fn count_sql(org: &OrgId, filter: &Filter) -> Sql {
    let mut sql = Sql::new("SELECT count(*) AS number FROM ticket t WHERE t.org_id = ");
    sql.bind(org.as_str()).push(" AND ").filter(filter).push(without_archived(filter));
    sql
}

/// Archived tickets are in no list and no count, unless they are asked for one by one. Not said where it goes without saying: an index
/// that answers a count alone does not know who is archived.
fn without_archived(filter: &Filter) -> &'static str {
    if store::query::may_meet_archived(filter) { " AND t.archived_at IS NULL" } else { "" }
}

#[async_trait]
impl Tickets for PostgresStore {
    async fn ticket_load(&self, org: &OrgId, id_or_number: &str) -> Result<Option<TicketBundle>> {
        // Two ways to find it without an OR, which would keep the planner from either index.
        let sql = format!(
            "{LOAD}COALESCE((SELECT id FROM ticket WHERE org_id = $1 AND id = $2), (SELECT id FROM ticket WHERE org_id = $1 AND number = $2))"
        );
        let row = self.connections.row(sql, vec![org.as_str().into(), id_or_number.into()]).await?;
        row.as_ref().map(decode_bundle).transpose()
    }

    async fn ticket_list(&self, org: &OrgId, query: &TicketQuery) -> Result<Page<Ticket>> {
        let sql = list_sql(org, query, COLUMNS)?;
        let rows = self.connections.rows(sql.text, sql.values).await?;
        let size = limit(query) as usize;
        let items: Vec<Ticket> = rows.iter().take(size).map(decode).collect::<Result<_>>()?;
        let next = if rows.len() > size { items.last().map(|ticket| cursor(query.sort, ticket)) } else { None };
        Ok(Page { items, next })
    }

    async fn ticket_count(&self, org: &OrgId, filter: &Filter) -> Result<u64> {
        let sql = count_sql(org, filter);
        let row = self.connections.row(sql.text, sql.values).await?;
        row.map_or(Ok(0), |row| Cells(&row).count("number"))
    }

    async fn ticket_count_by(&self, org: &OrgId, filter: &Filter, field: Field) -> Result<Vec<(Option<String>, u64)>> {
        let column = match field {
            Field::Restricted => "CASE t.restricted WHEN 1 THEN 'true' ELSE 'false' END",
            other => filter::column(other),
        };
        let mut sql = Sql::new("SELECT ");
        sql.push(column).push(" AS word, count(*) AS number FROM ticket t WHERE t.org_id = ").bind(org.as_str());
        sql.push(" AND ")
            .filter(filter)
            .push(without_archived(filter))
            .push(" GROUP BY word ORDER BY number DESC, word NULLS FIRST LIMIT ")
            .bind(PAGE_MAX);
        let rows = self.connections.rows(sql.text, sql.values).await?;
        rows.iter().map(|row| Ok((Cells(row).text_or_null("word")?, Cells(row).count("number")?))).collect()
    }

    async fn ticket_index_rows(&self, org: &OrgId, scope: &IndexScope, limit: u32) -> Result<Vec<IndexRow>> {
        let sql = index_sql(org, scope, limit);
        let rows = self.connections.rows(sql.text, sql.values).await?;
        let decoded = rows.iter().map(|row| {
            let cells = Cells(row);
            Ok(IndexRow {
                ticket: decode(row)?,
                watchers: cells.json("watchers")?,
                access: AccessList { people: cells.json("access_people")?, groups: cells.json("access_groups")? },
                archived: cells.flag("archived")?,
            })
        });
        decoded.collect()
    }

    async fn ticket_digest(&self, org: &OrgId, read: &QueryRead) -> Result<String> {
        let sql = read_set::sql(org, &read.scope)?;
        let rows = self.connections.rows(sql.text, sql.values).await?;
        read_set::digest(&read.scope, &rows)
    }

    async fn comment_list(&self, org: &OrgId, ticket: &TicketId) -> Result<Vec<Comment>> {
        let sql = "SELECT id, ticket, visibility, author, at, body FROM comment WHERE org_id = $1 AND ticket = $2 ORDER BY at, id";
        let rows = self.connections.rows(sql, vec![org.as_str().into(), ticket.as_str().into()]).await?;
        rows.iter().map(decode_comment).collect()
    }

    async fn attachment_list(&self, org: &OrgId, ticket: &TicketId) -> Result<Vec<Attachment>> {
        let sql = "SELECT id, ticket, name, media_type, size, digest, author, at FROM attachment \
                   WHERE org_id = $1 AND ticket = $2 ORDER BY at, id";
        let rows = self.connections.rows(sql, vec![org.as_str().into(), ticket.as_str().into()]).await?;
        rows.iter().map(decode_attachment).collect()
    }
}

fn decode_comment(row: &PgRow) -> Result<Comment> {
    let cells = Cells(row);
    Ok(Comment {
        id: cells.text("id")?.into(),
        ticket: cells.text("ticket")?.into(),
        visibility: cells.word("visibility")?,
        author: cells.text("author")?,
        at: cells.time("at")?,
        body: cells.text("body")?,
    })
}

fn decode_attachment(row: &PgRow) -> Result<Attachment> {
    let cells = Cells(row);
    Ok(Attachment {
        id: cells.text("id")?.into(),
        ticket: cells.text("ticket")?.into(),
        name: cells.text("name")?,
        media_type: cells.text("media_type")?,
        size: cells.count("size")?,
        digest: cells.text("digest")?,
        author: cells.text("author")?,
        at: cells.time("at")?,
    })
}
