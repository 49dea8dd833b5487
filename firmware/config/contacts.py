"""The tables [contact.NAME] of a SITE.toml: contacts that ask for a reading."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, NamedTuple

from msgspec import Meta, Struct

from firmware.config.read import Findings, Raw, nearest, read
from firmware.config.tables import NAME, NAME_WORDS, Reference

MOST = 8
Text = Annotated[str, Meta(max_length=64, description="as it stands in the record")]


class ContactTable(Struct, frozen=True, forbid_unknown_fields=True):
    pin: Annotated[int, Meta(ge=0, le=27, description="BCM number of its pin")]
    meter: Annotated[Reference, Meta(description="the device whose counter is read")]
    what: Annotated[Literal["reading", "session"], Meta(
        description="a reading each time it closes; or a transaction from closing to opening")] = "reading"
    register: Annotated[Literal["import", "export", "both"], Meta(
        description="which counter: OBIS 1.8.0, 2.8.0 or both in one record")] = "import"
    closes: Annotated[Literal["to-ground", "to-3v3"], Meta(description="how it is wired")] = "to-ground"
    # relays bounce for some milliseconds; a surge on a long line lasts less than 100
    hold_ms: Annotated[int, Meta(ge=20, le=2_000, description="so long it must stand to count, in ms")] = 100
    source: Text = ""
    text: Text = ""
    external: Text = ""
    group: Text = ""


class ContactFile(NamedTuple):
    name: str
    table: ContactTable


def contacts(findings: Findings, raw: Raw) -> "tuple[ContactFile, ...]":
    tables, devices = raw.get("contact", {}), raw.get("device", {})
    if not isinstance(tables, Mapping):
        findings.add(("contact",), "a contact is a table of its own: [contact.NAME]")
        return ()
    if len(tables) > MOST:
        findings.add(("contact",), f"{len(tables)} of them; allowed are {MOST}")
    if tables and "records" not in raw:
        findings.missing(("records",), "[records], where what contacts ask for is kept")
    out = []
    for name, one in tables.items():
        path = ("contact", name)
        if not isinstance(one, Mapping):
            findings.add(path, "a contact is a table of its own: [contact.NAME]")
            continue
        if not NAME.fullmatch(name):
            findings.add(path, f"not allowed as a name; allowed are {NAME_WORDS}")
        meter = one.get("meter")
        if isinstance(devices, Mapping) and isinstance(meter, str) and meter not in devices:
            findings.add((*path, "meter"), "no such device" + nearest(meter, devices))
        table = read(findings, path, one, ContactTable)
        if table is not None:
            out.append(ContactFile(name, table))
    _pins(findings, out, devices)
    return tuple(out)


def _pins(findings: Findings, found: "list[ContactFile]", devices: Any) -> None:
    """None has a pin that another or a device has."""
    taken = {pin: f"device.{name}" for name, device in (devices.items() if isinstance(devices, Mapping) else ())
             if isinstance(device, Mapping)
             for key, pin in device.items() if "pin" in key.split("_") and isinstance(pin, int)}
    for name, table in found:
        other = taken.setdefault(table.pin, f"contact.{name}")
        if other != f"contact.{name}":
            findings.add(("contact", name, "pin"), f"[{other}] already has this pin; give each its own")
