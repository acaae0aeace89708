//! The demo's flows: a laptop that waits for its manager, one that is being prepared, a hire, a contract, a change.
//!
//! They are started as people start them, and some of their tasks are done, so that there is something to see at every place.

use super::people::id;
use crate::failure::Failure;
use app::App;
use app::flow::model::Answer;
use app::flow::{TaskCompletion, VoteRequest};
use domain::effect::{CreateTicket, UpsertRecord};
use domain::flow::TaskState;
use domain::{Effect, KindId, Object, SpaceId, TicketId};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::sync::Arc;

/// Name and model of what is on the shelf.
const STOCK: [(&str, &str); 4] = [
    ("Laptop 14 inch, 0017", "standard"),
    ("Laptop 14 inch, 0018", "standard"),
    ("Laptop 16 inch, 0019", "large"),
    ("Laptop 14 inch, 0020", "standard"),
];

/// # Errors
/// Anything that a use case refuses.
pub(super) async fn seed(app: &Arc<App>, now: Timestamp) -> Result<(), Failure> {
    let later = |hours: i64| (now + SignedDuration::from_hours(hours)).to_string();
    let day = |days: i64| {
        let at = (now + SignedDuration::from_hours(24 * days)).to_zoned(jiff::tz::TimeZone::UTC);
        at.date().to_string()
    };
    for (name, model) in STOCK {
        let fields = object(json!({ "class": "laptop", "model": model }));
        let upsert = UpsertRecord {
            record: None,
            kind: KindId::from("stock-item"),
            space: SpaceId::from("it"),
            title: name.to_owned(),
            state: None,
            fields,
        };
        submit(app, "mona", Effect::UpsertRecord(Box::new(upsert))).await?;
    }
    // Ada's manager, Mona, finds this one in her list.
    let laptop =
        |price: u32| json!({ "item": "laptop", "model": "standard", "price": price, "location": "Berlin, floor 2" });
    create(app, "ada", "request", "it", "A laptop for the service desk", laptop(1_100)).await?;
    let ordered = create(app, "ben", "request", "it", "A laptop for on-call", laptop(1_250)).await?;
    vote(app, "mona", &ordered, Answer::Approve).await?;
    let dear = create(app, "rosa", "request", "it", "A laptop for video work", laptop(3_400)).await?;
    vote(app, "mona", &dear, Answer::Approve).await?;

    let change = json!({
        "type": "normal", "risk": "high", "planned_start": later(48), "planned_end": later(50), "implementer": id("ben"),
        "description": "Replace the core switch that restarts by itself.", "justification": "INC about the core switch",
        "implementation_plan": "Move the uplinks one by one.", "backout_plan": "Plug the old switch in again.",
    });
    create(app, "ben", "change", "it", "Replace core switch 1", change).await?;

    let hire = json!({
        "employee_name": "Nia Okoro", "start_date": day(12), "position": "Designer", "department": "Design",
        "manager": id("mona"), "laptop_model": "standard",
    });
    create(app, "hana", "onboarding", "hr", "Nia Okoro starts in Design", hire).await?;

    let contract = json!({
        "counterparty": "Northern Cables Ltd", "contract_type": "purchase", "amount": 48_000, "term_months": 24,
        "description": "Framework contract for network cables.",
    });
    create(app, "lena", "contract-review", "legal", "Framework contract with Northern Cables", contract).await?;
    Ok(())
}

async fn submit(app: &Arc<App>, login: &str, effect: Effect) -> Result<app::Answer, Failure> {
    let actor = app.actor(&id(login)).await?;
    let mut command = app.command(&actor);
    command.effects = vec![effect];
    Ok(app.submit(command).await?)
}

/// Create a ticket and let its flow begin.
async fn create(
    app: &Arc<App>,
    login: &str,
    kind: &str,
    space: &str,
    title: &str,
    fields: Value,
) -> Result<TicketId, Failure> {
    let effect = Effect::CreateTicket(Box::new(CreateTicket {
        kind: KindId::from(kind),
        space: SpaceId::from(space),
        title: title.to_owned(),
        requester: None,
        group: None,
        assignee: None,
        parent: None,
        restricted: false,
        fields: object(fields),
        imported: None,
    }));
    let answer = submit(app, login, effect).await?;
    app.drain().await?;
    let ticket = answer.tickets.first().ok_or_else(|| Failure::new(format!("no {kind} came of creating one")))?;
    Ok(ticket.id.clone())
}

/// Answer the approval that waits for somebody about a ticket.
async fn vote(app: &Arc<App>, login: &str, ticket: &TicketId, answer: Answer) -> Result<(), Failure> {
    let actor = app.actor(&id(login)).await?;
    let tasks = app.task_list(&actor, None, Some(TaskState::Open), None, 200).await?.items;
    for task in tasks.into_iter().filter(|task| task.ticket.as_ref() == Some(ticket)) {
        let command = app.command(&actor);
        if task.rule.is_some() {
            let request = VoteRequest { answer, comment: None, person: None };
            app.task_vote(&command, &task.id, request).await?;
        } else {
            let done = TaskCompletion::Complete { variables: Object::new() };
            app.task_complete(&command, &task.id, done).await?;
        }
    }
    app.drain().await?;
    Ok(())
}

fn object(value: Value) -> Object {
    value.as_object().cloned().unwrap_or_default()
}
