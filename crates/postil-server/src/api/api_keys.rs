//! API keys.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use postil::clock::{parse_rfc3339, rfc3339};
use postil::project::access::{DOMAINS, Wanted};
use postil::project::key;
use postil::project::keys::{self, ApiKey, Change, Draft, Owner, Reach};
use postil::{Error, Result};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::audit;
use super::body::Body;
use super::caller::{ADMIN, By};
use super::error::{ApiResult, ErrorBody};
use super::params::Params;
use crate::state::App;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(capabilities))
        .routes(routes!(get, update, delete))
}

/// An API key. Its secret is in `token` once, when it is made; afterwards its first and last characters.
#[derive(Serialize, ToSchema)]
#[schema(as = ApiKey)]
struct KeyBody {
    id: String,
    name: String,
    workspace_id: String,
    token: String,
    token_prefix: String,
    active: bool,
    /// `active`, `disabled` or `revoked`.
    status: String,
    is_legacy: bool,
    /// Always `workspace`.
    source: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    expiration: Option<String>,
    constraints: ConstraintsBody,
    /// The project it is bound to; none when it reaches all.
    projects: Vec<String>,
    project_scope: ScopeBody,
    /// `all`, `restricted` or `read_only`.
    permission_mode: String,
    access: BTreeMap<String, String>,
    /// What it may do: some of `ingest`, `annotate`, `read`, `admin`.
    scopes: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<OwnerBody>,
    created_by_id: String,
    updated_by_id: String,
    created: String,
    updated: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_used_at: Option<String>,
}

/// Whose a key is.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(as = ApiKeyOwner)]
#[serde(deny_unknown_fields)]
struct OwnerBody {
    /// `user`, or another word.
    #[serde(rename = "type")]
    kind: String,
    /// The member, for `user`.
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<String>,
}

/// What limits a key.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(as = ApiKeyConstraints)]
#[serde(deny_unknown_fields)]
struct ConstraintsBody {
    /// When it stops working.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<String>,
}

/// Which projects a key reaches.
#[derive(Default, Serialize, Deserialize, ToSchema)]
#[schema(as = ApiKeyProjectScope)]
#[serde(deny_unknown_fields)]
struct ScopeBody {
    /// `all` or `single`.
    #[serde(skip_serializing_if = "Option::is_none")]
    mode: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    project_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    single: Option<SingleBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    all: Option<AllBody>,
}

/// One project.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(as = ApiKeySingleProject)]
#[serde(deny_unknown_fields)]
struct SingleBody {
    project_id: String,
}

/// Every project.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(as = ApiKeyAllProjects)]
struct AllBody {}

impl ScopeBody {
    fn reach(&self) -> Result<Option<Reach>> {
        let wrong = |message: &str| Err(Error::field("invalid_value", "project_scope", message));
        let single = self.single.as_ref().map(|single| &single.project_id);
        if let (Some(one), Some(other)) = (&self.project_id, single)
            && one != other
        {
            return wrong("project_scope names two projects.");
        }
        let project = self.project_id.as_ref().or(single);
        let mode = self.mode.as_deref().map(|mode| mode.strip_prefix("PROJECT_SCOPE_MODE_").unwrap_or(mode));
        match (mode.map(str::to_lowercase).as_deref(), project, &self.all) {
            (Some("single") | None, Some(project), None) => Ok(Some(Reach::Project(project.clone()))),
            (Some("all"), None, _) | (None, None, Some(_)) => Ok(Some(Reach::Workspace)),
            (None, None, None) => Ok(None),
            _ => wrong("project_scope is of mode all, or of mode single with a project_id."),
        }
    }
}

impl KeyBody {
    fn new(key: ApiKey) -> KeyBody {
        let project_scope = match &key.project_id {
            Some(id) => ScopeBody {
                mode: Some("single".into()),
                project_id: Some(id.clone()),
                single: Some(SingleBody { project_id: id.clone() }),
                all: None,
            },
            None => ScopeBody { mode: Some("all".into()), all: Some(AllBody {}), ..ScopeBody::default() },
        };
        let owner = key.owner.map(|owner| match owner.split_once(':') {
            Some((kind, id)) => OwnerBody { kind: kind.into(), user_id: Some(id.into()) },
            None => OwnerBody { kind: owner, user_id: None },
        });
        KeyBody {
            token: key.masked.clone(),
            token_prefix: key.masked,
            active: key.status == "active",
            status: key.status,
            is_legacy: false,
            source: "workspace",
            expiration: key.expires_at.map(rfc3339),
            constraints: ConstraintsBody { expires_at: key.expires_at.map(rfc3339) },
            projects: key.project_id.into_iter().collect(),
            project_scope,
            permission_mode: key.access.permission_mode,
            access: key.access.levels,
            scopes: key.access.scopes,
            owner,
            created_by_id: key.created_by,
            updated_by_id: key.updated_by,
            created: rfc3339(key.created_at),
            updated: rfc3339(key.updated_at),
            last_used_at: key.last_used_at.map(rfc3339),
            id: key.id,
            name: key.name,
            workspace_id: key.workspace_id,
        }
    }
}

