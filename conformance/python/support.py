"""What every test needs beside the client under test: plain HTTP, fresh spans, and what the server stored."""

from __future__ import annotations

import dataclasses
import email.message
import json
import os
import secrets
import time
import urllib.error
import urllib.request
from datetime import datetime, timedelta, timezone
from pathlib import Path

URL = os.environ["POSTIL_URL"].rstrip("/")
GRPC = os.environ["POSTIL_GRPC"]
KEY = os.environ["POSTIL_API_KEY"]
ADMIN_EMAIL = os.environ["POSTIL_ADMIN_EMAIL"]
GUIDE = Path(os.environ["POSTIL_GUIDE"])


# ---- plain HTTP


@dataclasses.dataclass
class Answer:
    status: int
    headers: email.message.Message  # looked up without regard to case
    text: str

    def json(self):
        return json.loads(self.text)


def http(method: str, path: str, body=None, key: str | None = KEY, headers: dict | None = None) -> Answer:
    data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
    request = urllib.request.Request(URL + path, data=data, method=method)
    if data is not None:
        request.add_header("Content-Type", "application/json")
    if key:
        request.add_header("Authorization", f"Bearer {key}")
    for name, value in (headers or {}).items():
        request.add_header(name, value)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=30) as response:
            return Answer(response.status, response.headers, response.read().decode())
    except urllib.error.HTTPError as error:
        return Answer(error.code, error.headers, error.read().decode())


def get(path: str):
    answer = http("GET", path)
    assert answer.status == 200, f"GET {path}: {answer.status} {answer.text}"
    return answer.json()


def eventually(look, seconds: float = 15.0):
    """The first truthy answer of `look`; the last answer when time runs out. For clients that send in their own time."""
    until = time.monotonic() + seconds
    while True:
        seen = look()
        if seen or time.monotonic() > until:
            return seen
        time.sleep(0.1)


# ---- fresh names and spans


def unique(prefix: str = "t") -> str:
    return f"{prefix}_{secrets.token_hex(6)}"


def ulid() -> str:
    alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    number = (int(time.time() * 1000) << 80) | secrets.randbits(80)
    return "".join(alphabet[(number >> shift) & 31] for shift in range(125, -1, -5))


@dataclasses.dataclass(frozen=True)
class Span:
    trace_id: str
    span_id: str

    @property
    def path(self) -> str:
        return f"/v2/traces/{self.trace_id}/spans/{self.span_id}/annotation"

    @property
    def ids(self) -> dict:
        return {"trace_id": self.trace_id, "span_id": self.span_id}


def fresh_ids() -> Span:
    return Span(secrets.token_hex(16), secrets.token_hex(8))


def attribute(name: str, value) -> dict:
    if isinstance(value, bool):
        return {"key": name, "value": {"boolValue": value}}
    if isinstance(value, int):
        return {"key": name, "value": {"intValue": str(value)}}
    if isinstance(value, float):
        return {"key": name, "value": {"doubleValue": value}}
    return {"key": name, "value": {"stringValue": value if isinstance(value, str) else json.dumps(value)}}


CHAT = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "gpt-4o-mini",
    "gen_ai.response.model": "gpt-4o-mini-2024-07-18",
    "gen_ai.usage.input_tokens": 12,
    "gen_ai.usage.output_tokens": 34,
    "gen_ai.input.messages": [{"role": "user", "parts": [{"type": "text", "content": "How do I water a cactus?"}]}],
    "gen_ai.output.messages": [{"role": "assistant", "finish_reason": "stop",
                                "parts": [{"type": "text", "content": "Rarely, and not in winter."}]}],
}
DEPLOYMENT = CHAT | {"orq.span_type": "deployment", "orq.deployment_key": "gardener"}


def send_spans(spans: list[dict]) -> None:
    body = {"resourceSpans": [{
        "resource": {"attributes": [attribute("service.name", "conformance")]},
        "scopeSpans": [{"scope": {"name": "conformance"}, "spans": spans}],
    }]}
    answer = http("POST", "/v1/traces", body)
    assert answer.status == 200, f"POST /v1/traces: {answer.status} {answer.text}"


