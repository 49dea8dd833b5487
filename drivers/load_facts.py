"""What the list of controlled devices says of one: a driver that is no table of a wallbox has LOAD = LoadFacts(..)."""

from collections import namedtuple


class LoadFacts(namedtuple("LoadFacts", ("name", "kind", "reads", "controls", "keep_alive", "known_by"))):
    """name: maker and types; kind: one of firmware.actuators.KINDS; known_by: one of drivers.meter_facts."""

    __slots__ = ()
    name: str
    kind: str
    reads: str
    controls: str
    keep_alive: str
    known_by: str
