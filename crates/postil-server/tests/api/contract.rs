//! Every answer of every test is checked against the document that clients read.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};

use axum::http::Method;
use serde_json::{Value, json};

use crate::app::Answer;

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| serde_json::to_value(postil_server::api::openapi()).unwrap());
static VALIDATORS: LazyLock<Mutex<HashMap<String, &'static jsonschema::Validator>>> = LazyLock::new(Mutex::default);

/// Fails the test when an answer is not what the document says of this operation.
#[track_caller]
pub fn check(method: &Method, path: &str, answer: &Answer) {
    let path = path.split('?').next().unwrap_or(path);
    let Some((template, operation)) = operation(method, path) else { return };
    let status = answer.status.as_u16();
    assert!(status < 500, "{method} {path} answered {status}: {}", String::from_utf8_lossy(&answer.bytes));
    let responses = &operation["responses"];
    let name = format!("{method} {template} {status}");
    let schema = if status >= 400 {
        Some(json!({"$ref": "#/components/schemas/ErrorBody"}))
    } else {
        let response = responses.get(status.to_string());
        let response = response.unwrap_or_else(|| panic!("{name} is not in the document"));
        response.pointer("/content/application~1json/schema").cloned()
    };
    let Some(schema) = schema else { return };
    // Protobuf requests are answered in protobuf.
    if answer.headers.get("content-type").is_some_and(|kind| kind == "application/x-protobuf") {
        return;
    }
    let body = answer.json();
    let errors: Vec<_> = validator(&name, &schema).iter_errors(&body).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{name} does not match the document: {errors:?}\n{body:#}");
}

fn operation(method: &Method, path: &str) -> Option<(&'static str, &'static Value)> {
    let paths = DOCUMENT["paths"].as_object()?;
    let segments: Vec<_> = path.split('/').collect();
    let fits = |template: &str| {
        let wanted: Vec<_> = template.split('/').collect();
        wanted.len() == segments.len()
            && wanted.iter().zip(&segments).all(|(wanted, given)| wanted.starts_with('{') || wanted == given)
    };
    // A path without parameters is meant before one with them.
    let mut found: Vec<_> = paths.iter().filter(|(template, _)| fits(template)).collect();
    found.sort_by_key(|(template, _)| template.matches('{').count());
    let (template, item) = found.first()?;
    Some((template.as_str(), item.get(method.as_str().to_lowercase())?))
}

fn validator(name: &str, schema: &Value) -> &'static jsonschema::Validator {
    let mut validators = VALIDATORS.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    validators.entry(name.to_owned()).or_insert_with(|| {
        let mut whole = schema.clone();
        whole["components"] = DOCUMENT["components"].clone();
        Box::leak(Box::new(jsonschema::validator_for(&whole).unwrap_or_else(|cause| panic!("{name}: {cause}"))))
    })
}
