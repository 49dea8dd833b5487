"""Marstek Venus C and E: battery with its own inverter, told on Modbus RTU (115200 8N1) or TCP (generation 3).

Source: two independent drivers that agree; the discharging power (42021), temperature and charged energy from one. It
obeys while it is locked to us (42000); unlocked it does what its app says. No time-out is known: locked, it stays as it
was told. Where the rule for plug-in devices holds, set max_discharge_w to 800.
"""

from drivers.given import word
from drivers.load_facts import LoadFacts
from drivers.meter_facts import DRIVERS
from drivers.orders import Order, order
from drivers.register_storage import POWERS, RegisterStorage, ability_of
from hal.options import choice
from hal.ports import Bus
from hal.registers import Reg
from hal.values import Ability

LINES = ("modbus-rtu", "modbus-tcp")
FAILSAFE = "none: it stays as told; started, stopped and by the service's stop hook it is given back to its app"
LOAD = LoadFacts("Marstek Venus C/E", "storage", "P, charge, temperature, energy", "charge and discharge in W", "none",
                 DRIVERS)

OPTIONS = POWERS + (choice("generation", "1-2", ("1-2", "3"), "of the device, as its label says"),)

MOST_W = 2_500
LOCKED, OPEN = 0x55AA, 0x55BB
STOP, CHARGE, DISCHARGE = 0, 1, 2
LOCK = order("lock", 6, 42000)
FORCE = order("force", 6, 42010)
CHARGE_W = order("charge_w", 6, 42020)
DISCHARGE_W = order("discharge_w", 6, 42021)

READS = {
    #        field           fn   addr   kind  n  num  den
    "1-2": (Reg("total_w", 3, 32202, "s32", 1, -1, 1), Reg("soc_permille", 3, 32104, "u16", 1, 10, 1),
            Reg("lock", 3, 42000, "u16", 1, 1, 1), Reg("force", 3, 42010, "u16", 1, 1, 1)),
    "3": (Reg("total_w", 3, 30006, "s16", 1, -1, 1), Reg("soc_permille", 3, 34002, "u16", 1, 1, 1),
          Reg("lock", 3, 42000, "u16", 1, 1, 1), Reg("force", 3, 42010, "u16", 1, 1, 1)),
}
SLOW = (Reg("import_wh", 3, 33000, "u32", 1, 10, 1), Reg("export_wh", 3, 33002, "u32", 1, 10, 1),
        Reg("temperature_mdegc", 3, 35000, "s16", 1, 100, 1))


class Venus(RegisterStorage):
    def recipe(self, power_w: int) -> "tuple[tuple[Order, int | tuple[int, ...]], ...]":
        if power_w > 0:
            return (LOCK, LOCKED), (CHARGE_W, power_w), (FORCE, CHARGE)
        if power_w < 0:
            return (LOCK, LOCKED), (DISCHARGE_W, -power_w), (FORCE, DISCHARGE)
        return (LOCK, LOCKED), (FORCE, STOP)

    def neutral(self) -> "tuple[tuple[Order, int | tuple[int, ...]], ...]":
        return (FORCE, STOP), (LOCK, OPEN)


def ability(options: "dict[str, object]") -> Ability:
    """Raises ValueError for more than the device has."""
    for name in ("max_charge_w", "max_discharge_w"):
        value = options[name]
        assert isinstance(value, int)
        if value > MOST_W:
            raise ValueError("%s: the device has at most %d" % (name, MOST_W))
    return ability_of(options, step_w=10, settle_ms=5_000, pace_ms=5_000)


def build(port: Bus, options: "dict[str, object]") -> Venus:
    return Venus(port, options, ability(options), READS[word(options, "generation")], SLOW)
