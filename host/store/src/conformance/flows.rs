//! Definitions, instances, tasks, and what is waited for.

use super::Harness;
use super::data::{at, changes, object, org};
use crate::changeset::{Noun, QueryScope};
use crate::{CommitError, Expect, InstanceCounts, InstanceQuery, QueryRead, Store, TaskPerson, TaskQuery, Write};
use domain::flow::{
    Bindings, BufferedMessage, Definition, DefinitionType, InstanceStatus, Subscription, TaskState, Topic,
};
use domain::{FlowInstance, InstanceId, Task, TaskId};
use serde_json::json;

type Made = Box<dyn Harness>;

fn definition(key: &str, version: u32) -> Definition {
    Definition {
        definition_type: DefinitionType::Process,
        key: key.to_owned(),
        version,
        name: format!("Process {key}"),
        version_tag: (version == 1).then(|| "first".to_owned()),
        digest: format!("{version:064}").into(),
        plugin: Some("request".into()),
        source: "<definitions/>".to_owned(),
        compiled: json!({ "format": 1, "processes": [] }),
        bindings: Bindings::default(),
        deployed_at: at(i64::from(version)),
        deployed_by: "ana".to_owned(),
    }
}

pub(super) fn instance(id: &str, started: i64) -> FlowInstance {
    FlowInstance {
        id: id.into(),
        process: "laptop".to_owned(),
        process_version: 1,
        ticket: Some("t1".into()),
        business_key: Some(format!("key-{id}")),
        space: "it".into(),
        status: InstanceStatus::Running,
        started_at: at(started),
        started_by: "ana".to_owned(),
        updated_at: at(started),
        ended_at: None,
        incidents: 0,
        stuck: false,
        state: json!({ "tokens": [1, 2] }),
        version: 1,
    }
}

fn task(id: &str, due: Option<i64>) -> Task {
    Task {
        id: id.into(),
        instance: "f1".into(),
        element: "7".to_owned(),
        process: "laptop".to_owned(),
        node: "approve".to_owned(),
        name: "Approve".to_owned(),
        ticket: Some("t1".into()),
        space: "it".into(),
        state: TaskState::Open,
        assignee: None,
        owner: None,
        candidate_people: Vec::new(),
        candidate_groups: Vec::new(),
        priority: 50,
        due_at: due.map(at),
        follow_up_at: None,
        created_at: at(1),
        ended_at: None,
        ended_by: None,
        form: Some("laptop".to_owned()),
        rule: None,
        variables: object(json!({ "item": "laptop" })),
        version: 1,
    }
}

fn subscription(id: &str, topic: Topic) -> Subscription {
    Subscription {
        id: id.to_owned(),
        instance: Some("f1".into()),
        process: "laptop".to_owned(),
        element: "9".to_owned(),
        topic,
    }
}

fn message(name: &str, key: &str) -> Topic {
    Topic::Message { name: name.to_owned(), key: key.to_owned() }
}

async fn commit(store: &dyn Store, writes: Vec<Write>) {
    let mut set = changes();
    set.writes = writes;
    store.commit(set).await.unwrap();
}

pub async fn keep_every_version_of_a_definition(made: Made) {
    let store = made.store();
    let put = |version: u32, expected: u32| {
        let mut set = changes();
        set.expects.push(Expect { noun: Noun::Definition, id: "process/laptop".to_owned(), version: expected });
        set.writes.push(Write::Definition(Box::new(definition("laptop", version))));
        set
    };
    store.commit(put(1, 0)).await.unwrap();
    store.commit(put(2, 1)).await.unwrap();
    // Somebody who has not seen version 2.
    let late = store.commit(put(2, 1)).await;
    assert!(matches!(late, Err(CommitError::Conflict { .. })), "{late:?}");
    commit(&*store, vec![Write::Definition(Box::new(definition("contract", 1)))]).await;

    let get = |version| store.definition_get_owned("laptop", version);
    assert_eq!(get(None).await, Some(definition("laptop", 2)));
    assert_eq!(get(Some(1)).await, Some(definition("laptop", 1)));
    assert_eq!(get(Some(3)).await, None);
    let tagged = store.definition_by_tag(&org(), DefinitionType::Process, "laptop", "first").await.unwrap();
    assert_eq!(tagged.map(|one| one.version), Some(1));
    let first = store.definition_list(&org(), DefinitionType::Process, None, 1).await.unwrap();
    assert_eq!(first.items.iter().map(|one| one.key.as_str()).collect::<Vec<_>>(), ["contract"]);
    let rest = store.definition_list(&org(), DefinitionType::Process, Some("contract"), 10).await.unwrap();
    assert_eq!(rest.items, [definition("laptop", 2)]);
    assert!(rest.next.is_none());
    let versions = store.definition_versions(&org(), DefinitionType::Process, "laptop").await.unwrap();
    assert_eq!(versions.iter().map(|one| one.version).collect::<Vec<_>>(), [2, 1]);
    assert!(store.definition_list(&org(), DefinitionType::Form, None, 10).await.unwrap().items.is_empty());
}

