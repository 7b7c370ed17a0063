from datetime import datetime, timezone

import pytest

from client import refused
from support import get, ulid, unique

pytestmark = pytest.mark.needs("sessions.create")

BARE = {
    "duration": 1.5, "contact_ids": [], "traces_count": 0, "tags": [],
    "billing": {"input_cost": 0.1, "output_cost": 0.2, "total_cost": 0.3},
    "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
}
FULL = BARE | {
    "contact_ids": ["user-1"], "title": "A talk", "client": "app", "repo": "garden",
    "kind": "THREAD_KIND_CONVERSATION", "started_at": datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc),
    "updated_at": datetime(2026, 1, 2, 3, 5, 5, tzinfo=timezone.utc),
}
EVER = "SESSION_INTERVAL_ALL_TIME"


@pytest.mark.parametrize("fields", [BARE, FULL], ids=["bare", "full"])
def test_create_get_update_delete(orq, fields):
    external = unique("session")
    made = orq.sessions.create(external_id=external, **fields)
    assert (made.external_id, made.usage.total_tokens, made.duration) == (external, 3, 1.5)
    assert made.title == fields.get("title")
    assert get(f"/v2/sessions/{made.id}")["_id"] == made.id
    assert orq.sessions.get(session_id=made.id).external_id == external
    changed = orq.sessions.update(session_id=made.id, title="Other", tags=["a"], clear_contact_ids=True)
    assert (changed.title, changed.tags, changed.contact_ids) == ("Other", ["a"], [])
    assert orq.sessions.delete(session_id=made.id) is None
    refused(lambda: orq.sessions.get(session_id=made.id), 404)
    refused(lambda: orq.sessions.delete(session_id=made.id), 404)


def test_list_count_and_tags(orq):
    tag = unique("tag")
    made = [orq.sessions.create(external_id=unique("session"), **FULL | {"tags": [tag]}).id for _ in range(3)]
    filters = {"interval": EVER, "tags": [tag]}
    assert orq.sessions.get_count(filters=filters).count == 3
    first = orq.sessions.list(filters=filters, limit=2, page=1)
    rest = orq.sessions.list(filters=filters, limit=2, page=2)
    assert (first.object, len(first.data), first.has_more) == ("list", 2, True)
    assert (len(rest.data), rest.has_more) == (1, False)
    assert sorted(each.id for each in [*first.data, *rest.data]) == sorted(made)
    assert tag in orq.sessions.list_tags()
    assert orq.sessions.list(filters={"interval": EVER, "tags": [unique("none")]}).data == []


def test_an_unknown_one_is_404(orq):
    refused(lambda: orq.sessions.get(session_id=ulid()), 404)
