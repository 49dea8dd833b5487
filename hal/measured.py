"""What any meter of any medium has measured: one record for heat, cooling, water, gas, electricity and climate."""

from collections import namedtuple

OWN_CLOCK = "meter"  # the meter's own time, and it says its clock is right
WRONG_CLOCK = "meter-wrong"  # the meter's own time, and it says its clock is not right
RECEIVED = "received"  # the time it was heard, by the receiver's clock
NO_CLOCK = "none"  # no time is known
CLOCKS = (OWN_CLOCK, WRONG_CLOCK, RECEIVED, NO_CLOCK)


class Measured(namedtuple("Measured", (
    "meter", "medium", "quantity", "value", "scaler", "unit", "time", "clock", "status", "function", "storage",
    "tariff", "subunit", "qualifiers",
))):
    """value * 10**scaler in `unit`, unrounded, of what `quantity` names.

    The value is as the meter sent it: "+ into the node" is for whoever knows how the meter is mounted. Energy that
    flows the other way has the qualifier "backward".
    """

    __slots__ = ()
    meter: str  # the meter's name, unique in the world: "KAM-12345678-1B-16"
    medium: str  # "heat", "water", "gas", "electricity", ...
    quantity: str  # "energy", "volume", "power", "flow_temperature", ...
    value: int
    scaler: int
    unit: str  # plain: Wh, J, m3, W, m3/h, degC, V, A, ...; "" for a count
    time: "str | None"  # ISO 8601, local time of the clock that `clock` names
    clock: str  # one of CLOCKS
    status: "tuple[str, ...]"  # what the meter says of itself: "low power", "permanent error", ...; () is well
    function: str  # "now" "maximum" "minimum" "at_error"
    storage: int  # 0 is now; others are of the date in `time`
    tariff: int
    subunit: int
    qualifiers: "tuple[str, ...]"  # "backward", "l1", ...
