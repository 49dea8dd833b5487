"""The kinds of settlement that go by the quarter hour: which counters each needs, and what it makes of them."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from firmware.settlement import communities, devices, parties, suppliers, tenants
from firmware.settlement.ledger import Closing, Line, Settled
from firmware.settlement.plan import Settle
from firmware.settlement.quarters import EXPORT, IMPORT, Use
from firmware.settlement.tariffs import Tariff

Energies = Mapping[Use, int]
Tariffs = Mapping[str, Tariff]


class Account(NamedTuple):
    """`based`: which tariff's base price each party pays, by the day."""

    uses: "tuple[Use, ...]"
    settle: "Callable[[Energies], Settled]"
    based: "tuple[tuple[str, Tariff], ...]" = ()


def _devices(one: Settle, tariffs: Tariffs) -> Account:
    table, named = one.table, one.members["device"]
    meters = {name: device.meter for name, device in named.items()}
    meters.update({meter: meter for meter in table.storages if meter not in meters.values()})
    paid = {name: tariffs[getattr(named.get(name), "tariff", None) or table.tariff]
            for name in (*meters, devices.HOUSEHOLD)}
    own = tariffs[table.own_tariff] if table.own_tariff else None
    grid = (Use(table.grid, IMPORT), Use(table.grid, EXPORT))
    roofs, gives = tuple(Use(meter, EXPORT) for meter in table.roofs), tuple(Use(m, EXPORT) for m in table.storages)

    def settle(energy: Energies) -> Settled:
        house = devices.House(energy[grid[0]], energy[grid[1]], _sum(energy, roofs), _sum(energy, gives))
        used = {name: energy[Use(meter, IMPORT)] for name, meter in meters.items()}
        found = devices.divide(house, used, _ordered(table.order, used))
        lines = [line for name in found.consumed for line in (
            Line(name, meters.get(name, ""), "grid", found.grid[name], paid[name]),
            Line(name, meters.get(name, ""), "own", found.own[name], own))]
        lines += _difference(found.difference)
        return Settled(tuple(lines), (
            Closing("draw", house.draw, sum(found.grid.values()) + found.difference),
            Closing("used", sum(found.consumed.values()), sum(found.grid.values()) + sum(found.own.values()))))

    uses = (*grid, *roofs, *gives, *(Use(meter, IMPORT) for meter in meters.values()))
    once = {tariff.name: (name, tariff) for name, tariff in paid.items()}  # the household has the last word
    return Account(tuple(dict.fromkeys(uses)), settle, tuple(once.values()))


def _ordered(order: "tuple[str, ...]", used: "Mapping[str, int]") -> "tuple[str, ...]":
    """Storages that have no table of their own come last."""
    return (*order, *(name for name in used if name not in order)) if order else ()


def _shared(one: Settle, tariffs: Tariffs) -> Account:
    table, members = one.table, one.members["party"]
    roofs = tuple(Use(meter, EXPORT) for meter in table.roofs)
    who = {name: parties.Party(party.meters, party.part, party.order) for name, party in members.items()}
    tariff = {name: _named(tariffs, party.tariff or table.tariff) for name, party in members.items()}
    rest = {name: _named(tariffs, party.rest_tariff) for name, party in members.items()}

    def settle(energy: Energies) -> Settled:
        used = {meter: energy[Use(meter, IMPORT)] for party in who.values() for meter in party.meters}
        made = _sum(energy, roofs)
        found = parties.allocate(table.key, made, used, who)
        lines = [line for name, party in who.items() for meter in party.meters for line in (
            Line(name, meter, "roof", found.own[meter], tariff[name]),
            Line(name, meter, "supplier", found.rest[meter], rest[name]))]
        lines.append(Line("", "", "fed_in", found.residual))
        return Settled(tuple(lines), (
            Closing("made", made, sum(found.own.values()) + found.residual),
            Closing("used", sum(used.values()), sum(found.own.values()) + sum(found.rest.values()))))

    uses = (*roofs, *(Use(meter, IMPORT) for party in who.values() for meter in party.meters))
    return Account(uses, settle, _based(tariff))


