//! Lists: the compiled filter means what [`Filter::matches`] means, and pages stay right while rows change.

use super::Harness;
use super::data::{Dice, at, object, org, put_ticket, ticket, write};
use crate::{Cursor, IndexRow, IndexScope, Sort, Store, TicketQuery, Write};
use domain::filter::{Field, Filter, Set};
use domain::kind::StateCategory;
use domain::ticket::{AccessList, TicketBundle};
use domain::{Link, Ticket};
use serde_json::{Value, json};
use std::collections::BTreeSet;

type Made = Box<dyn Harness>;

pub const FIELDS: [Field; 12] = [
    Field::Id,
    Field::Number,
    Field::Kind,
    Field::Space,
    Field::State,
    Field::Category,
    Field::Requester,
    Field::OpenedBy,
    Field::Group,
    Field::Assignee,
    Field::Parent,
    Field::Restricted,
];
const SETS: [Set; 4] = [Set::Watchers, Set::AccessPeople, Set::AccessGroups, Set::Links];
pub const WORDS: [&str; 8] = ["t1", "t2", "t3", "ana", "ben", "desk", "new", "it"];
const NAMES: [&str; 7] = ["impact", "a.b", "a b", "x\"y", "back\\slash", "größe", "$[0]"];
pub const SORTS: [Sort; 4] = [Sort::OpenedAt, Sort::UpdatedAt, Sort::DueAt, Sort::Number];
const TICKETS: usize = 60;
const FILTERS: usize = 600;

fn values() -> Vec<Value> {
    vec![
        json!(null),
        json!(true),
        json!(false),
        json!(0),
        json!(1),
        json!(1.0),
        json!(-3.25),
        json!("1"),
        json!(""),
        json!("it's \"ü\" \u{1f980} \\ \n"),
        json!(9_007_199_254_740_993_i64),
    ]
}

fn maybe<T: From<&'static str>>(dice: &mut Dice) -> Option<T> {
    if dice.one_in(2) { None } else { Some((*dice.pick(&WORDS)).into()) }
}

/// A ticket that has something for every random filter.
pub fn random_ticket(dice: &mut Dice, number: usize) -> Ticket {
    let mut one = Ticket {
        kind: (*dice.pick(&["incident", "it", "change"])).into(),
        space: (*dice.pick(&["it", "hr"])).into(),
        state: (*dice.pick(&["new", "done"])).to_owned(),
        category: *dice.pick(&StateCategory::ALL),
        title: (*dice.pick(&["Drucker brennt", "ÄRGER im Büro", "100 % \"zu\" _langsam_", "it's new"])).to_owned(),
        requester: maybe(dice),
        opened_by: maybe(dice),
        group: maybe(dice),
        assignee: maybe(dice),
        parent: maybe(dice),
        restricted: dice.one_in(3),
        opened_at: at(i64::try_from(dice.below(10)).unwrap()),
        updated_at: at(i64::try_from(dice.below(10)).unwrap()),
        due_at: if dice.one_in(3) { None } else { Some(at(i64::try_from(dice.below(6)).unwrap())) },
        ..ticket(&format!("t{number}"))
    };
    for name in NAMES {
        if !dice.one_in(3) {
            one.fields.insert(name.to_owned(), dice.pick(&values()).clone());
        }
    }
    one
}

