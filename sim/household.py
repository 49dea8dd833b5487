"""The loads nobody controls: a day of minute means, put on three phases and given edges within seconds.

A meter's minute means know neither phases nor seconds. So: what jumps is taken for an appliance, goes to
one phase chosen by the seed (cookers and other big ones to several) and stays there until it drops again;
the rest lies evenly on all three. A minute's change comes at one second of that minute, per phase. Some
long-running middling appliances are hobs and irons: their thermostat switches the full element, so
that the mean of half a minute is right and every second is not.
"""

from array import array

from hal.values import Phases
from sim.part import Part
from sim.rng import Rng
from sim.trace import MINUTES

_STEP_W = 600  # a jump from one minute to the next of this much is an appliance
_PLUG_W = 3_680  # 16 A at 230 V: more than that is wired to several phases
_HOB_W = (600, 1_600)  # mean power of appliances that may be thermostats at work ...
HOB_PERMILLE = 400  # ... as often as this
_ELEMENT_W = 2_000  # what their thermostat switches
_CYCLE_S = 30


class Household(Part):
    kind = "household"

    def __init__(
        self, phases: "tuple[int, ...]", minutes: "array[int]", seed: int, hob_permille: int = HOB_PERMILLE
    ) -> None:
        """`minutes`: W, one a minute from midnight; the day repeats. `hob_permille`: of the middling appliances."""
        super().__init__(phases)
        assert len(minutes) == MINUTES
        rng = Rng(seed)
        self._steady, self._hobs = _spread(minutes, phases, rng.fork(), hob_permille)
        self._rng = rng
        self._minute = -1
        self._was = self._now = self._minute_w(-1)
        self._edge_s = (0, 0, 0)

    def _live(self, now_ms: int, dt_ms: int) -> None:
        second = (now_ms - dt_ms) // 1000
        minute, within_s = divmod(second, 60)
        if minute != self._minute:
            self._minute = minute
            self._was, self._now = self._minute_w(minute - 1), self._minute_w(minute)
            rng = self._rng
            self._edge_s = (rng.below(60), rng.below(60), rng.below(60))
        was, now, edge_s = self._was, self._now, self._edge_s
        self.power_w = Phases(
            _switched(now[0] if within_s >= edge_s[0] else was[0], second),
            _switched(now[1] if within_s >= edge_s[1] else was[1], second),
            _switched(now[2] if within_s >= edge_s[2] else was[2], second),
        )

    def _minute_w(self, minute: int) -> "tuple[tuple[int, int], ...]":
        """(steady, hob) of each grid phase."""
        minute %= MINUTES
        return tuple((self._steady[p][minute], self._hobs[p][minute]) for p in range(3))


def _switched(load: "tuple[int, int]", second: int) -> int:
    """What a phase draws in this second, its hob being on or off."""
    steady_w, hob_w = load
    if hob_w == 0:
        return steady_w
    on_s = hob_w * _CYCLE_S // _ELEMENT_W + 1
    return steady_w + (hob_w * _CYCLE_S // on_s if second % _CYCLE_S < on_s else 0)


class _Appliance:
    def __init__(self, power_w: int, phase: int, hob: bool) -> None:
        self.power_w = power_w
        self.phase = phase
        self.hob = hob


def _spread(
    minutes: "array[int]", phases: "tuple[int, ...]", rng: Rng, hob_permille: int
) -> "tuple[tuple[array[int], ...], tuple[array[int], ...]]":
    """Watts of every minute by grid phase: what is steady, and what a thermostat switches."""
    steady = tuple(array("h", bytes(2 * MINUTES)) for _ in range(3))
    hobs = tuple(array("h", bytes(2 * MINUTES)) for _ in range(3))
    running: "list[_Appliance]" = []
    before_w = minutes[0]
    for minute, total_w in enumerate(minutes):
        if total_w - before_w >= _STEP_W:
            running.extend(_started(total_w - before_w, phases, rng, hob_permille))
        elif before_w - total_w >= _STEP_W:
            _stop(running, before_w - total_w)
        _fit(running, total_w)
        before_w = total_w
        base_w = total_w - _sum(running)
        for i, phase in enumerate(phases):
            steady[phase][minute] = (base_w + i) // len(phases)  # over all i the sum is base_w
        for appliance in running:
            (hobs if appliance.hob else steady)[appliance.phase][minute] += appliance.power_w
    return steady, hobs


def _started(power_w: int, phases: "tuple[int, ...]", rng: Rng, hob_permille: int) -> "list[_Appliance]":
    """One appliance, or as many as it takes to stay within a plug's power on each phase."""
    first = rng.below(len(phases))
    hob = _HOB_W[0] <= power_w <= _HOB_W[1] and rng.chance(hob_permille)
    out: "list[_Appliance]" = []
    while power_w > 0 and len(out) < len(phases):
        piece_w = min(power_w, _PLUG_W)
        out.append(_Appliance(piece_w, phases[(first + len(out)) % len(phases)], hob))
        power_w -= piece_w
    return out


def _stop(running: "list[_Appliance]", power_w: int) -> None:
    """Takes away the appliance whose power is nearest to the drop."""
    if running:
        running.remove(min(running, key=lambda appliance: abs(appliance.power_w - power_w)))


def _fit(running: "list[_Appliance]", total_w: int) -> None:
    """What runs can never be more than what was measured: the newest give way."""
    over_w = _sum(running) - total_w
    while over_w > 0:
        newest = running[-1]
        give_w = min(over_w, newest.power_w)
        newest.power_w -= give_w
        over_w -= give_w
        if newest.power_w == 0:
            running.pop()


def _sum(running: "list[_Appliance]") -> int:
    return sum(appliance.power_w for appliance in running)
