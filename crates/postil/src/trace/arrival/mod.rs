//! What arrives from whom: counted while requests are prepared, kept by the hour, read to help whoever connects an
//! application.
//!
//! Counting is nearly free: a request is counted once per instrumentation in it, in memory, and a [`Ledger`] is written
//! every few seconds. A server that is killed forgets the counts of those seconds and nothing else.

mod advice;
mod ledger;
mod report;
mod store;

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::resource::v1::Resource;

use super::dialect::{SpanView, unmapped_keys};
use super::model::{Convention, Kind, NormalizedSpan, Status};
use super::otlp::{ReceivedSpan, Rejected, SourceScope};

pub use advice::{Advice, Severity};
pub use ledger::{Entry, Ledger};
pub use report::{Named, Rejection, Report, Source, report};
pub use store::{purge, record};

/// Names of different attributes that one instrumentation of a request is asked about.
const MAX_NAMES: usize = 100;

/// The software that sends, as far as a request tells.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Sender {
    /// The `User-Agent` of the request.
    pub client: String,
    /// The SDK that the resource names: `opentelemetry python 1.45.2`.
    pub sdk: String,
    /// The instrumentation that made the spans.
    pub scope: String,
    /// Its version.
    pub scope_version: String,
    /// The tracing convention of the spans.
    pub convention: String,
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the words of the API, explained there")]
pub enum Measure {
    Spans,
    Traces,
    Errors,
    ModelCalls,
    ContentAbsent,
    ContentRedacted,
    ContentInRecords,
    Unmapped,
    LogRecords,
    Metrics,
    RejectedSpans,
    RejectedRecords,
    Refused,
}

impl Measure {
    const ALL: [Measure; 13] = [
        Measure::Spans,
        Measure::Traces,
        Measure::Errors,
        Measure::ModelCalls,
        Measure::ContentAbsent,
        Measure::ContentRedacted,
        Measure::ContentInRecords,
        Measure::Unmapped,
        Measure::LogRecords,
        Measure::Metrics,
        Measure::RejectedSpans,
        Measure::RejectedRecords,
        Measure::Refused,
    ];

    /// The word that is stored.
    pub fn word(self) -> &'static str {
        match self {
            Measure::Spans => "spans",
            Measure::Traces => "traces",
            Measure::Errors => "errors",
            Measure::ModelCalls => "model_calls",
            Measure::ContentAbsent => "content_absent",
            Measure::ContentRedacted => "content_redacted",
            Measure::ContentInRecords => "content_in_records",
            Measure::Unmapped => "unmapped",
            Measure::LogRecords => "log_records",
            Measure::Metrics => "metrics",
            Measure::RejectedSpans => "rejected_spans",
            Measure::RejectedRecords => "rejected_log_records",
            Measure::Refused => "refused",
        }
    }

    fn parse(word: &str) -> Option<Measure> {
        Measure::ALL.into_iter().find(|measure| measure.word() == word)
    }
}

/// What one request brought, by instrumentation; who sent it is not known here.
#[derive(Debug, Default)]
pub struct Arrivals {
    sources: Vec<(Sender, Counts)>,
    /// Where the spans of a scope and a convention are counted. Scopes are told apart by where they lie in memory, which
    /// is enough while the request is prepared.
    places: HashMap<(usize, Convention), usize>,
}

#[derive(Debug, Default)]
struct Counts {
    plain: BTreeMap<Measure, u64>,
    named: BTreeMap<(Measure, String), u64>,
    /// The traces, hashed, each once.
    traces: Vec<u64>,
}

impl Counts {
    fn add(&mut self, measure: Measure, count: bool) {
        if count {
            *self.plain.entry(measure).or_default() += 1;
        }
    }

    fn name(&mut self, measure: Measure, name: &str) {
        if let Some(count) = self.named.iter_mut().find(|((known, text), _)| *known == measure && text == name) {
            *count.1 += 1;
        } else if self.named.len() < MAX_NAMES {
            self.named.insert((measure, cut(name, 120).to_owned()), 1);
        }
    }
}

