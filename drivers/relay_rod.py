"""Heating rod of three elements, each behind a contactor of its own; nothing measured.

A stage is the largest sum of elements that a grant covers, in watts and in the current of each phase. Of
equal ways to it the one with the fewest contactor operations is taken, then the one whose contactors have closed least
often since our start; which phases are used least, the decision knows. A contactor that has just opened
stays open for rest_s; one that has just closed stays closed as long, unless the grant has fallen below it:
a limit is obeyed at once. Elements that share a phase change break-before-make, so that no phase ever
carries more than the larger of two stages. Thermostat and safety limiter are the rod's own.
"""

from drivers.given import clock, phases, whole
from drivers.load_facts import LoadFacts
from drivers.meter_facts import STANDARD
from hal.faults import REFUSED, DeviceError
from hal.options import integer
from hal.ports import Board, Clock, Load, Relays
from hal.values import Ability, Reading, Setpoint, ma_of_w, reading, unplaced
from hal.values import ability as able

LINES = ("gpio",)
FAILSAFE = "none of its own: relays stay as they are when the computer hangs; wire a watchdog relay before the rod"
LOAD = LoadFacts("Heating rods with three elements", "heating", "what its relays stand at",
                 "up to 7 stages", "none", STANDARD)

OPTIONS = (
    integer("pin_1", None, 0, 27, "GPIO of the first element's relay"),
    integer("pin_2", None, 0, 27, "GPIO of the second element's relay"),
    integer("pin_3", None, 0, 27, "GPIO of the third element's relay"),
    integer("active_high", 1, 0, 1, "1 when a high pin closes the relay"),
    integer("element_1_w", None, 100, 6_000, "power of the first element at 230 V"),
    integer("element_2_w", None, 100, 6_000, "power of the second element at 230 V"),
    integer("element_3_w", None, 100, 6_000, "power of the third element at 230 V"),
    integer("rest_s", 60, 10, 600, "shortest time a contactor stays closed, and open"),
)

ELEMENTS = 3
BREAK_MS = 100  # contactors of this size open within 30 ms
OFF = (False,) * ELEMENTS
WAYS = tuple((bool(bits & 1), bool(bits & 2), bool(bits & 4)) for bits in range(1 << ELEMENTS))


