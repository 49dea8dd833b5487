"""EMH CASA: its list of meters, and the newest values of each, as JSON.

Source: GET /json/metering/origin/ and .../<meter>/extended as read by emh-casa-go and ha-ppc-smgw.
"""

from drivers import smgw_json
from drivers.smgw_session import Session
from drivers.smgw_values import Value, entry, of_hex
from hal.faults import FRAME, DeviceError

ROOT = "/json/metering/origin/"
MOST_METERS = 16


def read(session: Session) -> "tuple[Value, ...]":
    out: "tuple[Value, ...]" = ()
    for meter in meters(session.get(ROOT).body):
        out += values(meter, session.get(f"{ROOT}{meter}/extended").body)
    return out


def meters(body: bytes) -> "tuple[str, ...]":
    found = smgw_json.document(body, "list of meters")
    if not isinstance(found, list):
        raise DeviceError(FRAME, "list of meters: no list")
    names = [name for name in found if isinstance(name, str) and 0 < len(name) <= 64 and _plain(name)]
    return tuple(names[:MOST_METERS])


def values(meter: str, body: bytes) -> "tuple[Value, ...]":
    found = smgw_json.document(body, f"meter {meter}")
    time = smgw_json.word(found, "capture_time") or smgw_json.word(found, "timestamp") or None
    status = smgw_json.status(found)
    out = []
    for one in smgw_json.members(found, "values"):
        line = entry(of_hex(smgw_json.member(one, "logical_name")), smgw_json.member(one, "value"),
                     smgw_json.member(one, "scaler"), smgw_json.member(one, "unit"))
        if line is not None:
            out.append(Value(meter, line, time, status))
    return tuple(out)


def _plain(name: str) -> bool:
    return all(letter.isascii() and (letter.isalnum() or letter in "._-") for letter in name)
