"""openWB series 2, Pro+ and all with openWB software 2.x set to "secondary", over the MQTT broker in the box itself.

Source: openWB's own software, as it controls another openWB. The heartbeat is the time of day: both computers'
clocks must be right. Without it the box is said to stop, but nobody says after how long, so that is not counted on. It
is told its current again every 10 s.
"""

import json
import time
from collections.abc import Callable

from drivers.given import whole, word
from drivers.json_wallbox import TOPIC, JsonWallbox, Place, Words, named, phases_at, places
from drivers.meter_facts import SINGLE
from drivers.openwb_pro import state
from drivers.wallbox_table import Box, ability_of, box, options_of, switch
from hal.options import integer, text
from hal.ports import Inbox
from hal.values import Ability

LINES = ("mqtt",)
FAILSAFE = "none that is counted on: without our heartbeat it is said to stop; released it is at 0"

ALIVE_MS = 5_000
ROOT = "openWB/internal_chargepoint/%d/get/"
TELL = "openWB/set/internal_chargepoint/%d/data/"
HEARTBEAT = "openWB/set/internal_chargepoint/global_data"


def table(number: int) -> Box:
    """`number`: of the charge point in the box, from 0."""
    at = ROOT % number
    return box(
        "openWB series 2, Pro+ (MQTT)", SINGLE,
        places(
            Place("plugged", at + "plug_state", ()), Place("charging", at + "charge_state", ()),
            *phases_at("current_ma", at + "currents", (), 0, 1_000),
            *phases_at("voltage_mv", at + "voltages", (), 0, 1_000),
            Place("total_w", at + "power", ()), Place("import_wh", at + "imported", ()),
            Place("limit_ma", at + "evse_current", (), 1_000),
        ),
        state, named("limit_ma"), effective=True, refresh_ms=10_000, settle_ms=20_000,
        switch=switch(named("conductors"), 1, 3, behind=((named("switch_now"), 1),), rest_ms=20_000),
    )


BOX = table(0)
OPTIONS = options_of(
    BOX, integer("charge_point", 1, 1, 2, "which charge point of the box"),
    text("own_host", "127.0.0.1", 1, 64, "this computer's address, for the display of the box"),
    integer("sends_s", 10, 1, 60, "how often it says anything at all"))


class OpenWb(JsonWallbox):
    """Its heartbeat is sent from the first order on."""

    def __init__(self, port: Inbox, options: "dict[str, object]") -> None:
        number = whole(options, "charge_point") - 1
        self._port = port
        self._own_host = word(options, "own_host")
        super().__init__(port, table(number), options, _words_of(number), 1_000 * whole(options, "sends_s"))

    def _live(self, now_ms: int) -> None:
        if self._lives_ms is None or now_ms - self._lives_ms >= ALIVE_MS:
            self._port.tell(HEARTBEAT, json.dumps({"heartbeat": int(time.time()), "parent_ip": self._own_host}))
            self._lives_ms = now_ms

    def stand(self, current_ma: int) -> None:
        self._live(self._now_ms)
        super().stand(current_ma)


def _words_of(number: int) -> "Callable[[str, int], tuple[Words, ...]]":
    names = {"limit_ma": "set_current", "conductors": "phases_to_use", "switch_now": "trigger_phase_switch"}

    def words(field: str, value: int) -> "tuple[Words, ...]":
        said = "true" if field == "switch_now" else str(value // 1_000 if field == "limit_ma" else value)
        return ((TOPIC, TELL % number + names[field], said),)

    return words


def ability(options: "dict[str, object]") -> Ability:
    return ability_of(BOX, options)


def build(port: Inbox, options: "dict[str, object]") -> OpenWb:
    return OpenWb(port, options)
