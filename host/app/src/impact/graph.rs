//! The graph of what fails with what: flat arrays as they were read, and beside them what has changed since.
//!
//! A graph that somebody walks never changes under them: they hold it by reference count, and a change makes a copy of the small part.
//! It knows the space of each CI, so that a walk can count what its reader may not see without asking for it.

use super::csr::{Csr, NODES_MAX, edge, target};
use super::names::Names;
use domain::ci::{CiPlace, Direction, Impact, Needs, RELATION_TYPES};
use domain::{CiId, CiRelation, SpaceId};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Nodes whose edges stand beside the arrays, before all are laid out anew.
const PATCHED_MAX: usize = 4096;
/// Steps of a path that are told; of a longer one the last.
const PATH_MAX: usize = 64;

/// Cheap to clone.
#[derive(Debug, Default, Clone)]
pub(crate) struct Graph {
    base: Arc<Base>,
    patch: Arc<Patch>,
}

#[derive(Debug, Default)]
struct Base {
    names: Names,
    /// For each node the place of its space in `Patch::spaces`.
    space_of: Vec<u16>,
    /// Few say how many they need.
    needs: HashMap<u32, Needs>,
    down: Csr,
    up: Csr,
}

/// What is different from the base.
#[derive(Debug, Default, Clone)]
struct Patch {
    spaces: Vec<SpaceId>,
    names: Vec<CiId>,
    numbers: HashMap<CiId, u32>,
    space_of: HashMap<u32, u16>,
    /// What those that changed need now.
    needs: HashMap<u32, Option<Needs>>,
    down: HashMap<u32, Vec<u32>>,
    up: HashMap<u32, Vec<u32>>,
}

/// A graph that is being read from the store.
#[derive(Debug, Default)]
pub(crate) struct Builder {
    names: Names,
    spaces: Vec<SpaceId>,
    places: BTreeMap<SpaceId, u16>,
    space_of: Vec<u16>,
    needs: Vec<(CiId, Needs)>,
    /// Cause, effect and type of each relation that means something for impact.
    causes: Vec<u32>,
    effects: Vec<u32>,
    /// The last CI that was looked up: relations come in the order of where they begin.
    last: Option<(CiId, u32)>,
}

/// A CI that was reached, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reached {
    pub id: CiId,
    /// Relations between the start and it.
    pub distance: u32,
    /// From the start to it, both included, without those that the reader may not see.
    pub path: Vec<CiId>,
    /// Those that were left out of the path.
    pub hidden_between: u32,
}

/// A CI that lives on although some of what it depends on fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AtRisk {
    pub id: CiId,
    /// Of those that it depends on: how many fail, how many there are, and how many it needs.
    pub failed: u32,
    pub of: u32,
    pub needs: u32,
}

/// What a question reached.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reach {
    /// The nearest of those that the reader may see.
    pub shown: Vec<Reached>,
    /// All of those that the reader may see.
    pub total: u64,
    /// Those that the reader may not see.
    pub hidden: u64,
    /// Those of them that the reader may see and that live on what is left.
    pub at_risk: Vec<AtRisk>,
    pub at_risk_hidden: u64,
}

/// Cause, effect and number of the type of a relation; nothing where it means nothing for impact.
fn meaning(relation: &CiRelation) -> Option<(&CiId, &CiId, u32)> {
    let place = RELATION_TYPES.iter().position(|(name, _)| *name == relation.relation_type)?;
    let number = u32::try_from(place).expect("there are few types of relations");
    match RELATION_TYPES[place].1 {
        Impact::ToImpactsFrom => Some((&relation.to, &relation.from, number)),
        Impact::FromImpactsTo => Some((&relation.from, &relation.to, number)),
        Impact::None => None,
    }
}

