"""Any wallbox, heater, storage or inverter that takes its word over HTTP or MQTT and tells in JSON, as described.

    tell = "/api/set?amp={a}"                 over HTTP: a path, asked with GET
    tell = "POST /api/set {\\"amp\\": {a}}"     over HTTP: POST or PUT, a path, a form or JSON
    tell = "box/set {'current': {a}}"         over MQTT: a topic, a blank, a message; sent once and never retained
    itself = "store/set {'mode': 'auto'}"  a storage that has a regulation of its own: how it is left to that

{a} {ma} {w} {-w} {pct} stand for the current of each conductor, the power, and its share of max_w, towards less; of an
inverter for the most it may make. What it does without us, its
owner states (failsafe_s, failsafe_a); without that it is reckoned at its most for ever. Told to stop, a storage with
`itself` gives nothing and takes what is left. A bidirectional wallbox is a storage whose state says whether a car is
there. Where `limit` says what stands in it, more than it was told is the device's fault. Its numbers are found as those
of drivers.json_meter.
"""

from drivers import json_fields, json_source
from drivers.generator import ability_of, limit_w
from drivers.given import clock, most_w, phases, whole, word, words
from drivers.json_fields import Field, fields
from drivers.load_facts import LoadFacts
from drivers.meter_facts import SINGLE
from drivers.obis import number
from hal.faults import RANGE, REFUSED, DeviceError
from hal.options import choice, integer, text, texts
from hal.ports import Clock, Inbox, Load, Web
from hal.values import Ability, Reading, Setpoint, placed, reading, unplaced, w_of_ma
from hal.values import ability as able

LINES = ("http", "mqtt")
FAILSAFE = "as its owner has stated: failsafe_a or nothing, failsafe_s after our last word; with 0 it stays as told"
LOAD = LoadFacts("Any device that takes its word over HTTP or MQTT and tells in JSON", "any",
                 "the numbers that are named", "a current or a power", "as its owner has stated (tell_every_s)", SINGLE)
OPTIONS = (
    choice("kind", None, ("wallbox", "heater", "storage", "inverter"), "what it is"),
    integer("sends_s", 10, 1, 60, "over MQTT: how often it sends, in s"),
    *json_fields.OPTIONS,
    text("state", "", 0, 255, "where its state stands"),
    texts("states", (), 3, 64, 'what its state means: "1=A", "charging=C"; letters of IEC 61851 for a wallbox'),
    text("limit", "", 0, 255, "where the current (in A) or power (in W) stands that it was told"),
    text("tell", None, 1, 512, "how it is told: a path, or TOPIC MESSAGE, with {a} {ma} {w} {-w} or {pct}"),
    text("stop", "", 0, 512, "how it is told to stop, where that is not 0"),
    integer("tell_every_s", 0, 0, 3_600, "how often it is told what stands already; 0: only what changes"),
    integer("failsafe_s", 0, 0, 3_600, "silence after which it falls back by itself; 0 where it never does"),
    integer("failsafe_a", 0, 0, 32, "wallbox: current it falls back to; 0 to stop"),
    text("soc", "", 0, 255, "storage, wallbox: charge of the battery in %"),
    text("capacity", "", 0, 255, "storage, wallbox: what it holds, in Wh"),
    text("charge_most", "", 0, 255, "storage: the most it can take now, in W"),
    text("discharge_most", "", 0, 255, "storage: the most it can give now, in W"),
    text("itself", "", 0, 512, "storage: how it is told to regulate by itself"),
    integer("step_ma", 1_000, 100, 1_000, "wallbox: the steps it counts its current in"),
    integer("max_w", 0, 0, 100_000, "heater, storage: highest power it takes; inverter: its rated power"),
    integer("least_w", 0, 0, 100_000, "inverter: lowest limit it takes"),
    integer("fallback_w", 100_000, 0, 100_000, "inverter: most it makes once nobody talks to it; left out: max_w"),
    integer("discharge_w", 0, 0, 30_000, "storage: highest power it gives"),
)

MIN_MA = 6_000  # IEC 61851-1: lowest offered current
SETTLE_MS = 15_000
BATTERY = (("soc", 1), ("capacity", 0), ("charge_most", 0), ("discharge_most", 0))  # and the places kept of each
KINDS = (("soc", ("storage", "wallbox")), ("capacity", ("storage", "wallbox")), ("charge_most", ("storage",)),
         ("discharge_most", ("storage",)), ("itself", ("storage",)))
MARKS = ("{a}", "{ma}", "{w}", "{-w}", "{pct}")


