"""Hardy Barth wallboxes with the Salia controller (cPH2, cPM2) over HTTP: 6 to 32 A in whole amperes, 1 or 3 phases.

Source: two independent drivers. From firmware 2.3 it is told elsewhere, which its version says. It obeys in its mode
"manual" only. It has a heartbeat, which it is sent every 30 s; what it does without, and when, nobody says, so nothing
is counted on. Between one and three phases it only knows "the other": it is told that once, and then looked at.
"""

import json

from drivers import json_fields
from drivers.json_wallbox import POST, PUT, JsonWallbox, Place, Words, named, places
from drivers.meter_facts import DRIVERS
from drivers.orders import Order
from drivers.register_device import needed, one
from drivers.wallbox_table import Enable, ability_of, box, options_of, switch
from hal.faults import RANGE, REFUSED, DeviceError
from hal.ports import Web
from hal.values import Ability

LINES = ("http",)
FAILSAFE = "none that is counted on: nobody says what it does without our heartbeat; released it is paused at 0"

API = "/api"
ALIVE_MS = 30_000
NEWER = (2, 3)  # firmware that is told at SAVE
SAVE, SECC = "/save_mqtt.php", "/api/secc"
PORT = ("secc", "port0")
MEASURED = (*PORT, "metering")


def state(values: "dict[str, tuple[int | None, ...]]") -> str:
    plugged, charging = needed(values, "plugged")[0], needed(values, "charging")[0]
    if plugged > 1 or charging > 1:
        raise DeviceError(RANGE, "plugged %d, charging %d" % (plugged, charging))
    return "A" if not plugged else "C" if charging else "B"


BOX = box(
    "Hardy Barth Salia (cPH2, cPM2)", DRIVERS,
    places(
        Place("plugged", API, (*PORT, "ev_present")), Place("charging", API, (*PORT, "charging")),
        Place("total_w", API, (*MEASURED, "power", "active_total", "actual"), 1, 10),
        *(Place("current_ma", API, (*MEASURED, "current", "ac", f"l{at}", "actual")) for at in (1, 2, 3)),
        Place("import_wh", API, (*MEASURED, "energy", "active_import", "actual")),
        Place("limit_ma", API, (*PORT, "ci", "evse", "basic", "offered_current_limit"), 1_000),
        Place("enabled", API, (*PORT, "salia", "pausecharging")),
        Place("conductors", API, (*PORT, "salia", "phase_switching", "actual")),
        Place("mode", API, (*PORT, "salia", "chargemode"), word="manual"),
    ),
    state, named("limit_ma"), effective=True, settle_ms=15_000, refresh_ms=ALIVE_MS,
    enable=Enable(named("enabled"), 0, 1), switch=switch(named("conductors"), 1, 3, rest_ms=15_000),
)
OPTIONS = options_of(BOX)


class Salia(JsonWallbox):
    def __init__(self, port: Web, options: "dict[str, object]") -> None:
        super().__init__(port, BOX, options, self._put)

    def settings(self) -> "tuple[tuple[Order, int], ...]":
        return (*super().settings(), (named("mode"), 1))

    def judge(self, answer: object, where: str) -> None:
        if not isinstance(answer, dict) or answer.get("result") != "ok":
            raise DeviceError(REFUSED, f"{where}: {answer}")

    def _live(self, now_ms: int) -> None:
        if self._lives_ms is None or now_ms - self._lives_ms >= ALIVE_MS:
            self.tell(named("alive"), 1)
            self._lives_ms = now_ms

    def stand(self, current_ma: int) -> None:
        if not self.documents:
            self.fetch(self._now_ms)  # its version says where it is told
        super().stand(current_ma)

    def _strange(self, now_ms: int, values: "dict[str, tuple[int | None, ...]]") -> bool:
        """What it is told stands apart from what it offers, which is 0 while it is paused."""
        return super()._strange(now_ms, values) or (bool(self._told_ma) and one(values, "mode") == 0)

    def _put(self, field: str, value: int) -> "tuple[Words, ...]":
        said = {
            "limit_ma": (("grid_current_limit", str(value // 1_000)),),
            "enabled": (("grid_current_limit", "0"), ("salia/pausecharging", "1")) if value else (
                ("salia/pausecharging", "0"),),
            "conductors": (("salia/phase_switching/setphase", "toggle"),),
            "mode": (("salia/chargemode", "manual"),), "alive": (("salia/heartbeat", "alive"),),
        }[field]
        newer = self._version() >= NEWER
        how, where = (POST, SAVE) if newer else (PUT, SECC)
        return tuple((how, where, json.dumps({key: words})) for key, words in said)

    def _version(self) -> "tuple[int, ...]":
        found = json_fields.stands(self.documents.get(API), ("device", "software_version"))
        parts = str(found).split(".")[:2]
        if not all(part.isdecimal() for part in parts):
            raise DeviceError(RANGE, "software_version %s" % found)
        return tuple(int(part) for part in parts)


def ability(options: "dict[str, object]") -> Ability:
    return ability_of(BOX, options)


def build(port: Web, options: "dict[str, object]") -> Salia:
    return Salia(port, options)
