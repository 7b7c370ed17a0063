"""Requests of OpenAI's and Anthropic's interfaces in the normal form that Postil shows."""

from __future__ import annotations

import json


def text(words: str) -> dict:
    return {"type": "text", "text": words}


def parsed(value):
    """JSON in a string and JSON as such are the same for arguments and results of tools."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def parts(content) -> list[dict]:
    if content is None or content == "":
        return []
    if isinstance(content, str):
        return [text(content)]
    return [part(each) for each in content]


def part(each: dict) -> dict:
    kind = each["type"]
    if kind in ("text", "input_text", "output_text"):
        return text(each["text"])
    if kind in ("image_url", "input_image", "image"):
        return {"type": "media", "kind": "image"}
    if kind == "tool_use":
        return {"type": "tool_call", "id": each["id"], "name": each["name"], "arguments": each["input"]}
    if kind == "tool_result":
        found = parts(each["content"])
        words = "".join(each["text"] for each in found)
        return {"type": "tool_result", "id": each["tool_use_id"], "result": parsed(words)}
    raise AssertionError(f"the model was sent a part it does not know: {each}")


def message(role: str, found: list[dict]) -> dict:
    if found and all(each["type"] == "tool_result" for each in found):
        role = "tool"
    return {"role": {"developer": "system"}.get(role, role), "parts": found}


def chat(request: dict) -> list[dict]:
    out = []
    for each in request["messages"]:
        if each["role"] == "tool":
            words = "".join(found["text"] for found in parts(each["content"]))
            result = {"type": "tool_result", "id": each["tool_call_id"], "result": parsed(words)}
            out.append(message("tool", [result]))
            continue
        found = parts(each.get("content"))
        for call in each.get("tool_calls") or []:
            function = call["function"]
            found.append({"type": "tool_call", "id": call["id"], "name": function["name"],
                          "arguments": parsed(function["arguments"])})
        out.append(message(each["role"], found))
    return out


def responses(request: dict) -> list[dict]:
    out = [message("system", [text(request["instructions"])])] if request.get("instructions") else []
    given = request["input"]
    if isinstance(given, str):
        return [*out, message("user", [text(given)])]
    for item in given:
        if item.get("type") == "function_call":
            out.append(message("assistant", [{"type": "tool_call", "id": item["call_id"], "name": item["name"],
                                              "arguments": parsed(item["arguments"])}]))
        elif item.get("type") == "function_call_output":
            out.append(message("tool", [{"type": "tool_result", "id": item["call_id"],
                                         "result": parsed(item["output"])}]))
        else:
            out.append(message(item["role"], parts(item["content"])))
    return out


def messages(request: dict) -> list[dict]:
    system = parts(request.get("system"))
    out = [message("system", system)] if system else []
    return out + [message(each["role"], parts(each["content"])) for each in request["messages"]]


def embeddings(request: dict) -> list[dict]:
    given = request["input"] if isinstance(request["input"], list) else [request["input"]]
    return [message("user", [text(each) for each in given])]


def last_words(found: list[dict]) -> str:
    """What the person said last, which names the scenario."""
    spoken = [each for each in found if each["role"] == "user"]
    return " ".join(each["text"] for each in spoken[-1]["parts"] if each["type"] == "text") if spoken else ""


def tools(request: dict) -> list[str]:
    return [(each.get("function") or each)["name"] for each in request.get("tools") or []]


def params(request: dict) -> dict:
    return {key: request[key] for key in ("temperature", "max_tokens") if request.get(key) is not None}


# ---- the same of a span


def comparable(found: list[dict]) -> list[dict]:
    """Messages of a span without what clients are free to leave out or to word differently."""
    out = []
    for each in found:
        kept = [comparable_part(part) for part in each["parts"]]
        if each["role"] == "tool" and len(kept) > 1:
            out += [{"role": "tool", "parts": [part]} for part in kept]
        else:
            out.append({"role": each["role"], "parts": kept})
    return out


def comparable_part(each: dict) -> dict:
    if each["type"] == "media":
        return {"type": "media", "kind": each["kind"]}
    kept = {key: value for key, value in each.items() if key != "is_error"}
    for key in ("arguments", "result"):
        if key in kept:
            kept[key] = parsed(kept[key])
    return kept
