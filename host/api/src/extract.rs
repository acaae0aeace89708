//! From a request to types that cannot be wrong. Every refusal is a problem that says what was expected.

mod body;
mod caller;
mod precondition;
mod query;

pub(crate) use body::{Body, Raw};
pub(crate) use caller::{Caller, check_origin, secret, set_cookie};
pub(crate) use precondition::{Precondition, idempotency};
pub(crate) use query::{Params, read_query};
