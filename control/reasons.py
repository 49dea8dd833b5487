"""Why a load may draw what it may, and why a reading is not believed: numbers that never change their meaning.

Journals, registers and automations keep these numbers for years: a number is never given to another
reason, a reason that is no longer used keeps its line. Below 100 stands why a grant is what it is, from
100 on what is wrong (`Plan.alarms`).
"""

from control.values import NONE, DeviceSpec, Grant, Site
from hal.values import NOMINAL_MV

# the owner and the device
OFF = 1
FULL = 2
NO_CAR = 3
DEVICE_FAULT = 4
SILENT = 5
IDLE = 6
TARGET = 7
LEASE = 8
LIMIT = 9
# where a limit stands
FUSE = 10
CONTINUOUS = 11
NODE_POWER = 12
IMBALANCE = 13
OPERATOR = 14
OVERLOAD = 15
EXPORT_FUSE = 16
METER_LOST = 17
OTHERS_FIRST = 18
PEAK = 19
# what there is to share
SURPLUS = 20
WAITS_SURPLUS = 21
STARTS_SOON = 22
STOPS_SOON = 23
MINIMUM = 24
CHEAP = 25
EXPORT_PAYS = 26
# generators
GENERATES = 27
FEED_IN = 28
EXPORT_COSTS = 29
# storage
ZERO_GRID = 30
RESERVE = 31
CHARGED = 32
NO_CHARGE_LEVEL = 33
STORAGE_FIRST = 34
KEEPS = 35
OWN_LOOP = 36
LOCKED = 37
DEPARTURE = 38
CURVE = 39
# time
RAMP = 40
REST = 41
SHORTEST_RUN = 42
PHASE_DWELL = 43
OTHERS_LOWER = 44
NEWS = 45
PROBE = 46
# heat, starts
HOT = 50
NO_TEMPERATURE = 51
LEGIONELLA = 52
STARTS_USED = 53
DAY_ENERGY = 54
# storage too
LEAST_POWER = 60
PEAK_FILL = 61
# what is wrong
NEVER_HEARD = 100
STALE = 101
FROZEN = 102
CURRENT_RANGE = 103
VOLTAGE_RANGE = 104
POWER_MISMATCH = 105
COUNTER_FELL = 106
FUTURE = 107
RECOVERING = 108
WRITE_FAULT = 109
OVER_FUSE = 110
NOT_OBEYED = 111
NO_POWER = 112
TURNED = 113
PHASES_MIXED = 114
FEEDS_TOO_MUCH = 115
INPUT_LOST = 116
LEAPING = 117
SCALED = 118
NO_TEMPERATURE_KNOWN = 120
LEGIONELLA_LATE = 121
NO_TIME = 122

