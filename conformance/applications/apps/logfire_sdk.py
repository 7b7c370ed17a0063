"""Logfire, sending to any OpenTelemetry backend."""

import logfire
import scenario

logfire.configure(send_to_logfire=False, console=False, service_name="logfire")
openai, anthropic = scenario.openai_client(), scenario.anthropic_client()
logfire.instrument_openai(openai)
logfire.instrument_anthropic(anthropic)
for part in scenario.OPENAI:
    with logfire.span("step {name}", name=part.__name__):
        part(openai)
for part in scenario.ANTHROPIC:
    with logfire.span("step {name}", name=part.__name__):
        part(anthropic)
logfire.force_flush()
