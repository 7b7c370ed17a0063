from datetime import timedelta

import pytest

from client import refused
from support import CHAT, fresh_ids, get, http, quiet_moment, seed, seed_tree, unique

pytestmark = pytest.mark.needs("traces")


@pytest.fixture
def window():
    moment = quiet_moment()
    return {"from_": moment, "to": moment + timedelta(seconds=1)}


def seed_in(window, count: int = 1, **more):
    return [seed(started=window["from_"] + timedelta(milliseconds=10 * number), **more) for number in range(count)]


def test_search_pages_newest_first(orq, window):
    spans = seed_in(window, 3)
    first = orq.traces.search(**window, limit=2)
    assert (first.object, len(first.data), first.has_more) == ("list", 2, True)
    rest = orq.traces.search(**window, limit=2, page_token=first.next_page_token)
    assert (len(rest.data), rest.has_more) == (1, False)
    assert [row.trace_id for row in [*first.data, *rest.data]] == [span.trace_id for span in reversed(spans)]


def test_search_of_a_quiet_window_is_empty(orq, window):
    page = orq.traces.search(**window)
    assert (page.data, page.has_more) == ([], False)


def test_a_row_says_what_the_call_was(orq, window):
    span, = seed_in(window, name="chat gpt-4o-mini")
    row, = orq.traces.search(**window).data
    assert (row.object, row.trace_id, row.root_span_id, row.leading_span_id) == (
        "trace", span.trace_id, span.span_id, span.span_id)
    assert row.name == "chat gpt-4o-mini" and row.started_at == window["from_"]
    assert (row.usage.prompt_tokens, row.usage.completion_tokens, row.usage.total_tokens) == (12, 34, 46)
    assert CHAT["gen_ai.request.model"] in " ".join(row.models) and row.providers == ["openai"]


def test_search_by_a_filter(orq, window):
    name = unique("name")
    wanted, = seed_in(window, name=name)
    seed_in(window)
    page = orq.traces.search(**window, filters=[{"field": "name", "op": "eq", "values": [name]}])
    assert [row.trace_id for row in page.data] == [wanted.trace_id]
    page = orq.traces.search(**window, filters=[{"field": "name", "op": "neq", "values": [name]}])
    assert len(page.data) == 1


def test_search_by_feedback(orq, window):
    wanted, _ = seed_in(window, 2)
    orq.annotations.create(**wanted.ids, annotations=[{"key": "rating", "value": "good"}])
    page = orq.traces.search(**window, filters=[{"field": "annotation.rating", "op": "eq", "values": ["good"]}])
    assert [row.trace_id for row in page.data] == [wanted.trace_id]


def test_query_in_oql(orq, window):
    seed_in(window, 3)
    answer = orq.traces.query(**window, oql="fetch traces | limit 2")
    assert answer.object == "query"
    assert len(answer.search.data) == 2 and answer.search.has_more is True


def test_query_that_is_no_oql_is_400(orq, window):
    refused(lambda: orq.traces.query(**window, oql="select * from traces"), 400)


def test_aggregate(orq, window):
    seed_in(window, 2)
    answer = orq.traces.aggregate(**window)
    assert answer.data is not None


def test_facets_and_fields(orq, window):
    seed_in(window, 2)
    fields = orq.traces.list_fields().data
    assert fields and all(field.name for field in fields)
    facets = orq.traces.list_facets().data
    assert facets
    for facet in facets[:3]:
        values = orq.traces.list_facet_values(field=facet.field, **window, limit=5)
        assert values.field == facet.field and values.values is not None


@pytest.mark.needs("traces.list_filters")
def test_filters_have_the_human_reviews(orq):
    found = {each.id: each for each in orq.traces.list_filters(include_all=True).annotations}
    for review in get("/v2/human-evals"):
        assert found[review["id"]].display_name == review["display_name"]
        if review["type"].endswith("_select"):
            assert found[review["id"]].option_values == [option["value"] for option in review["options"]]


def test_get_list_spans_get_span(orq):
    root, call = seed_tree()
    trace = orq.traces.get(trace_id=root.trace_id).trace
    assert (trace.trace_id, trace.root_span_id, trace.leading_span_id) == (root.trace_id, root.span_id, call.span_id)
    spans = {span.span_id: span for span in orq.traces.list_spans(trace_id=root.trace_id).data}
    assert set(spans) == {root.span_id, call.span_id}
    assert spans[call.span_id].parent_span_id == root.span_id and not spans[root.span_id].parent_span_id
    detail = orq.traces.get_span(**call.ids).span
    assert detail.summary.span_id == call.span_id and detail.summary.usage.total_tokens == 46
    raw = get(f"/v3/traces/{call.trace_id}/spans/{call.span_id}")["span"]["attributes"]
    assert "How do I water a cactus?" in str(raw), "the client drops the attributes, plain HTTP has them"


def test_list_spans_pages(orq):
    root, _ = seed_tree()
    first = orq.traces.list_spans(trace_id=root.trace_id, limit=1)
    assert first.has_more is True
    rest = orq.traces.list_spans(trace_id=root.trace_id, limit=1, page_token=first.next_page_token)
    assert rest.has_more is False
    assert first.data[0].span_id != rest.data[0].span_id


@pytest.mark.needs("traces.get_conversation")
def test_conversation(orq, span):
    answer = orq.traces.get_conversation(trace_id=span.trace_id)
    assert (answer.trace_id, answer.span_id) == (span.trace_id, span.span_id)
    assert len(answer.items) == 2
    text = http("GET", f"/v3/traces/{span.trace_id}/conversation?span_id={span.span_id}").text
    assert "How do I water a cactus?" in text and "Rarely, and not in winter." in text


def test_a_failed_call_says_so(orq):
    failed, fine = seed(error="boom"), seed()
    assert orq.traces.get(trace_id=failed.trace_id).trace.status != orq.traces.get(trace_id=fine.trace_id).trace.status


def test_unknown_ones_are_404(orq, span):
    gone = fresh_ids()
    refused(lambda: orq.traces.get(trace_id=gone.trace_id), 404)
    refused(lambda: orq.traces.get_span(**gone.ids), 404)
    refused(lambda: orq.traces.get_span(trace_id=span.trace_id, span_id=gone.span_id), 404)
