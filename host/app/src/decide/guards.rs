//! The say of the plugins before a change is committed.

use super::component::{check_grant, plugin_problem, raw, understood};
use crate::app::App;
use crate::error::{AppError, Result};
use crate::port::plugins::GuardInput;
use crate::registry::{Plugin, Registry};
use crate::snapshot::ReadSet;
use domain::change::Command;
use domain::{Effect, KindId, TicketId};
use engine::Wave;
use std::sync::{Arc, Mutex};

impl App {
    /// Ask every guard about every ticket that is being changed; what they add is applied and checked like anything else.
    pub(crate) async fn ask_guards(
        self: &Arc<Self>,
        command: &Command,
        registry: &Registry,
        wave: &mut Wave<'_>,
        reads: &Arc<Mutex<ReadSet>>,
        applied: &mut Vec<Effect>,
    ) -> Result<()> {
        for id in wave.touched() {
            let kind = wave.ticket(&id).expect("touched tickets are there").after.ticket.kind.clone();
            self.owner_is_ready(registry, &kind)?;
            for plugin in registry.guards(&kind) {
                let owner = registry.kinds.get(&kind).is_some_and(|kind| kind.plugin == *plugin.id());
                if !owner && (!plugin.is_active() || self.health.is_quarantined(plugin.id())) {
                    metrics::counter!("weft_guards_skipped_total", "plugin" => plugin.id().0.clone()).increment(1);
                    continue;
                }
                self.ask_guard(&plugin, &id, command, wave, reads, applied).await?;
            }
        }
        self.ask_about_records(command, registry, wave, reads, applied).await
    }

    /// Ask one guard about one ticket. It is shown what was applied so far, which may be nothing.
    pub(crate) async fn ask_guard(
        self: &Arc<Self>,
        plugin: &Arc<Plugin>,
        id: &TicketId,
        command: &Command,
        wave: &mut Wave<'_>,
        reads: &Arc<Mutex<ReadSet>>,
        applied: &mut Vec<Effect>,
    ) -> Result<()> {
        let working = wave.ticket(id).expect("touched tickets are there");
        let input = GuardInput {
            before: working.before.as_ref().map(|bundle| bundle.ticket.clone()),
            after: working.after.ticket.clone(),
            effects: working.effects.iter().filter_map(raw).collect(),
            clocks: working.before.as_ref().map(|bundle| bundle.clocks.clone()).unwrap_or_default(),
        };
        let space = input.after.space.clone();
        let call = self.call(plugin, command, &space, reads);
        let started = self.clock.now();
        let answer = self.plugins.guard(call, input).await;
        let raw_effects = match self.observe(plugin, started, answer)? {
            Ok(effects) => effects,
            Err(problems) => return Err(AppError::Rejected { plugin: plugin.id().0.clone(), problems }),
        };
        let by = self.by_plugin(plugin, &command.actor, &space);
        for (index, effect) in understood(plugin, raw_effects)?.into_iter().enumerate() {
            let pointer = format!("/plugins/{}/{index}", plugin.id());
            if effect.ticket().is_some_and(|other| other != id) {
                return Err(plugin_problem(
                    plugin,
                    &pointer,
                    "a guard may only add effects on the ticket that it was asked about",
                ));
            }
            check_grant(plugin, wave, &effect, Some(id)).map_err(|why| plugin_problem(plugin, &pointer, &why))?;
            wave.apply(&effect, Some(id), &by, None, &pointer);
            applied.push(effect);
        }
        Ok(())
    }

    /// A ticket is only decided about while the practice that owns its kind can.
    pub(super) fn owner_is_ready(&self, registry: &Registry, kind: &KindId) -> Result<()> {
        let owner = registry.kinds.get(kind).and_then(|kind| registry.plugin(&kind.plugin));
        match owner {
            Some(plugin) if self.health.is_quarantined(plugin.id()) => {
                Err(AppError::Quarantined { plugin: plugin.id().0.clone() })
            }
            Some(plugin) if plugin.is_active() => Ok(()),
            Some(plugin) => Err(AppError::Forbidden(format!(
                "`{kind}` is decided by the plugin `{}`, which is not enabled; an administrator can enable it",
                plugin.id()
            ))),
            None => Err(AppError::not_found("kind", &kind.0)),
        }
    }
}
