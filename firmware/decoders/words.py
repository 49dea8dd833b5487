"""What `decode` prints for every kind: exact decimals, units, objects on one line."""

import json

from drivers.obis import AMPERE, CUBIC_METRE, HERTZ, JOULE, VAR, VAR_HOUR, VOLT, WATT, WATT_HOUR
from drivers.quantity import Quantity

UNITS = {8: "deg", CUBIC_METRE: "m3", JOULE: "J", WATT: "W", 28: "VA", VAR: "var", WATT_HOUR: "Wh", 31: "VAh",
         VAR_HOUR: "varh", AMPERE: "A", VOLT: "V", HERTZ: "Hz"}  # DLMS


def decimal(exact: "Quantity | None") -> str:
    """Every digit and none more: 215.99, -105.5, 2324000; "" for None."""
    if exact is None:
        return ""
    if exact.scaler >= 0:
        return str(exact.nearest(0))
    digits = str(abs(exact.value)).rjust(1 - exact.scaler, "0")
    whole, part = digits[:exact.scaler], digits[exact.scaler:].rstrip("0")
    return ("-" if exact.value < 0 else "") + whole + ("." + part if part else "")


def one_line(fields: "tuple[tuple[str, str], ...]") -> str:
    """A JSON object of values that are JSON already: a JSON number holds any decimal and a float does not."""
    return "{" + ", ".join(f"{json.dumps(name)}: {value}" for name, value in fields) + "}"


def number(exact: "Quantity | None") -> str:
    """As JSON."""
    return decimal(exact) or "null"
