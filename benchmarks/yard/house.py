"""A house for the yardstick: parts, plain devices, lines and one controller, in closed loop on a simulated clock.

The controllers see the same readings through the same lines and write through the same leases; who is better is said by
the physics. Edges of loads fall between the cycles: the house lives in steps of `tick_ms`.
"""

from collections.abc import Callable
from typing import NamedTuple, Protocol

from control.values import NONE, DeviceSpec, NodeSpec, Obligation, Plan, Site, Snapshot, store
from firmware.image import Image
from firmware.lanes import Lanes
from firmware.line import Line, Slot
from firmware.loop import over
from hal.ports import Meter
from hal.values import Ability, ability
from sim.battery import Battery
from sim.car import Car
from sim.clock import SimClock
from sim.house import House
from sim.ill import Ill, IllLoad, IllMeter
from sim.kpi import Kpi
from sim.part import Part
from sim.plain import Plain, PlainMeter, PlainStorage, PlainWallbox
from sim.rng import Rng
from sim.world import World

SECOND_MS = 1_000
QUICK_MS = (300, 900)  # box and car together, as most cars of today; the standard's bound is sim.car's default
TOLERANCE_PERMILLE = 1_010  # EN 50470-3 class B: a meter may be wrong by 1 %
STORAGE_W = 5_000
ALL = (0, 1, 2)
Described = tuple[str, int, tuple[int, ...], dict[str, object]]  # as sim.world takes a device


class Controller(Protocol):
    obligations: "tuple[Obligation, ...]"

    def once(self, now_ms: int) -> "tuple[Snapshot, Plan]": ...


class CarSpec(NamedTuple):
    """A wallbox and the car on it."""

    name: str = "car"
    used_phases: int = 3
    mode: str = "surplus"
    phases: "tuple[int, ...]" = ALL
    switches: bool = False  # one phase or all
    priority: int = 0
    max_ma: int = 16_000
    plugged: bool = True


class Plant(NamedTuple):
    """What the site is made of."""

    cars: "tuple[CarSpec, ...]"
    rated_ma: int = 35_000
    rest_ma: int = 22_000
    pv_w: int = 0
    storage_wh: int = 0
    household: bool = False
    hobs: bool = True  # some of its appliances are thermostats that switch every half minute
    sky: str = "sunny"
    soc_permille: int = 300
    own: bool = False  # the storage's inverter regulates by itself


def wallbox(spec: CarSpec) -> Ability:
    return ability("wallbox", min_ma=6_000, max_ma=spec.max_ma, step_ma=100, one_phase=spec.switches,
                   failsafe_ms=15_000, settle_ms=2_000)


def site_of(plant: Plant) -> Site:
    house = NodeSpec("house", NONE, 0, plant.rated_ma, plant.rated_ma, "sls-e", plant.rest_ma, 0, 0)
    devices = [DeviceSpec("grid", 0, ALL, ability("meter"), 0, "off", 3_000, 0, None, NONE, "")]
    for car in plant.cars:
        devices.append(DeviceSpec(car.name, 0, car.phases, wallbox(car), car.priority, car.mode, 5_000, car.max_ma,
                                  None, NONE, "a"))
    if plant.storage_wh:
        able = ability("storage", min_w=-STORAGE_W, max_w=STORAGE_W, failsafe_ms=15_000, settle_ms=2_000,
                       own="mode" if plant.own else "")
        devices.append(DeviceSpec("storage", 0, ALL, able, 0, "surplus", 5_000, 0, store(50, 0, 1_000), NONE, "d"))
    if plant.pv_w:
        devices.append(DeviceSpec("roof", 0, ALL, ability("source"), 0, "off", 5_000, 0, None, NONE, ""))
    return Site("yardstick", (house,), tuple(devices), SECOND_MS, NONE, None)


