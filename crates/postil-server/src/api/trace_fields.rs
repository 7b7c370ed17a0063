//! What traces can be filtered by: fields, facets, and what the data of a project adds to them.

use std::collections::HashMap;

use axum::Json;
use axum::extract::{Query, State};
use axum::routing::get;
use postil::Error;
use postil::trace::filter::field::{LIFTED, Lifted, ValueKind, operators};
use postil::trace::filter::{Field, Filter, Join, Op, WireCondition};
use postil::trace::search::{Sort, facet};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::caller::{By, READ};
use super::error::{ApiResult, ErrorBody};
use crate::state::App;

/// The routes, and the older paths of the same.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_facets))
        .routes(routes!(list_fields))
        .routes(routes!(list_filters))
        .route("/v2/traces/facets", get(list_facets))
        .route("/v2/traces/fields", get(list_fields))
        .route("/v2/traces/filters", get(list_filters))
}

/// A condition on a field; see `/v3/traces/fields` for fields and their operators.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct TraceFilter {
    /// The field.
    pub field: Option<String>,
    /// The operator.
    pub op: Option<String>,
    /// The values, always text.
    pub values: Option<Vec<String>>,
}

/// Reads and checks the filters of a request.
pub fn read_filters(filters: &[TraceFilter], operator: Option<&str>) -> Result<Filter, Error> {
    let conditions: Vec<_> = filters
        .iter()
        .map(|filter| WireCondition {
            field: filter.field.clone(),
            op: filter.op.clone(),
            values: filter.values.clone().unwrap_or_default(),
        })
        .collect();
    Filter::from_wire(&conditions, Join::parse(operator)?, "filters")
}

/// A field whose values can be counted.
#[derive(Debug, Serialize, ToSchema)]
pub struct TraceFacet {
    /// Its name.
    field: &'static str,
    /// Its name for people.
    label: &'static str,
    /// What its values are.
    #[serde(rename = "type")]
    kind: &'static str,
}

/// The fields whose values can be counted.
#[derive(Debug, Serialize, ToSchema)]
pub struct ListTraceFacetsResponse {
    /// The fields.
    data: Vec<TraceFacet>,
}

/// A field traces can be filtered by.
#[derive(Debug, Serialize, ToSchema)]
pub struct TraceField {
    /// Its name, or what its name begins with.
    name: &'static str,
    /// Its name for people.
    label: &'static str,
    /// `string`, `number`, `datetime`, `boolean`, or `any`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// `trace`, or `span`: then some span of the trace is meant.
    scope: &'static str,
    /// `exact`, or `prefix`: then a key follows the name.
    #[serde(rename = "match")]
    matching: &'static str,
    /// The operators it takes.
    operators: Vec<&'static str>,
    /// Whether it is a facet.
    facet: bool,
    /// Whether traces can be sorted by it.
    sortable: bool,
    /// Whether traces can be grouped by it.
    groupable: bool,
    /// Other names it answers to.
    aliases: Vec<&'static str>,
    /// Its values, where they are few and known.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    enum_values: Vec<&'static str>,
}

/// The fields traces can be filtered by.
#[derive(Debug, Serialize, ToSchema)]
pub struct ListTraceFieldsResponse {
    /// The fields.
    data: Vec<TraceField>,
}

fn type_name(kind: ValueKind) -> &'static str {
    match kind {
        ValueKind::Text => "string",
        ValueKind::Number => "number",
        ValueKind::Time => "datetime",
        ValueKind::Truth => "boolean",
        ValueKind::Any => "any",
    }
}

fn names(operators: &[Op]) -> Vec<&'static str> {
    operators.iter().map(|op| op.name()).collect()
}

fn field(lifted: &'static Lifted) -> TraceField {
    TraceField {
        name: lifted.name,
        label: lifted.label,
        kind: type_name(lifted.kind),
        scope: if lifted.in_spans() { "span" } else { "trace" },
        matching: "exact",
        operators: names(Field::Lifted(lifted).operators()),
        facet: lifted.facet,
        sortable: Sort::parse(lifted.name, None, "").is_ok(),
        groupable: lifted.groupable(),
        aliases: lifted.aliases.to_vec(),
        enum_values: lifted.values.to_vec(),
    }
}

fn prefix(name: &'static str, label: &'static str, scope: &'static str, groupable: bool) -> TraceField {
    TraceField {
        name,
        label,
        kind: "any",
        scope,
        matching: "prefix",
        operators: names(operators(ValueKind::Any)),
        facet: false,
        sortable: false,
        groupable,
        aliases: Vec::new(),
        enum_values: Vec::new(),
    }
}

