"""Simulated devices that are told something over HTTP or MQTT: plugs with a timer, and devices as their owner describes
them. `answer` is what they say to a path, `hear` what reaches them over a broker."""

import json
import re
from decimal import Decimal
from functools import partial
from typing import Any

from drivers import json_device
from drivers.tasmota_plug import PULSE_S, SENSORS
from firmware.config.site import DeviceFile
from firmware.simulated.described import TOLD_BY, DescribedTwin
from firmware.simulated.push import PushedTwin
from hal.values import w_of_ma

PLUGS = ("shelly_plug", "tasmota_plug")
TOLD = (*PLUGS, "json_device", "json_heat")  # drivers


class PlugTwin(PushedTwin):
    """Shelly of both generations, Tasmota: a relay before one element of a tank."""

    def __init__(self, device: DeviceFile, point: Any, asked: bool) -> None:
        super().__init__(device, point, asked)
        self._part = point
        self.comes_up = "off"  # Shelly: initial_state, default_state
        self.pulse, self.power_on_state = 0, 3  # Tasmota
        self.on = False
        self.stuck = False  # the relay does not move
        self.off_ms: "int | None" = None

    def tick(self, now_ms: int) -> None:
        super().tick(now_ms)
        if self.off_ms is not None and now_ms >= self.off_ms:
            self.on, self.off_ms = False, None
        self._part.set_elements((self.on,) * len(self._part.elements_w))

    def answer(self, path: str) -> "bytes | None":
        said = self._tasmota(path) if self._device.driver == "tasmota_plug" else self._shelly(path)
        return None if said is None else json.dumps(said).encode()

    def said(self) -> "tuple[tuple[str, bytes], ...]":
        return ()

    def listens(self) -> "tuple[str, ...]":
        if self._asked:
            return ()
        if self._device.driver == "shelly_plug":
            return (f"{self._device.options['prefix']}/rpc",)
        number = int(self._device.options["channel"]) + 1
        names = ("Power%d" % number, "PulseTime%d" % number, "PowerOnState", "Status")
        return tuple(f"cmnd/{self._device.options['topic']}/{name}" for name in names)

    def hear(self, topic: str, message: str) -> "tuple[tuple[str, bytes], ...]":
        if topic not in self.listens():
            return ()
        if self._device.driver == "shelly_plug":
            return self._hear_rpc(json.loads(message))
        name = topic.rpartition("/")[2]
        said = self._tasmota(f"/cm?cmnd={name}" + (f"%20{message}" if message else ""))
        told = "STATUS10" if name == "Status" else "RESULT"
        return ((f"stat/{self._device.options['topic']}/{told}", json.dumps(said or {"Command": "Unknown"}).encode()),)

    def _hear_rpc(self, asked: "dict[str, Any]") -> "tuple[tuple[str, bytes], ...]":
        """Parameters in the order in which a path has them."""
        params = "&".join(f"{name}={json.dumps(value)}" for name, value in asked["params"].items())
        said = self._rpc(f"/rpc/{asked['method']}?{params}", int(self._device.options["channel"]))
        what = {"error": {"code": 404, "message": "No handler"}} if said is None else {"result": said}
        return ((f"{asked['src']}/rpc", json.dumps(
            {"id": asked["id"], "src": "plug", "dst": asked["src"], **what}).encode()),)

    def _set(self, on: bool, timer_s: int) -> None:
        if not self.stuck:
            self.on = on
            self.off_ms = self.now_ms + 1000 * timer_s if on and timer_s else None

    def _shelly(self, path: str) -> "dict[str, Any] | None":
        number = int(self._device.options["channel"])
        if self._device.options["generation"] == "2":
            return self._rpc(path, number)
        switched = re.fullmatch(rf"/relay/{number}\?turn=(on|off)(?:&timer=(\d+))?", path)
        if switched:
            self._set(switched[1] == "on", int(switched[2] or 0))
            return {"ison": self.on}
        if path == f"/settings/relay/{number}":
            return {"default_state": self.comes_up}
        idle = [{"ison": False}] * number
        return {"relays": [*idle, {"ison": self.on}], "meters": [*({"power": 0.0} for _ in idle), {
            "power": float(self._watts())}]} if path == "/status" else None

    def _rpc(self, path: str, number: int) -> "dict[str, Any] | None":
        switched = re.fullmatch(rf"/rpc/Switch\.Set\?id={number}&on=(true|false)(?:&toggle_after=(\d+))?", path)
        if switched:
            was = self.on
            self._set(switched[1] == "true", int(switched[2] or 0))
            return {"was_on": was}
        if path == f"/rpc/Switch.GetConfig?id={number}":
            return {"id": number, "initial_state": self.comes_up}
        return {"id": number, "output": self.on, "apower": float(self._watts()), "voltage": 230.0,
                "current": self._watts() / 230, "aenergy": {"total": float(self._point.import_wh)},
                } if path == f"/rpc/Switch.GetStatus?id={number}" else None

    def _tasmota(self, path: str) -> "dict[str, Any] | None":
        number = int(self._device.options["channel"]) + 1
        told = re.fullmatch(r"/cm\?cmnd=(\w+?)(\d*)(?:%20(\w+))?", path)
        if path == SENSORS:
            return {"StatusSNS": {"ENERGY": {"Total": self._point.import_wh / 1000, "Power": self._watts(),
                                             "Voltage": 230, "Current": self._watts() / 230}}}
        if told is None or told[2] not in ("", str(number)):
            return None
        if told[1] == "Power" and told[3]:
            self._set(told[3] == "On", max(0, self.pulse - PULSE_S))
        elif told[1] == "PulseTime" and told[3]:
            self.pulse = int(told[3])
        elif told[1] == "PowerOnState" and told[3]:
            self.power_on_state = int(told[3])
        answers: "dict[str, dict[str, Any]]" = {
            "Power": {"POWER" if number == 1 else f"POWER{number}": "ON" if self.on else "OFF"},
            "PulseTime": {f"PulseTime{number}": {"Set": self.pulse, "Remaining": 0}},
            "PowerOnState": {"PowerOnState": self.power_on_state}}
        return answers.get(told[1])

    def _watts(self) -> int:
        return int(self._point.power_w.total())


