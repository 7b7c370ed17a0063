//! What machines that watch are told.

use crate::app::TestApp;

#[tokio::test]
async fn whoever_watches_needs_no_key() {
    let test = TestApp::start().await;
    for path in ["/healthz", "/readyz"] {
        assert_eq!(test.anonymous().get(path).await.expect(200).json()["status"], "ok");
    }
}

#[tokio::test]
async fn requests_are_counted_by_route_and_never_by_what_was_asked() {
    let test = TestApp::start().await;
    test.anonymous().get("/v3/traces/0af7651916cd43dd8448eb211c80319c/spans?secret=hunter2").await.expect(401);
    test.anonymous().get("/sign-in/hunter2").await;
    let page = String::from_utf8(test.anonymous().get("/metrics").await.expect(200).bytes).unwrap();
    let line = r#"postil_http_request_duration_seconds_count{method="GET",route="/v3/traces/{trace_id}/spans",status="401"} 1"#;
    assert!(page.contains(line), "{page}");
    assert!(!page.contains("hunter2"), "{page}");
}
