"""mlflow-tracing with its autologging, exporting over OTLP."""

import mlflow
import mlflow.anthropic
import mlflow.openai
import scenario

mlflow.openai.autolog()
mlflow.anthropic.autolog()
openai, anthropic = scenario.openai_client(), scenario.anthropic_client()
get_weather = mlflow.trace(span_type="TOOL", name="get_weather")(scenario.get_weather)


@mlflow.trace(span_type="AGENT")
def ask_weather(question: str) -> str:
    scenario.tools(openai, get_weather)
    return "done"


for part in scenario.OPENAI:
    if part is not scenario.tools:
        part(openai)
ask_weather("weather?")
for part in scenario.ANTHROPIC:
    # Streams of this interface are not traced.
    if part is not scenario.claude_stream:
        part(anthropic)
mlflow.flush_trace_async_logging()
