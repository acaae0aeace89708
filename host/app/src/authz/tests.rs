//! The compiled filters say what Cedar says: held against each other on random people and tickets, with the seed in the message.

use super::{Authz, SpaceAction, TicketAction};
use domain::kind::StateCategory;
use domain::ticket::{AccessList, TicketBundle};
use domain::{Actor, ActorKind, GroupId, Object, PersonId, Role, SpaceId, Ticket};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// A small generator of its own: the numbers only have to be the same for the same seed.
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n
    }

    fn coin(&mut self) -> bool {
        self.below(2) == 0
    }

    fn some<'a>(&mut self, of: &[&'a str]) -> Vec<&'a str> {
        of.iter().filter(|_| self.below(3) == 0).copied().collect()
    }

    fn maybe<'a>(&mut self, of: &[&'a str]) -> Option<&'a str> {
        let n = self.below(of.len() as u64 + 1);
        of.get(usize::try_from(n).expect("small")).copied()
    }
}

const PEOPLE: [&str; 3] = ["ada", "ben", "erin"];
const GROUPS: [&str; 2] = ["desk", "network"];
const SPACES: [&str; 3] = ["it", "hr", "*"];

fn actor(random: &mut Random) -> Actor {
    let mut roles: BTreeMap<SpaceId, BTreeSet<Role>> = BTreeMap::new();
    for space in random.some(&SPACES) {
        for role in Role::ALL {
            if random.below(4) == 0 {
                roles.entry(space.into()).or_default().insert(role);
            }
        }
    }
    Actor {
        kind: ActorKind::Person,
        id: PEOPLE[usize::try_from(random.below(3)).expect("small")].to_owned(),
        name: "somebody".to_owned(),
        roles,
        groups: random.some(&GROUPS).into_iter().map(GroupId::from).collect(),
        locale: "en".to_owned(),
        zone: "UTC".to_owned(),
    }
}

fn bundle(random: &mut Random) -> TicketBundle {
    let people = |random: &mut Random| random.some(&PEOPLE).into_iter().map(PersonId::from).collect::<Vec<_>>();
    TicketBundle {
        ticket: Ticket {
            id: "t1".into(),
            number: "INC1".to_owned(),
            kind: "incident".into(),
            space: SPACES[usize::try_from(random.below(2)).expect("small")].into(),
            state: "new".to_owned(),
            category: StateCategory::New,
            title: "a ticket".to_owned(),
            requester: random.maybe(&PEOPLE).map(PersonId::from),
            opened_by: random.maybe(&PEOPLE).map(PersonId::from),
            group: random.maybe(&GROUPS).map(GroupId::from),
            assignee: random.maybe(&PEOPLE).map(PersonId::from),
            parent: None,
            restricted: random.coin(),
            version: 1,
            opened_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
            resolved_at: None,
            closed_at: None,
            due_at: None,
            fields: Object::new(),
        },
        clocks: Vec::new(),
        watchers: people(random),
        access: AccessList {
            people: people(random),
            groups: random.some(&GROUPS).into_iter().map(GroupId::from).collect(),
        },
        links: Vec::new(),
        flows: Vec::new(),
    }
}

#[test]
fn the_filter_of_an_action_is_cedars_answer() {
    let authz = Authz::new();
    let seed = 0x5eed_2026_u64;
    let mut random = Random(seed);
    let mut allowed = 0;
    for round in 0..4_000 {
        let (actor, bundle) = (actor(&mut random), bundle(&mut random));
        for action in TicketAction::ALL {
            let cedar = authz.decide(&actor, action, &bundle);
            let filter = authz.ticket(&actor, action, &bundle);
            assert_eq!(cedar, filter, "seed {seed:#x}, round {round}, {action:?}\n{actor:?}\n{bundle:?}");
            allowed += u32::from(cedar);
        }
    }
    // Both answers occur often: otherwise the comparison would say little.
    assert!((5_000..23_000).contains(&allowed), "{allowed} of 28000 allowed");
}

