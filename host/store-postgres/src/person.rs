//! People, groups, roles and spaces.

use crate::filter::Sql;
use crate::table::{Row, Table};
use crate::value::Cells;
use crate::{PostgresStore, page};
use async_trait::async_trait;
use domain::person::RoleAssignment;
use domain::{Group, GroupId, OrgId, Person, PersonId, Space};
use sqlx::postgres::PgRow;
use store::{Page, People, Result};

const COLUMNS: &str = "p.id, p.login, p.name, p.email, p.manager, p.locale, p.zone, p.active, p.attributes, p.version";

const GROUPS: &str = "SELECT g.id, g.title, g.space, g.active, g.version,
        (SELECT CAST(COALESCE(json_agg(m.person ORDER BY m.place), '[]') AS TEXT) FROM group_member m
            WHERE m.org_id = g.org_id AND m.group_id = g.id) AS members
    FROM person_group g WHERE g.org_id = $1";

const SPACES: &str = "SELECT id, title, confidential, calendar, version FROM space WHERE org_id = $1";

pub(crate) fn row(org: &OrgId, person: &Person) -> Row {
    Row::new(
        Table::Person,
        vec![
            org.as_str().into(),
            person.id.as_str().into(),
            person.login.as_str().into(),
            person.name.as_str().into(),
            person.email.as_str().into(),
            person.manager.as_ref().map(|id| id.as_str()).into(),
            person.locale.as_str().into(),
            person.zone.as_str().into(),
            person.active.into(),
            (&person.attributes).into(),
            person.version.into(),
            // The name comes first: the list is in this order.
            format!("{} {} {}", person.name, person.login, person.email).to_lowercase().into(),
        ],
    )
}

pub(crate) fn group_row(org: &OrgId, group: &Group) -> Row {
    Row::new(
        Table::Group,
        vec![
            org.as_str().into(),
            group.id.as_str().into(),
            group.title.as_str().into(),
            group.space.as_str().into(),
            group.active.into(),
            group.version.into(),
        ],
    )
}

pub(crate) fn space_row(org: &OrgId, space: &Space) -> Row {
    Row::new(
        Table::Space,
        vec![
            org.as_str().into(),
            space.id.as_str().into(),
            space.title.as_str().into(),
            space.confidential.into(),
            space.calendar.as_deref().into(),
            space.version.into(),
        ],
    )
}

fn decode(row: &PgRow) -> Result<Person> {
    let cells = Cells(row);
    Ok(Person {
        id: cells.text("id")?.into(),
        login: cells.text("login")?,
        name: cells.text("name")?,
        email: cells.text("email")?,
        manager: cells.text_or_null("manager")?.map(Into::into),
        locale: cells.text("locale")?,
        zone: cells.text("zone")?,
        active: cells.flag("active")?,
        attributes: cells.json("attributes")?,
        version: cells.small("version")?,
    })
}

fn decode_group(row: &PgRow) -> Result<Group> {
    let cells = Cells(row);
    Ok(Group {
        id: cells.text("id")?.into(),
        title: cells.text("title")?,
        space: cells.text("space")?.into(),
        members: cells.json("members")?,
        active: cells.flag("active")?,
        version: cells.small("version")?,
    })
}

fn decode_space(row: &PgRow) -> Result<Space> {
    let cells = Cells(row);
    Ok(Space {
        id: cells.text("id")?.into(),
        title: cells.text("title")?,
        confidential: cells.flag("confidential")?,
        calendar: cells.text_or_null("calendar")?,
        version: cells.small("version")?,
    })
}

#[async_trait]
impl People for PostgresStore {
    async fn person_get(&self, org: &OrgId, id: &PersonId) -> Result<Option<Person>> {
        let sql = format!("SELECT {COLUMNS} FROM person p WHERE p.org_id = $1 AND p.id = $2");
        let row = self.connections.row(sql, vec![org.as_str().into(), id.as_str().into()]).await?;
        row.as_ref().map(decode).transpose()
    }

