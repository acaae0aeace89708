//! Facts of the practices, from what other products publish: each is put to the shipped components, running in a whole host, and not
//! to their sources.
//!
//! What a fact means here is written down per key. A key that nobody knows is reported as not checked and fails.

mod machines;

use crate::guests::{FakeSnapshot, sample_call};
use crate::world::World;
use app::port::plugins::{Answer, ApprovalInput, Plugins, StepInput, StepOutcome, Verdict, Vote};
use domain::{Digest, PersonId, PluginId, TicketId};
use jiff::SignedDuration;
use runtime::{Runtime, RuntimeConfig};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;

/// What was checked so far.
#[derive(Debug, Default)]
pub struct Report {
    pub checked: usize,
    pub wrong: Vec<String>,
}

impl Report {
    fn is(&mut self, what: impl Into<String>, got: &Value, expected: &Value) {
        self.checked += 1;
        if got != expected {
            self.wrong.push(format!("{}: {got}, not {expected}", what.into()));
        }
    }

    fn holds(&mut self, what: impl Into<String>, holds: bool) {
        self.is(what, &json!(holds), &json!(true));
    }
}

/// Checks every fact of a file, prints what is wrong and the figure, and says whether all is right.
#[expect(clippy::print_stdout, reason = "the report is what a person or a script runs this for")]
pub fn run(file: &Path) -> bool {
    let facts = std::fs::read_to_string(file).map_err(|error| error.to_string());
    let facts: Value = match facts.and_then(|text| serde_json::from_str(&text).map_err(|error| error.to_string())) {
        Ok(facts) => facts,
        Err(error) => {
            println!("{} cannot be read: {error}", file.display());
            return false;
        }
    };
    let threads = tokio::runtime::Runtime::new().expect("threads can be started");
    let report = threads.block_on(check(&facts));
    report.wrong.iter().for_each(|wrong| println!("{wrong}"));
    let pass = report.wrong.is_empty() && report.checked > 0;
    let figure = format!("{} of {}", report.checked - report.wrong.len(), report.checked);
    println!("{}", json!({ "id": "facts", "figure": figure, "limit": "all", "pass": pass }));
    pass
}

/// Puts every fact to the components.
pub async fn check(facts: &Value) -> Report {
    let mut report = Report::default();
    for (key, fact) in facts.as_object().into_iter().flatten() {
        match key.as_str() {
            "priority_matrices" => matrices(fact, &mut report).await,
            "state_machines" => machines::check(fact, &mut report).await,
            "knowledge_versions" => knowledge(fact, &mut report).await,
            "change_success_score" => score(fact, &mut report).await,
            "change_conflict_reasons" => conflicts(fact, &mut report).await,
            "approval_rules_manageengine" => named_rules(fact, &mut report).await,
            "approval_group_percent_rounding" => rounding(fact, &mut report).await,
            "cost_allocation" => allocation(fact, &mut report).await,
            "improvement_progress_rollup" => rollup(fact, &mut report).await,
            "software_compliance" => compliance(fact, &mut report).await,
            // Rules of delegation are the host's: its stories tell them.
            "backup_approver_manageengine" => {}
            other => report.wrong.push(format!("nobody checks `{other}`")),
        }
    }
    report
}

async fn configure(world: &World, plugin: &str, settings: Value) {
    let settings = settings.as_object().cloned().expect("settings are an object");
    let max = world.actor("max").await;
    world.app.plugin_configure(&max, &PluginId::from(plugin), settings).await.expect("it can be set");
}

async fn create(world: &World, login: &str, kind: &str, fields: Value, more: Value) -> domain::Ticket {
    let mut data = json!({ "kind": kind, "space": "it", "title": kind, "fields": fields });
    for (name, value) in more.as_object().into_iter().flatten() {
        data[name] = value.clone();
    }
    let answer = world.submit(login, None, json!([{ "kind": "create-ticket", "data": data }])).await;
    answer.unwrap_or_else(|error| panic!("{kind}: {error:?}")).tickets[0].clone()
}

