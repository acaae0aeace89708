//! The routes. This file reads as the API.

use crate::admission::admit;
use crate::layer::{around, no_such_method, on_panic};
use crate::state::ApiState;
use crate::tickets::{
    access, breakdown, bulk, clocks, comments, counts, create, links, list, patch, presence, read, related, repair,
    timeline, watchers,
};
use crate::{
    access_check, assets, attachments, audit, calendars, ci_classes, cis, delegation, events, flows, groups, jobs,
    kinds, nodes, notifications, operations, outbox, people, planned, plugins, records, reports, saved_queries,
    schedules, search, session, settings, spaces, tokens,
};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Room for the headers of the parts around a file.
const MULTIPART_ROOM: usize = 64 << 10;

fn v1(plugin_bytes_max: usize, attachment_bytes_max: usize) -> OpenApiRouter<ApiState> {
    OpenApiRouter::default()
        // Signing in
        .routes(routes!(session::get_session, session::create_session, session::delete_session))
        .routes(routes!(delegation::get_delegation, delegation::put_delegation, delegation::delete_delegation))
        .routes(routes!(session::list_personas))
        .routes(routes!(session::create_persona_session))
        .routes(routes!(tokens::list_tokens, tokens::create_token))
        .routes(routes!(tokens::delete_token))
        .routes(routes!(notifications::list_notifications))
        .routes(routes!(notifications::read_notification))
        // The organisation
        .routes(routes!(spaces::list_spaces, spaces::create_space))
        .routes(routes!(people::list_people, people::create_person))
        .routes(routes!(people::get_person, people::patch_person))
        .routes(routes!(people::list_roles, people::put_roles))
        .routes(routes!(people::put_password))
        .routes(routes!(people::preview_erasure, people::erase_person))
        .routes(routes!(groups::list_groups))
        .routes(routes!(groups::put_group))
        // Tickets
        .routes(routes!(kinds::list_kinds))
        .routes(routes!(list::list_tickets, create::create_ticket))
        .routes(routes!(counts::count_tickets))
        .routes(routes!(bulk::bulk_change_tickets))
        .routes(routes!(read::get_ticket, patch::patch_ticket))
        .routes(routes!(comments::list_comments, comments::create_comment))
        .routes(routes!(attachments::list_attachments))
        .merge(
            OpenApiRouter::default()
                .routes(routes!(attachments::create_attachment))
                .layer(DefaultBodyLimit::max(attachment_bytes_max + MULTIPART_ROOM)),
        )
        .routes(routes!(attachments::get_attachment))
        .routes(routes!(links::create_link, links::delete_link))
        .routes(routes!(watchers::put_watchers))
        .routes(routes!(access::put_access))
        .routes(routes!(access_check::check_access))
        .routes(routes!(timeline::list_timeline))
        .routes(routes!(breakdown::get_breakdown))
        .routes(routes!(repair::repair_clocks))
        .routes(routes!(clocks::list_clocks))
        .routes(routes!(presence::put_presence))
        .routes(routes!(related::list_related_tickets))
        .routes(routes!(events::stream_events))
        .routes(routes!(search::search_everything))
        // Reports
        .routes(routes!(reports::list_reports))
        .routes(routes!(reports::get_report))
        .routes(routes!(reports::list_report_tickets))
        .routes(routes!(reports::list_behind_report))
        .routes(routes!(saved_queries::list_saved_queries))
        .routes(routes!(
            saved_queries::get_saved_query,
            saved_queries::put_saved_query,
            saved_queries::delete_saved_query
        ))
        .routes(routes!(saved_queries::try_question))
        .routes(routes!(reports::get_value_chain))
        // Configuration items
        .routes(routes!(cis::list_cis, cis::create_ci))
        .routes(routes!(cis::get_ci, cis::patch_ci))
        .routes(routes!(cis::list_ci_relations, cis::put_ci_relation, cis::delete_ci_relation))
        .routes(routes!(cis::get_ci_impact))
        .routes(routes!(ci_classes::list_ci_classes))
        .routes(routes!(ci_classes::put_ci_class))
        // Records and calendars
        .routes(routes!(records::list_records, records::create_record))
        .routes(routes!(records::get_record, records::patch_record))
        .routes(routes!(calendars::list_calendars))
        .routes(routes!(calendars::get_calendar, calendars::put_calendar))
        .routes(routes!(calendars::add_business_time))
        .routes(routes!(calendars::try_calendar))
        .routes(routes!(calendars::get_business_time))
        .routes(routes!(calendars::list_calendar_windows))
        .routes(routes!(planned::list_planned))
        // Plugins and jobs
        .routes(routes!(plugins::list_plugins))
        .merge(
            OpenApiRouter::default()
                .routes(routes!(plugins::install_plugin))
                .layer(DefaultBodyLimit::max(plugin_bytes_max)),
        )
        .routes(routes!(plugins::get_plugin, plugins::delete_plugin))
        .routes(routes!(plugins::enable_plugin))
        .routes(routes!(plugins::disable_plugin))
        .routes(routes!(plugins::resume_plugin))
        .routes(routes!(plugins::put_plugin_settings))
        .routes(routes!(jobs::list_jobs))
        .routes(routes!(jobs::count_jobs))
        .routes(routes!(jobs::retry_job))
        .routes(routes!(nodes::list_nodes))
        .routes(routes!(settings::list_settings))
        .routes(routes!(audit::list_audit))
        .routes(routes!(outbox::list_outbox))
        .routes(routes!(outbox::count_outbox))
        .routes(routes!(outbox::get_outbox_item))
        .routes(routes!(outbox::retry_outbox_item))
        .routes(routes!(outbox::settle_outbox_item))
        .routes(routes!(schedules::list_schedules))
        // Flows
        .routes(routes!(flows::definitions::list_flows, flows::definitions::deploy_flows))
        .routes(routes!(flows::definitions::lint_flows))
        .routes(routes!(flows::definitions::get_flow))
        .routes(routes!(flows::definitions::list_flow_versions))
        .routes(routes!(flows::instances::start_instance))
        .routes(routes!(flows::instances::list_instances))
        .routes(routes!(flows::instances::count_instances))
        .routes(routes!(flows::instances::get_instance))
        .routes(routes!(flows::instances::list_instance_history))
        .routes(routes!(flows::instances::get_instance_picture))
        .routes(routes!(flows::definitions::get_process_picture))
        .routes(routes!(flows::definitions::simulate_flow))
        .routes(routes!(flows::definitions::diff_flows))
        .routes(routes!(flows::instances::cancel_instance))
        .routes(routes!(flows::instances::retry_instance))
        .routes(routes!(flows::instances::set_instance_variables))
        .routes(routes!(flows::instances::modify_instance))
        .routes(routes!(flows::instances::activate_activities))
        .routes(routes!(flows::instances::migrate_instance))
        .routes(routes!(flows::tasks::list_tasks))
        .routes(routes!(flows::tasks::get_task))
        .routes(routes!(flows::tasks::assign_task))
        .routes(routes!(flows::tasks::complete_task))
        .routes(routes!(flows::tasks::vote_on_task))
        .routes(routes!(flows::messages::send_message))
        .routes(routes!(flows::messages::send_signal))
        // The document itself
        .routes(routes!(operations::get_openapi))
}

