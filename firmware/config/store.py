"""What [device.NAME] says of a battery: of a storage's, or of the car's on a wallbox."""

from collections.abc import Callable, Mapping
from typing import Any

from control.values import NONE, Store, store
from firmware.config.tables import DeviceTable
from hal.values import Ability

STORAGE_KEYS = ("reserve_pct", "first_pct", "full_pct", "rest_below_w", "charge_curve", "discharge_curve", "grid_price",
                "grid_pct", "peak_pct")
BATTERY_KEYS = ("capacity_wh", "efficiency_pct", "depart_pct", "depart_at")
BANDS_PCT = (10, 50, 100)
EFFICIENCY_PCT = {"storage": 90, "wallbox": 80}  # there and back; a car's charger loses about a tenth one way

Add = Callable[[str, str], None]


def store_of(add: Add, table: DeviceTable, able: Ability, options: "Mapping[str, Any]") -> "Store | None":
    """None for what has no battery; what does not fit together is added by key."""
    kind = able.kind
    if kind not in EFFICIENCY_PCT or (kind == "wallbox" and all(getattr(table, key) is None for key in BATTERY_KEYS)):
        return None
    reserve, first, full = _bands(add, table) if kind == "storage" else (0, 0, 1_000)
    grid = full if table.grid_pct is None else 10 * table.grid_pct
    if grid > full:
        add("grid_pct", f"above full_pct; allowed are 0 to {full // 10}")
    _complete(add, table)
    _told(add, table, kind, options)
    efficiency_pct = EFFICIENCY_PCT[kind] if table.efficiency_pct is None else table.efficiency_pct
    return store(
        reserve, first, full, table.capacity_wh or 0, 10 * efficiency_pct, table.rest_below_w or 0,
        _curve(add, "charge_curve", table.charge_curve), _curve(add, "discharge_curve", table.discharge_curve),
        table.grid_price, grid, 10 * (table.depart_pct or 0), _of_day_ms(table.depart_at), 10 * (table.peak_pct or 0),
    )


def _bands(add: Add, table: DeviceTable) -> "tuple[int, int, int]":
    given = (table.reserve_pct, table.first_pct, table.full_pct)
    reserve, first, full = (default if pct is None else pct for pct, default in zip(given, BANDS_PCT))
    if not reserve <= first <= full:
        key = next(name for name, pct in zip(("first_pct", "reserve_pct", "full_pct"),
                                             (given[1], given[0], given[2])) if pct is not None)
        add(key, f"reserve_pct {reserve}, first_pct {first}, full_pct {full}: allowed is that none is above the next")
    return 10 * reserve, 10 * first, 10 * full


def _complete(add: Add, table: DeviceTable) -> None:
    """What one key needs of others."""
    if table.grid_pct is not None and table.grid_price is None:
        add("grid_pct", "up to there at which price? say grid_price too, in 0.001 ct/kWh")
    if table.peak_pct is not None:
        least, most = table.reserve_pct or BANDS_PCT[0], 100 if table.full_pct is None else table.full_pct
        if not least <= table.peak_pct <= most:
            add("peak_pct", f"allowed are {least} (reserve_pct) to {most} (full_pct)")
    if table.depart_at is not None and table.depart_pct is None:
        add("depart_at", "with which charge? say depart_pct too")
    if table.depart_pct is not None:
        least, most = table.reserve_pct or 0, 100 if table.full_pct is None else table.full_pct
        if not least <= table.depart_pct <= most:
            add("depart_pct", f"allowed are {least} (reserve_pct) to {most} (full_pct)")


def _told(add: Add, table: DeviceTable, kind: str, options: "Mapping[str, Any]") -> None:
    """What must be known of a battery before it can be filled to a charge in time."""
    if kind == "wallbox" and not options.get("soc"):
        key = next(key for key in BATTERY_KEYS if getattr(table, key) is not None)
        add(key, "it does not tell the charge of the car; leave it out (a json_device with soc = \"PATH\" tells it)")
    elif table.capacity_wh is None and not options.get("capacity"):
        for key in ("depart_at", "grid_price"):
            if getattr(table, key) is not None:
                add(key, "how much fits into it? say capacity_wh too")


def _curve(add: Add, key: str, texts: "tuple[str, ...] | None") -> "tuple[tuple[int, int], ...]":
    points = tuple((10 * int(text.partition("=")[0]), int(text.partition("=")[2])) for text in texts or ())
    charges = [charge for charge, _ in points]
    if charges != sorted(set(charges)):
        add(key, 'allowed is a list of "%=W" with rising %, each once')
    return points


def _of_day_ms(time: "str | None") -> int:
    return NONE if time is None else (60 * int(time[:2]) + int(time[3:])) * 60_000
