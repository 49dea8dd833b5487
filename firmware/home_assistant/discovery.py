"""Home Assistant's device discovery: one retained message for the house and one for each device.

homeassistant/device/hutschiene_<site>/site/config        the house
homeassistant/device/hutschiene_<site>/<device>/config    each device, with what it has shown to measure

A device is announced once it has been heard, or after a minute; with more as soon as it shows more. A device that is
gone is removed by drivers.mqtt's sweep, an entity of one that is still there by naming its platform alone, once: Home
Assistant keeps what is merely not announced any more. What a device has only not shown yet is never removed, for its
owner's name for it would be lost. When Home Assistant says that it has started, everything is sent again.
"""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

from control.values import DeviceSpec, Site, Snapshot
from firmware.home_assistant.measured import Told, entity, told
from firmware.home_assistant.table import MODELS, PROBLEMS, SENSORS, SITE_POWERS, SITE_PROBLEMS, Row
from firmware.records.events import BEGIN, END, READING
from firmware.settable import DEFAULT, EVENT, What, of_device, of_site
from firmware.topics import Pairs, slug
from firmware.totals import Known

WAIT_MS = 60_000
EXPIRE_S = 900  # each state comes at least every five minutes: three were missed
ONLINE = b"online"
WITHIN = {"target_wh": 43_200, "target_permille": 43_200}  # by tomorrow morning, when set in the evening
UNITS = {"W": ("W", "power", 1, 100), "mA": ("A", "current", 1_000, 0.1), "Wh": ("kWh", "energy", 1_000, 0.1),
         "permille": ("%", "battery", 10, 1)}
NAME = "Home Assistant"
BY = f'"by": "{NAME}"'  # stands in the records beside what it set
NAMES = {"target_permille": "Charge", "feed_in_w": "Feed-in"}
COUNTERS = {frozenset(("counts import",)): "import", frozenset(("counts export",)): "export",
            frozenset(("counts import", "counts export")): "both"}  # what the meter itself counts
PLATFORMS = ("sensor", "binary_sensor", "select", "number", "button")
EVERYTHING = frozenset(row.shows for row in SENSORS) | {"counts import", "counts export"}
ASKED = ((READING, "Record a reading"), (BEGIN, "Begin a transaction"), (END, "End the transaction"))
EVENT_SHOWN = ("{% set last = value_json.events[-1] %}{{ (last.event.meter ~ ' ' ~ last.event.what ~ ' ' ~ "
               "last.event.obis ~ ' ' ~ last.event.value * 10 ** last.event.scaler ~ ' ' ~ last.event.unit "
               "if last.ok else last.why)[:255] }}")
Entity = dict[str, Any]


