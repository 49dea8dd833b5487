"""The payloads of the topics as types, for programs that read them: every key, its unit and what it means.

The OpenAPI document is made from these, and the tests hold what is really published against them, key by key.
"""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

Watts = Annotated[int | None, Meta(description="W, + from the grid into the node; null: not known")]
PerPhase = Annotated[list[int], Meta(min_length=3, max_length=3)]
Milliamperes = Annotated[PerPhase | None, Meta(description="mA on L1, L2, L3, + from the grid into the node")]
Age = Annotated[int | None, Meta(description="ms, in coarse steps; null: never heard")]
Until = Annotated[int | None, Meta(description="seconds since 1970; null: until another is set")]
Kind = Literal["meter", "source", "sensor", "wallbox", "heater", "stages", "storage", "inverter", "signal"]
FaultKind = Annotated[str | None, Meta(description="timeout, frame, refused or range; null: none")]


class Alarm(Struct, forbid_unknown_fields=True):
    reason: Annotated[int, Meta(description="a number that never changes its meaning")]
    device: str | None
    why: str
    why_de: Annotated[str, Meta(description="the same in German")]


class SiteState(Struct, forbid_unknown_fields=True):
    name: str
    grid_w: Watts
    pv_w: Watts
    storage_w: Watts
    house_w: Annotated[int | None, Meta(description="W, what is left: the loads that are not controlled")]
    cars_w: Watts
    heat_w: Watts
    surplus_w: Annotated[int | None, Meta(description="W that controlled loads could share")]
    alarms: list[Alarm]
    broker: Annotated[bool | None, Meta(description="whether it is connected; null: none is configured")]
    broker_fault: str | None
    broker_fault_de: str | None
    journal: Annotated[str | None, Meta(description="why nothing is recorded; empty: all is well; null: not wanted")]
    cycle_ms: Annotated[int, Meta(description="ms, longest time between two decisions")]
    up_s: Annotated[int, Meta(description="s, moves every second while decisions are made")]


class DeviceState(Struct, forbid_unknown_fields=True):
    kind: Kind
    node: str
    phases: Annotated[list[int], Meta(description="the grid phase of each of its conductors")]
    power_w: Watts
    current_ma: Milliamperes
    voltage_mv: Annotated[PerPhase | None, Meta(description="mV on L1, L2, L3")]
    power_factor_permille: PerPhase | None
    frequency_mhz: Annotated[int | None, Meta(description="mHz")]
    energy_wh: Annotated[int | None, Meta(description="Wh, its own counter of energy taken")]
    export_wh: Annotated[int | None, Meta(description="Wh, its own counter of energy given")]
    state: Annotated[str | None, Meta(description="wallbox: A to F (IEC 61851); others: a word of the device")]
    soc_permille: Annotated[int | None, Meta(description="state of charge")]
    session_wh: Annotated[int | None, Meta(description="wallbox: Wh of this charging session, or of the last one")]
    card: Annotated[str | None, Meta(description="wallbox: the card the session was begun with, where that is told")]
    temperature_mdegc: Annotated[int | None, Meta(description="thousandths of a degree Celsius")]
    age_ms: Age
    stale: Annotated[bool, Meta(description="its values are too old or not believed, and so null")]
    fault: FaultKind


class BoundBy(Struct, forbid_unknown_fields=True):
    node: str
    phase: Annotated[int | None, Meta(description="1 to 3; null: all")]


class Decision(Struct, forbid_unknown_fields=True):
    mode: Annotated[str | None, Meta(description="null: a generator, which has none")]
    granted_w: int
    granted_ma: PerPhase
    wanted_w: int
    wanted_ma: PerPhase
    reason: Annotated[int, Meta(description="a number that never changes its meaning")]
    why: Annotated[str, Meta(description="amount and cause in words")]
    why_de: Annotated[str, Meta(description="the same in German")]
    bound_by: BoundBy | None
    fault: FaultKind


class Energy(Struct, forbid_unknown_fields=True):
    import_wh: Annotated[int | None, Meta(description="Wh taken; never falls")]
    export_wh: Annotated[int | None, Meta(description="Wh given; never falls")]
    summed: Annotated[bool, Meta(description="reckoned from the power, as the device counts nothing")]


