import pytest

from client import Client, refused
from support import annotations, fresh_ids, http, seed, stored, workspace

NOTE = "conformance_note"
SCORE = "conformance_score"


def annotate(orq, span, *pairs, **more):
    return orq.annotations.create(
        trace_id=span.trace_id, span_id=span.span_id,
        annotations=[{"key": key, "value": value} for key, value in pairs], **more)


@pytest.mark.parametrize("key, value, expected", [
    ("rating", "good", "good"),
    ("rating", ["good"], "good"),
    ("defects", ["grammatical", "spelling"], ["grammatical", "spelling"]),
    ("defects", ["off_topic"], ["off_topic"]),
    ("correction", "Rarely.", "Rarely."),
    ("correction", "Zażółć 𝔤ęślą 🌵\nمرحبا", "Zażółć 𝔤ęślą 🌵\nمرحبا"),
    (NOTE, "", ""),
    (SCORE, 7, 7),
    (SCORE, 0, 0),
    (SCORE, 2.5, 2.5),
    ("confidence_score", 1, 1),
])
def test_create_stores_the_value(orq, span, key, value, expected):
    assert annotate(orq, span, (key, value)) is None
    assert stored(span) == {key: expected}


@pytest.mark.needs("booleans")
@pytest.mark.parametrize("value", [True, False])
def test_create_stores_a_boolean(orq, span, value):
    annotate(orq, span, ("conformance_flag", value))
    assert stored(span)["conformance_flag"] is value


def test_create_again_replaces(orq, span):
    for value in ("good", "bad"):
        annotate(orq, span, ("rating", value))
    assert stored(span) == {"rating": "bad"}


def test_ten_at_once(orq, span):
    pairs = [("rating", "good"), ("defects", ["spelling"]), ("interactions", ["saved"]), ("correction", "c"),
             (NOTE, "n"), (SCORE, 3), ("confidence_score", 0.5), ("categories", ["helpful"])]
    annotate(orq, span, *pairs)
    assert stored(span) == dict(pairs)


def test_metadata_with_an_identity(orq, span):
    annotate(orq, span, ("rating", "good"), metadata={"identity_id": "user-123"})
    # 4.4 knows the field as identity_id and sends it as identityId.
    assert [row["identity_id"] for row in annotations(span)] == ["user-123"]


def test_metadata_that_the_client_empties(orq, span):
    annotate(orq, span, ("rating", "good"), metadata={"source": "app", "reviewerId": "r"})
    assert stored(span) == {"rating": "good"}


def test_delete_removes_the_keys_and_nothing_else(orq, span):
    annotate(orq, span, ("rating", "good"), ("defects", ["spelling"]), ("correction", "c"))
    assert orq.annotations.delete(**span.ids, keys=["rating", "defects"]) is None
    assert stored(span) == {"correction": "c"}


def test_delete_of_what_is_not_set_succeeds(orq, span):
    for _ in range(2):
        orq.annotations.delete(**span.ids, keys=["rating"])
    assert stored(span) == {}


@pytest.mark.needs("delete_metadata")
def test_delete_with_metadata(orq, span):
    annotate(orq, span, ("rating", "good"), metadata={"identity_id": "user-123"})
    orq.annotations.delete(**span.ids, keys=["rating"], metadata={"identity_id": "user-123"})
    assert stored(span) == {}


def test_annotating_one_span_leaves_the_others_alone(orq, span):
    other = seed()
    annotate(orq, span, ("rating", "good"))
    assert stored(other) == {}


# ---- refusals


def test_unknown_key_is_404(orq, span):
    _, message = refused(lambda: annotate(orq, span, ("rating", "good"), ("no_such_key", "x")), 404)
    assert message == f'The human review with key "no_such_key" for workspace {workspace()["id"]} was not found.'
    assert stored(span) == {}


def test_unknown_span_is_404(orq):
    gone = fresh_ids()
    _, message = refused(lambda: annotate(orq, gone, ("rating", "good")), 404)
    assert message == f"Span with id {gone.span_id} for workspace {workspace()['id']} was not found."


