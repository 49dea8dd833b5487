"""Twin of the Kostal Smart Energy Meter and the TQ EM420."""

from drivers.kostal_ksem import TABLE
from sim.bank import Registers
from sim.part import Point
from sim.twins.meter_table import TableTwin


def build(registers: Registers, part: Point, options: "dict[str, object]") -> TableTwin:
    return TableTwin(registers, part, TABLE, options, most_clients=5)
