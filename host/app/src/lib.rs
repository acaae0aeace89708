//! The use cases: authorize, load, decide, commit, publish.
//!
//! *Architecture Invariant:* [`decide`] is the only door through which tickets, records and CIs change, and [`decide`]'s `commit` the
//! only place that writes. Nothing here names HTTP, SQL or wasmtime: the outside comes in through [`port`] and the store's traits.

pub mod access_check;
mod actors;
mod admin;
mod app;
mod audit;
mod authz;
pub mod breakdown;
mod calendars;
mod ci_history;
mod cis;
mod decide;
mod error;
pub mod flow;
pub mod fsck;
mod hash;
pub mod holds;
mod impact;
pub mod import;
mod jobs;
mod later;
mod nodes;
mod numbers;
mod outbox;
mod plan;
mod planned;
mod plugin;
pub mod port;
mod position;
mod presence;
mod pressure;
mod publish;
mod records;
mod registry;
pub mod repair;
pub mod reports;
pub mod retention;
mod rights;
mod search;
mod session;
mod snapshot;
mod tickets;

pub use crate::search::{Found, Relation};
pub use admin::{CalendarChange, GroupChange, PersonChange, SpaceChange};
pub use app::{App, AppConfig, MailRules};
pub use audit::AuditQuestion;
pub use authz::{Authz, SpaceAction, TicketAction};
pub use cis::{IMPACT_MAX, ImpactNode, ImpactView};
pub use decide::Answer;
pub use error::{AppError, Result};
pub use hash::sha256;
pub use impact::{AtRisk, Reach, Reached};
pub use outbox::{OutboxCounts, Settlement};
pub use planned::{Entry, Planned, Stretch};
pub use plugin::health::{HealthReport, LastFault};
pub use plugin::install::{GrantView, PluginState, PluginView};
pub use presence::{Doing, Watcher};
pub use publish::Publisher;
pub use registry::{Plugin, Registry};
pub use session::{NewToken, Principal};
pub use store::{Cursor, Node, Notification, OutboxQuery, Page, Session, SessionKind, Sort, StoreError, TicketQuery};
pub use tickets::{Actions, NextState, TicketView, TimelineEntry};
