"""What the configuration hands a driver: the plain values of its options, with their kind checked once more."""

from drivers.counters import Counters
from hal.options import choice
from hal.ports import Clock
from hal.values import NOMINAL_MV

# of meters that say what they measure by themselves; drivers.meter_table has those of a table of registers
ROLE = choice("role", "meter", ("meter", "source"), "what it measures: a node, or a generator that is only read")
MOUNTING = choice("mounting", "normal", ("normal", "reversed"),
                  "reversed when what it counts as import leaves the node")


def whole(options: "dict[str, object]", name: str) -> int:
    value = options[name]
    assert isinstance(value, int), name
    return value


def word(options: "dict[str, object]", name: str) -> str:
    value = options[name]
    assert isinstance(value, str), name
    return value


def words(options: "dict[str, object]", name: str) -> "tuple[str, ...]":
    value = options[name]
    assert isinstance(value, tuple), name
    assert all(isinstance(one, str) for one in value), name
    return value


def phases(options: "dict[str, object]") -> "tuple[int, ...]":
    """The grid phase (0, 1, 2) of each of the device's own conductors."""
    value = options["phases"]
    assert isinstance(value, tuple), "phases"
    assert all(phase in (0, 1, 2) for phase in value)
    return value


def clock(options: "dict[str, object]") -> Clock:
    value = options["clock"]
    assert isinstance(value, Clock), "clock"
    return value


def counters(options: "dict[str, object]") -> Counters:
    """Those of sealed telegrams, kept over restarts where the configuration says where; else in memory alone."""
    value = options.get("counters")
    assert value is None or isinstance(value, Counters)
    return Counters() if value is None else value


def most_w(options: "dict[str, object]") -> int:
    """What the device's own fuse or cable bears at nominal voltage, over all its conductors."""
    return whole(options, "max_a") * (NOMINAL_MV // 1000) * len(phases(options))


def is_reversed(options: "dict[str, object]") -> bool:
    return word(options, "mounting") == "reversed"