/// Set fields, then go to a state, with a word about it.
async fn go(world: &World, login: &str, ticket: &TicketId, to: &str, fields: Value) -> app::Result<app::Answer> {
    let mut effects: Vec<Value> = fields
        .as_object()
        .into_iter()
        .flatten()
        .map(|(field, value)| json!({ "kind": "set-field", "data": { "field": field, "value": value } }))
        .collect();
    effects.push(json!({ "kind": "transition", "data": { "to": to } }));
    effects.push(json!({ "kind": "comment", "data": { "visibility": "public", "body": "As the fact says." } }));
    world.submit(login, Some(ticket), Value::Array(effects)).await
}

async fn record(world: &World, login: &str, data: Value) -> app::Result<domain::Record> {
    let answer = world.submit(login, None, json!([{ "kind": "upsert-record", "data": data }])).await?;
    Ok(answer.records[0].clone())
}

/// Every cell, by the ready name where there is one and by the rows themselves.
async fn matrices(fact: &Value, report: &mut Report) {
    let world = World::new().await;
    for (source, matrix) in fact.as_object().into_iter().flatten() {
        let mut rows: Vec<Vec<i64>> = Vec::new();
        if let Some(list) = matrix["rows"].as_array() {
            for cell in list {
                let at = usize::try_from(cell[0].as_i64().unwrap_or(1)).unwrap_or(1);
                rows.resize(rows.len().max(at), Vec::new());
                rows[at - 1].push(cell[2].as_i64().unwrap_or_default());
            }
        } else {
            let table = matrix.get("matrix").or_else(|| matrix.get("matrix_impact_rows")).and_then(Value::as_object);
            rows.extend(
                table.into_iter().flatten().map(|(_, row)| serde_json::from_value(row.clone()).unwrap_or_default()),
            );
        }
        let ready = source.split('_').next().unwrap_or_default();
        for setting in [json!(ready), json!(rows)] {
            configure(&world, "incident", json!({ "priority-matrix": setting })).await;
            for (impact, row) in (1..).zip(&rows) {
                for (urgency, expected) in (1..).zip(row) {
                    let incident = world.incident("ada", json!({ "impact": impact, "urgency": urgency })).await;
                    let what = format!("{source} {impact} x {urgency}");
                    report.is(what, &incident.fields["priority"], &json!(expected));
                }
            }
        }
    }
}

async fn knowledge(fact: &Value, report: &mut Report) {
    let world = World::new().await;
    let data = |id: Option<&str>, state: Option<&str>, fields: Value| {
        let mut data = json!({ "kind": "article", "space": "it", "title": "Paper jam", "fields": fields });
        id.into_iter().for_each(|id| data["record"] = json!(id));
        state.into_iter().for_each(|state| data["state"] = json!(state));
        data
    };
    let mut article: Option<domain::Record> = None;
    let mut former: Option<domain::Record> = None;
    for (number, row) in fact["sequence"].as_array().into_iter().flatten().enumerate() {
        let (step, state) = (row[0].as_str().unwrap_or_default(), row[1].as_str().unwrap_or_default());
        let state = if state.starts_with("Scheduled") { "scheduled".to_owned() } else { state.to_lowercase() };
        let edit = json!({ "body": format!("Text {number}.") });
        let id = article.as_ref().map(|article| article.id.0.clone());
        let next = if step == "check out" {
            former = article.take();
            record(&world, "mona", data(None, None, json!({ "former": id, "body": "Anew." }))).await
        } else {
            let fields = if step.contains("edit") || step == "create" { edit } else { json!({}) };
            record(&world, "mona", data(id.as_deref(), Some(&state), fields)).await
        };
        let next = next.unwrap_or_else(|error| panic!("{step}: {error:?}"));
        report.is(format!("{step} ({number})"), &json!([next.state, next.fields["edition"]]), &json!([state, row[2]]));
        article = Some(next);
        world.settle().await;
    }
    if let Some(former) = former {
        let now = world.app.store().record_get(&world.app.config.org, &former.id.0).await.expect("the store answers");
        report.is("the former version", &json!(now.map(|record| record.state)), &json!("outdated"));
    }
}

