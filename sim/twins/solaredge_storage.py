"""Twin of a SolarEdge inverter with a battery: after its time-out it is in its default mode."""

from drivers.solaredge_storage import (
    AFTERWARDS,
    CHARGE,
    CONTROL,
    DISCHARGE,
    FROM_GRID,
    FROM_ROOF,
    MODE,
    READS,
    REMOTE,
    SELF_CONSUMPTION,
    SLOW,
    TIMEOUT,
)
from sim.bank import Registers
from sim.battery import Battery
from sim.twins import wired
from sim.twins.register_storage import StoreTwin, kind

MOST_W = 5_000


def wish(told: "dict[str, int]", part: Battery) -> "int | tuple[int, int] | None":
    if told["control"] != REMOTE:
        return None
    if told["mode"] in (FROM_GRID, FROM_ROOF):
        return told["charge_w"]
    return (-told["discharge_w"], told["charge_w"]) if told["mode"] == SELF_CONSUMPTION else 0


KIND = kind((CONTROL, AFTERWARDS, TIMEOUT, MODE, CHARGE, DISCHARGE), wish,
            power_on={"control": 1, "mode": SELF_CONSUMPTION, "charge_w": MOST_W, "discharge_w": MOST_W},
            failsafe_field="timeout_s")


class StorEdgeTwin(StoreTwin):
    def _forget(self) -> None:
        """Only what was told: how it is controlled is stored."""
        self.told.update({"mode": self.told["afterwards"], "charge_w": (MOST_W,), "discharge_w": (MOST_W,)})


def build(registers: Registers, part: Battery, options: "dict[str, object]") -> StoreTwin:
    return StorEdgeTwin(registers, part, READS + SLOW, KIND, wired(options))
