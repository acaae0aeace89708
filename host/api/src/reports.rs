//! Reports of practices: what there is, what each says, and the tickets behind a number.

use crate::extract::{Caller, Params};
use crate::page::Page;
use crate::problem::{ApiError, Result};
use crate::schema;
use crate::state::ApiState;
use crate::tickets::command::view;
use app::App;
use app::reports::{Choice, Computed, DAYS_MAX, Part, Row, Unit};
use axum::Json;
use axum::extract::{Path, State};
use domain::PluginId;
use domain::report::{Group, Report};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct GetReport {
    /// Id of a space; all when absent.
    space: Option<String>,
    /// How far back; what the report says when absent.
    days: Option<u32>,
}

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ReportPart {
    All,
    /// Those that count for a share.
    Met,
    Missed,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListReportTickets {
    space: Option<String>,
    days: Option<u32>,
    /// Key of a row; the whole report when absent.
    key: Option<String>,
    #[param(inline)]
    part: Option<ReportPart>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct GetValueChain {
    /// Id of a space; all when absent.
    space: Option<String>,
    /// Of instances that began since so many days ago; all when absent.
    days: Option<u32>,
    /// Only this value stream.
    stream: Option<String>,
}

/// How long the steps of flows took by value chain activity, of the instances that the caller may see.
#[utoipa::path(get, path = "/value-chain", tag = "reports", params(GetValueChain), responses((status = 200, body = schema::ValueChain)))]
pub(crate) async fn get_value_chain(
    State(state): State<ApiState>,
    caller: Caller,
    Params(query): Params<GetValueChain>,
) -> Result<Json<schema::ValueChain>> {
    let choice = choice(query.space, query.days)?;
    let told = state.app.value_chain(&caller.actor, &choice, query.stream.as_deref()).await?;
    Ok(Json(value_chain(told)))
}

/// Steps by activity, as the API and the command line write them.
#[must_use]
pub fn value_chain(told: app::flow::ValueChain) -> schema::ValueChain {
    let rows = told.rows.into_iter().map(|row| schema::ValueChainRow {
        stream: row.part.stream,
        activity: row.part.activity,
        count: row.count,
        open: row.open,
        lead_seconds: row.lead_seconds,
        touch_seconds: row.touch_seconds,
        wait_seconds: row.wait_seconds,
        median_lead_seconds: row.median_lead_seconds,
    });
    schema::ValueChain { since: told.since, rows: rows.collect(), complete: told.complete }
}

fn choice(space: Option<String>, days: Option<u32>) -> Result<Choice> {
    if days.is_some_and(|days| !(1..=DAYS_MAX).contains(&days)) {
        return Err(ApiError::bad_request("bad-parameter", format!("`days` is 1 to {DAYS_MAX}.")));
    }
    Ok(Choice { space, days })
}

/// The reports of all plugins that are switched on.
#[utoipa::path(get, path = "/reports", tag = "reports", responses((status = 200, body = Page<schema::ReportSummary>)))]
pub(crate) async fn list_reports(
    State(state): State<ApiState>,
    _caller: Caller,
) -> Result<Json<Page<schema::ReportSummary>>> {
    Ok(Page::whole(summaries(&state.app)))
}

/// What a report says about the tickets that the caller may see.
#[utoipa::path(get, path = "/reports/{plugin}/{id}", tag = "reports", params(("plugin" = String, Path), ("id" = String, Path), GetReport), responses((status = 200, body = schema::ReportResult)))]
pub(crate) async fn get_report(
    State(state): State<ApiState>,
    caller: Caller,
    Path((plugin, id)): Path<(String, String)>,
    Params(query): Params<GetReport>,
) -> Result<Json<schema::ReportResult>> {
    let choice = choice(query.space, query.days)?;
    let computed = state.app.report(&caller.actor, &PluginId(plugin), &id, &choice).await?;
    Ok(Json(result(computed)))
}

/// The tickets behind a row of a report, newest first, at most 200.
#[utoipa::path(get, path = "/reports/{plugin}/{id}/tickets", tag = "reports", params(("plugin" = String, Path), ("id" = String, Path), ListReportTickets), responses((status = 200, body = Page<schema::Ticket>)))]
pub(crate) async fn list_report_tickets(
    State(state): State<ApiState>,
    caller: Caller,
    Path((plugin, id)): Path<(String, String)>,
    Params(query): Params<ListReportTickets>,
) -> Result<Json<Page<schema::Ticket>>> {
    let part = match query.part {
        Some(ReportPart::All) | None => Part::All,
        Some(ReportPart::Met) => Part::Met,
        Some(ReportPart::Missed) => Part::Missed,
    };
    let choice = choice(query.space, query.days)?;
    let app = &state.app;
    let tickets =
        app.report_tickets(&caller.actor, &PluginId(plugin), &id, &choice, query.key.as_deref(), part).await?;
    Ok(Page::whole(tickets.into_iter().map(|ticket| view(&state, &caller.actor, ticket)).collect()))
}

/// What there is to ask for, as the API and the command line list it.
#[must_use]
pub fn summaries(app: &App) -> Vec<schema::ReportSummary> {
    app.report_list().into_iter().map(|(plugin, title, report)| summary(&plugin, Some(title), report)).collect()
}

/// What a report says, as the API and the command line write it.
#[must_use]
pub fn result(computed: Computed) -> schema::ReportResult {
    let Computed { plugin, report, unit, since, rows, total, complete } = computed;
    let unit = match unit {
        Unit::Count => schema::ReportUnit::Count,
        Unit::Share => schema::ReportUnit::Share,
        Unit::Seconds => schema::ReportUnit::Seconds,
        Unit::Number => schema::ReportUnit::Number,
    };
    schema::ReportResult {
        report: summary(&plugin, None, report),
        unit,
        since,
        rows: rows.into_iter().map(row).collect(),
        total: row(total),
        complete,
    }
}

fn summary(plugin: &PluginId, plugin_title: Option<String>, report: Report) -> schema::ReportSummary {
    let group = report.group.as_ref().map(|group| match group {
        Group::Column(column) => {
            serde_json::to_value(column).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
        }
        Group::Field(name) => format!("field.{name}"),
        Group::Age => "age".to_owned(),
        Group::Clock => "clock".to_owned(),
        Group::Day => "day".to_owned(),
        Group::Week => "week".to_owned(),
    });
    schema::ReportSummary {
        plugin: plugin.0.clone(),
        plugin_title,
        id: report.id,
        title: report.title,
        description: report.description,
        kind: report.kind,
        group,
        days: report.days,
    }
}

fn row(row: Row) -> schema::ReportRow {
    let Row { key, title, count, value, p90, met } = row;
    schema::ReportRow { key, title, count, value, p90, met }
}
