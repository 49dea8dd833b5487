"""A day of everything that runs on a board, and a number an hour for all of it: the same on every interpreter.

The house of sim.world, its twins on a bank and on pins, the real drivers, lines, cycle and decision; and the codecs,
fed with spoilt frames. Runs as a script, too, so it keeps to what MicroPython has:

    board_day.py SCENARIO SEED FROM_HOUR HOURS      one line an hour: the fields of Hour
"""

import sys
from binascii import crc32
from collections import namedtuple

from control.values import MINIMUM, NONE, SURPLUS, DeviceSpec, NodeSpec, Site, store
from drivers import (
    control_box,
    eastron_sdm630,
    heidelberg_energy_control,
    modbus_rtu,
    mypv_elwa2,
    relay_rod,
    sg_ready,
    sml,
    sml_head,
    sunspec_inverter,
    sunspec_storage,
)
from firmware.cycle import Cycle
from firmware.image import Image
from firmware.lanes import Lanes
from firmware.line import Line, Slot
from hal.faults import FRAME, REFUSED, TIMEOUT, DeviceError
from hal.heat import HeatRule
from hal.ports import Bus
from hal.values import Ability
from sim.bank import Bank, Refused
from sim.clock import SimClock
from sim.mischief import Mischief
from sim.pins import Pins
from sim.rng import Rng
from sim.sml_meter import KERMIT, LAYOUTS, X25, SmlMeter
from sim.twins import control_box as box_twin
from sim.twins import eastron_sdm630 as eastron_twin
from sim.twins import heidelberg_energy_control as heidelberg_twin
from sim.twins import mypv_elwa2 as mypv_twin
from sim.twins import relay_rod as rod_twin
from sim.twins import sg_ready as pump_twin
from sim.twins import sunspec_inverter as inverter_twin
from sim.twins import sunspec_storage as storage_twin
from sim.world import World

HOUR_S = 3600
ALL = (0, 1, 2)
NODES = (
    NodeSpec("house", NONE, 0, 35_000, 32_000, "sls-e", 16_000, 0, 4_600),
    NodeSpec("garage", 0, 1, 20_000, 20_000, "mcb-b", 1_000, 0, 0),
)
BOX = {}
for option in control_box.OPTIONS:
    BOX[option.name] = option.default
BOX.update({"phases": ALL, "w4_pin": 16, "s1_pin": 17, "s2_pin": 18, "w3_pin": 19, "w3_rest_pin": 20,
            "w4_demands": "open", "generator_w": 12_000, "pmin_w": 7_560})