impl Builder {
    pub(crate) fn ci(&mut self, ci: &CiPlace) {
        let CiPlace { id, space, needs } = ci;
        if self.names.len() >= NODES_MAX {
            return;
        }
        self.names.push(id.as_str());
        self.needs.extend(needs.map(|needs| (id.clone(), needs)));
        let place = *self.places.entry(space.clone()).or_insert_with(|| place_of(&mut self.spaces, space));
        self.space_of.push(place);
    }

    /// All CIs are there: relations follow.
    pub(crate) fn cis_end(&mut self) {
        self.names.sort();
        self.space_of.shrink_to_fit();
    }

    /// A relation whose ends are known. One to a CI that came meanwhile is told of as a change.
    pub(crate) fn relation(&mut self, relation: &CiRelation) {
        let Some((cause, effect, relation_type)) = meaning(relation) else { return };
        let (Some(cause), Some(effect)) = (self.number(cause), self.number(effect)) else { return };
        self.causes.push(edge(cause, relation_type));
        self.effects.push(edge(effect, relation_type));
    }

    fn number(&mut self, id: &CiId) -> Option<u32> {
        if let Some((last, number)) = &self.last
            && last == id
        {
            return Some(*number);
        }
        let number = self.names.find(id.as_str())?;
        self.last = Some((id.clone(), number));
        Some(number)
    }

    pub(crate) fn finish(self) -> Graph {
        let nodes = self.names.len();
        let pairs = || self.causes.iter().zip(&self.effects);
        let down = Csr::of_pairs(nodes, pairs().map(|(cause, effect)| (target(*cause), *effect)));
        let up = Csr::of_pairs(nodes, pairs().map(|(cause, effect)| (target(*effect), *cause)));
        let needs = self.needs.iter().filter_map(|(id, needs)| Some((self.names.find(id.as_str())?, *needs)));
        Graph {
            base: Arc::new(Base { needs: needs.collect(), names: self.names, space_of: self.space_of, down, up }),
            patch: Arc::new(Patch { spaces: self.spaces, ..Patch::default() }),
        }
    }
}

fn place_of(spaces: &mut Vec<SpaceId>, space: &SpaceId) -> u16 {
    let place = spaces.iter().position(|known| known == space).unwrap_or_else(|| {
        spaces.push(space.clone());
        spaces.len() - 1
    });
    u16::try_from(place).expect("fewer than 65536 spaces")
}

impl Graph {
    fn number(&self, id: &CiId) -> Option<u32> {
        self.patch.numbers.get(id).copied().or_else(|| self.base.names.find(id.as_str()))
    }

    pub(crate) fn knows(&self, id: &CiId) -> bool {
        self.number(id).is_some()
    }

    fn id(&self, node: u32) -> CiId {
        match (node as usize).checked_sub(self.base.names.len()) {
            None => CiId(self.base.names.get(node).to_owned()),
            Some(place) => self.patch.names[place].clone(),
        }
    }

    fn space_place(&self, node: u32) -> u16 {
        let known = self.patch.space_of.get(&node).or_else(|| self.base.space_of.get(node as usize));
        *known.expect("every node has a space")
    }

    fn needs(&self, node: u32) -> Option<Needs> {
        self.patch.needs.get(&node).copied().unwrap_or_else(|| self.base.needs.get(&node).copied())
    }

    /// Of a CI that says how many it needs: how many it depends on, each once.
    fn supporters(&self, node: u32) -> u32 {
        let mut all: Vec<u32> = self.edges(Direction::Up, node).iter().map(|edge| target(*edge)).collect();
        all.sort_unstable();
        all.dedup();
        u32::try_from(all.len()).expect("fewer than four billion CIs")
    }

