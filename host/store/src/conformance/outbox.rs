//! What shall leave the house.

use super::Harness;
use super::data::{at, cause, changes, org};
use crate::changeset::Noun;
use crate::{CommitError, Expect, OutboxQuery, Store, Write};
use domain::OutboxItem;
use domain::job::OutboundRequest;
use domain::outbox::{Content, ItemType, Mail, MailPurpose, OutboxState, StepRef};
use domain::schedule::RetryPolicy;
use std::collections::BTreeMap;

type Made = Box<dyn Harness>;

fn item(id: &str, created: i64) -> OutboxItem {
    OutboxItem {
        id: id.into(),
        idempotency_key: format!("command-{id}:0"),
        item_type: ItemType::Http,
        target: "POST https://idp.example.com/scim/v2/Users".to_owned(),
        state: OutboxState::Waiting,
        attempts: 0,
        policy: RetryPolicy::default(),
        plugin: Some("identity".into()),
        ticket: Some("t1".into()),
        space: "it".into(),
        step: Some(StepRef { process: "order".to_owned(), instance: "f1".into(), element: "7".to_owned() }),
        abandoned: false,
        created_at: at(created),
        next_at: Some(at(created)),
        sent_at: None,
        ended_at: None,
        status: None,
        last_error: None,
        reason: None,
        cause: cause(),
        version: 1,
    }
}

fn http() -> Content {
    Content::Http { request: Box::new(OutboundRequest::new("identity".into(), "POST", "https://idp.example.com/")) }
}

fn mail() -> Content {
    let mail = Mail {
        purpose: MailPurpose::Notification,
        person: Some("ana".into()),
        to_name: Some("Ana".to_owned()),
        to: "ana@example.com".to_owned(),
        subject: "Grüße \u{1f4e8}".to_owned(),
        text: "one\ntwo".to_owned(),
    };
    Content::Mail { mail: Box::new(mail) }
}

async fn put(store: &dyn Store, item: &OutboxItem, content: Option<Content>) -> Result<(), CommitError> {
    let mut set = changes();
    set.expects.push(Expect { noun: Noun::Outbox, id: item.id.0.clone(), version: item.version - 1 });
    set.writes.push(Write::Outbox { item: Box::new(item.clone()), content: content.map(Box::new) });
    store.commit(set).await.map(drop)
}

pub async fn keep_what_is_sent_until_it_is_sent(mut made: Made) {
    let store = made.store();
    put(&*store, &item("a", 1), Some(http())).await.unwrap();
    assert_eq!(store.outbox_get(&org(), &"a".into()).await.unwrap(), Some(item("a", 1)));
    assert_eq!(store.outbox_content(&org(), &"a".into()).await.unwrap(), Some(http()));
    assert_eq!(store.outbox_get(&"other".into(), &"a".into()).await.unwrap(), None);

    let sending = OutboxItem { state: OutboxState::Sending, attempts: 1, version: 2, ..item("a", 1) };
    put(&*store, &sending, None).await.unwrap();
    // Somebody else who saw the first version.
    let late = put(&*store, &OutboxItem { version: 2, ..item("a", 1) }, None).await;
    assert!(matches!(late, Err(CommitError::Conflict { .. })), "{late:?}");
    drop(store);
    made.reopen().await;
    let store = made.store();
    assert_eq!(store.outbox_get(&org(), &"a".into()).await.unwrap(), Some(sending.clone()));
    assert_eq!(store.outbox_content(&org(), &"a".into()).await.unwrap(), Some(http()));

    let dead = OutboxItem { state: OutboxState::Dead, version: 3, ..sending.clone() };
    put(&*store, &dead, Some(mail())).await.unwrap();
    assert_eq!(store.outbox_content(&org(), &"a".into()).await.unwrap(), Some(mail()), "it may be sent again");
    let delivered =
        OutboxItem { state: OutboxState::Delivered, ended_at: Some(at(9)), next_at: None, version: 4, ..sending };
    put(&*store, &delivered, None).await.unwrap();
    assert_eq!(store.outbox_get(&org(), &"a".into()).await.unwrap(), Some(delivered));
    assert_eq!(store.outbox_content(&org(), &"a".into()).await.unwrap(), None, "what it said is nobody's business now");
}

pub async fn list_count_and_forget_what_was_sent(made: Made) {
    let store = made.store();
    let of = |id: &str, created: i64, state: OutboxState| OutboxItem {
        state,
        ended_at: (!state.is_open()).then(|| at(created + 10)),
        ..item(id, created)
    };
    let letter = OutboxItem { item_type: ItemType::Mail, plugin: None, step: None, ..of("d", 4, OutboxState::Dead) };
    let left = OutboxItem { abandoned: true, ..of("e", 5, OutboxState::Unknown) };
    for one in [
        of("a", 1, OutboxState::Delivered),
        of("b", 2, OutboxState::Waiting),
        of("c", 2, OutboxState::Unknown),
        letter.clone(),
        left,
        OutboxItem { ticket: None, ..of("f", 6, OutboxState::Cancelled) },
    ] {
        put(&*store, &one, Some(http())).await.unwrap();
    }
    let ids = async |query: OutboxQuery, after: Option<&str>, limit: u32| {
        let page = store.outbox_list(&org(), &query, after, limit).await.unwrap();
        (page.items.iter().map(|one| one.id.0.clone()).collect::<Vec<_>>().join(""), page.next.map(|next| next.id))
    };
    let all = OutboxQuery::default;
    assert_eq!(ids(all(), None, 4).await, ("fedc".to_owned(), Some("c".to_owned())));
    assert_eq!(ids(all(), Some("c"), 4).await, ("ba".to_owned(), None));
    let states = vec![OutboxState::Dead, OutboxState::Unknown];
    assert_eq!(ids(OutboxQuery { states, ..all() }, None, 9).await.0, "edc");
    assert_eq!(ids(OutboxQuery { item_type: Some(ItemType::Mail), ..all() }, None, 9).await.0, "d");
    assert_eq!(ids(OutboxQuery { plugin: Some("identity".into()), ..all() }, None, 9).await.0, "fecba");
    assert_eq!(ids(OutboxQuery { ticket: Some("t1".into()), ..all() }, None, 9).await.0, "edcba");
    let step_key = letter.step.clone().or(item("x", 0).step).map(|step| step.key());
    assert_eq!(ids(OutboxQuery { step_key, ..all() }, None, 9).await.0, "cb", "only where somebody still waits");

    let counts = BTreeMap::from([(OutboxState::Waiting, 1), (OutboxState::Unknown, 2), (OutboxState::Dead, 1)]);
    assert_eq!(store.outbox_counts(&org()).await.unwrap(), counts);
    assert_eq!(store.outbox_prune(&org(), at(11), 200).await.unwrap(), 0, "a ended at that very instant");
    assert_eq!(store.outbox_prune(&org(), at(100), 1).await.unwrap(), 1);
    assert_eq!(store.outbox_prune(&org(), at(100), 200).await.unwrap(), 1);
    assert_eq!(ids(all(), None, 9).await.0, "edcb", "what is open is never forgotten");
}
