"""A house whose roof is limited, as its owner sees it: check, topics, totals, Home Assistant, what can be set."""

import argparse
import json
from pathlib import Path
from typing import Any

import pytest

from control import reasons
from control.values import (
    NO_WISH,
    NONE,
    NOTHING_HEARD,
    NOTHING_WRITTEN,
    Grant,
    Heard,
    NodeView,
    Obeyed,
    Plan,
    Snapshot,
)
from drivers.mqtt import Message
from firmware import check, topics
from firmware.ability import ability_pairs
from firmware.checks.generation import warnings
from firmware.commands import Commands
from firmware.config.file import ConfigError, SiteFile, load
from firmware.cycle import Cycle
from firmware.home_assistant.discovery import HomeAssistant
from firmware.image import Image
from firmware.line import Slot
from firmware.settable import of_device
from firmware.totals import Totals
from hal.faults import TIMEOUT, Fault
from hal.ports import Meter
from hal.values import ZERO, Phases, Setpoint, reading

HOUSES = Path(__file__).parents[2] / "sim" / "cases" / "houses"
ROOT = "hutschiene/roof/"
ROOF = 1


@pytest.fixture
def house() -> SiteFile:
    return load(HOUSES / "roof.toml")


def run(path: Path, capsys: "pytest.CaptureFixture[str]") -> "list[str]":
    parser = argparse.ArgumentParser()
    check.add_arguments(parser)
    assert check.run(parser.parse_args([str(path)])) == 0
    return capsys.readouterr().out.split("\n")


def changed(tmp_path: Path, *pairs: "tuple[str, str]") -> Path:
    text = (HOUSES / "roof.toml").read_text("utf-8")
    for old, new in pairs:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    path = tmp_path / "site.toml"
    path.write_text(text)
    return path


def test_check_says_what_is_obeyed_and_what_happens_when_we_die(capsys: "pytest.CaptureFixture[str]") -> None:
    lines = run(HOUSES / "roof.toml", capsys)
    assert "      limited to 0 to 10000 W" in lines
    at = lines.index("Generation and the grid operator")
    assert lines[at + 1:at + 3] == [
        "  12000 W of generators are installed (generator_w)",
        "  the grid operator has to leave 4200 W (Pmin, section 14a) to carport"]
    assert lines[at + 3] == (
        "  box: w4 at most 4200 W for controllable devices, s1 at most 7200 W fed in, s2 at most 3600 W fed in, w3 at "
        "most 0 W fed in; while it is not heard: at most 4200 W for controllable devices, at most 0 W fed in")
    assert [line for line in lines if line.startswith("  roof within 60 s, then makes at most 10000 W: the inverter")]


def test_what_may_not_be_meant_is_asked(tmp_path: Path) -> None:
    plain = load(HOUSES / "roof.toml")
    assert warnings(plain) == []
    capped = load(changed(tmp_path, ("generator_w = 12000", "generator_w = 12000\nfeed_in_w = 7200")))
    assert warnings(capped) == ["site.feed_in_w: while this program is dead the inverters may make 10000 W, more than "
                                "the 7200 W that may be fed in (fallback_w, where they have one)"]
    read_only = (('driver = "sunspec_inverter"\nline =', 'driver = "sunspec_meter"\nrole = "source"\nline ='),
                 ("rated_w = 10000\n", ""))
    bare = load(changed(tmp_path, *read_only, ("generator_w = 12000", "generator_w = 6000\nfeed_in_w = 7200"),
                        ("w4_pin = 5", "w4_pin = 5\ndim_w = 4000")))
    assert warnings(bare) == [
        "site.feed_in_w: no inverter here can be limited; only loads and storage keep to it, while they can",
        "device.box: no inverter here can be limited; only loads and storage keep to it, while they can",
        "site.feed_in_w: more than all that is installed (generator_w = 6000)",
        "device.box: dims below 4200 W, the least the grid operator has to leave"]


