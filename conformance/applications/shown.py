"""Runs an application against the model on localhost and reads back, through the API, what Postil shows of it."""

from __future__ import annotations

import datetime
import os
import shutil
import subprocess
from pathlib import Path

from support import URL, eventually, http, unique

APPS = Path(__file__).parent / "apps"
SECONDS = 120
CLOCKS = 3_000_000  # nanoseconds by which the clocks of Node and Python may differ


class Run:
    """What the model saw and said, and what Postil shows."""

    def __init__(self, client, model, folder: Path):
        self.client = client
        self.model = model
        self.session, self.user = unique("session"), unique("user")
        name = unique("application")
        answer = http("POST", "/v2/projects", {"name": name})
        assert answer.status == 200, answer.text
        project = answer.json()["project"]["project_id"]
        answer = http("POST", "/v2/api-keys", {"name": name, "projects": [project], "scopes": ["read", "ingest"]})
        assert answer.status == 200, answer.text
        self.key = find_token(answer.json())
        self.output = self._start(folder)
        self.spans: list[dict] = []
        eventually(self._read_all)
        # Clients that send in their own time have ended: what they had to say is there.

    def _start(self, folder: Path) -> str:
        script = APPS / self.client.script
        if script.suffix == ".mjs":
            shutil.copy(script, folder)
            (folder / "node_modules").symlink_to(os.environ["POSTIL_NODE_MODULES"])
            script = folder / script.name
        env = {name: value for name, value in os.environ.items()
               if not name.startswith(("OTEL_", "POSTIL_NODE", "PYTEST"))} | {
            "MODEL_URL": self.model.url, "OPENAI_BASE_URL": f"{self.model.url}/v1", "OPENAI_API_KEY": "sk-none",
            "ANTHROPIC_BASE_URL": self.model.url, "ANTHROPIC_API_KEY": "sk-none",
            "POSTIL_URL": URL, "POSTIL_API_KEY": self.key,
            "POSTIL_SESSION": self.session, "POSTIL_USER": self.user,
            "OTEL_EXPORTER_OTLP_ENDPOINT": URL, "OTEL_EXPORTER_OTLP_HEADERS": f"Authorization=Bearer%20{self.key}",
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": f"{URL}/v1/traces",
            "LANGFUSE_BASE_URL": URL, "LANGFUSE_HOST": URL, "LANGFUSE_PUBLIC_KEY": "pk-lf-1",
            "LANGFUSE_SECRET_KEY": self.key, "TRACELOOP_TELEMETRY": "false", "LOGFIRE_SEND_TO_LOGFIRE": "false",
            "PYTHONWARNINGS": "ignore",
        } | self.client.env
        command = [*self.client.command[:1], str(script)]
        done = subprocess.run(command, cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors="replace", timeout=SECONDS, check=False)
        assert done.returncode == 0, f"the application failed\n{done.stdout[-6000:]}"
        return done.stdout

    def get(self, path: str):
        answer = http("GET", path, key=self.key)
        assert answer.status == 200, f"GET {path}: {answer.status} {answer.text}"
        return answer.json()

    def _read_all(self) -> bool:
        """All spans, once there is one for every call of the model."""
        now = datetime.datetime.now(datetime.timezone.utc)
        hour = datetime.timedelta(hours=1)
        body = {"from": (now - hour).isoformat(), "to": (now + hour).isoformat(), "limit": 1000}
        answer = http("POST", "/v3/traces/search", body, key=self.key)
        assert answer.status == 200, answer.text
        self.traces = answer.json()["data"]
        self.spans = []
        for trace in self.traces:
            path = f"/v3/traces/{trace['trace_id']}/spans"
            for summary in self.get(f"{path}?limit=10000")["data"]:
                self.spans.append(self.get(f"{path}/{summary['span_id']}")["span"])
        calls = [span for span in self.spans if span["normalized"]["kind"] in ("llm", "embedding")]
        return len(calls) >= len(self.model.calls)

    # ---- which span shows a call

    def span_of(self, call: dict) -> dict | None:
        """The innermost span of a model call that was open when the model was asked."""
        ranked = []
        for span in self.spans:
            shown, summary = span["normalized"], span["summary"]
            started, ended = nanoseconds(summary["started_at"]), nanoseconds(summary["ended_at"])
            if shown["kind"] not in ("llm", "embedding") or not started - CLOCKS <= call["at"] <= ended + CLOCKS:
                continue
            # A client library may report its calls itself, inside the span of the instrumentation and without messages.
            ranked.append((started <= call["at"] <= ended, bool(shown.get("input")),
                           bool(call.get("response_id")) and shown.get("response_id") == call["response_id"],
                           summary["level"], started, span))
        return max(ranked, key=lambda each: each[:-1])[-1] if ranked else None


def nanoseconds(moment: str) -> int:
    whole, _, fraction = moment.rstrip("Z").partition(".")
    seconds = datetime.datetime.fromisoformat(whole).replace(tzinfo=datetime.timezone.utc).timestamp()
    return int(seconds) * 1_000_000_000 + int(fraction.ljust(9, "0") or 0)


def find_token(body) -> str:
    """The token in the answer to a new key, wherever it stands."""
    if isinstance(body, dict):
        for value in body.values():
            if token := find_token(value):
                return token
    elif isinstance(body, str) and body.startswith("sk-orq-"):
        return body
    return ""
