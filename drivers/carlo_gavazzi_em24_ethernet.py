"""Carlo Gavazzi EM24 Ethernet (EM24_E1): three-phase meter, bidirectional.

Source: mbmd, Victron's Modbus client, sdm_modbus and openWB agree on what it measures; identification, firmware and
application are from Victron's alone. Its registers are another map than the RS485 type's. Only application 7 (H)
counts both directions: any other is refused.
"""

from drivers.carlo_gavazzi import READS, slow
from drivers.identity import Mark
from drivers.meter_facts import DRIVERS
from drivers.meter_table import CT_RATIO, MEASURES_ONLY, TableMeter, ability_of, options_of, table
from drivers.passport import NUMBER, TEXT, VERSION, Tell
from hal.ports import Bus
from hal.values import Ability

LINES = ("modbus-tcp",)
FAILSAFE = MEASURES_ONLY
MODELS = range(1648, 1654)

TABLE = table(
    "Carlo Gavazzi EM24 Ethernet", DRIVERS, READS, slow(0x002E, 0x0033, 0x0034, 0x004E), most_words=12,
    passport=(Tell("model", 3, 0x000B, 1, NUMBER), Tell("serial", 3, 0x5000, 7, TEXT),
              Tell("firmware", 3, 0x0304, 1, VERSION)),
    identity=(Mark(3, 0x000B, tuple([(model,) for model in MODELS]), "model %d is no EM24 Ethernet"),),
    checks=(Mark(3, 0xA000, ((7,),), "application %d does not count both directions: set it to 7 (H) at the meter"),),
)
OPTIONS = options_of(TABLE, CT_RATIO)


def ability(options: "dict[str, object]") -> Ability:
    return ability_of(TABLE, options)


def build(port: Bus, options: "dict[str, object]") -> TableMeter:
    return TableMeter(port, TABLE, options)
