//! Configuration items, records, calendars, saved queries, plugins, content, messages to people, and who serves.

use super::{Data, MemoryStore, has_words, limit, page};
use async_trait::async_trait;
use domain::report::SavedQuery;
use domain::{Ci, CiClass, CiId, CiPlace, CiRelation, Digest, KindId, OrgId, PersonId, Record, RecordScope};
use store::{
    Blobs, Calendars, CiQuery, Cis, InstalledPlugin, NODE_KEPT, Node, Nodes, Notification, Notifications, Page,
    PluginRows, Records, Result, SavedQueries,
};

/// As the stores do, but for what only looks as if its attributes matched.
pub(super) fn candidates<'a>(data: &'a Data, query: &CiQuery) -> Vec<&'a Ci> {
    let fits = |item: &&Ci| {
        (query.classes.is_empty() || query.classes.contains(&item.class))
            && query.spaces.as_ref().is_none_or(|spaces| spaces.contains(&item.space.0))
            && query.name.as_ref().is_none_or(|name| item.name == *name)
            && query.after.as_ref().is_none_or(|after| item.id > *after)
            && !item.is_retired()
            && query.matches(item)
    };
    let mut found: Vec<&Ci> = data.cis.rows().filter(fits).collect();
    found.sort_by(|left, right| left.id.cmp(&right.id));
    found.truncate(query.limit as usize);
    found
}

#[async_trait]
impl Cis for MemoryStore {
    async fn ci_get(&self, org: &OrgId, id: &CiId) -> Result<Option<Ci>> {
        self.look(org, |data| data.cis.get(id.as_str()).cloned())
    }

    async fn ci_list(
        &self,
        org: &OrgId,
        spaces: Option<&[String]>,
        text: &str,
        class: Option<&str>,
        after: Option<&str>,
        asked: u32,
    ) -> Result<Page<Ci>> {
        self.look(org, |data| {
            let key = |item: &Ci| (item.name.to_lowercase(), item.id.clone());
            let start = after.map(|id| data.cis.get(id).map(key));
            let fits = |item: &&Ci| {
                spaces.is_none_or(|spaces| spaces.contains(&item.space.0))
                    && class.is_none_or(|class| item.class == class)
                    && !item.is_retired()
                    && has_words(&item.name.to_lowercase(), text)
                    && start.as_ref().is_none_or(|start| start.as_ref().is_some_and(|start| key(item) > *start))
            };
            let mut rows: Vec<Ci> = data.cis.rows().filter(fits).cloned().collect();
            rows.sort_by_key(key);
            page(rows, asked, |item| (item.name.clone(), item.id.0.clone()))
        })
    }

    async fn ci_relations(&self, org: &OrgId, id: &CiId) -> Result<Vec<CiRelation>> {
        self.look(org, |data| data.relations.rows().filter(|one| one.from == *id || one.to == *id).cloned().collect())
    }

    async fn ci_get_many(&self, org: &OrgId, ids: &[CiId]) -> Result<Vec<Ci>> {
        self.look(org, |data| data.cis.rows().filter(|ci| ids.contains(&ci.id)).cloned().collect())
    }

    async fn ci_candidates(&self, org: &OrgId, query: &CiQuery) -> Result<Vec<Ci>> {
        self.look(org, |data| candidates(data, query).into_iter().cloned().collect())
    }

    async fn ci_places(&self, org: &OrgId, after: Option<&CiId>, limit: u32) -> Result<Vec<CiPlace>> {
        self.look(org, |data| {
            let later = data.cis.rows().filter(|ci| after.is_none_or(|after| ci.id > *after));
            let mut all: Vec<_> = later.map(domain::Ci::place).collect();
            all.sort();
            all.truncate(limit as usize);
            all
        })
    }

    async fn ci_relation_page(&self, org: &OrgId, after: Option<&CiRelation>, limit: u32) -> Result<Vec<CiRelation>> {
        self.look(org, |data| {
            let later = data.relations.rows().filter(|one| after.is_none_or(|after| *one > after));
            let mut all: Vec<CiRelation> = later.cloned().collect();
            all.sort();
            all.truncate(limit as usize);
            all
        })
    }

    async fn ci_relations_among(&self, org: &OrgId, relations: &[CiRelation]) -> Result<Vec<CiRelation>> {
        self.look(org, |data| data.relations.rows().filter(|one| relations.contains(one)).cloned().collect())
    }

    async fn ci_class_list(&self, org: &OrgId) -> Result<Vec<CiClass>> {
        self.look(org, |data| data.ci_classes.rows().cloned().collect())
    }
}