class HomeAssistant:
    """What is announced, and when it has changed. `settable`: whether commands are allowed; `events`: whether readings
    can be asked for by them."""

    def __init__(self, site: Site, prefix: str, settable: bool, version: str, now_ms: int, events: bool = False
                 ) -> None:
        self.birth = f"{prefix}/status"
        self._site = site
        self._prefix = prefix
        self._settable = settable
        self._events = settable and events
        self._version = version
        self._began_ms = now_ms
        self._id = "hutschiene." + slug(site.name)
        self._root = f"hutschiene/{slug(site.name)}/"
        self._shown: "list[set[str]]" = [set() for _ in site.devices]
        self._measured: "list[dict[str, frozenset[Told]]]" = [{} for _ in site.devices]  # by topic
        self._payloads: "dict[str, str]" = {}
        self._told: "list[object]" = [None] * len(site.devices)
        self._stood: "dict[str, dict[str, str]]" = {}  # by topic, what a broker held: platform of each entity
        self._possible: "dict[str, frozenset[str]]" = {}
        self._places = {slug(device.name): index for index, device in enumerate(site.devices)}
        self._site_told: object = None

    def stood(self, topic: str, payload: bytes) -> None:
        """What the broker retained of an announcement, from before this start or of ours; called from any thread."""
        try:
            found = json.loads(payload)["components"]
            self._stood[topic] = {key: one["platform"] for key, one in found.items()
                                  if one["platform"] in PLATFORMS and len(one) > 1}
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return

    def _gone(self, place: str, whole: "Callable[[], Entity]") -> "frozenset[tuple[str, str]]":
        """(key, platform) of what was announced there and can never be again."""
        topic = self._topic(place)
        if topic not in self._possible:
            self._possible[topic] = frozenset(whole()["components"])
        return frozenset((key, platform) for key, platform in self._stood.get(topic, {}).items()
                         if key not in self._possible[topic] and not key.startswith("measured_"))

    def gone(self) -> "tuple[tuple[str, ...], Callable[[str], bool]]":
        """For drivers.mqtt's sweep: a topic of this house whose device is not in the configuration any more."""
        here = {self._topic(place) for place in ("site", *(device.name for device in self._site.devices))}
        return (self._topic("+"),), lambda topic: topic not in here

    def news(self, snapshot: Snapshot, totals: "tuple[tuple[int, Known], ...]", measured: Pairs = ()) -> Pairs:
        """What is to be announced now, for the first time or with more than before; mostly nothing.

        `measured`: of what is published, the topics `<device>/measured` are looked at.
        """
        self._hear(measured)
        for index, heard in enumerate(snapshot.heard):
            if heard.reading is not None:
                self._shown[index].update(_fields(heard.reading))
        for index, known in totals:
            self._shown[index].update(name for name in ("import_wh", "export_wh") if getattr(known, name) is not None)
        out = []
        gone = self._gone("site", self._house)
        if gone != self._site_told:
            self._site_told = gone
            out.append((self._topic("site"), _json(_without(self._house(), gone))))
        for index, device in enumerate(self._site.devices):
            shown = frozenset(self._shown[index])
            meters = frozenset().union(*self._measured[index].values())
            ready = shown or meters or snapshot.now_ms - self._began_ms >= WAIT_MS
            gone = self._gone(device.name, partial(self._device, device, EVERYTHING, frozenset()))
            if (shown, meters, gone) != self._told[index] and ready:
                self._told[index] = shown, meters, gone
                out.append((self._topic(device.name), _json(_without(self._device(device, shown, meters), gone))))
        return tuple(out)

    def _hear(self, pairs: Pairs) -> None:
        """Nothing that was told once is taken back."""
        for topic, payload in pairs:
            if "/measured" in topic and self._payloads.get(topic) != payload:
                self._payloads[topic] = payload
                index = self._places.get(topic.split("/")[2])
                if index is not None:
                    known = self._measured[index].get(topic, frozenset())
                    self._measured[index][topic] = known | told(topic, payload)

    def _topic(self, name: str) -> str:
        place = name if name == "+" else slug(name)
        return f"{self._prefix}/device/hutschiene_{slug(self._site.name)}/{place}/config"

    def _house(self) -> Entity:
        place, entities = "site", {}
        for key, name, field, value in SITE_POWERS:
            row = Row(key, name, "state", field, value, (), "", "power", "W", "measurement", 0)
            entities[key] = self._sensor(place, row, self._online())
        for key, name, test in SITE_PROBLEMS:
            entities[key] = self._problem(place, key, name, "state", test)
        entities["alarms"] = {**self._entity(place, "sensor", "alarms", "Alarms", "state"), "value_template":
                              "{{ (value_json.alarms | map(attribute='why') | join('; '))[:255] or 'none' }}",
                              "entity_category": "diagnostic"}
        for node in self._site.nodes:
            entities.update(self._node(slug(node.name), node.name))
        if self._settable:
            for what in (what for what in of_site(self._site) if not what.longest_s):
                entities.update(self._setting(place, what))
        if self._events:
            entities["event"] = {**self._entity("records", "sensor", "event", "Newest reading asked for", "events",
                                                place), "value_template": EVENT_SHOWN, "icon": "mdi:file-sign"}
        return self._message("", {"name": self._site.name, "model": "Energy manager"}, entities)

    def _node(self, key: str, name: str) -> "dict[str, Entity]":
        out = {}
        for phase in (1, 2, 3):
            value = f"{{x}}[{phase - 1}] / 1000"
            row = Row(f"node_{key}_l{phase}", f"{name} L{phase}", "state", "measured_ma", value, (), "", "current", "A",
                      "measurement", 1, True)
            out[row.key] = self._sensor("node_" + key, row, self._online(), "site")
        return out

    def _device(self, device: DeviceSpec, shown: "frozenset[str]", meters: "frozenset[Told]") -> Entity:
        place, kind = slug(device.name), device.ability.kind
        live = {"topic": f"{self._root}{place}/state",
                "value_template": "{{ 'offline' if value_json.stale else 'online' }}"}
        entities = {}
        for row in SENSORS:
            if kind in row.kinds and (not row.shows or row.shows in shown):
                ways = [*self._online(), live] if row.part == "state" else self._online()
                entities[row.key] = self._sensor(place, row, ways)
        for one in sorted(meters):
            key, measured = entity(one, place)
            entities["measured_" + key] = {
                "platform": "sensor", "unique_id": f"{self._id}.{place}.measured_{key}", **measured,
                "availability": self._online(), "availability_mode": "all"}
        for key, name, part, test, kinds in PROBLEMS:
            if kind in kinds:
                entities[key] = self._problem(place, key, name, part, test)
        if self._settable:
            for what in of_device(device):
                if not what.longest_s or what.name in WITHIN:
                    entities.update(self._setting(place, what))
        register = COUNTERS.get(shown & frozenset(("counts import", "counts export")))
        if self._events and register is not None:
            for say, name in ASKED:
                entities["event_" + say] = self._asking(place, say, name, register)
        about = {"name": device.name, "model": MODELS[kind], "via_device": self._id}
        return self._message(device.name, about, entities)

    def _message(self, name: str, about: Entity, entities: "dict[str, Entity]") -> Entity:
        own = self._id + ("." + slug(name) if name else "")
        return {"device": {"identifiers": [own], "manufacturer": "Hutschiene", "sw_version": self._version, **about},
                "origin": {"name": "Hutschiene", "sw_version": self._version},
                "availability": self._online(), "availability_mode": "all", "qos": 1, "components": entities}

    def _online(self) -> "list[Entity]":
        return [{"topic": self._root + "status"}]

    def _entity(self, place: str, platform: str, key: str, name: str, part: str, owner: str = "") -> Entity:
        return {"platform": platform, "unique_id": f"{self._id}.{owner or place}.{key}", "name": name,
                "state_topic": f"{self._root}{place}/{part}"}

    def _sensor(self, place: str, row: Row, availability: "list[Entity]", owner: str = "") -> Entity:
        field = f"value_json.{row.field}"
        value = row.value.replace("{x}", field)
        out = {**self._entity(place, "sensor", row.key, row.name, row.part, owner),
               "value_template": f"{{{{ none if {field} is none else {value} }}}}",
               "device_class": row.device_class, "unit_of_measurement": row.unit, "state_class": row.state_class,
               "suggested_display_precision": row.precision, "expire_after": EXPIRE_S,
               "entity_category": "diagnostic" if row.diagnostic else None,
               "availability": availability, "availability_mode": "all"}
        return {key: value for key, value in out.items() if value is not None}

    def _problem(self, place: str, key: str, name: str, part: str, test: str) -> Entity:
        return {**self._entity(place, "binary_sensor", key, name, part), "device_class": "problem",
                "value_template": f"{{{{ 'ON' if {test} else 'OFF' }}}}", "entity_category": "diagnostic"}

    def _asking(self, place: str, say: str, name: str, register: str) -> Entity:
        """A record of its counters; a transaction is for few, so its buttons wait until they are wanted."""
        asked = {"value": say, "text": NAME, "by": NAME, **({} if say == END else {"register": register})}
        button = {**self._entity(place, "button", "event_" + say, name, ""), "icon": "mdi:file-sign",
                  "command_topic": f"{self._root}{place}/set/{EVENT.name}", "payload_press": json.dumps(asked)}
        del button["state_topic"]
        return button if say == READING else {**button, "enabled_by_default": False}

    def _setting(self, place: str, what: What) -> "dict[str, Entity]":
        """A choice is a select; a number comes with a button that takes it back."""
        command = {"command_topic": f"{self._root}{place}/set/{what.name}"}
        name = NAMES.get(what.name) or what.name.split("_")[0].capitalize()
        if what.choices:
            return {what.name: {**self._entity(place, "select", what.name, name, "settings"), **command,
                                "value_template": f"{{{{ value_json.{what.name} }}}}", "options": list(what.choices),
                                "command_template": '{"value": "{{ value }}", ' + BY + "}"}}
        within_s = WITHIN.get(what.name, 0)
        shown = f"{name} within {within_s // 3_600} h" if within_s else name
        number = {**self._entity(place, "number", what.name, shown, "settings"), **command, **_number(what, within_s)}
        button = {**self._entity(place, "button", what.name + "_default", "No " + name.lower(), "settings"), **command,
                  "payload_press": f'{{"value": "{DEFAULT}", {BY}}}'}
        del button["state_topic"]
        return {what.name: number, what.name + "_default": button}


