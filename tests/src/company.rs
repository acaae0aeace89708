//! The people and groups that flows hand work to, beside the small company of [`World`]; and what they do with their tasks.

use crate::world::World;
use app::flow::model::{Answer as Vote, Event};
use app::flow::{FlowAnswer, TaskCompletion, VoteRequest};
use app::{GroupChange, PersonChange, SpaceChange};
use domain::flow::{InstanceStatus, TaskState};
use domain::{Actor, FlowInstance, GroupId, InstanceId, PersonId, Role, SpaceId, Task, TicketId};
use serde_json::{Value, json};

/// Group and its only member.
const GROUPS: [(&str, &str); 14] = [
    ("finance", "fred"),
    ("procurement", "paul"),
    ("workplace", "wanda"),
    ("reception", "rita"),
    ("hr-services", "hana"),
    ("facilities", "felix"),
    ("legal", "lena"),
    ("legal-head", "lena"),
    ("management", "dora"),
    ("change-managers", "carla"),
    ("change-advisory-board", "carla"),
    ("emergency-change-board", "carla"),
    ("major-incident-managers", "mira"),
    ("communications", "cody"),
];

impl World {
    /// Everybody whom the shipped flows name. Erin's manager is mona.
    pub async fn company(&self) {
        let system = Actor::system();
        for (id, title) in [("legal", "Legal"), ("facilities", "Facilities"), ("finance", "Finance")] {
            let change =
                SpaceChange { id: id.into(), title: title.to_owned(), confidential: id == "legal", calendar: None };
            self.app.space_put(&system, change).await.expect("a space");
        }
        let mut people: Vec<&str> = GROUPS.iter().map(|(_, person)| *person).collect();
        people.sort_unstable();
        people.dedup();
        for login in people {
            let id = PersonId::from(login);
            let known = self.app.store().person_get(&self.app.config.org, &id).await.expect("the store answers");
            if known.is_none() {
                let change = PersonChange {
                    login: Some(login.to_owned()),
                    name: Some(login.to_owned()),
                    ..PersonChange::default()
                };
                self.app.person_put(&system, Some(&id), change).await.expect("a person");
            }
            let roles = ["it", "hr", "legal"].map(|space| (SpaceId::from(space), Role::Agent)).to_vec();
            self.app.roles_put(&system, &id, roles).await.expect("roles");
        }
        for (id, member) in GROUPS {
            let change = GroupChange {
                title: id.to_owned(),
                space: "it".into(),
                members: vec![PersonId::from(member)],
                active: true,
            };
            self.app.group_put(&system, &GroupId::from(id), change).await.expect("a group");
        }
        let manager = PersonChange { manager: Some("mona".into()), ..PersonChange::default() };
        self.app.person_put(&system, Some(&"erin".into()), manager).await.expect("erin has a manager");
    }

    /// Open tasks of a person, by name.
    pub async fn tasks_of(&self, login: &str) -> Vec<Task> {
        let actor = self.actor(login).await;
        let page = self.app.task_list(&actor, None, Some(TaskState::Open), None, 200).await.expect("their tasks");
        page.items
    }

    /// The one open task of a person with a name.
    pub async fn task(&self, login: &str, name: &str) -> Task {
        let tasks = self.tasks_of(login).await;
        let known: Vec<_> = tasks.iter().map(|task| task.name.clone()).collect();
        let found = tasks.into_iter().find(|task| task.name == name);
        found.unwrap_or_else(|| panic!("{login} has no open task `{name}`, only {known:?}"))
    }

    /// Complete a task with values; what its form demands and nobody says is filled in.
    pub async fn complete(&self, login: &str, name: &str, values: Value) -> FlowAnswer {
        let task = self.task(login, name).await;
        let command = self.command(login, None, json!([])).await;
        let view = self.app.task_view(&command.actor, &task.id).await.expect("their task");
        let mut variables = view.form_schema.as_ref().map(filled).unwrap_or_default();
        variables.extend(values.as_object().cloned().unwrap_or_default());
        let answer = self.app.task_complete(&command, &task.id, TaskCompletion::Complete { variables }).await;
        let answer = answer.unwrap_or_else(|error| panic!("{login} completes `{name}`: {error:?}"));
        self.settle().await;
        answer
    }

    pub async fn vote(&self, login: &str, name: &str, answer: Vote) -> FlowAnswer {
        let task = self.task(login, name).await;
        let command = self.command(login, None, json!([])).await;
        let request = VoteRequest { answer, comment: Some("as discussed".to_owned()), person: None };
        let answer = self.app.task_vote(&command, &task.id, request).await;
        let answer = answer.unwrap_or_else(|error| panic!("{login} answers `{name}`: {error:?}"));
        self.settle().await;
        // Whether that ended the approval or not: who answered what stays to be read.
        let seen = self.app.task_view(&command.actor, &task.id).await.expect("their task");
        assert!(seen.votes.iter().any(|vote| vote.comment.as_deref() == Some("as discussed")), "{:?}", seen.votes);
        answer
    }

