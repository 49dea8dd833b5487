"""Twin of the go-e Controller: three of its six sensors are the phases of the grid, the others hang on nothing."""

from drivers.given import whole
from drivers.goe_controller import table_from
from sim.bank import Registers
from sim.part import Point
from sim.twins.meter_table import TableTwin

SENSORS = (1010, 36)  # registers of all sensors


def build(registers: Registers, part: Point, options: "dict[str, object]") -> TableTwin:
    first, count = SENSORS
    registers.poke(4, first, (0,) * count)
    return TableTwin(registers, part, table_from(whole(options, "first_sensor")), options)