def otlp_span(ids: Span, name: str, attributes: dict, started: datetime, parent: str = "", error: str = "") -> dict:
    nanoseconds = int(started.timestamp() * 1_000_000) * 1000
    return {
        "traceId": ids.trace_id, "spanId": ids.span_id, "parentSpanId": parent, "name": name, "kind": 3,
        "startTimeUnixNano": str(nanoseconds), "endTimeUnixNano": str(nanoseconds + 250_000_000),
        "attributes": [attribute(key, value) for key, value in attributes.items()],
        "status": {"code": 2, "message": error} if error else {"code": 1},
    }


def now() -> datetime:
    return datetime.now(timezone.utc)


def seed(attributes: dict | None = None, name: str = "chat gpt-4o-mini", started: datetime | None = None,
         error: str = "") -> Span:
    """One span that is a trace of its own, stored when this returns."""
    ids = fresh_ids()
    extra = {} if attributes is None else attributes
    send_spans([otlp_span(ids, name, CHAT | extra, started or now(), error=error)])
    return ids


def seed_tree() -> tuple[Span, Span]:
    """A plain root span with a model call below it."""
    root = fresh_ids()
    child = Span(root.trace_id, secrets.token_hex(8))
    start = now()
    send_spans([otlp_span(root, "answer", {}, start),
                otlp_span(child, "chat gpt-4o-mini", CHAT, start + timedelta(milliseconds=5), parent=root.span_id)])
    return root, child


def quiet_moment() -> datetime:
    """A second within the last days that no other test is likely to use, so that a time window shows one test's traces."""
    return (now() - timedelta(days=1, seconds=secrets.randbelow(8 * 86_400))).replace(microsecond=0)


# ---- what is stored


def annotations(span: Span) -> list[dict]:
    answer = get(span.path)
    assert answer["object"] == "list" and answer["has_more"] is False
    return answer["data"]


def stored(span: Span) -> dict:
    """key -> value of what the span carries now."""
    rows = annotations(span)
    values = {row["key"]: row["value"] for row in rows}
    assert len(values) == len(rows), f"a key twice: {rows}"
    return values


def mentions(tree, key: str, value) -> bool:
    """Whether a JSON document holds {"key": key, "value": value} or {key: value} anywhere."""
    if isinstance(tree, dict):
        if tree.get("key") == key and tree.get("value") == value:
            return True
        return (key in tree and tree[key] == value) or any(mentions(each, key, value) for each in tree.values())
    return isinstance(tree, list) and any(mentions(each, key, value) for each in tree)


def log_of(span: Span) -> dict | None:
    """The generation log of a span, if it has one."""
    cursor = ""
    while True:
        page = get(f"/v2/logs?limit=100{cursor}")
        for row in page["data"]:
            if row.get("trace_id") == span.trace_id and row.get("span_id", span.span_id) == span.span_id:
                return get(f"/v2/logs/{row['id']}")
        if not page["has_more"]:
            return None
        cursor = f"&starting_after={page['data'][-1]['id']}"


def workspace() -> dict:
    return get("/v2/workspaces")["data"][0]


# ---- human reviews


def options(*values: str) -> list[dict]:
    return [{"value": value, "sentiment": "neutral", "description": "", "icon": ""} for value in values]


DEFINITIONS = {
    "confidence_score": {"type": "range", "config": {"min": 0, "max": 1}},
    "categories": {"type": "multi_select", "options": options("helpful", "accurate", "concise")},
    "conformance_score": {"type": "range", "config": {"min": 0, "max": 10}},
    "conformance_note": {"type": "text"},
    "conformance_flag": {"type": "boolean"},
}


def define(key: str, **definition) -> dict:
    body = {"key": key, "display_name": key, "description": ""} | definition
    answer = http("POST", "/v2/human-evals", body)
    assert answer.status == 200, f"POST /v2/human-evals: {answer.status} {answer.text}"
    return answer.json()


def ensure_definitions() -> None:
    present = {row["key"] for row in get("/v2/human-evals")}
    for key, definition in DEFINITIONS.items():
        if key not in present:
            define(key, **definition)
