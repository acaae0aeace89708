//! Installing, consenting, switching, configuring and removing plugins. Each is a change in the journal, and none needs a restart.

use crate::app::App;
use crate::error::{AppError, Result};
use crate::plugin::health::HealthReport;
use crate::port::plugins::{Capability, Inspection};
use crate::registry::{Plugin, Registry};
use domain::event::{Cause, EventDraft, Origin};
use domain::manifest::{ApprovalRule, Grant, Manifest, Setting, Step, read};
use domain::{Actor, Digest, Object, PluginId, Problem};
use serde::Serialize;
use serde_json::{Value, json};
use std::sync::Arc;
use store::changeset::Noun;
use store::{Changeset, Expect, InstalledPlugin, Write};

/// Where a plugin stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PluginState {
    Active,
    Disabled,
    /// It asks for grants that nobody gave; it runs when an administrator consents.
    ConsentNeeded,
    Quarantined,
    Broken,
}

#[derive(Debug, Clone, Serialize)]
pub struct GrantView {
    pub sentence: String,
    pub reason: String,
    pub granted: bool,
}

/// What the plugin page shows.
#[derive(Debug, Clone, Serialize)]
pub struct PluginView {
    pub id: PluginId,
    pub version: String,
    pub title: String,
    pub summary: String,
    pub digest: Digest,
    pub size: u64,
    pub enabled: bool,
    pub state: PluginState,
    pub reason: Option<String>,
    pub grants: Vec<GrantView>,
    pub capabilities: Vec<Capability>,
    pub kinds: Vec<String>,
    pub imports: Vec<String>,
    pub settings_schema: Vec<Setting>,
    pub settings: Object,
    /// What it offers to flows, with the schemas of inputs and outputs.
    pub steps: Vec<Step>,
    /// What its approval rule can be told, where it has one.
    pub approval: Option<ApprovalRule>,
    pub health: HealthReport,
}

