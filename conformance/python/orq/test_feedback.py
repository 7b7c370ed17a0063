import pytest

from client import refused
from support import DEPLOYMENT, annotations, fresh_ids, get, log_of, mentions, seed, seed_tree, stored, ulid


@pytest.mark.parametrize("key, value, expected", [
    ("rating", "good", "good"),
    ("rating", ["good"], "good"),
    ("defects", ["spelling", "off_topic"], ["spelling", "off_topic"]),
    ("interactions", ["saved"], ["saved"]),
    ("correction", "Rarely.", "Rarely."),
    ("conformance_score", 4, 4),
])
def test_create_annotates_the_span(client, span, key, value, expected):
    answer = client.feedback_create(property=key, value=value, trace_id=span.trace_id)
    assert (answer.property, answer.trace_id) == (key, span.trace_id)
    assert len(answer.id) == 26
    assert stored(span) == {key: expected}


@pytest.mark.needs("feedback_remove")
@pytest.mark.parametrize("product", ["deployments", "otel", "generic"])
def test_create_with_a_product(client, span, product):
    answer = client.feedback_create(property="rating", value=["bad"], trace_id=span.trace_id, product=product)
    assert answer.product == product
    assert stored(span) == {"rating": "bad"}


@pytest.mark.needs("feedback_remove")
def test_create_with_an_id_of_its_own(client, span):
    own = ulid()
    assert client.feedback_create(id=own, property="rating", value="good", trace_id=span.trace_id).id == own


def test_create_for_a_trace_goes_to_its_model_call(client):
    root, call = seed_tree()
    client.feedback_create(property="rating", value=["good"], trace_id=root.trace_id)
    assert stored(call) == {"rating": "good"}
    assert stored(root) == {}


def test_create_by_the_id_of_a_log_annotates_log_and_span(client):
    span = seed(DEPLOYMENT)
    log = get("/v2/logs?limit=100") and log_of(span)
    client.feedback_create(property="rating", value=["good"], trace_id=log["id"])
    assert stored(span) == {"rating": "good"}
    assert mentions(log_of(span), "rating", "good")


@pytest.mark.needs("feedback_remove")
def test_remove_takes_it_back(client, span):
    made = client.feedback_create(property="rating", value="good", trace_id=span.trace_id)
    client.feedback_create(property="defects", value=["spelling"], trace_id=span.trace_id)
    answer = client.feedback_remove(id=made.id, trace_id=span.trace_id, product="deployments")
    assert (answer.id, answer.trace_id, answer.product) == (made.id, span.trace_id, "deployments")
    assert stored(span) == {"defects": ["spelling"]}


@pytest.mark.needs("feedback_evaluation")
@pytest.mark.parametrize("key, kind, value, expected", [
    ("rating", "string", "good", "good"),
    ("conformance_score", "number", 4, 4),
    pytest.param("conformance_flag", "boolean", True, True, marks=pytest.mark.needs("booleans")),
    ("defects", "string_array", ["spelling"], ["spelling"]),
])
def test_evaluation_create_and_remove(client, span, key, kind, value, expected):
    review = next(row["id"] for row in get("/v2/human-evals") if row["key"] == key)
    own = ulid()
    values = {"values": value} if kind == "string_array" else {"value": value}
    assert client.evaluation_create(id=own, evaluation_type="human_review", human_review_id=review, type=kind,
                                    trace_id=span.trace_id, source="external", **values) is None
    assert stored(span) == {key: expected}
    assert client.evaluation_remove(id=own, trace_id=span.trace_id) is None
    assert stored(span) == {}


# ---- refusals


def typed(client, error, message):
    """The client parses 400 and 404 of this call into an error of its own, since 4.6."""
    if client.has("feedback_remove"):
        assert type(error).__name__.startswith("PostV2Feedback")
        assert error.data.message == message


def test_unknown_trace_is_404(client):
    error, message = refused(
        lambda: client.feedback_create(property="rating", value="good", trace_id=fresh_ids().trace_id), 404)
    typed(client, error, message)


def test_unknown_key_is_404(client, span):
    error, message = refused(
        lambda: client.feedback_create(property="no_such_key", value="good", trace_id=span.trace_id), 404)
    typed(client, error, message)
    assert message.startswith('The human review with key "no_such_key" for workspace ')


def test_wrong_value_is_400(client, span):
    error, message = refused(
        lambda: client.feedback_create(property="rating", value="poor", trace_id=span.trace_id), 400)
    typed(client, error, message)
    assert message == "Invalid value: poor. Valid options are: good, bad."
    assert annotations(span) == []


@pytest.mark.needs("feedback_remove")
def test_remove_of_an_unknown_id_is_404(client, span):
    client.feedback_create(property="rating", value="good", trace_id=span.trace_id)
    error, message = refused(
        lambda: client.feedback_remove(id=ulid(), trace_id=span.trace_id, product="deployments"), 404)
    typed(client, error, message)
    assert stored(span) == {"rating": "good"}


@pytest.mark.needs("feedback.submit")
def test_submit_feedback_about_the_product(orq):
    assert orq.feedback.submit(message="more colours", category="idea").feedback_id
    assert orq.feedback.submit(message="it broke", category="bug", request_id="r1", url="http://127.0.0.1/").feedback_id
