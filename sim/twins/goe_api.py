"""Twin of the go-e Charger over HTTP or MQTT: no fail-safe; each key it is told is answered with true."""

import json
import re

from drivers.goe_api import KEYS, table
from sim.car import Car
from sim.twins import wired
from sim.twins.json_wallbox import JsonBoxTwin
from sim.twins.wallbox import nature

_FIELDS = {key: field for field, key in KEYS.items()}


def words(letter: str, offers: bool) -> "dict[str, int]":
    return {"state_code": {"A": 1, "B": 4, "C": 2, "E": 0}[letter], "card_number": 1}


NATURE = nature(words)


class GoeApiTwin(JsonBoxTwin):
    no = b'{"amp": "value not allowed"}'

    def __init__(self, part: Car, phases: "tuple[int, ...]", serial: str) -> None:
        self._serial = serial
        super().__init__(part, table(serial), NATURE, phases)

    def listens(self) -> "tuple[str, ...]":
        return tuple(f"go-eCharger/{self._serial}/{key}/set" for key in _FIELDS) if self._serial else ()

    def heard(self, how: str, where: str, what: str) -> "tuple[tuple[str, int], ...] | None":
        found = re.fullmatch(r"/api/set\?(\w+)=(\d+)", where) if how else re.fullmatch(r".*/(\w+)/set", where)
        if found is None or found[1] not in _FIELDS:
            return None
        value = int(found[2] if how else what)
        return ((_FIELDS[found[1]], value * (1_000 if found[1] == "amp" else 1)),)

    def yes(self, orders: "tuple[tuple[str, int], ...]") -> bytes:
        return json.dumps({KEYS[field]: True for field, _ in orders}).encode()

    def knows_zero(self) -> bool:
        return False


def build(part: Car, options: "dict[str, object]") -> GoeApiTwin:
    return GoeApiTwin(part, wired(options), str(options["goe_serial"]))