impl Arrivals {
    /// Counts one span.
    pub(super) fn span(&mut self, received: &ReceivedSpan, view: &SpanView<'_>, span: &NormalizedSpan, trace_id: &str) {
        let place = (Arc::as_ptr(&received.source) as usize, span.convention);
        let at = *self.places.entry(place).or_insert_with(|| {
            self.sources.push((sender(&received.source, span.convention), Counts::default()));
            self.sources.len() - 1
        });
        let counts = &mut self.sources[at].1;
        counts.add(Measure::Spans, true);
        counts.add(Measure::Errors, span.status == Status::Error);
        counts.add(Measure::ModelCalls, span.kind == Kind::Llm);
        counts.add(Measure::ContentAbsent, span.content_absent);
        counts.add(Measure::ContentRedacted, span.redacted);
        for key in unmapped_keys(view) {
            counts.name(Measure::Unmapped, key);
        }
        // The spans of a trace come together.
        let trace = hashed(&(trace_id, at));
        if counts.traces.last() != Some(&trace) {
            counts.traces.push(trace);
        }
    }

    /// Counts the log records of one scope.
    pub(super) fn records(
        &mut self,
        resource: Option<&Resource>,
        scope: Option<&InstrumentationScope>,
        records: &[LogRecord],
    ) {
        let mut counts = Counts::default();
        let mut with_content: Vec<&[u8]> = Vec::new();
        for record in records {
            counts.add(Measure::LogRecords, true);
            let is_content = record.event_name.starts_with("gen_ai.") || has_event_name(&record.attributes);
            if is_content && !record.span_id.is_empty() && !with_content.contains(&record.span_id.as_slice()) {
                // Enough to compare with the calls of one request; more would make this slow.
                if with_content.len() >= MAX_NAMES {
                    with_content.remove(0);
                }
                with_content.push(&record.span_id);
                counts.add(Measure::ContentInRecords, true);
            }
        }
        let sender = Sender { sdk: sdk(resource), convention: word(Convention::OtelGenai), ..named(scope) };
        self.sources.push((sender, counts));
    }

    /// Counts what was left out of a request, by why.
    pub fn rejected(&mut self, measure: Measure, rejected: &[Rejected]) {
        if !rejected.is_empty() {
            let mut counts = Counts::default();
            rejected.iter().for_each(|one| counts.name(measure, one.cause()));
            self.sources.push((Sender::default(), counts));
        }
    }

    /// Counts a request that was refused as a whole, or one that holds nothing else to count.
    pub fn request(measure: Measure, why: &str) -> Arrivals {
        let mut counts = Counts::default();
        if why.is_empty() {
            counts.add(measure, true);
        } else {
            counts.name(measure, why);
        }
        Arrivals { sources: vec![(Sender::default(), counts)], places: HashMap::new() }
    }
}

fn has_event_name(attributes: &[KeyValue]) -> bool {
    attributes.iter().any(|attribute| attribute.key == "event.name" && text(attribute).starts_with("gen_ai."))
}

fn text(attribute: &KeyValue) -> &str {
    match attribute.value.as_ref().and_then(|value| value.value.as_ref()) {
        Some(Any::StringValue(text)) => text,
        _ => "",
    }
}

fn word(convention: Convention) -> String {
    serde_json::to_value(convention).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}

fn sender(source: &SourceScope, convention: Convention) -> Sender {
    Sender { sdk: sdk(source.resource.resource.as_ref()), convention: word(convention), ..named(source.scope.as_ref()) }
}

fn named(scope: Option<&InstrumentationScope>) -> Sender {
    let (name, version) = scope.map_or(("", ""), |scope| (scope.name.as_str(), scope.version.as_str()));
    Sender { scope: cut(name, 120).to_owned(), scope_version: cut(version, 40).to_owned(), ..Sender::default() }
}

/// The SDK a resource names, such as `opentelemetry python 1.45.2`.
fn sdk(resource: Option<&Resource>) -> String {
    let attributes = resource.map_or(&[][..], |resource| &resource.attributes[..]);
    let keys = ["telemetry.sdk.name", "telemetry.sdk.language", "telemetry.sdk.version"];
    let words = keys.iter().filter_map(|key| attributes.iter().find(|attribute| attribute.key == *key));
    let words: Vec<_> = words.map(text).filter(|text| !text.is_empty()).collect();
    cut(&words.join(" "), 100).to_owned()
}

/// At most so many bytes of a text.
fn cut(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

fn hashed(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
