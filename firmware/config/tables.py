"""The tables of a SITE.toml: every key with its type, its bounds, its default and its meaning.

The description of a key is what an error message says about it and what an editor shows (JSON schema). Numbers are
whole and carry their unit in the name; nothing is turned into something else. None is a key that was left out.
"""

import re
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, defstruct

from drivers.mqtt_link import Access
from firmware.config.cross import SMGW_HOST
from firmware.config.heat_table import HeatTable
from hal.options import TEXT, Option

NAME = re.compile("[a-z0-9_]{1,32}")  # becomes a level of an MQTT topic
NAME_WORDS = "small letters, digits and _, at most 32 of them"
HOST = r"^[A-Za-z0-9._:%-]{1,253}$"
DAY = r"^20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"
ZONE = "^[A-Za-z0-9_+/-]{1,64}$"

MOST_PRICE = 1_000_000  # 0.001 ct/kWh: 10 euros

Reference = Annotated[str, Meta(min_length=1, max_length=32)]
Curve = Annotated[
    tuple[Annotated[str, Meta(pattern="^(100|[0-9]{1,2})=[0-9]{1,5}$", description='"%=W", like "95=1500"')], ...],
    Meta(min_length=1, max_length=16, description="storage: the most it does at a charge, straight in between"),
]


class SiteTable(Struct, frozen=True, forbid_unknown_fields=True):
    name: Annotated[str, Meta(min_length=1, max_length=64, description="what the house is called")]
    latitude: Annotated[float, Meta(ge=-90, le=90, description="degrees north, at most 6 decimals")]
    longitude: Annotated[float, Meta(ge=-180, le=180, description="degrees east, at most 6 decimals")]
    # peers decide every 10 to 30 s; faster than 200 ms no meter answers
    cycle_ms: Annotated[int, Meta(ge=200, le=5_000, description="longest time between two decisions in ms")] = 1_000
    peak_w: Annotated[int, Meta(ge=1_000, le=1_000_000, description="highest mean import of a quarter hour in W")] \
        | None = None
    peak_window: Annotated[Literal["clock", "sliding"], Meta(
        description="clock: the quarter hours of the clock count; sliding: any")] | None = None
    feed_in_w: Annotated[int, Meta(ge=0, le=100_000, description="highest feed-in at the house connection in W")] \
        | None = None
    # sections 9 and 100 EEG: what the stages of the grid operator are shares of
    generator_w: Annotated[
        int, Meta(ge=100, le=1_000_000, description="installed power of all generators (peak power of modules) in W")
    ] | None = None
    time_zone: Annotated[str, Meta(pattern=ZONE, description="of its times of day")] = "Europe/Berlin"


class RtuTable(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="modbus-rtu"):
    port: Annotated[
        str, Meta(min_length=1, max_length=255,
                  description="the serial adapter, /dev/serial/by-id/...; or a serial server, tcp://HOST:PORT")
    ]
    baud: Annotated[
        Literal[1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200], Meta(description="as set in the devices")
    ] = 9600
    parity: Annotated[Literal["N", "E", "O"], Meta(description="even, none, odd; as set in the devices")] = "N"
    stop_bits: Annotated[Literal[1, 2], Meta(description="as set in the devices")] = 1
    echo: Annotated[
        Literal["auto", "yes", "no"], Meta(description="whether the adapter hears what it sends itself")
    ] = "auto"
    # 20 to 100 ms are used in practice between two requests; the standard's 3.5 characters come on top
    pause_ms: Annotated[int, Meta(ge=0, le=500, description="silence before each request in ms")] = 20
    delay_ms: Annotated[int, Meta(ge=20, le=2_000, description="longest time a device takes to answer in ms")] = 300


class TcpTable(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="modbus-tcp"):
    host: Annotated[str, Meta(pattern=HOST, description='a name or an address, like "192.168.1.20"')]
    port: Annotated[int, Meta(ge=1, le=65_535, description="TCP port of the device")] = 502  # the standard's


class SmlTable(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="sml"):
    port: Annotated[str, Meta(min_length=1, max_length=255,
                              description="the optical head, /dev/serial/by-id/..., or tcp://HOST:PORT")]
    baud: Annotated[
        Literal[9600, 19200, 38400, 57600, 115200], Meta(description="of the meter's info interface")
    ] = 9600


