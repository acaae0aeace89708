//! Authorization in one place: Cedar policies (`authz/policies.cedar`), checked against their schema when the process starts.
//!
//! For an actor and an action, Cedar evaluates the policies as far as it can without knowing the ticket. What is left is compiled into
//! a [`Filter`], once, and remembered. Lists, counts and searches put that filter into their query, and a single ticket is checked by
//! the same filter: there is no second path that could decide otherwise. Tests hold it against Cedar's own answer for whole tickets.

mod residual;

use cedar_policy::{
    Authorizer, Context, Decision, Entities, Entity, EntityId, EntityTypeName, EntityUid, PartialEntities,
    PartialEntityUid, PartialRequest, PolicySet, Request, Response, RestrictedExpression, Schema, ValidationMode,
    Validator,
};
use domain::filter::Filter;
use domain::ticket::TicketBundle;
use domain::{Actor, Ci, Kind, Role, SpaceId};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::str::FromStr;
use std::sync::{Arc, LazyLock, RwLock};

const POLICIES: &str = include_str!("authz/policies.cedar");
const SCHEMA: &str = include_str!("authz/schema.cedarschema");
/// See some of a kind's records without looking around in the space.
const READ_SHOWN: &str = "read-shown";
/// Remembered filters; more actors than this and the memory is emptied.
const REMEMBERED_MAX: usize = 10_000;

/// What somebody wants to do with a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
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

impl TicketAction {
    pub const ALL: [Self; 7] = [
        Self::Read,
        Self::ReadInternal,
        Self::Update,
        Self::Assign,
        Self::CommentPublic,
        Self::CommentInternal,
        Self::SetAccess,
    ];

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::ReadInternal => "read-internal",
            Self::Update => "update",
            Self::Assign => "assign",
            Self::CommentPublic => "comment-public",
            Self::CommentInternal => "comment-internal",
            Self::SetAccess => "set-access",
        }
    }
}

/// What somebody wants to do in a space.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SpaceAction {
    /// See records and CIs.
    Read,
    /// Assign work, and open tickets for others.
    Work,
    WriteRecord,
    WriteCi,
    /// Calendars, groups, settings of the space.
    Administer,
}

impl SpaceAction {
    fn name(self) -> &'static str {
        match self {
            Self::Read => "space-read",
            Self::Work => "work",
            Self::WriteRecord => "write-record",
            Self::WriteCi => "write-ci",
            Self::Administer => "administer",
        }
    }
}

/// Everything about an actor that a ticket policy may ask.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Who {
    id: String,
    roles: Vec<(SpaceId, Vec<Role>)>,
    groups: Vec<String>,
}

type Filters = HashMap<(Who, TicketAction), Arc<Filter>>;
/// By the roles that somebody has, and the roles that read: a few of each.
type Shown = HashMap<(BTreeSet<Role>, BTreeSet<Role>), bool>;

#[derive(Debug)]
pub struct Authz {
    policies: PolicySet,
    schema: Schema,
    filters: RwLock<Filters>,
    spaces: RwLock<HashMap<(SpaceAction, BTreeSet<Role>), bool>>,
    shown: RwLock<Shown>,
}

impl Default for Authz {
    fn default() -> Self {
        Self::new()
    }
}

impl Authz {
    /// # Panics
    /// The shipped policies do not fit their schema, or cannot be compiled into queries: a defect of the build that every test shows.
    #[must_use]
    pub fn new() -> Self {
        // Read and checked once in a process: they are constants of the build.
        static SHIPPED: LazyLock<(PolicySet, Schema)> = LazyLock::new(|| {
            let (schema, _) = Schema::from_cedarschema_str(SCHEMA).expect("the shipped schema is valid");
            let policies = PolicySet::from_str(POLICIES).expect("the shipped policies are valid");
            let checked = Validator::new(schema.clone()).validate(&policies, ValidationMode::Strict);
            assert!(checked.validation_passed(), "the shipped policies fit the shipped schema: {checked}");
            (policies, schema)
        });
        let (policies, schema) = SHIPPED.clone();
        Self { policies, schema, filters: RwLock::default(), spaces: RwLock::default(), shown: RwLock::default() }
    }

