//! Media: served safely, sent by Langfuse's clients and the traceloop SDK.

use axum::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use postil::media::{Media, short_id};
use serde_json::{Value, json};

use crate::app::{Answer, Client, TestApp};

const TRACE: &str = "0102030405060708090a0b0c0d0e0f10";
const SPAN: &str = "1112131415161718";

fn png() -> Vec<u8> {
    [b"\x89PNG\r\n\x1a\n".to_vec(), (0..200).collect()].concat()
}

fn header<'a>(answer: &'a Answer, name: &str) -> &'a str {
    answer.headers.get(name).map_or("", |value| value.to_str().unwrap())
}

/// Sends a question about media as OpenTelemetry's JSON.
async fn ask(client: &Client<'_>, parts: Value) {
    let messages = json!([{"role": "user", "parts": parts}]).to_string();
    let attribute = |key: &str, value: &str| json!({"key": key, "value": {"stringValue": value}});
    let attributes = [attribute("gen_ai.operation.name", "chat"), attribute("gen_ai.input.messages", &messages)];
    let span = json!({"traceId": TRACE, "spanId": SPAN, "name": "chat", "startTimeUnixNano": "1795255200000000000",
        "endTimeUnixNano": "1795255201000000000", "attributes": attributes});
    client.post("/v1/traces", json!({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]})).await.expect(200);
}

fn blob(bytes: &[u8]) -> Value {
    json!([{"type": "blob", "mime_type": "image/png", "modality": "image", "content": STANDARD.encode(bytes)}])
}

async fn span(client: &Client<'_>) -> Value {
    client.get(&format!("/v3/traces/{TRACE}/spans/{SPAN}")).await.expect(200).json()["span"].clone()
}

#[tokio::test]
async fn an_image_of_a_conversation_is_fetched_at_its_address() {
    let test = TestApp::start().await;
    let client = test.admin().await;
    ask(&client, blob(&png())).await;
    let part = span(&client).await["normalized"]["input"][0]["parts"][0].clone();
    assert_eq!(
        (&part["kind"], &part["mime"], &part["source"]),
        (&json!("image"), &json!("image/png"), &json!("stored"))
    );
    assert!(part.get("data").is_none());
    let url = part["url"].as_str().unwrap();

    let image = client.get(url).await.expect(200);
    assert_eq!(image.bytes, png());
    assert_eq!(header(&image, "content-type"), "image/png");
    assert!(header(&image, "content-disposition").starts_with("inline"));
    assert_eq!(header(&image, "x-content-type-options"), "nosniff");
    assert!(header(&image, "content-security-policy").starts_with("sandbox; default-src 'none'"));
    assert_eq!(header(&image, "cross-origin-resource-policy"), "same-origin");
    assert_eq!(header(&image, "cache-control"), "private, max-age=31536000, immutable");

    let again = client.header("if-none-match", header(&image, "etag")).get(url).await.expect(304);
    assert!(again.bytes.is_empty());
    let part = client.header("range", "bytes=1-3").get(url).await.expect(206);
    assert_eq!((&part.bytes[..], header(&part, "content-range")), (&b"PNG"[..], "bytes 1-3/208"));
    let whole = client.header("range", "bytes=900-").get(url).await.expect(200);
    assert_eq!(whole.bytes, png());
}

#[tokio::test]
async fn only_readers_of_the_project_fetch_its_media() {
    let test = TestApp::start().await;
    let client = test.admin().await;
    ask(&client, blob(&png())).await;
    let url = format!("/v3/media/{}", Media::new(png()).sha256);
    test.anonymous().get(&url).await.error(401);
    test.with_scopes(&["ingest"]).await.get(&url).await.error(403);
    let other = client.post("/v2/projects", json!({"name": "Other"})).await.expect(200).json();
    let other = other["project"]["project_id"].as_str().unwrap();
    client.get(&format!("{url}?project_id={other}")).await.error(404);
    client.get(&format!("{url}?project_id={}", test.project_id)).await.expect(200);
    client.get(&format!("{url}?project_id=unknown")).await.error(401);
    client.get("/v3/media/abc").await.error(404);
}

