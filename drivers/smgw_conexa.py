"""Theben CONEXA: usage points, their channels, and the last reading of each, as JSON.

Source: IF_GW_CON 1.4 (root, user-info, usage-point-info, readings), and projects that read real ones
(smgw-theben-conexa, SmartmeterGateway). A value means nothing without the scaler and unit of its channel.
"""

import json

from drivers import smgw_json
from drivers.obis import Entry
from drivers.smgw_session import JSON, Session
from drivers.smgw_values import Value, entry, of_hex
from hal.faults import FRAME, DeviceError

ROOT = "/smgw/m2m"
MOST_POINTS = 8
Channels = dict[bytes, Entry]  # by OBIS name: an entry whose scaler and unit are those of the channel


def read(session: Session) -> "tuple[Value, ...]":
    path = _own(session)
    out: "tuple[Value, ...]" = ()
    for point, meter in points(_asked(session, path, {"method": "user-info"})):
        about = {"usage-point-id": point, "database": "origin"}
        known = channels(_asked(session, path, {"method": "usage-point-info", **about}))
        said = _asked(session, path, {"method": "readings", **about, "last-reading": "true"})
        out += readings(said, meter or point, known)
    return out


def _own(session: Session) -> str:
    """Where this user's requests go: the root answers with a redirection, on this gateway and nowhere else."""
    got = session.get(ROOT)
    place = (got.all("location") or ("",))[0]
    if place.startswith("https://"):
        place = "/" + place[8:].partition("/")[2]
    if got.status != 307 or not place.startswith(ROOT + "/") or not place.isascii() or not place.isprintable():
        raise DeviceError(FRAME, f"{ROOT}: {got.status}, no place of this user")
    return place


def _asked(session: Session, path: str, question: "dict[str, str]") -> bytes:
    return session.post(path, JSON, json.dumps(question).encode()).body


def points(body: bytes) -> "tuple[tuple[str, str], ...]":
    """(usage point, its meter or "") of those that run: of TAF 7 (every 15 minutes), else of TAF 1, else all."""
    found = smgw_json.document(body, "user-info")
    running = []
    for one in smgw_json.members(found, "user-info", "usage-points"):
        name = smgw_json.word(one, "usage-point-id")
        if name and smgw_json.word(one, "taf-state") == "running":
            first = (smgw_json.members(one, "meter") or (None,))[0]
            running.append((smgw_json.word(one, "taf-number"), name, smgw_json.word(first, "meter-id")))
    for wanted in ("7", "1"):
        fitting = [one for one in running if one[0] == wanted]
        if fitting:
            running = fitting
            break
    return tuple([(name, meter) for _, name, meter in running[:MOST_POINTS]])


def channels(body: bytes) -> Channels:
    found = smgw_json.document(body, "usage-point-info")
    out: Channels = {}
    for base in smgw_json.members(found, "usage-point-info", "databases"):
        if smgw_json.word(base, "database") not in ("", "origin"):
            continue
        for one in smgw_json.members(base, "channels"):
            line = entry(of_hex(smgw_json.member(one, "obis")), 0, smgw_json.member(one, "scaler"),
                         smgw_json.member(one, "unit"))
            if line is not None:
                out[line.obis] = line
    return out


def readings(body: bytes, meter: str, known: Channels) -> "tuple[Value, ...]":
    """What comes in a channel whose scaler or unit was not told is left out."""
    found = smgw_json.document(body, "readings")
    out = []
    for channel in smgw_json.members(found, "readings", "channels"):
        about = known.get(of_hex(smgw_json.member(channel, "obis")) or b"")
        for one in smgw_json.members(channel, "readings") if about is not None else ():
            assert about is not None
            line = entry(about.obis, smgw_json.member(one, "value"), about.scaler, about.unit)
            if line is not None:
                time = smgw_json.word(one, "capture-time") or smgw_json.word(one, "target-time") or None
                out.append(Value(meter, line, time, smgw_json.status(one)))
    return tuple(out)
