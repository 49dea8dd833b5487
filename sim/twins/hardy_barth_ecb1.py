"""Twin of a Hardy Barth eCB1: it comes up in a mode of its own, and obeys in "manual" only."""

import re

from drivers.hardy_barth_ecb1 import CHARGING, table
from sim.car import Car
from sim.twins import wired
from sim.twins.json_wallbox import FORM, JsonBoxTwin
from sim.twins.wallbox import nature

STOPPED = 17


def words(letter: str, offers: bool) -> "dict[str, int]":
    return {"plugged": int(letter != "A"), "state_code": CHARGING if letter == "C" else STOPPED}


NATURE = nature(words, power_on={"mode": 0, "enabled": 1})


class Ecb1Twin(JsonBoxTwin):
    takes_forms = True
    flags = ("plugged",)

    def __init__(self, part: Car, phases: "tuple[int, ...]", control: int, meter: int) -> None:
        self._at = f"/api/v1/chargecontrols/{control}"
        super().__init__(part, table(control, meter), NATURE, phases)

    def heard(self, how: str, where: str, what: str) -> "tuple[tuple[str, int], ...] | None":
        if how != FORM or not where.startswith(self._at):
            return None
        found = re.fullmatch(r"manualmodeamp=(\d+)", what)
        if where.endswith("/mode/manual/ampere") and found:
            return (("limit_ma", 1_000 * int(found[1])),) if self.told["mode"] else ()
        if where.endswith("/mode"):
            return (("mode", int(what == "mode=manual")),)
        return (("enabled", int(where.endswith("/start"))),) if where.endswith(("/start", "/stop")) else None

    def _do(self, orders: "tuple[tuple[str, int], ...]") -> "bytes | None":
        return None if self.refuse_writes else super()._do(orders)

    def knows_zero(self) -> bool:
        return False


def build(part: Car, options: "dict[str, object]") -> Ecb1Twin:
    return Ecb1Twin(part, wired(options), int(str(options["control"])), int(str(options["meter_number"])))
