"""What compose/ holds is linted by its own kind's tools, and its steps are run here as far as they can be without
containers. WIRE_BIN (`.build/debug`) is the folder of the Swift programs, taken from the repository's root if relative.
"""
import os
import pathlib
import shutil
import subprocess
import sys

import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMPOSE = ROOT / "compose"
ROLES = ["identity", "scrape", "pipeline", "compliance", "gateway"]
# The gateway keeps nothing.
KEEPING = [role for role in ROLES if role != "gateway"]
TIMEOUT = 120

sys.path.insert(0, str(COMPOSE))


def tool(name):
    """A command of the tests' Python environment, or of the system."""
    path = shutil.which(name, path=f"{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}")
    if not path:
        pytest.fail(f"{name} is missing: make setup", pytrace=False)
    return path


def run(*words, **options):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=TIMEOUT, **options)
    assert done.returncode == 0, f"{words[0]}: {done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="session")
def datavault():
    path = ROOT / os.environ.get("WIRE_BIN", ".build/debug") / "datavault"
    if not path.exists():
        pytest.fail(f"{path} is not built", pytrace=False)
    return str(path)


@pytest.fixture(scope="session")
def suite():
    """compose.yaml, with its anchors resolved."""
    return yaml.safe_load((COMPOSE / "compose.yaml").read_text())
