"""The cases of sim/cases hold, and each of them can fail: a controller that gives all, or none, does not pass it."""

from pathlib import Path

import pytest

from control import reasons
from control.values import NONE, DeviceSpec, Grant, NodeView, Obeyed, Plan, Site, Snapshot
from control.wiring import is_told
from firmware.cases import case
from firmware.cases.checks import Verdict
from firmware.cases.life import CaseLife
from firmware.cycle import Cycle
from firmware.image import Lease
from firmware.line import LEASE_MS
from hal.values import STOP, ZERO, Phases, Setpoint, placed

FOLDER = Path(__file__).parents[2] / "sim" / "cases"
PATHS = sorted(FOLDER.glob("*.toml"))


def failed(verdicts: "tuple[Verdict, ...]") -> "list[str]":
    return [verdict.words() for verdict in verdicts if not verdict.held]


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_case(path: Path) -> None:
    assert failed(CaseLife(case.load(path)).run()) == []


class Simple(Cycle):
    """Gives every load all it can take, or nothing; believes everything."""

    def __init__(self, cycle: Cycle, all_of_it: bool) -> None:
        super().__init__(cycle.site, cycle._image, 0)
        self.modes, self.obligations = cycle.modes, cycle.obligations
        self._plan = plan_of(cycle.site, all_of_it)

    def once(self, now_ms: int) -> "tuple[Snapshot, Plan]":
        for index, grant in enumerate(self._plan.grants):
            if grant is not None:
                self._image.lease(index, Lease(grant.setpoint, now_ms + LEASE_MS))
        return self._image.snapshot(now_ms, self.modes, self.obligations), self._plan


def plan_of(site: Site, all_of_it: bool) -> Plan:
    grants = tuple(Grant(most(device) if all_of_it else STOP, STOP, reasons.FULL, NONE, NONE)
                   if is_told(device) else None for device in site.devices)
    return Plan(grants, tuple(NodeView(None, ZERO, ZERO, True) for _ in site.nodes), 0, (), Obeyed((), None, None))


def most(device: DeviceSpec) -> Setpoint:
    able = device.ability
    if able.kind == "wallbox":
        current = placed((able.max_ma,) * len(device.phases), device.phases)
        return Setpoint(current, current.total() * 230 // 1_000)
    if able.kind == "inverter":
        return Setpoint(ZERO, able.min_w)
    power_w = sum(able.stages[-1]) if able.kind == "stages" else able.max_w
    return Setpoint(Phases(*placed((power_w * 1_000 // 230 // len(device.phases),) * len(device.phases),
                                   device.phases)), power_w)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_case_can_fail(path: Path) -> None:
    for all_of_it in (False, True):
        life = CaseLife(case.load(path))
        life.day.cycle = Simple(life.day.cycle, all_of_it)
        if failed(life.run()):
            return
    pytest.fail("neither all nor nothing fails it: its checks say nothing about the decision")
