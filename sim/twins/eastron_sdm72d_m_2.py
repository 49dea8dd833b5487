"""Twin of the Eastron SDM72D-M-2: it refuses an odd start or count."""

from drivers.eastron_sdm72d_m_2 import TABLE
from sim.bank import Registers
from sim.part import Point
from sim.twins.meter_table import TableTwin


def build(registers: Registers, part: Point, options: "dict[str, object]") -> TableTwin:
    return TableTwin(registers, part, TABLE, options, pairs=True)
