import pytest

from client import refused
from support import get, ulid, unique

pytestmark = pytest.mark.needs("projects")


@pytest.mark.parametrize("more", [{}, {"description": "words", "teams": []}], ids=["bare", "full"])
def test_create_get_list_update_delete(orq, more):
    name = unique("Project")
    made = orq.projects.create(name=name, **more).project
    assert made.name == name and made.key and made.is_archived is False and made.is_default is False
    assert made.description == more.get("description")
    assert orq.projects.get(project_id=made.project_id).project.name == name

    page = orq.projects.list(limit=1)
    assert (page.object, len(page.data), page.has_more) == ("list", 1, True)
    assert made.project_id == page.data[0].project_id, "newest first"
    after = orq.projects.list(limit=200, starting_after=made.project_id)
    assert after.data and made.project_id not in [each.project_id for each in after.data]

    changed = orq.projects.update(project_id=made.project_id, name=name + "2", description="other").project
    assert (changed.project_id, changed.name, changed.description) == (made.project_id, name + "2", "other")
    assert get(f"/v2/projects/{made.project_id}")["project"]["name"] == name + "2"

    orq.projects.delete(project_id=made.project_id)
    assert made.project_id not in [each["project_id"] for each in get("/v2/projects?limit=200")["data"]]
    refused(lambda: orq.projects.get(project_id=made.project_id), 404)


def test_one_project_is_the_default(orq):
    assert sum(project.is_default for project in orq.projects.list(limit=200).data) == 1


def test_refusals(client, orq):
    refused(lambda: orq.projects.create(name=""), 400)
    refused(lambda: orq.projects.create(name="x" * 129), 400)
    refused(lambda: orq.projects.create(name=unique(), description="x" * 501), 400)
    refused(lambda: orq.projects.delete(project_id=ulid()), 404)
    refused(lambda: orq.projects.get(project_id=ulid()), 404)
