//! Deployed definitions in memory: each version is parsed once, with everything that it was pinned to.

use super::aside;
use super::deploy::Candidate;
use crate::app::App;
use crate::error::{AppError, Result};
use crate::registry::Plugin;
use bpmn::dmn;
use bpmn::graph::{Graph, NodeKind, Process};
use domain::Digest;
use domain::flow::{Bindings, ComponentBinding, Definition, DefinitionType};
use engine::flow::replay::Positions;
use engine::flow::{Decided, Instance};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, RwLock};

/// Versions kept in memory; the oldest are forgotten all at once, which costs a parse and nothing else.
const KEPT_MAX: usize = 2_000;
/// Processes and decisions that one process may reach.
const REACH_MAX: usize = 200;
/// How long the newest version of a process is taken as known.
const NEWEST_FOR: SignedDuration = SignedDuration::from_secs(1);

/// One version of a process, ready to run.
#[derive(Debug)]
pub(crate) struct Deployed {
    /// Without its source and compiled form.
    pub definition: Definition,
    pub process: Arc<Process>,
    processes: BTreeMap<String, Arc<Process>>,
    decisions: BTreeMap<String, Arc<dmn::Definitions>>,
    components: BTreeMap<String, ComponentBinding>,
    pub forms: BTreeMap<String, u32>,
    /// Whether a step may compute for so long that others would notice.
    pub may_take_long: bool,
}

/// Words of FEEL with which an expression does more than its own length says.
const LONG_WORDS: [&str; 4] = ["for ", "some ", "every ", "function"];

impl Deployed {
    /// Models that are not deployed, for a simulation.
    pub(super) fn of_models(key: &str, candidates: &[Candidate]) -> Result<Self> {
        let find = |candidate: &&Candidate| candidate.key == key && candidate.process.is_some();
        let candidate = candidates.iter().find(find).ok_or_else(|| AppError::not_found("process", key))?;
        let mut decisions = BTreeMap::new();
        for one in candidates.iter().filter(|one| one.definition_type == DefinitionType::Decision) {
            let model = dmn::read(&one.source, &dmn::Sources::none());
            let model = model.map_err(|problems| AppError::Invalid(problems.into_iter().map(Into::into).collect()))?;
            decisions.insert(one.key.clone(), Arc::new(model));
        }
        let processes = candidates.iter().filter_map(|one| Some((one.key.clone(), Arc::new(one.process.clone()?))));
        let processes: BTreeMap<_, _> = processes.collect();
        Ok(Self {
            process: Arc::clone(&processes[key]),
            processes,
            decisions,
            components: BTreeMap::new(),
            forms: BTreeMap::new(),
            may_take_long: true,
            definition: Definition {
                definition_type: DefinitionType::Process,
                key: key.to_owned(),
                version: 0,
                name: candidate.name.clone(),
                version_tag: None,
                digest: Digest::from(""),
                plugin: None,
                source: String::new(),
                compiled: json!(null),
                bindings: Bindings::default(),
                deployed_at: Timestamp::UNIX_EPOCH,
                deployed_by: String::new(),
            },
        })
    }

    /// The process itself and all that it calls, by id.
    pub(crate) fn processes(&self) -> &BTreeMap<String, Arc<Process>> {
        &self.processes
    }

    pub(crate) fn process(&self, id: &str) -> Option<Arc<Process>> {
        self.processes.get(id).cloned()
    }

    /// Where the tokens of an instance are, in the words of the model.
    pub(crate) fn positions(&self, instance: &Instance) -> Positions {
        let called: Vec<_> = instance.called().map(|(id, _)| self.processes.get(id).unwrap_or(&self.process)).collect();
        let called: Vec<&Process> = called.into_iter().map(|process| &**process).collect();
        instance.positions(&self.process, &called)
    }

    /// What a step or an approval rule was bound to.
    pub(crate) fn component(&self, name: &str) -> Option<&ComponentBinding> {
        self.components.get(name)
    }

    pub(crate) fn decide(
        &self,
        decision: &str,
        inputs: &feel::Context,
        environment: &dyn feel::Environment,
        budget: &mut feel::Budget,
    ) -> Result<Decided, String> {
        let model = self.decisions.get(decision).ok_or_else(|| {
            format!(
                "decision `{decision}` was not there when `{}` was deployed; deploy both again",
                self.definition.key
            )
        })?;
        let evaluated =
            model.evaluate(decision, inputs, environment, budget).map_err(|error| format!("`{decision}`: {error}"))?;
        let lines: Vec<&str> = evaluated.trace.iter().map(|one| one.why.as_str()).collect();
        Ok(Decided { value: evaluated.value.to_json(), explanation: json!(lines) })
    }
}

