"""Settings, their front, and the drawing of it."""

from xml.etree import ElementTree

from benchmarks.yard.front import drawing
from benchmarks.yard.settings import OURS, SETTINGS, Point, beats, front, patched
from control import demand

A, B, C = Point(OURS, 30.0, 5.0, 20.0), Point("b", 31.0, 5.0, 20.0), Point("c", 29.0, 4.0, 30.0)


def test_the_front_is_what_nothing_beats() -> None:
    assert beats(B, A)
    assert not beats(A, B)
    assert not beats(C, A)
    assert not beats(A, A)
    assert front([A, B, C]) == [B, C]


def test_constants_are_in_place_within_a_run_and_back_behind_it() -> None:
    before = demand.START_MS
    with patched((("demand", "START_MS", 1),)):
        assert demand.START_MS == 1
    assert before == demand.START_MS
    for setting in SETTINGS:
        with patched(setting.constants):  # each is there
            pass


def test_every_point_is_drawn_once_in_each_panel() -> None:
    shown = ElementTree.fromstring(drawing({"cloudy": [A, B, C], "two": [A, B, C]}))
    space = "{http://www.w3.org/2000/svg}"
    circles = shown.findall(space + "circle")
    assert len(circles) == 4 * 3
    assert sum(each.get("stroke") == "#d98200" for each in circles) == 4
    for each in circles:
        assert 0 < float(each.get("cx", "-1")) < float(shown.get("width", "0"))
        assert 0 < float(each.get("cy", "-1")) < float(shown.get("height", "0"))
