//! Prints how long it takes to normalise the captured spans and to roll up a large trace.

#[path = "../tests/captures/support.rs"]
mod support;

use std::hint::black_box;
use std::io::Write as _;
use std::time::Instant;

use opentelemetry_proto::tonic::trace::v1::Span;
use postil::trace::dialect::{SpanView, normalize};
use postil::trace::rollup::{SpanFacts, rollup};
use prost::Message as _;

/// Seconds this program has spent on a processor, so that a busy machine does not spoil the numbers.
fn processor_seconds(since: Instant) -> f64 {
    let told = std::fs::read_to_string("/proc/self/schedstat").ok();
    let nanoseconds = told.and_then(|text| text.split(' ').next().and_then(|first| first.parse::<f64>().ok()));
    nanoseconds.map_or(since.elapsed().as_secs_f64(), |nanoseconds| nanoseconds / 1e9)
}

fn main() -> std::io::Result<()> {
    let began = Instant::now();
    let mut out = std::io::stdout().lock();
    writeln!(out, "{:<32} {:>6} {:>6} {:>9} {:>7} {:>9}", "capture", "calls", "spans", "bytes", "keys", "us/span")?;
    let mut sample: Vec<SpanFacts> = Vec::new();
    for name in support::NAMES {
        let capture = support::Capture::load(name);
        // A span of 164 KB would hide what a usual one costs.
        let usual = |span: &Span| (1..6_000).contains(&span.encoded_len());
        let views: Vec<SpanView<'_>> = capture
            .views()
            .filter(|(_, _, span)| usual(span))
            .map(|(resource, scope, span)| SpanView { resource, scope, span, header_convention_version: None })
            .collect();
        let bytes: usize = views.iter().map(|view| view.span.encoded_len()).sum();
        let keys: usize = views.iter().map(|view| view.span.attributes.len()).sum();
        let rounds = 20_000 / views.len().max(1) + 1;
        let start = processor_seconds(began);
        for _ in 0..rounds {
            for view in &views {
                black_box(normalize(black_box(view), &[]));
            }
        }
        let each = (processor_seconds(began) - start) * 1e6 / (rounds * views.len()) as f64;
        let count = views.len();
        let calls = capture.expected.len();
        writeln!(out, "{name:<32} {calls:>6} {count:>6} {:>9} {:>7} {each:>9.2}", bytes / count, keys / count)?;
        sample.extend(capture.normalized().into_iter().map(|(_, facts, _)| facts));
    }
    let trace: Vec<SpanFacts> = (0..10_000)
        .map(|at| SpanFacts {
            span_id: format!("{at:016x}"),
            parent_span_id: (at > 0).then(|| format!("{:016x}", at / 4)),
            ..sample[at % sample.len()].clone()
        })
        .collect();
    let start = processor_seconds(began);
    for _ in 0..50 {
        black_box(rollup(black_box(&trace)));
    }
    writeln!(out, "rollup of 10,000 spans: {:.2} ms", (processor_seconds(began) - start) * 1e3 / 50.0)
}
