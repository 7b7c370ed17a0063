from datetime import timedelta

import pytest

from client import Client, at_least, refused
from support import get, http, now, seed, stored, ulid, unique

pytestmark = pytest.mark.needs("api_keys")


def default_project() -> str:
    return next(row["project_id"] for row in get("/v2/projects?limit=200")["data"] if row["is_default"])


def annotate(key: str, span):
    Client(api_key=key).orq.annotations.create(**span.ids, annotations=[{"key": "rating", "value": "good"}])


def test_create_use_get_list_update_delete(orq, span):
    name = unique("key")
    made = orq.api_keys.create(name=name)
    assert made.name == name and made.token.startswith("sk-orq-") and made.workspace_id
    annotate(made.token, span)
    assert stored(span) == {"rating": "good"}

    seen = orq.api_keys.get(api_key_id=made.id)
    assert seen.name == name and seen.token != made.token
    rows = {row.id: row for row in orq.api_keys.list()}
    assert rows[made.id].token != made.token
    assert made.token not in http("GET", "/v2/api-keys").text

    assert orq.api_keys.update(api_key_id=made.id, name=name + "2").name == name + "2"
    assert get(f"/v2/api-keys/{made.id}")["name"] == name + "2"

    assert orq.api_keys.delete(api_key_id=made.id) is None
    assert made.id not in [row["id"] for row in get("/v2/api-keys")]
    refused(lambda: annotate(made.token, seed()), 401)
    refused(lambda: orq.api_keys.get(api_key_id=made.id), 404)


def test_a_key_of_one_project_with_everything_said(orq, span):
    scope = {"single": {"project_id": default_project()}}
    later = now() + timedelta(days=1)
    if at_least(4, 17):
        more = {"permission_mode": "all", "expiration": later, "project_scope": scope}
    else:  # says the same in the words of an earlier generation
        more = {"permission_mode": "PERMISSION_MODE_ALL", "expires_at": later, "project_scope": scope}
    made = orq.api_keys.create(name=unique("key"), **more)
    annotate(made.token, span)
    assert stored(span) == {"rating": "good"}
    assert made.id in [row.id for row in orq.api_keys.list(project_id=default_project())]


def test_a_read_only_key_reads_and_does_not_write(orq, span):
    mode = "read_only" if at_least(4, 17) else "PERMISSION_MODE_READ_ONLY"
    made = orq.api_keys.create(name=unique("key"), permission_mode=mode)
    assert http("GET", span.path, key=made.token).status == 200
    refused(lambda: annotate(made.token, span), 403)
    assert stored(span) == {}


def test_a_disabled_key_is_refused_until_it_is_active_again(orq, span):
    made = orq.api_keys.create(name=unique("key"))
    off, on = ("disabled", "active") if at_least(4, 17) else ("API_KEY_STATUS_DISABLED", "API_KEY_STATUS_ACTIVE")
    orq.api_keys.update(api_key_id=made.id, status=off)
    refused(lambda: annotate(made.token, span), 401)
    orq.api_keys.update(api_key_id=made.id, status=on)
    annotate(made.token, span)


def test_an_expired_key_is_refused(orq, span):
    past = now() - timedelta(minutes=1)
    more = {"expiration": past} if at_least(4, 17) else {"expires_at": past}
    try:
        made = orq.api_keys.create(name=unique("key"), **more)
    except Exception as error:  # refusing to make one is as good
        assert error.status_code == 400
        return
    refused(lambda: annotate(made.token, span), 401)


def test_capabilities_need_no_key():
    answer = http("GET", "/v2/api-keys/capabilities", key=None)
    assert answer.status == 200
    assert isinstance(answer.json()["domains"], list)


# 4.13 types a domain's group as a number and 4.17 as a word: one answer cannot be both, the newer one holds.
@pytest.mark.needs("named_domain_groups")
def test_capabilities_parse(orq):
    for domain in orq.api_keys.list_capabilities().domains:
        assert domain.id and domain.display_name


def test_refusals(orq):
    refused(lambda: orq.api_keys.create(name=""), 400)
    refused(lambda: orq.api_keys.get(api_key_id=ulid()), 404)
    refused(lambda: orq.api_keys.delete(api_key_id=ulid()), 404)
