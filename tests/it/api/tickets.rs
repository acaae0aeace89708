//! Tickets over HTTP: made, changed, found; refused, repeated, contended.

use api::schema;
use serde_json::{Value, json};
use weft_tests::app::{Caller, TestApp};

#[derive(serde::Deserialize)]
struct Page<T> {
    items: Vec<T>,
    next: Option<String>,
}

fn numbers(tickets: &[schema::Ticket]) -> Vec<&str> {
    tickets.iter().map(|ticket| ticket.number.as_str()).collect()
}

async fn list(caller: &Caller, query: &str) -> Page<schema::Ticket> {
    caller.get(&format!("/tickets{query}")).await.expect(200).read()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_goes_from_report_to_solution() {
    let app = TestApp::new().await;
    let erin = app.caller("erin").await;
    let ada = app.caller("ada").await;

    let made = erin.post("/tickets", json!({ "kind": "incident", "space": "it", "title": "No network", "fields": { "impact": 1, "urgency": 2 } })).await.expect(201);
    let ticket: schema::Ticket = made.read();
    assert_eq!(
        (made.header("location"), made.header("etag")),
        (format!("/api/v1/tickets/{}", ticket.id).as_str(), "\"1\"")
    );
    assert_eq!((ticket.state.as_str(), &ticket.fields["priority"]), ("new", &json!(2)));

    let path = format!("/tickets/{}", ticket.number);
    let taken: schema::Ticket =
        ada.patch(&path, json!({ "assignee": "ada", "state": "in-progress", "comment": { "visibility": "public", "body": "On it." } })).await.expect(200).read();
    assert_eq!((taken.assignee.as_deref(), taken.state.as_str(), taken.version), (Some("ada"), "in-progress", 2));

    app.world.clock.advance(jiff::SignedDuration::from_mins(5));
    let comment: schema::Comment = ada.post(&format!("{path}/comments"), json!({ "visibility": "internal", "body": "The switch again." })).await.expect(201).read();
    assert_eq!(comment.visibility, schema::Visibility::Internal);
    let solved = json!({ "state": "resolved", "fields": { "close-code": "Solved", "close-notes": "Replaced." } });
    let solved: schema::Ticket = ada.patch(&path, solved).await.expect(200).read();
    assert_eq!(solved.category, schema::Category::Resolved);

    let seen = erin.ticket(&ticket.number).await;
    assert_eq!(seen.names["ada"], "ada");
    assert!(seen.actions.transitions.iter().any(|next| next.to == "closed"), "{:?}", seen.actions);
    let timeline: Page<schema::TimelineEntry> = erin.get(&format!("{path}/timeline")).await.expect(200).read();
    let said: Vec<_> =
        timeline.items.iter().filter_map(|entry| entry.comment.as_ref()).map(|comment| comment.body.as_str()).collect();
    assert_eq!(said, ["On it."], "an internal comment is not for the requester");
    let comments: Page<schema::Comment> = ada.get(&format!("{path}/comments?limit=1")).await.expect(200).read();
    let second: Page<schema::Comment> = ada
        .get(&format!("{path}/comments?limit=1&after={}", comments.next.expect("there are two")))
        .await
        .expect(200)
        .read();
    assert_eq!((second.items[0].body.as_str(), second.next), ("The switch again.", None));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_told_at_once_and_points_into_the_body() {
    let app = TestApp::new().await;
    let ada = app.caller("ada").await;
    let ticket = ada.create_incident("Broken", json!({})).await;
    let path = format!("/tickets/{}", ticket.id);

    let illegal = ada.patch(&path, json!({ "state": "closed" })).await.problem(422);
    assert_eq!(
        (illegal.code.as_str(), illegal.errors[0].pointer.as_str(), illegal.errors[0].code.as_str()),
        ("invalid", "/state", "illegal-transition")
    );
    let legal: Vec<_> = illegal.legal.expect("where it can go").into_iter().map(|next| next.to).collect();
    assert_eq!(legal, ["in-progress", "on-hold", "resolved", "cancelled"]);

    let several = ada.patch(&path, json!({ "title": "", "fields": { "impact": "high", "colour": "red" }, "comment": { "visibility": "public", "body": " " } })).await.problem(422);
    let pointers: Vec<_> = several.errors.iter().map(|error| error.pointer.as_str()).collect();
    for expected in ["/title", "/fields/impact", "/fields/colour", "/comment/body"] {
        assert!(pointers.contains(&expected), "{expected} in {pointers:?}");
    }
    let nobody = ada.patch(&path, json!({ "assignee": "nobody", "group": "nowhere" })).await.problem(422);
    assert_eq!(
        nobody.errors.iter().map(|error| error.code.as_str()).collect::<Vec<_>>(),
        ["unknown-person", "unknown-group"]
    );
    assert_eq!(ada.ticket(&ticket.id).await.ticket.version, 1, "nothing of all this was written");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_seen_an_older_version_is_told_the_current_one() {
    let app = TestApp::new().await;
    let ada = app.caller("ada").await;
    let ticket = ada.create_incident("Broken", json!({})).await;
    let path = format!("/tickets/{}", ticket.id);
    ada.with("if-match", "\"1\"").patch(&path, json!({ "title": "Very broken" })).await.expect(200);

    let stale = ada.with("if-match", "\"1\"").patch(&path, json!({ "title": "A bit broken" })).await;
    let problem = stale.problem(412);

    assert_eq!((problem.code.as_str(), problem.current, stale.header("etag")), ("stale-version", Some(2), "\"2\""));
    assert_eq!(ada.with("if-match", "many").patch(&path, json!({})).await.problem(400).code, "bad-if-match");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_request_is_answered_again_and_not_carried_out_again() {
    let app = TestApp::new().await;
    let erin = app.caller("erin").await.with("idempotency-key", "one-click");
    let body = json!({ "kind": "incident", "space": "it", "title": "Once" });

    let first = erin.post("/tickets", body.clone()).await.expect(201);
    let again = erin.post("/tickets", body.clone()).await.expect(201);
    let other =
        erin.post("/tickets", json!({ "kind": "incident", "space": "it", "title": "Twice" })).await.problem(422);

    assert_eq!((first.bytes == again.bytes, again.header("idempotency-replayed")), (true, "true"));
    assert_eq!(first.header("idempotency-replayed"), "");
    assert_eq!(other.code, "idempotency-key-reused");
    assert_eq!(list(&erin, "").await.items.len(), 1);
    let ada = app.caller("ada").await.with("idempotency-key", "one-click");
    ada.post("/tickets", body).await.expect(201);
    assert_eq!(list(&ada, "").await.items.len(), 2, "a key is its caller's own");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_at_once_with_one_key_one_is_carried_out() {
    let app = TestApp::new().await;
    let erin = app.caller("erin").await.with("idempotency-key", "double-click");
    let body = json!({ "kind": "incident", "space": "it", "title": "Once" });

    let mut clicks = tokio::task::JoinSet::new();
    for _ in 0..12 {
        let (erin, body) = (erin.clone(), body.clone());
        clicks.spawn(async move { erin.post("/tickets", body).await });
    }
    let replies = clicks.join_all().await;

    let ids: std::collections::BTreeSet<String> =
        replies.into_iter().map(|reply| reply.expect(201).read::<schema::Ticket>().id).collect();
    assert_eq!(ids.len(), 1);
    assert_eq!(list(&erin, "").await.items.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_hold_everything_once_in_order() {
    let app = TestApp::new().await;
    let ada = app.caller("ada").await;
    for number in 1..=7 {
        ada.create_incident(&format!("Number {number}"), json!({})).await;
    }

    let mut found = Vec::new();
    let mut query = "?sort=number&order=asc&limit=3".to_owned();
    loop {
        let reply = ada.get(&format!("/tickets{query}")).await.expect(200);
        let page: Page<schema::Ticket> = reply.read();
        found.extend(page.items.iter().map(|ticket| ticket.number.clone()));
        match page.next {
            None => break assert_eq!(reply.header("link"), ""),
            Some(next) => {
                assert!(reply.header("link").contains("rel=\"next\"") && reply.header("link").contains(&next));
                query = format!("?sort=number&order=asc&limit=3&after={next}");
            }
        }
    }

    assert_eq!(found, (1..=7).map(|number| format!("INC{number:07}")).collect::<Vec<_>>());
    let first = list(&ada, "?sort=number&limit=3").await.next.expect("there is more");
    assert_eq!(ada.get(&format!("/tickets?sort=due_at&after={first}")).await.problem(400).code, "bad-cursor");
    assert_eq!(ada.get("/tickets?limit=201").await.problem(400).code, "bad-parameter");
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_find_what_they_say_and_unknown_ones_are_refused() {
    let app = TestApp::new().await;
    let ada = app.caller("ada").await;
    ada.create_incident(
        "Printer on fire",
        json!({ "assignee": "ada", "group": "service-desk", "fields": { "impact": 1, "urgency": 1 } }),
    )
    .await;
    let parent = ada.create_incident("Network down", json!({ "requester": "erin", "group": "network" })).await;
    ada.create_incident("Printer is slow", json!({ "parent": parent.number })).await;
    ada.patch("/tickets/INC0000002", json!({ "state": "in-progress" })).await.expect(200);

    for (query, expected) in [
        ("", vec!["INC0000001", "INC0000002", "INC0000003"]),
        ("&assignee=me", vec!["INC0000001"]),
        ("&assignee=none", vec!["INC0000002", "INC0000003"]),
        ("&assignee=none,ada", vec!["INC0000001", "INC0000002", "INC0000003"]),
        ("&requester=erin", vec!["INC0000002"]),
        ("&group=network,service-desk", vec!["INC0000001", "INC0000002"]),
        ("&category=open", vec!["INC0000001", "INC0000002", "INC0000003"]),
        ("&category=active", vec!["INC0000002"]),
        ("&state=new&text=PRINTER", vec!["INC0000001", "INC0000003"]),
        ("&text=INC0000002", vec!["INC0000002"]),
        ("&parent=INC0000002", vec!["INC0000003"]),
        ("&parent=INC9999999", vec![]),
        ("&field.priority=1", vec!["INC0000001"]),
        ("&kind=incident&space=hr", vec![]),
    ] {
        let page = list(&ada, &format!("?sort=number{query}")).await;
        assert_eq!(numbers(&page.items), expected, "{query}");
    }
    let counts: Page<schema::Count> = ada.get("/tickets/counts?by=state&text=printer").await.expect(200).read();
    assert_eq!(counts.items, [schema::Count { value: Some("new".to_owned()), count: 2 }]);
    let unknown = ada.get("/tickets?asignee=me").await.problem(400);
    assert!(unknown.code == "unknown-parameter" && unknown.detail.contains("`assignee`"), "{unknown:?}");
    assert_eq!(ada.get("/tickets?category=odd").await.problem(400).code, "bad-parameter");
    assert_eq!(ada.get("/tickets?field.colour=red").await.problem(400).code, "unknown-parameter");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_shows_what_would_happen_and_writes_nothing() {
    let app = TestApp::new().await;
    let ada = app.caller("ada").await;

    let would: schema::DryRun = ada
        .post(
            "/tickets?dry_run=true",
            json!({ "kind": "incident", "space": "it", "title": "Maybe", "fields": { "impact": 1, "urgency": 1 } }),
        )
        .await
        .expect(200)
        .read();
    assert_eq!(would.ticket.expect("it would work").fields["priority"], 1);
    assert!(
        would.effects.iter().any(|effect| effect["kind"] == "set-field" && effect["data"]["field"] == "priority"),
        "what the plugin adds is shown"
    );
    let not: schema::DryRun = ada
        .post("/tickets?dry_run=true", json!({ "kind": "incident", "space": "it", "title": "" }))
        .await
        .expect(200)
        .read();
    assert_eq!((not.ticket, not.problems[0].pointer.as_str()), (None, "/title"));

    assert_eq!(list(&ada, "").await.items.len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bulk_change_says_for_each_what_came_of_it() {
    let app = TestApp::new().await;
    let ada = app.caller("ada").await;
    let ids: Vec<String> = vec![
        ada.create_incident("A", json!({})).await.id,
        "INC7777777".to_owned(),
        ada.create_incident("B", json!({})).await.number,
    ];

    let bulk: schema::Bulk = ada
        .post("/tickets/bulk", json!({ "ids": ids, "change": { "assignee": "ada", "state": "in-progress" } }))
        .await
        .expect(200)
        .read();

    let statuses: Vec<_> = bulk.results.iter().map(|result| (result.id.as_str(), result.status)).collect();
    assert_eq!(statuses, [(ids[0].as_str(), 200), ("INC7777777", 404), (ids[2].as_str(), 200)]);
    assert_eq!(bulk.results[1].problem.as_ref().map(|problem| problem.code.as_str()), Some("not-found"));
    assert_eq!(list(&ada, "?assignee=me&state=in-progress").await.items.len(), 2);
    let many: Vec<String> = (0..501).map(|n| n.to_string()).collect();
    assert_eq!(
        ada.post("/tickets/bulk", json!({ "ids": many, "change": {} })).await.problem(422).errors[0].code,
        "too-many"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn links_watchers_and_files_hang_on_a_ticket() {
    let app = TestApp::new().await;
    let ada = app.caller("ada").await;
    let first = ada.create_incident("First", json!({})).await;
    let second = ada.create_incident("Second", json!({})).await;
    let path = format!("/tickets/{}", first.id);

    ada.post(&format!("{path}/links"), json!({ "type": "caused-by", "other": second.number })).await.expect(204);
    ada.put(&format!("{path}/watchers"), json!({ "add": ["erin"] })).await.expect(204);
    let form = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"../notes.txt\"\r\nContent-Type: text/html\r\n\r\n<b>hello</b>\r\n--b--\r\n";
    let sent = ada
        .send("POST", &format!("{path}/attachments"), Some("multipart/form-data; boundary=b"), form.as_bytes().to_vec())
        .await
        .expect(201);
    let file: schema::Attachment = sent.read();

    let seen = ada.ticket(&first.id).await;
    assert_eq!(
        (seen.links[0].to.as_str(), seen.watchers.as_slice()),
        (second.id.as_str(), ["erin".to_owned()].as_slice())
    );
    assert_eq!((file.name.as_str(), file.size), ("notes.txt", 12));
    let erin = app.caller("erin").await;
    let content = erin.get(&format!("/attachments/{}", file.id)).await.expect(200);
    assert_eq!(content.bytes, b"<b>hello</b>");
    assert!(content.header("content-disposition").starts_with("attachment"));
    assert!(
        content.header("content-security-policy").contains("sandbox")
            && content.header("x-content-type-options") == "nosniff"
    );
    let listed: Page<Value> = erin.get(&format!("{path}/attachments")).await.expect(200).read();
    assert_eq!(listed.items.len(), 1);
    app.caller("hana").await.get(&format!("/attachments/{}", file.id)).await.problem(404);
    ada.json("DELETE", &format!("{path}/links"), &json!({ "type": "caused-by", "other": second.id })).await.expect(204);
    assert!(ada.ticket(&first.id).await.links.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restricted_ticket_is_nowhere_for_those_who_are_not_named() {
    let app = TestApp::new().await;
    let ada = app.caller("ada").await;
    let ben = app.caller("ben").await;
    let secret =
        ada.create_incident("The secret of the mailbox", json!({ "restricted": true, "assignee": "ada" })).await;
    let open = ada.create_incident("Open", json!({})).await;
    ada.post(&format!("/tickets/{}/links", open.id), json!({ "type": "related", "other": secret.id }))
        .await
        .expect(204);
    ada.put(&format!("/tickets/{}/access", secret.id), json!({ "people": ["ada"], "groups": [] })).await.expect(204);

    for path in ["", "/comments", "/timeline", "/attachments", "/clocks"] {
        let hidden = ben.get(&format!("/tickets/{}{path}", secret.id)).await.problem(404);
        let missing = ben.get(&format!("/tickets/INC7654321{path}")).await.problem(404);
        assert_eq!(
            hidden.detail.replace(&secret.id, "X"),
            missing.detail.replace("INC7654321", "X"),
            "both look the same"
        );
    }
    for query in ["", "?text=secret", "?text=INC0000001", "?assignee=ada", "?kind=incident"] {
        assert!(!list(&ben, query).await.items.iter().any(|ticket| ticket.id == secret.id), "{query}");
    }
    let counts: Page<schema::Count> = ben.get("/tickets/counts?by=state").await.expect(200).read();
    assert_eq!(counts.items.iter().map(|count| count.count).sum::<u64>(), 1);
    assert!(!ben.ticket(&open.id).await.names.contains_key(&secret.id), "its number is not told by a link");
    for change in [json!({ "title": "x" }), json!({ "state": "in-progress" })] {
        ben.patch(&format!("/tickets/{}", secret.number), change).await.problem(404);
    }
    assert_eq!(
        ben.patch(&format!("/tickets/{}", open.id), json!({ "parent": secret.number })).await.problem(422).errors[0]
            .code,
        "unknown-ticket"
    );
    ada.put(&format!("/tickets/{}/access", secret.id), json!({ "people": ["ada", "ben"], "groups": [] }))
        .await
        .expect(204);
    ben.get(&format!("/tickets/{}", secret.id)).await.expect(200);
}
