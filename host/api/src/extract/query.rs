//! Query parameters of a known shape: unknown ones are refused, with the known ones named.

use crate::problem::{ApiError, Result};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use domain::Problem;
use serde::de::DeserializeOwned;

/// The query of a request as a type; see [`read_query`] for one with open names.
#[derive(Debug)]
pub(crate) struct Params<T>(pub T);

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Params<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        read_query(parts.uri.query().unwrap_or_default()).map(Self)
    }
}

/// # Errors
/// Unknown or repeated parameters, and values of another type.
pub(crate) fn read_query<T: DeserializeOwned>(query: &str) -> Result<T> {
    let reader = serde_urlencoded::Deserializer::new(form_urlencoded::parse(query.as_bytes()));
    serde_path_to_error::deserialize(reader).map_err(|error| {
        let name = error.path().to_string();
        let message = error.inner().to_string();
        let unknown = message.starts_with("unknown field");
        let message =
            message.replace("unknown field", "unknown parameter").replace("duplicate field", "repeated parameter");
        let detail = if unknown || name == "." { message.clone() } else { format!("`{name}`: {message}") };
        let code = if unknown { "unknown-parameter" } else { "bad-parameter" };
        ApiError::bad_request(code, format!("The query is not right: {detail}."))
            .with_errors(vec![Problem::new("", code, detail)])
    })
}
