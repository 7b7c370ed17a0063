"""The SDK of Langfuse, with its stand-in for OpenAI's client."""

import langfuse
import scenario
from langfuse import observe, propagate_attributes
from langfuse.openai import OpenAI


@observe(as_type="tool")
def get_weather(city: str) -> dict:
    return scenario.get_weather(city)


@observe(as_type="agent")
def ask_weather(question: str) -> str:
    scenario.tools(client, get_weather)
    return "done"


client = OpenAI(max_retries=0)
with propagate_attributes(session_id=scenario.SESSION, user_id=scenario.USER, tags=scenario.TAGS,
                          metadata={"tier": "gold"}):
    for part in scenario.OPENAI:
        # Pictures are uploaded apart.
        if part not in (scenario.picture, scenario.tools):
            part(client)
    ask_weather("weather?")
langfuse.get_client().flush()
