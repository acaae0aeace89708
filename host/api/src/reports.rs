//! Reports of practices and questions that people keep: what there is, what each says, and what is behind a number.

use crate::extract::{Caller, Params};
use crate::page::Page;
use crate::problem::{ApiError, Result};
use crate::schema;
use crate::state::ApiState;
use crate::tickets::command::view;
use app::App;
use app::reports::{Behind, Choice, Computed, DAYS_MAX, Part, Row, Unit};
use axum::Json;
use axum::extract::{Path, State};
use domain::report::{Group, Measure, Report};
use domain::{Actor, PluginId};
use jiff::Timestamp;
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
    /// A time that is over: what the report would have said then.
    as_of: Option<Timestamp>,
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
pub(crate) struct ListBehindReport {
    space: Option<String>,
    days: Option<u32>,
    as_of: Option<Timestamp>,
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
    let choice = choice(query.space, query.days, None)?;
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

pub(crate) fn choice(space: Option<String>, days: Option<u32>, as_of: Option<Timestamp>) -> Result<Choice> {
    if days.is_some_and(|days| !(1..=DAYS_MAX).contains(&days)) {
        return Err(ApiError::bad_request("bad-parameter", format!("`days` is 1 to {DAYS_MAX}.")));
    }
    Ok(Choice { space, days, as_of })
}

/// The reports of all plugins that are switched on, and the saved questions that the caller may ask, as those of `saved`.
#[utoipa::path(get, path = "/reports", tag = "reports", responses((status = 200, body = Page<schema::ReportSummary>)))]
pub(crate) async fn list_reports(
    State(state): State<ApiState>,
    caller: Caller,
) -> Result<Json<Page<schema::ReportSummary>>> {
    Ok(Page::whole(summaries(&state.app, Some(&caller.actor)).await?))
}

/// What a report says about what the caller may see, now or at a time that is over. `saved` stands for the plugin of a saved question.
#[utoipa::path(get, path = "/reports/{plugin}/{id}", tag = "reports", params(("plugin" = String, Path), ("id" = String, Path), GetReport), responses((status = 200, body = schema::ReportResult)))]
pub(crate) async fn get_report(
    State(state): State<ApiState>,
    caller: Caller,
    Path((plugin, id)): Path<(String, String)>,
    Params(query): Params<GetReport>,
) -> Result<Json<schema::ReportResult>> {
    let choice = choice(query.space, query.days, query.as_of)?;
    let computed = state.app.report(&caller.actor, &PluginId(plugin), &id, &choice).await?;
    Ok(Json(result(computed)))
}

/// The tickets behind a row of a report, newest first, at most 200, as they are now. Reports about something else have none: ask `behind`.
#[utoipa::path(get, path = "/reports/{plugin}/{id}/tickets", tag = "reports", params(("plugin" = String, Path), ("id" = String, Path), ListBehindReport), responses((status = 200, body = Page<schema::Ticket>)))]
pub(crate) async fn list_report_tickets(
    State(state): State<ApiState>,
    caller: Caller,
    Path((plugin, id)): Path<(String, String)>,
    Params(query): Params<ListBehindReport>,
) -> Result<Json<Page<schema::Ticket>>> {
    match behind(&state, &caller, plugin, &id, query).await? {
        Behind::Tickets(tickets) => {
            Ok(Page::whole(tickets.into_iter().map(|ticket| view(&state, &caller.actor, ticket)).collect()))
        }
        Behind::Records(_) | Behind::Cis(_) => {
            Err(ApiError::bad_request("not-tickets", "This report is not about tickets: ask for `behind`."))
        }
    }
}

/// The tickets, records or configuration items behind a row of a report, at most 200, as they are now.
#[utoipa::path(get, path = "/reports/{plugin}/{id}/behind", tag = "reports", params(("plugin" = String, Path), ("id" = String, Path), ListBehindReport), responses((status = 200, body = Page<schema::Behind>)))]
pub(crate) async fn list_behind_report(
    State(state): State<ApiState>,
    caller: Caller,
    Path((plugin, id)): Path<(String, String)>,
    Params(query): Params<ListBehindReport>,
) -> Result<Json<Page<schema::Behind>>> {
    Ok(Page::whole(shown(behind(&state, &caller, plugin, &id, query).await?)))
}

async fn behind(
    state: &ApiState,
    caller: &Caller,
    plugin: String,
    id: &str,
    query: ListBehindReport,
) -> Result<Behind> {
    let part = match query.part {
        Some(ReportPart::All) | None => Part::All,
        Some(ReportPart::Met) => Part::Met,
        Some(ReportPart::Missed) => Part::Missed,
    };
    let choice = choice(query.space, query.days, query.as_of)?;
    let key = query.key.as_deref();
    Ok(state.app.report_behind(&caller.actor, &PluginId(plugin), id, &choice, key, part).await?)
}

/// What is behind a number.
fn shown(behind: Behind) -> Vec<schema::Behind> {
    match behind {
        Behind::Tickets(tickets) => {
            let shown = tickets.into_iter().map(|ticket| schema::Behind {
                noun: "ticket".to_owned(),
                id: ticket.id.0,
                number: Some(ticket.number),
                title: ticket.title,
                kind: ticket.kind.0,
                space: ticket.space.0,
                state: Some(ticket.state),
                category: Some(ticket.category),
            });
            shown.collect()
        }
        Behind::Records(records) => {
            let shown = records.into_iter().map(|record| schema::Behind {
                noun: "record".to_owned(),
                id: record.id.0,
                number: Some(record.number),
                title: record.title,
                kind: record.kind.0,
                space: record.space.0,
                state: Some(record.state),
                category: Some(record.category),
            });
            shown.collect()
        }
        Behind::Cis(cis) => {
            let shown = cis.into_iter().map(|ci| schema::Behind {
                noun: "ci".to_owned(),
                id: ci.id.0,
                number: None,
                title: ci.name,
                kind: ci.class,
                space: ci.space.0,
                state: None,
                category: None,
            });
            shown.collect()
        }
    }
}

/// What there is to ask for, with what somebody may ask of what is kept, as the API and the command line list it.
///
/// # Errors
/// The store cannot be read.
pub async fn summaries(app: &App, actor: Option<&Actor>) -> app::Result<Vec<schema::ReportSummary>> {
    let mut all: Vec<schema::ReportSummary> =
        app.report_list().into_iter().map(|(plugin, title, report)| summary(&plugin, Some(title), report)).collect();
    let saved = PluginId(app::reports::SAVED.to_owned());
    if let Some(actor) = actor {
        all.extend(app.saved_reports(actor).await?.into_iter().map(|report| summary(&saved, None, report)));
    }
    Ok(all)
}

/// What a report says, as the API and the command line write it.
#[must_use]
pub fn result(computed: Computed) -> schema::ReportResult {
    let Computed { plugin, report, unit, since, as_of, rows, total, complete } = computed;
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
        as_of,
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
        Group::Month => "month".to_owned(),
    });
    let measure = match &report.measure {
        Measure::Count => "count",
        Measure::Share { .. } => "share",
        Measure::TimeToResolve => "time-to-resolve",
        Measure::TimeToClose => "time-to-close",
        Measure::TimeOnClock { .. } => "time-on-clock",
        Measure::Average { .. } => "average",
        Measure::Sum { .. } => "sum",
        Measure::Spread { .. } => "spread",
        Measure::TargetsMet { .. } => "targets-met",
    };
    schema::ReportSummary {
        plugin: plugin.0.clone(),
        plugin_title,
        id: report.id,
        title: report.title,
        description: report.description,
        kind: report.kind,
        measure: measure.to_owned(),
        group,
        days: report.days,
    }
}

fn row(row: Row) -> schema::ReportRow {
    let Row { key, title, count, value, p90, percentiles, met } = row;
    schema::ReportRow { key, title, count, value, p90, percentiles, met }
}
