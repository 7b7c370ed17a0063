import pytest

from client import refused
from support import get, unique

pytestmark = pytest.mark.needs("workspaces")


def test_list_and_get(orq):
    page = orq.workspaces.list()
    assert (page.object, page.has_more) == ("list", False)
    here, = page.data
    assert here.id and here.key and here.display_name
    assert orq.workspaces.get(key=here.key).workspace.id == here.id
    assert orq.workspaces.list(limit=1, starting_after=here.id).data == []


def test_update_the_name(orq):
    here = orq.workspaces.list().data[0]
    name = unique("Workspace")
    assert orq.workspaces.update(key=here.key, display_name=name).workspace.display_name == name
    assert get(f"/v2/workspaces/{here.key}")["workspace"]["display_name"] == name
    orq.workspaces.update(key=here.key, display_name=here.display_name)


def test_an_unknown_one_is_404(orq):
    refused(lambda: orq.workspaces.get(key=unique("nowhere")), 404)
