"""What only bytes show: bodies that no published client sends, headers, and the calls that no client has."""

import pytest

from support import (CHAT, DEPLOYMENT, Span, annotations, fresh_ids, get, http, log_of, mentions, otlp_span, now, seed,
                     send_spans, stored, ulid)


def refused(span: Span, body, status: int = 400, method: str = "POST") -> str:
    before = stored(span)
    answer = http(method, span.path, body)
    assert answer.status == status, f"{answer.status} {answer.text}"
    assert answer.headers["Content-Type"].startswith("application/json")
    error = answer.json()
    assert error.get("code", str(status)) == str(status)
    assert isinstance(error.get("details", []), list)
    assert stored(span) == before
    return error["message"]


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_empty_body_names_requestBody(method, span):
    assert "requestBody" in refused(span, b"", method=method)


@pytest.mark.parametrize("body", [
    b"{", b"[]", b"null", b'"annotations"', b"{}",
    {"annotations": []},
    {"annotations": {}},
    {"annotations": [{}]},
    {"annotations": [{"key": "rating"}]},
    {"annotations": [{"value": "good"}]},
    {"annotations": [{"key": "rating", "value": None}]},
    {"annotations": [{"key": "rating", "value": {"a": 1}}]},
    {"annotations": [{"key": "rating", "value": []}]},
    {"annotations": [{"key": "rating", "value": ["good", 1]}]},
    {"annotations": [{"key": "", "value": "good"}]},
    {"annotations": [{"key": "rating", "parent_annotation_id": "x", "value": "good"}]},
    {"annotations": [{"key": "rating", "value": "good"}] * 11},
    b'{"annotations": [{"key": "rating", "value": "go\xff"}]}',
], ids=lambda body: str(body)[:60])
def test_create_with_a_body_that_is_not_one_is_400(body, span):
    refused(span, body)


@pytest.mark.parametrize("body", [
    b"{", b"[]", b"{}", {"keys": []}, {"keys": "rating"}, {"keys": [1]}, {"keys": [], "parent_annotation_ids": []},
    {"keys": ["rating"] * 11},
], ids=lambda body: str(body)[:60])
def test_delete_with_a_body_that_is_not_one_is_400(body, span):
    http("POST", span.path, {"annotations": [{"key": "rating", "value": "good"}]})
    refused(span, body, method="DELETE")


def test_success_has_an_empty_body(span):
    for method, body in (("POST", {"annotations": [{"key": "rating", "value": "good"}]}),
                         ("DELETE", {"keys": ["rating"]})):
        answer = http(method, span.path, body)
        assert (answer.status, answer.text) == (200, "")


@pytest.mark.parametrize("metadata, identity", [
    ({"identity_id": "snake"}, "snake"),
    ({"identityId": "camel"}, "camel"),
    ({"identity_id": "snake", "identityId": "camel"}, "snake"),
    ({"identity_id": "x", "source": "app", "reviewerId": "r1", "more": 1}, "x"),
    ({"identity_id": "x", "reviewer_id": "r1"}, "x"),
    ({}, None),
])
def test_metadata_in_both_spellings(metadata, identity, span):
    body = {"annotations": [{"key": "rating", "value": "good"}], "metadata": metadata}
    assert http("POST", span.path, body).status == 200
    assert [row.get("identity_id") for row in annotations(span)] == [identity]


def test_unknown_keys_in_an_item_are_ignored(span):
    body = {"annotations": [{"key": "rating", "value": "good", "comment": "x"}], "more": 1}
    assert http("POST", span.path, body).status == 200
    assert stored(span) == {"rating": "good"}


def test_the_same_number_as_int_and_as_float(span):
    for text in (b"1", b"1.0", b"1e0"):
        body = b'{"annotations": [{"key": "conformance_score", "value": ' + text + b"}]}"
        assert http("POST", span.path, body).status == 200
        assert stored(span) == {"conformance_score": 1}
    assert len(annotations(span)) == 1


@pytest.mark.parametrize("text", [b"15", b"15.0"])
def test_an_integer_is_named_without_a_fraction(text, span):
    body = b'{"annotations": [{"key": "conformance_score", "value": ' + text + b"}]}"
    assert refused(span, body) == "Value 15 is out of range [0, 10]."


def test_one_wrong_value_stores_none_of_a_batch(span):
    refused(span, {"annotations": [{"key": "rating", "value": "good"}, {"key": "conformance_score", "value": 11}]})


@pytest.mark.parametrize("key, value", [
    ("rating", 1), ("rating", True), ("rating", ["good", "bad"]), ("defects", "no such defect"), ("defects", ["x"]),
    ("conformance_score", "5"), ("conformance_score", True), ("conformance_flag", "true"), ("conformance_flag", 1),
    ("conformance_note", 5), ("conformance_note", ["a"]), ("correction", 1),
])
def test_a_value_of_the_wrong_kind_is_400(key, value, span):
    refused(span, {"annotations": [{"key": key, "value": value}]})


def test_a_span_of_another_trace_is_404(span):
    other = Span(seed().trace_id, span.span_id)
    answer = http("POST", other.path, {"annotations": [{"key": "rating", "value": "good"}]})
    assert answer.status == 404
    assert answer.json()["message"].startswith(f"Span with id {span.span_id} for workspace ")