class D0Table(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="d0"):
    port: Annotated[str, Meta(min_length=1, max_length=255, description="the optical head, /dev/serial/by-id/...")]
    # the standard's sign-on rate; a meter that sends by itself has a rate of its own, mostly 9600
    baud: Annotated[
        Literal[300, 600, 1200, 2400, 4800, 9600, 19200], Meta(description="300 for a meter that is asked")
    ] = 300


class P1Table(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="p1"):
    port: Annotated[str, Meta(min_length=1, max_length=255,
                              description="the P1 cable, /dev/serial/by-id/..., or tcp://HOST:PORT")]
    baud: Annotated[
        Literal[9600, 115200], Meta(description="115200 since DSMR 4, 9600 before")
    ] = 115200


class WmbusTable(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="wm-bus"):
    stick: Annotated[
        Literal["im871a", "amb8465", "cul", "rc1180", "hex"], Meta(description="the receiver; hex: lines of text")
    ]
    port: Annotated[
        str, Meta(min_length=1, max_length=255, description="/dev/serial/by-id/..., a pipe, or tcp://HOST:PORT")
    ]
    mode: Annotated[
        Literal["t", "c", "s", "c+t"], Meta(description="what the meters send in; sticks hear C and T at once")
    ] = "c+t"
    baud: Annotated[int, Meta(ge=0, le=921_600, description="of the serial port; 0 is the stick's own")] = 0


class MbusTable(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="m-bus"):
    port: Annotated[
        str, Meta(min_length=1, max_length=255, description="the level converter; or tcp://HOST:PORT")
    ]
    baud: Annotated[Literal[300, 600, 1200, 2400, 4800, 9600], Meta(description="as the meters are set")] = 2400


class AccessTable(Struct, frozen=True, forbid_unknown_fields=True):
    host: Annotated[str, Meta(pattern=HOST, description='a name or an address, like "127.0.0.1"')]
    port: Annotated[int, Meta(ge=1, le=65_535, description="TCP port of the broker")] = 1883
    user: Annotated[str, Meta(max_length=128)] = ""
    password: Annotated[str, Meta(max_length=256)] = ""
    tls: Annotated[bool, Meta(description="encrypted; then the port is mostly 8883")] = False
    ca: Annotated[str, Meta(max_length=255, description="file of the certificates to trust; switches tls on")] = ""
    cert: Annotated[str, Meta(max_length=255, description="file of our own certificate, when the broker asks")] = ""
    key: Annotated[str, Meta(max_length=255, description="file of the key of cert, without a password")] = ""
    version: Annotated[Literal["3.1.1", "5"], Meta(description="of MQTT")] = "3.1.1"


class BrokerTable(AccessTable, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="mqtt"):
    """A broker that meters publish to; mostly the same as [mqtt], where we publish."""


class HttpTable(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="http"):
    host: Annotated[str, Meta(pattern=HOST, description='a name or an address, like "192.168.1.20"')]
    port: Annotated[int, Meta(ge=1, le=65_535, description="TCP port of the device")] = 80
    user: Annotated[str, Meta(max_length=128, description="where the device asks for one")] = ""
    password: Annotated[str, Meta(max_length=256)] = ""


class SmgwTable(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="smgw"):
    """The customer interface of a smart-meter gateway."""

    maker: Annotated[Literal["conexa", "casa", "ppc"], Meta(description="Theben CONEXA, EMH CASA, PPC")]
    state: Annotated[
        str, Meta(min_length=1, max_length=255, description="file that counts failed logins over restarts, made here")
    ]
    host: Annotated[str, Meta(pattern=HOST, description='a name or an address')] = SMGW_HOST
    port: Annotated[int, Meta(ge=1, le=65_535, description="TCP port of the gateway")] = 443
    logins: Annotated[str, Meta(max_length=255, description="file of the logins, mode 0600: NAME USER PASSWORD")] = ""
    login: Annotated[str, Meta(min_length=1, max_length=64, description="which of them")] = "smgw"
    # nobody says how many a gateway bears: users report locked accounts after a few
    failed_logins: Annotated[int, Meta(ge=1, le=5, description="in a row, until none is tried any more")] = 2
    certificate: Annotated[
        str, Meta(pattern="^([0-9A-Fa-f]{2}(:?[0-9A-Fa-f]{2}){31})?$",
                  description="SHA-256 of the gateway's, in hex; none: the first one that is shown")
    ] = ""
    digest: Annotated[
        Literal["asked", "md5"], Meta(description="md5: for a gateway that asks for SHA-256 and means MD5")
    ] = "asked"


