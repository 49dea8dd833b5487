"""What passes between the parts: integers, units last in the name, one sign.

+ flows from the grid into the node: the grid meter is + on import, a wallbox + while charging,
PV - while producing, a battery + while charging. A driver turns its maker's sign; nobody else does.
"""

from collections import namedtuple

from hal.heat import HeatRule

NOMINAL_MV = 230_000  # EN 50160: nominal voltage of the public low-voltage grid, phase to neutral


class Phases(namedtuple("Phases", ("l1", "l2", "l3"))):
    """One integer per phase of the grid connection, in the order of the main fuse."""

    __slots__ = ()
    l1: int
    l2: int
    l3: int

    def plus(self, other: "Phases") -> "Phases":
        return Phases(self.l1 + other.l1, self.l2 + other.l2, self.l3 + other.l3)

    def minus(self, other: "Phases") -> "Phases":
        return Phases(self.l1 - other.l1, self.l2 - other.l2, self.l3 - other.l3)

    def least(self, other: "Phases") -> "Phases":
        """The smaller of both on each phase."""
        return Phases(min(self.l1, other.l1), min(self.l2, other.l2), min(self.l3, other.l3))

    def most(self, other: "Phases") -> "Phases":
        """The larger of both on each phase."""
        return Phases(max(self.l1, other.l1), max(self.l2, other.l2), max(self.l3, other.l3))

    def total(self) -> int:
        return self.l1 + self.l2 + self.l3


ZERO = Phases(0, 0, 0)


def placed(values: "tuple[int, ...]", phases: "tuple[int, ...]") -> Phases:
    """`values` of a device's own conductors, put on the grid phases (0, 1, 2) it is wired to."""
    out = [0, 0, 0]
    for value, phase in zip(values, phases):
        out[phase] += value
    return Phases(out[0], out[1], out[2])


def unplaced(vector: Phases, phases: "tuple[int, ...]") -> "tuple[int, ...]":
    """The inverse of `placed`: what a grid vector is on the device's own conductors."""
    return tuple(vector[phase] for phase in phases)