/// Random tickets in the store, and what the oracle sees of them.
async fn fill(store: &dyn Store, dice: &mut Dice) -> Vec<TicketBundle> {
    for number in 0..TICKETS {
        let one = random_ticket(dice, number);
        let id = one.id.clone();
        let access = AccessList {
            people: (0..dice.below(3))
                .map(|_| (*dice.pick(&WORDS)).into())
                .collect::<BTreeSet<_>>()
                .into_iter()
                .collect(),
            groups: (0..dice.below(3))
                .map(|_| (*dice.pick(&WORDS)).into())
                .collect::<BTreeSet<_>>()
                .into_iter()
                .collect(),
        };
        let mut writes = vec![Write::Ticket(Box::new(one)), Write::Access { ticket: id.clone(), access }];
        for _ in 0..dice.below(3) {
            writes.push(Write::Watch { ticket: id.clone(), person: (*dice.pick(&WORDS)).into() });
        }
        for _ in 0..dice.below(2) {
            let to = format!("t{}", dice.below(5)).as_str().into();
            writes.push(Write::Link(Link { from: id.clone(), link_type: "relates-to".to_owned(), to }));
        }
        write(store, writes).await;
    }
    let mut bundles = Vec::new();
    for number in 0..TICKETS {
        bundles.push(store.ticket_load(&org(), &format!("t{number}")).await.unwrap().unwrap());
    }
    bundles
}

/// A condition that some random tickets meet.
pub fn random_filter(dice: &mut Dice, depth: usize) -> Filter {
    let words = |dice: &mut Dice| -> Vec<String> {
        let mut words: Vec<String> = (0..dice.below(12)).map(|_| (*dice.pick(&WORDS)).to_owned()).collect();
        words.push((*dice.pick(&["true", "false", "active", "closed", "INC-t7", "t1"])).to_owned());
        words.truncate(dice.below(12));
        words
    };
    match dice.below(if depth == 0 { 7 } else { 10 }) {
        0 => Filter::In(*dice.pick(&FIELDS), words(dice)),
        1 => Filter::Empty(*dice.pick(&FIELDS)),
        2 => Filter::Any(*dice.pick(&SETS), words(dice)),
        3 => Filter::FieldEquals((*dice.pick(&NAMES)).to_owned(), dice.pick(&values()).clone()),
        4 => Filter::Text((*dice.pick(&["", "BÜRO", "inc T1", "% \"zu\"", "_", "it's", "brennt drucker"])).to_owned()),
        5 => Filter::True,
        6 => Filter::False,
        7 => Filter::Not(Box::new(random_filter(dice, depth - 1))),
        8 => Filter::And((0..dice.below(4)).map(|_| random_filter(dice, depth - 1)).collect()),
        _ => Filter::Or((0..dice.below(4)).map(|_| random_filter(dice, depth - 1)).collect()),
    }
}

/// Every page of a list, in order.
async fn all(store: &dyn Store, mut query: TicketQuery) -> Vec<Ticket> {
    let mut found = Vec::new();
    loop {
        let page = store.ticket_list(&org(), &query).await.unwrap();
        assert!(page.items.len() <= query.limit as usize);
        found.extend(page.items);
        assert!(found.len() <= TICKETS * 4, "the list does not end");
        match page.next {
            Some(next) => query.after = Some(next),
            None => return found,
        }
    }
}

fn sort_value(sort: Sort, ticket: &Ticket) -> (i64, String) {
    match sort {
        Sort::OpenedAt => (ticket.opened_at.as_microsecond(), String::new()),
        Sort::UpdatedAt => (ticket.updated_at.as_microsecond(), String::new()),
        Sort::DueAt => (ticket.due_at.map_or(0, |due| due.as_microsecond()), String::new()),
        Sort::Number => (0, ticket.number.clone()),
    }
}

fn in_order<'a>(bundles: &'a [TicketBundle], query: &TicketQuery) -> Vec<&'a Ticket> {
    let mut found: Vec<&Ticket> =
        bundles.iter().filter(|one| query.filter.matches(one)).map(|one| &one.ticket).collect();
    found.sort_by(|left, right| {
        let is_last = |ticket: &Ticket| query.sort == Sort::DueAt && ticket.due_at.is_none();
        let key = |ticket: &Ticket| (sort_value(query.sort, ticket), ticket.id.clone());
        let order = key(left).cmp(&key(right));
        is_last(left).cmp(&is_last(right)).then(if query.descending { order.reverse() } else { order })
    });
    found
}