def test_every_call_wants_a_key():
    for method, path in (("GET", "/v2/annotations"), ("GET", "/v2/logs"), ("GET", "/v2/human-evals"),
                         ("GET", "/v2/projects"), ("GET", "/v2/api-keys"), ("GET", "/v2/identities"),
                         ("POST", "/v3/traces/search"), ("POST", "/v2/feedback"), ("POST", "/v1/traces"),
                         ("DELETE", fresh_ids().path)):
        for key in (None, "sk-orq-wrong"):
            answer = http(method, path, {} if method == "POST" else None, key=key)
            assert answer.status == 401, f"{method} {path}: {answer.status}"
            assert answer.json()["message"]


# ---- reading


def test_annotations_list_filters_and_pages():
    spans = [seed() for _ in range(3)]
    for each in spans:
        assert http("POST", each.path, {"annotations": [{"key": "rating", "value": "good"},
                                                        {"key": "correction", "value": each.span_id}]}).status == 200
    one = get(f"/v2/annotations?trace_id={spans[0].trace_id}&span_id={spans[0].span_id}")
    assert {row["key"]: row["value"] for row in one["data"]} == {"rating": "good", "correction": spans[0].span_id}
    only = get(f"/v2/annotations?key=correction&trace_id={spans[1].trace_id}")
    assert [row["value"] for row in only["data"]] == [spans[1].span_id]
    first = get("/v2/annotations?limit=2")
    assert first["object"] == "list" and first["has_more"] is True and len(first["data"]) == 2
    second = get(f"/v2/annotations?limit=2&starting_after={first['data'][-1]['id']}")
    assert not {row["id"] for row in first["data"]} & {row["id"] for row in second["data"]}
    assert get(f"/v2/annotations?trace_id={fresh_ids().trace_id}") == {"object": "list", "data": [], "has_more": False}


def test_no_null_where_there_is_no_value(span):
    http("POST", span.path, {"annotations": [{"key": "rating", "value": "good"}]})
    for path in (span.path, f"/v2/annotations?trace_id={span.trace_id}", f"/v3/traces/{span.trace_id}",
                 f"/v3/traces/{span.trace_id}/spans"):
        assert ":null" not in http("GET", path).text.replace(" ", ""), path


# ---- logs


def test_a_deployment_span_has_a_log_that_follows_its_annotations():
    span = seed(DEPLOYMENT)
    log = log_of(span)
    assert log, "no log for a deployment span"
    assert not mentions(log, "rating", "good")
    assert http("POST", span.path, {"annotations": [{"key": "rating", "value": "good"}]}).status == 200
    assert mentions(log_of(span), "rating", "good")
    assert http("DELETE", span.path, {"keys": ["rating"]}).status == 200
    assert not mentions(log_of(span), "rating", "good")


def test_logs_page_and_a_missing_one_is_404():
    for _ in range(3):
        seed(DEPLOYMENT)
    page = get("/v2/logs?limit=2")
    assert page["object"] == "list" and page["has_more"] is True and len(page["data"]) == 2
    rest = get(f"/v2/logs?limit=2&starting_after={page['data'][-1]['id']}")
    assert not {row["id"] for row in page["data"]} & {row["id"] for row in rest["data"]}
    assert http("GET", f"/v2/logs/{ulid()}").status == 404


# ---- human reviews


def test_a_new_project_has_the_reviews_of_the_guide():
    reviews = {row["key"]: row for row in get("/v2/human-evals")}
    values = {key: [option["value"] for option in reviews[key]["options"]]
              for key in ("rating", "defects", "interactions")}
    assert values == {
        "rating": ["good", "bad"],
        "defects": ["grammatical", "spelling", "hallucination", "repetition", "inappropriate", "off_topic",
                    "incompleteness", "ambiguity"],
        "interactions": ["saved", "selected", "deleted", "shared", "copied", "reported"],
    }
    kinds = {key: reviews[key]["type"] for key in ("rating", "defects", "interactions", "correction")}
    assert kinds == {"rating": "single_select", "defects": "multi_select", "interactions": "multi_select",
                     "correction": "correction"}


# ---- spans by hand


def test_the_same_span_sent_twice_is_there_once():
    ids = fresh_ids()
    start = now()
    for name in ("first", "second"):
        send_spans([otlp_span(ids, name, CHAT, start)])
    spans = get(f"/v3/traces/{ids.trace_id}/spans")["data"]
    assert [span["span_id"] for span in spans] == [ids.span_id]


def test_an_odd_span_does_not_lose_the_batch():
    good = fresh_ids()
    odd = otlp_span(fresh_ids(), "odd", {}, now()) | {"traceId": "xyz"}
    body = {"resourceSpans": [{"scopeSpans": [{"spans": [odd, otlp_span(good, "fine", {}, now())]}]}]}
    answer = http("POST", "/v1/traces", body)
    assert answer.status == 200
    assert int(answer.json()["partialSuccess"]["rejectedSpans"]) == 1
    assert get(f"/v3/traces/{good.trace_id}")["trace"]["trace_id"] == good.trace_id
