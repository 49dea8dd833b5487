"""A SITE.toml as physics: the house it describes, and behind each port the twins of the devices on it.

The same drivers, lines and cycle run on it as on real ports: `port` stands in for `build.real_port`, and
firmware.serve puts the very same banks on real wires.
"""

import importlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from control.values import DeviceSpec
from firmware.build import Port
from firmware.config.file import LineSpec, SiteFile
from firmware.config.site import DeviceFile
from firmware.simulated import mbus as simulated_mbus
from firmware.simulated import smgw as simulated_smgw
from firmware.simulated.dtu import DTUS, AhoyTwin, OpenDtuTwin
from firmware.simulated.heads import HEADS, AskedTwin, Head, PushTwin, twin_of
from firmware.simulated.heat import DRIVER as HEAT
from firmware.simulated.heat import HeatTwin
from firmware.simulated.push import PUSHERS, PushedTwin, SimInbox, SimTalk, SimWeb
from firmware.simulated.stations import Yard, yards
from firmware.simulated.told import PLUGS, TOLD, JsonTwin, PlugTwin
from sim.bank import Bank, Lock
from sim.battery import Battery
from sim.car import Car
from sim.clock import SimClock
from sim.d0_meter import D0Port
from sim.p1_meter import P1Meter
from sim.part import Part, Point
from sim.pins import Pins
from sim.pv import Inverter
from sim.twins import NetworkTwin, Twin
from sim.twins.fronius_hybrid import HybridTwin, RoofTwin
from sim.twins.keba_udp import KebaUdpTwin
from sim.world import World

PARTS: "Mapping[str, str]" = {"wallbox": "car", "heater": "tank", "storage": "battery", "stages": "heatpump",
                             "inverter": "inverter"}
OTHER_PARTS: "Mapping[str, str]" = {"relay_rod": "tank", "relay_plug": "tank", "shelly_plug": "tank",
                             "tasmota_plug": "tank",
                             HEAT: "tank"}  # by driver
PV = {"peak_w": 10_000, "max_w": 10_000}
PEAK_PERMILLE = 1_200  # modules are mostly larger than their inverter
ALL = (0, 1, 2)
Described = tuple[str, int, tuple[int, ...], dict[str, object]]


class Reckoned(Twin):
    """A meter that is reckoned from others: there is none."""

    def tick(self, now_ms: int) -> None:
        pass


