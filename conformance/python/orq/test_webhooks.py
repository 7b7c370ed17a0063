import pytest

from client import refused
from support import get, http as call, unique

pytestmark = pytest.mark.needs("webhooks.create")


@pytest.fixture
def webhook(orq):
    made = orq.webhooks.create(
        id=unique("hook"), url="https://example.com/hook", content_type="application/json", display_name="Dashboard",
        events=["deployment.invoked", "annotation.created"], secret=orq.webhooks.generate_secret().secret)
    yield made
    call("DELETE", f"/v2/webhooks/{made.id}")


def test_create_get_delete(orq):
    secret = orq.webhooks.generate_secret().secret
    name = unique("hook")
    made = orq.webhooks.create(
        id=name, url="https://example.com/hook", content_type="application/x-www-form-urlencoded", display_name=name,
        events=["llm.response"], secret=secret, enabled=False)
    assert (made.id, made.secret, made.enabled, made.failure_count) == (name, secret, False, 0)
    read = orq.webhooks.get(id=name)
    assert read.url == "https://example.com/hook" and list(read.events) == ["llm.response"]
    assert secret not in read.secret and read.secret.endswith(secret[-4:])
    assert read.created_by_id and read.updated_by_id and read.created and read.updated
    assert orq.webhooks.delete(id=name).id == name
    refused(lambda: orq.webhooks.get(id=name), 404)


def test_list_count_query(orq, webhook):
    page = orq.webhooks.list(search="dashboard", event="annotation.created", sort="created", direction="desc",
                             page=1, limit=200, content_type="application/json", enabled=True)
    assert webhook.id in [each.id for each in page.items] and page.count >= 1 and page.has_more is False
    assert orq.webhooks.list(event="agent.created").items == []
    assert orq.webhooks.count().total >= 1
    found = orq.webhooks.query(pagination={"page": 1, "limit": 200}, sorting_props=[{"key": "created"}], query={},
                               filters=[{}])
    assert webhook.id in [each.id for each in found.items] and found.count >= 1


def test_an_update_of_this_client_says_nothing_and_is_accepted(orq, webhook):
    orq.webhooks.update(id=webhook.id, request_body={})
    assert get(f"/v2/webhooks/{webhook.id}")["display_name"] == "Dashboard"
