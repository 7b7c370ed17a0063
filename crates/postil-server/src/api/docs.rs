//! The API for people: one page made from the OpenAPI document, without scripts and without anything from elsewhere.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::LazyLock;

use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use utoipa_axum::router::OpenApiRouter;

use crate::state::App;

/// How deep the fields of a body are unfolded.
const DEPTH: usize = 4;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    use axum::routing::get;
    OpenApiRouter::new()
        .route("/openapi.json", get(document))
        .route("/docs", get(page))
        .route("/docs/style.css", get(style))
}

static DOCUMENT: LazyLock<String> = LazyLock::new(|| super::openapi().to_pretty_json().unwrap_or_default());

static PAGE: LazyLock<String> = LazyLock::new(|| render(&serde_json::from_str(&DOCUMENT).unwrap_or(Value::Null)));

async fn document() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], DOCUMENT.as_str()).into_response()
}

async fn page() -> Response {
    let policy = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, PAGE.as_str()).into_response()
}

async fn style() -> Response {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], include_str!("docs.css")).into_response()
}

/// An operation with its place.
struct Operation<'a> {
    method: String,
    path: &'a str,
    body: &'a Value,
}

fn render(document: &Value) -> String {
    let mut tags: BTreeMap<String, Vec<Operation<'_>>> = BTreeMap::new();
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        for (method, body) in item.as_object().into_iter().flatten() {
            let tag = body["tags"][0].as_str().unwrap_or("Other");
            let operation = Operation { method: method.to_uppercase(), path, body };
            tags.entry(title(tag)).or_default().push(operation);
        }
    }
    let mut html = String::from(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Postil API</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <link rel=\"stylesheet\" href=\"/docs/style.css\"></head><body><nav aria-label=\"Contents\"><h1>Postil API</h1>\
         <p><a href=\"/openapi.json\">openapi.json</a></p>",
    );
    for (tag, operations) in &tags {
        put(&mut html, format_args!("<h2>{}</h2><ul>", escape(tag)));
        for operation in operations {
            put(
                &mut html,
                format_args!("<li><a href=\"#{}\">{}</a></li>", anchor(operation), escape(summary(operation))),
            );
        }
        html.push_str("</ul>");
    }
    html.push_str(
        "</nav><main><section><h2>In general</h2><p>Send an API key as <code>Authorization: Bearer …</code>; a key of the \
         whole workspace names the project in <code>x-postil-project</code>. Times are RFC 3339. Fields without a value \
         are left out. Every error has the same body:</p>",
    );
    fields(&mut html, document, &document["components"]["schemas"]["ErrorBody"], 0);
    html.push_str("</section>");
    for (tag, operations) in &tags {
        put(&mut html, format_args!("<section><h2>{}</h2>", escape(tag)));
        operations.iter().for_each(|operation| describe(&mut html, document, operation));
        html.push_str("</section>");
    }
    html.push_str("</main></body></html>");
    html
}

fn put(html: &mut String, text: std::fmt::Arguments<'_>) {
    html.write_fmt(text).expect("writing into a string cannot fail");
}

fn describe(html: &mut String, document: &Value, operation: &Operation<'_>) {
    put(
        html,
        format_args!(
            "<article id=\"{}\"><h3>{}</h3><p class=\"path\"><b>{}</b> <code>{}</code></p>",
            anchor(operation),
            escape(summary(operation)),
            operation.method,
            escape(operation.path),
        ),
    );
    paragraphs(html, operation.body["description"].as_str().unwrap_or(""));
    let parameters = operation.body["parameters"].as_array();
    if let Some(parameters) = parameters.filter(|list| !list.is_empty()) {
        html.push_str("<h4>Parameters</h4><dl>");
        for parameter in parameters {
            let required = if parameter["required"] == true { "required, " } else { "" };
            let place = parameter["in"].as_str().unwrap_or("");
            let kind = kind(document, &parameter["schema"]);
            let note = parameter["description"].as_str().unwrap_or("");
            put(
                html,
                format_args!(
                    "<dt><code>{}</code> <span>{required}{}, {}</span></dt><dd>{}</dd>",
                    escape(parameter["name"].as_str().unwrap_or("")),
                    escape(place),
                    escape(&kind),
                    code(&escape(note)),
                ),
            );
        }
        html.push_str("</dl>");
    }
    let request = &operation.body["requestBody"]["content"]["application/json"]["schema"];
    if !request.is_null() {
        html.push_str("<h4>Body</h4>");
        fields(html, document, request, 0);
    }
    html.push_str("<h4>Answers</h4><dl>");
    for (status, response) in operation.body["responses"].as_object().into_iter().flatten() {
        let note = response["description"].as_str().unwrap_or("");
        put(html, format_args!("<dt><code>{}</code></dt><dd>{}", escape(status), code(&escape(note))));
        let schema = &response["content"]["application/json"]["schema"];
        if !schema.is_null() && status.starts_with('2') {
            fields(html, document, schema, 0);
        }
        html.push_str("</dd>");
    }
    html.push_str("</dl></article>");
}

