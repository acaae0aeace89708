//! What leaves the house: one commit with the decision, one key for all attempts, and an honest word about how it ended.

use app::flow::model::Command;
use app::flow::{Missed, NewInstance, Resource};
use app::port::outbound::{Delivery, Outbound, OutboundHttp, OutboundMail};
use app::{AppConfig, AppError, MailRules, OutboxQuery, PersonChange, Settlement};
use async_trait::async_trait;
use domain::flow::InstanceStatus;
use domain::outbox::{OutboxItem, OutboxState};
use domain::schedule::Outcome;
use domain::{FlowInstance, PersonId};
use jiff::SignedDuration;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use weft_tests::app::TestApp;
use weft_tests::fsck;
use weft_tests::guests::{self, Function, Guest};
use weft_tests::world::World;

/// Everything outside: remembers what came, and answers as it is told; `200` when it is told nothing.
#[derive(Debug, Default)]
struct Outside {
    answers: Mutex<VecDeque<Option<Delivery>>>,
    requests: Mutex<Vec<OutboundHttp>>,
    mails: Mutex<Vec<OutboundMail>>,
    mail_outcomes: Mutex<VecDeque<Outcome>>,
}

impl Outside {
    fn then(&self, delivery: Delivery) {
        self.answers.lock().expect("no test panics while it holds this").push_back(Some(delivery));
    }

    /// The next request is never answered, and whoever made it waits for ever.
    fn then_hang(&self) {
        self.answers.lock().expect("no test panics while it holds this").push_back(None);
    }

    fn requests(&self) -> Vec<OutboundHttp> {
        self.requests.lock().expect("no test panics while it holds this").clone()
    }

    fn mails(&self) -> Vec<OutboundMail> {
        self.mails.lock().expect("no test panics while it holds this").clone()
    }
}

#[async_trait]
impl Outbound for Outside {
    async fn http(&self, request: OutboundHttp) -> Delivery {
        self.requests.lock().expect("no test panics while it holds this").push(request);
        let next = self.answers.lock().expect("no test panics while it holds this").pop_front();
        match next {
            Some(Some(delivery)) => delivery,
            Some(None) => std::future::pending().await,
            None => answered(200),
        }
    }

    async fn mail(&self, mail: OutboundMail) -> Outcome {
        self.mails.lock().expect("no test panics while it holds this").push(mail);
        let next = self.mail_outcomes.lock().expect("no test panics while it holds this").pop_front();
        next.unwrap_or(Outcome::Delivered)
    }
}

fn answered(status: u16) -> Delivery {
    Delivery::Answered { status, headers: Vec::new(), body: "{}".to_owned(), retry_after_seconds: None }
}

fn silence() -> Delivery {
    Delivery::Unknown { reason: "a.example was sent the request and did not answer".to_owned() }
}

const KIND: &str = "id = \"task\"\ntype = \"ticket\"\ntitle = \"Task\"\nplural = \"Tasks\"\nprefix = \"TSK\"\ndigits = 5\ncreate = [\"requester\", \"agent\"]\n\
[[state]]\nid = \"new\"\ntitle = \"New\"\ncategory = \"new\"\n\
[[state]]\nid = \"done\"\ntitle = \"Done\"\ncategory = \"closed\"\n[[transition]]\nfrom = [\"new\"]\nto = \"done\"\ntitle = \"Finish\"\nroles = [\"agent\"]\n";

