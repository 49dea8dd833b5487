"""Counters that rise with each sealed telegram of a meter: one that is not above the last has been sent before."""

from drivers.wmbus_frame import crc

MOST_METERS = 1_000


def name_of(meter: str, key: bytes) -> str:
    """Under which the counter of this meter with this key stands: with a new key it may begin anew."""
    return "%s/%04x" % (meter, crc(key))  # sixteen bits are far too little to tell a key by


class Counters:
    """The highest counter of each meter, in memory; a subclass keeps them over restarts."""

    def __init__(self) -> None:
        self.highest: "dict[str, int]" = {}

    def last(self, meter: str) -> int:
        """-1 for a meter that has not been heard yet."""
        return self.highest.get(meter, -1)

    def note(self, meter: str, counter: int) -> None:
        """Of a telegram that was opened and believed, and of no other. Never raises."""
        if counter > self.last(meter) and (meter in self.highest or len(self.highest) < MOST_METERS):
            self.highest[meter] = counter
            self.keep(meter, counter)

    def keep(self, meter: str, counter: int) -> None:
        """Where a restart finds it."""
