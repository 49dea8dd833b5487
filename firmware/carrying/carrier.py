"""The carrying gateway at work: a stick, the spool, the broker. A thread of its own, in `run` or in `carry`."""

import contextlib
import fcntl
import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from drivers.mbus_telegram import Telegram
from drivers.mqtt_courier import Courier
from drivers.mqtt_link import UNTRIED
from drivers.radio_port import UNOPENED, RadioPort
from drivers.wmbus_stick import Heard
from firmware.broker_words import in_words
from firmware.carrying.core import Carry
from firmware.carrying.recent import Recent, place
from firmware.carrying.spool import Spool
from firmware.config.carry import CarryFile
from firmware.config.tables import access
from firmware.errors import UserError
from firmware.topics import slug

TURN_S = 0.2
DELIVER_S = 5.0  # longest wait for the broker's word on one message
STATE_S = 60
MEGABYTE = 1_000_000


class Carrier:
    """`run` until `stop`. Raises UserError when the folder or the broker's certificates cannot be used."""

    def __init__(self, file: CarryFile, tell: "Callable[[str], None]" = lambda words: None) -> None:
        """`tell`: what is wrong, and that it is well again, for people."""
        self._tell = tell
        self._said: "dict[str, str]" = {}
        self.radio = RadioPort(**file.line.options)
        self._root = f"hutschiene/{slug(file.site)}/carry/"
        table, mqtt = file.carry, file.mqtt
        self._alone = contextlib.ExitStack()
        try:
            self._alone.enter_context(_alone(Path(table.folder)))
            spool = Spool(Path(table.folder), table.most_mb * MEGABYTE)
            self._recent = Recent(place(Path(table.folder)))
            self.carry = Carry(spool, table.interval_s, frozenset(table.meters), now_ms=_now_ms(), recent=self._recent)
        except (OSError, sqlite3.Error) as error:
            self._alone.close()
            raise UserError(f"carry.folder = {table.folder!r}: {error}") from error
        self._spool = spool
        try:
            self._courier = Courier(access(mqtt), f"hutschiene-{slug(file.site)}-carry", self._root + "status",
                                    self._root + "set/interval_s")
        except ValueError as error:
            self._alone.close()
            raise UserError(f"mqtt.{error}") from error
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._told_s = 0
        self.radio.every(self._hear)

    def run(self) -> None:
        self.radio.start()
        self._courier.start()
        try:
            while not self._stopping.wait(TURN_S):
                try:
                    self._turn()
                except sqlite3.Error as error:  # a full or failing disk: what stands there still stands
                    with self._lock:
                        self.carry.failed(error)
                self._say()
        finally:
            self.radio.close()
            with self._lock:
                self.carry.tick(int(time.time()), _now_ms() + 10 ** 9)  # long past the next checkpoint
                if not self.carry.fault:
                    self._recent.close()
            self._courier.close()
            self._spool.close()
            self._alone.close()

    def stop(self) -> None:
        self._stopping.set()

    def _say(self) -> None:
        for name, fault in (("stick", self.radio.fault), ("broker", in_words(self._courier.fault)),
                            ("folder", self.carry.fault)):
            if fault != self._said.get(name, "") and fault != UNTRIED and not fault.endswith(UNOPENED):
                self._said[name] = fault
                self._tell(f"{name}: {fault or 'well again'}")

    def _hear(self, t_ms: int, heard: Heard, telegram: Telegram) -> None:
        if telegram.meter is not None and telegram.body:  # a confirmation holds nothing, and shall not stand for data
            with self._lock:
                self.carry.tick(int(time.time()), _now_ms())  # the first frame of a day is none of the day before
                self.carry.hear(telegram.meter.text(), heard.frame, int(time.time()), heard.rssi_dbm)

    def _turn(self) -> None:
        with self._lock:
            self.carry.tick(int(time.time()), _now_ms())
        wanted = self._courier.heard()
        if wanted is not None:
            with self._lock:
                why = self.carry.set_interval(wanted[0])
            answer = {"ok": not why, "interval_s": self.carry.interval_s, **({"why": why} if why else {})}
            self._courier.tell(self._root + "set/interval_s/result", json.dumps(answer), False)
            self._told_s = 0
        if time.monotonic() - self._told_s >= STATE_S and self._courier.connected:
            self._told_s = int(time.monotonic())
            with self._lock:
                state = {**self.carry.state(), "stick": self.radio.fault or None, "heard": self.radio.heard}
            self._courier.tell(self._root + "state", json.dumps(state), True)
        self._deliver()  # last: a disk that fails is told all the same

    def _deliver(self) -> None:
        """As many parts as the broker takes at once; the lock is not held while it is waited for."""
        while not self._stopping.is_set():
            with self._lock:
                part = self.carry.first()
            if part is None or not self._courier.deliver(self._root + "frames", part.payload, DELIVER_S):
                return
            with self._lock:
                self.carry.delivered(part.number)


@contextlib.contextmanager
def _alone(folder: Path) -> "Iterator[None]":
    """Two of us would send frames twice, and throw each other off the broker. A kill ends it too."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "lock", "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise OSError("another process carries from it") from error
        yield


def _now_ms() -> int:
    return time.monotonic_ns() // 1_000_000
