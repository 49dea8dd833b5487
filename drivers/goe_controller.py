"""go-e Controller as the meter of the house connection, over Modbus TCP (to be enabled: men).

Source: maker's Modbus description; that its grid power is + on import, evcc. Input registers, IEEE 754, high word
first unless its setting msr was changed.
Each phase is one of its current sensors, three in a row from `first_sensor`, with the voltages L1 to L3; the total
and the energies are those of its category "grid". Sensors that do not make that total are a reading that cannot be
true (control.health), so a wrong `first_sensor` is not believed. It implements no frequency.
"""

from drivers.given import whole
from drivers.meter_facts import MAKER
from drivers.meter_table import MEASURES_ONLY, WORDS, Table, TableMeter, ability_of, options_of, table
from hal.options import integer
from hal.ports import Bus
from hal.registers import Reg
from hal.values import Ability

LINES = ("modbus-tcp",)
FAILSAFE = MEASURES_ONLY
SENSORS = 6


def table_from(first_sensor: int) -> Table:
    """Three sensors in a row, the first of them 1 to 4."""
    offset = 2 * (first_sensor - 1)
    return table(
        "go-e Controller", MAKER, quick_ms=0,
        reads=(
            #   field         fn  address       kind   n   num  den
            Reg("voltage_mv", 4, 1000, "f32", 3, 1000, 1),
            Reg("current_ma", 4, 1010 + offset, "f32", 3, 1000, 1),
            Reg("power_w", 4, 1022 + offset, "f32", 3, 1, 1),
            Reg("power_factor_permille", 4, 1034 + offset, "f32", 3, 1000, 1),
            Reg("total_w", 4, 1080, "f32", 1, 1, 1),
        ),
        slow=(
            Reg("import_wh", 4, 1082, "f64", 1, 1, 1),
            Reg("export_wh", 4, 1086, "f64", 1, 1, 1),
        ),
        gap=46,
    )


TABLE = table_from(1)
OPTIONS = options_of(TABLE, WORDS, integer("first_sensor", 1, 1, SENSORS - 2,
                                           "current sensor of its first phase; the next two follow"))


def ability(options: "dict[str, object]") -> Ability:
    return ability_of(TABLE, options)


def build(port: Bus, options: "dict[str, object]") -> TableMeter:
    return TableMeter(port, table_from(whole(options, "first_sensor")), options)