#[async_trait::async_trait]
trait Ask {
    async fn definition_get_owned(&self, key: &str, version: Option<u32>) -> Option<Definition>;
}

#[async_trait::async_trait]
impl Ask for std::sync::Arc<dyn Store> {
    async fn definition_get_owned(&self, key: &str, version: Option<u32>) -> Option<Definition> {
        self.definition_get(&org(), DefinitionType::Process, key, version).await.unwrap()
    }
}

pub async fn keep_instances_and_count_them(made: Made) {
    let store = made.store();
    let troubled = FlowInstance { incidents: 2, ..instance("f2", 2) };
    let ended = FlowInstance {
        status: InstanceStatus::Completed,
        ended_at: Some(at(9)),
        ticket: None,
        business_key: None,
        space: "hr".into(),
        ..instance("f3", 3)
    };
    let all = [instance("f1", 1), troubled.clone(), ended.clone()];
    commit(&*store, all.iter().map(|one| Write::FlowInstance(Box::new(one.clone()))).collect()).await;

    assert_eq!(store.instance_get(&org(), &InstanceId::from("f3")).await.unwrap(), Some(ended));
    let list = async |query: InstanceQuery| {
        let page = store.instance_list(&org(), &query, None, 10).await.unwrap();
        page.items.into_iter().map(|one| one.id.0).collect::<Vec<_>>()
    };
    assert_eq!(list(InstanceQuery::default()).await, ["f3", "f2", "f1"]);
    assert_eq!(list(InstanceQuery { ticket: Some("t1".into()), ..InstanceQuery::default() }).await, ["f2", "f1"]);
    assert_eq!(list(InstanceQuery { troubled: true, ..InstanceQuery::default() }).await, ["f2"]);
    let key = InstanceQuery { business_key: Some("key-f1".to_owned()), ..InstanceQuery::default() };
    assert_eq!(list(key).await, ["f1"]);
    let spaces = InstanceQuery { spaces: Some(vec!["hr".to_owned()]), ..InstanceQuery::default() };
    assert_eq!(list(spaces).await, ["f3"]);
    let nowhere = InstanceQuery { spaces: Some(Vec::new()), ..InstanceQuery::default() };
    assert!(list(nowhere).await.is_empty());
    let page = store.instance_list(&org(), &InstanceQuery::default(), Some("f2"), 10).await.unwrap();
    assert_eq!(page.items.len(), 1);
    let counts = store.instance_counts(&org()).await.unwrap();
    let expected = InstanceCounts { process: "laptop".to_owned(), running: 2, with_incidents: 1, stuck: 0 };
    assert_eq!(counts, [expected]);

    // The flows of a ticket come with it while they run.
    commit(&*store, vec![Write::Ticket(Box::new(super::data::ticket("t1")))]).await;
    let bundle = store.ticket_load(&org(), "t1").await.unwrap().unwrap();
    let mut flows: Vec<_> = bundle.flows.into_iter().map(|id| id.0).collect();
    flows.sort();
    assert_eq!(flows, ["f1", "f2"]);
}