# number, word for a table or a register, sentence behind the amount
#   {node} the node's limit, {phase} its phase, {need} the least the device needs, {offer} what there was for it
_TEXTS = (
    (OFF, "off", "switched off"),
    (FULL, "full", "all it asks for"),
    (NO_CAR, "no-car", "no car plugged in"),
    (DEVICE_FAULT, "device-fault", "the device reports a fault"),
    (SILENT, "silent", "the device does not answer, what it may draw stays reserved"),
    (IDLE, "idle", "offered, but nothing is drawn"),
    (TARGET, "target", "all it can get, to be ready in time"),
    (LEASE, "lease", "as told from outside"),
    (LIMIT, "limit", "its owner's limit"),
    (FUSE, "fuse", "{node} fuse{phase}"),
    (CONTINUOUS, "continuous", "continuous current of {node}{phase}"),
    (NODE_POWER, "power", "power limit of {node}"),
    (IMBALANCE, "imbalance", "imbalance between phases at {node}{phase}"),
    (OPERATOR, "operator", "grid operator's ceiling"),
    (OVERLOAD, "overload", "{node} overloaded{phase}"),
    (EXPORT_FUSE, "export-fuse", "{node} fuse on the way out{phase}"),
    (METER_LOST, "meter-lost", "{node} meter lost: safe budget"),
    (OTHERS_FIRST, "others-first", "others are served first, {offer} of {need} left"),
    (PEAK, "peak", "peak limit of the quarter of an hour"),
    (SURPLUS, "surplus", "follows the surplus"),
    (WAITS_SURPLUS, "waits", "waits for surplus: {offer} of {need}"),
    (STARTS_SOON, "starts-soon", "starts when the surplus lasts"),
    (STOPS_SOON, "stops-soon", "least it can, stops unless surplus returns"),
    (MINIMUM, "minimum", "its minimum, more with surplus"),
    (CHEAP, "cheap", "the grid is cheaper than its worth"),
    (EXPORT_PAYS, "export-pays", "export earns more than its worth"),
    (GENERATES, "generates", "all it can make"),
    (FEED_IN, "feed-in", "no more may be fed in"),
    (EXPORT_COSTS, "export-costs", "feeding in costs money now"),
    (ZERO_GRID, "zero-grid", "holds the grid at zero"),
    (RESERVE, "reserve", "reserve reached, no discharge"),
    (CHARGED, "charged", "charge level reached"),
    (NO_CHARGE_LEVEL, "no-level", "its charge level is not known"),
    (STORAGE_FIRST, "storage-first", "storage is charged first, {offer} of {need} left"),
    (KEEPS, "keeps", "keeps what it has, it is worth more than the grid costs now"),
    (OWN_LOOP, "own-loop", "left to its own regulation"),
    (LOCKED, "locked", "not discharged into charging from the grid"),
    (DEPARTURE, "departure", "kept for the departure or target, no discharge"),
    (CURVE, "curve", "the most at its charge level"),
    (RAMP, "ramp", "rises step by step"),
    (REST, "rest", "rests after a stop"),
    (SHORTEST_RUN, "shortest-run", "runs its shortest time"),
    (PHASE_DWELL, "phase-dwell", "stays on its phases before the next change"),
    (OTHERS_LOWER, "others-lower", "waits until others have come down at {node}{phase}"),
    (NEWS, "waits-reading", "waits for a fresh reading"),
    (PROBE, "probe", "a little less for a moment: does {node}'s meter still follow?"),
    (HOT, "hot", "its tank is as hot as it may be"),
    (NO_TEMPERATURE, "no-temperature", "the temperature of its tank is not known"),
    (LEGIONELLA, "legionella", "so hot against legionella, it is due"),
    (STARTS_USED, "starts-used", "its starts of a day are used up"),
    (DAY_ENERGY, "day-energy", "its energy of the day is used up"),
    (LEAST_POWER, "least-power", "too little for its inverter"),
    (PEAK_FILL, "peak-fill", "charged from the grid for the next peak"),
    (NEVER_HEARD, "never-heard", "has not been heard yet"),
    (STALE, "stale", "does not answer"),
    (FROZEN, "frozen", "repeats itself, or stands still while others move"),
    (CURRENT_RANGE, "current-range", "reports a current that cannot be"),
    (VOLTAGE_RANGE, "voltage-range", "reports a voltage that cannot be"),
    (POWER_MISMATCH, "power-mismatch", "reports power that its currents cannot make"),
    (COUNTER_FELL, "counter-fell", "its energy counter fell"),
    (FUTURE, "future", "its reading comes from the future"),
    (RECOVERING, "recovering", "answers again, not believed yet"),
    (WRITE_FAULT, "write-fault", "does not take what it is told"),
    (OVER_FUSE, "over-fuse", "measures more than the fuse bears"),
    (NOT_OBEYED, "not-obeyed", "draws or makes more than it was told"),
    (NO_POWER, "no-power", "tells no power: locked, or it sends none"),
    (TURNED, "turned", "and what is measured behind it disagree about the direction: is it mounted in reverse?"),
    (PHASES_MIXED, "phases-mixed", "and what is measured behind it disagree about the phases: which is L1?"),
    (FEEDS_TOO_MUCH, "feeds-too-much", "measures more feed-in than is allowed"),
    (INPUT_LOST, "input-lost", "has a contact that stands as it cannot: is a wire broken?"),
    (LEAPING, "leaping", "goes up and down as no house does"),
    (SCALED, "scaled", "and what is measured behind it disagree about how much flows: is its transformer ratio right?"),
    (NO_TEMPERATURE_KNOWN, "tank-unknown", "has a tank whose temperature is not known"),
    (LEGIONELLA_LATE, "legionella-late", "has a tank that has not been hot enough against legionella for too long"),
    (NO_TIME, "no-time", "shall be warm by a time of day, and the clock is not set"),
)
ALL = tuple(number for number, _, _ in _TEXTS)