class RelayRod(Load):
    def __init__(
        self, relays: Relays, elements_w: "tuple[int, ...]", wired: "tuple[int, ...]", rest_ms: int, time: Clock,
    ) -> None:
        self._relays = relays
        self._elements_w = elements_w
        self._phases = wired
        self._rest_ms = rest_ms
        self._clock = time
        self._closings = [0] * ELEMENTS
        self._moved_ms = [time.now_ms()] * ELEMENTS  # whoever ran before us may just have opened them

    def read(self, now_ms: int) -> Reading:
        closed = self._relays.get()
        return reading(now_ms, state="heating" if any(closed) else "off", limit_w=self._watts(closed))

    def arm(self) -> None:
        """There is nothing to arm; that the relays can be moved is all that can be seen."""
        self._relays.get()

    def apply(self, setpoint: Setpoint) -> None:
        present = tuple(self._relays.get())
        now_ms = self._clock.now_ms()
        self._move(present, self._best(present, now_ms, setpoint), now_ms)

    def release(self) -> None:
        self._move(tuple(self._relays.get()), OFF, self._clock.now_ms())

    def _best(self, present: "tuple[bool, ...]", now_ms: int, setpoint: Setpoint) -> "tuple[bool, ...]":
        """Most watts, then fewest contactors opened too soon, then fewest moved, then those used least."""
        may_stay = self._fits(present, setpoint)
        best, best_cost = OFF, (1, 0, 0, 0)
        for way in WAYS:
            if not self._fits(way, setpoint):
                continue
            young = [now != then and now_ms - moved_ms < self._rest_ms
                     for now, then, moved_ms in zip(present, way, self._moved_ms)]
            too_soon = sum(1 for i, soon in enumerate(young) if soon and present[i])
            if any(soon and way[i] for i, soon in enumerate(young)) or (may_stay and too_soon):
                continue
            cost = (-self._watts(way), too_soon, sum(1 for now, then in zip(present, way) if now != then),
                    sum(used for used, on in zip(self._closings, way) if on))
            if cost < best_cost:
                best, best_cost = way, cost
        return best

    def _fits(self, way: "tuple[bool, ...]", setpoint: Setpoint) -> bool:
        """Within the granted watts, and within the current of each conductor.

        The current only tells stages of equal power apart; a tenth is allowed for the voltage it was
        reckoned with (EN 50160: +-10 %), far less than the step to another element.
        """
        drawn_w = conductors_w(way, self._elements_w, len(self._phases))
        granted_ma = unplaced(setpoint.current_ma, self._phases)
        return sum(drawn_w) <= setpoint.power_w and all(
            ma_of_w(w) <= ma + ma // 10 for w, ma in zip(drawn_w, granted_ma))

    def _move(self, present: "tuple[bool, ...]", wanted: "tuple[bool, ...]", now_ms: int) -> None:
        if wanted == present:
            return
        kept = tuple(now and then for now, then in zip(present, wanted))
        if kept != present and kept != wanted and self._share_a_phase(present, wanted):
            self._set(kept)
            self._clock.sleep_ms(BREAK_MS)
        self._set(wanted)
        for i in range(ELEMENTS):
            if present[i] != wanted[i]:
                self._moved_ms[i] = now_ms
                self._closings[i] += wanted[i]

    def _share_a_phase(self, present: "tuple[bool, ...]", wanted: "tuple[bool, ...]") -> bool:
        """One element opens and another closes on the same conductor."""
        count = len(self._phases)
        opening = [i % count for i in range(ELEMENTS) if present[i] and not wanted[i]]
        return any(i % count in opening for i in range(ELEMENTS) if wanted[i] and not present[i])

    def _set(self, closed: "tuple[bool, ...]") -> None:
        self._relays.set(closed)
        if tuple(self._relays.get()) != closed:
            raise DeviceError(REFUSED, "relays do not follow")

    def _watts(self, closed: "tuple[bool, ...]") -> int:
        return sum(w for w, on in zip(self._elements_w, closed) if on)


def conductors_w(way: "tuple[bool, ...]", elements_w: "tuple[int, ...]", conductors: int) -> "tuple[int, ...]":
    """What a way draws on each own conductor; the elements go round the conductors."""
    out = [0] * conductors
    for i, on in enumerate(way):
        if on:
            out[i % conductors] += elements_w[i]
    return tuple(out)


def stages_of(elements_w: "tuple[int, ...]", conductors: int) -> "tuple[tuple[int, ...], ...]":
    """By total, ascending; of several ways to one those that load their phases most evenly."""
    stages = sorted({conductors_w(way, elements_w, conductors) for way in WAYS},
                    key=lambda stage: (sum(stage), [-power_w for power_w in stage]))
    even = {sum(stage): min(max(other) for other in stages if sum(other) == sum(stage)) for stage in stages}
    return tuple(stage for stage in stages if max(stage) == even[sum(stage)])


def elements(options: "dict[str, object]") -> "tuple[int, ...]":
    return tuple(whole(options, "element_%d_w" % (i + 1)) for i in range(ELEMENTS))


def ability(options: "dict[str, object]") -> Ability:
    """Raises ValueError when the options contradict each other."""
    if len({whole(options, "pin_%d" % (i + 1)) for i in range(ELEMENTS)}) < ELEMENTS:
        raise ValueError("pin_1, pin_2, pin_3: the same pin twice")
    rest_ms = whole(options, "rest_s") * 1000
    return able("stages", stages=stages_of(elements(options), len(phases(options))), measured=False,
                settle_ms=1_000, min_on_ms=rest_ms, min_off_ms=rest_ms)


def build(port: Board, options: "dict[str, object]") -> RelayRod:
    pins = tuple(whole(options, "pin_%d" % (i + 1)) for i in range(ELEMENTS))
    relays = port.relays(pins, whole(options, "active_high") == 1)
    return RelayRod(relays, elements(options), phases(options), whole(options, "rest_s") * 1000, clock(options))