class JsonTwin(DescribedTwin):
    """A wallbox, heater, storage or inverter."""

    told_by = (*TOLD_BY, "itself")

    def __init__(self, device: DeviceFile, point: Any, asked: bool) -> None:
        options = dict(device.options)
        super().__init__(device, point, asked, json_device.numbers_of(options))
        self._kind = str(options["kind"])
        self._patterns = [_pattern(str(options[name])) for name in TOLD_BY if options[name]]
        self._itself = _pattern(str(options["itself"])) if options["itself"] else None
        self._failsafe_ms = 1000 * int(options["failsafe_s"])
        self._safe = 1000 * int(options["failsafe_a"])
        self._extras = [
                        (json_device.extra(options, "limit"), self._limit),
                        (json_device.extra(options, "state"), self._state),
                        *((json_device.extra(options, name), partial(self._battery, name, *of)) for name, of in (
                            ("soc", ("soc_permille", 10)), ("capacity", ("capacity_wh", 1)),
                            ("charge_most", ("take_w", 1)), ("discharge_most", ("give_w", 1))))]
        self.grid: "Any" = None  # where its own meter hangs
        self.by_itself = self._itself is not None
        self.level = 0  # mA, or W
        if self._kind == "inverter":
            self.level, self._safe = point.max_w, min(int(options["fallback_w"]), point.max_w)
        self.deaf = False  # it hears, and does nothing

    def tick(self, now_ms: int) -> None:
        super().tick(now_ms)
        if self._failsafe_ms and now_ms - self._heard_ms >= self._failsafe_ms:
            self.level, self.by_itself = self._safe, self._itself is not None
        if self._kind == "wallbox":
            self._part.offer((self.level,) * len(self._part.phases))
        elif self._kind == "heater":
            self._part.set_w(self.level)
        elif self._kind == "inverter":
            self._part.limit(self.level)
        elif self._itself is None:
            self._part.target(self.level)
        else:
            own_w = self._part.power_w.total() - self.grid.power_w.total()
            self._part.target(own_w if self.by_itself else self.level or max(own_w, 0))

    def _take(self, words: str) -> bool:
        if self._itself is not None and self._itself.fullmatch(words):
            self._heard_ms, self.by_itself = self.now_ms, True
            return True
        for pattern in self._patterns:
            found = pattern.fullmatch(words)
            if found is not None:
                self._heard_ms, self.by_itself = self.now_ms, False
                most_w = int(self._device.options["max_w"])
                self.level = self.level if self.deaf else _level(self._kind, found.groupdict(), most_w)
                return True
        return False

    def _limit(self) -> str:
        field = self._extras[0][0]
        assert field is not None
        return str((self.level / 1000 if self._kind == "wallbox" else self.level) / float(field.terms[0].factor))

    def _battery(self, name: str, attribute: str, per: int) -> str:
        field = json_device.extra(dict(self._device.options), name)
        assert field is not None
        return str(Decimal(getattr(self._part, attribute)) / per / field.terms[0].factor)

    def _state(self) -> str:
        words = dict(reversed(each.split("=", 1)) for each in self._device.options["states"])
        return str(words.get(getattr(self._part, "state", ""), "none"))


def _pattern(template: str) -> "re.Pattern[str]":
    """What the template is when its numbers stand in it."""
    text = re.escape(template)
    for mark, name in zip(json_device.MARKS, ("a", "ma", "w", "minus_w", "pct")):
        text = text.replace(re.escape(mark), f"(?P<{name}>-?[0-9.]+)", 1)
    return re.compile(text)


def _level(kind: str, found: "dict[str, str]", most_w: int) -> int:
    """mA of a wallbox, else W; words without a number mean 0."""
    if "ma" in found:
        return int(found["ma"])
    if "a" in found:
        return round(1000 * float(found["a"]))
    if "pct" in found:
        return most_w * int(found["pct"]) // 100
    power_w = int(found["w"]) if "w" in found else -int(found.get("minus_w", "0"))
    return power_w if kind != "wallbox" else power_w * 1_000_000 // (3 * w_of_ma(1_000_000))

