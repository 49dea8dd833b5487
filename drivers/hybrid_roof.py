"""The roof of a hybrid inverter, limited beside its battery, which another device of the same address steers.

Such an inverter takes one limit, and that is of its AC side: what the roof makes, less what the battery takes, more
what it gives. Charging is on the DC side and is not held back by it. So the roof is what flows out and into the
battery, and a limit of the roof is told less what the battery took when the roof was read: that is what may flow out
whatever the battery does next. A discharge that is told needs room at once: the battery says so before, as it must not
wait until the limit is told again.
"""

from drivers.generator import limit_w
from hal.faults import DeviceError
from hal.ports import Load
from hal.values import Ability, Reading, Setpoint, placed, reading

LEAST_ROOM_W = 50  # a discharge that lacks less waits for the limit's next turn
RISE_PERMILLE = 10  # of what the roof can make, each time it is told
FOLLOWS_MS = 10_000  # a battery that has not given it by then will not: its room is not the roof's


class Limited(Load):
    """An inverter as seen from its AC side."""

    def limit_to(self, power_w: int) -> None:
        """No more than that flows out of it; rounded towards less, and never more than it can."""
        raise NotImplementedError


class Battery:
    def battery_w(self) -> "int | None":
        """+ while charging; None while it says nothing."""
        raise NotImplementedError

    def forget(self) -> None:
        """Where that stands: restarted, the inverter may lay its models out anew."""


class HybridRoof(Load):
    """Readings and setpoints are those of the roof alone."""

    def __init__(self, inverter: Limited, battery: Battery, wired: "tuple[int, ...]", able: Ability,
                 most_give_w: int) -> None:
        self._inverter = inverter
        self._battery = battery
        self._phases = wired
        self._able = able
        self._most_give_w = most_give_w
        self._makes_w = 0  # the roof, when it was read
        self._takes_w = 0  # the battery at that moment; - while it gives
        self._gives_w = 0  # what the battery was told to give
        self._short_ms: "int | None" = None  # since when it gives less
        self._now_ms = 0  # of the newest reading
        self._limit_w: "int | None" = None  # of the roof; None while it has none of ours
        self._still_w = 0  # what may flow out for that, without room for a discharge
        self._told_w = 0  # what it was told may flow out

    def arm(self) -> None:
        self._battery.forget()
        self._inverter.arm()

    def read(self, now_ms: int) -> Reading:
        """A battery that says nothing counts as still, for the roof as for all others."""
        said = self._inverter.read(now_ms)
        self._takes_w = self._battery.battery_w() or 0
        self._now_ms = now_ms
        short = self._gives_w > max(-self._takes_w, 0) + LEAST_ROOM_W
        self._short_ms = (now_ms if self._short_ms is None else self._short_ms) if short else None
        total_w = None if said.total_w is None else min(said.total_w - self._takes_w, 0)
        self._makes_w = -(total_w or 0)
        count = len(self._phases)
        shares = None if total_w is None else tuple([total_w * (n + 1) // count - total_w * n // count
                                                     for n in range(count)])
        return reading(now_ms, total_w=total_w, power_w=None if shares is None else placed(shares, self._phases),
                       voltage_mv=said.voltage_mv, state=said.state, temperature_mdegc=said.temperature_mdegc,
                       limit_w=None if said.limit_w is None else min(said.limit_w - self._takes_w, 0))

    def apply(self, setpoint: Setpoint) -> None:
        roof_w = limit_w(setpoint, self._able)
        self._still_w = self._without_room_w(roof_w)
        self._limit_w = roof_w
        self._tell()

    def release(self) -> None:
        self._limit_w = None
        self._inverter.release()

    def makes_room(self, power_w: "int | None") -> None:
        """Before the battery is told to take that; None: it will regulate by itself."""
        self._gives_w = self._most_give_w if power_w is None else max(-power_w, 0)
        if self._limit_w is None or self._out_w(self._limit_w) < self._told_w + LEAST_ROOM_W:
            return
        try:
            self._tell()
        except DeviceError:
            self._told_w = 0  # the roof's own turn says so; the battery is told all the same

    def _tell(self) -> None:
        assert self._limit_w is not None
        out_w = self._out_w(self._limit_w)
        self._inverter.limit_to(out_w)
        self._told_w = out_w

    def _without_room_w(self, roof_w: int) -> int:
        """Unless the roof may make more, hardly more flows out because the battery takes less by now: its limit will
        follow that. Nor less because it takes more, unless the limit says so: it may have reckoned with that. What it
        does not give any more is no room."""
        still_w = roof_w - self._takes_w
        if self._limit_w is None or roof_w > self._limit_w:
            return still_w
        still_w = min(still_w, self._still_w - self._able.min_w * RISE_PERMILLE // 1_000)
        if roof_w != self._limit_w:
            return still_w
        return max(still_w, min(self._still_w, roof_w + max(-self._takes_w, 0)))

    def _out_w(self, roof_w: int) -> int:
        """What may flow out while the roof may make that; a discharge has its room beside what the roof does make."""
        most_w = self._still_w
        if self._gives_w and (self._short_ms is None or self._now_ms - self._short_ms < FOLLOWS_MS):
            most_w = max(most_w, min(self._makes_w, roof_w) + self._gives_w)
        return max(most_w, -self._able.max_w)
