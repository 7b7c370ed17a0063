//! Starts the program and speaks HTTP to it over plain sockets.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;

pub const KEY: &str = "sk-orq-postil-test-0123456789abcdef";

/// Where the data of a test lives: a folder, and a PostgreSQL database if the test wants one.
pub struct Place {
    folder: tempfile::TempDir,
    database: Option<String>,
}

impl Place {
    pub fn sqlite() -> Place {
        Place { folder: tempfile::tempdir().unwrap(), database: None }
    }

    pub fn postgres() -> Place {
        let folder = tempfile::tempdir().unwrap();
        let name = format!("postil_{}", postil::id::secret::<8>());
        sql(&format!("create database {name}"));
        Place { folder, database: Some(name) }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The name of the PostgreSQL database.
    pub fn database(&self) -> &str {
        self.database.as_deref().expect("a place on PostgreSQL")
    }

    /// Where the PostgreSQL database is.
    pub fn location(&self) -> postil::db::Location {
        postil::db::Location::Postgres(format!("{}/{}", postgres(), self.database()))
    }

    /// The program with the settings of this place, and nothing else of the environment.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_postil"));
        self.set_up(&mut command);
        command.args(arguments);
        command
    }

    /// The same, begun by a line of bash that ends in `exec "$0" "$@"`.
    pub fn command_after(&self, line: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new("bash");
        self.set_up(&mut command);
        command.args(["-c", line, env!("CARGO_BIN_EXE_postil")]).args(arguments);
        command
    }

    fn set_up(&self, command: &mut Command) {
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("POSTIL_LISTEN", "127.0.0.1:0").env("POSTIL_OTLP_GRPC", "127.0.0.1:0");
        command.env("POSTIL_DATA", self.path("data")).env("POSTIL_LOG_LEVEL", "error");
        command.env("POSTIL_BOOTSTRAP_API_KEY", KEY).current_dir(self.folder.path());
        if let Some(name) = &self.database {
            command.env("DATABASE_URL", format!("{}/{name}", postgres()));
        }
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).stdin(Stdio::null()).output().unwrap()
    }

    pub fn serve(&self) -> Server {
        Server::start(self.command(&["serve"]))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(name) = &self.database {
            sql(&format!("drop database if exists {name} with (force)"));
        }
    }
}

fn postgres() -> String {
    std::env::var("POSTIL_TEST_POSTGRES").expect("POSTIL_TEST_POSTGRES names a server: run `make test`")
}

/// Runs statements on the PostgreSQL server's own database.
pub fn sql(statement: &str) {
    let url = format!("{}/postgres", postgres());
    let done = Command::new("psql").args([&url, "-q", "-v", "ON_ERROR_STOP=1", "-c", statement]).output().unwrap();
    assert!(done.status.success(), "{statement}: {}", String::from_utf8_lossy(&done.stderr));
}

/// A running program; it is killed when the test ends.
pub struct Server {
    child: Child,
    pub address: String,
    /// What it printed before it was ready.
    pub greeting: Vec<String>,
}

impl Server {
    pub fn start(mut command: Command) -> Server {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let greeting: Vec<_> = lines.by_ref().map_while(Result::ok).take(2).collect();
        let address = greeting.first().and_then(|line| line.strip_prefix("listening on http://"));
        let address =
            address.unwrap_or_else(|| panic!("the server did not say where it listens: {greeting:?}")).to_owned();
        // Somebody must go on reading, or the program would wait for the pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Server { child, address, greeting }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends it the hard way: SIGKILL.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to end, and says how it did.
    pub fn stop(mut self) -> std::process::ExitStatus {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        self.child.wait().unwrap()
    }

    pub fn get(&self, path: &str) -> (u16, Value) {
        send(&self.address, "GET", path, &Value::Null).expect("an answer")
    }

    pub fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        send(&self.address, "POST", path, body).expect("an answer")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// One request on a connection of its own. None when the server went away before it answered.
pub fn send(address: &str, method: &str, path: &str, body: &Value) -> Option<(u16, Value)> {
    send_as(address, KEY, method, path, body)
}

/// The same with another key.
pub fn send_as(address: &str, key: &str, method: &str, path: &str, body: &Value) -> Option<(u16, Value)> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(60))).ok()?;
    let body = if body.is_null() { String::new() } else { body.to_string() };
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {key}\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    let text = String::from_utf8_lossy(&answer);
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some((status, serde_json::from_str(body).unwrap_or(Value::String(body.to_owned()))))
}

/// The size of a file, 0 when it is missing.
pub fn size(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |metadata| metadata.len())
}

/// Ids and body of the `number`th span, with `bytes` of text.
pub fn span(number: u64, bytes: usize) -> (String, String, Value) {
    let (trace_id, span_id) = (format!("{:032x}", u128::from(number) + 1), format!("{:016x}", number + 1));
    let attribute = |key: &str, value: &str| serde_json::json!({"key": key, "value": {"stringValue": value}});
    let at = |seconds: u64| (1_795_255_200_000_000_000 + seconds * 1_000_000_000).to_string();
    let body = serde_json::json!({"resourceSpans": [{"scopeSpans": [{"spans": [{
        "traceId": trace_id, "spanId": span_id, "name": format!("chat {number}"), "kind": 3,
        "startTimeUnixNano": at(number), "endTimeUnixNano": at(number + 1),
        "attributes": [attribute("gen_ai.operation.name", "chat"), attribute("note", &noise(number, bytes))],
    }]}]}]});
    (trace_id, span_id, body)
}

/// Text that does not compress well.
fn noise(seed: u64, bytes: usize) -> String {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        char::from(b'!' + (state % 90) as u8)
    };
    (0..bytes).map(|_| next()).collect()
}
