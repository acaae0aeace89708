//! The OpenAPI document: what the routes say, and what is true of all of them; and the page that lists it.

use crate::{router, schema};
use std::fmt::Write;
use std::sync::LazyLock;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{
    ContentBuilder, Info, ObjectBuilder, OpenApi, Ref, RefOr, Required, Response, ResponseBuilder, Type,
};
use utoipa::{PartialSchema, ToSchema};

static DOCUMENT: LazyLock<OpenApi> = LazyLock::new(router::openapi);
static JSON: LazyLock<String> = LazyLock::new(|| DOCUMENT.to_json().unwrap_or_default());
static PAGE: LazyLock<String> = LazyLock::new(|| render(&DOCUMENT));

pub(crate) fn json() -> &'static str {
    &JSON
}

pub(crate) fn page() -> &'static str {
    &PAGE
}

/// Add what holds for every operation: how to sign in, what a failure looks like, and the headers of changes.
pub(crate) fn finish(mut document: OpenApi) -> OpenApi {
    document.info = Info::new("Weft", env!("CARGO_PKG_VERSION"));
    document.info.description =
        Some("Everything that the screens do. Errors are RFC 9457 problems with a stable `code`.".to_owned());
    let components = document.components.get_or_insert_default();
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("An API token, see `POST /api/v1/tokens`."))
        .build();
    components.security_schemes.insert("token".to_owned(), RefOr::T(SecurityScheme::Http(bearer)));
    let cookie = SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new("weft")));
    components.security_schemes.insert("session".to_owned(), RefOr::T(cookie));
    components.schemas.insert(schema::ProblemBody::name().into_owned(), schema::ProblemBody::schema());
    let mut more = Vec::new();
    schema::ProblemBody::schemas(&mut more);
    components.schemas.extend(more);
    let none: [&str; 0] = [];
    document.security = Some(vec![SecurityRequirement::new("token", none), SecurityRequirement::new("session", none)]);
    for item in document.paths.paths.values_mut() {
        for (operation, changes, creates) in [
            (&mut item.get, false, false),
            (&mut item.put, true, false),
            (&mut item.delete, true, false),
            (&mut item.post, true, true),
            (&mut item.patch, true, true),
        ] {
            if let Some(operation) = operation {
                finish_operation(operation, changes, creates);
            }
        }
    }
    document
}

fn finish_operation(operation: &mut Operation, changes: bool, keeps_answer: bool) {
    let problem =
        ContentBuilder::new().schema(Some(RefOr::Ref(Ref::from_schema_name(schema::ProblemBody::name())))).build();
    for (status, description) in
        [("4XX", "The request cannot be carried out; `code` says why"), ("5XX", "The server cannot carry it out now")]
    {
        let response: Response = ResponseBuilder::new()
            .description(description)
            .content("application/problem+json", problem.clone())
            .build();
        operation.responses.responses.insert(status.to_owned(), RefOr::T(response));
    }
    if changes {
        let text = "`1`. Needed when the request is signed in by a cookie: a page of another site cannot send it.";
        header(operation, "X-Weft", text);
    }
    if keeps_answer {
        let text = "The same key with the same request is answered again and not carried out again (`Idempotency-Replayed: true`).";
        header(operation, "Idempotency-Key", text);
    }
}

fn header(operation: &mut Operation, name: &str, description: &str) {
    let schema = ObjectBuilder::new().schema_type(Type::String).build();
    let parameter: Parameter = ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(description))
        .schema(Some(schema))
        .build();
    operation.parameters.get_or_insert_default().push(RefOr::T(parameter));
}