@pytest.mark.parametrize("pairs, message", [
    ([("rating", "poor")], "Invalid value: poor. Valid options are: good, bad."),
    ([(SCORE, 15)], "Value 15 is out of range [0, 10]."),
    ([(SCORE, -0.5)], "Value -0.5 is out of range [0, 10]."),
    ([(NOTE, "x" * 3001)], "String value exceeds maximum length of 3000 characters."),
    ([("correction", "x" * 3001)], "String value exceeds maximum length of 3000 characters."),
], ids=["option", "range", "range-below", "length", "length-correction"])
def test_wrong_value_is_400_in_the_words_of_the_guide(orq, span, pairs, message):
    assert refused(lambda: annotate(orq, span, ("interactions", ["saved"]), *pairs), 400)[1] == message
    assert stored(span) == {}


@pytest.mark.parametrize("text", ["x" * 3000, "ż" * 3000, "🌵" * 3000], ids=["ascii", "two-byte", "astral"])
def test_three_thousand_characters_are_accepted(orq, span, text):
    annotate(orq, span, (NOTE, text))
    assert stored(span) == {NOTE: text}


@pytest.mark.parametrize("value", [["good", "bad"], []], ids=["two", "none"])
def test_single_select_takes_exactly_one(orq, span, value):
    refused(lambda: annotate(orq, span, ("rating", value)), 400)
    assert stored(span) == {}


@pytest.mark.parametrize("count", [0, 11])
def test_count_of_annotations_is_1_to_10(orq, span, count):
    refused(lambda: annotate(orq, span, *[("rating", "good")] * count), 400)
    assert stored(span) == {}


@pytest.mark.parametrize("keys", [[], ["rating"] * 11], ids=["none", "eleven"])
def test_count_of_keys_is_1_to_10(orq, span, keys):
    annotate(orq, span, ("rating", "good"))
    refused(lambda: orq.annotations.delete(**span.ids, keys=keys), 400)
    assert stored(span) == {"rating": "good"}


def test_delete_of_an_unknown_key_is_404(orq, span):
    annotate(orq, span, ("rating", "good"))
    refused(lambda: orq.annotations.delete(**span.ids, keys=["rating", "no_such_key"]), 404)
    assert stored(span) == {"rating": "good"}


def test_delete_on_an_unknown_span_is_404(orq):
    refused(lambda: orq.annotations.delete(**fresh_ids().ids, keys=["rating"]), 404)


@pytest.mark.needs("corrections")
def test_correction_of_an_unknown_evaluator_result_is_refused(orq, span):
    annotate(orq, span, ("rating", "good"))
    correction = [{"parent_annotation_id": "01J0000000000000000000000Z", "value": False, "explanation": "x"}]
    refused(lambda: orq.annotations.create(**span.ids, annotations=correction), 404)
    assert stored(span) == {"rating": "good"}


@pytest.mark.parametrize("key", ["sk-orq-wrong", None], ids=["wrong", "none"])
def test_without_a_valid_key_it_is_401(span, key):
    client = Client(api_key=key)
    error, message = refused(lambda: annotate(client.orq, span, ("rating", "good")), 401)
    assert message
    if client.has("error_response"):
        assert type(error).__name__ == "ErrorResponse"
        assert error.data.message == message
    assert stored(span) == {}


def test_a_key_that_is_already_a_bearer_value(span):
    from support import KEY

    annotate(Client(api_key=f"Bearer {KEY}").orq, span, ("rating", "good"))
    assert stored(span) == {"rating": "good"}


def test_a_single_call_may_name_another_server(orq, span):
    from support import URL

    annotate(orq, span, ("rating", "good"), server_url=URL)
    assert stored(span) == {"rating": "good"}


def test_the_asynchronous_call(client, span):
    import asyncio

    asyncio.run(client.orq.annotations.create_async(**span.ids, annotations=[{"key": "rating", "value": "bad"}]))
    assert stored(span) == {"rating": "bad"}


def test_reading_over_plain_http_says_who_and_when(orq, span):
    annotate(orq, span, ("rating", "good"))
    row, = annotations(span)
    assert row["annotator"]["kind"] and row["annotator"]["id"]
    assert row["human_review_id"]
    assert row["created_at"][10] == "T" and http("GET", span.path).headers["Content-Type"].startswith("application/json")
