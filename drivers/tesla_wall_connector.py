"""Tesla Wall Connector of the third generation over HTTP: it is only read, for nothing in the house can tell it a word.

Source: its own web interface, as several independent programs read it. As `role = "meter"` it measures a node of its
own: what a car draws there is reckoned with at the fuses before it. Its currents have no sign; it only draws.
"""

from typing import Any

from drivers import json_fields
from drivers.given import phases, word
from drivers.json_wallbox import Place, values_of, wheres_of
from drivers.meter_facts import DRIVERS, Facts
from drivers.register_device import needed, one, own_values
from hal.faults import RANGE, DeviceError
from hal.options import choice
from hal.ports import Meter, Web
from hal.values import Ability, Reading, placed, reading
from hal.values import ability as able

LINES = ("http",)
FAILSAFE = "only read: nothing is ever written to it"
METER = Facts("Tesla Wall Connector, third generation: what a car draws; only read", "state, U, I, P, energy", DRIVERS)
OPTIONS = (choice("role", "sensor", ("sensor", "meter"), "only shown, or the meter of a node of its own"),)

VITALS, LIFETIME = "/api/1/vitals", "/api/1/lifetime"
LIFETIME_EVERY_MS = 60_000
PLACES = (
    Place("closed", VITALS, ("contactor_closed",)), Place("plugged", VITALS, ("vehicle_connected",)),
    *(Place("current_ma", VITALS, (f"current{at}_a",), 1_000) for at in "ABC"),
    *(Place("voltage_mv", VITALS, (f"voltage{at}_v",), 1_000) for at in "ABC"),
    Place("frequency_mhz", VITALS, ("grid_hz",), 1_000), Place("session_wh", VITALS, ("session_energy_wh",)),
)
ENERGY = (Place("import_wh", LIFETIME, ("energy_wh",)),)


class WallConnector(Meter):
    def __init__(self, web: Web, options: "dict[str, object]") -> None:
        self._web = web
        self._phases = phases(options)
        self._import_wh: "int | None" = None
        self._asked_ms: "int | None" = None

    def read(self, now_ms: int) -> Reading:
        values = values_of(PLACES, self._documents(PLACES))
        closed, plugged = needed(values, "closed")[0], needed(values, "plugged")[0]
        if closed > 1 or plugged > 1:
            raise DeviceError(RANGE, "contactor_closed %d, vehicle_connected %d" % (closed, plugged))
        count = len(self._phases)
        current_ma = needed(values, "current_ma", count)
        voltage_mv = own_values(values, "voltage_mv", count)
        power_w = tuple(ma * mv // 1_000_000 for ma, mv in zip(current_ma, voltage_mv or (0,) * count))
        return reading(
            now_ms, total_w=None if voltage_mv is None else sum(power_w),
            power_w=None if voltage_mv is None else placed(power_w, self._phases),
            current_ma=placed(current_ma, self._phases),
            voltage_mv=None if voltage_mv is None else placed(voltage_mv, self._phases),
            frequency_mhz=one(values, "frequency_mhz"), state="C" if closed else "B" if plugged else "A",
            session_wh=one(values, "session_wh"), import_wh=self._energy(now_ms))

    def _energy(self, now_ms: int) -> "int | None":
        """Seldom: it changes slowly, and the box is slow."""
        if self._asked_ms is None or now_ms - self._asked_ms >= LIFETIME_EVERY_MS:
            self._asked_ms = now_ms
            self._import_wh = one(values_of(ENERGY, self._documents(ENERGY)), "import_wh")
        return self._import_wh

    def _documents(self, table: "tuple[Place, ...]") -> "dict[str, Any]":
        return {where: json_fields.document(self._web.get(where)) for where in wheres_of(table)}


def ability(options: "dict[str, object]") -> Ability:
    return able(word(options, "role"), settle_ms=0)


def build(port: Web, options: "dict[str, object]") -> WallConnector:
    return WallConnector(port, options)
