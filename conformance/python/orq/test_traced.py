"""The @traced decorator in a program of its own, as an application uses it, without OpenTelemetry."""

import json
import os
import subprocess
import sys

import pytest

from support import KEY, URL, eventually, get, http, stored

pytest.importorskip("orq_ai_sdk.traced")

HEAD = """
import asyncio, json, os
from orq_ai_sdk import Orq
from orq_ai_sdk.traced import traced, current_span

orq = Orq(api_key=os.environ["ORQ_API_KEY"], server_url=os.environ["SERVER"])
ids = {}

def note(name):
    span = current_span()
    ids[name] = [span.trace_id, span.span_id]
"""

NESTED = HEAD + """
@traced(name="search", type="retrieval")
def search(query):
    note("search")
    return ["a cactus is dry"]

@traced(name="model", type="llm")
def model(messages):
    note("model")
    current_span().log(metrics={"prompt_tokens": 5, "completion_tokens": 7, "tokens": 12},
                       request={"provider": "openai", "model": "gpt-4o-mini"})
    return "Rarely."

@traced(name="answer", type="agent", attributes={"tier": "gold"})
def answer(question):
    note("answer")
    search(question)
    return model([{"role": "user", "content": question}])

answer("How do I water a cactus?")
print(json.dumps(ids))
"""

ERROR = HEAD + """
@traced
def inner():
    note("inner")
    raise ValueError("no water")

@traced
def outer():
    note("outer")
    inner()

try:
    outer()
except ValueError:
    pass
print(json.dumps(ids))
"""

ASYNC = HEAD + """
@traced
async def step(number):
    note(f"step{number}")
    await asyncio.sleep(0.01)
    return number

@traced
async def run():
    note("run")
    for number in range(3):
        await step(number)

asyncio.run(run())
print(json.dumps(ids))
"""

ANNOTATE = HEAD + """
@traced(type="llm")
def outer():
    note("outer")
    return "done"

outer()
trace_id, span_id = ids["outer"]
orq.annotations.create(trace_id=trace_id, span_id=span_id, annotations=[{"key": "rating", "value": "good"}])
print(json.dumps(ids))
"""


def run(program: str, server: str = URL, **env: str) -> dict:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False,
                          env=os.environ | {"ORQ_API_KEY": KEY, "SERVER": server} | env)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def spans(trace_id: str, count: int) -> dict:
    def look():
        answer = http("GET", f"/v3/traces/{trace_id}/spans?limit=100")
        return answer.json()["data"] if answer.status == 200 and len(answer.json()["data"]) >= count else None

    found = eventually(look)
    assert found, "the spans did not arrive"
    assert len(found) == count, "each span once"
    return {span["span_id"]: span for span in found}


def hex_id(given: str) -> str:
    """Ids are answered in hex. Until 4.6 the decorator makes ULIDs, which hold the same 128 bits as 32 digits."""
    if len(given) != 26:
        return given
    number = 0
    for letter in given:
        number = number * 32 + "0123456789ABCDEFGHJKMNPQRSTVWXYZ".index(letter)
    return f"{number:032x}"


def test_nested_functions_arrive_once_with_their_parents():
    ids = run(NESTED)
    trace_id, root = ids["answer"]
    assert {each[0] for each in ids.values()} == {trace_id}
    found = spans(trace_id, 3)
    assert {span["name"]: span.get("parent_span_id") for span in found.values()} == {
        "answer": None, "search": hex_id(root), "model": hex_id(root)}
    assert {span["trace_id"] for span in found.values()} == {hex_id(trace_id)}
    detail = get(f"/v3/traces/{trace_id}/spans/{ids['model'][1]}")["span"]
    assert detail["summary"]["usage"]["total_tokens"] == 12
    assert detail["summary"]["model"] == "gpt-4o-mini"
    assert "Rarely." in json.dumps(detail)
    assert "gold" in json.dumps(get(f"/v3/traces/{trace_id}/spans/{root}"))


def test_an_exception_is_kept_with_both_spans():
    ids = run(ERROR)
    trace_id = ids["outer"][0]
    found = spans(trace_id, 2)
    assert found[hex_id(ids["inner"][1])]["parent_span_id"] == hex_id(ids["outer"][1])
    for _, span_id in ids.values():
        assert "no water" in json.dumps(get(f"/v3/traces/{trace_id}/spans/{span_id}"))


def test_coroutines():
    ids = run(ASYNC)
    trace_id, root = ids["run"]
    found = spans(trace_id, 4)
    assert [span.get("parent_span_id") for span in found.values()].count(hex_id(root)) == 3


def test_a_span_is_there_when_the_function_has_returned_and_can_be_annotated():
    from support import Span

    ids = run(ANNOTATE)
    assert stored(Span(*ids["outer"])) == {"rating": "good"}


def test_the_address_from_the_environment():
    ids = run(NESTED, server="http://127.0.0.1:9", ORQ_API_URL=URL)
    spans(ids["answer"][0], 3)
