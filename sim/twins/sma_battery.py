"""Twin of an SMA battery inverter: after a minute without bounds it regulates by itself."""

from drivers.sma_battery import BOUNDS, DEFAULT, MODE, READS, SLOW
from sim.bank import Registers
from sim.battery import Battery
from sim.twins import wired
from sim.twins.register_storage import StoreTwin, kind


def wish(told: "dict[str, tuple[int, ...]]", part: Battery) -> "int | None":
    """Exact when least and most are alike; in its default mode with room, its own regulation."""
    least_in, most_in, least_out, most_out, _ = told["bounds_w"]
    if most_in and least_in == most_in:
        return most_in
    if most_out and least_out == most_out:
        return -most_out
    return None if most_in or most_out else 0


class SmaTwin(StoreTwin):
    def power_cycle(self) -> None:
        super().power_cycle()
        self._forget()

    def _forget(self) -> None:
        most_w = self._part.max_w
        self.told["bounds_w"] = (0, most_w, 0, most_w, 0)
        self.told["mode"] = (DEFAULT,)


KIND = kind((MODE, BOUNDS), wish, failsafe_ms=60_000)


def build(registers: Registers, part: Battery, options: "dict[str, object]") -> SmaTwin:
    return SmaTwin(registers, part, READS + SLOW, KIND, wired(options))
