//! Configuration: what falls with an item, for those who may not see all of it.

use super::{change_record, change_ticket, file, record, settled};
use app::PersonChange;
use app::port::clock::Clock;
use domain::{Actor, PersonId, Role, SpaceId};
use serde_json::{Value, json};
use weft_tests::app::{Caller, TestApp};

async fn item(caller: &Caller, name: &str, space: &str) -> String {
    let body = json!({ "name": name, "class": "server", "space": space });
    let made = caller.post("/cis", body).await.expect(201).value();
    made["id"].as_str().expect("it has an id").to_owned()
}

async fn impact(caller: &Caller, id: &str, direction: &str) -> Value {
    caller.get(&format!("/cis/{id}/impact?direction={direction}")).await.expect(200).value()
}

fn names(impact: &Value) -> Vec<&str> {
    impact["items"].as_array().into_iter().flatten().filter_map(|item| item["ci"]["name"].as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn cfg_03_impact_through_an_item_that_may_not_be_seen() {
    let app = TestApp::new().await;
    let (system, kim) = (Actor::system(), PersonId::from("kim"));
    let change =
        PersonChange { login: Some("kim".to_owned()), name: Some("kim".to_owned()), ..PersonChange::default() };
    app.world.app.person_put(&system, Some(&kim), change).await.expect("a person");
    let roles = ["it", "hr"].map(|space| (SpaceId::from(space), Role::Agent)).to_vec();
    app.world.app.roles_put(&system, &kim, roles).await.expect("roles");
    let (kim, ada) = (app.caller("kim").await, app.caller("ada").await);
    app.caller("max").await.put("/ci-classes/server", json!({ "title": "Server" })).await.expect(200);
    let rack = item(&kim, "rack", "it").await;
    let payroll = item(&kim, "payroll", "hr").await;
    let intranet = item(&kim, "intranet", "it").await;
    let relate = async |from: &str, relation_type: &str, to: &str| {
        let body = json!({ "type": relation_type, "to": to });
        kim.put(&format!("/cis/{from}/relations"), body).await.expect(204);
    };
    relate(&rack, "hosts", &payroll).await;
    relate(&intranet, "depends-on", &payroll).await;

    // Who may see all of it is told all of it.
    let all = impact(&kim, &rack, "down").await;
    assert_eq!((names(&all), &all["total"], &all["hidden"]), (vec!["payroll", "intranet"], &json!(2), &json!(0)));

    // Ada is told what lies behind, and that something lies between.
    let down = impact(&ada, &rack, "down").await;
    assert_eq!((names(&down), &down["total"], &down["hidden"]), (vec!["intranet"], &json!(1), &json!(1)));
    let told = &down["items"][0];
    assert_eq!(
        (&told["path"], &told["distance"], &told["hidden_between"]),
        (&json!([rack, intranet]), &json!(2), &json!(1))
    );
    let up = impact(&ada, &intranet, "up").await;
    assert_eq!((names(&up), &up["hidden"]), (vec!["rack"], &json!(1)));
    for answer in [&down, &up] {
        let text = answer.to_string();
        assert!(!text.contains(&payroll) && !text.contains("payroll") && !text.contains("\"hr\""), "{text}");
    }
    ada.get(&format!("/cis/{payroll}/impact")).await.expect(404);

    // The next question knows what changed.
    let printer = item(&kim, "printer", "it").await;
    relate(&printer, "uses", &intranet).await;
    assert_eq!(names(&impact(&ada, &rack, "down").await), ["intranet", "printer"]);
    let few = ada.get(&format!("/cis/{rack}/impact?limit=1")).await.expect(200).value();
    assert_eq!((names(&few), &few["total"]), (vec!["intranet"], &json!(2)));
    let body = json!({ "type": "hosts", "to": payroll });
    kim.json("DELETE", &format!("/cis/{rack}/relations"), &body).await.expect(204);
    let none = impact(&ada, &rack, "down").await;
    assert_eq!((names(&none), &none["hidden"]), (Vec::<&str>::new(), &json!(0)));
    app.transcript(
        "practice-service-configuration",
        "Service configuration: impact through an item that may not be seen",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cfg_04_cfg_05_what_sources_bring_is_identified_and_never_there_twice() {
    let app = TestApp::new().await;
    let (ada, mona, max) = (app.caller("ada").await, app.caller("mona").await, app.caller("max").await);
    let class = json!({ "title": "Hardware", "abstract": true, "attributes": {
        "serial": { "type": "string" }, "memory": { "type": "integer" }, "owner": { "type": "string" } } });
    max.put("/ci-classes/hardware", class).await.expect(200);
    max.put("/ci-classes/server", json!({ "title": "Server", "parent": "hardware" })).await.expect(200);
    file(&mona, "ci-rule", "Hardware", json!({ "class": "hardware", "entries": [["serial"], ["name"]] })).await;
    file(&mona, "ci-source", "Scanner", json!({ "key": "scanner", "rank": 10 })).await;
    file(&mona, "ci-source", "Spreadsheet", json!({ "key": "sheet", "rank": 20 })).await;
    let server = |name: &str, attributes: Value| json!({ "name": name, "class": "server", "attributes": attributes });
    let import = |source: &str, items: &[Value]| json!({ "source": source, "items": items });
    let items = async || super::list(&ada, "/cis?class=server").await;

    // A simulation is answered at once and changes nothing; who the source is must be known.
    let two = [server("web-1", json!({ "serial": "S1", "memory": 8 })), server("web-2", json!({ "serial": "S2" }))];
    let mut simulated = import("scanner", &two);
    simulated["mode"] = "simulate".into();
    let told = file(&ada, "ci-import", "Scan", simulated).await;
    assert_eq!((&told["state"], &told["fields"]["counts"]), (&json!("simulated"), &json!({ "created": 2 })));
    let unknown = json!({ "kind": "ci-import", "space": "it", "title": "Scan", "fields": import("nobody", &two) });
    ada.post("/records", unknown).await.expect(422);
    settled(&app).await;
    assert_eq!(items().await.len(), 0);

    // The same payload twice, and both before either is carried out.
    let first = file(&ada, "ci-import", "Scan", import("scanner", &two)).await;
    let second = file(&ada, "ci-import", "Scan", import("scanner", &two)).await;
    settled(&app).await;
    let counts = [record(&ada, &first).await, record(&ada, &second).await].map(|it| it["fields"]["counts"].clone());
    assert!(counts.contains(&json!({ "created": 2 })) && counts.contains(&json!({ "unchanged": 2 })), "{counts:?}");
    let known = items().await;
    assert_eq!(known.len(), 2, "{known:?}");

    // What people wrote stays, and so does what the source that is believed more wrote; the rest is taken.
    let web = known.iter().find(|item| item["name"] == "web-1").expect("it was created").clone();
    let path = format!("/cis/{}", web["id"].as_str().expect("it has an id"));
    ada.patch(&path, json!({ "attributes": { "owner": "erin" } })).await.expect(200);
    let sheet = [
        server("WEB-1", json!({ "serial": "S1", "memory": 4, "owner": "nobody" })),
        server("web-2", json!({ "memory": 2 })),
    ];
    let third = file(&ada, "ci-import", "Sheet", import("sheet", &sheet)).await;
    settled(&app).await;
    let third = record(&ada, &third).await;
    assert_eq!(third["state"], "done", "{third}");
    let mut kept: Vec<&str> =
        third["fields"]["result"][0]["kept"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    kept.sort_unstable();
    assert_eq!(kept, ["memory", "name", "owner"]);
    let now = ada.get(&path).await.expect(200).value();
    let attributes = &now["attributes"];
    assert_eq!(
        (&attributes["memory"], &attributes["owner"], &attributes["serial"]),
        (&json!(8), &json!("erin"), &json!("S1"))
    );
    let reserved = ada.patch(&path, json!({ "attributes": { "_service-configuration": null } })).await;
    assert_eq!((reserved.status, &reserved.value()["errors"][0]["code"]), (422, &json!("reserved-attribute")));

    // Two that cannot be told apart are a task for people, once; what the class does not allow is refused line by line.
    for name in ["db-1", "db-2"] {
        let body = json!({ "name": name, "class": "server", "space": "it", "attributes": { "serial": "S3" } });
        ada.post("/cis", body).await.expect(201);
    }
    let open = [
        server("db", json!({ "serial": "S3" })),
        server("web-9", json!({ "serial": "S9", "colour": "red" })),
        server("web-8", json!({ "serial": "S8" })),
    ];
    for _ in 0..2 {
        let last = file(&ada, "ci-import", "Scan", import("scanner", &open)).await;
        settled(&app).await;
        let last = record(&ada, &last).await;
        let outcomes: Vec<&Value> = (0..2).map(|line| &last["fields"]["result"][line]["outcome"]).collect();
        assert_eq!(
            (&last["state"], outcomes),
            (&json!("review"), vec![&json!("ambiguous"), &json!("refused")]),
            "{last}"
        );
        change_record(&ada, &last, json!({ "state": "done" })).await;
    }
    assert_eq!(super::list(&ada, "/tickets?kind=ci-duplicate").await.len(), 1);
    assert_eq!(items().await.len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn cfg_02_a_cluster_is_at_risk_before_it_falls() {
    let app = TestApp::new().await;
    let (ada, max) = (app.caller("ada").await, app.caller("max").await);
    let class = json!({ "title": "Server", "attributes": { "needs": { "type": ["integer", "string"] } } });
    max.put("/ci-classes/server", class).await.expect(200);
    let room = item(&ada, "room", "it").await;
    let nodes = [item(&ada, "node-1", "it").await, item(&ada, "node-2", "it").await, item(&ada, "node-3", "it").await];
    let (cluster, shop) = (item(&ada, "cluster", "it").await, item(&ada, "shop", "it").await);
    for node in &nodes {
        relate(&ada, &cluster, "runs-on", node).await;
    }
    relate(&ada, &shop, "depends-on", &cluster).await;
    relate(&ada, &room, "hosts", &nodes[0]).await;
    assert_eq!(names(&impact(&ada, &room, "down").await), ["node-1", "cluster", "shop"], "it needs each of them");

    // What it needs is written, and the next question knows it.
    ada.patch(&format!("/cis/{cluster}"), json!({ "attributes": { "needs": 2 } })).await.expect(200);
    let one = impact(&ada, &room, "down").await;
    assert_eq!(names(&one), ["node-1"]);
    let at_risk = &one["at_risk"][0];
    assert_eq!(
        (&at_risk["ci"]["name"], &at_risk["failed"], &at_risk["of"], &at_risk["needs"]),
        (&json!("cluster"), &json!(1), &json!(3), &json!(2))
    );
    relate(&ada, &room, "hosts", &nodes[1]).await;
    let two = impact(&ada, &room, "down").await;
    assert_eq!((two["total"].as_u64(), &two["at_risk"]), (Some(4), &json!([])), "two are too many");
    ada.patch(&format!("/cis/{cluster}"), json!({ "attributes": { "needs": "30%" } })).await.expect(200);
    assert_eq!(impact(&ada, &room, "down").await["at_risk"][0]["needs"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn cfg_07_an_item_as_it_was() {
    let app = TestApp::new().await;
    let (ada, hana, max) = (app.caller("ada").await, app.caller("hana").await, app.caller("max").await);
    let class =
        json!({ "title": "Server", "attributes": { "memory": { "type": "integer" }, "site": { "type": "string" } } });
    max.put("/ci-classes/server", class).await.expect(200);
    let before = app.world.clock.now();
    app.world.advance(jiff::SignedDuration::from_mins(1)).await;
    let body = json!({ "name": "web", "class": "server", "space": "it", "attributes": { "memory": 8 } });
    let made = ada.post("/cis", body).await.expect(201).value();
    let path = format!("/cis/{}", made["id"].as_str().expect("it has an id"));
    let first = app.world.clock.now();
    app.world.advance(jiff::SignedDuration::from_mins(1)).await;
    let change = json!({ "name": "web-1", "attributes": { "memory": 16, "site": "Berlin" } });
    ada.patch(&path, change).await.expect(200);
    let second = app.world.clock.now();
    app.world.advance(jiff::SignedDuration::from_mins(1)).await;
    ada.patch(&path, json!({ "attributes": { "memory": null } })).await.expect(200);

    let was = async |at: jiff::Timestamp| ada.get(&format!("{path}?as_of={at}")).await;
    assert_eq!(was(first).await.expect(200).value(), made);
    let then = was(second).await.expect(200).value();
    assert_eq!((&then["name"], &then["version"]), (&json!("web-1"), &json!(2)));
    assert_eq!(then["attributes"], json!({ "memory": 16, "site": "Berlin" }));
    let now = ada.get(&path).await.expect(200).value();
    assert_eq!(was(app.world.clock.now()).await.expect(200).value(), now);
    assert_eq!(now["attributes"], json!({ "site": "Berlin" }));
    was(before).await.expect(404);
    was(app.world.clock.now() + jiff::SignedDuration::from_hours(1)).await.expect(422);
    hana.get(&format!("{path}?as_of={first}")).await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn cfg_07_relations_as_they_were_in_both_directions() {
    let app = TestApp::new().await;
    let (ada, hana, max) = (app.caller("ada").await, app.caller("hana").await, app.caller("max").await);
    max.put("/ci-classes/server", json!({ "title": "Server" })).await.expect(200);
    let mut ids = Vec::new();
    for name in ["web", "database", "rack"] {
        let made =
            ada.post("/cis", json!({ "name": name, "class": "server", "space": "it" })).await.expect(201).value();
        ids.push(made["id"].as_str().expect("it has an id").to_owned());
    }
    let (web, database, rack) = (&ids[0], &ids[1], &ids[2]);
    let depends = |to: &str| json!({ "type": "depends-on", "to": to });
    ada.put(&format!("/cis/{web}/relations"), depends(database)).await.expect(204);
    let first = app.world.clock.now();
    app.world.advance(jiff::SignedDuration::from_mins(1)).await;
    ada.put(&format!("/cis/{database}/relations"), depends(rack)).await.expect(204);
    let second = app.world.clock.now();
    app.world.advance(jiff::SignedDuration::from_mins(1)).await;
    ada.json("DELETE", &format!("/cis/{web}/relations"), &depends(database)).await.expect(204);

    let of = async |id: &str, at: Option<jiff::Timestamp>| {
        let query = at.map(|at| format!("?as_of={at}")).unwrap_or_default();
        let mut found: Vec<(String, String)> = super::list(&ada, &format!("/cis/{id}/relations{query}"))
            .await
            .iter()
            .map(|one| (one["from"].as_str().unwrap_or_default().into(), one["to"].as_str().unwrap_or_default().into()))
            .collect();
        found.sort();
        found
    };
    let pair = |from: &str, to: &str| (from.to_owned(), to.to_owned());
    let mut both = vec![pair(web, database), pair(database, rack)];
    both.sort();
    assert_eq!(of(database, None).await, [pair(database, rack)]);
    assert_eq!(of(database, Some(second)).await, both);
    assert_eq!(of(database, Some(first)).await, [pair(web, database)]);
    assert_eq!(of(web, Some(second)).await, [pair(web, database)]);
    assert_eq!(of(rack, Some(first)).await, []);
    hana.get(&format!("/cis/{web}/relations?as_of={first}")).await.expect(404);
    let tomorrow = app.world.clock.now() + jiff::SignedDuration::from_hours(24);
    ada.get(&format!("/cis/{web}/relations?as_of={tomorrow}")).await.expect(422);
}

#[tokio::test(flavor = "multi_thread")]
async fn cfg_01_classes_inherit_and_abstract_ones_have_no_items() {
    let app = TestApp::new().await;
    let (ada, max, mona) = (app.caller("ada").await, app.caller("max").await, app.caller("mona").await);
    let hardware = json!({ "title": "Hardware", "abstract": true, "required": ["serial"],
        "attributes": { "serial": { "type": "string" }, "memory": { "type": "integer" } } });
    max.put("/ci-classes/hardware", hardware).await.expect(200);
    let server = json!({ "title": "Server", "parent": "hardware", "attributes": { "memory": { "type": "integer", "minimum": 8 } } });
    max.put("/ci-classes/server", server).await.expect(200);
    let create = async |class: &str, attributes: Value| {
        let body = json!({ "name": "one", "class": class, "space": "it", "attributes": attributes });
        let reply = ada.post("/cis", body).await;
        let code = reply.value()["errors"][0]["code"].as_str().map(str::to_owned);
        (reply.status, code.unwrap_or_default())
    };
    assert_eq!(create("server", json!({ "serial": "S1", "memory": 8 })).await, (201, String::new()));
    assert_eq!(create("hardware", json!({ "serial": "S2" })).await, (422, "abstract-class".to_owned()));
    let wrong = (422, "invalid-value".to_owned());
    assert_eq!(create("server", json!({ "memory": 8 })).await, wrong, "what the parent wants is wanted here too");
    assert_eq!(create("server", json!({ "serial": "S3", "memory": 4 })).await, wrong, "the nearest definition counts");
    assert_eq!(create("server", json!({ "serial": "S4", "colour": "red" })).await, wrong);

    // The nearest rule of identification counts, too.
    let rule = |class: &str, entries: Value| json!({ "class": class, "entries": entries });
    file(&mona, "ci-rule", "Hardware", rule("hardware", json!([["serial"]]))).await;
    file(&mona, "ci-source", "Scanner", json!({ "key": "scanner" })).await;
    let brought = json!({ "source": "scanner", "mode": "simulate", "items": [
        { "name": "one", "class": "server", "attributes": { "serial": "S9" } } ] });
    let told = file(&ada, "ci-import", "Scan", brought.clone()).await;
    assert_eq!(told["fields"]["counts"], json!({ "created": 1 }), "another serial number is another item");
    file(&mona, "ci-rule", "Server", rule("server", json!([["name"]]))).await;
    let told = file(&ada, "ci-import", "Scan", brought).await;
    assert_eq!(told["fields"]["result"][0]["kept"], json!(["serial"]), "people wrote it");
    let second =
        json!({ "kind": "ci-rule", "space": "it", "title": "Again", "fields": rule("server", json!([["name"]])) });
    mona.post("/records", second).await.expect(422);
}

/// Servers have a serial number, memory and an owner; adapters have a name and an address.
async fn classes(max: &Caller) {
    let hardware = json!({ "title": "Hardware", "abstract": true, "attributes": { "serial": { "type": "string" },
        "memory": { "type": "integer" }, "owner": { "type": "string" }, "status": { "type": "string" } } });
    max.put("/ci-classes/hardware", hardware).await.expect(200);
    max.put("/ci-classes/server", json!({ "title": "Server", "parent": "hardware" })).await.expect(200);
    let adapter = json!({ "title": "Adapter", "attributes": { "address": { "type": "string" } } });
    max.put("/ci-classes/adapter", adapter).await.expect(200);
}

async fn create(caller: &Caller, class: &str, name: &str, attributes: Value) -> String {
    let body = json!({ "name": name, "class": class, "space": "it", "attributes": attributes });
    super::id(&caller.post("/cis", body).await.expect(201).value()).to_owned()
}

async fn ci(caller: &Caller, id: &str) -> Value {
    caller.get(&format!("/cis/{id}")).await.expect(200).value()
}

async fn relate(caller: &Caller, from: &str, kind: &str, to: &str) {
    caller.put(&format!("/cis/{from}/relations"), json!({ "type": kind, "to": to })).await.expect(204);
}

async fn relations(caller: &Caller, id: &str) -> Vec<String> {
    let mut found: Vec<String> = super::list(caller, &format!("/cis/{id}/relations"))
        .await
        .iter()
        .map(|one| [&one["from"], &one["type"], &one["to"]].map(|part| part.as_str().unwrap_or_default()).join(" "))
        .collect();
    found.sort();
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn cfg_07_an_audit_tells_what_deviates_and_asks_once_until_it_complies() {
    let app = TestApp::new().await;
    let (ada, mona, max) = (app.caller("ada").await, app.caller("mona").await, app.caller("max").await);
    classes(&max).await;
    let policy = |class: &str, wants: Value| {
        json!({ "class": class, "severity": "high", "wants": wants,
        "when": [{ "attribute": "name", "matches": "web-*" }] })
    };
    let refused = async |fields: Value| {
        let body = json!({ "kind": "ci-policy", "space": "it", "title": "Impossible", "fields": fields });
        let reply = mona.post("/records", body).await.expect(422).value();
        let errors = reply["errors"].as_array().cloned().unwrap_or_default();
        errors.iter().filter_map(|error| error["code"].as_str().map(str::to_owned)).collect::<Vec<_>>()
    };
    // What nothing could comply with is refused when it is saved, with everything that is wrong.
    let impossible = json!([{ "attribute": "memory", "at_least": 8 }, { "attribute": "memory", "at_most": 4 },
        { "attribute": "owner" }, { "attribute": "serial", "equals": 5 }]);
    assert_eq!(
        refused(policy("server", impossible.clone())).await,
        ["says-nothing", "contradiction", "impossible-value"]
    );
    assert_eq!(refused(policy("car", impossible)).await, ["unknown-class", "says-nothing", "contradiction"]);

    let wants = json!([{ "attribute": "memory", "at_least": 8 }, { "attribute": "owner", "present": true }]);
    let rule = file(&mona, "ci-policy", "Web servers", policy("hardware", wants)).await;
    let good = create(&ada, "server", "web-1", json!({ "memory": 16, "owner": "erin" })).await;
    let poor = create(&ada, "server", "web-2", json!({ "memory": 4 })).await;
    create(&ada, "server", "db-1", json!({ "memory": 1 })).await;

    // A simulation tells the same at once, and opens nothing.
    let told = file(&ada, "ci-audit", "Try", json!({ "mode": "simulate" })).await;
    let findings = json!([
        { "policy": rule["number"], "severity": "high", "attribute": "memory", "wanted": "at least 8", "found": 4 },
        { "policy": rule["number"], "severity": "high", "attribute": "owner", "wanted": "something", "found": null }]);
    assert_eq!(
        (&told["state"], &told["fields"]["checked"], &told["fields"]["compliant"]),
        (&json!("simulated"), &json!(3), &json!(2))
    );
    assert_eq!(told["fields"]["failing"], json!([{ "ci": poor, "name": "web-2", "findings": findings }]));
    settled(&app).await;
    let open = async || super::list(&ada, "/tickets?kind=ci-deviation").await;
    assert_eq!(open().await.len(), 0);

    // Twice the same finding is one ticket.
    let audit = async || {
        let asked = file(&ada, "ci-audit", "Audit", json!({ "class": "server" })).await;
        settled(&app).await;
        let done = record(&ada, &asked).await;
        assert_eq!(done["state"], "done", "{done}");
        ["compliant", "opened", "closed"].map(|name| done["fields"][name].as_u64().unwrap_or_default())
    };
    assert_eq!(audit().await, [2, 1, 0]);
    assert_eq!(audit().await, [2, 0, 0]);
    let tickets = open().await;
    assert_eq!(tickets.len(), 1);
    assert_eq!((&tickets[0]["fields"]["ci"], &tickets[0]["fields"]["findings"]), (&json!(poor), &findings));

    // What is better is told in the ticket; what complies closes it.
    ada.patch(&format!("/cis/{poor}"), json!({ "attributes": { "memory": 8 } })).await.expect(200);
    assert_eq!(audit().await, [2, 0, 0]);
    assert_eq!(open().await[0]["fields"]["findings"], json!([findings[1]]));
    ada.patch(&format!("/cis/{poor}"), json!({ "attributes": { "owner": "erin" } })).await.expect(200);
    assert_eq!(audit().await, [3, 0, 1]);
    assert_eq!(super::ticket(&ada, &tickets[0]).await["state"], "done");

    // At night everything is looked at, without anybody asking.
    ada.patch(&format!("/cis/{good}"), json!({ "attributes": { "owner": null } })).await.expect(200);
    app.world.advance(jiff::SignedDuration::from_hours(25)).await;
    settled(&app).await;
    let tomorrow = app.caller("ada").await;
    let mut of_good = super::list(&tomorrow, "/tickets?kind=ci-deviation").await;
    of_good.retain(|ticket| ticket["fields"]["ci"] == json!(good));
    assert_eq!(of_good.len(), 1, "{of_good:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn cfg_04_cfg_05_items_are_identified_by_what_they_belong_to_and_related_as_they_are_brought() {
    let app = TestApp::new().await;
    let (ada, mona, max) = (app.caller("ada").await, app.caller("mona").await, app.caller("max").await);
    classes(&max).await;
    file(&mona, "ci-rule", "Hardware", json!({ "class": "hardware", "entries": [["serial"]] })).await;
    let by_server = json!([{ "attributes": ["name"], "related": { "type": "member-of", "class": "hardware" } }]);
    file(&mona, "ci-rule", "Adapter", json!({ "class": "adapter", "entries": by_server })).await;
    let unknown = json!({ "class": "server", "entries": [{ "related": { "type": "likes" } }] });
    let body = json!({ "kind": "ci-rule", "space": "it", "title": "No", "fields": unknown });
    mona.post("/records", body).await.expect(422);
    file(&mona, "ci-source", "Scanner", json!({ "key": "scanner", "updates": ["address"] })).await;
    let server =
        |name: &str, serial: &str| json!({ "name": name, "class": "server", "attributes": { "serial": serial } });
    let adapter = |serial: &str, address: &str| {
        let to = json!({ "class": "server", "attributes": { "serial": serial } });
        json!({ "name": "eth0", "class": "adapter", "attributes": { "address": address },
            "relations": [{ "type": "member-of", "to": to }] })
    };
    let import = async |items: Value| {
        let asked = file(&ada, "ci-import", "Scan", json!({ "source": "scanner", "items": items })).await;
        settled(&app).await;
        record(&ada, &asked).await
    };
    let outcomes = |import: &Value| {
        let lines = import["fields"]["result"].as_array().cloned().unwrap_or_default();
        lines.iter().map(|line| line["outcome"].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };

    // An adapter comes before the server that it belongs to, in one import: both are created and related in one commit.
    let all = json!([
        adapter("S1", "10.0.0.1"),
        server("one", "S1"),
        server("two", "S2"),
        adapter("S2", "10.0.0.2"),
        adapter("S9", "10.0.0.9")
    ]);
    let first = import(all.clone()).await;
    assert_eq!(outcomes(&first), ["created", "created", "created", "created", "refused"], "{first}");
    let adapters = super::list(&ada, "/cis?class=adapter").await;
    assert_eq!(adapters.len(), 2, "each server has its own eth0");
    let mut ends = Vec::new();
    for adapter in &adapters {
        let known = relations(&ada, super::id(adapter)).await;
        assert!(known.len() == 1 && known[0].starts_with(&format!("{} member-of", super::id(adapter))), "{known:?}");
        ends.extend(known);
    }
    assert_eq!(ends.len(), 2);

    // The same again changes nothing; what is brought of one of them is about that one, and only what the source updates.
    let second = import(all).await;
    assert_eq!(outcomes(&second), ["unchanged", "unchanged", "unchanged", "unchanged", "refused"], "{second}");
    let third = import(json!([adapter("S2", "10.0.0.7"), server("another name", "S2")])).await;
    assert_eq!(outcomes(&third), ["updated", "unchanged"], "{third}");
    let addresses = async || {
        let mut found: Vec<Value> = super::list(&ada, "/cis?class=adapter")
            .await
            .iter()
            .map(|one| one["attributes"]["address"].clone())
            .collect();
        found.sort_by_key(Value::to_string);
        found
    };
    assert_eq!(addresses().await, [json!("10.0.0.1"), json!("10.0.0.7")]);
    assert_eq!(super::list(&ada, "/cis?class=server").await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn cfg_04_duplicates_are_merged_as_shown_and_the_merge_is_taken_back() {
    let app = TestApp::new().await;
    let (ada, mona, max) = (app.caller("ada").await, app.caller("mona").await, app.caller("max").await);
    classes(&max).await;
    file(&mona, "ci-rule", "Hardware", json!({ "class": "hardware", "entries": [["serial"]] })).await;
    file(&mona, "ci-source", "Scanner", json!({ "key": "scanner", "rank": 10 })).await;
    let scan = json!([{ "name": "web", "class": "server", "attributes": { "serial": "S1", "memory": 8 } }]);
    file(&ada, "ci-import", "Scan", json!({ "source": "scanner", "items": scan })).await;
    settled(&app).await;
    let stays = super::id(&super::list(&ada, "/cis?class=server").await[0]).to_owned();
    // People say more, and are believed more; what they do not say stays as the scanner saw it.
    let goes = create(&ada, "server", "WEB", json!({ "serial": "S1", "memory": 16, "owner": "erin" })).await;
    let rack = create(&ada, "server", "rack", json!({})).await;
    let shop = create(&ada, "server", "shop", json!({})).await;
    relate(&ada, &goes, "runs-on", &rack).await;
    relate(&ada, &shop, "depends-on", &goes).await;
    relate(&ada, &shop, "depends-on", &stays).await;
    relate(&ada, &stays, "connected-to", &goes).await;
    let before = (ci(&ada, &stays).await["attributes"].clone(), relations(&ada, &stays).await);
    let lost = (ci(&ada, &goes).await["attributes"].clone(), relations(&ada, &goes).await);
    let twice = json!([{ "name": "web", "class": "server", "attributes": { "serial": "S1" } }]);
    file(&ada, "ci-import", "Scan", json!({ "source": "scanner", "items": twice })).await;
    settled(&app).await;
    let duplicate = super::list(&ada, "/tickets?kind=ci-duplicate").await[0].clone();
    let path = format!("/tickets/{}", super::id(&duplicate));

    // Who stays is one of them; choosing shows what would happen, and nothing happens.
    let wrong = super::refused(&ada, &path, json!({ "fields": { "survivor": rack } })).await;
    assert_eq!(wrong, ["not-a-candidate"]);
    let chosen = change_ticket(&ada, &duplicate, json!({ "fields": { "survivor": stays } })).await;
    let plan = chosen["fields"]["plan"].clone();
    assert_eq!(plan["retired"], json!([goes]), "{chosen}");
    settled(&app).await;
    assert_eq!((ci(&ada, &stays).await["attributes"].clone(), relations(&ada, &stays).await), before);

    // It is done as it was shown.
    change_ticket(&ada, &duplicate, json!({ "state": "merging" })).await;
    settled(&app).await;
    let merged = super::ticket(&ada, &duplicate).await;
    assert_eq!((&merged["state"], &merged["fields"]["result"]), (&json!("merged"), &plan), "{merged}");
    let now = ci(&ada, &stays).await;
    let attributes = &now["attributes"];
    assert_eq!(
        (&now["name"], &attributes["serial"], &attributes["memory"], &attributes["owner"]),
        (&json!("WEB"), &json!("S1"), &json!(16), &json!("erin"))
    );
    let mut moved = vec![format!("{shop} depends-on {stays}"), format!("{stays} runs-on {rack}")];
    moved.sort();
    assert_eq!(relations(&ada, &stays).await, moved);
    let retired = ci(&ada, &goes).await;
    assert_eq!(retired["attributes"]["_retired"]["into"], json!(stays), "{retired}");
    assert_eq!(relations(&ada, &goes).await, [""; 0]);
    let listed = super::list(&ada, "/cis?class=server").await;
    assert!(listed.len() == 3 && listed.iter().all(|one| one["id"] != json!(goes)), "{listed:?}");
    let again = file(&ada, "ci-import", "Scan", json!({ "source": "scanner", "items": twice })).await;
    settled(&app).await;
    assert_eq!(record(&ada, &again).await["fields"]["counts"], json!({ "unchanged": 1 }));

    // And it is taken back, but for what somebody wrote since.
    ada.patch(&format!("/cis/{stays}"), json!({ "attributes": { "owner": "mona" } })).await.expect(200);
    change_ticket(&ada, &duplicate, json!({ "state": "undoing" })).await;
    settled(&app).await;
    let back = super::ticket(&ada, &duplicate).await;
    assert_eq!((&back["state"], &back["fields"]["result"]["kept"]), (&json!("new"), &json!(["owner"])), "{back}");
    let now = ci(&ada, &stays).await;
    assert_eq!((&now["name"], &now["attributes"]["memory"]), (&json!("web"), &json!(8)));
    assert_eq!(relations(&ada, &stays).await, before.1);
    assert_eq!((ci(&ada, &goes).await["attributes"].clone(), relations(&ada, &goes).await), lost);
    assert_eq!(super::list(&ada, "/cis?class=server").await.len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn cfg_02_a_component_sees_a_relation_as_it_is_meant() {
    let app = TestApp::new().await;
    let (ada, max) = (app.caller("ada").await, app.caller("max").await);
    classes(&max).await;
    let web = create(&ada, "server", "web", json!({})).await;
    let rack = create(&ada, "server", "rack", json!({})).await;
    let shop = create(&ada, "server", "shop", json!({})).await;
    relate(&ada, &rack, "hosts", &web).await;
    relate(&ada, &shop, "depends-on", &web).await;
    let taken = file(&ada, "baseline", "Before", json!({ "ci": web })).await;
    let mut seen: Vec<&str> =
        taken["fields"]["relations"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    seen.sort_unstable();
    assert_eq!(seen, [format!("down depends-on {shop}"), format!("up hosts {rack}")], "the rack can make it fail");
}
