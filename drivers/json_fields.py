"""Numbers out of JSON messages: where they stand and what to multiply them with, in one line of text.

    power = "SML.Power_curr"                  in the message of the device's topic
    energy_import = "SML.Total_in * 1000"     kWh become Wh
    energy_import = "emeters.0.total + emeters.1.total"
    power = "heat/power#"                     the whole message of another topic (or URL) is the number; "." of the own

A number may stand in quotes. What is not there, is no number or is null is not known. Exact: no float anywhere.
"""

import json
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from drivers.given import word, words
from drivers.obis import (
    AMPERE,
    EXPORT,
    IMPORT,
    PHASE_CURRENT,
    PHASE_POWER,
    PHASE_VOLTAGE,
    POWER,
    VOLT,
    WATT,
    WATT_HOUR,
    Entry,
)
from hal.options import text, texts

PLACES = 6  # kept behind the point
MOST = Decimal(10) ** 15
MOST_DEPTH = 8
NAMES = {
    "power": ((POWER,), WATT), "power_phases": (PHASE_POWER, WATT), "current_phases": (PHASE_CURRENT, AMPERE),
    "voltage_phases": (PHASE_VOLTAGE, VOLT), "energy_import": ((IMPORT,), WATT_HOUR),
    "energy_export": ((EXPORT,), WATT_HOUR),
}
OPTIONS = (
    text("topic", "", 0, 255, 'MQTT topic, or path of the URL ("/status"); none where each number names its own'),
    text("power", "", 0, 255, 'total power in W: "PATH", "PATH * FACTOR", "TOPIC#PATH"'),
    texts("power_phases", (), 1, 255, "power of each of its conductors in W"),
    texts("current_phases", (), 1, 255, "current of each of its conductors in A"),
    texts("voltage_phases", (), 1, 255, "voltage of each of its conductors in V"),
    text("energy_import", "", 0, 255, "counter of what flows in, in Wh"),
    text("energy_export", "", 0, 255, "counter of what flows out, in Wh"),
)


class Term(NamedTuple):
    """One number in one message."""

    topic: str
    path: "tuple[str, ...]"
    factor: Decimal


class Field(NamedTuple):
    """One quantity: the sum of its terms."""

    obis: bytes
    unit: int
    terms: "tuple[Term, ...]"


def fields(name: str, texts: "tuple[str, ...]", topic: str) -> "tuple[Field, ...]":
    """Of an option of NAMES, phase by phase where it has phases. Raises ValueError("option: what is allowed")."""
    names, unit = NAMES[name]
    given = [text for text in texts if text]
    if len(given) > len(names):
        raise ValueError(f"{name}: {len(given)} of them; allowed are {len(names)}")
    return tuple(Field(obis, unit, tuple(_term(name, part, topic) for part in text.split(" + ")))
                 for obis, text in zip(names, given))


def named(options: "dict[str, object]", topic: str, put: "Callable[[str], str]" = str) -> "tuple[Field, ...]":
    """All that a device's options name; `put` makes a place of what they say. Raises ValueError("option: ...")."""
    out: "tuple[Field, ...]" = ()
    for name in NAMES:
        given = options[name]
        places = words(options, name) if isinstance(given, tuple) else (word(options, name),)
        out += fields(name, tuple(put(place) for place in places if place), topic)
    if not (options["power"] or options["power_phases"]):
        raise ValueError("power: allowed is where the power stands, here or in power_phases")
    return out


def topics(wanted: "tuple[Field, ...]") -> "tuple[str, ...]":
    """Of all messages that are needed, in the order in which they are named."""
    return tuple(dict.fromkeys(term.topic for field in wanted for term in field.terms))


def document(message: bytes) -> object:
    """None for what is no JSON."""
    try:
        return json.loads(message, parse_float=Decimal, parse_int=Decimal, parse_constant=lambda word: None)
    except (ValueError, RecursionError, InvalidOperation):
        return None


def entries(wanted: "tuple[Field, ...]", documents: "dict[str, object]") -> "tuple[Entry, ...]":
    """Those of the fields that the messages tell."""
    out = []
    for field in wanted:
        total = Decimal(0)
        for term in field.terms:
            value = number_at(documents.get(term.topic), term.path)
            if value is None:
                break
            total += value * term.factor
        else:
            if abs(total) < MOST:
                whole = int(total.scaleb(PLACES).to_integral_value())
                out.append(Entry(field.obis, None, field.unit, -PLACES, whole, 0))
    return tuple(out)


def _term(name: str, text: str, topic: str) -> Term:
    where, _, factor = text.partition("*")
    own, sign, path = where.strip().rpartition("#")
    keys = tuple(key for key in path.split(".") if key)
    try:
        number = Decimal(factor.strip() or "1")
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or not number or abs(number) > 10 ** 9:
        raise ValueError(f"{name}: {factor.strip()!r} is no factor; allowed is a number behind the *")
    if len(keys) > MOST_DEPTH or not (own if sign else topic):
        raise ValueError(f"{name}: {text!r}; allowed is PATH, PATH * FACTOR, or TOPIC#PATH where there is no topic")
    place = own if sign else topic
    if not place.startswith("/") and any(letter in "+#" for letter in place):
        raise ValueError(f"{name}: {place!r} is many topics; allowed is one, without + and #")
    return Term(place, keys, number)


def stands(found: object, path: "tuple[str, ...]") -> object:
    """What stands at a path of a document; None where there is nothing."""
    for key in path:
        if isinstance(found, dict):
            found = found.get(key)
        elif isinstance(found, list) and key.isdecimal() and int(key) < len(found):
            found = found[int(key)]
        else:
            return None
    return found


def number_at(found: object, path: "tuple[str, ...]") -> "Decimal | None":
    found = stands(found, path)
    if isinstance(found, str):
        try:
            found = Decimal(found.strip())
        except InvalidOperation:
            return None
    return found if isinstance(found, Decimal) and found.is_finite() and abs(found) < MOST else None
