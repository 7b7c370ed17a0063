import pytest

from client import at_least, refused
from support import get, http, ulid, unique

pytestmark = pytest.mark.needs("datasets.create_datapoint")

MESSAGES = [
    {"role": "system", "content": "Answer with one word."},
    {"role": "user", "content": [{"type": "text", "text": "Zażółć 🌵?"}]},
    {"role": "assistant", "content": "Yes.", "tool_calls": [
        {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{\"q\": 1}"}}]},
    {"role": "tool", "tool_call_id": "c1", "content": "found"},
]


def create(orq, name, path="Default"):
    if at_least(4, 17):
        return orq.datasets.create(display_name=name, path=path)
    return orq.datasets.create(request={"display_name": name, "path": path})


@pytest.fixture
def dataset(orq):
    made = create(orq, unique("dataset"))
    yield made
    http("DELETE", f"/v2/datasets/{made.id}")


def test_create_retrieve_list_update_delete(orq):
    name = unique("dataset")
    made = create(orq, name)
    assert made.display_name == name and made.project_id and made.workspace_id
    assert (made.metadata.total_versions, made.metadata.datapoints_count) == (0, 0)
    assert orq.datasets.retrieve(dataset_id=made.id).display_name == name

    page = orq.datasets.list(limit=1)
    assert (page.object, [each.id for each in page.data]) == ("list", [made.id]), "newest first"
    other = create(orq, unique("dataset"))
    after = orq.datasets.list(limit=200, starting_after=other.id)
    assert after.data[0].id == made.id

    assert orq.datasets.update(dataset_id=made.id, display_name=name + "2").display_name == name + "2"
    assert get(f"/v2/datasets/{made.id}")["display_name"] == name + "2"
    assert orq.datasets.delete(dataset_id=made.id) is None
    refused(lambda: orq.datasets.retrieve(dataset_id=made.id), 404)
    orq.datasets.delete(dataset_id=other.id)


def test_search_and_who_changed_it(orq):
    if not at_least(4, 13):
        pytest.skip("this version cannot search")
    name = unique("dataset")
    made = create(orq, name)
    assert [each.id for each in orq.datasets.list(search=name.upper()).data] == [made.id]
    assert [each.id for each in orq.datasets.list(search=name, updated_by=made.updated_by_id).data] == [made.id]
    assert orq.datasets.list(search=name, updated_by="nobody").data == []
    orq.datasets.delete(dataset_id=made.id)


def test_datapoints_come_back_as_they_were_sent(orq, dataset):
    inputs = {"city": "Łódź", "count": 3, "open": True}
    made = orq.datasets.create_datapoint(dataset_id=dataset.id, request_body=[
        {"inputs": inputs, "messages": MESSAGES, "expected_output": "Yes."}, {"expected_output": "second"}])
    assert [each.expected_output for each in made] == ["Yes.", "second"]
    stored = get(f"/v2/datasets/{dataset.id}/datapoints")["data"]
    assert stored[0]["inputs"] == inputs
    assert [each["role"] for each in stored[0]["messages"]] == ["system", "user", "assistant", "tool"]
    assert stored[0]["messages"][1]["content"] == MESSAGES[1]["content"]

    page = orq.datasets.list_datapoints(dataset_id=dataset.id, limit=1)
    assert ([each.id for each in page.data], page.has_more) == ([made[0].id], True)
    rest = orq.datasets.list_datapoints(dataset_id=dataset.id, starting_after=made[0].id)
    assert ([each.id for each in rest.data], rest.has_more) == ([made[1].id], False)
    one = orq.datasets.retrieve_datapoint(dataset_id=dataset.id, datapoint_id=made[0].id)
    assert (one.id, one.dataset_id, one.expected_output) == (made[0].id, dataset.id, "Yes.")

    changed = orq.datasets.update_datapoint(dataset_id=dataset.id, datapoint_id=made[0].id, expected_output="No.")
    assert changed.expected_output == "No."
    assert get(f"/v2/datasets/{dataset.id}/datapoints/{made[0].id}")["inputs"] == inputs
    assert orq.datasets.delete_datapoint(dataset_id=dataset.id, datapoint_id=made[0].id) is None
    refused(lambda: orq.datasets.retrieve_datapoint(dataset_id=dataset.id, datapoint_id=made[0].id), 404)
    assert orq.datasets.retrieve(dataset_id=dataset.id).metadata.datapoints_count == 1
    assert orq.datasets.clear(dataset_id=dataset.id) is None
    assert orq.datasets.list_datapoints(dataset_id=dataset.id).data == []


@pytest.mark.needs("datasets.create_datapoints")
def test_many_at_once(orq, dataset):
    items = [{"inputs": {"n": at}, "expected_output": str(at)} for at in range(500)]
    made = orq.datasets.create_datapoints(dataset_id=dataset.id, items=items)
    assert [each.expected_output for each in made] == [str(at) for at in range(500)]
    gone = [each.id for each in made[:498]]
    assert orq.datasets.delete_datapoints(dataset_id=dataset.id, item_ids=gone) is None
    assert [each.expected_output for each in orq.datasets.list_datapoints(dataset_id=dataset.id).data] == ["498", "499"]


def test_refusals(orq, dataset):
    refused(lambda: create(orq, ""), 400)
    refused(lambda: create(orq, "x" * 129), 400)
    refused(lambda: orq.datasets.retrieve(dataset_id=ulid()), 404)
    refused(lambda: orq.datasets.list_datapoints(dataset_id=ulid()), 404)
    refused(lambda: orq.datasets.create_datapoint(dataset_id=dataset.id, request_body=[]), 400)
    refused(lambda: orq.datasets.delete(dataset_id=ulid()), 404)
