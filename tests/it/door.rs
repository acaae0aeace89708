//! The one door: what components decide, what the host makes of it, and what happens when they misbehave.

use app::AppError;
use domain::effect::Effect;
use jiff::SignedDuration;
use serde_json::{Value, json};
use store::JobCounts;
use weft_tests::guests::{self, Function, Guest};
use weft_tests::world::World;

const TICKET_KIND: &str = "id = \"task\"\ntype = \"ticket\"\ntitle = \"Task\"\nplural = \"Tasks\"\nprefix = \"TSK\"\ndigits = 5\ncreate = [\"requester\", \"agent\"]\n\
[[state]]\nid = \"new\"\ntitle = \"New\"\ncategory = \"new\"\n[[state]]\nid = \"done\"\ntitle = \"Done\"\ncategory = \"closed\"\n\
[[transition]]\nfrom = [\"new\"]\nto = \"done\"\ntitle = \"Finish\"\nroles = [\"agent\"]\n\
[field.note]\ntitle = \"Note\"\nschema = { type = \"string\" }\nwrite = [\"agent\"]\n";

fn manifest(id: &str, rest: &str) -> String {
    format!(
        "id = \"{id}\"\nversion = \"1.0.0\"\nwit = \"0.1\"\ntitle = \"{id}\"\nsummary = \"A component of the tests.\"\n{rest}"
    )
}

/// A practice that defines the kind `task` and whose guard does nothing.
fn tasks() -> Vec<u8> {
    let text = manifest(
        "tasks",
        "[[kind]]\nfile = \"kinds/task.toml\"\n[guard]\nkinds = [\"task\"]\n[[grant]]\nread = \"ticket:task\"\nreason = \"Its own.\"\n",
    );
    let guest = Guest::new("tasks").manifest(Some(&text)).asset("kinds/task.toml", TICKET_KIND.as_bytes());
    guests::returning(guest, Function::Guard, &[])
}

/// A component beside the practice, with a grant for the given effects.
fn beside(id: &str, table: &str, granted: &str, function: Function, effects: &[(&str, &str)]) -> Vec<u8> {
    let text = manifest(
        id,
        &format!(
            "{table}\n[[grant]]\nread = \"ticket:*\"\nreason = \"To decide.\"\n[[grant]]\neffect = {granted}\non = \"ticket:*\"\nreason = \"To act.\"\n"
        ),
    );
    guests::returning(Guest::new(id).manifest(Some(&text)), function, effects)
}

fn create_task() -> Value {
    json!([{ "kind": "create-ticket", "data": { "kind": "task", "space": "it", "title": "Do it" } }])
}

