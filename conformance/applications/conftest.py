import os
import sys
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "python")]


@pytest.fixture(scope="session")
def run(tmp_path_factory):
    from clients import CLIENTS
    from model import Model
    from shown import Run

    model = Model()
    try:
        made = Run(CLIENTS[os.environ["POSTIL_APPLICATION"]], model, tmp_path_factory.mktemp("application"))
    except Exception as reason:  # noqa: BLE001 - once is enough
        pytest.exit(f"the application could not be run: {reason}", returncode=1)
    yield made
    model.close()
