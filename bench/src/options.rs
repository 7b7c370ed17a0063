//! What can be asked of the generator on the command line.

use clap::{Args, Parser, Subcommand, ValueEnum};

#[derive(Parser)]
#[command(
    about = "Load generator for LLM trace / feedback servers. Loopback only. Every loop is bounded in count and time."
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) cmd: Cmd,
}

#[derive(Subcommand)]
pub(crate) enum Cmd {
    /// POST OTLP protobuf traces
    Ingest(Ingest),
    /// one annotation per request on existing spans
    Annotate(Annotate),
    /// most recent 50 traces/spans, optionally filtered
    List(List),
    /// one trace with all its spans
    Get(Get),
    /// poll until sampled (or all) ingested traces are readable; or verify an ack log
    Verify(Verify),
    /// build the requests but send nothing: the generator's own cost
    Dry(Ingest),
    /// reviewers (as many as --concurrency) claim and judge items of one queue at once
    Review(Review),
}

#[derive(Clone, Copy, ValueEnum, PartialEq, Debug)]
pub(crate) enum Target {
    Phoenix,
    Mlflow,
    Ours,
}

#[derive(Args, Clone)]
pub(crate) struct Common {
    #[arg(long, default_value = "http://127.0.0.1:6006")]
    pub(crate) url: String,
    #[arg(long, value_enum, default_value = "ours")]
    pub(crate) target: Target,
    /// extra header k=v, repeatable
    #[arg(long = "headers")]
    pub(crate) headers: Vec<String>,
    /// bearer token, sent as Authorization: Bearer TOKEN
    #[arg(long)]
    pub(crate) token: Option<String>,
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Phoenix project / OTLP resource openinference.project.name
    #[arg(long, default_value = "bench")]
    pub(crate) project: String,
    /// MLflow experiment id
    #[arg(long, default_value = "0")]
    pub(crate) experiment: String,
    #[arg(long, default_value_t = 600.0)]
    pub(crate) max_seconds: f64,
    #[arg(long, default_value_t = 1)]
    pub(crate) concurrency: usize,
    /// a label copied into the output line
    #[arg(long, default_value = "")]
    pub(crate) label: String,
    /// per-request timeout
    #[arg(long, default_value_t = 120.0)]
    pub(crate) req_timeout: f64,
}

#[derive(Args, Clone)]
pub(crate) struct Ingest {
    #[command(flatten)]
    pub(crate) c: Common,
    /// request path; default by target: /v1/traces, or /v2/otel/v1/traces for ours
    #[arg(long)]
    pub(crate) path: Option<String>,
    #[arg(long, default_value_t = 1000)]
    pub(crate) traces: u64,
    /// index of the first trace (use another range to add to a loaded server)
    #[arg(long, default_value_t = 0)]
    pub(crate) start: u64,
    /// spans per request (rounded down to whole traces of 6)
    #[arg(long, default_value_t = 498)]
    pub(crate) batch: u64,
    #[arg(long, value_enum, default_value = "openinference")]
    pub(crate) dialect: DialectArg,
    #[arg(long)]
    pub(crate) gzip: bool,
    /// retries on 429/502/503/504 with exponential backoff from 100 ms (as an OTLP exporter does)
    #[arg(long, default_value_t = 10)]
    pub(crate) retry: u32,
    /// cap on a backoff sleep
    #[arg(long, default_value_t = 1600)]
    pub(crate) backoff_cap_ms: u64,
    /// append "first_trace end_trace" per acknowledged request
    #[arg(long)]
    pub(crate) ack_log: Option<String>,
    /// trace 0 started so many seconds ago, instead of on a fixed day
    #[arg(long)]
    pub(crate) started_ago: Option<u64>,
    /// build bodies while sending instead of before
    #[arg(long)]
    pub(crate) stream: bool,
    /// send at most this many spans/s in all (open loop pacing per worker)
    #[arg(long)]
    pub(crate) rate: Option<f64>,
}
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum DialectArg {
    Openinference,
    Genai,
}

