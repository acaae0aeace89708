//! Ad-hoc sub-processes: people (or an expression) choose what is started. It ends when its completion condition holds, or, without
//! one, when all that was started has ended.

use crate::flow::instance::Resume;
use crate::flow::machine::{Fault, Machine, Work};
use crate::flow::port::{Event, IncidentCode, Key};
use bpmn::graph::{AdHoc, NodeIndex, NodeKind, Process};
use serde_json::Value;

impl Machine<'_> {
    pub(in crate::flow) fn activate_ad_hoc(
        &mut self,
        key: Key,
        process: &Process,
        ad_hoc: &AdHoc,
    ) -> Result<(), Fault> {
        let mut chosen = Vec::new();
        if let Some(active) = &ad_hoc.active {
            let wrong = |what: String| Fault::new(IncidentCode::Expression, what);
            let Value::Array(ids) = self.evaluate_json(key, active)? else {
                return Err(wrong(format!("`{}` must give a list of activity ids; change it", active.text())));
            };
            for id in ids {
                let found = id.as_str().and_then(|id| activity(process, ad_hoc, id));
                chosen.push(found.ok_or_else(|| {
                    wrong(format!("there is no activity {id} that could be started here; change `{}`", active.text()))
                })?);
            }
        }
        self.open_scope(key, &ad_hoc.event_sub_processes)?;
        self.start_ad_hoc(key, &chosen);
        Ok(())
    }

    pub(in crate::flow) fn start_ad_hoc(&mut self, key: Key, activities: &[NodeIndex]) {
        let process = self.process_of(key);
        if !activities.is_empty() {
            let activities = activities.iter().map(|node| process.nodes[*node].id.clone()).collect();
            self.event(Event::AdHocActivated { place: self.place(key), activities });
        }
        for node in activities {
            self.scope_mut(key).tokens += 1;
            self.create(key, *node, None);
        }
    }

    /// Something in a scope has ended: if the scope is an ad-hoc sub-process, ask its completion condition.
    pub(in crate::flow) fn settle_ad_hoc(&mut self, scope: Key) {
        if !self.is_alive(scope) || self.element(scope).node.is_none() {
            return;
        }
        let (process, node) = self.node_of(scope);
        let NodeKind::AdHocSubProcess(ad_hoc) = &process.nodes[node].kind else { return };
        let Some(completion) = ad_hoc.completion.as_ref().filter(|_| !self.scope(scope).closing) else { return };
        match self.condition(scope, completion, "the completion condition") {
            Ok(false) => {}
            Ok(true) => {
                self.scope_mut(scope).closing = true;
                if ad_hoc.cancel_remaining {
                    self.clear_scope(scope);
                }
                if self.scope(scope).tokens == 0 {
                    self.agenda.push_back(Work::Close(scope));
                }
            }
            Err(fault) => self.raise(scope, Resume::Settle, fault),
        }
    }

    fn clear_scope(&mut self, scope: Key) {
        let children = self.children(scope);
        self.terminate(&children);
        self.agenda.retain(|work| !matches!(work, Work::Take { scope: of, .. } if *of == scope));
        let state = self.scope_mut(scope);
        state.tokens = 0;
        if !std::mem::take(&mut state.waiting).is_empty() {
            self.event(Event::TokensDropped { scope });
        }
    }

    pub(in crate::flow) fn ad_hoc_may_close(&self, key: Key, ad_hoc: &AdHoc) -> bool {
        let scope = self.scope(key);
        scope.closing || scope.interrupted || ad_hoc.completion.is_none()
    }
}

/// An activity that can be started, by its id.
pub(in crate::flow) fn activity(process: &Process, ad_hoc: &AdHoc, id: &str) -> Option<NodeIndex> {
    ad_hoc.activities.iter().copied().find(|node| process.nodes[*node].id == id)
}
