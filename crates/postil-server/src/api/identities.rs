//! Identities: the end users of traced applications.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use postil::clock::rfc3339;
use postil::project::identity::{self, Draft, Filter, Identity, Order};
use postil::trace::search::{self, UserUsage};
use postil::{Error, Result, Tx};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::audit;
use super::body::Body;
use super::caller::{ANY, By, READ};
use super::error::{ApiResult, ErrorBody};
use super::params::{Cursor, Params};
use super::projects::Done;
use crate::state::App;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(get, update, delete))
}

/// An end user of a traced application.
#[derive(Clone, Serialize, ToSchema)]
#[schema(as = Identity)]
struct IdentityBody {
    #[serde(rename = "_id")]
    id: String,
    /// The id it has in the application.
    external_id: String,
    workspace_id: String,
    created: String,
    updated: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    display_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    avatar_url: Option<String>,
    tags: Vec<String>,
    metadata: Map<String, Value>,
    /// Always in lists; of a single identity on demand.
    #[serde(skip_serializing_if = "Option::is_none")]
    metrics: Option<IdentityMetrics>,
}

/// What the end user used in the last 30 days.
#[derive(Clone, Copy, Default, Serialize, ToSchema)]
struct IdentityMetrics {
    total_tokens: i64,
    /// In US dollars.
    total_cost: f64,
    /// How many traces name the identity.
    total_requests: i64,
    /// Which part of them failed, from 0 to 1.
    error_rate: f64,
}

impl IdentityMetrics {
    #[expect(clippy::cast_precision_loss, reason = "a rate needs no 63 bits")]
    fn of(usages: impl Iterator<Item = UserUsage>) -> IdentityMetrics {
        let sum = usages.fold(UserUsage::default(), |sum, usage| UserUsage {
            traces: sum.traces + usage.traces,
            failed: sum.failed + usage.failed,
            tokens: sum.tokens.saturating_add(usage.tokens),
            cost: sum.cost + usage.cost,
        });
        IdentityMetrics {
            total_tokens: sum.tokens,
            total_cost: sum.cost,
            total_requests: sum.traces,
            error_rate: if sum.traces == 0 { 0.0 } else { sum.failed as f64 / sum.traces as f64 },
        }
    }
}

/// The span of time that metrics are about, in microseconds.
const METRICS_SPAN: i64 = 30 * 24 * 3600 * 1_000_000;

/// Identities with their metrics: traces name them by the application's id or by ours.
fn with_metrics(tx: &mut Tx<'_>, now: i64, project: i64, identities: Vec<Identity>) -> Result<Vec<IdentityBody>> {
    let names = |identity: &Identity| [identity.external_id.clone(), identity.id.clone()];
    let user_ids: Vec<_> = identities.iter().flat_map(names).collect();
    let used = search::usage_of(tx, project, &user_ids, (now - METRICS_SPAN).saturating_mul(1000))?;
    let with = |identity: Identity| {
        let usages = names(&identity).into_iter().filter_map(|name| used.get(&name).copied());
        let metrics = Some(IdentityMetrics::of(usages));
        IdentityBody { metrics, ..identity.into() }
    };
    Ok(identities.into_iter().map(with).collect())
}

impl From<Identity> for IdentityBody {
    fn from(identity: Identity) -> IdentityBody {
        IdentityBody {
            id: identity.id,
            external_id: identity.external_id,
            workspace_id: identity.workspace_id,
            created: rfc3339(identity.created_at),
            updated: rfc3339(identity.updated_at),
            display_name: identity.display_name,
            email: identity.email,
            avatar_url: identity.avatar_url,
            tags: identity.tags,
            metadata: identity.metadata,
            metrics: None,
        }
    }
}

/// One identity. Clients before 4.13 read its fields beside `identity`.
#[derive(Serialize, ToSchema)]
struct IdentityAnswer {
    identity: IdentityBody,
    #[serde(flatten)]
    fields: IdentityBody,
}