/// What the search index is told of a ticket is what decisions read of it; pages by id have each ticket once.
async fn indexed_rows_are_what_is_loaded(store: &dyn Store, bundles: &[TicketBundle]) {
    let mut expected: Vec<TicketBundle> = bundles.to_vec();
    expected.sort_by(|left, right| left.ticket.id.cmp(&right.ticket.id));
    let mut rows = Vec::new();
    loop {
        let after = rows.last().map(|row: &IndexRow| row.ticket.id.clone());
        let page = store.ticket_index_rows(&org(), &IndexScope::After(after), 7).await.unwrap();
        if page.is_empty() {
            break;
        }
        rows.extend(page);
    }
    let some = ["t3", "t0", "nobody"].map(|id| id.into()).to_vec();
    let some = store.ticket_index_rows(&org(), &IndexScope::Among(some), 10).await.unwrap();
    assert_eq!(some.iter().map(|row| row.ticket.id.as_str()).collect::<Vec<_>>(), ["t0", "t3"]);
    let archived = store.ticket_index_rows(&org(), &IndexScope::ArchivedSince(at(0), None), 10).await.unwrap();
    assert_eq!(archived, []);
    assert_eq!(rows.len(), expected.len());
    for (row, bundle) in rows.into_iter().zip(expected) {
        let sorted = |mut all: Vec<String>| {
            all.sort();
            all
        };
        let ids = |all: &[domain::PersonId]| sorted(all.iter().map(|id| id.0.clone()).collect());
        assert_eq!((&row.ticket, row.archived), (&bundle.ticket, false));
        assert_eq!(ids(&row.watchers), ids(&bundle.watchers));
        assert_eq!(ids(&row.access.people), ids(&bundle.access.people));
        let groups = |all: &[domain::GroupId]| sorted(all.iter().map(|id| id.0.clone()).collect());
        assert_eq!(groups(&row.access.groups), groups(&bundle.access.groups));
    }
}

pub async fn agree_with_the_oracle(made: Made) {
    let store = made.store();
    for seed in [1, 20_26, 0xfeed_beef] {
        let mut dice = Dice(seed);
        let bundles = fill(&*store, &mut dice).await;
        indexed_rows_are_what_is_loaded(&*store, &bundles).await;
        for round in 0..FILTERS {
            let filter = random_filter(&mut dice, 3);
            let query = TicketQuery {
                filter,
                sort: *dice.pick(&SORTS),
                descending: dice.one_in(2),
                after: None,
                limit: u32::try_from(1 + dice.below(30)).unwrap(),
            };
            let expected = in_order(&bundles, &query);
            let count = store.ticket_count(&org(), &query.filter).await.unwrap();
            assert_eq!(count, expected.len() as u64, "seed {seed}, round {round}: {:?}", query.filter);
            if round % 4 == 0 {
                let found = all(&*store, query.clone()).await;
                assert!(found.iter().eq(expected), "seed {seed}, round {round}: {query:?}");
            }
        }
    }
}

pub async fn treat_values_as_values(made: Made) {
    let store = made.store();
    let bad = "') OR 1=1 -- \" $1 ?1 \0";
    put_ticket(&*store, ticket("t1")).await;
    let odd = Ticket { fields: object(json!({ bad: bad })), ..ticket("t2") };
    put_ticket(&*store, odd).await;
    for filter in [
        Filter::eq(Field::Number, bad),
        Filter::Any(Set::Watchers, vec![bad.to_owned()]),
        Filter::Text(bad.to_owned()),
        Filter::FieldEquals("x".to_owned(), json!(bad)),
        Filter::FieldEquals(bad.to_owned(), json!(1)),
    ] {
        assert_eq!(store.ticket_count(&org(), &filter).await.unwrap(), 0, "{filter:?}");
    }
    let filter = Filter::FieldEquals(bad.to_owned(), json!(bad));
    assert_eq!(store.ticket_count(&org(), &filter).await.unwrap(), 1);
}

