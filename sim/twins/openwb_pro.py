"""Twin of the openWB Pro: no fail-safe, and what it offers follows some seconds late."""

import re

from drivers.openwb_pro import BOX, CONNECT
from sim.car import Car
from sim.twins import wired
from sim.twins.json_wallbox import FORM, JsonBoxTwin
from sim.twins.wallbox import nature


def words(letter: str, offers: bool) -> "dict[str, int]":
    return {"plugged": int(letter != "A"), "charging": int(letter == "C")}


NATURE = nature(words)


class ProTwin(JsonBoxTwin):
    lag_ms = 2_000
    takes_forms = True
    flags = ("plugged", "charging")

    def heard(self, how: str, where: str, what: str) -> "tuple[tuple[str, int], ...] | None":
        found = re.fullmatch(r"(ampere|phasetarget)=(\d+)", what) if how == FORM and where == CONNECT else None
        if found is None:
            return None
        return (("limit_ma", 1_000 * int(found[2])) if found[1] == "ampere" else ("conductors", int(found[2])),)

    def _do(self, orders: "tuple[tuple[str, int], ...]") -> "bytes | None":
        return None if self.refuse_writes else super()._do(orders)


def build(part: Car, options: "dict[str, object]") -> ProTwin:
    return ProTwin(part, BOX, NATURE, wired(options))
