"""Annotation queues: the ten calls, in the shapes of 4.13 and 4.17."""

import pytest

from client import at_least, refused
from support import get, http, seed, seed_tree, ulid, unique

pytestmark = pytest.mark.needs("annotation_queues.create")


def project() -> str:
    return next(each["project_id"] for each in get("/v2/projects?limit=200")["data"] if each["is_default"])


def made(client, **more):
    fields = {"display_name": unique("queue"), "description": "words", "project_id": project()} | more
    if at_least(4, 17):
        return client.orq.annotation_queues.create(**fields)
    return client.orq.annotation_queues.create(request=fields)


def refs(*spans):
    return [span.ids for span in spans]


def test_create_retrieve_update_delete(client):
    queues = client.orq.annotation_queues
    queue = made(client)
    assert (queue.description, queue.human_review_ids, queue.metadata.items_count) == ("words", [], 0)
    assert queue.created_by_id and queue.updated_by_id
    raw = get(f"/v2/annotation-queues/{queue.id}")
    assert (raw["_id"], raw["display_name"], raw["project_id"]) == (queue.id, queue.display_name, project())
    assert queues.retrieve(annotation_queue_id=queue.id).display_name == queue.display_name
    changed = queues.update(annotation_queue_id=queue.id, display_name="changed", human_review_ids=[ulid()])
    assert (changed.id, changed.display_name, changed.human_review_ids) == (queue.id, "changed", [])
    assert get(f"/v2/annotation-queues/{queue.id}")["description"] == "words"
    assert queues.delete(annotation_queue_id=queue.id) is None
    error, _ = refused(lambda: queues.retrieve(annotation_queue_id=queue.id), 404)
    if at_least(4, 17):
        assert queue.id in error.data.message


def test_human_reviews_that_were_chosen_give_way_to_those_of_the_project(client):
    queue = made(client)
    review = get("/v2/human-evals")[0]["id"]
    chosen = {"questions": [{"human_review_id": review, "required": True}]}
    assert http("PATCH", f"/v3/queues/{queue.id}", chosen).status == 200
    found = client.orq.annotation_queues.retrieve(annotation_queue_id=queue.id)
    assert (found.human_review_ids, found.project_id) == ([review], None)
    back = client.orq.annotation_queues.update(annotation_queue_id=queue.id, project_id=project())
    assert (back.human_review_ids, back.project_id) == ([], project())


def test_list_newest_first_by_name_and_who_changed_them_in_pages(client):
    queues = client.orq.annotation_queues
    name = unique("Listed")
    first, second, third = [made(client, display_name=f"{name} {each}") for each in "abc"]
    ids = lambda page: [each.id for each in page.data]
    page = queues.list(search=name.upper())
    assert ids(page) == [third.id, second.id, first.id] and not page.has_more
    page = queues.list(search=name, limit=2)
    assert ids(page) == [third.id, second.id] and page.has_more
    assert ids(queues.list(search=name, limit=2, starting_after=second.id)) == [first.id]
    assert ids(queues.list(search=name, limit=2, ending_before=second.id)) == [third.id]
    assert len(ids(queues.list(search=name, updated_by=f"nobody,{third.updated_by_id}"))) == 3
    assert ids(queues.list(search=name, updated_by="nobody")) == []
    refused(lambda: queues.list(limit=201), 400)


def test_items_are_added_once_listed_and_removed(client):
    queues = client.orq.annotation_queues
    queue = made(client)
    one, two, three = seed(), seed(), seed()
    new = queues.add_items(annotation_queue_id=queue.id, items=refs(one, two))
    assert [(item.span_id, item.trace_id, item.type) for item in new] == [
        (each.span_id, each.trace_id, "span") for each in (one, two)]
    assert queues.add_items(annotation_queue_id=queue.id, items=refs(one, two)) == []
    new = queues.add_items(annotation_queue_id=queue.id, items=refs(one, three))
    assert [item.span_id for item in new] == [three.span_id]
    assert queues.retrieve(annotation_queue_id=queue.id).metadata.items_count == 3

    review = next(row for row in get("/v2/human-evals") if row["key"] == "rating")
    assert http("POST", two.path, {"annotations": [{"key": "rating", "value": "good"}]}).status == 200
    page = queues.list_items(annotation_queue_id=queue.id, limit=2)
    assert page.has_more and len(page.data) == 2
    rest = queues.list_items(annotation_queue_id=queue.id, starting_after=page.data[1].id)
    used = {item.span_id: item.used_human_review_ids for item in [*page.data, *rest.data]}
    assert used == {one.span_id: [], two.span_id: [review["id"]], three.span_id: []}
    before = queues.list_items(annotation_queue_id=queue.id, ending_before=rest.data[0].id)
    assert [item.id for item in before.data] == [item.id for item in page.data]

    assert queues.remove_items(annotation_queue_id=queue.id, span_ids=[one.span_id, "00" * 8]) is None
    assert queues.retrieve(annotation_queue_id=queue.id).metadata.items_count == 2
    assert queues.clear(annotation_queue_id=queue.id) is None
    assert queues.list_items(annotation_queue_id=queue.id).data == []
    refused(lambda: queues.add_items(annotation_queue_id=queue.id, items=[]), 400)
    refused(lambda: queues.add_items(annotation_queue_id=ulid(), items=refs(one)), 404)


@pytest.mark.parametrize("annotated", [False, True], ids=["plain", "annotated"])
def test_an_item_is_retrieved_as_its_span(client, annotated):
    queues = client.orq.annotation_queues
    queue = made(client)
    failed = seed(error="it broke")
    spans = [seed(), *seed_tree(), failed]
    if annotated:
        said = {"annotations": [{"key": "rating", "value": "good"}, {"key": "correction", "value": "better"}]}
        for span in spans:
            assert http("POST", span.path, said).status == 200
    for item in queues.add_items(annotation_queue_id=queue.id, items=refs(*spans)):
        # 4.13 checks every field of the answer here.
        assert queues.retrieve_item(annotation_queue_id=queue.id, item_id=item.id) is not None
        raw = get(f"/v2/annotation-queues/{queue.id}/items/{item.id}")
        assert (raw["context"]["trace_id"], raw["context"]["span_id"]) == (item.trace_id, item.span_id)
        values = [entry.get("value") for entry in raw["attributes"]["orq"]["evaluations"]]
        assert values == (["good", "better"] if annotated else [])
    refused(lambda: queues.retrieve_item(annotation_queue_id=queue.id, item_id=ulid()), 404)
