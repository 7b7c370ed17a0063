//! What a webhook is to be told survives a server that is killed while it tells it.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use serde_json::{Value, json};

use crate::server::{Place, Server, span};

fn serve(place: &Place) -> Server {
    Server::start(place.command(&["serve", "--webhook-networks", "127.0.0.1"]))
}

/// The body of the next request, and the connection it came on.
fn next(listener: &TcpListener) -> (Value, TcpStream) {
    let (mut stream, _) = listener.accept().unwrap();
    let mut bytes = Vec::new();
    loop {
        let mut some = [0; 4096];
        let count = stream.read(&mut some).unwrap();
        bytes.extend_from_slice(&some[..count]);
        let text = String::from_utf8_lossy(&bytes);
        if let Some((_, body)) = text.split_once("\r\n\r\n")
            && let Ok(body) = serde_json::from_str(body)
        {
            return (body, stream);
        }
    }
}

#[test]
fn what_was_being_delivered_when_the_server_was_killed_is_delivered_by_the_next() {
    let place = Place::sqlite();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = serve(&place);
    let (trace_id, span_id, body) = span(1, 10);
    assert_eq!(server.post("/v1/traces", &body).0, 200);
    let hook = json!({"_id": "w", "url": format!("http://{}/", listener.local_addr().unwrap()), "secret": "secret",
        "content_type": "application/json", "display_name": "w", "events": ["annotation.created"]});
    assert_eq!(server.post("/v2/webhooks", &hook).0, 200);
    let annotation = format!("/v2/traces/{trace_id}/spans/{span_id}/annotation");
    let said = json!({"annotations": [{"key": "rating", "value": "good"}]});
    assert_eq!(server.post(&annotation, &said).0, 200);
    let (told, unanswered) = next(&listener);
    assert_eq!(told["metadata"]["trace_id"], trace_id);
    server.kill();
    drop(unanswered);

    let server = serve(&place);
    let (again, mut stream) = next(&listener);
    assert_eq!(again, told, "the same, by the same id");
    stream.write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n").unwrap();
    drop(stream);
    loop {
        let (_, list) = server.get("/v3/webhooks/w/deliveries");
        if list["data"][0]["state"] == "delivered" {
            assert_eq!(list["data"].as_array().unwrap().len(), 1);
            break;
        }
        std::thread::yield_now();
    }
    assert!(server.stop().success());
}