    /// Run everything that is due now.
    pub async fn settle(&self) {
        self.app.drain().await.expect("the jobs run");
    }

    /// The newest flow about a ticket.
    pub async fn flow_of(&self, ticket: &TicketId) -> FlowInstance {
        let query = app::flow::InstanceQuery { ticket: Some(ticket.clone()), ..Default::default() };
        let page = self.app.store().instance_list(&self.app.config.org, &query, None, 10).await.expect("a list");
        page.items.into_iter().next().unwrap_or_else(|| panic!("no flow runs about {ticket}"))
    }

    /// Everything that happened to an instance, oldest first.
    pub async fn happened(&self, id: &InstanceId) -> Vec<Event> {
        let max = Actor::system();
        let mut all = Vec::new();
        let mut after = 0;
        loop {
            let page = self.app.instance_history(&max, id, after).await.expect("a history");
            for wave in &page.events {
                let events: Vec<Event> = serde_json::from_value(wave.data["events"].clone()).expect("events of a wave");
                all.extend(events);
            }
            match page.next {
                Some(next) => after = next,
                None => return all,
            }
        }
    }

    /// Ids of the nodes that were completed, in order.
    pub async fn completed(&self, id: &InstanceId) -> Vec<String> {
        let all = self.happened(id).await;
        let done = all.into_iter().filter_map(|event| match event {
            Event::Completed { place, .. } => Some(place.node),
            _ => None,
        });
        done.collect()
    }

    /// Write what happened, the journal's proof of it and the picture of where it stands to the test run's folder, to be read by people.
    pub async fn transcript(&self, id: &InstanceId, name: &str) {
        use std::fmt::Write;
        let max = Actor::system();
        let mut text = format!("![Where it stands]({name}.svg)\n\n```text\n");
        let mut after = 0;
        loop {
            let page = self.app.instance_history(&max, id, after).await.expect("a history");
            for wave in &page.events {
                let _ = writeln!(text, "{} {} by {} (hash {})", wave.at, wave.kind, wave.actor, wave.hash);
                for event in wave.data["events"].as_array().into_iter().flatten() {
                    let _ = writeln!(text, "    {event}");
                }
            }
            match page.next {
                Some(next) => after = next,
                None => break,
            }
        }
        let picture = self.app.instance_picture(&max, id, None).await.expect("a picture");
        text.push_str("```\n");
        std::fs::write(crate::transcript::folder().join(format!("{name}.svg")), picture).expect("a picture");
        crate::transcript::write(name, &format!("Flow: {}", name.replace('-', " ")), &text);
        self.app.store().verify_journal(&self.app.config.org).await.expect("the journal's chains hold");
    }

    /// The instance has ended and nothing is left of it: no task, no job, no subscription.
    pub async fn nothing_left(&self, id: &InstanceId) {
        let store = self.app.store();
        let org = &self.app.config.org;
        let row = store.instance_get(org, id).await.expect("a row").expect("the instance");
        assert_ne!(row.status, InstanceStatus::Running, "{row:?}");
        let query = store::TaskQuery {
            instance: Some(id.clone()),
            state: Some(TaskState::Open),
            ..store::TaskQuery::default()
        };
        let tasks = store.task_list(org, &query, None, 10).await.expect("a list").items;
        assert!(tasks.is_empty(), "{tasks:?}");
        for state in [domain::job::JobState::Ready, domain::job::JobState::Held, domain::job::JobState::Dead] {
            let jobs = store.job_list(org, state, 200).await.expect("a list");
            let of_it: Vec<_> = jobs.iter().filter(|job| job.order_key.contains(id.as_str())).collect();
            assert!(of_it.is_empty(), "{of_it:?}");
        }
    }

    /// No job was given up.
    pub async fn no_dead_jobs(&self) {
        let dead = self.app.store().job_list(&self.app.config.org, domain::job::JobState::Dead, 50).await;
        let dead = dead.expect("a list");
        assert!(dead.is_empty(), "{dead:#?}");
    }
}

/// The smallest object that a form takes.
fn filled(schema: &Value) -> domain::Object {
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    let values = required.iter().filter_map(Value::as_str).map(|name| {
        let field = &schema["properties"][name];
        (name.to_owned(), value_of(field))
    });
    values.collect()
}

fn value_of(field: &Value) -> Value {
    for key in ["const", "default"] {
        if let Some(value) = field.get(key) {
            return value.clone();
        }
    }
    if let Some(first) = field["enum"].get(0).or_else(|| field["oneOf"].get(0).and_then(|one| one.get("const"))) {
        return first.clone();
    }
    match (field["type"].as_str(), field["format"].as_str()) {
        (Some("string"), Some("date")) => json!("2026-03-02"),
        (Some("string"), Some("date-time")) => json!("2026-03-02T09:00:00Z"),
        (Some("string"), _) => json!("something to say about it"),
        (Some("integer" | "number"), _) => field.get("minimum").cloned().unwrap_or_else(|| json!(1)),
        (Some("boolean"), _) => json!(true),
        (Some("array"), _) => json!([]),
        _ => json!({}),
    }
}
