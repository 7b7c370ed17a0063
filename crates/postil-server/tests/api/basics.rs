//! What holds for the whole server.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::app::TestApp;

#[tokio::test]
async fn a_wrong_api_path_is_an_error_and_not_a_page() {
    let test = TestApp::start().await;
    let message = test.anonymous().get("/v2/nothing/here").await.error(404);
    assert_eq!(message, "There is nothing at /v2/nothing/here.");
}

#[tokio::test]
async fn a_page_may_load_nothing_foreign_and_cannot_be_framed() {
    let test = TestApp::start().await;
    let page = test.anonymous().get("/traces").await.expect(200);
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("default-src 'self'") && policy.contains("frame-ancestors 'none'"), "{policy}");
    assert_eq!(page.headers["x-content-type-options"], "nosniff");
}

#[tokio::test]
async fn the_document_that_is_committed_is_the_one_that_is_served() {
    let test = TestApp::start().await;
    let served = test.anonymous().get("/openapi.json").await.expect(200).json();
    let committed = include_str!("../../../../openapi.json");
    let committed: serde_json::Value = serde_json::from_str(committed).unwrap();
    assert!(served == committed, "openapi.json is stale: run `make openapi`");
    assert_eq!(served["openapi"], "3.1.0");
}

#[tokio::test]
async fn the_api_can_be_read_without_a_network() {
    let test = TestApp::start().await;
    let page = test.anonymous().get("/docs").await.expect(200);
    let html = String::from_utf8(page.bytes.clone()).unwrap();
    assert!(
        html.contains("/v2/traces/{trace_id}/spans/{span_id}/annotation") && html.contains("human review"),
        "{html}"
    );
    assert!(!html.contains("<script") && !html.contains("http://") && !html.contains("https://"));
    test.anonymous().get("/docs/style.css").await.expect(200);
}

#[tokio::test]
async fn a_path_that_is_no_text_is_refused_like_every_mistake() {
    let test = TestApp::start().await;
    let client = test.with_scopes(&["read"]).await;
    for path in ["/v2/identities/%ff", "/v2/human-evals/%c3%28", "/nothing/%80"] {
        let message = client.get(path).await.error(400);
        assert_eq!(message, "The path is not valid UTF-8 once its percent-encoding is undone.", "{path}");
    }
    // A percent sign that begins nothing is only a percent sign.
    client.get("/v2/identities/50%").await.error(404);
    client.get("/v2/identities/100%25%zz").await.error(404);
}

#[tokio::test]
async fn a_query_that_cannot_be_read_is_refused_like_every_mistake() {
    let test = TestApp::start().await;
    let client = test.with_scopes(&["read"]).await;
    let trace = "0af7651916cd43dd8448eb211c80319c";
    client.get(&format!("/v3/traces/{trace}/spans?limit=many")).await.error(400);
    client.get("/v2/annotations?limit=many").await.error(400);
    client.get("/v2/projects?limit=many").await.error(400);
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] }).collect()
}

/// In the document, the later of two schemas with one name would take the place of the first without a word.
#[test]
fn no_two_schemas_share_a_name() {
    let mut places: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for file in sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
        let text = std::fs::read_to_string(&file).unwrap();
        for part in text.split("#[derive(").skip(1) {
            let (derived, rest) = part.split_once(")]").unwrap();
            if !derived.contains("ToSchema") {
                continue;
            }
            let declared = |line: &&str| ["struct ", "enum "].iter().any(|word| line.contains(word));
            let end = rest.lines().find(declared).unwrap();
            let attributes = &rest[..rest.find(end).unwrap()];
            let given = attributes.split_once("schema(as = ").map(|(_, name)| name);
            let own = end.split_once("struct ").or_else(|| end.split_once("enum ")).map(|(_, name)| name);
            let name = given.or(own).unwrap();
            let name = name.split(|c: char| !c.is_alphanumeric()).next().unwrap().to_owned();
            places.entry(name).or_default().push(file.clone());
        }
    }
    assert!(places.contains_key("ErrorBody") && places.contains_key("Identity"), "the sources are read wrongly");
    places.retain(|_, files| files.len() > 1);
    assert!(places.is_empty(), "schemas with one name: {places:#?}");
}