def _tenants(one: Settle, tariffs: Tariffs) -> Account:
    table, members = one.table, one.members["party"]
    roofs = tuple(Use(meter, EXPORT) for meter in table.roofs)
    grid = (Use(table.grid, IMPORT), Use(table.grid, EXPORT))
    takes, gives = (tuple(Use(meter, way) for meter in table.storages) for way in (IMPORT, EXPORT))
    supplied = {name: party for name, party in members.items() if not party.own_supplier}
    tariff = {name: tariffs[party.tariff or table.tariff] for name, party in supplied.items()}

    def used_by(energy: Energies, name: str) -> int:
        return sum(energy[Use(meter, IMPORT)] for meter in members[name].meters)

    def settle(energy: Energies) -> Settled:
        others = sum(used_by(energy, name) for name in members if name not in supplied)
        building, stored = tenants.with_storage(
            tenants.Building(energy[grid[0]], energy[grid[1]], _sum(energy, roofs)), _sum(energy, takes),
            _sum(energy, gives), others)
        found = tenants.supply(building, {name: used_by(energy, name) for name in supplied}, others)
        lines = [line for name in found.roof for line in (
            Line(name, "", "roof", found.roof[name], tariff.get(name)),
            Line(name, "", "bought", found.grid[name], tariff.get(name)))]
        lines += [Line("", "", "fed_in", found.fed_in), *_difference(found.difference)]
        lines += [Line("", "", "stored", stored)] if stored else []
        return Settled(tuple(lines), (
            Closing("made", max(building.made, found.fed_in), sum(found.roof.values()) + found.fed_in),
            Closing("bought", found.bought, sum(found.grid.values()) + found.difference),
            Closing("draw_less_others", building.draw - others, found.bought - (found.fed_in - building.feed_in))))

    uses = (*grid, *roofs, *takes, *gives,
            *(Use(meter, IMPORT) for party in members.values() for meter in party.meters))
    return Account(uses, settle, _based(dict(tariff)))


def _sharing(one: Settle, tariffs: Tariffs) -> Account:
    plants, members = one.members["plant"], one.members["party"]
    tariff = {name: _named(tariffs, party.tariff or one.table.tariff) for name, party in members.items()}
    rest = {name: _named(tariffs, party.rest_tariff) for name, party in members.items()}
    parts = {name: party.part for name, party in members.items()}

    def settle(energy: Energies) -> Settled:
        fed_in = {name: energy[Use(plant.meter, EXPORT)] for name, plant in plants.items()}
        drawn = {name: sum(energy[Use(meter, IMPORT)] for meter in party.meters) for name, party in members.items()}
        found = communities.community(one.table.key, fed_in, drawn, parts)
        lines = [line for name in members for line in (
            Line(name, "", "shared", found.allocated[name], tariff[name]),
            Line(name, "", "supplier", found.net[name], rest[name]))]
        lines += [line for name, plant in plants.items() for line in (
            Line(name, plant.meter, "given", found.given[name]), Line(name, plant.meter, "fed_in", found.left[name]))]
        return Settled(tuple(lines), (
            Closing("feed_in", sum(fed_in.values()), sum(found.given.values()) + sum(found.left.values())),
            Closing("used", sum(drawn.values()), sum(found.allocated.values()) + sum(found.net.values())),
            Closing("shared", sum(found.given.values()), sum(found.allocated.values()))))

    uses = (*(Use(plant.meter, EXPORT) for plant in plants.values()),
            *(Use(meter, IMPORT) for party in members.values() for meter in party.meters))
    return Account(tuple(dict.fromkeys(uses)), settle, _based(tariff))


def _supply(one: Settle, tariffs: Tariffs) -> Account:
    use, tariff = Use(one.table.grid, IMPORT), tariffs[one.table.tariff]

    def settle(energy: Energies) -> Settled:
        return Settled((Line(one.name, use.meter, "grid", energy[use], tariff),), (Closing("draw", energy[use],
                                                                                           energy[use]),))

    return Account((use,), settle, ((one.name, tariff),))


def groups(draw: int, charged: "Mapping[str, int]", own_group: str) -> Settled:
    """Of `suppliers`: what was charged, by balancing group."""
    found = suppliers.by_group(draw, charged)
    lines = [line for name in charged for line in (
        Line(name, "", "session", found.drawn[name]), Line(name, "", "own", found.own[name]))]
    lines.append(Line(own_group, "", "difference_series", found.difference))
    return Settled(tuple(lines), (Closing("draw", draw, sum(found.drawn.values()) + found.difference),))


ACCOUNTS: "dict[str, Callable[[Settle, Tariffs], Account]]" = {
    "devices": _devices, "shared": _shared, "tenants": _tenants, "sharing": _sharing, "supply": _supply,
}


def _sum(energy: Energies, uses: "tuple[Use, ...]") -> int:
    return sum(energy[use] for use in uses)


def _named(tariffs: Tariffs, name: "str | None") -> "Tariff | None":
    return None if name is None else tariffs[name]


def _based(tariff: "Mapping[str, Tariff | None]") -> "tuple[tuple[str, Tariff], ...]":
    return tuple((name, one) for name, one in tariff.items() if one is not None)


def _difference(energy: int) -> "list[Line]":
    return [Line("", "", "difference", energy)] if energy else []
