"""The Python examples of the guide, each as a program of its own; only the address and the ids are filled in."""

import os
import subprocess
import sys

import pytest

from client import at_least
from guided import EXAMPLES, prepare
from support import GUIDE, KEY, URL, annotations, stored


@pytest.mark.parametrize("name", EXAMPLES)
def test_example_of_the_guide(name, span, tmp_path):
    prepare(span, name)
    program = (GUIDE / f"{name}.py").read_text()
    program = program.replace('os.getenv("ORQ_API_KEY"))', f'os.getenv("ORQ_API_KEY"), server_url="{URL}")')
    program = program.replace("<trace_id>", span.trace_id).replace("<span_id>", span.span_id)
    done = subprocess.run([sys.executable, "-c", program], env=os.environ | {"ORQ_API_KEY": KEY}, cwd=tmp_path,
                          capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "None\n"
    assert stored(span) == EXAMPLES[name]["stored"]
    if identity := EXAMPLES[name].get("identity_id"):
        # The name that the guide uses is sent by 4.4 only; later clients drop it before it leaves the process.
        expected = None if at_least(4, 6) else identity
        assert [row.get("identity_id") for row in annotations(span)] == [expected]