class SpeedwireTable(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="speedwire"):
    interface: Annotated[
        str, Meta(pattern=r"^(\d{1,3}(\.\d{1,3}){3})?$",
                  description="this computer's IPv4 address on the meters' network; none: the system's choice")
    ] = ""


class OcppTable(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="ocpp"):
    """The port that charge points connect to: ws://HOST:PORT/PATH/STATION, wss:// with security profile 2."""

    host: Annotated[str, Meta(pattern=HOST, description="this computer's address on the stations' network")] = "0.0.0.0"
    port: Annotated[int, Meta(ge=1, le=65_535, description="TCP port that is listened on")] = 9_000
    path: Annotated[
        str, Meta(pattern="^[A-Za-z0-9._~/-]{0,64}$", description="of the address, before the station's id")
    ] = ""
    security_profile: Annotated[
        Literal[0, 1, 2], Meta(description="0: nothing is asked for; 1: passwords; 2: passwords over TLS")
    ] = 1
    passwords: Annotated[
        str, Meta(max_length=255, description="file of the stations' passwords, mode 0600: STATION PASSWORD")
    ] = ""
    cert: Annotated[str, Meta(max_length=255, description="file of our certificate, for security profile 2")] = ""
    key: Annotated[str, Meta(max_length=255, description="file of the key of cert, without a password")] = ""


class KebaTable(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="keba-udp"):
    """The one UDP socket that all wallboxes of KEBA answer to."""

    interface: Annotated[
        str, Meta(pattern=r"^(\d{1,3}(\.\d{1,3}){3})?$",
                  description="this computer's IPv4 address on the boxes' network; none: all of them")
    ] = ""


class GpioTable(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="gpio"):
    """The pins of the board itself: nothing to set."""


class NodeTable(Struct, frozen=True, forbid_unknown_fields=True):
    rated_a: Annotated[int, Meta(ge=6, le=125, description="rated current of its fuse in A, per phase")]
    curve: Annotated[
        Literal["sls-e", "gg", "mcb-b", "mcb-c", "mcb-d"], Meta(description="characteristic printed on the fuse")
    ]
    parent: Annotated[Reference, Meta(description="the node that feeds it; only the house connection has none")] \
        | None = None
    continuous_a: Annotated[int, Meta(ge=6, le=125, description="what the cabinet bears for hours in A, per phase")] \
        | None = None
    meter: Annotated[Reference, Meta(description="the device that measures it")] | None = None
    rest_a: Annotated[int, Meta(ge=0, le=125, description="assumed in A per phase for the loads nobody controls")] \
        | None = None
    max_w: Annotated[int, Meta(ge=1_000, le=100_000, description="highest import in W")] | None = None
    imbalance_va: Annotated[
        int, Meta(ge=0, le=20_000, description="between two phases, of the controlled devices, in VA; 0 = no limit")
    ] | None = None


