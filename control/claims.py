"""What one load asks for in one step, in its own unit, and what that means on each phase.

A level is mA per conductor for a wallbox and W for all others (- discharges a storage). Vectors: mA on L1, L2,
L3, then W; a level's vector is rounded up, a level made from room is rounded down, so no fuse pays for it.
"""

from control import reasons
from control.values import MODES, NEVER, NONE, DeviceSpec, LoadState, Sense
from control.vectors import NOTHING
from control.wiring import NO_LIMIT, Levels
from hal.values import NOMINAL_MV, STOP, Phases, Setpoint

LOW_MV = 207_000  # EN 50160: nominal - 10 %; the most current a power can mean
HIGH_MV = 253_000  # + 10 %; the most power a current can mean


class Claim:
    """Shrinks on its way through the step and does not outlive it."""

    __slots__ = (
        "able", "across_mv", "active", "alarm", "bar", "base", "capacity_wh", "conductors", "conductors_edge_ms",
        "device", "drawn", "driven", "edge_ms", "expects_w", "fill", "floor", "forms", "give_w", "goal", "goal_ms",
        "granted", "held", "high_mv", "idle_ms", "index", "keep", "keeps", "kind", "lease_w", "least_w", "level",
        "limit", "low", "low_mv", "mode", "most_w", "node", "on", "path", "phase", "quick_w", "rank", "reason",
        "running", "sense", "shares", "silent", "slow_w", "soc", "stages", "stands_w", "state", "step", "stood_ms",
        "store", "stuck", "take_w", "tank", "top", "usages", "uses", "uses_ms", "volt_mv", "waits", "wanted",
        "wanted_w", "yields",
    )

    def __init__(self, index: int, device: DeviceSpec, path: "tuple[int, ...]", levels: Levels, state: LoadState,
                 sense: Sense, mode: str, volts_mv: "tuple[int, int, int]") -> None:
        self.index = index
        self.device = device
        self.able = able = device.ability
        self.kind = able.kind
        self.path = path
        self.floor, self.top, self.step, self.base = levels.floor, levels.top, levels.step, levels.base
        self.stages, self.forms = levels.stages, levels.forms
        self.state = state
        self.sense = sense
        self.mode = mode if mode in MODES else device.mode
        self.low_mv, self.volt_mv, self.high_mv = volts_mv
        self.silent = able.measured and not sense.believed
        self.stuck = self.silent  # draws what it holds, whatever it is granted
        self.running = state.level != 0
        self.held = NOTHING  # most it may be drawing now
        self.drawn = NOTHING  # what it draws now, as far as that is known
        self.stands_w = 0  # most it may be discharging now, as a negative power
        self.quick_w = 0  # its share of the surplus over seconds
        self.slow_w = 0  # and over a minute and a half
        self.waits = reasons.WAITS_SURPLUS  # why that is not more
        self.shares = False  # has a part in it
        self.expects_w = 0  # what it draws, or will once it has followed its grant
        self.stood_ms = state.stood_ms
        self.edge_ms = state.edge_ms
        self.idle_ms = state.idle_ms
        self.conductors_edge_ms = state.conductors_edge_ms
        self.rank = device.priority  # higher is served first
        self.driven = 0  # why it takes from the grid beyond its mode
        self.lease_w: "int | None" = None  # what it shall take, whatever its mode
        self.yields = False  # a load that is served before it comes
        self.keeps = False  # a storage that gives nothing now
        self.limit = NO_LIMIT  # most its owner lets it have, as a level
        self.store = store = device.store
        if store is not None:
            self.soc: "int | None" = None  # charge of its battery in permille; None = not known now
            self.capacity_wh = 0  # of its battery; 0 = not known
            self.goal = 0  # what its charge shall reach, by goal_ms; 0 = nothing
            self.goal_ms = NEVER
            self.low = self.keep = store.reserve_permille  # not discharged below, against a peak and otherwise
            self.fill = store.full_permille  # not charged above
            self.take_w, self.give_w = max(able.max_w, 0), max(-able.min_w, 0)  # most it takes and gives now
        self.most_w = self.top  # with all its conductors
        if self.kind == "wallbox":
            self.most_w = able.max_ma * len(device.phases) * self.volt_mv // 1_000_000
        self.uses = state.uses
        self.uses_ms = state.uses_ms
        self.bar = 0  # why it may have no more than that (control.reasons); 0 = it may
        self.tank: "tuple[bool, int, int] | None" = None  # as in Upkeep: full, reached_ms, hot_ms
        self.alarm = 0  # what its owner should know (control.reasons)
        self.level = 0
        self.wanted = 0  # the level its mode asked for, before any limit
        self.wanted_w = 0
        self.reason = 0
        self.node = NONE
        self.phase = NONE
        self.set_conductors(state.conductors)
        self.granted = self.usage(state.level)  # most it may draw under its last grant

    def set_conductors(self, count: int) -> None:
        """How many conductors a wallbox shall use; what its least is in watts follows."""
        self.conductors = count
        self.usages: "dict[int, tuple[int, int, int, int]]" = {}  # by level, as far as reckoned already
        self.active, self.on = self.forms[count]
        self.across_mv = self.takes() * self.volt_mv
        self.least_w = self.floor
        if self.kind == "wallbox":
            across_mv = self.volt_mv if self.able.one_phase else self.across_mv
            self.least_w = self.floor * across_mv // 1_000_000

    def bind(self, level: int, reason: int, node: int = NONE, phase: int = NONE) -> None:
        """Takes `level` when that is less, and remembers who wanted it so."""
        if level < self.level:
            self.ask(level, reason, node, phase)

    def cap(self) -> None:
        """Takes no more than its owner lets it."""
        if self.limit < self.level:
            self.ask(self.limit, reasons.LIMIT)

    def ask(self, level: int, reason: int, node: int = NONE, phase: int = NONE) -> None:
        """Takes `level`, whatever was asked for before."""
        self.level, self.reason, self.node, self.phase = level, reason, node, phase

    def watts(self, level: int) -> int:
        """What a level draws, at the voltage there is."""
        if self.kind == "wallbox":
            return level * self.across_mv // 1_000_000
        return level

    def takes(self) -> int:
        """On how many of the conductors in use the car charges: as many as it was seen to, else on all of them."""
        count = len(self.active)
        return self.uses if 0 < self.uses < count else count

    def of_watts(self, power_w: int) -> int:
        """The highest level within a power, in the device's steps; 0 when even the least is more."""
        if self.kind == "wallbox":
            return self.stepped(power_w * 1_000_000 // self.across_mv)
        return self.stepped(power_w)

    def stepped(self, level: int) -> int:
        """The highest level the device can be set to that is not above `level`."""
        if self.kind == "stages":
            return max([total for total in self.stages if total <= level] or [0])
        if level > self.top:
            level = self.top
        level -= level % self.step
        return level if level >= self.floor else 0

    def usage(self, level: int) -> "tuple[int, int, int, int]":
        """The most a level draws; nothing while a storage discharges."""
        if level <= 0:
            return NOTHING
        use = self.usages.get(level)
        if use is None:
            use = self.usages[level] = self._usage(level)
        return use

    def _usage(self, level: int) -> "tuple[int, int, int, int]":
        if self.kind == "stages":
            out = [0, 0, 0]
            for power_w, p in zip(self.stage(level), self.device.phases):
                out[p] += -(-power_w * 1_000_000 // self.low_mv)
            return out[0], out[1], out[2], level
        share_ma, power_w, on, count = level, level, self.on, len(self.active)
        if self.kind == "wallbox":
            power_w = level * count * self.high_mv // 1_000_000
        else:
            share_ma = -(-level * 1_000_000 // (count * self.low_mv))
        return share_ma * on[0], share_ma * on[1], share_ma * on[2], power_w

    def within(self, room: "list[int]") -> "tuple[int, int]":
        """(highest level whose usage fits `room`, the place in the vector that binds it)."""
        if self.kind == "stages":
            return self._stage_within(room)
        tight = self.active[0]
        for p in self.active:
            if room[p] < room[tight]:
                tight = p
        count = len(self.active)
        if self.kind == "wallbox":
            level, by_w = room[tight], room[3] * 1_000_000 // (count * self.high_mv)
        else:
            level, by_w = room[tight] * count * self.low_mv // 1_000_000, room[3]
        if by_w < level:
            level, tight = by_w, 3
        return self.stepped(max(level, 0)), tight

    def _stage_within(self, room: "list[int]") -> "tuple[int, int]":
        best, tight = 0, 3
        for total in self.stages:
            use = self.usage(total)
            over = [k for k in range(4) if use[k] > max(room[k], 0)]
            if over:
                tight = over[0]
                break
            best = total
        return best, tight

    def stage(self, level: int) -> "tuple[int, ...]":
        """Its watts on each own conductor; of several ways the one on the conductors that were used least."""
        ways = [stage for stage in self.able.stages if sum(stage) == level]
        if len(ways) > 1 and self.state.upkeep is not None:
            order = self.state.upkeep.order
            return max(ways, key=lambda way: tuple([way[conductor] for conductor in order]))
        return ways[0] if ways else ()

    def setpoint(self, level: int) -> Setpoint:
        """A level as a driver takes it; a current stays the same setpoint whatever the voltage does."""
        if level == 0:
            return STOP
        power_w = level * len(self.active) * NOMINAL_MV // 1_000_000 if self.kind == "wallbox" else level
        return Setpoint(self.currents(level), power_w)

    def currents(self, level: int) -> Phases:
        """What flows at a level, in mA on each phase."""
        if self.kind == "wallbox":
            on = self.on
            return Phases(level if on[0] else 0, level if on[1] else 0, level if on[2] else 0)
        if level < 0:
            use = self.usage(-level)
            return Phases(-use[0], -use[1], -use[2])
        return Phases(*self.usage(level)[:3])