impl App {
    /// Read a component and its manifest without installing or running it.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn plugin_inspect(&self, wasm: &[u8]) -> Result<(Inspection, Manifest)> {
        let inspection = self.plugins.inspect(wasm).map_err(AppError::Invalid)?;
        let manifest = read::read(&inspection.manifest, &inspection.assets);
        let flows = crate::flow::problems(&resources(&inspection));
        match manifest {
            Ok(manifest) if flows.is_empty() => Ok((inspection, manifest)),
            Ok(_) => Err(AppError::Invalid(flows)),
            Err(problems) => Err(AppError::Invalid(problems.into_iter().chain(flows).collect())),
        }
    }

    /// Install a component, or another version of one that is installed. It runs when its grants are given: see [`App::plugin_enable`].
    ///
    /// # Errors
    /// Not an administrator; anything wrong with the component; kinds that clash with another plugin's.
    pub async fn plugin_install(&self, actor: &Actor, wasm: Vec<u8>) -> Result<PluginView> {
        self.platform(actor)?;
        let _one_at_a_time = self.installing.lock().await;
        let (inspection, manifest) = self.plugin_inspect(&wasm)?;
        let wasm: Arc<[u8]> = wasm.into();
        let capabilities = self
            .plugins
            .prepare(&manifest.id, &inspection.digest, Arc::clone(&wasm))
            .await
            .map_err(AppError::Invalid)?;
        check_capabilities(&manifest, &capabilities)?;
        let known = self.registry().plugin(&manifest.id).cloned();
        let given = match &known {
            // Grants that were given stay given; new ones wait for consent.
            Some(plugin) => manifest
                .grants
                .iter()
                .filter(|grant| plugin.grants.iter().any(|old| old.permission == grant.permission))
                .cloned()
                .collect(),
            None => Vec::new(),
        };
        let settings = known.as_ref().map(|plugin| given_settings(plugin)).unwrap_or_default();
        let row = InstalledPlugin {
            id: manifest.id.clone(),
            digest: inspection.digest.clone(),
            version: manifest.version.clone(),
            enabled: known.as_ref().is_some_and(|plugin| plugin.enabled),
            grants: given,
            settings: check_settings(&manifest, settings).unwrap_or_default(),
            installed_at: self.now(),
            row_version: known.as_ref().map_or(0, |plugin| plugin.row_version) + 1,
        };
        self.fits(&manifest)?;
        let data = json!({ "version": row.version, "digest": row.digest, "replaces": known.as_ref().map(|plugin| &plugin.digest) });
        let component = Write::Component { digest: inspection.digest.clone(), wasm };
        self.write_plugin(actor, row, "plugin.installed", data, Some(component)).await?;
        self.health.resume(&manifest.id);
        // What the version before was put aside with is tried with this one, if nobody has to consent first.
        self.unhold_all().await?;
        self.deploy_assets(actor).await?;
        self.plugin_view(&manifest.id)
    }

    /// Consent to everything that the plugin asks for, and switch it on.
    ///
    /// # Errors
    /// Not an administrator, or not installed, or broken.
    pub async fn plugin_enable(&self, actor: &Actor, id: &PluginId) -> Result<PluginView> {
        self.platform(actor)?;
        let plugin = self.installed(id)?;
        if let Some(broken) = &plugin.broken {
            return Err(AppError::invalid("", "broken-plugin", format!("plugin `{id}` cannot run: {broken}")));
        }
        let mut row = row_of(&plugin, self.now());
        row.enabled = true;
        row.grants.clone_from(&plugin.manifest.grants);
        let sentences: Vec<_> = row.grants.iter().map(|grant| grant.permission.sentence()).collect();
        self.write_plugin(actor, row, "plugin.enabled", json!({ "grants": sentences }), None).await?;
        self.unhold(id).await?;
        self.deploy_assets(actor).await?;
        self.plugin_view(id)
    }

    /// Switch a plugin off. Its deliveries wait; its tickets stay readable.
    ///
    /// # Errors
    /// Not an administrator, or not installed.
    pub async fn plugin_disable(&self, actor: &Actor, id: &PluginId) -> Result<PluginView> {
        self.platform(actor)?;
        let mut row = row_of(&*self.installed(id)?, self.now());
        row.enabled = false;
        self.write_plugin(actor, row, "plugin.disabled", json!({}), None).await?;
        self.plugin_view(id)
    }

    /// End the quarantine of a plugin; what waited for it runs now.
    ///
    /// # Errors
    /// Not an administrator, or not installed.
    pub async fn plugin_resume(&self, actor: &Actor, id: &PluginId) -> Result<PluginView> {
        self.platform(actor)?;
        let plugin = self.installed(id)?;
        self.health.resume(id);
        self.write_plugin(actor, row_of(&plugin, self.now()), "plugin.resumed", json!({}), None).await?;
        self.unhold(id).await?;
        self.plugin_view(id)
    }

    /// Change a plugin's settings. Keys that are not given go back to their defaults.
    ///
    /// # Errors
    /// Not an administrator, not installed, unknown keys, values that do not fit their schema: all of them at once.
    pub async fn plugin_configure(&self, actor: &Actor, id: &PluginId, settings: Object) -> Result<PluginView> {
        self.platform(actor)?;
        self.plugin_settings_put(actor, id, settings).await?;
        self.plugin_view(id)
    }

    pub(crate) async fn plugin_settings_put(&self, actor: &Actor, id: &PluginId, settings: Object) -> Result<()> {
        let plugin = self.installed(id)?;
        let settings = check_settings(&plugin.manifest, settings).map_err(AppError::Invalid)?;
        let mut row = row_of(&plugin, self.now());
        let data = json!({ "from": row.settings, "to": settings });
        row.settings = settings;
        self.write_plugin(actor, row, "plugin.configured", data, None).await
    }

    /// Remove a plugin. One whose kinds still have tickets or records stays: they would be unreadable.
    ///
    /// # Errors
    /// Not an administrator, not installed, or still in use.
    pub async fn plugin_remove(&self, actor: &Actor, id: &PluginId) -> Result<()> {
        self.platform(actor)?;
        let plugin = self.installed(id)?;
        for kind in &plugin.manifest.kinds {
            let filter = domain::filter::Filter::eq(domain::filter::Field::Kind, kind.id.0.clone());
            let tickets = self.store.ticket_count(self.org(), &filter).await?;
            let records = self
                .store
                .record_list(self.org(), &kind.id, None, &domain::RecordScope::everything(), None, 1)
                .await?
                .items
                .len();
            if tickets > 0 || records > 0 {
                let message = format!(
                    "`{}` still has {tickets} tickets and {records} or more records; disable the plugin instead",
                    kind.id
                );
                return Err(AppError::invalid("", "plugin-in-use", message));
            }
        }
        let mut set = self.admin_set(actor, "plugin", &id.0, "plugin.removed", json!({ "digest": plugin.digest }));
        set.expects.push(Expect { noun: Noun::Plugin, id: id.0.clone(), version: plugin.row_version });
        set.writes.push(Write::RemovePlugin(id.clone()));
        self.commit(set).await?;
        self.reload_registry().await?;
        self.plugins.forget(&plugin.digest);
        Ok(())
    }

    /// Every installed plugin.
    ///
    /// # Errors
    /// Not somebody who runs the platform or audits it.
    pub fn plugin_list(&self, actor: &Actor) -> Result<Vec<PluginView>> {
        self.platform(actor)?;
        let registry = self.registry();
        Ok(registry.plugins.values().map(|plugin| self.view(plugin)).collect())
    }

    /// One installed plugin.
    ///
    /// # Errors
    /// Not an administrator, or not installed.
    pub fn plugin_get(&self, actor: &Actor, id: &PluginId) -> Result<PluginView> {
        self.platform(actor)?;
        self.plugin_view(id)
    }

    fn plugin_view(&self, id: &PluginId) -> Result<PluginView> {
        Ok(self.view(&*self.installed(id)?))
    }

    fn installed(&self, id: &PluginId) -> Result<Arc<Plugin>> {
        self.registry().plugin(id).cloned().ok_or_else(|| AppError::not_found("plugin", &id.0))
    }

    fn view(&self, plugin: &Plugin) -> PluginView {
        let health = self.health.report(plugin.id());
        let (state, reason) = match &plugin.broken {
            Some(broken) => (PluginState::Broken, Some(broken.clone())),
            None if health.quarantined => {
                (PluginState::Quarantined, health.last_fault.as_ref().map(|fault| fault.cause.clone()))
            }
            None if !plugin.enabled && plugin.missing_grants().is_empty() => (PluginState::Disabled, None),
            None if !plugin.missing_grants().is_empty() => {
                (PluginState::ConsentNeeded, Some("it asks for permissions that nobody gave yet".to_owned()))
            }
            None => (PluginState::Active, self.flows_wait_for(plugin.id())),
        };
        let manifest = &plugin.manifest;
        let grant = |grant: &Grant| GrantView {
            sentence: grant.permission.sentence(),
            reason: grant.reason.clone(),
            granted: plugin.grants.iter().any(|given| given.permission == grant.permission),
        };
        PluginView {
            id: manifest.id.clone(),
            version: manifest.version.clone(),
            title: manifest.title.clone(),
            summary: manifest.summary.clone(),
            digest: plugin.digest.clone(),
            size: plugin.size,
            enabled: plugin.enabled,
            state,
            reason,
            grants: manifest.grants.iter().map(grant).collect(),
            capabilities: plugin.capabilities.clone(),
            kinds: manifest.kinds.iter().map(|kind| kind.id.0.clone()).collect(),
            imports: plugin.imports.clone(),
            settings_schema: manifest.settings.clone(),
            settings: (*plugin.settings).clone(),
            steps: manifest.steps.clone(),
            approval: manifest.approval.clone(),
            health,
        }
    }

    /// Whether the kinds of a new version fit those of everybody else.
    fn fits(&self, manifest: &Manifest) -> Result<()> {
        let registry = self.registry();
        let others = registry
            .plugins
            .values()
            .filter(|plugin| *plugin.id() != manifest.id)
            .flat_map(|plugin| plugin.manifest.kinds.clone());
        domain::kind::Kinds::new(others.chain(manifest.kinds.clone())).map(|_| ()).map_err(AppError::Invalid)
    }

    async fn write_plugin(
        &self,
        actor: &Actor,
        mut row: InstalledPlugin,
        kind: &str,
        data: Value,
        component: Option<Write>,
    ) -> Result<()> {
        let known = self.registry().plugin(&row.id).map_or(0, |plugin| plugin.row_version);
        row.row_version = known + 1;
        let mut set = self.admin_set(actor, "plugin", &row.id.0, kind, data);
        set.expects.push(Expect { noun: Noun::Plugin, id: row.id.0.clone(), version: known });
        set.writes.extend(component);
        set.writes.push(Write::Plugin(Box::new(row)));
        self.commit(set).await?;
        self.reload_registry().await
    }

    /// A changeset for an administrative change with its line in the journal.
    pub(crate) fn admin_set(
        &self,
        actor: &Actor,
        subject_kind: &str,
        subject: &str,
        kind: &str,
        data: Value,
    ) -> Changeset {
        let mut set = Changeset::new(self.org().clone(), self.now());
        let command = self.new_id();
        set.events.push(EventDraft {
            subject_kind: subject_kind.to_owned(),
            subject: subject.to_owned(),
            space: Actor::PLATFORM.to_owned(),
            at: self.now(),
            actor: actor.id.clone(),
            kind: kind.to_owned(),
            data,
            cause: Cause { correlation: command.clone(), command, depth: 0, origin: Origin::Person, chain: Vec::new() },
        });
        set
    }

    /// Read what is installed and put a new picture in place of the old one. A component that cannot be loaded is shown as broken; the
    /// others run. A store that does not answer says nothing about a component: the old picture stays, and the caller tries again.
    pub(crate) async fn reload_registry(&self) -> Result<()> {
        let _one_at_a_time = self.reloading.lock().await;
        let mut plugins = Vec::new();
        for row in self.store.plugin_list(self.org()).await? {
            match self.load_plugin(&row).await {
                Ok(plugin) => plugins.push(plugin),
                Err(error) if error.is_passing() => return Err(error),
                Err(error) => tracing::error!(plugin = %row.id, %error, "an installed plugin cannot be read"),
            }
        }
        let classes = self.store.ci_class_list(self.org()).await?;
        let registry = Registry::new(plugins, classes)?;
        *self.registry.write().expect("nothing panics while it holds this lock") = Arc::new(registry);
        Ok(())
    }

    async fn load_plugin(&self, row: &InstalledPlugin) -> Result<Plugin> {
        let known = self.registry().plugin(&row.id).filter(|plugin| plugin.digest == row.digest).cloned();
        let (manifest, size, imports, flows, capabilities, broken) = match known {
            Some(plugin) => (
                Arc::clone(&plugin.manifest),
                plugin.size,
                plugin.imports.clone(),
                Arc::clone(&plugin.flows),
                plugin.capabilities.clone(),
                plugin.broken.clone(),
            ),
            None => {
                let wasm = self.store.component_get(self.org(), &row.digest).await?;
                let wasm: Arc<[u8]> = wasm.ok_or_else(|| AppError::not_found("component", &row.digest.0))?.into();
                let (inspection, manifest) = self.plugin_inspect(&wasm)?;
                let (capabilities, broken) = match self.plugins.prepare(&row.id, &row.digest, wasm).await {
                    Ok(capabilities) => (capabilities, None),
                    Err(problems) => (Vec::new(), Some(list(&problems))),
                };
                let flows = Arc::new(resources(&inspection));
                (Arc::new(manifest), inspection.size, inspection.imports, flows, capabilities, broken)
            }
        };
        Ok(Plugin {
            settings: Arc::new(Plugin::effective_settings(&manifest, &row.settings)),
            digest: row.digest.clone(),
            size,
            imports,
            flows,
            capabilities,
            grants: Arc::new(row.grants.clone()),
            enabled: row.enabled,
            broken,
            row_version: row.row_version,
            manifest,
        })
    }
}

