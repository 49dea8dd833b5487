"""A switch on the network with a dead-man's timer of its own: a load of one stage, on or off, asked over HTTP.

Each "on" starts its timer anew; it is told again at a third of it. It is off when nobody says so any more. What it
measures comes with its state; a plain relay (`measures = false`) tells nothing but its state.
"""

from drivers import json_fields
from drivers.given import clock, phases, whole
from drivers.json_fields import Field
from drivers.obis_reading import reading_of
from drivers.register_device import split
from hal.faults import FRAME, REFUSED, DeviceError
from hal.options import Option, integer
from hal.ports import Load, Web
from hal.values import Ability, Reading, Setpoint
from hal.values import ability as able

OPTIONS: "tuple[Option, ...]" = (
    integer("power_w", None, 10, 11_000, "what hangs on it, at 230 V"),
    integer("channel", 0, 0, 7, "which of its switches, from 0"),
    integer("measures", 1, 0, 1, "true: it measures what it switches"),
    integer("failsafe_s", 300, 30, 3_600, "its own timer: it switches off so long after our last word"),
    integer("hold_s", 60, 10, 3_600, "shortest time it stays on, and off"),
)


class HttpPlug(Load):
    """A subclass knows the words: what is asked, where the answer says on or off, how the timer is set."""

    def __init__(self, web: Web, options: "dict[str, object]") -> None:
        self.web = web
        self.channel = whole(options, "channel")
        self.failsafe_s = whole(options, "failsafe_s")
        self._power_w = whole(options, "power_w")
        self._measures = whole(options, "measures") == 1
        self._phases = phases(options)
        self._clock = clock(options)
        self._on: "bool | None" = None  # as it said last
        self._told_ms = 0

    def ask(self) -> "tuple[bool, dict[str, object]]":
        """(whether it is on, the documents its numbers stand in, by path)."""
        raise NotImplementedError

    def wanted(self) -> "tuple[Field, ...]":
        raise NotImplementedError

    def switch(self, on: bool) -> None:
        raise NotImplementedError

    def read(self, now_ms: int) -> Reading:
        self._on, documents = self.ask()
        entries = json_fields.entries(self.wanted(), documents) if self._measures else ()
        if self._measures and not entries:
            raise DeviceError(FRAME, "it tells no power; measures = false for a plain relay")
        return reading_of(entries, now_ms, self._phases, False, "on" if self._on else "off")

    def apply(self, setpoint: Setpoint) -> None:
        self._stand(setpoint.power_w >= self._power_w)

    def release(self) -> None:
        self._stand(False)

    def _stand(self, on: bool) -> None:
        now_ms = self._clock.now_ms()
        if on == self._on and (not on or now_ms - self._told_ms < 1000 * self.failsafe_s // 3):
            return
        self._on = None
        self.switch(on)
        found, _ = self.ask()
        if found != on:
            raise DeviceError(REFUSED, "told %s, and it is %s" % ("on" if on else "off", "on" if found else "off"))
        self._on, self._told_ms = on, now_ms


def document(web: Web, path: str) -> "dict[str, object]":
    """What stands at a path; DeviceError(FRAME) for what is no JSON object."""
    found = json_fields.document(web.get(path))
    if not isinstance(found, dict):
        raise DeviceError(FRAME, "%s: no JSON object" % path)
    return found


def truth(found: object, path: str) -> bool:
    """True or false, however it is written; DeviceError(FRAME) for anything else."""
    if isinstance(found, bool):
        return found
    if isinstance(found, str) and found.upper() in ("ON", "OFF"):
        return found.upper() == "ON"
    raise DeviceError(FRAME, "%s: neither on nor off" % path)


def over_mqtt(options: "dict[str, object]", name: str) -> None:
    """Raises ValueError where the device's topic is missing, or has no use."""
    if options.get("line_kind") == "mqtt" and not options[name]:
        raise ValueError(name + ": needed over MQTT: the topic of the device")
    if options.get("line_kind") == "http" and options[name]:
        raise ValueError(name + ": over HTTP there is no use for it; leave it out")


def ability(options: "dict[str, object]") -> Ability:
    """Raises ValueError for more than its wires bear."""
    wired, power_w, hold_ms = phases(options), whole(options, "power_w"), 1000 * whole(options, "hold_s")
    most_w = whole(options, "max_a") * 230 * len(wired)
    if power_w > most_w:
        raise ValueError("power_w: above what max_a bears; allowed are 10 to %d" % most_w)
    stages = ((0,) * len(wired), split(power_w, (1,) * len(wired)))
    return able("stages", stages=stages, measured=whole(options, "measures") == 1,
                failsafe_ms=1000 * whole(options, "failsafe_s"), settle_ms=3_000, min_on_ms=hold_ms, min_off_ms=hold_ms)
