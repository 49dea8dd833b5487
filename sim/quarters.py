"""Highest mean import of a quarter of an hour: by the clock, and of any quarter in steps of half a minute."""

QUARTER_S = 900
SLOT_S = 30
SLOTS = QUARTER_S // SLOT_S


class Quarters:
    """`second` gets the power of each second; quarters that were not whole do not count."""

    def __init__(self) -> None:
        self.clock_w = 0
        self.sliding_w = 0
        self._sum = 0
        self._seconds = 0
        self._slots: "list[int]" = []
        self._slot = 0
        self._slot_s = 0

    def second(self, now_ms: int, power_w: int) -> None:
        """The second that ends at `now_ms`, since midnight; + is import."""
        import_w = max(power_w, 0)
        self._sum += import_w
        self._seconds += 1
        if now_ms // 1000 % QUARTER_S == 0:
            if self._seconds == QUARTER_S:
                self.clock_w = max(self.clock_w, self._sum // QUARTER_S)
            self._sum = self._seconds = 0
        self._slot += import_w
        self._slot_s += 1
        if self._slot_s == SLOT_S:
            self._slots = (self._slots + [self._slot])[-SLOTS:]
            self._slot = self._slot_s = 0
            if len(self._slots) == SLOTS:
                self.sliding_w = max(self.sliding_w, sum(self._slots) // QUARTER_S)
