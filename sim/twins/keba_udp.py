"""Twin of a KEBA P30 over UDP: reports, confirmations, and notes it sends by itself when its state or its plug changes.

`say(words)` is what it answers; `notes()` what it has to tell unasked. Its fail-safe outlives a power cut once saved.
"""

import json

from drivers.keba_p30_p40 import CAR
from drivers.keba_udp import BOX, BY_UDP, COOL_MS, LIVE, NO, OK, REPORT, SESSION
from sim.car import Car
from sim.twins import wired
from sim.twins.json_wallbox import JsonBoxTwin
from sim.twins.wallbox import LIMIT, nature


def words(letter: str, offers: bool) -> "dict[str, int]":
    code = {"A": 1, "B": 2 if offers else 1, "C": 3, "E": 4}[letter]
    return {"state_code": code, "cable": 3 if letter == "A" else 3 | CAR}


NATURE = nature(words, LIMIT, power_on={"enabled_user": 1, "phase_source": 0})
_ONE = {"curr": "limit_ma", "ena": "enabled_user", "x2src": "phase_source", "x2": "conductors"}


class KebaUdpTwin(JsonBoxTwin):
    def __init__(self, part: Car, phases: "tuple[int, ...]", host: str) -> None:
        self.host = host
        self.deaf = False  # nothing reaches it
        self._moved_ms = -COOL_MS
        self._noted: "dict[str, int]" = {}
        super().__init__(part, BOX, NATURE, phases)

    def power_cycle(self) -> None:
        kept = {field: self.told[field] for field in ("failsafe_ma", "failsafe_s")}
        super().power_cycle()
        self.told.update(kept)

    def _offered_ma(self) -> int:
        return super()._offered_ma() if self.told["enabled_user"] else 0

    def values(self) -> "dict[str, tuple[int, ...]]":
        out = super().values()
        out["user_ma"] = (self.told["limit_ma"],)
        return out

    def say(self, text: str) -> "tuple[str, ...]":
        if self.deaf:
            return ()
        if text in ("report 1", REPORT, LIVE, SESSION):
            said = json.loads(self.document(text) or b"{}")
            if text == "report 1":
                said["Product"] = "KC-P30-EC240122-E00"
            if text == SESSION:
                said["RFID tag"] = self.card
            return (json.dumps({"ID": text.split()[1], "Serial": "22054282", **said}),)
        orders = self._orders(text.split())
        if orders is None or self._do(orders) != self.yes(orders):
            return (NO + " : command not understood",)
        return (OK + " :done",)

    def notes(self) -> "tuple[str, ...]":
        now = {"State": self._values["state_code"][0], "Plug": self._values["cable"][0]}
        changed = {key: value for key, value in now.items() if self._noted.get(key, value) != value}
        self._noted = now
        return tuple(json.dumps({key: value}) for key, value in changed.items())

    def _orders(self, parts: "list[str]") -> "tuple[tuple[str, int], ...] | None":
        if not all(part.isdecimal() for part in parts[1:]):
            return None
        numbers = [int(part) for part in parts[1:]]
        if parts[0] in _ONE and len(numbers) == 1:
            return ((_ONE[parts[0]], numbers[0]),) if self._takes(parts[0], numbers[0]) else None
        if parts[0] == "currtime" and len(numbers) == 2:
            return (("limit_ma", numbers[0]),)
        if parts[0] == "failsafe" and len(numbers) == 3:
            return (("failsafe_s", numbers[0]), ("failsafe_ma", numbers[1]))
        return None

    def _takes(self, name: str, value: int) -> bool:
        if name == "x2":
            if self.told["phase_source"] != BY_UDP or self.now_ms - self._moved_ms < COOL_MS:
                return False
            self._moved_ms = self.now_ms
        return name != "curr" or value >= 6_000


def build(part: Car, options: "dict[str, object]") -> KebaUdpTwin:
    return KebaUdpTwin(part, wired(options), str(options["host"]))
