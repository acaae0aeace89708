//! Who may what: one line for each route, tried as anonymous, requester, agent, agent of another space, and administrator.

use serde_json::{Value, json};
use weft_tests::app::TestApp;

/// A route and what each caller is answered: anonymous, Erin (requester of `it`), Ada (agent of `it`), Hana (agent of `hr`), Max
/// (administrator of the platform).
pub(super) struct Case {
    pub operation: &'static str,
    method: &'static str,
    /// `{t}` is an incident that Ada made, `{c}` a CI of `it`.
    path: &'static str,
    body: &'static str,
    statuses: [u16; 5],
}

const fn case(
    operation: &'static str,
    method: &'static str,
    path: &'static str,
    body: &'static str,
    statuses: [u16; 5],
) -> Case {
    Case { operation, method, path, body, statuses }
}

/// Everybody who is signed in.
const ANYBODY: [u16; 5] = [401, 200, 200, 200, 200];
/// Only those who run the platform.
const ADMIN: [u16; 5] = [401, 403, 403, 403, 200];
const OPEN: [u16; 5] = [200; 5];
/// What does not exist, for everybody who is signed in.
const NOBODY: [u16; 5] = [401, 404, 404, 404, 404];

pub(super) const EXPECTED: &[Case] = &[
    case("get_session", "GET", "/session", "", ANYBODY),
    case("create_session", "POST", "/session", r#"{"login": "x", "password": "y"}"#, [401; 5]),
    case("delete_session", "DELETE", "/session", "", [401, 204, 204, 204, 204]),
    case("get_delegation", "GET", "/session/delegation", "", ANYBODY),
    case(
        "put_delegation",
        "PUT",
        "/session/delegation",
        r#"{"to": "otto", "from": "2026-01-01T00:00:00Z", "until": "2027-01-01T00:00:00Z"}"#,
        [401, 204, 204, 204, 204],
    ),
    case("delete_delegation", "DELETE", "/session/delegation", "", [401, 204, 204, 204, 204]),
    case("list_personas", "GET", "/session/personas", "", [404; 5]),
    case("create_persona_session", "POST", "/session/persona", r#"{"login": "erin"}"#, [404; 5]),
    case("list_tokens", "GET", "/tokens", "", ANYBODY),
    case("create_token", "POST", "/tokens", r#"{"name": "t", "expires_in_days": 1}"#, [401, 201, 201, 201, 201]),
    case("delete_token", "DELETE", "/tokens/none", "", [401, 404, 404, 404, 404]),
    case("list_notifications", "GET", "/notifications", "", ANYBODY),
    case("read_notification", "POST", "/notifications/none/read", "", [401, 204, 204, 204, 204]),
    case("list_spaces", "GET", "/spaces", "", ANYBODY),
    case("create_space", "POST", "/spaces", r#"{"id": "lab", "title": "Lab"}"#, [401, 403, 403, 403, 201]),
    case("list_people", "GET", "/people", "", ANYBODY),
    case("get_person", "GET", "/people/erin", "", ANYBODY),
    case("create_person", "POST", "/people", r#"{"login": "new", "name": "New"}"#, [401, 403, 403, 403, 201]),
    case("patch_person", "PATCH", "/people/erin", r#"{"name": "Erin"}"#, ADMIN),
    case(
        "put_roles",
        "PUT",
        "/people/otto/roles",
        r#"{"roles": [{"space": "*", "role": "administrator"}]}"#,
        [401, 403, 403, 403, 204],
    ),
    case(
        "put_password",
        "PUT",
        "/people/otto/password",
        r#"{"password": "long enough to be one"}"#,
        [401, 403, 403, 403, 204],
    ),
    case("preview_erasure", "GET", "/people/none/erasure", "", [401, 403, 403, 403, 404]),
    case("erase_person", "POST", "/people/none/erasure", "", [401, 403, 403, 403, 404]),
    case("list_groups", "GET", "/groups", "", ANYBODY),
    case("put_group", "PUT", "/groups/lab", r#"{"title": "Lab", "space": "it", "members": []}"#, ADMIN),
    case("list_kinds", "GET", "/kinds", "", ANYBODY),
    case("list_tickets", "GET", "/tickets", "", ANYBODY),
    case(
        "create_ticket",
        "POST",
        "/tickets",
        r#"{"kind": "incident", "space": "it", "title": "T"}"#,
        [401, 201, 201, 403, 403],
    ),
    case("count_tickets", "GET", "/tickets/counts", "", ANYBODY),
    case("bulk_change_tickets", "POST", "/tickets/bulk", r#"{"ids": [], "change": {}}"#, ANYBODY),
    case("get_ticket", "GET", "/tickets/{t}", "", [401, 404, 200, 404, 404]),
    case("patch_ticket", "PATCH", "/tickets/{t}", r#"{"title": "T"}"#, [401, 404, 200, 404, 404]),
    case("list_comments", "GET", "/tickets/{t}/comments", "", [401, 404, 200, 404, 404]),
    case(
        "create_comment",
        "POST",
        "/tickets/{t}/comments",
        r#"{"visibility": "public", "body": "B"}"#,
        [401, 404, 201, 404, 404],
    ),
    case("list_attachments", "GET", "/tickets/{t}/attachments", "", [401, 404, 200, 404, 404]),
    case("create_attachment", "POST", "/tickets/{t}/attachments", "multipart", [401, 404, 201, 404, 404]),
    case("get_attachment", "GET", "/attachments/{t}.none", "", [401, 404, 404, 404, 404]),
    case(
        "create_link",
        "POST",
        "/tickets/{t}/links",
        r#"{"type": "related", "other": "{t}"}"#,
        [401, 422, 422, 422, 422],
    ),
    case(
        "delete_link",
        "DELETE",
        "/tickets/{t}/links",
        r#"{"type": "related", "other": "{t}"}"#,
        [401, 422, 422, 422, 422],
    ),
    case("put_watchers", "PUT", "/tickets/{t}/watchers", r#"{"add": ["ben"]}"#, [401, 404, 204, 404, 404]),
    case("put_access", "PUT", "/tickets/{t}/access", r#"{"people": ["ada"], "groups": []}"#, [401, 404, 204, 404, 404]),
    case("get_breakdown", "GET", "/tickets/{t}/breakdown", "", [401, 404, 200, 404, 404]),
    case("list_timeline", "GET", "/tickets/{t}/timeline", "", [401, 404, 200, 404, 404]),
    case("list_clocks", "GET", "/tickets/{t}/clocks", "", [401, 404, 200, 404, 404]),
    case("stream_events", "GET", "/events", "stream", ANYBODY),
    case("list_cis", "GET", "/cis", "", ANYBODY),
    case("create_ci", "POST", "/cis", r#"{"name": "S", "class": "server", "space": "it"}"#, [401, 403, 201, 403, 403]),
    case("get_ci", "GET", "/cis/{c}", "", [401, 404, 200, 404, 200]),
    case("patch_ci", "PATCH", "/cis/{c}", r#"{"name": "S1"}"#, [401, 404, 200, 404, 403]),
    case("list_ci_relations", "GET", "/cis/{c}/relations", "", [401, 404, 200, 404, 200]),
    case("put_ci_relation", "PUT", "/cis/{c}/relations", r#"{"type": "uses", "to": "{c}"}"#, [401, 404, 422, 404, 403]),
    case(
        "delete_ci_relation",
        "DELETE",
        "/cis/{c}/relations",
        r#"{"type": "uses", "to": "{c}"}"#,
        [401, 404, 422, 404, 403],
    ),
    case("get_ci_impact", "GET", "/cis/{c}/impact", "", [401, 404, 200, 404, 200]),
    case("list_ci_classes", "GET", "/ci-classes", "", ANYBODY),
    case("put_ci_class", "PUT", "/ci-classes/switch", r#"{"title": "Switch"}"#, ADMIN),
    case("list_records", "GET", "/records?kind=sla-target", "", ANYBODY),
    case(
        "create_record",
        "POST",
        "/records",
        r#"{"kind": "none", "space": "it", "title": "R"}"#,
        [401, 403, 403, 403, 422],
    ),
    case("get_record", "GET", "/records/none", "", [401, 404, 404, 404, 404]),
    case("patch_record", "PATCH", "/records/none", r#"{"title": "R"}"#, [401, 404, 404, 404, 404]),
    case("list_calendars", "GET", "/calendars", "", ANYBODY),
    case("get_calendar", "GET", "/calendars/always", "", ANYBODY),
    case("put_calendar", "PUT", "/calendars/always", r#"{"title": "Always", "zone": "UTC", "hours": "always"}"#, ADMIN),
    case(
        "try_calendar",
        "POST",
        "/calendar-trials?start=2026-03-02T09:00:00Z&seconds=60",
        r#"{"title": "Always", "zone": "UTC", "hours": "always"}"#,
        ADMIN,
    ),
    case("add_business_time", "GET", "/calendars/always/add?start=2026-03-02T09:00:00Z&seconds=60", "", ANYBODY),
    case(
        "get_business_time",
        "GET",
        "/calendars/always/between?start=2026-03-02T09:00:00Z&end=2026-03-02T10:00:00Z",
        "",
        ANYBODY,
    ),
    case(
        "list_calendar_windows",
        "GET",
        "/calendars/always/windows?start=2026-03-02T09:00:00Z&end=2026-03-02T10:00:00Z",
        "",
        ANYBODY,
    ),
    case(
        "list_planned",
        "GET",
        "/planned?kind=change&start=2026-03-02T09:00:00Z&end=2026-03-09T09:00:00Z",
        "",
        ANYBODY,
    ),
    case("list_plugins", "GET", "/plugins", "", ADMIN),
    case("install_plugin", "POST", "/plugins", "wasm", [401, 403, 403, 403, 422]),
    case("get_plugin", "GET", "/plugins/incident", "", ADMIN),
    case("delete_plugin", "DELETE", "/plugins/none", "", [401, 403, 403, 403, 404]),
    case("enable_plugin", "POST", "/plugins/incident/enable", r#"{"grants": "all"}"#, ADMIN),
    case("disable_plugin", "POST", "/plugins/assignment/disable", "", ADMIN),
    case("resume_plugin", "POST", "/plugins/incident/resume", "", ADMIN),
    case("put_plugin_settings", "PUT", "/plugins/incident/settings", "{}", ADMIN),
    case("list_jobs", "GET", "/jobs", "", ADMIN),
    case("count_jobs", "GET", "/jobs/counts", "", ADMIN),
    case("retry_job", "POST", "/jobs/none/retry", "", [401, 403, 403, 403, 404]),
    case("list_outbox", "GET", "/outbox", "", ADMIN),
    case("count_outbox", "GET", "/outbox/counts", "", ADMIN),
    case("get_outbox_item", "GET", "/outbox/none", "", [401, 403, 403, 403, 404]),
    case("retry_outbox_item", "POST", "/outbox/none/retry", "", [401, 403, 403, 403, 404]),
    case(
        "settle_outbox_item",
        "POST",
        "/outbox/none/settle",
        r#"{"settlement": "delivered"}"#,
        [401, 403, 403, 403, 404],
    ),
    case("list_schedules", "GET", "/schedules", "", ADMIN),
    case("list_flows", "GET", "/flows", "", ANYBODY),
    case("get_flow", "GET", "/flows/process/laptop-request", "", ANYBODY),
    case("list_flow_versions", "GET", "/flows/process/laptop-request/versions", "", ANYBODY),
    case("get_process_picture", "GET", "/flows/process/laptop-request/picture", "", ANYBODY),
    case("lint_flows", "POST", "/flows/lint", r#"{"files": []}"#, ANYBODY),
    case("diff_flows", "POST", "/flows/diff", r#"{"old": "x", "new": "y"}"#, [401, 422, 422, 422, 422]),
    case(
        "simulate_flow",
        "POST",
        "/flows/simulate",
        r#"{"simulation": {"process": "none"}}"#,
        [401, 404, 404, 404, 404],
    ),
    case("deploy_flows", "POST", "/flows", r#"{"files": []}"#, [401, 403, 403, 403, 201]),
    case("start_instance", "POST", "/flows/process/none/instances", "{}", [401, 403, 403, 403, 404]),
    case("list_instances", "GET", "/instances", "", ANYBODY),
    case("count_instances", "GET", "/instances/counts", "", ADMIN),
    case("get_instance", "GET", "/instances/none", "", NOBODY),
    case("list_instance_history", "GET", "/instances/none/history", "", NOBODY),
    case("get_instance_picture", "GET", "/instances/none/picture", "", NOBODY),
    case("cancel_instance", "POST", "/instances/none/cancel", "{}", NOBODY),
    case("retry_instance", "POST", "/instances/none/retry", r#"{"incident": 1}"#, NOBODY),
    case("set_instance_variables", "POST", "/instances/none/variables", r#"{"variables": {}}"#, NOBODY),
    case("modify_instance", "POST", "/instances/none/modify", "{}", NOBODY),
    case("activate_activities", "POST", "/instances/none/activate", r#"{"element": 1, "activities": []}"#, NOBODY),
    case("migrate_instance", "POST", "/instances/none/migrate", "{}", NOBODY),
    case("list_tasks", "GET", "/tasks", "", ANYBODY),
    case("get_task", "GET", "/tasks/none", "", NOBODY),
    case("assign_task", "PUT", "/tasks/none/assignee", r#"{"assignee": null}"#, NOBODY),
    case("complete_task", "POST", "/tasks/none/complete", "{}", NOBODY),
    case("vote_on_task", "POST", "/tasks/none/vote", r#"{"answer": "approve"}"#, NOBODY),
    case("send_message", "POST", "/messages", r#"{"name": "x"}"#, [401, 403, 403, 403, 202]),
    case("send_signal", "POST", "/signals", r#"{"name": "x"}"#, [401, 403, 403, 403, 202]),
    case("list_nodes", "GET", "/nodes", "", ADMIN),
    case("list_settings", "GET", "/settings", "", ADMIN),
    case("list_audit", "GET", "/audit?limit=1", "", ANYBODY),
    case("search_everything", "GET", "/search?text=printer", "", ANYBODY),
    case("list_reports", "GET", "/reports", "", ANYBODY),
    case("get_report", "GET", "/reports/incident/backlog-by-age", "", ANYBODY),
    case("repair_clocks", "POST", "/clocks/repair", r#"{"ticket":"{t}"}"#, [401, 404, 403, 404, 404]),
    case("get_value_chain", "GET", "/value-chain", "", ANYBODY),
    case("check_access", "GET", "/access-check?person=erin&ticket={t}", "", [401, 404, 200, 404, 404]),
    case("list_behind_report", "GET", "/reports/incident/backlog-by-age/behind", "", ANYBODY),
    case("list_saved_queries", "GET", "/saved-queries", "", ANYBODY),
    case("get_saved_query", "GET", "/saved-queries/none", "", NOBODY),
    case(
        "put_saved_query",
        "PUT",
        "/saved-queries/erins",
        r#"{"question": {"title": "T", "kind": "*", "measure": "count"}}"#,
        [401, 200, 403, 403, 403],
    ),
    case("delete_saved_query", "DELETE", "/saved-queries/erins", "", [401, 204, 404, 404, 404]),
    case(
        "try_question",
        "POST",
        "/question-trials",
        r#"{"question": {"title": "T", "kind": "*", "measure": "count"}}"#,
        ANYBODY,
    ),
    case("list_report_tickets", "GET", "/reports/incident/backlog-by-age/tickets", "", ANYBODY),
    case("list_roles", "GET", "/people/otto/roles", "", ADMIN),
    case("put_presence", "PUT", "/tickets/{t}/presence", r#"{"doing": "looking"}"#, [401, 404, 200, 404, 404]),
    case("list_related_tickets", "GET", "/tickets/{t}/related", "", [401, 404, 200, 404, 404]),
    case("get_openapi", "GET", "/openapi.json", "", OPEN),
    case("get_api_page", "GET", "//api", "", OPEN),
    case("get_health", "GET", "//healthz", "", OPEN),
    case("get_readiness", "GET", "//readyz", "", OPEN),
    case("get_metrics", "GET", "//metrics", "", OPEN),
];

#[tokio::test(flavor = "multi_thread")]
async fn everybody_may_what_they_may_and_nothing_else() {
    let app = TestApp::new().await;
    let (ada, max) = (app.caller("ada").await, app.caller("max").await);
    max.put("/ci-classes/server", json!({ "title": "Server" })).await.expect(200);
    let ci: Value =
        ada.post("/cis", json!({ "name": "Server 1", "class": "server", "space": "it" })).await.expect(201).value();
    let ticket = ada.create_incident("Ada's", json!({})).await;
    let fill = |text: &str| text.replace("{t}", &ticket.id).replace("{c}", ci["id"].as_str().unwrap_or_default());

    let mut wrong = Vec::new();
    for case in EXPECTED {
        // The order matters: whoever may not goes first, so that nobody is refused because it was done already.
        for (index, login) in ["", "erin", "ada", "hana", "max"].into_iter().enumerate() {
            let caller = if login.is_empty() { app.anonymous() } else { app.caller(login).await };
            let (path, body) = (fill(case.path), fill(case.body));
            let form =
                b"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\nx\r\n--b--\r\n".to_vec();
            let status = match case.body {
                "stream" if !login.is_empty() => {
                    caller.events().await;
                    200
                }
                "multipart" => {
                    caller.send(case.method, &path, Some("multipart/form-data; boundary=b"), form).await.status
                }
                "wasm" => caller.send(case.method, &path, Some("application/wasm"), b"x".to_vec()).await.status,
                "" | "stream" => caller.send(case.method, &path, None, Vec::new()).await.status,
                _ => caller.send(case.method, &path, Some("application/json"), body.into_bytes()).await.status,
            };
            if status != case.statuses[index] {
                wrong.push(format!("{} as `{login}`: {status}, not {}", case.operation, case.statuses[index]));
            }
        }
    }

    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
