//! Files on tickets. The id of an attachment names its ticket too, so that who may fetch it is decided as for the ticket.

use crate::extract::{Caller, Precondition, idempotency};
use crate::page::Page;
use crate::problem::{ApiError, Result};
use crate::schema;
use crate::state::ApiState;
use crate::tickets::command::{Pointers, mark, submit};
use axum::Json;
use axum::body::Body;
use axum::extract::multipart::MultipartRejection;
use axum::extract::{Multipart, Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use domain::effect::Attach;
use domain::{Attachment, Effect, TicketId};
use std::fmt::Write;
use utoipa::ToSchema;

/// Characters of a file's name.
const NAME_MAX: usize = 200;

/// Only for the document: the request is read part by part.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "a shape for the OpenAPI document")]
pub(crate) struct Upload {
    #[schema(format = Binary, content_media_type = "application/octet-stream", value_type = String)]
    file: Vec<u8>,
}

#[utoipa::path(get, path = "/tickets/{id}/attachments", tag = "tickets", summary = "Files on a ticket", params(("id" = String, Path)), responses((status = 200, body = Page<schema::Attachment>)))]
pub(crate) async fn list_attachments(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Page<schema::Attachment>>> {
    Ok(Page::whole(state.app.attachment_list(&caller.actor, &id).await?.into_iter().map(view).collect()))
}

/// Add a file to a ticket: multipart/form-data with one part `file`.
#[utoipa::path(post, path = "/tickets/{id}/attachments", tag = "tickets", params(("id" = String, Path)), request_body(content = Upload, content_type = "multipart/form-data"), responses((status = 201, body = schema::Attachment)))]
pub(crate) async fn create_attachment(
    State(state): State<ApiState>,
    caller: Caller,
    precondition: Precondition,
    Path(id): Path<String>,
    multipart: Result<Multipart, MultipartRejection>,
) -> Result<Response> {
    let multipart = multipart
        .map_err(|_| ApiError::bad_request("bad-multipart", "Send multipart/form-data with one part `file`."))?;
    // Nobody fills the store through a ticket that is not theirs.
    state.app.ticket(&caller.actor, &id).await?;
    let (name, media_type, content) = read_file(multipart).await?;
    let digest = state.app.blob_keep(&content).await?;
    let mut command = state.app.command(&caller.actor);
    command.subject = Some(TicketId(id));
    command.idempotency = idempotency(&caller, &precondition, format!("{name}\n{media_type}\n{digest}").as_bytes());
    command.effects =
        vec![Effect::Attach(Attach { ticket: None, name, media_type, size: content.len() as u64, digest })];
    let answer = submit(&state, command, &Pointers::whole()).await?;
    let attachment = answer
        .attachments
        .into_iter()
        .next()
        .ok_or_else(|| ApiError::not_found("The file was attached and is gone."))?;
    Ok(mark((StatusCode::CREATED, Json(view(attachment))).into_response(), answer.replayed))
}

/// The content of a file. It is always saved, never shown: it may be anything.
#[utoipa::path(get, path = "/attachments/{id}", tag = "tickets", params(("id" = String, Path)), responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>)))]
pub(crate) async fn get_attachment(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response> {
    let (ticket, id) = id.split_once('.').ok_or_else(|| ApiError::not_found("There is no such attachment."))?;
    let (attachment, content) = state.app.attachment(&caller.actor, ticket, id).await.map_err(|error| match error {
        app::AppError::NotFound(_) => ApiError::not_found("There is no such attachment."),
        other => other.into(),
    })?;
    let mut response = Body::from(content).into_response();
    let headers = response.headers_mut();
    let media_type = HeaderValue::try_from(&attachment.media_type);
    headers.insert(header::CONTENT_TYPE, media_type.unwrap_or(HeaderValue::from_static("application/octet-stream")));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox; default-src 'none'"));
    if let Ok(disposition) = HeaderValue::try_from(disposition(&attachment.name)) {
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
    Ok(response)
}

async fn read_file(mut multipart: Multipart) -> Result<(String, String, Bytes)> {
    let bad = |detail: &str| ApiError::bad_request("bad-multipart", detail);
    let field = multipart.next_field().await.map_err(|error| unreadable(&error))?;
    let field = field.ok_or_else(|| bad("There is no part `file`."))?;
    if field.name() != Some("file") {
        return Err(bad("There is only one part, and its name is `file`."));
    }
    let name = clean_name(field.file_name().unwrap_or("file"));
    let media_type = field.content_type().filter(|given| given.len() <= 100).unwrap_or("application/octet-stream").to_owned();
    let content = field.bytes().await.map_err(|error| unreadable(&error))?;
    Ok((name, media_type, content))
}

fn unreadable(error: &axum::extract::multipart::MultipartError) -> ApiError {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return ApiError::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too-large",
            "The file is too large",
            "Send a smaller file, or a link to it.",
        );
    }
    ApiError::bad_request("bad-multipart", "The body ended early or is not multipart/form-data.")
}

/// The last part of the name, without anything that a file system or a terminal would act on.
fn clean_name(given: &str) -> String {
    let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let name: String = last.chars().filter(|c| !c.is_control()).take(NAME_MAX).collect();
    let name = name.trim().trim_start_matches('.').to_owned();
    if name.is_empty() { "file".to_owned() } else { name }
}

/// `Content-Disposition` with the name as RFC 8187 wants it.
fn disposition(name: &str) -> String {
    let mut encoded = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    format!("attachment; filename*=UTF-8''{encoded}")
}

fn view(attachment: Attachment) -> schema::Attachment {
    schema::Attachment {
        id: format!("{}.{}", attachment.ticket, attachment.id),
        ticket: attachment.ticket.0,
        name: attachment.name,
        media_type: attachment.media_type,
        size: attachment.size,
        digest: attachment.digest,
        author: attachment.author,
        at: attachment.at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_only_a_name() {
        for (given, expected) in [
            ("../../etc/passwd", "passwd"),
            ("C:\\temp\\a.txt", "a.txt"),
            (".bashrc", "bashrc"),
            ("", "file"),
            ("a\r\nb", "ab"),
        ] {
            assert_eq!(clean_name(given), expected, "{given:?}");
        }
        assert_eq!(disposition("Größe \".txt"), "attachment; filename*=UTF-8''Gr%C3%B6%C3%9Fe%20%22.txt");
    }
}