# name, driver, twin, node, mode, priority, battery, options; each answers to its place in the table as unit
DEVICES = (
    ("grid", eastron_sdm630, eastron_twin, 0, "off", 0, None, {
        "phases": ALL, "role": "meter", "mounting": "normal"}),
    ("sub", eastron_sdm630, eastron_twin, 1, "off", 0, None, {
        "phases": (1, 2, 0), "role": "meter", "mounting": "reversed"}),
    ("roof", eastron_sdm630, eastron_twin, 0, "off", 0, None, {
        "phases": ALL, "role": "source", "mounting": "normal"}),
    ("carport", heidelberg_energy_control, heidelberg_twin, 1, SURPLUS, 40, None, {
        "phases": (1, 2, 0), "max_a": 16, "failsafe_a": 0, "failsafe_s": 14}),
    ("guest", heidelberg_energy_control, heidelberg_twin, 1, MINIMUM, 20, None, {
        "phases": (2,), "max_a": 16, "failsafe_a": 6, "failsafe_s": 20}),
    ("battery", sunspec_storage, storage_twin, 0, SURPLUS, 30, store(100, 400, 1_000), {
        "phases": ALL, "max_a": 16, "max_charge_w": 5_000, "max_discharge_w": 5_000, "revert_s": 60}),
    ("rod", mypv_elwa2, mypv_twin, 0, SURPLUS, 10, None, {"phases": (2,), "max_a": 16, "timeout_s": 60}),
    ("elements", relay_rod, rod_twin, 0, SURPLUS, 5, None, {
        "phases": ALL, "max_a": 16, "pin_1": 5, "pin_2": 6, "pin_3": 13, "active_high": 1, "rest_s": 60,
        "element_1_w": 1_000, "element_2_w": 1_000, "element_3_w": 2_000}),
    ("heatpump", sg_ready, pump_twin, 0, SURPLUS, 15, None, {
        "phases": ALL, "max_a": 16, "lock_pin": 23, "boost_pin": 24, "active_high": 0, "hold_s": 600,
        "normal_w": 2_000, "boost_w": 3_000, "force_w": 0}),
    ("shed", sunspec_inverter, inverter_twin, 0, "off", 0, None, {
        "phases": ALL, "rated_w": 4_000, "least_w": 100, "fallback_w": 100_000, "revert_s": 60, "writes": "several"}),
    ("box", control_box, box_twin, 0, "off", 0, None, BOX),
)
PARTS = {  # the physics behind a device; the meters are clamped to their nodes
    "roof": ("pv", {"peak_w": 9_000, "max_w": 8_000}), "carport": ("car", {}), "guest": ("car", {"used_phases": 1}),
    "battery": ("battery", {}), "rod": ("tank", {}), "elements": ("tank", {"elements_w": (1_000, 1_000, 2_000)}),
    "heatpump": ("heatpump", {"nominal_w": 2_000}), "shed": ("inverter", {"peak_w": 5_000, "max_w": 4_000}),
}
RULES = {  # most starts in a day, and what is asked of the tank: thermometer, degrees, times, litres, watts, Wh
    "rod": (0, HeatRule(NONE, 58_000, 3_000, 62_000, 86_400_000, 50_000, 14 * 3_600_000, 300, 3_500, 20_000)),
    "elements": (6, HeatRule(6, 60_000, 3_000, None, 0, None, 0, 0, 4_000, 9_000)),
    "heatpump": (4, None),
}
ON_PINS = ("elements", "heatpump", "box")
FEED_IN_W = 5_000
TOLD_S = 900  # mean time between two words of the grid operator, or two broken wires
FRAMED_PERMILLE = 20  # requests that go through the framing
TROUBLE_S = 600  # mean time between two troubles on the bus
CLEAR_S = 200  # mean time until all is well
FRAME_S = 60  # between two SML frames


class Hour(namedtuple("Hour", ("hour", "number", "causes", "faults", "frames"))):
    """The checksum at the end of an hour, and whether there was enough in it to be worth one."""

    __slots__ = ()
    hour: int
    number: int
    causes: int  # different reasons of grants so far
    faults: int  # seconds of devices with a fault
    frames: int  # SML frames that were read


def site() -> Site:
    devices = []
    for name, driver, _, node, mode, priority, battery, options in DEVICES:
        reserve_ma = 0 if name in ("grid", "sub", "roof", "shed", "box") else 16_000
        able = driver.ability(options)
        if name in RULES:
            able = Ability(*(able[:17] + RULES[name] + able[19:]))
        devices.append(DeviceSpec(name, node, options["phases"], able, priority, mode, 15_000,
                                  reserve_ma, battery, NONE, ""))
    return Site("board", NODES, tuple(devices), 1_000, FEED_IN_W, None)


