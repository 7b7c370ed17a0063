"""The SDK of Traceloop: OpenLLMetry."""

import os

import scenario
from traceloop.sdk import Traceloop
from traceloop.sdk.decorators import tool, workflow

Traceloop.init(app_name="traceloop", api_endpoint=os.environ["POSTIL_URL"],
               headers={"Authorization": f"Bearer {os.environ['POSTIL_API_KEY']}"})
Traceloop.set_association_properties({"session_id": scenario.SESSION, "user_id": scenario.USER, "tier": "gold"})


@tool(name="get_weather")
def get_weather(city: str) -> dict:
    return scenario.get_weather(city)


@workflow(name="ask_weather")
def ask_weather(client, question: str) -> str:
    scenario.tools(client, get_weather)
    return "done"


openai, anthropic = scenario.openai_client(), scenario.anthropic_client()
for part in scenario.OPENAI:
    # This client uploads pictures to a service of its own.
    if part not in (scenario.picture, scenario.tools):
        part(openai)
ask_weather(openai, "weather?")
for part in scenario.ANTHROPIC:
    part(anthropic)
Traceloop.flush() if hasattr(Traceloop, "flush") else None