#[derive(Debug, Default)]
pub struct Library {
    processes: RwLock<HashMap<(String, u32), Arc<Deployed>>>,
    /// Components of older versions that were made ready to run.
    components: RwLock<HashSet<Digest>>,
    newest: RwLock<Newest>,
}

/// The newest version of each process, as long as nobody deploys. Only for a node that is alone: it sees every deployment, but for one
/// whose caller went away before it was written. For that one a version is asked for again after a while.
#[derive(Debug, Default)]
struct Newest {
    versions: HashMap<String, (u32, Timestamp)>,
    /// Counts deployments, so that a version that was read before one is not remembered after it.
    deployments: u64,
}

impl Library {
    fn get(&self, key: &(String, u32)) -> Option<Arc<Deployed>> {
        self.processes.read().expect("nothing panics while it holds this lock").get(key).cloned()
    }

    fn put(&self, key: (String, u32), deployed: Arc<Deployed>) {
        let mut processes = self.processes.write().expect("nothing panics while it holds this lock");
        if processes.len() >= KEPT_MAX {
            processes.clear();
        }
        processes.insert(key, deployed);
    }

    /// The newest version, if it is known, and what to remember it with otherwise.
    fn newest(&self, process: &str, now: Timestamp) -> (Option<u32>, u64) {
        let newest = self.newest.read().expect("nothing panics while it holds this lock");
        let known = newest.versions.get(process).filter(|(_, until)| now < *until);
        (known.map(|(version, _)| *version), newest.deployments)
    }

    fn remember(&self, process: &str, version: u32, deployments: u64, now: Timestamp) {
        let mut newest = self.newest.write().expect("nothing panics while it holds this lock");
        if newest.deployments == deployments && newest.versions.len() < KEPT_MAX {
            newest.versions.insert(process.to_owned(), (version, now + NEWEST_FOR));
        }
    }

    /// Something was deployed: ask again.
    pub(crate) fn forget_newest(&self) {
        let mut newest = self.newest.write().expect("nothing panics while it holds this lock");
        newest.deployments += 1;
        newest.versions.clear();
    }
}

impl App {
    /// A version of a process, the newest when none is named.
    ///
    /// # Errors
    /// There is none, or it cannot be read any more.
    pub(crate) async fn deployed(&self, process: &str, version: Option<u32>) -> Result<Arc<Deployed>> {
        let (newest, deployments) = self.library.newest(process, self.now());
        if let Some(version) = version.or(newest)
            && let Some(known) = self.library.get(&(process.to_owned(), version))
        {
            return Ok(known);
        }
        let definition = self.definition(DefinitionType::Process, process, version).await?;
        let key = (process.to_owned(), definition.version);
        if version.is_none() && !self.config.shared {
            self.library.remember(process, definition.version, deployments, self.now());
        }
        if let Some(known) = self.library.get(&key) {
            return Ok(known);
        }
        let deployed = Arc::new(self.load_deployed(definition).await?);
        self.library.put(key, Arc::clone(&deployed));
        Ok(deployed)
    }

    pub(crate) async fn definition(
        &self,
        definition_type: DefinitionType,
        key: &str,
        version: Option<u32>,
    ) -> Result<Definition> {
        let found = self.store.definition_get(self.org(), definition_type, key, version).await?;
        found.ok_or_else(|| {
            let what = match definition_type {
                DefinitionType::Process => "process",
                DefinitionType::Decision => "decision",
                DefinitionType::Form => "form",
            };
            match version {
                Some(version) => AppError::NotFound(format!("{what} `{key}` in version {version}")),
                None => AppError::not_found(what, key),
            }
        })
    }

    /// Have the component that an instance is pinned to ready, also when the plugin was upgraded since.
    pub(crate) async fn make_ready(&self, plugin: &Plugin, binding: &ComponentBinding) -> Result<()> {
        let known = |library: &Library| {
            library.components.read().expect("nothing panics while it holds this lock").contains(&binding.digest)
        };
        if binding.digest == plugin.digest || known(&self.library) {
            return Ok(());
        }
        let wasm = self.store.component_get(self.org(), &binding.digest).await?;
        let wasm = wasm.ok_or_else(|| AppError::not_found("component", &binding.digest.0))?;
        self.plugins.prepare(&binding.plugin, &binding.digest, wasm.into()).await.map_err(AppError::Invalid)?;
        let mut components = self.library.components.write().expect("nothing panics while it holds this lock");
        components.insert(binding.digest.clone());
        Ok(())
    }

