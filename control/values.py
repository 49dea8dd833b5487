"""What the decision is given and what it answers. Immutable; integers; written to the journal as they are.

Devices are addressed by their index in `Site.devices`, nodes by their index in `Site.nodes`; a parent
stands before its children. Conventions of sign and unit: hal.values.
"""

from collections import namedtuple

from hal.faults import Fault
from hal.values import Ability, Phases, Reading, Setpoint

OFF = "off"  # gets nothing
FAST = "fast"  # as much as the fuses allow, from wherever it comes
SURPLUS = "surplus"  # only what would be exported
MINIMUM = "minimum"  # its lowest current always, surplus above it
TARGET = "target"  # surplus, and from the grid what is still missing when it would not be ready in time
MODES = (OFF, FAST, SURPLUS, MINIMUM, TARGET)

NONE = -1  # no such index

CONSUME = "consume"  # what an obligation limits: the controllable loads (section 14a EnWG) ...
PRODUCE = "produce"  # ... or the feed-in at the house connection (section 9 EEG)


class NodeSpec(namedtuple("NodeSpec", (
    "name", "parent", "meter", "rated_ma", "continuous_ma", "curve", "rest_ma", "max_w", "imbalance_va",
))):
    """A point of the electrical tree with what limits it. Node 0 is the house connection."""

    __slots__ = ()
    name: str
    parent: int  # index of a node before it; NONE for the first
    meter: int  # index of the device that measures it, or NONE
    rated_ma: int  # of its fuse, per phase
    continuous_ma: int  # what the cabinet bears for hours, per phase; at most rated_ma
    curve: str  # "sls-e" "gg" "mcb-b" "mcb-c" "mcb-d"
    rest_ma: int  # assumed per phase for the loads nobody controls, while they are not measured
    max_w: int  # highest import; 0 = not limited in watts
    imbalance_va: int  # VDE-AR-N 4100: between phases, for controlled devices; 0 = not limited


class Store(namedtuple("Store", (
    "reserve_permille", "first_permille", "full_permille", "capacity_wh", "efficiency_permille", "least_w",
    "take_curve", "give_curve", "grid_price", "grid_permille", "depart_permille", "depart_ms", "peak_permille",
))):
    """The battery of a storage, or of the car on a wallbox, and how it may be used. Curves: (charge, W), ascending."""

    __slots__ = ()
    _field_defaults = {  # journals from before they were there
        "capacity_wh": 0, "efficiency_permille": 900, "least_w": 0, "take_curve": (), "give_curve": (),
        "grid_price": None, "grid_permille": 0, "depart_permille": 0, "depart_ms": NONE,
        "peak_permille": 0,
    }
    reserve_permille: int  # never discharged below
    first_permille: int  # charged before all loads below
    full_permille: int  # not charged above
    capacity_wh: int  # 0 = not known, unless the device tells
    efficiency_permille: int  # what comes back of what was taken
    least_w: int  # less is worse than nothing
    take_curve: "tuple[tuple[int, int], ...]"  # the most it takes at a charge; () = always what its ability says
    give_curve: "tuple[tuple[int, int], ...]"  # and gives
    grid_price: "int | None"  # 0.001 ct/kWh: charged from the grid at no more; None = never by price
    grid_permille: int  # and so up to there
    depart_permille: int  # a car's: not discharged below, and there when it departs; 0 = none
    depart_ms: int  # when that is, each day, since local midnight; NONE = not known
    peak_permille: int  # kept for peaks, and charged up to from the grid between them; 0 = none


