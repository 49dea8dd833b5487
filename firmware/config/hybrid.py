"""The two devices of one hybrid inverter, at one address: what limits its roof, and what steers its battery."""

from collections.abc import Mapping
from typing import Any

from firmware.config import driver_modules
from firmware.config.tables import DeviceTable


def battery(driver: str, table: DeviceTable, devices: "Mapping[str, DeviceTable]") -> "dict[str, Any] | None":
    """Name and powers of the device that steers the battery of the inverter whose roof this one limits."""
    drivers = driver_modules.beside(driver)
    for name, other in devices.items():
        if str(type(other).__struct_config__.tag) in drivers and _place(other) == _place(table):
            powers = {key: getattr(other, key) for key in ("max_charge_w", "max_discharge_w")}
            return {"name": name, **powers}
    return None


def _place(table: DeviceTable) -> "tuple[str | None, int]":
    return table.line, 1 if table.unit is None else table.unit
