"""Shelly energy meters over HTTP (RPC) or MQTT: Pro 3EM and 3EM Gen3, Pro EM, and the first 3EM (Gen1, HTTP only).

Sign: + is what the meter calls consumed. Energies are counted phase by phase and are not netted across them.
What the meter itself doubts (`errors`; Gen1: `is_valid`) is no reading. HTTP is the quicker way: it is asked every
second. Over MQTT "Generic status update" or "RPC status notifications"
must be on, and a meter speaks when something changes or after `sends_s`.
Source: shelly-api-docs EM, EMData, EM1, EM1Data, Gen1 /status; topics <prefix>/status/<component>, <prefix>/events/rpc.
"""

from drivers import json_fields, json_source, shelly_notes
from drivers.given import MOUNTING, ROLE, clock, is_reversed, phases, whole, word
from drivers.json_fields import Field, fields
from drivers.meter_facts import MAKER, Facts
from drivers.passport import Passport, passport
from hal import values
from hal.faults import RANGE, DeviceError
from hal.options import choice, integer, text
from hal.ports import Inbox, Meter, Web
from hal.values import Ability

LINES = ("http", "mqtt")
OPTIONS = (
    ROLE,
    MOUNTING,
    choice("profile", "triphase", ("triphase", "monophase", "gen1"),
           "triphase, or one channel of monophase, as set in the device; gen1 is the first 3EM"),
    integer("channel", 0, 0, 2, "monophase: which of its channels"),
    text("prefix", "", 0, 128, "over MQTT: the device's topic prefix"),
    integer("sends_s", 15, 1, 60, "over MQTT: how often it sends at least, in s"),
)
METER = Facts("Shelly energy meters over HTTP and MQTT: Pro 3EM, 3EM Gen3, Pro EM, first 3EM",
              "U, I and P per phase; import, export", MAKER)
FAILSAFE = "nothing is ever written to it"

ABOUT = "/shelly"  # of every generation, without a login

_PHASES = ("a", "b", "c")
_HARMLESS = ("phase_sequence",)  # the order of its phases: what each of them measures is right


def ability(options: "dict[str, object]") -> Ability:
    if word(options, "profile") == "gen1" and word(options, "prefix"):
        raise ValueError("prefix: the first 3EM is asked over HTTP only; leave it out")
    wanted(options)
    return values.ability(word(options, "role"), settle_ms=0)


def fields_of(profile: str, channel: int, live: str, counters: str) -> "tuple[Field, ...]":
    """`live`, `counters`: topics or paths of the two messages."""
    if profile == "triphase":
        return (fields("power", ("total_act_power",), live)
                + fields("power_phases", tuple(f"{p}_act_power" for p in _PHASES), live)
                + fields("current_phases", tuple(f"{p}_current" for p in _PHASES), live)
                + fields("voltage_phases", tuple(f"{p}_voltage" for p in _PHASES), live)
                + fields("energy_import", ("total_act",), counters)
                + fields("energy_export", ("total_act_ret",), counters))
    if profile == "monophase":
        return (fields("power", ("act_power",), live) + fields("current_phases", ("current",), live)
                + fields("voltage_phases", ("voltage",), live)
                + fields("energy_import", ("total_act_energy",), counters)
                + fields("energy_export", ("total_act_ret_energy",), counters))
    each = [f"emeters.{at}." for at in range(3)]
    return (fields("power", (" + ".join(one + "power" for one in each),), live)
            + fields("power_phases", tuple(one + "power" for one in each), live)
            + fields("current_phases", tuple(one + "current" for one in each), live)
            + fields("voltage_phases", tuple(one + "voltage" for one in each), live)
            + fields("energy_import", (" + ".join(one + "total" for one in each),), live)
            + fields("energy_export", (" + ".join(one + "total_returned" for one in each),), live))


def wanted(options: "dict[str, object]", asked: bool = False) -> "tuple[Field, ...]":
    """`asked`: over HTTP."""
    profile, channel = word(options, "profile"), whole(options, "channel")
    return fields_of(profile, channel, *places(asked, profile, channel, word(options, "prefix")))


def doubted(document: object) -> str:
    """What the meter says is wrong with its own live numbers; "" while it trusts them."""
    if not isinstance(document, dict):
        return ""
    for name in ("errors", *(f"{phase}_errors" for phase in _PHASES)):
        said = document.get(name)
        words = [word for word in said if isinstance(word, str) and word not in _HARMLESS] \
            if isinstance(said, list) else []
        if words:
            return f"{name}: {', '.join(words)[:64]}"
    each = document.get("emeters")
    for at, one in enumerate(each if isinstance(each, list) else ()):
        if isinstance(one, dict) and one.get("is_valid") is False:
            return f"emeters.{at} is not valid"
    return ""


def judge(document: object) -> None:
    """Raises DeviceError(RANGE) for what the meter does not trust itself."""
    why = doubted(document)
    if why:
        raise DeviceError(RANGE, f"the meter itself says {why}")


class PushedShelly(json_source.PushedJson):
    def judge(self, document: object) -> None:
        judge(document)


class AskedShelly(json_source.AskedJson):
    """Over HTTP it also says who it is."""

    def judge(self, document: object) -> None:
        judge(document)

    def passport(self) -> Passport:
        said = json_fields.document(self.web.get(ABOUT))
        found = said if isinstance(said, dict) else {}

        def text(*names: str) -> "str | None":
            return next((found[name] for name in names if isinstance(found.get(name), str)), None)

        return passport({"maker": "Shelly", "model": text("model", "type"), "serial": text("mac"),
                         "firmware": text("ver", "fw")})


def build(port: "Inbox | Web", options: "dict[str, object]") -> Meter:
    if isinstance(port, Inbox):
        port.split(word(options, "prefix") + "/events/rpc", shelly_notes.status)
        return PushedShelly(port, clock(options), wanted(options), phases(options), is_reversed(options),
                            1_000 * whole(options, "sends_s"))
    return AskedShelly(port, wanted(options, True), phases(options), is_reversed(options))


def places(asked: bool, profile: str, channel: int, prefix: str) -> "tuple[str, str]":
    """URLs or topics of what is live and of the counters."""
    kind, number = ("em", 0) if profile == "triphase" else ("em1", channel)
    if not asked:
        return f"{prefix}/status/{kind}:{number}", f"{prefix}/status/{kind}data:{number}"
    if profile == "gen1":
        return "/status", "/status"
    return f"/rpc/{kind.upper()}.GetStatus?id={number}", f"/rpc/{kind.upper()}Data.GetStatus?id={number}"
