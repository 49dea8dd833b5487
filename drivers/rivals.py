"""Whether something else than was told is found again and again: then the device has another master.

Once is a power cut, twice a bad moment.
"""

MOST, WITHIN_MS = 3, 60_000  # so many strange values within this time are another master
WORDS = " again and again: another master?"


class Rivals:
    def __init__(self) -> None:
        self._found_ms: "list[int]" = []
        self._mended_ms: "list[int]" = []

    def found(self, now_ms: int) -> bool:
        """Notes that it is; true with every third."""
        self._found_ms = _lately(self._found_ms, now_ms) + [now_ms]
        if len(self._found_ms) < MOST:
            return False
        self._found_ms = []
        return True

    def may_mend(self, now_ms: int) -> bool:
        """Whether what it may store can be written once more: two who put it right in turn would wear it out."""
        self._mended_ms = _lately(self._mended_ms, now_ms)
        if len(self._mended_ms) >= MOST:
            return False
        self._mended_ms.append(now_ms)
        return True


def _lately(times_ms: "list[int]", now_ms: int) -> "list[int]":
    return [then for then in times_ms if now_ms - then < WITHIN_MS]
