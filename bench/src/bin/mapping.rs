//! What it costs to read spans into the normal form, alone: the part of ingest that `trace/dialect` takes.

use clap::Parser;
use loadgen::{Dialect, Gen, cpu_s};
use postil::trace::dialect::{SpanView, normalize};
use serde_json::json;

#[derive(Parser)]
struct Options {
    /// How many traces are made and read.
    #[arg(long, default_value_t = 2000)]
    traces: u64,
    /// How often each is read.
    #[arg(long, default_value_t = 5)]
    rounds: u32,
}

fn main() {
    let options = Options::parse();
    let request = Gen::new(1, Dialect::OpenInference, "default").request(0, options.traces);
    let (mut spans, mut messages) = (0_u64, 0_usize);
    let begun = cpu_s();
    for _ in 0..options.rounds {
        for resource in &request.resource_spans {
            for scope in &resource.scope_spans {
                for span in &scope.spans {
                    let view = SpanView {
                        resource: resource.resource.as_ref(),
                        scope: scope.scope.as_ref(),
                        span,
                        header_convention_version: None,
                    };
                    let normalized = normalize(&view, &[]);
                    messages += normalized.input.len() + normalized.output.len();
                    spans += 1;
                }
            }
        }
    }
    let micros = (cpu_s() - begun) * 1e6 / spans as f64;
    println!("{}", json!({"spans": spans, "messages": messages, "us_per_span": micros}));
}
