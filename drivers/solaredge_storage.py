"""SolarEdge with a battery (StorEdge): told on Modbus TCP (port 1502) by its power control commands.

Source: maker's power control description and independent drivers for the commands; the battery's own registers from
one driver. Charging is exact (from the roof, or with `grid_charge` from the grid too). For discharging it covers the
house up to the power told: it exports nothing from the battery. The mode of control, what follows our silence and its
time are stored, so they are written only where something else stands. It bears one connection only.
"""

from drivers.given import whole
from drivers.load_facts import LoadFacts
from drivers.meter_facts import SINGLE
from drivers.orders import CONFIRM, EVERY_TIME, Order, confirmed, order
from drivers.register_storage import POWERS, RegisterStorage, ability_of
from hal.options import integer
from hal.ports import Bus
from hal.registers import Reg
from hal.values import Ability

LINES = ("modbus-tcp",)
FAILSAFE = "the inverter returns to its own self-consumption revert_s after our last command"
LOAD = LoadFacts("SolarEdge with a battery", "storage", "P of the battery, charge, energy",
                 "charge in W; discharge up to a power", "the power, again and again", SINGLE)

OPTIONS = POWERS + (
    integer("revert_s", 120, 30, 3_600, "silence after which it regulates by itself again"),
    integer("grid_charge", 0, 0, 1, "true: it may charge from the grid"), CONFIRM)

REMOTE = 4
FROM_ROOF, FROM_GRID, SELF_CONSUMPTION = 1, 3, 7
CONTROL = order("control", 6, 0xE004)
AFTERWARDS = order("afterwards", 6, 0xE00A)
TIMEOUT = order("timeout_s", 16, 0xE00B, "u32_le")
MODE = order("mode", 6, 0xE00D)
CHARGE = order("charge_w", 16, 0xE00E, "f32_le")
DISCHARGE = order("discharge_w", 16, 0xE010, "f32_le")

READS = (
    #   field           fn address kind    n  num  den
    Reg("total_w", 3, 0xE174, "f32_le", 1, 1, 1),
    Reg("soc_permille", 3, 0xE184, "f32_le", 1, 10, 1),
)
SLOW = (Reg("export_wh", 3, 0xE176, "u64_le", 1, 1, 1), Reg("import_wh", 3, 0xE17A, "u64_le", 1, 1, 1),
        Reg("control", 3, 0xE004, "u16", 1, 1, 1))


class StorEdge(RegisterStorage):
    refresh_ms = EVERY_TIME

    def __init__(self, bus: Bus, options: "dict[str, object]") -> None:
        super().__init__(bus, options, ability(options), READS, SLOW)
        self._revert_s = whole(options, "revert_s")
        self._charging = FROM_GRID if whole(options, "grid_charge") else FROM_ROOF

    def settings(self) -> "tuple[tuple[Order, int], ...]":
        return (CONTROL, REMOTE), (AFTERWARDS, SELF_CONSUMPTION), (TIMEOUT, self._revert_s)

    def recipe(self, power_w: int) -> "tuple[tuple[Order, int | tuple[int, ...]], ...]":
        """By itself it takes what is left of the roof, whatever it may give."""
        mode = self._charging if power_w > 0 else SELF_CONSUMPTION
        return (CHARGE, power_w if power_w > 0 else self.max_w), (DISCHARGE, max(-power_w, 0)), (MODE, mode)

    def neutral(self) -> "tuple[tuple[Order, int | tuple[int, ...]], ...]":
        return (CHARGE, self.max_w), (DISCHARGE, -self.min_w), (MODE, SELF_CONSUMPTION)


def ability(options: "dict[str, object]") -> Ability:
    confirmed(options)
    return ability_of(options, 1000 * whole(options, "revert_s"), own="limit")


def build(port: Bus, options: "dict[str, object]") -> StorEdge:
    return StorEdge(port, options)
