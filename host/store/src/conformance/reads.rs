//! What a decision read by query belongs to what its commit checks.

use super::Harness;
use super::data::{changes, commit, org, person, put_ticket, record, ticket, write};
use crate::{Changeset, CiQuery, CommitError, Expect, Noun, QueryRead, QueryScope, Sort, Store, TicketQuery, Write};
use domain::filter::{Field, Filter};
use domain::{CiRelation, Group, Ticket};
use futures_util::future::join_all;

type Made = Box<dyn Harness>;

async fn read(store: &dyn Store, scope: &QueryScope) -> QueryRead {
    let mut read = QueryRead { scope: scope.clone(), digest: String::new() };
    read.digest = store.ticket_digest(&org(), &read).await.unwrap();
    read
}

/// The answer holds until `change` is committed, and holds again for who reads it anew.
async fn check(made: &dyn Harness, scope: QueryScope, unrelated: Write, change: Write) {
    let store = made.store();
    let before = read(&*store, &scope).await;
    write(&*store, [unrelated]).await;
    commit(&*store, Changeset { reads: vec![before.clone()], ..changes() }).await;

    write(&*store, [change]).await;

    let result = store.commit(Changeset { reads: vec![before], ..changes() }).await;
    assert!(matches!(result, Err(CommitError::Conflict { .. })), "{scope:?}");
    let now = read(&*store, &scope).await;
    commit(&*store, Changeset { reads: vec![now], ..changes() }).await;
}

fn boxed(ticket: Ticket) -> Write {
    Write::Ticket(Box::new(ticket))
}

fn elsewhere(id: &str) -> Write {
    boxed(Ticket { space: "hr".into(), ..ticket(id) })
}

fn in_it() -> Filter {
    Filter::eq(Field::Space, "it")
}

fn query() -> TicketQuery {
    TicketQuery { filter: in_it(), sort: Sort::Number, descending: false, after: None, limit: 50 }
}

pub async fn notices_a_changed_list(made: Made) {
    put_ticket(&*made.store(), ticket("t1")).await;
    let newer = boxed(Ticket { version: 2, ..ticket("t1") });
    check(&*made, QueryScope::Tickets(query()), elsewhere("h1"), newer).await;
    check(&*made, QueryScope::Tickets(query()), elsewhere("h2"), boxed(ticket("t2"))).await;
    let left = boxed(Ticket { version: 3, space: "hr".into(), ..ticket("t1") });
    check(&*made, QueryScope::Tickets(query()), elsewhere("h3"), left).await;
}

pub async fn notices_a_changed_count(made: Made) {
    put_ticket(&*made.store(), ticket("t1")).await;
    check(&*made, QueryScope::TicketCount(in_it()), boxed(Ticket { version: 2, ..ticket("t1") }), boxed(ticket("t2")))
        .await;
}

pub async fn notices_changed_records(made: Made) {
    let all = QueryScope::Records { kind: "article".into(), state: None };
    let drafts = QueryScope::Records { kind: "article".into(), state: Some("draft".to_owned()) };
    let contract = |id: &str| Write::Record(Box::new(domain::Record { kind: "contract".into(), ..record(id) }));
    check(&*made, all, contract("c1"), Write::Record(Box::new(record("r1")))).await;
    let published = domain::Record { state: "published".to_owned(), version: 2, ..record("r1") };
    check(&*made, drafts, contract("c2"), Write::Record(Box::new(published))).await;
}

