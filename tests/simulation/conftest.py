"""Houses to live through second by second, with trouble at hand; what must hold in every second is checked in each.

A failure shows which house it was: scenario, seed and the time it had come to.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from control.values import Grant, Plan, Snapshot
from firmware.build import Port
from firmware.config.file import LineSpec, SiteFile, load
from firmware.day import Day
from hal.ports import Bus, Stream
from hal.values import ZERO
from sim.appliance import Appliance
from sim.kpi import Limit
from sim.mischief import Mischief, Noise, Trouble
from sim.part import Part
from sim.twins import Twin

HOUSE = Path(__file__).parent / "house.toml"
CHAIN_S = 13  # from an overload to its end, the whole way: meter, decision, write, device, car
OVER_PERMILLE = 1_010  # of a fuse's rating: less is the voltage, and the standby of devices
HOUR_MS = 3_600_000


class Life:
    """A house on a day of its own; `run` lives on, and keeps the newest snapshot and plan."""

    def __init__(self, file: SiteFile, scenario: str, seed: int, start_ms: int) -> None:
        self.name = f"{file.site.name}, {scenario}, seed {seed}"
        self.site = file.site
        self.index = {device.name: index for index, device in enumerate(file.site.devices)}
        self.buses: "dict[str, Mischief]" = {}
        self.heads: "dict[str, Noise]" = {}
        self._where = {device.name: (device.line, device.options.get("unit", 1)) for device in file.devices}
        self.day = Day(file, scenario, seed, lambda day, line: self._port(day, line, seed), start_ms)
        self.house = self.day.simulated.house
        self.snapshot: "Snapshot | None" = None
        self.plan: "Plan | None" = None
        self.over_s = [0] * len(file.site.nodes)  # in a row, by node
        self.longest_over_s = 0

    def _port(self, day: Day, line: LineSpec, seed: int) -> Port:
        port = day.simulated.port(line)
        if isinstance(port, Bus):
            self.buses[line.name] = Mischief(port, day.clock, seed)
            return self.buses[line.name]
        if isinstance(port, Stream):
            self.heads[line.name] = Noise(port, seed)
            return self.heads[line.name]
        return port

    def run(self, seconds: int, see: "Callable[[], None] | None" = None) -> None:
        """`see` is called after each of them."""
        for _ in range(seconds):
            before = self.plan
            self.snapshot, self.plan = self.day.second()
            self._adds_up()
            self._watch_fuses()
            if before is not None and not self.plan.nodes[0].believed:
                self._nothing_rises(before, self.plan)
            if see is not None:
                see()

    def trouble(self, device: str) -> Trouble:
        line, unit = self._where[device]
        return self.buses[line].on(unit)

    def part(self, name: str) -> Part:
        return self.day.simulated.part(name)

    def twin(self, device: str) -> Twin:
        return self.day.simulated.twins[self.index[device]]

    def grant(self, device: str) -> Grant:
        assert self.plan is not None
        grant = self.plan.grants[self.index[device]]
        assert grant is not None
        return grant

    def believed(self) -> bool:
        assert self.plan is not None
        return self.plan.nodes[0].believed

    def alarms(self, device: str) -> "set[int]":
        """Why its reading is not believed now, or its writes are not taken."""
        assert self.plan is not None
        return {reason for reason, index in self.plan.alarms if index == self.index[device]}

    def plug(self, node: int, phases: "tuple[int, ...]") -> Appliance:
        """One more thing that nobody controls."""
        appliance = Appliance(phases)
        self.house.hang(node, appliance)
        return appliance

    def limit(self, node: str, what: str = "fuse") -> Limit:
        return next(limit for limit in self.day.kpi.limits() if (limit.node, limit.what) == (node, what))

    def _watch_fuses(self) -> None:
        """No fuse above its rating for longer than it takes from the meter to the car."""
        for index, node in enumerate(self.site.nodes):
            over = max(abs(ma) for ma in self.house.node_ma(index)) * 1000 > node.rated_ma * OVER_PERMILLE
            self.over_s[index] = self.over_s[index] + 1 if over else 0
            self.longest_over_s = max(self.longest_over_s, self.over_s[index])
            assert self.over_s[index] <= CHAIN_S, (node.name, self.house.node_ma(index))

    def _adds_up(self) -> None:
        """The grid is the sum of the parts, on every phase."""
        total = ZERO
        for part in self.house.parts:
            total = total.plus(part.power_w)
        assert self.house.node_w(0) == total

    def _nothing_rises(self, before: Plan, now: Plan) -> None:
        """While the grid is not believed."""
        for device, old, new in zip(self.site.devices, before.grants, now.grants):
            if old is not None and new is not None:
                wallbox = device.ability.kind == "wallbox"
                assert all(w <= v for v, w in zip(most(old, wallbox), most(new, wallbox))), (device.name, old, new)

    def __repr__(self) -> str:
        ms = self.day.clock.now_ms()
        return f"{self.name}, at {ms // HOUR_MS:02d}:{ms // 60_000 % 60:02d}:{ms // 1000 % 60:02d}"


def most(grant: Grant, wallbox: bool) -> "tuple[int, ...]":
    """What may flow under a grant, into the load or out of it."""
    return tuple(grant.setpoint.current_ma) if wallbox else (abs(grant.setpoint.power_w),)


@pytest.fixture
def live(tmp_path: Path) -> "Iterator[Callable[..., Life]]":
    """live(scenario, seed, hour, text) begins a Life at that hour; `text` is a SITE.toml, else it is house.toml."""
    lives: "list[Life]" = []

    def begin(scenario: str, seed: int, hour: int = 0, text: str = "") -> Life:
        path = HOUSE
        if text:
            path = tmp_path / "house.toml"
            path.write_text(text)
        lives.append(Life(load(path), scenario, seed, hour * HOUR_MS))
        return lives[-1]

    yield begin
    for life in lives:
        print(repr(life))  # pytest shows it beside a failure
