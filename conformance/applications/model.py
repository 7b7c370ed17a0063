"""A model on localhost: the HTTP interfaces of OpenAI and Anthropic, and a script of what it says.

It writes down every call as it saw it: what it was asked, in the normal form that Postil shows spans in, and what it
said. That is the truth the tests compare with.
"""

from __future__ import annotations

import http.server
import json
import threading
import time

import normal

MODEL_SUFFIX = "-2026-11-01"
PATHS = {"/v1/chat/completions": "chat", "/v1/responses": "responses", "/v1/messages": "messages",
         "/v1/embeddings": "embeddings"}
CITY = {"city": "Zürich"}


class Model:
    """The server, and the calls it has had so far."""

    def __init__(self):
        self.calls: list[dict] = []
        self.lock = threading.Lock()
        handler = type("Handler", (Handler,), {"model": self})
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def answer(self, api: str, request: dict) -> dict:
        """Decides what to say, and writes it down."""
        with self.lock:
            number = len(self.calls) + 1
            messages = getattr(normal, api)(request)
            call = {
                "number": number, "api": api, "at": time.time_ns(), "stream": bool(request.get("stream")),
                "request_model": request["model"], "input": messages, "params": normal.params(request),
                "tools": normal.tools(request), "error": None,
            }
            asked = normal.last_words(messages)
            call["scenario"] = asked.split(":")[0]
            if "[429]" in asked or "[500]" in asked:
                call["error"] = 429 if "[429]" in asked else 500
                call["message"] = "Slow down, please." if call["error"] == 429 else "Something broke inside."
            else:
                call.update(said(number, api, request, messages, asked))
            self.calls.append(call)
            return call


def said(number: int, api: str, request: dict, messages: list, asked: str) -> dict:
    calls_tool = bool(request.get("tools")) and messages[-1]["role"] != "tool"
    text = "In Zürich it is 18 °C – take a jacket. 🧥" if messages[-1]["role"] == "tool" else f"Number {number}, “{asked}”."
    prefix = {"chat": "chatcmpl", "responses": "resp", "messages": "msg", "embeddings": "emb"}[api]
    part = {"type": "text", "text": text}
    if calls_tool:
        part = {"type": "tool_call", "id": f"call_{number:04}", "name": "get_weather", "arguments": CITY}
    finish = "tool_call" if calls_tool else "stop"
    # Every count differs from every other, so that none can be taken for another.
    usage = {"input": 1000 + number, "output": 200 + number, "cache_read": 500 + number, "reasoning": 100 + number}
    if api == "messages":
        usage = {"input": 1000 + number, "output": 200 + number, "cache_read": 500 + number, "cache_write": 50 + number}
    if api == "embeddings":
        return {"response_model": request["model"] + MODEL_SUFFIX, "response_id": None, "output": [],
                "usage": {"input": 1000 + number}, "finish": None}
    return {"response_model": request["model"] + MODEL_SUFFIX, "response_id": f"{prefix}-{number:04}",
            "output": [{"role": "assistant", "parts": [part], "finish_reason": finish}], "usage": usage,
            # The Responses interface has no word for it.
            "finish": None if api == "responses" else finish}


# ---- what goes over the wire


def openai_usage(usage: dict, api: str) -> dict:
    total = usage["input"] + usage.get("output", 0)
    if api == "embeddings":
        return {"prompt_tokens": usage["input"], "total_tokens": total}
    asked, gave = ("input", "output") if api == "responses" else ("prompt", "completion")
    return {f"{asked}_tokens": usage["input"], f"{gave}_tokens": usage["output"], "total_tokens": total,
            f"{asked}_tokens_details": {"cached_tokens": usage["cache_read"]},
            f"{gave}_tokens_details": {"reasoning_tokens": usage["reasoning"]}}


def anthropic_usage(usage: dict) -> dict:
    """Anthropic counts what was cached apart from the rest."""
    return {"input_tokens": usage["input"] - usage["cache_read"] - usage["cache_write"],
            "output_tokens": usage["output"], "cache_read_input_tokens": usage["cache_read"],
            "cache_creation_input_tokens": usage["cache_write"]}


def tool_call(part: dict) -> dict:
    arguments = json.dumps(part["arguments"], ensure_ascii=False)
    return {"id": part["id"], "type": "function", "function": {"name": part["name"], "arguments": arguments}}


def chat_body(call: dict) -> dict:
    part = call["output"][0]["parts"][0]
    calls = part["type"] == "tool_call"
    message = {"role": "assistant", "content": None if calls else part["text"], "refusal": None}
    if calls:
        message["tool_calls"] = [tool_call(part)]
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "tool_calls" if calls else "stop"}
    return {"id": call["response_id"], "object": "chat.completion", "created": 1795255200,
            "model": call["response_model"], "choices": [choice], "usage": openai_usage(call["usage"], "chat")}


