"""Definitions, through the one Python client generation that has calls for them."""

import pytest

from client import refused
from support import annotations, get, http, options, stored, ulid, unique

pytestmark = pytest.mark.needs("human_evals")

KINDS = {
    "boolean": {},
    "correction": {},
    "text": {},
    "range": {"config": {"min": -5, "max": 5}},
    "single_select": {"options": options("yes", "no")},
    "multi_select": {"options": options("a", "b", "c")},
}


def create(orq, kind: str, **more):
    fields = {"type": kind, "display_name": unique("title"), "description": ""} | KINDS[kind] | more
    return orq.post_v2_human_evals(request=fields)


@pytest.mark.parametrize("kind", KINDS)
def test_create_get_list_update_delete(orq, kind):
    key = unique(kind)
    made = create(orq, kind, key=key)
    assert (made.type, made.key, made.description) == (kind, key, "")
    assert len(made.id) == 26 and made.workspace_id
    if kind == "range":
        assert (made.config.min, made.config.max) == (-5, 5)
    if "options" in KINDS[kind]:
        assert [option.value for option in made.options] == [option["value"] for option in KINDS[kind]["options"]]
        assert all(option.id for option in made.options)
    assert orq.get_v2_human_evals_id_(id=made.id).key == key
    assert key in [row.key for row in orq.get_v2_human_evals()]

    change = {"type": kind, "key": key, "display_name": "changed", "description": "more words"} | KINDS[kind]
    changed = orq.patch_v2_human_evals_id_(id=made.id, request_body=change)
    assert (changed.id, changed.key, changed.display_name) == (made.id, key, "changed")
    assert get(f"/v2/human-evals/{made.id}")["description"] == "more words"

    gone = orq.delete_v2_human_evals_id_(id=made.id)
    assert (gone.acknowledged, gone.deleted_count) == (True, 1)
    assert key not in [row["key"] for row in get("/v2/human-evals")]
    refused(lambda: orq.get_v2_human_evals_id_(id=made.id), 404)


@pytest.mark.parametrize("kind", KINDS)
def test_a_key_that_the_client_made_up_is_replaced_by_a_fresh_one(orq, kind):
    keys = {create(orq, kind).key for _ in range(3)}
    assert len(keys) == 3
    assert not any(key.startswith("orq_01kn7yd6") for key in keys)


def test_update_without_a_key_keeps_the_key(orq):
    key = unique("text")
    made = create(orq, "text", key=key)
    change = {"type": "text", "display_name": "changed", "description": ""}
    assert orq.patch_v2_human_evals_id_(id=made.id, request_body=change).key == key


def test_a_new_definition_is_enforced_at_once(orq, span):
    key = unique("single")
    create(orq, "single_select", key=key)
    assert http("POST", span.path, {"annotations": [{"key": key, "value": "maybe"}]}).status == 400
    assert http("POST", span.path, {"annotations": [{"key": key, "value": "yes"}]}).status == 200
    assert stored(span) == {key: "yes"}


def test_a_value_outlives_a_change_of_its_definition(orq, span):
    key = unique("single")
    made = create(orq, "single_select", key=key)
    assert http("POST", span.path, {"annotations": [{"key": key, "value": "yes"}]}).status == 200
    change = {"type": "single_select", "key": key, "display_name": "x", "description": "", "options": options("never")}
    orq.patch_v2_human_evals_id_(id=made.id, request_body=change)
    assert stored(span) == {key: "yes"}
    assert http("POST", span.path, {"annotations": [{"key": key, "value": "yes"}]}).status == 400
    assert len(annotations(span)) == 1


def test_a_key_is_taken_once(orq):
    key = unique("text")
    create(orq, "text", key=key)
    error = pytest.raises(Exception, create, orq, "text", key=key).value
    assert 400 <= error.status_code < 500
    assert [row["key"] for row in get("/v2/human-evals")].count(key) == 1


def test_list_of_one_project(orq):
    project = http("POST", "/v2/projects", {"name": unique("project")}).json()["project"]["project_id"]
    key = unique("text")
    assert create(orq, "text", key=key, project_id=project).project_id == project
    assert key in [row.key for row in orq.get_v2_human_evals(project_id=project)]


def test_an_unknown_one_is_404_with_the_client_s_own_error(orq):
    change = {"type": "text", "display_name": "x", "description": ""}
    for call in (lambda: orq.get_v2_human_evals_id_(id=ulid()),
                 lambda: orq.patch_v2_human_evals_id_(id=ulid(), request_body=change),
                 lambda: orq.delete_v2_human_evals_id_(id=ulid())):
        error, message = refused(call, 404)
        assert error.data.message == message
