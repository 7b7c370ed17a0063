//! Automations: what is done with traces that match, by itself.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use postil::automation::{self, Automation, Totals};
use postil::page::PageRequest;
use postil::trace::search::Window;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::automation_runs::{AutomationDryRun, AutomationRunList, outcome};
use super::automation_shapes::{AutomationDryRunInput, AutomationInput, AutomationView};
use super::body::{Body, OptionalBody};
use super::caller::{By, DEFINE, READ};
use super::error::{ApiResult, ErrorBody};
use super::jobs::JobView;
use super::params::Params;
use super::traces_aggregate::optional_instant;
use crate::state::App;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(dry_run))
        .routes(routes!(get, update, remove))
        .routes(routes!(back_fill))
        .routes(routes!(runs))
}

/// A page of automations.
#[derive(Serialize, ToSchema)]
struct AutomationList {
    #[schema(example = "list")]
    object: &'static str,
    data: Vec<AutomationView>,
    has_more: bool,
}

/// Which automations to list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct AutomationsQuery {
    /// How many, 1 to 200; 10 when nothing is said.
    limit: Option<i64>,
    /// The id of the last automation of the page before.
    starting_after: Option<String>,
    /// The id of the first automation of the page after.
    ending_before: Option<String>,
    /// A part of the name, in any case.
    search: Option<String>,
}

fn filled(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

/// Automations with what they did.
fn views(
    tx: &mut postil::Tx<'_>,
    project_id: &str,
    automations: Vec<Automation>,
) -> postil::Result<Vec<AutomationView>> {
    let ids: Vec<String> = automations.iter().map(|automation| automation.id.clone()).collect();
    let totals = automation::totals(tx, &ids)?;
    let view = |automation: Automation| {
        let totals = totals.get(&automation.id).copied().unwrap_or_default();
        AutomationView::of(automation, project_id, totals)
    };
    Ok(automations.into_iter().map(view).collect())
}

fn view(tx: &mut postil::Tx<'_>, project_id: &str, automation: Automation) -> postil::Result<AutomationView> {
    let totals = automation::totals(tx, std::slice::from_ref(&automation.id))?;
    let totals = totals.get(&automation.id).copied().unwrap_or_else(Totals::default);
    Ok(AutomationView::of(automation, project_id, totals))
}

/// List the automations of a project, newest first
#[utoipa::path(get, path = "/v2/automations", tag = "automations", params(AutomationsQuery),
    responses((status = 200, body = AutomationList), (status = "4XX", body = ErrorBody)))]
async fn list(
    State(app): State<App>,
    By(caller): By<READ>,
    Params(given): Params<AutomationsQuery>,
) -> ApiResult<Json<AutomationList>> {
    let page = PageRequest::new(given.limit, filled(given.starting_after), filled(given.ending_before))?;
    let search = filled(given.search);
    let reading = app.db.read(move |tx| {
        let found = automation::list(tx, &caller, search.as_deref(), &page)?;
        let data = views(tx, &caller.project.id, found.data)?;
        Ok(AutomationList { object: "list", data, has_more: found.has_more })
    });
    Ok(Json(reading.await?))
}

/// Make an automation
#[utoipa::path(post, path = "/v2/automations", tag = "automations", request_body = AutomationInput,
    responses((status = 200, body = AutomationView), (status = "4XX", body = ErrorBody)))]
async fn create(
    State(app): State<App>,
    By(caller): By<DEFINE>,
    Body(given): Body<AutomationInput>,
) -> ApiResult<Json<AutomationView>> {
    let (clock, wanted) = (app.clock.clone(), given.read()?);
    let writing = app.db.write(move |tx| {
        let made = automation::create(tx, &clock, &caller, &wanted)?;
        view(tx, &caller.project.id, made)
    });
    Ok(Json(writing.await?))
}

/// Read an automation
#[utoipa::path(get, path = "/v2/automations/{automation_id}", tag = "automations",
    params(("automation_id" = String, Path)),
    responses((status = 200, body = AutomationView), (status = "4XX", body = ErrorBody)))]
async fn get(State(app): State<App>, By(caller): By<READ>, Path(id): Path<String>) -> ApiResult<Json<AutomationView>> {
    let reading = app.db.read(move |tx| {
        let found = automation::get(tx, &caller, &id)?;
        view(tx, &caller.project.id, found)
    });
    Ok(Json(reading.await?))
}

/// Change an automation
///
/// What is not mentioned stays as it is. What it did stays done.
#[utoipa::path(patch, path = "/v2/automations/{automation_id}", tag = "automations",
    params(("automation_id" = String, Path)), request_body = AutomationInput,
    responses((status = 200, body = AutomationView), (status = "4XX", body = ErrorBody)))]
