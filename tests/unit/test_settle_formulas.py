"""Settlement of one quarter hour, of prices, sessions and evidence: published numbers, and numbers by hand."""

from datetime import date
from typing import Any

import pytest

from firmware.records import legal_time
from firmware.records.marks import Section, Transaction
from firmware.records.sampler import CLOCK_UNKNOWN, FAULTY, MEASURED, SUBSTITUTED
from firmware.records.series import Interval
from firmware.records.sharing import CASCADING, CONSTANT, PROPORTIONAL
from firmware.settlement import (
    communities,
    devices,
    evidence,
    ledger,
    money,
    parties,
    relief,
    supplement,
    suppliers,
    tariffs,
    tenants,
)
from firmware.settlement.parties import ALIKE, Party
from firmware.settlement.quarters import EXPORT, IMPORT, Use, aligned, spans
from firmware.settlement.sessions import Account, account_of, billed
from firmware.settlement.tariffs import HIGH, LOW, STANDARD, Levels, Tariff, Window

BERLIN = legal_time.zone("Europe/Berlin")
LEVELS = Levels(3_450, 10_840, (Window(60, 240),), (Window(17 * 60, 19 * 60),), (1, 4))  # of regulation.md, section 1.4


def test_the_published_reduction_of_module_1() -> None:
    assert tariffs.module_1_ct(8_620) == 13_188  # 131.88 EUR
    assert tariffs.module_2_mct(8_620) == 3_448


@pytest.mark.parametrize(("day", "low", "high", "count"), [
    (date(2026, 3, 29), 8, 8, 92), (date(2026, 10, 25), 16, 8, 100), (date(2026, 11, 3), 12, 8, 96),
    (date(2026, 7, 1), 0, 0, 96)])
def test_network_fee_levels_over_a_day_of_change(day: date, low: int, high: int, count: int) -> None:
    starts = legal_time.day(BERLIN, day)
    levels = [tariffs.level_at(LEVELS, start_s, BERLIN) for start_s in starts]
    assert (levels.count(LOW), levels.count(HIGH), len(levels)) == (low, high, count)


def test_a_dynamic_price_by_hand() -> None:
    """(10.26 spot + 1.5 margin + 3.45 low + 3.71 levies) * 1.19 = 22.5148 ct, at 01:15 in winter."""
    start_s = legal_time.midnight(BERLIN, date(2026, 11, 3)) + 75 * 60
    tariff = Tariff("t", 1_500, 8_620, 3_710, 190, 0, LEVELS, {start_s: 10_260})
    assert tariffs.price(tariff, start_s, BERLIN) == (LOW, 22_514_800)
    assert tariffs.price(tariff, start_s + 900, BERLIN) == (LOW, None)  # its spot price is not known: no price at all
    noon = tariff._replace(spot=None)
    assert tariffs.price(noon, start_s + 6 * 3_600, BERLIN) == (STANDARD, (1_500 + 8_620 + 3_710) * 1_190)


def test_windows_over_midnight_and_over_each_other() -> None:
    night = Window(22 * 60, 6 * 60)
    assert [tariffs.within(night, hour * 60) for hour in (21, 22, 0, 5, 6)] == [False, True, True, True, False]
    assert tariffs.overlap((night, Window(5 * 60, 7 * 60)))
    assert not tariffs.overlap((night, Window(6 * 60, 7 * 60), Window(0, 0)))


def test_cents_add_up_and_go_to_the_largest_remainder() -> None:
    exact = {"a": 1_333_333_333, "b": 1_333_333_333, "c": 1_333_333_334}  # of 1e-11 EUR: 4 ct together
    assert money.cents(sum(exact.values()), 0) == 4
    assert money.shared_cents(exact, 0) == {"a": 1, "b": 1, "c": 2}
    assert money.shared_cents({"b": 500_000_000, "a": 500_000_000}, 0) == {"b": 0, "a": 1}  # equal: by name
    assert money.shared_cents({"a": -700_000_000, "b": 2_000_000_000}, 0) == {"a": -1, "b": 2}
    assert money.shared_cents(exact, 0, 5) == {"a": 2, "b": 1, "c": 2}  # said from above, as a party's own total is
    assert money.cents(money.daily(32_400, 190, -3), -3) == 39  # 32.4 ct a day and 19 %
    assert money.cents(money.gross(31_500, 0) * 1_000, 0) == 32  # 31.5 ct of a kWh, half up