def ma_of_w(power_w: int, voltage_mv: int = NOMINAL_MV) -> int:
    """Current of an ohmic load on one phase; rounds away from zero, so that a fuse never pays."""
    if power_w < 0:
        return -(-(power_w * 1_000_000) // voltage_mv)
    return -(-power_w * 1_000_000 // voltage_mv)


def w_of_ma(current_ma: int, voltage_mv: int = NOMINAL_MV) -> int:
    """Power of a current on one phase; rounds towards zero."""
    if current_ma < 0:
        return -(-current_ma * voltage_mv // 1_000_000)
    return current_ma * voltage_mv // 1_000_000


class Reading(namedtuple("Reading", (
    "t_ms", "total_w", "power_w", "current_ma", "voltage_mv",
    "import_wh", "export_wh", "soc_permille", "temperature_mdegc", "state", "limit_ma", "limit_w",
    "power_factor_permille", "frequency_mhz", "capacity_wh", "take_w", "give_w", "session_wh", "card",
))):
    """What one device measured at one instant. A field the device cannot measure is None, never 0."""

    __slots__ = ()
    _field_defaults = {  # journals from before they were there
        "power_factor_permille": None, "frequency_mhz": None, "capacity_wh": None, "take_w": None, "give_w": None,
        "session_wh": None, "card": None,
    }
    t_ms: int  # monotonic; when it was asked (polled) or heard (pushed), so an age is never understated
    total_w: "int | None"  # + into the node
    power_w: "Phases | None"
    current_ma: "Phases | None"  # signed like power_w
    voltage_mv: "Phases | None"
    import_wh: "int | None"  # counter, never falls
    export_wh: "int | None"  # counter, never falls
    soc_permille: "int | None"  # storage
    temperature_mdegc: "int | None"  # tank, board
    state: "str | None"  # wallbox: IEC 61851 "A".."F"; others: a word of the driver's
    limit_ma: "Phases | None"  # the limit that stands in the device, as read back
    limit_w: "int | None"
    power_factor_permille: "Phases | None"  # 0..1000; the direction stands in power_w
    frequency_mhz: "int | None"
    capacity_wh: "int | None"  # storage, car: of its battery
    take_w: "int | None"  # storage: the most it can take at this moment, as it says
    give_w: "int | None"  # and give; 0 and more
    session_wh: "int | None"  # wallbox: of this charging session, or of the last one while none is on
    card: "str | None"  # wallbox: the card it was begun with


def reading(
    t_ms: int, total_w: "int | None" = None, power_w: "Phases | None" = None, current_ma: "Phases | None" = None,
    voltage_mv: "Phases | None" = None, import_wh: "int | None" = None, export_wh: "int | None" = None,
    soc_permille: "int | None" = None, temperature_mdegc: "int | None" = None, state: "str | None" = None,
    limit_ma: "Phases | None" = None, limit_w: "int | None" = None,
    power_factor_permille: "Phases | None" = None, frequency_mhz: "int | None" = None,
    capacity_wh: "int | None" = None, take_w: "int | None" = None, give_w: "int | None" = None,
    session_wh: "int | None" = None, card: "str | None" = None,
) -> Reading:
    """A Reading by keyword; what is not named is None."""
    return Reading(t_ms, total_w, power_w, current_ma, voltage_mv, import_wh, export_wh,
                   soc_permille, temperature_mdegc, state, limit_ma, limit_w, power_factor_permille, frequency_mhz,
                   capacity_wh, take_w, give_w, session_wh, card)


class Setpoint(namedtuple("Setpoint", ("current_ma", "power_w"))):
    """The most one load may draw, said twice; a driver writes the one its device speaks.

    For a wallbox a phase of 0 mA beside phases of 6 A and more asks for fewer phases. For a storage
    `power_w` is the power it shall take: + charge, - discharge. For a staged load it is one of its
    stages.
    """

    __slots__ = ()
    current_ma: Phases
    power_w: int


STOP = Setpoint(ZERO, 0)


class Ability(namedtuple("Ability", (
    "kind", "min_ma", "max_ma", "step_ma", "one_phase", "min_w", "max_w", "step_w", "stages", "measured",
    "fallback", "failsafe_ms", "settle_ms", "pace_ms", "min_on_ms", "min_off_ms", "own", "most_starts", "heat",
    "signals",
))):
    """What a driver's device can do; control decides by this and knows no maker.

    kind        "meter", "source" (PV, read only), "sensor" (heat, water, gas: only shown), "wallbox",
                "heater" (any watts), "stages", "storage", "inverter" (a generator that can be limited),
                "signal" (contacts of the grid operator)
    min_ma..    wallbox: lowest current that charges, highest, and the step it counts in; per phase
    one_phase   wallbox: can be asked to charge on its first phase only
    min_w..     heater, storage: min_w < 0 is the largest discharge; inverter: - its rated power, and the lowest
                limit it takes
    stages      staged load: watts on the device's own conductors, ascending by total, first is off; of several ways
                to one total the one whose conductors were used least is taken
    measured    the device reports its own draw
    fallback    where the device stands when our word has lapsed (Setpoint; STOP when it stops)
    failsafe_ms after this silence the device itself goes to `fallback`; 0 = it never does
    settle_ms   from a write to the full effect
    pace_ms     least time between two writes that do not lower
    min_on_ms.. shortest run and shortest rest
    own         storage: "" when it takes any power it is told. Else it regulates by itself at its own meter while it is
                told a discharge, and told 0 it gives nothing and takes what is left: a "limit" is the most it then
                gives, for a "mode" any discharge means as much as the house needs
    most_starts in 24 hours; 0 = any number
    heat        what is asked of the tank behind it
    signals     signal: (word in `Reading.state`, "consume" or "produce", ceiling in W, whether it holds while nothing
                is heard) of each contact; several words are joined by "+", "!" behind one says that its contact is
                broken, and a word that is none of them means that nothing was heard
    """

    __slots__ = ()
    _field_defaults = {"own": "", "most_starts": 0, "heat": None, "signals": ()}  # journals from before they were there
    kind: str
    min_ma: int
    max_ma: int
    step_ma: int
    one_phase: bool
    min_w: int
    max_w: int
    step_w: int
    stages: "tuple[tuple[int, ...], ...]"
    measured: bool
    fallback: Setpoint
    failsafe_ms: int
    settle_ms: int
    pace_ms: int
    min_on_ms: int
    min_off_ms: int
    own: str
    most_starts: int
    heat: "HeatRule | None"
    signals: "tuple[tuple[str, str, int, bool], ...]"


def ability(
    kind: str, min_ma: int = 0, max_ma: int = 0, step_ma: int = 1000, one_phase: bool = False,
    min_w: int = 0, max_w: int = 0, step_w: int = 1, stages: "tuple[tuple[int, ...], ...]" = (),
    measured: bool = True, fallback: Setpoint = STOP, failsafe_ms: int = 0, settle_ms: int = 2_000,
    pace_ms: int = 0, min_on_ms: int = 0, min_off_ms: int = 0, own: str = "", most_starts: int = 0,
    heat: "HeatRule | None" = None, signals: "tuple[tuple[str, str, int, bool], ...]" = (),
) -> Ability:
    """An Ability by keyword; what is not named is absent."""
    return Ability(kind, min_ma, max_ma, step_ma, one_phase, min_w, max_w, step_w, stages, measured,
                   fallback, failsafe_ms, settle_ms, pace_ms, min_on_ms, min_off_ms, own, most_starts, heat,
                   signals)
