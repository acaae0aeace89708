//! Which right each effect needs.

use crate::app::App;
use crate::authz::{SpaceAction, TicketAction};
use crate::error::{AppError, Result};
use crate::registry::Registry;
use domain::ticket::Visibility;
use domain::{Actor, Effect, TicketId};
use engine::Wave;

impl App {
    /// Whether a person may have this effect. Field and transition rules of the kind are checked when it is applied.
    pub(crate) fn authorize_person(
        &self,
        actor: &Actor,
        registry: &Registry,
        wave: &Wave<'_>,
        effect: &Effect,
        subject: Option<&TicketId>,
    ) -> Result<()> {
        let forbidden = |message: &str| Err(AppError::Forbidden(message.to_owned()));
        match effect {
            Effect::CreateTicket(create) => {
                if create.imported.is_some() {
                    return forbidden("only an import may say what another system called a ticket");
                }
                let kind = registry.kinds.get(&create.kind);
                if kind.is_some_and(|kind| !self.authz.may_create(actor, &create.space, kind)) {
                    return forbidden(&format!("you may not create a {} in `{}`", create.kind, create.space));
                }
                // Whose it is and who works on it is for those who work there to say; others ask for themselves.
                let for_others = create.requester.as_ref().is_some_and(|person| person.0 != actor.id);
                if create.group.is_some() || create.assignee.is_some() || for_others {
                    self.in_space(actor, SpaceAction::Work, &create.space)?;
                }
                match &create.parent {
                    Some(parent) => self.on_ticket(actor, wave, parent, TicketAction::Update),
                    None => Ok(()),
                }
            }
            // Where it is counts as much as where it shall be: nobody moves a row out of a space that is not theirs. Whoever may create a
            // kind of record works on it too: what of it they may write is said by its fields and transitions.
            Effect::UpsertRecord(upsert) => {
                let writes = |kind: &domain::KindId, space: &domain::SpaceId| {
                    let kind = registry.kinds.get(kind);
                    if kind.is_some_and(|kind| self.authz.may_create(actor, space, kind)) {
                        return Ok(());
                    }
                    self.in_space(actor, SpaceAction::WriteRecord, space)
                };
                if let Some(known) = upsert.record.as_ref().and_then(|id| wave.record(id)) {
                    writes(&known.kind, &known.space)?;
                }
                writes(&upsert.kind, &upsert.space)
            }
            Effect::UpsertCi(upsert) => {
                let known = upsert.ci.as_ref().and_then(|id| wave.ci(id));
                let spaces = known.map(|ci| &ci.space).into_iter().chain([&upsert.space]);
                spaces.into_iter().try_for_each(|space| self.in_space(actor, SpaceAction::WriteCi, space))
            }
            // A relation changes what depends on what for both ends; the far end must be known, the near one must be theirs.
            Effect::RelateCis(relate) | Effect::UnrelateCis(relate) => {
                let ci = |id: &domain::CiId| wave.ci(id).filter(|ci| self.authz.may_read_ci(actor, ci));
                let from = ci(&relate.from).ok_or_else(|| AppError::not_found("CI", &relate.from.0))?;
                ci(&relate.to).ok_or_else(|| AppError::not_found("CI", &relate.to.0))?;
                self.in_space(actor, SpaceAction::WriteCi, &from.space)
            }
            Effect::Notify(_)
            | Effect::Call(_)
            | Effect::Mail(_)
            | Effect::StartClock(_)
            | Effect::PauseClock(_)
            | Effect::StopClock(_)
            | Effect::Schedule(_)
            | Effect::Unschedule(_)
            | Effect::StartFlow(_)
            | Effect::SendMessage(_) => forbidden(&format!("`{}` is for plugins", effect.name())),
            _ => {
                let Some(id) = effect.ticket().or(subject) else { return Ok(()) };
                let action = match effect {
                    Effect::Comment(comment) if comment.visibility == Visibility::Internal => {
                        TicketAction::CommentInternal
                    }
                    Effect::Comment(_) | Effect::Attach(_) => TicketAction::CommentPublic,
                    Effect::Assign(_) => TicketAction::Assign,
                    Effect::SetAccess(_) | Effect::ChangeAccess(_) => TicketAction::SetAccess,
                    Effect::SetField(set) if matches!(set.field.as_str(), "restricted" | "requester") => {
                        TicketAction::Assign
                    }
                    Effect::Watch(watch)
                        if watch.add.iter().chain(&watch.remove).all(|person| person.0 == actor.id) =>
                    {
                        TicketAction::Read
                    }
                    _ => TicketAction::Update,
                };
                self.on_ticket(actor, wave, id, action)?;
                match effect {
                    Effect::Link(link) | Effect::Unlink(link) => {
                        self.on_ticket(actor, wave, &link.other, TicketAction::Read)
                    }
                    Effect::SetParent(set) => set
                        .parent
                        .as_ref()
                        .map_or(Ok(()), |parent| self.on_ticket(actor, wave, parent, TicketAction::Update)),
                    _ => Ok(()),
                }
            }
        }
    }

    fn on_ticket(&self, actor: &Actor, wave: &Wave<'_>, id: &TicketId, action: TicketAction) -> Result<()> {
        let not_found = || AppError::not_found("ticket", &id.0);
        let bundle = &wave.ticket(id).ok_or_else(not_found)?.after;
        if !self.authz.may_read(actor, bundle) {
            return Err(not_found());
        }
        if self.authz.ticket(actor, action, bundle) {
            return Ok(());
        }
        let what = match action {
            TicketAction::Read | TicketAction::ReadInternal => "see this",
            TicketAction::Update => "change this ticket",
            TicketAction::Assign => "assign this ticket",
            TicketAction::CommentPublic => "comment on this ticket",
            TicketAction::CommentInternal => "write internal comments on this ticket",
            TicketAction::SetAccess => "say who may see this ticket",
        };
        Err(AppError::Forbidden(format!("you may not {what}")))
    }

    /// # Errors
    /// The actor may not.
    pub(crate) fn in_space(&self, actor: &Actor, action: SpaceAction, space: &domain::SpaceId) -> Result<()> {
        if self.authz.space(actor, action, space) {
            return Ok(());
        }
        let what = match action {
            SpaceAction::Read => "look around",
            SpaceAction::Work => "assign work or ask for others",
            SpaceAction::WriteRecord => "change records",
            SpaceAction::WriteCi => "change configuration items",
            SpaceAction::Administer => "change the set-up",
        };
        Err(AppError::Forbidden(format!("you may not {what} in `{space}`")))
    }

    /// # Errors
    /// The actor does not run the platform.
    pub(crate) fn platform(&self, actor: &Actor) -> Result<()> {
        if self.authz.administers_platform(actor) {
            return Ok(());
        }
        Err(AppError::Forbidden("this is for administrators of the platform".to_owned()))
    }
}
