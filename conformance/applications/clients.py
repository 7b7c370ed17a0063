"""The applications: how each is started, what it does, and what its client leaves out or changes on the wire.

A loss is listed where no attribute of the span has the value, or only one that means something else (then it says so).
"""

from __future__ import annotations

import dataclasses
import sys


@dataclasses.dataclass(frozen=True)
class Client:
    """One application. Losses: `scenario` or `*`, then the field that cannot be asked for."""

    script: str
    scenarios: tuple[str, ...]
    env: dict[str, str] = dataclasses.field(default_factory=dict)
    losses: dict[str, set[str]] = dataclasses.field(default_factory=dict)
    session: bool = True  # the client has sessions and users
    tags: bool = True
    tool_spans: int = 0  # how often the application runs its tool under the client's eyes
    tool_arguments: object = dataclasses.field(default_factory=lambda: {"city": "Zürich"})
    apart: tuple[str, ...] = ()  # scenarios whose answer the client reports in another span

    def lost(self, call: dict, field: str) -> bool:
        return any(field in self.losses.get(scenario, ()) for scenario in ("*", call["scenario"]))

    @property
    def command(self) -> list[str]:
        return ["node" if self.script.endswith(".mjs") else sys.executable, self.script]


def without(scenarios: tuple[str, ...], *left_out: str) -> tuple[str, ...]:
    return tuple(name for name in scenarios if name not in left_out)


CHAT = ("plain", "tools", "stream", "silent", "streamed_tool", "limited", "broken", "picture")
OPENAI = (*CHAT, "embed", "respond", "respond_tool")
VERCEL = ("plain", "tools", "stream", "limited", "broken", "embed", "respond")
ANTHROPIC = ("claude", "claude_tools", "claude_stream", "claude_limited")
STREAMS = ("stream", "silent", "streamed_tool", "claude_stream")
COUNTS = ("usage.input", "usage.output", "usage.cache_read", "usage.cache_write", "usage.reasoning")

# An embedding's input is on the wire with few clients.
CLIENTS = {
    "openinference": Client("openinference_sdk.py", OPENAI + ANTHROPIC),
    "opentelemetry-events": Client("opentelemetry_events.py", (*CHAT, "embed"), session=False, tags=False, env={
        "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": "true"}, losses={
        "*": {"usage.cache_read", "usage.reasoning", "tools"}, "embed": {"input"}}),
    "opentelemetry-genai": Client("opentelemetry_genai.py", OPENAI, session=False, tags=False, env={
        "OTEL_SEMCONV_STABILITY_OPT_IN": "gen_ai_latest_experimental",
        "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": "span_only"}, losses={"embed": {"input"}}),
    "opentelemetry-genai-logs": Client("opentelemetry_genai.py", OPENAI, session=False, tags=False, env={
        "OTEL_SEMCONV_STABILITY_OPT_IN": "gen_ai_latest_experimental",
        "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": "event_only"}, losses={"embed": {"input"}}),
    "traceloop": Client("traceloop_sdk.py", without(OPENAI + ANTHROPIC, "picture"), tags=False, tool_spans=1, losses={
        # A tool call has the id of its item (fc_), and its result the id of the call.
        "respond_tool": {"output"},
        # Of a stream, the details are left out, and with Anthropic the first count is added to the last.
        "stream": {"usage.reasoning"}, "streamed_tool": {"usage.reasoning"}, "claude_stream": {"usage.output"}}),
    "langfuse": Client("langfuse_sdk.py", without(OPENAI, "picture"), tool_spans=1, losses={
        # One field for the model, none for the provider, and only streams say why the model stopped.
        # The model that was asked for is there when the call failed.
        "*": {"provider"}, **{name: {"request_model"} for name in without(OPENAI, "limited", "broken")},
        "plain": {"request_model", "finish"}, "tools": {"request_model", "finish"}}),
    "logfire": Client("logfire_sdk.py", OPENAI + ANTHROPIC, session=False, tags=False, apart=STREAMS, losses={
        "embed": {"input"}, **{name: {"output", "response_model", "finish", *COUNTS} for name in STREAMS}}),
    "pydantic-ai": Client("pydantic_agents.py", ("plain", "stream", "limited", "broken", "tools", "claude_tools",
                                                 "respond"), session=False, tags=False, tool_spans=2, losses={
        # The question of a call that failed is on the agent's span only; a limit it chose itself is nowhere.
        "limited": {"input"}, "broken": {"input"}, "claude_tools": {"params"}}),
    "mlflow": Client("mlflow_tracing.py", without(OPENAI + ANTHROPIC, "claude_stream"), session=False, tags=False, tool_spans=1, env={
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        # Given for all signals, the client sends metrics, too, and the lean package cannot.
        "OTEL_EXPORTER_OTLP_ENDPOINT": "",
        # It is not asked for anything, but without one the client wants a database.
        "MLFLOW_TRACKING_URI": "http://127.0.0.1:9"}, losses={
        # It names the format of the messages, which other providers share.
        name: {"provider"} for name in OPENAI}),
    "langchain": Client("langchain_openinference.py", ("plain", "stream", "limited", "broken", "tools"), tool_spans=1,
                        tool_arguments="Zürich", losses={
        # The field for the model has the one that was asked for; the other stands deep in LangChain's own objects.
        "stream": {"response_model"}}),
    "vercel-ai-4": Client("vercel.mjs", without(VERCEL, "respond"), tool_spans=1, losses={
        "embed": {"response_model"}}),
    "vercel-ai-5": Client("vercel.mjs", VERCEL, tool_spans=1, losses={
        # Only streams say what was cached and what was thought.
        **{name: {"usage.cache_read", "usage.reasoning"} for name in ("plain", "tools", "respond")},
        "embed": {"response_model"}}),
    "vercel-ai-6": Client("vercel.mjs", VERCEL, tool_spans=1, losses={"embed": {"response_model"}}),
}