class House:
    """The production chain around a simulated house, one second after the other."""

    def __init__(self, scenario: str, seed: int, from_ms: int) -> None:
        described = [("household", 0, ALL, {})]
        for name, _, _, node, _, _, _, options in DEVICES:
            if name in PARTS:
                kind, given = PARTS[name]
                part = dict(given)
                part["name"] = name
                described.append((kind, node, options["phases"], part))
        self.rng = Rng(seed)
        self.clock = SimClock(from_ms)
        self.world = World(scenario, self.rng.next(), tuple(described), (NONE, 0))
        self.bank, self.pins = Bank(), Pins()
        self.bus = Mischief(Framed(self.bank, self.rng.fork()), self.clock, self.rng.next())
        self.twins = []
        slots = []
        of_site = site()
        for index in range(len(DEVICES)):
            slots.append(self._slot(index, of_site))
        self.image = Image(len(DEVICES))
        on_pins = [name in ON_PINS for name, _, _, _, _, _, _, _ in DEVICES]
        self.lanes = Lanes((
            Line("rs485", tuple([slot for slot, pin in zip(slots, on_pins) if not pin]), self.image, self.clock),
            Line("pins", tuple([slot for slot, pin in zip(slots, on_pins) if pin]), self.image, self.clock),
        ), self.clock)
        self.cycle = Cycle(of_site, self.image, from_ms)
        self.lived_ms = from_ms

    def _slot(self, index: int, of_site: Site) -> Slot:
        name, driver, twin, node, _, _, _, given = DEVICES[index]
        options = dict(given)
        options["unit"] = index + 1
        options["clock"] = self.clock
        point = self.world.house.nodes[node]
        for part in self.world.parts:
            if part.name == name:
                point = part
        board = self.pins if name in ON_PINS else self.bank.unit(index + 1)
        built = twin.build(board, point, options)
        if name == "battery":
            built.grid = self.world.house.nodes[0]
        self.twins.append(built)
        meter = driver.build(self.pins if name in ON_PINS else self.bus, options)
        return Slot(index, meter, of_site.devices[index].ability, 1_000 if index < 2 else 5_000, index < 2)

    def second(self):
        """(snapshot, plan) of the next full second."""
        now_ms = (self.clock.now_ms() // 1000 + 1) * 1000
        self.clock.put(now_ms)
        while self.lived_ms < now_ms:
            self.lived_ms += 1000
            self.world.house.step(self.lived_ms, 1000)
            for twin in self.twins:
                twin.tick(self.lived_ms)
        self._trouble()
        self.cycle.day_ms = now_ms % 86_400_000
        return self.cycle.once(self.lanes.run(now_ms + 1000))

    def _trouble(self) -> None:
        if self.rng.below(TROUBLE_S) == 0:
            trouble = self.bus.on(self.rng.between(1, len(DEVICES)))
            trouble.silent = self.rng.chance(300)
            trouble.frozen = self.rng.chance(200)
            trouble.late_ms = 400 if self.rng.chance(200) else 20
            trouble.spoilt_permille = self.rng.below(400)
        elif self.rng.below(TOLD_S) == 0:
            box, name = self.twins[-1], ("w4", "s1", "s2", "w3")[self.rng.below(4)]
            box.mend(name)
            box.demand(name, self.rng.chance(500))
            if self.rng.chance(200):
                box.cut(name)
        elif self.rng.below(CLEAR_S) == 0:
            for unit in range(1, len(DEVICES) + 1):
                self.bus.on(unit).clear()


class Framed(Bus):
    """A bus whose requests and answers pass through the RTU framing now and then, on a line that spoils some."""

    def __init__(self, bus: Bank, rng: Rng) -> None:
        self._bus = bus
        self._rng = rng

    def read(self, unit: int, function: int, address: int, count: int) -> "tuple[int, ...]":
        if not self._rng.chance(FRAMED_PERMILLE):
            return self._bus.read(unit, function, address, count)
        request = modbus_rtu.read_request(unit, function, address, count)
        try:
            data = b""
            for word in self._bus.read(unit, function, address, count):
                data += bytes((word >> 8, word & 0xFF))
            body = request.head + data
        except Refused as refused:
            body = bytes((unit, function | 0x80, refused.code))
        return modbus_rtu.values_of(self._answer(request, body), count)

    def write(self, unit: int, function: int, address: int, values: "tuple[int, ...]") -> None:
        if not self._rng.chance(FRAMED_PERMILLE):
            return self._bus.write(unit, function, address, values)
        request = modbus_rtu.write_request(unit, function, address, values)
        try:
            self._bus.write(unit, function, address, values)
            body = request.head
        except Refused as refused:
            body = bytes((unit, function | 0x80, refused.code))
        self._answer(request, body)

    def _answer(self, request: modbus_rtu.Request, body: bytes) -> bytes:
        """What a master believes of what it hears: now and then an echo, noise, a foreign frame, a flipped bit."""
        rng = self._rng
        heard = request.frame() if rng.chance(100) else b""
        if rng.chance(100):
            heard += bytes([rng.below(256) for _ in range(rng.between(1, 6))])
        if rng.chance(50):
            heard += modbus_rtu.read_request(rng.between(1, 247), 3, rng.below(1000), rng.between(1, 20)).frame()
        heard += modbus_rtu.framed(body)
        if rng.chance(100):
            at = rng.below(len(heard))
            heard = heard[:at] + bytes((heard[at] ^ 1 << rng.below(8),)) + heard[at + 1:]
        verdict = modbus_rtu.judge(request, heard, echo=not request.mirrored())
        if verdict.kind == modbus_rtu.FOUND:
            return verdict.answer
        kinds = {modbus_rtu.REFUSED: REFUSED, modbus_rtu.SPOILT: FRAME, modbus_rtu.MISSHAPEN: FRAME,
                 modbus_rtu.SILENT: TIMEOUT}
        raise DeviceError(kinds[verdict.kind], verdict.detail)


class Heads:
    """SML meters of every make clamped to the house; one of them is heard at a time, through noise."""

    def __init__(self, seed: int) -> None:
        self._rng = Rng(seed)
        self._reader = sml.Reader()

    def hear(self, house: House) -> str:
        """What the reader makes of one frame about this instant."""
        rng, point = self._rng, house.world.house.nodes[0]
        meter = SmlMeter(LAYOUTS[rng.below(3)], b"HUT", 7, (X25, KERMIT)[rng.below(2)], rng.chance(500),
                         rng.chance(200), rng.chance(300), rng.chance(300), rng.chance(300))
        frame = meter.frame(house.lived_ms, point.power_w, point.flow_ma, point.voltage_mv,
                            point.import_wh, point.export_wh)
        if rng.chance(300):
            at = rng.below(len(frame))
            frame = frame[:at] + bytes((rng.below(256),)) + frame[at + rng.below(3):]
        out = []
        for got in self._reader.feed(frame):
            out.append(repr(got))
            try:
                out.append(repr(sml_head.reading_of(got, house.lived_ms, (1, 2, 0), rng.chance(500))))
            except DeviceError as error:
                out.append(error.kind)
        return " ".join(out) + " %d" % self._reader.damaged


def hours(scenario: str, seed: int, from_hour: int, count: int):
    """An Hour each; its number is of all that was read, confirmed and decided since the beginning."""
    house = House(scenario, seed, from_hour * HOUR_S * 1000)
    heads = Heads(seed)
    number = faults = frames = 0
    causes = set()
    for hour in range(from_hour, from_hour + count):
        for second in range(HOUR_S):
            snapshot, plan = house.second()
            number = crc32(repr(snapshot).encode(), crc32(repr(plan).encode(), number))
            causes.update([grant.reason for grant in plan.grants if grant is not None])
            faults += sum([1 for heard in snapshot.heard if heard.fault is not None])
            if second % FRAME_S == 0:
                heard = heads.hear(house)
                frames += "Frame" in heard
                number = crc32(heard.encode(), number)
        yield Hour(hour, number, len(causes), faults, frames)


if __name__ == "__main__":
    scenario, seed, from_hour, count = sys.argv[1:]
    for line in hours(scenario, int(seed), int(from_hour), int(count)):
        print(*line)
