"""Hardy Barth wallboxes with the eCB1 controller (cPH1, cPP1) over HTTP: 6 to 32 A in whole amperes.

Source: two independent drivers. It obeys in its mode "manual" only, which it is told when it is armed. Its energy is in
kWh: so says the maker's description (as OpenEMS users quote it), so evcc and two others take it, and a real box at rest
told 6541.3684; a newer OpenEMS driver takes it for Wh. Told to stop and still charging is the device's fault.
"""

from collections.abc import Callable

from drivers.given import whole
from drivers.json_wallbox import POST, JsonWallbox, Place, Words, named, places
from drivers.meter_facts import DRIVERS
from drivers.orders import ON_CHANGE, Order
from drivers.register_device import needed, one
from drivers.wallbox_table import Box, Enable, ability_of, box, options_of
from hal.faults import RANGE, DeviceError
from hal.options import integer
from hal.ports import Web
from hal.values import Ability, Phases

LINES = ("http",)
FAILSAFE = "none that is known: it keeps its last current; released it is stopped"

CHARGING = 5
MANUAL = "manual"


def state(values: "dict[str, tuple[int | None, ...]]") -> str:
    code, plugged = needed(values, "state_code")[0], needed(values, "plugged")[0]
    if plugged > 1:
        raise DeviceError(RANGE, "connected %d" % plugged)
    if not plugged:
        return "A"
    return "C" if code == CHARGING else "B"


def table(control: int, meter: int) -> Box:
    """`control`, `meter`: their numbers in the controller."""
    at, of = f"/api/v1/chargecontrols/{control}", f"/api/v1/meters/{meter}"

    def data(field: str, codes: "tuple[str, ...]", num: int) -> "tuple[Place, ...]":
        return tuple(Place(field, of, ("meter", "data", f"1-0:{code}.4.0"), num) for code in codes)

    return box(
        "Hardy Barth eCB1 (cPH1, cPP1)", DRIVERS,
        places(
            Place("plugged", at, ("chargecontrol", "connected")),
            Place("state_code", at, ("chargecontrol", "stateid")),
            Place("limit_ma", at, ("chargecontrol", "manualmodeamp"), 1_000),
            Place("mode", at, ("chargecontrol", "mode"), word=MANUAL),
            *data("total_w", ("1",), 1), *data("power_w", ("21", "41", "61"), 1),
            *data("current_ma", ("31", "51", "71"), 1_000), *data("voltage_mv", ("32", "52", "72"), 1_000),
            Place("import_wh", of, ("meter", "data", "1-0:1.8.0"), 1_000),
        ),
        state, named("limit_ma"), enable=Enable(named("enabled"), 1, 0), refresh_ms=ON_CHANGE,
    )


BOX = table(1, 1)
OPTIONS = options_of(BOX, integer("control", 1, 1, 8, "number of the charge control"),
                     integer("meter_number", 1, 1, 8, "number of its meter"))


class Ecb1(JsonWallbox):
    def settings(self) -> "tuple[tuple[Order, int], ...]":
        return (*super().settings(), (named("mode"), 1))

    def limit(self, values: "dict[str, tuple[int | None, ...]]") -> "Phases | None":
        """The current stands while it is stopped, too."""
        if self._told_ma == 0 and one(values, "state_code") != CHARGING:
            values = {**values, "limit_ma": (0,)}
        return super().limit(values)


def words_of(control: int) -> "Callable[[str, int], tuple[Words, ...]]":
    at = f"/api/v1/chargecontrols/{control}"

    def words(field: str, value: int) -> "tuple[Words, ...]":
        if field == "limit_ma":
            return ((POST, at + "/mode/manual/ampere", "manualmodeamp=%d" % (value // 1_000)),)
        if field == "mode":
            return ((POST, at + "/mode", "mode=" + MANUAL),)
        return ((POST, at + ("/start" if value else "/stop"), ""),)

    return words


def ability(options: "dict[str, object]") -> Ability:
    return ability_of(BOX, options)


def build(port: Web, options: "dict[str, object]") -> Ecb1:
    control = whole(options, "control")
    return Ecb1(port, table(control, whole(options, "meter_number")), options, words_of(control))
