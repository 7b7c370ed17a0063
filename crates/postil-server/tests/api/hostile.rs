//! Whatever is sent, the answer is never that we failed.

use axum::http::Method;
use serde_json::{Value, json};

use crate::accounts::member;
use crate::app::{Client, TestApp};
use crate::operations::{self, Filled, Operation};

/// JSON that takes the place of a value, as text: not everything that can be sent can be held in a `Value`.
fn values() -> Vec<String> {
    let plain = [
        "null",
        "true",
        "0",
        "-1",
        "1.5",
        "9223372036854775807",
        "9223372036854775808",
        "-9223372036854775809",
        "123456789012345678901234567890",
        "1e308",
        "1e999",
        r#""""#,
        r#"" ""#,
        r#""\u0000""#,
        r#""\ud800""#,
        r#""\udc00\ud800""#,
        r#""\u202e\ufeff\uffff""#,
        r#""'; drop table span; --""#,
        r#""%_\\""#,
        r#""NaN""#,
        r#""9999-12-31T23:59:59.999999999Z""#,
        r#""-262143-01-01T00:00:00Z""#,
        r#""0000-00-00""#,
        r#""-1""#,
        "[]",
        "{}",
        "[null]",
        r#"[""]"#,
        r#"{"":null}"#,
        r#"{"$ref":"a","a":{"a":[1e300]}}"#,
        "\"a",
    ];
    let mut values: Vec<_> = plain.map(str::to_owned).to_vec();
    values.push(format!("\"{}\"", "é".repeat(5000)));
    values.push(format!("[{}1]", "1,".repeat(2000)));
    values.push(format!("{}{}", "[".repeat(120), "]".repeat(120)));
    values.push(format!("{}1{}", r#"{"a":"#.repeat(120), "}".repeat(120)));
    values
}

/// Text that takes the place of an id or a query parameter, percent-encoded.
fn words() -> Vec<String> {
    let plain = [
        "",
        "0",
        "-1",
        "1e999",
        "NaN",
        "true",
        "null",
        "*",
        "%25",
        "%20",
        "%00",
        "%ff",
        "%ED%A0%80",
        "%F0%9F%92%A9",
        "%C3%A9",
        "..%2F..%2Fetc%2Fpasswd",
        "%27%3B%20drop%20table%20span%3B--",
        "9223372036854775808",
        "-9223372036854775809",
        "123456789012345678901234567890",
        "01ARZ3NDEKTSV4RRFFQ69G5FAV",
        "4d4e3850-5144-4a59-4542-34335a413756",
        "9999-12-31T23:59:59.999999999Z",
        "-262143-01-01T00:00:00Z",
        "%5B1%2C%22a%22%5D",
        "%7B%22a%22%3A1%7D",
        "%22",
        "%",
        "%E2%80%AE",
    ];
    let mut words: Vec<_> = plain.map(str::to_owned).to_vec();
    words.push("a".repeat(3000));
    words
}

/// Bodies that are no JSON, or not the JSON that is meant.
fn bodies() -> Vec<Vec<u8>> {
    let mut bodies: Vec<_> = values().into_iter().map(String::into_bytes).collect();
    bodies.extend(
        [&b""[..], b" ", b"{", b"}", b"nonsense", b"\xff\xfe", b"\0", b"{\"a\":1}{", b"{\"a\":1,\"a\":2}"]
            .map(<[u8]>::to_vec),
    );
    bodies.push("[".repeat(100_000).into_bytes());
    bodies.push(r#"{"a":"#.repeat(100_000).into_bytes());
    bodies
}

/// Places in a body, as JSON pointers.
fn places(body: &Value, at: &str, places: &mut Vec<String>) {
    let inner: Vec<(String, &Value)> = match body {
        Value::Object(object) => {
            object.iter().map(|(name, value)| (name.replace('~', "~0").replace('/', "~1"), value)).collect()
        }
        Value::Array(list) => list.iter().enumerate().map(|(index, value)| (index.to_string(), value)).collect(),
        _ => Vec::new(),
    };
    for (name, value) in inner {
        let place = format!("{at}/{name}");
        self::places(value, &place, places);
        places.push(place);
    }
}

/// Sends one request; the harness refuses answers that begin with 5 or that the document does not know.
async fn send(client: &Client<'_>, method: &Method, path: &str, body: Option<Vec<u8>>) {
    let shown = body.as_deref().map(|body| String::from_utf8_lossy(&body[..body.len().min(300)]).into_owned());
    let answer = client.send(method.clone(), path, body).await;
    let status = answer.status.as_u16();
    assert!(status < 500, "{method} {path} {shown:?}: {status} {}", String::from_utf8_lossy(&answer.bytes));
}

/// What would end the test rather than the server.
fn is_deadly(operation: &Operation) -> bool {
    operation.method == Method::DELETE || operation.path.starts_with("/api/sign-out")
}

async fn attack_body(client: &Client<'_>, filled: &Filled, operation: &Operation) {
    let path = filled.path(&operation.path);
    for body in bodies() {
        send(client, &operation.method, &path, Some(body)).await;
    }
    for body in operation.accepted.iter().chain(&operation.body) {
        send(client, &operation.method, &path, Some(body.to_string().into_bytes())).await;
        let mut found = Vec::new();
        places(body, "", &mut found);
        for place in found {
            let mut marked = body.clone();
            *marked.pointer_mut(&place).unwrap() = json!("@place@");
            let marked = marked.to_string();
            for value in values() {
                let body = marked.replace("\"@place@\"", &value).into_bytes();
                send(client, &operation.method, &path, Some(body)).await;
            }
        }
    }
}

async fn attack_address(client: &Client<'_>, filled: &Filled, operation: &Operation) {
    let own = filled.path(&operation.path);
    let body = || operation.body.as_ref().map(|body| body.to_string().into_bytes());
    let template: Vec<_> = operation.path.split('/').collect();
    for (at, _) in template.iter().enumerate().filter(|(_, segment)| segment.starts_with('{')) {
        for word in words() {
            let mut path: Vec<_> = own.split('/').collect();
            path[at] = &word;
            send(client, &operation.method, &path.join("/"), body()).await;
        }
    }
    if is_deadly(operation) {
        return;
    }
    for name in &operation.query {
        for word in words() {
            send(client, &operation.method, &format!("{own}?{name}={word}"), body()).await;
            send(client, &operation.method, &format!("{own}?{name}=1&{name}={word}&{word}"), body()).await;
        }
    }
}

async fn start(test: &TestApp) -> (Client<'_>, Filled) {
    let admin = test.admin().await;
    let someone = member(test, "someone@example.com", None, None).await;
    let filled = operations::fill(&admin, &someone, &test.project_id, "mark", '7').await;
    (admin, filled)
}

/// Otherwise the attacks would be refused at the door.
#[tokio::test]
async fn the_bodies_that_attacks_begin_with_are_accepted() {
    let test = TestApp::start().await;
    let (admin, filled) = start(&test).await;
    for operation in operations::all(&filled.words) {
        for body in &operation.accepted {
            let path = filled.path(&operation.path);
            let answer = admin.send(operation.method.clone(), &path, Some(body.to_string().into_bytes())).await;
            let said = String::from_utf8_lossy(&answer.bytes);
            assert!(answer.status.is_success(), "{} {path} {body}: {said}", operation.method);
        }
    }
}

#[tokio::test]
async fn no_body_makes_the_server_fail() {
    let test = TestApp::start().await;
    let (admin, filled) = start(&test).await;
    for operation in operations::all(&filled.words).iter().filter(|operation| !is_deadly(operation)) {
        attack_body(&admin, &filled, operation).await;
    }
}

#[tokio::test]
async fn no_address_makes_the_server_fail() {
    let test = TestApp::start().await;
    let (admin, filled) = start(&test).await;
    for operation in &operations::all(&filled.words) {
        attack_address(&admin, &filled, operation).await;
    }
}

#[tokio::test]
async fn no_header_makes_the_server_fail() {
    let test = TestApp::start().await;
    let (admin, filled) = start(&test).await;
    let odd = [
        "",
        "x",
        "Basic !!!",
        "Basic Og==",
        "Bearer ",
        "%00",
        "é",
        "a=b; postil_session=",
        "gzip, br",
        "-1",
        "9223372036854775808",
    ];
    let names = [
        "authorization",
        "x-postil-project",
        "cookie",
        "content-type",
        "content-encoding",
        "accept-encoding",
        "x-forwarded-for",
        "x-request-id",
        "origin",
        "host",
        "last-event-id",
        "x-langfuse-ingestion-version",
        "traceparent",
    ];
    for operation in operations::all(&filled.words).iter().filter(|operation| !is_deadly(operation)) {
        let path = filled.path(&operation.path);
        for name in names {
            for value in odd.iter().map(|odd| (*odd).to_owned()).chain(["a".repeat(10_000)]) {
                let body = operation.body.as_ref().map(|body| body.to_string().into_bytes());
                send(&admin.header(name, &value), &operation.method, &path, body).await;
            }
        }
    }
}
