import pytest

from firmware import actuators
from firmware.config import driver_modules
from firmware.meters import BEGIN, README, facts, markdown, with_table


def test_the_readme_lists_the_meters_there_are() -> None:
    readme = README.read_text("utf-8")
    assert readme == with_table(readme), "./dev meters makes it anew"


def test_every_driver_that_can_be_a_meter_says_what_it_reads() -> None:
    """A driver with a role has METER = Facts(..) or a TABLE."""
    listed = {name for name, _, _ in facts()}
    roles = {name for name in driver_modules.known() for option in driver_modules.module(name).OPTIONS
             if option.name == "role" and "meter" in option.choices}
    assert roles <= listed


def test_a_row_says_what_is_read_and_how_it_is_known() -> None:
    rows = markdown().splitlines()
    assert [row for row in rows if "`carlo_gavazzi_em24_rs485`" in row] == [
        "| Carlo Gavazzi EM24 RS485 | `carlo_gavazzi_em24_rs485` | RTU, TCP | U, I, P, power factor per phase; "
        "import, export, frequency | a single source: compare with the display before it controls anything |"]


def test_a_readme_without_place_is_told() -> None:
    both = f"a\n{BEGIN}before\n<!-- end of what ./dev meters made -->\nb\n{actuators.BEGIN}before\n{actuators.END}c\n"
    assert with_table(both).endswith("-->\nc\n")
    assert "before\n" not in with_table(both)
    with pytest.raises(ValueError, match="devices"):
        with_table(f"a\n{BEGIN}old\n<!-- end of what ./dev meters made -->\nb\n")
    with pytest.raises(ValueError, match="dev meters"):
        with_table("a")


def test_every_device_that_is_told_something_is_listed() -> None:
    """A driver whose device obeys has a BOX or LOAD = LoadFacts(..)."""
    listed = {name for name, _, _, _ in actuators.facts()}
    meters = {name for name, _, _ in facts()}
    assert listed.isdisjoint(meters)
    assert listed | meters == set(driver_modules.known())


def test_a_row_of_a_wallbox() -> None:
    rows = actuators.markdown().splitlines()
    assert [row for row in rows if "`webasto_next`" in row] == [
        "| Webasto/Ampure NEXT | `webasto_next` | TCP | state, I, P, energy | 6 to 32 A in steps of 1 A | the box "
        "itself goes to failsafe_a (0: charging stops) failsafe_s after our last life bit | a register, four times in "
        "failsafe_s | a socket | two independent drivers agree |"]