/// The next change of the group tells the score of its last ones.
async fn score(fact: &Value, report: &mut Report) {
    for (what, expected) in fact["multipliers"].as_object().into_iter().flatten() {
        let world = World::new().await;
        configure(&world, "change", json!({ "flows": {}, "success-score": { "low": 1000, "changes": 20 } })).await;
        let window = json!({ "type": "standard", "risk": "low", "planned_start": "2026-03-07T20:00:00Z", "planned_end": "2026-03-07T22:00:00Z" });
        let done = create(&world, "ada", "change", window.clone(), json!({ "group": "network" })).await;
        let priority =
            what.strip_prefix('P').and_then(|rest| rest.get(..1)).and_then(|digit| digit.parse::<i64>().ok());
        // A successful one counts too: what an incident counts is the difference.
        let code = if priority.is_some() { "successful".to_owned() } else { what.replace(' ', "-") };
        for (login, to) in [("ada", "scheduled"), ("ada", "implement"), ("ada", "review")] {
            go(&world, login, &done.id, to, json!({})).await.unwrap_or_else(|error| panic!("{to}: {error:?}"));
        }
        go(&world, "ada", &done.id, "closed", json!({ "close_code": code })).await.expect("it can be closed");
        if let Some(priority) = priority {
            let fields = json!({ "caused-by": done.number, "priority-override": priority, "priority-override-reason": "The fact." });
            create(&world, "ada", "incident", fields, json!({})).await;
        }
        let next = create(&world, "ada", "change", window, json!({ "group": "network" })).await;
        let told = next
            .fields
            .get("risk_reason")
            .and_then(Value::as_str)
            .and_then(|reason| reason.rsplit(' ').next())
            .unwrap_or_default();
        let own = if priority.is_some() { 3 } else { 0 };
        report.is(what, &json!(told.parse::<i64>().unwrap_or(i64::MAX) - own), expected);
    }
}

/// One small world of items and windows in which each reason can be met.
async fn conflicts(fact: &Value, report: &mut Report) {
    let world = World::new().await;
    configure(&world, "change", json!({ "flows": {} })).await;
    let max = world.actor("max").await;
    let class = domain::CiClass {
        id: "server".into(),
        title: "Server".into(),
        parent: None,
        is_abstract: false,
        attributes: domain::Object::new(),
        required: Vec::new(),
        version: 0,
    };
    world.app.ci_class_put(&max, class).await.expect("a class");
    let mut ids = Vec::new();
    for name in ["near", "far", "own", "child-of-own", "busy", "child-of-busy"] {
        let data = json!({ "name": name, "class": "server", "space": "it", "attributes": {} });
        let answer = world.submit("ada", None, json!([{ "kind": "upsert-ci", "data": data }])).await.expect("an item");
        ids.push(answer.cis[0].id.0.clone());
    }
    for (parent, child) in [(2, 3), (4, 5)] {
        let data = json!({ "from": ids[child], "type": "runs-on", "to": ids[parent] });
        world.submit("ada", None, json!([{ "kind": "relate-cis", "data": data }])).await.expect("a relation");
    }
    for (kind, from, to) in [("maintenance", "2026-03-01", "2026-03-02"), ("blackout", "2026-03-07", "2026-03-08")] {
        let fields = json!({ "type": kind, "start": format!("{from}T00:00:00Z"), "end": format!("{to}T00:00:00Z"), "cis": [ids[2]] });
        record(&world, "mona", json!({ "kind": "change-window", "space": "it", "title": kind, "fields": fields }))
            .await
            .expect("a window");
    }
    let change = |ci: usize| json!({ "cis": [ids[ci]], "implementer": "ben", "planned_start": "2026-03-07T20:00:00Z", "planned_end": "2026-03-07T22:00:00Z" });
    create(&world, "ada", "change", change(4), json!({})).await;
    let mut met = Vec::new();
    for ci in [2, 3, 4, 5] {
        let made = create(&world, "ada", "change", change(ci), json!({})).await;
        let list = made.fields["conflicts"].as_array().cloned().unwrap_or_default();
        met.extend(list.iter().filter_map(|one| one["reason"].as_str().map(str::to_owned)));
        go(&world, "ada", &made.id, "cancelled", json!({})).await.expect("it can be cancelled");
    }
    for reason in fact["reasons"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        report.holds(format!("conflict: {reason} (met: {met:?})"), met.iter().any(|one| one == reason));
    }
}

