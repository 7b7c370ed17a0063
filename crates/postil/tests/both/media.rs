//! Media: out of the spans, once per project, and back.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use postil::media::link::{self, Link};
use postil::media::{self, Media, PREFIX};
use postil::trace::intake::{self, Origin};
use postil::trace::model::{MediaKind, MediaSource, Part};
use postil::trace::price::PriceTable;
use postil::trace::{otlp, span};
use postil::{Db, Error, params};
use serde_json::json;

use crate::bed::{Bed, NOON};

crate::both!(
    an_image_is_stored_once_however_often_it_comes,
    a_span_is_shown_as_it_came_and_its_chunk_is_small,
    media_of_another_project_are_another_item,
    large_media_stay_references_in_what_came,
    a_text_that_holds_a_reference_is_not_mistaken,
    an_image_in_a_log_record_shows_in_the_conversation,
    what_langfuse_clients_upload_shows_whether_it_comes_before_or_after_the_span,
    what_came_at_an_upload_address_shows_where_a_span_names_the_address,
    an_upload_must_be_what_was_announced,
    links_end_and_are_limited,
);

const TRACE: &str = "0102030405060708090a0b0c0d0e0f10";
const SPAN: &str = "1112131415161718";

fn png(length: usize) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    bytes.extend((0..length).map(|at| u8::try_from(at * 31 % 251).unwrap()));
    bytes
}

fn text(key: &str, value: impl Into<String>) -> KeyValue {
    attribute(key, Any::StringValue(value.into()))
}

fn attribute(key: &str, value: Any) -> KeyValue {
    KeyValue { key: key.into(), value: Some(AnyValue { value: Some(value) }), ..KeyValue::default() }
}

fn a_span(attributes: Vec<KeyValue>) -> Span {
    Span {
        trace_id: hex::decode(TRACE).unwrap(),
        span_id: hex::decode(SPAN).unwrap(),
        name: "chat".into(),
        start_time_unix_nano: 1_795_255_200_000_000_000,
        end_time_unix_nano: 1_795_255_201_000_000_000,
        attributes,
        ..Span::default()
    }
}

fn send(db: &Db, project: i64, span: Span) {
    let scope_spans = vec![ScopeSpans { spans: vec![span], ..ScopeSpans::default() }];
    let origin = Origin { project, received_at: NOON, convention_version: None };
    let prices = PriceTable::built_in();
    let prepared = intake::prepare(vec![ResourceSpans { scope_spans, ..ResourceSpans::default() }], origin, prices);
    db.write_blocking(move |tx| intake::store(tx, &prepared, prices)).unwrap();
}

fn read(db: &Db) -> span::FullSpan {
    db.read_blocking(|tx| span::full(tx, 1, "w", TRACE, SPAN, PriceTable::built_in())).unwrap()
}

fn count(db: &Db, table: &str) -> i64 {
    let sql = format!("select cast(count(*) as bigint) from {table}");
    db.read_blocking(move |tx| tx.query_one(&sql, params![])?.int(0)).unwrap()
}

/// A question about an image, as clients of OpenTelemetry's conventions send it.
fn question(content: &str) -> Vec<KeyValue> {
    let parts = json!([{"role": "user", "parts": [
        {"type": "text", "content": "What is this?"},
        {"type": "blob", "mime_type": "image/jpeg", "modality": "image", "content": content}]}]);
    vec![text("gen_ai.operation.name", "chat"), text("gen_ai.input.messages", parts.to_string())]
}

#[track_caller]
fn stored(full: &span::FullSpan) -> (MediaKind, String, String) {
    let parts = full.normalized.input.iter().flat_map(|message| &message.parts);
    let media = parts.filter_map(|part| if let Part::Media(media) = part { Some(media) } else { None }).next();
    match media.map(|media| (media.kind, &media.source)) {
        Some((kind, MediaSource::Stored { url, sha256, content_type, .. })) => {
            assert_eq!(*url, format!("/v3/media/{sha256}"));
            (kind, sha256.clone(), content_type.clone())
        }
        other => panic!("{other:?}"),
    }
}

fn an_image_is_stored_once_however_often_it_comes(bed: &Bed) {
    let data = STANDARD.encode(png(5000));
    for _ in 0..2 {
        send(&bed.db, 1, a_span(question(&data)));
    }
    let mut other = a_span(vec![text("input", format!("look: data:image/png;base64,{data}"))]);
    other.span_id = vec![9; 8];
    send(&bed.db, 1, other);
    assert_eq!((count(&bed.db, "media"), count(&bed.db, "media_use")), (1, 2));

    let full = read(&bed.db);
    // The bytes decide what they are, not the client.
    let (kind, sha256, content_type) = stored(&full);
    assert_eq!((kind, content_type.as_str()), (MediaKind::Image, "image/png"));
    let (about, bytes) = bed.db.read_blocking(move |tx| media::read(tx, 1, &sha256)).unwrap();
    assert_eq!((bytes, about.size), (png(5000), 5008));
}

