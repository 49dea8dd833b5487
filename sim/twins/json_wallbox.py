"""Twin of a wallbox that tells in JSON by the very places its driver reads; what it is told shows `lag_ms` later.

A subclass says what words mean: `heard(how, where, what)` -> (field, value) of each order; None for what is none.
"""

import json
from typing import Any

from drivers.json_wallbox import Place, places_of, wheres_of
from drivers.wallbox_table import Box
from sim.bank import Refused
from sim.car import Car
from sim.twins import NetworkTwin
from sim.twins.wallbox import BoxTwin, Nature

GET, FORM, TOPIC = "GET", "FORM", ""


class JsonBoxTwin(BoxTwin, NetworkTwin):
    lag_ms = 1_000
    flags: "tuple[str, ...]" = ()  # fields that are told as true and false
    texts: "tuple[str, ...]" = ()  # and in quotes
    no = b'{"error": "no"}'

    def __init__(self, part: Car, box: Box, kind: Nature, phases: "tuple[int, ...]") -> None:
        self.refuse_writes = self.ignore_writes = self.frozen = self.nonsense = False
        self.written: "list[tuple[str, int]]" = []
        self._pending: "list[tuple[int, str, int]]" = []
        BoxTwin.__init__(self, part, box, kind, phases)
        self._values = self.values()

    def power_cycle(self) -> None:
        self.wake()
        self._pending = []

    def tick(self, now_ms: int) -> None:
        self.now_ms = now_ms
        for due_ms, field, value in [each for each in self._pending if each[0] <= now_ms]:
            self.told[field] = value
            self._pending.remove((due_ms, field, value))
        self._live()
        if not self.frozen:
            self._values = self.values()

    def heard(self, how: str, where: str, what: str) -> "tuple[tuple[str, int], ...] | None":
        raise NotImplementedError

    def yes(self, orders: "tuple[tuple[str, int], ...]") -> bytes:
        return b'{"result": "ok"}'

    def answer(self, path: str) -> "bytes | None":
        orders = self.heard(GET, path, "")
        return self.document(path) if orders is None else self._do(orders)

    def post(self, path: str, form: str) -> "bytes | None":
        orders = self.heard(FORM, path, form)
        return None if orders is None else self._do(orders)

    def hear(self, topic: str, message: str) -> "tuple[tuple[str, bytes], ...]":
        orders = self.heard(TOPIC, topic, message)
        if orders is not None:
            self._do(orders)
        return ()

    def said(self) -> "tuple[tuple[str, bytes], ...]":
        found = [(where, self.document(where)) for where in wheres_of(places_of(self.box))]
        return tuple((where, said) for where, said in found if said is not None)

    def document(self, where: str) -> "bytes | None":
        """What stands there, by the table."""
        tree: "Any" = {}
        seen: "dict[str, int]" = {}
        for place in places_of(self.box):
            at = seen.get(place.field, 0)
            seen[place.field] = at + 1
            if place.where == where:
                value = self._written(place, self._values[place.field][at])
                tree = value if not place.path else _put(tree, place.path, value)
        card: Any = self.box.card
        if card is not None and card.reg.where == where and isinstance(tree, dict):
            _put(tree, card.reg.path, self.card)
        return None if tree == {} else json.dumps(_lists(tree)).encode()

    def _written(self, place: Place, value: int) -> Any:
        if self.nonsense:
            return 32_639
        if place.word:
            return place.word if value else "other"
        if place.field in self.flags:
            return bool(value)
        number = value * place.den / place.num
        number = int(number) if number == int(number) else number
        return str(number) if place.field in self.texts else number

    def _do(self, orders: "tuple[tuple[str, int], ...]") -> "bytes | None":
        if self.refuse_writes:
            return self.no
        for field, value in orders:
            self.written.append((field, value))
            if not self.ignore_writes:
                try:
                    self._obey(field, value)
                except Refused:
                    return self.no
        if not self.frozen:
            self._values = self.values()
        return self.yes(orders)

    def _obey(self, field: str, value: "int | None") -> None:
        before = self.told.get(field)
        super()._obey(field, value)
        if field in ("limit_ma", "enabled", "conductors") and before is not None and value is not None:
            self.told[field] = before
            self._pending = [each for each in self._pending if each[1] != field]
            self._pending.append((self.now_ms + self.lag_ms, field, value))


def _put(tree: Any, path: "tuple[str, ...]", value: Any) -> Any:
    branch = tree
    for key in path[:-1]:
        branch = branch.setdefault(key, {})
    branch[path[-1]] = value
    return tree


def _lists(tree: Any) -> Any:
    """A branch whose keys are all numbers is a list."""
    if not isinstance(tree, dict):
        return tree
    if tree and all(key.isdecimal() for key in tree):
        return [_lists(tree.get(str(at), 0)) for at in range(1 + max(int(key) for key in tree))]
    return {key: _lists(value) for key, value in tree.items()}
