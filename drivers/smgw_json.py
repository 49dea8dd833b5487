"""JSON of a smart-meter gateway: looked at without trust, in a few words."""

import json

from hal.faults import FRAME, DeviceError

MOST_LIST = 64
MOST_TEXT = 64


def document(body: bytes, what: str) -> object:
    """DeviceError(FRAME) for what is none."""
    if not body.strip():
        raise DeviceError(FRAME, f"{what}: an empty answer (a gateway that asks for SHA-256 and means MD5 does so: "
                                 'digest = "md5")')
    try:
        found: object = json.loads(body)
        return found
    except (ValueError, RecursionError) as error:
        raise DeviceError(FRAME, f"{what}: no JSON") from error


def member(found: object, *keys: str) -> object:
    """None where there is none."""
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    return found


def members(found: object, *keys: str) -> "tuple[object, ...]":
    """Of a list, at most MOST_LIST."""
    inner = member(found, *keys)
    return tuple(inner[:MOST_LIST]) if isinstance(inner, list) else ()


def word(found: object, *keys: str) -> str:
    """A short text; "" for anything else."""
    inner = member(found, *keys)
    return inner if isinstance(inner, str) and len(inner) <= MOST_TEXT and inner.isprintable() else ""


def status(found: object) -> "tuple[str, ...]":
    """Every field whose name speaks of a status, raw; those that are all zero say nothing."""
    if not isinstance(found, dict):
        return ()
    said = [(key, str(value)) for key, value in found.items()
            if isinstance(key, str) and "status" in key and isinstance(value, (str, int))]
    return tuple([f"{key} {text}"[:MOST_TEXT] for key, text in said[:8] if text.strip("0x")])
