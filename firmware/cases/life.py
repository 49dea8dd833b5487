"""A case lived through second by second, in the production lines and cycle: events happen, checks are watched."""

from collections.abc import Callable
from typing import Any

from control.values import NONE, Plan, Snapshot
from firmware.cases.case import CaseFile
from firmware.cases.checks import Verdict, Watch
from firmware.cases.events import ACTIONS
from firmware.cases.quantities import at_the_end, reader
from firmware.cases.tables import PartTable
from firmware.config.site import DeviceFile
from firmware.day import Day
from firmware.duties import Duties
from firmware.pmin import owed_w
from firmware.simulated.house import Simulated, part_kind
from hal.ports import Load, Meter
from sim.car import Session
from sim.ill import Ill, IllLoad, IllMeter
from sim.part import DAY_MS

OVER_PERMILLE = 1_010  # of a fuse's rating: EN 50470-3 class B lets a meter be wrong by 1 %
NEVER_MS = DAY_MS * 2
FIRST_DAY = "2024-01-01"  # of Pmin: a case says the same on every day
Options = dict[str, object]


class CaseLife:
    """`run` lives all of it; `snapshot` and `plan` are the newest, `see` is called after each second."""

    def __init__(self, file: CaseFile) -> None:
        case = file.case
        self.file = file
        self.site = file.site.site
        self.index = {device.name: index for index, device in enumerate(self.site.devices)}
        self.ill = tuple(Ill() for _ in self.site.devices)
        self.over_s: "list[int]" = [0] * len(self.site.nodes)  # above its rating, in a row
        self.snapshot: "Snapshot | None" = None
        self.plan: "Plan | None" = None
        self.start_ms = (int(case.start[:2]) * 60 + int(case.start[3:])) * 60_000
        self._figures: "dict[str, object]" = {}
        self._events = list(file.events)
        simulated = Simulated(file.site, case.weather, case.seed, parts=_parts(file), household_w=case.household_w)
        simulated.world.sun.held_permille = NONE if case.light_pct is None else case.light_pct * 10
        self.day: Day = Day(file.site, case.weather, case.seed, None, self.start_ms, simulated, self._patient)
        self._watches = [(check.of, Watch(check, reader(file.site, check.of), case.seconds)) for check in file.checks]
        self.down_until_ms = 0  # nobody decides before
        self.duty_states: "dict[str, str]" = {}  # by direction, what became last of what the grid operator demanded
        self._duties = Duties(self.site, owed_w(self.site.devices, FIRST_DAY))

    def run(self, see: "Callable[[CaseLife], None] | None" = None) -> "tuple[Verdict, ...]":
        for second in range(self.file.case.seconds):
            while self._events and self._events[0].at_s <= second:  # type: ignore[attr-defined]
                event: Any = self._events.pop(0)
                ACTIONS[event.__struct_config__.tag](self, event)
            self._second()
            self._watch_fuses()
            for of, watch in self._watches:
                if not at_the_end(of):
                    watch.see(self, second)
            if see is not None:
                see(self)
        for of, watch in self._watches:
            if at_the_end(of):
                watch.see(self, self.file.case.seconds - 1)
        return tuple(watch.verdict() for _, watch in self._watches)

    def kpi(self) -> "dict[str, object]":
        """When all is over."""
        self._figures = self._figures or self.day.kpi.as_dict()
        return self._figures

    def _second(self) -> None:
        if self.down_until_ms <= self.day.clock.now_ms():
            self.snapshot, self.plan = self.day.second()
            for event in self._duties.look(self.snapshot, self.plan):
                if event["state"] != "minute":
                    self.duty_states[event["direction"]] = event["state"]
            return
        self.plan = None
        self.day.alone()
        if self.down_until_ms <= self.day.clock.now_ms() + 1_000:
            self.day.boot()

    def _watch_fuses(self) -> None:
        house = self.day.simulated.house
        for index, node in enumerate(self.site.nodes):
            over = max(abs(ma) for ma in house.node_ma(index)) * 1000 > node.rated_ma * OVER_PERMILLE
            self.over_s[index] = self.over_s[index] + 1 if over else 0

    def _patient(self, day: Day, index: int, device: Meter) -> Meter:
        seed = self.file.case.seed * 64 + index
        if isinstance(device, Load):
            return IllLoad(device, self.ill[index], day.clock, seed)
        return IllMeter(device, self.ill[index], day.clock, seed)

    def devices_on(self, line: str) -> "list[int]":
        files: "tuple[DeviceFile, ...]" = self.file.site.devices
        return [index for index, device in enumerate(files) if device.line == line]


def _parts(file: CaseFile) -> "dict[str, Options]":
    """What [part.NAME] says, as the physics takes it."""
    kinds = {spec.name: part_kind(spec, device) for spec, device in zip(file.site.site.devices, file.site.devices)}
    return {name: _options(part, str(kinds[name])) for name, part in file.parts.items()}


def _options(part: PartTable, kind: str) -> Options:
    out: Options = {key: getattr(part, key) for key in (
        "capacity_wh", "used_phases", "lag_ms", "max_w", "peak_w", "tilt_deg", "azimuth_deg", "litres")}
    if part.soc_pct is not None:
        out["soc_permille"] = part.soc_pct * 10
    if part.max_a is not None:
        out["max_ma"] = part.max_a * 1000
    if part.temperature_c is not None:
        out["temperature_mdegc"] = part.temperature_c * 1000
    if part.outside_c is not None:
        out["outside_mdegc"] = (part.outside_c * 1000, 4_000)
    if part.plugged is not None and kind == "battery":
        out["plugged"] = part.plugged
    elif part.plugged is not None:
        soc_permille = 500 if part.soc_pct is None else part.soc_pct * 10
        out["sessions"] = (Session(0, DAY_MS, soc_permille),) if part.plugged else (Session(NEVER_MS, NEVER_MS, 0),)
    return {key: value for key, value in out.items() if value is not None}
