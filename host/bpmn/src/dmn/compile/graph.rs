//! Circles and depth of the requirement graph, found without recursion: its size is the author's choice.

use super::{Place, Places, Unit};
use crate::dmn::logic::{Element, Index};
use crate::dmn::problem::{Problems, Spot};

/// Decisions that require one another. Evaluation goes this deep.
const CHAIN_MAX: usize = 100;

/// What an element needs before it can be decided. Knowledge models may call themselves and one another, because a budget ends them;
/// decisions may not, because they have nothing that could end them.
fn needs(elements: &[Element], index: Index) -> Vec<Index> {
    match &elements[index] {
        Element::Decision(decision) => {
            let services = decision
                .knowledge
                .iter()
                .map(|required| required.element)
                .filter(|&at| matches!(elements.get(at), Some(Element::Service(_))));
            decision.requires.iter().map(|required| required.element).chain(services).collect()
        }
        Element::Service(service) => service.outputs.clone(),
        Element::Input(_) | Element::Knowledge(_) => Vec::new(),
    }
}

/// Reports circles and chains that are too long.
pub(super) fn check(elements: &[Element], places: &Places, units: &[Unit], problems: &mut Problems) {
    // 0 not seen, otherwise the longest chain below and including the element; `ON_THE_WAY` while it is visited.
    const ON_THE_WAY: usize = usize::MAX;
    let mut depths = vec![0_usize; elements.len()];
    for start in 0..elements.len() {
        if depths[start] != 0 {
            continue;
        }
        depths[start] = ON_THE_WAY;
        let mut stack = vec![(start, needs(elements, start), 0_usize, 0_usize)];
        while let Some((index, needed, next, below)) = stack.pop() {
            let Some(&target) = needed.get(next) else {
                depths[index] = below + 1;
                if depths[index] == CHAIN_MAX + 1 {
                    let message =
                        format!("decisions require one another over more than {CHAIN_MAX} steps; shorten the chain");
                    problems.error(&spot(index, places, units), "chain-too-long", message);
                }
                if let Some(parent) = stack.last_mut() {
                    parent.3 = parent.3.max(below + 1);
                }
                continue;
            };
            let seen = depths[target];
            let below = if seen == 0 || seen == ON_THE_WAY { below } else { below.max(seen) };
            stack.push((index, needed, next + 1, below));
            if seen == ON_THE_WAY {
                let message = format!(
                    "`{}` requires itself, by way of `{}`; take one of the requirements away",
                    elements[target].name(),
                    elements[index].name()
                );
                problems.error(&spot(target, places, units), "requirement-cycle", message);
            } else if seen == 0 {
                depths[target] = ON_THE_WAY;
                stack.push((target, needs(elements, target), 0, 0));
            }
        }
    }
}

fn spot(index: Index, places: &Places, units: &[Unit]) -> Spot {
    let (unit, place) = places.order[index];
    let model = &units[unit].model;
    match place {
        Place::Input(at) => model.inputs[at].variable.spot.clone(),
        Place::Decision(at) => model.decisions[at].variable.spot.clone(),
        Place::Knowledge(at) => model.knowledge[at].variable.spot.clone(),
        Place::Service(at) => model.services[at].variable.spot.clone(),
    }
}