    /// Exactly the tickets on which the actor may do this, as a condition for the store's query.
    #[must_use]
    pub fn filter(&self, actor: &Actor, action: TicketAction) -> Arc<Filter> {
        let key = (who(actor), action);
        if let Some(filter) = self.filters.read().expect("nothing panics while it holds this lock").get(&key) {
            return Arc::clone(filter);
        }
        let filter = Arc::new(with_stack(|| self.partial(actor, action)).unwrap_or_else(|error| {
            // Closed, never open: a policy that cannot be compiled lets nobody in.
            tracing::error!(%error, action = action.name(), "policies could not be compiled into a query");
            Filter::False
        }));
        let mut filters = self.filters.write().expect("nothing panics while it holds this lock");
        if filters.len() >= REMEMBERED_MAX {
            filters.clear();
        }
        filters.insert(key, Arc::clone(&filter));
        filter
    }

    /// The tickets that the actor may see.
    #[must_use]
    pub fn ticket_filter(&self, actor: &Actor) -> Filter {
        (*self.filter(actor, TicketAction::Read)).clone()
    }

    #[must_use]
    pub fn ticket(&self, actor: &Actor, action: TicketAction, bundle: &TicketBundle) -> bool {
        self.filter(actor, action).matches(bundle)
    }

    #[must_use]
    pub fn may_read(&self, actor: &Actor, bundle: &TicketBundle) -> bool {
        self.ticket(actor, TicketAction::Read, bundle)
    }

    /// What is left of the policies when everything but the ticket is known.
    fn partial(&self, actor: &Actor, action: TicketAction) -> Result<Filter, String> {
        let person = person_entity(actor);
        let entities = Entities::from_entities([person], Some(&self.schema)).map_err(|error| error.to_string())?;
        let entities = PartialEntities::from_concrete(entities, &self.schema).map_err(|error| error.to_string())?;
        let request = PartialRequest::new(
            PartialEntityUid::from_concrete(uid("Person", &actor.id)),
            uid("Action", action.name()),
            PartialEntityUid::new(EntityTypeName::from_str("Ticket").expect("a valid name"), None),
            Some(Context::empty()),
            &self.schema,
        )
        .map_err(|error| error.to_string())?;
        let response = self.policies.tpe(&request, &entities, &self.schema).map_err(|error| error.to_string())?;
        if response.true_forbids().next().is_some() {
            return Ok(Filter::False);
        }
        let compile = |id: &cedar_policy::PolicyId| -> Result<Filter, String> {
            let policy = response.get_policy(id).ok_or_else(|| format!("no residual of `{id}`"))?;
            residual::policy(&policy.to_json().map_err(|error| error.to_string())?)
                .map_err(|error| format!("policy `{id}`: {error}"))
        };
        let mut allowed = if response.true_permits().next().is_some() { Filter::True } else { Filter::False };
        for id in response.residual_permits() {
            allowed = residual::or(allowed, compile(id)?);
        }
        for id in response.residual_forbids() {
            allowed = residual::and(allowed, Filter::Not(Box::new(compile(id)?)));
        }
        Ok(allowed)
    }

    /// Cedar's answer for a ticket that is known as a whole: the oracle that the compiled filters are held against.
    #[must_use]
    pub fn decide(&self, actor: &Actor, action: TicketAction, bundle: &TicketBundle) -> bool {
        self.answer(actor, action, bundle).is_some_and(|answer| answer.decision() == Decision::Allow)
    }

    /// The names of the policies that let the actor do this, in alphabetical order; none when it is refused.
    #[must_use]
    pub fn policies_that_permit(&self, actor: &Actor, action: TicketAction, bundle: &TicketBundle) -> Vec<String> {
        let answer = with_stack(|| self.answer(actor, action, bundle));
        self.names_of_policies(answer)
    }

    /// The names of the policies that let the actor do this in a space.
    #[must_use]
    pub fn policies_in_space(&self, actor: &Actor, action: SpaceAction, space: &SpaceId) -> Vec<String> {
        let roles = actor.roles_in(space);
        let answer = with_stack(|| self.answer_in_space(action.name(), actor, space, [("roles", names(&roles))]));
        self.names_of_policies(answer)
    }

