"""Counter readings at the quarter hours, from the snapshots that the decision is made from.

Of each meter the reading counts that lies nearest to the quarter hour, up to WINDOW_MS away (the earlier of two), with
the distance told; a meter that has none has no value there. Nothing is interpolated, and no age is hidden.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from control.values import Site, Snapshot
from firmware.records.digits import captured_ms, counters
from hal.measured import Measured
from hal.values import Reading

QUARTER_S = 900
WINDOW_MS = 30_000  # a meter is read every 60 s at the longest (config): one reading lies within
EXACT_MS = 9_000  # 1 % of the quarter hour: beyond it a reading only stands in for the one at the instant
MEASURED = "measured"
SUBSTITUTED = "substituted"  # taken too far from the quarter hour, or reckoned (series.filled)
FAULTY = "faulty"  # the meter was not believed, its counter fell or leapt, or it is another one
CLOCK_UNKNOWN = "clock-unknown"
HIGH_V = 253  # EN 50160
SELDOM_MS = 300_000  # a device that may be silent for longer is asked seldom; what it tells may be old already
LATE_S = 7_200  # so long after its quarter hour a reading is still taken from one that is asked seldom
SLACK_WH = 2_000  # meters that count whole kWh


class Value(NamedTuple):
    """What one meter's counters said, in 10**scaler Wh; + is import."""

    meter: str
    import_e: "int | None"
    export_e: "int | None"
    scaler: int
    status: str
    off_ms: int  # when it was captured, after the quarter hour; negative before it


class Quarter(NamedTuple):
    at_s: int  # UTC, a multiple of 900
    values: "tuple[Value, ...]"


class Seen(NamedTuple):
    """A snapshot, and which devices control did not believe then."""

    snapshot: Snapshot
    doubted: "frozenset[int]"
    told: "dict[int, Sequence[Measured]]" = {}  # by device: all that its telegram said, unrounded


