//! The harness: the whole server without a socket, on a database of its own, with a clock that stands still.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use postil::Clock;
use postil::db::{Db, Location};
use postil::project::{Caller, key, start};
use postil_server::state::{Limits, Settings};
use postil_server::{App, api};
use serde_json::Value;
use tower::ServiceExt;

/// 2026-11-21T10:00:00Z, where the clock of every test stands.
pub const NOON: i64 = 1_795_255_200_000_000;

/// A server for one test.
pub struct TestApp {
    pub app: App,
    pub clock: Clock,
    pub workspace_id: String,
    pub project_id: String,
    router: axum::Router,
    _folder: tempfile::TempDir,
}

/// Someone who calls it.
#[derive(Clone)]
pub struct Client<'a> {
    test: &'a TestApp,
    headers: Vec<(String, String)>,
}

/// What it answered.
pub struct Answer {
    pub status: StatusCode,
    pub headers: axum::http::HeaderMap,
    pub bytes: Vec<u8>,
}

impl TestApp {
    /// An empty project: it asks nothing until the test says what.
    pub async fn start() -> TestApp {
        TestApp::with_settings(Settings::default()).await
    }

    /// An empty project on a server that is set up like this.
    pub async fn with_settings(settings: Settings) -> TestApp {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(&Location::Sqlite(folder.path().join("postil.db"))).unwrap();
        let clock = Clock::fixed(NOON);
        let at = clock.clone();
        let home = db.write(move |tx| start::home(tx, &at)).await.unwrap();
        let app = App::with_settings(db, clock.clone(), Limits::default(), settings);
        TestApp {
            router: api::router(&app),
            app,
            clock,
            workspace_id: home.workspace_id,
            project_id: home.project.id,
            _folder: folder,
        }
    }

    /// Someone without a key.
    pub fn anonymous(&self) -> Client<'_> {
        Client { test: self, headers: Vec::new() }
    }

    /// Someone with a key of these scopes for the whole workspace.
    pub async fn with_scopes(&self, scopes: &[&str]) -> Client<'_> {
        self.key(scopes, None).await
    }

    /// Someone with a key of all scopes for the whole workspace.
    pub async fn admin(&self) -> Client<'_> {
        self.with_scopes(&postil::project::caller::SCOPES).await
    }

    /// Someone with a key bound to one project, or to none.
    pub async fn key(&self, scopes: &[&str], project_id: Option<String>) -> Client<'_> {
        let token = key::generate();
        let new = key::NewKey {
            name: format!("test {}", scopes.join("+")),
            workspace_id: self.workspace_id.clone(),
            project_id,
            scopes: scopes.iter().map(ToString::to_string).collect(),
            permission_mode: "all".into(),
            access: "{}".into(),
            expires_at: None,
            created_by: "test".into(),
        };
        let (clock, stored) = (self.clock.clone(), token.clone());
        self.app.db.write(move |tx| key::insert(tx, &clock, &stored, &new)).await.unwrap();
        self.anonymous().header("authorization", &format!("Bearer {token}"))
    }

    /// The default project's caller with all permissions, for calling verbs of the domain directly.
    pub fn caller(&self) -> Caller {
        Caller {
            workspace_id: self.workspace_id.clone(),
            project: postil::project::ProjectRef { id: self.project_id.clone(), number: 1 },
            bound_to: None,
            actor: postil::project::Actor::Key { id: "test".into(), name: "test".into() },
            permissions: postil::project::Permissions::ALL,
            client: None,
        }
    }
}

impl<'a> Client<'a> {
    /// The same caller with one more header.
    pub fn header(&self, name: &str, value: &str) -> Client<'a> {
        let mut client = self.clone();
        client.headers.retain(|(existing, _)| existing != name);
        client.headers.push((name.to_owned(), value.to_owned()));
        client
    }

    /// The `Authorization` header this caller sends.
    pub fn authorization(&self) -> String {
        let header = self.headers.iter().find(|(name, _)| name == "authorization");
        header.map(|(_, value)| value.clone()).unwrap_or_default()
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Some(body.to_string().into_bytes())).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PATCH, path, Some(body.to_string().into_bytes())).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None).await
    }

    pub async fn delete_with(&self, path: &str, body: Value) -> Answer {
        self.send(Method::DELETE, path, Some(body.to_string().into_bytes())).await
    }

    /// Opens an event stream.
    pub async fn open(&self, path: &str) -> Stream {
        let mut request = Request::builder().uri(path);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let response = self.test.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Stream { body: response.into_body(), text: String::new() }
    }

    /// Sends any bytes; JSON unless a content type was set with [`Client::header`].
    pub async fn send(&self, method: Method, path: &str, body: Option<Vec<u8>>) -> Answer {
        let mut request = Request::builder().method(method.clone()).uri(path);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        if body.is_some() && !self.headers.iter().any(|(name, _)| name == "content-type") {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let request = request.body(body.map_or_else(Body::empty, Body::from)).unwrap();
        let response = self.test.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes().to_vec();
        let answer = Answer { status: parts.status, headers: parts.headers, bytes };
        super::contract::check(&method, path, &answer);
        answer
    }
}

/// A stream of server-sent events.
pub struct Stream {
    body: Body,
    text: String,
}

/// One message of a stream.
#[derive(Debug, Default)]
pub struct Message {
    pub event: String,
    pub id: String,
    pub data: Value,
}

impl Stream {
    /// The next message; none when the stream has ended.
    pub async fn next(&mut self) -> Option<Message> {
        loop {
            if let Some((message, rest)) = self.text.split_once("\n\n") {
                let field = |name: &str| {
                    let lines = message.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
                    lines.map(str::trim_start).collect::<String>()
                };
                let data = serde_json::from_str(&field("data")).unwrap_or_default();
                let read = Message { event: field("event"), id: field("id"), data };
                self.text = rest.to_owned();
                return Some(read);
            }
            let frame = self.body.frame().await?.unwrap();
            self.text.push_str(std::str::from_utf8(&frame.into_data().unwrap()).unwrap());
        }
    }
}

impl Answer {
    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes)
            .unwrap_or_else(|cause| panic!("{cause}: {}", String::from_utf8_lossy(&self.bytes)))
    }

    /// The same answer, if it has this status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Answer {
        assert_eq!(self.status.as_u16(), status, "{}", String::from_utf8_lossy(&self.bytes));
        self
    }

    /// The sentence of an error with this status.
    #[track_caller]
    pub fn error(self, status: u16) -> String {
        let body = self.expect(status).json();
        assert_eq!(body["code"], status.to_string(), "{body}");
        assert!(body["request_id"].as_str().is_some_and(|id| !id.is_empty()), "{body}");
        body["message"].as_str().expect("a message").to_owned()
    }
}
