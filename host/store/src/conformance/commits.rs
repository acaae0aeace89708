//! Commits: all or nothing, once, and never on something that changed.

use super::Harness;
use super::data::{at, changes, commit, event, job, object, org, person, put_ticket, ticket, watch, write};
use crate::{Changeset, CommitError, Expect, Noun, StoreError, Write};
use domain::change::IdempotencyKey;
use domain::kind::StateCategory;
use domain::ticket::{AccessList, Visibility};
use domain::{Attachment, Clock, ClockState, Comment, Link, OrgId, Ticket, TicketId};
use futures_util::future::join_all;
use serde_json::json;

type Made = Box<dyn Harness>;

fn expect_ticket(id: &str, version: u32) -> Expect {
    Expect { noun: Noun::Ticket, id: id.to_owned(), version }
}

fn full_ticket() -> Ticket {
    Ticket {
        requester: Some("ana".into()),
        opened_by: Some("ben".into()),
        group: Some("desk".into()),
        assignee: Some("cho".into()),
        parent: Some("t0".into()),
        restricted: true,
        resolved_at: Some(at(5)),
        closed_at: Some(at(6)),
        due_at: Some(at(7)),
        category: StateCategory::Paused,
        fields: object(
            json!({ "impact": 2, "ratio": 0.1, "text": "a \"b\" ü \u{1f980}", "deep": { "list": [1, null] } }),
        ),
        ..ticket("t1")
    }
}

fn clock(name: &str) -> Clock {
    Clock {
        ticket: "t1".into(),
        name: name.to_owned(),
        plugin: "sla".into(),
        title: "Resolution".to_owned(),
        state: ClockState::Running,
        started_at: at(1),
        due_at: Some(at(99)),
        stopped_at: None,
        breached_at: Some(at(98)),
        reason: "4 h of business time".to_owned(),
        data: json!({ "left": [1, "x", null] }),
    }
}

fn link(from: &str, to: &str) -> Link {
    Link { from: from.into(), link_type: "caused-by".to_owned(), to: to.into() }
}

fn key(name: &str) -> IdempotencyKey {
    IdempotencyKey { scope: "ana".to_owned(), key: name.to_owned(), fingerprint: "print".to_owned() }
}

pub async fn keeps_everything_about_a_ticket(made: Made) {
    let store = made.store();
    let access = AccessList { people: vec!["zoe".into(), "ana".into()], groups: vec!["legal".into()] };
    let comment = Comment {
        id: "c1".into(),
        ticket: "t1".into(),
        visibility: Visibility::Internal,
        author: "ana".to_owned(),
        at: at(2),
        body: "it's 100 % \"broken\"".to_owned(),
    };
    let attachment = Attachment {
        id: "a1".into(),
        ticket: "t1".into(),
        name: "x.png".to_owned(),
        media_type: "image/png".to_owned(),
        size: 1 << 40,
        digest: "abc".to_owned(),
        author: "ana".to_owned(),
        at: at(3),
    };
    write(
        &*store,
        [
            Write::Ticket(Box::new(full_ticket())),
            Write::Clock(Box::new(clock("response"))),
            watch("t1", "ana"),
            watch("t1", "ben"),
            Write::Access { ticket: "t1".into(), access: access.clone() },
            Write::Link(link("t1", "t2")),
            Write::Link(link("t3", "t1")),
            Write::Link(link("t3", "t2")),
            Write::Comment(comment.clone()),
            Write::Attachment(attachment.clone()),
        ],
    )
    .await;

    let bundle = store.ticket_load(&org(), "t1").await.unwrap().unwrap();
    assert_eq!(bundle.ticket, full_ticket());
    assert_eq!(bundle.clocks, [clock("response")]);
    assert_eq!(bundle.watchers, ["ana".into(), "ben".into()]);
    assert_eq!(bundle.access, access);
    assert_eq!(bundle.links, [link("t1", "t2"), link("t3", "t1")]);
    assert_eq!(store.ticket_load(&org(), "INC-t1").await.unwrap().unwrap(), bundle);
    assert_eq!(store.ticket_load(&org(), "t9").await.unwrap(), None);
    assert_eq!(store.comment_list(&org(), &"t1".into()).await.unwrap(), [comment]);
    assert_eq!(store.attachment_list(&org(), &"t1".into()).await.unwrap(), [attachment]);
}

