//! Every other noun, there and back.

use super::Harness;
use super::data::{at, object, org, person, record, write};
use crate::{InstalledPlugin, NODE_KEPT, Node, Notification, RecordSearch, Session, SessionKind, Write};
use domain::person::RoleAssignment;
use domain::report::{Audience, SavedQuery};
use domain::{Ci, CiClass, CiId, CiRelation, Group, Person, Record, RecordScope, Role, ShownRecords, Space};
use serde_json::json;

type Made = Box<dyn Harness>;

pub async fn keep_people_groups_spaces_and_roles(made: Made) {
    let store = made.store();
    let boss = Person { attributes: object(json!({ "title": "Chef" })), manager: Some("zoe".into()), ..person("ana") };
    let gone = Person { active: false, ..person("ben") };
    let group = Group {
        id: "desk".into(),
        title: "Desk".to_owned(),
        space: "it".into(),
        members: vec!["zoe".into(), "ben".into(), "ana".into()],
        active: true,
        version: 4,
    };
    let space = Space {
        id: "hr".into(),
        title: "HR".to_owned(),
        confidential: true,
        calendar: Some("at".to_owned()),
        version: 2,
    };
    let roles = |pairs: &[(&str, Role)]| -> Vec<RoleAssignment> {
        pairs
            .iter()
            .map(|(space, role)| RoleAssignment { person: "ana".into(), space: (*space).into(), role: *role })
            .collect()
    };
    write(
        &*store,
        [
            Write::Person(Box::new(boss.clone())),
            Write::Person(Box::new(gone)),
            Write::Group(group.clone()),
            Write::Space(space.clone()),
            Write::Roles { person: "ana".into(), roles: roles(&[("hr", Role::Agent), ("*", Role::Administrator)]) },
        ],
    )
    .await;

    assert_eq!(store.person_get(&org(), &"ana".into()).await.unwrap(), Some(boss.clone()));
    assert_eq!(store.person_by_login(&org(), "ana.login").await.unwrap(), Some(boss.clone()));
    assert_eq!(store.group_get(&org(), &"desk".into()).await.unwrap(), Some(group.clone()));
    assert_eq!(store.group_list(&org()).await.unwrap(), std::slice::from_ref(&group));
    assert_eq!(store.members(&org(), &"desk".into()).await.unwrap(), [boss]);
    assert_eq!(store.groups_of(&org(), &"ben".into()).await.unwrap(), ["desk".into()]);
    assert_eq!(store.space_get(&org(), "hr").await.unwrap(), Some(space.clone()));
    assert_eq!(store.space_list(&org()).await.unwrap(), [space]);
    assert_eq!(
        store.roles_of(&org(), &"ana".into()).await.unwrap(),
        roles(&[("*", Role::Administrator), ("hr", Role::Agent)])
    );

    let smaller = Group { members: vec!["ana".into()], ..group };
    let fewer = roles(&[("hr", Role::Approver)]);
    write(&*store, [Write::Group(smaller.clone()), Write::Roles { person: "ana".into(), roles: fewer.clone() }]).await;
    assert_eq!(store.group_get(&org(), &"desk".into()).await.unwrap(), Some(smaller));
    assert!(store.groups_of(&org(), &"ben".into()).await.unwrap().is_empty());
    assert_eq!(store.roles_of(&org(), &"ana".into()).await.unwrap(), fewer);
}

pub async fn list_people_by_page(made: Made) {
    let store = made.store();
    let names = ["Zoë Ziegler", "anna Aal", "Öztürk Can", "Berta Berg", "anna Aal"];
    let people = names.iter().enumerate().map(|(number, name)| {
        Write::Person(Box::new(Person { name: (*name).to_owned(), ..person(&format!("p{number}")) }))
    });
    write(&*store, people).await;

    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = store.person_list(&org(), "", after.as_deref(), 2).await.unwrap();
        seen.extend(page.items.into_iter().map(|one| one.id.0));
        match page.next {
            Some(next) => after = Some(next.id),
            None => break,
        }
    }
    assert_eq!(seen, ["p1", "p4", "p3", "p0", "p2"]);
    for (text, expected) in
        [("ÖZT", vec!["p2"]), ("p3@example", vec!["p3"]), ("aal p4.login", vec!["p4"]), ("nobody", vec![])]
    {
        let page = store.person_list(&org(), text, None, 10).await.unwrap();
        assert!(page.items.iter().map(|one| one.id.as_str()).eq(expected), "{text}");
    }
}

