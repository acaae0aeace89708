//! Deploying models: read, say everything that is wrong in all of them, resolve what they name, and keep a new version of what changed.
//!
//! What is deployed together may refer to each other. A process is only deployed when every component, process, decision and form that it
//! names is there; what each name stands for is kept with the version, and an instance never sees another one.
//!
//! Longer than 600 lines because reading, binding and keeping a model share what a model names.

use super::aside;
use crate::app::App;
use crate::authz::SpaceAction;
use crate::error::{AppError, Result};
use crate::port::plugins::Capability;
use crate::registry::Registry;
use bpmn::graph::{EventResult, Graph, Node, NodeKind, Process, TextOrExpression, Trigger};
use bpmn::{Report, dmn};
use domain::flow::{Bindings, ComponentBinding, Definition, DefinitionType, Subscription, Topic};
use domain::{Actor, Digest, JobId, PluginId, Problem, job};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use store::changeset::Noun;
use store::{Changeset, CommitError, Expect, NewJob, Write};

/// Files in one deployment.
const FILES_MAX: usize = 100;

/// A file to deploy. What it is follows from its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    pub file: String,
    pub text: String,
}

/// What came of a deployment.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Deployment {
    pub definitions: Vec<DeployedVersion>,
    pub warnings: Vec<Problem>,
}

/// One definition of a deployment.
#[derive(Debug, Clone, Serialize)]
pub struct DeployedVersion {
    #[serde(rename = "type")]
    pub definition_type: DefinitionType,
    pub key: String,
    pub version: u32,
    pub digest: Digest,
    /// False when the newest version was the same already.
    pub changed: bool,
}

/// Something that could become a version.
pub(super) struct Candidate {
    pub definition_type: DefinitionType,
    pub key: String,
    pub name: String,
    pub version_tag: Option<String>,
    pub source: String,
    pub compiled: Value,
    pub process: Option<Process>,
    pub file: String,
}

impl App {
    /// Check files as a deployment would, without deploying: errors and warnings, each with its place.
    ///
    /// # Errors
    /// Never for what is wrong with the files: that is the answer.
    pub async fn flow_lint(&self, resources: &[Resource]) -> Result<Report> {
        let (candidates, mut report) = aside(|| candidates(resources));
        let registry = self.registry();
        for candidate in &candidates {
            let (_, problems) = self.bind(&registry, None, candidate, &candidates).await?;
            report.errors.extend(problems);
        }
        Ok(report)
    }

    /// Deploy files together, all or none.
    ///
    /// # Errors
    /// Not an administrator of the platform; everything that is wrong with any file.
    pub async fn flow_deploy(&self, actor: &Actor, resources: &[Resource]) -> Result<Deployment> {
        self.in_space(actor, SpaceAction::Administer, &Actor::PLATFORM.into())?;
        self.deploy(actor, None, resources).await
    }

    pub(crate) async fn deploy(
        &self,
        actor: &Actor,
        plugin: Option<&PluginId>,
        resources: &[Resource],
    ) -> Result<Deployment> {
        if resources.len() > FILES_MAX {
            return Err(AppError::invalid("", "too-many-files", format!("a deployment has at most {FILES_MAX} files")));
        }
        let (mut candidates, report) = aside(|| candidates(resources));
        if !report.errors.is_empty() {
            return Err(AppError::Invalid(report.errors));
        }
        for form in candidates.iter_mut().filter(|one| one.definition_type == DefinitionType::Form) {
            form.key = form_key(plugin, &form.key);
        }
        if let Some(plugin) = plugin {
            candidates = self.without_edited(plugin, candidates).await?;
        }
        for _ in 0..=self.config.retries_max {
            let (set, mut deployment) = self.plan_deployment(actor, plugin, &candidates).await?;
            deployment.warnings.clone_from(&report.warnings);
            if set.writes.is_empty() {
                return Ok(deployment);
            }
            match self.commit(set).await {
                Ok(_) => return Ok(deployment),
                Err(CommitError::Conflict { .. }) => {}
                Err(other) => return Err(other.into()),
            }
        }
        Err(AppError::Contended { what: "the definitions".to_owned() })
    }

