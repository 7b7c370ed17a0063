"""What an application did is what the API shows: told from the side of the model it talked to."""

from __future__ import annotations

import pytest

from normal import comparable


def wrong(run, field, look):
    """What is shown wrong of a field, over all calls whose client has the field on the wire."""
    found = []
    for call in run.model.calls:
        if run.client.lost(call, field):
            continue
        span = run.span_of(call)
        if span is None:
            found.append(f"{call['number']} {call['scenario']}: no span")
            continue
        want, got = look(call, span["normalized"])
        if want != got:
            name = span["summary"]["name"]
            found.append(f"{call['number']} {call['scenario']} ({name})\n    want {want}\n    got  {got}")
    return found


def conversations(run):
    """The traces that show a call, each with its calls. Anthropic's own library reports its streams in others."""
    for trace in run.traces:
        calls = [call for call in run.model.calls
                 if (span := run.span_of(call)) and span["summary"]["trace_id"] == trace["trace_id"]]
        if calls:
            yield trace, calls


def check(run, field, look):
    found = wrong(run, field, look)
    assert not found, f"{field}:\n" + "\n".join(found)


def test_the_application_did_all_it_should(run):
    assert {call["scenario"] for call in run.model.calls} == set(run.client.scenarios), run.output


def test_every_call_of_the_model_is_a_span_of_its_own(run):
    spans = [(span["summary"]["trace_id"], span["summary"]["span_id"]) if (span := run.span_of(call)) else None
             for call in run.model.calls]
    assert None not in spans and len(set(spans)) == len(spans)


def test_input(run):
    def look(call, shown):
        if call["api"] == "embeddings":
            return True, call["input"][0]["parts"][0]["text"] in str([shown.get("input"), shown.get("input_raw")])
        return call["input"], comparable(shown.get("input", []))

    check(run, "input", look)


def test_output(run):
    def look(call, shown):
        if call["error"] or call["api"] == "embeddings":
            return [], comparable(shown.get("output", []))
        want = [{key: message[key] for key in ("role", "parts")} for message in call["output"]]
        return want, comparable(shown.get("output", []))

    check(run, "output", look)


def test_models(run):
    check(run, "request_model", lambda call, shown: (call["request_model"], shown.get("request_model")))
    check(run, "response_model", lambda call, shown: (call.get("response_model"), shown.get("response_model")))


def test_provider(run):
    def look(call, shown):
        return "anthropic" if call["api"] == "messages" else "openai", shown.get("provider")

    check(run, "provider", look)


@pytest.mark.parametrize("count", ["input", "output", "cache_read", "cache_write", "reasoning"])
def test_usage(run, count):
    def look(call, shown):
        # A stream that was not asked to say what it cost does not.
        usage = {} if call["scenario"] == "silent" else call.get("usage", {})
        return usage.get(count, 0), shown.get("usage", {}).get(count, 0)

    check(run, f"usage.{count}", look)


def test_why_the_model_stopped(run):
    def look(call, shown):
        if call["api"] == "responses":
            return None, None
        want = [call["finish"]] if call.get("finish") else []
        return want, shown.get("finish_reasons_normalized", [])

    check(run, "finish", look)


def test_errors(run):
    def look(call, shown):
        said = shown.get("error", {}).get("message", "")
        if not call["error"]:
            return (False, ""), (shown["status"] == "error", said)
        return (True, True), (shown["status"] == "error", call["message"] in said)

    check(run, "error", look)


def test_tools_that_were_offered(run):
    check(run, "tools", lambda call, shown: (call["tools"], [tool["name"] for tool in shown.get("tools", [])]))


def test_an_answer_that_was_reported_apart_is_in_the_same_trace(run):
    for call in run.model.calls:
        if call["scenario"] not in run.client.apart:
            continue
        trace_id = run.span_of(call)["summary"]["trace_id"]
        want = [{key: message[key] for key in ("role", "parts")} for message in call["output"]]
        beside = [span["normalized"].get("output", []) for span in run.spans
                  if span["summary"]["trace_id"] == trace_id]
        assert want in [comparable(found) for found in beside], (call["scenario"], beside)


def test_tools_that_were_run(run):
    spans = [span["normalized"]["tool"] for span in run.spans if span["normalized"]["kind"] == "tool"]
    assert len(spans) == run.client.tool_spans, spans
    for tool in spans:
        assert tool["name"] == "get_weather"
        assert tool["arguments"] == run.client.tool_arguments
        assert tool["result"] == {"city": "Zürich", "celsius": 18}


def test_parameters(run):
    check(run, "params", lambda call, shown: (call["params"], {name: shown.get("params", {}).get(name)
                                                                for name in call["params"]}))


def test_session_and_user(run):
    if not run.client.session:
        return
    for trace, _ in conversations(run):
        assert (trace.get("session_id"), trace.get("identity_id")) == (run.session, run.user), trace


def test_tags(run):
    if not run.client.tags:
        return
    for trace, _ in conversations(run):
        assert sorted(trace.get("tags", [])) == ["blue", "grün"], trace


def test_a_trace_counts_every_call_once(run):
    for trace, calls in conversations(run):
        for field, count in (("prompt_tokens", "input"), ("completion_tokens", "output")):
            if any(run.client.lost(call, f"usage.{count}") for call in calls):
                continue
            want = sum(call.get("usage", {}).get(count, 0) for call in calls if call["scenario"] != "silent")
            got = (trace.get("usage") or {}).get(field, 0)
            assert got == want, (field, [call["scenario"] for call in calls], trace)


def test_a_refused_call_that_is_a_trace_makes_it_an_error(run):
    for call in run.model.calls:
        span = run.span_of(call) if call["error"] else None
        if span and span["summary"]["level"] == 0:
            trace = run.get(f"/v3/traces/{span['summary']['trace_id']}")["trace"]
            assert trace["status"] == "error", (call["scenario"], trace)