    /// A CI is there, in this space: a new one, or one that is known.
    pub(crate) fn put_ci(&mut self, ci: &CiPlace) {
        let CiPlace { id, space, needs } = ci;
        let nodes = self.base.names.len() + self.patch.names.len();
        let known = self.number(id);
        let patch = Arc::make_mut(&mut self.patch);
        let place = place_of(&mut patch.spaces, space);
        let node = match known {
            Some(node) => node,
            None if nodes >= NODES_MAX => return,
            None => {
                let node = u32::try_from(nodes).expect("fewer than four billion CIs");
                patch.names.push(id.clone());
                patch.numbers.insert(id.clone(), node);
                node
            }
        };
        patch.space_of.insert(node, place);
        if needs.is_some() || self.base.needs.contains_key(&node) || patch.needs.contains_key(&node) {
            patch.needs.insert(node, *needs);
        }
    }

    /// A relation is there or is not. Saying it twice changes nothing; one to a CI that is not known is left out.
    pub(crate) fn put_relation(&mut self, relation: &CiRelation, exists: bool) {
        let Some((cause, effect, relation_type)) = meaning(relation) else { return };
        let (Some(cause), Some(effect)) = (self.number(cause), self.number(effect)) else { return };
        let patch = Arc::make_mut(&mut self.patch);
        for (edges, base, node, edge) in [
            (&mut patch.down, &self.base.down, cause, edge(effect, relation_type)),
            (&mut patch.up, &self.base.up, effect, edge(cause, relation_type)),
        ] {
            let list = edges.entry(node).or_insert_with(|| base.of(node).to_vec());
            match list.iter().position(|known| *known == edge) {
                Some(place) if !exists => {
                    list.remove(place);
                }
                None if exists => list.push(edge),
                _ => {}
            }
        }
    }

    /// Whether so much has changed that everything should be laid out anew.
    pub(crate) fn is_worn(&self) -> bool {
        self.patch.down.len().max(self.patch.up.len()).max(self.patch.space_of.len()) > PATCHED_MAX
    }

    /// The same graph without anything beside its arrays.
    #[must_use]
    pub(crate) fn laid_out_anew(&self) -> Self {
        let mut names = self.base.names.clone();
        for id in &self.patch.names {
            names.push(id.as_str());
        }
        names.sort();
        let nodes = u32::try_from(names.len()).expect("fewer than four billion CIs");
        let base = Base {
            space_of: (0..nodes).map(|node| self.space_place(node)).collect(),
            needs: (0..nodes).filter_map(|node| Some((node, self.needs(node)?))).collect(),
            down: Csr::of_lists((0..nodes).map(|node| self.edges(Direction::Down, node))),
            up: Csr::of_lists((0..nodes).map(|node| self.edges(Direction::Up, node))),
            names,
        };
        let patch = Patch { spaces: self.patch.spaces.clone(), ..Patch::default() };
        Self { base: Arc::new(base), patch: Arc::new(patch) }
    }

    fn edges(&self, direction: Direction, node: u32) -> &[u32] {
        let (patched, base) = match direction {
            Direction::Down => (&self.patch.down, &self.base.down),
            Direction::Up => (&self.patch.up, &self.base.up),
        };
        patched.get(&node).map_or_else(|| base.of(node), Vec::as_slice)
    }

    /// Bytes of the arrays: what a graph of this size costs, whatever has changed since it was laid out.
    pub(crate) fn bytes(&self) -> usize {
        let base = &self.base;
        base.names.bytes() + base.down.bytes() + base.up.bytes() + base.space_of.capacity() * size_of::<u16>()
    }

    /// A walk from a CI; nothing where it is not known.
    pub(crate) fn walk(&self, start: &CiId, direction: Direction, may_see: impl Fn(&SpaceId) -> bool) -> Option<Walk> {
        let start = self.number(start)?;
        let nodes = self.base.names.len() + self.patch.names.len();
        let mut seen = vec![0_u64; nodes.div_ceil(64)];
        seen[start as usize / 64] |= 1 << (start % 64);
        Some(Walk {
            visible: self.patch.spaces.iter().map(may_see).collect(),
            graph: self.clone(),
            direction,
            seen,
            order: vec![(start, 0)],
            next: 0,
            wounded: BTreeMap::new(),
        })
    }
}