/// The fields of a schema as a list, unfolded a few levels.
fn fields(html: &mut String, document: &Value, schema: &Value, depth: usize) {
    let schema = resolve(document, schema);
    let inner = if schema["type"] == "array" { resolve(document, &schema["items"]) } else { schema };
    if depth == 0 && schema["type"] == "array" {
        html.push_str("<p>A list of:</p>");
    }
    for variant in ["allOf", "oneOf", "anyOf"].iter().flat_map(|key| inner[*key].as_array().into_iter().flatten()) {
        fields(html, document, variant, depth + 1);
    }
    let Some(properties) = inner["properties"].as_object() else { return };
    html.push_str("<dl>");
    let required = |name: &str| inner["required"].as_array().is_some_and(|list| list.iter().any(|one| one == name));
    for (name, property) in properties {
        let optional = if required(name) { "" } else { ", optional" };
        let note = property["description"].as_str().unwrap_or("");
        put(
            html,
            format_args!(
                "<dt><code>{}</code> <span>{}{optional}</span></dt><dd>{}",
                escape(name),
                escape(&kind(document, property)),
                code(&escape(note)),
            ),
        );
        if depth < DEPTH {
            fields(html, document, property, depth + 1);
        }
        html.push_str("</dd>");
    }
    html.push_str("</dl>");
}

fn resolve<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    let Some(path) = schema["$ref"].as_str().and_then(|path| path.strip_prefix('#')) else { return schema };
    document.pointer(path).unwrap_or(&Value::Null)
}

/// The type of a schema in words.
fn kind(document: &Value, schema: &Value) -> String {
    let schema = resolve(document, schema);
    let words = |value: &Value| match value {
        Value::String(word) => word.clone(),
        Value::Array(several) => {
            several.iter().filter_map(Value::as_str).filter(|word| *word != "null").collect::<Vec<_>>().join(" or ")
        }
        _ => "any".into(),
    };
    if schema["type"] == "array" {
        return format!("list of {}", kind(document, &schema["items"]));
    }
    if let Some(choices) = schema["enum"].as_array() {
        return choices.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" | ");
    }
    words(&schema["type"])
}

fn summary<'a>(operation: &Operation<'a>) -> &'a str {
    operation.body["summary"].as_str().unwrap_or(operation.path).trim_end_matches('.')
}

fn anchor(operation: &Operation<'_>) -> String {
    let plain = |character: char| if character.is_ascii_alphanumeric() { character } else { '-' };
    format!("{}{}", operation.method.to_lowercase(), operation.path.chars().map(plain).collect::<String>())
}

/// The tag as a heading.
fn title(tag: &str) -> String {
    let words = tag.replace('-', " ");
    let mut characters = words.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

fn paragraphs(html: &mut String, text: &str) {
    for paragraph in text.split("\n\n").filter(|paragraph| !paragraph.trim().is_empty()) {
        put(html, format_args!("<p>{}</p>", code(&escape(paragraph))));
    }
}

/// Text in backticks as code.
fn code(escaped: &str) -> String {
    let mut html = String::new();
    for (at, piece) in escaped.split('`').enumerate() {
        html.push_str(if at == 0 {
            ""
        } else if at % 2 == 1 {
            "<code>"
        } else {
            "</code>"
        });
        html.push_str(piece);
    }
    if escaped.matches('`').count() % 2 == 1 {
        html.push_str("</code>");
    }
    html
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
