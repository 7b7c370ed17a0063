"""The Python client under test, whichever version is installed, and the few places where the versions differ."""

from __future__ import annotations

import importlib.metadata
import json
import warnings

import pytest
from orq_ai_sdk import Orq, models

from support import KEY, URL

VERSION = tuple(int(part) for part in importlib.metadata.version("orq-ai-sdk").split("."))


def at_least(*version: int) -> bool:
    return VERSION >= version


class Client:
    def __init__(self, api_key: str | None = KEY):
        warnings.simplefilter("ignore", DeprecationWarning)
        self.orq = Orq(api_key=api_key, server_url=URL)

    def has(self, call: str) -> bool:
        """`call` is a path such as "feedback.create", or the name of a method of this class."""
        table = {
            "feedback": True,  # under three names, see below
            "feedback_remove": at_least(4, 6),
            "feedback_evaluation": at_least(4, 6) and not at_least(4, 17),
            "booleans": at_least(4, 13),
            "corrections": at_least(4, 13),
            "human_review_sets": at_least(4, 6),
            "human_evals": at_least(4, 6) and not at_least(4, 8),
            "wrapped_identities": at_least(4, 13),
            "flat_identities": not at_least(4, 13),
            "delete_metadata": at_least(4, 13),
            "metadata_by_wire_name": not at_least(4, 6),
            "error_response": at_least(4, 17),
            "named_domain_groups": at_least(4, 17),
        }
        if call in table:
            return table[call]
        here = self.orq
        for name in call.split("."):
            try:
                here = getattr(here, name)
            except AttributeError:
                return False
        return True

    # -- feedback: keywords until 4.4, on the client itself in 4.6, a request object since

    def feedback_create(self, **fields):
        if self.has("post_v2_feedback"):
            return self.orq.post_v2_feedback(request=fields)
        if at_least(4, 6):
            return self.orq.feedback.create(request=fields)
        return self.orq.feedback.create(field=fields["property"], value=fields["value"], trace_id=fields["trace_id"])

    def feedback_remove(self, **fields):
        call = self.orq.post_v2_feedback_remove if self.has("post_v2_feedback_remove") else self.orq.feedback.remove
        return call(request=fields)

    def evaluation_create(self, **fields):
        old = self.has("post_v2_feedback_evaluation")
        call = self.orq.post_v2_feedback_evaluation if old else self.orq.feedback.create_evaluation
        return call(request=fields)

    def evaluation_remove(self, **fields):
        old = self.has("post_v2_feedback_evaluation_remove")
        call = self.orq.post_v2_feedback_evaluation_remove if old else self.orq.feedback.remove_evaluation
        return call(request=fields)

    # -- human review sets: named after their paths in 4.6

    def _sets(self, new: str, old: str):
        sets = self.orq.human_review_sets
        return getattr(sets, new if at_least(4, 13) else old)

    def set_list(self, **query):
        return self._sets("list", "get_v2_human_eval_sets")(**query)

    def set_create(self, **fields):
        return self._sets("create", "post_v2_human_eval_sets")(request=fields)

    def set_get(self, id_: str):
        return self._sets("get", "get_v2_human_eval_sets_id_")(id=id_)

    def set_update(self, id_: str, **fields):
        return self._sets("update", "patch_v2_human_eval_sets_id_")(id=id_, request_body=fields)

    def set_delete(self, id_: str):
        return self._sets("delete", "delete_v2_human_eval_sets_id_")(id=id_)

    # -- identities: an object in the answer since 4.13, with the headers beside it in 4.17

    def identity_create(self, **fields):
        if not at_least(4, 13):
            return self.orq.identities.create(request=fields)
        answer = self.orq.identities.create(**fields)
        return answer.result.identity if at_least(4, 17) else answer.identity

    def identity_retrieve(self, id_: str):
        answer = self.orq.identities.retrieve(id=id_)
        return answer.identity if at_least(4, 13) else answer

    def identity_update(self, id_: str, **fields):
        answer = self.orq.identities.update(id=id_, **fields)
        return answer.identity if at_least(4, 13) else answer


def refused(call, status: int):
    """Makes a call that the server must refuse, and returns the client's error and the message in its body."""
    with pytest.raises(models.OrqError) as raised:
        call()
    error = raised.value
    assert error.status_code == status, f"{error.status_code} {error.body}"
    body = json.loads(error.body)
    assert isinstance(body["message"], str)
    assert str(body.get("code", status)).isdigit(), "a code, if any, is a string of digits"
    return error, body["message"]