class Yard:
    """`controller` is built by `make(site, image, now_ms)`."""

    def __init__(self, plant: Plant, make: "object", seed: int, start_ms: int = 0, tick_ms: int = SECOND_MS,
                 lag_ms: "tuple[int, int]" = QUICK_MS, extra: "tuple[Part, ...]" = ()) -> None:
        rng = Rng(seed)
        self.clock = SimClock(start_ms)
        self.site = site_of(plant)
        self.tick_ms = tick_ms
        self.over_ms = 0
        self.longest_ms = 0
        self.worst_ma = 0
        self._run_ms = 0
        self._lived_ms = start_ms
        self._limit_ma = plant.rated_ma * TOLERANCE_PERMILLE // 1000
        self.world = World(plant.sky, rng.next(), _parts(plant, lag_ms))
        self.house: House = self.world.house
        for part in extra:
            self.house.hang(0, part)
        for spec, car in zip(plant.cars, self.cars):
            if spec.plugged:
                car.plug()
        self.devices = self._devices(plant)
        self.image = Image(len(self.devices))
        self.ill = tuple(Ill() for _ in self.devices)
        self.lines = tuple(
            Line(spec.name, (Slot(i, self._patient(i, rng.next()), spec.ability, tick_ms if i == 0 else SECOND_MS,
                                  i == 0),), self.image, self.clock) for i, spec in enumerate(self.site.devices))
        self._lanes = Lanes(self.lines, self.clock)
        self.controller: Controller = make(self.site, self.image, start_ms)  # type: ignore[operator]
        self.before: "Callable[[int], None]" = lambda now_ms: None  # each step of the physics
        self.kpi = Kpi(self.site)
        self.plan: "Plan | None" = None

    @property
    def cars(self) -> "tuple[Car, ...]":
        return tuple(part for part in self.world.parts if isinstance(part, Car))

    @property
    def now_s(self) -> int:
        return self._lived_ms // SECOND_MS

    def second(self) -> None:
        """The house lives to the next full second. At each step the lines read; at the second, and at once when more is
        measured than the fuse bears, the controller decides and the lines write."""
        until_ms = self._lived_ms + SECOND_MS
        while self._lived_ms < until_ms:
            self._lived_ms += self.tick_ms
            self.before(self._lived_ms)
            self.house.step(self._lived_ms, self.tick_ms)
            for device in self.devices:
                device.tick(self._lived_ms)
            self._watch()
            if self._lived_ms == until_ms:
                self.kpi.second(until_ms, self.house, self.plan)
            self._decide(self._lived_ms, until_ms)

    def _decide(self, now_ms: int, until_ms: int) -> None:
        self.clock.put(now_ms)
        self._lanes.run(now_ms + self.tick_ms)
        grid = self.image.snapshot(now_ms, ()).heard[0].reading
        if now_ms == until_ms or (grid is not None and over(self.site, 0, grid)):
            _, self.plan = self.controller.once(self.clock.now_ms())
            self._lanes.run(now_ms + self.tick_ms)

    def _watch(self) -> None:
        flow_ma = self.house.node_ma(0)
        worst_ma = max(max(flow_ma), -min(flow_ma))
        self.worst_ma = max(self.worst_ma, worst_ma)
        self._run_ms = self._run_ms + self.tick_ms if worst_ma > self._limit_ma else 0
        if self._run_ms:
            self.over_ms += self.tick_ms
            self.longest_ms = max(self.longest_ms, self._run_ms)

    def _patient(self, index: int, seed: int) -> Meter:
        device, ill = self.devices[index], self.ill[index]
        if isinstance(device, Plain):
            return IllLoad(device, ill, self.clock, seed)
        return IllMeter(device, ill, self.clock, seed)

    def _devices(self, plant: Plant) -> "tuple[Plain | PlainMeter, ...]":
        grid = self.house.nodes[0]
        out: "list[Plain | PlainMeter]" = [PlainMeter(grid, self.clock)]
        out += [PlainWallbox(car, self.clock) for car in self.cars]
        for part in self.world.parts:
            if isinstance(part, Battery):
                out.append(PlainStorage(part, grid, self.clock, own=plant.own))
        out += [PlainMeter(part, self.clock) for part in self.world.parts if part.kind == "pv"]
        return tuple(out)


def _parts(plant: Plant, lag_ms: "tuple[int, int]") -> "tuple[Described, ...]":
    out: "list[Described]" = []
    for car in plant.cars:
        out.append(("car", 0, car.phases, {
            "name": car.name, "used_phases": car.used_phases, "max_ma": car.max_ma, "capacity_wh": 100_000,
            "soc_permille": 100, "sessions": (), "lag_ms": lag_ms}))
    if plant.storage_wh:
        out.append(("battery", 0, ALL, {"name": "storage", "capacity_wh": plant.storage_wh, "max_w": STORAGE_W,
                                        "soc_permille": plant.soc_permille}))
    if plant.pv_w:
        out.append(("pv", 0, ALL, {"name": "roof", "peak_w": plant.pv_w, "max_w": plant.pv_w}))
    if plant.household:
        out.append(("household", 0, ALL, {} if plant.hobs else {"hob_permille": 0}))
    return tuple(out)


