//! Receivers of webhooks on this machine, good and bad.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex, Notify};

/// A request that arrived.
#[derive(Debug, Clone, Default)]
pub struct Received {
    pub line: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Received {
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// What a receiver does.
#[derive(Debug, Clone)]
pub enum Manner {
    /// Answers these bytes and closes.
    Says(String),
    /// Answers these bytes, and then keeps the connection.
    SaysAndWaits(String),
    /// Answers a head, and then bytes for ever.
    Floods,
    /// Answers header after header, for ever.
    FloodsHeaders,
    /// Closes without an answer.
    HangsUp,
    /// Answers nothing until told to, by [`Receiver::go_on`].
    Waits,
}

/// Somebody who listens.
pub struct Receiver {
    pub address: SocketAddr,
    received: Arc<Mutex<Vec<Received>>>,
    arrived: Arc<Notify>,
    go_on: Arc<tokio::sync::Semaphore>,
}

pub fn answer(status: &str, more: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n{more}\r\n{body}", body.len())
}

impl Receiver {
    pub async fn start(manner: Manner) -> Receiver {
        Receiver::at("127.0.0.1:0", manner).await
    }

    pub async fn at(address: &str, manner: Manner) -> Receiver {
        let listener = TcpListener::bind(address).await.unwrap();
        let receiver = Receiver {
            address: listener.local_addr().unwrap(),
            received: Arc::default(),
            arrived: Arc::default(),
            go_on: Arc::new(tokio::sync::Semaphore::new(0)),
        };
        let (received, arrived, go_on) = (receiver.received.clone(), receiver.arrived.clone(), receiver.go_on.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (received, arrived, go_on, manner) =
                    (received.clone(), arrived.clone(), go_on.clone(), manner.clone());
                tokio::spawn(async move {
                    let mut stream = stream;
                    let Some(request) = read(&mut stream).await else { return };
                    received.lock().await.push(request);
                    arrived.notify_waiters();
                    if matches!(manner, Manner::Waits) {
                        go_on.acquire().await.unwrap().forget();
                    }
                    reply(&mut stream, manner).await;
                });
            }
        });
        receiver
    }

    pub fn url(&self) -> String {
        format!("http://{}/hook?from=postil", self.address)
    }

    pub async fn received(&self) -> Vec<Received> {
        self.received.lock().await.clone()
    }

    /// Waits until so many requests have arrived.
    pub async fn until(&self, count: usize) {
        loop {
            let arrived = self.arrived.notified();
            if self.received.lock().await.len() >= count {
                return;
            }
            arrived.await;
        }
    }

    /// Lets a waiting request be answered.
    pub fn go_on(&self, count: usize) {
        self.go_on.add_permits(count);
    }
}

async fn reply(stream: &mut TcpStream, manner: Manner) {
    // Whoever hangs up on us has heard enough.
    match manner {
        Manner::Says(text) => drop(stream.write_all(text.as_bytes()).await),
        Manner::SaysAndWaits(text) => {
            drop(stream.write_all(text.as_bytes()).await);
            drop(stream.read(&mut [0]).await);
        }
        Manner::Floods => {
            drop(stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000000\r\n\r\n").await);
            while stream.write_all(&[b'x'; 65_536]).await.is_ok() {}
        }
        Manner::FloodsHeaders => {
            drop(stream.write_all(b"HTTP/1.1 200 OK\r\n").await);
            while stream.write_all(b"x-more: yes\r\n").await.is_ok() {}
        }
        Manner::HangsUp => {}
        Manner::Waits => drop(stream.write_all(answer("204 No Content", "", "").as_bytes()).await),
    }
}

async fn read(stream: &mut TcpStream) -> Option<Received> {
    let mut bytes = Vec::new();
    let head_end = loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at;
        }
        let mut some = [0; 4096];
        let count = stream.read(&mut some).await.ok().filter(|count| *count > 0)?;
        bytes.extend_from_slice(&some[..count]);
    };
    let head = String::from_utf8(bytes[..head_end].to_vec()).ok()?;
    let mut lines = head.split("\r\n");
    let line = lines.next()?.to_owned();
    let split = |line: &str| line.split_once(": ").map(|(name, value)| (name.to_lowercase(), value.to_owned()));
    let headers: Vec<_> = lines.filter_map(split).collect();
    let mut request = Received { line, headers, body: bytes[head_end + 4..].to_vec() };
    let length: usize = request.header("content-length").parse().ok()?;
    while request.body.len() < length {
        let mut some = [0; 4096];
        let count = stream.read(&mut some).await.ok().filter(|count| *count > 0)?;
        request.body.extend_from_slice(&some[..count]);
    }
    Some(request)
}
