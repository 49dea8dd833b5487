"""The meters of a site that are reckoned from others, in the order in which they can be."""

from control.values import Heard
from drivers.virtual_meter import combined
from hal.faults import TIMEOUT, Fault


class Virtual:
    """One of them. `terms`: (index of the device, weight in thousandths, age in ms beyond which it is missing)."""

    __slots__ = ("index", "terms")

    def __init__(self, index: int, terms: "tuple[tuple[int, int, int], ...]") -> None:
        self.index = index
        self.terms = terms


def reckon(virtuals: "tuple[Virtual, ...]", heard: "list[Heard]", now_ms: int) -> None:
    """Puts what each says now into `heard`; nothing, with the reason, while one of its children is missing."""
    for virtual in virtuals:
        heard[virtual.index] = _heard(virtual, heard, now_ms)


def leaves(virtuals: "tuple[Virtual, ...]", index: int) -> "tuple[int, ...]":
    """The devices on the wires that a device's reading comes from: itself, unless it is reckoned."""
    for virtual in virtuals:
        if virtual.index == index:
            return tuple(leaf for child, _, _ in virtual.terms for leaf in leaves(virtuals, child))
    return (index,)


def _heard(virtual: Virtual, heard: "list[Heard]", now_ms: int) -> Heard:
    parts = []
    fault = None
    for child, weight, stale_ms in virtual.terms:
        one = heard[child]
        if one.reading is None or now_ms - one.reading.t_ms > stale_ms:
            t_ms = now_ms if one.reading is None else one.reading.t_ms
            return Heard(None, one.fault or Fault(t_ms, TIMEOUT, "a meter it is reckoned from is silent"))
        fault = fault or one.fault
        parts.append((weight, one.reading))
    return Heard(combined(tuple(parts)), fault)