pub async fn keep_secrets_and_sessions(made: Made) {
    let store = made.store();
    let password = |phc: Option<&str>| Write::Password { person: "ana".into(), phc: phc.map(str::to_owned) };
    write(&*store, [password(Some("$argon2id$1"))]).await;
    write(&*store, [password(Some("$argon2id$2"))]).await;
    assert_eq!(store.password_get(&org(), &"ana".into()).await.unwrap().as_deref(), Some("$argon2id$2"));
    write(&*store, [password(None)]).await;
    assert_eq!(store.password_get(&org(), &"ana".into()).await.unwrap(), None);

    let session = |hash: &str, who: &str, kind| Session {
        token_hash: hash.to_owned(),
        person: who.into(),
        kind,
        name: "Laptop".to_owned(),
        created_at: at(1),
        expires_at: at(2),
    };
    let first = session("h1", "ana", SessionKind::Browser);
    for one in [&first, &session("h2", "ana", SessionKind::Token), &session("h3", "ben", SessionKind::Token)] {
        store.session_put(&org(), one).await.unwrap();
    }
    let longer = Session { expires_at: at(99), ..first };
    store.session_put(&org(), &longer).await.unwrap();
    assert_eq!(store.session_get(&org(), "h1").await.unwrap(), Some(longer));
    assert_eq!(store.session_list(&org(), &"ana".into()).await.unwrap().len(), 2);
    store.session_delete(&org(), "h1").await.unwrap();
    assert_eq!(store.session_get(&org(), "h1").await.unwrap(), None);
    store.session_delete_all(&org(), &"ana".into()).await.unwrap();
    assert_eq!(store.session_get(&org(), "h2").await.unwrap(), None);
    assert!(store.session_get(&org(), "h3").await.unwrap().is_some());
}

