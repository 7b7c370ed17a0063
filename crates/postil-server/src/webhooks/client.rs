//! Sends one request and reads how its answer begins. One connection a request: to an address that was looked up and
//! checked by us, so that a name cannot point elsewhere in between, and through no proxy.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::http::{Request, Uri, header, uri::PathAndQuery};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpStream, lookup_host};
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;

use super::network::{Allowed, literal};

/// How long a request may take altogether, redirects and the beginning of the answer included.
pub const TIME_LIMIT: Duration = Duration::from_secs(10);
/// How long the beginning of the answer's body is waited for, once its head is there.
const BODY_LIMIT: Duration = Duration::from_secs(2);
/// How much of an answer is read.
const ANSWER_LIMIT: usize = 1024;
/// How large the head of an answer may be.
const HEAD_LIMIT: usize = 16 << 10;
/// How many redirects are followed.
const MOST_REDIRECTS: usize = 3;

/// A request to send.
#[derive(Debug, Clone)]
pub struct Message {
    /// Its headers, beside those every request has.
    pub headers: Vec<(&'static str, String)>,
    /// Its body.
    pub body: Vec<u8>,
}

/// How an answer begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// At most its first 1024 bytes, as text.
    pub beginning: String,
}

/// Sends requests.
#[derive(Clone)]
pub struct Client {
    allowed: Arc<Allowed>,
    tls: TlsConnector,
}

impl Client {
    /// A client that reaches the public internet and what else is allowed.
    ///
    /// # Errors
    /// When the TLS library does not offer the versions of TLS in use.
    pub fn new(allowed: Allowed) -> anyhow::Result<Client> {
        let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Client { allowed: Arc::new(allowed), tls: TlsConnector::from(Arc::new(config)) })
    }

    /// Sends a request by POST. An answer is an answer whatever its status.
    ///
    /// # Errors
    /// A sentence for whoever looks after the webhook.
    pub async fn post(&self, url: &str, message: &Message) -> Result<Answer, String> {
        let sending = tokio::time::timeout(TIME_LIMIT, self.follow(url, message));
        let late = || format!("There was no answer within {} seconds.", TIME_LIMIT.as_secs());
        sending.await.unwrap_or_else(|_| Err(late()))
    }

    /// Sends, and sends again where 307 and 308 lead. Other redirects would make a GET out of it.
    async fn follow(&self, url: &str, message: &Message) -> Result<Answer, String> {
        let mut target = Target::parse(url)?;
        for _ in 0..=MOST_REDIRECTS {
            let (answer, location) = self.send(&target, message).await?;
            if !matches!(answer.status, 307 | 308) {
                return Ok(answer);
            }
            let location = location.ok_or("The receiver redirects, and does not say to where.")?;
            target = target.redirected(&location)?;
        }
        Err(format!("The receiver redirects more than {MOST_REDIRECTS} times."))
    }

    async fn send(&self, target: &Target, message: &Message) -> Result<(Answer, Option<String>), String> {
        let stream = self.connect(target).await?;
        if !target.is_tls {
            return exchange(TokioIo::new(stream), target, message).await;
        }
        let host = target.host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let name = ServerName::try_from(host).map_err(|_| "The host name is not valid for TLS.".to_owned())?;
        let stream = self.tls.connect(name, stream).await;
        let stream = stream.map_err(|cause| format!("The TLS connection failed: {cause}."))?;
        exchange(TokioIo::new(stream), target, message).await
    }

    /// Connects to the first address of the host that may be called and answers.
    async fn connect(&self, target: &Target) -> Result<TcpStream, String> {
        let found: Vec<SocketAddr> = match literal(&target.host) {
            Some(address) => vec![SocketAddr::new(address, target.port)],
            None => {
                let looked_up = lookup_host((target.host.as_str(), target.port)).await;
                looked_up.map_err(|_| format!("The host {} cannot be found.", target.host))?.collect()
            }
        };
        let permitted: Vec<_> = found.iter().filter(|address| self.allowed.permits(address.ip())).collect();
        if permitted.is_empty() {
            return Err(format!(
                "The host {} is not on the public internet, and this server does not allow to call it.",
                target.host
            ));
        }
        let mut last = String::new();
        for address in permitted {
            match TcpStream::connect(address).await {
                Ok(stream) => return Ok(stream),
                Err(cause) => last = cause.to_string(),
            }
        }
        Err(format!("{} cannot be connected to: {last}.", target.host))
    }
}

/// Where a request goes.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Target {
    is_tls: bool,
    host: String,
    port: u16,
    authority: String,
    path: PathAndQuery,
}

