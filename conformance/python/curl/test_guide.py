"""The cURL examples of the guide, run by a shell and the curl program as they stand there, but for host and ids."""

import json
import os
import subprocess

import pytest

from guided import EXAMPLES, prepare
from support import GUIDE, KEY, URL, annotations, fresh_ids, stored


def curl(span, script: str, folder, key: str = KEY) -> tuple[int, str]:
    (folder / ".curlrc").write_text('silent\nshow-error\nnoproxy = "*"\nwrite-out = "\\n%{http_code}"\n')
    script = script.replace("https://api.orq.ai", URL)
    script = script.replace("{trace_id}", span.trace_id).replace("{span_id}", span.span_id)
    env = os.environ | {"ORQ_API_KEY": key, "CURL_HOME": str(folder)}
    done = subprocess.run(["bash", "-c", script], env=env, capture_output=True, text=True, timeout=60, check=True)
    body, _, status = done.stdout.rpartition("\n")
    return int(status), body


@pytest.mark.parametrize("name", EXAMPLES)
def test_example_of_the_guide(name, span, tmp_path):
    prepare(span, name)
    status, body = curl(span, (GUIDE / f"{name}.sh").read_text(), tmp_path)
    assert (status, body) == (200, "")
    assert stored(span) == EXAMPLES[name]["stored"]
    if identity := EXAMPLES[name].get("identity_id"):
        assert [row["identity_id"] for row in annotations(span)] == [identity]


def test_example_with_a_wrong_key_is_401_and_stores_nothing(span, tmp_path):
    status, body = curl(span, (GUIDE / "rating.sh").read_text(), tmp_path, key="sk-orq-wrong")
    assert status == 401
    assert json.loads(body)["message"]
    assert stored(span) == {}


def test_example_for_a_span_that_is_not_there_is_404(tmp_path):
    gone = fresh_ids()
    status, body = curl(gone, (GUIDE / "rating.sh").read_text(), tmp_path)
    assert status == 404
    assert json.loads(body)["message"].startswith(f"Span with id {gone.span_id} for workspace ")
