//! Authorization in one place.

use domain::filter::{Field, Filter, Set};
use domain::ticket::TicketBundle;
use domain::{Actor, Ci, Kind, Role, SpaceId};

/// What somebody wants to do with a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TicketAction {
    Read,
    /// See internal comments and the work of others on it.
    ReadInternal,
    /// Change fields, state and links, as far as the kind's rules let the role.
    Update,
    Assign,
    CommentPublic,
    CommentInternal,
    /// Say who may see a restricted ticket.
    SetAccess,
}

/// What somebody wants to do in a space.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SpaceAction {
    /// See records and CIs.
    Read,
    WriteRecord,
    WriteCi,
    /// Calendars, groups, settings of the space.
    Administer,
}

#[derive(Debug)]
pub struct Authz {}

impl Authz {
    #[must_use]
    pub fn new() -> Self {
        Self {}
    }

    #[must_use]
    pub fn ticket(&self, actor: &Actor, action: TicketAction, bundle: &TicketBundle) -> bool {
        let ticket = &bundle.ticket;
        let me = Some(&actor.id);
        let involved = ticket.requester.as_ref().map(|p| &p.0) == me
            || ticket.opened_by.as_ref().map(|p| &p.0) == me
            || bundle.watchers.iter().any(|p| p.0 == actor.id);
        let named = bundle.access.people.iter().any(|p| p.0 == actor.id)
            || bundle.access.groups.iter().any(|g| actor.groups.contains(g));
        let assigned = ticket.assignee.as_ref().map(|p| &p.0) == me
            || (!ticket.restricted && ticket.group.as_ref().is_some_and(|g| actor.groups.contains(g)));
        let has = |role| actor.has_role(&ticket.space, role);
        let staff = !ticket.restricted && (has(Role::Agent) || has(Role::Manager));
        let works = assigned || staff || (named && (has(Role::Agent) || has(Role::Manager)));
        match action {
            TicketAction::Read => involved || named || works || (!ticket.restricted && has(Role::Auditor)),
            TicketAction::ReadInternal => works || (!ticket.restricted && has(Role::Auditor)),
            TicketAction::Update | TicketAction::CommentPublic => involved || works,
            TicketAction::Assign | TicketAction::CommentInternal | TicketAction::SetAccess => works,
        }
    }

    #[must_use]
    pub fn may_read(&self, actor: &Actor, bundle: &TicketBundle) -> bool {
        self.ticket(actor, TicketAction::Read, bundle)
    }

    /// Exactly the tickets that `may_read` allows, as a condition for the store's query.
    #[must_use]
    pub fn ticket_filter(&self, actor: &Actor) -> Filter {
        let me = vec![actor.id.clone()];
        let groups: Vec<String> = actor.groups.iter().map(|g| g.0.clone()).collect();
        let open = Filter::eq(Field::Restricted, "false");
        let staffed: Vec<String> = actor
            .roles
            .iter()
            .filter(|(_, roles)| roles.iter().any(|r| matches!(r, Role::Agent | Role::Manager | Role::Auditor)))
            .map(|(space, _)| space.0.clone())
            .collect();
        let in_spaces = if staffed.iter().any(|s| s == Actor::PLATFORM) { Filter::True } else { Filter::In(Field::Space, staffed) };
        Filter::Or(vec![
            Filter::In(Field::Requester, me.clone()),
            Filter::In(Field::OpenedBy, me.clone()),
            Filter::Any(Set::Watchers, me.clone()),
            Filter::In(Field::Assignee, me.clone()),
            Filter::Any(Set::AccessPeople, me),
            Filter::Any(Set::AccessGroups, groups.clone()),
            Filter::And(vec![open.clone(), Filter::In(Field::Group, groups)]),
            Filter::And(vec![open, in_spaces]),
        ])
    }

    #[must_use]
    pub fn may_create(&self, actor: &Actor, space: &SpaceId, kind: &Kind) -> bool {
        let roles = actor.roles_in(space);
        kind.create.iter().any(|role| roles.contains(role))
    }

    #[must_use]
    pub fn space(&self, actor: &Actor, action: SpaceAction, space: &SpaceId) -> bool {
        let roles = actor.roles_in(space);
        let any = |wanted: &[Role]| wanted.iter().any(|role| roles.contains(role));
        match action {
            SpaceAction::Read => any(&[Role::Agent, Role::Manager, Role::Auditor, Role::Administrator]),
            SpaceAction::WriteRecord => any(&[Role::Manager, Role::Administrator]),
            SpaceAction::WriteCi => any(&[Role::Agent, Role::Manager]),
            SpaceAction::Administer => any(&[Role::Administrator]),
        }
    }

    #[must_use]
    pub fn may_read_space(&self, actor: &Actor, space: &SpaceId) -> bool {
        self.space(actor, SpaceAction::Read, space)
    }

    #[must_use]
    pub fn may_read_ci(&self, actor: &Actor, ci: &Ci) -> bool {
        self.may_read_space(actor, &ci.space)
    }

    /// Runs the platform: people, spaces, plugins, settings.
    #[must_use]
    pub fn administers_platform(&self, actor: &Actor) -> bool {
        actor.has_role(&SpaceId::from(Actor::PLATFORM), Role::Administrator)
    }
}
