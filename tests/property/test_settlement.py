"""Whatever the meters say: sums close to the last digit, nobody has more than he used, the order means nothing."""

from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.records.sharing import KEYS
from firmware.settlement import communities, devices, money, parties, suppliers, tenants
from firmware.settlement.parties import ORDERS, Party

ENERGY = st.integers(0, 30_000)
NAMES = st.sampled_from("abcdefgh")
USED = st.dictionaries(NAMES, ENERGY, max_size=8)
SETTINGS = settings(max_examples=200, deadline=None)


def turned(table: "dict[str, int]") -> "dict[str, int]":
    return dict(reversed(table.items()))


@given(st.builds(devices.House, ENERGY, ENERGY, ENERGY, ENERGY), USED, st.booleans())
@SETTINGS
def test_device_parts_are_the_draw(house: devices.House, used: "dict[str, int]", ordered: bool) -> None:
    order = (*sorted(used), devices.HOUSEHOLD) if ordered else ()
    found = devices.divide(house, used, order)
    assert sum(found.grid.values()) + found.difference == house.draw
    assert sum(found.own.values()) + sum(found.grid.values()) == sum(found.consumed.values())
    for name, energy in found.consumed.items():
        assert 0 <= found.grid[name] <= energy
        assert 0 <= found.own[name] <= energy
        assert energy == used.get(name, energy)
    assert devices.divide(house, turned(used), order).grid == found.grid
    if house.draw + house.made + house.discharge - house.feed_in >= sum(used.values()) and not found.difference:
        assert sum(found.own.values()) == house.made + house.discharge - house.feed_in  # what stayed in the house


@given(st.sampled_from(KEYS), ENERGY, USED, st.data())
@SETTINGS
def test_parties_have_what_there_is_and_no_more(key: str, made: int, used: "dict[str, int]",
                                                data: st.DataObject) -> None:
    who = data.draw(st.fixed_dictionaries({meter: st.integers(0, 3) for meter in used}))
    homes = {str(number): Party(tuple(meter for meter in used if who[meter] == number), number + 1,
                                data.draw(st.sampled_from(ORDERS)))
             for number in set(who.values())}
    found = parties.allocate(key, made, used, homes)
    assert sum(found.own.values()) + found.residual == made
    assert found.residual >= 0
    for meter, energy in used.items():
        assert 0 <= found.own[meter] <= energy
        assert found.own[meter] + found.rest[meter] == energy
    again = parties.allocate(key, made, turned(used), dict(reversed(homes.items())))
    assert again.own == found.own


@given(st.builds(tenants.Building, ENERGY, ENERGY, ENERGY), ENERGY, ENERGY, ENERGY)
@SETTINGS
def test_a_storage_makes_and_loses_nothing(building: tenants.Building, charge: int, discharge: int, others: int
                                           ) -> None:
    settled, stored = tenants.with_storage(building, charge, discharge, others)
    assert min((*settled, stored)) >= 0
    assert settled.draw + stored == building.draw
    lost = building.made + discharge - charge - (settled.made - stored)
    assert lost <= 0  # more was charged than roof and grid gave: the meters contradict each other
    assert lost == 0 or stored == max(0, building.draw - others)


@given(st.builds(tenants.Building, ENERGY, ENERGY, ENERGY), USED, ENERGY)
@SETTINGS
def test_a_building_of_tenants_closes(building: tenants.Building, used: "dict[str, int]", others: int) -> None:
    found = tenants.supply(building, used, others)
    assert sum(found.grid.values()) + found.difference == found.bought
    assert found.bought - found.fed_in == building.draw - building.feed_in - others
    for name, energy in used.items():
        assert found.roof[name] + found.grid[name] == energy
        assert min(found.roof[name], found.grid[name]) >= 0
    if building.made >= found.fed_in:
        assert sum(found.roof.values()) + found.fed_in == building.made
    assert tenants.supply(building, turned(used), others).roof == found.roof


@given(st.sampled_from(KEYS), USED.filter(bool), USED, st.dictionaries(NAMES, st.integers(0, 100)))
@SETTINGS
def test_a_community_gives_what_it_allocates(key: str, fed_in: "dict[str, int]", drawn: "dict[str, int]",
                                             parts: "dict[str, int]") -> None:
    found = communities.community(key, fed_in, drawn, parts)
    assert sum(found.allocated.values()) == sum(found.given.values())
    assert all(0 <= found.allocated[name] <= energy for name, energy in drawn.items())
    assert all(0 <= found.given[name] <= energy for name, energy in fed_in.items())
    assert all(found.given[name] + found.left[name] == energy for name, energy in fed_in.items())
    again = communities.community(key, turned(fed_in), turned(drawn), parts)
    assert (again.allocated, again.given) == (found.allocated, found.given)


@given(ENERGY, USED)
@SETTINGS
def test_sessions_and_difference_are_the_draw(draw: int, charged: "dict[str, int]") -> None:
    found = suppliers.by_group(draw, charged)
    assert sum(found.drawn.values()) + found.difference == draw
    assert found.difference >= 0
    assert all(0 <= found.drawn[name] <= energy == found.drawn[name] + found.own[name]
               for name, energy in charged.items())
    assert suppliers.by_group(draw, turned(charged)).drawn == found.drawn


@given(st.dictionaries(NAMES, st.integers(-10 ** 14, 10 ** 14), min_size=1), st.sampled_from((0, -1, -4)))
@SETTINGS
def test_no_cent_is_lost(exact: "dict[str, int]", scaler: int) -> None:
    found = money.shared_cents(exact, scaler)
    unit = 10 ** (9 - scaler)
    assert sum(found.values()) == money.cents(sum(exact.values()), scaler)
    assert all(abs(found[name] * unit - amount) < unit for name, amount in exact.items())
    assert money.shared_cents(turned(exact), scaler) == found
