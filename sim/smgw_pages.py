"""What the makers' gateways show of the same numbers: JSON of CONEXA and CASA, pages of PPC. Not on a board."""

import json
from typing import NamedTuple


class Counted(NamedTuple):
    """value * 10**scaler in a unit by its DLMS number."""

    obis: str  # twelve hex digits
    value: int
    scaler: int
    unit: int


Kept = tuple[tuple[str, tuple[Counted, ...]], ...]
_UNITS = {27: ("W", 0), 30: ("kWh", 3), 13: ("m3", 0), 33: ("A", 0), 35: ("V", 0)}


def conexa(kept: Kept, time: str, body: bytes) -> "bytes | None":
    asked = json.loads(body)
    method, point = asked.get("method"), asked.get("usage-point-id")
    utc = time.replace(" ", "T") + "Z"
    answer: "object | None" = None
    if method == "user-info":
        answer = {"usage-points": [{
            "usage-point-id": f"up{at}", "usage-point-name": f"{meter}-BEZUG", "taf-number": "7", "taf-state": state,
            "meter": [{"meter-id": meter}]} for at, (meter, _) in enumerate(kept) for state in ("archive", "running")]}
    found = {f"up{at}": counted for at, (_, counted) in enumerate(kept)}.get(point)
    if method == "usage-point-info" and found is not None:
        answer = {"databases": [{"database": "origin", "channels": [
            {"obis": one.obis, "scaler": str(one.scaler), "unit": str(one.unit)} for one in found]}]}
    if method == "readings" and found is not None and asked.get("last-reading") == "true":
        answer = {"channels": [{"obis": one.obis, "readings": [
            {"value": str(one.value), "capture-time": utc, "target-time": utc, "meter-status": "00000000",
             "signature": "-"}]} for one in found]}
    return None if answer is None else json.dumps({"version": "1.4", "method": method, str(method): answer}).encode()


def casa(kept: Kept, time: str, rest: str) -> "bytes | None":
    if not rest:
        return json.dumps([meter for meter, _ in kept]).encode()
    meter, _, last = rest.partition("/")
    found = dict(kept).get(meter)
    if found is None or last != "extended":
        return None
    stamp = time.replace(" ", "T") + "+02:00"
    return json.dumps({"capture_time": stamp, "timestamp": stamp, "status": "00000000000000", "values": [
        {"logical_name": f"{one.obis}.{meter}.sm", "scaler": one.scaler, "unit": one.unit, "value": str(one.value),
         "signature": "-"} for one in found]}).encode()


def ppc_choice(kept: Kept) -> str:
    options = "".join(f"<option value='mid{at}'>01005e318002.{meter}.sm</option>"
                      for at, (meter, _) in enumerate(kept))
    return f"<select name='mid' id='meterform_select_meter' size=1>{options}</select>"


def ppc_values(kept: Kept, time: str, mid: str) -> str:
    """The first row alone bears the time and whether it is valid."""
    found = {f"mid{at}": counted for at, (_, counted) in enumerate(kept)}.get(mid, ())
    rows = []
    for at, one in enumerate(found):
        first = time if at == 0 else ""
        unit, power = _UNITS[one.unit]
        cells = {"timestamp": first, "wert": _decimal(one.value, one.scaler - power), "einheit": unit,
                 "istvalide": "1" if at == 0 else "", "name": "Zaehlerstand", "obis": _obis(one.obis)}
        rows.append(f"<tr id='table_metervalues_line{at + 1}'>" + "".join(
            f"<td id='table_metervalues_col_{name}'>{text}</td>" for name, text in cells.items()) + "</tr>")
    return f"<table id='metervalue'><tr><th>Zeitstempel</th></tr>{''.join(rows)}</table>"


def _decimal(value: int, scaler: int) -> str:
    if scaler >= 0:
        return str(value * 10 ** scaler)
    digits = str(abs(value)).zfill(1 - scaler)
    return ("-" if value < 0 else "") + digits[:scaler] + "." + digits[scaler:]


def _obis(text: str) -> str:
    a, b, c, d, e = (int(text[at:at + 2], 16) for at in (0, 2, 4, 6, 8))
    return f"{a}-{b}:{c}.{d}.{e}"