class Ability(Struct, forbid_unknown_fields=True):
    """What a load can be told, and what it falls back to."""

    modes: list[str]
    priority: Annotated[int, Meta(description="who is served first: higher first")]
    current_ma: Annotated[list[int] | None, Meta(description="mA, least and most of a wallbox")]
    power_w: Annotated[list[int] | None, Meta(description="W, least and most of a heater, a storage or a generator")]
    stages_w: Annotated[list[int] | None, Meta(description="W, of what has stages")]
    failsafe_ms: Annotated[int | None, Meta(description="ms of silence until it falls back; null: it never does")]
    left_alone_ma: Annotated[PerPhase, Meta(description="mA, most it draws once nobody talks to it")]
    left_alone_w: Annotated[int | None, Meta(description="W, most a generator makes then; null: a load")]


class Settings(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What was set from outside."""

    mode: str | None = None
    mode_until_s: Until = None
    power_w: int | None = None
    power_w_until_s: Until = None
    target_wh: int | None = None
    target_wh_until_s: Until = None
    target_permille: int | None = None
    target_permille_until_s: Until = None
    worth: int | None = None
    worth_until_s: Until = None
    limit: Annotated[int | None, Meta(description="most it may draw: mA per conductor of a wallbox, W of all others")] \
        = None
    limit_until_s: Until = None
    ceiling_w: int | None = None
    ceiling_w_until_s: Until = None
    feed_in_w: int | None = None
    feed_in_w_until_s: Until = None
    import_price: int | None = None
    import_price_until_s: Until = None
    import_prices: Annotated[tuple[tuple[int, int], ...] | None, Meta(
        description="[seconds after import_prices_from_s, 0.001 ct/kWh]")] = None
    import_prices_from_s: Annotated[int | None, Meta(description="seconds since 1970, when it was set")] = None
    import_prices_until_s: Until = None
    export_price: int | None = None
    export_price_until_s: Until = None


class Obligation(Struct, forbid_unknown_fields=True):
    """A demand of the grid operator that is in force."""

    event: Annotated[str, Meta(description="the same in every record of it")]
    source: Annotated[str, Meta(description="the device it came by; command: over MQTT or the page")]
    direction: Annotated[Literal["consume", "produce"], Meta(description="section 14a EnWG, section 9 EEG")]
    ceiling_w: Annotated[int, Meta(description="W, most from the grid, or most that may be fed in")]
    input_lost: Annotated[bool, Meta(description="limited because its input is not heard")]
    applied: Annotated[bool, Meta(description="every device concerned has confirmed its limit")]
    kept: Annotated[bool, Meta(description="measured to be kept to")]
    over_s: Annotated[int, Meta(description="s above it since it was first kept to")]


class Obligations(Struct, forbid_unknown_fields=True):
    owed_w: Annotated[int | None, Meta(description="W the house is owed in any case (Pmin); null: nothing of its kind")]
    in_force: list[Obligation]


class Trouble(Struct, forbid_unknown_fields=True):
    device: str | None
    reason: Annotated[int | None, Meta(description="as in the alarms of the state; null: none of them")]
    critical: bool
    what: Annotated[str, Meta(description="what is wrong, what that means, what to do; each in German too")]
    what_de: str
    means: str
    means_de: str
    todo: str
    todo_de: str


class Troubles(Struct, forbid_unknown_fields=True):
    troubles: Annotated[list[Trouble], Meta(description="the gravest first; empty while all is well")]


class NodeState(Struct, forbid_unknown_fields=True):
    parent: str | None
    meter: str | None
    measured_ma: Milliamperes
    rest_ma: Annotated[PerPhase, Meta(description="mA, loads nobody controls, as reckoned with")]
    issued_ma: Annotated[PerPhase, Meta(description="mA, most its controlled loads may draw now")]
    rated_ma: int
    continuous_ma: int
    believed: bool


class LineDevice(Struct, forbid_unknown_fields=True):
    name: str
    ok: bool
    reads: Annotated[int, Meta(description="rounded down to one digit")]
    errors: int
    fault: FaultKind
    age_ms: Age


class LineState(Struct, forbid_unknown_fields=True):
    ok: bool
    errors: int
    devices: list[LineDevice]


class Device(Struct):
    """One device; what it has not is left out."""

    state: DeviceState
    decision: Decision | None = None
    energy: Energy | None = None
    settings: Settings | None = None
    ability: Ability | None = None
    measured: dict[str, Any] | None = None


class RecordsHead(Struct, forbid_unknown_fields=True):
    """The newest record of a log: keep it elsewhere, and nobody can write the log anew unseen."""

    n: int
    hash: str


class RecordsState(Struct, forbid_unknown_fields=True):
    clock: Literal["synced", "holdover", "unknown"]
    key: Annotated[str, Meta(description="fingerprint of the key that signs")]
    heads: dict[str, RecordsHead]
    fault: Annotated[str, Meta(description="why nothing is written; empty while all is well")]
    calibrated: bool


class RecordsEvents(Struct, forbid_unknown_fields=True):
    events: Annotated[list[dict[str, Any]], Meta(description="the eight newest asked for: ok, kept, event; or why")]


class Records(Struct):
    state: RecordsState
    events: RecordsEvents | None = None


class House(Struct):
    status: Literal["online", "offline"]
    state: SiteState
    devices: dict[str, Device]
    nodes: dict[str, NodeState]
    lines: dict[str, LineState]
    settings: Settings | None = None
    obligations: Obligations | None = None
    troubles: Troubles | None = None
    records: Records | None = None


class Curve(Struct, omit_defaults=True):
    values: Annotated[list[int | None], Meta(description="null: not known")]
    least: list[int | None] | None = None
    most: list[int | None] | None = None


class History(Struct, omit_defaults=True):
    from_s: int
    step_s: int = 0
    series: dict[str, Curve] = {}
    to_s: int = 0
    names: Annotated[list[str], Meta(description="when no series was asked for: which there are")] = []


class Decided(Struct, forbid_unknown_fields=True):
    """A decision that differs from the one before."""

    t_s: Annotated[int, Meta(description="seconds since 1970")]
    device: str
    grant: Annotated[int, Meta(description="W it may draw")]
    reason: Annotated[int, Meta(description="a number that never changes its meaning")]
    why: Annotated[str, Meta(description="amount and cause in words")]
    why_de: Annotated[str, Meta(description="the same in German")]
    node: Annotated[str | None, Meta(description="the fuse that binds it")]
    phase: Annotated[int | None, Meta(description="1 to 3; null: all, or no fuse")]


class Setup(Struct):
    version: str
    configuration: Annotated[dict[str, Any], Meta(description="as `hutschiene check --json` tells it, without secrets")]
    missing: Annotated[list[str], Meta(description="what the records lack for billing")]
    missing_de: list[str]
    parts: Annotated[dict[str, Any], Meta(description="broker, page, history and the like; null: not configured")]


class Login(Struct, forbid_unknown_fields=True):
    user: str
    password: str


class Who(Struct, forbid_unknown_fields=True):
    """Who is logged in."""

    user: str | None
    role: Annotated[Literal["viewer", "owner", "installer"] | None, Meta(description="without a user: of guests")]
    csrf: Annotated[str | None, Meta(description="for the header X-CSRF-Token of whatever is sent")]


class Order(Struct, forbid_unknown_fields=True):
    value: Annotated[str | int | list[list[int]], Meta(description="default: what the configuration says again")]
    for_s: Annotated[int | None, Meta(description="s until it lapses; none: until another is set")] = None
    id: str | int | None = None
    text: Annotated[str, Meta(max_length=200, description="event: stands in the record, as do the next three")] = ""
    source: Annotated[str, Meta(max_length=64, description="event: CLS-ID of who asks")] = ""
    group: Annotated[str, Meta(max_length=64, description="event: balancing group of a transaction that begins")] = ""
    transaction: Annotated[str, Meta(max_length=64, description="event: which one ends")] = ""
    register: Annotated[Literal["", "import", "export", "both"], Meta(description="event: which counter")] = ""
    by: Annotated[str, Meta(max_length=64, description="over MQTT: who says to have sent it; here it is known")] = ""


class Answer(Struct, forbid_unknown_fields=True, omit_defaults=True):
    ok: bool
    why: Annotated[str, Meta(description="when it is refused")] = ""
    why_de: Annotated[str, Meta(description="the same in German")] = ""
    value: str | int | list[list[int]] | None = None
    until_s: Until = None
    id: str | int | None = None


class Problem(Struct, forbid_unknown_fields=True):
    status: int
    why: str
    why_de: str
