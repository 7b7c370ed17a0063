//! What `/metrics` tells, in the text format of Prometheus.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use postil::trace::retention::Removed;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

/// Upper bounds of the latency histogram, in seconds: from what a read in memory takes to what nobody waits for.
const BOUNDS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// What a request is counted under. Routes are templates, so their number is bounded.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Route {
    method: &'static str,
    route: String,
    status: u16,
}

/// The counters that handlers touch; clones share them.
#[derive(Clone)]
pub struct Metrics(Arc<Inner>);

struct Inner {
    registry: Registry,
    requests: Family<Route, Histogram>,
    spans_accepted: Counter,
    spans_rejected: Counter,
    waiting_writes: Gauge,
    database_bytes: Gauge,
    memory_bytes: Gauge,
    remapped: Counter,
    remap_unreadable: Counter,
    remap_waiting: Gauge,
    /// Traces, spans and log records.
    retention: [Counter; 3],
}

impl Default for Metrics {
    fn default() -> Metrics {
        let mut registry = Registry::with_prefix("postil");
        let build = Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "The program that answers", build);
        let requests = Family::<Route, Histogram>::new_with_constructor(|| Histogram::new(BOUNDS));
        registry.register_with_unit("http_request_duration", "Requests by route", Unit::Seconds, requests.clone());
        let (spans_accepted, spans_rejected) = (Counter::default(), Counter::default());
        registry.register("spans_accepted", "Spans that were stored", spans_accepted.clone());
        registry.register("spans_rejected", "Spans that could not be read", spans_rejected.clone());
        let (waiting_writes, database_bytes, memory_bytes) = <(Gauge, Gauge, Gauge)>::default();
        registry.register("waiting_writes", "Writes that wait for the database", waiting_writes.clone());
        registry.register_with_unit("database_size", "Size of the database", Unit::Bytes, database_bytes.clone());
        registry.register_with_unit("resident_memory", "Memory of this process", Unit::Bytes, memory_bytes.clone());
        let (remapped, remap_unreadable, remap_waiting) = <(Counter, Counter, Gauge)>::default();
        registry.register("remap_traces", "Traces that were derived again in the background", remapped.clone());
        registry.register("remap_unreadable", "Spans that could not be derived again", remap_unreadable.clone());
        registry.register("remap_waiting", "Traces of an older mapping when last counted", remap_waiting.clone());
        let retention = <[Counter; 3]>::default();
        for (name, what, counter) in [
            ("retention_traces", "Traces that were removed because their time was over", &retention[0]),
            ("retention_spans", "Spans that were removed with them", &retention[1]),
            ("retention_log_records", "Log records that were removed with them", &retention[2]),
        ] {
            registry.register(name, what, counter.clone());
        }
        Metrics(Arc::new(Inner {
            registry,
            requests,
            spans_accepted,
            spans_rejected,
            waiting_writes,
            database_bytes,
            memory_bytes,
            remapped,
            remap_unreadable,
            remap_waiting,
            retention,
        }))
    }
}

impl Metrics {
    /// Counts one answered request.
    pub fn request(&self, method: &axum::http::Method, route: &str, status: u16, seconds: f64) {
        let label = Route { method: method_name(method), route: route.to_owned(), status };
        self.0.requests.get_or_create(&label).observe(seconds);
    }

    /// So many traces of an older mapping wait to be derived again.
    pub fn remap_waiting(&self, traces: i64) {
        self.0.remap_waiting.set(traces);
    }

    /// So many traces were derived again, and so many spans could not be.
    pub fn remapped(&self, traces: u64, unreadable: u64) {
        self.0.remapped.inc_by(traces);
        self.0.remap_unreadable.inc_by(unreadable);
    }

    /// So much was removed because its time was over.
    pub fn retained(&self, removed: &Removed) {
        let counts = [removed.traces, removed.spans, removed.log_records];
        for (counter, count) in self.0.retention.iter().zip(counts) {
            counter.inc_by(count);
        }
    }

    /// The page that Prometheus reads, with the spans accepted and rejected since the start. Sizes that are not known are
    /// told as 0.
    pub fn page(&self, spans: (u64, u64), waiting_writes: usize, database_bytes: Option<i64>) -> String {
        let inner = &self.0;
        inner.spans_accepted.inner().store(spans.0, Ordering::Relaxed);
        inner.spans_rejected.inner().store(spans.1, Ordering::Relaxed);
        inner.waiting_writes.set(i64::try_from(waiting_writes).unwrap_or(i64::MAX));
        inner.database_bytes.set(database_bytes.unwrap_or(0));
        inner.memory_bytes.set(resident_memory().unwrap_or(0));
        let mut page = String::new();
        if let Err(cause) = encode(&mut page, &inner.registry) {
            page = format!("# {cause}\n# EOF\n");
        }
        page
    }
}

/// Methods that nobody serves are counted together, so that no caller can grow the table.
fn method_name(method: &axum::http::Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}

/// The memory this process holds, where the system tells (Linux).
fn resident_memory() -> Option<i64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().trim_end_matches(" kB").parse::<i64>().ok().map(|kibibytes| kibibytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::Metrics;

    #[test]
    fn requests_and_spans_are_counted_and_told() {
        let metrics = Metrics::default();
        metrics.request(&axum::http::Method::GET, "/v2/things/{id}", 404, 0.004);
        metrics.request(&"BREW".parse().unwrap(), "other", 405, 0.004);
        let page = metrics.page((5, 1), 3, Some(4096));
        for line in [
            "postil_spans_accepted_total 5",
            "postil_spans_rejected_total 1",
            "postil_waiting_writes 3",
            "postil_database_size_bytes 4096",
            r#"postil_http_request_duration_seconds_count{method="GET",route="/v2/things/{id}",status="404"} 1"#,
            r#"method="other""#,
            "postil_build_info{version=",
        ] {
            assert!(page.contains(line), "{line} is not in\n{page}");
        }
    }
}
