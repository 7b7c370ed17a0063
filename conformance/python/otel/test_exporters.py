"""The OpenTelemetry exporters for Python, in every encoding they have."""

import json

import grpc
import pytest
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcExporter
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult

from support import CHAT, GRPC, KEY, URL, Span, get, http, stored

AUTHORIZATION = f"Bearer {KEY}"


def http_exporter(path="/v1/traces", key=AUTHORIZATION, **more):
    return HttpExporter(endpoint=URL + path, headers={"authorization": key}, **more)


def grpc_exporter(key=AUTHORIZATION, **more):
    return GrpcExporter(endpoint=f"http://{GRPC.removeprefix('http://')}", insecure=True,
                        headers=(("authorization", key),), **more)


EXPORTERS = {
    "http": lambda: http_exporter(compression=Compression.NoCompression),
    "http gzip": lambda: http_exporter(compression=Compression.Gzip),
    "http deflate": lambda: http_exporter(compression=Compression.Deflate),
    "http orq path": lambda: http_exporter("/v2/otel/v1/traces"),
    "http orq path gzip": lambda: http_exporter("/v2/otel/v1/traces", compression=Compression.Gzip),
    "grpc": lambda: grpc_exporter(compression=grpc.Compression.NoCompression),
    "grpc gzip": lambda: grpc_exporter(compression=grpc.Compression.Gzip),
}


class Keeping(SpanExporter):
    """Passes spans on and keeps what the exporter said."""

    def __init__(self, inner):
        self.inner = inner
        self.results = []

    def export(self, spans):
        self.results.append(self.inner.export(spans))
        return self.results[-1]

    def shutdown(self):
        self.inner.shutdown()


def tracer_of(exporter) -> tuple[trace.Tracer, Keeping, TracerProvider]:
    keeping = Keeping(exporter)
    provider = TracerProvider(resource=Resource.create({"service.name": "conformance", "service.version": "1.2.3"}))
    provider.add_span_processor(SimpleSpanProcessor(keeping))
    return provider.get_tracer("conformance", "1.0"), keeping, provider


def ids_of(span) -> Span:
    context = span.get_span_context()
    return Span(format(context.trace_id, "032x"), format(context.span_id, "016x"))


@pytest.mark.parametrize("name", EXPORTERS)
def test_spans_arrive_and_can_be_annotated(name):
    tracer, keeping, provider = tracer_of(EXPORTERS[name]())
    with tracer.start_as_current_span("answer") as root:
        with tracer.start_as_current_span("chat gpt-4o-mini", kind=trace.SpanKind.CLIENT) as call:
            for key, value in CHAT.items():
                call.set_attribute(key, value if isinstance(value, (str, int)) else json.dumps(value))
            call.set_attributes({"list": ["a", "b"], "ratio": 0.5, "yes": True, "big": 2**53 + 1, "unicode": "żółw 🐢"})
            call.add_event("first token", {"index": 1})
    provider.shutdown()
    assert keeping.results == [SpanExportResult.SUCCESS] * 2

    call, root = ids_of(call), ids_of(root)
    spans = {span["span_id"]: span for span in get(f"/v3/traces/{root.trace_id}/spans")["data"]}
    assert {key: span.get("parent_span_id") for key, span in spans.items()} == {
        root.span_id: None, call.span_id: root.span_id}
    assert spans[call.span_id]["name"] == "chat gpt-4o-mini"
    assert spans[call.span_id]["usage"]["total_tokens"] == 46
    detail = get(f"/v3/traces/{call.trace_id}/spans/{call.span_id}")
    text = json.dumps(detail, ensure_ascii=False)
    assert "How do I water a cactus?" in text and "żółw 🐢" in text and str(2**53 + 1) in text
    for span in (root, call):
        assert http("POST", span.path, {"annotations": [{"key": "rating", "value": "good"}]}).status == 200
        assert stored(span) == {"rating": "good"}