impl From<IdentityBody> for IdentityAnswer {
    fn from(identity: IdentityBody) -> IdentityAnswer {
        IdentityAnswer { fields: identity.clone(), identity }
    }
}

impl From<Identity> for IdentityAnswer {
    fn from(identity: Identity) -> IdentityAnswer {
        IdentityBody::from(identity).into()
    }
}

/// One page of identities.
#[derive(Serialize, ToSchema)]
struct IdentityList {
    /// Always `list`.
    object: &'static str,
    data: Vec<IdentityBody>,
    has_more: bool,
}

/// What a new identity is to be.
#[derive(Deserialize, ToSchema)]
struct NewIdentity {
    /// The id it has in the application, unique in the workspace.
    external_id: String,
    display_name: Option<String>,
    email: Option<String>,
    avatar_url: Option<String>,
    tags: Option<Vec<String>>,
    metadata: Option<Map<String, Value>>,
}

/// What is to change about an identity; empty text and empty tags take away.
#[derive(Deserialize, ToSchema)]
struct IdentityChange {
    display_name: Option<String>,
    email: Option<String>,
    avatar_url: Option<String>,
    tags: Option<Vec<String>>,
    metadata: Option<Map<String, Value>>,
}

/// What to say of an identity.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct With {
    /// Whether to add what the end user used in the last 30 days.
    #[serde(default)]
    include_metrics: bool,
}

/// Reads the query by hand: `filter_by.tags` may come several times.
fn read_query(pairs: Vec<(String, String)>) -> Result<(Filter, Cursor)> {
    let (mut filter, mut cursor) = (Filter::default(), Cursor::default());
    for (name, value) in pairs {
        match name.as_str() {
            "limit" => {
                let wrong = |_| Error::field("invalid_limit", "limit", "limit must be a whole number.");
                cursor.limit = Some(value.parse().map_err(wrong)?);
            }
            "starting_after" => cursor.starting_after = Some(value),
            "ending_before" => cursor.ending_before = Some(value),
            "search" => filter.search = Some(value),
            "filter_by.tags" => filter.tags.push(value),
            "sort_by" => {
                filter.order = match value.as_str() {
                    "IDENTITY_SORT_FIELD_DISPLAY_NAME" => Order::Name,
                    "IDENTITY_SORT_FIELD_UPDATED" => Order::Updated,
                    _ => {
                        let message = format!(
                            "Invalid value: {value}. Valid options are: IDENTITY_SORT_FIELD_DISPLAY_NAME, \
                             IDENTITY_SORT_FIELD_UPDATED."
                        );
                        return Err(Error::field("invalid_value", "sort_by", message));
                    }
                }
            }
            _ => {}
        }
    }
    Ok((filter, cursor))
}

/// List identities, newest first.
#[utoipa::path(get, path = "/v2/identities", tag = "identities", params(
    Cursor,
    ("search" = Option<String>, Query, description = "Text in the external id, name or e-mail address"),
    ("filter_by.tags" = Option<Vec<String>>, Query, description = "Tags that all must be there"),
    ("sort_by" = Option<String>, Query,
        description = "`IDENTITY_SORT_FIELD_DISPLAY_NAME` or `IDENTITY_SORT_FIELD_UPDATED`"),
), responses(
    (status = 200, description = "One page", body = IdentityList),
    (status = "4XX", description = "Why not", body = ErrorBody),
))]
async fn list(
    By(caller): By<{ READ }>,
    State(app): State<App>,
    Params(pairs): Params<Vec<(String, String)>>,
) -> ApiResult<Json<IdentityList>> {
    let (filter, cursor) = read_query(pairs)?;
    let page = cursor.page()?;
    let now = app.clock.now();
    let list = app.db.read(move |tx| {
        let found = identity::list(tx, &caller, &filter, &page)?;
        let data = with_metrics(tx, now, caller.project.number, found.data)?;
        Ok(IdentityList { object: "list", data, has_more: found.has_more })
    });
    Ok(Json(list.await?))
}

