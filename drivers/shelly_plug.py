"""Shelly plugs and relays over HTTP or MQTT: Plus, Pro and Gen3 (RPC), or over HTTP the first generation.

Source: maker's API. Each "on" carries a timer (toggle_after, timer), so it is off when we die; it must come up off
after a power cut (initial_state, default_state), which is looked at before it is told anything.
"""

from drivers.given import clock, word
from drivers.http_plug import OPTIONS as PLUG_OPTIONS
from drivers.http_plug import HttpPlug, document, over_mqtt, truth
from drivers.http_plug import ability as plug_ability
from drivers.json_fields import Field, fields
from drivers.load_facts import LoadFacts
from drivers.meter_facts import MAKER
from drivers.mqtt_asked import ShellyRpc
from hal.faults import FRAME, RANGE, DeviceError
from hal.options import choice, text
from hal.ports import Inbox, Web
from hal.values import Ability

LINES = ("http", "mqtt")
FAILSAFE = "it switches off by its own timer failsafe_s after our last word"
LOAD = LoadFacts("Shelly plugs and relays", "plug", "state, P, U, I, energy", "on and off",
                 "\"on\" with its timer, three times in failsafe_s", MAKER)
OPTIONS = PLUG_OPTIONS + (choice("generation", "2", ("1", "2"), "2: Plus, Pro, Gen3 and later; 1: the first"),
                          text("prefix", "", 0, 128, "over MQTT: the device's topic prefix"))


class Rpc(HttpPlug):
    """The second generation and later."""

    def ask(self) -> "tuple[bool, dict[str, object]]":
        path = self._path("GetStatus")
        found = document(self.web, path)
        return truth(found.get("output"), path), {path: found}

    def wanted(self) -> "tuple[Field, ...]":
        path = self._path("GetStatus")
        return (fields("power", ("apower",), path) + fields("current_phases", ("current",), path)
                + fields("voltage_phases", ("voltage",), path) + fields("energy_import", ("aenergy.total",), path))

    def arm(self) -> None:
        _off_at_power_on(document(self.web, self._path("GetConfig")).get("initial_state"), "initial_state")
        self.ask()

    def switch(self, on: bool) -> None:
        timer = "&on=true&toggle_after=%d" % self.failsafe_s if on else "&on=false"
        document(self.web, self._path("Set") + timer)

    def _path(self, what: str) -> str:
        return "/rpc/Switch.%s?id=%d" % (what, self.channel)


class First(HttpPlug):
    """The first generation. Its energy counter begins anew at each restart, so it is not read."""

    def ask(self) -> "tuple[bool, dict[str, object]]":
        found = document(self.web, "/status")
        relays = found.get("relays")
        if not isinstance(relays, list) or len(relays) <= self.channel or not isinstance(relays[self.channel], dict):
            raise DeviceError(FRAME, "/status: no relay %d" % self.channel)
        return truth(relays[self.channel].get("ison"), "/status"), {"/status": found}

    def wanted(self) -> "tuple[Field, ...]":
        return fields("power", ("meters.%d.power" % self.channel,), "/status")

    def arm(self) -> None:
        found = document(self.web, "/settings/relay/%d" % self.channel)
        _off_at_power_on(found.get("default_state"), "default_state")
        self.ask()

    def switch(self, on: bool) -> None:
        timer = "?turn=on&timer=%d" % self.failsafe_s if on else "?turn=off"
        document(self.web, "/relay/%d%s" % (self.channel, timer))


def _off_at_power_on(found: object, name: str) -> None:
    if found != "off":
        raise DeviceError(RANGE, '%s is %s: set it to "off", or it comes up on after a power cut' % (name, found))


def ability(options: "dict[str, object]") -> Ability:
    if word(options, "generation") == "1" and word(options, "prefix"):
        raise ValueError("prefix: the first generation is asked over HTTP only; leave it out")
    over_mqtt(options, "prefix")
    return plug_ability(options)


def build(port: "Web | Inbox", options: "dict[str, object]") -> HttpPlug:
    if isinstance(port, Inbox):
        return Rpc(ShellyRpc(port, clock(options), word(options, "prefix")), options)
    return Rpc(port, options) if word(options, "generation") == "2" else First(port, options)
