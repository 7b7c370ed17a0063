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
