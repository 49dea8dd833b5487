"""What everything that hangs on a node has in common: its watts, its meter, its place on the phases.

Also the two small tools of most parts: a delay, and a total shared exactly among conductors.
"""

from hal.values import NOMINAL_MV, ZERO, Phases, ma_of_w

DAY_MS = 86_400_000
WH_MWS = 3_600_000  # one watt hour
NOMINAL = Phases(NOMINAL_MV, NOMINAL_MV, NOMINAL_MV)


class Point:
    """Where a meter can be clamped: a part, or a node of the house."""

    power_w: Phases = ZERO  # mean of the step that has just passed; + from the grid into the point
    voltage_mv: Phases = NOMINAL
    import_mws = 0
    export_mws = 0

    @property
    def flow_ma(self) -> Phases:
        """Current on the grid phases, signed like power_w; cos phi 1."""
        w, mv = self.power_w, self.voltage_mv
        return Phases(ma_of_w(w[0], mv[0]), ma_of_w(w[1], mv[1]), ma_of_w(w[2], mv[2]))

    @property
    def import_wh(self) -> int:
        return self.import_mws // WH_MWS

    @property
    def export_wh(self) -> int:
        return self.export_mws // WH_MWS

    def _count(self, dt_ms: int) -> None:
        """Adds the step to the counters as German meters do: the phases are summed, then the sign is looked at."""
        w = self.power_w
        mws = (w[0] + w[1] + w[2]) * dt_ms
        if mws >= 0:
            self.import_mws += mws
        else:
            self.export_mws -= mws


class Part(Point):
    """A device or the loads nobody controls. `phases`: the grid phase (0, 1, 2) of each own conductor."""

    kind = "part"

    def __init__(self, phases: "tuple[int, ...]") -> None:
        assert 1 <= len(phases) <= 3
        assert len(set(phases)) == len(phases)
        assert all(0 <= phase <= 2 for phase in phases)
        self.phases = phases
        self.name = self.kind

    def step(self, now_ms: int, dt_ms: int) -> None:
        """Lives through the `dt_ms` (1..1000) that end at `now_ms`."""
        self._live(now_ms, dt_ms)
        self._count(dt_ms)

    def _live(self, now_ms: int, dt_ms: int) -> None:
        """Reads voltage_mv and what was commanded, sets power_w."""
        raise NotImplementedError


def shared(total_w: int, phases: "tuple[int, ...]") -> Phases:
    """`total_w` evenly on `phases`; the sum is exactly the total."""
    share_w, over_w = divmod(total_w, len(phases))
    out = [0, 0, 0]
    for i, phase in enumerate(phases):
        out[phase] = share_w + (1 if i < over_w else 0)
    return Phases(out[0], out[1], out[2])


class Lag:
    """A pipe: what comes out is what went in `lag_ms` ago."""

    _MOST = 16  # changes under way; one more takes the place of the newest

    def __init__(self, lag_ms: int, value: int = 0) -> None:
        self._lag_ms = lag_ms
        self._newest = value
        self._pipe: "list[tuple[int, int]]" = []
        self.value = value

    def step(self, value: int, now_ms: int, dt_ms: int) -> int:
        if value != self._newest:
            self._newest = value
            due_ms = now_ms - dt_ms + self._lag_ms
            if len(self._pipe) == self._MOST:
                due_ms = self._pipe.pop()[0]
            self._pipe.append((due_ms, value))
        while self._pipe and self._pipe[0][0] <= now_ms:
            self.value = self._pipe.pop(0)[1]
        return self.value

    def reset(self, value: int) -> None:
        """Forgets what is under way."""
        self._newest = self.value = value
        self._pipe = []


def toward(value: int, goal: int, most: int) -> int:
    """`value` moved towards `goal` by at most `most`."""
    if goal > value:
        return min(goal, value + most)
    return max(goal, value - most)
