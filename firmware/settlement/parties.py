"""Several meters behind one share: a flat and its garage charger are one party, a virtual single-family home.

The share of the roof goes to the party; what it uses of it goes to its own meters in the order they are named (the flat
first, then the car), or by what each consumes. So nobody has more than he used, and the party no more than its share.
"""

from collections.abc import Mapping
from typing import NamedTuple

from firmware.records.sharing import divided, shared
from firmware.settlement.devices import in_order

LISTED, ALIKE = "listed", "alike"
ORDERS = (LISTED, ALIKE)


class Party(NamedTuple):
    meters: "tuple[str, ...]"
    part: int  # of the agreed key, in whatever unit
    order: str = LISTED


class Allocated(NamedTuple):
    """Of one quarter hour, by meter; own + rest = used for each, all own + residual = what was made."""

    own: "dict[str, int]"
    rest: "dict[str, int]"
    residual: int


def allocate(key: str, made: int, used: "Mapping[str, int]", parties: "Mapping[str, Party]") -> Allocated:
    """`used` by meter; each meter has one party. `key`: one of sharing.KEYS."""
    needs = {name: sum(used[meter] for meter in party.meters) for name, party in parties.items()}
    found = shared(key, made, needs, {name: party.part for name, party in parties.items()})
    own: "dict[str, int]" = {}
    for name, party in parties.items():
        wanted = {meter: used[meter] for meter in party.meters}
        if party.order == LISTED:
            own.update(in_order(found.allocated[name], wanted, party.meters))
        else:
            own.update(divided(found.allocated[name], wanted))
    return Allocated(own, {meter: used[meter] - energy for meter, energy in own.items()}, found.residual)
