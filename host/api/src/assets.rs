//! The static files of the screens: every page is `index.html`, everything below `/assets/` is named by its content and kept forever.

use crate::layer::no_such_route;
use crate::problem::ApiError;
use crate::state::ApiState;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use std::borrow::Cow;
use std::sync::Arc;

/// A static file.
#[derive(Debug, Clone)]
pub struct Asset {
    pub bytes: Cow<'static, [u8]>,
    /// With its quotes.
    pub etag: String,
    pub media_type: String,
}

/// Finds the file with a path such as `assets/app.js`.
pub type FindAsset = Arc<dyn Fn(&str) -> Option<Asset> + Send + Sync>;

/// Where the files come from.
#[derive(Clone)]
pub struct Assets {
    pub get: FindAsset,
    /// What to show for a page while no screens are built.
    pub missing: &'static str,
}

impl std::fmt::Debug for Assets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Assets").finish_non_exhaustive()
    }
}

/// Everything that is not the API.
pub(crate) async fn serve(State(state): State<ApiState>, request: Request) -> Response {
    let path = request.uri().path().trim_start_matches('/');
    if path == "api" || path.starts_with("api/") {
        return no_such_route(request).await.into_response();
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return ApiError::not_found("There is nothing here that could be changed.").into_response();
    }
    let file = if path.is_empty() { "index.html" } else { path };
    if let Some(response) = file_response(&state.assets, file, request.headers()) {
        return response;
    }
    // Files lie at the top or in `assets`; what is deeper is a page, and its last part may be the id of a task, which has a dot.
    let is_file = path.contains('.') && !path.contains('/');
    if is_file || path.starts_with("assets/") {
        return (StatusCode::NOT_FOUND, "There is no such file.").into_response();
    }
    file_response(&state.assets, "index.html", request.headers()).unwrap_or_else(|| missing_page(state.assets.missing))
}

/// A page without a script, with its style inside.
fn missing_page(page: &'static str) -> Response {
    let policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";
    ([(header::CACHE_CONTROL, "no-store"), (header::CONTENT_SECURITY_POLICY, policy)], Html(page)).into_response()
}

fn file_response(assets: &Assets, path: &str, headers: &HeaderMap) -> Option<Response> {
    // The compressed twins are served in place of their files, never by their own names.
    if [".br", ".gz"].iter().any(|end| path.ends_with(end)) {
        return None;
    }
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let takes = |name: &str| {
        accepted
            .split(',')
            .any(|part| part.split(';').next().is_some_and(|part| part.trim() == name) && !part.contains("q=0"))
    };
    let twins = [("br", "br"), ("gzip", "gz")].into_iter().filter(|(name, _)| takes(name));
    let compressed = twins.filter_map(|(name, end)| Some((name, (assets.get)(&format!("{path}.{end}"))?))).next();
    let plain = (assets.get)(path)?;
    let (encoding, asset) = compressed.map_or((None, plain.clone()), |(name, asset)| (Some(name), asset));
    let mut response =
        if headers.get(header::IF_NONE_MATCH).is_some_and(|etag| etag.as_bytes() == asset.etag.as_bytes()) {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            match asset.bytes {
                Cow::Borrowed(bytes) => Body::from(bytes).into_response(),
                Cow::Owned(bytes) => Body::from(bytes).into_response(),
            }
        };
    // A worker has a policy of its own: it may run the one module of Wasm that the pages may not, and nothing else.
    if path.starts_with("assets/feel-worker-") && path.ends_with(".js") {
        let policy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'";
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    }
    let cache = if path.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    let out = response.headers_mut();
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    out.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    for (name, value) in [(header::ETAG, &asset.etag), (header::CONTENT_TYPE, &plain.media_type)] {
        if let Ok(value) = HeaderValue::try_from(value) {
            out.insert(name, value);
        }
    }
    if let Some(encoding) = encoding {
        out.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    Some(response)
}
