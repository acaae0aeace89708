//! Questions across nouns: what may not be known is not in the answer.

use super::Harness;
use super::data::{at, changes, commit, event, object, org, put_ticket, record, ticket, write};
use super::flows::instance;
use crate::{Changeset, EventQuery, EventScope, FactColumn, FactQuery, FactTime, RecordSearch, Store, Write};
use domain::event::EventDraft;
use domain::filter::{Field, Filter};
use domain::{Clock, ClockState, Record, RecordScope, Ticket};
use serde_json::json;

type Made = Box<dyn Harness>;

fn everything() -> EventQuery {
    EventQuery {
        scope: EventScope { tickets: Filter::True, spaces: None, setup: true },
        actor: None,
        kind: None,
        subject_kind: None,
        subject: None,
        from: None,
        until: None,
        before: None,
        limit: 100,
    }
}

async fn found(store: &dyn Store, query: &EventQuery) -> Vec<String> {
    let events = store.event_search(&org(), query).await.unwrap();
    assert!(events.windows(2).all(|pair| pair[0].seq > pair[1].seq), "newest first");
    events.into_iter().map(|event| format!("{}:{}", event.subject, event.kind)).collect()
}

pub async fn search_the_journal_within_a_scope(made: Made) {
    let store = made.store();
    put_ticket(&*store, ticket("t1")).await;
    put_ticket(&*store, Ticket { space: "hr".into(), ..ticket("t2") }).await;
    write(&*store, [Write::FlowInstance(Box::new(instance("f1", 0)))]).await;
    let of = |kind: &str, subject: &str, space: &str, what: &str, second: i64| EventDraft {
        subject_kind: kind.to_owned(),
        space: space.to_owned(),
        at: at(second),
        ..event(subject, what)
    };
    let events = vec![
        of("ticket", "t1", "it", "ticket.created", 1),
        of("ticket", "t2", "hr", "ticket.created", 2),
        of("flow", "f1", "it", "flow.started", 3),
        of("record", "r1", "hr", "record.created", 4),
        EventDraft { actor: "max".to_owned(), ..of("person", "ana", "", "person.changed", 5) },
        of("ticket", "t1", "it", "ticket.changed", 6),
    ];
    commit(&*store, Changeset { events, ..changes() }).await;

    assert_eq!(found(&*store, &everything()).await.len(), 6);
    let it = EventScope { tickets: Filter::eq(Field::Space, "it"), spaces: Some(vec!["it".to_owned()]), setup: false };
    let mine = EventQuery { scope: it, ..everything() };
    assert_eq!(found(&*store, &mine).await, ["t1:ticket.changed", "f1:flow.started", "t1:ticket.created"]);
    let none = EventScope { tickets: Filter::False, spaces: Some(Vec::new()), setup: true };
    assert_eq!(found(&*store, &EventQuery { scope: none, ..everything() }).await, ["ana:person.changed"]);

    let max = EventQuery { actor: Some("max".to_owned()), ..everything() };
    assert_eq!(found(&*store, &max).await, ["ana:person.changed"]);
    let created = EventQuery { kind: Some("ticket.created".to_owned()), ..everything() };
    assert_eq!(found(&*store, &created).await, ["t2:ticket.created", "t1:ticket.created"]);
    let family = EventQuery { kind: Some("ticket.".to_owned()), limit: 1, ..everything() };
    assert_eq!(found(&*store, &family).await, ["t1:ticket.changed"]);
    let then = EventQuery { from: Some(at(2)), until: Some(at(4)), ..everything() };
    assert_eq!(found(&*store, &then).await, ["f1:flow.started", "t2:ticket.created"]);
    let subject = EventQuery {
        subject_kind: Some("ticket".to_owned()),
        subject: Some("t1".to_owned()),
        before: Some(6),
        ..everything()
    };
    assert_eq!(found(&*store, &subject).await, ["t1:ticket.created"]);
}

