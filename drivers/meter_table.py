"""A meter that is a table: its registers, what it asks of its master, and how well its table is known.

`reads` (voltage, current, power) comes every time, `slow` (energies, power factor, frequency) round-robin, both in
the fewest requests the device allows. One that refuses the long requests is asked in short ones without holes.
The current transformers' ratio is the device's own business; only where it shows its secondary side `ct_ratio`
is set here, and then exactly the currents, powers and energies are multiplied, before they are rounded.
"""

from collections import namedtuple

from drivers.given import is_reversed, phases, whole, word
from drivers.identity import Mark, missed
from drivers.meter_reading import meter_reading
from drivers.passport import Passport, Tell, ask
from drivers.register_device import MOST_WORDS, RegisterDevice, planned
from hal.faults import FRAME, RANGE, REFUSED, DeviceError
from hal.options import Option, choice, integer
from hal.ports import Bus
from hal.registers import Reg
from hal.values import Ability, Reading
from hal.values import ability as able

MEASURES_ONLY = "only measures; when it is silent its node is reckoned at its rated current"
SHORT_WORDS = 10  # what every device answers at once: three phases of 32 bits, and a little
AGAIN_MS = 60_000  # after so long a silence it may be another meter, or have been set anew
QUICK_MS = 200  # five times a second: what a meter for energy management measures anew
BY_CT = ("current_ma", "power_w", "taken_w", "given_w", "total_w", "import_wh", "export_wh")

ROLE = choice("role", "meter", ("meter", "source"), "meter of a node, or of a PV system that is only read")
MOUNTING = choice("mounting", "normal", ("normal", "reversed"),
                  "reversed when the grid is on the terminals of the load")
CT_RATIO = integer("ct_ratio", 1, 1, 1_000, "of its current transformers (200 A to 5 A is 40), only where the meter's "
                                            "own ratio is set to 1")
WORDS = choice("words", "high first", ("high first", "low first"), "order of the two words of a value, as set in it")


class Table(namedtuple("Table", (
    "name", "known_by", "reads", "slow", "passport", "identity", "checks", "conductors", "most_words", "gap",
    "quick_ms",
))):
    """reads, slow   fields: voltage_mv, current_ma, power_w (or taken_w and given_w), total_w, import_wh, export_wh,
                     power_factor_permille, frequency_mhz
    passport     what it says about itself
    identity     what tells it from any other device; () when nothing does
    checks       settings without which its numbers mean something else
    conductors   3, or 1
    most_words   the longest request it answers, and gap the unused registers one may read over
    quick_ms     how often it measures anew and may be asked; 0 = once a second
    """

    __slots__ = ()
    name: str
    known_by: str
    reads: "tuple[Reg, ...]"
    slow: "tuple[Reg, ...]"
    passport: "tuple[Tell, ...]"
    identity: "tuple[Mark, ...]"
    checks: "tuple[Mark, ...]"
    conductors: int
    most_words: int
    gap: int
    quick_ms: int


def table(
    name: str, known_by: str, reads: "tuple[Reg, ...]", slow: "tuple[Reg, ...]", passport: "tuple[Tell, ...]" = (),
    identity: "tuple[Mark, ...]" = (), checks: "tuple[Mark, ...]" = (), conductors: int = 3,
    most_words: int = MOST_WORDS, gap: int = 0, quick_ms: int = QUICK_MS,
) -> Table:
    """A Table by keyword."""
    return Table(name, known_by, reads, slow, passport, identity, checks, conductors, most_words, gap, quick_ms)


class TableMeter(RegisterDevice):
    def __init__(self, bus: Bus, meter: Table, options: "dict[str, object]") -> None:
        """`options`: unit, phases and mounting, and ct_ratio and words where the driver has them."""
        ratio = whole(options, "ct_ratio") if "ct_ratio" in options else 1
        low_first = options.get("words") == "low first"
        self._table = meter
        self._reads = tuple([as_set(reg, ratio, low_first) for reg in meter.reads])
        self.quick_ms = meter.quick_ms
        super().__init__(bus, whole(options, "unit"), self._reads,
                         tuple([as_set(reg, ratio, low_first) for reg in meter.slow]),
                         most_words=meter.most_words, phases=phases(options), gap=meter.gap)
        self._sign = -1 if is_reversed(options) else 1
        self._short = self._proven = False
        self._good_ms: "int | None" = None

    def read(self, now_ms: int) -> Reading:
        try:
            if self._good_ms is None or now_ms - self._good_ms > AGAIN_MS:
                self._check()
            said = super().read(now_ms)
        except DeviceError as error:
            if error.kind == REFUSED or (error.kind == FRAME and not self._proven):
                self._plan_anew()
            raise
        self._proven, self._good_ms = True, now_ms
        return said

    def say(self, now_ms: int, values: "dict[str, tuple[int | None, ...]]") -> Reading:
        return meter_reading(now_ms, values, self.phases, self._sign)

    def passport(self) -> Passport:
        return ask(self.bus, self.unit, self._table.passport)

    def _plan_anew(self) -> None:
        """The next reading in short requests; in long ones again, should those be refused as well."""
        self._short, self._proven = not self._short, False
        if self._short:
            self._fast = planned(self._reads, min(SHORT_WORDS, self._table.most_words))
        else:
            self._fast = planned(self._reads, self._table.most_words, self._table.gap)

    def _check(self) -> None:
        wrong = missed(self.bus, self.unit, self._table.checks)
        if wrong:
            raise DeviceError(RANGE, wrong)


def as_set(reg: Reg, ratio: int, low_first: bool) -> Reg:
    """The register as this one device keeps it."""
    num = reg.num * ratio if reg.field in BY_CT else reg.num
    kind = reg.kind + "_le" if low_first else reg.kind
    return Reg(reg.field, reg.function, reg.address, kind, reg.count, num, reg.den)


def options_of(meter: Table, *more: Option) -> "tuple[Option, ...]":
    """What every meter takes, and `more`; a single-phase meter cannot be the meter of a node."""
    return (((ROLE, MOUNTING) if meter.conductors == 3 else (MOUNTING,)) + more)


def ability_of(meter: Table, options: "dict[str, object]") -> Ability:
    """Raises ValueError("key: what is allowed")."""
    count = len(phases(options))
    if count > meter.conductors:
        raise ValueError("phases: a single-phase meter; allowed is one of L1, L2 and L3")
    return able(word(options, "role") if "role" in options else "source")


def within(meter: Table, most_words: int) -> Table:
    """The same meter, asked in requests of at most so many registers."""
    return Table(meter.name, meter.known_by, meter.reads, meter.slow, meter.passport, meter.identity, meter.checks,
                 meter.conductors, most_words, meter.gap, meter.quick_ms)
