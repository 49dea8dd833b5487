import pytest

from firmware import config_drivers
from firmware.meters import BEGIN, README, facts, markdown, with_table


def test_the_readme_lists_the_meters_there_are() -> None:
    readme = README.read_text("utf-8")
    assert readme == with_table(readme), "./dev meters makes it anew"


def test_every_driver_that_can_be_a_meter_says_what_it_reads() -> None:
    """A driver with a role has METER = Facts(..) or a TABLE."""
    listed = {name for name, _, _ in facts()}
    roles = {name for name in config_drivers.known() for option in config_drivers.module(name).OPTIONS
             if option.name == "role" and "meter" in option.choices}
    assert roles <= listed


def test_a_row_says_what_is_read_and_how_it_is_known() -> None:
    rows = markdown().splitlines()
    assert [row for row in rows if "`carlo_gavazzi_em24_rs485`" in row] == [
        "| Carlo Gavazzi EM24 RS485 | `carlo_gavazzi_em24_rs485` | RTU, TCP | U, I, P, power factor per phase; "
        "import, export, frequency | a single source: compare with the display before it controls anything |"]


def test_a_readme_without_place_is_told() -> None:
    assert with_table(f"a\n{BEGIN}old\n<!-- end of what ./dev meters made -->\nb\n").endswith("-->\nb\n")
    with pytest.raises(ValueError, match="dev meters"):
        with_table("a")