pub async fn notices_changed_items(made: Made) {
    let item = |id: &str, serial: &str, version: u32| {
        let attributes = serde_json::json!({ "serial": serial, "label": "a \"serial\":\"S1\" on it" });
        let attributes = attributes.as_object().expect("it is an object").clone();
        let (name, class) = (id.to_uppercase(), "server".to_owned());
        domain::Ci { id: id.into(), name, class, space: "it".into(), attributes, version }
    };
    let write_item = |item: domain::Ci| Write::Ci(Box::new(item));
    let store = made.store();
    write(&*store, ["c1", "c2", "c3"].map(|id| write_item(item(id, if id == "c3" { "S2" } else { "S1" }, 1)))).await;
    let by_serial = |serial: &str| CiQuery {
        classes: vec!["server".to_owned(), "node".to_owned()],
        attributes: vec![("serial".to_owned(), serial.into())],
        limit: 200,
        ..CiQuery::default()
    };
    let found = async |query: &CiQuery| {
        let candidates = store.ci_candidates(&org(), query).await.unwrap();
        candidates.into_iter().filter(|item| query.matches(item)).map(|item| item.id.0).collect::<Vec<_>>()
    };
    assert_eq!(found(&by_serial("S1")).await, ["c1", "c2"]);
    assert_eq!(found(&CiQuery { limit: 1, ..by_serial("S1") }).await, ["c1"]);
    assert_eq!(found(&CiQuery { after: Some("c1".into()), ..by_serial("S1") }).await, ["c2"]);
    assert_eq!(found(&CiQuery { spaces: Some(vec!["hr".to_owned()]), ..by_serial("S1") }).await, Vec::<String>::new());
    assert_eq!(found(&CiQuery { name: Some("C3".to_owned()), limit: 9, ..CiQuery::default() }).await, ["c3"]);
    assert_eq!(found(&CiQuery { classes: vec!["app".to_owned()], ..by_serial("S1") }).await, Vec::<String>::new());
    let quoted = serde_json::Value::from("a \"serial\":\"S1\" on it");
    let label = CiQuery { attributes: vec![("label".to_owned(), quoted)], limit: 2, ..CiQuery::default() };
    assert_eq!(found(&label).await, ["c1", "c2"]);

    let free = QueryScope::Cis(by_serial("S9"));
    check(&*made, free, write_item(item("c4", "S4", 1)), write_item(item("c5", "S9", 1))).await;
    let taken = QueryScope::Cis(by_serial("S2"));
    check(&*made, taken, write_item(item("c1", "S1", 2)), write_item(item("c3", "S3", 2))).await;
}

pub async fn notices_changed_members(made: Made) {
    let store = made.store();
    let group = |id: &str, members: &[&str]| {
        Write::Group(Group {
            id: id.into(),
            title: "Board".to_owned(),
            space: "it".into(),
            members: members.iter().map(|id| (*id).into()).collect(),
            active: true,
            version: 1,
        })
    };
    let people = ["ana", "ben"].map(|id| Write::Person(Box::new(person(id))));
    write(&*store, people).await;
    write(&*store, [group("board", &["ana"])]).await;
    let members = || QueryScope::Members("board".into());
    check(&*made, members(), group("other", &["ben"]), group("board", &["ana", "ben"])).await;
    let gone = domain::Person { active: false, version: 2, ..person("ben") };
    check(&*made, members(), group("other", &[]), Write::Person(Box::new(gone))).await;
}

pub async fn notices_changed_relations(made: Made) {
    let store = made.store();
    let relation = CiRelation { from: "app".into(), relation_type: "runs-on".to_owned(), to: "host".into() };
    let expects = |version| vec![Expect { noun: Noun::CiRelations, id: "host".to_owned(), version }];
    commit(&*store, Changeset { expects: expects(0), writes: vec![Write::RelateCis(relation.clone())], ..changes() })
        .await;
    commit(&*store, Changeset { expects: expects(1), writes: vec![Write::UnrelateCis(relation)], ..changes() }).await;

    let result = store.commit(Changeset { expects: expects(1), ..changes() }).await;
    assert!(matches!(result, Err(CommitError::Conflict { .. })));
    commit(&*store, Changeset { expects: expects(2), ..changes() }).await;
}

/// The last licence: everybody sees room for one more, and only one may take it.
pub async fn lets_one_of_two_write_skews_win(made: Made) {
    let store = made.store();
    for round in 0..5 {
        let seen = read(&*store, &QueryScope::TicketCount(in_it())).await;
        let attempts = (0..8).map(|number| {
            store.commit(Changeset {
                reads: vec![seen.clone()],
                writes: vec![boxed(ticket(&format!("r{round}-{number}")))],
                ..changes()
            })
        });
        let won = join_all(attempts).await.iter().filter(|result| result.is_ok()).count();
        assert_eq!(won, 1);
    }
}