def test_the_parts_of_a_house_are_its_draw() -> None:
    house = devices.House(draw=1_000, feed_in=0, made=500, discharge=100)
    found = devices.divide(house, {"heat_pump": 600, "charger": 300, "battery": 0})
    assert found.consumed == {"heat_pump": 600, "charger": 300, "battery": 0, "household": 700}
    assert found.grid == {"heat_pump": 375, "charger": 188, "battery": 0, "household": 437}
    assert found.own["heat_pump"] == 225
    assert (sum(found.grid.values()), found.difference) == (1_000, 0)
    ordered = devices.divide(house, {"heat_pump": 600, "charger": 300}, ("household", "charger", "heat_pump"))
    assert ordered.own == {"heat_pump": 0, "charger": 0, "household": 600}
    assert ordered.grid == {"heat_pump": 600, "charger": 300, "household": 100}


def test_meters_that_contradict_each_other_are_told_not_hidden() -> None:
    more = devices.divide(devices.House(1_000, 0, 0, 0), {"heat_pump": 1_200})
    assert (more.consumed["household"], more.grid["heat_pump"], more.difference) == (0, 1_000, 0)
    less = devices.divide(devices.House(1_000, 400, 0, 0), {"heat_pump": 100})
    assert (less.consumed["household"], sum(less.grid.values()), less.difference) == (500, 600, 400)


def test_a_garage_charger_on_its_own_share_of_the_roof() -> None:
    """The virtual single-family home: flat and garage of one owner, half of the roof."""
    used = {"flat_3": 400, "garage_3": 2_000, "flat_4": 300}
    home = {"3": Party(("flat_3", "garage_3"), 1), "4": Party(("flat_4",), 1)}
    found = parties.allocate(CONSTANT, 2_000, used, home)
    assert found.own == {"flat_3": 400, "garage_3": 600, "flat_4": 300}
    assert (found.rest["garage_3"], found.residual) == (1_400, 700)
    alike = parties.allocate(CONSTANT, 2_000, used, {**home, "3": home["3"]._replace(order=ALIKE)})
    assert (alike.own["flat_3"], alike.own["garage_3"]) == (167, 833)
    assert parties.allocate(CASCADING, 2_000, used, home).own["garage_3"] == 1_300


def test_tenants_and_one_with_a_supplier_of_its_own() -> None:
    building = tenants.Building(draw=1_000, feed_in=0, made=600)
    found = tenants.supply(building, {"ober": 500, "unter": 300}, others=400)
    assert (found.bought, found.fed_in, found.difference) == (600, 0, 0)
    assert found.roof == {"ober": 250, "unter": 150, "common": 200}
    assert found.grid == {"ober": 250, "unter": 150, "common": 200}
    swapped = tenants.supply(building, {"ober": 100}, others=1_300)
    assert (swapped.bought, swapped.fed_in, swapped.roof["ober"]) == (0, 300, 100)  # the roof is fed in by reckoning


def test_tenants_beside_a_storage() -> None:
    """By day it takes of the roof, by night it gives what is the roof's then; what it takes of the grid is nobody's."""
    day, stored = tenants.with_storage(tenants.Building(0, 200, 2_000), 900, 0, others=0)
    assert (day, stored) == (tenants.Building(0, 200, 1_100), 0)
    night, stored = tenants.with_storage(tenants.Building(100, 0, 0), 0, 700, others=0)
    found = tenants.supply(night, {"ober": 400, "unter": 300}, others=0)
    assert (stored, found.roof, found.difference) == (0, {"ober": 350, "unter": 262, "common": 88}, 0)
    cheap, stored = tenants.with_storage(tenants.Building(1_500, 0, 0), 900, 0, others=0)
    assert (cheap.draw, stored) == (600, 900)
    assert tenants.supply(cheap, {"ober": 600}, others=0).grid == {"ober": 600, "common": 0}


def test_a_supplement_changes_at_midnight_of_legal_time() -> None:
    known = supplement.rates({"2026-11-01": {"": 2.0}, "2026-10-25": {"": 3.0}}, BERLIN)
    assert [(rate.since, rate.mct) for rate in known] == [("2026-10-25", {"": 3_000}), ("2026-11-01", {"": 2_000})]
    sums, settled = supplement.Supplement(known), ledger.Settled((
        ledger.Line("ober", "", "roof", 1_000), ledger.Line("ober", "", "bought", 500),
        ledger.Line("common", "", "roof", 700), ledger.Line("", "", "fed_in", 400)), ())
    for start_s in (known[0].from_s - 900, known[0].from_s, known[1].from_s - 900):
        sums.add(start_s, 0, settled, {})
    sums.add(known[1].from_s, -1, settled, {})  # a finer meter from then on
    table, = sums.tables()
    assert table.scaler == -1
    assert [(row["energy"], row["amount"]) for row in table.rows] == [(10_000, None), (20_000, 6), (1_000, 0)]
    assert table.total == {"since": "", "energy": 31_000, "amount": 6}
    assert [note.key for note in sums.notes()] == ["supplement", "no_supplement"]