    /// What people made of a plugin's model stays the newest version until the plugin brings another model than it had: otherwise every
    /// start would undo their work.
    async fn without_edited(&self, plugin: &PluginId, candidates: Vec<Candidate>) -> Result<Vec<Candidate>> {
        let mut rest = Vec::with_capacity(candidates.len());
        for candidate in candidates {
            let versions =
                self.store.definition_versions(self.org(), candidate.definition_type, &candidate.key).await?;
            let edited = versions.first().is_some_and(|newest| newest.plugin.is_none());
            let brought = versions.iter().find(|version| version.plugin.as_ref() == Some(plugin));
            if !(edited && brought.is_some_and(|brought| brought.source == candidate.source)) {
                rest.push(candidate);
            }
        }
        Ok(rest)
    }

    async fn plan_deployment(
        &self,
        actor: &Actor,
        plugin: Option<&PluginId>,
        candidates: &[Candidate],
    ) -> Result<(Changeset, Deployment)> {
        let registry = self.registry();
        let mut problems = Vec::new();
        let mut deployment = Deployment::default();
        let mut set = Changeset::new(self.org().clone(), self.now());
        for candidate in candidates {
            let (bindings, unresolved) = self.bind(&registry, plugin, candidate, candidates).await?;
            problems.extend(unresolved);
            let newest = self.store.definition_get(self.org(), candidate.definition_type, &candidate.key, None).await?;
            if let Some(newest) = &newest
                && newest.plugin.as_ref() != plugin
                && newest.plugin.is_some()
                && plugin.is_some()
            {
                let owner = newest.plugin.as_ref().map_or("", |plugin| plugin.as_str());
                let message = format!("`{}` is a definition of the plugin `{owner}`; choose another id", candidate.key);
                problems.push(Problem::new("", "taken-id", message).at(&candidate.file, 1));
                continue;
            }
            let digest = digest(candidate, &bindings);
            let unchanged = newest.as_ref().filter(|newest| newest.digest == digest).map(|newest| newest.version);
            let version = unchanged.unwrap_or_else(|| newest.as_ref().map_or(0, |newest| newest.version) + 1);
            deployment.definitions.push(DeployedVersion {
                definition_type: candidate.definition_type,
                key: candidate.key.clone(),
                version,
                digest: digest.clone(),
                changed: unchanged.is_none(),
            });
            if unchanged.is_some() {
                continue;
            }
            let noun = format!("{}/{}", word(candidate.definition_type), candidate.key);
            set.expects.push(Expect { noun: Noun::Definition, id: noun.clone(), version: version - 1 });
            set.writes.push(Write::Definition(Box::new(Definition {
                definition_type: candidate.definition_type,
                key: candidate.key.clone(),
                version,
                name: candidate.name.clone(),
                version_tag: candidate.version_tag.clone(),
                digest: digest.clone(),
                plugin: plugin.cloned(),
                source: candidate.source.clone(),
                compiled: candidate.compiled.clone(),
                bindings,
                deployed_at: set.at,
                deployed_by: actor.id.clone(),
            })));
            let data = json!({ "version": version, "digest": digest, "plugin": plugin });
            let event = self.admin_set(actor, "definition", &noun, "definition.deployed", data).events;
            set.events.extend(event);
            if let Some(process) = &candidate.process {
                let before = newest.and_then(|newest| serde_json::from_value::<Graph>(newest.compiled).ok());
                let before = before.and_then(|graph| graph.processes.into_iter().find(|old| old.id == process.id));
                self.plan_starts(process, before.as_ref(), version, &mut set);
            }
        }
        if problems.is_empty() { Ok((set, deployment)) } else { Err(AppError::Invalid(problems)) }
    }