def store(
    reserve_permille: int = 0, first_permille: int = 0, full_permille: int = 1_000, capacity_wh: int = 0,
    efficiency_permille: int = 900, least_w: int = 0, take_curve: "tuple[tuple[int, int], ...]" = (),
    give_curve: "tuple[tuple[int, int], ...]" = (), grid_price: "int | None" = None, grid_permille: int = 1_000,
    depart_permille: int = 0, depart_ms: int = NONE, peak_permille: int = 0,
) -> Store:
    """A Store by keyword."""
    return Store(reserve_permille, first_permille, full_permille, capacity_wh, efficiency_permille, least_w,
                 take_curve, give_curve, grid_price, grid_permille, depart_permille, depart_ms,
                 peak_permille)


class DeviceSpec(namedtuple("DeviceSpec", (
    "name", "node", "phases", "ability", "priority", "mode", "stale_ms", "reserve_ma", "store", "keep", "group",
))):
    """A meter, a source or a load, and how it is wired."""

    __slots__ = ()
    name: str
    node: int  # the node it hangs on; for a meter the node it measures
    phases: "tuple[int, ...]"  # grid phase (0, 1, 2) of each of its conductors, in its own order
    ability: Ability
    priority: int  # higher is served first
    mode: str  # one of MODES, at start
    stale_ms: int  # a reading older than this is no reading
    reserve_ma: int  # most it may draw a phase while it is silent: its fallback, else its fuse or cable
    store: "Store | None"  # of a storage always, of a wallbox where its car's battery is known
    keep: int  # where there is not enough for all, a lower one is shed first; NONE = in the order of priority
    group: str  # section 14a EnWG: "a" charge point, "b" heat pump, "c" cooling, "d" storage; "" = none of them


class Peak(namedtuple("Peak", ("power_w", "sliding"))):
    """Highest mean import of a quarter of an hour."""

    __slots__ = ()
    power_w: int
    sliding: bool  # any quarter of an hour; else those of the clock


class Site(namedtuple("Site", ("name", "nodes", "devices", "cycle_ms", "feed_in_w", "peak"))):
    """What never changes while the program runs."""

    __slots__ = ()
    name: str
    nodes: "tuple[NodeSpec, ...]"
    devices: "tuple[DeviceSpec, ...]"
    cycle_ms: int
    feed_in_w: int  # highest export at the connection point; NONE = not limited
    peak: "Peak | None"


class Heard(namedtuple("Heard", ("reading", "fault"))):
    """The newest good reading of a device, and the fault that came after it, if one did."""

    __slots__ = ()
    reading: "Reading | None"
    fault: "Fault | None"


class Written(namedtuple("Written", ("confirmed", "t_ms", "pending", "fault"))):
    """What stands in a load. Until `pending` is confirmed the load may be at either."""

    __slots__ = ()
    confirmed: "Setpoint | None"  # last one read back; None = unknown
    t_ms: int  # monotonic; when it was confirmed
    pending: "Setpoint | None"  # sent, refused or unanswered since
    fault: "Fault | None"  # why the newest write was not confirmed


NOTHING_HEARD = Heard(None, None)
NOTHING_WRITTEN = Written(None, 0, None, None)


class Wish(namedtuple("Wish", (
    "target_wh", "target_ms", "lease_w", "lease_ms", "worth", "limit", "target_permille",
))):
    """What the owner, or a planner on his behalf, wants of one device beside its mode. None where nothing is wanted."""

    __slots__ = ()
    _field_defaults = {"limit": None, "target_permille": None}  # journals from before they were there
    target_wh: "int | None"  # what its counter of imported energy shall have reached
    target_ms: int  # by then; monotonic
    lease_w: "int | None"  # exactly so much, as far as the limits allow; - discharges a storage
    lease_ms: int  # until then; monotonic
    worth: "int | None"  # of a kWh to this device now, in 0.001 ct
    limit: "int | None"  # most it may draw: mA per conductor of a wallbox, W of all others; it only ever lowers
    target_permille: "int | None"  # what its charge shall have reached by target_ms


NO_WISH = Wish(None, 0, None, 0, None, None, None)