def test_roofs_with_rates_of_their_own_share_by_what_they_made_just_then() -> None:
    known = supplement.rates({"2026-10-25": {"": 3.0}, "2026-11-01": {"south": 2.0, "west": 5.0}}, BERLIN)
    sums, settled = supplement.Supplement(known), ledger.Settled((ledger.Line("ober", "", "roof", 1_000),), ())
    sums.add(known[0].from_s, 0, settled, {"south": 1, "west": 1, "old": 1})
    sums.add(known[1].from_s, 0, settled, {"south": 3_000, "west": 1_000, "old": 0})
    sums.add(known[1].from_s + 900, 0, settled, {"south": 0, "west": 500, "old": 1_500})
    table, = sums.tables()
    assert [(row["since"], row["roof"], row["energy"], row["rate"]) for row in table.rows] == [
        ("2026-10-25", "", 1_000, 3_000), ("2026-11-01", "old", 750, None), ("2026-11-01", "south", 750, 2_000),
        ("2026-11-01", "west", 500, 5_000)]
    assert table.total == {"since": "", "energy": 3_000, "amount": 7}  # 3 + 1.5 + 2.5 ct
    sums.add(known[1].from_s + 1_800, 0, settled, {"south": 0, "west": 0, "old": 0})  # 3,000, 1,500 and 1,500 so far
    assert [row["energy"] for row in sums.tables()[0].rows] == [1_000, 1_000, 1_250, 750]
    assert [note.key for note in sums.notes()] == ["supplement", "no_supplement"]


def test_energy_shared_over_sites() -> None:
    found = communities.community(PROPORTIONAL, {"barn": 3_000, "house": 1_000}, {"a": 500, "b": 1_500}, {})
    assert found.allocated == {"a": 500, "b": 1_500}
    assert (found.given, found.left) == ({"barn": 1_500, "house": 500}, {"barn": 1_500, "house": 500})
    agreed = communities.community(CONSTANT, {"barn": 1_000}, {"a": 100, "b": 2_000}, {"a": 1, "b": 1})
    assert (agreed.allocated, agreed.left) == ({"a": 100, "b": 500}, {"barn": 400})


def test_the_difference_series_closes() -> None:
    assert suppliers.by_group(2_000, {"x": 1_000, "y": 500}) == ({"x": 1_000, "y": 500}, {"x": 0, "y": 0}, 500)
    sunny = suppliers.by_group(600, {"x": 1_000, "y": 500})
    assert sunny == ({"x": 400, "y": 200}, {"x": 600, "y": 300}, 0)


def test_hours_of_relief() -> None:
    used = {0: 100, 900: 100, 1_800: 100, 2_700: 150, 3_600: 100}
    assert relief.hours({3_600: 50, 0: 500}, used) == [(0, 500, 450, 450, 50), (3_600, 50, None, None, None)]


def test_only_what_may_be_settled_is() -> None:
    def one(start_s: int, status: str = MEASURED, energy: "int | None" = 5, scaler: int = 0) -> Interval:
        return Interval(start_s, energy, 7, scaler, status)
    found = {"m": (one(0), one(900, FAULTY), one(1_800, CLOCK_UNKNOWN), one(2_700, SUBSTITUTED),
                   one(3_600, energy=None)),
             "n": tuple(one(at_s, scaler=-1) for at_s in range(0, 4_500, 900))}
    made = aligned(found, (Use("m", IMPORT), Use("n", EXPORT)), range(0, 5_400, 900))
    assert made.scaler == -1
    assert made.rows == ((0, (50, 7)), (2_700, (50, 7)))
    assert made.missing == {900: ("m",), 1_800: ("m",), 3_600: ("m",), 4_500: ("m", "n")}
    assert made.substituted == {2_700}
    assert spans(made.missing) == [(900, 2_700), (3_600, 5_400)]


