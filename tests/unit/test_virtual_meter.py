"""Meters reckoned from others: the formula, each field, age, a missing child, nesting, the file's mistakes."""

from pathlib import Path

import pytest

from control.values import Heard
from drivers import virtual_meter
from drivers.virtual_meter import combined, terms
from firmware.config.file import ConfigError, load
from firmware.day import Day
from firmware.image import Image
from firmware.loop import WatchedImage
from firmware.virtual import Virtual, leaves
from hal.faults import REFUSED, TIMEOUT, Fault
from hal.values import Phases, Reading, reading

DEPLOY = Path(__file__).parents[2] / "deploy"
TEMPLATE = DEPLOY / "emergency.example.toml"


def one(t_ms: int, total_w: int, import_wh: "int | None" = 100) -> Reading:
    return reading(t_ms, total_w=total_w, power_w=Phases(total_w - 20, 15, 5), current_ma=Phases(total_w * 4, 60, 20),
                   voltage_mv=Phases(230_000, 231_000, t_ms), import_wh=import_wh, export_wh=7)


@pytest.mark.parametrize(("formula", "wanted"), [
    ("a", (("a", 1_000),)), ("a - b", (("a", 1_000), ("b", -1_000))), ("-a+b", (("a", -1_000), ("b", 1_000))),
    ("2 a + 0.5*b - 0.125 c_1", (("a", 2_000), ("b", 500), ("c_1", -125))), ("+ a", (("a", 1_000),)),
    ("1000 2nd", (("2nd", 1_000_000),)),
])
def test_a_formula(formula: str, wanted: "tuple[tuple[str, int], ...]") -> None:
    assert terms(formula) == wanted


@pytest.mark.parametrize("formula", ["", "-", "a -", "a + - b", "a b", "a - a", "0 a", "0.0001 a", "1001 a", "2 * * a",
                                     "2 *", "a * b", "1 2 a", "+".join("abcdefghijklmnopq"), "* a"])
def test_what_is_no_formula(formula: str) -> None:
    with pytest.raises(ValueError, match=r"^sum: "):
        terms(formula)


def test_a_sum_has_every_field_and_the_age_of_the_oldest() -> None:
    got = combined(((1_000, one(50, 300)), (2_000, one(40, -100))))
    assert got == reading(40, total_w=100, power_w=Phases(40, 45, 15), current_ma=Phases(400, 180, 60),
                          voltage_mv=Phases(230_000, 231_000, 50), import_wh=300, export_wh=21)


def test_a_difference_has_no_counters() -> None:
    got = combined(((1_000, one(50, 300)), (-1_000, one(60, 500))))
    assert (got.total_w, got.power_w, got.import_wh, got.export_wh) == (-200, Phases(-200, 0, 0), None, None)


def test_what_one_of_them_does_not_tell_is_not_known() -> None:
    bare = reading(9, power_w=Phases(1, 2, 3))
    got = combined(((1_000, one(50, 300)), (1_000, bare)))
    assert got == reading(9, total_w=306, power_w=Phases(281, 17, 8), voltage_mv=Phases(230_000, 231_000, 50))


@pytest.mark.parametrize(("watts", "weight", "wanted"), [(1, 500, 1), (-1, 500, -1), (1, 499, 0), (-3, 500, -2)])
def test_weights_round_to_the_nearest(watts: int, weight: int, wanted: int) -> None:
    assert combined(((weight, reading(0, total_w=watts)),)).total_w == wanted


def heard_at(image: Image, now_ms: int, index: int) -> Heard:
    return image.snapshot(now_ms, ()).heard[index]


def test_a_missing_child_makes_it_absent() -> None:
    image = Image(4, (Virtual(2, ((0, 1_000, 3_000), (1, -1_000, 3_000))), Virtual(3, ((2, 1_000, 9_000),))))
    image.hear(0, one(1_000, 500))
    silent = Fault(1_000, TIMEOUT, "a meter it is reckoned from is silent")
    for index in (2, 3):
        assert heard_at(image, 1_000, index) == Heard(None, silent)
    image.hear(1, one(1_500, 200))
    for index in (2, 3):
        got = heard_at(image, 2_000, index)
        assert got.reading is not None
        assert (got.reading.t_ms, got.reading.total_w, got.fault) == (1_000, 300, None)
    image.hear(0, one(4_000, 500))
    image.fail(1, Fault(4_000, REFUSED, "no"))
    assert heard_at(image, 4_500, 3).fault == Fault(4_000, REFUSED, "no")
    assert heard_at(image, 4_500, 3).reading is not None
    assert heard_at(image, 4_501, 3) == Heard(None, Fault(4_000, REFUSED, "no"))