async fn update(
    State(app): State<App>,
    By(caller): By<DEFINE>,
    Path(id): Path<String>,
    Body(given): Body<AutomationInput>,
) -> ApiResult<Json<AutomationView>> {
    let (clock, wanted) = (app.clock.clone(), given.read()?);
    let writing = app.db.write(move |tx| {
        let changed = automation::update(tx, &clock, &caller, &id, &wanted)?;
        view(tx, &caller.project.id, changed)
    });
    Ok(Json(writing.await?))
}

/// Delete an automation
///
/// With the log of what it did. What it did stays done.
#[utoipa::path(delete, path = "/v2/automations/{automation_id}", tag = "automations",
    params(("automation_id" = String, Path)), responses((status = 204), (status = "4XX", body = ErrorBody)))]
async fn remove(State(app): State<App>, By(caller): By<DEFINE>, Path(id): Path<String>) -> ApiResult<StatusCode> {
    app.db.write(move |tx| automation::remove(tx, &caller, &id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Try an automation on the traces of the last days
///
/// Nothing is done and nothing is stored. Quotas count by the day on which a trace started.
#[utoipa::path(post, path = "/v2/automations/dry-run", tag = "automations", request_body = AutomationDryRunInput,
    responses((status = 200, body = AutomationDryRun), (status = "4XX", body = ErrorBody)))]
async fn dry_run(
    State(app): State<App>,
    By(caller): By<READ>,
    Body(given): Body<AutomationDryRunInput>,
) -> ApiResult<Json<AutomationDryRun>> {
    let (clock, id, days) = (app.clock.clone(), filled(given.automation_id), given.days.unwrap_or(7));
    let shown = usize::try_from(given.limit.unwrap_or(20)).unwrap_or(usize::MAX);
    let wanted = given.automation.read()?;
    let reading =
        app.db.scan(move |tx| automation::dry_run(tx, &clock, &caller, (&wanted, id.as_deref()), days, shown));
    Ok(Json(AutomationDryRun::of(reading.await?, days)))
}

/// When the traces started that an automation is to look at.
#[derive(Default, Deserialize, ToSchema)]
struct BackFillInput {
    /// The earliest start; any when nothing is said.
    #[schema(format = DateTime)]
    from: Option<String>,
    /// Before which they started; now when nothing is said.
    #[schema(format = DateTime)]
    to: Option<String>,
}

/// Let an automation look at what is stored already
///
/// In the background, as a job that can be followed and canceled; also while the automation is paused. What it acted on
/// before is passed over. Quotas count by the day on which it acts.
#[utoipa::path(post, path = "/v2/automations/{automation_id}/back-fill", tag = "automations",
    params(("automation_id" = String, Path)), request_body = BackFillInput,
    responses((status = 202, body = JobView), (status = "4XX", body = ErrorBody)))]
async fn back_fill(
    State(app): State<App>,
    By(caller): By<DEFINE>,
    Path(id): Path<String>,
    OptionalBody(given): OptionalBody<BackFillInput>,
) -> ApiResult<(StatusCode, Json<JobView>)> {
    let from = optional_instant(given.from.as_deref(), "from")?;
    let window = Window::of_micros(from, optional_instant(given.to.as_deref(), "to")?);
    let clock = app.clock.clone();
    let job = app.db.write(move |tx| automation::back_fill(tx, &clock, &caller, &id, window)).await?;
    Ok((StatusCode::ACCEPTED, Json(job.into())))
}

/// Which runs to list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct RunsQuery {
    /// `acted`, `not_sampled`, `over_quota` or `failed`; all when nothing is said.
    outcome: Option<String>,
    /// How many, 1 to 200; 10 when nothing is said.
    limit: Option<i64>,
    /// The id of the last run of the page before.
    starting_after: Option<String>,
    /// The id of the first run of the page after.
    ending_before: Option<String>,
}

/// List what an automation did, newest first
///
/// Of what matched and was not acted on, at most 1,000 a day are listed, for 30 days; the totals count all.
#[utoipa::path(get, path = "/v2/automations/{automation_id}/runs", tag = "automations",
    params(("automation_id" = String, Path), RunsQuery),
    responses((status = 200, body = AutomationRunList), (status = "4XX", body = ErrorBody)))]
async fn runs(
    State(app): State<App>,
    By(caller): By<READ>,
    Path(id): Path<String>,
    Params(given): Params<RunsQuery>,
) -> ApiResult<Json<AutomationRunList>> {
    let page = PageRequest::new(given.limit, filled(given.starting_after), filled(given.ending_before))?;
    let wanted = outcome(given.outcome.as_deref())?;
    let found = app.db.read(move |tx| automation::runs(tx, &caller, &id, wanted, &page)).await?;
    Ok(Json(AutomationRunList::of(found.data, found.has_more)))
}