def session(begin: int, end: "int | None", status: str = MEASURED, external: str = "") -> Transaction:
    def event(value: int, at_s: int) -> "dict[str, Any]":
        return {"value": value, "obis": "1-0:1.8.0", "scaler": 0, "at_s": at_s, "status": status, "external": external}
    return Transaction("t", 1, "box", "", event(begin, 0), None if end is None else event(end, 3_000))


def test_sessions_are_billed_to_who_had_them() -> None:
    flat = Tariff("flat", 30_000)
    anna, guest = Account("Anna", "4711", ("RFID1",), (), flat), Account("Guest", "", (), ("box",), flat)
    assert account_of(session(0, 9, external="RFID1"), "box", (guest, anna)) == anna
    assert account_of(session(0, 9, external="RFID2"), "box", (guest, anna)) == guest
    assert account_of(session(0, 9), "other", (guest, anna)) is None
    found = billed(session(1_000, 3_500), (), anna, BERLIN)
    assert (found.energy_e, money.cents(found.exact, found.scaler), found.cost_centre) == (2_500, 75, "4711")
    for bad, why in ((session(0, None), "open"), (session(0, 9, CLOCK_UNKNOWN), "doubted"), (session(9, 0), "doubted")):
        assert (billed(bad, (), anna, BERLIN).energy_e, billed(bad, (), anna, BERLIN).why) == (None, why)
    assert billed(session(0, 9), (), None, BERLIN).why == "nobody"


def test_a_session_at_changing_prices_is_priced_section_by_section() -> None:
    tariff = Tariff("spot", 0, spot={0: 10_000, 900: 20_000})
    sections = (Section(0, "t", "", 300, 0), Section(900, "t", "", 500, 0), Section(1_800, "t", "", 100, 0),
                Section(900, "", "", 999, 0))
    found = billed(session(0, 1_000), sections, Account("a", "", (), ("box",), tariff), BERLIN)
    assert found.exact == (300 * 10_000 + 500 * 20_000) * 1_000
    assert found.unpriced_e == 200  # 100 without a price, 100 in no quarter hour that is known


def record(n: int, at_ms: int, clock: str = "synced", **data: Any) -> "dict[str, Any]":
    return {"n": n, "utc_ms": at_ms, "clock": clock, "data": data}


def test_an_obligation_step_by_step() -> None:
    said = {"event": "a", "source": "box", "direction": "consume", "input_lost": False}
    (one, steps), (other, _) = evidence.obligations([
        record(4, 1_000_400, **said, state="received", ceiling_w=7_560, after_ms=0, owed_w=4_200, for_ms=None),
        record(5, 1_002_000, event="b", state="kept", after_ms=500, ceiling_w=3_000),
        record(6, 1_003_900, **said, state="applied", ceiling_w=7_560, after_ms=3_000),
        record(7, 1_004_000, "holdover", **said, state="changed", ceiling_w=4_200, was_w=7_560, after_ms=3_500),
        record(8, 1_060_000, event=None, state="minute", mean_w={"grid": 900}),
        record(9, 1_064_000, **said, state="applied", ceiling_w=4_200, after_ms=60_000),
        record(10, 1_066_000, **said, state="kept", ceiling_w=4_200, after_ms=65_000, measured_w=4_150),
        record(11, 9_000_600, **said, state="released", ceiling_w=4_200, after_ms=8_000_000, cause="lapsed",
               most_w=4_200, over_s=0)])
    assert one[6:10] == (1_000_400, 1_060_400, 1_065_400, 9_000_400)  # received, applied, kept, released
    assert (one.ceiling_w, one.owed_w, one.cause, one.changes, one.clock) == (4_200, 4_200, "lapsed", 1, "holdover")
    assert one.numbers == (4, 6, 7, 9, 10, 11)
    assert [step.state for step in steps] == ["received", "applied", "changed", "applied", "kept", "released"]
    assert (other.received_ms, other.applied_ms, other.kept_ms) == (None, None, 1_002_000)  # nothing is made up
    assert evidence.quarters(one, range(0, 18_000, 900), 18_000) == list(range(1_800, 9_000, 900))
    assert evidence.quarters(one._replace(kept_ms=None), range(0, 18_000, 900), 18_000) == []
    assert evidence.touches(one, 9_000, 9_500)
    assert not evidence.touches(one, 9_001, 9_500)
    assert evidence.minutes([record(8, 1_060_000, state="minute", mean_w={"grid": 900})]) == [(1_060_000, "grid", 900)]
    assert evidence.mean_w(1_051, 0) == 4_204
    assert evidence.mean_w(10_501, -1) == 4_201
