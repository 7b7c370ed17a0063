//! Identities: the end users of traced applications.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use postil::clock::rfc3339;
use postil::project::identity::{self, Draft, Filter, Identity, Order};
use postil::{Error, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
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
#[derive(Serialize, ToSchema)]
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
        }
    }
}

/// One identity.
#[derive(Serialize, ToSchema)]
struct IdentityAnswer {
    identity: IdentityBody,
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
    let page = app.db.read(move |tx| identity::list(tx, &caller, &filter, &page)).await?;
    let data = page.data.into_iter().map(Into::into).collect();
    Ok(Json(IdentityList { object: "list", data, has_more: page.has_more }))
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
    Ok((StatusCode::CREATED, Json(IdentityAnswer { identity: identity.into() })))
}

/// Read an identity, by our id or the application's.
#[utoipa::path(get, path = "/v2/identities/{id}", tag = "identities", params(("id" = String, Path)), responses(
    (status = 200, description = "The identity", body = IdentityAnswer),
    (status = "4XX", description = "Why not", body = ErrorBody),
))]
async fn get(
    By(caller): By<{ READ }>,
    State(app): State<App>,
    Path(id): Path<String>,
) -> ApiResult<Json<IdentityAnswer>> {
    let identity = app.db.read(move |tx| identity::get(tx, &caller, &id)).await?;
    Ok(Json(IdentityAnswer { identity: identity.into() }))
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
    Ok(Json(IdentityAnswer { identity: identity.into() }))
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