@pytest.mark.parametrize(("pair", "words"), [
    (("rated_w = 10000", "rated_w = 10000\nmode = \"fast\""), 'device.roof.mode = "fast": an inverter has no such key'),
    (("rated_w = 10000", "rated_w = 10000\nleast_w = 20000"), "device.roof.least_w = 20000: above its rated power"),
    (("rated_w = 10000\n", ""), "device.roof.rated_w is missing"),
    (("w3_rest_pin = 26", "w3_rest_pin = 5"), "device.box.w3_rest_pin = 5: another of its contacts already has"),
    (("w3_rest_pin = 26", 'w3_rest_pin = 26\npriority = 3'), "device.box.priority = 3: a signal has no such key"),
])
def test_what_does_not_fit_is_refused(tmp_path: Path, pair: "tuple[str, str]", words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(changed(tmp_path, pair))
    assert words in str(caught.value)


def seen(house: SiteFile, roof: Heard, alarms: "tuple[tuple[int, int], ...]" = ()) -> "tuple[Snapshot, Plan]":
    heard = [Heard(reading(9_000, total_w=200, power_w=Phases(200, 0, 0)), None) for _ in house.site.devices]
    heard[ROOF] = roof
    grants: "list[Grant | None]" = [None] * len(heard)
    grants[ROOF] = Grant(Setpoint(ZERO, -3_000), Setpoint(ZERO, -10_000), reasons.FEED_IN, NONE, NONE)
    nothing = (NOTHING_WRITTEN,) * len(heard)
    snapshot = Snapshot(10_000, tuple(heard), nothing, ("off",) * len(heard), (), (), None, NONE)
    return snapshot, Plan(tuple(grants), (NodeView(None, ZERO, ZERO, True),), 0, alarms, Obeyed((), None, None))


def said(house: SiteFile, what: str, *of: Any) -> "dict[str, Any]":
    pairs = dict(topics.pairs(house.site, *seen(house, *of), ()))
    out: "dict[str, Any]" = json.loads(pairs[ROOT + what])
    return out


def test_what_it_makes_is_what_the_roof_makes_and_its_decision_has_no_mode(house: SiteFile) -> None:
    made = Heard(reading(9_000, total_w=-2_950), None)
    assert said(house, "site/state", made)["pv_w"] == -2_950
    decision = said(house, "roof/decision", made)
    assert (decision["mode"], decision["granted_w"]) == (None, -3_000)
    assert decision["why"] == "3,000 W: no more may be fed in"


def test_one_that_sleeps_counts_as_nothing_and_one_that_is_gone_is_not_known(house: SiteFile) -> None:
    gone = Heard(reading(1, total_w=-5), Fault(9_000, TIMEOUT, ""))
    assert said(house, "site/state", gone)["pv_w"] == 0  # the decision has no alarm of it
    assert said(house, "site/state", gone, ((reasons.STALE, ROOF),))["pv_w"] is None


def test_its_energy_is_made_and_contacts_have_none(house: SiteFile) -> None:
    totals = Totals(house.site, None, 0)
    for second in range(100):
        live = [reading(1_000 * second, total_w=-3_600) if device.name == "roof" else None for device in house.devices]
        totals.feed(Snapshot(1_000 * second, (NOTHING_HEARD,) * len(live), (), (), (), (), None, NONE), tuple(live))
    (index, known), = totals.known()
    assert (index, known.import_wh, known.summed) == (ROOF, None, True)
    assert known.export_wh is not None
    assert 30 <= known.export_wh <= 45


def test_what_it_can_be_told_and_does_alone(house: SiteFile) -> None:
    able = json.loads(dict(ability_pairs(house.site))[ROOT + "roof/ability"])
    assert (able["modes"], able["power_w"]) == ([], [-10_000, 0])
    assert (able["failsafe_ms"], able["left_alone_w"]) == (60_000, 10_000)
    assert ROOT + "box/ability" not in dict(ability_pairs(house.site))
    assert [(what.name, what.most) for what in of_device(house.site.devices[ROOF])] == [("limit", 10_000)]
    box = next(device for device in house.site.devices if device.name == "box")
    assert of_device(box) == ()


def test_its_owner_limits_it_over_mqtt(house: SiteFile) -> None:
    commands = Commands(house.site, None, 0)
    answer = commands.take(Message(ROOT + "roof/set/limit", b"2500", False), 0)
    assert answer is not None
    assert json.loads(answer[1])["ok"]
    cycle = Cycle(house.site, Image(len(house.devices)), 0)
    commands.apply(cycle, 1)
    assert cycle.wishes[ROOF] == NO_WISH._replace(limit=2_500)
    refused = commands.take(Message(ROOT + "roof/set/limit", b"12000", False), 0)
    assert refused is not None
    assert "allowed are 0 to 10000 (W)" in json.loads(refused[1])["why"]


def test_home_assistant_knows_it_and_the_box(house: SiteFile) -> None:
    snapshot, _ = seen(house, Heard(reading(9_000, total_w=-1, export_wh=1), None))
    told = {topic.split("/")[3]: json.loads(payload)["components"] for topic, payload in HomeAssistant(
        house.site, "homeassistant", True, "1", 0).news(snapshot, ())}
    assert {"power", "limit_w", "reason", "fault", "refused", "limit"} <= set(told["roof"])
    assert "-value_json.granted_w" in told["roof"]["limit_w"]["value_template"]
    assert {"demands", "fault"} == set(told["box"])
    assert told["site"]["feed_in_w"]["name"] == "Feed-in"


class Nothing(Meter):
    pass


def test_one_that_refuses_is_spoken_to_all_the_same(house: SiteFile) -> None:
    """Its fail-safe would let it make more."""
    able = house.site.devices[ROOF].ability
    assert able.failsafe_ms
    assert Slot(ROOF, Nothing(), able, 1_000, False).hush_ms == 0