pub async fn writes_a_ticket_again(made: Made) {
    let store = made.store();
    put_ticket(&*store, ticket("t1")).await;

    let changed = Ticket { version: 2, updated_at: at(9), ..full_ticket() };
    let stopped = Clock { state: ClockState::Stopped, due_at: None, stopped_at: Some(at(4)), ..clock("response") };
    write(
        &*store,
        [
            Write::Ticket(Box::new(changed.clone())),
            Write::Clock(Box::new(clock("response"))),
            Write::Clock(Box::new(stopped.clone())),
            watch("t1", "ana"),
            Write::Link(link("t1", "t2")),
        ],
    )
    .await;
    write(
        &*store,
        [
            Write::Unwatch { ticket: "t1".into(), person: "ana".into() },
            Write::Unlink(link("t1", "t2")),
            Write::Access { ticket: "t1".into(), access: AccessList { people: vec!["ana".into()], groups: vec![] } },
            Write::Access { ticket: "t1".into(), access: AccessList { people: vec!["ben".into()], groups: vec![] } },
        ],
    )
    .await;

    let bundle = store.ticket_load(&org(), "t1").await.unwrap().unwrap();
    assert_eq!(bundle.ticket, changed);
    assert_eq!(bundle.clocks, [stopped]);
    assert!(bundle.watchers.is_empty() && bundle.links.is_empty());
    assert_eq!(bundle.access.people, ["ben".into()]);
}

pub async fn refuses_a_version_that_is_not_there(made: Made) {
    let store = made.store();
    put_ticket(&*store, Ticket { version: 3, ..ticket("t1") }).await;

    for (id, version, fits) in [("t1", 3, true), ("t1", 2, false), ("t1", 0, false), ("t2", 0, true), ("t2", 1, false)]
    {
        let result = store.commit(Changeset { expects: vec![expect_ticket(id, version)], ..changes() }).await;
        assert_eq!(result.is_ok(), fits, "{id} {version}");
        if let Err(error) = result {
            assert!(matches!(&error, CommitError::Conflict { what } if what.contains(id)), "{error:?}");
        }
    }
}

pub async fn refuses_everything_when_one_check_fails(made: Made) {
    let store = made.store();
    put_ticket(&*store, ticket("t1")).await;

    let result = store
        .commit(Changeset {
            expects: vec![expect_ticket("t1", 1), expect_ticket("t2", 1)],
            writes: vec![Write::Ticket(Box::new(Ticket { version: 2, ..ticket("t1") })), watch("t1", "ana")],
            events: vec![event("t1", "ticket.changed")],
            jobs: vec![job("j1", "k", 0)],
            answer: Some((key("a"), json!(1))),
            ..changes()
        })
        .await;

    assert!(matches!(result, Err(CommitError::Conflict { .. })));
    let bundle = store.ticket_load(&org(), "t1").await.unwrap().unwrap();
    assert_eq!((bundle.ticket.version, bundle.watchers.len()), (1, 0));
    assert_eq!(store.event_head(&org()).await.unwrap(), 0);
    assert_eq!(store.job_counts(&org()).await.unwrap().ready, 0);
    assert_eq!(store.answer_get(&org(), "ana", "a").await.unwrap(), None);
}

pub async fn lets_one_of_two_conflicting_commits_win(made: Made) {
    let store = made.store();
    put_ticket(&*store, ticket("t1")).await;

    for version in 1..=10 {
        let attempts = (0..16).map(|number| {
            store.commit(Changeset {
                expects: vec![expect_ticket("t1", version)],
                writes: vec![Write::Ticket(Box::new(Ticket {
                    version: version + 1,
                    title: format!("by {number}"),
                    ..ticket("t1")
                }))],
                events: vec![event("t1", "ticket.changed")],
                ..changes()
            })
        });
        let results = join_all(attempts).await;
        assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
        assert!(
            results
                .iter()
                .flat_map(|result| result.as_ref().err())
                .all(|error| matches!(error, CommitError::Conflict { .. }))
        );
    }
    assert_eq!(store.event_head(&org()).await.unwrap(), 10);
}