#[async_trait]
impl Records for MemoryStore {
    async fn record_get(&self, org: &OrgId, id_or_number: &str) -> Result<Option<Record>> {
        self.look(org, |data| {
            let by_number = || data.record_numbers.get(id_or_number).and_then(|id| data.records.get(id));
            data.records.get(id_or_number).or_else(by_number).cloned()
        })
    }

    async fn record_list(
        &self,
        org: &OrgId,
        kind: &KindId,
        state: Option<&str>,
        scope: &RecordScope,
        after: Option<&str>,
        asked: u32,
    ) -> Result<Page<Record>> {
        self.look(org, |data| {
            let start = after.map(|id| data.records.get(id).map(|record| &record.number));
            let fits = |record: &&Record| {
                record.kind == *kind
                    && state.is_none_or(|state| record.state == state)
                    && scope.allows(record)
                    && start.is_none_or(|start| start.is_some_and(|start| record.number > *start))
            };
            let mut rows: Vec<Record> = data.records.rows().filter(fits).cloned().collect();
            rows.sort_by(|left, right| left.number.cmp(&right.number));
            page(rows, asked, |record| (record.number.clone(), record.id.0.clone()))
        })
    }
}

#[async_trait]
impl Calendars for MemoryStore {
    async fn calendar_list(&self, org: &OrgId) -> Result<Vec<(String, serde_json::Value, u32)>> {
        self.look(org, |data| data.calendars.iter().map(|(key, row)| (key.clone(), row.0.clone(), row.1)).collect())
    }
}

#[async_trait]
impl SavedQueries for MemoryStore {
    async fn saved_query_list(&self, org: &OrgId) -> Result<Vec<(String, SavedQuery, u32)>> {
        self.look(org, |data| data.saved_queries.iter().map(|(id, row)| (id.clone(), row.0.clone(), row.1)).collect())
    }

    async fn saved_query_get(&self, org: &OrgId, id: &str) -> Result<Option<(SavedQuery, u32)>> {
        self.look(org, |data| data.saved_queries.get(id).cloned())
    }
}

#[async_trait]
impl PluginRows for MemoryStore {
    async fn plugin_list(&self, org: &OrgId) -> Result<Vec<InstalledPlugin>> {
        self.look(org, |data| data.plugins.rows().cloned().collect())
    }

    async fn component_get(&self, org: &OrgId, digest: &Digest) -> Result<Option<Vec<u8>>> {
        self.look(org, |data| data.components.get(digest.as_str()).cloned())
    }
}

#[async_trait]
impl Blobs for MemoryStore {
    async fn blob_put(&self, org: &OrgId, digest: &str, content: &[u8]) -> Result<()> {
        self.change(org, |data| {
            if data.blobs.get(digest).is_none() {
                data.blobs.put(digest.to_owned(), content.to_vec());
            }
        })
    }

    async fn blob_get(&self, org: &OrgId, digest: &str) -> Result<Option<Vec<u8>>> {
        self.look(org, |data| data.blobs.get(digest).cloned())
    }
}

#[async_trait]
impl Notifications for MemoryStore {
    async fn notification_list(&self, org: &OrgId, person: &PersonId, asked: u32) -> Result<Vec<Notification>> {
        self.look(org, |data| {
            let mut rows: Vec<Notification> =
                data.notifications.rows().filter(|one| one.person == *person).cloned().collect();
            rows.sort_by(|left, right| (right.at, &right.id).cmp(&(left.at, &left.id)));
            rows.truncate(limit(asked));
            rows
        })
    }
}

#[async_trait]
impl Nodes for MemoryStore {
    async fn node_beat(&self, org: &OrgId, node: &Node) -> Result<()> {
        self.change(org, |data| {
            let started_at = data.nodes.get(&node.id).map_or(node.started_at, |before| before.started_at);
            data.nodes.put(node.id.clone(), Node { started_at, ..node.clone() });
            let kept = i64::try_from(NODE_KEPT.as_micros()).unwrap_or(i64::MAX);
            let forgotten = node.seen_at.as_microsecond() - kept;
            data.nodes.retain(|_, node| node.lease_until.as_microsecond() >= forgotten);
        })
    }

    async fn node_list(&self, org: &OrgId) -> Result<Vec<Node>> {
        self.look(org, |data| {
            let mut rows: Vec<Node> = data.nodes.rows().cloned().collect();
            rows.sort_by_key(|node| (node.started_at, node.id.clone()));
            rows
        })
    }
}