fn routes(plugin_bytes_max: usize, attachment_bytes_max: usize) -> OpenApiRouter<ApiState> {
    OpenApiRouter::default()
        .nest("/api/v1", v1(plugin_bytes_max, attachment_bytes_max))
        .routes(routes!(operations::get_api_page))
        .routes(routes!(operations::get_health))
        .routes(routes!(operations::get_readiness))
        .routes(routes!(operations::get_metrics))
}

/// The whole server as a tower service.
pub fn router(state: ApiState) -> Router {
    let config = &state.config;
    let attachment_bytes_max = usize::try_from(state.app.config.attachment_max).unwrap_or(usize::MAX >> 1);
    let (router, _) = routes(config.plugin_bytes_max, attachment_bytes_max).split_for_parts();
    router
        .fallback(assets::serve)
        .method_not_allowed_fallback(no_such_method)
        .layer(CatchPanicLayer::custom(on_panic))
        .layer(DefaultBodyLimit::max(config.body_bytes_max))
        .layer(axum::middleware::from_fn_with_state(state.clone(), admit))
        .layer(axum::middleware::from_fn_with_state(state.clone(), around))
        .with_state(state)
}

/// The OpenAPI document of every route.
#[must_use]
pub fn openapi() -> OpenApi {
    crate::openapi::finish(routes(0, 0).into_openapi())
}
