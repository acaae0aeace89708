//! The company of the demo: the same from the same seed to the last hash, and with something true to show in every place.

use domain::flow::InstanceStatus;
use domain::job::JobState;
use domain::{Actor, Role, SpaceId};
use jiff::Timestamp;
use runtime::{Runtime, RuntimeConfig};
use server::Past;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use store_sqlite::{SqliteConfig, SqliteStore, Synchronous};

const NOW: &str = "2026-03-02T09:00:00Z";

/// A company, and the folder that it lives in.
struct Company {
    app: Arc<app::App>,
    _folder: tempfile::TempDir,
}

/// Components are compiled once for all companies of a test.
fn runtime() -> Arc<Runtime> {
    Arc::new(Runtime::new(RuntimeConfig::default()).expect("the runtime starts"))
}

async fn company(runtime: &Arc<Runtime>, past: Past) -> Company {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let config = SqliteConfig { synchronous: Synchronous::Off, ..SqliteConfig::new(folder.path().join("weft.db")) };
    let store = SqliteStore::open(config).await.expect("the store opens");
    let now: Timestamp = NOW.parse().expect("an instant");
    let app = server::build(Arc::new(store), Arc::<Runtime>::clone(runtime), now, past).await;
    Company { app: app.unwrap_or_else(|failure| panic!("{failure}")), _folder: folder }
}