/// Breadth first, nearest first, each CI once; circles end by themselves.
pub(crate) struct Walk {
    graph: Graph,
    direction: Direction,
    /// For each space whether the reader may see what is in it.
    visible: Vec<bool>,
    /// One bit for each node.
    seen: Vec<u64>,
    /// Every node that was reached, and the place in this list of the one before it.
    order: Vec<(u32, u32)>,
    next: usize,
    /// Those that say how many they need and have lost some and not too many.
    wounded: BTreeMap<u32, Wounded>,
}

/// What a CI that says how many it needs has lost so far.
#[derive(Debug)]
struct Wounded {
    failed: u32,
    of: u32,
    needs: u32,
    /// Which one was counted last: two relations between the same two are one loss.
    last: u32,
}

impl Walk {
    /// Go on by so many nodes. False at the end.
    pub(crate) fn advance(&mut self, nodes: usize) -> bool {
        let until = self.next.saturating_add(nodes);
        while self.next < self.order.len().min(until) {
            let place = u32::try_from(self.next).expect("fewer than four billion CIs");
            let from = self.order[self.next].0;
            for edge in self.graph.edges(self.direction, from) {
                let node = target(*edge);
                let (word, bit) = (node as usize / 64, 1_u64 << (node % 64));
                if self.seen[word] & bit == 0 && !survives(&self.graph, self.direction, &mut self.wounded, from, node) {
                    self.seen[word] |= bit;
                    self.order.push((node, place));
                }
            }
            self.next += 1;
        }
        self.next < self.order.len()
    }

    /// What was reached, with the nearest `limit` of those that the reader may see.
    pub(crate) fn reach(&self, limit: usize) -> Reach {
        let mut reach = Reach::default();
        for place in 1..self.order.len() {
            if !self.may_see(self.order[place].0) {
                reach.hidden += 1;
                continue;
            }
            reach.total += 1;
            if reach.shown.len() < limit {
                reach.shown.push(self.reached(place));
            }
        }
        for (node, lost) in &self.wounded {
            if !self.may_see(*node) {
                reach.at_risk_hidden += 1;
            } else if reach.at_risk.len() < limit {
                let Wounded { failed, of, needs, .. } = *lost;
                reach.at_risk.push(AtRisk { id: self.graph.id(*node), failed, of, needs });
            }
        }
        reach
    }

    /// Ids of everything that was reached, seen or not.
    pub(crate) fn ids(&self) -> Vec<CiId> {
        self.order[1..].iter().map(|(node, _)| self.graph.id(*node)).collect()
    }

    fn may_see(&self, node: u32) -> bool {
        self.visible[self.graph.space_place(node) as usize]
    }

    fn reached(&self, place: usize) -> Reached {
        let (mut path, mut distance, mut hidden_between, mut at) = (Vec::new(), 0, 0, place);
        loop {
            let (node, before) = self.order[at];
            // The start was asked for by name.
            if at != 0 && !self.may_see(node) {
                hidden_between += 1;
            } else if path.len() < PATH_MAX {
                path.push(self.graph.id(node));
            }
            if at == 0 {
                break;
            }
            distance += 1;
            at = before as usize;
        }
        path.reverse();
        Reached { id: self.graph.id(self.order[place].0), distance, path, hidden_between }
    }
}

