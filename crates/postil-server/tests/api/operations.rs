//! Every operation of the document, with a request that fits it.

use axum::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use postil::media::{Media, short_id};
use serde_json::{Map, Value, json};

use crate::app::{Client, TestApp};

/// One operation as the document describes it.
pub struct Operation {
    pub method: Method,
    pub path: String,
    /// The names of its query parameters.
    pub query: Vec<String>,
    /// A body with every property it may have.
    pub body: Option<Value>,
    /// Bodies that are accepted, if that one may not be.
    pub accepted: Vec<Value>,
}

/// Every operation but the endless stream, with bodies whose strings are taken from `words` by the name of their property.
pub fn all(words: &Map<String, Value>) -> Vec<Operation> {
    let document = serde_json::to_value(postil_server::api::openapi()).unwrap();
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            if path == "/v3/events" {
                continue;
            }
            let empty = Vec::new();
            let parameters = operation["parameters"].as_array().unwrap_or(&empty).iter();
            let query = parameters.filter(|parameter| parameter["in"] == "query");
            let schema = operation.pointer("/requestBody/content/application~1json/schema");
            let body = schema.map(|schema| {
                if schema.as_object().is_some_and(Map::is_empty) {
                    spans(words)
                } else {
                    fitting(&document, schema, "", words, 0)
                }
            });
            let name = format!("{} {path}", method.to_uppercase());
            let accepted = accepted(words).into_iter().filter(|(of, _)| *of == name).map(|(_, body)| body).collect();
            operations.push(Operation {
                method: Method::from_bytes(method.to_uppercase().as_bytes()).unwrap(),
                path: path.clone(),
                query: query.map(|parameter| parameter["name"].as_str().unwrap().to_owned()).collect(),
                body,
                accepted,
            });
        }
    }
    assert!(operations.len() > 90, "{}", operations.len());
    operations
}

/// One span as OTLP.
pub fn spans(words: &Map<String, Value>) -> Value {
    let attribute = json!({"key": "input.value", "value": {"stringValue": words["display_name"]}});
    let span = json!({"traceId": words["trace_id"], "spanId": words["span_id"], "name": words["display_name"], "kind": 3,
        "startTimeUnixNano": "1795255100000000000", "endTimeUnixNano": "1795255101000000000", "attributes": [attribute]});
    json!({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]})
}

fn fitting(document: &Value, schema: &Value, name: &str, words: &Map<String, Value>, depth: usize) -> Value {
    if depth > 12 {
        return Value::Null;
    }
    let down = |schema: &Value, name: &str| fitting(document, schema, name, words, depth + 1);
    if let Some(reference) = schema["$ref"].as_str() {
        return down(document.pointer(reference.trim_start_matches('#')).unwrap(), name);
    }
    for choice in ["oneOf", "anyOf", "allOf"] {
        if let Some(first) = schema[choice].as_array().and_then(|choices| choices.first()) {
            return down(first, name);
        }
    }
    let types = &schema["type"];
    let kind = types.as_str().or_else(|| types[0].as_str()).unwrap_or("string");
    match kind {
        "object" => {
            let properties = schema["properties"].as_object().into_iter().flatten();
            Value::Object(properties.map(|(name, schema)| (name.clone(), down(schema, name))).collect())
        }
        "array" => json!([down(&schema["items"], name)]),
        "boolean" => json!(false),
        "integer" | "number" => json!(1),
        _ => words.get(name).or_else(|| schema["enum"].get(0)).cloned().unwrap_or_else(|| json!("x")),
    }
}

