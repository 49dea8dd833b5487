import re
import xml.etree.ElementTree as ElementTree
from itertools import pairwise

import pytest

from sim.plot import Record, clock, label, plot, ticks

SVG = "{http://www.w3.org/2000/svg}"


def drawn(record):
    return ElementTree.fromstring(plot(record))


def texts(root):
    return [element.text for element in root.iter(SVG + "text")]


def curves(root):
    """The curves in the order of drawing: (points, colour, dashed)."""
    out = []
    for path in root.iter(SVG + "path"):
        if path.get("fill") == "none":
            points = [(float(x), float(y)) for x, y in re.findall(r"[ML]([\d.]+) ([\d.-]+)", path.get("d"))]
            out.append((points, path.get("stroke"), path.get("stroke-dasharray") is not None))
    return out


def day(names, value, step_ms=60_000, rows=1440):
    record = Record(names, "A <test> day")
    for i in range(rows):
        record.add((i + 1) * step_ms, [value(i, name) for name in names])
    return record


def test_each_unit_has_its_panel_and_each_name_its_key():
    names = ("grid_w", "pv_w", "car_granted_ma", "house_l1_ma", "house_limit_ma", "battery_permille", "tank_mdegc")
    root = drawn(day(names, lambda i, name: i))
    words = texts(root)
    assert words[0] == "A <test> day"
    titles = ["power, kW (+ from the grid into the node)", "current, A a phase", "allowed current, A a phase",
              "state of charge, %", "temperature, °C"]
    assert [word for word in words if word in titles] == titles
    for key in ("grid", "pv", "car", "house l1", "house limit", "battery", "tank"):
        assert key in words
    assert {"0", "12", "24"} <= set(words)
    assert "local time" in words


def test_a_fuse_is_dashed_and_a_name_keeps_its_colour():
    names = ("car_w", "grid_w", "car_granted_ma", "house_limit_ma")
    found = curves(drawn(day(names, lambda i, name: 10_000)))
    assert [dashed for _, _, dashed in found].count(True) == 1
    colours = [colour for _, colour, dashed in found if not dashed]
    assert len(colours) == 3
    assert len(set(colours)) == 2  # the car's power and what it was allowed share one


def test_a_peak_of_one_second_in_a_day_is_seen():
    record = day(("l1_ma",), lambda i, name: 90_000 if i == 40_000 else 5_000, 1000, 86_400)
    (points, _, _), = curves(drawn(record))
    assert len(points) < 5_000
    highest = min(y for _, y in points)
    assert sum(1 for _, y in points if y == highest) == 1
    assert sorted({y for _, y in points})[1] - highest > 100


def test_a_gap_lifts_the_pen():
    record = day(("car_permille",), lambda i, name: None if 500 <= i < 600 else 700)
    (path,) = [p for p in drawn(record).iter(SVG + "path") if p.get("fill") == "none"]
    assert path.get("d").count("M") == 2


def test_time_runs_from_left_to_right_within_the_frame():
    (points, _, _), = curves(drawn(day(("grid_w",), lambda i, name: (i * 7919) % 9000 - 4000)))
    assert all(before[0] <= after[0] for before, after in pairwise(points))
    assert 76 <= points[0][0] < points[-1][0] <= 1070


@pytest.mark.parametrize(("low", "high"), [(0, 0), (-9_000, 8_000), (0, 35_000), (12, 1000), (-1, 0), (-70_000, -5)])
def test_ticks_hold_the_values_and_are_few_and_even(low, high):
    got = ticks(low, high, 1000)
    assert got[0] <= min(low, 0)
    assert got[-1] >= max(high, 0)
    assert 0 in got
    assert 2 <= len(got) <= 9
    assert len({b - a for a, b in pairwise(got)}) == 1


def test_labels_are_short_and_negative_ones_have_a_true_minus():
    assert [label(v, 1000) for v in (0, 500, 2_500, -10_000, 250)] == ["0", "0.5", "2.5", "−10", "0.25"]


@pytest.mark.parametrize(("step_ms", "rows", "marks"), [
    (60_000, 1440, ["1", "12", "23", "24"]),
    (1000, 1200, ["0:01", "0:10", "0:20"]),
    (1000, 90, ["0:00:10", "0:01:30"]),
    (600_000, 432, ["6", "24"]),
])
def test_long_and_short_records_have_legible_times(step_ms, rows, marks):
    words = texts(drawn(day(("grid_w",), lambda i, name: i, step_ms, rows)))
    assert set(marks) <= set(words)
    assert len(words) < 45


def test_midnight_is_24_at_the_end_and_0_at_the_beginning():
    assert [clock(h * 3_600_000, 3_600_000) for h in (0, 1, 24, 25)] == ["0", "1", "24", "1"]
    assert clock(86_400_000 + 60_000, 60_000) == "0:01"


@pytest.mark.parametrize("name", ["grid", "power_kw", "w"])
def test_a_column_without_a_unit_is_refused(name):
    with pytest.raises(ValueError, match="unit"):
        Record([name])


def test_time_must_not_run_backwards():
    record = Record(["grid_w"])
    record.add(1000, [1])
    with pytest.raises(AssertionError):
        record.add(1000, [2])
