"""The tables of a CASE.toml beside those of a SITE.toml: what is to be lived through, and what must come of it.

Times are whole seconds after the start; quantities are named as in the house: `node.house.current_ma`,
`device.carport.power_w`, `kpi.import_wh` (firmware.cases.checks has the list).
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from firmware.config.tables import Reference
from sim.scenarios import NAMES

MOST_S = 86_400  # a day
PHASES = "^L[123]( L[123]){0,2}$"

Second = Annotated[int, Meta(ge=0, le=MOST_S, description="seconds after the start")]
Percent = Annotated[int, Meta(ge=0, le=100, description="%")]
Watts = Annotated[int, Meta(ge=0, le=50_000, description="W")]

Contact = Annotated[str, Meta(min_length=1, max_length=8, description='"w4", "s1", ..., or "100", "60", "30", "0"')]


class CaseTable(Struct, frozen=True, forbid_unknown_fields=True):
    about: Annotated[str, Meta(min_length=1, max_length=200, description="what it shows, in a sentence")]
    seconds: Annotated[int, Meta(ge=1, le=MOST_S, description="how long it lasts in s")]
    site: Annotated[str, Meta(min_length=1, max_length=255, description="a SITE.toml beside this file")] | None = None
    weather: Annotated[str, Meta(pattern=f"^({'|'.join(NAMES)})$", description="one of " + ", ".join(NAMES))] = NAMES[0]
    start: Annotated[str, Meta(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$", description='local time, like "12:30"')] \
        = "12:00"
    seed: Annotated[int, Meta(ge=0, le=1 << 31, description="of all chance")] = 1
    household_w: Annotated[int, Meta(ge=0, le=30_000, description="steady on three phases, instead of a day's trace")] \
        | None = None
    light_pct: Annotated[int, Meta(ge=0, le=110, description="of a clear sky, instead of drifting clouds")] \
        | None = None


class PartTable(Struct, frozen=True, forbid_unknown_fields=True):
    """The physics behind a device, where it is not as usual."""

    plugged: Annotated[bool, Meta(description="car: there all the time or never, instead of the weather's times")] \
        | None = None
    soc_pct: Percent | None = None
    capacity_wh: Annotated[int, Meta(ge=100, le=200_000, description="car, storage: Wh")] | None = None
    used_phases: Annotated[Literal[1, 2, 3], Meta(description="car: conductors its charger uses")] | None = None
    max_a: Annotated[int, Meta(ge=6, le=32, description="car: most its charger draws in A")] | None = None
    lag_ms: Annotated[tuple[int, ...], Meta(min_length=2, max_length=2)] | None = None
    max_w: Annotated[int, Meta(ge=100, le=50_000, description="storage, roof: most it can in W")] | None = None
    peak_w: Annotated[int, Meta(ge=100, le=50_000, description="roof: W at 1000 W/m2")] | None = None
    tilt_deg: Annotated[int, Meta(ge=0, le=90, description="roof: 0 is flat")] | None = None
    azimuth_deg: Annotated[int, Meta(ge=-180, le=180, description="roof: 0 is south, 90 west")] | None = None
    litres: Annotated[int, Meta(ge=10, le=5_000, description="tank, heat pump's buffer")] | None = None
    temperature_c: Annotated[int, Meta(ge=5, le=90, description="tank at the start")] | None = None
    outside_c: Annotated[int, Meta(ge=-25, le=40, description="heat pump: mean of the day")] | None = None


class Switch(Struct, frozen=True, forbid_unknown_fields=True, tag_field="do", tag="switch"):
    """A load that nobody controls; 0 is off."""

    at_s: Second
    node: Reference
    phases: Annotated[str, Meta(pattern=PHASES, description='"L1 L2 L3", or fewer of them')]
    power_w: Watts


class Mode(Struct, frozen=True, forbid_unknown_fields=True, tag_field="do", tag="mode"):
    at_s: Second
    device: Reference
    mode: Annotated[str, Meta(min_length=1, max_length=32, description="as in SITE.toml")]


class Ceiling(Struct, frozen=True, forbid_unknown_fields=True, tag_field="do", tag="ceiling"):
    """Of the grid operator (section 14a, or feed-in); without power_w it is lifted."""

    at_s: Second
    direction: Literal["consume", "produce"] = "consume"
    power_w: Watts | None = None


class Target(Struct, frozen=True, forbid_unknown_fields=True, tag_field="do", tag="target"):
    """So much energy from now on, or so much charge, to be there in time; without both nothing is aimed at."""

    at_s: Second
    device: Reference
    energy_wh: Annotated[int, Meta(ge=0, le=1_000_000)] | None = None
    soc_pct: Percent | None = None
    within_s: Second = 0


class Lease(Struct, frozen=True, forbid_unknown_fields=True, tag_field="do", tag="lease"):
    """As told from outside for a while; - discharges a storage."""

    at_s: Second
    device: Reference
    power_w: Annotated[int, Meta(ge=-100_000, le=100_000)]
    for_s: Second


class Worth(Struct, frozen=True, forbid_unknown_fields=True, tag_field="do", tag="worth"):
    """Of a kWh to a device, in 0.001 ct; without it its priority rules."""

    at_s: Second
    device: Reference
    worth: Annotated[int, Meta(ge=-1_000_000, le=1_000_000)] | None = None


class Tariff(Struct, frozen=True, forbid_unknown_fields=True, tag_field="do", tag="prices"):
    """What a kWh costs and earns for a while, in 0.001 ct; `later`: [[seconds from then, what it costs], ...]"""

    at_s: Second
    buy: Annotated[int, Meta(ge=-1_000_000, le=1_000_000)]
    sell: Annotated[int, Meta(ge=-1_000_000, le=1_000_000)]
    for_s: Second
    later: Annotated[tuple[tuple[int, int], ...], Meta(max_length=200)] = ()


class Hot(Struct, frozen=True, forbid_unknown_fields=True, tag_field="do", tag="hot"):
    """As remembered: so long ago a tank was last hot enough against legionella."""

    at_s: Second
    device: Reference
    hours_ago: Annotated[int, Meta(ge=0, le=2_000)]


class Light(Struct, frozen=True, forbid_unknown_fields=True, tag_field="do", tag="light"):
    """Clouds stand still at this share of a clear sky; without it they drift as the weather has it."""

    at_s: Second
    light_pct: Annotated[int, Meta(ge=0, le=110, description="of a clear sky")] | None = None


class Plug(Struct, frozen=True, forbid_unknown_fields=True, tag_field="do", tag="plug"):
    at_s: Second
    device: Reference
    soc_pct: Percent | None = None


class Unplug(Struct, frozen=True, forbid_unknown_fields=True, tag_field="do", tag="unplug"):
    at_s: Second
    device: Reference


class Fault(Struct, frozen=True, forbid_unknown_fields=True, tag_field="do", tag="fault"):
    """What is named becomes so and the rest stays; `do = "well"` ends all of it."""

    at_s: Second
    device: Reference
    silent: Annotated[bool, Meta(description="hears nothing, says nothing")] | None = None
    frozen: Annotated[bool, Meta(description="repeats its last values")] | None = None
    refuses: Annotated[bool, Meta(description="says no to every setpoint")] | None = None
    ignores: Annotated[bool, Meta(description="confirms every setpoint and keeps what it had")] | None = None
    turned: Annotated[bool, Meta(description="tells the other direction")] | None = None
    unfelt: Annotated[bool, Meta(description="tells no temperature")] | None = None
    rotated: Annotated[int, Meta(ge=0, le=2, description="tells L1 as L2 and so on, so many places further")] \
        | None = None
    lost_permille: Annotated[int, Meta(ge=0, le=1000, description="of its answers get lost")] | None = None
    noise_permille: Annotated[int, Meta(ge=0, le=500, description="of each value, up or down")] | None = None
    scaled_permille: Annotated[int, Meta(ge=0, le=100_000, description="of the truth")] | None = None


class Well(Struct, frozen=True, forbid_unknown_fields=True, tag_field="do", tag="well"):
    at_s: Second
    device: Reference


class PowerCut(Struct, frozen=True, forbid_unknown_fields=True, tag_field="do", tag="power-cut"):
    """The device itself loses power for a moment: volatile settings are gone."""

    at_s: Second
    device: Reference


class Cut(Struct, frozen=True, forbid_unknown_fields=True, tag_field="do", tag="cut"):
    """A line is torn; `do = "mend"` puts it together."""

    at_s: Second
    line: Reference


class Mend(Struct, frozen=True, forbid_unknown_fields=True, tag_field="do", tag="mend"):
    at_s: Second
    line: Reference


class Close(Struct, frozen=True, forbid_unknown_fields=True, tag_field="do", tag="close"):
    """A contact of the grid operator is closed; `do = "open"` opens it. What it then demands, its device says."""

    at_s: Second
    device: Reference
    contact: Contact


class Open(Struct, frozen=True, forbid_unknown_fields=True, tag_field="do", tag="open"):
    at_s: Second
    device: Reference
    contact: Contact


class BreakWire(Struct, frozen=True, forbid_unknown_fields=True, tag_field="do", tag="break-wire"):
    """The wire of a contact breaks; `do = "join-wire"` puts it together."""

    at_s: Second
    device: Reference
    contact: Contact


class JoinWire(Struct, frozen=True, forbid_unknown_fields=True, tag_field="do", tag="join-wire"):
    at_s: Second
    device: Reference
    contact: Contact


class Pause(Struct, frozen=True, forbid_unknown_fields=True, tag_field="do", tag="pause"):
    """Our process stands still and then goes on."""

    at_s: Second
    for_s: Annotated[int, Meta(ge=1, le=3_600, description="s")]


class Restart(Struct, frozen=True, forbid_unknown_fields=True, tag_field="do", tag="restart"):
    """Our process dies and starts anew, knowing nothing, after this time."""

    at_s: Second
    for_s: Annotated[int, Meta(ge=1, le=3_600, description="s")]


EVENTS: "dict[str, type[Struct]]" = {
    str(kind.__struct_config__.tag): kind
    for kind in (Switch, Mode, Ceiling, Target, Lease, Worth, Tariff, Hot, Light, Plug, Unplug, Fault, Well, PowerCut,
                 Cut, Mend, Close, Open, BreakWire, JoinWire, Pause, Restart)
}


class CheckTable(Struct, frozen=True, forbid_unknown_fields=True, rename={"is_": "is"}):
    """Holds for a quantity between two moments."""

    says: Annotated[str, Meta(min_length=1, max_length=200, description="the same in words")]
    of: Annotated[str, Meta(min_length=3, max_length=100, description="the quantity")]
    from_s: Second | None = None
    until_s: Second | None = None
    must: Annotated[
        Literal["always", "sometime", "last", "mean"], Meta(description="in which of the seconds it has to hold")
    ] = "always"
    at_least: int | None = None
    at_most: int | None = None
    is_: Annotated[str, Meta(min_length=1, max_length=64, description="a word")] | None = None
    is_not: Annotated[str, Meta(min_length=1, max_length=64, description="a word")] | None = None
