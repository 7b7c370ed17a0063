//! What holds for the whole server.

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
