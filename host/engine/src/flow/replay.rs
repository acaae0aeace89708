//! Token positions from events alone: what a diagram of any past moment shows. It must not look at an instance.

use super::port::{Event, Key, Place};
use std::collections::{BTreeMap, BTreeSet};

/// Where the tokens of an instance are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Positions {
    /// Live elements, scopes included: the node id of each.
    pub active: BTreeMap<Key, String>,
    /// Tokens that wait at joins: by scope and flow id.
    pub waiting: BTreeMap<(Key, String), u32>,
    /// Open incidents.
    pub incidents: BTreeSet<Key>,
}

/// The positions after the first `upto` events of an instance.
#[must_use]
pub fn positions<'e>(events: impl IntoIterator<Item = &'e Event>, upto: usize) -> Positions {
    let mut positions = Positions::default();
    events.into_iter().take(upto).for_each(|event| positions.fold(event));
    positions
}

impl Positions {
    /// Take one more event into account.
    pub fn fold(&mut self, event: &Event) {
        match event {
            Event::Activated { place, .. } => {
                self.active.insert(place.element, place.node.clone());
            }
            Event::Completed { place } | Event::Terminated { place } => {
                self.active.remove(&place.element);
                self.waiting.retain(|(scope, _), _| *scope != place.element);
            }
            Event::TokenWaited { scope, flow, .. } => {
                *self.waiting.entry((*scope, flow.clone())).or_default() += 1;
            }
            Event::Joined { scope, flows, .. } => {
                for flow in flows {
                    let at = (*scope, flow.clone());
                    if let Some(count) = self.waiting.get_mut(&at) {
                        *count -= 1;
                        if *count == 0 {
                            self.waiting.remove(&at);
                        }
                    }
                }
            }
            Event::TokensDropped { scope } => self.waiting.retain(|(of, _), _| of != scope),
            Event::IncidentRaised { incident, .. } => {
                self.incidents.insert(*incident);
            }
            Event::IncidentResolved { incident } => {
                self.incidents.remove(incident);
            }
            Event::Migrated { renamed, flows, .. } => self.rename(renamed, flows),
            _ => {}
        }
    }

    fn rename(&mut self, nodes: &[Place], flows: &BTreeMap<String, String>) {
        for Place { element, node } in nodes {
            self.active.insert(*element, node.clone());
        }
        let moved: BTreeSet<Key> = nodes.iter().map(|place| place.element).collect();
        self.waiting = std::mem::take(&mut self.waiting)
            .into_iter()
            .map(|((scope, flow), count)| {
                let renamed = flows.get(&flow).filter(|_| moved.contains(&scope)).cloned();
                ((scope, renamed.unwrap_or(flow)), count)
            })
            .collect();
    }
}
