"""Twin of the Carlo Gavazzi EM24 Ethernet."""

from drivers.carlo_gavazzi_em24_ethernet import TABLE
from sim.bank import Registers
from sim.part import Point
from sim.twins.meter_table import TableTwin


def build(registers: Registers, part: Point, options: "dict[str, object]") -> TableTwin:
    return TableTwin(registers, part, TABLE, options)