/// Every problem that the API tells, with what to do: the target of a problem's `type`.
pub(crate) const PROBLEMS: [(&str, u16, &str); 33] = [
    ("unauthenticated", 401, "Sign in or send a token."),
    ("bad-credentials", 401, "Login or password is wrong. The answer is the same for a login that does not exist."),
    ("forbidden", 403, "You may know of it and may not do this; the detail says who may."),
    ("cross-site", 403, "A change that comes with a cookie has to come from Weft's own pages and carry `X-Weft: 1`."),
    ("not-found", 404, "It does not exist, or you may not know whether it does."),
    ("method-not-allowed", 405, "See the header `Allow`."),
    ("contended", 409, "Others kept changing what this depends on. Try again."),
    ("taken", 409, "A value that must be unique is taken. Choose another one."),
    (
        "stale-version",
        412,
        "It has changed since you loaded it; `current` is its version now. Load it again and repeat your change.",
    ),
    ("too-large", 413, "Send less at once."),
    ("unsupported-media-type", 415, "Send the content type that the detail names."),
    ("malformed-json", 400, "The body is not JSON; the detail says where."),
    (
        "invalid-body",
        400,
        "The body has another shape; `errors` lists every place, and for an unknown field the known ones.",
    ),
    ("unreadable-body", 400, "The body ended early or is not what its headers say."),
    ("unknown-parameter", 400, "The detail names the parameters that there are."),
    ("bad-parameter", 400, "The detail says what the parameter takes."),
    ("bad-cursor", 400, "Take `next` of a page of the same list and order."),
    ("bad-if-match", 400, "Send the `ETag` of the thing."),
    ("bad-idempotency-key", 400, "Send 1 to 200 visible ASCII characters."),
    ("bad-multipart", 400, "Send multipart/form-data with one part `file`."),
    ("invalid", 422, "Something about the values is not right; `errors` lists everything."),
    ("rejected", 422, "A plugin said no; `errors` gives its reasons."),
    (
        "illegal-transition",
        422,
        "An error inside `invalid`: the lifecycle does not allow it; `legal` lists where it can go.",
    ),
    ("idempotency-key-reused", 422, "The key was used for another request. Use a new one."),
    ("cascade", 422, "A chain of reactions was stopped; the detail names it."),
    ("rate-limited", 429, "Wait as long as `Retry-After` says."),
    ("internal", 500, "Our fault. Tell an operator the trace id."),
    ("plugin-failed", 500, "A plugin failed. Nothing was changed; an administrator sees why on its page."),
    ("busy", 503, "Wait as long as `Retry-After` says."),
    ("timeout", 503, "It took too long. Repeat it with the same idempotency key."),
    ("quarantined", 503, "A plugin failed too often and waits for an administrator; so do its decisions."),
    ("too-many-streams", 503, "Too many live streams are open. Wait as long as `Retry-After` says."),
    ("read-only", 507, "The disk is full or read-only; reading works."),
];

fn render(document: &OpenApi) -> String {
    let mut html = String::from(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>Weft API</title><style>\
         body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1f24;background:#fff}\
         table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;padding:.3rem .6rem .3rem 0;border-bottom:1px solid #d8dee4}\
         code{font-family:ui-monospace,monospace}.m{font-weight:600;width:5rem}\
         @media(prefers-color-scheme:dark){body{background:#0d1117;color:#e6edf3}td,th{border-color:#30363d}a{color:#79b8ff}}\
         </style></head><body><h1>Weft API</h1><p>The same as an <a href=\"/api/v1/openapi.json\">OpenAPI 3.1 document</a>. \
         Errors are RFC 9457 problems; their codes are listed <a href=\"#problems\">below</a>.</p>",
    );
    let mut tag = String::new();
    let mut rows: Vec<(String, &str, &str, &Operation)> = Vec::new();
    for (path, item) in &document.paths.paths {
        let operations = [
            ("GET", &item.get),
            ("POST", &item.post),
            ("PUT", &item.put),
            ("PATCH", &item.patch),
            ("DELETE", &item.delete),
        ];
        for (method, operation) in operations {
            if let Some(operation) = operation {
                let tag = operation.tags.as_ref().and_then(|tags| tags.first()).cloned().unwrap_or_default();
                rows.push((tag, path, method, operation));
            }
        }
    }
    rows.sort_by(|left, right| left.0.cmp(&right.0));
    for (name, path, method, operation) in rows {
        if name != tag {
            let end = if tag.is_empty() { "" } else { "</table>" };
            let _ = write!(html, "{end}<h2>{name}</h2><table>");
            tag = name;
        }
        let text = operation.summary.as_deref().or(operation.description.as_deref()).unwrap_or_default();
        let id = operation.operation_id.as_deref().unwrap_or_default();
        let _ = write!(
            html,
            "<tr id=\"{id}\"><td class=\"m\">{method}<td><code>{}</code><td>{}",
            escape(path),
            escape(text)
        );
    }
    html.push_str("</table><h2 id=\"problems\">Problems</h2><table>");
    for (code, status, text) in PROBLEMS {
        let _ = write!(
            html,
            "<tr id=\"problem-{code}\"><td class=\"m\">{status}<td><code>{code}</code><td>{}",
            escape(text)
        );
    }
    html.push_str("</table></body></html>");
    html
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