pub async fn keep_cis_classes_and_relations(made: Made) {
    let store = made.store();
    let ci = |id: &str, name: &str, class: &str, space: &str| Ci {
        id: id.into(),
        name: name.to_owned(),
        class: class.to_owned(),
        space: space.into(),
        attributes: object(json!({ "cpu": 4 })),
        version: 1,
    };
    let class = CiClass {
        id: "server".to_owned(),
        title: "Server".to_owned(),
        parent: Some("thing".to_owned()),
        is_abstract: true,
        attributes: object(json!({ "cpu": { "type": "integer" } })),
        required: vec!["cpu".to_owned()],
        version: 3,
    };
    let relation =
        |from: &str, to: &str| CiRelation { from: from.into(), relation_type: "runs-on".to_owned(), to: to.into() };
    let all = [ci("c1", "web-02", "server", "it"), ci("c2", "Web-01", "server", "it"), ci("c3", "web-03", "app", "hr")];
    let mut writes: Vec<Write> = all.iter().map(|one| Write::Ci(Box::new(one.clone()))).collect();
    writes.push(Write::CiClass(class.clone()));
    writes.extend([relation("c1", "c2"), relation("c3", "c1"), relation("c3", "c2")].map(Write::RelateCis));
    write(&*store, writes).await;

    assert_eq!(store.ci_get(&org(), &"c1".into()).await.unwrap(), Some(all[0].clone()));
    assert_eq!(store.ci_class_list(&org()).await.unwrap(), [class]);
    assert_eq!(store.ci_relations(&org(), &"c1".into()).await.unwrap(), [relation("c1", "c2"), relation("c3", "c1")]);
    let hr = relation("c3", "c1");
    assert_eq!(
        store.ci_relation_page(&org(), None, 9).await.unwrap(),
        [relation("c1", "c2"), hr.clone(), relation("c3", "c2")]
    );
    assert_eq!(store.ci_relation_page(&org(), Some(&hr), 9).await.unwrap(), [relation("c3", "c2")]);
    assert_eq!(store.ci_relation_page(&org(), None, 1).await.unwrap(), [relation("c1", "c2")]);
    let other_type = CiRelation { relation_type: "uses".to_owned(), ..hr.clone() };
    let asked = [hr.clone(), other_type, relation("c2", "c1")];
    assert_eq!(store.ci_relations_among(&org(), &asked).await.unwrap(), [hr]);
    assert_eq!(store.ci_relations_among(&org(), &[]).await.unwrap(), []);
    let after = CiId::from("c1");
    let places = [all[1].place(), all[2].place()];
    assert_eq!(store.ci_places(&org(), Some(&after), 9).await.unwrap(), places);
    assert_eq!(store.ci_places(&org(), None, 1).await.unwrap().len(), 1);
    let mut many = store.ci_get_many(&org(), &["c3", "nothing", "c1"].map(CiId::from)).await.unwrap();
    many.sort_by(|left, right| left.id.cmp(&right.id));
    assert_eq!(many, [all[0].clone(), all[2].clone()]);
    let it = vec!["it".to_owned()];
    type Case<'a> = (Option<&'a [String]>, &'a str, Option<&'a str>, Option<&'a str>, Vec<&'a str>);
    let cases: [Case<'_>; 6] = [
        (None, "", None, None, vec!["c2", "c1", "c3"]),
        (Some(&it), "WEB", None, None, vec!["c2", "c1"]),
        (Some(&[]), "", None, None, vec![]),
        (None, "", Some("app"), None, vec!["c3"]),
        (None, "", None, Some("c2"), vec!["c1", "c3"]),
        (None, "03", None, None, vec!["c3"]),
    ];
    for (spaces, text, class, after, expected) in cases {
        let page = store.ci_list(&org(), spaces, text, class, after, 10).await.unwrap();
        assert!(page.items.iter().map(|one| one.id.as_str()).eq(expected), "{spaces:?} {text} {class:?} {after:?}");
    }
    write(&*store, [Write::UnrelateCis(relation("c3", "c1"))]).await;
    assert_eq!(store.ci_relations(&org(), &"c1".into()).await.unwrap(), [relation("c1", "c2")]);
}

pub async fn keep_records(made: Made) {
    let store = made.store();
    let full =
        Record { fields: object(json!({ "body": "x" })), state: "published".to_owned(), version: 2, ..record("r2") };
    let secret = Record { space: "hr".into(), ..record("r3") };
    let writes = [record("r1"), record("r2"), full.clone(), secret].map(|one| Write::Record(Box::new(one)));
    write(&*store, writes).await;

    assert_eq!(store.record_get(&org(), "r2").await.unwrap(), Some(full.clone()));
    assert_eq!(store.record_get(&org(), "KB-r2").await.unwrap(), Some(full));
    let (all, it) = (RecordScope::everything(), RecordScope { spaces: Some(vec!["it".to_owned()]), shown: Vec::new() });
    let list = async |state: Option<&str>, scope: &RecordScope, after: Option<&str>, limit| {
        let page = store.record_list(&org(), &"article".into(), state, scope, after, limit).await.unwrap();
        (page.items.into_iter().map(|one| one.id.0).collect::<Vec<_>>(), page.next.map(|next| next.id))
    };
    assert_eq!(list(None, &all, None, 2).await, (vec!["r1".to_owned(), "r2".to_owned()], Some("r2".to_owned())));
    assert_eq!(list(None, &all, Some("r2"), 2).await, (vec!["r3".to_owned()], None));
    assert_eq!(list(None, &it, None, 9).await.0, ["r1", "r2"]);
    assert_eq!(list(Some("draft"), &all, None, 9).await.0, ["r1", "r3"]);
}

