"""A wallbox that is a table: its registers, how it is told, what it does when nobody talks to it.

What every such box can be told stands here as orders; drivers.register_wallbox carries them out. A box with a quirk
subclasses that in its own file.
"""

from collections import namedtuple

from drivers.cards import Card
from drivers.given import phases, whole
from drivers.identity import Mark
from drivers.meter_facts import SINGLE
from drivers.orders import CONFIRM, EVERY_TIME, STATED, Order, confirmed
from drivers.register_device import MOST_WORDS
from hal.options import Option, integer
from hal.registers import Reg
from hal.values import STOP, Ability, Setpoint, placed, w_of_ma
from hal.values import ability as able

MIN_MA = 6_000  # IEC 61851-1: lowest offered current


class Enable(namedtuple("Enable", ("order", "on", "off"))):
    """How charging is allowed where a current of 0 cannot be told."""

    __slots__ = ()
    order: Order
    on: int
    off: int


class Switch(namedtuple("Switch", ("order", "one", "three", "before", "behind", "rest_ms"))):
    """How one or three phases are chosen: field `conductors`, with what it is told for either.

    before, behind  (Order, value) told beforehand and afterwards
    rest_ms         from the switching until a current may be offered again
    """

    __slots__ = ()
    order: Order
    one: int
    three: int
    before: "tuple[tuple[Order, int], ...]"
    behind: "tuple[tuple[Order, int], ...]"
    rest_ms: int


def switch(order: Order, one: int, three: int, before: "tuple[tuple[Order, int], ...]" = (),
           behind: "tuple[tuple[Order, int], ...]" = (), rest_ms: int = 5_000) -> Switch:
    return Switch(order, one, three, before, behind, rest_ms)


class FailSafe(namedtuple("FailSafe", ("current", "time", "alive", "alive_value", "least_s", "most_s", "default_s"))):
    """What the box does by itself after a silence.

    current     order of the current it falls back to (mA); None: it stops; STATED: as its installer says
    time        order of the silence after which it does (s or ms, by its field); None: as its installer has set it
    alive       what has to be written again and again; None: any request, or the current itself, will do
    """

    __slots__ = ()
    current: "Order | None"
    time: "Order | None"
    alive: "Order | None"
    alive_value: int
    least_s: int
    most_s: int
    default_s: int


def fail_safe(current: "Order | None" = None, time: "Order | None" = None, alive: "Order | None" = None,
              alive_value: int = 1, least_s: int = 10, most_s: int = 600, default_s: int = 30) -> FailSafe:
    return FailSafe(current, time, alive, alive_value, least_s, most_s, default_s)


class Box(namedtuple("Box", (
    "name", "known_by", "reads", "slow", "state", "limit", "step_ma", "max_ma", "enable", "switch", "failsafe",
    "refresh_ms", "pace_ms", "settle_ms", "most_words", "gap", "identity", "effective", "card",
))):
    """reads, slow  fields: current_ma, voltage_mv, power_w, total_w, import_wh, temperature_mdegc, limit_ma, enabled,
                 conductors, those of the fail-safe, and whatever `state` looks at
    state        values -> "A" to "F" of IEC 61851; DeviceError(RANGE) for what cannot be
    limit        order of the current (mA)
    refresh_ms   how often a current that stands is told again; EVERY_TIME, ON_CHANGE
    card         where it says which card the session was begun with
    effective    limit_ma is what rules (the cable and the heat count), not what was told: it may be less
    """

    __slots__ = ()
    name: str
    known_by: str
    reads: "tuple[Reg, ...]"
    slow: "tuple[Reg, ...]"
    state: "object"
    limit: Order
    step_ma: int
    max_ma: int
    enable: "Enable | None"
    switch: "Switch | None"
    failsafe: "FailSafe | None"
    refresh_ms: int
    pace_ms: int
    settle_ms: int
    most_words: int
    gap: int
    identity: "tuple[Mark, ...]"
    effective: bool
    card: "Card | None"