/// Bodies that are accepted, where one with every property would contradict itself.
pub fn accepted(words: &Map<String, Value>) -> Vec<(&'static str, Value)> {
    let (mark, trace, review) = (&words["display_name"], &words["trace_id"], &words["human_review_id"]);
    let said = json!([{"key": "rating", "value": "good"}]);
    let filters = json!([{"field": "name", "op": "in", "values": [mark, "x"]}]);
    vec![
        ("PATCH /api/members/{id}", json!({"role": "viewer"})),
        ("POST /v2/annotations/bulk", json!({"annotations": said, "trace_ids": [trace]})),
        (
            "POST /v2/annotations/bulk",
            json!({"annotations": said, "filters": filters, "from": words["from"],
            "to": words["to"]}),
        ),
        (
            "PATCH /v2/annotation-queues/{annotation_queue_id}",
            json!({"display_name": mark, "human_review_ids": [review]}),
        ),
        (
            "POST /v2/api-keys",
            json!({"name": "k", "projects": [words["project_id"]], "scopes": ["read"],
            "constraints": {"expires_at": "2030-01-01T00:00:00Z"}}),
        ),
        ("PATCH /v2/api-keys/{api_key_id}", json!({"name": mark, "scopes": ["read"]})),
        (
            "POST /v2/datasets/{dataset_id}/datapoints",
            json!([{"inputs": {"a": mark}, "messages": [{"role": "user", "content": mark}], "expected_output": mark}]),
        ),
        ("PATCH /v2/datasets/{dataset_id}/datapoints/{datapoint_id}", json!({"expected_output": mark})),
        ("PATCH /v2/datasets/{dataset_id}", json!({"display_name": mark})),
        ("POST /v2/datasets", json!({"display_name": mark, "path": ""})),
        ("POST /v3/datasets/{dataset_id}/spans", json!({"items": [{"trace_id": trace}]})),
        ("POST /v2/feedback", json!({"field": "rating", "value": ["good"], "trace_id": trace})),
        (
            "POST /v2/feedback/evaluation",
            json!({"id": "own", "evaluation_type": "human_review", "trace_id": trace,
            "human_review_id": review, "type": "string", "value": "good", "explanation": "why"}),
        ),
        (
            "POST /v2/human-eval-sets",
            json!({"display_name": mark, "filter_type": "span_type",
            "filter_values": ["span.chat_completion"], "human_eval_ids": [review]}),
        ),
        (
            "PATCH /v2/human-eval-sets/{id}",
            json!({"display_name": mark, "filter_type": "name", "filter_value": "a",
            "human_eval_ids": [review]}),
        ),
        (
            "PATCH /v2/human-evals/{id}",
            json!({"type": "single_select", "display_name": mark, "description": "d",
            "options": [{"value": "good"}, {"value": "bad"}, {"value": "odd", "label": "Odd"}]}),
        ),
        (
            "POST /v2/human-evals",
            json!({"type": "range", "display_name": "r", "description": "", "key": "range",
            "config": {"min": -5, "max": 5, "step": 0.5}, "project_id": words["project_id"]}),
        ),
        (
            "POST /v2/identities",
            json!({"external_id": "new", "email": "a@b.c", "tags": ["t"], "metadata": {"a": {"b": 1}}}),
        ),
        (
            "POST /v2/sessions",
            json!({"external_id": "s", "title": "t", "started_at": words["from"], "tags": ["t"],
            "duration": 1.5, "traces_count": 1, "contact_ids": ["c"]}),
        ),
        (
            "POST /v2/sessions/query",
            json!({"filters": {"interval": "SESSION_INTERVAL_LAST_24_HOURS", "start_date": words["from"],
            "end_date": words["to"], "tags": ["t"]}, "limit": 10, "page": 1}),
        ),
        ("POST /v2/sessions/count", json!({"filters": {"interval": "SESSION_INTERVAL_LAST_24_HOURS"}})),
        ("PATCH /v2/sessions/{session_id}", json!({"title": mark, "started_at": words["from"], "tags": ["t"]})),
        (
            "POST /v2/traces/{trace_id}/spans/{span_id}/annotation",
            json!({"annotations": said, "annotator": {"kind": "human", "id": "me"}, "duration_ms": 5,
            "metadata": {"identity_id": words["identity_id"], "source": "orq"}}),
        ),
        ("PATCH /v2/workspaces/{key}", json!({"display_name": "w", "metadata": {"a": [1]}})),
        (
            "POST /v3/traces/aggregate",
            json!({"filters": filters, "from": words["from"], "to": words["to"], "limit": 5,
            "group_by": ["status", "time:hour", "metadata.plan", "annotation.rating"],
            "compute": [{"metric": "duration_ms", "op": "p95"}, {"op": "count"}]}),
        ),
        (
            "POST /v3/traces/query",
            json!({"from": words["from"], "to": words["to"],
            "oql": "fetch traces | filter name contains a and not metadata.a exists | sort timestamp asc"}),
        ),
        (
            "POST /v3/traces/search",
            json!({"from": words["from"], "to": words["to"], "limit": 1, "filters": filters,
            "sort": [{"field": "cost", "order": "desc"}], "filter_operator": "or", "query": mark}),
        ),
        ("POST /v3/queues", json!({"display_name": mark, "order": {"by": "oldest"}, "overlap": 2})),
        ("PATCH /v3/queues/{queue_id}", json!({"display_name": mark, "blind": true, "due_at": null})),
        ("POST /v3/queues/{queue_id}/items", json!({"items": [{"trace_id": trace}]})),
        ("POST /v3/queues/{queue_id}/items/matching", json!({"from": words["from"], "to": words["to"]})),
        ("PATCH /v3/queues/{queue_id}/items", json!({"item_ids": [words["item_id"]], "priority": 3})),
        ("POST /v3/queues/{queue_id}/items/remove", json!({"item_ids": [words["item_id"]]})),
        ("PATCH /v3/users/{id}", json!({"role": "admin"})),
        (
            "POST /v3/views",
            json!({"display_name": mark, "page": "traces", "filter_by": "status:error",
            "columns": ["name"], "column_labels": {"name": "What"}, "is_private": true, "version": 2}),
        ),
    ]
}