    /// Only the newest version of a process is started by messages, signals and timers.
    fn plan_starts(&self, process: &Process, before: Option<&Process>, version: u32, set: &mut Changeset) {
        let id = |node: &Node| format!("start:{}:{}", process.id, node.id);
        for node in before.into_iter().flat_map(|old| old.starts.iter().map(|start| &old.nodes[*start])) {
            set.writes.push(Write::Unsubscribe { id: id(node) });
            set.writes.push(Write::CancelJob { unique_key: id(node) });
        }
        for node in process.starts.iter().map(|start| &process.nodes[*start]) {
            let NodeKind::StartEvent { trigger, .. } = &node.kind else { continue };
            let topic = match trigger {
                Trigger::Message(message) => {
                    text(&message.name).map(|name| Topic::Message { name, key: String::new() })
                }
                Trigger::Signal { name } => text(name).map(|name| Topic::Signal { name }),
                Trigger::Timer(_) => {
                    let now = self.now();
                    let timer = super::timer::start_timer(node, now);
                    if let Some(due_at) = timer.and_then(|timer| timer.first(now)) {
                        set.jobs.push(NewJob {
                            id: JobId(self.new_id()),
                            work: job::Work::StartTimer {
                                process: process.id.clone(),
                                version,
                                node: node.id.clone(),
                                at: Some(due_at),
                            },
                            order_key: id(node),
                            due_at,
                            unique_key: Some(id(node)),
                            event: None,
                        });
                    }
                    None
                }
                _ => None,
            };
            if let Some(topic) = topic {
                set.writes.push(Write::Subscribe(Subscription {
                    id: id(node),
                    instance: None,
                    process: process.id.clone(),
                    element: node.id.clone(),
                    topic,
                }));
            }
        }
    }

    /// What every name in a process stands for now.
    async fn bind(
        &self,
        registry: &Registry,
        plugin: Option<&PluginId>,
        candidate: &Candidate,
        together: &[Candidate],
    ) -> Result<(Bindings, Vec<Problem>)> {
        let Some(process) = &candidate.process else { return Ok((Bindings::default(), Vec::new())) };
        let wanted = Wanted::of(process);
        let mut bindings = Bindings::default();
        let mut problems = Vec::new();
        let mut missing = |node: &str, code: &str, message: String| {
            problems.push(Problem::new(node, code, message).at(&candidate.file, 1));
        };
        for (name, node) in &wanted.steps {
            match component(registry, name, Capability::Automation) {
                Ok(binding) => drop(bindings.components.insert(name.clone(), binding)),
                Err(why) => missing(node, "flow-unknown-step", format!("`{node}`: {why}")),
            }
        }
        for (name, node) in &wanted.rules {
            match component(registry, name, Capability::Approval) {
                Ok(binding) => drop(bindings.components.insert(name.clone(), binding)),
                Err(why) => missing(node, "flow-unknown-rule", format!("`{node}`: {why}")),
            }
        }
        let names = [
            (DefinitionType::Process, &wanted.processes),
            (DefinitionType::Decision, &wanted.decisions),
            (DefinitionType::Form, &wanted.forms),
        ];
        for (definition_type, names) in names {
            for (name, node) in names {
                let key = &match definition_type {
                    DefinitionType::Form => form_key(plugin, name),
                    _ => name.clone(),
                };
                let newest = self.store.definition_get(self.org(), definition_type, key, None).await?;
                let here = together.iter().find(|one| one.definition_type == definition_type && one.key == *key);
                let version = match (here, newest) {
                    // Itself, or deployed together with it: the version that this deployment makes.
                    (Some(here), newest) => Some(self.version_of(here, newest.as_ref())),
                    (None, Some(newest)) => Some(newest.version),
                    (None, None) => None,
                };
                let Some(version) = version else {
                    let what = word(definition_type);
                    let message = format!(
                        "`{node}` names the {what} `{key}`, which is not deployed; deploy it first or together"
                    );
                    missing(node, "flow-unknown-definition", message);
                    continue;
                };
                let map = match definition_type {
                    DefinitionType::Process => &mut bindings.processes,
                    DefinitionType::Decision => &mut bindings.decisions,
                    DefinitionType::Form => &mut bindings.forms,
                };
                map.insert(key.clone(), version);
            }
        }
        Ok((bindings, problems))
    }