pub async fn find_records_by_words(made: Made) {
    let store = made.store();
    let titled = |id: &str, title: &str, space: &str| {
        Write::Record(Box::new(Record { title: title.to_owned(), space: space.into(), ..record(id) }))
    };
    write(&*store, [titled("r1", "Übersicht der Drucker", "it"), titled("r2", "VPN for everybody", "hr")]).await;
    write(&*store, [Write::Record(Box::new(Record { kind: "contract".into(), ..record("c1") }))]).await;
    let search = |text: &str| RecordSearch {
        text: text.to_owned(),
        kinds: Vec::new(),
        scope: RecordScope::everything(),
        limit: 10,
    };
    let ids = async |query: RecordSearch| -> Vec<String> {
        store.record_search(&org(), &query).await.unwrap().into_iter().map(|record| record.id.0).collect()
    };

    assert_eq!(ids(search("drucker übersicht")).await, ["r1"]);
    assert_eq!(ids(search("vpn")).await, ["r2"]);
    assert_eq!(ids(search("100%")).await, Vec::<String>::new());
    assert_eq!(ids(search("")).await, ["c1", "r1", "r2"]);
    let it = RecordScope { spaces: Some(vec!["it".to_owned()]), shown: Vec::new() };
    let only = RecordSearch { scope: it, ..search("") };
    assert_eq!(ids(only).await, ["c1", "r1"]);
    assert_eq!(ids(RecordSearch { kinds: vec!["contract".into()], ..search("") }).await, ["c1"]);
}

pub async fn give_facts_of_visible_tickets(made: Made) {
    let store = made.store();
    let fields = |rating: serde_json::Value| object(json!({ "rating": rating, "close code": "Solved" }));
    for (id, opened, resolved, rating, space) in [
        ("t1", 10, Some(30), json!(4), "it"),
        ("t2", 20, None, json!(null), "it"),
        ("t3", 30, Some(90), json!(2.5), "hr"),
    ] {
        let row = Ticket {
            opened_at: at(opened),
            resolved_at: resolved.map(at),
            fields: fields(rating),
            space: space.into(),
            ..ticket(id)
        };
        put_ticket(&*store, row).await;
    }
    let clock = Clock {
        ticket: "t1".into(),
        name: "resolve".to_owned(),
        plugin: "service-level".into(),
        title: "Resolution".to_owned(),
        state: ClockState::Stopped,
        started_at: at(10),
        due_at: Some(at(20)),
        stopped_at: Some(at(30)),
        breached_at: Some(at(20)),
        reason: "target".to_owned(),
        data: json!({}),
    };
    write(&*store, [Write::Clock(Box::new(clock))]).await;
    let query = FactQuery {
        filter: Filter::eq(Field::Space, "it"),
        since: None,
        group: Some(FactColumn::Column(Field::Space)),
        value: Some("rating".to_owned()),
        limit: 10,
    };

    let facts = store.ticket_facts(&org(), &query).await.unwrap();
    let short: Vec<_> = facts.iter().map(|fact| (fact.ticket.0.as_str(), fact.group.as_deref(), fact.value)).collect();
    assert_eq!(short, [("t2", Some("it"), None), ("t1", Some("it"), Some(4.0))]);
    assert_eq!(facts[1].resolved_at, Some(at(30)));

    let custom = |name: &str| FactQuery {
        filter: Filter::True,
        group: Some(FactColumn::Custom(name.to_owned())),
        value: None,
        ..query.clone()
    };
    let groups = async |query: FactQuery| -> Vec<Option<String>> {
        store.ticket_facts(&org(), &query).await.unwrap().into_iter().map(|fact| fact.group).collect()
    };
    assert_eq!(groups(custom("close code")).await, vec![Some("Solved".to_owned()); 3]);
    assert_eq!(groups(custom("rating")).await, [Some("2.5".to_owned()), None, Some("4".to_owned())]);
    assert_eq!(groups(custom("no\"such' field")).await, [None, None, None]);
    let since = FactQuery { since: Some((FactTime::Resolved, at(60))), ..custom("rating") };
    assert_eq!(groups(since).await, [Some("2.5".to_owned())]);
    let two = FactQuery { limit: 1, ..custom("rating") };
    assert_eq!(groups(two).await.len(), 2, "one more than asked for says that there are more");

    let clocks = store.clock_facts(&org(), &Filter::eq(Field::Space, "it"), None, 10).await.unwrap();
    let short: Vec<_> = clocks.iter().map(|one| (one.ticket.0.as_str(), one.name.as_str(), one.breached_at)).collect();
    assert_eq!(short, [("t1", "resolve", Some(at(20)))]);
    assert!(store.clock_facts(&org(), &Filter::eq(Field::Space, "hr"), None, 10).await.unwrap().is_empty());
    assert!(store.clock_facts(&org(), &Filter::True, Some(at(11)), 10).await.unwrap().is_empty());
}
