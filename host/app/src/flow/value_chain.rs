//! Value streams: how long the steps of flows took by the value chain activity that they are part of, and how much of it was work (VSM-01).
//!
//! What a step was part of stands in the history of its instance beside its beginning, so that a later version of the flow does not rewrite
//! what was. The report is made of histories alone, of the instances that whoever asks may see.

use crate::app::App;
use crate::error::Result;
use crate::reports::{Choice, DAYS_MAX};
use bpmn::value_chain::{self, ACTIVITIES};
use domain::{Actor, Event, FlowInstance};
use engine::flow::{self, Key, TaskOutcome};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashMap};
use store::InstanceQuery;

/// Instances that are looked at, newest first.
const INSTANCES_MAX: usize = 2_000;
/// Events of one instance.
const EVENTS_MAX: usize = 10_000;
const PAGE: u32 = 200;

/// Where the history keeps what steps are part of.
pub(super) const HISTORY_KEY: &str = "value_chain";

/// What a step is part of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Part {
    pub activity: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream: Option<String>,
}

/// What the history says where a step begins.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Noted {
    #[serde(flatten)]
    part: Part,
    /// Its task is somebody's from the beginning.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    held: bool,
}

/// The steps of one activity in one stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueRow {
    pub part: Part,
    /// Steps that were done.
    pub count: u64,
    /// Steps that are not.
    pub open: u64,
    /// From the beginning of a step to its end, all that were done together.
    pub lead_seconds: i64,
    /// The part of it in which somebody had it, or a component worked.
    pub touch_seconds: i64,
    /// The rest.
    pub wait_seconds: i64,
    /// Half of the steps took longer.
    pub median_lead_seconds: i64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueChain {
    pub since: Option<Timestamp>,
    pub rows: Vec<ValueRow>,
    /// Every instance was looked at; otherwise the newest ones.
    pub complete: bool,
}

/// What the steps that begin in a wave are part of, by node.
pub(super) fn noted(
    process: &bpmn::graph::Process,
    events: &[flow::Event],
    actions: &[flow::Action],
) -> Map<String, Value> {
    let begun = |node: &&bpmn::graph::Node| {
        events.iter().any(|event| matches!(event, flow::Event::Activated { place, .. } if place.node == node.id))
    };
    let tagged = process.nodes.iter().filter_map(|node| Some((node, value_chain::of(node)?)));
    let noted = tagged.filter(|(node, _)| begun(node)).map(|(node, (activity, stream))| {
        let part = Part { activity: activity.to_owned(), stream: stream.map(str::to_owned) };
        let held = actions.iter().any(
            |action| matches!(action, flow::Action::OpenTask(open) if open.node == node.id && open.assignee.is_some()),
        );
        (node.id.clone(), serde_json::to_value(Noted { part, held }).unwrap_or_default())
    });
    noted.collect()
}

/// One step while its history is told.
struct Step {
    part: Part,
    begun: Timestamp,
    /// A task of people is only worked on while somebody has it.
    is_task: bool,
    taken: Option<Timestamp>,
    touched: SignedDuration,
}

impl Step {
    fn let_go(&mut self, at: Timestamp) {
        if let Some(since) = self.taken.take() {
            self.touched += at.duration_since(since);
        }
    }
}

#[derive(Default)]
struct Tally {
    leads: Vec<i64>,
    touch: i64,
    open: u64,
}

/// Everything that was added up so far.
#[derive(Default)]
struct Tallies(BTreeMap<Part, Tally>);

impl Tallies {
    /// Tell the history of one instance.
    fn tell(&mut self, events: &[Event]) {
        let mut parts: HashMap<String, Noted> = HashMap::new();
        let mut steps: HashMap<Key, Step> = HashMap::new();
        for event in events {
            for (node, part) in event.data[HISTORY_KEY].as_object().into_iter().flatten() {
                if let Ok(part) = serde_json::from_value(part.clone()) {
                    parts.insert(node.clone(), part);
                }
            }
            if event.kind == "task.assigned" {
                let element = event.data["task"].as_str().and_then(|id| id.rsplit('.').next());
                if let Some(step) = element.and_then(|key| key.parse().ok()).and_then(|key| steps.get_mut(&Key(key))) {
                    step.let_go(event.at);
                    step.taken = event.data["assignee"].is_string().then_some(event.at);
                }
                continue;
            }
            for entry in event.data["events"].as_array().into_iter().flatten() {
                if let Ok(entry) = flow::Event::deserialize(entry) {
                    self.one(&parts, &mut steps, event.at, entry);
                }
            }
        }
        for step in steps.into_values() {
            self.0.entry(step.part).or_default().open += 1;
        }
    }

