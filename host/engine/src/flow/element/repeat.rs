//! Activities that repeat: multi-instance, in parallel or one after the other, and the standard loop. A body stands for the activity and
//! holds one element for each run; boundary events are on the body.

use crate::flow::instance::{Activity, Element, Repeating, Resume};
use crate::flow::machine::{Fault, Machine, Work};
use crate::flow::port::{Event, IncidentCode, Key};
use bpmn::graph::{Node, Repeat};
use domain::Object;
use serde_json::Value;

impl Machine<'_> {
    pub(in crate::flow) fn activate_repeat(&mut self, key: Key, node: &Node) -> Result<(), Fault> {
        let mut body = Repeating::default();
        match node.repeat.as_ref().expect("only activities that repeat have a body") {
            Repeat::Loop { .. } => {}
            Repeat::MultiInstance { collection, cardinality, output_collection, .. } => {
                if let Some(collection) = collection {
                    match self.evaluate_json(key, collection)? {
                        Value::Array(items) => body.items = items,
                        other => {
                            let given = crate::flow::evaluate::shortened(&other.to_string());
                            let message =
                                format!("`{}` must give the list to run over, and gave {given}", collection.text());
                            return Err(Fault::new(IncidentCode::Expression, message));
                        }
                    }
                    body.total = body.items.len();
                } else if let Some(cardinality) = cardinality {
                    let given = self.evaluate_json(key, cardinality)?;
                    body.total = whole(&given).ok_or_else(|| {
                        let message = format!("`{}` must give how often to run, and gave {given}", cardinality.text());
                        Fault::new(IncidentCode::Expression, message)
                    })?;
                }
                if body.total > self.limits.repetitions_max {
                    let max = self.limits.repetitions_max;
                    let message = format!("{} runs are asked for and {max} are allowed; split the list", body.total);
                    return Err(Fault::new(IncidentCode::Limit, message));
                }
                if output_collection.is_some() {
                    body.results = vec![Value::Null; body.total];
                }
            }
        }
        self.element_mut(key).activity = Activity::Repeating(body);
        self.repeat_more(key);
        Ok(())
    }

    fn body(&mut self, key: Key) -> &mut Repeating {
        match &mut self.element_mut(key).activity {
            Activity::Repeating(body) => body,
            _ => unreachable!("an element with repetitions is a body"),
        }
    }

    /// Start the runs that may start now; when there are none and none is alive, the activity is done.
    pub(in crate::flow) fn repeat_more(&mut self, key: Key) {
        let (process, index) = self.node_of(key);
        let repeat = process.nodes[index].repeat.as_ref().expect("only activities that repeat have a body");
        let (started, active, total) = {
            let body = self.body(key);
            (body.started, body.active, body.total)
        };
        let count = match repeat {
            Repeat::MultiInstance { sequential: true, .. } => usize::from(active == 0 && started < total),
            Repeat::MultiInstance { .. } => total - started,
            Repeat::Loop { condition, test_before, maximum } => {
                let below = maximum.is_none_or(|maximum| started < maximum as usize);
                let asked = *test_before || started > 0;
                let holds = match condition.as_ref().filter(|_| asked && below) {
                    None => Ok(true),
                    Some(condition) => self.condition(key, condition, "the loop condition"),
                };
                match holds {
                    Ok(holds) => usize::from(active == 0 && below && holds),
                    Err(fault) => return self.raise(key, Resume::Repeat, fault),
                }
            }
        };
        if count == 0 && active == 0 {
            return self.body_done(key);
        }
        let variable = match repeat {
            Repeat::MultiInstance { element_variable, .. } => element_variable.as_deref(),
            Repeat::Loop { .. } => None,
        };
        for _ in 0..count {
            self.start_run(key, index, variable);
        }
    }

    fn start_run(&mut self, body_key: Key, node: usize, variable: Option<&str>) {
        let process = self.element(body_key).process;
        let body = self.body(body_key);
        body.started += 1;
        body.active += 1;
        let repetition = body.started;
        let item = variable.and_then(|name| Some((name.to_owned(), body.items.get(repetition - 1)?.clone())));
        let element = Element {
            node: Some(node),
            scope: Some(body_key),
            process,
            repetition: Some(repetition),
            compensates: None,
            variables: Object::new(),
            activity: Activity::Starting,
        };
        let key = self.insert(element, None);
        match self.set_local(key, item.into_iter().collect()) {
            Ok(()) => self.agenda.push_back(Work::Activate(key)),
            Err(fault) => self.raise(key, Resume::Activate, fault),
        }
    }

    /// One run is done: collect its result, ask whether that is enough, and go on.
    pub(in crate::flow) fn repetition_done(&mut self, key: Key) {
        let body_key = self.element(key).scope.expect("a run lives in its body");
        let (process, index) = self.node_of(key);
        let repeat = process.nodes[index].repeat.as_ref().expect("only activities that repeat have a body");
        let enough = match self.collect(key, body_key, repeat) {
            Ok(enough) => enough,
            Err(fault) => return self.raise(key, Resume::Leave, fault),
        };
        if let Some(record) = self.compensable(key, &process, index) {
            self.body(body_key).compensable.push(record);
        }
        self.event(Event::Completed { place: self.place(key) });
        self.remove(key);
        if enough {
            let others = self.children(body_key);
            self.terminate(&others);
            self.body(body_key).active = 0;
            self.body_done(body_key);
        } else if self.body(body_key).active == 0 {
            self.repeat_more(body_key);
        }
    }

    fn collect(&mut self, key: Key, body_key: Key, repeat: &Repeat) -> Result<bool, Fault> {
        let Repeat::MultiInstance { output_element, completion, .. } = repeat else {
            let body = self.body(body_key);
            body.active -= 1;
            body.completed += 1;
            return Ok(false);
        };
        let repetition = self.element(key).repetition.expect("only runs are collected");
        if let Some(output) = output_element {
            let value = self.evaluate_json(key, output)?;
            if let Some(result) = self.body(body_key).results.get_mut(repetition - 1) {
                *result = value;
            }
        }
        let body = self.body(body_key);
        body.active -= 1;
        body.completed += 1;
        let Some(completion) = completion else { return Ok(false) };
        let enough = self.condition(key, completion, "the completion condition");
        if enough.is_err() {
            let body = self.body(body_key);
            body.active += 1;
            body.completed -= 1;
        }
        enough
    }

    /// A run was ended from outside.
    pub(in crate::flow) fn run_dropped(&mut self, body_key: Key) {
        self.body(body_key).active -= 1;
        if self.body(body_key).active == 0 {
            self.repeat_more(body_key);
        }
    }

    /// All runs are done: hand the results outwards, then leave like any activity.
    pub(in crate::flow) fn body_done(&mut self, key: Key) {
        let (process, index) = self.node_of(key);
        if let Some(Repeat::MultiInstance { output_collection: Some(name), .. }) = &process.nodes[index].repeat {
            let results = Value::Array(self.body(key).results.clone());
            if let Err(fault) = self.hand_outwards(key, Object::from_iter([(name.clone(), results)])) {
                return self.raise(key, Resume::Complete, fault);
            }
        }
        self.leave(key);
    }
}

/// A number of runs: whole and not negative. FEEL writes 3.0 for some threes.
fn whole(value: &Value) -> Option<usize> {
    if let Some(number) = value.as_u64() {
        return usize::try_from(number).ok();
    }
    let number = value.as_f64().filter(|number| number.fract() == 0.0 && (0.0..1e9).contains(number))?;
    format!("{number:.0}").parse().ok()
}
