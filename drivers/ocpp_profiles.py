"""What a station is told: a charging profile, one limit with or without an end."""

from collections import namedtuple
from typing import Any

from hal.values import NOMINAL_MV

DEFAULT, TX = "TxDefaultProfile", "TxProfile"
MOST = 1_000_000  # A or W: no station has more
ALWAYS_MS = 946_684_800_000  # 2000-01-01: what has no end rules whatever a station takes for the time
BEFORE_MS = 60_000  # a profile begins so long ago: a clock that is behind ours finds it in force all the same


class Profile(namedtuple("Profile", (
    "connector", "id", "level", "purpose", "limit_ma", "unit", "conductors", "says_phases", "start_ms", "end_ms",
    "ends", "transaction",
))):
    __slots__ = ()
    connector: int  # 0: the station
    id: int
    level: int
    purpose: str
    limit_ma: int  # of each conductor
    unit: str  # "A" or "W"
    conductors: int
    says_phases: bool
    start_ms: int  # UTC
    end_ms: "int | None"  # UTC; None: for ever
    ends: str  # which of its two ends it bears: "validTo duration", or one of them
    transaction: "int | str | None"


class Skills(namedtuple("Skills", ("top", "unit", "switches", "alone"))):
    """What a station says it can."""

    __slots__ = ()
    top: "int | None"  # highest stack level; None: not said
    unit: str  # "A" or "W"
    switches: bool  # between one and three phases
    alone: bool  # it has one connector, by its word


class Period(namedtuple("Period", ("start_s", "limit_ma"))):
    """Of the schedule that rules at a connector; limit_ma: of each conductor."""

    __slots__ = ()
    start_s: int
    limit_ma: int


def limit_of(told: Profile) -> "float | int":
    """In its unit, towards less: tenths of an ampere, whole watts at nominal voltage."""
    if told.unit == "A":
        return told.limit_ma // 100 / 10
    return told.limit_ma * NOMINAL_MV // 1_000_000 * told.conductors


def periods_of(said: "list[dict[str, Any]]", unit: object, conductors: int) -> "tuple[Period, ...]":
    """In order; watts are taken at nominal voltage, away from zero."""
    out = []
    for one in said[:64]:
        limit, start = one["limit"], one["startPeriod"]
        phases = one.get("numberPhases", conductors)
        count = min(phases, conductors) if isinstance(phases, int) and phases > 0 else conductors
        milli = round(float(min(max(limit, 0), MOST)) * 1000)
        limit_ma = milli if unit == "A" else -(-milli // (NOMINAL_MV // 1000 * count))
        out.append(Period(start, limit_ma))
    return tuple(sorted(out))