class DeviceTable(HeatTable, frozen=True, forbid_unknown_fields=True):
    """What every device has; the keys of its driver come behind."""

    line: str | None = None
    unit: Annotated[int, Meta(ge=0, le=255, description="Modbus address; 1 to 247 on a serial line")] | None = None
    node: Annotated[Reference, Meta(description="the node whose fuse it hangs behind")] | None = None
    phases: Annotated[
        str, Meta(pattern="^L[123]( L[123]){0,2}$",
                  description='"L1 L2 L3" in the order of its own conductors, or fewer of them')
    ] | None = None
    mode: Annotated[Literal["off", "fast", "surplus", "minimum", "target"], Meta(description="at start")] | None = None
    priority: Annotated[int, Meta(ge=0, le=100, description="higher is served first")] | None = None
    keep: Annotated[int, Meta(ge=0, le=100, description="where there is not enough for all, a lower one is shed "
                                                        "first; as its priority, when left out")] | None = None
    # BK6-22-300, annex 1, 2.4: who is dimmed; of b and c all together, each of a and d by itself, above 4.2 kW
    section_14a: Annotated[Literal["a", "b", "c", "d", "none"], Meta(
        description="charge point, heat pump, cooling, storage, or none of them; none for what ran before 2024")] \
        | None = None
    max_a: Annotated[int, Meta(ge=1, le=125, description="its own fuse or cable in A, per phase")] | None = None
    period_s: Annotated[int, Meta(ge=1, le=60, description="how often it is read, in s")] | None = None
    stale_s: Annotated[int, Meta(ge=3, le=300, description="a reading older than this is no reading, in s")] \
        | None = None
    serial: Annotated[str, Meta(min_length=1, max_length=32, description="meter: its number, as on its plate")] \
        | None = None
    accuracy_class: Annotated[
        Literal["A", "B", "C", "0.2", "0.2S", "0.5", "0.5S", "1", "1.5", "2", "3"],
        Meta(description="meter: as on its plate")
    ] | None = None
    mid: Annotated[bool, Meta(description="meter: whether its plate bears the M of the MID")] | None = None
    rated_a: Annotated[int, Meta(ge=1, le=6_000, description="meter: its highest current in A, as on its plate")] \
        | None = None
    checked: Annotated[
        str, Meta(pattern=DAY, description='meter: day of its last check, like "2026-03-31"')
    ] | None = None
    reserve_pct: Annotated[int, Meta(ge=0, le=100, description="storage: not discharged below this, in %")] \
        | None = None
    first_pct: Annotated[int, Meta(ge=0, le=100, description="storage: charged before the car below this, in %")] \
        | None = None
    full_pct: Annotated[int, Meta(ge=0, le=100, description="storage: not charged above this, in %")] | None = None
    capacity_wh: Annotated[int, Meta(ge=100, le=250_000, description="storage, car: usable capacity in Wh")] \
        | None = None
    efficiency_pct: Annotated[int, Meta(ge=50, le=100, description="storage, car: what comes back of what goes in")] \
        | None = None
    rest_below_w: Annotated[int, Meta(ge=0, le=2_000, description="storage: less is not worth its inverter, in W")] \
        | None = None
    charge_curve: Curve | None = None
    discharge_curve: Curve | None = None
    grid_price: Annotated[
        int, Meta(ge=-MOST_PRICE, le=MOST_PRICE, description="storage: charged from the grid at no more, 0.001 ct/kWh")
    ] | None = None
    grid_pct: Annotated[int, Meta(ge=0, le=100, description="storage: charged from the grid up to this, in %")] \
        | None = None
    peak_pct: Annotated[int, Meta(ge=1, le=100, description="storage: kept for peaks of the quarter hour, in %")] \
        | None = None
    depart_pct: Annotated[int, Meta(ge=1, le=100, description="car: charge it needs to depart with, in %")] \
        | None = None
    depart_at: Annotated[
        str, Meta(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$", description='car: when it departs, local time: "07:00"')
    ] | None = None

class WiredTable(DeviceTable, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A device on a wire."""

    line: Annotated[Reference, Meta(description="the line it hangs on")]


class MqttTable(AccessTable, frozen=True, forbid_unknown_fields=True):
    """The broker we publish to."""

    discovery: Annotated[
        str, Meta(pattern="^([a-z0-9_]{1,32})?$",
                  description='prefix of Home Assistant\'s discovery, "homeassistant" as a rule; "" for none')
    ] = ""


def access(table: AccessTable) -> Access:
    return Access(*(getattr(table, name) for name in Access._fields))


class JournalTable(Struct, frozen=True, forbid_unknown_fields=True):
    folder: Annotated[str, Meta(min_length=1, max_length=255, description="where the flight recorder writes")]


class RecordsTable(Struct, frozen=True, forbid_unknown_fields=True):
    folder: Annotated[str, Meta(min_length=1, max_length=255, description="where records and their key are kept")]
    time_zone: Annotated[str, Meta(pattern=ZONE, description="of legal time")] = "Europe/Berlin"
    # BK6-22-300 7.2: evidence two years; MsbG section 60(6): personal metering data three years at most
    keep_days: Annotated[int, Meta(ge=730, le=1_095, description="readings, events and commands, in days")] = 1_095
    storage_wh: Annotated[
        int, Meta(ge=500, le=10_000_000, description="usable capacity of the storage in Wh; tells its energy by origin")
    ] | None = None
    token: Annotated[str, Meta(min_length=1, max_length=255, description="PKCS#11 library of the token with the key")] \
        | None = None
    token_label: Annotated[str, Meta(min_length=1, max_length=32, description="of the token")] | None = None
    pin_file: Annotated[str, Meta(min_length=1, max_length=255, description="file of its PIN, mode 0600")] | None = None
    # off: whoever may publish to the broker could ask
    events: Annotated[bool, Meta(description="readings and transactions may be asked for from outside")] = False


class HistoryTable(Struct, frozen=True, forbid_unknown_fields=True):
    folder: Annotated[str, Meta(min_length=1, max_length=255, description="where curves are kept")]
    seconds_days: Annotated[int, Meta(ge=2, le=31, description="how long second by second, in days")] = 4
    minutes_days: Annotated[int, Meta(ge=31, le=3_660, description="how long minute by minute, in days")] = 400
    most_mb: Annotated[int, Meta(ge=20, le=20_000, description="size of all in MB; then the oldest seconds go first")] \
        = 500


class StateTable(Struct, frozen=True, forbid_unknown_fields=True):
    folder: Annotated[str, Meta(min_length=1, max_length=255, description="where what must survive a restart is kept")]


class CommandsTable(Struct, frozen=True, forbid_unknown_fields=True):
    """That it is there allows commands from outside; who may give them, the broker's accounts say."""

    keep: Annotated[bool, Meta(description="whether what was set holds over a restart too")] = False


class CarryTable(Struct, frozen=True, forbid_unknown_fields=True):
    line: Annotated[Reference, Meta(description="the radio line whose meters are carried; nothing else hangs on it")]
    folder: Annotated[str, Meta(min_length=1, max_length=255, description="where what waits is kept over restarts")]
    # EU 2018/2002: remotely readable meters are read at least monthly; a day is what submetering services ask for
    interval_s: Annotated[int, Meta(ge=900, le=604_800, description="how often, until set from afar, in s")] = 86_400
    meters: Annotated[
        tuple[Annotated[str, Meta(pattern="^[0-9A-F]{8}$")], ...],
        Meta(max_length=250, description="ids of the meters to carry; empty for all in reach, at most 250"),
    ] = ()
    most_mb: Annotated[int, Meta(ge=1, le=1_000, description="kept while the broker is away, in MB")] = 16


LINES: dict[str, type[Struct]] = {
    "modbus-rtu": RtuTable, "modbus-tcp": TcpTable, "sml": SmlTable, "d0": D0Table, "p1": P1Table,
    "wm-bus": WmbusTable, "m-bus": MbusTable,
    "mqtt": BrokerTable, "http": HttpTable, "speedwire": SpeedwireTable,
    "smgw": SmgwTable, "ocpp": OcppTable, "keba-udp": KebaTable, "gpio": GpioTable,
}


def device_table(driver: str, options: "tuple[Option, ...]", wired: bool = True) -> "type[DeviceTable]":
    """The table of one driver's devices: what every device has, and the driver's own keys."""
    assert not {option.name for option in options} & set(DeviceTable.__struct_fields__), driver
    fields = [_field(option) for option in options]
    table = defstruct(
        "Device_" + driver, fields, bases=(WiredTable if wired else DeviceTable,), frozen=True,
        forbid_unknown_fields=True, kw_only=True, tag_field="driver", tag=driver,
    )
    assert issubclass(table, DeviceTable)
    return table


def is_switch(option: Option) -> bool:
    """Whether it is on or off, which TOML writes as true or false."""
    return not option.choices and (option.least, option.most) == (0, 1)


def _field(option: Option) -> "tuple[str, Any] | tuple[str, Any, Any]":
    kind: Any
    if option.choices == (TEXT,):
        kind = Annotated[str, Meta(min_length=option.least, max_length=option.most)]
    elif option.choices:
        kind = Literal[option.choices]
    elif is_switch(option):
        kind = bool
    else:
        kind = Annotated[int, Meta(ge=option.least, le=option.most)]
    default = bool(option.default) if kind is bool and option.default is not None else option.default
    if isinstance(default, tuple):
        kind = tuple[kind, ...]
    kind = Annotated[kind, Meta(description=option.help)]
    return (option.name, kind) if default is None else (option.name, kind, default)
