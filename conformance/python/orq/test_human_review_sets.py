import pytest

from client import refused
from support import get, http, ulid, unique

pytestmark = pytest.mark.needs("human_review_sets")


def reviews(*keys: str) -> list[str]:
    ids = {row["key"]: row["id"] for row in get("/v2/human-evals")}
    return [ids[key] for key in keys]


@pytest.mark.parametrize("rule", [
    {"filter_type": "span_type", "filter_values": ["span.chat_completion", "span.deployment"]},
    {"filter_type": "name", "filter_value": "chat*"},
], ids=["span_type", "name"])
@pytest.mark.parametrize("more", [{}, {"description": "words"}], ids=["bare", "full"])
def test_create_get_list_update_delete(client, rule, more):
    name = unique("set")
    ids = reviews("rating", "defects")
    made = client.set_create(display_name=name, human_eval_ids=ids, **rule, **more)
    assert (made.display_name, made.human_eval_ids, made.filter_type) == (name, ids, rule["filter_type"])
    raw = get(f"/v2/human-eval-sets/{made.id}")
    assert raw["_id"] == made.id
    assert {key: raw[key] for key in rule} == rule
    assert client.set_get(made.id).display_name == name
    assert made.id in [each.id for each in client.set_list()]
    assert isinstance(get("/v2/human-eval-sets"), list)

    changed = client.set_update(made.id, display_name="changed", human_eval_ids=ids[:1], filter_type="name",
                                filter_value="other")
    assert (changed.id, changed.display_name, changed.filter_value) == (made.id, "changed", "other")
    assert get(f"/v2/human-eval-sets/{made.id}")["human_eval_ids"] == ids[:1]

    assert client.set_delete(made.id) is None
    assert made.id not in [each["_id"] for each in get("/v2/human-eval-sets")]
    refused(lambda: client.set_get(made.id), 404)


def test_list_of_a_project_without_sets_is_an_empty_array(client):
    project = http("POST", "/v2/projects", {"name": unique("project")}).json()["project"]["project_id"]
    assert client.set_list(project_id=project) == []


def test_refusals(client):
    rule = {"filter_type": "name", "filter_value": "x"}
    refused(lambda: client.set_create(display_name="", human_eval_ids=reviews("rating"), **rule), 400)
    refused(lambda: client.set_create(display_name="x" * 256, human_eval_ids=reviews("rating"), **rule), 400)
    refused(lambda: client.set_create(display_name="x", human_eval_ids=[], **rule), 400)
    refused(lambda: client.set_delete(ulid()), 404)
