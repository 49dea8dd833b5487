"""Sungrow SH-RT, SH-RS: hybrid inverter, battery power told on Modbus TCP by its forced mode.

Source: two independent drivers for the commands, one for the battery's power (13021): its sign differs with the
firmware, so the direction is taken from the bits of 13000. No time-out is known: forced, it stays forced when we die.
Vendor numbers are one higher. Prefer the inverter's own port to WiNet-S.
"""

from drivers.load_facts import LoadFacts
from drivers.meter_facts import SINGLE
from drivers.orders import CONFIRM, Order, confirmed, order
from drivers.register_device import one
from drivers.register_storage import POWERS, RegisterStorage, ability_of
from hal.faults import RANGE, DeviceError
from hal.ports import Bus
from hal.registers import Reg
from hal.values import Ability, Reading

LINES = ("modbus-tcp", "modbus-rtu")
FAILSAFE = "none: it stays forced as told; started, stopped and by the service's stop hook it is left to itself"
LOAD = LoadFacts("Sungrow SH-RT/SH-RS", "storage", "P of the battery, charge, temperature, energy",
                 "charge and discharge in W", "none", SINGLE)

OPTIONS = POWERS + (CONFIRM,)

SELF, FORCED = 0, 2
CHARGE, DISCHARGE, STOP = 0xAA, 0xBB, 0xCC
MODE = order("mode", 6, 13049)
COMMAND = order("command", 6, 13050)
POWER = order("power_w", 6, 13051)
CHARGES, DISCHARGES = 2, 4  # bits of the flow

READS = (
    #   field                fn  addr   kind  n  num  den
    Reg("flow", 4, 13000, "u16", 1, 1, 1),
    Reg("size_w", 4, 13021, "s16", 1, 1, 1),
    Reg("soc_permille", 4, 13022, "u16", 1, 1, 1),
    Reg("mode", 3, 13049, "u16", 1, 1, 1),
    Reg("command", 3, 13050, "u16", 1, 1, 1),
    Reg("power_w", 3, 13051, "u16", 1, 1, 1),
)
SLOW = (Reg("temperature_mdegc", 4, 13024, "s16", 1, 100, 1), Reg("export_wh", 4, 13026, "u32_le", 1, 100, 1),
        Reg("import_wh", 4, 13040, "u32_le", 1, 100, 1))


class SungrowSh(RegisterStorage):
    def recipe(self, power_w: int) -> "tuple[tuple[Order, int | tuple[int, ...]], ...]":
        command = CHARGE if power_w > 0 else DISCHARGE if power_w < 0 else STOP
        return (POWER, abs(power_w)), (COMMAND, command), (MODE, FORCED)

    def neutral(self) -> "tuple[tuple[Order, int | tuple[int, ...]], ...]":
        return (COMMAND, STOP), (MODE, SELF)

    def say(self, now_ms: int, values: "dict[str, tuple[int | None, ...]]") -> Reading:
        size_w, flow = one(values, "size_w"), one(values, "flow")
        if size_w is not None and flow is not None:
            if flow & CHARGES and flow & DISCHARGES:
                raise DeviceError(RANGE, "charges and discharges at once")
            values["total_w"] = (abs(size_w) * (1 if flow & CHARGES else -1 if flow & DISCHARGES else 0),)
        return super().say(now_ms, values)


def ability(options: "dict[str, object]") -> Ability:
    confirmed(options)
    return ability_of(options, step_w=100, settle_ms=5_000, pace_ms=10_000)


def build(port: Bus, options: "dict[str, object]") -> SungrowSh:
    return SungrowSh(port, options, ability(options), READS, SLOW)
