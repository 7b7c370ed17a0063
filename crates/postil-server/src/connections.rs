//! Open connections: how many there may be, and how long they may keep us waiting.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_io_timeout::TimeoutStream;
use tower::ServiceExt;

use crate::state::App;

/// How many files the rest of the program may need: the database, logs, the web app.
const OTHER_FILES: usize = 256;
/// How much of a request line and its headers is read before it is refused.
const MAX_HEAD: usize = 64 << 10;
/// How long to wait when the machine has no more connections to give.
const BREATH: Duration = Duration::from_secs(1);

/// How long a connection may keep us waiting.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// From its beginning to the end of the headers of its first request.
    pub first: Duration,
    /// From an answer to the end of the headers of the next request. Exporters send once a minute.
    pub next: Duration,
    /// For an answer that nobody takes.
    pub taking: Duration,
}

impl Default for Patience {
    fn default() -> Patience {
        let [first, next, taking] = [30, 75, 60].map(Duration::from_secs);
        Patience { first, next, taking }
    }
}

/// What all listeners of the server share.
#[derive(Clone)]
pub struct Connections {
    places: Arc<Semaphore>,
    patience: Patience,
}

impl Connections {
    /// At most so many at a time; those that come on top wait until another ends.
    pub fn new(most: usize, patience: Patience) -> Connections {
        Connections { places: Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS))), patience }
    }

    /// Serves HTTP/1.1 and HTTP/2 without TLS until the server stops, and lets running requests finish.
    pub async fn serve(self, listener: TcpListener, router: Router, app: App) {
        let graceful = GracefulShutdown::new();
        let mut stopped = pin!(app.stopped());
        loop {
            let accepted = async {
                let place = Arc::clone(&self.places).acquire_owned().await.ok()?;
                let (stream, address) = accept(&listener).await?;
                Some((place, stream, address))
            };
            tokio::select! {
                () = &mut stopped => break,
                accepted = accepted => {
                    let Some((place, stream, address)) = accepted else { continue };
                    let served = serve_one(stream, address, router.clone(), self.patience, graceful.watcher(), place);
                    tokio::spawn(served);
                }
            }
        }
        drop(listener);
        graceful.shutdown().await;
    }
}

/// Takes the next connection; none when that one broke off.
async fn accept(listener: &TcpListener) -> Option<(TcpStream, SocketAddr)> {
    match listener.accept().await {
        Ok(accepted) => Some(accepted),
        Err(cause) => {
            let is_the_peers =
                [io::ErrorKind::ConnectionRefused, io::ErrorKind::ConnectionAborted, io::ErrorKind::ConnectionReset]
                    .contains(&cause.kind());
            if !is_the_peers {
                tracing::error!(%cause, "no connection can be taken");
                tokio::time::sleep(BREATH).await;
            }
            None
        }
    }
}

async fn serve_one(
    stream: TcpStream,
    address: SocketAddr,
    router: Router,
    patience: Patience,
    watcher: Watcher,
    _place: OwnedSemaphorePermit,
) {
    // Answers are small and waited for: they must not wait for each other in the kernel.
    drop(stream.set_nodelay(true));
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(patience.taking));
    let has_asked = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&has_asked);
    let service = router.map_request(move |request: hyper::Request<Incoming>| {
        asked.store(true, Ordering::Relaxed);
        let mut request = request.map(Body::new);
        // Whoever tries to sign in is counted by address.
        request.extensions_mut().insert(ConnectInfo(address));
        request
    });
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(patience.next).max_buf_size(MAX_HEAD);
    builder.http2().timer(TokioTimer::new()).keep_alive_interval(patience.next).keep_alive_timeout(patience.first);
    let connection = builder.serve_connection(TokioIo::new(Box::pin(stream)), TowerToHyperService::new(service));
    // HTTP/2 and the guess which of both is spoken know no such limit.
    let silent = async {
        tokio::time::sleep(patience.first).await;
        if has_asked.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        ended = watcher.watch(connection) => {
            if let Err(cause) = ended {
                tracing::trace!(cause, "a connection broke off");
            }
        }
        () = silent => tracing::trace!(%address, "a connection sent no request"),
    }
}

/// How many connections the machine lets us have, of those that are wanted. Asks it for more open files where it may.
pub fn affordable(wanted: usize) -> usize {
    let needed = u64::try_from(wanted.saturating_add(OTHER_FILES)).unwrap_or(u64::MAX);
    let limit = getrlimit(Resource::Nofile);
    let mut open = limit.current.unwrap_or(u64::MAX);
    if open < needed {
        let most = limit.maximum.map_or(needed, |maximum| maximum.min(needed));
        if setrlimit(Resource::Nofile, Rlimit { current: Some(most), ..limit }).is_ok() {
            open = most;
        }
    }
    let affordable = usize::try_from(open).unwrap_or(usize::MAX).saturating_sub(OTHER_FILES).max(16).min(wanted);
    if affordable < wanted {
        tracing::warn!(wanted, affordable, "max_connections: this process may not open as many files");
    }
    affordable
}

