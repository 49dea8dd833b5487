"""Instants as OCPP writes them (ISO 8601, UTC)."""

import re
from datetime import datetime, timedelta, timezone

_TEXT = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(\.\d{1,12})?(Z|z|[+-]\d\d:?\d\d)?")
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def text(utc_ms: int) -> str:
    """2026-11-21T11:50:00.250Z"""
    at = EPOCH + timedelta(milliseconds=utc_ms)
    return at.strftime("%Y-%m-%dT%H:%M:%S") + ".%03dZ" % (utc_ms % 1000)


def utc_ms(said: object) -> "int | None":
    """None for what is no instant; one without a zone is UTC."""
    found = _TEXT.fullmatch(said) if isinstance(said, str) else None
    if found is None:
        return None
    zone = (found[4] or "Z").upper().replace("Z", "+00:00")
    try:
        at = datetime.fromisoformat("%sT%s%s:%s" % (found[1], found[2], zone[:3], zone[-2:]))
    except ValueError:
        return None
    return (at - EPOCH) // timedelta(milliseconds=1) + int((found[3] or ".0").ljust(4, "0")[1:4])
