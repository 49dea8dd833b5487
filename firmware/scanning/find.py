"""The units that answer on a line, setting by setting and address by address."""

import itertools
from collections.abc import Iterator
from typing import Any, NamedTuple

from drivers.modbus_serial import ModbusSerial
from drivers.modbus_tcp import ModbusTcp
from firmware.poll import host_port
from firmware.progress import Progress
from firmware.scanning.known import Known, known
from hal.faults import REFUSED, TIMEOUT, DeviceError

PAUSE_MS = 20  # between two requests; the least that is used in practice
TCP_TIMEOUT_MS = 1_000
NOBODY = 217  # a unit no device is told to be
PROBE = (3, 0, 2)  # function, address, count: any answer will do, a refusal too


class Setting(NamedTuple):
    """How a serial line speaks; on a network none of it counts."""

    baud: int
    parity: str
    stop_bits: int

    def __str__(self) -> str:
        return f"{self.baud} 8{self.parity}{self.stop_bits}"


class Answer(NamedTuple):
    """A unit that is there."""

    setting: "Setting | None"
    unit: int
    garbled: bool
    known: "tuple[Known, ...]"


def answers(where: str, settings: "tuple[Setting | None, ...]", units: "tuple[int, ...]", delay_ms: int,
            every_setting: bool, progress: Progress) -> "Iterator[Answer]":
    """Every unit that answers, as it is found; without `every_setting` only at the first setting at which one does."""
    for setting in settings:
        with _Bus(where, setting, delay_ms, alone=False) as bus:
            there = _there(bus, units, str(setting or where), progress)
            if setting is None:  # over the one connection: some devices keep no second one
                yield from _apart(bus, _recognised(bus, setting, there, where, progress))
                return
        with _Bus(where, setting, delay_ms, alone=True) as bus:
            yield from _recognised(bus, setting, there, where, progress)
        if there and not every_setting:
            return


def _there(bus: Any, units: "tuple[int, ...]", words: str, progress: Progress) -> "list[tuple[int, bool]]":
    """The units that answer, and whether what they say is garbled."""
    there = []
    for unit in units:
        progress.step(f"{words}, address {unit}")
        garbled = _probe(bus, unit)
        if garbled is not None:
            there.append((unit, garbled))
    return there


def _recognised(bus: Any, setting: "Setting | None", there: "list[tuple[int, bool]]", where: str,
                progress: Progress) -> "Iterator[Answer]":
    for unit, garbled in there:
        progress.say(f"{setting or where}, address {unit}: what is it?")
        kind = "modbus-tcp" if setting is None else "modbus-rtu"
        yield Answer(setting, unit, garbled, () if garbled else known(bus, unit, kind))


def _apart(bus: Any, found: "Iterator[Answer]") -> "Iterator[Answer]":
    """On a network some devices answer whatever the unit, and gateways answer for units that are not there."""
    if _probe(bus, NOBODY) is None:
        yield from found
    elif known(bus, NOBODY, "modbus-tcp"):
        yield from itertools.islice(found, 1)
    else:
        yield from (answer for answer in found if answer.known)


def _probe(bus: Any, unit: int) -> "bool | None":
    """Whether what answers is garbled; None for silence."""
    try:
        bus.read(unit, *PROBE)
    except DeviceError as error:
        return {TIMEOUT: None, REFUSED: False}.get(error.kind, True)
    return False


class _Bus:
    """The bus at one setting, closed behind its use."""

    def __init__(self, where: str, setting: "Setting | None", delay_ms: int, alone: bool) -> None:
        if setting is not None:
            self._bus: "ModbusSerial | ModbusTcp" = ModbusSerial(
                where, setting.baud, setting.parity, setting.stop_bits, pause_ms=PAUSE_MS, delay_ms=delay_ms,
                alone=alone)
        else:
            host, port = host_port(where)
            self._bus = ModbusTcp(host, port, TCP_TIMEOUT_MS, reconnect_most_ms=0)

    def __enter__(self) -> "ModbusSerial | ModbusTcp":
        return self._bus

    def __exit__(self, *why: object) -> None:
        self._bus.close()
