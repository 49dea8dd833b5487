"""`decode json`: messages of meters that tell in JSON, each number with the path a configuration names it by.

Recorded messages one behind the other, as `mosquitto_sub -v` writes them too (topic, blank, message); what is published
at mqtt://HOST/TOPIC (mqtts: over TLS; + and # as usual), or what http://HOST/PATH answers, asked once a second. Shelly
and Tasmota are known by their messages. With --device DRIVER and --set KEY=VALUE, as in its table of the
configuration, they are read as that driver reads them.
"""

import argparse
import json
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec

from drivers import json_fields
from drivers.json_fields import Field
from drivers.json_known import Meant, known
from drivers.obis import EXPORT, IMPORT, counter, power
from firmware.config import driver_modules
from firmware.decoders.json_ports import HTTP, MQTT, MQTTS, port
from firmware.decoders.json_text import Messages
from firmware.decoders.sml import entry_fields, entry_row
from firmware.decoders.words import decimal, number, one_line

WHAT = "JSON message"
PLACES = (HTTP, MQTT, MQTTS)
MOST_NUMBERS = 256
MOST_DEPTH = 12
MOST_PLACES = 30
DRIVERS = ("esphome_meter", "json_meter", "shelly_em", "tasmota_meter")

__all__ = ["PLACES", "WHAT", "json_line", "port", "reader", "table"]


class Said(NamedTuple):
    topic: str  # "" where it is not known
    meters: "tuple[Meant, ...]"
    numbers: "tuple[tuple[str, Decimal], ...]"  # path, number


class Reader:
    """`wanted`: what one device is asked for; None to look for what is known."""

    def __init__(self, device: str, wanted: "tuple[Field, ...] | None") -> None:
        self.hint = ""
        self._messages = Messages()
        self._device = device
        self._wanted = wanted

    @property
    def damaged(self) -> int:
        return self._messages.damaged

    def feed(self, data: bytes) -> "list[Said]":
        return [self._said(topic, document) for topic, document in self._messages.feed(data)]

    def rest(self) -> "list[Said]":
        return [self._said(topic, document) for topic, document in self._messages.rest()]

    def _said(self, topic: str, document: object) -> Said:
        found: "tuple[Meant, ...]" = known(document) if self._wanted is None else self._of_device(topic, document)
        numbers: "list[tuple[str, Decimal]]" = []
        _numbers(document, (), numbers)
        return Said(topic, found, tuple(numbers))

    def _of_device(self, topic: str, document: object) -> "tuple[Meant, ...]":
        """A bare number without a topic could be any of its numbers, and is none."""
        assert self._wanted is not None
        bare = not isinstance(document, (dict, list))
        topics = json_fields.topics(self._wanted)
        if topic:
            topics = tuple(each for each in topics if each == topic)
        elif bare and len(topics) > 1:
            topics = ()
        entries = json_fields.entries(self._wanted, {each: document for each in topics})
        return (Meant(self._device, "", entries),) if entries else ()


def reader(args: argparse.Namespace) -> Reader:
    """Raises ValueError for a device that does not tell in JSON, and for options that are none."""
    if not args.device:
        if args.set:
            raise ValueError("--set says something of a device; name its driver with --device")
        return Reader("", None)
    return Reader(args.device, wanted_of(args.device, args.set, str(args.source).startswith(HTTP)))


def wanted_of(device: str, settings: "list[str]", asked: bool) -> "tuple[Field, ...]":
    if device not in DRIVERS:
        raise ValueError(f"--device {device}: allowed are {', '.join(DRIVERS)}")
    module = driver_modules.module(device)
    lists = {option.name for option in module.OPTIONS if isinstance(option.default, tuple)}
    given: "dict[str, Any]" = {"driver": device, "line": "none"}
    for setting in settings:
        name, found, value = setting.partition("=")
        if not found:
            raise ValueError(f"--set {setting}: allowed is KEY=VALUE")
        given[name] = [*given.get(name, []), value] if name in lists else value
    try:
        options = msgspec.convert(given, driver_modules.table(device), strict=False)
    except msgspec.ValidationError as error:
        raise ValueError(f"--set: {error}") from error
    wanted: "tuple[Field, ...]" = module.wanted(msgspec.structs.asdict(options), asked)
    return wanted


def _numbers(found: object, path: "tuple[str, ...]", out: "list[tuple[str, Decimal]]") -> None:
    if len(out) >= MOST_NUMBERS or len(path) > MOST_DEPTH:
        return
    if isinstance(found, dict):
        inner = [(key, value) for key, value in found.items() if "." not in key]
    else:
        inner = [(str(at), value) for at, value in enumerate(found)] if isinstance(found, list) else []
    for key, value in inner:
        _numbers(value, (*path, key), out)
    value = None if inner else json_fields.number_at(found, ())
    if value is not None:
        out.append((".".join(path) or ".", value))


def json_line(said: Said) -> str:
    return one_line((
        ("topic", json.dumps(said.topic or None)),
        ("meters", "[" + ", ".join(one_line((
            ("driver", json.dumps(meant.driver)),
            ("part", json.dumps(meant.part or None)),
            ("power_w", number(power(meant.entries))),
            ("import_wh", number(counter(meant.entries, IMPORT))),
            ("export_wh", number(counter(meant.entries, EXPORT))),
            ("entries", json.dumps([entry_fields(entry) for entry in meant.entries])),
        )) for meant in said.meters) + "]"),
        ("numbers", "{" + ", ".join(f"{json.dumps(path)}: {_plain(value)}" for path, value in said.numbers) + "}"),
    ))


def table(said: Said) -> str:
    lines = [f"{said.topic or 'message'}:"]
    for meant in said.meters:
        lines.append(f"  read by {meant.driver}" + (f", {meant.part}" if meant.part else ""))
        totals = (("power", power(meant.entries), "W"), ("import", counter(meant.entries, IMPORT), "Wh"),
                  ("export", counter(meant.entries, EXPORT), "Wh"))
        lines += [f"    {name:8} {decimal(exact)} {unit}" for name, exact, unit in totals if exact is not None]
        lines += [entry_row(entry) for entry in meant.entries]
    lines += [f"    {path:24} {_plain(value)}" for path, value in said.numbers]
    return "\n".join(lines) + "\n"


def _plain(value: Decimal) -> str:
    """Every digit; with an exponent only where there would be too many of them."""
    return f"{value:f}" if value.adjusted() > -MOST_PLACES else str(value)