#[test]
fn a_restricted_ticket_is_for_those_who_are_named() {
    let authz = Authz::new();
    let mut random = Random(7);
    let mut ticket = bundle(&mut random);
    ticket.ticket.restricted = true;
    ticket.ticket.space = "it".into();
    (ticket.ticket.requester, ticket.ticket.opened_by, ticket.ticket.assignee, ticket.watchers) =
        (Some("erin".into()), None, None, Vec::new());
    ticket.access = AccessList { people: vec!["ben".into()], groups: Vec::new() };
    let agent = |id: &str| Actor {
        id: id.to_owned(),
        roles: BTreeMap::from([("it".into(), BTreeSet::from([Role::Agent]))]),
        groups: BTreeSet::new(),
        ..actor(&mut Random(1))
    };

    assert!(!authz.may_read(&agent("ada"), &ticket), "an agent who is not named");
    assert!(authz.ticket(&agent("ben"), TicketAction::ReadInternal, &ticket), "an agent who is named");
    let erin = Actor { roles: BTreeMap::new(), ..agent("erin") };
    assert!(
        authz.may_read(&erin, &ticket) && !authz.ticket(&erin, TicketAction::ReadInternal, &ticket),
        "the requester"
    );
    let max = Actor {
        roles: BTreeMap::from([(Actor::PLATFORM.into(), BTreeSet::from([Role::Administrator]))]),
        ..agent("max")
    };
    assert!(!authz.may_read(&max, &ticket) && authz.administers_platform(&max), "the administrator");
    assert!(authz.space(&agent("ada"), SpaceAction::WriteCi, &"it".into()));
    assert!(!authz.space(&agent("ada"), SpaceAction::WriteRecord, &"it".into()));
}

#[test]
fn what_no_index_can_answer_is_refused() {
    let like =
        serde_json::json!({ "conditions": [{ "kind": "when", "body": { "like": { "left": {}, "pattern": [] } } }] });
    let error = super::residual::policy(&like).expect_err("`like` has no index");
    assert!(error.contains("`like`"), "{error}");
}

/// A component's questions are answered on a stack that is not the thread's; a thread with next to none is the same to Cedar.
#[test]
fn whoever_has_no_stack_left_is_decided_about_all_the_same() {
    let authz = Authz::new();
    let decided = std::thread::Builder::new()
        .stack_size(64 * 1024)
        .spawn(move || {
            let max = Actor {
                roles: BTreeMap::from([(Actor::PLATFORM.into(), BTreeSet::from([Role::Administrator]))]),
                ..actor(&mut Random(1))
            };
            (authz.administers_platform(&max), authz.ticket_filter(&max) != domain::filter::Filter::False)
        })
        .expect("a thread")
        .join();
    assert_eq!(decided.expect("no panic"), (true, true));
}

#[test]
fn a_record_is_shown_to_the_roles_that_its_kind_names_in_its_space() {
    let authz = Authz::new();
    let with = |space: &str, role: Role| Actor {
        roles: BTreeMap::from([(space.into(), BTreeSet::from([role]))]),
        ..actor(&mut Random(1))
    };
    let readers = [Role::Requester, Role::Approver];

    for _ in ["asked", "remembered"] {
        assert!(authz.may_read_shown(&with("it", Role::Requester), &"it".into(), &readers));
        assert!(authz.may_read_shown(&with(Actor::PLATFORM, Role::Approver), &"it".into(), &readers), "everywhere");
        assert!(!authz.may_read_shown(&with("hr", Role::Requester), &"it".into(), &readers), "elsewhere");
        assert!(!authz.may_read_shown(&with("it", Role::Agent), &"it".into(), &readers), "another role");
        assert!(!authz.may_read_shown(&with("it", Role::Requester), &"it".into(), &[]), "nobody is named");
    }
    assert!(
        !authz.may_read_space(&with("it", Role::Requester), &"it".into()),
        "being shown some is not looking around"
    );
}
