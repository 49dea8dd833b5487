"""One contact, looked at again and again: it counts once it has stood for a while, and then from when it began to.

Relays bounce for some milliseconds, and a long line catches surges.
"""


class Deglitch:
    """`look` gives how it has come to stand and since when, once for each change; as it is found at first is none."""

    def __init__(self, hold_ms: int) -> None:
        self._hold_ms = hold_ms
        self.stands: "bool | None" = None  # None: not known yet
        self._seen: "tuple[bool, int] | None" = None  # as it is, and since when it has been so without a break

    def look(self, closed: bool, now_ms: int) -> "tuple[bool, int] | None":
        if self._seen is None or self._seen[0] != closed:
            self._seen = (closed, now_ms)
        if now_ms - self._seen[1] < self._hold_ms or self.stands == closed:
            return None
        first, self.stands = self.stands is None, closed
        return None if first else self._seen

    def settled(self) -> bool:
        """Whether it was last seen as it stands."""
        return self._seen is not None and self._seen[0] == self.stands

    def lost(self) -> None:
        """It could not be looked at: what happened meanwhile is not known."""
        self._seen = None