/// The fields whose values can be counted.
#[utoipa::path(get, path = "/v3/traces/facets", tag = "traces", responses(
    (status = 200, body = ListTraceFacetsResponse), (status = 401, body = ErrorBody)))]
pub async fn list_facets(_caller: By<READ>) -> Json<ListTraceFacetsResponse> {
    let facets = LIFTED.iter().filter(|lifted| lifted.facet);
    let data =
        facets.map(|lifted| TraceFacet { field: lifted.name, label: lifted.label, kind: type_name(lifted.kind) });
    Json(ListTraceFacetsResponse { data: data.collect() })
}

/// The fields traces can be filtered, sorted and grouped by.
#[utoipa::path(get, path = "/v3/traces/fields", tag = "traces", responses(
    (status = 200, body = ListTraceFieldsResponse), (status = 401, body = ErrorBody)))]
pub async fn list_fields(_caller: By<READ>) -> Json<ListTraceFieldsResponse> {
    let mut data: Vec<_> = LIFTED.iter().map(field).collect();
    data.push(prefix("attributes.", "Attribute of a span", "span", false));
    data.push(prefix("metadata.", "Metadata", "trace", true));
    data.push(prefix("annotation.", "Annotation, by the key or id of its human review", "span", true));
    data.push(prefix("evaluator.", "Verdict of an evaluator, by its id or name", "span", true));
    Json(ListTraceFieldsResponse { data })
}

/// An evaluator whose verdicts can be filtered by: `evaluator.<id>`.
#[derive(Debug, Serialize, ToSchema)]
pub struct EvaluatorFilter {
    /// Its id.
    id: String,
    /// Its name.
    display_name: String,
    /// Who judges: `llm`, `code` and the like.
    #[serde(rename = "type")]
    kind: String,
    /// What a verdict is.
    output_type: String,
}

/// A metadata key that can be filtered by: `metadata.<key>`.
#[derive(Debug, Serialize, ToSchema)]
pub struct MetadataFilter {
    /// The key.
    key: String,
    /// `string`, `number` or `boolean`.
    #[serde(rename = "type")]
    kind: &'static str,
}

/// A human review whose annotations can be filtered by: `annotation.<id>` or `annotation.<key>`.
#[derive(Debug, Serialize, ToSchema)]
pub struct AnnotationFilter {
    /// Its id.
    id: String,
    /// Its key.
    key: String,
    /// Its title.
    display_name: String,
    /// Its type.
    #[serde(rename = "type")]
    kind: String,
    /// The values that can be chosen, for selects.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    option_values: Vec<String>,
}

/// What the data of a project can be filtered by.
#[derive(Debug, Serialize, ToSchema)]
pub struct ListTraceFiltersResponse {
    /// The evaluators.
    evaluators: Vec<EvaluatorFilter>,
    /// The metadata keys of the newest traces.
    metadata: Vec<MetadataFilter>,
    /// The human reviews.
    annotations: Vec<AnnotationFilter>,
}

/// What the data of a project can be filtered by, beyond the fields every trace has.
#[utoipa::path(get, path = "/v3/traces/filters", tag = "traces", params(
    ("include_all" = Option<bool>, Query, description = "Human reviews that were never used, too.")),
    responses((status = 200, body = ListTraceFiltersResponse), (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody)))]
pub async fn list_filters(
    State(app): State<App>,
    By(caller): By<READ>,
    Query(params): Query<HashMap<String, String>>,
) -> ApiResult<Json<ListTraceFiltersResponse>> {
    let include_all = match params.get("include_all").map(|text| text.to_ascii_lowercase()).as_deref() {
        None | Some("" | "false") => false,
        Some("true") => true,
        Some(_) => {
            return Err(Error::field("invalid_value", "include_all", "include_all must be true or false.").into());
        }
    };
    let found = app.db.read(move |tx| facet::filters(tx, caller.project.number, include_all)).await?;
    let evaluators = found.evaluators.into_iter().map(|each| EvaluatorFilter {
        id: each.id,
        display_name: each.name,
        kind: each.annotator_kind,
        output_type: each.output_type,
    });
    let annotations = found.annotations.into_iter().map(|each| AnnotationFilter {
        id: each.id,
        key: each.key,
        display_name: each.display_name,
        kind: each.kind,
        option_values: each.options,
    });
    Ok(Json(ListTraceFiltersResponse {
        evaluators: evaluators.collect(),
        metadata: found.metadata.into_iter().map(|(key, kind)| MetadataFilter { key, kind }).collect(),
        annotations: annotations.collect(),
    }))
}
