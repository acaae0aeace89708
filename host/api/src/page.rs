//! Pages: items and an opaque cursor to the next one, in the body and as a `Link` header.

use crate::problem::{ApiError, Result};
use app::Cursor;
use axum::Json;
use axum::http::{HeaderValue, Uri, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

const LIMIT_DEFAULT: u32 = 50;
const LIMIT_MAX: u32 = 200;
/// Characters of a cursor.
const CURSOR_MAX: usize = 2000;

/// A page of a list.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// What to give as `after` for the next page; `null` on the last one.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// Everything on one page.
    pub(crate) fn whole(items: Vec<T>) -> Json<Self> {
        Json(Self { items, next: None })
    }
}

/// Which page.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageParams {
    /// `next` of the page before.
    pub after: Option<String>,
    /// Items of a page, 1 to 200; 50 when absent.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
}

/// Check a page size.
pub(crate) fn limit(given: Option<u32>) -> Result<u32> {
    match given {
        None => Ok(LIMIT_DEFAULT),
        Some(limit) if (1..=LIMIT_MAX).contains(&limit) => Ok(limit),
        Some(limit) => {
            Err(ApiError::bad_request("bad-parameter", format!("`limit` is 1 to {LIMIT_MAX}, not {limit}.")))
        }
    }
}

/// A cursor with the list that it belongs to, so that it is not taken for a place in another order.
#[derive(Serialize, Deserialize)]
struct Sealed<T> {
    l: String,
    c: T,
}

/// # Errors
/// Not a cursor of this list.
pub(crate) fn open<T: DeserializeOwned>(list: &str, after: Option<&str>) -> Result<Option<T>> {
    let Some(text) = after else { return Ok(None) };
    let bytes = (text.len() <= CURSOR_MAX).then(|| URL_SAFE_NO_PAD.decode(text).ok()).flatten();
    let sealed: Option<Sealed<T>> = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    match sealed.filter(|sealed| sealed.l == list) {
        Some(sealed) => Ok(Some(sealed.c)),
        None => Err(bad_cursor()),
    }
}

pub(crate) fn bad_cursor() -> ApiError {
    ApiError::bad_request("bad-cursor", "`after` takes the `next` of a page of the same list in the same order.")
}

pub(crate) fn seal<T: Serialize>(list: &str, cursor: T) -> String {
    let text = serde_json::to_vec(&Sealed { l: list.to_owned(), c: cursor }).unwrap_or_default();
    URL_SAFE_NO_PAD.encode(text)
}

/// A page that came from the store, as an answer.
pub(crate) fn answer<T, U: Serialize>(list: &str, uri: &Uri, page: app::Page<T>, view: impl FnMut(T) -> U) -> Response {
    let next = page.next.map(|cursor: Cursor| seal(list, cursor));
    respond(uri, Page { items: page.items.into_iter().map(view).collect(), next })
}

/// A page as an answer, with its `Link` header.
pub(crate) fn respond<T: Serialize>(uri: &Uri, page: Page<T>) -> Response {
    let link = page
        .next
        .as_ref()
        .and_then(|next| HeaderValue::try_from(format!("<{}>; rel=\"next\"", next_url(uri, next))).ok());
    let mut response = Json(page).into_response();
    if let Some(link) = link {
        response.headers_mut().insert(header::LINK, link);
    }
    response
}

fn next_url(uri: &Uri, next: &str) -> String {
    let kept = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).filter(|(name, _)| name != "after");
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(kept).append_pair("after", next).finish();
    format!("{}?{query}", uri.path())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_good_for_its_own_list_only() {
        let cursor = Cursor { value: Some("17".to_owned()), id: "a".to_owned() };
        let sealed = seal("tickets/due_at/asc", cursor.clone());

        assert_eq!(open::<Cursor>("tickets/due_at/asc", Some(&sealed)).unwrap(), Some(cursor));
        assert_eq!(open::<Cursor>("tickets/due_at/desc", Some(&sealed)).unwrap_err().code, "bad-cursor");
        assert_eq!(open::<Cursor>("tickets/due_at/asc", Some("nonsense")).unwrap_err().code, "bad-cursor");
        assert_eq!(open::<Cursor>("tickets/due_at/asc", None).unwrap(), None);
    }

    #[test]
    fn the_link_keeps_the_other_parameters() {
        let uri: Uri = "/api/v1/tickets?text=a%20b&after=old&limit=2".parse().unwrap();
        assert_eq!(next_url(&uri, "new"), "/api/v1/tickets?text=a+b&limit=2&after=new");
    }
}
