"""LangChain with openinference-instrumentation-langchain."""

import exporting
import scenario
from langchain.agents import create_agent
from langchain_core.messages import HumanMessage, SystemMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from openinference.instrumentation import using_attributes
from openinference.instrumentation.langchain import LangChainInstrumentor

provider = exporting.provider("langchain")
LangChainInstrumentor().instrument(tracer_provider=provider)


@tool
def get_weather(city: str) -> dict:
    """The weather of a city."""
    return scenario.get_weather(city)


def asked(words: str):
    return [SystemMessage(scenario.SYSTEM), HumanMessage(words)]


with using_attributes(session_id=scenario.SESSION, user_id=scenario.USER, tags=scenario.TAGS):
    model = ChatOpenAI(model=scenario.MODEL, max_retries=0, temperature=0.25)
    model.invoke(asked("plain: what is 2 < 3 & \"why\"? 日本"))
    for _ in ChatOpenAI(model=scenario.MODEL, max_retries=0, stream_usage=True).stream(asked("stream: count to three")):
        pass
    for words in ("limited: [429]", "broken: [500]"):
        scenario.refused(lambda: model.invoke(asked(words)))
    agent = create_agent(model, [get_weather], system_prompt=scenario.SYSTEM)
    agent.invoke({"messages": [HumanMessage("tools: what is the weather in Zürich?")]})
provider.shutdown()
