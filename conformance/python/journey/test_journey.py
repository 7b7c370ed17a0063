"""From a bad rating in production to a file to train with: the client library rates, automations carry the trace to a
queue and its correction to a dataset, and the pairs of that dataset load."""

import datasets
from client import Client

from support import eventually, http, seed, unique

QUESTION = "How do I water a cactus?"
SAID = "Rarely, and not in winter."
CORRECTED = "Once a month from March to October; not at all in winter."


def made(path: str, body: dict) -> dict:
    answer = http("POST", path, body)
    assert answer.status in (200, 201, 202), f"POST {path}: {answer.status} {answer.text}"
    return answer.json()


def automation(name: str, filters: list[dict], action: dict) -> str:
    body = {"name": name, "triggers": ["feedback"], "filters": filters, "actions": [action]}
    return made("/v2/automations", body)["id"]


def test_a_bad_rating_becomes_a_preference_pair(tmp_path):
    shop = unique("shop")
    here = {"field": "attributes.app.shop", "op": "eq", "values": [shop]}
    queue = made("/v3/queues", {"display_name": shop, "correction": "required"})
    dataset = made("/v2/datasets", {"display_name": shop})["_id"]
    rated_bad = {"field": "annotation.rating", "op": "eq", "values": ["bad"]}
    corrected = {"field": "annotation.correction", "op": "exists"}
    to_queue = automation(f"{shop} bad", [here, rated_bad], {"type": "add_to_queue", "queue_id": queue["id"]})
    to_dataset = automation(f"{shop} corrected", [here, corrected], {"type": "add_to_dataset", "dataset_id": dataset})

    liked, disliked = seed({"app.shop": shop}), seed({"app.shop": shop})
    orq = Client().orq
    for span, rating in ((liked, "good"), (disliked, "bad")):
        orq.annotations.create(trace_id=span.trace_id, span_id=span.span_id,
                               annotations=[{"key": "rating", "value": rating}], metadata={"identity_id": shop})

    items = eventually(lambda: http("GET", f"/v3/queues/{queue['id']}/items").json()["data"])
    assert [item["trace_id"] for item in items] == [disliked.trace_id]
    runs = http("GET", f"/v2/automations/{to_queue}/runs").json()["data"]
    assert [(run["trace_id"], run["outcome"]) for run in runs] == [(disliked.trace_id, "acted")]

    claimed = made(f"/v3/queues/{queue['id']}/claim", {})["items"][0]
    assert claimed["item"]["id"] == items[0]["id"]
    made(f"/v3/queues/{queue['id']}/items/{items[0]['id']}/submit",
         {"answers": [{"key": "rating", "value": "bad"}], "correction": CORRECTED, "submission_id": shop, "active_ms": 4000})

    points = eventually(lambda: http("GET", f"/v2/datasets/{dataset}/datapoints").json()["data"])
    assert [point["expected_output"] for point in points] == [CORRECTED]
    runs = http("GET", f"/v2/automations/{to_dataset}/runs").json()["data"]
    assert [(run["trace_id"], run["outcome"]) for run in runs] == [(disliked.trace_id, "acted")]

    path = tmp_path / "pairs.jsonl"
    path.write_text(http("GET", f"/v3/datasets/{dataset}/export?format=dpo").text)
    pairs = datasets.load_dataset("json", data_files=str(path), split="train", cache_dir=str(tmp_path / "cache"))
    assert list(pairs) == [{
        "prompt": [{"role": "user", "content": QUESTION}],
        "chosen": [{"role": "assistant", "content": CORRECTED}],
        "rejected": [{"role": "assistant", "content": SAID}],
    }]
