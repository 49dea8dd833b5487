"""How often a device may change what it stores: memory that wears out is told modes, never powers.

A mode is taken when it was wanted for a minute, at the earliest `rest_ms` after the last change, and so often a day.
"""

DAY_MS = 86_400_000
STEADY_MS = 60_000
CHANGES = 48  # a day: 100 000 cycles of a flash are more than five years


class ModeBudget:
    def __init__(self, rest_ms: int) -> None:
        self._rest_ms = rest_ms
        self._changed_ms: "list[int]" = []
        self._wanted = ""
        self._wanted_ms = 0

    def spent(self, now_ms: int) -> bool:
        """Whether there is nothing left of this day's."""
        self._changed_ms = [then for then in self._changed_ms if now_ms - then < DAY_MS]
        return len(self._changed_ms) >= CHANGES

    def may(self, wanted: str, now_ms: int) -> bool:
        """Whether what is wanted may be taken; called whenever it is wanted."""
        if wanted != self._wanted:
            self._wanted, self._wanted_ms = wanted, now_ms
        rested = not self._changed_ms or now_ms - self._changed_ms[-1] >= self._rest_ms
        return rested and now_ms - self._wanted_ms >= STEADY_MS

    def changed(self, now_ms: int) -> None:
        self._changed_ms.append(now_ms)
