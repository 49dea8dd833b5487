"""Simulated DTUs with one microinverter: what is told takes the radio's time, and is forgotten without sun."""

import json
import re
from typing import Any

from drivers.open_dtu import LIVE, SET
from firmware.config.site import DeviceFile
from firmware.simulated.push import PushedTwin
from sim.rng import Rng

DTUS = ("open_dtu", "ahoy_dtu")  # drivers
RADIO_MS = (2_000, 12_000)
MOST_COMING = 8
COMMAND = re.compile("data=(.*)", re.DOTALL)


class DtuTwin(PushedTwin):
    """A subclass speaks as its maker's."""

    def __init__(self, device: DeviceFile, point: Any, asked: bool) -> None:
        super().__init__(device, point, asked)
        self.part = point
        self.deaf = False  # nothing it is told reaches the inverter
        self.away = False  # nor does anything the inverter says
        self.radio_ms = RADIO_MS
        self.told = 0  # times that it was told something
        self._rng = Rng(sum(map(ord, device.name)))
        self._coming: "list[tuple[int, int]]" = []  # (when, limit), one after the other
        self.limit_w = point.max_w

    def power_cycle(self) -> None:
        self.part.restart()
        self._forget()

    def tick(self, now_ms: int) -> None:
        super().tick(now_ms)
        while self._coming and now_ms >= self._coming[0][0]:
            self.limit_w = self._coming.pop(0)[1]
        if not self.awake:
            self._forget()
        self.part.limit(self.limit_w)

    @property
    def awake(self) -> bool:
        return bool(self.part.could_w > 0)

    @property
    def reachable(self) -> bool:
        return self.awake and not self.away

    def take(self, limit_w: int) -> None:
        self.told += 1
        if self.deaf or len(self._coming) == MOST_COMING:
            return
        due_ms = self.now_ms + self._rng.between(*self.radio_ms)
        last_ms = self._coming[-1][0] if self._coming else 0
        self._coming.append((max(due_ms, last_ms), max(0, min(limit_w, self.part.max_w))))

    def _forget(self) -> None:
        self.limit_w, self._coming = self.part.max_w, []

    def _made_w(self) -> int:
        return -int(self.part.power_w.total())


class OpenDtuTwin(DtuTwin):
    takes_forms = True

    def said(self) -> "tuple[tuple[str, bytes], ...]":
        options = self._device.options
        root = f"{options['topic']}/{options['serial_number']}/"
        producing = self.awake and self._made_w() > 0
        out = {"status/limit_absolute": self.limit_w, "status/reachable": int(self.reachable),
               "status/producing": int(producing)}
        if self.reachable:
            out.update({"0/power": self._made_w()})
        told = [(root + name, str(value).encode()) for name, value in out.items()]
        return (*told, (root + "0/yieldtotal", str(self.part.export_wh / 1000).encode()))

    def listens(self) -> "tuple[str, ...]":
        root = f"{self._device.options['topic']}/{self._device.options['serial_number']}"
        return () if self._asked else (f"{root}/cmd/limit_nonpersistent_absolute",)

    def hear(self, topic: str, message: str) -> "tuple[tuple[str, bytes], ...]":
        if topic in self.listens():
            self.take(int(message))
        return ()

    def answer(self, path: str) -> "bytes | None":
        serial = self._device.options["serial_number"]
        if path != LIVE + serial:
            return None
        ac = {"Power": {"v": float(self._made_w()), "u": "W", "d": 1}}
        return json.dumps({"inverters": [{
            "serial": serial, "reachable": self.reachable, "producing": self.awake and self._made_w() > 0,
            "limit_absolute": self.limit_w, "AC": {"0": ac},
            "INV": {"0": {"YieldTotal": {"v": self.part.export_wh / 1000, "u": "kWh", "d": 3}}}}]}).encode()

    def post(self, path: str, form: str) -> "bytes | None":
        told, found = COMMAND.fullmatch(form), {}
        if path != SET or told is None:
            return None
        found = json.loads(told[1])
        if found["serial"] != self._device.options["serial_number"]:
            return None
        if found["limit_type"] != 0:
            return b'{"type": "warning", "message": "not here: it would be stored"}'
        self.take(int(found["limit_value"]))
        return b'{"type": "success", "message": "Settings saved!", "code": 1001}'


class AhoyTwin(DtuTwin):
    def said(self) -> "tuple[tuple[str, bytes], ...]":
        options = self._device.options
        root = f"{options['topic']}/{options['inverter']}/"
        made_w = self._made_w()
        out = {"available": 2 if self.reachable and made_w else 1 if self.reachable else 0}
        if self.reachable:
            out.update({"ch0/P_AC": made_w, "ch0/active_PowerLimit": 100 * self.limit_w / self.part.max_w,
                        "ch0/YieldTotal": self.part.export_wh / 1000})
        told = [(root + name, str(value).encode()) for name, value in out.items()]
        return (*told, (f"{options['topic']}/uptime", str(self.now_ms // 1000).encode()))

    def listens(self) -> "tuple[str, ...]":
        return (f"{self._device.options['topic']}/ctrl/limit/{self._device.options['number']}",)

    def hear(self, topic: str, message: str) -> "tuple[tuple[str, bytes], ...]":
        if topic in self.listens() and message.endswith("W"):
            self.take(int(message[:-1]))
        return ()
