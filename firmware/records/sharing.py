"""Shared building supply (section 42b EnWG): what of a roof's generation each flat has, in each quarter hour.

Three keys: constant (each has its agreed part, what it does not use is fed in), cascading (what one does not use goes
to the others, by their parts), proportional (by what each consumes just then). Whole numbers: nobody gets more than he
consumes, all together no more than there is, and a last unit goes to the largest remainder, by name where these are
equal; so the order of the flats means nothing.
"""

from collections.abc import Mapping
from typing import NamedTuple

CONSTANT, CASCADING, PROPORTIONAL = "constant", "cascading", "proportional"
KEYS = (CONSTANT, CASCADING, PROPORTIONAL)


class Shared(NamedTuple):
    """Of one quarter hour, all in the unit that was given."""

    allocated: "dict[str, int]"
    net: "dict[str, int]"  # consumption less what was allocated: from the supplier of each
    residual: int  # fed in


def shared(key: str, generation: int, consumption: "Mapping[str, int]", parts: "Mapping[str, int]") -> Shared:
    """`parts`: the agreed ones by name, in whatever unit; the proportional key needs none."""
    assert key in KEYS
    assert generation >= 0
    assert min(consumption.values(), default=0) >= 0
    if key == PROPORTIONAL:
        allocated = divided(min(generation, sum(consumption.values())), consumption)
    else:
        portions = divided(generation, {name: parts.get(name, 0) for name in consumption})
        allocated = {name: min(used, portions[name]) for name, used in consumption.items()}
    if key == CASCADING:
        allocated = _cascade(generation, consumption, parts, allocated)
    net = {name: used - allocated[name] for name, used in consumption.items()}
    return Shared(allocated, net, generation - sum(allocated.values()))


def _cascade(generation: int, consumption: "Mapping[str, int]", parts: "Mapping[str, int]",
             allocated: "dict[str, int]") -> "dict[str, int]":
    """Each round uses all that is left or satisfies at least one: at most as many as there are flats."""
    out = dict(allocated)
    for _ in consumption:
        left = generation - sum(out.values())
        hungry = {name: parts.get(name, 0) for name, used in consumption.items() if out[name] < used}
        if not left or not sum(hungry.values()):
            break
        for name, portion in divided(left, hungry).items():
            out[name] += min(portion, consumption[name] - out[name])
    return out


def divided(total: int, weights: "Mapping[str, int]") -> "dict[str, int]":
    """By weight, adding up to the total; all 0 without any weight."""
    whole = sum(weights.values())
    if not whole:
        return dict.fromkeys(weights, 0)
    out = {name: total * weight // whole for name, weight in weights.items()}
    order = sorted(weights, key=lambda name: (-(total * weights[name] % whole), name))
    for name in order[:total - sum(out.values())]:
        out[name] += 1
    return out
