"""The order of the tests, and for all tests of the records a house that keeps them: site, clock, words, keeper."""

import os
import sqlite3
import tempfile
from collections.abc import Callable
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import pytest

from control.values import NOTHING_HEARD, SURPLUS, Heard, Snapshot
from drivers import signing
from firmware.config.file import SiteFile, load
from firmware.image import Image
from firmware.records import legal_time, series
from firmware.records.chain import LOGS
from firmware.records.keeper import Keeper
from firmware.records.keys import KEY
from firmware.records.query import Query
from firmware.records.recorder import about
from firmware.records.retention import RULES
from firmware.records.sampler import Seen, Value
from hal.times import TimeNow
from hal.values import Reading
from sim.time_service import SimTime

os.environ["LC_ALL"] = "C.UTF-8"  # what is printed is judged in English, wherever the tests run
SITE = """
[site]
name = "Test"
latitude = 48.1
longitude = 11.6
[line.bus]
kind = "modbus-rtu"
port = "/dev/serial/by-id/none"
baud = 19200
parity = "E"
[node.house]
rated_a = 35
curve = "sls-e"
meter = "grid"
[device.grid]
driver = "eastron_sdm630"
line = "bus"
unit = 1
node = "house"
serial = "1234"
"""
Hear = Callable[[Any, TimeNow], "tuple[Reading | None, ...]"]


@lru_cache(maxsize=8)
def site_of(text: str) -> SiteFile:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "site.toml"
        path.write_text(text)
        return load(path)


def pytest_collection_modifyitems(items: "list[pytest.Item]") -> None:
    """What reckons longest first; what waits for real lines evenly among what reckons, so that neither is left over."""
    files = list(dict.fromkeys(item.path for item in items))
    waiting = [path for path in files if "hil" in path.parts]
    longest = [path for path in files if {"parity", "simulation"} & {*path.parts}]
    others = [path for path in files if path not in {*waiting, *longest}]
    place = {path: at / len(group) for group in (waiting, others) for at, path in enumerate(group, 1)}
    items.sort(key=lambda item: place.get(item.path, 0.0))


class RecordedHouse:
    """What its devices say just then, `hear` tells; some may be silent, some not believed."""

    def __init__(self, folder: Path, clock: SimTime, hear: Hear, more: str = "",
                 connect: "type[sqlite3.Connection]" = sqlite3.Connection, said: "dict[str, Any] | None" = None,
                 ) -> None:
        """`more`: further tables of the site; `said`: what is known of meters and configuration, if not its own."""
        file = site_of(SITE + more)
        self.site = file.site
        self.folder = folder
        self.clock = clock
        self.born_ms = clock.read().mono_ms
        self.silent: "set[int]" = set()
        self.doubted: "frozenset[int]" = frozenset()
        self.modes = (SURPLUS,) * len(file.devices)
        self.keeper = Keeper(file.site, folder, legal_time.zone("Europe/Berlin"), said or about(file),
                             {rule.log: rule.usual_days for rule in RULES}, connect)
        self._hear = hear

    def turn(self) -> TimeNow:
        now = self.clock.read()
        told = [NOTHING_HEARD if one is None or index in self.silent else Heard(one, None)
                for index, one in enumerate(self._hear(self, now))]
        self.keeper.turn(now, [Seen(self.snapshot(now.mono_ms, told), self.doubted)])
        return now

    def live(self, duration_ms: int, step_ms: int = 5_000) -> None:
        for _ in range(duration_ms // step_ms):
            self.clock.wait(step_ms)
            self.turn()

    def end(self) -> None:
        self.keeper.close(self.clock.read())

    def snapshot(self, now_ms: int, heard: "list[Heard]") -> Snapshot:
        image = Image(len(heard))
        for index, one in enumerate(heard):
            if one.reading is not None:
                image.hear(index, one.reading)
            if one.fault is not None:
                image.fail(index, one.fault)
        return image.snapshot(now_ms, self.modes)

    def records(self, log: str, kind: str) -> "list[dict[str, Any]]":
        query = Query(self.folder)
        found = list(query.records(log, kind, 0, None))
        query.close()
        return found

    def values(self) -> "dict[str, dict[int, Value]]":
        query = Query(self.folder)
        found = series.readings(query.quarters(0, 1 << 40))
        query.close()
        return found

    def export(self) -> bytes:
        query = Query(self.folder)
        signer = signing.load(self.folder / KEY)
        lines = [line for log in LOGS for line in query.export(log, LOGS, None, None, signer)]
        query.close()
        return ("\n".join(lines) + "\n").encode()


@pytest.fixture(scope="session")
def recorded() -> "Callable[..., RecordedHouse]":
    """RecordedHouse(folder, clock, hear, more, connect, said)."""
    return RecordedHouse


@pytest.fixture
def recorded_site(tmp_path: Path) -> "Callable[..., Path]":
    """A site.toml with its [records] in the folder beside it, and whatever is said more."""
    return partial(_recorded_site, tmp_path)


def _recorded_site(folder: Path, more: str = "") -> Path:
    path = folder / "site.toml"
    path.write_text(f'{SITE}[records]\nfolder = "{folder / "records"}"\n{more}')
    return path