pub async fn answers_a_repeated_command(made: Made) {
    let store = made.store();
    let command = || Changeset {
        writes: vec![Write::Ticket(Box::new(ticket("t1")))],
        expects: vec![expect_ticket("t1", 0)],
        answer: Some((key("k1"), json!({ "id": "t1" }))),
        ..changes()
    };
    commit(&*store, command()).await;

    // The answer comes before the conflict: the command's own first run is what changed the version.
    let Err(CommitError::Answered(stored)) = store.commit(command()).await else { panic!("carried out twice") };
    assert_eq!(
        (stored.answer.clone(), stored.fingerprint.as_str(), stored.at),
        (json!({ "id": "t1" }), "print", at(0))
    );
    assert_eq!(store.answer_get(&org(), "ana", "k1").await.unwrap(), Some(*stored));
    assert_eq!(store.answer_get(&org(), "ben", "k1").await.unwrap(), None);

    let other = IdempotencyKey { fingerprint: "another".to_owned(), ..key("k1") };
    let result = store.commit(Changeset { answer: Some((other, json!(2))), ..changes() }).await;
    assert!(matches!(result, Err(CommitError::Answered(stored)) if stored.fingerprint == "print"));
}

pub async fn carries_out_concurrent_duplicates_once(made: Made) {
    let store = made.store();
    let attempts = (0..32).map(|_| {
        store.commit(Changeset {
            events: vec![event("t1", "ticket.created")],
            answer: Some((key("same"), json!("answer"))),
            ..changes()
        })
    });
    let results = join_all(attempts).await;

    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    let answered = results.iter().filter(|result| matches!(result, Err(CommitError::Answered(_)))).count();
    assert_eq!(answered, 31);
    assert_eq!(store.event_head(&org()).await.unwrap(), 1);
}

pub async fn refuses_a_taken_value(made: Made) {
    let store = made.store();
    write(&*store, [Write::Person(Box::new(person("ana"))), Write::Ticket(Box::new(ticket("t1")))]).await;

    let mut ben = person("ben");
    ben.login = "ana.login".to_owned();
    let result = store.commit(Changeset { writes: vec![Write::Person(Box::new(ben.clone()))], ..changes() }).await;
    assert!(matches!(result, Err(CommitError::Taken { what, value }) if what == "login" && value == "ana.login"));

    let twice = Ticket { number: "INC-t1".to_owned(), ..ticket("t2") };
    let result = store.commit(Changeset { writes: vec![Write::Ticket(Box::new(twice))], ..changes() }).await;
    assert!(matches!(result, Err(CommitError::Taken { .. })));

    // Two at once, and two in one changeset.
    let new = |id: &str| {
        let mut new = person(id);
        new.login = "new".to_owned();
        Write::Person(Box::new(new))
    };
    let results = join_all(["x", "y"].map(|id| store.commit(Changeset { writes: vec![new(id)], ..changes() }))).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    let mut both = [new("v"), new("w")];
    for write in &mut both {
        if let Write::Person(person) = write {
            person.login = "both".to_owned();
        }
    }
    let result = store.commit(Changeset { writes: both.into(), ..changes() }).await;
    assert!(matches!(result, Err(CommitError::Taken { .. })));
    assert_eq!(store.person_by_login(&org(), "both").await.unwrap(), None);
}

pub async fn frees_a_value_that_was_given_up(made: Made) {
    let store = made.store();
    write(&*store, [Write::Person(Box::new(person("ana")))]).await;
    let mut renamed = person("ana");
    renamed.login = "ana2".to_owned();
    write(&*store, [Write::Person(Box::new(renamed))]).await;

    let mut ben = person("ben");
    ben.login = "ana.login".to_owned();
    write(&*store, [Write::Person(Box::new(ben.clone()))]).await;

    assert_eq!(store.person_by_login(&org(), "ana.login").await.unwrap(), Some(ben));
}

pub async fn spares_the_neighbours_of_a_poisoned_changeset(made: Made) {
    let store = made.store();
    put_ticket(&*store, ticket("first")).await;
    made.poison("poison").await;

    let attempts = (0..20).map(|number| {
        let mut one = ticket(&format!("t{number}"));
        if number == 7 {
            one.title = "poison".to_owned();
        }
        let events = vec![event(one.id.as_str(), "ticket.created"), event("shared", "shared.changed")];
        store.commit(Changeset { writes: vec![Write::Ticket(Box::new(one))], events, ..changes() })
    });
    let results = join_all(attempts).await;

    for (number, result) in results.iter().enumerate() {
        match result {
            Err(CommitError::Store(StoreError::Database(_))) => assert_eq!(number, 7),
            other => assert!(other.is_ok() && number != 7, "{number}: {other:?}"),
        }
    }
    assert_eq!(store.ticket_count(&org(), &domain::filter::Filter::True).await.unwrap(), 20);
    assert_eq!(store.verify_journal(&org()).await.unwrap(), 38);
}

