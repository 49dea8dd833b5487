"""Meter that is reckoned from others: `sum = "inclusive - exclusive - 0.5 shed"`, nested as deep as MOST_DEPTH.

It hangs on no line: the process image reckons it at each snapshot, so that control sees a plain reading. What a
child does not tell is not known of the sum, never 0; its age is that of the oldest child.

Sign: as everywhere, + into the node. A child mounted reversed is turned by its own driver, never here.
Energies are those of a sum only: a difference of counters is no counter, it falls whenever energy passes through,
so a meter with a minus in it has none. Currents are summed with the sign of their power, as control does.
"""

from drivers.given import word
from drivers.meter_facts import RECKONED, Facts
from drivers.quantity import decimal
from hal import values
from hal.options import choice, text
from hal.values import Ability, Phases, Reading, reading

LINES = ()
OPTIONS = (
    choice("role", "source", ("meter", "source", "sum"),
           "the meter of a node, a generator that is only read, or a sum that is only shown"),
    text("sum", None, 1, 400, 'other devices, added and taken away: "inclusive - exclusive", "flat_1 + 0.5 stairs"'),
)
FAILSAFE = "nothing is written to it"
METER = Facts("Sums and differences of other meters", "what all its meters have", RECKONED)

MOST_TERMS = 16
MOST_DEPTH = 8
MOST_PERMILLE = 1_000_000
_THOUSANDTHS = 3


def ability(options: "dict[str, object]") -> Ability:
    terms(word(options, "sum"))
    return values.ability("source" if word(options, "role") == "source" else "meter", settle_ms=0)


def terms(formula: str) -> "tuple[tuple[str, int], ...]":
    """(device, weight in thousandths) of each term. Raises ValueError("sum: what is allowed")."""
    spaced = formula.replace("+", " + ").replace("-", " - ").replace("*", " * ").split()
    if spaced and spaced[0] not in ("+", "-"):
        spaced = ["+"] + spaced
    out: "list[tuple[str, int]]" = []
    while spaced:
        sign = -1 if spaced[0] == "-" else 1
        end = 1
        while end < len(spaced) and spaced[end] not in ("+", "-"):
            end += 1
        name, weight = _term(spaced[1:end])
        if any(other == name for other, _ in out):
            raise ValueError("sum: %s stands twice in it" % name)
        out.append((name, sign * weight))
        spaced = spaced[end:]
    if not 0 < len(out) <= MOST_TERMS:
        raise ValueError("sum: allowed are 1 to %d devices with + and - between them" % MOST_TERMS)
    return tuple(out)


def combined(parts: "tuple[tuple[int, Reading], ...]") -> Reading:
    """Of (weight in thousandths, reading): each field that all of them tell; as old as the oldest."""
    found = [one for _, one in parts]
    weights = [weight for weight, _ in parts]
    plain = min(weights) > 0
    return reading(
        min([one.t_ms for one in found]),
        total_w=_sum(weights, [_total_w(one) for one in found]),
        power_w=_phases(weights, [one.power_w for one in found]),
        current_ma=_phases(weights, [one.current_ma for one in found]),
        voltage_mv=found[0].voltage_mv,
        import_wh=_sum(weights, [one.import_wh for one in found]) if plain else None,
        export_wh=_sum(weights, [one.export_wh for one in found]) if plain else None,
    )


def _term(part: "list[str]") -> "tuple[str, int]":
    """Of ["0.5", "*", "roof"], ["2", "roof"] or ["roof"]."""
    weight = 1_000
    if not part or part[-1] == "*":
        raise ValueError("sum: a sign without a device behind it")
    if len(part) > 1:
        number = decimal(part[0])
        if number is None or len(part) > 3 or (len(part) == 3 and part[1] != "*"):
            raise ValueError("sum: %s; allowed is a device, or a number and a device" % " ".join(part))
        weight = number.nearest(_THOUSANDTHS)
        if number.scaler < -_THOUSANDTHS or not 0 < weight <= MOST_PERMILLE:
            raise ValueError("sum: %s; allowed are 0.001 to %d" % (part[0], MOST_PERMILLE // 1_000))
    return part[-1], weight


def _total_w(one: Reading) -> "int | None":
    if one.total_w is None and one.power_w is not None:
        return one.power_w.total()
    return one.total_w


def _sum(weights: "list[int]", parts: "list[int | None]") -> "int | None":
    """Rounded to the nearest, halves away from zero."""
    total = 0
    for weight, part in zip(weights, parts):
        if part is None:
            return None
        total += weight * part
    return -((500 - total) // 1_000) if total < 0 else (total + 500) // 1_000


def _phases(weights: "list[int]", parts: "list[Phases | None]") -> "Phases | None":
    out = []
    for at in range(3):
        one = _sum(weights, [None if part is None else part[at] for part in parts])
        if one is None:
            return None
        out.append(one)
    return Phases(out[0], out[1], out[2])
