"""Scenes to record, and `--record`: `./dev replay --record` writes tests/replay/journals anew, on purpose.

A scene is a few minutes of a simulated house, recorded by the production journal after a time nobody keeps. What it
shows stands beside it as text, so that a change of control is a diff to read.
"""

import gzip
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from control.reasons import alarm, sentence
from control.values import Plan, Site
from firmware.build import Port
from firmware.config.file import LineSpec, load
from firmware.day import Day
from firmware.journal import Journal, journals
from sim.appliance import Appliance
from sim.mischief import Mischief

HERE = Path(__file__).parent
GOLDEN = HERE / "journals"
HOUSES = HERE.parent / "simulation"
HOUR_MS = 3_600_000


class Stage:
    """A day, with what a scene's events need."""

    def __init__(self, house: str, scenario: str, seed: int, hour: int) -> None:
        self.buses: "dict[str, Mischief]" = {}
        self.day = Day(load(HOUSES / f"{house}.toml"), scenario, seed, self._port, hour * HOUR_MS)

    def _port(self, day: Day, line: LineSpec) -> Port:
        port = day.simulated.port(line)
        if line.kind.startswith("modbus"):
            self.buses[line.name] = Mischief(port, day.clock, 1)
            return self.buses[line.name]
        return port

    def plug(self, phases: "tuple[int, ...]") -> Appliance:
        appliance = Appliance(phases)
        self.day.simulated.house.hang(0, appliance)
        return appliance


class Scene(NamedTuple):
    name: str
    house: str
    scenario: str
    seed: int
    hour: int
    before_s: int  # lived through first, not recorded
    seconds: int
    events: "Callable[[Stage], Iterator[int]]"  # yields the second of its next event before it acts


def cloud(stage: Stage) -> "Iterator[int]":
    yield -1


def loss(stage: Stage) -> "Iterator[int]":
    yield 30
    stage.buses["meters"].cut = True
    yield 90
    stage.buses["meters"].cut = False


def squeeze(stage: Stage) -> "Iterator[int]":
    kettle, oven = stage.plug((2,)), stage.plug((0, 1, 2))
    yield 20
    kettle.switch(3_000)
    yield 80
    oven.switch(6_000)
    yield 140
    kettle.switch(0)
    oven.switch(0)


SCENES = (
    Scene("cloud", "house", "cloudy", 5, 11, 4_340, 560, cloud),
    Scene("loss", "house", "sunny", 7, 12, 900, 300, loss),
    Scene("squeeze", "tight", "winter", 7, 17, 1_500, 300, squeeze),
)


def record(scene: Scene, folder: Path, file_bytes: int = 4_000_000) -> "list[Plan]":
    """Into `folder`; returns the plans."""
    stage = Stage(scene.house, scene.scenario, scene.seed, scene.hour)
    day = stage.day
    for _ in range(scene.before_s):
        day.second()
    journal = Journal(folder, file_bytes)
    events = scene.events(stage)
    due, plans = next(events), []
    for second in range(scene.seconds):
        if second == due:
            due = next(events, -1)
        before = day.cycle.state
        snapshot, plan = day.second()
        journal.add(day.cycle.site, before, snapshot, plan)
        plans.append(plan)
    journal.close()
    assert journal.fault == ""
    return plans


def record_golden(scene: Scene, folder: Path) -> None:
    """The same bytes whenever the same is recorded."""
    plans = record(scene, folder)
    path, = journals(folder)
    (GOLDEN / f"{scene.name}.jsonl.gz").write_bytes(gzip.compress(gzip.decompress(path.read_bytes()), 9, mtime=0))
    site = load(HOUSES / f"{scene.house}.toml").site
    (GOLDEN / f"{scene.name}.txt").write_text("\n".join(told(site, plans)) + "\n")


def told(site: Site, plans: "list[Plan]") -> "list[str]":
    """What was decided, a line where the cause changes, or whether anything is granted."""
    out: "list[str]" = []
    causes: "dict[int, object]" = {}
    alarms: "tuple[tuple[int, int], ...]" = ()
    for second, plan in enumerate(plans):
        for index, grant in enumerate(plan.grants):
            if grant is not None and causes.get(index) != (grant.setpoint.power_w != 0, grant[2:]):
                causes[index] = (grant.setpoint.power_w != 0, grant[2:])
                out.append(f"{second:4} {site.devices[index].name:9} {sentence(site, index, grant)}")
        if plan.alarms != alarms:
            alarms = plan.alarms
            out.append(f"{second:4} {'; '.join(alarm(site, *each) for each in alarms) or 'no alarm'}")
    return out


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--record", action="store_true", help="write tests/replay/journals anew instead of comparing")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "scene" in metafunc.fixturenames:
        metafunc.parametrize("scene", SCENES, ids=[scene.name for scene in SCENES])


@pytest.fixture
def golden(scene: Scene, request: pytest.FixtureRequest, tmp_path: Path) -> "tuple[Path, list[str]]":
    """The committed journal of a scene and what it shows; recorded anew first when that is asked for."""
    if request.config.getoption("--record", default=False):
        record_golden(scene, tmp_path)
    return GOLDEN / f"{scene.name}.jsonl.gz", (GOLDEN / f"{scene.name}.txt").read_text().splitlines()


@pytest.fixture
def tell() -> "Callable[[Site, list[Plan]], list[str]]":
    return told


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> "tuple[Path, list[Plan]]":
    """A folder of several files, just recorded, and the plans in them."""
    folder = tmp_path_factory.mktemp("journal")
    return folder, record(SCENES[1], folder, file_bytes=5_000)
