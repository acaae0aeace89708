//! Whether states and transitions make a lifecycle that work can go through. Pure graph questions; knows no file.

use crate::kind::StateCategory;

/// What is wrong with a state, by its position in the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flaw {
    /// No chain of transitions leads from the first state to it.
    Unreachable(usize),
    /// Nothing leads out of it, and work in it is not over.
    DeadEnd(usize),
    /// Something leads out of it, but never to a state in which work is over.
    NoWayOut(usize),
}

/// `edges` are pairs of positions in `categories`; the first state is where everything starts.
pub(super) fn flaws(categories: &[StateCategory], edges: &[(usize, usize)]) -> Vec<Flaw> {
    let is_end = |state: usize| matches!(categories[state], StateCategory::Closed | StateCategory::Cancelled);
    let reached = closure(categories.len(), [0], edges);
    let backwards: Vec<_> = edges.iter().map(|(from, to)| (*to, *from)).collect();
    let ends: Vec<_> = (0..categories.len()).filter(|state| is_end(*state)).collect();
    let can_end = closure(categories.len(), ends, &backwards);
    let mut flaws = Vec::new();
    for state in 0..categories.len() {
        if !reached[state] {
            flaws.push(Flaw::Unreachable(state));
        }
        if !is_end(state) && !edges.iter().any(|(from, to)| *from == state && *to != state) {
            flaws.push(Flaw::DeadEnd(state));
        } else if !can_end[state] {
            flaws.push(Flaw::NoWayOut(state));
        }
    }
    flaws
}

/// The states that can be reached from `start`, itself included.
fn closure(count: usize, start: impl IntoIterator<Item = usize>, edges: &[(usize, usize)]) -> Vec<bool> {
    let mut next = vec![Vec::new(); count];
    for (from, to) in edges {
        next[*from].push(*to);
    }
    let mut seen = vec![false; count];
    let mut waiting: Vec<usize> = start.into_iter().filter(|state| *state < count).collect();
    while let Some(state) = waiting.pop() {
        if !std::mem::replace(&mut seen[state], true) {
            waiting.extend(&next[state]);
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;
    use Flaw::{DeadEnd, NoWayOut, Unreachable};
    use StateCategory::{Active, Closed, New, Paused};

    #[track_caller]
    fn check(categories: &[StateCategory], edges: &[(usize, usize)], expected: &[Flaw]) {
        assert_eq!(flaws(categories, edges), expected);
    }

    #[test]
    fn contradictions_of_a_lifecycle_are_found() {
        check(&[], &[], &[]);
        check(&[New, Closed], &[(0, 1)], &[]);
        check(&[New, Active, Closed], &[(0, 2)], &[Unreachable(1), DeadEnd(1)]);
        check(&[New, Active, Closed], &[(0, 1), (0, 2)], &[DeadEnd(1)]);
        check(&[New, Active, Closed], &[(0, 1), (1, 1), (0, 2)], &[DeadEnd(1)]);
        check(&[New, Active, Paused, Closed], &[(0, 1), (1, 2), (2, 1), (0, 3)], &[NoWayOut(1), NoWayOut(2)]);
        check(&[New, Active, Closed], &[(0, 1), (1, 0)], &[NoWayOut(0), NoWayOut(1), Unreachable(2)]);
    }
}
