"""`decode wmbus`: radio telegrams, from lines of hex or from a stick; encrypted ones with a file of keys."""

import argparse
from typing import Any

from drivers import key_file
from drivers.mbus_telegram import MBusError, of_radio
from drivers.oms_reader import OmsReader
from drivers.wmbus_stick import Heard
from drivers.wmbus_sticks import make
from firmware.decoders import mbus as decode_mbus
from firmware.decoders.mbus import Shown

WHAT = "wM-Bus frame"


class Reader:
    def __init__(self, stick: str, keys: "dict[str, tuple[bytes, ...]]", recorded: bool) -> None:
        self.hint = ""
        self.stick = make(stick)
        self._opener = OmsReader(keys, recorded)

    @property
    def damaged(self) -> int:
        return self.stick.damaged

    def feed(self, data: bytes) -> "list[Shown]":
        if not data:
            self.stick.pause()
        return [self._shown(heard) for heard in self.stick.feed(data)]

    def rest(self) -> "list[Shown]":
        """Of a last line without end."""
        return [self._shown(heard) for heard in self.stick.feed(b"\n")]

    def _shown(self, heard: Heard) -> Shown:
        try:
            told = self._opener.read(of_radio(heard.frame))
        except MBusError as error:
            return Shown(None, None, str(error), heard.rssi_dbm, heard.frame)
        return Shown(told, None, told.why, heard.rssi_dbm, heard.frame)


def reader(args: argparse.Namespace) -> Reader:
    """Raises ValueError for a key file that cannot be used."""
    return Reader(args.stick, key_file.keys(args.keys) if args.keys else {}, recorded=not args.is_port)


def baud(args: argparse.Namespace) -> int:
    return make(args.stick).BAUD


def setup(args: argparse.Namespace) -> "tuple[bytes, ...]":
    """What makes the stick listen."""
    return make(args.stick).setup(args.mode)


json_line: Any = decode_mbus.json_line
table: Any = decode_mbus.table
