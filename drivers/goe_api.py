"""go-e Charger V3/V4 (HOMEfix, HOME+, Gemini) over HTTP (API v2) or MQTT: 6 to 32 A in whole amperes, 1 or 3 phases.

Source: maker's API v2, which has to be switched on in the app; over MQTT the topics are from one source, and writing
has to be allowed there too. `frc` is 2 to charge and 1 to stop; 0 would leave it to the box. It is told only what
changes. `nrg` is voltage, current and power of each phase in turn. A first-generation box (API v1) is another one.
"""

from drivers.given import whole, word
from drivers.json_wallbox import GET, TOPIC, JsonWallbox, Place, Words, named, phases_at, places
from drivers.meter_facts import MAKER
from drivers.orders import CONFIRM, ON_CHANGE, confirmed
from drivers.register_wallbox import lettered
from drivers.wallbox_table import Box, Enable, ability_of, box, options_of, switch
from hal.faults import FRAME, REFUSED, DeviceError
from hal.options import integer, text
from hal.ports import Inbox, Web
from hal.values import Ability

LINES = ("http", "mqtt")
FAILSAFE = "none of its own: it keeps its last current; released it is off (frc 1) until the app or we say otherwise"

STATES = {0: "F", 1: "A", 2: "C", 3: "B", 4: "B"}
STATUS = "/api/status?filter=car,amp,frc,psm,nrg,wh,eto,trx"
KEYS = {"limit_ma": "amp", "enabled": "frc", "conductors": "psm"}


def state(values: "dict[str, tuple[int | None, ...]]") -> str:
    return lettered(values, STATES)


def table(serial: str) -> Box:
    """`serial`: over MQTT; each key is a topic of its own there, over HTTP all stand in one document."""
    def at(key: str) -> "tuple[str, tuple[str, ...]]":
        return (f"go-eCharger/{serial}/{key}", ()) if serial else (STATUS, (key,))

    nrg = at("nrg")
    return box(
        "go-e Charger V3/V4 (HTTP, MQTT)", MAKER,
        places(
            Place("state_code", *at("car")),
            *phases_at("voltage_mv", *nrg, 0, 1_000), *phases_at("current_ma", *nrg, 4, 1_000),
            *phases_at("power_w", *nrg, 7, 1), Place("total_w", nrg[0], (*nrg[1], "11")),
            Place("limit_ma", *at("amp"), 1_000), Place("conductors", *at("psm")), Place("enabled", *at("frc")),
        ),
        state, named("limit_ma"), slow=places(
            Place("import_wh", *at("eto")), Place("session_wh", *at("wh")), Place("card_number", *at("trx"))),
        enable=Enable(named("enabled"), 2, 1), switch=switch(named("conductors"), 1, 2, rest_ms=30_000),
        refresh_ms=ON_CHANGE,
    )


BOX = table("")
OPTIONS = options_of(
    BOX, text("goe_serial", "", 6, 6, "over MQTT: its serial number, six digits"),
    integer("sends_s", 5, 1, 60, "over MQTT: how often it says anything at all"), CONFIRM)


class GoeApi(JsonWallbox):
    def judge(self, answer: object, where: str) -> None:
        """It answers each key with true, or with why not."""
        if where.startswith("/"):
            if not isinstance(answer, dict) or not answer:
                raise DeviceError(FRAME, where + ": no answer of a go-e")
            if any(each is not True for each in answer.values()):
                raise DeviceError(REFUSED, f"{where}: {answer}")


def ability(options: "dict[str, object]") -> Ability:
    over, serial = options.get("line_kind"), word(options, "goe_serial")
    if (over == "mqtt" and not serial) or (over == "http" and serial):
        raise ValueError("goe_serial: over MQTT it is needed, over HTTP there is no use for it")
    if serial:
        confirmed(options)
    return ability_of(BOX, options)


def build(port: "Web | Inbox", options: "dict[str, object]") -> GoeApi:
    serial = word(options, "goe_serial")

    def words(field: str, value: int) -> "tuple[Words, ...]":
        key, said = KEYS[field], value // 1_000 if field == "limit_ma" else value
        if serial:
            return ((TOPIC, f"go-eCharger/{serial}/{key}/set", str(said)),)
        return ((GET, f"/api/set?{key}={said}", ""),)

    return GoeApi(port, table(serial), options, words, 1_000 * whole(options, "sends_s"), ability(options))
