"""What every application does, with nothing of a tracing client in it: the first word of a question names the scenario."""

from __future__ import annotations

import json
import os

SESSION, USER, TAGS = os.environ["POSTIL_SESSION"], os.environ["POSTIL_USER"], ["blue", "grün"]
MODEL = "gpt-5-mini"
CLAUDE = "claude-sonnet-5"
SYSTEM = "You are a careful clerk. Answer briefly – “kurz”."
PICTURE = ("data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJ"
           "RU5ErkJggg==")
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
TOOL = {"type": "function", "function": {"name": "get_weather", "description": "The weather of a city.",
                                         "parameters": SCHEMA}}


def get_weather(city: str) -> dict:
    return {"city": city, "celsius": 18}


def refused(call) -> None:
    """Runs a call that the model refuses."""
    try:
        call()
    except Exception as error:  # noqa: BLE001 - every client has classes of its own
        if "[429]" in str(error) or "Slow down" in str(error) or "Something broke" in str(error):
            return
        raise
    raise AssertionError("the model did not refuse")


def asked(words: str) -> list[dict]:
    return [{"role": "system", "content": SYSTEM}, {"role": "user", "content": words}]


def plain(client) -> None:
    client.chat.completions.create(model=MODEL, messages=asked("plain: what is 2 < 3 & \"why\"? 日本"), temperature=0.25,
                                   max_tokens=64)


def tools(client, run_tool=get_weather) -> None:
    messages = asked("tools: what is the weather in Zürich?")
    first = client.chat.completions.create(model=MODEL, messages=messages, tools=[TOOL])
    call = first.choices[0].message.tool_calls[0]
    result = run_tool(**json.loads(call.function.arguments))
    messages.append({"role": "assistant", "content": None, "tool_calls": [
        {"id": call.id, "type": "function",
         "function": {"name": call.function.name, "arguments": call.function.arguments}}]})
    messages.append({"role": "tool", "tool_call_id": call.id, "content": json.dumps(result)})
    client.chat.completions.create(model=MODEL, messages=messages, tools=[TOOL])


def stream(client) -> None:
    for _ in client.chat.completions.create(model=MODEL, messages=asked("stream: count to three"), stream=True,
                                            stream_options={"include_usage": True}):
        pass


def silent(client) -> None:
    """A stream that does not say what it cost."""
    for _ in client.chat.completions.create(model=MODEL, messages=asked("silent: count to four"), stream=True):
        pass


def streamed_tool(client) -> None:
    for _ in client.chat.completions.create(model=MODEL, messages=asked("streamed_tool: the weather in Zürich?"),
                                            tools=[TOOL], stream=True, stream_options={"include_usage": True}):
        pass


def limited(client) -> None:
    refused(lambda: client.chat.completions.create(model=MODEL, messages=asked("limited: [429]")))


def broken(client) -> None:
    refused(lambda: client.chat.completions.create(model=MODEL, messages=asked("broken: [500]")))


def picture(client) -> None:
    content = [{"type": "text", "text": "picture: what is on it?"}, {"type": "image_url", "image_url": {"url": PICTURE}}]
    client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": content}])


def embed(client) -> None:
    client.embeddings.create(model="text-embedding-3-small", input=["embed: a word"])


def respond(client) -> None:
    """OpenAI's Responses interface."""
    client.responses.create(model=MODEL, instructions=SYSTEM, input="respond: in one word")


def respond_tool(client) -> None:
    tool = {"type": "function", "name": "get_weather", "description": "The weather of a city.", "parameters": SCHEMA,
            "strict": False}
    given = [{"role": "user", "content": "respond_tool: the weather in Zürich?"}]
    first = client.responses.create(model=MODEL, input=given, tools=[tool])
    call = first.output[0]
    given.append({"type": "function_call", "call_id": call.call_id, "name": call.name, "arguments": call.arguments})
    given.append({"type": "function_call_output", "call_id": call.call_id,
                  "output": json.dumps(get_weather(**json.loads(call.arguments)))})
    client.responses.create(model=MODEL, input=given, tools=[tool])


OPENAI = [plain, tools, stream, silent, streamed_tool, limited, broken, picture, embed, respond, respond_tool]


def claude(client) -> None:
    client.messages.create(model=CLAUDE, max_tokens=64, system=SYSTEM,
                           messages=[{"role": "user", "content": "claude: hello, ça va?"}])


def claude_tools(client) -> None:
    tool = {"name": "get_weather", "description": "The weather of a city.", "input_schema": SCHEMA}
    messages = [{"role": "user", "content": "claude_tools: the weather in Zürich?"}]
    first = client.messages.create(model=CLAUDE, max_tokens=64, messages=messages, tools=[tool])
    block = first.content[0]
    messages.append({"role": "assistant", "content": [
        {"type": "tool_use", "id": block.id, "name": block.name, "input": block.input}]})
    messages.append({"role": "user", "content": [
        {"type": "tool_result", "tool_use_id": block.id, "content": json.dumps(get_weather(**block.input))}]})
    client.messages.create(model=CLAUDE, max_tokens=64, messages=messages, tools=[tool])


def claude_stream(client) -> None:
    with client.messages.stream(model=CLAUDE, max_tokens=64,
                                messages=[{"role": "user", "content": "claude_stream: count to five"}]) as events:
        for _ in events.text_stream:
            pass


def claude_limited(client) -> None:
    refused(lambda: client.messages.create(model=CLAUDE, max_tokens=64,
                                           messages=[{"role": "user", "content": "claude_limited: [429]"}]))


ANTHROPIC = [claude, claude_tools, claude_stream, claude_limited]


def openai_client():
    import openai

    return openai.OpenAI(max_retries=0)


def anthropic_client():
    import anthropic

    return anthropic.Anthropic(max_retries=0)
