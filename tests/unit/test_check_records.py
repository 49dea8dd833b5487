"""What `check` says of the records, before there are any and beside a house that has kept some."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from firmware.__main__ import main
from firmware.checks.records import facts, words
from firmware.config.file import load
from firmware.records.keys import KEY
from hal.times import TimeNow
from hal.values import Reading, reading
from sim.time_service import SimTime

ROOF = """
[device.roof]
driver = "eastron_sdm630"
line = "bus"
unit = 2
node = "house"
role = "source"
phases = "L1 L2 L3"
mid = true
serial = "77"
"""
T0 = 1_792_888_000_000


def counted(_: Any, now: TimeNow) -> "tuple[Reading, None]":
    return reading(now.mono_ms, import_wh=5, export_wh=0), None


def test_before_there_are_any(recorded_site: "Callable[..., Path]", capsys: pytest.CaptureFixture[str]) -> None:
    site = recorded_site(ROOF)
    told = facts(load(site), SimTime(T0))
    assert told is not None
    text = "\n".join(words(told))
    assert "none yet" in text
    assert "clock now synced, at most 0 ms wrong; legal time of Europe/Berlin" in text
    assert "records.key: made at the first start" in text
    assert "metrology is kept 1095 days (BK6-22-300 7.2; MsbG 60(6))" in text
    assert "grid, 1234, no MID\n  roof, 77, MID" in text
    assert "missing: no mid = true: grid;" in text
    assert "missing: no [mqtt]" in text
    assert main(["check", str(site)]) == 0
    assert "\nRecords\n  " in capsys.readouterr().out
    assert not (site.parent / "records").exists()  # looked at, not made


def test_beside_what_is_kept(recorded: "Callable[..., Any]", recorded_site: "Callable[..., Path]") -> None:
    site = recorded_site(ROOF)
    folder = site.parent / "records"
    house = recorded(folder, SimTime(T0), counted, ROOF)
    house.live(1_000_000)
    told = facts(load(site), SimTime(T0, synced=False))
    assert told is not None
    assert told["records"]["metrology"] >= 3
    assert told["newest_s"] % 900 == 0
    assert told["key"]["fingerprint"] == house.keeper.key
    assert [one["told"] for one in told["meters"]] == [["import", "export"], None]
    assert told["missing"][0].startswith("the clock of this computer is not synced")
    (folder / KEY).chmod(0o644)
    told = facts(load(site), SimTime(T0))
    assert told is not None
    assert f"  KEY: open to others (mode 0644); chmod 600 {folder / KEY}" in words(told)
    house.end()
    (folder / "records.sqlite").write_bytes(b"no database " * 500)
    told = facts(load(site), SimTime(T0))
    assert told is not None
    assert "cannot be read" in words(told)[0]
