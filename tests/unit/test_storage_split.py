"""The storage split: the published numbers, a month by hand, and what must hold for any month."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.records.flows import Moment, Stock, by_minimum, proportional
from firmware.records.sampler import MEASURED, SUBSTITUTED
from firmware.records.series import WORST, Interval
from firmware.records.storage_split import CHARGE_POINT, VARIANTS, Quarter, flat, split

KWH = 1_000
WH = st.integers(0, 20_000)
QUARTERS = st.lists(st.builds(Quarter, WH, WH, WH, WH, st.booleans()), max_size=12)


def test_the_published_example_of_the_flat_option() -> None:
    """BNetzA 618-25-02, annex 2: 8 kWp and 10 kWh."""
    found = flat(8_000, 10 * KWH, False, draw_wh=2_000 * KWH, feed_in_wh=5_000 * KWH, supported_wh=4_500 * KWH)
    assert (found.lines[1], found.lines[3], found.lines[4]) == (4_000 * KWH, 320 * KWH, 4_320 * KWH)
    assert found.levy_reducing_wh == 680 * KWH  # 5,000 - 4,320
    assert found.levied_wh == 1_320 * KWH
    assert found.eligible_wh == 4_000 * KWH


def test_storage_and_charge_point_together_take_the_smaller_share() -> None:
    assert flat(8_000, 10 * KWH, True, 0, 0, 0).lines[2] == Fraction(8, 100)
    assert flat(8_000, 2 * KWH, True, 0, 0, 0).lines[2] == Fraction(20, 100)
    assert flat(8_000, 0, True, 0, 0, 0).lines[2] == Fraction(20, 100)


@pytest.mark.parametrize(("wp", "storage_wh", "why"), [(30_001, 1, "30000 Wp"), (0, 1, "Wp"), (8_000, 0, "storage or")])
def test_who_has_no_flat_option(wp: int, storage_wh: int, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        flat(wp, storage_wh, False, 0, 0, 0)


def test_a_month_by_hand() -> None:
    """Charged 600 from the roof and 400 from the grid, 800 given back: 500 to the grid, 300 to the house."""
    month = [Quarter(0, 100, 600, 0, True), Quarter(450, 0, 400, 0, True), Quarter(0, 500, 0, 500, False),
             Quarter(0, 0, 0, 300, True)]
    found = split(month)
    n = found.lines
    assert (n[3], n[4], n[5], n[6], n[9], n[10], n[11]) == (450, 600, 1_000, 800, 400, 600, 500)
    assert (n[12], n[13], n[14], n[15]) == (0, 500, Fraction(8, 10), 480)
    assert (n[16], n[17], n[18], n[19]) == (20, 200, Fraction(1, 40), 5)
    assert (found.levy_reducing_wh, found.levied_wh) == (25, 425)
    assert (n[26], n[28], n[29], n[31]) == (100, 480, 0, 0)
    assert found.eligible_wh == 100
    assert split(month, variant="A2").lines[19] == 0
    assert split(month, variant="A4", own_use_wh=80).lines[19] == 2
    assert split(month, CHARGE_POINT).lines[15] == 510


def test_a_month_without_anything_is_all_zero() -> None:
    assert set(split([]).lines.values()) == {Fraction(0)}


@given(QUARTERS, st.sampled_from(VARIANTS), st.sampled_from(("storage", CHARGE_POINT)))
@settings(max_examples=200, deadline=None)
def test_no_split_gives_more_than_there_was(month: "list[Quarter]", variant: str, kind: str) -> None:
    found = split(month, kind, variant, 100 if variant == "A4" else None)
    n = found.lines
    assert found.levy_reducing_wh + found.levied_wh == n[3] == sum(one.draw_wh for one in month)
    assert found.levy_reducing_wh >= 0
    assert found.levied_wh >= 0
    assert 0 <= found.eligible_wh <= n[4]
    assert n[16] + n[28] == n[13]  # what the storage fed in is either the grid's or the roof's
    assert split(list(reversed(month)), kind, variant, 100 if variant == "A4" else None) == found


def test_the_flows_of_a_quarter_hour() -> None:
    grid = (Interval(0, 450, 0, 0, MEASURED), Interval(900, 0, 500, 0, MEASURED), Interval(1_800, 1, 1, 0, MEASURED))
    storage = (Interval(0, 4_000, 0, -1, MEASURED), Interval(900, 0, 8_000, -1, SUBSTITUTED))
    first, second = by_minimum(grid, storage, WORST)
    assert first == (0, 4_500, 0, 4_000, 4_000, 0, 0, 0, 0, -1, MEASURED)
    assert second[1:] == (0, 5_000, 0, 0, 0, 8_000, 5_000, 3_000, -1, SUBSTITUTED)
    assert by_minimum((Interval(0, None, 1, 0, MEASURED),), storage, WORST) == []


def test_moment_by_moment() -> None:
    stock, parts = proportional(Stock(0, 0), Moment(300, 100, 200, 0), 10_000)
    assert (stock, parts[:2]) == (Stock(150, 50), (150, 50))
    stock, parts = proportional(stock, Moment(0, 0, 0, 100), 10_000)
    assert (stock, parts[2:]) == (Stock(75, 25), (75, 25))
    stock, parts = proportional(stock, Moment(0, 0, 0, 150), 10_000)
    assert (stock, parts[2:]) == (Stock(0, 0), (75, 75))  # 50 more than it can have held: not the roof's
    stock, parts = proportional(stock, Moment(0, 0, 30, 0), 20)
    assert (stock, parts[:2]) == (Stock(0, 20), (0, 30))


@given(st.lists(st.builds(Moment, WH, WH, WH, WH), max_size=40), st.integers(0, 50_000))
@settings(max_examples=100, deadline=None)
def test_the_parts_always_add_up(moments: "list[Moment]", capacity: int) -> None:
    stock = Stock(0, 0)
    roof_in = roof_out = 0
    for moment in moments:
        stock, parts = proportional(stock, moment, capacity)
        assert parts.charge_roof_e + parts.charge_grid_e == moment.charge_e
        assert parts.discharge_roof_e + parts.discharge_grid_e == moment.discharge_e
        assert min(*parts, *stock) >= 0
        assert sum(stock) <= capacity
        roof_in += parts.charge_roof_e
        roof_out += parts.discharge_roof_e
    assert roof_out <= roof_in
