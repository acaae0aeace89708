//! Questions that people keep: for themselves, for a space that they work in, or for everybody. What one answers is about what whoever asks
//! may see; its keeper gives nothing away with it.

use super::{Choice, Computed};
use crate::app::App;
use crate::error::{AppError, Result};
use domain::manifest::read::read_question;
use domain::report::{Audience, SavedQuery};
use domain::{Actor, PluginId, Problem, Report};
use serde_json::{Value, json};
use store::changeset::Noun;
use store::{Expect, Write};

/// What stands for the plugin in the name of a saved question.
pub const SAVED: &str = "saved";
/// Questions that one person keeps.
const SAVED_MAX: usize = 200;

/// A saved question with its id and version.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    pub id: String,
    pub query: SavedQuery,
    pub version: u32,
}

impl App {
    /// The saved questions that the caller may ask, by id.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn saved_queries(&self, actor: &Actor) -> Result<Vec<Kept>> {
        let all = self.store.saved_query_list(self.org()).await?;
        let kept = all.into_iter().filter(|(_, query, _)| self.may_ask(actor, query));
        Ok(kept.map(|(id, query, version)| Kept { id, query, version }).collect())
    }

    /// What these ask. One that what is installed now cannot answer is left out, and says why when it is asked.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn saved_reports(&self, actor: &Actor) -> Result<Vec<Report>> {
        let registry = self.registry();
        let kept = self.saved_queries(actor).await?.into_iter();
        Ok(kept.filter_map(|kept| read_question(&kept.id, &kept.query.question, &registry.kinds).ok()).collect())
    }

    /// One of them.
    ///
    /// # Errors
    /// There is none that the caller may ask.
    pub async fn saved_query(&self, actor: &Actor, id: &str) -> Result<Kept> {
        let found = self.store.saved_query_get(self.org(), id).await?;
        let found = found.filter(|(query, _)| self.may_ask(actor, query));
        let found = found.map(|(query, version)| Kept { id: id.to_owned(), query, version });
        found.ok_or_else(|| AppError::not_found("saved query", id))
    }

    /// Keep a question, or change one.
    ///
    /// # Errors
    /// Every problem of the question; the caller may not keep it for these readers; it is somebody else's.
    pub async fn saved_query_put(&self, actor: &Actor, id: &str, question: &Value, audience: Audience) -> Result<Kept> {
        let mut problems = crate::admin::check_word("/id", id);
        if let Err(found) = read_question(id, question, &self.registry().kinds) {
            problems.extend(
                found
                    .into_iter()
                    .map(|problem| Problem { pointer: format!("/question{}", problem.pointer), ..problem }),
            );
        }
        if let Audience::Space(space) = &audience
            && self
                .store
                .space_get(self.org(), &space.0)
                .await?
                .is_none_or(|_| !self.authz.may_read_space(actor, space))
        {
            let message = format!("there is no space `{space}` that you work in; choose another audience");
            problems.push(Problem::new("/audience/space", "unknown-space", message));
        }
        if !problems.is_empty() {
            return Err(AppError::Invalid(problems));
        }
        if audience == Audience::Everyone {
            self.platform(actor)?;
        }
        let known = self.store.saved_query_get(self.org(), id).await?;
        let owner = match &known {
            Some((known, _)) => {
                self.may_change(actor, id, known)?;
                known.owner.clone()
            }
            None => actor.id.clone().into(),
        };
        let query = SavedQuery { owner, audience, question: question.clone() };
        let version = known.as_ref().map_or(0, |(_, version)| *version);
        if known.as_ref().is_some_and(|(known, _)| *known == query) {
            return Ok(Kept { id: id.to_owned(), query, version });
        }
        if known.is_none() {
            let all = self.store.saved_query_list(self.org()).await?;
            if all.iter().filter(|(_, kept, _)| kept.owner == query.owner).count() >= SAVED_MAX {
                let message = format!("you keep {SAVED_MAX} questions already; remove one that you do not need");
                return Err(AppError::invalid("", "too-many", message));
            }
        }
        let data = json!({ "audience": query.audience, "question": query.question });
        let mut set = self.admin_set(actor, "saved-query", id, "saved-query.set", data);
        set.expects.push(Expect { noun: Noun::SavedQuery, id: id.to_owned(), version });
        set.writes.push(Write::SavedQuery { id: id.to_owned(), query: Box::new(query.clone()), version: version + 1 });
        self.commit(set).await?;
        Ok(Kept { id: id.to_owned(), query, version: version + 1 })
    }

    /// Remove a saved question.
    ///
    /// # Errors
    /// There is none that the caller may ask; it is somebody else's.
    pub async fn saved_query_remove(&self, actor: &Actor, id: &str) -> Result<()> {
        let kept = self.saved_query(actor, id).await?;
        self.may_change(actor, id, &kept.query)?;
        let mut set = self.admin_set(actor, "saved-query", id, "saved-query.removed", json!({}));
        set.expects.push(Expect { noun: Noun::SavedQuery, id: id.to_owned(), version: kept.version });
        set.writes.push(Write::RemoveSavedQuery(id.to_owned()));
        self.commit(set).await?;
        Ok(())
    }

    /// What a question that is not kept says.
    ///
    /// # Errors
    /// Every problem of the question; the store cannot be read.
    pub async fn question_try(&self, actor: &Actor, question: &Value, choice: &Choice) -> Result<Computed> {
        let report = read_question("trial", question, &self.registry().kinds).map_err(|problems| {
            let inside = |problem: Problem| Problem { pointer: format!("/question{}", problem.pointer), ..problem };
            AppError::Invalid(problems.into_iter().map(inside).collect())
        })?;
        self.computed(actor, PluginId(SAVED.to_owned()), report, choice).await
    }

    /// A saved question as what is installed now reads it.
    pub(super) async fn saved_report(&self, actor: &Actor, id: &str) -> Result<Report> {
        let kept = self.saved_query(actor, id).await?;
        read_question(id, &kept.query.question, &self.registry().kinds).map_err(AppError::Invalid)
    }

    fn may_ask(&self, actor: &Actor, query: &SavedQuery) -> bool {
        query.owner.as_str() == actor.id
            || match &query.audience {
                Audience::Owner => false,
                Audience::Space(space) => self.authz.may_read_space(actor, space),
                Audience::Everyone => true,
            }
    }

    /// Only its owner changes it; an administrator may change what others are shown.
    fn may_change(&self, actor: &Actor, id: &str, query: &SavedQuery) -> Result<()> {
        if query.owner.as_str() == actor.id || (self.may_ask(actor, query) && self.authz.administers_platform(actor)) {
            return Ok(());
        }
        Err(AppError::Forbidden(format!(
            "the name `{id}` is taken by a question that somebody else keeps; choose another one"
        )))
    }
}
