//! Reading configuration items, their relations and their impact, as the caller may see them.

use crate::app::App;
use crate::authz::SpaceAction;
use crate::error::{AppError, Result};
use domain::ci::Direction;
use domain::{Actor, Ci, CiClass, CiId, CiRelation};
use serde::Serialize;
use std::collections::BTreeSet;
use store::Page;

/// CIs in one answer to an impact question.
const IMPACT_MAX: usize = 5000;

/// A CI that an impact question reached.
#[derive(Debug, Clone, Serialize)]
pub struct ImpactNode {
    pub ci: Ci,
    pub distance: u32,
    /// Ids from the start to it; those that the caller may not see are left out.
    pub path: Vec<CiId>,
}

#[derive(Debug, Clone, Serialize)]
pub struct ImpactView {
    pub items: Vec<ImpactNode>,
    /// CIs that are reached and that the caller may not see: they count, and they are not named.
    pub hidden: u64,
}

impl App {
    /// # Errors
    /// There is none that the caller may see.
    pub async fn ci(&self, actor: &Actor, id: &CiId) -> Result<Ci> {
        let found = self.store.ci_get(self.org(), id).await?;
        found.filter(|ci| self.authz.may_read_ci(actor, ci)).ok_or_else(|| AppError::not_found("CI", &id.0))
    }

    /// Whether the caller may change a CI that they see.
    ///
    /// # Errors
    /// They may not.
    pub fn may_write_ci(&self, actor: &Actor, ci: &Ci) -> Result<()> {
        self.in_space(actor, SpaceAction::WriteCi, &ci.space)
    }

    /// A page of the CIs that the caller may see, by name.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn ci_list(
        &self,
        actor: &Actor,
        text: &str,
        class: Option<&str>,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page<Ci>> {
        let spaces = self.visible_spaces(actor).await?;
        Ok(self.store.ci_list(self.org(), spaces.as_deref(), text, class, after, limit.clamp(1, 200)).await?)
    }

    /// Relations of a CI to others that the caller may see.
    ///
    /// # Errors
    /// There is no such CI for the caller.
    pub async fn ci_relations(&self, actor: &Actor, id: &CiId) -> Result<Vec<CiRelation>> {
        self.ci(actor, id).await?;
        let mut visible = Vec::new();
        for relation in self.store.ci_relations(self.org(), id).await? {
            let other = if relation.from == *id { &relation.to } else { &relation.from };
            if self.ci(actor, other).await.is_ok() {
                visible.push(relation);
            }
        }
        Ok(visible)
    }

    /// What fails with a CI (down) or can make it fail (up), nearest first.
    ///
    /// # Errors
    /// There is no such CI for the caller.
    pub async fn ci_impact(&self, actor: &Actor, id: &CiId, direction: Direction) -> Result<ImpactView> {
        self.ci(actor, id).await?;
        let reached = self.impact_of(id, direction, IMPACT_MAX).await?;
        let mut seen = BTreeSet::from([id.clone()]);
        let mut view = ImpactView { items: Vec::new(), hidden: 0 };
        for node in reached {
            match self.ci(actor, &node.id).await {
                Ok(ci) => {
                    seen.insert(node.id);
                    let path = node.path.into_iter().filter(|id| seen.contains(id)).collect();
                    view.items.push(ImpactNode { ci, distance: node.distance, path });
                }
                Err(AppError::NotFound(_)) => view.hidden += 1,
                Err(other) => return Err(other),
            }
        }
        Ok(view)
    }

    #[must_use]
    pub fn ci_class_list(&self) -> Vec<CiClass> {
        self.registry().classes.clone()
    }

    /// The spaces whose records and CIs the caller may see; `None` for all of them.
    pub(crate) async fn visible_spaces(&self, actor: &Actor) -> Result<Option<Vec<String>>> {
        let spaces = self.store.space_list(self.org()).await?;
        let visible: Vec<String> = spaces
            .iter()
            .filter(|space| self.authz.space(actor, SpaceAction::Read, &space.id))
            .map(|space| space.id.0.clone())
            .collect();
        Ok((visible.len() < spaces.len()).then_some(visible))
    }
}
