//! The HTTP API and the static files of the screens, over the use cases of `app`.
//!
//! One file for each resource, or for each verb where a resource is large. [`router`] reads as the API; the OpenAPI document is made
//! from the same lines, so that a route cannot be missing in it. *Architecture Invariant:* nothing is decided here. A handler turns a
//! request into a call of a use case and its answer into JSON; whether the caller may is the use case's business.

mod access_check;
mod admission;
mod assets;
mod attachments;
mod audit;
mod calendars;
mod ci_classes;
mod cis;
mod delegation;
mod events;
mod extract;
mod flows;
mod groups;
mod jobs;
mod kinds;
mod layer;
mod nodes;
mod notifications;
mod openapi;
mod operations;
mod outbox;
mod page;
mod people;
mod planned;
mod plugins;
mod problem;
mod records;
pub mod reports;
mod router;
pub mod saved_queries;
mod schedules;
pub mod schema;
mod search;
mod session;
mod settings;
mod spaces;
mod state;
mod tickets;
mod tokens;

pub use admission::AdmissionConfig;
pub use assets::{Asset, Assets};
pub use problem::ApiError;
pub use router::{openapi, router};
pub use state::{ApiConfig, ApiState};