impl Target {
    fn parse(url: &str) -> Result<Target, String> {
        let uri: Uri = url.parse().map_err(|_| "The address is not valid.".to_owned())?;
        let is_tls = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err("The address is neither http nor https.".into()),
        };
        let authority = uri.authority().ok_or("The address names no host.")?;
        if authority.as_str().contains('@') {
            return Err("The address holds a user name.".into());
        }
        Ok(Target {
            is_tls,
            host: authority.host().to_owned(),
            port: authority.port_u16().unwrap_or(if is_tls { 443 } else { 80 }),
            authority: authority.as_str().to_owned(),
            path: uri.path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/")),
        })
    }

    /// Where a redirect from here leads: never from https to http.
    fn redirected(&self, location: &str) -> Result<Target, String> {
        let location = location.split('#').next().unwrap_or_default();
        let scheme = if self.is_tls { "https" } else { "http" };
        let url = match location {
            _ if location.starts_with("//") => format!("{scheme}:{location}"),
            _ if location.starts_with('/') => format!("{scheme}://{}{location}", self.authority),
            _ => location.to_owned(),
        };
        let next = Target::parse(&url).map_err(|wrong| format!("The receiver redirects. {wrong}"))?;
        if self.is_tls && !next.is_tls {
            return Err("The receiver redirects from https to http.".into());
        }
        Ok(next)
    }
}

/// Ends the task that drives a connection, and with it the connection, when nobody reads from it any more.
struct Driven(JoinHandle<()>);

impl Drop for Driven {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn exchange<S>(stream: S, target: &Target, message: &Message) -> Result<(Answer, Option<String>), String>
where
    S: hyper::rt::Read + hyper::rt::Write + Unpin + Send + 'static,
{
    let broken = |cause: hyper::Error| format!("The connection broke: {cause}.");
    let mut builder = http1::Builder::new();
    builder.max_buf_size(HEAD_LIMIT);
    let (mut sender, connection) = builder.handshake(stream).await.map_err(broken)?;
    let _driven = Driven(tokio::spawn(async move {
        // What goes wrong here is told to whoever waits for the answer.
        drop(connection.await);
    }));
    let mut request = Request::post(target.path.as_str())
        .header(header::HOST, &target.authority)
        .header(header::USER_AGENT, concat!("postil/", env!("CARGO_PKG_VERSION")))
        .header(header::ACCEPT, "*/*")
        .header(header::ACCEPT_ENCODING, "identity")
        .header(header::CONNECTION, "close");
    for (name, value) in &message.headers {
        request = request.header(*name, value);
    }
    let body = Full::new(Bytes::from(message.body.clone()));
    let request = request.body(body).map_err(|cause| format!("The request cannot be made: {cause}."))?;
    let response = sender.send_request(request).await.map_err(broken)?;
    let status = response.status().as_u16();
    let location = response.headers().get(header::LOCATION).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let beginning = read_beginning(response.into_body()).await;
    Ok((Answer { status, beginning }, location))
}

/// The first bytes of a body, as far as they come in time; its end is not waited for.
async fn read_beginning(mut body: Incoming) -> String {
    let mut bytes = Vec::new();
    let reading = async {
        while bytes.len() < ANSWER_LIMIT {
            let Some(Ok(frame)) = body.frame().await else { break };
            if let Ok(data) = frame.into_data() {
                bytes.extend_from_slice(&data[..data.len().min(ANSWER_LIMIT - bytes.len())]);
            }
        }
    };
    // The status has told what became of it.
    drop(tokio::time::timeout(BODY_LIMIT, reading).await);
    let text = String::from_utf8_lossy(&bytes);
    // Databases refuse the character 0 in texts.
    text.chars().map(|character| if character == '\0' { '\u{fffd}' } else { character }).collect()
}

#[cfg(test)]
mod tests {
    use super::Target;

    #[test]
    fn a_redirect_leads_to_http_and_https_only_and_never_down() {
        let from = Target::parse("https://a.example/hook?x=1").unwrap();
        for (location, host, path) in [
            ("/other", "a.example", "/other"),
            ("//b.example/x", "b.example", "/x"),
            ("https://b.example:8443/x#part", "b.example", "/x"),
        ] {
            let next = from.redirected(location).unwrap();
            assert_eq!((next.host.as_str(), next.path.as_str()), (host, path));
            assert!(next.is_tls);
        }
        for refused in ["http://a.example/", "file:///etc/passwd", "https://u:p@b.example/", "", "x", "gopher://b"] {
            assert!(from.redirected(refused).is_err(), "{refused}");
        }
        let plain = Target::parse("http://a.example").unwrap();
        assert!(plain.redirected("https://a.example/").unwrap().is_tls);
        assert_eq!((plain.port, plain.path.as_str()), (80, "/"));
    }
}