    fn one(
        &mut self,
        parts: &HashMap<String, Noted>,
        steps: &mut HashMap<Key, Step>,
        at: Timestamp,
        event: flow::Event,
    ) {
        use flow::Event as E;
        match event {
            E::Activated { place, .. } => {
                if let Some(Noted { part, held }) = parts.get(&place.node) {
                    let step = Step {
                        part: part.clone(),
                        begun: at,
                        is_task: false,
                        taken: held.then_some(at),
                        touched: SignedDuration::ZERO,
                    };
                    steps.insert(place.element, step);
                }
            }
            E::TaskOpened { place } => {
                if let Some(step) = steps.get_mut(&place.element) {
                    step.is_task = true;
                }
            }
            E::TaskClosed { place, outcome: TaskOutcome::Cancelled, .. } => drop(steps.remove(&place.element)),
            E::Terminated { place } => drop(steps.remove(&place.element)),
            E::Completed { place } => {
                if let Some(mut step) = steps.remove(&place.element) {
                    step.let_go(at);
                    let lead = at.duration_since(step.begun).as_secs();
                    let tally = self.0.entry(step.part).or_default();
                    tally.touch += if step.is_task { step.touched.as_secs() } else { lead };
                    tally.leads.push(lead);
                }
            }
            _ => {}
        }
    }

    fn rows(self) -> Vec<ValueRow> {
        let place = |activity: &str| ACTIVITIES.iter().position(|one| *one == activity).unwrap_or(ACTIVITIES.len());
        let mut rows: Vec<ValueRow> = self.0.into_iter().map(|(part, tally)| row(part, tally)).collect();
        rows.sort_by(|left, right| {
            (&left.part.stream, place(&left.part.activity)).cmp(&(&right.part.stream, place(&right.part.activity)))
        });
        rows
    }
}

fn row(part: Part, mut tally: Tally) -> ValueRow {
    tally.leads.sort_unstable();
    let lead: i64 = tally.leads.iter().sum();
    ValueRow {
        part,
        count: tally.leads.len() as u64,
        open: tally.open,
        lead_seconds: lead,
        touch_seconds: tally.touch,
        wait_seconds: lead - tally.touch,
        median_lead_seconds: tally.leads.get(tally.leads.len() / 2).copied().unwrap_or(0),
    }
}

impl App {
    /// The steps of flows by value chain activity, of instances that began since so many days ago.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn value_chain(&self, actor: &Actor, choice: &Choice, stream: Option<&str>) -> Result<ValueChain> {
        let since = choice.days.map(|days| {
            let back = SignedDuration::from_hours(24 * i64::from(days.min(DAYS_MAX)));
            self.now().checked_sub(back).unwrap_or(Timestamp::MIN)
        });
        let (mut tallies, mut after, mut looked_at, mut complete) = (Tallies::default(), None, 0, true);
        'pages: loop {
            // Only those that the caller may see: what a step took tells about its ticket.
            let page = self.instance_list(actor, InstanceQuery::default(), after.as_deref(), PAGE).await?;
            for instance in &page.items {
                if since.is_some_and(|since| instance.started_at < since) {
                    break 'pages;
                }
                if choice.space.as_ref().is_some_and(|space| *space != instance.space.0)
                    || !self.may_see(actor, instance).await?
                {
                    continue;
                }
                looked_at += 1;
                if looked_at > INSTANCES_MAX {
                    complete = false;
                    break 'pages;
                }
                let events = self.history_of(instance).await?;
                complete &= events.len() < EVENTS_MAX;
                tallies.tell(&events);
            }
            match page.next {
                Some(next) => after = Some(next.id),
                None => break,
            }
        }
        let mut rows = tallies.rows();
        rows.retain(|row| stream.is_none_or(|stream| row.part.stream.as_deref() == Some(stream)));
        Ok(ValueChain { since, rows, complete })
    }

    async fn history_of(&self, instance: &FlowInstance) -> Result<Vec<Event>> {
        let mut events: Vec<Event> = Vec::new();
        loop {
            let after = events.last().map_or(0, |event| event.subject_seq);
            let page = self.store.event_history(self.org(), "flow", &instance.id.0, after, PAGE).await?;
            let last = page.len() < PAGE as usize;
            events.extend(page);
            if last || events.len() >= EVENTS_MAX {
                return Ok(events);
            }
        }
    }
}