/// What a new key is to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewKeyBody {
    /// 1 to 128 characters.
    name: String,
    /// `none`, `read` or `write` by domain, for restricted keys; the domains are in the capability catalogue.
    access: Option<BTreeMap<String, String>>,
    constraints: Option<ConstraintsBody>,
    /// The same as `constraints.expires_at`; clients of 4.13 call it `expires_at`.
    #[serde(alias = "expires_at")]
    expiration: Option<String>,
    owner: Option<OwnerBody>,
    /// `all`, `restricted` or `read_only`.
    permission_mode: Option<String>,
    project_scope: Option<ScopeBody>,
    /// At most one project; the same as `project_scope`.
    projects: Option<Vec<String>>,
    /// Some of `ingest`, `annotate`, `read`, `admin`; in place of `permission_mode` and `access`.
    scopes: Option<Vec<String>>,
}

/// What is to change about a key.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct KeyChange {
    access: Option<BTreeMap<String, String>>,
    active: Option<bool>,
    constraints: Option<ConstraintsBody>,
    /// The same as `constraints.expires_at`, as clients of 4.13 say it.
    expires_at: Option<String>,
    name: Option<String>,
    permission_mode: Option<String>,
    project_scope: Option<ScopeBody>,
    /// `active`, `disabled` or `revoked`, or the same as an enumeration constant.
    status: Option<String>,
    scopes: Option<Vec<String>>,
}

/// Which keys.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Which {
    /// Those bound to this project.
    project_id: Option<String>,
    /// `workspace`; of any other source there are none.
    source: Option<String>,
}

/// What can be given to keys.
#[derive(Serialize, ToSchema)]
struct Capabilities {
    domains: Vec<DomainBody>,
}

/// A domain of restricted keys.
#[derive(Serialize, ToSchema)]
#[schema(as = CapabilityDomain)]
struct DomainBody {
    id: &'static str,
    display_name: &'static str,
    /// `DOMAIN_GROUP_WORKSPACE_ADMIN` or `DOMAIN_GROUP_PLATFORM`.
    group: &'static str,
    /// `SCOPE_MODE_ALL`, `SCOPE_MODE_SINGLE`.
    allowed_scopes: Vec<&'static str>,
    extra_write_verbs: Vec<&'static str>,
    readable: bool,
    writable: bool,
}

fn time(text: Option<&String>, field: &str) -> Result<Option<i64>> {
    let wrong = || Error::field("invalid_value", field, format!("{field} is a time such as 2026-11-21T10:00:00Z."));
    text.map(|text| parse_rfc3339(text).ok_or_else(wrong)).transpose()
}

/// List the API keys the caller may administer, by name.
#[utoipa::path(get, path = "/v2/api-keys", tag = "api-keys", params(Which), responses(
    (status = 200, description = "Keys by name", body = Vec<KeyBody>),
    (status = "4XX", description = "Why not", body = ErrorBody),
))]
async fn list(
    By(caller): By<{ ADMIN }>,
    State(app): State<App>,
    Params(which): Params<Which>,
) -> ApiResult<Json<Vec<KeyBody>>> {
    if which.source.as_deref().is_some_and(|source| !["", "workspace"].contains(&source)) {
        return Ok(Json(Vec::new()));
    }
    let found = app.db.read(move |tx| keys::list(tx, &caller, which.project_id.as_deref())).await?;
    Ok(Json(found.into_iter().map(KeyBody::new).collect()))
}

/// Make an API key. Its secret is in the answer, and nowhere else.
#[utoipa::path(post, path = "/v2/api-keys", tag = "api-keys", request_body = NewKeyBody, responses(
    (status = 200, description = "The key with its secret", body = KeyBody),
    (status = "4XX", description = "Why not", body = ErrorBody),
))]
async fn create(
    By(caller): By<{ ADMIN }>,
    State(app): State<App>,
    Body(body): Body<NewKeyBody>,
) -> ApiResult<Json<KeyBody>> {
    let mut reach = body.project_scope.as_ref().map(ScopeBody::reach).transpose()?.flatten();
    if let Some(projects) = body.projects.filter(|projects| !projects.is_empty()) {
        if projects.len() > 1 || reach.is_some() {
            let message = "A key is bound to one project: give projects with one entry, or project_scope.";
            return Err(Error::field("invalid_value", "projects", message).into());
        }
        reach = projects.into_iter().next().map(Reach::Project);
    }
    let constrained = body.constraints.as_ref().and_then(|constraints| constraints.expires_at.as_ref());
    let expires_at = time(constrained, "constraints.expires_at")?.or(time(body.expiration.as_ref(), "expiration")?);
    let draft = Draft {
        name: body.name,
        wanted: Wanted { permission_mode: body.permission_mode, access: body.access, scopes: body.scopes },
        reach,
        expires_at,
        owner: body.owner.map(|owner| Owner { kind: owner.kind, user_id: owner.user_id }),
    };
    let (by, clock, token) = (caller.clone(), app.clock.clone(), key::generate());
    let secret = token.clone();
    let made = app.db.write(move |tx| keys::create(tx, &clock, &by, &secret, &draft)).await?;
    audit::changed(&caller.actor.reference(), "api_key.create", &made.id);
    Ok(Json(KeyBody { token, ..KeyBody::new(made) }))
}

