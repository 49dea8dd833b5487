"""Simulated heat pumps, rods and switches as their owner describes them (drivers.json_heat): a tank behind them."""

import re
from decimal import Decimal
from typing import Any

from drivers import json_heat
from firmware.config.site import DeviceFile
from firmware.simulated.described import DescribedTwin

DRIVER = "json_heat"


class HeatTwin(DescribedTwin):
    """A pump makes of a temperature the power that it stands for; left alone it draws nothing here."""

    def __init__(self, device: DeviceFile, point: Any, asked: bool) -> None:
        self._of: "dict[str, Any]" = dict(device.options)
        super().__init__(device, point, asked, json_heat.numbers_of(self._of))
        self._temperature = json_heat.temperature_of(self._of)
        self._extras = [(self._temperature, self._degrees)]
        self._nominal_w = int(self._of["nominal_w"])
        self.power_w = 0
        self.degrees: "int | None" = None  # as told last

    def tick(self, now_ms: int) -> None:
        super().tick(now_ms)
        failsafe_ms = 1_000 * int(self._of["failsafe_s"])
        if failsafe_ms and now_ms - self._heard_ms >= failsafe_ms:
            self.power_w = 0
        if self._part.elements_w:
            self._part.set_elements((self.power_w > 0,) * len(self._part.elements_w))
        else:
            self._part.set_w(self.power_w)

    def _degrees(self) -> str:
        assert self._temperature is not None
        return str(Decimal(self._part.temperature_mdegc) / 1_000 / self._temperature.terms[0].factor)

    def _take(self, words: str) -> bool:
        if words == self._of["stop"]:
            self._heard_ms, self.power_w, self.degrees = self.now_ms, 0, None
            return True
        text = re.escape(str(self._of["tell"])).replace(re.escape("{c}"), "(?P<c>[0-9]+)")
        found = re.fullmatch(text.replace(re.escape("{w}"), "(?P<w>[0-9]+)"), words)
        if found is None:
            return False
        self._heard_ms, told = self.now_ms, found.groupdict()
        self.power_w = self._power_w(int(told["c"])) if "c" in told else int(told.get("w", self._nominal_w))
        return True

    def _power_w(self, degrees: int) -> int:
        self.degrees = degrees
        above = degrees - int(self._of["normal_c"])
        span = int(self._of["raised_c"]) - int(self._of["normal_c"])
        least_w = int(self._of["least_w"])
        return least_w + (self._nominal_w - least_w) * (above - 1) // max(span - 1, 1) if above > 0 else 0