class JsonDevice(Load):
    def __init__(self, port: "Web | Inbox", options: "dict[str, object]") -> None:
        self._port = port
        self._meter = json_source.build(port, clock(options), numbers_of(options), phases(options), False,
                                        1_000 * whole(options, "sends_s"))
        self._clock: Clock = clock(options)
        self._able = ability(options)
        self._phases = phases(options)
        self._tell, self._stop = word(options, "tell"), word(options, "stop") or word(options, "tell")
        self._every_ms = 1_000 * whole(options, "tell_every_s")
        self._itself = word(options, "itself")
        self._state, self._limit = extra(options, "state"), extra(options, "limit")
        self._battery = tuple((extra(options, name), places) for name, places in BATTERY)
        self._states = dict([each.split("=", 1) for each in words(options, "states")])
        self._most_w = whole(options, "max_w")
        self._stands: "tuple[int, int] | None" = None  # (mA, W) it was told last
        self._told_ms = self._changed_ms = 0
        self._complaint = ""

    def read(self, now_ms: int) -> Reading:
        said = self._meter.read(now_ms)
        limit = self._limit_of()
        soc_permille, capacity_wh, take_w, give_w = (
            self._number(field, places) for field, places in self._battery)
        if soc_permille is not None and not 0 <= soc_permille <= 1_000:
            raise DeviceError(RANGE, "charge %d permille" % soc_permille)
        self._judge(limit)
        wallbox = self._able.kind == "wallbox"
        return reading(
            said.t_ms, said.total_w, said.power_w, said.current_ma, said.voltage_mv, said.import_wh, said.export_wh,
            state=self._state_of(self._meter.documents),
            limit_ma=placed((limit,) * len(self._phases), self._phases) if wallbox and limit is not None else None,
            limit_w=self._signed(limit), soc_permille=soc_permille, capacity_wh=capacity_wh,
            take_w=take_w, give_w=give_w)

    def _signed(self, limit: "int | None") -> "int | None":
        """A limit in W as a Setpoint has it."""
        if limit is None or self._able.kind == "wallbox":
            return None
        return -limit if self._able.kind == "inverter" else limit

    def arm(self) -> None:
        """What it does without us is in its owner's hands; that it tells something is all that can be seen."""
        self._meter.read(self._clock.now_ms())
        self._stands = None

    def apply(self, setpoint: Setpoint) -> None:
        self._put(self._of(setpoint))
        if self._complaint:
            said, self._complaint = self._complaint, ""
            raise DeviceError(REFUSED, said)

    def release(self) -> None:
        self._put((0, self._able.min_w) if self._itself else self._of(self._able.fallback))

    def _of(self, setpoint: Setpoint) -> "tuple[int, int]":
        """(mA of each conductor, W), bounded and towards less."""
        if self._able.kind == "inverter":
            return 0, limit_w(setpoint, self._able)
        if self._able.kind != "wallbox":
            return 0, max(self._able.min_w, min(setpoint.power_w, self._able.max_w))
        current_ma = min(min(unplaced(setpoint.current_ma, self._phases)), self._able.max_ma)
        current_ma -= current_ma % self._able.step_ma
        current_ma = current_ma if current_ma >= MIN_MA else 0
        return current_ma, w_of_ma(current_ma) * len(self._phases)

    def _put(self, wanted: "tuple[int, int]") -> None:
        now_ms = self._clock.now_ms()
        if wanted == self._stands and not (self._every_ms and now_ms - self._told_ms >= self._every_ms):
            return
        if wanted != self._stands:
            self._changed_ms = now_ms
        self._stands = None
        self._send(written(self._words(wanted), *wanted, self._most_w))
        self._stands, self._told_ms = wanted, now_ms

    def _words(self, wanted: "tuple[int, int]") -> str:
        if self._itself and wanted[1] == self._able.min_w:
            return self._itself
        return self._tell if any(wanted) else self._stop

    def _send(self, words: str) -> None:
        json_source.tell(self._port, words)

    def _judge(self, limit: "int | None") -> None:
        if self._stands is None or limit is None or self._clock.now_ms() - self._changed_ms < SETTLE_MS:
            return
        told = self._stands[0 if self._able.kind == "wallbox" else 1]
        if abs(limit) > abs(told):
            self._stands = None
            self._complaint = "told %d, and %d stands in it" % (told, limit)

    def _limit_of(self) -> "int | None":
        """In mA, or in W."""
        return self._number(self._limit, 3 if self._able.kind == "wallbox" else 0)

    def _number(self, field: "Field | None", places: int) -> "int | None":
        """In the last messages, times 10 ** places, towards zero; None where it does not stand in them."""
        found = json_fields.entries((field,), self._meter.documents) if field is not None else ()
        value = number(found[0]) if found else None
        if value is None:
            return None
        per: int = 10 ** (json_fields.PLACES - places)
        return value // per if value >= 0 else -(-value // per)

    def _state_of(self, documents: "dict[str, object]") -> "str | None":
        """Its owner's word for it; None where it is not known."""
        if self._state is None:
            return None
        term = self._state.terms[0]
        return self._states.get(str(json_fields.stands(documents.get(term.topic), term.path)))