/// A practice whose every new task has these effects.
fn practice(effects: &[(&str, Value)]) -> Vec<u8> {
    let manifest = "id = \"tasks\"\nversion = \"1.0.0\"\nwit = \"0.1\"\ntitle = \"Tasks\"\nsummary = \"A component of the tests.\"\n\
[[kind]]\nfile = \"kinds/task.toml\"\n[guard]\nkinds = [\"task\"]\n\
[[grant]]\nread = \"ticket:task\"\nreason = \"Its own.\"\n\
[[grant]]\neffect = [\"call\", \"mail\", \"notify\"]\non = \"ticket:task\"\nreason = \"To tell others.\"\n\
[[grant]]\nhttp = { host = \"a.example\", methods = [\"POST\", \"PUT\"], path = \"/\" }\nreason = \"To tell them.\"\n";
    let guest = Guest::new("tasks").manifest(Some(manifest)).asset("kinds/task.toml", KIND.as_bytes());
    let effects: Vec<(&str, String)> = effects.iter().map(|(kind, data)| (*kind, data.to_string())).collect();
    let effects: Vec<(&str, &str)> = effects.iter().map(|(kind, data)| (*kind, data.as_str())).collect();
    guests::returning(guest, Function::Guard, &effects)
}

fn call(method: &str) -> (&'static str, Value) {
    let data = json!({ "method": method, "url": "https://a.example/hook?token=secret", "body": "{\"n\":1}", "backoff": "PT10S,PT1M" });
    ("call", data)
}

async fn world(config: AppConfig, effects: &[(&str, Value)]) -> (World, Arc<Outside>) {
    let outside = Arc::new(Outside::default());
    let world = World::with(config, Arc::clone(&outside) as Arc<dyn Outbound>).await;
    world.install(practice(effects)).await;
    (world, outside)
}

async fn create(world: &World) -> domain::Ticket {
    let task = json!([{ "kind": "create-ticket", "data": { "kind": "task", "space": "it", "title": "Do it" } }]);
    world.submit("ada", None, task).await.expect("it is created").tickets[0].clone()
}

async fn items(world: &World) -> Vec<OutboxItem> {
    let max = world.actor("max").await;
    world.app.outbox_list(&max, &OutboxQuery::default(), None, 200).await.expect("a list").items
}

/// The one item there is. Whatever state it is in, it fits together with its job, its content and the step that waits for it.
async fn only(world: &World) -> OutboxItem {
    fsck::assert_clean(&fsck::sqlite(&world.folder.path().join("weft.db")).await);
    let mut items = items(world).await;
    assert_eq!(items.len(), 1, "{items:?}");
    items.remove(0)
}

