//! What the demo's practices know: articles, assets, a contract, a budget, windows, a problem and an improvement. Each is walked through
//! its states by somebody who may, so every rule of its practice holds.

use crate::failure::Failure;
use app::App;
use domain::effect::{CreateTicket, Transition, UpsertRecord};
use domain::{Effect, KindId, Object, RecordId, SpaceId};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::sync::Arc;

/// Records of one kind: title, the states it goes through after its first, fields.
fn records(now: Timestamp, manager: &str) -> Vec<(&'static str, &'static str, &'static [&'static str], Value)> {
    let day = |days: i64| (now + SignedDuration::from_hours(24 * days)).to_string()[..10].to_owned();
    let published: &[&str] = &["review", "scheduled", "published"];
    vec![
        (
            "article",
            "Connect to the VPN from home",
            published,
            json!({ "body": "1. Open the client.\n2. Choose *Office*.\n3. Confirm on your phone.", "group": "network", "keywords": ["vpn", "remote"], "audience": "public", "valid_to": day(200) }),
        ),
        (
            "article",
            "A printer shows a paper jam",
            published,
            json!({ "body": "Open the back cover, pull the paper out slowly, close it again.", "group": "workplace", "keywords": ["printer", "paper"], "audience": "public" }),
        ),
        (
            "article",
            "Change a forgotten password",
            &["review"],
            json!({ "body": "Use the link below the fields of the sign-in page.", "group": "service-desk", "keywords": ["password"] }),
        ),
        (
            "asset",
            "Laptop 14 inch, 0017",
            &["in-stock", "in-use"],
            json!({ "class": "laptop", "cost_cents": 129_900, "life_months": 36, "in_service": day(-200) }),
        ),
        (
            "asset",
            "Laptop 14 inch, 0018",
            &["in-stock"],
            json!({ "class": "laptop", "cost_cents": 129_900, "life_months": 36 }),
        ),
        (
            "contract",
            "Maintenance of the lifts",
            &["approved", "active"],
            json!({ "vendor": "Lifts Ltd", "start": day(-300), "end": day(65), "renewal": "tacit", "notice_days": 60, "owner": manager }),
        ),
        (
            "licence",
            "Office suite",
            &[],
            json!({ "product": "Office suite", "metric": "user", "purchased": 2, "installations": [{ "user": "erin" }, { "user": "ada" }, { "user": "ben" }] }),
        ),
        (
            "budget",
            "IT, this year",
            &[],
            json!({ "cost_centre": "it", "period": &day(0)[..4], "amount_cents": 25_000_000 }),
        ),
        (
            "change-window",
            "Weekend of the network",
            &[],
            json!({ "type": "maintenance", "start": format!("{}T20:00:00Z", day(4)), "end": format!("{}T04:00:00Z", day(6)) }),
        ),
    ]
}

pub(super) async fn seed(app: &Arc<App>, now: Timestamp) -> Result<(), Failure> {
    let manager = app.actor_by_login("mona").await?.id.clone();
    for (kind, title, states, fields) in records(now, &manager) {
        let kind = KindId::from(kind);
        if app.registry().kinds.get(&kind).is_none() {
            continue;
        }
        let fields: Object = fields.as_object().cloned().unwrap_or_default();
        let mut record = put(app, &kind, None, title, None, fields).await?;
        for state in states {
            record = put(app, &kind, record, title, Some(state), Object::new()).await?;
        }
    }
    let problem = json!({ "description": "Every few days the core switch restarts by itself.", "category": "network",
        "workaround": "Telephones work over the mobile network meanwhile.", "cause": "A power supply that gets too hot." });
    open(app, "ada", "problem", "The core switch restarts by itself", problem, &["assess", "root-cause-analysis"])
        .await?;
    let improvement = json!({ "objective": "New colleagues can work on their first day.", "kpi": "days without an account",
        "baseline": 3, "target": 0, "manager": manager });
    open(app, "mona", "improvement", "Accounts before the first day", improvement, &["accepted", "assess"]).await
}

async fn put(
    app: &Arc<App>,
    kind: &KindId,
    record: Option<RecordId>,
    title: &str,
    state: Option<&str>,
    fields: Object,
) -> Result<Option<RecordId>, Failure> {
    // Assets are handed out by those who work with them, everything else is the manager's.
    let login = if kind.0 == "asset" && record.is_some() { "ada" } else { "mona" };
    let actor = app.actor_by_login(login).await?;
    let mut command = app.command(&actor);
    let (kind, state) = (kind.clone(), state.map(str::to_owned));
    let space = SpaceId::from("it");
    let upsert = UpsertRecord { record, kind, space, title: title.to_owned(), state, fields };
    command.effects = vec![Effect::UpsertRecord(Box::new(upsert))];
    Ok(app.submit(command).await?.records.into_iter().next().map(|record| record.id))
}

async fn open(
    app: &Arc<App>,
    login: &str,
    kind: &str,
    title: &str,
    fields: Value,
    states: &[&str],
) -> Result<(), Failure> {
    if app.registry().kinds.get(&KindId::from(kind)).is_none() {
        return Ok(());
    }
    let actor = app.actor_by_login(login).await?;
    let create: CreateTicket =
        serde_json::from_value(json!({ "kind": kind, "space": "it", "title": title, "fields": fields }))
            .expect("it is a ticket to create");
    let mut command = app.command(&actor);
    command.effects = vec![Effect::CreateTicket(Box::new(create))];
    let made = app.submit(command).await?.tickets.into_iter().next().map(|ticket| ticket.id);
    for state in states {
        let mut command = app.command(&actor);
        command.subject.clone_from(&made);
        command.effects = vec![Effect::Transition(Transition { ticket: None, to: (*state).to_owned() })];
        app.submit(command).await?;
    }
    Ok(())
}
