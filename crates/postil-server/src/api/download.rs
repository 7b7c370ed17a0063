//! Answers that are read from the database piece by piece while they are sent, so that memory does not grow with them.

use std::future::Future;
use std::io;

use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use postil::Result;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use crate::state::App;

/// Pieces that wait for a slow reader.
const AHEAD: usize = 2;

/// A file that is read with `next`, from `start` on: it returns a piece, and from where to go on; nothing at the end. A
/// fault in the middle breaks the connection off, so that nobody takes half a file for a whole one.
pub fn download<S, Next, Piece>(app: &App, name: &str, content_type: &'static str, start: S, next: Next) -> Response
where
    S: Send + 'static,
    Next: Fn(S) -> Piece + Send + 'static,
    Piece: Future<Output = Result<(Vec<u8>, Option<S>)>> + Send,
{
    let (sender, receiver) = mpsc::channel::<io::Result<Bytes>>(AHEAD);
    let stopping = app.clone();
    tokio::spawn(async move {
        let mut at = Some(start);
        while let Some(from) = at {
            let read = tokio::select! {
                () = stopping.stopped() => Err(postil::Error::Overloaded),
                () = sender.closed() => return,
                read = next(from) => read,
            };
            let (piece, rest) = match read {
                Ok((bytes, rest)) => (Ok(Bytes::from(bytes)), rest),
                Err(error) => {
                    tracing::warn!(%error, "a download broke off");
                    (Err(io::Error::other("the download broke off")), None)
                }
            };
            at = rest;
            if piece.as_ref().is_ok_and(Bytes::is_empty) {
                continue;
            }
            if sender.send(piece).await.is_err() {
                return;
            }
        }
    });
    let plain = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
    let name: String = name.chars().map(|character| if plain(character) { character } else { '_' }).collect();
    let headers = [
        (header::CONTENT_TYPE, content_type.to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    (headers, Body::from_stream(ReceiverStream::new(receiver))).into_response()
}