pub async fn visit_every_ticket_once_while_rows_change(made: Made) {
    let store = made.store();
    for number in 0..40 {
        let one = Ticket { opened_at: at(number / 4), ..ticket(&format!("t{number:02}")) };
        put_ticket(&*store, one).await;
    }
    for descending in [false, true] {
        let mut query = TicketQuery { filter: Filter::True, sort: Sort::OpenedAt, descending, after: None, limit: 7 };
        let mut visited = Vec::new();
        loop {
            let page = store.ticket_list(&org(), &query).await.unwrap();
            visited.extend(page.items.iter().map(|one| one.id.0.clone()).filter(|id| id.starts_with('t')));
            // Rows that were passed change, and new ones appear before the cursor.
            let last = page.items.last().unwrap();
            put_ticket(&*store, Ticket { version: 2, title: "changed".to_owned(), ..last.clone() }).await;
            let before = if descending { 1_000 } else { -1_000 };
            let added = format!("new-{descending}-{}", visited.len());
            put_ticket(&*store, Ticket { opened_at: at(before), ..ticket(&added) }).await;
            match page.next {
                Some(next) => query.after = Some(next),
                None => break,
            }
        }
        let distinct: BTreeSet<_> = visited.iter().collect();
        assert_eq!((visited.len(), distinct.len()), (40, 40));
    }
}

pub async fn put_tickets_without_due_time_last(made: Made) {
    let store = made.store();
    for (id, due) in [("a", None), ("b", Some(2)), ("c", Some(1)), ("d", None), ("e", Some(2))] {
        put_ticket(&*store, Ticket { due_at: due.map(at), ..ticket(id) }).await;
    }
    for limit in 1..=6 {
        for (descending, expected) in [(false, "cbead"), (true, "ebcda")] {
            let query = TicketQuery { filter: Filter::True, sort: Sort::DueAt, descending, after: None, limit };
            let found: String = all(&*store, query).await.into_iter().map(|one| one.id.0).collect();
            assert_eq!(found, expected, "limit {limit}");
        }
    }
    let odd = Cursor { value: Some("x".to_owned()), id: "a".to_owned() };
    let query = TicketQuery { filter: Filter::True, sort: Sort::DueAt, descending: false, after: Some(odd), limit: 5 };
    assert!(store.ticket_list(&org(), &query).await.is_err());
}

pub async fn count_by_value(made: Made) {
    let store = made.store();
    for (id, assignee) in [("a", Some("ana")), ("b", Some("ana")), ("c", None), ("d", Some("ben")), ("e", Some("ana"))]
    {
        put_ticket(&*store, Ticket { assignee: assignee.map(Into::into), restricted: id == "a", ..ticket(id) }).await;
    }
    let by = async |filter: Filter, field| store.ticket_count_by(&org(), &filter, field).await.unwrap();
    let found = by(Filter::True, Field::Assignee).await;
    assert_eq!(found[0], (Some("ana".to_owned()), 3));
    assert_eq!(
        found[1..].iter().cloned().collect::<BTreeSet<_>>(),
        BTreeSet::from([(None, 1), (Some("ben".to_owned()), 1)])
    );
    assert_eq!(by(Filter::False, Field::Kind).await, []);
    let restricted = by(Filter::True, Field::Restricted).await;
    assert_eq!(restricted, [(Some("false".to_owned()), 4), (Some("true".to_owned()), 1)]);
}

pub async fn clamp_the_page(made: Made) {
    let store = made.store();
    let many = (0..230).map(|number| Write::Ticket(Box::new(ticket(&format!("t{number}")))));
    write(&*store, many).await;
    for (limit, size) in [(0, 1), (1, 1), (200, 200), (100_000, 200)] {
        let query = TicketQuery { filter: Filter::True, sort: Sort::Number, descending: false, after: None, limit };
        assert_eq!(store.ticket_list(&org(), &query).await.unwrap().items.len(), size);
    }
}
