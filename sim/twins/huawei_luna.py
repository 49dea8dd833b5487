"""Twin of a Huawei inverter with a LUNA2000: a forced mode ends after its period, a limit is stored."""

from drivers.huawei_luna import (
    CHARGE,
    CHARGE_W,
    COMMAND,
    DISCHARGE,
    DISCHARGE_W,
    END,
    MOST_DISCHARGE,
    PERIOD,
    READS,
    SLOW,
)
from sim.bank import ILLEGAL_VALUE, Refused, Registers
from sim.battery import Battery
from sim.twins import wired
from sim.twins.register_storage import StoreTwin, kind

MOST_W = 5_000


def wish(told: "dict[str, int]", part: Battery) -> "int | tuple[int, int] | None":
    most_w = told["most_discharge_w"]
    if told["command"] == CHARGE:
        return told["charge_w"]
    return -min(told["discharge_w"], most_w) if told["command"] == DISCHARGE else (-most_w, part.max_w)


def fields(told: "dict[str, tuple[int, ...]]", part: Battery) -> "dict[str, tuple[int, ...]]":
    return {"take_w": (MOST_W,), "give_w": (MOST_W,)}


class LunaTwin(StoreTwin):
    def power_cycle(self) -> None:
        stored = self.told.get("most_discharge_w", (MOST_W,))
        super().power_cycle()
        self.told["most_discharge_w"] = stored

    def _forget(self) -> None:
        stored = self.told["most_discharge_w"]
        super()._forget()
        self.told["most_discharge_w"] = stored

    def _told(self, function: int, address: int, values: "tuple[int, ...]") -> None:
        reg = MOST_DISCHARGE.reg
        if reg is not None and address == reg.address and values > (0, MOST_W):
            raise Refused(ILLEGAL_VALUE)  # more than 37048
        super()._told(function, address, values)


KIND = kind((COMMAND, PERIOD, END, CHARGE_W, DISCHARGE_W, MOST_DISCHARGE), wish, fields, failsafe_ms=120_000)


def build(registers: Registers, part: Battery, options: "dict[str, object]") -> LunaTwin:
    return LunaTwin(registers, part, READS + SLOW, KIND, wired(options))