def chat_chunks(call: dict, with_usage: bool):
    part = call["output"][0]["parts"][0]
    if part["type"] == "tool_call":
        whole = tool_call(part)
        arguments = whole["function"]["arguments"]
        first = {"index": 0} | whole | {"function": {"name": part["name"], "arguments": ""}}
        deltas = [{"role": "assistant", "content": None, "tool_calls": [first]}]
        for piece in (arguments[:6], arguments[6:]):
            deltas.append({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]})
        finish = "tool_calls"
    else:
        words = part["text"].split(" ")
        deltas = [{"role": "assistant", "content": ""}]
        deltas += [{"content": word if at == 0 else " " + word} for at, word in enumerate(words)]
        finish = "stop"
    base = {"id": call["response_id"], "object": "chat.completion.chunk", "created": 1795255200,
            "model": call["response_model"]}
    for delta in deltas:
        yield base | {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
    yield base | {"choices": [{"index": 0, "delta": {}, "finish_reason": finish}]}
    if with_usage:
        yield base | {"choices": [], "usage": openai_usage(call["usage"], "chat")}


def responses_body(call: dict) -> dict:
    part = call["output"][0]["parts"][0]
    if part["type"] == "tool_call":
        whole = tool_call(part)
        item = {"type": "function_call", "id": f"fc_{call['number']:04}", "call_id": part["id"], "name": part["name"],
                "arguments": whole["function"]["arguments"], "status": "completed"}
    else:
        content = [{"type": "output_text", "text": part["text"], "annotations": []}]
        item = {"type": "message", "id": f"item_{call['number']:04}", "role": "assistant", "status": "completed",
                "content": content}
    return {"id": call["response_id"], "object": "response", "created_at": 1795255200, "status": "completed",
            "model": call["response_model"], "output": [item], "parallel_tool_calls": True, "tool_choice": "auto",
            "tools": [], "error": None, "incomplete_details": None, "instructions": None, "metadata": {},
            "temperature": 1.0, "top_p": 1.0, "usage": openai_usage(call["usage"], "responses")}


def messages_body(call: dict) -> dict:
    part = call["output"][0]["parts"][0]
    if part["type"] == "tool_call":
        block = {"type": "tool_use", "id": part["id"], "name": part["name"], "input": part["arguments"]}
    else:
        block = {"type": "text", "text": part["text"]}
    return {"id": call["response_id"], "type": "message", "role": "assistant", "model": call["response_model"],
            "content": [block], "stop_reason": "tool_use" if part["type"] == "tool_call" else "end_turn",
            "stop_sequence": None, "usage": anthropic_usage(call["usage"])}


def messages_events(call: dict):
    body = messages_body(call)
    block = body["content"][0]
    start = body | {"content": [], "stop_reason": None, "usage": body["usage"] | {"output_tokens": 1}}
    yield {"type": "message_start", "message": start}
    if block["type"] == "tool_use":
        yield {"type": "content_block_start", "index": 0, "content_block": block | {"input": {}}}
        given = json.dumps(block["input"], ensure_ascii=False)
        deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in (given[:5], given[5:])]
    else:
        yield {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
        half = len(block["text"]) // 2
        deltas = [{"type": "text_delta", "text": piece} for piece in (block["text"][:half], block["text"][half:])]
    for delta in deltas:
        yield {"type": "content_block_delta", "index": 0, "delta": delta}
    yield {"type": "content_block_stop", "index": 0}
    yield {"type": "message_delta", "delta": {"stop_reason": body["stop_reason"], "stop_sequence": None},
           "usage": {"output_tokens": body["usage"]["output_tokens"]}}
    yield {"type": "message_stop"}


def embeddings_body(call: dict, request: dict) -> dict:
    given = request["input"] if isinstance(request["input"], list) else [request["input"]]
    vector = [0.25, -0.5, 0.125]
    if request.get("encoding_format") == "base64":
        vector = "AACAPgAAAL8AAAA+"
    data = [{"object": "embedding", "index": at, "embedding": vector} for at in range(len(given))]
    return {"object": "list", "data": data, "model": call["response_model"],
            "usage": openai_usage(call["usage"], "embeddings")}


class Handler(http.server.BaseHTTPRequestHandler):
    model: Model
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        api = PATHS.get(self.path.split("?")[0])
        if not api:
            return self.send(404, {"error": {"message": f"no {self.path} here", "type": "not_found_error"}})
        request = json.loads(body)
        call = self.model.answer(api, request)
        if call["error"]:
            kind = "rate_limit_error" if call["error"] == 429 else "server_error"
            error = {"message": call["message"], "type": kind, "code": None, "param": None}
            return self.send(call["error"], {"type": "error", "error": error})
        if api == "chat" and call["stream"]:
            return self.stream(chat_chunks(call, (request.get("stream_options") or {}).get("include_usage")), True)
        if api == "messages" and call["stream"]:
            return self.stream(messages_events(call), False)
        bodies = {"chat": chat_body, "responses": responses_body, "messages": messages_body}
        return self.send(200, embeddings_body(call, request) if api == "embeddings" else bodies[api](call))

    def send(self, status: int, body: dict):
        payload = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def stream(self, events, done: bool):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        for event in events:
            name = f"event: {event['type']}\n" if "type" in event else ""
            self.wfile.write(f"{name}data: {json.dumps(event)}\n\n".encode())
            self.wfile.flush()
        if done:
            self.wfile.write(b"data: [DONE]\n\n")
