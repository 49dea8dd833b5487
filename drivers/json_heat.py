"""Any heat pump, rod or switch that takes its word over HTTP or MQTT and tells in JSON, as its owner describes it.

    tell = "hp/set/flow {c}"                  a heat pump that is told how warm its flow, or its tank, shall be
    tell = "/api/heat?w={w}"                  one that is told a power
    tell = "zigbee2mqtt/fan/set {\\"state\\": \\"ON\\"}"   a switch; `stop` is how it is told to be off

A temperature is a leave, no order: left alone the pump heats as it needs to normal_c, and with surplus it may go above.
least_w of surplus are one degree more, nominal_w are raised_c, between them in whole degrees towards less. Its draw is
what it says itself. What it does without us its owner states (failsafe_s); without that it stays as told.
"""

from drivers import json_fields, json_source
from drivers.given import clock, most_w, phases, whole, word
from drivers.json_fields import Field, fields
from drivers.load_facts import LoadFacts
from drivers.meter_facts import SINGLE
from drivers.obis import number
from drivers.register_device import split
from hal.faults import RANGE, DeviceError
from hal.options import choice, integer, text
from hal.ports import Clock, Inbox, Load, Web
from hal.values import Ability, Reading, Setpoint, ma_of_w, placed, reading
from hal.values import ability as able

LINES = ("http", "mqtt")
FAILSAFE = "as its owner has stated: normal operation, or off, failsafe_s after our last word; with 0 it stays as told"
LOAD = LoadFacts("Any heat pump, rod or switch that takes its word over HTTP or MQTT and tells in JSON", "heating",
                 "the numbers that are named, temperature", "a temperature, a power, or on and off",
                 "as its owner has stated (tell_every_s)", SINGLE)
OPTIONS = (
    choice("kind", None, ("heat pump", "rod", "switch"), "what it is"),
    integer("sends_s", 10, 1, 60, "over MQTT: how often it sends, in s"),
    *json_fields.OPTIONS,
    text("temperature", "", 0, 255, "where the temperature of its tank stands, in degC"),
    text("tell", None, 1, 512, "how it is told: a path, or TOPIC MESSAGE, with {c} or {w}; a switch: to be on"),
    text("stop", "", 0, 512, "how it is told to be off, or to heat as it needs, where that is not said by tell"),
    integer("tell_every_s", 0, 0, 3_600, "how often it is told what stands already; 0: only what changes"),
    integer("failsafe_s", 0, 0, 3_600, "silence after which it goes back by itself; 0 where it never does"),
    integer("nominal_w", None, 10, 30_000, "highest electric power; of a switch what hangs on it"),
    integer("least_w", 0, 0, 30_000, "electric power below which it does not run"),
    integer("normal_c", 0, 0, 70, "told a temperature: how warm without surplus"),
    integer("raised_c", 0, 0, 80, "told a temperature: how warm with all the surplus it can use; above normal_c"),
    integer("hold_s", 600, 10, 3_600, "heat pump, switch: shortest run, and shortest rest"),
)

STEP_W = 100  # less moves no compressor
PUMP, ROD, SWITCH = "heat pump", "rod", "switch"


class JsonHeat(Load):
    def __init__(self, port: "Web | Inbox", options: "dict[str, object]") -> None:
        self._port = port
        self._meter = json_source.build(port, clock(options), numbers_of(options), phases(options), False,
                                        1_000 * whole(options, "sends_s"))
        self._clock: Clock = clock(options)
        self._options = options
        self._every_ms = 1_000 * whole(options, "tell_every_s")
        self._temperature = temperature_of(options)
        self._stands = ""  # words it was told last
        self._told_ms = 0

    def read(self, now_ms: int) -> Reading:
        said = self._meter.read(now_ms)
        mdegc = self._mdegc()
        if mdegc is not None and not -60_000 <= mdegc <= 150_000:
            raise DeviceError(RANGE, "%d thousandths of a degree" % mdegc)
        return reading(said.t_ms, said.total_w, said.power_w, said.current_ma, said.voltage_mv, said.import_wh,
                       said.export_wh, temperature_mdegc=mdegc)

    def arm(self) -> None:
        """What it does without us is in its owner's hands; that it tells something is all that can be seen."""
        self._meter.read(self._clock.now_ms())
        self._stands = ""

    def apply(self, setpoint: Setpoint) -> None:
        self._put(words_for(self._options, setpoint.power_w))

    def release(self) -> None:
        self._put(words_for(self._options, 0))

    def _put(self, words: str) -> None:
        now_ms = self._clock.now_ms()
        if words == self._stands and not (self._every_ms and now_ms - self._told_ms >= self._every_ms):
            return
        self._stands = ""
        json_source.tell(self._port, words)
        self._stands, self._told_ms = words, now_ms

    def _mdegc(self) -> "int | None":
        found = json_fields.entries((self._temperature,), self._meter.documents) if self._temperature else ()
        value = number(found[0]) if found else None
        return None if value is None else value // 10 ** (json_fields.PLACES - 3)