@pytest.mark.parametrize("name", ["http gzip", "grpc"])
def test_an_exception_in_a_span_is_kept(name):
    tracer, keeping, provider = tracer_of(EXPORTERS[name]())
    with pytest.raises(ValueError), tracer.start_as_current_span("fails") as span:
        raise ValueError("no water")
    provider.shutdown()
    assert keeping.results == [SpanExportResult.SUCCESS]
    ids = ids_of(span)
    assert "no water" in json.dumps(get(f"/v3/traces/{ids.trace_id}/spans/{ids.span_id}"))


@pytest.mark.parametrize("name", ["http", "grpc gzip"])
def test_a_large_batch_arrives_whole(name):
    tracer, _, _ = tracer_of(EXPORTERS[name]())
    with tracer.start_as_current_span("root") as root:
        made = [tracer.start_span(f"child {number}") for number in range(300)]
    for span in made:
        span.end()
    exporter = EXPORTERS[name]()
    assert exporter.export([*made, root]) == SpanExportResult.SUCCESS
    exporter.shutdown()
    seen, token = set(), ""
    while True:
        page = get(f"/v3/traces/{ids_of(root).trace_id}/spans?limit=100{token}")
        seen |= {span["span_id"] for span in page["data"]}
        if not page["has_more"]:
            break
        token = f"&page_token={page['next_page_token']}"
    assert len(seen) == 301


@pytest.mark.parametrize("make", [http_exporter, grpc_exporter], ids=["http", "grpc"])
def test_a_wrong_key_is_refused(make):
    tracer, keeping, provider = tracer_of(make(key="Bearer sk-orq-wrong"))
    with tracer.start_as_current_span("secret") as span:
        pass
    provider.shutdown()
    assert keeping.results == [SpanExportResult.FAILURE]
    assert http("GET", f"/v3/traces/{ids_of(span).trace_id}").status == 404


def test_addresses_and_key_from_the_environment(monkeypatch):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"{URL}/v2/otel")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", f"Authorization=Bearer%20{KEY}")
    tracer, keeping, provider = tracer_of(HttpExporter())
    with tracer.start_as_current_span("from the environment") as span:
        pass
    provider.shutdown()
    assert keeping.results == [SpanExportResult.SUCCESS]
    assert get(f"/v3/traces/{ids_of(span).trace_id}")["trace"]["name"] == "from the environment"


# ---- what clients send beside spans, often unasked: it must not make them complain


def test_metrics_are_accepted_over_http():
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter

    send_metrics(OTLPMetricExporter(endpoint=f"{URL}/v1/metrics", headers={"authorization": AUTHORIZATION}))


def test_metrics_are_accepted_over_grpc():
    from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter

    send_metrics(OTLPMetricExporter(endpoint=f"http://{GRPC.removeprefix('http://')}", insecure=True,
                                    headers=(("authorization", AUTHORIZATION),)))


def send_metrics(exporter):
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader, MetricExportResult

    reader = InMemoryMetricReader()
    provider = MeterProvider(metric_readers=[reader])
    provider.get_meter("conformance").create_counter("calls").add(1)
    assert exporter.export(reader.get_metrics_data()) == MetricExportResult.SUCCESS
    provider.shutdown()
    exporter.shutdown()


def test_log_records_are_accepted_over_http():
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter

    send_log_record(OTLPLogExporter(endpoint=f"{URL}/v1/logs", headers={"authorization": AUTHORIZATION}))


def test_log_records_are_accepted_over_grpc():
    from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter

    send_log_record(OTLPLogExporter(endpoint=f"http://{GRPC.removeprefix('http://')}", insecure=True,
                                    headers=(("authorization", AUTHORIZATION),)))


def send_log_record(exporter):
    from opentelemetry._logs import LogRecord, SeverityNumber
    from opentelemetry.sdk._logs import LoggerProvider
    from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor

    memory = InMemoryLogRecordExporter()
    provider = LoggerProvider()
    provider.add_log_record_processor(SimpleLogRecordProcessor(memory))
    provider.get_logger("conformance").emit(LogRecord(timestamp=1, severity_number=SeverityNumber.INFO, body="hello"))
    result = exporter.export(memory.get_finished_logs())
    assert result.name == "SUCCESS"
    provider.shutdown()
    exporter.shutdown()