class Simulated:
    """`step` moves the house and every device; banks, pins and heads are by the name of their line."""

    def __init__(self, file: SiteFile, scenario: str, seed: int, lock: "Lock | None" = None,
                 parts: "Mapping[str, dict[str, object]]" = MappingProxyType({}),
                 household_w: "int | None" = None) -> None:
        """`lock` guards the banks where other threads serve them. Raises ValueError for an unknown scenario.

        `parts`: by device, options of its part that are not as usual; `household_w`: steady, instead of a day's trace.
        """
        self.lock = lock or Lock()
        self.banks = {line.name: Bank(self.lock) for line in file.lines if line.kind.startswith("modbus")}
        self.pins = {line.name: Pins() for line in file.lines if line.kind == "gpio"}
        self.meters: "dict[str, PushTwin | AskedTwin]" = {}
        self._heads: "dict[str, Head]" = {}
        self.buses = simulated_mbus.buses(file)
        self.gateways = simulated_smgw.gateways(file)
        self.yards: "dict[str, Yard]" = yards(file)
        self.pushed: "dict[str, list[NetworkTwin]]" = {
            line.name: [] for line in file.lines if line.kind in ("mqtt", "http", "speedwire")}
        self.talks: "dict[str, list[KebaUdpTwin]]" = {line.name: [] for line in file.lines if line.kind == "keba-udp"}
        self._kinds = {line.name: line.kind for line in file.lines}
        self._inboxes: "dict[str, SimInbox]" = {}
        hidden, home = _hidden(file)
        described = [_described(spec, device, parts.get(spec.name, {})) if device.line or index in hidden else None
                     for index, (spec, device) in enumerate(zip(file.site.devices, file.devices))]
        household: "Described" = ("household", home, ALL, {})
        if household_w is not None:
            household = ("appliance", home, ALL, {"name": "household", "power_w": household_w})
        known = tuple(each for each in described if each is not None)
        parents = tuple(node.parent for node in file.site.nodes)
        self.world = World(scenario, seed, (household, *known), parents, file.latitude_udeg // 1000)
        self.house = self.world.house
        built = iter(self.world.parts[1:])
        self.points: "tuple[Point, ...]" = tuple(
            self.house.nodes[spec.node] if each is None else next(built)
            for spec, each in zip(file.site.devices, described))
        self._devices = file.devices
        self._hybrids: "dict[str, HybridTwin]" = {}  # by the name of the device that steers its battery
        for device, point in zip(file.devices, self.points):
            if device.options.get("beside"):
                self._join(device, point)
        self.twins = tuple(self._twin(number, device, point)
                           for number, (device, point) in enumerate(zip(file.devices, self.points)))

    def part(self, name: str) -> Part:
        """The physical part behind the device of this name."""
        return next(part for part in self.world.parts if part.name == name)

    def step(self, now_ms: int, dt_ms: int, device_ms: "int | None" = None) -> None:
        """Lives through the `dt_ms` (1..1000) that end at `now_ms`; time starts at midnight of the scenario's day.

        `device_ms`: the time of the devices' own timers, where the day passes quicker than their masters live.
        """
        with self.lock:
            self.house.step(now_ms, dt_ms)
            for twin in self.twins:
                twin.tick(now_ms if device_ms is None else device_ms)
            for bus in self.buses.values():
                bus.live(now_ms if device_ms is None else device_ms)
            for gateway in self.gateways.values():
                gateway.live(now_ms)
        for name, head in self._heads.items():
            meter = self.meters[name]
            if isinstance(meter, PushTwin):
                head.put(meter.frame())
        for name, inbox in self._inboxes.items():
            for pushed in self.pushed[name]:
                for said in pushed.said():
                    inbox.put(*said, now_ms)

    def count_from(self, counter: int) -> None:
        """Sealed telegrams count on from there: a real meter's counter never begins anew."""
        for head in self.meters.values():
            if isinstance(head, PushTwin) and isinstance(head.meter, P1Meter):
                head.meter.counter += counter
        for bus in self.buses.values():
            for meter in bus.air.meters if isinstance(bus, simulated_mbus.AirBus) else ():
                meter.counter += counter

    def port(self, spec: LineSpec) -> Port:
        """What a driver gets instead of a real port, at full speed."""
        if spec.name in self.banks:
            return self.banks[spec.name]
        if spec.name in self.pins:
            return self.pins[spec.name]
        if spec.name in self.buses:
            return self.buses[spec.name].port()
        if spec.name in self.gateways:
            return self.gateways[spec.name].port()
        if spec.name in self.yards:
            return self.yards[spec.name].open()
        if spec.name in self.talks:
            return SimTalk(self.talks[spec.name])
        if spec.kind == "http":
            return SimWeb(self.pushed[spec.name])
        if spec.name in self.pushed:
            return self._inboxes.setdefault(spec.name, SimInbox(self.pushed[spec.name]))
        meter = self.meters.get(spec.name)
        if isinstance(meter, AskedTwin):
            return D0Port(SimClock(), meter.talk)
        return self._heads.setdefault(spec.name, Head())

    def most_clients(self, line: str) -> int:
        """TCP connections that the devices of a line keep at once; 0 = any number."""
        each = [twin.most_clients for twin, device in zip(self.twins, self._devices) if device.line == line]
        return min((most for most in each if most), default=0)

    def _twin(self, number: int, device: DeviceFile, point: Point) -> Twin:
        if not device.line:
            return Reckoned()
        if device.driver in PUSHERS + TOLD + DTUS:
            made = PushedTwin if device.driver in PUSHERS else PlugTwin if device.driver in PLUGS else (
                HeatTwin if device.driver == HEAT else JsonTwin)
            if device.driver in DTUS:
                made = OpenDtuTwin if device.driver == "open_dtu" else AhoyTwin
            pushed = made(device, point, self._kinds[device.line] == "http")
            self.pushed[device.line].append(pushed)
            if isinstance(pushed, JsonTwin):
                pushed.grid = self.house.nodes[0]
            return pushed
        if device.driver in HEADS:
            twin = self.meters[device.line] = twin_of(device, point, number)
            return twin
        if device.line in self.talks or device.line in self.pushed:
            return self._networked(device, point)
        if device.line in self.buses:
            return self.buses[device.line].add(device, number)
        if device.line in self.yards:
            assert isinstance(point, Car)
            return self.yards[device.line].add(device, point)
        if device.line in self.gateways:
            return self.gateways[device.line].add(str(device.options["id"]), number, self.house.nodes[0])
        return self._wired(device, point)

    def _wired(self, device: DeviceFile, point: Point) -> Twin:
        """Behind pins, or registers of a unit."""
        if device.options.get("beside"):
            return RoofTwin(self._hybrids[device.options["beside"]["name"]])
        module = importlib.import_module(f"sim.twins.{device.driver}")
        built: Any
        if device.line in self.pins:
            built = module.build(self.pins[device.line], point, device.options)
        elif device.name in self._hybrids:
            built = self._hybrids[device.name]
        else:
            unit = device.options["unit"]
            assert isinstance(unit, int)
            built = module.build(self.banks[device.line].unit(unit), point, device.options)
        if hasattr(built, "grid"):
            built.grid = self.house.nodes[0]  # an inverter's own meter at the connection
        assert isinstance(built, Twin)
        return built

    def _join(self, device: DeviceFile, roof: Point) -> None:
        """One inverter of two devices: `device` is its roof, the one beside it its battery."""
        battery = next(number for number, other in enumerate(self._devices)
                       if other.name == device.options["beside"]["name"])
        part = self.points[battery]
        assert isinstance(roof, Inverter)
        assert isinstance(part, Battery)
        registers = self.banks[device.line].unit(device.options["unit"])
        inverter = 103 if len(device.options["phases"]) == 3 else 101
        name, phases = self._devices[battery].name, device.options["phases"]
        self._hybrids[name] = HybridTwin(registers, roof, part, phases, inverter)

    def _networked(self, device: DeviceFile, point: Point) -> Twin:
        """One that has a twin of its own, on UDP, HTTP or MQTT."""
        box = importlib.import_module(f"sim.twins.{device.driver}").build(point, {**device.options})
        assert isinstance(box, NetworkTwin)
        if isinstance(box, KebaUdpTwin):
            self.talks[device.line].append(box)
        else:
            box.sends_ms = 1_000 * int(device.options.get("sends_s", 1))
            self.pushed[device.line].append(box)
        return box


def _hidden(file: SiteFile) -> "tuple[set[int], int]":
    """(virtual meters of generators that only the meters of nodes show, the node where the household's loads are).

    The loads are behind the meter that is taken away, as in a house with emergency power.
    """
    hidden, home = set(), 0
    for virtual in file.virtuals:
        for child, weight, _ in virtual.terms:
            for index, node in enumerate(file.site.nodes):
                if node.meter == child and file.site.devices[virtual.index].ability.kind == "source":
                    hidden.add(virtual.index)
                    home = index if weight < 0 else home
    return hidden, home


def part_kind(spec: DeviceSpec, device: DeviceFile) -> "str | None":
    """Which physics stands behind a device; None for what is no part: the meter of a node, a sensor."""
    if spec.ability.kind in ("meter", "sensor", "signal"):
        return None
    return "pv" if spec.ability.kind == "source" else OTHER_PARTS.get(device.driver) or PARTS[spec.ability.kind]


def _described(spec: DeviceSpec, device: DeviceFile, given: "dict[str, object]") -> "Described | None":
    """A device as sim.world wants it."""
    kind = part_kind(spec, device)
    if kind is None:
        return None
    options: "dict[str, object]" = {"name": spec.name}
    if kind == "pv":
        options.update(PV)
    if kind == "inverter":
        rated_w = -spec.ability.min_w
        if device.options.get("beside"):
            rated_w = device.options["rated_w"]
        options.update(peak_w=rated_w * PEAK_PERMILLE // 1_000, max_w=rated_w)
    if kind == "battery":
        options["max_w"] = max(spec.ability.max_w, -spec.ability.min_w)
    if device.driver == "relay_rod":
        options["elements_w"] = tuple(device.options[f"element_{i}_w"] for i in (1, 2, 3))
    if kind == "tank" and spec.ability.kind == "heater":
        options["rod_w"] = spec.ability.max_w
    if device.driver in (*PLUGS, "relay_plug", HEAT) and spec.ability.stages:
        options["elements_w"] = spec.ability.stages[-1]
    if kind == "heatpump":
        options["nominal_w"] = device.options["normal_w"]
    return kind, spec.node, spec.phases, {**options, **given}