def box(
    name: str, known_by: str, reads: "tuple[Reg, ...]", state: "object", limit: Order, slow: "tuple[Reg, ...]" = (),
    step_ma: int = 1_000, max_ma: int = 32_000, enable: "Enable | None" = None, switch: "Switch | None" = None,
    failsafe: "FailSafe | None" = None, refresh_ms: int = EVERY_TIME, pace_ms: int = 5_000, settle_ms: int = 10_000,
    most_words: int = MOST_WORDS, gap: int = 0, identity: "tuple[Mark, ...]" = (), effective: bool = False,
    card: "Card | None" = None,
) -> Box:
    """A Box by keyword."""
    return Box(name, known_by, reads, slow, state, limit, step_ma, max_ma, enable, switch, failsafe, refresh_ms,
               pace_ms, settle_ms, most_words, gap, identity, effective, card)


def options_of(made: Box, *more: Option) -> "tuple[Option, ...]":
    out: "tuple[Option, ...]" = ()
    safe = made.failsafe
    if safe is not None:
        if safe.current is not None:
            most_a = made.max_ma // 1000
            stated = safe.current == STATED or safe.current.reg is None
            out += (integer("failsafe_a", most_a if stated else 0, 0, most_a, "current the box falls back to: 6 and "
                            "more, or 0 to stop" + (", as set in the box" if stated else "")),)
        out += (integer("failsafe_s", safe.default_s, safe.least_s, safe.most_s,
                        "silence after which it falls back" + ("" if safe.time else ", as set in the box")),)
    if made.switch is not None:
        out += (integer("phase_switch", 0, 0, 1, "true: it can switch between one and three phases, and shall"),)
    if made.card is not None or any([place.field == "card_number" for place in made.slow]):
        out += (integer("cards", 0, 0, 1, "true: tells which card a session was begun with"),)
    if made.known_by == SINGLE:
        out += (CONFIRM,)
    return out + more


def ability_of(made: Box, options: "dict[str, object]", measured: bool = True) -> Ability:
    """Raises ValueError("key: what is allowed")."""
    if made.known_by == SINGLE:
        confirmed(options)
    wired = phases(options)
    max_ma = min(whole(options, "max_a") * 1000, made.max_ma)
    one_phase = made.switch is not None and whole(options, "phase_switch") == 1
    if one_phase and len(wired) != 3:
        raise ValueError("phase_switch: it is wired to %d of three phases; leave it out" % len(wired))
    fallback, failsafe_ms = STOP, 0
    if made.failsafe is not None:
        failsafe_ms = whole(options, "failsafe_s") * 1000
        failsafe_ma = min(whole(options, "failsafe_a") * 1000, max_ma) if made.failsafe.current is not None else 0
        if 0 < failsafe_ma < MIN_MA:
            raise ValueError("failsafe_a: no car charges with less than 6; allowed are 0 and 6 to %d"
                             % (made.max_ma // 1000))
        fallback = Setpoint(placed((failsafe_ma,) * len(wired), wired), w_of_ma(failsafe_ma) * len(wired))
    return able("wallbox", min_ma=MIN_MA, max_ma=max_ma, step_ma=made.step_ma, one_phase=one_phase,
                measured=measured, fallback=fallback, failsafe_ms=failsafe_ms, settle_ms=made.settle_ms,
                pace_ms=made.pace_ms)


def with_enable(made: Box, enable: Enable) -> Box:
    """The same box, of a make that is switched off where others are told 0."""
    return Box(made.name, made.known_by, made.reads, made.slow, made.state, made.limit, made.step_ma, made.max_ma,
               enable, made.switch, made.failsafe, made.refresh_ms, made.pace_ms, made.settle_ms, made.most_words,
               made.gap, made.identity, made.effective, made.card)


def with_limit(made: Box, limit: Order, reads: "tuple[Reg, ...]", step_ma: int) -> Box:
    """The same box, counting its current in other steps or standing at other addresses."""
    return Box(made.name, made.known_by, reads, made.slow, made.state, limit, step_ma, made.max_ma, made.enable,
               made.switch, made.failsafe, made.refresh_ms, made.pace_ms, made.settle_ms, made.most_words, made.gap,
               made.identity, made.effective, made.card)