fn a_span_is_shown_as_it_came_and_its_chunk_is_small(bed: &Bed) {
    let noise: Vec<u8> =
        png(0).into_iter().chain((0..60_000_u32).flat_map(|at| at.wrapping_mul(2_654_435_761).to_be_bytes())).collect();
    let mut came = a_span(question(&STANDARD.encode(&noise)));
    came.attributes.push(attribute("raw", Any::BytesValue(png(300))));
    let inside = AnyValue { value: Some(Any::StringValue(STANDARD.encode(png(77)))) };
    came.attributes.push(attribute("list", Any::ArrayValue(ArrayValue { values: vec![inside] })));
    let numbers = json!({"type": "Buffer", "data": png(100)}).to_string();
    came.attributes.push(text("ai.prompt", numbers));
    send(&bed.db, 1, came.clone());
    assert_eq!(count(&bed.db, "media"), 4);
    assert_eq!(read(&bed.db).raw, otlp::span_to_json(None, None, &came));
    let size = bed.db.read_blocking(|tx| Ok(tx.query_one("select body from span_chunk", params![])?.blob(0)?.len()));
    assert!(size.unwrap() < 2000);
}

fn media_of_another_project_are_another_item(bed: &Bed) {
    let data = STANDARD.encode(png(500));
    send(&bed.db, 1, a_span(question(&data)));
    let (_, sha256, _) = stored(&read(&bed.db));
    let wanted = sha256.clone();
    let missing = bed.db.read_blocking(move |tx| media::read(tx, 2, &wanted));
    assert!(matches!(missing, Err(Error::NotFound { name: "media_not_found", .. })));
    send(&bed.db, 2, a_span(question(&data)));
    assert_eq!(count(&bed.db, "media"), 2);
    assert!(bed.db.read_blocking(move |tx| media::read(tx, 2, &sha256)).is_ok());
}

fn large_media_stay_references_in_what_came(bed: &Bed) {
    let (small, large) = (STANDARD.encode(png(900)), STANDARD.encode(png(5 << 20)));
    send(&bed.db, 1, a_span(vec![text("large", large), text("small", small.clone())]));
    let raw = read(&bed.db).raw;
    assert_eq!(raw["attributes"]["small"], small);
    let reference = raw["attributes"]["large"].as_str().unwrap();
    assert!(reference.starts_with(PREFIX) && reference.len() < 200, "{reference}");
}

fn a_text_that_holds_a_reference_is_not_mistaken(bed: &Bed) {
    let media = Media::new(png(500));
    let forged = media.reference(media::Form::Base64).to_string();
    let both = vec![text("forged", forged), text("image", STANDARD.encode(&media.bytes))];
    for attributes in [both.clone(), both[..1].to_vec()] {
        let came = a_span(attributes);
        send(&bed.db, 1, came.clone());
        assert_eq!(read(&bed.db).raw, otlp::span_to_json(None, None, &came));
    }
}

fn an_image_in_a_log_record_shows_in_the_conversation(bed: &Bed) {
    let record = LogRecord {
        trace_id: hex::decode(TRACE).unwrap(),
        span_id: hex::decode(SPAN).unwrap(),
        observed_time_unix_nano: 1,
        event_name: "gen_ai.client.inference.operation.details".into(),
        attributes: question(&STANDARD.encode(png(700))),
        ..LogRecord::default()
    };
    let scope_logs = vec![ScopeLogs { log_records: vec![record], ..ScopeLogs::default() }];
    let origin = Origin { project: 1, received_at: NOON, convention_version: None };
    let prepared = intake::prepare_logs(vec![ResourceLogs { scope_logs, ..ResourceLogs::default() }], origin);
    bed.db.write_blocking(move |tx| intake::store_logs(tx, &prepared, PriceTable::built_in())).unwrap();
    send(&bed.db, 1, a_span(vec![text("gen_ai.operation.name", "chat")]));
    let (kind, sha256, _) = stored(&read(&bed.db));
    assert_eq!((kind, sha256), (MediaKind::Image, Media::new(png(700)).sha256));
}

/// Takes bytes in at a new link.
fn upload(bed: &Bed, wanted: &Link, bytes: Vec<u8>) -> Result<String, Error> {
    let (clock, wanted) = (bed.clock.clone(), wanted.clone());
    let token = bed.db.write_blocking(move |tx| link::for_upload(tx, &clock, &wanted))?;
    let (clock, secret, media) = (bed.clock.clone(), token.clone(), Media::new(bytes));
    bed.db.write_blocking(move |tx| link::receive(tx, &clock, &secret, &media))?;
    Ok(token)
}

fn announced(bytes: &[u8]) -> Link {
    Link {
        project: 1,
        sha256: Some(Media::new(bytes.to_vec()).sha256),
        content_type: Some("image/png".into()),
        size: Some(i64::try_from(bytes.len()).unwrap()),
        trace_id: TRACE.into(),
        span_id: SPAN.into(),
        ..Link::default()
    }
}

