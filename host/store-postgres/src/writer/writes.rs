//! Each kind of write as rows. Rows are made where their noun lives; here is only which tables a write touches.

use super::batch::Batch;
use super::seen::SeenRow;
use crate::table::{Row, Table};
use crate::value::Value;
use crate::{ci, flow, notification, outbox, person, platform, record, ticket};
use domain::ticket::AccessList;
use domain::{CiRelation, Group, OrgId, PersonId, TicketId};
use store::{Noun, Write};

impl Batch<'_> {
    pub(super) fn write_one(&mut self, org: &OrgId, write: &Write) {
        match write {
            Write::Ticket(one) => {
                self.put(org, Noun::Ticket, one.id.as_str(), one.version, Some(&one.number), ticket::row(org, one));
            }
            Write::Comment(comment) => self.pending.put(ticket::comment_row(org, comment)),
            Write::Attachment(attachment) => self.pending.put(ticket::attachment_row(org, attachment)),
            Write::Link(link) => self.pending.put(Row::new(Table::Link, texts(org, &link_key(link)))),
            Write::Unlink(link) => self.pending.delete(Table::Link, texts(org, &link_key(link))),
            Write::Watch { ticket, person } => {
                self.pending.put(Row::new(Table::Watcher, texts(org, &[ticket.as_str(), person.as_str()])));
            }
            Write::Unwatch { ticket, person } => {
                self.pending.delete(Table::Watcher, texts(org, &[ticket.as_str(), person.as_str()]));
            }
            Write::Access { ticket, access } => self.write_access(org, ticket, access),
            Write::Clock(clock) => self.pending.put(ticket::clock_row(org, clock)),
            Write::Record(record) => {
                self.put(
                    org,
                    Noun::Record,
                    record.id.as_str(),
                    record.version,
                    Some(&record.number),
                    record::row(org, record),
                );
            }
            Write::Ci(item) => self.put(org, Noun::Ci, item.id.as_str(), item.version, None, ci::row(org, item)),
            Write::CiClass(class) => {
                self.put(org, Noun::CiClass, &class.id, class.version, None, ci::class_row(org, class))
            }
            Write::RelateCis(relation) => {
                self.pending.put(Row::new(Table::CiRelation, texts(org, &relation_key(relation))));
                self.bump_relations(org, relation);
            }
            Write::UnrelateCis(relation) => {
                self.pending.delete(Table::CiRelation, texts(org, &relation_key(relation)));
                self.bump_relations(org, relation);
            }
            Write::Person(one) => {
                self.put(org, Noun::Person, one.id.as_str(), one.version, Some(&one.login), person::row(org, one));
            }
            Write::Password { person, phc } => self.write_password(org, person, phc.as_deref()),
            Write::Group(group) => self.write_group(org, group),
            Write::Space(space) => {
                self.put(org, Noun::Space, space.id.as_str(), space.version, None, person::space_row(org, space));
            }
            Write::Roles { person, roles } => {
                self.pending.clear(Table::Role, texts(org, &[person.as_str()]));
                for role in roles {
                    let key = texts(org, &[person.as_str(), role.space.as_str(), role.role.as_str()]);
                    self.pending.put(Row::new(Table::Role, key));
                }
            }
            Write::Calendar { key, definition, version } => {
                self.put(
                    org,
                    Noun::Calendar,
                    key,
                    *version,
                    None,
                    platform::calendar_row(org, key, definition, *version),
                );
            }
            Write::SavedQuery { id, query, version } => {
                let row = platform::saved_query_row(org, id, query, *version);
                self.put(org, Noun::SavedQuery, id, *version, None, row);
            }
            Write::RemoveSavedQuery(id) => {
                self.pending.delete(Table::SavedQuery, texts(org, &[id]));
                self.seen.remove(org.as_str(), Noun::SavedQuery, id);
            }
            Write::Plugin(plugin) => {
                self.put(
                    org,
                    Noun::Plugin,
                    plugin.id.as_str(),
                    plugin.row_version,
                    None,
                    platform::plugin_row(org, plugin),
                );
            }
            Write::RemovePlugin(plugin) => {
                self.pending.delete(Table::Plugin, texts(org, &[plugin.as_str()]));
                self.seen.remove(org.as_str(), Noun::Plugin, plugin.as_str());
            }
            Write::Component { digest, wasm } => {
                let values = vec![org.as_str().into(), digest.as_str().into(), Value::Blob(wasm.clone())];
                self.pending.put(Row::new(Table::Component, values));
            }
            Write::Definition(one) => {
                let noun = flow::definition_noun(one.definition_type, &one.key);
                self.put(org, Noun::Definition, &noun, one.version, None, flow::definition_row(org, one));
            }
            Write::FlowInstance(one) => {
                self.put(org, Noun::FlowInstance, one.id.as_str(), one.version, None, flow::instance_row(org, one));
            }
            Write::Task(one) => {
                self.put(org, Noun::Task, one.id.as_str(), one.version, None, flow::task_row(org, one));
                self.pending.clear(Table::TaskCandidate, texts(org, &[one.id.as_str()]));
                for candidate in flow::candidates(one) {
                    self.pending.put(Row::new(Table::TaskCandidate, texts(org, &[one.id.as_str(), &candidate])));
                }
            }
            Write::Subscribe(one) => self.pending.put(flow::subscription_row(org, one)),
            Write::Unsubscribe { id } => self.pending.delete(Table::Subscription, texts(org, &[id])),
            Write::BufferMessage(one) => self.pending.put(flow::message_row(org, one)),
            Write::TakeMessage { id } => self.pending.delete(Table::Message, texts(org, &[id])),
            Write::Notification(one) => self.pending.put(notification::row(org, one)),
            Write::NotificationRead { id, person } => self.pending.read_notification(org.as_str(), id, person.as_str()),
            Write::Outbox { item, content } => {
                self.put(org, Noun::Outbox, item.id.as_str(), item.version, None, outbox::row(org, item));
                match content {
                    Some(content) => self.pending.put(outbox::content_row(org, &item.id, content)),
                    None if item.state.is_open() => {}
                    None => self.pending.delete(Table::OutboxContent, texts(org, &[item.id.as_str()])),
                }
            }
            Write::CancelJob { unique_key } => self.cancel_job(org, unique_key),
        }
    }

    /// A noun with a version, which later changesets of the batch may expect.
    fn put(&mut self, org: &OrgId, noun: Noun, id: &str, version: u32, unique: Option<&str>, row: Row) {
        self.pending.put(row);
        let row = SeenRow { version: i64::from(version), unique: unique.map(str::to_owned) };
        self.seen.put(org.as_str(), noun, id, row);
    }

    fn write_access(&mut self, org: &OrgId, ticket: &TicketId, access: &AccessList) {
        let people = access.people.iter().map(|id| id.as_str());
        let groups = access.groups.iter().map(|id| id.as_str());
        self.replace_set(org, Table::AccessPerson, ticket.as_str(), people);
        self.replace_set(org, Table::AccessGroup, ticket.as_str(), groups);
    }

    fn write_group(&mut self, org: &OrgId, group: &Group) {
        self.put(org, Noun::Group, group.id.as_str(), group.version, None, person::group_row(org, group));
        self.replace_set(org, Table::GroupMember, group.id.as_str(), group.members.iter().map(|id| id.as_str()));
    }

    /// Replace the members of a set, in order; one that is named twice is kept at its last place.
    fn replace_set<'a>(&mut self, org: &OrgId, table: Table, owner: &str, members: impl Iterator<Item = &'a str>) {
        self.pending.clear(table, texts(org, &[owner]));
        for (place, member) in (0_i64..).zip(members) {
            let mut values = texts(org, &[owner, member]);
            values.push(place.into());
            self.pending.put(Row::new(table, values));
        }
    }

    fn write_password(&mut self, org: &OrgId, person: &PersonId, phc: Option<&str>) {
        match phc {
            Some(phc) => self.pending.put(Row::new(Table::Password, texts(org, &[person.as_str(), phc]))),
            None => self.pending.delete(Table::Password, texts(org, &[person.as_str()])),
        }
    }

    fn bump_relations(&mut self, org: &OrgId, relation: &CiRelation) {
        let mut ends = vec![relation.from.as_str()];
        if relation.to != relation.from {
            ends.push(relation.to.as_str());
        }
        for id in ends {
            let version = self.seen.version(org.as_str(), Noun::CiRelations, id) + 1;
            self.pending.put(Row::new(Table::CiRelationVersion, vec![org.as_str().into(), id.into(), version.into()]));
            self.seen.put(org.as_str(), Noun::CiRelations, id, SeenRow { version, unique: None });
        }
    }
}

fn texts(org: &OrgId, words: &[&str]) -> Vec<Value> {
    std::iter::once(org.as_str()).chain(words.iter().copied()).map(Value::from).collect()
}

fn link_key(link: &domain::Link) -> [&str; 3] {
    [link.from.as_str(), &link.link_type, link.to.as_str()]
}

fn relation_key(relation: &CiRelation) -> [&str; 3] {
    [relation.from.as_str(), &relation.relation_type, relation.to.as_str()]
}
