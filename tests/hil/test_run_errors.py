"""`run` with something wrong: what cannot be run ends with words, what can be lost does not stop the rest."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
House = Any  # of conftest.py, made by the fixture


def refused(path: Path) -> str:
    """What `run` says before it ends with 1."""
    done = subprocess.run([sys.executable, "-m", "firmware", "run", str(path)], cwd=ROOT, timeout=30,
                          capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert (done.returncode, done.stdout) == (1, "")
    assert "Traceback" not in done.stderr
    return done.stderr


@pytest.mark.parametrize(("right", "wrong", "words"), [
    ("failsafe_s = 6", "failsafe_s = 5", ("carport", "failsafe_s", "6 to 60")),
    ("rated_a = 16", "rated_a = 160", ("house", "rated_a", "6 to 125")),
    ('meter = "grid"', 'meter = "gird"', ("house", "meter", "gird", "grid")),
    ("[line.rod]", "[line.rod", (":11:", "no TOML", "[line.rod")),
])
def test_a_wrong_file_is_refused_with_its_line_key_and_what_is_allowed(
        house: "Callable[..., House]", right: str, wrong: str, words: "tuple[str, ...]") -> None:
    loop = house()
    text = loop.path.read_text()
    assert right in text
    loop.path.write_text(text.replace(right, wrong, 1))
    said = refused(loop.path)
    assert "site.toml" in said
    assert all(word in said for word in words), said


def test_no_file_is_refused(tmp_path: Path) -> None:
    assert "nowhere.toml" in refused(tmp_path / "nowhere.toml")


def test_a_page_port_in_use_costs_the_page_and_nothing_else(house: "Callable[..., House]") -> None:
    loop = house()
    with socket.create_server(("127.0.0.1", loop.page_port)):
        loop.start()
        loop.until(lambda: loop.twin("carport").offered_ma == 0, 20, "the wallbox told to wait for a car")
        said = loop.ended()
    assert f"page.port = {loop.page_port}" in said

def test_a_missing_serial_port_shows_and_the_others_go_on(house: "Callable[..., House]") -> None:
    loop = house(rod="fast")
    loop.pull("rs485")
    loop.run()
    loop.until(lambda: len(loop.state().get("line_rod/state", {}).get("devices", [])) == 1, 5, "the rod's line")
    loop.until(lambda: loop.state()["grid/state"]["fault"] == "timeout", 5, "a fault shown at the grid meter")
    state = loop.state()
    assert not state["line_rs485/state"]["ok"]
    assert [device["fault"] for device in state["line_rs485/state"]["devices"]] == ["timeout", "timeout"]
    assert {alarm["device"] for alarm in state["site/state"]["alarms"]} >= {"grid", "carport"}
    loop.until(lambda: loop.state()["line_rod/state"]["devices"][0]["reads"] >= 4, 10, "a rod that is read on and on")
    assert loop.state()["line_rod/state"]["ok"]
    assert loop.state()["rod/state"]["state"] == "standby"
    loop.put_back("rs485")
    loop.until(lambda: not loop.alarms(), 30, "an adapter that is plugged in while we run")
    loop.end()
    loop.never_wrong()


def test_a_journal_that_cannot_be_written_stops_nothing(house: "Callable[..., House]") -> None:
    loop = house()
    (loop.folder / "journal").write_text("in the way")
    loop.run()
    loop.until(lambda: loop.twin("carport").offered_ma == 0, 10, "the wallbox told to wait for a car")
    loop.until(lambda: "journal" in loop.state()["site/state"]["journal"], 5, "words about the journal")
    assert "journal" in loop.ended()
