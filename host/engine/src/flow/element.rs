//! What each kind of element does when a token reaches it. Gateways that only choose or join are in [`super::evaluate`] and
//! [`super::scope`]: they have no life of their own.

mod ad_hoc;
mod approval;
mod business_rule;
mod call_activity;
mod catch;
mod event_gateway;
mod repeat;
mod script;
mod step;
mod sub_process;
mod throw;
mod user_task;

pub(super) use ad_hoc::activity;
pub(super) use call_activity::none_start;
