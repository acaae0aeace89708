//! Pictures of processes and of where an instance stands in them; differences between models; models of other engines.

use super::library::Deployed;
use crate::app::App;
use crate::error::{AppError, Result};
use bpmn::graph::Graph;
use bpmn::svg::{Mark, draw};
use domain::flow::{Definition, DefinitionType};
use domain::{Actor, InstanceId};
use engine::flow::Event;
use engine::flow::replay::Positions;
use std::collections::BTreeMap;

pub use bpmn::import::{Imported, Line as ImportLine, Outcome as ImportOutcome, import};
pub use bpmn::{Change, Report};

/// Waves that are looked at for a picture of the past.
const WAVES_MAX: usize = 10_000;

impl App {
    /// A process as SVG.
    ///
    /// # Errors
    /// There is none.
    pub async fn process_picture(&self, key: &str, version: Option<u32>) -> Result<String> {
        let definition = self.definition(DefinitionType::Process, key, version).await?;
        let deployed = self.deployed(key, Some(definition.version)).await?;
        Ok(picture(&deployed, &definition, &BTreeMap::new()))
    }

    /// Where an instance stands, or stood after so many of its waves, as SVG.
    ///
    /// # Errors
    /// There is none that the actor may see.
    pub async fn instance_picture(&self, actor: &Actor, id: &InstanceId, waves: Option<usize>) -> Result<String> {
        let row = self.instance(id).await?;
        // The past is told by the history, which names what it is about; where it stands now, whoever runs the place may see.
        let sees = self.may_see(actor, &row).await?;
        if !sees {
            self.instance_view(actor, id).await?;
        }
        let mut positions = Positions::default();
        let mut marks: BTreeMap<String, Mark> = BTreeMap::new();
        let mut after = 0;
        let mut left = if sees { waves.unwrap_or(WAVES_MAX).min(WAVES_MAX) } else { 0 };
        // From the journal alone, so that any moment can be shown.
        while left > 0 {
            let page = self.instance_history(actor, id, after).await?;
            for wave in page.events.iter().take(left) {
                let events: Vec<Event> = serde_json::from_value(wave.data["events"].clone()).unwrap_or_default();
                for event in &events {
                    positions.fold(event);
                    match event {
                        Event::Completed { place, .. } => drop(marks.insert(place.node.clone(), Mark::Completed)),
                        Event::FlowTaken { flow, .. } => drop(marks.insert(flow.clone(), Mark::Completed)),
                        _ => {}
                    }
                }
            }
            left = left.saturating_sub(page.events.len());
            match page.next {
                Some(next) => after = next,
                None => break,
            }
        }
        for node in positions.active.values() {
            marks.insert(node.clone(), Mark::Active);
        }
        let deployed = self.deployed(&row.process, Some(row.process_version)).await?;
        if waves.is_none() || !sees {
            let state = super::instances::state_of(&row)?;
            let now = deployed.positions(&state);
            marks.extend(now.active.values().map(|node| (node.clone(), Mark::Active)));
            for incident in state.incidents() {
                if let Some(node) = now.active.get(&incident.element) {
                    marks.insert(node.clone(), Mark::Incident);
                }
            }
        }
        let definition = self.definition(DefinitionType::Process, &row.process, Some(row.process_version)).await?;
        Ok(picture(&deployed, &definition, &marks))
    }

    /// What differs between two versions of a process, or a version and a model that is not deployed.
    ///
    /// # Errors
    /// One of them cannot be read.
    pub fn flow_diff(&self, old: &str, new: &str) -> Result<Vec<Change>> {
        Ok(bpmn::diff(&graph("old", old)?, &graph("new", new)?))
    }
}

fn graph(file: &str, text: &str) -> Result<Graph> {
    bpmn::compile(file, text).map(|compiled| compiled.graph).map_err(|report| AppError::Invalid(report.errors))
}

fn picture(deployed: &Deployed, definition: &Definition, marks: &BTreeMap<String, Mark>) -> String {
    // What was deployed compiles: where it does not any more, the picture is laid out anew.
    let diagram = bpmn::compile(&definition.key, &definition.source).map(|compiled| compiled.diagram);
    draw(&deployed.process, &diagram.unwrap_or_default(), marks)
}
