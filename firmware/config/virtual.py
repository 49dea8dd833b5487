"""Virtual meters of a file: every device they name is there, none is its own part, and who is reckoned before whom."""

from collections.abc import Mapping

from control.values import DeviceSpec
from drivers.virtual_meter import MOST_DEPTH, terms
from firmware.config.read import Findings, nearest
from firmware.config.tables import DeviceTable
from firmware.virtual import Virtual

Formulas = dict[str, tuple[tuple[str, int], ...]]


def formulas(tables: "Mapping[str, DeviceTable]") -> Formulas:
    """(device, weight in thousandths) by virtual meter; what cannot be read is told by its driver."""
    out: Formulas = {}
    for name, table in tables.items():
        if hasattr(table, "sum"):
            try:
                out[name] = terms(table.sum)
            except ValueError:
                out[name] = ()
    return out


def judge(findings: Findings, known: "Mapping[str, object]", sums: Formulas) -> "tuple[str, ...]":
    """The virtual meters, each behind those it is reckoned from; () when that is not to be had."""
    good = True
    for name, parts in sums.items():
        for part, _ in parts:
            if part not in known:
                findings.add(("device", name, "sum"), f"there is no [device.{part}]{nearest(part, known)}")
                good = False
    order: "list[str]" = []
    for _ in range(MOST_DEPTH):
        order += [name for name in sums if name not in order
                  and all(part in order or part not in sums for part, _ in sums[name])]
    for name in sums:
        if name not in order and good:
            findings.add(("device", name, "sum"), f"it is a part of itself, or nested deeper than {MOST_DEPTH}")
    return tuple(order) if good and len(order) == len(sums) else ()


def parts_of(sums: Formulas) -> "frozenset[str]":
    """The devices that some virtual meter is reckoned from."""
    return frozenset(part for parts in sums.values() for part, _ in parts)


def built(order: "tuple[str, ...]", sums: Formulas, devices: "tuple[DeviceSpec, ...]") -> "tuple[Virtual, ...]":
    """In the order of `order`; a child is missing when its reading is older than its own stale_s."""
    places = {device.name: index for index, device in enumerate(devices)}
    return tuple(Virtual(places[name], tuple((places[part], weight, devices[places[part]].stale_ms)
                                             for part, weight in sums[name])) for name in order)
