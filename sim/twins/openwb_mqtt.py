"""Twin of an openWB over MQTT: it switches phases when it is told to; without a heartbeat it stops after a while."""

import json

from drivers.openwb_mqtt import HEARTBEAT, TELL, table
from sim.car import Car
from sim.twins import wired
from sim.twins.json_wallbox import TOPIC, JsonBoxTwin
from sim.twins.openwb_pro import words
from sim.twins.wallbox import nature

NATURE = nature(words, power_on={"switch_now": 0, "phases_to_use": 3, "limit_ma": 0})
STOPS_MS = 60_000  # nobody says how long it really is
_FIELDS = {"set_current": "limit_ma", "phases_to_use": "phases_to_use", "trigger_phase_switch": "switch_now"}


class OpenWbTwin(JsonBoxTwin):
    flags = ("plugged", "charging")

    def __init__(self, part: Car, phases: "tuple[int, ...]", number: int) -> None:
        self._tell = TELL % number
        self._beat_ms = 0
        super().__init__(part, table(number), NATURE, phases)

    def listens(self) -> "tuple[str, ...]":
        return (*(self._tell + name for name in _FIELDS), HEARTBEAT)

    def heard(self, how: str, where: str, what: str) -> "tuple[tuple[str, int], ...] | None":
        if how != TOPIC or where not in self.listens():
            return None
        if where == HEARTBEAT:
            self._beat_ms = self.now_ms if json.loads(what)["heartbeat"] > 0 else self._beat_ms
            return ()
        value = json.loads(what)
        field = _FIELDS[where.rpartition("/")[2]]
        if field == "switch_now":
            return (("conductors", self.told["phases_to_use"]),)
        return ((field, 1_000 * value if field == "limit_ma" else value),)

    def _offered_ma(self) -> int:
        return 0 if self.now_ms - self._beat_ms >= STOPS_MS else super()._offered_ma()


def build(part: Car, options: "dict[str, object]") -> OpenWbTwin:
    return OpenWbTwin(part, wired(options), int(str(options["charge_point"])) - 1)