pub async fn keeps_everything_over_a_restart(mut made: Made) {
    let store = made.store();
    for number in 0..5 {
        let one = ticket(&format!("t{number}"));
        let changeset = Changeset {
            events: vec![event("t0", "ticket.changed")],
            writes: vec![Write::Ticket(Box::new(one))],
            jobs: vec![job(&format!("j{number}"), "k", number)],
            ..changes()
        };
        commit(&*store, changeset).await;
    }
    assert_eq!(store.number_lease(&org(), "s", 7).await.unwrap(), 1);

    made.reopen().await;

    let store = made.store();
    assert_eq!(store.ticket_load(&org(), "t3").await.unwrap().unwrap().ticket, ticket("t3"));
    assert_eq!(store.number_lease(&org(), "s", 1).await.unwrap(), 8);
    let committed = commit(&*store, Changeset { events: vec![event("t0", "ticket.changed")], ..changes() }).await;
    assert_eq!((committed.events[0].seq, committed.events[0].subject_seq), (6, 6));
    assert_eq!(store.verify_journal(&org()).await.unwrap(), 6);
    commit(&*store, Changeset { jobs: vec![job("late", "k", 0)], ..changes() }).await;
    let claimed = store.job_claim(&org(), at(9), at(99), "w", 9).await.unwrap();
    assert_eq!(claimed[0].job.id.as_str(), "j0", "a job made after the restart does not overtake");
}

pub async fn keeps_organisations_apart(made: Made) {
    let store = made.store();
    let other = OrgId::from("other");
    put_ticket(&*store, ticket("t1")).await;
    let same = Ticket { title: "Theirs".to_owned(), ..ticket("t1") };
    let changeset = Changeset {
        writes: vec![Write::Ticket(Box::new(same))],
        events: vec![event("t1", "x")],
        ..Changeset::new(other.clone(), at(0))
    };
    commit(&*store, changeset).await;

    assert_eq!(store.ticket_load(&org(), "t1").await.unwrap().unwrap().ticket.title, "Ticket t1");
    assert_eq!(store.ticket_load(&other, "INC-t1").await.unwrap().unwrap().ticket.title, "Theirs");
    assert_eq!((store.event_head(&org()).await.unwrap(), store.event_head(&other).await.unwrap()), (0, 1));
}

/// Many commits about the same rows at once: the state afterwards is that of some order of whole commits.
pub async fn orders_writes_of_one_batch(made: Made) {
    let store = made.store();
    put_ticket(&*store, ticket("t1")).await;
    for _ in 0..10 {
        let attempts = (0..12_usize).map(|number| {
            let people: Vec<_> = (0..number % 4).map(|place| format!("p{number}-{place}").as_str().into()).collect();
            let mut writes = vec![Write::Access {
                ticket: TicketId::from("t1"),
                access: AccessList { people, groups: vec![format!("g{number}").as_str().into()] },
            }];
            writes.push(if number.is_multiple_of(2) {
                watch("t1", "ana")
            } else {
                Write::Unwatch { ticket: "t1".into(), person: "ana".into() }
            });
            store.commit(Changeset { writes, ..changes() })
        });
        for result in join_all(attempts).await {
            result.unwrap();
        }
        let bundle = store.ticket_load(&org(), "t1").await.unwrap().unwrap();
        let group = bundle.access.groups[0].as_str().trim_start_matches('g').to_owned();
        let number: usize = group.parse().unwrap();
        assert_eq!(bundle.access.groups.len(), 1);
        assert_eq!(bundle.access.people.len(), number % 4);
        assert!(bundle.access.people.iter().all(|id| id.as_str().starts_with(&format!("p{group}-"))));
        assert_eq!(bundle.watchers.len(), usize::from(number.is_multiple_of(2)));
    }
}

pub async fn refuses_work_after_close(made: Made) {
    let store = made.store();
    let waiting = join_all((0..20).map(|number| {
        store.commit(Changeset { writes: vec![Write::Ticket(Box::new(ticket(&format!("t{number}"))))], ..changes() })
    }));
    let (results, ()) = futures_util::future::join(waiting, store.close()).await;

    // What was queued before the close is done, and nothing is lost in silence.
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    let result = store.commit(changes()).await;
    assert!(matches!(result, Err(CommitError::Store(StoreError::Closed))));
}
