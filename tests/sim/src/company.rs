//! The small company that every seed begins with: made once by the real application, then copied.

use crate::double::{COMPONENTS, DoubleOutbound, DoublePlugins};
use crate::memory::{Database, MemoryStore, Snapshot};
use crate::time::{SimClock, SimEntropy, Timeline};
use app::flow::Resource;
use app::{App, AppConfig, GroupChange, PersonChange, SpaceChange};
use domain::{Actor, GroupId, OrgId, PersonId, Role, SpaceId};
use std::sync::{Arc, OnceLock};

/// Groups that work on cases.
pub const GROUPS: [&str; 2] = ["red", "blue"];
/// Agents.
pub const AGENTS: [&str; 2] = ["ada", "ben"];
/// How often the process that starts by itself does.
pub const TICKS: usize = 3;

#[must_use]
pub fn org() -> OrgId {
    OrgId::from("sim")
}

#[must_use]
pub fn config() -> AppConfig {
    // Reactions to a burst of comments are no loop, and several nodes share the database.
    AppConfig { org: org(), reactions_per_minute_max: 10_000, shared: true, ..AppConfig::default() }
}

/// The database of the company before anything happens.
///
/// # Panics
/// The application refuses the company: a defect that every seed would show.
pub fn company() -> &'static Snapshot {
    static COMPANY: OnceLock<Snapshot> = OnceLock::new();
    COMPANY.get_or_init(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime without I/O");
        runtime.block_on(found())
    })
}

async fn found() -> Snapshot {
    let database = Database::default();
    let clock = Arc::new(SimClock::new(Arc::<Timeline>::default()));
    let store = Arc::new(MemoryStore::open(database.clone(), clock.clone()));
    let plugins = Arc::new(DoublePlugins { shared: None });
    let entropy = Arc::new(SimEntropy::new(0));
    let outbound = Arc::new(DoubleOutbound { shared: None });
    let app = App::start(config(), store, plugins, clock, entropy, outbound).await.expect("the application starts");
    let system = Actor::system();
    let space = SpaceChange { id: "it".into(), title: "IT".to_owned(), confidential: false, calendar: None };
    app.space_put(&system, space).await.expect("a space");
    let it = |role| (SpaceId::from("it"), role);
    let agents = AGENTS.map(|login| (login, vec![it(Role::Requester), it(Role::Agent)]));
    let administrator = ("max", vec![(SpaceId::from(Actor::PLATFORM), Role::Administrator)]);
    for (login, roles) in agents.into_iter().chain([administrator]) {
        let id = PersonId::from(login);
        let name = Some(login.to_owned());
        let change = PersonChange { login: name.clone(), name, ..PersonChange::default() };
        app.person_put(&system, Some(&id), change).await.expect("a person");
        app.roles_put(&system, &id, roles).await.expect("roles");
    }
    for group in GROUPS {
        let members = AGENTS.map(PersonId::from).to_vec();
        let change = GroupChange { title: group.to_owned(), space: "it".into(), members, active: true };
        app.group_put(&system, &GroupId::from(group), change).await.expect("a group");
    }
    let max = app.actor_by_login("max").await.expect("the administrator");
    for component in COMPONENTS {
        let view = app.plugin_install(&max, component.as_bytes().to_vec()).await;
        let view = view.unwrap_or_else(|error| panic!("{component}: {error:?}"));
        app.plugin_enable(&max, &view.id).await.expect("it can be switched on");
    }
    let flows = [("order.bpmn", include_str!("double/order.bpmn")), ("tick.bpmn", include_str!("double/tick.bpmn"))];
    let flows = flows.map(|(file, text)| Resource { file: file.to_owned(), text: text.to_owned() });
    app.flow_deploy(&max, &flows).await.unwrap_or_else(|error| panic!("{error:?}"));
    database.snapshot()
}