fn codes(error: &AppError) -> Vec<&str> {
    match error {
        AppError::Invalid(problems) | AppError::Rejected { problems, .. } => {
            problems.iter().map(|problem| problem.code.as_str()).collect()
        }
        _ => Vec::new(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_gets_its_priority_from_the_component() {
    let world = World::new().await;

    let ticket = world.incident("erin", json!({ "impact": 1, "urgency": 2 })).await;
    let raised = world
        .submit("ada", Some(&ticket.id), json!([{ "kind": "set-field", "data": { "field": "urgency", "value": 1 } }]))
        .await;

    assert_eq!((ticket.number.as_str(), &ticket.fields["priority"]), ("INC0000001", &json!(2)));
    assert_eq!(raised.expect("an agent may").tickets[0].fields["priority"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_illegal_transition_names_the_legal_ones_and_writes_nothing() {
    let world = World::new().await;
    let ticket = world.incident("erin", json!({})).await;

    let refused = world
        .submit("ada", Some(&ticket.id), json!([{ "kind": "transition", "data": { "to": "closed" } }]))
        .await
        .expect_err("new cannot close");

    let AppError::Invalid(problems) = &refused else { panic!("{refused}") };
    assert_eq!(problems[0].code, "illegal-transition");
    for legal in ["in-progress", "on-hold", "resolved", "cancelled"] {
        assert!(problems[0].message.contains(legal), "{}", problems[0].message);
    }
    assert_eq!(world.load(&ticket.id).await.ticket.version, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_command_twice_happens_once() {
    let world = World::new().await;
    let mut command = world
        .command(
            "ada",
            None,
            json!([{ "kind": "create-ticket", "data": { "kind": "incident", "space": "it", "title": "Once" } }]),
        )
        .await;
    command.idempotency =
        Some(domain::change::IdempotencyKey { scope: "ada".into(), key: "k1".into(), fingerprint: "f1".into() });

    let together = futures_join(&world, &command, 8).await;
    let first = &together[0].tickets[0];
    for answer in &together {
        assert_eq!(answer.tickets[0].id, first.id);
    }
    assert_eq!(together.iter().filter(|answer| !answer.replayed).count(), 1);
    let mut other = command.clone();
    other.idempotency.as_mut().expect("set above").fingerprint = "f2".into();
    assert!(matches!(world.app.submit(other).await, Err(AppError::IdempotencyReused)));
    let world = world.restart().await;
    assert!(world.app.submit(command).await.expect("answered again").replayed, "the answer survives a restart");
}

async fn futures_join(world: &World, command: &domain::change::Command, times: usize) -> Vec<app::Answer> {
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..times {
        let (app, command) = (world.app.clone(), command.clone());
        tasks.spawn(async move { app.submit(command).await.expect("carried out or answered") });
    }
    tasks.join_all().await
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_at_once_are_all_kept() {
    let world = World::new().await;
    let ticket = world.incident("erin", json!({})).await;
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..8 {
        let command = world
            .command(
                "ada",
                Some(&ticket.id),
                json!([{ "kind": "comment", "data": { "visibility": "internal", "body": format!("Note {n}") } }]),
            )
            .await;
        let app = world.app.clone();
        tasks.spawn(async move { app.submit(command).await });
    }
    for result in tasks.join_all().await {
        result.expect("a conflict is decided again");
    }

    let comments = world.app.comment_list(&world.actor("ada").await, &ticket.id.0).await.expect("they are there");
    assert_eq!(comments.len(), 8);
    assert_eq!(world.load(&ticket.id).await.ticket.version, 9);
    assert!(world.app.store().verify_journal(&world.app.config.org).await.expect("no chain is broken") > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_shows_everything_and_writes_nothing() {
    let world = World::new().await;
    let mut command = world.command("erin", None, json!([{ "kind": "create-ticket", "data": { "kind": "incident", "space": "it", "title": "Maybe", "fields": { "impact": 1, "urgency": 1 } } }])).await;
    command.dry_run = true;
    let head = world.app.publisher().head();

    let answer = world.app.submit(command).await.expect("it can be decided");

    assert_eq!(answer.tickets[0].fields["priority"], 1);
    assert!(answer.effects.iter().any(|effect| matches!(effect, Effect::SetField(set) if set.field == "priority")));
    assert_eq!(world.app.publisher().head(), head);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_effect_without_a_grant_stops_the_whole_change() {
    let world = World::bare().await;
    world.install(tasks()).await;
    let guard = "[guard]\nkinds = [\"task\"]";
    world.install(beside("nosy", guard, "\"comment\"", Function::Guard, &[("assign", r#"{"assignee":"ben"}"#)])).await;

    let refused = world.submit("ada", None, create_task()).await.expect_err("assign was not granted");

    assert_eq!(codes(&refused), ["plugin-effect-refused"]);
    assert!(format!("{refused:?}").contains("no grant to assign on ticket:task"), "{refused:?}");
    assert_eq!(
        world.app.store().ticket_count(&world.app.config.org, &domain::filter::Filter::True).await.expect("counted"),
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guard_beside_the_practice_is_held_to_the_roles_of_the_person() {
    let world = World::bare().await;
    world.install(tasks()).await;
    let guard = "[guard]\nkinds = [\"task\"]";
    world
        .install(beside(
            "finisher",
            guard,
            "[\"transition\", \"set-field\"]",
            Function::Guard,
            &[("transition", r#"{"to":"done"}"#)],
        ))
        .await;

    let requester = world.submit("erin", None, create_task()).await.expect_err("finishing is for agents");
    let agent = world.submit("ada", None, create_task()).await.expect("an agent may finish");

    assert_eq!(codes(&requester), ["transition-not-yours"]);
    assert_eq!(agent.tickets[0].state, "done");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_effect_that_nobody_knows_is_the_components_fault() {
    let world = World::bare().await;
    world.install(tasks()).await;
    let guard = "[guard]\nkinds = [\"task\"]";
    world
        .install(beside(
            "odd",
            guard,
            "\"comment\"",
            Function::Guard,
            &[("explode", "{}"), ("comment", "{"), ("request-approval", "{}")],
        ))
        .await;

    let refused = world.submit("ada", None, create_task()).await.expect_err("all three are refused");

    assert_eq!(codes(&refused), ["bad-effect", "bad-effect", "not-available"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_that_keeps_failing_is_quarantined_and_others_go_on() {
    let world = World::bare().await;
    world.install(tasks()).await;
    let text =
        manifest("crasher", "[guard]\nkinds = [\"task\"]\n[[grant]]\nread = \"ticket:*\"\nreason = \"To crash.\"\n");
    let crasher = Guest::new("crasher").manifest(Some(&text)).exporting(Function::Guard, "unreachable").build();
    let crasher = world.install(crasher).await;
    let max = world.actor("max").await;

    for _ in 0..5 {
        let failed = world.submit("ada", None, create_task()).await.expect_err("a guard that fails refuses");
        assert!(matches!(failed, AppError::Plugin(_)), "{failed}");
    }

    world.submit("ada", None, create_task()).await.expect("a quarantined guard is left out");
    let view = world.app.plugin_get(&max, &crasher).expect("it is installed");
    assert_eq!(view.state, app::PluginState::Quarantined);
    assert!(view.health.last_fault.is_some_and(|fault| fault.cause.contains("trapped")));
    world.app.plugin_resume(&max, &crasher).await.expect("an administrator resumes it");
    world.submit("ada", None, create_task()).await.expect_err("it has its say again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loop_of_reactions_is_stopped_and_names_its_chain() {
    let world = World::bare().await;
    world.install(tasks()).await;
    let react = "[react]\nevents = [\"ticket.created\", \"comment.added\"]\nkinds = [\"task\"]\nhistory = false";
    let echo = [("comment", r#"{"visibility":"internal","body":"Again!"}"#)];
    world.install(beside("echo", react, "\"comment\"", Function::React, &echo)).await;

    let answer = world.submit("ada", None, create_task()).await.expect("the task is created");
    world.app.drain().await.expect("the jobs run");

    let org = &world.app.config.org;
    assert_eq!(world.app.store().job_counts(org).await.expect("counted"), JobCounts { ready: 0, held: 0, dead: 1 });
    let dead = world.app.store().job_list(org, domain::job::JobState::Dead, 10).await.expect("listed");
    let error = dead[0].last_error.as_deref().unwrap_or_default();
    assert!(error.contains("chain of reactions") && error.contains("echo on ticket.created"), "{error}");
    let comments = world.app.comment_list(&world.actor("ada").await, &answer.tickets[0].id.0).await.expect("listed");
    assert_eq!(comments.len(), 8, "as deep as the limit");
}

#[tokio::test(flavor = "multi_thread")]
async fn deliveries_wait_for_a_component_that_is_switched_off() {
    let world = World::bare().await;
    world.install(tasks()).await;
    let react = "[react]\nevents = [\"ticket.created\"]\nkinds = [\"task\"]\nhistory = false";
    let greet = [("comment", r#"{"visibility":"public","body":"Hello!"}"#)];
    let greeter = world.install(beside("greeter", react, "\"comment\"", Function::React, &greet)).await;
    let max = world.actor("max").await;
    let first = world.submit("ada", None, create_task()).await.expect("created").tickets[0].id.clone();
    world.app.plugin_disable(&max, &greeter).await.expect("switched off");

    world.app.drain().await.expect("the jobs run");
    let org = world.app.config.org.clone();
    assert_eq!(world.app.store().job_counts(&org).await.expect("counted").held, 1);
    let world = world.restart().await;
    world.app.plugin_enable(&max, &greeter).await.expect("switched on");
    world.app.drain().await.expect("the jobs run");

    let comments = world.app.comment_list(&world.actor("ada").await, &first.0).await.expect("listed");
    assert_eq!(comments.len(), 1, "delivered once, after the restart");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parent_in_progress_takes_its_children_along() {
    let world = World::new().await;
    let parent = world.incident("ada", json!({})).await;
    let child = world.incident("erin", json!({})).await;
    world
        .submit("ada", Some(&child.id), json!([{ "kind": "set-parent", "data": { "parent": parent.id } }]))
        .await
        .expect("linked");

    world
        .submit("ada", Some(&parent.id), json!([{ "kind": "transition", "data": { "to": "in-progress" } }]))
        .await
        .expect("started");
    world.app.drain().await.expect("the reactions run");

    assert_eq!(world.load(&child.id).await.ticket.state, "in-progress");
    let cycle =
        world.submit("ada", Some(&parent.id), json!([{ "kind": "set-parent", "data": { "parent": child.id } }])).await;
    assert_eq!(codes(&cycle.expect_err("a circle")), ["parent-cycle"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resolved_incident_closes_by_itself_after_its_days() {
    let world = World::new().await;
    let ticket = world.incident("erin", json!({})).await;
    let resolve = json!([
        { "kind": "set-field", "data": { "field": "close-code", "value": "Solved" } },
        { "kind": "set-field", "data": { "field": "close-notes", "value": "Restarted it." } },
        { "kind": "transition", "data": { "to": "resolved" } },
    ]);
    world.submit("ada", Some(&ticket.id), resolve).await.expect("resolved");

    world.advance(SignedDuration::from_hours(24 * 7 - 1)).await;
    assert_eq!(world.load(&ticket.id).await.ticket.state, "resolved");
    let world = world.restart().await;
    world.advance(SignedDuration::from_hours(2)).await;

    assert_eq!(world.load(&ticket.id).await.ticket.state, "closed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restricted_incident_does_not_exist_for_others() {
    let world = World::new().await;
    let create = json!([{ "kind": "create-ticket", "data": { "kind": "incident", "space": "it", "title": "Secret", "requester": "erin", "restricted": true, "assignee": "ben" } }]);
    let ticket = world.submit("ben", None, create).await.expect("created").tickets[0].clone();

    for login in ["ada", "mona", "otto", "max", "hana"] {
        let actor = world.actor(login).await;
        let opened = world.app.ticket(&actor, &ticket.number).await;
        assert!(matches!(opened, Err(AppError::NotFound(_))), "{login} gets {opened:?}");
        let query = store::TicketQuery {
            filter: domain::filter::Filter::True,
            sort: store::Sort::UpdatedAt,
            descending: true,
            after: None,
            limit: 10,
        };
        assert!(
            world.app.ticket_list(&actor, query).await.expect("listed").items.is_empty(),
            "{login} sees it in a list"
        );
        let counts = world
            .app
            .ticket_count_by(&actor, domain::filter::Filter::True, domain::filter::Field::Kind)
            .await
            .expect("counted");
        assert!(counts.is_empty(), "{login} can count it");
    }
    for login in ["erin", "ben"] {
        world.app.ticket(&world.actor(login).await, &ticket.number).await.expect("it is theirs");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn work_of_a_group_is_given_to_the_least_loaded() {
    let world = World::new().await;
    let max = world.actor("max").await;
    let settings = json!({ "default-strategy": "least-loaded" });
    let settings = settings.as_object().expect("an object").clone();
    world.app.plugin_configure(&max, &"assignment".into(), settings).await.expect("configured");
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..6 {
        let create = json!([{ "kind": "create-ticket", "data": { "kind": "incident", "space": "it", "title": format!("Number {n}"), "group": "service-desk" } }]);
        let command = world.command("ada", None, create).await;
        let app = world.app.clone();
        tasks.spawn(async move { app.submit(command).await.expect("created") });
    }
    tasks.join_all().await;

    world.app.drain().await.expect("the reactions run");

    let counts = world
        .app
        .store()
        .ticket_count_by(&world.app.config.org, &domain::filter::Filter::True, domain::filter::Field::Assignee)
        .await;
    let mut counts = counts.expect("counted");
    counts.sort();
    assert_eq!(counts, [(Some("ada".to_owned()), 3), (Some("ben".to_owned()), 3)], "decisions at once see one another");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_reaches_into_a_space_that_is_not_theirs() {
    let world = World::bare().await;
    world.install(tasks()).await;
    let class = domain::CiClass {
        id: "server".into(),
        title: "Server".into(),
        parent: None,
        is_abstract: false,
        attributes: domain::Object::new(),
        required: Vec::new(),
        version: 0,
    };
    world.app.ci_class_put(&domain::Actor::system(), class).await.expect("a class");
    let create = |name: &str, space: &str| json!([{ "kind": "upsert-ci", "data": { "name": name, "class": "server", "space": space } }]);
    let payroll = world.submit("hana", None, create("payroll", "hr")).await.expect("hers").cis[0].clone();
    let web = world.submit("ada", None, create("web", "it")).await.expect("hers").cis[0].clone();

    let steal = json!([{ "kind": "upsert-ci", "data": { "ci": payroll.id, "name": "mine", "class": "server", "space": "it" } }]);
    let relate = json!([{ "kind": "relate-cis", "data": { "from": web.id, "type": "depends-on", "to": payroll.id } }]);
    let assign = json!([{ "kind": "create-ticket", "data": { "kind": "task", "space": "it", "title": "For you", "assignee": "ben" } }]);
    let for_others = json!([{ "kind": "create-ticket", "data": { "kind": "task", "space": "it", "title": "As you", "requester": "ada" } }]);

    assert!(matches!(world.submit("ada", None, steal).await, Err(AppError::Forbidden(_))));
    assert!(matches!(world.submit("ada", None, relate).await, Err(AppError::NotFound(_))));
    assert!(matches!(world.submit("erin", None, assign).await, Err(AppError::Forbidden(_))));
    assert!(matches!(world.submit("erin", None, for_others).await, Err(AppError::Forbidden(_))));
}