#[cfg(test)]
mod tests {
    use axum::routing::{get, post};
    use postil::Clock;
    use postil::db::{Db, Location};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;
    use crate::state::Limits;

    /// A server that answers everything that is asked in time.
    struct Bed {
        app: App,
        address: SocketAddr,
        serving: tokio::task::JoinHandle<()>,
        _folder: tempfile::TempDir,
    }

    impl Bed {
        async fn new(most: usize, patience: Patience) -> Bed {
            let folder = tempfile::tempdir().unwrap();
            let db = Db::open(&Location::Sqlite(folder.path().join("postil.db"))).unwrap();
            let app = App::new(db, Clock::system(), Limits::default());
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let router = Router::new()
                .route("/", get(|ConnectInfo(sender): ConnectInfo<SocketAddr>| async move { sender.to_string() }))
                .route("/large", get(|| async { vec![b'x'; 64 << 20] }))
                .route("/echo", post(|body: String| async { body }));
            let serving = tokio::spawn(Connections::new(most, patience).serve(listener, router, app.clone()));
            Bed { app, address, serving, _folder: folder }
        }

        async fn connect(&self, say: &str) -> TcpStream {
            let mut stream = TcpStream::connect(self.address).await.unwrap();
            stream.write_all(say.as_bytes()).await.unwrap();
            stream
        }

        async fn ask(&self) -> String {
            let mut stream = self.connect("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await;
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            assert!(answer.ends_with(&stream.local_addr().unwrap().to_string()), "{answer}");
            answer
        }
    }

    fn patience(milliseconds: [u64; 3]) -> Patience {
        let [first, next, taking] = milliseconds.map(Duration::from_millis);
        Patience { first, next, taking }
    }

    const LONG: u64 = 600_000;

    /// Reads until the other end closes; a test that waits in vain hangs.
    async fn closed(mut stream: TcpStream) -> String {
        let mut answer = Vec::new();
        // A reset is an end as well.
        drop(stream.read_to_end(&mut answer).await);
        String::from_utf8_lossy(&answer).into_owned()
    }

    #[tokio::test]
    async fn connections_that_never_finish_their_headers_are_closed() {
        let bed = Bed::new(100, patience([200, LONG, LONG])).await;
        for said in ["", "P", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "GET / HTTP/1.1\r\nhost: a\r\nx-"] {
            let answer = closed(bed.connect(said).await).await;
            assert!(!answer.contains(" 200 "), "{said:?}: {answer}");
        }
        bed.ask().await;
    }

    #[tokio::test]
    async fn a_connection_is_kept_for_the_next_request_but_not_for_ever() {
        let bed = Bed::new(100, patience([LONG, 300, LONG])).await;
        let ask = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";
        let mut stream = bed.connect(ask).await;
        let mut buffer = [0; 1000];
        assert!(stream.read(&mut buffer).await.unwrap() > 0);
        stream.write_all(ask.as_bytes()).await.unwrap();
        assert!(stream.read(&mut buffer).await.unwrap() > 0);
        assert_eq!(closed(stream).await, "");
    }

    #[tokio::test]
    async fn whoever_takes_no_answer_is_let_go() {
        let bed = Bed::new(1, patience([LONG, LONG, 200])).await;
        let _stream = bed.connect("GET /large HTTP/1.1\r\nhost: a\r\n\r\n").await;
        // There is one place only, so this is answered when the first connection has ended.
        bed.ask().await;
    }

    #[tokio::test]
    async fn more_connections_than_there_are_places_wait_for_their_turn() {
        let bed = Bed::new(2, patience([LONG; 3])).await;
        let (first, second) = (bed.connect("GET").await, bed.connect("GET").await);
        let mut third = bed.connect("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await;
        let mut byte = [0];
        let early = tokio::time::timeout(Duration::from_millis(200), third.read(&mut byte)).await;
        assert!(early.is_err(), "answered although all places are taken");
        drop(first);
        assert_eq!(third.read(&mut byte).await.unwrap(), 1);
        drop(second);
    }

    #[tokio::test]
    async fn a_server_that_stops_lets_running_requests_finish() {
        let bed = Bed::new(10, patience([LONG; 3])).await;
        let mut idle = bed.connect("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
        let mut byte = [0];
        idle.read_exact(&mut byte).await.unwrap();
        let head = "POST /echo HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 5\r\n\r\n";
        let mut running = bed.connect(head).await;
        // The server wants the body, so the request runs.
        running.read_exact(&mut byte).await.unwrap();
        bed.app.stop();
        closed(idle).await;
        running.write_all(b"hello").await.unwrap();
        assert!(closed(running).await.ends_with("hello"));
        bed.serving.await.unwrap();
        assert!(TcpStream::connect(bed.address).await.is_err());
    }
}