/// What can be given to API keys. Needs no credentials.
#[utoipa::path(get, path = "/v2/api-keys/capabilities", tag = "api-keys", security(()), responses(
    (status = 200, description = "The domains of restricted keys", body = Capabilities),
))]
async fn capabilities() -> Json<Capabilities> {
    let domains = DOMAINS.map(|domain| DomainBody {
        id: domain.id,
        display_name: domain.display_name,
        group: if domain.administrative { "DOMAIN_GROUP_WORKSPACE_ADMIN" } else { "DOMAIN_GROUP_PLATFORM" },
        allowed_scopes: vec!["SCOPE_MODE_ALL", "SCOPE_MODE_SINGLE"],
        extra_write_verbs: Vec::new(),
        readable: true,
        writable: true,
    });
    Json(Capabilities { domains: domains.into() })
}

/// Read an API key.
#[utoipa::path(get, path = "/v2/api-keys/{api_key_id}", tag = "api-keys", params(("api_key_id" = String, Path)),
responses(
    (status = 200, description = "The key without its secret", body = KeyBody),
    (status = "4XX", description = "Why not", body = ErrorBody),
))]
async fn get(By(caller): By<{ ADMIN }>, State(app): State<App>, Path(id): Path<String>) -> ApiResult<Json<KeyBody>> {
    Ok(Json(KeyBody::new(app.db.read(move |tx| keys::get(tx, &caller, &id)).await?)))
}

/// Change an API key, or switch it off and on.
#[utoipa::path(patch, path = "/v2/api-keys/{api_key_id}", tag = "api-keys", params(("api_key_id" = String, Path)),
request_body = KeyChange, responses(
    (status = 200, description = "The key as it is now", body = KeyBody),
    (status = "4XX", description = "Why not", body = ErrorBody),
))]
async fn update(
    By(caller): By<{ ADMIN }>,
    State(app): State<App>,
    Path(id): Path<String>,
    Body(body): Body<KeyChange>,
) -> ApiResult<Json<KeyBody>> {
    let status = body.status.map(|status| match status.strip_prefix("API_KEY_STATUS_") {
        Some(constant) => constant.to_lowercase(),
        None => status,
    });
    let switched = body.active.map(|active| if active { "active" } else { "disabled" }.to_owned());
    if let (Some(switched), Some(status)) = (&switched, &status)
        && (switched == "active") != (status == "active")
    {
        return Err(Error::field("invalid_value", "active", "active and status contradict each other.").into());
    }
    let expires_at = body.constraints.as_ref().and_then(|constraints| constraints.expires_at.as_ref());
    let expires_at = time(expires_at, "constraints.expires_at")?.or(time(body.expires_at.as_ref(), "expires_at")?);
    let change = Change {
        name: body.name,
        wanted: Wanted { permission_mode: body.permission_mode, access: body.access, scopes: body.scopes },
        reach: body.project_scope.as_ref().map(ScopeBody::reach).transpose()?.flatten(),
        status: status.or(switched),
        expires_at,
    };
    let (by, clock, target) = (caller.clone(), app.clock.clone(), id.clone());
    let key = app.db.write(move |tx| keys::update(tx, &clock, &by, &target, &change)).await?;
    app.forget_callers();
    audit::changed(&caller.actor.reference(), "api_key.change", &id);
    Ok(Json(KeyBody::new(key)))
}

/// Delete an API key: it stops working at once.
#[utoipa::path(delete, path = "/v2/api-keys/{api_key_id}", tag = "api-keys", params(("api_key_id" = String, Path)),
responses(
    (status = 204, description = "Deleted"),
    (status = "4XX", description = "Why not", body = ErrorBody),
))]
async fn delete(By(caller): By<{ ADMIN }>, State(app): State<App>, Path(id): Path<String>) -> ApiResult<StatusCode> {
    let (by, clock, target) = (caller.clone(), app.clock.clone(), id.clone());
    app.db.write(move |tx| keys::delete(tx, &clock, &by, &target)).await?;
    app.forget_callers();
    audit::changed(&caller.actor.reference(), "api_key.delete", &id);
    Ok(StatusCode::NO_CONTENT)
}
