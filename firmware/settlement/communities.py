"""Energy sharing over sites (section 42c EnWG): what plants feed in here is used there, in the same quarter hour.

Each consumer has of it by the contract's key, never more than it draws; what nobody has stays with the plants as fed
in, each with its part by what it fed in. What consumers draw beyond comes from their own suppliers.
"""

from collections.abc import Mapping
from typing import NamedTuple

from firmware.records.sharing import divided, shared


class Community(NamedTuple):
    """allocated + net = drawn for each consumer; given + left = fed in for each plant; all allocated = all given."""

    allocated: "dict[str, int]"
    net: "dict[str, int]"
    given: "dict[str, int]"
    left: "dict[str, int]"


def community(key: str, fed_in: "Mapping[str, int]", drawn: "Mapping[str, int]", parts: "Mapping[str, int]"
              ) -> Community:
    """Of one quarter hour, all in one unit. `parts` as sharing.shared has them."""
    assert min(fed_in.values(), default=0) >= 0
    found = shared(key, sum(fed_in.values()), drawn, parts)
    given = divided(sum(found.allocated.values()), fed_in)
    return Community(found.allocated, found.net, given, {name: energy - given[name] for name, energy in fed_in.items()})
