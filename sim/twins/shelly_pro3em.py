"""Twin of the Shelly Pro 3EM."""

from drivers.shelly_pro3em import TABLE
from sim.bank import Registers
from sim.part import Point
from sim.twins.meter_table import TableTwin


def build(registers: Registers, part: Point, options: "dict[str, object]") -> TableTwin:
    return TableTwin(registers, part, TABLE, options)
