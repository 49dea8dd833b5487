"""Twin of a Hardy Barth Salia: numbers in quotes, phases switched by "toggle", told elsewhere since firmware 2.3."""

import json
from typing import Any

from drivers.hardy_barth_salia import API, BOX, SAVE, SECC
from sim.car import Car
from sim.twins import wired
from sim.twins.json_wallbox import FORM, JsonBoxTwin
from sim.twins.wallbox import nature


def words(letter: str, offers: bool) -> "dict[str, int]":
    return {"plugged": int(letter != "A"), "charging": int(letter == "C")}


NATURE = nature(words, power_on={"mode": 0})


class SaliaTwin(JsonBoxTwin):
    takes_forms = True
    texts = ("plugged", "charging", "total_w", "current_ma", "import_wh", "limit_ma")
    version = "2.3.81"
    beats = 0
    no = b'{"result": "error"}'

    def document(self, where: str) -> "bytes | None":
        said = super().document(where)
        if said is None or where != API:
            return said
        tree: "dict[str, Any]" = json.loads(said)
        return json.dumps({"device": {"modelname": "cPH2", "software_version": self.version}, **tree}).encode()

    def heard(self, how: str, where: str, what: str) -> "tuple[tuple[str, int], ...] | None":
        if how != FORM or where != (SAVE if self.version >= "2.3" else SECC):
            return None
        ((key, value),) = json.loads(what).items()
        if key == "salia/heartbeat":
            self.beats += 1
            return ()
        if key == "salia/chargemode":
            return (("mode", int(value == "manual")),)
        if not self.told["mode"]:
            return ()
        if key == "salia/phase_switching/setphase":
            return (("conductors", 4 - self.told["conductors"]),)
        return (("limit_ma", 1_000 * int(value)) if key == "grid_current_limit" else ("enabled", int(value)),)


def build(part: Car, options: "dict[str, object]") -> SaliaTwin:
    return SaliaTwin(part, BOX, NATURE, wired(options))
