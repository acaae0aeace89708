//! Impact between CIs: a graph in memory, read once and kept up to date.
//!
//! Rows are the truth. A commit only notes what it touched, and the next question asks the store how that stands now before it walks: so
//! an answer is never older than its question, and the order in which commits are told of does not matter. What another node commits is
//! noted when its events are heard.

mod csr;
mod graph;
mod names;

pub use graph::{AtRisk, Reach, Reached};
pub(crate) use graph::{Builder, Graph, Walk};

use crate::app::App;
use crate::error::Result;
use domain::ci::Direction;
use domain::{CiId, CiRelation, Event, SpaceId};
use std::collections::BTreeSet;
use std::sync::Mutex;
use store::Write;

/// Rows that are read at once while the graph is built.
const PAGE: u32 = 10_000;
/// Rows that one question for changes names.
const CHANGES_PAGE: usize = 200;
/// More changes than this are not followed one by one: the graph is read anew.
const CHANGES_MAX: usize = 20_000;
/// Nodes between two pauses in which others get their turn.
const NODES_AT_ONCE: usize = 50_000;

#[derive(Debug, Default)]
pub struct ImpactGraph {
    /// One at a time brings it up to date.
    refreshing: tokio::sync::Mutex<()>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    graph: Option<Graph>,
    /// The graph is being read: what changes meanwhile has to be kept.
    reading: bool,
    /// More has changed than is followed.
    outrun: bool,
    /// Touched since the graph was brought up to date.
    changes: Changes,
    /// Being asked for: kept until the answer is in the graph, as whoever asks may go away.
    asked: Changes,
}

#[derive(Debug, Default, Clone)]
struct Changes {
    cis: BTreeSet<CiId>,
    relations: BTreeSet<CiRelation>,
}

impl Changes {
    fn is_empty(&self) -> bool {
        self.cis.is_empty() && self.relations.is_empty()
    }

    fn append(&mut self, other: &mut Self) {
        self.cis.append(&mut other.cis);
        self.relations.append(&mut other.relations);
    }
}

impl ImpactGraph {
    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.state.lock().expect("nothing panics while it holds this lock"))
    }

    /// The graph, if nothing has changed since it was read.
    fn fresh(&self) -> Option<Graph> {
        self.with(|state| {
            let is_fresh = !state.outrun && state.changes.is_empty() && state.asked.is_empty();
            state.graph.clone().filter(|_| is_fresh)
        })
    }

    /// What was written, or may have been.
    pub(crate) fn note(&self, touched: Touched) {
        if touched.0.is_empty() {
            return;
        }
        self.with(|state| {
            // Before anybody has asked there is nothing to keep up to date.
            if state.graph.is_none() && !state.reading {
                return;
            }
            let mut changes = touched.0;
            state.changes.append(&mut changes);
            if state.changes.cis.len() + state.changes.relations.len() > CHANGES_MAX {
                state.outrun = true;
                state.changes = Changes::default();
            }
        });
    }
}

/// What of some writes or events concerns the graph.
#[derive(Debug, Default)]
pub(crate) struct Touched(Changes);

impl Touched {
    pub(crate) fn by_writes(writes: &[Write]) -> Self {
        let mut touched = Self::default();
        for write in writes {
            match write {
                Write::Ci(ci) => {
                    touched.0.cis.insert(ci.id.clone());
                }
                Write::RelateCis(relation) | Write::UnrelateCis(relation) => {
                    touched.0.relations.insert(relation.clone());
                }
                _ => {}
            }
        }
        touched
    }

    pub(crate) fn by_events(events: &[Event]) -> Self {
        let mut touched = Self::default();
        for event in events.iter().filter(|event| event.subject_kind == "ci") {
            let from = CiId(event.subject.clone());
            match (&event.data["type"], &event.data["to"]) {
                (serde_json::Value::String(relation_type), serde_json::Value::String(to)) => {
                    let (relation_type, to) = (relation_type.clone(), CiId(to.clone()));
                    touched.0.relations.insert(CiRelation { from, relation_type, to });
                }
                _ => {
                    touched.0.cis.insert(from);
                }
            }
        }
        touched
    }
}

impl App {
    /// What fails with a CI (down) or can make it fail (up): the nearest `limit` that the reader may see, and how many there are.
    pub(crate) async fn impact_of(
        &self,
        id: &CiId,
        direction: Direction,
        may_see: impl Fn(&SpaceId) -> bool,
        limit: usize,
    ) -> Result<Reach> {
        Ok(self.impact_walk(id, direction, may_see).await?.map(|walk| walk.reach(limit)).unwrap_or_default())
    }