class Sampler:
    """Fed with every snapshot; `look` gives each quarter hour once, as soon as all that can be known of it is."""

    def __init__(self, site: Site) -> None:
        self._names = tuple(device.name for device in site.devices)
        self._most_w = {device.name: 3 * site.nodes[device.node].rated_ma * HIGH_V // 1_000 for device in site.devices}
        self._seldom = frozenset(index for index, device in enumerate(site.devices) if device.stale_ms > SELDOM_MS)
        self._late: "dict[int, dict[int, Value]]" = {}  # by quarter hour and device
        self._swapped: "set[str]" = set()  # another meter hangs there since its last reading
        self._last_at_s = 0
        self._last: "dict[str, tuple[int, Value]]" = {}  # by meter: when, and what it was
        self._at_s: "int | None" = None  # the quarter hour that is waited for
        self._near: "dict[int, Value]" = {}
        self._passed: "set[int]" = set()  # meters that have told something since the quarter hour

    def resume(self, kept: "Sequence[Quarter]", swapped_s: "Mapping[str, int]") -> None:
        """The newest that are kept already, the newest last, before anything is given.

        `swapped_s`: by meter, since when (UTC) another one hangs there.
        """
        if self._last or not kept:
            return
        self._last_at_s = max(quarter.at_s for quarter in kept)
        for quarter in kept:
            self._last.update((value.meter, (quarter.at_s, value)) for value in quarter.values)
        self._swapped = {meter for meter, (at_s, _) in self._last.items() if swapped_s.get(meter, -1) >= at_s}
        if self._at_s == self._last_at_s:
            self._turn_to(self._last_at_s + QUARTER_S)

    def feed(self, seen: Seen, utc_minus_mono_ms: int) -> None:
        now_ms = seen.snapshot.now_ms + utc_minus_mono_ms
        self._aim(now_ms)
        assert self._at_s is not None
        early = now_ms < self._at_s * 1_000 - WINDOW_MS
        if early and not self._seldom:
            return
        for index, heard in enumerate(seen.snapshot.heard):
            one = heard.reading
            if one is None or (one.import_wh is None and one.export_wh is None):
                continue
            taken_ms = one.t_ms + utc_minus_mono_ms
            if index in self._seldom:
                taken_ms = min(taken_ms, captured_ms(seen.told.get(index, ())) or taken_ms)
                self._take_late(index, one, taken_ms, seen, now_ms)
            off_ms = taken_ms - self._at_s * 1_000
            if off_ms >= 0:
                self._passed.add(index)
            if abs(off_ms) <= WINDOW_MS:
                self._take(index, one, off_ms, seen)

    def _take(self, index: int, one: Reading, off_ms: int, seen: Seen) -> None:
        """The one that tells more digits, else the nearer one."""
        near, value = self._near.get(index), self._value(index, one, off_ms, seen)
        if near is None or (value.scaler, abs(off_ms)) < (near.scaler, abs(near.off_ms)):
            self._near[index] = value

    def _take_late(self, index: int, one: Reading, taken_ms: int, seen: Seen, now_ms: int) -> None:
        """What a gateway captured at a quarter hour and told later."""
        at_s = (taken_ms + 450_000) // 900_000 * QUARTER_S
        off_ms = taken_ms - at_s * 1_000
        last = self._last.get(self._names[index])
        known = last is not None and last[0] >= at_s
        assert self._at_s is not None
        if at_s < self._at_s and not known and abs(off_ms) <= WINDOW_MS and now_ms - at_s * 1_000 <= LATE_S * 1_000:
            self._late.setdefault(at_s, {})[index] = self._value(index, one, off_ms, seen)

    def late(self, clock_known: bool) -> "list[Quarter]":
        """What came behind its quarter hour, the oldest first."""
        found, self._late = self._late, {}
        return [Quarter(at_s, tuple(self._judged(at_s, found[at_s][index], clock_known)
                                    for index in sorted(found[at_s]))) for at_s in sorted(found)]

    def _value(self, index: int, one: Reading, off_ms: int, seen: Seen) -> Value:
        import_e, export_e, scaler = counters(one, seen.told.get(index, ()))
        status = MEASURED if abs(off_ms) <= EXACT_MS else SUBSTITUTED
        return Value(self._names[index], import_e, export_e, scaler, FAULTY if index in seen.doubted else status,
                     off_ms)

    def look(self, now_ms: int, clock_known: bool, ends: bool = False) -> "Quarter | None":
        """`now_ms`: UTC. One that no meter has a value for is not given at all: a gap is absent.

        `ends`: nothing more will be fed; what there is of a quarter hour that is over is given at once.
        """
        self._aim(now_ms)
        at_s = self._at_s
        assert at_s is not None
        if now_ms < at_s * 1_000 or (now_ms < at_s * 1_000 + WINDOW_MS and not (ends or self._settled())):
            return None
        values = tuple(self._judged(at_s, self._near[index], clock_known) for index in sorted(self._near))
        self._last_at_s = at_s
        self._turn_to(at_s + QUARTER_S)
        return Quarter(at_s, values) if values else None

    def _settled(self) -> bool:
        """Nothing that is still to come can lie nearer."""
        return len(self._passed) == len(self._names)

    def _aim(self, now_ms: int) -> None:
        """At the first quarter hour that is not over and not kept; anew when the clock has been set."""
        first_s = -(-(now_ms - WINDOW_MS) // (QUARTER_S * 1_000)) * QUARTER_S
        if self._at_s is not None and first_s <= self._at_s <= first_s + QUARTER_S:
            return
        if self._at_s is not None and self._at_s == first_s - QUARTER_S and self._near:
            return  # just over, and not given yet
        if self._at_s is None and first_s == self._last_at_s:
            first_s += QUARTER_S
        self._turn_to(first_s)

    def _turn_to(self, at_s: int) -> None:
        self._at_s = at_s
        self._near = {}
        self._passed = set()

    def _judged(self, at_s: int, value: Value, clock_known: bool) -> Value:
        before = self._last.get(value.meter)
        judged = value if clock_known else value._replace(status=CLOCK_UNKNOWN)
        self._last[value.meter] = at_s, judged
        if value.meter in self._swapped:
            self._swapped.discard(value.meter)
            return value._replace(status=FAULTY)
        if not clock_known or before is None:
            return judged
        if fell(*scaled(before[1], value)) or self._leapt(at_s, value, *before):
            return value._replace(status=FAULTY)
        return value

    def _leapt(self, at_s: int, value: Value, before_s: int, before: Value) -> bool:
        """Whether twice what its fuse lets through would not be enough: another meter hangs there. By a clock that was
        not known nobody can tell."""
        if before.status == CLOCK_UNKNOWN or before_s >= at_s or value.meter not in self._most_w:
            return False
        first, last = scaled(before, value)
        most_e = (2 * self._most_w[value.meter] * (at_s - before_s) // 3_600 + SLACK_WH) * 10 ** max(0, -last.scaler)
        return any(one is not None and two is not None and two - one > most_e
                   for one, two in ((first.import_e, last.import_e), (first.export_e, last.export_e)))


def scaled(one: Value, two: Value) -> "tuple[Value, Value]":
    """Both in the finer of their units: a meter may be read to more digits from some day on."""
    if one.scaler == two.scaler:
        return one, two
    scaler = min(one.scaler, two.scaler)
    return _at(one, scaler), _at(two, scaler)


def fell(before: Value, after: Value) -> bool:
    """Another meter hangs there, or it was reset."""
    return _less(before.import_e, after.import_e) or _less(before.export_e, after.export_e)


def _less(before: "int | None", after: "int | None") -> bool:
    return before is not None and after is not None and after < before


def _at(value: Value, scaler: int) -> Value:
    factor = 10 ** (value.scaler - scaler)
    return value._replace(import_e=_times(value.import_e, factor), export_e=_times(value.export_e, factor),
                          scaler=scaler)


def _times(energy: "int | None", factor: int) -> "int | None":
    return None if energy is None else energy * factor