    /// The version that a candidate will have: the newest one if nothing about its source changed, else the next.
    fn version_of(&self, candidate: &Candidate, newest: Option<&Definition>) -> u32 {
        match newest {
            Some(newest) if candidate.process.is_none() && newest.digest == digest(candidate, &newest.bindings) => {
                newest.version
            }
            // A process that only its bindings change gets a new version too; a caller then points at the newer one.
            Some(newest) if newest.compiled == candidate.compiled && candidate.process.is_some() => newest.version,
            Some(newest) => newest.version + 1,
            None => 1,
        }
    }

    /// Why flows of a plugin are not deployed.
    pub(crate) fn flows_wait_for(&self, plugin: &PluginId) -> Option<String> {
        let waiting = self.undeployed.read().expect("nothing panics while it holds this lock");
        let problems = waiting.get(plugin)?;
        let list: Vec<_> = problems.iter().map(ToString::to_string).collect();
        Some(format!("its flows wait: {}", list.join("; ")))
    }

    /// Deploy the models of every active plugin whose components and callees are all there. What cannot be deployed yet is said in the
    /// log and on the plugin's page, and tried again when another plugin is switched on.
    pub(crate) async fn deploy_assets(&self, actor: &Actor) -> Result<()> {
        let registry = self.registry();
        let mut waiting = BTreeMap::new();
        for _ in 0..registry.plugins.len().max(1) {
            let mut progress = false;
            waiting.clear();
            for plugin in registry.plugins.values().filter(|plugin| plugin.is_active() && !plugin.flows.is_empty()) {
                match self.deploy(actor, Some(plugin.id()), &plugin.flows).await {
                    Ok(deployment) => progress |= deployment.definitions.iter().any(|one| one.changed),
                    Err(AppError::Invalid(problems)) => drop(waiting.insert(plugin.id().clone(), problems)),
                    Err(other) => return Err(other),
                }
            }
            if !progress {
                break;
            }
        }
        for (plugin, problems) in &waiting {
            let first = problems.first().map(ToString::to_string).unwrap_or_default();
            tracing::warn!(%plugin, problems = problems.len(), first, "flows of a plugin wait for what they name");
        }
        *self.undeployed.write().expect("nothing panics while it holds this lock") = waiting;
        Ok(())
    }
}

/// Forms are named by their file: two plugins may have one of the same name.
pub(super) fn form_key(plugin: Option<&PluginId>, name: &str) -> String {
    plugin.map_or_else(|| name.to_owned(), |plugin| format!("{plugin}/{name}"))
}

/// Everything that the files define, and everything that is wrong with them.
pub(super) fn candidates(resources: &[Resource]) -> (Vec<Candidate>, Report) {
    let mut all = Vec::new();
    let mut report = Report { errors: Vec::new(), warnings: Vec::new() };
    for resource in resources {
        let text = resource.text.trim_start();
        if text.starts_with('{') {
            form(resource, &mut all, &mut report);
        } else if resource.file.ends_with(".dmn") || text.contains("spec/DMN/") {
            decisions(resource, &mut all, &mut report);
        } else {
            processes(resource, &mut all, &mut report);
        }
    }
    let mut seen = BTreeSet::new();
    for candidate in &all {
        if !seen.insert((candidate.definition_type, candidate.key.clone())) {
            let message = format!("`{}` is in this deployment twice; rename or remove one", candidate.key);
            report.errors.push(Problem::new("", "duplicate-definition", message).at(&candidate.file, 1));
        }
    }
    (all, report)
}

fn processes(resource: &Resource, all: &mut Vec<Candidate>, report: &mut Report) {
    match bpmn::compile(&resource.file, &resource.text) {
        Err(found) => {
            report.errors.extend(found.errors);
            report.warnings.extend(found.warnings);
        }
        Ok(compiled) => {
            report.warnings.extend(compiled.warnings);
            let graph = serde_json::to_value(&compiled.graph).unwrap_or_default();
            for process in compiled.graph.processes {
                all.push(Candidate {
                    definition_type: DefinitionType::Process,
                    key: process.id.clone(),
                    name: if process.name.is_empty() { process.id.clone() } else { process.name.clone() },
                    version_tag: process.version_tag.clone(),
                    source: resource.text.clone(),
                    compiled: graph.clone(),
                    process: Some(process),
                    file: resource.file.clone(),
                });
            }
        }
    }
}