class Prices(namedtuple("Prices", ("import_", "export", "until_ms", "later"))):
    """What a kWh costs and earns at the grid point now, and what it will cost, in 0.001 ct."""

    __slots__ = ()
    _field_defaults = {"later": ()}  # journals from before it was there
    import_: int
    export: "int | None"  # not known
    until_ms: int  # monotonic; not known beyond
    later: "tuple[tuple[int, int], ...]"  # (from when, import), ascending; until then it is as now


class Obligation(namedtuple("Obligation", ("direction", "ceiling_w", "until_ms", "source"))):
    """What the grid operator demands."""

    __slots__ = ()
    direction: str  # CONSUME or PRODUCE
    ceiling_w: int
    until_ms: int  # monotonic; NONE = until it is taken back
    source: str  # who told it: a device's name, or the way it came


class Snapshot(namedtuple("Snapshot", (
    "now_ms", "heard", "written", "modes", "obligations", "wishes", "prices", "day_ms",
))):
    """All one step may know."""

    __slots__ = ()
    _field_defaults = {"day_ms": NONE}  # journals from before it was there
    now_ms: int  # monotonic
    heard: "tuple[Heard, ...]"  # by device
    written: "tuple[Written, ...]"  # by device; NOTHING_WRITTEN for what takes no setpoint
    modes: "tuple[str, ...]"  # by device
    obligations: "tuple[Obligation, ...]"  # told from outside; those of contacts stand in `heard`
    wishes: "tuple[Wish | None, ...]"  # by device, or empty
    prices: "Prices | None"
    day_ms: int  # time of day, since local midnight; NONE = not known


class Grant(namedtuple("Grant", ("setpoint", "wanted", "reason", "node", "phase"))):
    """What one load may draw, and why not more."""

    __slots__ = ()
    setpoint: Setpoint
    wanted: Setpoint  # what its mode asked for before any limit
    reason: int  # control.reasons
    node: int  # where the limit stands, or NONE
    phase: int  # 0, 1, 2, or NONE


class NodeView(namedtuple("NodeView", ("measured_ma", "rest_ma", "issued_ma", "believed"))):
    """How a node stood in this step."""

    __slots__ = ()
    measured_ma: "Phases | None"  # through its fuse, by its own meter; None when not believed
    rest_ma: Phases  # loads nobody controls, as reckoned with
    issued_ma: Phases  # most its controlled loads may draw under the grants of this plan
    believed: bool


class Obeyed(namedtuple("Obeyed", ("obligations", "drawn_w", "fed_w"))):
    """How the house stands to the grid operator."""

    __slots__ = ()
    obligations: "tuple[Obligation, ...]"  # all that are in force
    drawn_w: "int | None"  # what the controllable loads take from the grid; None when it is not known
    fed_w: "int | None"  # what is fed in at the house connection; None when it is not known


class Plan(namedtuple("Plan", ("grants", "nodes", "surplus_w", "alarms", "obeyed"))):
    """The answer of one step."""

    __slots__ = ()
    grants: "tuple[Grant | None, ...]"  # by device; None for what takes no setpoint
    nodes: "tuple[NodeView, ...]"
    surplus_w: "int | None"  # what controlled loads could share; None when the grid point is not believed
    alarms: "tuple[tuple[int, int], ...]"  # (reason, device) of readings not believed
    obeyed: Obeyed


NEVER = -1  # instead of a time, where nothing has happened yet


class Still(namedtuple("Still", (
    "marks", "same", "first_ms", "quiet_ms", "anchor", "anchor_ms", "mark_w", "moved_ms", "stuck",
))):
    """What is remembered of a node's meter to tell whether it stands still. Vectors: mA on L1, L2, L3, then W."""

    __slots__ = ()
    marks: "tuple[int, ...]"  # of its newest readings, the newest first
    same: int  # readings in a row that were said before
    first_ms: int  # since when it has said nothing new; NEVER = the newest was new
    quiet_ms: int  # the longest it has said nothing new while it lived; slowly forgotten
    anchor: "tuple[int, int, int, int]"  # what it has stayed near
    anchor_ms: int  # since when
    mark_w: "int | None"  # what the others behind it drew then; None = not all of them have said so yet
    moved_ms: int  # since when they have drawn something else
    stuck: bool  # it stands still


