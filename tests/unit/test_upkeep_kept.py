"""What loads remember survives a restart, by a clock that is set: hot tanks, starts, energy, wear, phases."""

import json
from pathlib import Path

import pytest

from control import reasons
from control.heat import HOLD_MS
from control.phases import MOST_TURNS
from control.step import start
from control.values import FAST, NONE, OFF, SURPLUS, DeviceSpec, Grant, NodeSpec, Site
from firmware.cycle import Cycle
from firmware.image import Image
from firmware.kept import Kept
from firmware.upkeep import KeptUpkeep
from hal.heat import HeatRule
from hal.values import Phases, Reading, ability, reading

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
        self.keeper = KeptUpkeep(SITE, self.kept, 0, lambda: wall_s + self.now_ms // 1_000)

    def obey(self, now_ms: int) -> int:
        """How long ago, by the decision, the rod's tank was hot, in s."""
        self.now_ms = now_ms
        self.keeper.obey(self.cycle, now_ms)
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
    path = tmp_path / "state" / "upkeep.json"
    process = Process(path, 1_000_000)
    assert process.obey(1_000) == 6 * 86_400 + 1
    process.hot(2_000_000)
    process.obey(5_000_000)
    process.kept.close()
    assert json.loads(path.read_text()) == {"format": 1, "loads": {"rod": {"hot_s": 1_002_000}}}
    assert Process(path, 1_100_000).obey(1_000) == 98_001


def test_what_is_only_hoped_is_not_put_off_by_restarts(tmp_path: Path) -> None:
    path, ago_s = tmp_path / "upkeep.json", []
    for life in range(4):
        process = Process(path, 1_000_000 + 3_600 * life)
        ago_s.append(process.obey(0))
        process.kept.close()
    assert ago_s == [6 * 86_400 + 3_600 * life for life in range(4)]


def test_nothing_is_told_nor_believed_by_a_clock_that_is_not_set(tmp_path: Path) -> None:
    path = tmp_path / "upkeep.json"
    path.write_text(json.dumps({"format": 1, "loads": {"rod": {"hot_s": 900_000}}}))
    process = Process(path, 5_000, clock_set=False)
    assert process.obey(1_000) == 6 * 86_400 + 1
    assert json.loads(path.read_text())["loads"] == {"rod": {"hot_s": 900_000}}
    process.cycle.day_ms = 0
    process.keeper._wall_s = lambda: 1_000_000
    assert process.obey(30_000) == 100_000


def test_what_cannot_be_is_not_believed(tmp_path: Path) -> None:
    path = tmp_path / "upkeep.json"
    for content in ('{"format": 1, "loads": {"rod": {"hot_s": 2000000}, "gone": 5}}', "[]", "{", '{"format": 1}',
                    '{"format": 9, "loads": {"rod": {"hot_s": 5}}}', '{"format": 1, "loads": {"rod": {"hot_s": "x"}}}',
                    '{"format": 1, "loads": {"rod": 5}}', '{"format": 1, "loads": 7}'):
        path.write_text(content)
        assert Process(path, 1_000_000).obey(1_000) == 6 * 86_400 + 1


def test_a_tank_that_has_been_hot_meanwhile_is_not_made_older(tmp_path: Path) -> None:
    path = tmp_path / "upkeep.json"
    path.write_text(json.dumps({"format": 1, "loads": {"rod": {"hot_s": 900_000}}}))
    process = Process(path, 1_000_000, clock_set=False)
    process.hot(HOLD_MS)
    process.cycle.day_ms = 0
    assert process.obey(HOLD_MS + 60_000) == 60


def test_a_house_without_such_a_tank_keeps_nothing(tmp_path: Path) -> None:
    site = Site(*SITE[:2], SITE.devices[:1] + SITE.devices[2:], *SITE[3:])
    keeper, cycle = KeptUpkeep(site, Kept(tmp_path / "upkeep.json", 0), 0), Cycle(site, Image(2), 0)
    cycle.day_ms = 0
    keeper.obey(cycle, 1_000)
    assert cycle.state == start(site, 0)
    assert not (tmp_path / "upkeep.json").exists()


HOUR_S = 3_600
DAILY = HeatRule(NONE, None, 0, None, 0, None, 0, 0, 3_500, 10_000)
BUSY = Site("busy", SITE.nodes, (
    SITE.devices[0],
    DeviceSpec("pump", 0, (0, 1), ability("stages", stages=((0, 0), (1_000, 0), (0, 1_000), (1_000, 1_000)),
                                          measured=False, most_starts=2), 9, FAST, 5_000, 16_000, None, NONE, ""),
    DeviceSpec("rod", 0, (2,), ability("heater", max_w=3_500, heat=DAILY), 5, FAST, 5_000, 16_000, None, NONE, ""),
    DeviceSpec("car", 0, (0, 1, 2), ability("wallbox", min_ma=6_000, max_ma=16_000, one_phase=True), 1, SURPLUS,
               5_000, 16_000, None, NONE, ""),
), 1_000, NONE, None)


class Life:
    """One life of the daemon in a house that draws nothing, from a time of that day on."""

    def __init__(self, folder: Path, at_s: int, day_s: int) -> None:
        self.kept = Kept(folder / "upkeep.json", 0)
        self.image = Image(len(BUSY.devices))
        self.cycle = Cycle(BUSY, self.image, 0)
        self.now_ms, self.at_s, self.day_s = 0, at_s, day_s
        self.keeper = KeptUpkeep(BUSY, self.kept, 0, lambda: self.at_s + self.now_ms // 1_000)
        self.rod_w = 0

    def run(self, seconds: int) -> "tuple[Grant, ...]":
        for _ in range(seconds):
            self.now_ms += 1_000
            self.cycle.day_ms = (1_000 * self.day_s + self.now_ms) % 86_400_000
            self.keeper.obey(self.cycle, self.now_ms)
            self.image.hear(0, house(self.now_ms, self.rod_w, None))
            self.image.hear(2, house(self.now_ms, self.rod_w, None))
            self.image.hear(3, house(self.now_ms, 0, "B"))
            plan = self.cycle.once(self.now_ms)[1]
            rod = plan.grants[2]
            assert rod is not None
            self.rod_w = rod.setpoint.power_w
        return plan.grants[1:]  # type: ignore[return-value]

    def mode(self, device: int, mode: str) -> None:
        self.cycle.modes = tuple([mode if index == device else was for index, was in enumerate(self.cycle.modes)])


def house(now_ms: int, rod_w: int, state: "str | None") -> Reading:
    flow = Phases(0, 0, rod_w * 1_000 // 230)
    volts = Phases(230_000 + now_ms // 1_000 % 97, 230_000, 230_000)
    return reading(now_ms, total_w=rod_w, current_ma=flow, voltage_mv=volts, state=state)


def reborn(life: Life, dead_s: int) -> Life:
    """The next process, after that time."""
    life.kept.close()
    gone_s = life.now_ms // 1_000 + dead_s
    return Life(life.kept._path.parent, life.at_s + gone_s, (life.day_s + gone_s) % 86_400)


def test_no_more_starts_than_in_a_day_also_over_restarts(tmp_path: Path) -> None:
    life = Life(tmp_path, 1_000_000, 6 * HOUR_S)
    for _ in range(2):
        life.mode(1, FAST)
        assert life.run(120)[0].setpoint.power_w > 0
        life.mode(1, OFF)
        life.run(10)
    life = reborn(life, HOUR_S)
    assert life.run(120)[0].reason == reasons.STARTS_USED
    life = reborn(life, 24 * HOUR_S)
    assert life.run(120)[0].setpoint.power_w > 0


def test_a_start_is_kept_at_once(tmp_path: Path) -> None:
    life = Life(tmp_path, 1_000_000, 6 * HOUR_S)
    life.mode(1, OFF)
    life.run(61)
    life.mode(1, FAST)
    life.run(10)
    life.kept.close()
    assert len(json.loads((tmp_path / "upkeep.json").read_text())["loads"]["pump"]["starts_s"]) == 1


@pytest.mark.parametrize(("begins", "dead_s", "spent"),
                         [(6, 60, True), (6, 20 * HOUR_S, False), (22, 3 * HOUR_S, False)])
def test_the_energy_of_a_day_is_that_of_the_day(tmp_path: Path, begins: int, dead_s: int, spent: bool) -> None:
    """3.5 kW for nearly three hours, of 10 kWh; what is left of them lasts no minute more on that day."""
    life = Life(tmp_path, 1_000_000, begins * HOUR_S)
    life.run(5)
    load = life.cycle.state.loads[2]
    assert load is not None
    assert load.upkeep is not None
    loads = list(life.cycle.state.loads)
    loads[2] = load._replace(upkeep=load.upkeep._replace(day_mws=9_990 * 3_600_000))
    life.cycle.state = life.cycle.state._replace(loads=tuple(loads))
    life.run(61)
    assert life.run(1)[1].reason == reasons.DAY_ENERGY
    life = reborn(life, dead_s)
    assert (life.run(60)[1].reason == reasons.DAY_ENERGY) == spent
    assert (life.rod_w == 0) == spent


def test_conductors_in_turn_go_on_in_turn(tmp_path: Path) -> None:
    life = Life(tmp_path, 1_000_000, 6 * HOUR_S)
    life.run(5)
    load = life.cycle.state.loads[1]
    assert load is not None
    assert load.upkeep is not None
    loads = list(life.cycle.state.loads)
    loads[1] = load._replace(upkeep=load.upkeep._replace(used_ms=(900_000, 5_000)))
    life.cycle.state = life.cycle.state._replace(loads=tuple(loads))
    life.run(61)
    life = reborn(life, 60)
    life.mode(1, OFF)
    life.run(1)
    after = life.cycle.state.loads[1]
    assert after is not None
    assert after.upkeep is not None
    assert after.upkeep.order == (1, 0)
    assert after.upkeep.used_ms[0] >= 900_000


def test_changes_of_phases_and_their_dwell_go_on(tmp_path: Path) -> None:
    life = Life(tmp_path, 1_000_000, 6 * HOUR_S)
    life.run(5)
    loads = list(life.cycle.state.loads)
    assert loads[3] is not None
    loads[3] = loads[3]._replace(turns=MOST_TURNS, conductors=1, conductors_ms=life.now_ms)
    life.cycle.state = life.cycle.state._replace(loads=tuple(loads))
    life.run(2)
    life = reborn(life, 60)
    life.run(5)
    load = life.cycle.state.loads[3]
    assert load is not None
    assert (load.turns, load.conductors) == (MOST_TURNS, 1)
    assert life.now_ms - load.conductors_ms == 67_000
    life = reborn(life, 25 * HOUR_S)
    life.run(5)
    load = life.cycle.state.loads[3]
    assert load is not None
    assert load.turns == 0
