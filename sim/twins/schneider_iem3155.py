"""Twin of the Schneider iEM3155."""

from drivers.schneider_iem3155 import TABLE
from sim.bank import Registers
from sim.part import Point
from sim.twins.meter_table import TableTwin


def build(registers: Registers, part: Point, options: "dict[str, object]") -> TableTwin:
    return TableTwin(registers, part, TABLE, options)