    async fn load_deployed(&self, definition: Definition) -> Result<Deployed> {
        let process = process_of(&definition)?;
        let mut loaded = Deployed {
            process: Arc::clone(&process),
            processes: BTreeMap::from([(definition.key.clone(), process)]),
            decisions: BTreeMap::new(),
            components: definition.bindings.components.clone(),
            forms: definition.bindings.forms.clone(),
            may_take_long: false,
            definition: Definition { source: String::new(), compiled: json!(null), ..definition.clone() },
        };
        let mut open: Vec<Bindings> = vec![definition.bindings];
        while let Some(bindings) = open.pop() {
            for (key, version) in &bindings.decisions {
                if !loaded.decisions.contains_key(key) {
                    let decision = self.definition(DefinitionType::Decision, key, Some(*version)).await?;
                    loaded.decisions.insert(key.clone(), Arc::new(decision_model(&decision)?));
                }
            }
            for (key, version) in &bindings.processes {
                if loaded.processes.len() + loaded.decisions.len() > REACH_MAX {
                    return Err(AppError::invalid(
                        "",
                        "too-many-calls",
                        format!("it reaches more than {REACH_MAX} definitions"),
                    ));
                }
                if !loaded.processes.contains_key(key) {
                    let called = self.definition(DefinitionType::Process, key, Some(*version)).await?;
                    loaded.processes.insert(key.clone(), process_of(&called)?);
                    // What the caller is bound to wins: one instance runs one version of a component.
                    for (name, binding) in &called.bindings.components {
                        loaded.components.entry(name.clone()).or_insert_with(|| binding.clone());
                    }
                    open.push(called.bindings);
                }
            }
        }
        loaded.may_take_long = !loaded.decisions.is_empty() || loaded.processes.values().any(|one| may_take_long(one));
        Ok(loaded)
    }
}

/// Scripts may go round in loops without a wait, and expressions over lists.
fn may_take_long(process: &Process) -> bool {
    let has_script = process.nodes.iter().any(|node| matches!(node.kind, NodeKind::ScriptTask { .. }));
    // What cannot be written down is not known to be short.
    let text = serde_json::to_string(process).unwrap_or_else(|_| LONG_WORDS.concat());
    has_script || LONG_WORDS.iter().any(|word| text.contains(word))
}

fn unreadable(definition: &Definition, reason: impl std::fmt::Display) -> AppError {
    AppError::Store(store::StoreError::Corrupt {
        row: format!("definition {} version {}", definition.key, definition.version),
        reason: reason.to_string(),
    })
}

fn process_of(definition: &Definition) -> Result<Arc<Process>> {
    let graph: Graph =
        aside(|| serde_json::from_value(definition.compiled.clone())).map_err(|error| unreadable(definition, error))?;
    let process = graph.processes.into_iter().find(|process| process.id == definition.key);
    process.map(Arc::new).ok_or_else(|| unreadable(definition, "the process is not in its own model"))
}

fn decision_model(definition: &Definition) -> Result<dmn::Definitions> {
    aside(|| dmn::read(&definition.source, &dmn::Sources::none())).map_err(|problems| {
        let first = problems.first().map(ToString::to_string).unwrap_or_default();
        unreadable(definition, first)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(milliseconds: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_millis(milliseconds)
    }

    #[test]
    fn the_newest_version_is_known_for_a_second_and_until_something_is_deployed() {
        let library = Library::default();
        let (known, deployments) = library.newest("leave", at(0));
        assert_eq!(known, None);
        library.remember("leave", 3, deployments, at(0));
        assert_eq!(library.newest("leave", at(999)).0, Some(3));
        assert_eq!(library.newest("other", at(0)).0, None);
        assert_eq!(
            library.newest("leave", at(1_000)).0,
            None,
            "a deployment that nobody heard of is found after a second"
        );
        library.forget_newest();
        assert_eq!(library.newest("leave", at(1)).0, None);
    }

    #[test]
    fn a_version_that_was_read_before_a_deployment_is_not_remembered_after_it() {
        let library = Library::default();
        let (_, before) = library.newest("leave", at(0));
        library.forget_newest();
        library.remember("leave", 3, before, at(0));
        assert_eq!(library.newest("leave", at(0)).0, None);
    }
}
