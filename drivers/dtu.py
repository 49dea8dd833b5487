"""Microinverters behind a DTU, which reaches them by radio: seldom, late, and not at all at night.

A limit is told to the DTU; the inverter has it some seconds later, and forgets it without sun. What stands in it, the
DTU says when it knows: while that is more than was told, it is told again, and after minutes it is the device's fault.
Without sun nothing is told: what makes nothing keeps to any limit. Limits that the inverter would store are never told.
"""

from collections import namedtuple

from drivers.generator import limit_w
from drivers.given import clock, phases
from drivers.register_device import split
from hal.faults import REFUSED, DeviceError
from hal.ports import Load
from hal.values import Ability, Reading, Setpoint, placed, reading

GAP_MS = 4_000  # between two tellings: each one occupies the radio
SETTLE_MS = 20_000  # it is sent, tried again, and read back
AGAIN_MS = 30_000
FAULT_MS = 300_000  # some DTUs look at the limit every four minutes only
LOOSE_PERMILLE = 15  # of the rated power: inverters count their limit in tenths of a per cent, some in per cent
LEAST_PERMILLE = 30  # of the rated power: lower limits are ignored by many
ASLEEP, PRODUCING, IDLE = "asleep", "producing", "idle"


class Said(namedtuple("Said", ("t_ms", "power_w", "awake", "limit_w", "export_wh"))):
    """What a DTU says of one inverter. `power_w` None: not known; `limit_w`: that stands in it, None: not known."""

    __slots__ = ()
    t_ms: int
    power_w: "int | None"
    awake: bool
    limit_w: "int | None"
    export_wh: "int | None"


class Dtu(Load):
    """A subclass asks and tells."""

    def __init__(self, options: "dict[str, object]", able: Ability) -> None:
        self._able = able
        self._clock = clock(options)
        self._phases = phases(options)
        self._awake = False
        self._wanted_w: "int | None" = None
        self._told_w: "int | None" = None
        self._told_ms = 0
        self._wrong_ms: "int | None" = None  # since when more stands in it than it was told

    def ask(self, now_ms: int, again: bool = False) -> Said:
        """`again`: what was said a moment ago will do.

        DeviceError when the DTU does not answer, or does not reach an inverter that makes something."""
        raise NotImplementedError

    def send(self, limit_w: int) -> None:
        raise NotImplementedError

    def read(self, now_ms: int) -> Reading:
        said = self.ask(now_ms)
        self._awake = said.awake
        if not said.awake:
            self._told_w = self._wrong_ms = None
            return self._said(said, 0, ASLEEP)
        self._judge(said)
        self._send_due()
        return self._said(said, said.power_w, PRODUCING if said.power_w else IDLE)

    def arm(self) -> None:
        """There is no fail-safe in it; that the DTU answers is all that can be seen."""
        self._awake = self.ask(self._clock.now_ms(), again=True).awake
        self._told_w = None

    def apply(self, setpoint: Setpoint) -> None:
        self._wanted_w = limit_w(setpoint, self._able)
        self._send_due()
        since_ms = self._wrong_ms
        if since_ms is not None and self._clock.now_ms() - since_ms >= FAULT_MS:
            self._wrong_ms = None
            raise DeviceError(REFUSED, "told %s W, and more stands in it" % self._wanted_w)

    def release(self) -> None:
        self._wanted_w = -self._able.fallback.power_w
        self._told_w = None
        self.send(self._wanted_w)
        self._told_w, self._told_ms = self._wanted_w, self._clock.now_ms()

    def _send_due(self) -> None:
        now_ms = self._clock.now_ms()
        if self._wanted_w is None or self._wanted_w == self._told_w or not self._awake:
            return
        if self._told_w is not None and now_ms - self._told_ms < GAP_MS:
            return
        self._told_w = None
        self.send(self._wanted_w)
        self._told_w, self._told_ms = self._wanted_w, now_ms

    def _judge(self, said: Said) -> None:
        if self._told_w is None or said.limit_w is None:
            return
        now_ms = self._clock.now_ms()
        loose_w = -self._able.min_w * LOOSE_PERMILLE // 1_000 + 1
        if said.limit_w <= self._told_w + loose_w:
            self._wrong_ms = None
        elif now_ms - self._told_ms >= AGAIN_MS:
            self._wrong_ms = self._told_ms if self._wrong_ms is None else self._wrong_ms
            self._told_w = None  # once more

    def _said(self, said: Said, power_w: "int | None", state: str) -> Reading:
        total_w = None if power_w is None else -power_w
        by_phase = None
        if total_w is not None:
            by_phase = placed(split(total_w, (1,) * len(self._phases)), self._phases)
        return reading(said.t_ms, total_w=total_w, power_w=by_phase, export_wh=said.export_wh, state=state,
                       limit_w=None if said.limit_w is None else -said.limit_w)
