//! Who calls: a browser session by cookie, or an API token. Requests that change something and come with a cookie have to show that
//! they come from our own pages.

use crate::admission::By;
use crate::problem::{ApiError, Result};
use crate::state::{ApiConfig, ApiState};
use app::Session;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, header};
use domain::{Actor, PersonId};
use std::sync::Arc;

/// Somebody who is signed in.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub actor: Arc<Actor>,
    pub session: Session,
    /// The secret that they came with, to look again whether it still holds.
    pub secret: String,
}

impl Caller {
    pub(crate) fn person(&self) -> &PersonId {
        &self.session.person
    }
}

impl FromRequestParts<ApiState> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self> {
        let (secret, by_cookie) = secret(&parts.headers, &state.config).ok_or_else(ApiError::unauthenticated)?;
        let Some(principal) = state.app.authenticate(&secret).await? else {
            state.admission.forget(&secret);
            return Err(ApiError::unauthenticated());
        };
        state.admission.know(&secret, if by_cookie { By::Cookie } else { By::Token });
        if by_cookie && !matches!(parts.method, Method::GET | Method::HEAD | Method::OPTIONS) {
            check_origin(&parts.headers, &state.config)?;
            if parts.headers.get("x-weft").is_none_or(|value| value != "1") {
                let detail = "A change that comes with a cookie needs the header `X-Weft: 1`.";
                return Err(ApiError::forbidden("cross-site", detail));
            }
        }
        Ok(Self { actor: principal.actor, session: principal.session, secret })
    }
}

/// The bearer token or the cookie of a request; true if it is the cookie.
pub(crate) fn secret(headers: &HeaderMap, config: &ApiConfig) -> Option<(String, bool)> {
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
        return scheme.eq_ignore_ascii_case("bearer").then(|| (token.trim().to_owned(), false));
    }
    let name = config.cookie_name();
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| (value.to_owned(), true))
}

/// Whether a change comes from our own pages: the browser says so, and a page cannot make it lie.
pub(crate) fn check_origin(headers: &HeaderMap, config: &ApiConfig) -> Result<()> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let ours = match (text("sec-fetch-site"), text("origin")) {
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        (None, Some(origin)) => {
            let host = text("host").unwrap_or_default();
            let public = config.public_url.as_deref().is_some_and(|url| url.trim_end_matches('/') == origin);
            public || origin.split_once("://").is_some_and(|(_, from)| !from.is_empty() && from == host)
        }
        // No browser: nothing that sends a cookie by itself.
        (None, None) => true,
    };
    if ours { Ok(()) } else { Err(ApiError::forbidden("cross-site", "This request comes from another site.")) }
}

/// The header that hands a session to the browser, or takes it away.
pub(crate) fn set_cookie(config: &ApiConfig, token: Option<&str>, seconds: i64) -> HeaderValue {
    let secure = if config.is_https() { "; Secure" } else { "" };
    let (value, age) = token.map_or(("", 0), |token| (token, seconds));
    let text = format!("{}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={age}{secure}", config.cookie_name());
    HeaderValue::try_from(text).expect("a token is hexadecimal")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(headers: &[(&'static str, &'static str)], allowed: bool) {
        let map =
            headers.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value))).collect();
        let config = ApiConfig { public_url: Some("https://weft.example.com".to_owned()), ..ApiConfig::default() };
        assert_eq!(check_origin(&map, &config).is_ok(), allowed, "{headers:?}");
    }

    #[test]
    fn only_our_own_pages_may_change_something_with_a_cookie() {
        check(&[("sec-fetch-site", "same-origin")], true);
        check(&[("sec-fetch-site", "none")], true);
        check(&[("sec-fetch-site", "cross-site")], false);
        check(&[("sec-fetch-site", "same-site")], false);
        check(&[("sec-fetch-site", "cross-site"), ("origin", "https://weft.example.com")], false);
        check(&[("origin", "https://weft.example.com"), ("host", "10.0.0.1")], true);
        check(&[("origin", "http://localhost:7171"), ("host", "localhost:7171")], true);
        check(&[("origin", "https://evil.example"), ("host", "localhost:7171")], false);
        check(&[("origin", "null"), ("host", "localhost:7171")], false);
        check(&[], true);
    }
}
