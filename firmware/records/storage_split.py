"""Whose energy a storage or a charge point gave back: the split of BNetzA 618-25-02 (MiSpeL), annexes 1 and 2.

Z1 is the meter at the grid (draw NB, feed-in NE), Z2 the one at the storage or charge point (charge V, discharge E), Z3
the own use where a variant measures it. Quarter hours first, then the sums of a month. All in Wh, as exact fractions:
nothing is rounded on the way, and every x/0 is 0. `lines` holds every number of the annex under its number, so that
each result can be reckoned again by hand.
"""

from collections.abc import Iterable
from fractions import Fraction
from typing import NamedTuple

STORAGE = "storage"
CHARGE_POINT = "charge-point"
CHARGE_POINT_BACK = Fraction(85, 100)  # annex 1, (14): what a charge point is taken to give back
VARIANTS = ("A1", "A2", "A3", "A4")
HOURS_A_YEAR = 500  # annex 2, P1: kWh per kWp that are supported at most
FLAT_MOST_WP = 30_000  # section 19 (3c) EEG 2023


class Quarter(NamedTuple):
    """One quarter hour, in Wh; none of them negative."""

    draw_wh: int  # Z1 NB
    feed_in_wh: int  # Z1 NE
    charge_wh: int  # Z2 V
    discharge_wh: int  # Z2 E
    supported: bool  # the value to be paid (AW) is above 0 in this quarter hour


class Split(NamedTuple):
    levy_reducing_wh: Fraction  # (20) grid draw on which no levies are due
    levied_wh: Fraction  # (21) the rest of the grid draw
    eligible_wh: Fraction  # (32) feed-in that may be supported
    lines: "dict[int, Fraction]"


def split(quarters: "Iterable[Quarter]", kind: str = STORAGE, variant: str = "A1",
          own_use_wh: "int | None" = None) -> Split:
    """Of one month. `own_use_wh`: Z3, which variant A4 needs and no other has."""
    assert kind in (STORAGE, CHARGE_POINT)
    assert variant in VARIANTS
    assert (own_use_wh is not None) == (variant == "A4")
    n = _sums(quarters)
    n[10] = n[5] - n[9]
    n[12] = max(n[6] - n[5], Fraction(0))
    n[13] = max(n[11] - n[12], Fraction(0))
    n[14] = _over(n[6], n[5]) if kind == STORAGE else CHARGE_POINT_BACK
    n[15] = n[14] * n[10]
    n[16] = max(n[13] - n[15], Fraction(0))
    n[17] = Fraction(own_use_wh) if own_use_wh is not None else max(n[5] - n[6], Fraction(0))
    n[18] = _over(n[16], n[6])
    n[19] = n[18] * n[17] if variant in ("A1", "A4") else Fraction(0)
    n[20] = min(n[16] + n[19], n[3])
    n[21] = n[3] - n[20]
    n[28] = min(n[13], n[15])
    n[30] = _over(n[29], n[11])
    n[31] = n[30] * n[28]
    n[32] = n[26] + n[31]
    return Split(n[20], n[21], n[32], n)


class Flat(NamedTuple):
    """Annex 2, the flat option of a year, in Wh. `lines` as above, by the number behind P."""

    levy_reducing_wh: Fraction  # P10
    levied_wh: Fraction  # P11
    eligible_wh: Fraction  # P15
    lines: "dict[int, Fraction]"


def flat(installed_wp: int, storage_wh: int, charge_point: bool, draw_wh: "int | Fraction",
         feed_in_wh: "int | Fraction", supported_wh: "int | Fraction") -> Flat:
    """`feed_in_wh`: where the spot price was not negative; `supported_wh`: where the value to be paid was above 0.

    `storage_wh`: usable capacity, 0 without a storage. ValueError above 30 kWp or without both.
    """
    if not 0 < installed_wp <= FLAT_MOST_WP:
        raise ValueError(f"{installed_wp} Wp: the flat option is for 1 to {FLAT_MOST_WP} Wp")
    shares = [Fraction(2, 10)] if charge_point else []
    if storage_wh:
        shares.append(Fraction(1, 10) * installed_wp / storage_wh)
    if not shares:
        raise ValueError("the flat option needs a storage or a charge point")
    p = {1: Fraction(installed_wp * HOURS_A_YEAR), 2: min(shares)}
    p[3] = p[2] * p[1]
    p[4] = p[1] + p[3]
    p[7] = Fraction(feed_in_wh)
    p[8] = max(p[7] - p[4], Fraction(0))
    p[9] = Fraction(draw_wh)
    p[10] = min(p[8], p[9])
    p[11] = p[9] - p[10]
    p[14] = Fraction(supported_wh)
    p[15] = min(p[14], p[1])
    return Flat(p[10], p[11], p[15], p)


def _sums(quarters: "Iterable[Quarter]") -> "dict[int, Fraction]":
    """(3) to (6), (9), (11), (26) and (29)."""
    n = {number: Fraction(0) for number in (3, 4, 5, 6, 9, 11, 26, 29)}
    for one in quarters:
        assert min(one[:4]) >= 0
        grid_charge, grid_discharge = min(one.draw_wh, one.charge_wh), min(one.feed_in_wh, one.discharge_wh)
        n[3] += one.draw_wh
        n[4] += one.feed_in_wh
        n[5] += one.charge_wh
        n[6] += one.discharge_wh
        n[9] += grid_charge
        n[11] += grid_discharge
        if one.supported:
            n[26] += one.feed_in_wh - grid_discharge
            n[29] += grid_discharge
    return n


def _over(number: Fraction, by: Fraction) -> Fraction:
    return number / by if by else Fraction(0)
