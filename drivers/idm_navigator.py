"""IDM Navigator 2.0, Navigator 10: heat pump, told the surplus there is on Modbus TCP.

Source: three independent drivers that agree on the surplus (74) and the power (4122), both in kW and
with the low word first. Some firmware keeps the last surplus for ever: it is set to 0 at start, at stop and by the
service's stop hook. Sources differ on its two hot-water sensors (1012, 1014), so the heat storage (1008) is read.
"""

from drivers.load_facts import LoadFacts
from drivers.meter_facts import DRIVERS
from drivers.orders import order
from drivers.surplus_heatpump import POWERS, SurplusHeatPump, ability_of
from hal.ports import Bus
from hal.registers import Reg
from hal.values import Ability

LINES = ("modbus-tcp",)
GROUP = "b"  # heat pumps, of section 14a EnWG
FAILSAFE = "none: it may keep the last surplus for ever; stopped and by the service's stop hook that is set to 0"
LOAD = LoadFacts("IDM Navigator 2.0, Navigator 10", "heating", "P, temperature", "the surplus in W", "none", DRIVERS)
OPTIONS = POWERS

SURPLUS = order("surplus_w", 16, 74, "f32_le", 1000)
READS = (Reg("total_w", 3, 4122, "f32_le", 1, 1000, 1),)
SLOW = (Reg("temperature_mdegc", 3, 1008, "f32_le", 1, 1000, 1),)


def ability(options: "dict[str, object]") -> Ability:
    return ability_of(options, 0, 30_000)


def build(port: Bus, options: "dict[str, object]") -> SurplusHeatPump:
    return SurplusHeatPump(port, options, ability(options), SURPLUS, READS, SLOW)