def word(reason: int) -> str:
    """One short word, for tables and topics."""
    return _line(reason)[0]


def sentence(site: Site, device_index: int, grant: Grant) -> str:
    """Amount and cause as a person reads it: "6 A: garage fuse, L2"."""
    return filled(site, device_index, grant, _line(grant.reason)[1])


def filled(site: Site, device_index: int, grant: Grant, text: str, comma: bool = False) -> str:
    """A sentence behind its amount, with its places filled in. `comma`: the language has a decimal comma."""
    device = site.devices[device_index]
    node = site.nodes[grant.node].name if grant.node != NONE else "site"
    phase = ", L%d" % (grant.phase + 1) if grant.phase != NONE else ""
    text = text.replace("{node}", node).replace("{phase}", phase)
    amounts = [watts(least_w(device)), watts(grant.wanted.power_w), _amount(device, grant)]
    if comma:
        amounts = [amount.replace(",", ";").replace(".", ",").replace(";", ".") for amount in amounts]
    return "%s: %s" % (amounts[2], text.replace("{need}", amounts[0]).replace("{offer}", amounts[1]))


def alarm(site: Site, reason: int, device_index: int) -> str:
    """One of `Plan.alarms` as a person reads it: "grid does not answer"."""
    return "%s %s" % (site.devices[device_index].name, _line(reason)[1])


HEAT_W = 100  # a heater starts at no less


def least_w(device: DeviceSpec) -> int:
    """The least a load runs at, at nominal voltage and on as few phases as it can."""
    able = device.ability
    if able.kind == "wallbox":
        conductors = 1 if able.one_phase else len(device.phases)
        return able.min_ma * conductors * NOMINAL_MV // 1_000_000
    if able.kind == "stages":
        return sum(able.stages[1]) if len(able.stages) > 1 else 0
    return max(able.min_w, HEAT_W) if able.kind == "heater" else 0


def watts(power_w: int) -> str:
    """1380 -> "1,380 W" (a board's format knows no thousands)."""
    digits = str(abs(power_w))
    groups = ""
    while len(digits) > 3:
        groups = "," + digits[-3:] + groups
        digits = digits[:-3]
    return ("-" if power_w < 0 else "") + digits + groups + " W"


def amperes(current_ma: int) -> str:
    """6000 -> "6 A", 6500 -> "6.5 A"."""
    tenths = current_ma // 100
    if tenths % 10:
        return "%d.%d A" % (tenths // 10, tenths % 10)
    return "%d A" % (tenths // 10)


def _amount(device: DeviceSpec, grant: Grant) -> str:
    if device.ability.kind == "wallbox":
        return amperes(max(grant.setpoint.current_ma))
    if device.ability.kind == "inverter":
        return watts(-grant.setpoint.power_w)
    return watts(grant.setpoint.power_w)


def _line(reason: int) -> "tuple[str, str]":
    for number, short, text in _TEXTS:
        if number == reason:
            return short, text
    raise ValueError("no reason %d" % reason)