def _without(message: Entity, gone: "frozenset[tuple[str, str]]") -> Entity:
    """A platform alone is how Home Assistant is told to remove an entity."""
    for key, platform in sorted(gone):
        message["components"].setdefault(key, {"platform": platform})
    return message


def _number(what: What, within_s: int) -> Entity:
    """In the unit people use. `within_s`: what is set holds for so long, as Home Assistant has no word for a lease."""
    unit, device_class, divisor, step = UNITS[what.unit]
    field = f"value_json.{what.name}"
    value = f"(value * {divisor}) | round | int"
    within = f', "for_s": {within_s}' if within_s else ""
    command = f'{{"value": {{{{ {value} }}}}{within}, {BY}}}'
    return {"value_template": f"{{{{ none if {field} is none else {field} / {divisor} }}}}",
            "command_template": command, "min": what.least / divisor, "max": what.most / divisor, "step": step,
            "mode": "box", "unit_of_measurement": unit, "device_class": device_class}


def _fields(reading: Any) -> "set[str]":
    """Energies are told by their totals, which need no counter."""
    found = {name for name in reading._fields if getattr(reading, name) is not None} - {"t_ms"}
    named = {"import_wh": "counts import", "export_wh": "counts export"}
    return {named.get(name, name) for name in found}


def _json(message: Entity) -> str:
    return json.dumps(message, separators=(",", ":"), ensure_ascii=False)