#[tokio::test]
async fn what_could_run_in_a_browser_is_only_a_file_to_save() {
    let test = TestApp::start().await;
    let client = test.admin().await;
    let svg = br#"<svg xmlns="http://www.w3.org/2000/svg" onload="alert(document.cookie)"><script>1</script></svg>"#;
    let html = b"<!doctype html><script>alert(document.cookie)</script><p>hello, hello, hello</p>";
    let url = |kind: &str, bytes: &[u8]| json!({"type": "image_url", "image_url": {"url": format!("data:{kind};base64,{}", STANDARD.encode(bytes))}});
    ask(&client, json!([url("image/svg+xml", svg), url("text/html", html), url("image/png", html)])).await;
    let parts = span(&client).await["normalized"]["input"][0]["parts"].clone();
    assert_eq!(parts.as_array().map(Vec::len), Some(3));
    for part in parts.as_array().unwrap() {
        assert_eq!(part["content_type"], "application/octet-stream", "{part}");
        let file = client.get(part["url"].as_str().unwrap()).await.expect(200);
        assert_eq!(header(&file, "content-type"), "application/octet-stream");
        assert!(header(&file, "content-disposition").starts_with("attachment"));
        assert_eq!(header(&file, "x-content-type-options"), "nosniff");
        assert!(header(&file, "content-security-policy").starts_with("sandbox; default-src 'none'"));
    }
}

fn basic(client: &Client<'_>) -> String {
    let key = client.authorization();
    let key = key.strip_prefix("Bearer ").unwrap();
    format!("Basic {}", STANDARD.encode(format!("pk-lf-any:{key}")))
}

fn announcement(bytes: &[u8]) -> Value {
    let hash = hex::decode(Media::new(bytes.to_vec()).sha256).unwrap();
    json!({"traceId": TRACE, "observationId": SPAN, "contentType": "image/png", "contentLength": bytes.len(),
        "sha256Hash": STANDARD.encode(hash), "field": "input"})
}

fn path(url: &Value) -> String {
    url.as_str().unwrap().strip_prefix("http://postil.test").expect("an address of this server").to_owned()
}

#[tokio::test]
async fn a_langfuse_client_uploads_an_image_and_gets_it_back() {
    let test = TestApp::start().await;
    let client = test.admin().await;
    let langfuse = test.anonymous().header("authorization", &basic(&client)).header("host", "postil.test");
    let announced = langfuse.post("/api/public/media", announcement(&png())).await.expect(201).json();
    let id = short_id(&Media::new(png()).sha256);
    assert_eq!(announced["mediaId"], json!(id));

    let upload = test.anonymous().header("content-type", "image/png");
    let address = path(&announced["uploadUrl"]);
    upload.send(Method::PUT, &address, Some(b"something else".to_vec())).await.error(400);
    upload.send(Method::PUT, &address, Some(png())).await.expect(200);
    let report = json!({"uploadedAt": "2026-11-21T10:00:00Z", "uploadHttpStatus": 200, "uploadTimeMs": 3});
    langfuse.patch(&format!("/api/public/media/{id}"), report).await.expect(200);

    let known = langfuse.post("/api/public/media", announcement(&png())).await.expect(200).json();
    assert_eq!(known, json!({"mediaId": id, "uploadUrl": null}));
    let found = langfuse.get(&format!("/api/public/media/{id}")).await.expect(200).json();
    assert_eq!((&found["contentType"], &found["contentLength"]), (&json!("image/png"), &json!(208)));
    let download = path(&found["url"]);
    assert_eq!(test.anonymous().get(&download).await.expect(200).bytes, png());

    let reference = format!("@@@langfuseMedia:type=image/png|id={id}|source=base64_data_uri@@@");
    ask(&client, json!([{"type": "image_url", "image_url": {"url": reference}}])).await;
    let span = span(&client).await;
    let part = &span["normalized"]["input"][0]["parts"][0];
    assert_eq!(client.get(part["url"].as_str().unwrap()).await.expect(200).bytes, png());

    // The links end.
    test.clock.advance(2 * 60 * 60 * 1_000_000);
    test.anonymous().get(&download).await.error(404);
    upload.send(Method::PUT, &address, Some(png())).await.error(404);
    upload.send(Method::PUT, "/v3/media/uploads/guessed", Some(png())).await.error(404);
    langfuse.get("/api/public/media/unknown").await.error(404);
}

#[tokio::test]
async fn media_that_cannot_be_kept_are_refused_before_they_are_sent() {
    let test = TestApp::start().await;
    let client = test.admin().await.header("host", "postil.test");
    for (field, value) in
        [("contentLength", json!((16 << 20) + 1)), ("contentLength", json!(0)), ("sha256Hash", json!("abc"))]
    {
        let mut announced = announcement(&png());
        announced[field] = value;
        let refused = client.post("/api/public/media", announced).await.expect(400).json();
        assert_eq!(refused["field"], field, "{refused}");
    }
    test.anonymous().post("/api/public/media", announcement(&png())).await.error(401);
    test.with_scopes(&["read"]).await.post("/api/public/media", announcement(&png())).await.error(403);
}