fn what_langfuse_clients_upload_shows_whether_it_comes_before_or_after_the_span(bed: &Bed) {
    let bytes = png(40);
    let sha256 = Media::new(bytes.clone()).sha256;
    let id = media::short_id(&sha256);
    let reference = format!("@@@langfuseMedia:type=image/png|id={id}|source=base64_data_uri@@@");
    let input = json!([{"role": "user", "content": [{"type": "image_url", "image_url": {"url": reference}}]}]);
    let span = a_span(vec![
        text("langfuse.observation.type", "generation"),
        text("langfuse.observation.input", input.to_string()),
        text("langfuse.observation.metadata.seen", format!("see {reference}")),
    ]);
    send(&bed.db, 1, span.clone());
    let before = serde_json::to_value(&read(&bed.db).normalized).unwrap();
    assert_eq!(before["input"][0]["parts"][0]["id"], json!(id), "{before}");

    upload(bed, &announced(&bytes), bytes.clone()).unwrap();
    let full = read(&bed.db);
    assert_eq!(stored(&full).1, sha256);
    assert_eq!(full.normalized.metadata["seen"], json!(format!("see /v3/media/{sha256}")));
    assert_eq!(full.raw, otlp::span_to_json(None, None, &span));
    assert_eq!(count(&bed.db, "media_use"), 1);
}

fn what_came_at_an_upload_address_shows_where_a_span_names_the_address(bed: &Bed) {
    let wanted = Link { sha256: None, size: None, ..announced(&png(40)) };
    let token = upload(bed, &wanted, png(40)).unwrap();
    let address = format!("https://postil.example/v3/media/uploads/{token}");
    let input = json!([{"role": "user", "content": [{"type": "image_url", "image_url": {"url": address}}]}]);
    send(&bed.db, 1, a_span(vec![text("gen_ai.prompt", input.to_string()), text("gen_ai.system", "openai")]));
    assert_eq!(stored(&read(&bed.db)).1, Media::new(png(40)).sha256);
}

fn an_upload_must_be_what_was_announced(bed: &Bed) {
    let refused = |wanted: Link, bytes: Vec<u8>| match upload(bed, &wanted, bytes) {
        Err(Error::Invalid { name, .. }) => name,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(announced(&png(40)), png(41)), "wrong_length");
    let mut other = png(40);
    other[20] ^= 1;
    assert_eq!(refused(announced(&png(40)), other), "wrong_hash");
    assert_eq!(refused(Link { size: Some(17 << 20), ..announced(&png(1)) }, png(1)), "invalid_length");
    assert_eq!(refused(Link { sha256: Some("abc".into()), ..announced(&png(1)) }, png(1)), "invalid_hash");
    assert_eq!(count(&bed.db, "media"), 0);

    // The same again is fine, other bytes at a used address are not.
    let wanted = Link { sha256: None, size: None, ..announced(&png(40)) };
    let token = upload(bed, &wanted, png(40)).unwrap();
    for (bytes, fine) in [(png(40), true), (png(41), false)] {
        let (clock, token, media) = (bed.clock.clone(), token.clone(), Media::new(bytes));
        let again = bed.db.write_blocking(move |tx| link::receive(tx, &clock, &token, &media));
        assert_eq!(again.is_ok(), fine, "{again:?}");
    }
}

fn links_end_and_are_limited(bed: &Bed) {
    let (clock, wanted) = (bed.clock.clone(), announced(&png(40)));
    let token = bed.db.write_blocking(move |tx| link::for_upload(tx, &clock, &wanted)).unwrap();
    let wanted = announced(&png(40));
    let full = bed.db.write_blocking({
        let (clock, wanted) = (bed.clock.clone(), wanted.clone());
        move |tx| {
            let rows: Vec<Vec<postil::Value>> = (0..link::MOST_WAITING)
                .map(|at| params![format!("{at}"), 1, "upload", "", "", NOON + 10].to_vec())
                .collect();
            tx.insert_many(
                "insert into media_link (token_hash, project, purpose, trace_id, span_id, expires_at) values $rows",
                &rows,
            )?;
            link::for_upload(tx, &clock, &wanted)
        }
    });
    assert!(matches!(full, Err(Error::RateLimited { .. })), "{full:?}");

    bed.clock.advance(16 * 60 * 1_000_000);
    let (clock, gone) = (bed.clock.clone(), token);
    let media = Media::new(png(40));
    let late = bed.db.write_blocking(move |tx| link::receive(tx, &clock, &gone, &media));
    assert!(matches!(late, Err(Error::NotFound { name: "link_not_found", .. })), "{late:?}");
    assert!(upload(bed, &wanted, png(40)).is_ok());
    assert_eq!(count(&bed.db, "media_link"), 1, "what has ended is forgotten");
}
