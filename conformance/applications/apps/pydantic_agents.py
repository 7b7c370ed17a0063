"""Agents of Pydantic AI."""

import asyncio

import exporting
import scenario
from pydantic_ai import Agent, ModelSettings
from pydantic_ai.models.instrumented import InstrumentationSettings
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.openai import OpenAIProvider

provider = exporting.provider("pydantic-ai")
Agent.instrument_all(InstrumentationSettings(tracer_provider=provider))


def openai_provider():
    import openai

    return OpenAIProvider(openai_client=openai.AsyncOpenAI(max_retries=0))


def anthropic_provider():
    import anthropic

    return AnthropicProvider(anthropic_client=anthropic.AsyncAnthropic(max_retries=0))


async def main():
    chat = OpenAIChatModel(scenario.MODEL, provider=openai_provider())
    clerk = Agent(chat, system_prompt=scenario.SYSTEM, name="clerk", model_settings=ModelSettings(temperature=0.25))
    await clerk.run("plain: what is 2 < 3 & \"why\"? 日本")
    async with clerk.run_stream("stream: count to three") as run:
        await run.get_output()
    for words in ("limited: [429]", "broken: [500]"):
        try:
            await clerk.run(words)
        except Exception as error:  # noqa: BLE001
            assert "429" in str(error) or "500" in str(error), error
        else:
            raise AssertionError("the model did not refuse")
    for model, words in ((chat, "tools: what is the weather in Zürich?"),
                         (AnthropicModel(scenario.CLAUDE, provider=anthropic_provider()), "claude_tools: in Zürich?")):
        agent = Agent(model, instructions=scenario.SYSTEM, name="forecaster", tools=[scenario.get_weather])
        await agent.run(words)
    responses = Agent(OpenAIResponsesModel(scenario.MODEL, provider=openai_provider()), instructions=scenario.SYSTEM)
    await responses.run("respond: in one word")


asyncio.run(main())
provider.shutdown()