#[tokio::test]
async fn an_image_that_traceloop_sends_is_in_the_conversation() {
    let test = TestApp::start().await;
    let client = test.admin().await.header("host", "postil.test");
    let (trace, span_number) = (u128::from_str_radix(TRACE, 16).unwrap(), u64::from_str_radix(SPAN, 16).unwrap());
    let images = format!("/v2/traces/{trace}/spans/{span_number}/images");
    let answer = client.post(&images, json!({"image_name": "message_0_content_1.png"})).await.expect(200).json();
    let image = json!({"image_data": STANDARD.encode(png())});
    client.post(&path(&answer["url"]), json!({"image_data": "%"})).await.error(400);
    client.post(&path(&answer["url"]), image).await.expect(200);
    ask(&client, json!([{"type": "image_url", "image_url": {"url": answer["url"]}}])).await;
    let part = span(&client).await["normalized"]["input"][0]["parts"][0].clone();
    assert_eq!(client.get(part["url"].as_str().unwrap()).await.expect(200).bytes, png());
    for odd in ["/v2/traces/x/spans/1/images", "/v2/traces/1/spans/99999999999999999999/images"] {
        client.post(odd, json!({"image_name": "a.png"})).await.error(400);
    }
}

#[tokio::test]
async fn the_public_url_is_where_clients_send_media() {
    let test = TestApp::start().await;
    let client = test.admin().await.header("host", "postil.test").header("x-forwarded-proto", "https");
    let announced = client.post("/api/public/media", announcement(&png())).await.expect(201).json();
    assert!(announced["uploadUrl"].as_str().unwrap().starts_with("https://postil.test/v3/media/uploads/"));
}

#[tokio::test]
async fn langfuse_scores_become_verdicts_on_spans_and_traces() {
    let test = TestApp::start().await;
    let client = test.admin().await;
    let langfuse = test.anonymous().header("authorization", &basic(&client));
    let projects = langfuse.get("/api/public/projects").await.expect(200).json();
    assert_eq!(projects["data"][0]["id"], json!(test.project_id));

    // Scores come before their spans.
    let scores = json!([
        {"traceId": TRACE, "observationId": SPAN, "name": "quality", "value": 0.9, "comment": "good"},
        {"traceId": TRACE, "name": "grounded", "value": 1, "dataType": "BOOLEAN"}]);
    assert_eq!(langfuse.post("/api/public/scores", scores).await.expect(202).json(), json!({"message": "Accepted"}));
    let mixed = json!([{"traceId": TRACE, "name": "tone", "value": "calm"}, {"name": "lost", "value": 1},
        {"traceId": TRACE, "name": "odd", "value": "x", "dataType": "NUMERIC"}]);
    let results = langfuse.post("/api/public/scores", mixed).await.expect(207).json();
    assert_eq!((&results["accepted"], &results["rejected"]), (&json!(1), &json!(2)), "{results}");
    let one = json!({"id": "mine", "traceId": TRACE, "observationId": SPAN, "name": "quality", "value": 0.7});
    assert_eq!(langfuse.post("/api/public/scores", one).await.expect(200).json(), json!({"id": "mine"}));
    let event = |id: &str, kind: &str, body: Value| json!({"id": id, "type": kind, "timestamp": "", "body": body});
    let batch = json!({"batch": [
        event("1", "score-create", json!({"traceId": TRACE, "name": "length", "value": 3})),
        event("2", "trace-create", json!({"id": "t"})),
        event("3", "score-create", json!({"traceId": TRACE, "value": 3}))], "metadata": {}});
    let answer = langfuse.post("/api/public/ingestion", batch).await.expect(207).json();
    assert_eq!(answer["successes"], json!([{"id": "1", "status": 201}, {"id": "2", "status": 201}]));
    assert_eq!(answer["errors"][0]["status"], 400, "{answer}");

    ask(&client, json!([{"type": "text", "content": "What is this?"}])).await;
    let span = span(&client).await;
    let found = span["evaluations"].as_array().unwrap();
    let mut named: Vec<_> = found.iter().map(|one| one["display_name"].as_str().unwrap_or_default()).collect();
    named.sort_unstable();
    assert_eq!(named, ["grounded", "length", "quality", "tone"], "{found:#?}");
    client.post("/api/public/scores", json!("x")).await.error(400);
    test.anonymous().post("/api/public/scores", json!([])).await.error(401);
}
