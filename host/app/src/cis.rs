//! Reading configuration items, their relations and their impact, as the caller may see them.

use crate::app::App;
use crate::authz::SpaceAction;
use crate::error::{AppError, Result};
use domain::ci::Direction;
use domain::{Actor, Ci, CiClass, CiId, CiRelation, SpaceId};
use serde::Serialize;
use std::collections::HashMap;
use store::Page;

/// CIs that one answer to an impact question names, at most.
pub const IMPACT_MAX: usize = 5000;
/// CIs that are read at once.
const READ_AT_ONCE: usize = 500;

/// A CI that an impact question reached.
#[derive(Debug, Clone, Serialize)]
pub struct ImpactNode {
    pub ci: Ci,
    pub distance: u32,
    /// Ids from the start to it; those that the caller may not see are left out.
    pub path: Vec<CiId>,
    /// How many were left out of the path: "through an item that you may not see".
    pub hidden_between: u32,
}

#[derive(Debug, Clone, Serialize)]
pub struct ImpactView {
    /// The nearest of those that the caller may see.
    pub items: Vec<ImpactNode>,
    /// All of those that the caller may see.
    pub total: u64,
    /// CIs that are reached and that the caller may not see: they count, and they are not named.
    pub hidden: u64,
    /// CIs that lose some of what they depend on, and live on what is left.
    pub at_risk: Vec<RiskNode>,
    /// Those of them that the caller may not see.
    pub at_risk_hidden: u64,
}

/// A CI that lives although some of what it depends on fails.
#[derive(Debug, Clone, Serialize)]
pub struct RiskNode {
    pub ci: Ci,
    /// Of those that it depends on: how many fail, how many there are, and how many it needs.
    pub failed: u32,
    pub of: u32,
    pub needs: u32,
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
        let relations = self.store.ci_relations(self.org(), id).await?;
        Ok(self.visible_relations(actor, id, relations).await)
    }

    /// Those of an item's relations whose other end the caller may see.
    pub(crate) async fn visible_relations(
        &self,
        actor: &Actor,
        id: &CiId,
        relations: Vec<CiRelation>,
    ) -> Vec<CiRelation> {
        let mut visible = Vec::with_capacity(relations.len());
        for relation in relations {
            let other = if relation.from == *id { &relation.to } else { &relation.from };
            if self.ci(actor, other).await.is_ok() {
                visible.push(relation);
            }
        }
        visible
    }

    /// What fails with a CI (down) or can make it fail (up): how many, and the nearest `limit`. What lies behind a CI that the caller may
    /// not see is told; of that CI only that it is there.
    ///
    /// # Errors
    /// There is no such CI for the caller.
    pub async fn ci_impact(&self, actor: &Actor, id: &CiId, direction: Direction, limit: usize) -> Result<ImpactView> {
        self.ci(actor, id).await?;
        let may_see = |space: &SpaceId| self.authz.may_read_space(actor, space);
        let reach = self.impact_of(id, direction, may_see, limit.min(IMPACT_MAX)).await?;
        let mut view = ImpactView {
            items: Vec::new(),
            total: reach.total,
            hidden: reach.hidden,
            at_risk: Vec::new(),
            at_risk_hidden: reach.at_risk_hidden,
        };
        for some in reach.at_risk.chunks(READ_AT_ONCE) {
            let ids: Vec<CiId> = some.iter().map(|node| node.id.clone()).collect();
            let cis = self.store.ci_get_many(self.org(), &ids).await?;
            let mut cis: HashMap<CiId, Ci> = cis.into_iter().map(|ci| (ci.id.clone(), ci)).collect();
            for node in some {
                match cis.remove(&node.id).filter(|ci| self.authz.may_read_ci(actor, ci)) {
                    Some(ci) => {
                        let (failed, of, needs) = (node.failed, node.of, node.needs);
                        view.at_risk.push(RiskNode { ci, failed, of, needs });
                    }
                    None => view.at_risk_hidden += 1,
                }
            }
        }
        for some in reach.shown.chunks(READ_AT_ONCE) {
            let ids: Vec<CiId> = some.iter().map(|node| node.id.clone()).collect();
            let cis = self.store.ci_get_many(self.org(), &ids).await?;
            let mut cis: HashMap<CiId, Ci> = cis.into_iter().map(|ci| (ci.id.clone(), ci)).collect();
            for node in some {
                match cis.remove(&node.id).filter(|ci| self.authz.may_read_ci(actor, ci)) {
                    Some(ci) => view.items.push(ImpactNode {
                        ci,
                        distance: node.distance,
                        path: node.path.clone(),
                        hidden_between: node.hidden_between,
                    }),
                    // It was moved to another space a moment ago.
                    None => (view.total, view.hidden) = (view.total - 1, view.hidden + 1),
                }
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