/// Every entry of the journal; and one hash over the hashes of all of them.
async fn journal(company: &Company) -> (Vec<domain::Event>, String) {
    let (store, org) = (company.app.store(), &company.app.config.org);
    let (mut all, mut hash) = (Vec::new(), Sha256::new());
    loop {
        let after = all.last().map_or(0, |event: &domain::Event| event.seq);
        let page = store.event_list(org, after, 500).await.expect("the journal can be read");
        if page.is_empty() {
            break;
        }
        for event in &page {
            hash.update(event.hash.as_bytes());
        }
        all.extend(page);
    }
    let digest = hash.finalize();
    (all, digest.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Where two journals part, for whoever has to find out why.
fn parting(one: &[domain::Event], other: &[domain::Event]) -> String {
    let place = one.iter().zip(other).position(|(one, other)| one.hash != other.hash);
    place.map_or_else(
        || format!("{} and {} entries", one.len(), other.len()),
        |place| format!("{:?}\nand\n{:?}", one[place], other[place]),
    )
}

async fn count(company: &Company, path: &str, actor: &Actor) -> usize {
    let kind = path.into();
    let page = company.app.record_list(actor, &kind, None, None, 200).await;
    page.unwrap_or_else(|error| panic!("{path}: {error}")).items.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_company_is_the_same_from_the_same_seed_and_has_something_to_show_everywhere() {
    let runtime = runtime();
    let (one, two) = tokio::join!(company(&runtime, Past::default()), company(&runtime, Past::default()));
    let ((events, hash), (others, other)) = (journal(&one).await, journal(&two).await);
    assert!(hash == other, "{}", parting(&events, &others));
    one.app.store().verify_journal(&one.app.config.org).await.expect("the chains hold");

    let (people, spaces) =
        (one.app.person_list("", None, 100).await.expect("people").items, one.app.space_list().await.expect("spaces"));
    assert_eq!((people.len(), spaces.len()), (40, 8));
    let led = people.iter().filter(|person| person.manager.is_some()).count();
    let languages: BTreeSet<&str> = people.iter().map(|person| person.locale.as_str()).collect();
    assert!(led == 39 && languages.len() > 5, "{led} have somebody who leads them, in {languages:?}");

    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for event in &events {
        *kinds.entry(event.kind.as_str()).or_default() += 1;
    }
    let at_least = |kind: &str, count: usize| {
        let found = kinds.get(kind).copied().unwrap_or_default();
        assert!(found >= count, "{found} of {kind}, not {count}: {kinds:?}");
    };
    for (kind, least) in [
        ("ticket.created", 300),
        ("comment.added", 300),
        ("clock.due", 30),
        ("clock.stopped", 200),
        ("ci.created", 290),
        ("ci.changed", 4),
        ("record.created", 90),
        ("flow.started", 25),
    ] {
        at_least(kind, least);
    }
    let first = events.iter().find(|event| event.kind == "ticket.created").expect("there are tickets").at;
    let now: Timestamp = NOW.parse().expect("an instant");
    assert!((80..=90).contains(&(now.duration_since(first).as_hours() / 24)), "the first ticket is of {first}");
    assert!(events.iter().all(|event| event.at <= now), "nothing happened in the future");

    // Each practice has something in it, as those see it who work there.
    let mona = one.app.actor_by_login("mona").await.expect("mona");
    for (kind, least) in [
        ("article", 8),
        ("asset", 15),
        ("contract", 5),
        ("licence", 4),
        ("budget", 6),
        ("statement", 4),
        ("change-window", 3),
        ("change-template", 1),
        ("on-call-rota", 2),
        ("stakeholder", 3),
        ("service-review", 5),
        ("catalogue-item", 6),
        ("baseline", 1),
        ("ci-source", 2),
        ("ci-rule", 1),
        ("ci-import", 3),
        ("ci-policy", 1),
        ("ci-audit", 2),
        ("rule", 3),
        ("approval-definition", 2),
        ("change-meeting", 1),
    ] {
        let found = count(&one, kind, &mona).await;
        assert!(found >= least, "{found} records of {kind}");
    }
    let mut tickets: BTreeMap<String, usize> = BTreeMap::new();
    for event in events.iter().filter(|event| event.kind == "ticket.created") {
        let kind = event.data["kind"].as_str().or_else(|| event.data["ticket"]["kind"].as_str()).unwrap_or("?");
        *tickets.entry(kind.to_owned()).or_default() += 1;
    }
    for kind in [
        "incident",
        "request",
        "change",
        "problem",
        "improvement",
        "survey",
        "page",
        "facility-fault",
        "onboarding",
        "contract-review",
        "grievance",
        "break-glass",
        "article-feedback",
        "feedback",
        "alert",
        "ci-deviation",
        "expense-claim",
        "finance-query",
        "budget-transfer",
        "vendor-check",
        "month-close",
        "supplier-onboarding",
        "purchase",
        "customer-case",
        "complaint",
        "customer-return",
        "security-incident",
        "vulnerability",
        "access-review",
        "security-exception",
    ] {
        assert!(tickets.get(kind).is_some_and(|count| *count > 0), "no {kind} among {tickets:?}");
    }

    // What nobody else sees, nobody else sees.
    for login in ["ada", "mona", "max", "jonas"] {
        let actor = one.app.actor_by_login(login).await.expect("a person of the demo");
        let seen = one.app.search(&actor, "talked", 20).await.expect("a search");
        assert!(seen.tickets.iter().all(|ticket| ticket.kind.0 != "grievance"), "{login} sees {:?}", seen.tickets);
    }

    // Nothing was given up, and no flow waits for help.
    let dead = one.app.store().job_list(&one.app.config.org, JobState::Dead, 20).await.expect("a list");
    assert!(dead.is_empty(), "{dead:#?}");
    let query = app::flow::InstanceQuery { status: Some(InstanceStatus::Running), ..Default::default() };
    let running = one.app.store().instance_list(&one.app.config.org, &query, None, 100).await.expect("a list").items;
    assert!(running.iter().all(|flow| flow.incidents == 0), "{running:#?}");
    assert!((3..40).contains(&running.len()), "{} flows are under way", running.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn another_seed_is_another_company_and_nobody_has_more_rights_than_their_role() {
    let runtime = runtime();
    let short = |seed| company(&runtime, Past { days: 20, seed });
    let (one, two) = tokio::join!(short(1), short(2));
    assert_ne!(journal(&one).await.1, journal(&two).await.1);

    let people = one.app.person_list("", None, 100).await.expect("people").items;
    let mut everywhere: BTreeMap<String, Vec<Role>> = BTreeMap::new();
    for person in &people {
        let roles = one.app.roles_of(&person.id).await.expect("roles");
        let all = roles.iter().filter(|held| held.space == SpaceId::from(Actor::PLATFORM)).map(|held| held.role);
        everywhere.insert(person.login.clone(), all.collect());
    }
    everywhere.retain(|_, roles| !roles.is_empty());
    let expected = [("max".to_owned(), vec![Role::Administrator]), ("otto".to_owned(), vec![Role::Auditor])];
    assert_eq!(everywhere, BTreeMap::from(expected));
}