/// The models, decision tables and forms among the assets.
fn resources(inspection: &Inspection) -> Vec<crate::flow::Resource> {
    let is_flow = |path: &str| {
        path.ends_with(".bpmn") || path.ends_with(".dmn") || (path.starts_with("forms/") && path.ends_with(".json"))
    };
    let flows = inspection.assets.iter().filter(|(path, _)| is_flow(path));
    flows
        .map(|(path, content)| crate::flow::Resource {
            file: path.clone(),
            text: String::from_utf8_lossy(content).into_owned(),
        })
        .collect()
}

fn list(problems: &[Problem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

fn row_of(plugin: &Plugin, now: jiff::Timestamp) -> InstalledPlugin {
    InstalledPlugin {
        id: plugin.id().clone(),
        digest: plugin.digest.clone(),
        version: plugin.manifest.version.clone(),
        enabled: plugin.enabled,
        grants: (*plugin.grants).clone(),
        settings: given_settings(plugin),
        installed_at: now,
        row_version: plugin.row_version,
    }
}

/// The settings that differ from their defaults.
fn given_settings(plugin: &Plugin) -> Object {
    let default =
        |key: &str| plugin.manifest.settings.iter().find(|setting| setting.key == key).map(|setting| &setting.default);
    plugin
        .settings
        .iter()
        .filter(|(key, value)| default(key) != Some(value))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

/// A manifest that says it guards must come with a component that can.
fn check_capabilities(manifest: &Manifest, capabilities: &[Capability]) -> Result<()> {
    let mut problems = Vec::new();
    let mut need = |declared: bool, capability: Capability, table: &str, interface: &str| {
        if declared && !capabilities.contains(&capability) {
            let message = format!("the manifest has {table}, but the component does not export `{interface}`");
            problems.push(Problem::new(format!("/{}", table.trim_matches(['[', ']'])), "missing-export", message));
        }
    };
    need(manifest.guard.is_some(), Capability::Guard, "[guard]", "weft:practice/guard");
    need(manifest.react.is_some(), Capability::React, "[react]", "weft:practice/react");
    need(!manifest.steps.is_empty(), Capability::Automation, "[[step]]", "weft:automation/step");
    if problems.is_empty() { Ok(()) } else { Err(AppError::Invalid(problems)) }
}

fn check_settings(manifest: &Manifest, settings: Object) -> Result<Object, Vec<Problem>> {
    let mut problems = Vec::new();
    for (key, value) in &settings {
        let pointer = format!("/{key}");
        let Some(setting) = manifest.settings.iter().find(|setting| setting.key == *key) else {
            let known: Vec<_> = manifest.settings.iter().map(|setting| setting.key.as_str()).collect();
            let message = format!("`{}` has no setting `{key}`; it has {}", manifest.id, known.join(", "));
            problems.push(Problem::new(pointer, "unknown-setting", message));
            continue;
        };
        match domain::kind::compile_schema(&setting.schema) {
            Err(message) => problems.push(Problem::new(pointer, "bad-schema", message)),
            Ok(validator) => {
                let errors = validator.iter_errors(value);
                problems.extend(errors.map(|error| {
                    Problem::new(format!("{pointer}{}", error.instance_path()), "invalid-value", error.to_string())
                }));
            }
        }
    }
    if problems.is_empty() { Ok(settings) } else { Err(problems) }
}