    /// The names of the policies by which somebody is one of those to whom a kind shows some of its records.
    #[must_use]
    pub fn policies_that_show(&self, actor: &Actor, space: &SpaceId, readers: &[Role]) -> Vec<String> {
        let roles = actor.roles_in(space);
        let context = [("roles", names(&roles)), ("readers", names(readers))];
        self.names_of_policies(with_stack(|| self.answer_in_space(READ_SHOWN, actor, space, context)))
    }

    fn names_of_policies(&self, answer: Option<Response>) -> Vec<String> {
        let Some(answer) = answer.filter(|answer| answer.decision() == Decision::Allow) else { return Vec::new() };
        let name = |id: &cedar_policy::PolicyId| {
            self.policies.annotation(id, "id").map_or_else(|| id.to_string(), str::to_owned)
        };
        let mut names: Vec<String> = answer.diagnostics().reason().map(name).collect();
        names.sort();
        names
    }

    fn answer(&self, actor: &Actor, action: TicketAction, bundle: &TicketBundle) -> Option<Response> {
        let ticket = ticket_entity(bundle);
        let resource = ticket.uid();
        let entities = Entities::from_entities([person_entity(actor), ticket], Some(&self.schema)).ok()?;
        let request = Request::new(
            uid("Person", &actor.id),
            uid("Action", action.name()),
            resource,
            Context::empty(),
            Some(&self.schema),
        );
        Some(Authorizer::new().is_authorized(&request.ok()?, &self.policies, &entities))
    }

    #[must_use]
    pub fn may_create(&self, actor: &Actor, space: &SpaceId, kind: &Kind) -> bool {
        let roles = actor.roles_in(space);
        with_stack(|| {
            self.in_space("create", actor, space, [("roles", names(&roles)), ("create", names(&kind.create))])
        })
    }

    #[must_use]
    pub fn space(&self, actor: &Actor, action: SpaceAction, space: &SpaceId) -> bool {
        let key = (action, actor.roles_in(space));
        if let Some(allowed) = self.spaces.read().expect("nothing panics while it holds this lock").get(&key) {
            return *allowed;
        }
        let allowed = with_stack(|| self.in_space(action.name(), actor, space, [("roles", names(&key.1))]));
        self.spaces.write().expect("nothing panics while it holds this lock").insert(key, allowed);
        allowed
    }

    fn in_space<const N: usize>(
        &self,
        action: &str,
        actor: &Actor,
        space: &SpaceId,
        context: [(&str, RestrictedExpression); N],
    ) -> bool {
        self.answer_in_space(action, actor, space, context).is_some_and(|answer| answer.decision() == Decision::Allow)
    }

    fn answer_in_space<const N: usize>(
        &self,
        action: &str,
        actor: &Actor,
        space: &SpaceId,
        context: [(&str, RestrictedExpression); N],
    ) -> Option<Response> {
        let context = Context::from_pairs(context.map(|(key, value)| (key.to_owned(), value))).ok()?;
        let entities = Entities::from_entities([person_entity(actor)], Some(&self.schema)).ok()?;
        let request = Request::new(
            uid("Person", &actor.id),
            uid("Action", action),
            uid("Space", &space.0),
            context,
            Some(&self.schema),
        );
        Some(Authorizer::new().is_authorized(&request.ok()?, &self.policies, &entities))
    }

    #[must_use]
    pub fn may_read_space(&self, actor: &Actor, space: &SpaceId) -> bool {
        self.space(actor, SpaceAction::Read, space)
    }

    #[must_use]
    pub fn may_read_ci(&self, actor: &Actor, ci: &Ci) -> bool {
        self.may_read_space(actor, &ci.space)
    }

    /// Whether somebody is one of those in a space to whom a kind shows some of its records.
    #[must_use]
    pub fn may_read_shown(&self, actor: &Actor, space: &SpaceId, readers: &[Role]) -> bool {
        let key = (actor.roles_in(space), readers.iter().copied().collect::<BTreeSet<Role>>());
        if let Some(allowed) = self.shown.read().expect("nothing panics while it holds this lock").get(&key) {
            return *allowed;
        }
        let context = [("roles", names(&key.0)), ("readers", names(&key.1))];
        let allowed = with_stack(|| self.in_space(READ_SHOWN, actor, space, context));
        self.shown.write().expect("nothing panics while it holds this lock").insert(key, allowed);
        allowed
    }