fn decisions(resource: &Resource, all: &mut Vec<Candidate>, report: &mut Report) {
    match dmn::read(&resource.text, &dmn::Sources::none()) {
        Err(problems) => {
            for problem in problems {
                let line = problem.line;
                let list =
                    if problem.severity == dmn::Severity::Error { &mut report.errors } else { &mut report.warnings };
                list.push(Problem::from(problem).at(&resource.file, line));
            }
        }
        Ok(model) => {
            let warnings = model.warnings().iter();
            report.warnings.extend(warnings.map(|one| Problem::from(one.clone()).at(&resource.file, one.line)));
            for decision in model.decisions() {
                all.push(Candidate {
                    definition_type: DefinitionType::Decision,
                    key: decision.id.to_string(),
                    name: decision.name.to_string(),
                    version_tag: None,
                    source: resource.text.clone(),
                    compiled: Value::Null,
                    process: None,
                    file: resource.file.clone(),
                });
            }
        }
    }
}

fn form(resource: &Resource, all: &mut Vec<Candidate>, report: &mut Report) {
    let key = resource.file.rsplit('/').next().unwrap_or_default().trim_end_matches(".json").to_owned();
    let problem = |code: &str, message: String| Problem::new("", code, message).at(&resource.file, 1);
    let schema: Value = match serde_json::from_str(&resource.text) {
        Ok(schema) => schema,
        Err(error) => {
            let line = u32::try_from(error.line()).unwrap_or(1);
            let message = format!("this is not JSON: {error}");
            report.errors.push(Problem::new("", "bad-json", message).at(&resource.file, line));
            return;
        }
    };
    if let Err(message) = domain::kind::compile_schema(&schema) {
        report.errors.push(problem("bad-schema", format!("a form is a JSON Schema (draft 2020-12): {message}")));
        return;
    }
    all.push(Candidate {
        definition_type: DefinitionType::Form,
        name: schema.get("title").and_then(Value::as_str).unwrap_or(&key).to_owned(),
        key,
        version_tag: None,
        source: resource.text.clone(),
        compiled: Value::Null,
        process: None,
        file: resource.file.clone(),
    });
}

impl Candidate {
    /// What is deployed already, as if it were among the files.
    pub(super) fn of(definition: &Definition) -> Self {
        let graph = serde_json::from_value::<Graph>(definition.compiled.clone()).ok();
        let process = graph.and_then(|graph| graph.processes.into_iter().find(|one| one.id == definition.key));
        Self {
            definition_type: definition.definition_type,
            key: definition.key.clone(),
            name: definition.name.clone(),
            version_tag: definition.version_tag.clone(),
            source: definition.source.clone(),
            compiled: definition.compiled.clone(),
            process,
            file: definition.key.clone(),
        }
    }
}

/// The processes, decisions and forms that a process names.
pub(super) fn named(process: &Process) -> Vec<(DefinitionType, String)> {
    let wanted = Wanted::of(process);
    let of = |definition_type, names: BTreeMap<String, String>| {
        names.into_keys().map(move |key| (definition_type, key)).collect::<Vec<_>>()
    };
    let mut all = of(DefinitionType::Process, wanted.processes);
    all.extend(of(DefinitionType::Decision, wanted.decisions));
    all.extend(of(DefinitionType::Form, wanted.forms));
    all
}

/// What a process names, each with the node that names it first.
#[derive(Default)]
struct Wanted {
    steps: BTreeMap<String, String>,
    rules: BTreeMap<String, String>,
    processes: BTreeMap<String, String>,
    decisions: BTreeMap<String, String>,
    forms: BTreeMap<String, String>,
}