/// The components by themselves, for questions that need no company.
struct Components(Runtime);

impl Components {
    fn new() -> Self {
        Self(Runtime::new(RuntimeConfig::default()).expect("the runtime starts"))
    }

    async fn load(&self, id: &str) -> (PluginId, Digest) {
        let bundled = bundle::plugin(id).unwrap_or_else(|| panic!("`{id}` is shipped"));
        let (plugin, digest) = (PluginId::new(id), Digest(bundled.digest.to_owned()));
        self.0.prepare(&plugin, &digest, bundled.bytes.into()).await.expect("it can be prepared");
        (plugin, digest)
    }

    /// `+`, `-` or `?`.
    async fn verdict(&self, rule: &str, parameters: Value, votes: &str) -> char {
        let (plugin, digest) = self.load(rule).await;
        let people: Vec<PersonId> = (0..votes.len()).map(|at| PersonId::new(format!("p{at}"))).collect();
        let vote = |(at, sign): (usize, char)| {
            let answer = match sign {
                '+' => Answer::Approve,
                '-' => Answer::Reject,
                _ => return None,
            };
            let instant = jiff::Timestamp::UNIX_EPOCH + SignedDuration::from_mins(i64::try_from(at).unwrap_or(0));
            Some(Vote { person: people[at].clone(), delegate: None, answer, at: instant, comment: None })
        };
        let votes = votes.chars().enumerate().filter_map(vote).collect();
        let input =
            ApprovalInput { ticket: None, approvers: people.clone(), parameters: parameters.to_string(), votes };
        let call = sample_call(&plugin, &digest, &Arc::new(FakeSnapshot::granting(&["person"])));
        match self.0.decide(call, input).await.expect("an answer").expect("no fault") {
            Verdict::Approved(_) => '+',
            Verdict::Rejected(_) => '-',
            Verdict::Pending { .. } => '?',
        }
    }

    async fn step(&self, id: &str, step: &str, inputs: Value) -> Value {
        let (plugin, digest) = self.load(id).await;
        let input = StepInput { step: step.to_owned(), ticket: None, inputs: inputs.to_string(), attempt: 0 };
        let call = sample_call(&plugin, &digest, &Arc::default());
        match self.0.run_step(call, input).await.expect("an answer").expect("no fault") {
            StepOutcome::Done { outputs, .. } => serde_json::from_str(&outputs).expect("outputs are JSON"),
            other => panic!("{step}: {other:?}"),
        }
    }
}

/// All answers of three people, against the sentence of the rule.
async fn named_rules(fact: &Value, report: &mut Report) {
    let components = Components::new();
    let all =
        (0..27_u32).map(|n| (0..3).map(|at| ['+', '-', '.'][(n / 3_u32.pow(at) % 3) as usize]).collect::<String>());
    let all: Vec<String> = all.collect();
    for rule in fact["rules"].as_array().into_iter().flatten() {
        let name = rule["rule"].as_str().unwrap_or_default();
        for votes in &all {
            let count = |sign: char| votes.chars().filter(|vote| *vote == sign).count();
            let (yes, no) = (count('+'), count('-'));
            let first = votes.chars().find(|vote| *vote != '.');
            let expected = match name {
                "anyone" if yes > 0 => '+',
                "anyone" if no == 3 => '-',
                "everyone" if yes == 3 => '+',
                "everyone" if no > 0 => '-',
                "first response" => first.unwrap_or('?'),
                "majority" | "percent" if yes >= 2 => '+',
                "majority" | "percent" if no >= 2 => '-',
                _ => '?',
            };
            let parameters = if name == "percent" { json!({ "percent": 60 }) } else { json!({}) };
            let got = components.verdict(&name.replace(' ', "-"), parameters, votes).await;
            report.is(format!("{name} of {votes}"), &json!(got.to_string()), &json!(expected.to_string()));
        }
    }
}

