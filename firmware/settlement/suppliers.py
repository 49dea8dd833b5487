"""Suppliers per charging session (NZR-EMob: BK6-20-160 annex 6, BK6-24-267): whose balancing group had what.

Per quarter hour each session's energy goes to the balancing group of its supplier, and the difference to that of the
supplier of the connection: sessions + difference = draw of the transfer point, always. Behind a roof a session may have
had more than was drawn: the draw is then all of the sessions', by what each charged, and the rest came from the roof.
"""

from collections.abc import Mapping
from typing import NamedTuple

from firmware.records.sharing import divided


class Groups(NamedTuple):
    drawn: "dict[str, int]"  # by balancing group
    own: "dict[str, int]"  # charged from what was made behind the connection
    difference: int


def by_group(draw: int, charged: "Mapping[str, int]") -> Groups:
    """`charged` by balancing group, in the unit of the draw; none negative."""
    assert min((draw, *charged.values())) >= 0
    drawn = divided(min(draw, sum(charged.values())), charged)
    return Groups(drawn, {name: energy - drawn[name] for name, energy in charged.items()}, draw - sum(drawn.values()))