async fn drain(world: &World) {
    world.app.drain().await.expect("the jobs run");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_kept_with_its_decision_and_sent_under_one_key_until_it_is_taken() {
    let (world, outside) = world(AppConfig::default(), &[call("POST")]).await;
    let ticket = create(&world).await;
    let waiting = only(&world).await;
    assert_eq!((waiting.state, waiting.attempts, &waiting.ticket), (OutboxState::Waiting, 0, &Some(ticket.id)));
    assert_eq!(waiting.target, "POST https://a.example/hook");
    assert!(outside.requests().is_empty(), "a decision sends nothing");

    let busy =
        Delivery::Answered { status: 503, headers: Vec::new(), body: String::new(), retry_after_seconds: Some(40) };
    outside.then(busy);
    outside.then(Delivery::NotSent { reason: "no connection".to_owned(), may_retry: true });
    drain(&world).await;
    let again = only(&world).await;
    let wait = again.next_at.map(|at| at.duration_since(world.app.now()).as_secs());
    assert_eq!((again.state, again.attempts, again.status, wait), (OutboxState::Waiting, 1, Some(503), Some(40)));
    world.advance(SignedDuration::from_secs(39)).await;
    assert_eq!(outside.requests().len(), 1, "not before its time");
    world.advance(SignedDuration::from_secs(2)).await;
    world.advance(SignedDuration::from_secs(70)).await;

    let done = only(&world).await;
    assert_eq!((done.state, done.attempts, done.status, done.last_error), (OutboxState::Delivered, 3, Some(200), None));
    let keys: Vec<String> = outside.requests().into_iter().map(|request| request.idempotency_key).collect();
    assert_eq!(keys, vec![done.idempotency_key.clone(); 3]);
    let content = world.app.store().outbox_content(&world.app.config.org, &done.id).await.expect("an answer");
    assert_eq!(content, None, "what it said is gone");
    assert!(world.app.store().verify_journal(&world.app.config.org).await.expect("whole") > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_is_not_repeated_unless_repeating_does_no_harm() {
    let (world, outside) = world(AppConfig::default(), &[call("POST"), call("PUT")]).await;
    create(&world).await;
    outside.then(silence());
    outside.then(silence());
    drain(&world).await;
    let state = async |method: &str| {
        let items = items(&world).await;
        items.into_iter().find(|item| item.target.starts_with(method)).expect("the item")
    };
    assert_eq!(state("POST").await.state, OutboxState::Unknown);
    assert_eq!(state("PUT").await.state, OutboxState::Waiting);
    world.advance(SignedDuration::from_mins(10)).await;
    assert_eq!(outside.requests().len(), 3, "only the one that is harmless went out again");
    assert_eq!(state("PUT").await.state, OutboxState::Delivered);
    let open = state("POST").await;
    assert!(open.reason.as_deref().is_some_and(|why| why.contains("did not answer")), "{:?}", open.reason);

    let max = world.actor("max").await;
    let ada = world.actor("ada").await;
    let refused = world.app.outbox_settle(&ada, &open.id, Settlement::Delivered).await;
    assert!(matches!(refused, Err(AppError::Forbidden(_))), "{refused:?}");
    let settled = world.app.outbox_settle(&max, &open.id, Settlement::Delivered).await.expect("it is settled");
    assert_eq!(settled.reason.as_deref(), Some("max says: the other side has it"));
    let twice = world.app.outbox_settle(&max, &open.id, Settlement::Delivered).await;
    assert!(matches!(twice, Err(AppError::Invalid(_))), "{twice:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_honours_the_key_is_asked_again_after_silence() {
    let config = AppConfig { idempotent_hosts: ["a.example".to_owned()].into(), ..AppConfig::default() };
    let (world, outside) = world(config, &[call("POST")]).await;
    create(&world).await;
    outside.then(silence());
    drain(&world).await;
    world.advance(SignedDuration::from_secs(12)).await;
    assert_eq!(only(&world).await.state, OutboxState::Delivered);
    let requests = outside.requests();
    assert_eq!((requests.len(), &requests[0].idempotency_key), (2, &requests[1].idempotency_key));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_claims_to_know_what_a_dead_node_sent() {
    let (world, outside) = world(AppConfig::default(), &[call("POST")]).await;
    create(&world).await;
    outside.then_hang();
    let app = Arc::clone(&world.app);
    let node = tokio::spawn(async move { app.drain().await });
    while outside.requests().is_empty() {
        tokio::task::yield_now().await;
    }
    node.abort();
    let _ = node.await;
    assert_eq!(only(&world).await.state, OutboxState::Sending);

    let world = world.restart().await;
    world.advance(SignedDuration::from_mins(2)).await;
    let item = only(&world).await;
    assert_eq!((item.state, item.attempts), (OutboxState::Unknown, 1));
    assert_eq!(outside.requests().len(), 1, "it is not sent again on its own");

    let max = world.actor("max").await;
    world.app.outbox_retry(&max, &item.id).await.expect("an operator may");
    drain(&world).await;
    assert_eq!(only(&world).await.state, OutboxState::Delivered);
    let requests = outside.requests();
    assert_eq!((requests.len(), &requests[0].idempotency_key), (2, &requests[1].idempotency_key));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_given_up_says_why_and_can_be_sent_again() {
    let (world, outside) = world(AppConfig::default(), &[call("POST")]).await;
    create(&world).await;
    outside.then(answered(404));
    drain(&world).await;
    let dead = only(&world).await;
    assert_eq!((dead.state, dead.reason.as_deref()), (OutboxState::Dead, Some("the other side answered 404")));
    let max = world.actor("max").await;
    world.app.outbox_retry(&max, &dead.id).await.expect("an operator may");
    drain(&world).await;
    let done = only(&world).await;
    assert_eq!((done.state, done.attempts), (OutboxState::Delivered, 1));
    let again = world.app.outbox_retry(&max, &dead.id).await;
    assert!(matches!(again, Err(AppError::Invalid(_))), "{again:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_calls_only_whom_it_was_granted() {
    let url = json!({ "method": "POST", "url": "https://b.example/hook" });
    let (world, outside) = world(AppConfig::default(), &[("call", url)]).await;
    let task = json!([{ "kind": "create-ticket", "data": { "kind": "task", "space": "it", "title": "Do it" } }]);
    let refused = world.submit("ada", None, task).await;
    assert!(matches!(refused, Err(AppError::Rejected { .. })), "{refused:?}");
    assert!(items(&world).await.is_empty() && outside.requests().is_empty());
}

fn mailing() -> AppConfig {
    let mail = MailRules {
        notify: true,
        own_address: "weft@example.com".to_owned(),
        public_url: "https://weft.example.com".to_owned(),
        per_person_per_hour_max: 2,
    };
    AppConfig { mail, ..AppConfig::default() }
}

async fn address(world: &World, login: &str, email: &str, attributes: Value) {
    let change = PersonChange {
        email: Some(email.to_owned()),
        attributes: attributes.as_object().cloned(),
        ..PersonChange::default()
    };
    world.app.person_put(&domain::Actor::system(), Some(&PersonId::from(login)), change).await.expect("an address");
}

#[tokio::test(flavor = "multi_thread")]
async fn mails_go_to_people_and_addresses_one_each_and_never_to_ourselves() {
    let mail = json!({ "people": ["erin", "otto"], "to": ["partner@b.example", "Weft@Example.com"], "subject": "Hello", "text": "one\ntwo" });
    let (world, outside) = world(mailing(), &[("mail", mail)]).await;
    address(&world, "erin", "erin@example.com", json!({ "notify_by_mail": false })).await;
    create(&world).await;
    drain(&world).await;
    let mut to: Vec<(String, String)> = outside.mails().into_iter().map(|mail| (mail.to, mail.subject)).collect();
    to.sort();
    let expected = ["erin@example.com", "partner@b.example"].map(|to| (to.to_owned(), "Hello".to_owned()));
    assert_eq!(to, expected, "a letter is no notification: the preference does not concern it");
    let why: Vec<String> = items(&world)
        .await
        .into_iter()
        .filter(|item| item.state == OutboxState::Dead)
        .filter_map(|item| item.reason)
        .collect();
    assert!(why.contains(&"it would go to Weft's own address".to_owned()), "{why:?}");
    assert!(why.contains(&"the person has no mail address".to_owned()), "{why:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn notifications_go_by_mail_to_those_who_want_them_and_say_little_about_what_is_confidential() {
    let notify = json!({ "people": ["erin", "ben"], "subject": "Your laptop", "body": "It is here." });
    let (world, outside) = world(mailing(), &[("notify", notify)]).await;
    address(&world, "erin", "erin@example.com", json!({})).await;
    address(&world, "ben", "ben@example.com", json!({ "notify_by_mail": false })).await;
    let ticket = create(&world).await;
    drain(&world).await;
    let mails = outside.mails();
    assert_eq!(mails.len(), 1, "{mails:?}");
    assert_eq!((mails[0].to.as_str(), mails[0].subject.as_str()), ("erin@example.com", "[TSK00001] Your laptop"));
    let link = format!("It is here.\n\nhttps://weft.example.com/tickets/{}", ticket.id);
    assert!(mails[0].text.starts_with(&link), "{}", mails[0].text);

    let secret = json!([{ "kind": "create-ticket", "data": { "kind": "task", "space": "it", "title": "Do it", "restricted": true } }]);
    world.submit("ada", None, secret).await.expect("it is created");
    drain(&world).await;
    let mails = outside.mails();
    assert_eq!(mails[1].subject, "News about TSK00002");
    assert!(!mails[1].text.contains("It is here"), "{}", mails[1].text);

    create(&world).await;
    drain(&world).await;
    assert_eq!(outside.mails().len(), 2, "the third in an hour stays in the product");
    world.clock.advance(SignedDuration::from_hours(1));
    create(&world).await;
    drain(&world).await;
    assert_eq!(outside.mails().len(), 3);
}

const HEAD: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" id="d" targetNamespace="t">"#;

fn calling(method: &str) -> Resource {
    let text = format!(
        "{HEAD}<bpmn:process id=\"order\" isExecutable=\"true\"><bpmn:startEvent id=\"start\"/>\
         <bpmn:sequenceFlow id=\"a\" sourceRef=\"start\" targetRef=\"ask\"/><bpmn:serviceTask id=\"ask\" name=\"Ask\"><bpmn:extensionElements>\
         <zeebe:taskDefinition type=\"http/request@1\" retries=\"3\"/><zeebe:ioMapping>\
         <zeebe:input source=\"=&quot;example&quot;\" target=\"connection\"/><zeebe:input source=\"=&quot;/orders&quot;\" target=\"path\"/>\
         <zeebe:input source=\"=&quot;{method}&quot;\" target=\"method\"/><zeebe:output source=\"=status\" target=\"answer\"/></zeebe:ioMapping>\
         <zeebe:taskHeaders><zeebe:header key=\"backoff\" value=\"PT10S,PT1M\"/></zeebe:taskHeaders></bpmn:extensionElements></bpmn:serviceTask>\
         <bpmn:sequenceFlow id=\"b\" sourceRef=\"ask\" targetRef=\"end\"/><bpmn:endEvent id=\"end\"/></bpmn:process></bpmn:definitions>"
    );
    Resource { file: "order.bpmn".to_owned(), text }
}

async fn flow(method: &str) -> (World, Arc<Outside>, FlowInstance) {
    let outside = Arc::new(Outside::default());
    let world = World::with(AppConfig::default(), Arc::clone(&outside) as Arc<dyn Outbound>).await;
    let connector = bundle::PLUGINS.iter().find(|plugin| plugin.id == "http").expect("the connector comes with Weft");
    world.install(connector.bytes.to_vec()).await;
    let max = world.actor("max").await;
    world.app.flow_deploy(&max, &[calling(method)]).await.unwrap_or_else(|error| panic!("{error:?}"));
    let command = world.command("max", None, json!([])).await;
    let started = world.app.instance_start(&command, "order", NewInstance::default()).await.expect("it starts");
    (world, outside, started.instance)
}

async fn row(world: &World, instance: &FlowInstance) -> FlowInstance {
    let row = world.app.store().instance_get(&world.app.config.org, &instance.id).await.expect("an answer");
    row.expect("the instance")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_to_a_request_goes_back_into_its_step() {
    let (world, outside, instance) = flow("POST").await;
    outside.then(answered(503));
    drain(&world).await;
    assert_eq!(row(&world, &instance).await.status, InstanceStatus::Running);
    assert_eq!(only(&world).await.step.map(|step| step.instance), Some(instance.id.clone()));
    world.advance(SignedDuration::from_secs(12)).await;
    assert_eq!(row(&world, &instance).await.status, InstanceStatus::Completed);
    let view = world.app.instance_view(&world.actor("max").await, &instance.id).await.expect("a view");
    assert_eq!(view.variables["answer"], 200);
    let requests = outside.requests();
    assert_eq!((requests.len(), &requests[0].idempotency_key), (2, &requests[1].idempotency_key));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_whose_attempts_are_used_up_is_an_incident_and_is_sent_again_under_its_key() {
    let (world, outside, instance) = flow("POST").await;
    for _ in 0..3 {
        outside.then(Delivery::NotSent { reason: "no connection to api.example.com".to_owned(), may_retry: true });
    }
    drain(&world).await;
    world.advance(SignedDuration::from_secs(12)).await;
    world.advance(SignedDuration::from_secs(70)).await;
    let stuck = row(&world, &instance).await;
    assert_eq!((stuck.incidents, outside.requests().len()), (1, 3), "three attempts, as the step says");
    let item = only(&world).await;
    assert_eq!(item.state, OutboxState::Dead);
    let max = world.actor("max").await;
    let refused = world.app.outbox_retry(&max, &item.id).await;
    assert!(matches!(refused, Err(AppError::Invalid(_))), "the flow has taken its failure: {refused:?}");

    let view = world.app.instance_view(&max, &instance.id).await.expect("a view");
    let incident = view.incident_list.first().expect("an incident");
    let wish = Command::Retry { incident: incident.incident, variables: domain::Object::new() };
    let command = world.command("max", None, json!([])).await;
    world.app.instance_command(&command, &instance.id, wish).await.expect("it is tried again");
    drain(&world).await;
    assert_eq!(row(&world, &instance).await.status, InstanceStatus::Completed);
    let requests = outside.requests();
    assert_eq!(requests[0].idempotency_key, requests[3].idempotency_key, "the same request of the same step");
    assert_eq!(only(&world).await.state, OutboxState::Delivered);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_waits_while_nobody_knows_until_an_operator_says_so() {
    for (settlement, incidents, status) in
        [(Settlement::Delivered, 0, InstanceStatus::Completed), (Settlement::Failed, 1, InstanceStatus::Running)]
    {
        let (world, outside, instance) = flow("POST").await;
        outside.then(silence());
        drain(&world).await;
        world.advance(SignedDuration::from_mins(30)).await;
        assert_eq!((row(&world, &instance).await.status, outside.requests().len()), (InstanceStatus::Running, 1));
        let max = world.actor("max").await;
        world.app.outbox_settle(&max, &only(&world).await.id, settlement).await.expect("it is settled");
        drain(&world).await;
        let after = row(&world, &instance).await;
        assert_eq!((after.incidents, after.status), (incidents, status), "{settlement:?}");
        assert_eq!(outside.requests().len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_its_flow_does_not_wait_for_any_more_is_not_sent() {
    let (world, outside, instance) = flow("POST").await;
    outside.then(answered(503));
    drain(&world).await;
    let command = world.command("max", None, json!([])).await;
    let wish = Command::Cancel { reason: "not needed".to_owned() };
    world.app.instance_command(&command, &instance.id, wish).await.expect("it is cancelled");
    world.advance(SignedDuration::from_hours(1)).await;
    assert_eq!(outside.requests().len(), 1);
    assert_eq!(only(&world).await.state, OutboxState::Cancelled);
    assert_eq!(world.app.store().job_next_due(&world.app.config.org).await.expect("an answer"), None);
}

fn nightly(missed: &str) -> Resource {
    let text = format!(
        "{HEAD}<bpmn:process id=\"nightly\" name=\"Nightly\" isExecutable=\"true\"><bpmn:startEvent id=\"start\" name=\"Every night\"><bpmn:extensionElements>\
         <zeebe:taskHeaders><zeebe:header key=\"zone\" value=\"Europe/Berlin\"/>{missed}</zeebe:taskHeaders></bpmn:extensionElements>\
         <bpmn:timerEventDefinition><bpmn:timeCycle xsi:type=\"bpmn:tFormalExpression\">30 2 * * *</bpmn:timeCycle></bpmn:timerEventDefinition></bpmn:startEvent>\
         <bpmn:sequenceFlow id=\"a\" sourceRef=\"start\" targetRef=\"end\"/><bpmn:endEvent id=\"end\"/></bpmn:process></bpmn:definitions>"
    );
    Resource { file: "nightly.bpmn".to_owned(), text }
}

async fn runs(world: &World) -> usize {
    let max = world.actor("max").await;
    let query = app::flow::InstanceQuery { process: Some("nightly".to_owned()), ..app::flow::InstanceQuery::default() };
    world.app.instance_list(&max, query, None, 200).await.expect("a list").items.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_starts_once_at_each_due_time_by_the_clock_on_the_wall() {
    let world = World::bare().await;
    let max = world.actor("max").await;
    world.app.flow_deploy(&max, &[nightly("")]).await.unwrap_or_else(|error| panic!("{error:?}"));
    let schedules = world.app.schedule_list(&max).await.expect("a list");
    assert_eq!(schedules.len(), 1);
    let schedule = &schedules[0];
    assert_eq!(
        (schedule.timer.as_str(), schedule.zone.as_str(), schedule.missed),
        ("30 2 * * *", "Europe/Berlin", Missed::Once)
    );
    assert_eq!(schedule.next_at.to_string(), "2026-03-03T01:30:00Z");
    assert_eq!(schedule.upcoming.len(), 5);

    // To 31 March, over the night in which 02:30 does not exist.
    for _ in 0..28 * 4 {
        world.advance(SignedDuration::from_hours(6)).await;
    }
    assert_eq!(runs(&world).await, 28, "one for each day");
    let next = world.app.schedule_list(&max).await.expect("a list")[0].next_at;
    assert_eq!(next.to_string(), "2026-03-31T00:30:00Z", "summer time has begun");
    assert!(world.app.schedule_list(&world.actor("ada").await).await.is_err(), "for administrators");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_missed_is_made_up_for_as_the_model_says() {
    for (policy, expected) in [("skip", 0), ("once", 1), ("catch-up", 10)] {
        let world = World::bare().await;
        let max = world.actor("max").await;
        let header = format!("<zeebe:header key=\"missed\" value=\"{policy}\"/>");
        world.app.flow_deploy(&max, &[nightly(&header)]).await.unwrap_or_else(|error| panic!("{error:?}"));
        // Nothing runs for ten days.
        world.advance(SignedDuration::from_hours(240)).await;
        assert_eq!(runs(&world).await, expected, "{policy}");
        world.advance(SignedDuration::from_hours(24)).await;
        let late = usize::from(policy != "skip");
        assert_eq!(runs(&world).await, expected + late, "{policy}: a day later");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_see_where_it_went_and_never_what_it_said() {
    let outside = Arc::new(Outside::default());
    let world = World::with(AppConfig::default(), Arc::clone(&outside) as Arc<dyn Outbound>).await;
    world
        .install(practice(&[
            call("POST"),
            ("mail", json!({ "to": ["partner@b.example"], "subject": "Salary", "text": "secret" })),
        ]))
        .await;
    create(&world).await;
    outside.then(silence());
    drain(&world).await;
    let app = TestApp::over(world, api::ApiConfig::default());
    let max = app.caller("max").await;

    let first = max.get("/outbox?limit=1").await.expect(200);
    let page: Value = first.read();
    let next = page["next"].as_str().expect("there is a second page").to_owned();
    let second: Value = max.get(&format!("/outbox?limit=1&after={next}")).await.expect(200).read();
    assert_eq!(second["items"].as_array().map(Vec::len), Some(1));
    let all = format!("{page}{second}");
    for secret in ["secret", "Salary", "partner", "{\\\"n\\\":1}"] {
        assert!(!all.contains(secret), "{secret} in {all}");
    }
    let unknown: Value = max.get("/outbox?state=unknown,dead&type=http").await.expect(200).read();
    let id = unknown["items"][0]["id"].as_str().expect("an item").to_owned();
    assert_eq!(unknown["items"][0]["target"], "POST https://a.example/hook");
    let counts: Value = max.get("/outbox/counts").await.expect(200).read();
    assert_eq!(counts["counts"]["unknown"], 1);
    assert_eq!(max.get("/outbox?state=lost").await.status, 400);

    let settled: Value =
        max.post(&format!("/outbox/{id}/settle"), json!({ "settlement": "failed" })).await.expect(200).read();
    assert_eq!(settled["state"], "cancelled");
    let problem: Value = max.post(&format!("/outbox/{id}/retry"), json!({})).await.expect(422).read();
    assert_eq!(problem["errors"][0]["code"], "outbox-state", "{problem}");
    assert_eq!(max.get("/schedules").await.expect(200).read::<Value>()["items"], json!([]));
}