impl Wanted {
    fn of(process: &Process) -> Self {
        let mut wanted = Self::default();
        for node in &process.nodes {
            let mut note = |map: fn(&mut Self) -> &mut BTreeMap<String, String>, name: &TextOrExpression| {
                if let Some(name) = text(name) {
                    map(&mut wanted).entry(name).or_insert_with(|| node.id.clone());
                }
            };
            match &node.kind {
                NodeKind::ServiceTask(step) => note(|wanted| &mut wanted.steps, &step.task_type),
                NodeKind::IntermediateThrowEvent { result: EventResult::Message { step: Some(step), .. } }
                | NodeKind::EndEvent { result: EventResult::Message { step: Some(step), .. } } => {
                    note(|wanted| &mut wanted.steps, &step.task_type);
                }
                NodeKind::CallActivity { process, .. } => note(|wanted| &mut wanted.processes, process),
                NodeKind::BusinessRuleTask { decision, .. } => note(|wanted| &mut wanted.decisions, &decision.decision),
                NodeKind::UserTask(task) => {
                    if let Some(form) = &task.form {
                        note(|wanted| &mut wanted.forms, &TextOrExpression::Text(form.clone()));
                    }
                    if let Some(approval) = &task.approval {
                        note(|wanted| &mut wanted.rules, &TextOrExpression::Text(approval.rule.clone()));
                    }
                }
                _ => {}
            }
        }
        wanted
    }
}

fn text(value: &TextOrExpression) -> Option<String> {
    match value {
        TextOrExpression::Text(text) => Some(text.clone()),
        TextOrExpression::Expression { .. } => None,
    }
}

/// `plugin/step`, `plugin` or either with `@major`.
fn component(registry: &Registry, name: &str, capability: Capability) -> Result<ComponentBinding, String> {
    let (path, major) = match name.split_once('@') {
        Some((path, major)) => (path, Some(major)),
        None => (name, None),
    };
    let (id, step) = match path.split_once('/') {
        Some((id, step)) => (id, Some(step)),
        None => (path, None),
    };
    let plugin = registry.plugin(&PluginId::from(id)).ok_or_else(|| {
        format!("`{name}` is of the plugin `{id}`, which is not installed; install and enable it first")
    })?;
    if !plugin.is_active() {
        return Err(format!("`{name}` is of the plugin `{id}`, which is not enabled; enable it first"));
    }
    if !plugin.has(capability) {
        return Err(match capability {
            Capability::Approval => format!("the plugin `{id}` is not an approval rule"),
            _ => format!("the plugin `{id}` offers no steps"),
        });
    }
    if let Some(step) = step
        && !plugin.manifest.steps.iter().any(|offered| offered.id == step)
    {
        let offered: Vec<_> = plugin.manifest.steps.iter().map(|step| step.id.as_str()).collect();
        return Err(format!("the plugin `{id}` has no step `{step}`; it offers {}", offered.join(", ")));
    }
    if let Some(major) = major
        && plugin.manifest.version.split('.').next() != Some(major)
    {
        let version = &plugin.manifest.version;
        return Err(format!("`{name}` wants version {major} of the plugin `{id}`; {version} is installed"));
    }
    Ok(ComponentBinding {
        plugin: plugin.id().clone(),
        digest: plugin.digest.clone(),
        wit: plugin.manifest.wit.clone(),
        settings: plugin.row_version,
    })
}

/// Over what is executed: the model and the components, processes, decisions and forms behind its names. Settings may change without a
/// new version: they are the administrator's, not the model's.
fn digest(candidate: &Candidate, bindings: &Bindings) -> Digest {
    let mut bindings = bindings.clone();
    for binding in bindings.components.values_mut() {
        binding.settings = 0;
    }
    // A process that calls itself is bound to its own next version, which must not make it differ from itself.
    bindings.processes.remove(&candidate.key);
    let content = json!([candidate.definition_type, candidate.key, candidate.compiled, bindings, {
        "source": if candidate.compiled.is_null() { candidate.source.as_str() } else { "" }
    }]);
    Digest(crate::hash::sha256(content.to_string().as_bytes()))
}

pub(super) fn word(definition_type: DefinitionType) -> &'static str {
    match definition_type {
        DefinitionType::Process => "process",
        DefinitionType::Decision => "decision",
        DefinitionType::Form => "form",
    }
}