/// What readers see is exactly what the scope means in memory, whatever type the compared values have.
pub async fn show_records_to_readers(made: Made) {
    let store = made.store();
    let audiences =
        [json!("public"), json!("internal"), json!("pub\"lic\\ü"), json!(1), json!("1"), json!(true), json!(null)];
    let mut rows = Vec::new();
    for space in ["it", "hr", "legal"] {
        for state in ["draft", "published"] {
            for (place, audience) in audiences.iter().enumerate() {
                let fields = object(json!({ "audience": audience, "body": "x" }));
                let id = format!("{space}-{state}-{place}");
                rows.push(Record { space: space.into(), state: state.to_owned(), fields, ..record(&id) });
            }
        }
    }
    rows.push(Record { state: "published".to_owned(), ..record("without-audience") });
    rows.push(Record { kind: "contract".into(), state: "published".to_owned(), ..rows[0].clone() });
    rows.last_mut().expect("one was pushed").id = "contract".into();
    rows.last_mut().expect("one was pushed").number = "CT1".to_owned();
    write(&*store, rows.iter().map(|row| Write::Record(Box::new(row.clone())))).await;

    let texts = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let when = |is: &[serde_json::Value]| domain::kind::When { field: "audience".to_owned(), is: is.to_vec() };
    let shown = |spaces: &[&str], states: &[&str], when: Vec<domain::kind::When>| ShownRecords {
        kind: "article".into(),
        spaces: texts(spaces),
        states: texts(states),
        when,
        fields: texts(&["body"]),
    };
    let cases = [
        (Some(texts(&["legal"])), vec![shown(&["it"], &["published"], vec![when(&[json!("public")])])]),
        (
            Some(Vec::new()),
            vec![shown(&["it", "hr"], &["published", "draft"], vec![when(&[json!(1), json!("pub\"lic\\ü")])])],
        ),
        (
            Some(Vec::new()),
            vec![shown(&["it"], &["draft"], vec![when(&[json!("public")]), when(&[json!("internal")])])],
        ),
        (
            Some(Vec::new()),
            vec![shown(&["it"], &["published"], Vec::new()), shown(&["hr"], &["draft"], vec![when(&[json!(true)])])],
        ),
        (Some(Vec::new()), Vec::new()),
        (None, Vec::new()),
    ];
    let mut met = 0;
    for (spaces, shown) in cases {
        let scope = RecordScope { spaces, shown };
        let mut expected: Vec<&str> = rows.iter().filter(|row| scope.allows(row)).map(|row| row.id.as_str()).collect();
        expected.sort_unstable();
        met += expected.len();
        let search = RecordSearch { text: String::new(), kinds: Vec::new(), scope: scope.clone(), limit: 200 };
        let mut found: Vec<String> =
            store.record_search(&org(), &search).await.unwrap().into_iter().map(|row| row.id.0).collect();
        found.sort_unstable();
        assert_eq!(found, expected, "{scope:?}");
        expected.retain(|id| *id != "contract");
        let page = store.record_list(&org(), &"article".into(), None, &scope, None, 200).await.unwrap();
        let mut listed: Vec<String> = page.items.into_iter().map(|row| row.id.0).collect();
        listed.sort_unstable();
        assert_eq!(listed, expected, "{scope:?}");
    }
    assert!(met > 40, "{met}");
}

