"""openWB Pro over HTTP: 6 to 32 A in whole amperes, on one or three phases.

Source: two independent drivers. Its current is told by a form and again every 20 s, as those do; what it does
without is known to nobody, so nothing is counted on. `offered_current` is what it offers and may follow late.
"""

from drivers.cards import TEXT, Card
from drivers.json_wallbox import POST, JsonWallbox, Place, Words, named, phases_at, places
from drivers.meter_facts import DRIVERS
from drivers.register_device import needed
from drivers.wallbox_table import ability_of, box, options_of, switch
from hal.faults import RANGE, DeviceError
from hal.ports import Web
from hal.values import Ability

LINES = ("http",)
FAILSAFE = "none that is counted on: it keeps its last current; released it is at 0"

CONNECT = "/connect.php"


def state(values: "dict[str, tuple[int | None, ...]]") -> str:
    plugged, charging = needed(values, "plugged")[0], needed(values, "charging")[0]
    if plugged > 1 or charging > 1:
        raise DeviceError(RANGE, "plugged %d, charging %d" % (plugged, charging))
    return "A" if not plugged else "C" if charging else "B"


BOX = box(
    "openWB Pro", DRIVERS,
    places(
        Place("plugged", CONNECT, ("plug_state",)), Place("charging", CONNECT, ("charge_state",)),
        *phases_at("current_ma", CONNECT, ("currents",), 0, 1_000),
        *phases_at("voltage_mv", CONNECT, ("voltages",), 0, 1_000),
        *phases_at("power_w", CONNECT, ("powers",), 0, 1), Place("total_w", CONNECT, ("power_all",)),
        Place("import_wh", CONNECT, ("imported",)), Place("limit_ma", CONNECT, ("offered_current",), 1_000),
        Place("conductors", CONNECT, ("phases_target",)),
    ),
    state, named("limit_ma"), effective=True, refresh_ms=20_000, settle_ms=15_000,
    card=Card(places(Place("card", CONNECT, ("rfid_tag",)))[0], TEXT),
    switch=switch(named("conductors"), 1, 3),
)
OPTIONS = options_of(BOX)


def words(field: str, value: int) -> "tuple[Words, ...]":
    form = "ampere=%d" % (value // 1_000) if field == "limit_ma" else "phasetarget=%d" % value
    return ((POST, CONNECT, form),)


def ability(options: "dict[str, object]") -> Ability:
    return ability_of(BOX, options)


def build(port: Web, options: "dict[str, object]") -> JsonWallbox:
    return JsonWallbox(port, BOX, options, words)