    /// Runs the platform: people, spaces, plugins, settings.
    #[must_use]
    pub fn administers_platform(&self, actor: &Actor) -> bool {
        self.space(actor, SpaceAction::Administer, &SpaceId::from(Actor::PLATFORM))
    }
}

/// Cedar asks the thread how much stack is left, and refuses to evaluate anything when it is little. What a component asks for runs on a
/// stack of its own, of which the thread knows nothing: measured against the thread's, nothing may be left. Then there is a new one.
fn with_stack<T>(work: impl FnOnce() -> T) -> T {
    const NEEDED_BYTES: usize = 256 * 1024;
    const NEW_BYTES: usize = 1024 * 1024;
    stacker::maybe_grow(NEEDED_BYTES, NEW_BYTES, work)
}

fn who(actor: &Actor) -> Who {
    Who {
        id: actor.id.clone(),
        roles: actor.roles.iter().map(|(space, roles)| (space.clone(), roles.iter().copied().collect())).collect(),
        groups: actor.groups.iter().map(|group| group.0.clone()).collect(),
    }
}

fn uid(kind: &str, id: &str) -> EntityUid {
    EntityUid::from_type_name_and_id(EntityTypeName::from_str(kind).expect("a valid name"), EntityId::new(id))
}

fn text(value: &str) -> RestrictedExpression {
    RestrictedExpression::new_string(value.to_owned())
}

fn texts<'a>(values: impl IntoIterator<Item = &'a str>) -> RestrictedExpression {
    RestrictedExpression::new_set(values.into_iter().map(text))
}

fn names<'a>(roles: impl IntoIterator<Item = &'a Role>) -> RestrictedExpression {
    texts(roles.into_iter().map(|role| role.as_str()))
}

fn person_entity(actor: &Actor) -> Entity {
    let holds = |role: Role| {
        actor.roles.iter().filter(move |(_, roles)| roles.contains(&role)).map(|(space, _)| space.as_str())
    };
    let mut attributes = HashMap::from([
        ("id".to_owned(), text(&actor.id)),
        ("groups".to_owned(), texts(actor.groups.iter().map(|group| group.as_str()))),
    ]);
    for (role, name) in [(Role::Agent, "agent"), (Role::Manager, "manager"), (Role::Auditor, "auditor")] {
        attributes.insert(format!("{name}_in"), texts(holds(role).filter(|space| *space != Actor::PLATFORM)));
        attributes.insert(
            format!("{name}_everywhere"),
            RestrictedExpression::new_bool(holds(role).any(|space| space == Actor::PLATFORM)),
        );
    }
    Entity::new(uid("Person", &actor.id), attributes, HashSet::new()).expect("strings, sets and booleans evaluate")
}

fn ticket_entity(bundle: &TicketBundle) -> Entity {
    let ticket = &bundle.ticket;
    let mut attributes: HashMap<String, RestrictedExpression> = HashMap::from([
        ("space".to_owned(), text(&ticket.space.0)),
        ("restricted".to_owned(), RestrictedExpression::new_bool(ticket.restricted)),
        ("watchers".to_owned(), texts(bundle.watchers.iter().map(|person| person.as_str()))),
        ("access_people".to_owned(), texts(bundle.access.people.iter().map(|person| person.as_str()))),
        ("access_groups".to_owned(), texts(bundle.access.groups.iter().map(|group| group.as_str()))),
    ]);
    let optional: BTreeMap<&str, Option<&str>> = BTreeMap::from([
        ("requester", ticket.requester.as_ref().map(|person| person.as_str())),
        ("opened_by", ticket.opened_by.as_ref().map(|person| person.as_str())),
        ("assignee", ticket.assignee.as_ref().map(|person| person.as_str())),
        ("group", ticket.group.as_ref().map(|group| group.as_str())),
    ]);
    attributes.extend(optional.into_iter().filter_map(|(name, value)| Some((name.to_owned(), text(value?)))));
    Entity::new(uid("Ticket", &ticket.id.0), attributes, HashSet::new()).expect("strings, sets and booleans evaluate")
}

#[cfg(test)]
mod tests;
