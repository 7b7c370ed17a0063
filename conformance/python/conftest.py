"""Leaves out the tests of calls that the installed client does not have."""

import pytest

import support


def pytest_configure(config):
    config.addinivalue_line("markers", "needs(call, ...): the client calls that the test makes")


def pytest_collection_modifyitems(config, items):
    try:
        from client import Client
    except ModuleNotFoundError:  # an environment without the orq client
        return
    client = Client()
    kept, left_out = [], []
    for item in items:
        calls = [call for mark in item.iter_markers("needs") for call in mark.args]
        (kept if all(client.has(call) for call in calls) else left_out).append(item)
    items[:] = kept
    config.hook.pytest_deselected(items=left_out)


@pytest.fixture(scope="session", autouse=True)
def definitions():
    support.ensure_definitions()


@pytest.fixture
def span():
    return support.seed()


@pytest.fixture
def client():
    from client import Client

    return Client()


@pytest.fixture
def orq(client):
    return client.orq
