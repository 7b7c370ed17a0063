//! Traces and spans for tests that are not about how they come in: the least rows that every room can read.
//!
//! Shared by the tests of both crates, and the one place to change when spans can be sent instead.

use opentelemetry_proto::tonic::trace::v1;
use postil::trace::otlp::{self, ReceivedSpan};
use postil::{Error, Result, Tx, params};

/// A span to store. [`Span::generation`] makes one that is a log.
#[derive(Debug, Clone)]
pub struct Span {
    pub trace_id: String,
    pub span_id: String,
    pub parent_span_id: Option<String>,
    pub start_ns: i64,
    pub is_log: bool,
    pub log_id: Option<String>,
    pub response_id: Option<String>,
    pub deployment_key: Option<String>,
    pub status: &'static str,
    pub provider: Option<&'static str>,
    pub model: Option<&'static str>,
}

impl Span {
    /// A plain span that is the root of its trace.
    pub fn root(trace_id: &str, span_id: &str) -> Span {
        Span {
            trace_id: trace_id.into(),
            span_id: span_id.into(),
            parent_span_id: None,
            start_ns: 1_795_255_200_000_000_000,
            is_log: false,
            log_id: None,
            response_id: None,
            deployment_key: None,
            status: "ok",
            provider: None,
            model: None,
        }
    }

    /// A model call.
    pub fn generation(trace_id: &str, span_id: &str) -> Span {
        Span { is_log: true, provider: Some("openai"), model: Some("gpt-4o-mini"), ..Span::root(trace_id, span_id) }
    }
}

/// Stores spans of project `project` and the summary of their traces. The first generation of a trace leads it.
pub fn store(tx: &mut Tx<'_>, project: i64, spans: &[Span]) -> Result<()> {
    for span in spans {
        let chunk = otlp::encode_chunk(&[as_it_came(span)?]);
        tx.execute(
            "insert into span_chunk (project, trace_id, chunk_id, body) values ($1, $2, $3, $4)
             on conflict (project, trace_id, chunk_id) do nothing",
            params![project, &span.trace_id, chunk.id, chunk.bytes],
        )?;
        tx.execute(
            "insert into trace (project, trace_id, root_span_id, leading_span_id, name, kind, status, start_ns, end_ns,
               models, providers, tags, metadata, span_count, error_count, received_at)
             values ($1, $2, $3, $4, 'test', 'llm', $5, $6, $6, '[]', '[]', '[]', '{}', 1, 0, 0)
             on conflict (project, trace_id) do update set
               leading_span_id = coalesce(trace.leading_span_id, excluded.leading_span_id),
               start_ns = {least}(trace.start_ns, excluded.start_ns)",
            params![
                project,
                &span.trace_id,
                span.parent_span_id.is_none().then_some(span.span_id.as_str()),
                span.is_log.then_some(span.span_id.as_str()),
                span.status,
                span.start_ns
            ],
        )?;
        tx.execute(
            "insert into span (project, trace_id, span_id, parent_span_id, name, kind, status, start_ns, end_ns,
               provider, request_model, response_id, usage_scope, has_messages, is_log, deployment_key, log_id,
               convention, mapper_version, attributes, chunk_id, received_at, usage_input, input_preview)
             values ($1, $2, $3, $4, 'test', 'llm', $5, $6, $7, $8, $9, $10, 'self', 0, $11, $12, $13, 'otel', 1, '{}',
               $14, 0, 12, 'How do I water a cactus?')",
            params![
                project,
                &span.trace_id,
                &span.span_id,
                &span.parent_span_id,
                span.status,
                span.start_ns,
                span.start_ns + 250_000_000,
                span.provider,
                span.model,
                &span.response_id,
                span.is_log,
                &span.deployment_key,
                &span.log_id,
                chunk.id
            ],
        )?;
    }
    Ok(())
}

fn as_it_came(span: &Span) -> Result<ReceivedSpan> {
    let id = |text: &str| hex::decode(text).map_err(Error::internal);
    let came = v1::Span { trace_id: id(&span.trace_id)?, span_id: id(&span.span_id)?, ..v1::Span::default() };
    Ok(ReceivedSpan { source: std::sync::Arc::default(), span: came })
}
