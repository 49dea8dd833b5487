"""Why a port cannot be had, from what the system and pyserial really raise."""

import os
from pathlib import Path

from drivers.modbus_serial import ModbusSerial
from drivers.serial_stream import SerialStream
from hal.faults import DeviceError


def words(path: str) -> "set[str]":
    """Of whoever opens it to read, and as a Modbus master."""
    out = set()
    for ask in (lambda: SerialStream(path).read(1, 0), lambda: ModbusSerial(path, 9600, "N", 1).read(1, 3, 0, 1)):
        try:
            ask()
        except DeviceError as error:
            out.add(error.detail)
    return out


def test_a_port_that_is_not_there_is_none_or_is_taken(tmp_path: Path) -> None:
    assert words(f"{tmp_path}/ttyUSB0") == {f"{tmp_path}/ttyUSB0: No such file or directory"}
    assert words("/dev/null") == {"/dev/null: no serial port"}
    ours, theirs = os.openpty()
    path = os.ttyname(theirs)
    held = SerialStream(path)
    assert held.read(1, 0) == b""
    assert words(path) == {f"{path}: another program has it open"}
    held.close()
    os.close(ours)
    os.close(theirs)