class Turn(namedtuple("Turn", ("rest_ms", "flow", "others", "sign", "phase", "scale", "ratio"))):
    """What is remembered of a node's meter to tell whether it has direction, phases and amount right. Vectors as in
    Sense."""

    __slots__ = ()
    rest_ms: int  # when all behind it last stood still; NEVER = not lately
    flow: "tuple[int, int, int, int]"  # what it said then
    others: "tuple[int, int, int, int]"  # and what is measured behind it
    sign: int  # times in a row that it moved the other way
    phase: int  # times in a row that it moved on another phase
    scale: int  # times in a row that it moved by the same wrong share of what was behind it
    ratio: int  # that share, in permille


class Leap(namedtuple("Leap", ("count", "up", "t_ms"))):
    """What is remembered of a node's meter that goes up and down by more than a house does."""

    __slots__ = ()
    count: int  # turns of direction in a row
    up: bool  # which way it went last
    t_ms: int  # when; NEVER = not yet


class Sense(namedtuple("Sense", (
    "good", "flow", "phased", "before", "before_ms", "seen_ms", "verdict", "row", "believed", "still", "turn", "leap",
))):
    """What is remembered of one device's readings. Vectors: mA on L1, L2, L3, then W."""

    __slots__ = ()
    good: "Reading | None"  # the newest that can be true
    flow: "tuple[int, int, int, int]"  # what it says flows into the device
    phased: bool  # whether it says so by phase; else the currents in `flow` are a guess
    before: "tuple[int, int, int, int]"  # flow of the good one before
    before_ms: int  # time of that one
    seen_ms: int  # time of the newest, good or not
    verdict: int  # what is wrong with the newest (control.reasons), 0 = nothing
    row: int  # good ones in a row since it was last lost
    believed: bool
    still: "Still | None"  # of a node's meter
    turn: "Turn | None"  # of a node's meter
    leap: "Leap | None"  # of a node's meter


class NodeState(namedtuple("NodeState", (
    "used_ms", "rest", "peak", "peak_ms", "above_ms", "heat", "severity", "warm", "risen",
))):
    """What is remembered of one node. Vectors: mA on L1, L2, L3, then W."""

    __slots__ = ()
    used_ms: int  # time of the meter reading that was reckoned with last; NEVER = none yet
    rest: "tuple[int, int, int, int]"  # loads nobody controls, as reckoned with
    peak: "tuple[int, int, int, int]"  # the most they were since peak_ms
    peak_ms: int
    above_ms: "tuple[int, int, int, int]"  # since when they may be more, or a load of ours has started
    heat: "tuple[int, int, int]"  # overload stored in the fuse: control.overload
    severity: int  # 0 none, 1 down to the least, 2 stop
    warm: "tuple[int, int, int]"  # mean current of the last minutes, mA: what the cabinet feels
    risen: "tuple[int, int, int, int]"  # what the rest is when its rise turns out to last


class Upkeep(namedtuple("Upkeep", (
    "t_ms", "full", "reached_ms", "hot_ms", "starts", "used_ms", "order", "day_ms", "day_mws",
))):
    """What is remembered of a load that heats a tank, may start only so often, or has several ways to one stage."""

    __slots__ = ()
    t_ms: int  # when it was last brought up to date
    full: bool  # the tank is at its highest temperature, and has not yet cooled by its gap
    reached_ms: int  # since when the tank is as hot as it has to be against legionella; NEVER = it is not
    hot_ms: int  # when it last was for long enough
    starts: "tuple[int, ...]"  # times of its newest starts, the oldest first
    used_ms: "tuple[int, ...]"  # how long each of its own conductors has been in use
    order: "tuple[int, ...]"  # its conductors, least used first, as they were when it last stood still
    day_ms: int  # when the day began that `day_mws` is of
    day_mws: int  # what it took since


