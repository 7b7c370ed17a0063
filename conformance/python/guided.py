"""The examples of the guide: what each needs before, and what it leaves on the span."""

import json

from support import GUIDE, Span, http, stored

EXAMPLES = json.loads((GUIDE / "expected.json").read_text(encoding="utf-8"))


def prepare(span: Span, name: str) -> None:
    before = EXAMPLES[name].get("before")
    if before:
        body = {"annotations": [{"key": key, "value": value} for key, value in before.items()]}
        assert http("POST", span.path, body).status == 200
    assert stored(span) == (before or {})