def written(template: str, current_ma: int, power_w: int, most_w: int = 0) -> str:
    """The words with their numbers; 6.5 A as "6.5"."""
    percent = 100 * power_w // most_w if most_w else 0
    tenths = "%d.%d" % (current_ma // 1000, current_ma % 1000 // 100) if current_ma % 1000 else str(current_ma // 1000)
    for mark, value in zip(MARKS, (tenths, str(current_ma), str(power_w), str(-power_w), str(percent))):
        template = template.replace(mark, value)
    return template


def numbers_of(options: "dict[str, object]") -> "tuple[Field, ...]":
    """Raises ValueError("option: what is allowed")."""
    return json_fields.named(options, word(options, "topic"))


def extra(options: "dict[str, object]", name: str) -> "Field | None":
    """One more place in the messages that are read anyhow; None when it is not named."""
    if not word(options, name):
        return None
    field = fields("power", (word(options, name),), word(options, "topic"))[0]
    if not {term.topic for term in field.terms} <= set(json_fields.topics(numbers_of(options))):
        raise ValueError("%s: allowed is a place in the messages in which its numbers stand" % name)
    return field


def ability(options: "dict[str, object]") -> Ability:
    """Raises ValueError("option: what is allowed")."""
    numbers_of(options)
    for name in ("state", "limit", *(name for name, _ in BATTERY)):
        extra(options, name)
    _templates(options)
    kind, failsafe_ms = word(options, "kind"), 1_000 * whole(options, "failsafe_s")
    for each in words(options, "states"):
        name, found, letter = each.partition("=")
        if not (name and found) or (kind == "wallbox" and letter not in ("A", "B", "C", "D", "E", "F")):
            raise ValueError('states: %r; allowed is VALUE=STATE, for a wallbox with A to F' % each)
    for name, kinds in KINDS:
        if options[name] and kind not in kinds:
            raise ValueError("%s: a %s has none; leave it out" % (name, kind))
    if kind == "storage" and not options["soc"]:
        raise ValueError("soc: needed of a storage: without its charge it would never be used")
    if kind == "wallbox":
        return _wallbox(options, failsafe_ms)
    max_w, discharge_w = whole(options, "max_w"), whole(options, "discharge_w")
    if kind == "inverter":
        if not max_w:
            raise ValueError("max_w: needed of an inverter: its rated power in W")
        roof = {"rated_w": max_w, "least_w": options["least_w"], "fallback_w": options["fallback_w"]}
        return ability_of(roof, failsafe_ms, settle_ms=SETTLE_MS, pace_ms=5_000,
                          step_w=max(max_w // 100, 1) if MARKS[4] in word(options, "tell") else 1)
    if not max_w or (discharge_w and kind == "heater"):
        raise ValueError("max_w, discharge_w: a heater has the first only, a storage mostly both; in W")
    return able(kind, min_w=-min(discharge_w, most_w(options)), max_w=min(max_w, most_w(options)),
                failsafe_ms=failsafe_ms, settle_ms=SETTLE_MS, pace_ms=5_000,
                own="limit" if options["itself"] else "")


def _wallbox(options: "dict[str, object]", failsafe_ms: int) -> Ability:
    wired, max_ma, failsafe_a = phases(options), whole(options, "max_a") * 1_000, whole(options, "failsafe_a")
    if 0 < failsafe_a < MIN_MA // 1_000:
        raise ValueError("failsafe_a: no car charges with less than 6; allowed are 0 and 6 to 32")
    safe_ma = min(1_000 * failsafe_a, max_ma)
    fallback = Setpoint(placed((safe_ma,) * len(wired), wired), w_of_ma(safe_ma) * len(wired))
    return able("wallbox", min_ma=MIN_MA, max_ma=max_ma, step_ma=whole(options, "step_ma"), fallback=fallback,
                failsafe_ms=failsafe_ms, settle_ms=SETTLE_MS, pace_ms=5_000)


def _templates(options: "dict[str, object]") -> None:
    tell, every_s, failsafe_s = word(options, "tell"), whole(options, "tell_every_s"), whole(options, "failsafe_s")
    if not any(mark in tell for mark in MARKS):
        raise ValueError("tell: %r has none of %s" % (tell, " ".join(MARKS)))
    for name in ("tell", "stop", "itself"):
        given = word(options, name)
        if given and not json_source.fitting(given):
            raise ValueError("%s: %r; allowed is a path (/...) or POST PATH TEXT over HTTP, "
                             "TOPIC MESSAGE over MQTT" % (name, given))
    if failsafe_s and not 0 < 2 * every_s <= failsafe_s:
        raise ValueError("tell_every_s: it falls back after %d s of silence; allowed are 1 to %d" % (
            failsafe_s, failsafe_s // 2))


def build(port: "Web | Inbox", options: "dict[str, object]") -> JsonDevice:
    return JsonDevice(port, options)
