"""Lambda EU-L heat pumps: told the surplus there is, on Modbus TCP; a minute after the last word it forgets it.

Source: two independent drivers that agree; energy and boiler from one. Every write has to be function 16. How
surplus is signed is set in the pump, and so is whether it takes part (E-manager: automatic). It drops connections that
were silent for a minute. Energy is not read: its word order changed with the firmware.
"""

from drivers.given import word
from drivers.load_facts import LoadFacts
from drivers.meter_facts import DRIVERS
from drivers.orders import blind
from drivers.surplus_heatpump import POWERS, SurplusHeatPump, ability_of
from hal.options import choice
from hal.ports import Bus
from hal.registers import Reg
from hal.values import Ability

LINES = ("modbus-tcp",)
GROUP = "b"  # heat pumps, of section 14a EnWG
FAILSAFE = "it forgets the surplus a minute after our last word and heats as it needs"
LOAD = LoadFacts("Lambda EU-L heat pumps", "heating", "P, temperature", "the surplus in W",
                 "the surplus, again and again", DRIVERS)
OPTIONS = POWERS + (choice("surplus", "positive", ("positive", "negative"),
                           "how the pump is set to take surplus: positive, or negative (as export)"),)

TIMEOUT_MS = 60_000
READS = (
    #   field      fn  addr kind  n  num  den
    Reg("state", 3, 101, "u16", 1, 1, 1),
    Reg("total_w", 3, 103, "s16", 1, 1, 1),
)
SLOW = (Reg("temperature_mdegc", 3, 2002, "s16", 1, 100, 1),)


def ability(options: "dict[str, object]") -> Ability:
    return ability_of(options, TIMEOUT_MS, 10_000)


def build(port: Bus, options: "dict[str, object]") -> SurplusHeatPump:
    surplus = blind("surplus_w", 16, 102, "s16", 1 if word(options, "surplus") == "positive" else -1)
    return SurplusHeatPump(port, options, ability(options), surplus, READS, SLOW)
