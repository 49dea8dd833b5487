"""`decode speedwire`: what SMA Energy Meters and Home Managers multicast, with the serial number their driver wants.

Recorded datagrams one after the other, or the network itself: udp: or udp://ADDRESS, where ADDRESS is this
computer's on the network of the meters.
"""

import argparse
import json
import time
from collections import deque
from typing import NamedTuple

from drivers.multicast import Multicast
from drivers.obis import EXPORT, IMPORT, WATT_HOUR, Entry, power, quantity
from drivers.speedwire import GROUP, MOST_BYTES, PORT, SIGNATURE, entries, serial_of
from firmware.decoders.sml import entry_fields, entry_row
from firmware.decoders.words import decimal, number, one_line
from hal.faults import TIMEOUT, DeviceError

WHAT = "Speedwire datagram of a meter"
PREFIX = "udp:"
PLACES = (PREFIX,)
STEP_S = 0.02
MOST_WAITING = 64  # datagrams
_HEAD, _TAIL = 16, 4  # bytes around what the datagram announces


class Told(NamedTuple):
    serial: str
    entries: "tuple[Entry, ...]"


class Reader:
    def __init__(self) -> None:
        self.hint = ""
        self.damaged = 0
        self._held = b""

    def feed(self, data: bytes) -> "list[Told]":
        """Whatever else is multicast to the same group is passed over."""
        self._held += data
        out = []
        while (whole := self._next()) is not None:
            serial, found = serial_of(whole), entries(whole)
            self.damaged += serial is not None and found is None
            if serial is not None and found is not None:
                out.append(Told(serial, found))
        return out

    def rest(self) -> "list[Told]":
        self.damaged += bool(self._held)
        return []

    def _next(self) -> "bytes | None":
        """The next datagram that has come whole; one that announces too much is passed over."""
        while True:
            start = self._held.find(SIGNATURE)
            if start < 0:
                self._held = self._held[1 - len(SIGNATURE):]
                return None
            self._held = self._held[start:]
            if len(self._held) < _HEAD:
                return None
            length = _HEAD + int.from_bytes(self._held[12:14], "big") + _TAIL
            if length <= MOST_BYTES:
                break
            self.damaged += 1
            self._held = self._held[1:]
        if len(self._held) < length:
            return None
        whole, self._held = self._held[:length], self._held[length:]
        return whole


class Ear:
    """The group, datagram by datagram."""

    def __init__(self, interface: str) -> None:
        self._waiting: "deque[bytes]" = deque(maxlen=MOST_WAITING)
        self._group = Multicast(GROUP, PORT, interface, self._hear)
        self._group.watch("")

    def read(self, most: int, wait_ms: int) -> bytes:
        until_s = time.monotonic() + wait_ms / 1000
        while not self._waiting:
            if self._group.fault:
                raise DeviceError(TIMEOUT, self._group.fault)
            if time.monotonic() > until_s:
                return b""
            time.sleep(STEP_S)
        return self._waiting.popleft()

    def close(self) -> None:
        self._group.close()

    def _hear(self, datagram: bytes) -> None:
        self._waiting.append(datagram)


def reader(args: argparse.Namespace) -> Reader:
    return Reader()


def port(args: argparse.Namespace) -> Ear:
    source = str(args.source)
    if not source.startswith(PREFIX):
        raise ValueError("no file and no network; allowed are recorded datagrams, udp: and udp://OWN-ADDRESS")
    return Ear(source[len(PREFIX):].strip("/"))


def json_line(told: Told) -> str:
    return one_line((
        ("serial", json.dumps(told.serial)),
        ("entries", json.dumps([entry_fields(entry) for entry in told.entries])),
        ("power_w", number(power(told.entries))),
        ("import_wh", number(quantity(told.entries, IMPORT, WATT_HOUR))),
        ("export_wh", number(quantity(told.entries, EXPORT, WATT_HOUR))),
    ))


def table(told: Told) -> str:
    total = power(told.entries)
    lines = [f"meter {told.serial}: sma_serial = {told.serial}"]
    lines += [f"  power    {decimal(total)} W"] if total is not None else []
    return "\n".join([*lines, *map(entry_row, told.entries)]) + "\n"