/// How many of a hundred must approve.
async fn rounding(fact: &Value, report: &mut Report) {
    let components = Components::new();
    for case in fact["cases"].as_array().into_iter().flatten() {
        if let (Some(raw), Some(rounded)) = (case["required_raw"].as_f64(), case["required_rounded"].as_u64()) {
            // So many percent of ten people.
            let rounded = usize::try_from(rounded).unwrap_or(0);
            for (approvals, expected) in [(rounded - 1, "?"), (rounded, "+")] {
                let votes = format!("{}{}", "+".repeat(approvals), ".".repeat(10 - approvals));
                let got = components.verdict("percent", json!({ "percent": raw * 10.0 }), &votes).await;
                report.is(format!("{raw} with {approvals}"), &json!(got.to_string()), &json!(expected));
            }
            continue;
        }
        let setting = case["percentage_setting"].as_str().unwrap_or_default();
        let settings: &[Value] = match setting {
            "empty" => &[json!({}), json!({ "percent": null })],
            "<= 0" => &[json!({ "percent": 0 }), json!({ "percent": -5 })],
            _ => &[json!({ "percent": 100 }), json!({ "percent": 150 })],
        };
        for parameters in settings {
            let first = components.verdict("percent", parameters.clone(), "+..").await;
            let expected = if setting.starts_with(">=") { "?" } else { "+" };
            report.is(format!("{setting} after one"), &json!(first.to_string()), &json!(expected));
            let every = components.verdict("percent", parameters.clone(), "+++").await;
            report.is(format!("{setting} after all"), &json!(every.to_string()), &json!("+"));
        }
    }
}

async fn allocation(fact: &Value, report: &mut Report) {
    let components = Components::new();
    for case in fact["cases"].as_array().into_iter().flatten() {
        let number = |name: &str| case[name].as_i64().unwrap_or_default();
        let rest = number("service_units") - number("units_of_cost_center");
        let inputs = json!({ "expenses": [{ "cents": number("expense") * 100 }], "units": { "own": number("units_of_cost_center"), "rest": rest } });
        let outputs = components.step("financial", "allocate", inputs).await;
        report.is("allocated", &outputs["shares"]["own"], &json!(number("allocated") * 100));
        report.is(
            "share",
            &json!(number("units_of_cost_center") * 100 / number("service_units")),
            &case["share_percent"],
        );
    }
}

/// Tasks are closed one after another, and each moves the progress by what it contributes.
async fn rollup(fact: &Value, report: &mut Report) {
    for case in fact["cases"].as_array().into_iter().flatten() {
        let world = World::new().await;
        let whole = create(&world, "ada", "improvement", json!({}), json!({})).await;
        let mut tasks = Vec::new();
        for task in case["tasks"].as_array().into_iter().flatten() {
            let fields = match task["phase"].as_i64() {
                Some(phase) => json!({ "phase": phase, "days": task["days"] }),
                None => json!({ "days": task["days"] }),
            };
            let made = create(&world, "ada", "improvement-task", fields, json!({ "parent": whole.id })).await;
            tasks.push((made, task["contribution_percent"].as_i64().unwrap_or_default()));
        }
        let mut sum = 0;
        for (task, contribution) in &tasks {
            go(&world, "ada", &task.id, "closed", json!({})).await.expect("it can be closed");
            world.settle().await;
            sum += contribution;
            let progress = world.load(&whole.id).await.ticket.fields["progress"].clone();
            report.is(format!("progress after {contribution} more"), &progress, &json!(sum));
        }
    }
}

async fn compliance(fact: &Value, report: &mut Report) {
    let world = World::new().await;
    for case in fact["cases"].as_array().into_iter().flatten() {
        let licence = |purchased: i64, expires: &str, metric: &str| {
            json!({ "kind": "licence", "space": "it", "title": "Office", "fields": { "product": "Office", "metric": metric,
                "purchased": purchased, "expires": expires, "installations": [{ "user": "erin" }, { "user": "ada" }] } })
        };
        let (past, future) = ("2026-03-01", "2099-12-31");
        let rows = match case["purchased_vs_installed"].as_str() {
            None => vec![licence(0, future, "none")],
            Some(words) if words.contains('<') => vec![licence(1, future, "user"), licence(9, past, "user")],
            Some(_) => vec![licence(3, future, "user")],
        };
        for data in rows {
            let made = record(&world, "ada", data).await.expect("a licence");
            report.is(format!("{case}"), &made.fields["status"], &case["status"]);
        }
    }
}