    async fn person_by_login(&self, org: &OrgId, login: &str) -> Result<Option<Person>> {
        let sql = format!("SELECT {COLUMNS} FROM person p WHERE p.org_id = $1 AND p.login = $2");
        let row = self.connections.row(sql, vec![org.as_str().into(), login.into()]).await?;
        row.as_ref().map(decode).transpose()
    }

    async fn person_list(&self, org: &OrgId, text: &str, after: Option<&str>, limit: u32) -> Result<Page<Person>> {
        let mut sql = Sql::new("SELECT ");
        sql.push(COLUMNS).push(" FROM person p WHERE p.org_id = ").bind(org.as_str());
        sql.words_in("p.search", text);
        if let Some(after) = after {
            sql.push(" AND (p.search, p.id) > (SELECT search, id FROM person WHERE org_id = ").bind(org.as_str());
            sql.push(" AND id = ").bind(after).push(")");
        }
        sql.push(" ORDER BY p.search, p.id LIMIT ").bind(page::limit(limit) + 1);
        let rows = self.connections.rows(sql.text, sql.values).await?;
        page::of(&rows, limit, decode, |person| (person.name.clone(), person.id.0.clone()))
    }

    async fn group_get(&self, org: &OrgId, id: &GroupId) -> Result<Option<Group>> {
        let row = self
            .connections
            .row(format!("{GROUPS} AND g.id = $2"), vec![org.as_str().into(), id.as_str().into()])
            .await?;
        row.as_ref().map(decode_group).transpose()
    }

    async fn group_list(&self, org: &OrgId) -> Result<Vec<Group>> {
        let rows = self.connections.rows(format!("{GROUPS} ORDER BY g.id"), vec![org.as_str().into()]).await?;
        rows.iter().map(decode_group).collect()
    }

    async fn groups_of(&self, org: &OrgId, person: &PersonId) -> Result<Vec<GroupId>> {
        let sql = "SELECT group_id FROM group_member WHERE org_id = $1 AND person = $2 ORDER BY group_id";
        let rows = self.connections.rows(sql, vec![org.as_str().into(), person.as_str().into()]).await?;
        rows.iter().map(|row| Cells(row).text("group_id").map(GroupId)).collect()
    }

    async fn members(&self, org: &OrgId, group: &GroupId) -> Result<Vec<Person>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM group_member m JOIN person p ON p.org_id = m.org_id AND p.id = m.person
             WHERE m.org_id = $1 AND m.group_id = $2 AND p.active = 1 ORDER BY p.id"
        );
        let rows = self.connections.rows(sql, vec![org.as_str().into(), group.as_str().into()]).await?;
        rows.iter().map(decode).collect()
    }

    async fn roles_of(&self, org: &OrgId, person: &PersonId) -> Result<Vec<RoleAssignment>> {
        let sql =
            "SELECT person, space, role FROM role_assignment WHERE org_id = $1 AND person = $2 ORDER BY space, role";
        let rows = self.connections.rows(sql, vec![org.as_str().into(), person.as_str().into()]).await?;
        rows.iter()
            .map(|row| {
                let cells = Cells(row);
                Ok(RoleAssignment {
                    person: cells.text("person")?.into(),
                    space: cells.text("space")?.into(),
                    role: cells.word("role")?,
                })
            })
            .collect()
    }

    async fn space_get(&self, org: &OrgId, id: &str) -> Result<Option<Space>> {
        let row = self.connections.row(format!("{SPACES} AND id = $2"), vec![org.as_str().into(), id.into()]).await?;
        row.as_ref().map(decode_space).transpose()
    }

    async fn space_list(&self, org: &OrgId) -> Result<Vec<Space>> {
        let rows = self.connections.rows(format!("{SPACES} ORDER BY id"), vec![org.as_str().into()]).await?;
        rows.iter().map(decode_space).collect()
    }
}