def test_a_fresh_reading_of_any_leaf_wakes_the_cycle(tmp_path: Path) -> None:
    assert leaves((Virtual(2, ((0, 1, 1), (1, 1, 1))), Virtual(3, ((2, 1, 1), (4, 1, 1)))), 3) == (0, 1, 4)
    assert leaves((), 3) == (3,)
    all_of_it = '[device.all]\ndriver = "virtual_meter"\nrole = "meter"\nsum = "inclusive"\n[device.carport]'
    file = load(changed(tmp_path, ('meter = "inclusive"', 'meter = "all"'), ("[device.carport]", all_of_it)))
    image = WatchedImage(file.site, file.virtuals)
    image.hear(1, one(1_000, 0))
    assert not image.fresh.is_set()
    image.hear(0, one(1_000, 0))
    assert image.fresh.is_set()


def changed(tmp_path: Path, *pairs: "tuple[str, str]") -> Path:
    text = TEMPLATE.read_text("utf-8")
    for old, new in pairs:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    path = tmp_path / "site.toml"
    path.write_text(text)
    return path


def test_the_template_knows_what_the_inverter_makes() -> None:
    """No meter stands at the inverter alone; what it makes comes out all the same."""
    day = Day(load(TEMPLATE), "sunny", 7, start_ms=12 * 3_600_000)
    for _ in range(30):
        snapshot, plan = day.second()
    names = [device.name for device in load(TEMPLATE).site.devices]
    heard = snapshot.heard[names.index("production")]
    made = day.simulated.part("production").power_w
    assert heard.reading is not None
    assert heard.reading.total_w is not None
    assert made.total() < -3_000
    assert abs(heard.reading.total_w - made.total()) < 10
    assert heard.reading.import_wh is None
    assert plan.nodes[0].believed
    inclusive, = (snapshot.heard[names.index("inclusive")].reading,)
    assert inclusive is not None
    assert abs((inclusive.total_w or 0) - day.simulated.house.node_w(0).total()) < 10


@pytest.mark.parametrize(("old", "new", "said"), [
    ('exclusive - shed"', 'exclusiv - shed"', "sum = .*: there is no .device.exclusiv.; did you mean exclusive"),
    ('exclusive - shed"', 'production"', "it is a part of itself"),
    ('exclusive - shed"', '2 shed 3"', "2 shed 3; allowed is a device"),
    ('role = "source"\nsum', 'role = "source"\nline = "meters"\nsum', "line = .*reckoned from other devices"),
    ('role = "source"\nsum', 'role = "source"\nphases = "L1"\nsum', "phases = .*reckoned from other devices"),
    ('role = "source"\nsum', 'role = "meter"\nsum', "a meter that measures no node"),
    ('unit = 3\nnode = "house"\nphases = "L1 L2 L3"\nrole = "source"\nperiod_s = 1', "unit = 3\nperiod_s = 1", ""),
])
def test_mistakes_of_the_file(tmp_path: Path, old: str, new: str, said: str) -> None:
    path = changed(tmp_path, (old, new))
    if not said:
        load(path)  # a meter of no node is well as a part of another
        return
    with pytest.raises(ConfigError, match=said):
        load(path)


def test_its_age_limit_is_that_of_its_parts(tmp_path: Path) -> None:
    file = load(changed(tmp_path, ("period_s = 1", "period_s = 20")))
    ages = {device.name: device.stale_ms for device in file.site.devices}
    assert (ages["inclusive"], ages["shed"], ages["production"]) == (3_000, 60_000, 60_000)
    with pytest.raises(ConfigError, match="too slow for the house connection"):
        load(changed(tmp_path, ("period_s = 1", "period_s = 20"), ('meter = "inclusive"', 'meter = "production"'),
                     ('role = "source"\nsum', 'role = "meter"\nsum')))


def test_a_sum_that_is_only_shown(tmp_path: Path) -> None:
    file = load(changed(tmp_path, ("[device.carport]", '[device.both]\ndriver = "virtual_meter"\nrole = "sum"\n'
                                   'sum = "production + shed"\n[device.carport]')))
    day = Day(file, "sunny", 7, start_ms=12 * 3_600_000)
    for _ in range(10):
        snapshot, _ = day.second()
    index = [device.name for device in file.site.devices].index("both")
    got = snapshot.heard[index].reading
    made = day.simulated.part("production").power_w.total() + day.simulated.part("shed").power_w.total()
    assert got is not None
    assert abs((got.total_w or 0) - made) < 10


def test_it_hangs_on_no_line() -> None:
    assert virtual_meter.LINES == ()
    assert virtual_meter.ability({"role": "source", "sum": "a"}).kind == "source"
    assert virtual_meter.ability({"role": "sum", "sum": "a"}).kind == "meter"
