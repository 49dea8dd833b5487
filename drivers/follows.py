"""Whether a storage does what it is told, judged by what it takes.

Some cannot be read back, some keep what they are told and do nothing, as their installer has not allowed it. Less than
told is its right: it may be full, empty, cold or slow. More than it was told at any time lately, or the other way, is
neither.
"""

FOLLOWS_MS = 15_000  # from the word to the whole effect, its ramp and the age of what it says included
LOOSE_W, LOOSE_PERMILLE = 300, 100  # its own need, its losses, and how fine it measures
IN_A_ROW = 5  # readings
AGAIN = 2  # times it was told meanwhile: it may just have restarted
MOST = 64  # words kept; told more often, the oldest go


class Follows:
    def __init__(self) -> None:
        self._told: "list[tuple[int, int]]" = []  # (since when, power)
        self._wrong = self._again = 0

    def tells(self, now_ms: int, power_w: int) -> None:
        self._again += self._wrong > 0
        if not self._told or self._told[-1][1] != power_w:
            self._told = self._told[1 - MOST:] + [(now_ms, power_w)]

    def leaves(self) -> None:
        """It regulates by itself from now on."""
        self._told = []
        self._wrong = self._again = 0

    def judge(self, now_ms: int, total_w: "int | None") -> str:
        """What is wrong, said once it was wrong for some readings; else ""."""
        since_ms = now_ms - FOLLOWS_MS
        while len(self._told) > 1 and self._told[1][0] <= since_ms:
            del self._told[0]
        if not self._told or self._told[0][0] > since_ms or total_w is None:
            return ""
        powers_w = [power_w for _, power_w in self._told]
        most_w, least_w = max(powers_w + [0]), min(powers_w + [0])
        above = total_w > most_w + LOOSE_W + most_w * LOOSE_PERMILLE // 1000
        below = total_w < least_w - LOOSE_W + least_w * LOOSE_PERMILLE // 1000
        if not above and not below:
            self._wrong = self._again = 0
        else:
            self._wrong += 1
        if self._wrong < IN_A_ROW or self._again < AGAIN:
            return ""
        self._wrong = self._again = 0
        return "told %d W, and it takes %d W: it does not do what it is told" % (powers_w[-1], total_w)
