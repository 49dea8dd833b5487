"""Shelly's notifications (`<prefix>/events/rpc`): what they tell of a component, as its status topic would tell it.

    {"src": "shellypro3em-1", "method": "NotifyStatus", "params": {"ts": 1.2, "em:0": {"id": 0, ...}}}

A component is told whole or in part; a part is not filled with what was told before.
Source: shelly-api-docs, notifications (NotifyStatus, NotifyFullStatus).
"""

import json

METHODS = ("NotifyStatus", "NotifyFullStatus")
TAIL = "/events/rpc"
MOST_COMPONENTS = 32


def status(topic: str, message: bytes) -> "tuple[tuple[str, bytes], ...]":
    """(topic of a component, its status) of each within a notification; () for any other message."""
    try:
        # numbers stay the text they are: their factor comes later, and a float is not exact
        note = json.loads(message, parse_float=_Digits, parse_int=_Digits)
        if not isinstance(note, dict) or note.get("method") not in METHODS or not isinstance(note.get("params"), dict):
            return ()
        parts = [(name, part) for name, part in note["params"].items() if isinstance(part, dict) and ":" in name]
        return tuple((f"{topic.removesuffix(TAIL)}/status/{name}", json.dumps(part).encode())
                     for name, part in parts[:MOST_COMPONENTS])
    except (ValueError, RecursionError):
        return ()


class _Digits(str):
    """A number as it was written; in quotes when it is written again, which json_fields takes."""
