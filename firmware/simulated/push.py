"""Simulated meters that push or are asked over the network: Speedwire, MQTT, HTTP; and their ports at full speed."""

import json
from decimal import Decimal
from typing import Any

from drivers import esphome_meter, json_fields, json_meter, shelly_em
from drivers.json_fields import Field
from drivers.obis import EXPORT, IMPORT, PHASE_CURRENT, PHASE_POWER, PHASE_VOLTAGE, POWER
from firmware.config.site import DeviceFile
from hal.faults import REFUSED, TIMEOUT, DeviceError
from hal.ports import Inbox, Talk, Web
from sim import json_meters
from sim.part import Point
from sim.speedwire_meter import datagram
from sim.twins import NetworkTwin
from sim.twins.keba_udp import KebaUdpTwin

PUSHERS = ("speedwire_meter", "shelly_em", "tasmota_meter", "esphome_meter", "json_meter")  # drivers


class PushedTwin(NetworkTwin):
    """`said` is (serial, topic or path; message)."""

    def __init__(self, device: DeviceFile, point: Point, asked: bool) -> None:
        """`asked`: over HTTP."""
        self.sends_ms = 1_000 * int(device.options.get("sends_s", 1))
        self._device = device
        self._point = point
        self._asked = asked
        self.now_ms = 0

    def tick(self, now_ms: int) -> None:
        self.now_ms = now_ms

    def answer(self, path: str) -> "bytes | None":
        if path == shelly_em.ABOUT and self._device.driver == "shelly_em":
            return json_meters.ABOUT.encode()
        return dict(self.said()).get(path)

    def said(self) -> "tuple[tuple[str, bytes], ...]":
        point, options, driver = self._point, self._device.options, self._device.driver
        if driver == "speedwire_meter":
            return ((str(options["sma_serial"]), datagram(
                options["sma_serial"], self.now_ms & 0xFFFFFFFF, point.power_w, point.flow_ma, point.voltage_mv,
                point.import_wh, point.export_wh)),)
        if driver == "shelly_em":
            live, counters = shelly_em.places(self._asked, options["profile"], options["channel"], options["prefix"])
            texts = json_meters.shelly(options["profile"], options["channel"], live, counters, point)
        elif driver == "tasmota_meter":
            texts = json_meters.tasmota(options["layout"], options["group"], options["topic"], point)
        else:
            module = esphome_meter if driver == "esphome_meter" else json_meter
            texts = documents_of(module.wanted(dict(options)), point)
        return tuple((where, text.encode()) for where, text in texts)


class SimInbox(Inbox):
    """What was said since, at once: a simulated line waits for nobody."""

    def __init__(self, twins: "list[NetworkTwin]") -> None:
        self._newest: "dict[str, tuple[bytes, int]]" = {}
        self._twins = twins

    def put(self, name: str, message: bytes, now_ms: int) -> None:
        self._newest[name] = message, now_ms

    def watch(self, name: str) -> None:
        """Everything is kept."""

    def keep(self, name: str) -> None:
        """Everything is kept."""

    def split(self, name: str, into: "object") -> None:
        """A simulated device says its parts as well."""

    def newest(self, name: str, after_ms: int, wait_ms: int) -> "tuple[bytes, int] | None":
        found = self._newest.get(name)
        return found if found is not None and found[1] > after_ms else None

    def tell(self, name: str, message: str) -> None:
        for twin in self._twins:
            for topic, said in twin.hear(name, message):
                before = self._newest.get(topic)
                self._newest[topic] = said, max(twin.now_ms, before[1] + 1 if before is not None else twin.now_ms)


class SimWeb(Web):
    """The documents of one device, which may have several channels."""

    def __init__(self, twins: "list[NetworkTwin]") -> None:
        self._twins = twins

    def get(self, path: str) -> bytes:
        for twin in self._twins:
            message = twin.answer(path)
            if message is not None:
                return message
        raise DeviceError(REFUSED, f"404 {path}")

    def post(self, path: str, form: str) -> bytes:
        for twin in self._twins:
            message = twin.post(path, form)
            if message is not None:
                return message
        raise DeviceError(REFUSED, f"404 {path}")

    put = post


class SimTalk(Talk):
    """What boxes say to texts."""

    def __init__(self, twins: "list[KebaUdpTwin]") -> None:
        self._twins = {twin.host: twin for twin in twins}

    def ask(self, host: str, words: str, fits: "Any") -> str:
        for text in self._twins[host].say(words) if host in self._twins else ():
            if fits(text):
                return text
        raise DeviceError(TIMEOUT, f"{host}: no answer to {words!r}")

    def told(self, host: str) -> "tuple[str, ...]":
        return self._twins[host].notes() if host in self._twins else ()


def documents_of(wanted: "tuple[Field, ...]", point: Point) -> "tuple[tuple[str, str], ...]":
    """Messages in which each number that is asked for stands where it is looked for; of a sum the first has it all."""
    out = []
    for topic in json_fields.topics(wanted):
        tree: "dict[str, Any]" = {}
        bare = ""
        for field in wanted:
            for at, term in enumerate(field.terms):
                if term.topic == topic:
                    bare = str(Decimal(0) if at else _value(field, point) / term.factor)
                    put(tree, term.path, bare)
        out.append((topic, json.dumps(tree) if tree else bare))
    return tuple(out)


def _value(field: Field, point: Point) -> Decimal:
    """In the unit of the field."""
    if field.obis in (POWER, IMPORT, EXPORT):
        return Decimal({POWER: point.power_w.total(), IMPORT: point.import_wh, EXPORT: point.export_wh}[field.obis])
    for names, vector, per in ((PHASE_POWER, point.power_w, 1), (PHASE_CURRENT, point.flow_ma, 1_000),
                               (PHASE_VOLTAGE, point.voltage_mv, 1_000)):
        if field.obis in names:
            return Decimal(abs(vector[names.index(field.obis)]) if per > 1 else vector[names.index(field.obis)]) / per
    raise AssertionError(field)


def put(tree: "dict[str, Any]", path: "tuple[str, ...]", text: str) -> None:
    """Numbers in quotes: a float would not be exact."""
    for key in path[:-1]:
        tree = tree.setdefault(key, {})
    if path:
        tree[path[-1]] = text
