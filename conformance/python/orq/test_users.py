import pytest

from client import refused
from support import ADMIN_EMAIL, get, ulid, unique, workspace

pytestmark = pytest.mark.needs("users")


def test_list_has_the_administrator(orq):
    people = {user.email: user for user in orq.users.list().users}
    admin = people[ADMIN_EMAIL]
    assert orq.users.get(user_id=admin.id).user.email == ADMIN_EMAIL


def test_create_get_update_delete(orq):
    email = f"{unique('person')}@example.com"
    made, = orq.users.create(team_id=workspace()["id"], emails=[email], roles=["reviewer"]).users
    assert made.id
    assert orq.users.get(user_id=made.id).user.id == made.id
    changed = orq.users.update(user_id=made.id, role="admin").user
    assert changed.id == made.id and "admin" in changed.roles
    orq.users.delete(user_id=made.id)
    assert made.id not in [user.get("id") for user in get("/v3/users")["users"]]
    refused(lambda: orq.users.get(user_id=made.id), 404)


def test_an_unknown_one_is_404(orq):
    refused(lambda: orq.users.get(user_id=ulid()), 404)
