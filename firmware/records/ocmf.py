"""A charging session in the Open Charge Metering Format 1.4: OCMF|{what was measured}|{signature}.

Source: S.A.F.E. e.V., OCMF specification. Signed are the very bytes between the bars, by the key of the records; the
public key goes with it apart (`public`), as DER in hex, which the transparency software reads. The meters of a house
are no conformity-assessed ones: the tariff text says so, and no reader can take it for more.
"""

import json
from datetime import datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

from drivers.signing import Signer
from firmware.records.chain import key_id
from firmware.records.clock import HOLDOVER, SYNCED
from firmware.records.events import readings_of
from firmware.records.legal_time import offset_s
from firmware.records.marks import Transaction
from firmware.records.sampler import CLOCK_UNKNOWN, FAULTY, SUBSTITUTED

VERSION = "1.4"
NOTE = "nicht geeicht, nicht zur Abrechnung nach Eichrecht / not for legally metered billing"
OCPP = "ocpp_station"  # the driver of those whose cards come with OCPP
CLOCKS = {SYNCED: "S", HOLDOVER: "I"}  # else U; R (relative) is never used
STATES = {FAULTY: "E", SUBSTITUTED: "S"}  # else G


def session(one: Transaction, clocks: "dict[str, str]", about: "dict[str, Any]", zone: ZoneInfo, signer: Signer) -> str:
    """`clocks`: event id -> the clock state its record bears; `about`: what is known of the meter."""
    assert one.end is not None
    payload = {
        "FV": VERSION, "GI": "Hutschiene", "GS": key_id(signer.public)[:16], "PG": f"T{one.number}",
        "MS": about.get("serial", one.meter), **_who(one, about), "TT": NOTE,
        "RD": [_reading(event, obis, value, what, clocks, zone) for event, what in ((one.begin, "B"), (one.end, "E"))
               for obis, value in readings_of(event)],
    }
    if about.get("maker"):
        payload["MV"] = about["maker"]
    if about.get("model"):
        payload["MM"] = about["model"]
    text = json.dumps(payload, separators=(",", ":"), ensure_ascii=True)
    signature = {"SA": "ECDSA-secp256r1-SHA256", "SE": "hex", "SD": signer.der(text.encode("ascii")).hex().upper()}
    return "OCMF|%s|%s" % (text, json.dumps(signature, separators=(",", ":")))


def _who(one: Transaction, about: "dict[str, Any]") -> "dict[str, Any]":
    """A card that the wallbox has told of its own session; nobody vouches for it."""
    assert one.end is not None
    card = one.end["external"] if one.end["source"] == one.meter else ""
    if not card:
        return {"IS": False, "IL": "NONE", "IF": [], "IT": "NONE", "ID": ""}
    how = "OCPP_AUTH" if about.get("driver") == OCPP else "RFID_PLAIN"
    return {"IS": True, "IL": "HEARSAY", "IF": [how], "IT": "UNDEFINED", "ID": card}


def public(signer: Signer) -> str:
    return signer.public_der.hex().upper()


def _reading(event: "dict[str, Any]", obis: str, value: int, what: str, clocks: "dict[str, str]", zone: ZoneInfo
             ) -> "dict[str, Any]":
    unknown = event["status"] == CLOCK_UNKNOWN
    errors = ("E" if event["status"] == FAULTY else "") + ("t" if unknown else "")
    return {
        "TM": instant(event["captured_ms"], zone) + " " + CLOCKS.get(clocks.get(event["event"], ""), "U"),
        "TX": what, "RV": _wh(value, event["scaler"]), "RI": "1-b:" + obis.partition(":")[2], "RU": "Wh", "RT": "AC",
        "EF": errors, "ST": STATES.get(event["status"], "G"),
    }


def _wh(value: int, scaler: int) -> "int | float":
    """A JSON number with just the digits the meter has told; exact, as a counter has far fewer than 15 of them."""
    return int(value) if scaler >= 0 else round(value / 10 ** -scaler, -scaler)


def instant(utc_ms: int, zone: ZoneInfo) -> str:
    """2026-10-25T02:30:00,250+0100"""
    offset = timezone(timedelta(seconds=offset_s(zone, utc_ms // 1_000)))
    local = datetime.fromtimestamp(utc_ms // 1_000, offset)
    return local.strftime("%Y-%m-%dT%H:%M:%S") + ",%03d" % (utc_ms % 1_000) + local.strftime("%z")
