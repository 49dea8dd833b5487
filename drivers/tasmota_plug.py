"""Tasmota plugs and relays over HTTP (without a web password) or MQTT (full topic as it comes from its maker).

Source: Tasmota's commands. PulseTime is the dead-man's timer, started anew by each "on"; PowerOnState 0 keeps it off
after a power cut. Both are stored, so they are set only where something else stands.
"""

from drivers.given import clock, word
from drivers.http_plug import OPTIONS as PLUG_OPTIONS
from drivers.http_plug import HttpPlug, document, over_mqtt, truth
from drivers.http_plug import ability as plug_ability
from drivers.json_fields import Field, fields
from drivers.load_facts import LoadFacts
from drivers.meter_facts import MAKER
from drivers.mqtt_asked import TasmotaCommands
from hal.faults import FRAME, REFUSED, DeviceError
from hal.options import text
from hal.ports import Inbox, Web
from hal.values import Ability

LINES = ("http", "mqtt")
FAILSAFE = "it switches off by its own timer (PulseTime) failsafe_s after our last word"
LOAD = LoadFacts("Tasmota plugs and relays", "plug", "state, P, U, I, energy", "on and off",
                 "\"on\", three times in failsafe_s", MAKER)
OPTIONS = (*PLUG_OPTIONS, text("topic", "", 0, 128, "over MQTT: the device's topic"))

SENSORS = "/cm?cmnd=Status%2010"
PULSE_S = 100  # PulseTime counts seconds from here on; below, tenths


class TasmotaPlug(HttpPlug):
    def ask(self) -> "tuple[bool, dict[str, object]]":
        documents: "dict[str, object]" = {}
        if self._measures:
            documents[SENSORS] = document(self.web, SENSORS)
        return self._power(""), documents

    def wanted(self) -> "tuple[Field, ...]":
        energy = "StatusSNS.ENERGY."
        out = fields("power", (energy + "Power",), SENSORS)
        if len(self._phases) == 1:
            out += fields("current_phases", (energy + "Current",), SENSORS)
            out += fields("voltage_phases", (energy + "Voltage",), SENSORS)
        return out + fields("energy_import", (energy + "Total * 1000",), SENSORS)

    def arm(self) -> None:
        number = self.channel + 1
        self._keep("PulseTime%d" % number, self.failsafe_s + PULSE_S)
        self._keep("PowerOnState", 0)
        self.ask()

    def switch(self, on: bool) -> None:
        self._power("%20On" if on else "%20Off")

    def _power(self, argument: str) -> bool:
        path = "/cm?cmnd=Power%d%s" % (self.channel + 1, argument)
        found = document(self.web, path)
        return truth(found.get("POWER%d" % (self.channel + 1), found.get("POWER")), path)

    def _keep(self, command: str, value: int) -> None:
        """Asked first, set only when something else stands."""
        if self._setting(command, "") == value:
            return
        if self._setting(command, "%%20%d" % value) != value:
            raise DeviceError(REFUSED, "%s does not take %d" % (command, value))

    def _setting(self, command: str, argument: str) -> int:
        found = document(self.web, "/cm?cmnd=" + command + argument).get(command)
        if isinstance(found, dict):
            found = found.get("Set")
        try:
            return int(str(found))
        except ValueError:
            raise DeviceError(FRAME, "%s: no number" % command) from None


def ability(options: "dict[str, object]") -> Ability:
    over_mqtt(options, "topic")
    return plug_ability(options)


def build(port: "Web | Inbox", options: "dict[str, object]") -> TasmotaPlug:
    if isinstance(port, Inbox):
        return TasmotaPlug(TasmotaCommands(port, clock(options), word(options, "topic")), options)
    return TasmotaPlug(port, options)