    /// Everything that was reached, whoever may see it, nearest first: for what compares, and not for answers to people.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn impact_ids(&self, id: &CiId, direction: Direction) -> Result<Vec<CiId>> {
        Ok(self.impact_walk(id, direction, |_| true).await?.map(|walk| walk.ids()).unwrap_or_default())
    }

    async fn impact_walk(
        &self,
        id: &CiId,
        direction: Direction,
        may_see: impl Fn(&SpaceId) -> bool,
    ) -> Result<Option<Walk>> {
        let graph = self.impact_graph().await?;
        let Some(mut walk) = graph.walk(id, direction, may_see) else { return Ok(None) };
        while walk.advance(NODES_AT_ONCE) {
            tokio::task::yield_now().await;
        }
        Ok(Some(walk))
    }

    /// Read the graph before anybody asks, and tell how many bytes it takes.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn impact_prepare(&self) -> Result<usize> {
        Ok(self.impact_graph().await?.bytes())
    }

    /// The graph as the store is now.
    async fn impact_graph(&self) -> Result<Graph> {
        if let Some(graph) = self.impact.fresh() {
            return Ok(graph);
        }
        let _one_at_a_time = self.impact.refreshing.lock().await;
        let known = self.impact.with(|state| {
            if std::mem::take(&mut state.outrun) || state.graph.is_none() {
                *state = State { reading: true, ..State::default() };
            }
            state.graph.clone()
        });
        let mut graph = match known {
            Some(graph) => graph,
            None => self.impact_read().await?,
        };
        let changes = self.impact.with(|state| {
            let mut changes = std::mem::take(&mut state.changes);
            state.asked.append(&mut changes);
            state.asked.clone()
        });
        self.impact_apply(&mut graph, changes).await?;
        if graph.is_worn() {
            let worn = graph;
            graph = aside(move || worn.laid_out_anew()).await;
        }
        self.impact.with(|state| {
            state.graph = Some(graph.clone());
            state.reading = false;
            state.asked = Changes::default();
        });
        Ok(graph)
    }

    async fn impact_read(&self) -> Result<Graph> {
        let mut builder = Builder::default();
        let mut after = None;
        loop {
            let mut page = self.store.ci_places(self.org(), after.as_ref(), PAGE).await?;
            page.iter().for_each(|place| builder.ci(place));
            let is_last = page.len() < PAGE as usize;
            after = page.pop().map(|place| place.id);
            if is_last {
                break;
            }
        }
        builder.cis_end();
        let mut after = None;
        loop {
            let mut page = self.store.ci_relation_page(self.org(), after.as_ref(), PAGE).await?;
            page.iter().for_each(|relation| builder.relation(relation));
            let is_last = page.len() < PAGE as usize;
            after = page.pop();
            if is_last {
                return Ok(aside(move || builder.finish()).await);
            }
        }
    }

    /// Ask how everything that was touched stands now.
    async fn impact_apply(&self, graph: &mut Graph, mut changes: Changes) -> Result<()> {
        // A relation may be to a CI that came before the graph was read to its end, and after it was passed.
        let ends = changes.relations.iter().flat_map(|relation| [&relation.from, &relation.to]);
        let unknown: Vec<CiId> = ends.filter(|id| !graph.knows(id)).cloned().collect();
        changes.cis.extend(unknown);
        let cis: Vec<CiId> = changes.cis.into_iter().collect();
        for some in cis.chunks(CHANGES_PAGE) {
            for ci in self.store.ci_get_many(self.org(), some).await? {
                graph.put_ci(&ci.place());
            }
        }
        let relations: Vec<CiRelation> = changes.relations.into_iter().collect();
        for some in relations.chunks(CHANGES_PAGE) {
            let there = self.store.ci_relations_among(self.org(), some).await?;
            for relation in some {
                graph.put_relation(relation, there.contains(relation));
            }
        }
        Ok(())
    }
}

/// Work of a tenth of a second and more, which nobody else should wait for.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.expect("laying out a graph does not panic, and is not aborted")
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::event::{Cause, Origin};
    use serde_json::{Value, json};

    fn event(subject_kind: &str, kind: &str, data: Value) -> Event {
        Event {
            seq: 1,
            subject_kind: subject_kind.to_owned(),
            subject: "rack".to_owned(),
            subject_seq: 1,
            space: "it".to_owned(),
            at: jiff::Timestamp::UNIX_EPOCH,
            actor: "ada".to_owned(),
            kind: kind.to_owned(),
            data,
            cause: Cause {
                command: String::new(),
                correlation: String::new(),
                depth: 0,
                origin: Origin::Person,
                chain: Vec::new(),
            },
            hash: String::new(),
        }
    }

    #[test]
    fn what_another_node_did_is_looked_at_again() {
        let events = [
            event("ci", "ci.related", json!({ "type": "hosts", "to": "server" })),
            event("ci", "ci.unrelated", json!({ "type": "uses", "to": "server" })),
            event("ci", "ci.created", json!({ "name": "rack", "class": "rack", "attributes": {} })),
            event("ticket", "ticket.linked", json!({ "type": "related", "to": "other" })),
        ];

        let Touched(changes) = Touched::by_events(&events);

        let relation = |relation_type: &str| CiRelation {
            from: "rack".into(),
            relation_type: relation_type.to_owned(),
            to: "server".into(),
        };
        assert_eq!(changes.relations, BTreeSet::from([relation("hosts"), relation("uses")]));
        assert_eq!(changes.cis, BTreeSet::from([CiId::from("rack")]));
    }

    #[test]
    fn nothing_is_kept_before_anybody_asks_and_too_much_means_beginning_again() {
        let graph = ImpactGraph::default();
        let touched = |from: usize, to: usize| {
            let cis = (from..to).map(|number| CiId(format!("ci-{number}"))).collect();
            Touched(Changes { cis, relations: BTreeSet::new() })
        };
        graph.note(touched(0, 5));
        assert!(graph.with(|state| state.changes.is_empty()));

        graph.with(|state| state.graph = Some(Graph::default()));
        assert!(graph.fresh().is_some());
        graph.note(touched(0, 5));
        assert!(graph.fresh().is_none());
        graph.note(touched(5, CHANGES_MAX + 1));
        assert!(graph.fresh().is_none() && graph.with(|state| state.outrun && state.changes.is_empty()));
    }
}