/// Make an identity.
#[utoipa::path(post, path = "/v2/identities", tag = "identities", request_body = NewIdentity, responses(
    (status = 201, description = "The identity", body = IdentityAnswer),
    (status = "4XX", description = "Why not", body = ErrorBody),
))]
async fn create(
    By(caller): By<{ ANY }>,
    State(app): State<App>,
    Body(body): Body<NewIdentity>,
) -> ApiResult<(StatusCode, Json<IdentityAnswer>)> {
    let draft = Draft {
        display_name: body.display_name,
        email: body.email,
        avatar_url: body.avatar_url,
        tags: body.tags,
        metadata: body.metadata,
    };
    let (by, clock, external_id) = (caller.clone(), app.clock.clone(), body.external_id);
    let identity = app.db.write(move |tx| identity::create(tx, &clock, &by, &external_id, &draft)).await?;
    audit::changed(&caller.actor.reference(), "identity.create", &identity.id);
    Ok((StatusCode::CREATED, Json(identity.into())))
}

/// Read an identity, by our id or the application's.
#[utoipa::path(get, path = "/v2/identities/{id}", tag = "identities", params(("id" = String, Path), With), responses(
    (status = 200, description = "The identity", body = IdentityAnswer),
    (status = "4XX", description = "Why not", body = ErrorBody),
))]
async fn get(
    By(caller): By<{ READ }>,
    State(app): State<App>,
    Path(id): Path<String>,
    Params(with): Params<With>,
) -> ApiResult<Json<IdentityAnswer>> {
    let now = app.clock.now();
    let answer = app.db.read(move |tx| {
        let identity = identity::get(tx, &caller, &id)?;
        if !with.include_metrics {
            return Ok(identity.into());
        }
        let mut measured = with_metrics(tx, now, caller.project.number, vec![identity])?;
        measured.pop().map(IdentityAnswer::from).ok_or_else(|| Error::internal("an identity was lost"))
    });
    Ok(Json(answer.await?))
}

/// Change an identity.
#[utoipa::path(patch, path = "/v2/identities/{id}", tag = "identities", params(("id" = String, Path)),
request_body = IdentityChange, responses(
    (status = 200, description = "The identity as it is now", body = IdentityAnswer),
    (status = "4XX", description = "Why not", body = ErrorBody),
))]
async fn update(
    By(caller): By<{ ANY }>,
    State(app): State<App>,
    Path(id): Path<String>,
    Body(body): Body<IdentityChange>,
) -> ApiResult<Json<IdentityAnswer>> {
    let draft = Draft {
        display_name: body.display_name,
        email: body.email,
        avatar_url: body.avatar_url,
        tags: body.tags,
        metadata: body.metadata,
    };
    let (by, clock) = (caller.clone(), app.clock.clone());
    let identity = app.db.write(move |tx| identity::update(tx, &clock, &by, &id, &draft)).await?;
    audit::changed(&caller.actor.reference(), "identity.change", &identity.id);
    Ok(Json(identity.into()))
}

/// Delete an identity. What was said in its name keeps the id.
#[utoipa::path(delete, path = "/v2/identities/{id}", tag = "identities", params(("id" = String, Path)), responses(
    (status = 200, description = "Deleted", body = Done),
    (status = "4XX", description = "Why not", body = ErrorBody),
))]
async fn delete(By(caller): By<{ ANY }>, State(app): State<App>, Path(id): Path<String>) -> ApiResult<Json<Done>> {
    let by = caller.clone();
    let id = app.db.write(move |tx| identity::delete(tx, &by, &id)).await?;
    audit::changed(&caller.actor.reference(), "identity.delete", &id);
    Ok(Json(Done {}))
}
