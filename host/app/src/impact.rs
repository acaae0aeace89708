//! Impact between CIs: the graph in memory, rebuilt from the relations when they change.
//!
//! Rows are the truth; the graph is adjacency in flat arrays (CSR), so that a walk over a million CIs is a walk over memory.

use crate::app::App;
use crate::error::Result;
use domain::ci::{Direction, Impact, impact_of};
use domain::{CiId, CiRelation};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, RwLock};

#[derive(Debug, Default)]
pub struct ImpactGraph {
    graph: RwLock<Option<Arc<Graph>>>,
}

/// A CI that was reached, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reached {
    pub id: CiId,
    /// Relations between the start and it.
    pub distance: u32,
    /// From the start to it, both included.
    pub path: Vec<CiId>,
}

#[derive(Debug, Default)]
struct Graph {
    ids: Vec<CiId>,
    index: HashMap<CiId, u32>,
    down: Csr,
    up: Csr,
}

#[derive(Debug, Default)]
struct Csr {
    /// Where the neighbours of node `n` begin; one more entry than nodes.
    starts: Vec<u32>,
    targets: Vec<u32>,
}

impl Csr {
    fn build(nodes: usize, edges: &[(u32, u32)]) -> Self {
        let mut starts = vec![0_u32; nodes + 1];
        for (from, _) in edges {
            starts[*from as usize + 1] += 1;
        }
        for n in 0..nodes {
            starts[n + 1] += starts[n];
        }
        let mut next = starts.clone();
        let mut targets = vec![0_u32; edges.len()];
        for (from, to) in edges {
            let slot = &mut next[*from as usize];
            targets[*slot as usize] = *to;
            *slot += 1;
        }
        Self { starts, targets }
    }

    fn of(&self, node: u32) -> &[u32] {
        &self.targets[self.starts[node as usize] as usize..self.starts[node as usize + 1] as usize]
    }
}

impl Graph {
    fn build(relations: &[CiRelation]) -> Self {
        let mut graph = Self::default();
        let mut edges = Vec::new();
        for relation in relations {
            let (cause, effect) = match impact_of(&relation.relation_type) {
                Some(Impact::ToImpactsFrom) => (&relation.to, &relation.from),
                Some(Impact::FromImpactsTo) => (&relation.from, &relation.to),
                Some(Impact::None) | None => continue,
            };
            edges.push((graph.node(cause), graph.node(effect)));
        }
        let reversed: Vec<_> = edges.iter().map(|(from, to)| (*to, *from)).collect();
        graph.down = Csr::build(graph.ids.len(), &edges);
        graph.up = Csr::build(graph.ids.len(), &reversed);
        graph
    }

    fn node(&mut self, id: &CiId) -> u32 {
        if let Some(node) = self.index.get(id) {
            return *node;
        }
        let node = u32::try_from(self.ids.len()).expect("fewer than four billion CIs");
        self.ids.push(id.clone());
        self.index.insert(id.clone(), node);
        node
    }

    /// Breadth first, nearest first, each CI once; circles end by themselves.
    fn walk(&self, start: &CiId, direction: Direction, max: usize) -> Vec<Reached> {
        let Some(&start) = self.index.get(start) else { return Vec::new() };
        let edges = match direction {
            Direction::Down => &self.down,
            Direction::Up => &self.up,
        };
        let mut came_from: HashMap<u32, (u32, u32)> = HashMap::from([(start, (start, 0))]);
        let mut queue = VecDeque::from([start]);
        let mut reached = Vec::new();
        while let Some(node) = queue.pop_front() {
            let distance = came_from[&node].1;
            for &next in edges.of(node) {
                if came_from.contains_key(&next) {
                    continue;
                }
                came_from.insert(next, (node, distance + 1));
                reached.push(Reached {
                    id: self.ids[next as usize].clone(),
                    distance: distance + 1,
                    path: self.path(&came_from, next),
                });
                if reached.len() >= max {
                    return reached;
                }
                queue.push_back(next);
            }
        }
        reached
    }

    fn path(&self, came_from: &HashMap<u32, (u32, u32)>, to: u32) -> Vec<CiId> {
        let mut path = vec![self.ids[to as usize].clone()];
        let mut node = to;
        while came_from[&node].0 != node {
            node = came_from[&node].0;
            path.push(self.ids[node as usize].clone());
        }
        path.reverse();
        path
    }
}

impl App {
    /// What fails with a CI (down) or can make it fail (up), nearest first.
    pub(crate) async fn impact_of(&self, id: &CiId, direction: Direction, max: usize) -> Result<Vec<Reached>> {
        let known = self.impact.graph.read().expect("nothing panics while it holds this lock").clone();
        let graph = match known {
            Some(graph) => graph,
            None => {
                let relations = self.store.ci_relations_all(self.org()).await?;
                let graph = Arc::new(Graph::build(&relations));
                *self.impact.graph.write().expect("nothing panics while it holds this lock") = Some(Arc::clone(&graph));
                graph
            }
        };
        Ok(graph.walk(id, direction, max))
    }

    /// Relations have changed.
    pub(crate) fn impact_changed(&self) {
        *self.impact.graph.write().expect("nothing panics while it holds this lock") = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn relation(from: &str, relation_type: &str, to: &str) -> CiRelation {
        CiRelation { from: from.into(), relation_type: relation_type.to_owned(), to: to.into() }
    }

    fn ids(reached: &[Reached]) -> Vec<&str> {
        reached.iter().map(|node| node.id.as_str()).collect()
    }

    #[test]
    fn impact_follows_the_meaning_of_the_relation_and_ends_in_circles() {
        let graph = Graph::build(&[
            relation("shop", "depends-on", "database"),
            relation("database", "runs-on", "host"),
            relation("host", "depends-on", "shop"),
            relation("rack", "hosts", "host"),
            relation("host", "connected-to", "switch"),
        ]);

        let down = graph.walk(&"rack".into(), Direction::Down, 10);
        let up = graph.walk(&"shop".into(), Direction::Up, 10);

        assert_eq!(ids(&down), ["host", "database", "shop"]);
        assert_eq!(down[2].path, ["rack", "host", "database", "shop"].map(CiId::from));
        assert_eq!(ids(&up), ["database", "host", "rack"]);
        assert!(graph.walk(&"switch".into(), Direction::Down, 10).is_empty());
        assert_eq!(graph.walk(&"rack".into(), Direction::Down, 2).len(), 2);
    }
}
