"""JSON messages that show by themselves whose they are: Shelly's and Tasmota's, told by a name only they have."""

from typing import NamedTuple

from drivers import shelly_em, tasmota_meter
from drivers.json_fields import Field, entries
from drivers.obis import Entry

MOST_PARTS = 64
_HERE = "-"  # one message: its topic does not matter
_SHELLY = (("triphase", ("total_act_power", "total_act")), ("monophase", ("act_power", "total_act_energy")),
           ("gen1", ("emeters",)))
_TASMOTA = ("Power_curr", "Total_in", "Total_out")
Document = dict[str, object]


class Meant(NamedTuple):
    """What one part of a message means to the driver that reads it."""

    driver: str
    part: str  # its component: "em:0"; "" for the message itself
    entries: "tuple[Entry, ...]"


def known(document: object) -> "tuple[Meant, ...]":
    """() for a message that could be anybody's."""
    found = [Meant(driver, part, entries(wanted, {_HERE: inner}))
             for part, inner in _parts(document) for driver, wanted in _readers(inner)]
    return tuple(meant for meant in found if meant.entries)


def _readers(part: Document) -> "list[tuple[str, tuple[Field, ...]]]":
    out = [("shelly_em", shelly_em.fields_of(profile, 0, _HERE, _HERE))
           for profile, marks in _SHELLY if any(mark in part for mark in marks)]
    if "ENERGY" in part:
        out.append(("tasmota_meter", tasmota_meter.fields_of("plug", "", _HERE)))
    for group, inner in list(part.items())[:MOST_PARTS]:
        if isinstance(inner, dict) and not set(".*#+") & set(group) and any(mark in inner for mark in _TASMOTA):
            out.append(("tasmota_meter", tasmota_meter.fields_of("script", group, _HERE)))
    return out


def _parts(document: object) -> "list[tuple[str, Document]]":
    """The message, what it answers with, and the components within: of a status, of a notification."""
    whole = [document] if isinstance(document, dict) else []
    whole += [inner for each in list(whole) for inner in (each.get("result"), each.get("params"))
              if isinstance(inner, dict)]
    out: "list[tuple[str, Document]]" = [("", each) for each in whole]
    for each in whole:
        out += [(name, part) for name, part in each.items() if isinstance(part, dict) and ":" in name][:MOST_PARTS]
    return out