pub async fn keep_calendars_plugins_and_components(made: Made) {
    let store = made.store();
    let plugin = InstalledPlugin {
        id: "incident".into(),
        digest: "d1".into(),
        version: "1.0.0".to_owned(),
        enabled: true,
        grants: Vec::new(),
        settings: object(json!({ "a": 1 })),
        installed_at: at(1),
        row_version: 1,
    };
    let query = SavedQuery {
        owner: "ada".into(),
        audience: Audience::Space("it".into()),
        question: json!({ "title": "Open", "kind": "*", "measure": "count" }),
    };
    let wasm: std::sync::Arc<[u8]> = vec![0, 97, 115, 109, 255].into();
    write(
        &*store,
        [
            Write::Calendar { key: "at".to_owned(), definition: json!({ "zone": "Europe/Vienna" }), version: 1 },
            Write::SavedQuery { id: "open".to_owned(), query: Box::new(query.clone()), version: 1 },
            Write::Plugin(Box::new(plugin.clone())),
            Write::Component { digest: "d1".into(), wasm: wasm.clone() },
            Write::Component { digest: "d1".into(), wasm: wasm.clone() },
        ],
    )
    .await;

    let calendars = store.calendar_list(&org()).await.unwrap();
    assert_eq!(calendars, [("at".to_owned(), json!({ "zone": "Europe/Vienna" }), 1)]);
    assert_eq!(store.saved_query_list(&org()).await.unwrap(), [("open".to_owned(), query.clone(), 1)]);
    let changed = SavedQuery { audience: Audience::Everyone, ..query };
    write(&*store, [Write::SavedQuery { id: "open".to_owned(), query: Box::new(changed.clone()), version: 2 }]).await;
    assert_eq!(store.saved_query_get(&org(), "open").await.unwrap(), Some((changed, 2)));
    write(&*store, [Write::RemoveSavedQuery("open".to_owned())]).await;
    assert_eq!(store.saved_query_get(&org(), "open").await.unwrap(), None);
    assert_eq!(store.plugin_list(&org()).await.unwrap(), [plugin]);
    assert_eq!(store.component_get(&org(), &"d1".into()).await.unwrap().as_deref(), Some(&*wasm));
    assert_eq!(store.component_get(&org(), &"d2".into()).await.unwrap(), None);
    write(&*store, [Write::RemovePlugin("incident".into())]).await;
    assert!(store.plugin_list(&org()).await.unwrap().is_empty());
}

pub async fn keep_notifications_and_blobs(made: Made) {
    let store = made.store();
    let message = |id: &str, when: i64| Notification {
        id: id.to_owned(),
        person: "ana".into(),
        ticket: Some("t1".into()),
        at: at(when),
        subject: "Approve".to_owned(),
        body: "Please".to_owned(),
        read: false,
    };
    let read = |id: &str, person: &str| Write::NotificationRead { id: id.to_owned(), person: person.into() };
    write(&*store, [Write::Notification(message("n1", 1)), Write::Notification(message("n2", 2))]).await;
    write(&*store, [read("n1", "ana"), read("n2", "ben"), Write::Notification(message("n3", 3)), read("n3", "ana")])
        .await;

    let list = store.notification_list(&org(), &"ana".into(), 10).await.unwrap();
    let expected = [
        Notification { read: true, ..message("n3", 3) },
        message("n2", 2),
        Notification { read: true, ..message("n1", 1) },
    ];
    assert_eq!(list, expected);

    store.blob_put(&org(), "d", &[0, 1, 255]).await.unwrap();
    store.blob_put(&org(), "d", &[0, 1, 255]).await.unwrap();
    assert_eq!(store.blob_get(&org(), "d").await.unwrap(), Some(vec![0, 1, 255]));
    assert_eq!(store.blob_get(&org(), "e").await.unwrap(), None);
}

pub async fn keep_nodes_while_they_beat(made: Made) {
    let store = made.store();
    let day = i64::try_from(NODE_KEPT.as_micros()).unwrap();
    let node = |id: &str, started: i64, seen: i64| Node {
        id: id.to_owned(),
        name: "weft-1".to_owned(),
        version: "0.1.0".to_owned(),
        started_at: at(started),
        seen_at: at(seen),
        lease_until: at(seen + 15),
    };
    // The same name twice: a node that was started again, and the one before it.
    store.node_beat(&org(), &node("b", 0, 0)).await.unwrap();
    store.node_beat(&org(), &node("a", 5, 5)).await.unwrap();
    store.node_beat(&org(), &node("b", 0, 9)).await.unwrap();
    assert_eq!(store.node_list(&org()).await.unwrap(), [node("b", 0, 9), node("a", 5, 5)]);
    assert!(store.node_list(&"other".into()).await.unwrap().is_empty());

    store.node_beat(&org(), &node("b", 0, 21 + day)).await.unwrap();
    assert_eq!(store.node_list(&org()).await.unwrap(), [node("b", 0, 21 + day)], "a is dead for more than a day");
}