def degrees(power_w: int, options: "dict[str, object]") -> int:
    """How warm it is told to be for so much surplus; towards less."""
    least_w, nominal_w = whole(options, "least_w"), whole(options, "nominal_w")
    normal_c, raised_c = whole(options, "normal_c"), whole(options, "raised_c")
    if power_w < max(least_w, 1):
        return normal_c
    return min(normal_c + 1 + (raised_c - normal_c - 1) * (power_w - least_w) // max(nominal_w - least_w, 1), raised_c)


def words_for(options: "dict[str, object]", power_w: int) -> str:
    """What it is told for a power: towards less, and below its least as if there were none."""
    tell, stop = word(options, "tell"), word(options, "stop")
    nominal_w = whole(options, "nominal_w")
    if word(options, "kind") == SWITCH:
        return tell if power_w >= nominal_w else stop
    power_w = min(power_w, nominal_w)
    if power_w < max(whole(options, "least_w"), 1):
        power_w = 0
    template = stop if not power_w and stop else tell
    return template.replace("{c}", str(degrees(power_w, options))).replace("{w}", str(power_w))


def numbers_of(options: "dict[str, object]") -> "tuple[Field, ...]":
    """Raises ValueError("option: what is allowed")."""
    return json_fields.named(options, word(options, "topic"))


def temperature_of(options: "dict[str, object]") -> "Field | None":
    if not word(options, "temperature"):
        return None
    field = fields("power", (word(options, "temperature"),), word(options, "topic"))[0]
    if not {term.topic for term in field.terms} <= set(json_fields.topics(numbers_of(options))):
        raise ValueError("temperature: allowed is a place in the messages in which its numbers stand")
    return field


def ability(options: "dict[str, object]") -> Ability:
    """Raises ValueError("option: what is allowed")."""
    temperature_of(options)
    _templates(options)
    kind, wired = word(options, "kind"), phases(options)
    nominal_w, least_w = whole(options, "nominal_w"), whole(options, "least_w")
    if nominal_w > most_w(options) or least_w > nominal_w:
        raise ValueError("least_w, nominal_w: the first must not be above the second, nor that above what max_a bears "
                         "(%d W)" % most_w(options))
    failsafe_ms, hold_ms = 1_000 * whole(options, "failsafe_s"), 1_000 * whole(options, "hold_s")
    if kind == SWITCH:
        return able("stages", stages=((0,) * len(wired), split(nominal_w, (1,) * len(wired))), failsafe_ms=failsafe_ms,
                    settle_ms=5_000, min_on_ms=hold_ms, min_off_ms=hold_ms)
    if kind == ROD:
        return able("heater", min_w=least_w, max_w=nominal_w, failsafe_ms=failsafe_ms, settle_ms=5_000, pace_ms=5_000)
    if not least_w:
        raise ValueError("least_w: needed of a heat pump: its compressor does not run below")
    own = Setpoint(placed((ma_of_w(nominal_w // len(wired)),) * len(wired), wired), nominal_w)
    return able("heater", min_w=least_w, max_w=nominal_w, step_w=STEP_W, fallback=own, failsafe_ms=failsafe_ms,
                settle_ms=60_000, pace_ms=60_000, min_on_ms=hold_ms, min_off_ms=hold_ms)


def _templates(options: "dict[str, object]") -> None:
    kind, tell, stop = word(options, "kind"), word(options, "tell"), word(options, "stop")
    marks = [mark for mark in ("{c}", "{w}") if mark in tell]
    if kind == SWITCH and (marks or not stop):
        raise ValueError("tell, stop: a switch has both, one for on and one for off, without {c} and {w}")
    if (kind != SWITCH and len(marks) != 1) or (kind == ROD and marks != ["{w}"]):
        raise ValueError("tell: %r; allowed is one with {w}, or of a heat pump with {c}" % tell)
    if marks == ["{c}"] and not 0 < whole(options, "normal_c") < whole(options, "raised_c"):
        raise ValueError("normal_c, raised_c: needed with {c}, and the second must be above the first")
    for name, given in (("tell", tell), ("stop", stop)):
        if given and not json_source.fitting(given):
            raise ValueError("%s: %r; allowed is a path (/...) or POST PATH TEXT over HTTP, "
                             "TOPIC MESSAGE over MQTT" % (name, given))
    every_s, failsafe_s = whole(options, "tell_every_s"), whole(options, "failsafe_s")
    if failsafe_s and not 0 < 2 * every_s <= failsafe_s:
        raise ValueError("tell_every_s: it goes back after %d s of silence; allowed are 1 to %d" % (
            failsafe_s, failsafe_s // 2))


def build(port: "Web | Inbox", options: "dict[str, object]") -> JsonHeat:
    return JsonHeat(port, options)
