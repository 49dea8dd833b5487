"""The drivers there are: the modules of `drivers` that say on which lines they hang and which keys they take."""

import functools
import importlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from firmware.config.tables import DeviceTable, device_table

FOLDER = Path(__file__).resolve().parents[2] / "drivers"
_MARKS = (re.compile(r"^LINES\b", re.MULTILINE), re.compile(r"^OPTIONS\b", re.MULTILINE))


@functools.cache
def known() -> "tuple[str, ...]":
    """Read from the sources, so that a driver of hardware this machine has not got is not imported."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.py") if _is_driver(path.read_text("utf-8"))))


def module(name: str) -> Any:
    """LINES, OPTIONS, FAILSAFE, ability(options), build(port, options)."""
    assert name in known()
    return importlib.import_module("drivers." + name)


def beside(name: object) -> "tuple[str, ...]":
    """Of a driver of roofs: the drivers of a battery that may be on the same inverter, at the same address."""
    found: "tuple[str, ...]" = getattr(module(name), "BESIDE", ()) if name in known() and isinstance(name, str) else ()
    return found


def table(name: str) -> "type[DeviceTable]":
    """Of its devices; a driver without LINES hangs on none."""
    found = module(name)
    return device_table(name, found.OPTIONS, bool(found.LINES))


def tells_temperature(driver: str, options: "Mapping[str, Any]") -> bool:
    """Whether a device that heats can tell the temperature of its tank, as the README's list has it."""
    named = options.get("temperature")
    return bool(named) if named is not None else "temperature" in module(driver).LOAD.reads


def _is_driver(source: str) -> bool:
    return all(mark.search(source) for mark in _MARKS)
