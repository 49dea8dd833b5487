"""Twin of contacts that somebody else closes: a control box, or a ripple-control receiver."""

from sim.pins import Pins
from sim.twins import Twin


class ContactTwin(Twin):
    """`contacts`: name -> (pin, pin of its other side or -1, whether it is closed at rest)."""

    def __init__(self, board: Pins, contacts: "dict[str, tuple[int, int, bool]]", to_ground: bool) -> None:
        self._board = board
        self._contacts = contacts
        self._to_ground = to_ground
        self._closed: "dict[str, bool]" = {}
        self._cut: "set[str]" = set()
        for name in contacts:
            self.set(name, contacts[name][2])

    def names(self) -> "tuple[str, ...]":
        return tuple(sorted(self._contacts))

    def set(self, name: str, closed: bool) -> None:
        self._closed[name] = closed
        self._show(name)

    def demand(self, name: str, on: bool) -> None:
        """As the box does it: away from how it rests, or back."""
        self.set(name, self._contacts[name][2] != on)

    def cut(self, name: str) -> None:
        """The wire of its first side breaks."""
        self._cut.add(name)
        self._show(name)

    def mend(self, name: str) -> None:
        self._cut.discard(name)
        self._show(name)

    def tick(self, now_ms: int) -> None:
        pass

    def _show(self, name: str) -> None:
        pin, rest_pin, _ = self._contacts[name]
        closed = self._closed[name]
        self._put(pin, closed and name not in self._cut)
        if rest_pin >= 0:
            self._put(rest_pin, not closed)

    def _put(self, pin: int, closed: bool) -> None:
        """An open contact leaves its pin to the pull."""
        if closed:
            self._board.drive(pin, not self._to_ground)
        else:
            self._board.let_go(pin)


def pin_of(options: "dict[str, object]", key: str) -> int:
    pin = options[key]
    assert isinstance(pin, int)
    return pin

