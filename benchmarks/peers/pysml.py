"""pysml's reader behind two plain functions. It needs Python 3.11; where it is not, `here` is False."""

import importlib.util
from typing import Any

END = b"\x1b\x1b\x1b\x1b\x1a"
here = importlib.util.find_spec("sml") is not None


def frames(data: bytes, piece: int) -> "list[list[Any]]":
    """The entries of each frame it finds when it is fed so many bytes at a time, as its own serial reader does."""
    from sml import SmlBase
    held, out = b"", []
    for at in range(0, len(data), piece):
        held += data[at:at + piece]
        while True:
            try:
                end, found = SmlBase.find_frame(held)
            except Exception:  # it has a base of its own for some of its errors only: past the frame that raised
                end, found = held.find(END) + len(END), None
                held = held[end:]
                continue
            held = held[end:]
            if found is None:
                break
            out.append([entry for message in found for entry in (message.get("messageBody") or {}).get("valList", ())])
    return out


def right(data: bytes, truth: "list[list[Any]]") -> int:
    """Of entries [obis, unit, scaler, value]: numbers it shows by their name and as large as they are.

    It hands out floats with the scaler in them; octet strings, which it turns into words, are left out of both.
    """
    good = 0
    for wanted, got in zip(truth, frames(data, len(data))):
        shown = {entry.get("objName"): entry.get("value") for entry in got}
        good += sum(same(shown.get(name(row[0])), row) for row in wanted if is_number(row))
    return good


def is_number(row: "list[Any]") -> bool:
    return isinstance(row[3], int) and not isinstance(row[3], bool)


def same(found: object, row: "list[Any]") -> bool:
    if not isinstance(found, int | float) or isinstance(found, bool):
        return False
    exact = row[3] * 10.0 ** (row[2] or 0)
    return abs(found - exact) <= 1e-9 * max(1.0, abs(exact))


def name(obis: str) -> str:
    a, b, c, d, e, f = bytes.fromhex(obis)
    return f"{a}-{b}:{c}.{d}.{e}*{f}"
