//! What a calendar and an agenda show: what lies in the window, and what a board decides, of what the caller may see.

use api::schema;
use app::GroupChange;
use domain::{Actor, GroupId};
use serde_json::{Value, json};
use weft_tests::app::{Caller, TestApp};

async fn planned(caller: &Caller, kind: &str, from: &str, to: &str) -> schema::Planned {
    let path = format!("/planned?kind={kind}&start={from}T00:00:00Z&end={to}T00:00:00Z");
    caller.get(&path).await.expect(200).read()
}

fn titles(planned: &schema::Planned) -> Vec<&str> {
    planned.items.iter().map(|entry| entry.title.as_str()).collect()
}

async fn change(caller: &Caller, title: &str, kind: &str, from: &str, to: &str) -> Value {
    let fields = json!({ "type": kind, "risk": "high", "planned_start": from, "planned_end": to, "implementer": "ben",
        "implementation_plan": "One by one.", "backout_plan": "Plug it in again.", "justification": "It is old.",
        "description": "The core switch." });
    let body = json!({ "kind": "change", "space": "it", "title": title, "fields": fields });
    caller.post("/tickets", body).await.expect(201).value()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_calendar_asks_for_its_window_and_gets_what_touches_it() {
    let app = TestApp::new().await;
    app.world.company().await;
    let (ada, mona) = (app.caller("ada").await, app.caller("mona").await);
    // Without flows, so that a change moves as people move it.
    let settings = json!({ "flows": {} });
    app.caller("max").await.put("/plugins/change/settings", settings).await.expect(200);
    change(&ada, "Later", "normal", "2026-05-04T20:00:00Z", "2026-05-04T22:00:00Z").await;
    change(&ada, "Over the turn of the month", "normal", "2026-03-31T20:00:00Z", "2026-04-01T02:00:00Z").await;
    // It begins in April where it is written, and in March where the question is asked.
    change(&ada, "Elsewhere", "normal", "2026-04-01T00:30:00+02:00", "2026-04-01T01:00:00+02:00").await;
    let gone = change(&ada, "Given up", "normal", "2026-03-10T20:00:00Z", "2026-03-10T22:00:00Z").await;
    let path = format!("/tickets/{}", gone["id"].as_str().expect("an id"));
    app.world.settle().await;
    let cancelled = json!({ "state": "cancelled", "comment": { "visibility": "internal", "body": "Not needed." } });
    ada.patch(&path, cancelled).await.expect(200);

    let march = planned(&ada, "change", "2026-03-01", "2026-04-01").await;
    assert_eq!(titles(&march), ["Over the turn of the month", "Elsewhere"]);
    assert!(march.complete);
    let fields: Vec<&String> = march.items[0].fields.keys().collect();
    assert!(fields.iter().all(|name| *name != "justification"), "only what a calendar needs: {fields:?}");
    assert_eq!(titles(&planned(&ada, "change", "2026-04-02", "2026-05-01").await), [""; 0]);
    assert_eq!(titles(&planned(&ada, "change", "2026-05-01", "2026-06-01").await), ["Later"]);
    // Who may not see the tickets sees no time of theirs.
    assert_eq!(titles(&planned(&app.caller("erin").await, "change", "2026-03-01", "2026-06-01").await), [""; 0]);

    let freeze = json!({ "type": "freeze", "start": "2026-03-20T00:00:00Z", "end": "2026-04-05T00:00:00Z" });
    let body = json!({ "kind": "change-window", "space": "it", "title": "End of the quarter", "fields": freeze });
    mona.post("/records", body).await.expect(201);
    assert_eq!(titles(&planned(&ada, "change-window", "2026-04-01", "2026-04-02").await), ["End of the quarter"]);
    assert_eq!(titles(&planned(&ada, "change-window", "2026-04-05", "2026-04-08").await), [""; 0]);

    let bad = "/planned?kind=change&start=2026-03-01T00:00:00Z&end=2027-06-01T00:00:00Z";
    assert_eq!(ada.get(bad).await.problem(400).code, "bad-parameter");
    let unknown = "/planned?kind=nothing&start=2026-03-01T00:00:00Z&end=2026-03-02T00:00:00Z";
    assert_eq!(ada.get(unknown).await.problem(404).code, "not-found");
    let plain = "/planned?kind=incident&start=2026-03-01T00:00:00Z&end=2026-03-02T00:00:00Z";
    assert_eq!(ada.get(plain).await.problem(422).code, "invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_board_shows_its_open_approvals_to_its_members_and_to_nobody_else() {
    let app = TestApp::new().await;
    app.world.company().await;
    let board = async |members: &[&str]| {
        let change = GroupChange {
            title: "Emergency change board".to_owned(),
            space: "it".into(),
            members: members.iter().map(|id| (*id).into()).collect(),
            active: true,
        };
        let id = GroupId::from("emergency-change-board");
        app.world.app.group_put(&Actor::system(), &id, change).await.expect("a group");
    };
    let agenda = async |login: &str| {
        let answer = app.caller(login).await.get("/tasks?board=emergency-change-board").await.expect(200).value();
        answer["items"].as_array().expect("a list").len()
    };
    board(&["carla", "dora"]).await;
    let ada = app.caller("ada").await;
    change(&ada, "Replace it now", "emergency", "2026-03-04T20:00:00Z", "2026-03-04T22:00:00Z").await;
    app.world.settle().await;
    assert_eq!((agenda("carla").await, agenda("dora").await), (1, 1));
    let outside = ada.get("/tasks?board=emergency-change-board").await;
    assert_eq!(outside.problem(404).code, "not-found", "she is no member");

    // Who came later was not asked, and sees it as long as they may see the ticket.
    board(&["carla", "dora", "ada", "erin"]).await;
    assert_eq!(ada.get("/tasks").await.expect(200).value()["items"], json!([]));
    assert_eq!((agenda("ada").await, agenda("erin").await), (1, 0));
    let mixed = ada.get("/tasks?board=emergency-change-board&state=open").await;
    assert_eq!(mixed.problem(400).code, "bad-parameter");
}
