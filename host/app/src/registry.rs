//! What is installed, as decisions see it: one immutable picture that is replaced as a whole when something is switched.

use crate::error::{AppError, Result};
use crate::port::plugins::Capability;
use domain::kind::Kinds;
use domain::manifest::{Grant, Manifest};
use domain::{CiClass, Digest, KindId, Object, PluginId};
use std::collections::BTreeMap;
use std::sync::Arc;

/// One plugin that is installed.
#[derive(Debug, Clone)]
pub struct Plugin {
    pub manifest: Arc<Manifest>,
    pub digest: Digest,
    pub size: u64,
    pub imports: Vec<String>,
    /// Its models, decision tables and forms.
    pub flows: Arc<Vec<crate::flow::Resource>>,
    pub capabilities: Vec<Capability>,
    pub grants: Arc<Vec<Grant>>,
    /// Its own settings, with defaults filled in.
    pub settings: Arc<Object>,
    pub enabled: bool,
    /// Why it cannot run although it is installed.
    pub broken: Option<String>,
    pub row_version: u32,
}

impl Plugin {
    #[must_use]
    pub fn id(&self) -> &PluginId {
        &self.manifest.id
    }

    /// Grants that the manifest asks for and nobody gave.
    #[must_use]
    pub fn missing_grants(&self) -> Vec<&Grant> {
        self.manifest
            .grants
            .iter()
            .filter(|wanted| !self.grants.iter().any(|given| given.permission == wanted.permission))
            .collect()
    }

    #[must_use]
    pub fn is_active(&self) -> bool {
        self.enabled && self.broken.is_none() && self.missing_grants().is_empty()
    }

    #[must_use]
    pub fn may_read(&self, target: &str) -> bool {
        self.grants.iter().any(|grant| grant.permission.allows_read(target))
    }

    #[must_use]
    pub fn may_effect(&self, name: &str, target: &str) -> bool {
        self.grants.iter().any(|grant| grant.permission.allows_effect(name, target))
    }

    #[must_use]
    pub fn has(&self, capability: Capability) -> bool {
        self.capabilities.contains(&capability)
    }

    /// The given settings over the defaults of the manifest.
    #[must_use]
    pub fn effective_settings(manifest: &Manifest, given: &Object) -> Object {
        let defaults = manifest.settings.iter().map(|setting| (setting.key.clone(), setting.default.clone()));
        let mut all: Object = defaults.collect();
        all.extend(given.clone());
        all
    }
}

/// The picture of one moment.
#[derive(Debug, Default)]
pub struct Registry {
    pub plugins: BTreeMap<PluginId, Arc<Plugin>>,
    pub kinds: Kinds,
    pub classes: Vec<CiClass>,
}

impl Registry {
    /// # Errors
    /// Kinds that cannot stand together, for example two plugins that define the same one.
    pub fn new(plugins: Vec<Plugin>, classes: Vec<CiClass>) -> Result<Self> {
        // A disabled practice keeps its kinds readable: its tickets stay visible, and only deciding about them stops.
        let kinds = plugins.iter().flat_map(|plugin| plugin.manifest.kinds.clone());
        let kinds = Kinds::new(kinds).map_err(AppError::Invalid)?;
        let plugins = plugins.into_iter().map(|plugin| (plugin.id().clone(), Arc::new(plugin))).collect();
        Ok(Self { plugins, kinds, classes })
    }

    #[must_use]
    pub fn plugin(&self, id: &PluginId) -> Option<&Arc<Plugin>> {
        self.plugins.get(id)
    }

    /// The plugins that have a say about tickets of a kind: the practice that owns it first, then by order and id.
    #[must_use]
    pub fn guards(&self, kind: &KindId) -> Vec<Arc<Plugin>> {
        let owner = self.kinds.get(kind).map(|kind| &kind.plugin);
        let mut guards: Vec<_> = self
            .plugins
            .values()
            .filter(|plugin| plugin.enabled && plugin.has(Capability::Guard))
            .filter_map(|plugin| {
                let rule = plugin.manifest.guard.as_ref().filter(|rule| rule.covers(kind))?;
                Some(((owner != Some(plugin.id()), rule.order, plugin.id().clone()), Arc::clone(plugin)))
            })
            .collect();
        guards.sort_by(|(left, _), (right, _)| left.cmp(right));
        guards.into_iter().map(|(_, plugin)| plugin).collect()
    }

    /// The plugins that want an event delivered.
    pub fn reactors<'a>(
        &'a self,
        event: &'a str,
        kind: Option<&'a KindId>,
        history: bool,
    ) -> impl Iterator<Item = &'a Arc<Plugin>> {
        self.plugins.values().filter(move |plugin| {
            plugin.enabled
                && plugin.has(Capability::React)
                && plugin
                    .manifest
                    .react
                    .as_ref()
                    .is_some_and(|rule| rule.covers(event, kind) && (rule.history || !history))
        })
    }
}

/// The target of a grant for tickets of a kind.
#[must_use]
pub fn ticket_target(kind: &KindId) -> String {
    format!("ticket:{kind}")
}

/// The target of a grant for records of a kind.
#[must_use]
pub fn record_target(kind: &KindId) -> String {
    format!("record:{kind}")
}