#[derive(Args, Clone)]
pub(crate) struct Annotate {
    #[command(flatten)]
    pub(crate) c: Common,
    #[arg(long, default_value_t = 2000)]
    pub(crate) count: u64,
    /// how many traces exist (spans are drawn from [0, traces))
    #[arg(long, default_value_t = 1000)]
    pub(crate) traces: u64,
    #[arg(long, default_value_t = 0)]
    pub(crate) start: u64,
    /// Phoenix: ?sync=true (the row is written before the reply); without it the reply only says it is queued
    #[arg(long)]
    pub(crate) sync: bool,
    /// append the span id of each acknowledged annotation
    #[arg(long)]
    pub(crate) ack_log: Option<String>,
    #[arg(long, default_value = "rating")]
    pub(crate) key: String,
    /// so that several passes touch different spans
    #[arg(long, default_value_t = 0)]
    pub(crate) offset: u64,
}
#[derive(Args, Clone)]
pub(crate) struct List {
    #[command(flatten)]
    pub(crate) c: Common,
    #[arg(long, default_value_t = 100)]
    pub(crate) count: u64,
    #[arg(long, value_enum, default_value = "none")]
    pub(crate) filter: Filter,
    #[arg(long, default_value_t = 50)]
    pub(crate) limit: u32,
    #[arg(long, default_value = "rating")]
    pub(crate) key: String,
    #[arg(long, default_value = "good")]
    pub(crate) value: String,
    /// override the request body (POST targets)
    #[arg(long)]
    pub(crate) body: Option<String>,
    /// override the path
    #[arg(long)]
    pub(crate) path: Option<String>,
    /// Phoenix: global id of the project (GET /v1/projects/NAME), for --filter annotation
    #[arg(long, default_value = "")]
    pub(crate) project_id: String,
    /// follow the next-page cursor for up to this many pages, then start over
    #[arg(long, default_value_t = 1)]
    pub(crate) pages: u32,
}
#[derive(Clone, Copy, ValueEnum, PartialEq, Debug)]
pub(crate) enum Filter {
    None,
    Annotation,
    /// Phoenix only: the trace list filtered by span annotations (REST); `annotation` is the span table the UI uses (GraphQL)
    TraceAnnotation,
    Attribute,
}
#[derive(Args, Clone)]
pub(crate) struct Get {
    #[command(flatten)]
    pub(crate) c: Common,
    #[arg(long, default_value_t = 200)]
    pub(crate) count: u64,
    #[arg(long, default_value_t = 1000)]
    pub(crate) traces: u64,
    #[arg(long, default_value_t = 0)]
    pub(crate) start: u64,
}
#[derive(Args, Clone)]
pub(crate) struct Verify {
    #[command(flatten)]
    pub(crate) c: Common,
    #[arg(long, default_value_t = 1000)]
    pub(crate) traces: u64,
    #[arg(long, default_value_t = 0)]
    pub(crate) start: u64,
    /// how many traces to sample (the last one is always among them)
    #[arg(long, default_value_t = 32)]
    pub(crate) sample: u64,
    /// verify the traces of this ack log instead (all of them, up to --sample)
    #[arg(long)]
    pub(crate) ack_log: Option<String>,
    /// keep polling until all sampled are there or max-seconds is over
    #[arg(long)]
    pub(crate) wait: bool,
}
#[derive(Args, Clone)]
pub(crate) struct Review {
    #[command(flatten)]
    pub(crate) c: Common,
    /// items of the queue: spans that were sent before
    #[arg(long, default_value_t = 100_000)]
    pub(crate) items: u64,
    /// claims, then submissions, of each reviewer
    #[arg(long, default_value_t = 50)]
    pub(crate) each: u64,
    /// how long a reviewer reads before the next call, on average
    #[arg(long, default_value_t = 0)]
    pub(crate) pause_ms: u64,
}