/// What a project is filled with, and the ids of it: by the path they stand behind, and by the names of properties.
pub struct Filled {
    pub ids: Map<String, Value>,
    pub words: Map<String, Value>,
}

impl Filled {
    /// The path with ids in the place of parameters.
    pub fn path(&self, template: &str) -> String {
        let mut path = String::new();
        for segment in template.split('/').skip(1) {
            let name = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
            let by_name = name.and_then(|name| self.words.get(name).filter(|_| !["id", "key"].contains(&name)));
            let id =
                name.map(|_| by_name.or_else(|| self.ids.get(&path)).unwrap_or_else(|| panic!("an id for {template}")));
            path = format!("{path}/{}", id.map_or(segment, |id| id.as_str().unwrap()));
        }
        path
    }
}

/// Puts one of everything into the project of a key; `mark` stands in every text.
pub async fn fill(key: &Client<'_>, member: &str, project: &str, mark: &str, digit: char) -> Filled {
    let (trace, span) = (digit.to_string().repeat(32), digit.to_string().repeat(16));
    let mut words = json!({"trace_id": trace, "trace_ids": trace, "span_id": span, "project_id": project,
        "projects": project, "display_name": mark, "name": mark, "description": mark, "title": mark,
        "key": "rating", "value": "good", "type": "single_select", "external_id": format!("user-{mark}"),
        "identity_id": format!("user-{mark}"), "from": "2026-11-20T00:00:00Z", "to": "2026-11-22T00:00:00Z",
        "field": "name", "op": "eq", "operator": "eq", "values": "good", "role": "viewer", "email": "g@example.com",
        "page": "traces", "session_id": format!("session-{mark}")});
    key.post("/v1/traces", spans(words.as_object().unwrap())).await.expect(200);
    let review = json!({"type": "single_select", "display_name": mark, "description": mark, "key": "rating",
        "options": [{"value": "good"}, {"value": "bad"}]});
    key.post("/v2/human-evals", review).await;
    let reviews = key.get("/v2/human-evals").await.expect(200).json();
    let review = reviews.as_array().unwrap().iter().find(|review| review["key"] == "rating").unwrap();
    let here = format!("/v2/traces/{trace}/spans/{span}/annotation");
    key.post(&here, json!({"annotations": [{"key": "rating", "value": "good"}]})).await.expect(200);
    let annotation = key.get(&here).await.expect(200).json()["data"][0]["id"].clone();
    let set = json!({"display_name": mark, "filter_type": "name", "filter_value": mark,
        "human_eval_ids": [review["id"]]});
    let set = key.post("/v2/human-eval-sets", set).await.expect(200).json()["_id"].clone();
    let view = key.post("/v3/views", json!({"display_name": mark, "page": "traces"})).await.expect(200).json();
    let identity = json!({"external_id": format!("user-{mark}"), "display_name": mark});
    let identity = key.post("/v2/identities", identity).await.expect(201).json()["identity"]["_id"].clone();
    let job = json!({"annotations": [{"key": "rating", "value": "good"}], "trace_ids": [trace]});
    let job = key.post("/v2/annotations/bulk", job).await.expect(202).json()["id"].clone();
    let session = json!({"external_id": format!("session-{mark}"), "title": mark});
    key.post("/v2/sessions", session).await.expect(200);
    let queue = json!({"display_name": mark, "description": mark, "project_id": project});
    let queue = key.post("/v2/annotation-queues", queue).await.expect(200).json()["_id"].clone();
    let items = format!("/v2/annotation-queues/{}/items", queue.as_str().unwrap());
    let item = json!({"items": [{"trace_id": trace, "span_id": span}]});
    let item = key.post(&items, item).await.expect(200).json()[0]["_id"].clone();
    let image = show_image(key, &trace, mark).await;
    let api_key = key.post("/v2/api-keys", json!({"name": mark, "projects": [project]})).await.expect(200).json();
    let invite = key.post("/api/invites", json!({"role": "viewer"})).await.expect(200).json();
    let dataset = key.post("/v2/datasets", json!({"display_name": mark})).await.expect(200).json()["_id"].clone();
    let points = format!("/v2/datasets/{}/datapoints", dataset.as_str().unwrap());
    let point = key.post(&points, json!([{"expected_output": mark}])).await.expect(200).json()[0]["_id"].clone();
    let hook = json!({"_id": format!("hook-{digit}"), "url": "https://example.com", "display_name": mark,
        "content_type": "application/json", "events": ["queue.finished"], "secret": mark});
    let hook = key.post("/v2/webhooks", hook).await.expect(200).json()["_id"].clone();
    let delivery = key.post(&format!("/v3/webhooks/{}/test", hook.as_str().unwrap()), json!({})).await.expect(200);
    words["delivery_id"] = delivery.json()["id"].clone();
    words["webhook_id"] = hook;
    words["dataset_id"] = dataset;
    words["datapoint_id"] = point;
    words["annotation_queue_id"] = queue.clone();
    words["queue_id"] = queue;
    words["item_id"] = item.clone();
    words["item_ids"] = item;
    words["member_id"] = json!(member);
    words["span_ids"] = json!(span);
    words["human_review_ids"] = review["id"].clone();
    words["human_eval_ids"] = review["id"].clone();
    words["human_eval_id"] = review["id"].clone();
    words["human_review_id"] = review["id"].clone();
    words["parent_annotation_ids"] = annotation.clone();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let ids = json!({"/api/invites": text(&invite["id"]), "/api/invites/by-token": text(&invite["token"]),
        "/api/members": member, "/v2/annotations": text(&annotation),
        "/api/public/media": short_id(&image), "/v3/media": image, "/v3/media/downloads": mark,
        "/v3/media/uploads": mark, "/v2/api-keys": text(&api_key["id"]),
        "/v2/evaluators": "nobody", "/v2/human-eval-sets": text(&set), "/v2/human-evals": text(&review["id"]),
        "/v2/identities": text(&identity), "/v2/jobs": text(&job), "/v2/logs": format!("{trace}:{span}"),
        "/v2/projects": project, "/v2/sessions": format!("session-{mark}"), "/v2/workspaces": "default",
        "/v3/traces/facets": "name", "/v3/users": member, "/v3/views": text(&view["view"]["id"])});
    let (Value::Object(ids), Value::Object(words)) = (ids, words) else { unreachable!() };
    Filled { ids, words }
}

