"""Meter with an SML optical head: German electricity meters push a frame every second or so.

Sign: 16.7.0 is + on import as it is; drivers.sml_rules turns what DZG and EMH meters send.
A locked meter (no PIN) is read too: `state` is "locked", its power unknown, its energy in whole kWh.

Age: what has piled up since the last look may have been sent at any time since, so it counts as heard
when the port was last seen empty; when that is too long ago it is thrown away and the next frame awaited.
"""

from drivers.given import clock, phases, word
from drivers.sml import Frame, Reader
from drivers.sml_rules import (
    AMPERE,
    EXPORT,
    IMPORT,
    PHASE_CURRENT,
    PHASE_POWER,
    PHASE_VOLTAGE,
    VOLT,
    WATT,
    WATT_HOUR,
    locked,
    power,
    quantity,
)
from hal import values
from hal.faults import FRAME, RANGE, TIMEOUT, DeviceError
from hal.options import choice
from hal.ports import Clock, Meter, Stream
from hal.values import ZERO, Ability, Phases, Reading, placed, reading

LINES = ("sml",)
OPTIONS = (
    choice("role", "meter", ("meter", "source"), "what it measures: a node, or a generator that is only read"),
    choice("mounting", "normal", ("normal", "reversed"), "reversed when what it counts as import leaves the node"),
)
FAILSAFE = "nothing is ever written to an optical head; the meter goes on counting without us"

ANSWER_MS = 2_500  # meters send every 1-2 s
STEP_MS = 100  # longest wait on the port at once
CHUNK = 512
MOST_READS = 8_192  # a port that never falls silent ends here even if the clock stands still
FRESH_MS = 1_500  # what piled up unwatched within this time is taken
MOST_W, MOST_MA, MOST_MV, MOST_WH = 10 ** 7, 10 ** 7, 10 ** 6, 10 ** 12  # far beyond any house connection


def ability(options: "dict[str, object]") -> Ability:
    return values.ability(word(options, "role"), settle_ms=0)


class SmlHead(Meter):
    """Waits for the newest whole frame of the meter under the head."""

    def __init__(self, stream: Stream, clock: Clock, wired: "tuple[int, ...]", turned: bool) -> None:
        self._stream = stream
        self._clock = clock
        self._wired = wired
        self._turned = turned
        self._reader = Reader()
        self._empty_ms = -FRESH_MS - 1  # when nothing was left to read on the port, last seen

    def read(self, now_ms: int) -> Reading:
        """Returns within ANSWER_MS; TIMEOUT on silence, FRAME when only damaged frames came."""
        until_ms = self._clock.now_ms() + ANSWER_MS
        damaged = self._reader.damaged
        newest: "Frame | None" = None
        silent_ms = 0
        for _ in range(MOST_READS):
            wait_ms = min(STEP_MS, until_ms - self._clock.now_ms())
            if wait_ms <= 0 or silent_ms >= ANSWER_MS:
                break
            chunk = self._stream.read(CHUNK, wait_ms)
            silent_ms = 0 if chunk else silent_ms + wait_ms
            for frame in self._reader.feed(chunk):
                newest = frame if frame.entries else newest
            if len(chunk) == CHUNK:
                continue  # more is waiting
            since_ms = self._empty_ms
            self._empty_ms = self._clock.now_ms()
            if newest is not None and self._empty_ms - since_ms <= FRESH_MS:
                return reading_of(newest, since_ms, self._wired, self._turned)
            newest = None
        if self._reader.damaged > damaged:
            raise DeviceError(FRAME, "only damaged frames")
        raise DeviceError(TIMEOUT, "no frame")


def reading_of(frame: Frame, t_ms: int, wired: "tuple[int, ...]", turned: bool) -> Reading:
    """`wired` are the grid phases of the meter's own conductors; DeviceError(RANGE) for what cannot be."""
    entries = frame.entries
    total_w = _total_w(frame)
    power_w = _vector(frame, PHASE_POWER, WATT, 0, wired, MOST_W)
    if power_w is None and total_w is not None and len(wired) == 1:
        power_w = placed((total_w,), wired)
    current_ma = _vector(frame, PHASE_CURRENT, AMPERE, 3, wired, MOST_MA)
    if current_ma is not None and power_w is not None:
        current_ma = Phases(_like(current_ma.l1, power_w.l1), _like(current_ma.l2, power_w.l2),
                            _like(current_ma.l3, power_w.l3))
    energy_wh = (_counter_wh(frame, IMPORT), _counter_wh(frame, EXPORT))
    if turned:
        total_w = None if total_w is None else -total_w
        power_w = None if power_w is None else ZERO.minus(power_w)
        current_ma = None if current_ma is None else ZERO.minus(current_ma)
        energy_wh = (energy_wh[1], energy_wh[0])
    return reading(t_ms, total_w=total_w, power_w=power_w, current_ma=current_ma,
                   voltage_mv=_vector(frame, PHASE_VOLTAGE, VOLT, 3, wired, MOST_MV),
                   import_wh=energy_wh[0], export_wh=energy_wh[1], state="locked" if locked(entries) else None)


def _total_w(frame: Frame) -> "int | None":
    total = power(frame.entries)
    return None if total is None else _within(total.nearest(0), MOST_W)


def _vector(frame: Frame, names: "tuple[bytes, ...]", unit: int, places: int, wired: "tuple[int, ...]",
            most: int) -> "Phases | None":
    out = []
    for name in names[:len(wired)]:
        found = quantity(frame.entries, name, unit)
        if found is None:
            return None
        out.append(_within(found.nearest(places), most))
    return placed(tuple(out), wired)


def _counter_wh(frame: Frame, name: bytes) -> "int | None":
    found = quantity(frame.entries, name, WATT_HOUR)
    return None if found is None else _within(found.floor(0), MOST_WH)


def _like(current_ma: int, power_w: int) -> int:
    """Meters send the current without a direction: it gets its power's."""
    return -abs(current_ma) if power_w < 0 else abs(current_ma)


def _within(value: int, most: int) -> int:
    if not -most <= value <= most:
        raise DeviceError(RANGE, "%d is beyond %d" % (value, most))
    return value


def build(port: Stream, options: "dict[str, object]") -> SmlHead:
    """`options["clock"]` is the hal.ports.Clock that dates what is heard."""
    return SmlHead(port, clock(options), phases(options), word(options, "mounting") == "reversed")
