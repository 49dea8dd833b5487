"""250 radio meters for a week: the broker goes away, and the gateway dies at every point of its work.

Each day's newest frame of each meter is delivered once, whatever it died at: the newest of those that it had heard.
"""

import json
import sqlite3
from pathlib import Path

from drivers.mbus_telegram import of_radio
from firmware.carrying.core import DAY_S, SET_CLOCK_S, Carry
from firmware.carrying.recent import Recent
from firmware.carrying.spool import Spool
from sim.rng import Rng
from sim.twins.oms_meter import RadioMeter

METERS = 250
INTERVAL_MS = 3_600_000
DAYS = 7
STEP_MS = 60_000
T0_S = SET_CLOCK_S + 1_000 * DAY_S


class Died(BaseException):
    """kill -9 between two statements: nothing is rolled back, closed or said."""


class Mortal(sqlite3.Connection):
    """Dies before the statement at which `left` runs out."""

    left = -1

    def execute(self, sql: str, *more: object) -> sqlite3.Cursor:
        self._count()
        return super().execute(sql, *more)  # type: ignore[arg-type]

    def executemany(self, sql: str, *more: object) -> sqlite3.Cursor:  # type: ignore[override]
        self._count()
        return super().executemany(sql, *more)  # type: ignore[arg-type]

    @staticmethod
    def _count() -> None:
        if Mortal.left == 0:
            Mortal.left = -1
            raise Died
        Mortal.left -= 1 if Mortal.left > 0 else 0


class Office:
    """Who the frames go to: keeps each number of a series once, and counts repeats."""

    def __init__(self) -> None:
        self.parts: "dict[tuple[str, int], str]" = {}
        self.repeats = 0

    def take(self, payload: str) -> None:
        part = json.loads(payload)
        name = part["series"], part["number"]
        if name in self.parts:
            self.repeats += 1
            assert self.parts[name] == payload  # a repeat is the same to the last letter
        self.parts[name] = payload

    def frames(self) -> "list[tuple[int, str, int, str]]":
        """(day it was closed on, meter, when heard, frame)"""
        out = []
        for payload in self.parts.values():
            part = json.loads(payload)
            out += [((part["closed_s"] - T0_S) // DAY_S, one["meter"], one["heard_s"], one["frame"])
                    for one in part["frames"]]
        return out


class Gateway:
    """The process: dies and is started again on the same folder."""

    def __init__(self, folder: Path, office: Office, rng: Rng) -> None:
        self.folder, self.office, self.rng = folder, office, rng
        self.deaths: "list[int]" = []
        self.heard: "dict[str, list[tuple[int, str]]]" = {}  # by meter: when, and what
        self.now_ms = 0
        self.born_ms = 0
        self.carry = self._born()

    def _born(self) -> Carry:
        """Starting can die too."""
        self.born_ms = self.now_ms
        while True:
            try:
                self.spool = Spool(self.folder / "spool", 16_000_000, Mortal)
                return Carry(self.spool, DAY_S, recent=Recent(self.folder / "recent"))
            except Died:
                self.deaths.append(T0_S + self.now_ms // 1000)

    def live(self, now_ms: int, frames: "list[tuple[str, bytes]]", broker: bool) -> None:
        self.now_ms = now_ms
        try:
            self.carry.tick(T0_S + now_ms // 1000, now_ms - self.born_ms)
            for meter, frame in frames:
                self.carry.hear(meter, frame, T0_S + now_ms // 1000, None)
                self.heard.setdefault(meter, []).append((T0_S + now_ms // 1000, frame.hex()))
            while broker and (part := self.carry.first()) is not None:
                self.office.take(part.payload)
                if self.rng.chance(20):
                    raise Died  # the broker has it, and we do not know that yet
                self.carry.delivered(part.number)
        except Died:
            self.deaths.append(T0_S + now_ms // 1000)
            self.spool._db.close()  # a dead process holds no lock; what was not committed is gone
            self.carry = self._born()


def test_a_week(tmp_path: Path) -> None:
    rng = Rng(2_026)
    meters = [RadioMeter(7, number, INTERVAL_MS) for number in range(METERS)]
    office = Office()
    gateway = Gateway(tmp_path, office, rng.fork())
    away_until_ms = 0
    for now_ms in range(STEP_MS, DAYS * DAY_S * 1000 + 3 * STEP_MS, STEP_MS):
        if rng.chance(2):
            away_until_ms = now_ms + rng.between(1, 1_500) * STEP_MS  # up to a day
        if rng.chance(30) or now_ms % (DAY_S * 1000) < 2 * STEP_MS:  # and at every midnight
            Mortal.left = rng.between(1, 60)
        frames = []
        for meter in meters:
            if meter.due_ms <= now_ms:
                frames.append((meter.address.text(), meter.send(now_ms)))
        gateway.live(now_ms, frames, now_ms >= away_until_ms)
    Mortal.left = -1
    gateway.live(DAYS * DAY_S * 1000 + 9 * STEP_MS, [], True)
    assert len(gateway.deaths) > 100
    assert office.repeats > 0  # the case was met, and the number told it
    check(office, gateway.heard)
    assert gateway.carry.state()["lost"] == gateway.carry.refused == 0


def check(office: Office, heard: "dict[str, list[tuple[int, str]]]") -> None:
    delivered: "dict[tuple[int, str], list[tuple[int, str]]]" = {}
    for closed, meter, heard_s, frame in office.frames():
        delivered.setdefault((closed, meter), []).append((heard_s, frame))
    every = [frame for frames in delivered.values() for _, frame in frames]
    assert len(every) == len(set(every))  # no frame twice
    assert len(heard) == METERS
    for meter, frames in heard.items():
        for day in range(DAYS):
            begin_s, end_s = T0_S + day * DAY_S, T0_S + (day + 1) * DAY_S
            newest = [one for one in frames if begin_s <= one[0] < end_s][-1:]
            assert newest
            assert delivered.get((day + 1, meter), []) == newest, (meter, day)


def test_no_key_is_ever_in_the_spool(tmp_path: Path) -> None:
    meters = [RadioMeter(9, number, INTERVAL_MS) for number in range(30)]
    carry = Carry(Spool(tmp_path, 1_000_000), DAY_S, recent=Recent(tmp_path / "recent"))
    for now_ms in range(0, 3 * DAY_S * 1000, INTERVAL_MS):
        carry.tick(T0_S + now_ms // 1000, now_ms)
        for meter in meters:
            frame = meter.send(now_ms)
            assert of_radio(frame).seal or meter.mode == "none"
            carry.hear(meter.address.text(), frame, T0_S + now_ms // 1000, None)
    assert (tmp_path / "recent").stat().st_size > 0
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert meters[0].send(0)[:10].hex().encode() in kept  # link headers are there
    for meter in meters:
        assert meter.key not in kept
        assert meter.key.hex().encode() not in kept