class LoadState(namedtuple("LoadState", (
    "level", "conductors", "held", "stood", "stood_ms", "changed_ms", "switched_ms", "edge_ms",
    "conductors_ms", "conductors_edge_ms", "idle_ms", "uses", "uses_ms", "turns", "turns_ms", "driven", "upkeep",
))):
    """What is remembered of one load."""

    __slots__ = ()
    _field_defaults = {"upkeep": None}  # journals from before it was there
    level: int  # last granted: mA per conductor for a wallbox, else W
    conductors: int  # how many of its conductors that was for
    held: "tuple[int, int, int, int]"  # most it may still be drawing: mA on L1, L2, L3, then W
    stood: "Setpoint | None"  # what was confirmed last
    stood_ms: int  # since when
    changed_ms: int  # when the grant was last changed
    switched_ms: int  # when it was last switched on or off
    edge_ms: int  # since when the surplus calls for the opposite
    conductors_ms: int  # when it last changed between one phase and all
    conductors_edge_ms: int  # since when the surplus calls for that
    idle_ms: int  # since when it draws nothing though it may
    uses: int  # on how many of its conductors the car on it charges, as far as was seen; 0 = not yet
    uses_ms: int  # since when it charges on another number
    turns: int  # changes between one phase and all in this day
    turns_ms: int  # when that day began
    driven: int  # why it took from the grid beyond its mode (control.reasons); 0 = it did not
    upkeep: "Upkeep | None"  # of a load with such rules


class Generator(namedtuple("Generator", ("limit_w", "changed_ms", "could_mw"))):
    """What is remembered of one generator that can be limited."""

    __slots__ = ()
    limit_w: int  # last granted, as a positive power
    changed_ms: int  # when that was changed
    could_mw: int  # what the sun would let it make, as far as that shows, in thousandths of a watt


class Feed(namedtuple("Feed", ("used_ms", "need_mw", "over_ms", "shy_ms"))):
    """What is remembered of the feed-in at the house connection."""

    __slots__ = ()
    used_ms: int  # time of the grid reading that was reckoned with last; NEVER = none yet
    need_mw: int  # what the house takes from the grid and the generators that can be limited, smoothed; in mW
    over_ms: int  # since when more is fed in than allowed; NEVER = it is not
    shy_ms: int  # when storage last did not take what it was left; NEVER = not yet


class Shave(namedtuple("Shave", ("t_ms", "import_w", "quarter", "used", "slots", "slot"))):
    """What is remembered of the quarter of an hour. Energies in W ms."""

    __slots__ = ()
    t_ms: int  # counted until then; NEVER = not yet
    import_w: int  # as it was read last
    quarter: int  # of the day; NONE = not known
    used: int  # imported in it
    slots: "tuple[int, ...]"  # of the newest half minutes, the one at work first
    slot: int  # number of that


class State(namedtuple("State", (
    "now_ms", "senses", "nodes", "loads", "pool_ms", "quick_mw", "slow_mw", "generators", "feed", "shave",
))):
    """All one step keeps for the next."""

    __slots__ = ()
    now_ms: int
    senses: "tuple[Sense, ...]"  # by device
    nodes: "tuple[NodeState, ...]"
    loads: "tuple[LoadState | None, ...]"  # by device; None for what takes no setpoint
    pool_ms: int  # time of the grid reading the surplus was last reckoned with; NEVER = none yet
    quick_mw: int  # surplus in thousandths of a watt, smoothed over seconds
    slow_mw: int  # smoothed over a minute and a half
    generators: "tuple[Generator | None, ...]"  # by device; None for what is none
    feed: Feed
    shave: Shave