pub async fn list_the_tasks_of_a_person(made: Made) {
    let store = made.store();
    let named = Task { assignee: Some("ana".into()), ..task("a", Some(50)) };
    let group = Task { candidate_groups: vec!["desk".into()], ..task("b", None) };
    let asked = Task { candidate_people: vec!["ana".into(), "ben".into()], ..task("c", Some(10)) };
    let others = Task { candidate_groups: vec!["hr".into()], ..task("d", Some(5)) };
    let all = [named, group, asked.clone(), others];
    commit(&*store, all.iter().map(|one| Write::Task(Box::new(one.clone()))).collect()).await;

    assert_eq!(store.task_get(&org(), &TaskId::from("c")).await.unwrap(), Some(asked.clone()));
    let ana = TaskPerson { id: "ana".into(), groups: vec!["desk".into()] };
    let mine = TaskQuery { state: Some(TaskState::Open), person: Some(ana), ..TaskQuery::default() };
    let ids = async |query: &TaskQuery, after: Option<&str>| {
        let page = store.task_list(&org(), query, after, 10).await.unwrap();
        page.items.into_iter().map(|one| one.id.0).collect::<Vec<_>>()
    };
    assert_eq!(ids(&mine, None).await, ["c", "a", "b"]);
    assert_eq!(ids(&mine, Some("c")).await, ["a", "b"]);
    assert_eq!(store.task_count(&org(), &mine).await.unwrap(), 3);
    assert_eq!(ids(&TaskQuery { ticket: Some("t1".into()), ..TaskQuery::default() }, None).await, ["d", "c", "a", "b"]);

    let done = Task { state: TaskState::Completed, ended_at: Some(at(3)), version: 2, ..asked };
    let mut set = changes();
    set.expects.push(Expect { noun: Noun::Task, id: "c".to_owned(), version: 1 });
    set.writes.push(Write::Task(Box::new(done)));
    store.commit(set).await.unwrap();
    assert_eq!(ids(&mine, None).await, ["a", "b"]);
}

pub async fn find_who_waits_and_what_came_early(made: Made) {
    let store = made.store();
    let signal = Topic::Signal { name: "alarm".to_owned() };
    let early = |id: &str, micros: i64| BufferedMessage {
        id: id.to_owned(),
        name: "paid".to_owned(),
        key: "k".to_owned(),
        variables: object(json!({ "n": micros })),
        at: at(micros),
        expires_at: at(micros + 100),
    };
    let writes = vec![
        Write::Subscribe(subscription("s1", message("paid", "k"))),
        Write::Subscribe(subscription("s2", message("paid", "other"))),
        Write::Subscribe(Subscription { instance: None, ..subscription("s3", signal.clone()) }),
        Write::BufferMessage(early("m2", 2)),
        Write::BufferMessage(early("m1", 1)),
    ];
    commit(&*store, writes).await;

    let waiting = store.subscription_list(&org(), &message("paid", "k")).await.unwrap();
    assert_eq!(waiting, [subscription("s1", message("paid", "k"))]);
    let start = store.subscription_list(&org(), &signal).await.unwrap();
    assert_eq!(start, [Subscription { instance: None, ..subscription("s3", signal) }]);
    assert_eq!(store.message_list(&org(), "paid", "k").await.unwrap(), [early("m1", 1), early("m2", 2)]);

    let gone = vec![Write::Unsubscribe { id: "s1".to_owned() }, Write::TakeMessage { id: "m1".to_owned() }];
    commit(&*store, gone).await;
    assert!(store.subscription_list(&org(), &message("paid", "k")).await.unwrap().is_empty());
    assert_eq!(store.message_list(&org(), "paid", "k").await.unwrap(), [early("m2", 2)]);
}

pub async fn notice_a_new_receiver_a_new_message_and_a_new_instance(made: Made) {
    let store = made.store();
    let early = BufferedMessage {
        id: "m1".to_owned(),
        name: "paid".to_owned(),
        key: "k".to_owned(),
        variables: object(json!({})),
        at: at(1),
        expires_at: at(100),
    };
    let cases = [
        (QueryScope::Subscriptions(message("paid", "k")), Write::Subscribe(subscription("s1", message("paid", "k")))),
        (QueryScope::Messages { name: "paid".to_owned(), key: "k".to_owned() }, Write::BufferMessage(early)),
        (
            QueryScope::Instances { process: "laptop".to_owned(), business_key: "key-f1".to_owned() },
            Write::FlowInstance(Box::new(instance("f1", 1))),
        ),
    ];
    for (scope, write) in cases {
        let mut read = QueryRead { scope, digest: String::new() };
        read.digest = store.ticket_digest(&org(), &read).await.unwrap();
        let reading = || {
            let mut set = changes();
            set.reads.push(read.clone());
            set
        };
        store.commit(reading()).await.unwrap();
        commit(&*store, vec![write]).await;
        let late = store.commit(reading()).await;
        assert!(matches!(late, Err(CommitError::Conflict { .. })), "{:?}: {late:?}", read.scope);
    }
}
