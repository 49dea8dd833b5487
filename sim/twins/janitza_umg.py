"""Twin of the Janitza UMG: the common block, or the native one of the 104 and 604."""

from drivers.given import word
from drivers.janitza_umg import TABLES
from sim.bank import Registers
from sim.part import Point
from sim.twins.meter_table import TableTwin


def build(registers: Registers, part: Point, options: "dict[str, object]") -> TableTwin:
    return TableTwin(registers, part, TABLES[word(options, "block")], options)