/// Whether a CI lives although one more of those that it depends on fails. What can make it fail (up) is each of them.
fn survives(graph: &Graph, direction: Direction, wounded: &mut BTreeMap<u32, Wounded>, failed: u32, node: u32) -> bool {
    let (Direction::Down, Some(needs)) = (direction, graph.needs(node)) else { return false };
    let lost = wounded.entry(node).or_insert_with(|| {
        let of = graph.supporters(node);
        Wounded { failed: 0, of, needs: needs.among(of), last: u32::MAX }
    });
    if lost.last != failed {
        (lost.failed, lost.last) = (lost.failed + 1, failed);
    }
    let lives = lost.of - lost.failed.min(lost.of) >= lost.needs;
    if !lives {
        wounded.remove(&node);
    }
    lives
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(id: &str, space: &str, needs: Option<Needs>) -> CiPlace {
        CiPlace { id: id.into(), space: space.into(), needs }
    }

    fn relation(from: &str, relation_type: &str, to: &str) -> CiRelation {
        CiRelation { from: from.into(), relation_type: relation_type.to_owned(), to: to.into() }
    }

    fn build(cis: &[(&str, &str)], relations: &[CiRelation]) -> Graph {
        let mut builder = Builder::default();
        cis.iter().for_each(|(id, space)| builder.ci(&place(id, space, None)));
        builder.cis_end();
        relations.iter().for_each(|relation| builder.relation(relation));
        builder.finish()
    }

    fn shop() -> Graph {
        let cis = ["shop", "database", "host", "rack", "switch"].map(|id| (id, if id == "host" { "hr" } else { "it" }));
        build(
            &cis,
            &[
                relation("shop", "depends-on", "database"),
                relation("database", "runs-on", "host"),
                relation("host", "depends-on", "shop"),
                relation("rack", "hosts", "host"),
                relation("host", "connected-to", "switch"),
                relation("host", "uses", "a CI that is not there"),
            ],
        )
    }

    fn reach(graph: &Graph, start: &str, direction: Direction, limit: usize) -> Reach {
        let mut walk = graph.walk(&start.into(), direction, |_| true).expect("the CI is known");
        // In small steps, as a long walk is.
        while walk.advance(1) {}
        walk.reach(limit)
    }

    fn ids(graph: &Graph, start: &str, direction: Direction) -> Vec<String> {
        reach(graph, start, direction, 10).shown.into_iter().map(|one| one.id.0).collect()
    }

    #[test]
    fn impact_follows_the_meaning_of_the_relation_and_ends_in_circles() {
        let graph = shop();

        let down = reach(&graph, "rack", Direction::Down, 10);

        assert_eq!(ids(&graph, "rack", Direction::Down), ["host", "database", "shop"]);
        assert_eq!(down.shown[2].path, ["rack", "host", "database", "shop"].map(CiId::from));
        assert_eq!((down.shown[2].distance, down.total, down.hidden), (3, 3, 0));
        assert_eq!(ids(&graph, "shop", Direction::Up), ["database", "host", "rack"]);
        assert_eq!(reach(&graph, "switch", Direction::Down, 10), Reach::default());
        let short = reach(&graph, "rack", Direction::Down, 2);
        assert_eq!((short.shown.len(), short.total), (2, 3));
        assert!(graph.walk(&"nowhere".into(), Direction::Down, |_| true).is_none());
    }

    #[test]
    fn what_lies_behind_a_hidden_item_is_shown_and_the_item_is_only_counted() {
        let mut walk = shop().walk(&"rack".into(), Direction::Down, |space| space.as_str() == "it").unwrap();
        while walk.advance(1) {}

        let reach = walk.reach(10);

        assert_eq!((reach.total, reach.hidden), (2, 1));
        let database = &reach.shown[0];
        assert_eq!((database.id.as_str(), database.distance, database.hidden_between), ("database", 2, 1));
        assert_eq!(database.path, ["rack", "database"].map(CiId::from));
    }

    #[test]
    fn cfg_02_a_cluster_lives_until_too_many_of_its_nodes_fail_and_is_at_risk_before() {
        let cis = ["room", "n1", "n2", "n3", "cluster", "shop"].map(|id| (id, "it"));
        let mut graph = build(
            &cis,
            &[
                relation("room", "hosts", "n1"),
                relation("cluster", "runs-on", "n1"),
                // Another relation to the same node is not another loss.
                relation("cluster", "uses", "n1"),
                relation("cluster", "runs-on", "n2"),
                relation("cluster", "runs-on", "n3"),
                relation("shop", "depends-on", "cluster"),
            ],
        );
        assert_eq!(ids(&graph, "room", Direction::Down), ["n1", "cluster", "shop"], "it needs each of them");
        for needs in [Needs::Count(2), Needs::Percent(50)] {
            graph.put_ci(&place("cluster", "it", Some(needs)));
            for graph in [graph.clone(), graph.laid_out_anew()] {
                let down = reach(&graph, "room", Direction::Down, 10);
                assert_eq!((down.total, down.shown[0].id.as_str()), (1, "n1"));
                let at_risk = AtRisk { id: "cluster".into(), failed: 1, of: 3, needs: 2 };
                assert_eq!(down.at_risk, [at_risk], "{needs:?}");
                assert_eq!(ids(&graph, "shop", Direction::Up), ["cluster", "n1", "n2", "n3", "room"], "each can do it");
            }
        }
        graph.put_relation(&relation("room", "hosts", "n2"), true);
        let down = reach(&graph, "room", Direction::Down, 10);
        assert_eq!((down.total, down.at_risk), (4, Vec::new()), "two are too many");
        let mut walk = graph.walk(&"n3".into(), Direction::Down, |_| false).unwrap();
        while walk.advance(1) {}
        let hidden = walk.reach(10);
        assert_eq!((hidden.at_risk, hidden.at_risk_hidden), (Vec::new(), 1), "not named to whoever may not see it");
        graph.put_ci(&place("cluster", "it", None));
        assert_eq!(ids(&graph, "n3", Direction::Down), ["cluster", "shop"]);
    }

    #[test]
    fn changes_count_once_however_often_they_are_told_and_survive_being_laid_out_anew() {
        let mut graph = shop();
        let before = graph.clone();
        graph.put_ci(&place("printer", "it", None));
        for _ in 0..2 {
            graph.put_relation(&relation("printer", "uses", "shop"), true);
            graph.put_relation(&relation("printer", "depends-on", "shop"), true);
            graph.put_relation(&relation("rack", "hosts", "host"), false);
            graph.put_relation(&relation("printer", "connected-to", "switch"), true);
        }
        for graph in [graph.clone(), graph.laid_out_anew()] {
            assert_eq!(ids(&graph, "database", Direction::Down), ["shop", "host", "printer"]);
            assert_eq!(ids(&graph, "rack", Direction::Down), [""; 0]);
            assert_eq!(ids(&graph, "printer", Direction::Up), ["shop", "database", "host"]);
        }
        // One of two relations of other types ends.
        graph.put_relation(&relation("printer", "uses", "shop"), false);
        assert!(ids(&graph, "database", Direction::Down).contains(&"printer".to_owned()));
        graph.put_relation(&relation("printer", "depends-on", "shop"), false);
        assert!(!ids(&graph, "database", Direction::Down).contains(&"printer".to_owned()));
        // Whoever walks the old one sees the old one.
        assert_eq!(ids(&before, "rack", Direction::Down), ["host", "database", "shop"]);
    }

    #[test]
    fn many_changes_are_laid_out_anew_and_a_moved_item_is_in_its_new_space() {
        let mut graph = build(&[("root", "it")], &[]);
        for number in 0..=PATCHED_MAX {
            let id = format!("ci-{number}");
            graph.put_ci(&place(&id, "it", None));
            graph.put_relation(&relation(&id, "runs-on", "root"), true);
        }
        assert!(graph.is_worn());
        let mut graph = graph.laid_out_anew();
        assert!(!graph.is_worn());
        graph.put_ci(&place("ci-7", "hr", None));

        let mut walk = graph.walk(&"root".into(), Direction::Down, |space| space.as_str() == "it").unwrap();
        while walk.advance(100) {}

        assert_eq!(walk.ids().len(), PATCHED_MAX + 1);
        assert_eq!((walk.reach(0).total, walk.reach(0).hidden), (PATCHED_MAX as u64, 1));
        assert!(graph.bytes() > 0);
    }
}
