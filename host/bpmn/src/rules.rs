//! The rules of a model, in two groups: those that only the file can tell (names that lead nowhere, elements that have no executable
//! form), and those of the graph, which hold for the JSON form as well.

mod activity;
mod behaviour;
mod data;
mod event;
mod index;
mod reference;
mod structure;
mod value;
mod view;
mod vocabulary;

pub(crate) use index::{check as of_indexes, is_startable};
pub(crate) use view::kind;

use crate::{graph::Graph, report::Findings, source::Source};

/// What the file alone can tell.
pub(crate) fn of_source(source: &Source<'_, '_>, findings: &mut Findings<'_>) {
    reference::check(source, findings);
    vocabulary::check(source, findings);
    data::check(source, findings);
}

/// What holds for every graph, whose indexes are sound.
pub(crate) fn of_graph(graph: &Graph, findings: &mut Findings<'_>) {
    for process in &graph.processes {
        let mut view = view::View { process, findings };
        structure::check(&mut view);
        event::check(&mut view);
        activity::check(&mut view);
        value::check(&mut view);
        behaviour::check(&mut view);
    }
    activity::calls(graph, findings);
}
