//! Requests to the router of this very process, with a key that lives as long as the demo takes.

use axum::Router;
use axum::body::Body;
use axum::http::{Request as HttpRequest, StatusCode, header};
use http_body_util::BodyExt;
use postil::project::start::Home;
use postil::project::{caller, key, operator};
use serde_json::Value;
use tower::ServiceExt;

use super::Request;
use crate::App;
use crate::serve::described;

/// How long the key works should the process end before it is taken away, in microseconds.
const KEY_LIFE: i64 = 600_000_000;

pub(super) struct Sender {
    app: App,
    router: Router,
    token: String,
    key_id: String,
}

impl Sender {
    /// Makes a key of all scopes.
    pub(super) async fn new(app: &App, router: Router, home: &Home) -> anyhow::Result<Sender> {
        let (token, clock) = (key::generate(), app.clock.clone());
        let new = key::NewKey {
            name: "demo".into(),
            workspace_id: home.workspace_id.clone(),
            project_id: Some(home.project.id.clone()),
            scopes: caller::SCOPES.iter().map(ToString::to_string).collect(),
            permission_mode: "all".into(),
            access: "{}".into(),
            expires_at: Some(clock.now() + KEY_LIFE),
            created_by: "postil".into(),
        };
        let stored = token.clone();
        let key_id = app.db.write(move |tx| key::insert(tx, &clock, &stored, &new)).await.map_err(described)?;
        Ok(Sender { app: app.clone(), router, token, key_id })
    }

    /// Takes the key away.
    pub(super) async fn finish(self) -> anyhow::Result<()> {
        let id = self.key_id;
        self.app.db.write(move |tx| operator::revoke_key(tx, &id)).await.map_err(described)?;
        self.app.forget_callers();
        Ok(())
    }

    /// Posts JSON, and returns what is answered; null when that is no JSON.
    pub(super) async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        let body = body.to_string().into_bytes();
        let answer = self.send(&Request { path: path.to_owned(), content_type: "application/json", body }).await?;
        Ok(serde_json::from_slice(&answer).unwrap_or_default())
    }

    /// What a list answers, such as `/v2/human-evals`.
    pub(super) async fn get(&self, path: &str) -> anyhow::Result<Value> {
        let http = HttpRequest::get(path)
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
            .body(Body::empty())?;
        let response = self.router.clone().oneshot(http).await?;
        Ok(serde_json::from_slice(&response.into_body().collect().await?.to_bytes())?)
    }

    /// Sends one request, and returns what is answered; a server that is busy is asked again.
    pub(super) async fn send(&self, request: &Request) -> anyhow::Result<Vec<u8>> {
        for attempt in 1.. {
            let http = HttpRequest::post(&request.path)
                .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
                .header(header::CONTENT_TYPE, request.content_type)
                .header(header::USER_AGENT, "postil-demo")
                .body(Body::from(request.body.clone()))?;
            let response = self.router.clone().oneshot(http).await?;
            let status = response.status();
            if status.is_success() {
                return Ok(response.into_body().collect().await?.to_bytes().to_vec());
            }
            let is_busy = matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
            if !is_busy || attempt == 10 {
                let body = response.into_body().collect().await?.to_bytes();
                let text = String::from_utf8_lossy(&body).into_owned();
                anyhow::bail!("POST {} was answered with {status}: {text}", request.path);
            }
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        }
        Ok(Vec::new())
    }
}
