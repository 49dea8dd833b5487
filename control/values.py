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
MODES = (OFF, FAST, SURPLUS, MINIMUM)

NONE = -1  # no such index


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


class DeviceSpec(namedtuple("DeviceSpec", (
    "name", "node", "phases", "ability", "priority", "mode", "stale_ms", "reserve_ma", "bands_permille",
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
    bands_permille: "tuple[int, int, int]"  # storage: reserve, before the car below, full; else zeros


class Site(namedtuple("Site", ("name", "nodes", "devices", "cycle_ms", "feed_in_w"))):
    """What never changes while the program runs."""

    __slots__ = ()
    name: str
    nodes: "tuple[NodeSpec, ...]"
    devices: "tuple[DeviceSpec, ...]"
    cycle_ms: int
    feed_in_w: int  # highest export at the connection point; NONE = not limited


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


class Snapshot(namedtuple("Snapshot", ("now_ms", "heard", "written", "modes", "ceiling_w"))):
    """All one step may know."""

    __slots__ = ()
    now_ms: int  # monotonic
    heard: "tuple[Heard, ...]"  # by device
    written: "tuple[Written, ...]"  # by device; NOTHING_WRITTEN for what takes no setpoint
    modes: "tuple[str, ...]"  # by device
    ceiling_w: int  # section 14a EnWG: most the controllable loads may take from the grid; NONE = none


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


class Plan(namedtuple("Plan", ("grants", "nodes", "surplus_w", "alarms"))):
    """The answer of one step."""

    __slots__ = ()
    grants: "tuple[Grant | None, ...]"  # by device; None for what takes no setpoint
    nodes: "tuple[NodeView, ...]"
    surplus_w: "int | None"  # what controlled loads could share; None when the grid point is not believed
    alarms: "tuple[tuple[int, int], ...]"  # (reason, device) of readings not believed
