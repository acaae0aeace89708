//! Search, audit, reports and presence: helpful to those who may, and silent about what others own.

use api::schema;
use serde_json::{Value, json};
use weft_tests::app::{Caller, TestApp};

#[derive(serde::Deserialize)]
struct Page<T> {
    items: Vec<T>,
}

async fn search(caller: &Caller, text: &str) -> schema::Found {
    caller.get(&format!("/search?text={}", text.replace(' ', "%20"))).await.expect(200).read()
}

fn titles(found: &schema::Found) -> Vec<&str> {
    found.tickets.iter().map(|ticket| ticket.title.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_finds_what_the_caller_may_see_and_forgives_a_slip() {
    let app = TestApp::new().await;
    let (ada, erin, hana) = (app.caller("ada").await, app.caller("erin").await, app.caller("hana").await);
    ada.create_incident("Projector in the boardroom flickers", json!({})).await;
    erin.create_incident("Keyboard is missing keys", json!({})).await;

    assert_eq!(titles(&search(&ada, "boardroom projector").await), ["Projector in the boardroom flickers"]);
    let slip = search(&ada, "projetcor").await;
    assert_eq!(
        (titles(&slip), slip.corrected.as_deref()),
        (vec!["Projector in the boardroom flickers"], Some("projector"))
    );
    assert_eq!(titles(&search(&erin, "keybaord").await), ["Keyboard is missing keys"]);
    assert_eq!(search(&ada, "ada").await.people.first().map(|person| person.id.clone()), Some("ada".to_owned()));
    // Neither the ticket nor the word in it is there for those who may not see it.
    for text in ["boardroom", "boardroon"] {
        for stranger in [&erin, &hana] {
            let found = search(stranger, text).await;
            assert_eq!((titles(&found), found.corrected.clone()), (vec![], None), "{text}");
        }
    }
    // What was written a moment ago is known.
    ada.create_incident("Humidifier leaks", json!({})).await;
    app.world.clock.advance(jiff::SignedDuration::from_secs(2));
    assert_eq!(titles(&search(&ada, "humidifer").await), ["Humidifier leaks"]);
    assert_eq!(ada.get("/search?text=a&limit=21").await.problem(400).code, "bad-parameter");
}

async fn report(caller: &Caller, id: &str, query: &str) -> schema::ReportResult {
    caller.get(&format!("/reports/incident/{id}{query}")).await.expect(200).read()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_counts_what_its_reader_may_see_and_every_number_opens_its_tickets() {
    let app = TestApp::new().await;
    let ada = app.caller("ada").await;
    let old = ada.create_incident("Old", json!({})).await;
    app.world.clock.advance(jiff::SignedDuration::from_hours(50));
    // Their sessions are over by then.
    let (ada, erin, hana) = (app.caller("ada").await, app.caller("erin").await, app.caller("hana").await);
    let mine = erin.create_incident("Mine", json!({})).await;
    app.world.clock.advance(jiff::SignedDuration::from_hours(2));
    let solved = json!({ "state": "resolved", "fields": { "close-code": "Solved", "close-notes": "Replaced." } });
    ada.patch(&format!("/tickets/{}", mine.id), solved).await.expect(200);
    erin.patch(&format!("/tickets/{}", mine.id), json!({ "fields": { "satisfaction": 4 } })).await.expect(200);

    let backlog = report(&ada, "backlog-by-age", "").await;
    let rows: Vec<_> = backlog.rows.iter().map(|row| (row.key.as_str(), row.count)).collect();
    assert_eq!(rows, [("0-1", 0), ("1-3", 1), ("3-7", 0), ("7-30", 0), ("30+", 0)]);
    let behind: Page<schema::Ticket> =
        ada.get("/reports/incident/backlog-by-age/tickets?key=1-3").await.expect(200).read();
    assert_eq!(behind.items.iter().map(|ticket| ticket.id.as_str()).collect::<Vec<_>>(), [old.id.as_str()]);
    let times = report(&ada, "time-to-resolve", "").await;
    assert_eq!((times.total.count, times.total.value), (1, Some(7200.0)));
    assert_eq!(report(&ada, "satisfaction", "").await.total.value, Some(4.0));
    assert_eq!(report(&ada, "reopened", "").await.total.value, Some(0.0));
    assert_eq!(report(&ada, "opened-by-week", "?days=30").await.total.count, 2);

    // Erin sees one ticket and Hana none: so do their numbers.
    assert_eq!(report(&erin, "opened-by-week", "").await.total.count, 1);
    assert_eq!(report(&erin, "backlog-by-age", "").await.total.count, 0);
    assert_eq!(report(&hana, "opened-by-week", "").await.total.count, 0);
    let behind: Page<schema::Ticket> =
        erin.get("/reports/incident/backlog-by-age/tickets?key=1-3").await.expect(200).read();
    assert!(behind.items.is_empty());
    assert_eq!(ada.get("/reports/incident/nothing").await.problem(404).code, "not-found");
    assert_eq!(ada.get("/reports/incident/reopened?days=0").await.problem(400).code, "bad-parameter");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_tells_each_what_they_may_know() {
    let app = TestApp::new().await;
    let (ada, erin, hana, max) =
        (app.caller("ada").await, app.caller("erin").await, app.caller("hana").await, app.caller("max").await);
    let ticket = erin.create_incident("Mine", json!({})).await;
    let note = json!({ "visibility": "internal", "body": "Hm." });
    ada.post(&format!("/tickets/{}/comments", ticket.id), note).await.expect(201);
    max.patch("/people/erin", json!({ "zone": "Europe/Vienna" })).await.expect(200);
    let kinds = async |caller: &Caller, query: &str| -> Vec<String> {
        let page: Page<schema::AuditEntry> = caller.get(&format!("/audit?limit=200{query}")).await.expect(200).read();
        page.items.into_iter().map(|entry| entry.kind).collect()
    };

    let seen = kinds(&ada, &format!("&subject={}", ticket.number)).await;
    assert!(seen.contains(&"ticket.created".to_owned()) && seen.contains(&"comment.added".to_owned()), "{seen:?}");
    assert_eq!(kinds(&ada, "&kind=person.").await, Vec::<String>::new());
    assert!(kinds(&max, "&subject_kind=person&subject=erin").await.contains(&"person.changed".to_owned()));
    assert_eq!(
        kinds(&max, "&subject_kind=ticket").await,
        Vec::<String>::new(),
        "who runs the platform reads no tickets"
    );
    // Whom a ticket is for reads its timeline, and not who else works on it how.
    assert_eq!(kinds(&erin, "&subject_kind=ticket").await, Vec::<String>::new());
    assert_eq!(kinds(&hana, "").await, Vec::<String>::new());
    let first: Value = max.get("/audit?limit=1").await.expect(200).value();
    let next = first["next"].as_str().expect("there is more");
    let second: Value = max.get(&format!("/audit?limit=1&after={next}")).await.expect(200).value();
    assert_ne!(second["items"][0]["hash"], first["items"][0]["hash"]);
    assert!(second["items"][0]["at"].as_str() <= first["items"][0]["at"].as_str());
    assert_eq!(max.get(&format!("/audit?after={}x", &next[1..])).await.problem(400).code, "bad-cursor");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_works_on_a_ticket_sees_who_else_does() {
    let app = TestApp::new().await;
    let (ada, ben, erin) = (app.caller("ada").await, app.caller("ben").await, app.caller("erin").await);
    let ticket = erin.create_incident("Mine", json!({})).await;
    let path = format!("/tickets/{}/presence", ticket.id);

    ada.put(&path, json!({ "doing": "looking" })).await.expect(200);
    let there: Page<schema::Watching> = ben.put(&path, json!({ "doing": "writing" })).await.expect(200).read();

    let who: Vec<_> = there.items.iter().map(|one| (one.person.as_str(), one.writes)).collect();
    assert_eq!(who, [("ada", false), ("ben", true)]);
    assert_eq!(erin.put(&path, json!({ "doing": "looking" })).await.problem(403).code, "forbidden");
    app.world.clock.advance(jiff::SignedDuration::from_secs(41));
    let there: Page<schema::Watching> = ben.put(&path, json!({ "doing": "nothing" })).await.expect(200).read();
    assert!(there.items.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_names_its_like() {
    let app = TestApp::new().await;
    let (ada, erin) = (app.caller("ada").await, app.caller("erin").await);
    let one = ada.create_incident("Scanner in warehouse jams", json!({ "fields": { "ci": "scanner-1" } })).await;
    let other = ada.create_incident("Something else", json!({ "fields": { "ci": "scanner-1" } })).await;
    let similar = ada.create_incident("Warehouse scanner makes noise", json!({})).await;
    let mine = erin.create_incident("Warehouse scanner is dirty", json!({})).await;
    let related = async |caller: &Caller, id: &str| -> Vec<(String, schema::TicketRelation)> {
        let page: Page<schema::RelatedTicket> = caller.get(&format!("/tickets/{id}/related")).await.expect(200).read();
        page.items.into_iter().map(|one| (one.ticket.id, one.relation)).collect()
    };

    let found = related(&ada, &one.id).await;
    assert!(found.contains(&(other.id.clone(), schema::TicketRelation::SameCi)), "{found:?}");
    assert!(found.contains(&(similar.id.clone(), schema::TicketRelation::SameWords)), "{found:?}");
    assert_eq!(related(&erin, &mine.id).await, vec![], "of the others she may see none");
}
