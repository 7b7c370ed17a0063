"""The LangChain handler of the Python client, with model calls that need no network."""

import json
import os
import subprocess
import sys

import pytest
from orq_ai_sdk import Orq

from support import KEY, URL, Span, eventually, get, http, stored

HEAD = """
import json, os, uuid
from langchain_core.language_models.fake_chat_models import FakeListChatModel
from langchain_core.language_models import FakeListLLM
from langchain_core.messages import HumanMessage
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnableLambda
from langchain_core.tools import tool
from orq_ai_sdk.langchain import OrqLangchainCallback, setup

key, url = os.environ["ORQ_API_KEY"], os.environ["SERVER"]
run_id = uuid.uuid4()
"""

PROGRAMS = {
    "chat model": ("""
handler = OrqLangchainCallback(key, url)
model = FakeListChatModel(responses=["Rarely."])
model.invoke([HumanMessage("How do I water a cactus?")], config={"callbacks": [handler], "run_id": run_id})
""", 1, "Rarely."),
    "chain": ("""
handler = OrqLangchainCallback(key, url)
prompt = ChatPromptTemplate.from_messages([("system", "You are a gardener."), ("human", "{question}")])
chain = prompt | FakeListChatModel(responses=["Rarely."]) | RunnableLambda(lambda message: message.content.upper())
chain.invoke({"question": "How do I water a cactus?"}, config={"callbacks": [handler], "run_id": run_id})
""", 4, "RARELY."),
    "set up once": ("""
setup(api_key=key, api_url=url)
FakeListLLM(responses=["Rarely."]).invoke("How do I water a cactus?", config={"run_id": run_id})
""", 1, "Rarely."),
    "tool": ("""
@tool
def lookup(plant: str) -> str:
    "Looks a plant up."
    return f"{plant}: dry"

lookup.invoke({"plant": "cactus"}, config={"callbacks": [OrqLangchainCallback(key, url)], "run_id": run_id})
""", 1, "cactus: dry"),
    "error": ("""
def fail(_):
    raise ValueError("no water")

try:
    RunnableLambda(fail).invoke("x", config={"callbacks": [OrqLangchainCallback(key, url)], "run_id": run_id})
except ValueError:
    pass
""", 1, "no water"),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_run_arrives_and_can_be_annotated(name):
    program, count, text = PROGRAMS[name]
    done = subprocess.run([sys.executable, "-c", HEAD + program + "\nprint(run_id.hex)"], capture_output=True, text=True,
                          timeout=120, check=False, env=os.environ | {"ORQ_API_KEY": KEY, "SERVER": URL})
    assert done.returncode == 0, done.stderr
    trace_id = done.stdout.strip().splitlines()[-1]

    def look():
        answer = http("GET", f"/v3/traces/{trace_id}/spans?limit=100")
        return answer.json()["data"] if answer.status == 200 and len(answer.json()["data"]) >= count else None

    spans = eventually(look)
    assert spans, "the spans did not arrive"
    assert len(spans) == count
    assert all(len(span["span_id"]) == 32 for span in spans), "ids are kept as they were sent"
    root, = (span for span in spans if not span.get("parent_span_id"))
    assert root["span_id"] == trace_id, "a root's span id is its trace id"
    assert all(span["parent_span_id"] == trace_id for span in spans if span is not root)
    assert text in json.dumps(get(f"/v3/traces/{trace_id}/spans/{trace_id}"))
    if name == "error":
        assert get(f"/v3/traces/{trace_id}")["trace"]["status"] != "ok"

    orq = Orq(api_key=KEY, server_url=URL)
    for span in spans:
        orq.annotations.create(trace_id=trace_id, span_id=span["span_id"],
                               annotations=[{"key": "rating", "value": "good"}])
        assert stored(Span(trace_id, span["span_id"])) == {"rating": "good"}
