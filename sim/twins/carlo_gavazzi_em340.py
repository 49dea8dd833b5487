"""Twin of the Carlo Gavazzi EM330, EM340, ET330 and ET340."""

from drivers.carlo_gavazzi_em340 import TABLE
from sim.bank import Registers
from sim.part import Point
from sim.twins.meter_table import TableTwin


def build(registers: Registers, part: Point, options: "dict[str, object]") -> TableTwin:
    return TableTwin(registers, part, TABLE, options)
