//! Messages to people.

use crate::table::{Row, Table};
use crate::value::Cells;
use crate::{PostgresStore, page};
use async_trait::async_trait;
use domain::{OrgId, PersonId};
use sqlx::postgres::PgRow;
use store::{Notification, Notifications, Result};

pub(crate) fn row(org: &OrgId, notification: &Notification) -> Row {
    Row::new(
        Table::Notification,
        vec![
            org.as_str().into(),
            notification.id.as_str().into(),
            notification.person.as_str().into(),
            notification.ticket.as_ref().map(|id| id.as_str()).into(),
            notification.at.into(),
            notification.subject.as_str().into(),
            notification.body.as_str().into(),
            notification.read.into(),
        ],
    )
}

fn decode(row: &PgRow) -> Result<Notification> {
    let cells = Cells(row);
    Ok(Notification {
        id: cells.text("id")?,
        person: cells.text("person")?.into(),
        ticket: cells.text_or_null("ticket")?.map(Into::into),
        at: cells.time("at")?,
        subject: cells.text("subject")?,
        body: cells.text("body")?,
        read: cells.flag("is_read")?,
    })
}

#[async_trait]
impl Notifications for PostgresStore {
    async fn notification_list(&self, org: &OrgId, person: &PersonId, limit: u32) -> Result<Vec<Notification>> {
        let sql = "SELECT id, person, ticket, at, subject, body, is_read FROM notification
            WHERE org_id = $1 AND person = $2 ORDER BY at DESC, id DESC LIMIT $3";
        let values = vec![org.as_str().into(), person.as_str().into(), page::limit(limit).into()];
        let rows = self.connections.rows(sql, values).await?;
        rows.iter().map(decode).collect()
    }
}
