//! Who follows whom, in two flat arrays: the neighbours of one node stand side by side.
//!
//! An edge is a number: the neighbour, and above it the type of the relation, so that two relations of different types between the same
//! two CIs are two edges, and the end of one leaves the other.

const TYPE_SHIFT: u32 = 28;
const TARGET_MASK: u32 = (1 << TYPE_SHIFT) - 1;
/// CIs that the graph can tell apart.
pub(super) const NODES_MAX: usize = 1 << TYPE_SHIFT;

/// A neighbour and the type of the relation that leads to it.
pub(super) fn edge(to: u32, relation_type: u32) -> u32 {
    to | relation_type << TYPE_SHIFT
}

pub(super) fn target(edge: u32) -> u32 {
    edge & TARGET_MASK
}

#[derive(Debug, Default, Clone)]
pub(super) struct Csr {
    /// Where the edges of node `n` begin; one more entry than nodes.
    starts: Vec<u32>,
    edges: Vec<u32>,
}

impl Csr {
    /// Of pairs of a node and an edge.
    pub(super) fn of_pairs(nodes: usize, pairs: impl Iterator<Item = (u32, u32)> + Clone) -> Self {
        let mut starts = vec![0_u32; nodes + 1];
        for (from, _) in pairs.clone() {
            starts[from as usize + 1] += 1;
        }
        for node in 0..nodes {
            starts[node + 1] += starts[node];
        }
        let mut next = starts.clone();
        let mut edges = vec![0_u32; starts[nodes] as usize];
        for (from, edge) in pairs {
            let slot = &mut next[from as usize];
            edges[*slot as usize] = edge;
            *slot += 1;
        }
        Self { starts, edges }
    }

    /// Of the edges of each node, in order.
    pub(super) fn of_lists<'a>(lists: impl Iterator<Item = &'a [u32]>) -> Self {
        let mut built = Self { starts: vec![0], edges: Vec::new() };
        for list in lists {
            built.edges.extend_from_slice(list);
            built.starts.push(u32::try_from(built.edges.len()).expect("fewer than four billion relations"));
        }
        built.starts.shrink_to_fit();
        built.edges.shrink_to_fit();
        built
    }

    /// The edges of a node; none of one that came later.
    pub(super) fn of(&self, node: u32) -> &[u32] {
        let node = node as usize;
        match (self.starts.get(node), self.starts.get(node + 1)) {
            (Some(start), Some(end)) => &self.edges[*start as usize..*end as usize],
            _ => &[],
        }
    }

    pub(super) fn bytes(&self) -> usize {
        (self.starts.capacity() + self.edges.capacity()) * size_of::<u32>()
    }
}