/// Sends a span that shows an image of its own; the hash of the image.
async fn show_image(key: &Client<'_>, trace: &str, mark: &str) -> String {
    let bytes = [b"\x89PNG\r\n\x1a\n", mark.as_bytes(), &[0; 200]].concat();
    let url = format!("data:image/png;base64,{}", STANDARD.encode(&bytes));
    let span = json!({"traceId": trace, "spanId": "abababababababab", "name": mark,
        "startTimeUnixNano": "1795255200000000000", "endTimeUnixNano": "1795255201000000000",
        "attributes": [{"key": "input.value", "value": {"stringValue": url}}]});
    key.post("/v1/traces", json!({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]})).await.expect(200);
    Media::new(bytes).sha256
}

/// Everything the database holds of one project, row by row.
pub async fn everything(test: &TestApp, number: i64, id: &str) -> Vec<String> {
    let id = id.to_owned();
    let read = test.app.db.read(move |tx| {
        let columns = tx.query(
            "select m.name, group_concat(p.name, ' ') from sqlite_master m, pragma_table_info(m.name) p
             where m.type = 'table' group by m.name order by m.name",
            &[],
        )?;
        let mut rows = Vec::new();
        for table in columns {
            let (name, columns) = (table.text(0)?, table.text(1)?);
            let columns: Vec<_> = columns.split(' ').collect();
            let of = if columns.contains(&"project") {
                format!("project = {number}")
            } else if columns.contains(&"project_id") {
                format!("project_id = '{id}'")
            } else if name == "project" {
                format!("id = '{id}'")
            } else {
                continue;
            };
            let shown: Vec<_> = columns.iter().map(|column| format!("quote({column})")).collect();
            let all = format!("select {} from {name} where {of} order by 1", shown.join(" || ',' || "));
            for row in tx.query(&all, &[])? {
                rows.push(format!("{name}: {}", row.text(0)?));
            }
        }
        Ok(rows)
    });
    read.await.unwrap()
}
