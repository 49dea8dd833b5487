"""Pmin of section 14a EnWG over any set of devices, against the formula of BK6-22-300 (annex 1, 4.5) written once more.

    Pmin = base + (n - 1) * GZF(n) * 4.2 kW,   base = 4.2 kW, or 0.4 times the heat pumps or the cooling above 11 kW

A group of heat pumps, or of cooling, is one device; what has no more than 4.2 kW is none.
"""

from fractions import Fraction
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from control.values import NONE, SURPLUS, DeviceSpec, store
from firmware.pmin import owed_w
from hal.values import ability

seeds = st.integers(0, 1 << 32)
DAY = "2026-11-21"
GZF = {2: Fraction(80, 100), 3: Fraction(75, 100), 4: Fraction(70, 100), 5: Fraction(65, 100), 6: Fraction(60, 100),
       7: Fraction(55, 100), 8: Fraction(50, 100)}
EACH_W = 4_200


def any_device(dice: Random, number: int) -> "tuple[DeviceSpec, int]":
    """And the most it can draw, in W, as its owner would read it off the label."""
    group = dice.choice(("a", "a", "b", "b", "c", "d", ""))
    phases, battery = dice.choice(((0, 1, 2), (1,))), None
    if group == "a":
        most_ma = dice.choice((16_000, 20_000, 32_000))
        able, most_w = ability("wallbox", min_ma=6_000, max_ma=most_ma), most_ma * len(phases) * 230 // 1_000
    elif group == "d":
        most_w = dice.choice((2_500, 4_200, 4_201, 10_000))
        able, battery = ability("storage", min_w=-most_w, max_w=most_w), store(100, 100, 1_000)
    elif group == "b" and dice.random() < 0.5:
        part_w = dice.choice((700, 1_500, 3_000))
        able, most_w = ability("stages", stages=((0,) * len(phases), (part_w,) * len(phases))), part_w * len(phases)
    else:
        most_w = dice.choice((1_000, 4_200, 4_201, 6_000, 11_000, 20_000))
        able = ability("heater", max_w=most_w)
    return DeviceSpec(f"d{number}", 0, phases, able, 1, SURPLUS, 5_000, 16_000, battery, NONE, group), most_w


def formula_w(devices: "list[tuple[DeviceSpec, int]]") -> "Fraction | None":
    heat_w = sum(most_w for device, most_w in devices if device.group == "b")
    cold_w = sum(most_w for device, most_w in devices if device.group == "c")
    n = sum(1 for device, most_w in devices if device.group in ("a", "d") and most_w > EACH_W)
    n += (heat_w > EACH_W) + (cold_w > EACH_W)
    if n == 0:
        return None
    base_w = max([Fraction(EACH_W)] + [Fraction(4, 10) * group_w for group_w in (heat_w, cold_w) if group_w > 11_000])
    return base_w + (n - 1) * (GZF.get(n, Fraction(45, 100)) if n > 1 else 0) * EACH_W


@settings(max_examples=300, deadline=None)
@given(seeds)
def test_what_is_owed_is_what_the_formula_says(seed: int) -> None:
    dice = Random(seed)
    devices = [any_device(dice, number) for number in range(dice.randint(0, 14))]
    owed, expected_w = owed_w(tuple(device for device, _ in devices), DAY), formula_w(devices)
    if expected_w is None:
        assert owed == NONE
    else:
        assert expected_w - 1 < owed <= expected_w, seed  # whole watts, never more than there is


@settings(max_examples=200, deadline=None)
@given(seeds)
def test_neither_the_order_nor_what_is_not_counted_changes_it_and_one_more_never_lowers_it(seed: int) -> None:
    dice = Random(seed)
    devices = [any_device(dice, number)[0] for number in range(dice.randint(1, 12))]
    owed = owed_w(tuple(devices), DAY)
    dice.shuffle(devices)
    assert owed_w(tuple(devices), DAY) == owed
    uncounted = devices[0]._replace(group="")
    assert owed_w((*devices, uncounted), DAY) == owed
    assert owed_w((*devices, any_device(dice, 99)[0]), DAY) >= owed
