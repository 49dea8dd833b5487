"""A scenario's day in a house described in plain words: what the simulator, the demo and the tests stand in.

    world = World("sunny", 7, (
        ("household", 0, (0, 1, 2), {}),
        ("pv", 0, (0, 1, 2), {"peak_w": 10_000, "max_w": 10_000}),
        ("car", 1, (1, 2, 0), {"name": "carport", "used_phases": 3}),
    ), (NONE, 0))
    world.house.step(1000, 1000)

A device is (kind, node, phases, options); the options are the keyword arguments of the part's class, and
`name`. What the scenario knows (sky, traces, the car's times, the cold) fills what is not given.
"""

from sim.appliance import Appliance
from sim.battery import Battery
from sim.car import Car
from sim.heatpump import HeatPump
from sim.house import NONE, House
from sim.household import Household
from sim.part import Part
from sim.pv import Inverter, Pv
from sim.rng import Rng
from sim.scenarios import scenario, shifted
from sim.sun import Sun
from sim.tank import Tank
from sim.trace import load

LATITUDE_MDEG = 48_100  # Munich


class World:
    def __init__(
        self, name: str, seed: int, devices: "tuple[tuple[str, int, tuple[int, ...], dict[str, object]], ...]",
        parents: "tuple[int, ...]" = (NONE,), latitude_mdeg: int = LATITUDE_MDEG,
    ) -> None:
        """`parents`: the tree of nodes, as House takes it. `parts` stand in the order of `devices`."""
        self.scenario = scenario(name)
        rng = Rng(seed)
        days = self.scenario.days
        self._load, self._draws = days[rng.below(len(days))]
        self.sun = Sun(latitude_mdeg, self.scenario.day, self.scenario.noon_ms, self.scenario.skies, rng.next())
        house_seed = rng.next()
        self.parts = tuple(self._part(kind, phases, options, rng.next()) for kind, _, phases, options in devices)
        hung = tuple((device[1], part) for device, part in zip(devices, self.parts))
        self.house = House(parents, hung, house_seed)

    def _part(self, kind: str, phases: "tuple[int, ...]", options: "dict[str, object]", seed: int) -> Part:
        given = dict(options)
        name = given.pop("name", kind)
        part = self._build(kind, phases, given, seed)
        assert isinstance(name, str)
        part.name = name
        return part

    def _build(self, kind: str, phases: "tuple[int, ...]", given: "dict[str, object]", seed: int) -> Part:
        # what mypy cannot know of the options is checked by the part's own signature, at start
        if kind == "household":
            return Household(phases, load(self._load), seed, **given)  # type: ignore[arg-type]
        if kind == "appliance":
            return Appliance(phases, **given)  # type: ignore[arg-type]
        if kind == "pv":
            return Pv(phases, self.sun, **given)  # type: ignore[arg-type]
        if kind == "inverter":
            return Inverter(phases, self.sun, seed, **given)  # type: ignore[arg-type]
        if kind == "car":
            given.setdefault("sessions", shifted(self.scenario.sessions, seed))
            return Car(phases, seed, **given)  # type: ignore[arg-type]
        if kind == "battery":
            return Battery(phases, seed, **given)  # type: ignore[arg-type]
        if kind == "tank":
            given.setdefault("draws_dl", load(self._draws))
            return Tank(phases, seed, **given)  # type: ignore[arg-type]
        if kind == "heatpump":
            given.setdefault("outside_mdegc", self.scenario.outside_mdegc)
            return HeatPump(phases, **given)  # type: ignore[arg-type]
        raise ValueError("no part of the kind %s" % kind)
