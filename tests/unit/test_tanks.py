"""When a tank was last hot survives a restart, by a clock that is set; and the journal can still be replayed."""

import json
from pathlib import Path

from control.heat import HOLD_MS
from control.step import start
from control.values import NONE, OFF, SURPLUS, DeviceSpec, NodeSpec, Site
from firmware.cycle import Cycle
from firmware.image import Image
from firmware.kept import Kept
from firmware.tanks import Tanks
from hal.heat import HeatRule
from hal.values import ability

DAY_MS = 86_400_000
RULE = HeatRule(NONE, 60_000, 3_000, 65_000, 7 * DAY_MS, None, 0, 0, 3_500, 0)
SITE = Site("tanks", (NodeSpec("house", NONE, 0, 35_000, 35_000, "sls-e", 10_000, 0, 0),), (
    DeviceSpec("grid", 0, (0, 1, 2), ability("meter"), 0, OFF, 5_000, 0, None, NONE, ""),
    DeviceSpec("rod", 0, (2,), ability("heater", max_w=3_500, heat=RULE), 5, SURPLUS, 5_000, 16_000, None, NONE, ""),
    DeviceSpec("fan", 0, (1,), ability("heater", max_w=1_000), 5, SURPLUS, 5_000, 16_000, None, NONE, ""),
), 1_000, NONE, None)


class Process:
    """One life of the daemon; the wall clock is `wall_s` at its time 0."""

    def __init__(self, path: Path, wall_s: int, clock_set: bool = True) -> None:
        self.kept = Kept(path, 0)
        self.cycle = Cycle(SITE, Image(3), 0)
        self.cycle.day_ms = 0 if clock_set else NONE
        self.now_ms = 0
        self.tanks = Tanks(SITE, self.kept, 0, lambda: wall_s + self.now_ms // 1_000)

    def obey(self, now_ms: int) -> int:
        """How long ago, by the decision, the rod's tank was hot, in s."""
        self.now_ms = now_ms
        self.tanks.obey(self.cycle, now_ms)
        load = self.cycle.state.loads[1]
        assert load is not None
        assert load.upkeep is not None
        return (now_ms - load.upkeep.hot_ms) // 1_000

    def hot(self, at_ms: int) -> None:
        loads = list(self.cycle.state.loads)
        load = loads[1]
        assert load is not None
        assert load.upkeep is not None
        loads[1] = load._replace(upkeep=load.upkeep._replace(hot_ms=at_ms))
        self.cycle.state = self.cycle.state._replace(loads=tuple(loads))


def test_what_was_known_before_a_restart_is_known_after_it(tmp_path: Path) -> None:
    path = tmp_path / "state" / "tanks.json"
    process = Process(path, 1_000_000)
    assert process.obey(1_000) == 6 * 86_400 + 1
    process.hot(2_000_000)
    process.obey(5_000_000)
    process.kept.close()
    assert json.loads(path.read_text()) == {"format": 1, "hot": {"rod": 1_002_000}}
    assert Process(path, 1_100_000).obey(1_000) == 98_001


def test_what_is_only_hoped_is_not_put_off_by_restarts(tmp_path: Path) -> None:
    path, ago_s = tmp_path / "tanks.json", []
    for life in range(4):
        process = Process(path, 1_000_000 + 3_600 * life)
        ago_s.append(process.obey(0))
        process.kept.close()
    assert ago_s == [6 * 86_400 + 3_600 * life for life in range(4)]


def test_nothing_is_told_nor_believed_by_a_clock_that_is_not_set(tmp_path: Path) -> None:
    path = tmp_path / "tanks.json"
    path.write_text(json.dumps({"format": 1, "hot": {"rod": 900_000}}))
    process = Process(path, 5_000, clock_set=False)
    assert process.obey(1_000) == 6 * 86_400 + 1
    assert json.loads(path.read_text())["hot"] == {"rod": 900_000}
    process.cycle.day_ms = 0
    process.tanks._wall_s = lambda: 1_000_000
    assert process.obey(30_000) == 100_000


def test_what_cannot_be_is_not_believed(tmp_path: Path) -> None:
    path = tmp_path / "tanks.json"
    for content in ('{"format": 1, "hot": {"rod": 2000000, "gone": 5}}', '{"format": 9, "hot": {"rod": 5}}', "[]", "{",
                    '{"format": 1, "hot": {"rod": "x"}}', '{"format": 1, "hot": 7}'):
        path.write_text(content)
        assert Process(path, 1_000_000).obey(1_000) == 6 * 86_400 + 1


def test_a_tank_that_has_been_hot_meanwhile_is_not_made_older(tmp_path: Path) -> None:
    path = tmp_path / "tanks.json"
    path.write_text(json.dumps({"format": 1, "hot": {"rod": 900_000}}))
    process = Process(path, 1_000_000, clock_set=False)
    process.hot(HOLD_MS)
    process.cycle.day_ms = 0
    assert process.obey(HOLD_MS + 60_000) == 60


def test_a_house_without_such_a_tank_keeps_nothing(tmp_path: Path) -> None:
    site = Site(*SITE[:2], SITE.devices[:1] + SITE.devices[2:], *SITE[3:])
    tanks, cycle = Tanks(site, Kept(tmp_path / "tanks.json", 0), 0), Cycle(site, Image(2), 0)
    cycle.day_ms = 0
    tanks.obey(cycle, 1_000)
    assert cycle.state == start(site, 0)
    assert not (tmp_path / "tanks.json").exists()
