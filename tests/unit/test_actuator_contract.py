"""What every actuator promises, whatever it is and however it is told: each on the production line, before its twin.

Bounds are walked on both sides, a lapsed lease ends on the fallback, what was silent is armed before it is told
anything, a refusal is a fault within two periods, and after a restart of the device or of ours nothing is above what
was granted.
"""

from collections.abc import Callable
from typing import Any

import pytest

from firmware import actuators, build
from firmware.config import driver_modules
from firmware.config.file import site_file
from firmware.config.read import Findings
from firmware.image import Image, Lease
from firmware.line import LEASE_MS
from firmware.simulated.house import Simulated
from hal.faults import REFUSED, TIMEOUT, DeviceError
from hal.ports import Load, Meter
from hal.values import Phases, Reading, Setpoint, placed
from sim.clock import SimClock

NOON_MS = 12 * 3_600_000
GIVEN: "dict[str, object]" = {
    "confirm_single_source": True, "max_charge_w": 2_500, "max_discharge_w": 2_000, "discharge_a": 90, "rod_w": 3_000,
    "rated_w": 3_000, "nominal_w": 2_500, "least_w": 800, "normal_w": 2_000, "boost_w": 2_600, "power_w": 1_000,
    "element_1_w": 500, "element_2_w": 1_000, "element_3_w": 1_500, "host": "127.0.0.2", "pin": 17, "pin_1": 17,
    "pin_2": 18, "pin_3": 19, "lock_pin": 17, "boost_pin": 18, "inverter": "roof", "serial_number": "114172220143",
    "station": "box", "timeout_s": 60}
OWN: "dict[str, dict[str, object]]" = {
    "json_device": {"kind": "wallbox", "tell": "/set?a={a}", "power": "p", "topic": "/s", "limit": "amp",
                    "state": "car", "states": ["1=A", "2=C", "3=B"]},
    "json_heat": {"kind": "rod", "tell": "/set?w={w}", "power": "p", "topic": "/s"},
    "goe_api": {"confirm_single_source": False}, "ego_smart_heater": {"phases": "L2"}, "mypv_elwa2": {"phases": "L2"},
    "mypv_acthor": {"phases": "L2", "rod_w": 2_000}, "ssr_rod": {"phases": "L2"}, "open_dtu": {"phases": "L2"},
    "ahoy_dtu": {"phases": "L2"}}
HOSTED = ("modbus-tcp", "http", "mqtt")
NAMES = tuple(name for name, _, _, _ in actuators.facts()
              if driver_modules.module(name).LINES[0] != "ocpp" and name not in ("control_box", "ripple_receiver"))
TOLD_LATE = {  # in s: what rules is told late or not at all, so it is known when that or what flows has had its time
    "abb_terra_ac": 25, "hardy_barth_ecb1": 45, "keba_udp": 30, "keba_p30_p40": 30, "openwb_pro": 30,
    "openwb_series2": 30, "openwb_mqtt": 45, "sma_battery": 30, "sma_sunny_island": 30}
# cannot be read back, and what they do is none of their driver's: control.reserve and control.generation name what
# draws or makes more than it was told, after settle_ms and ten seconds; an offer of surplus need not be taken at all
DRAWN_ONLY = ("webasto_next", "sma_inverter", "solaredge_inverter", "lambda_heatpump", "mypv_elwa2", "mypv_acthor")


class Watched(Load):
    """Notes what is done to a device; `silent` and `refusing` stand before it."""

    def __init__(self, load: Load) -> None:
        self.load = load
        self.did: "list[str]" = []
        self.silent = self.refusing = False

    def read(self, now_ms: int) -> Reading:
        self._pass("read")
        return self.load.read(now_ms)

    def arm(self) -> None:
        self._pass("arm")
        self.load.arm()

    def apply(self, setpoint: Setpoint) -> None:
        self._pass("apply")
        self.load.apply(setpoint)

    def release(self) -> None:
        self._pass("release")
        self.load.release()

    def _pass(self, what: str) -> None:
        if self.silent:
            raise DeviceError(TIMEOUT)
        if what != "read":
            self.did.append(what)
            if self.refusing:
                raise DeviceError(REFUSED)


class Cellar:
    """A house with a grid meter and one actuator, from a configuration to its physics."""

    def __init__(self, name: str) -> None:
        module = driver_modules.module(name)
        kind = module.LINES[0]
        line: "dict[str, Any]" = {"kind": kind, **({"host": "box"} if kind in HOSTED else {}),
                                  **({"port": "/dev/box"} if kind == "modbus-rtu" else {})}
        known = {option.name for option in module.OPTIONS}
        device: "dict[str, Any]" = {
            "driver": name, "line": "it", "node": "house", "phases": "L1 L2 L3",
            **({} if "rated_w" in known else {"max_a": 16}),
            **({"unit": 1} if kind == "modbus-rtu" else {}),
            **{key: value for key, value in GIVEN.items() if key in known}, **OWN.get(name, {})}
        raw: "dict[str, Any]" = {
            "site": {"name": "Contract", "latitude": 48, "longitude": 11},
            "line": {"grid": {"kind": "modbus-tcp", "host": "grid"}, "it": line},
            "node": {"house": {"rated_a": 125, "curve": "gg", "meter": "grid", "rest_a": 0}},
            "device": {"grid": {"driver": "eastron_sdm630", "line": "grid"}, "it": device}}
        self.file = site_file(Findings("contract", raw, {}), raw)
        self.clock = SimClock(NOON_MS)
        self.simulated = Simulated(self.file, "sunny", 7, household_w=300)
        self.part: Any = self.simulated.part("it")
        if hasattr(self.part, "plug"):
            self.part.plug(500)
        self.simulated.step(NOON_MS, 1_000)
        self.twin: Any = self.simulated.twins[1]
        self.able = self.file.site.devices[1].ability
        self.phases = self.file.site.devices[1].phases
        self.wanted: "Setpoint | None" = None
        self.begin()

    def begin(self) -> None:
        """We have just started."""
        self.image = Image(2)
        self.watched: "list[Watched]" = []
        self.line = build.lines(self.file, self.image, self.clock, self.simulated.port, self._around)[-1]
        self.clock.advance(1_000)
        self.simulated.step(self.clock.now_ms(), 1_000)  # what sends by itself has been heard

    def _around(self, index: int, meter: Meter) -> Meter:
        if index == 1:
            assert isinstance(meter, Load)
            self.watched.append(Watched(meter))
            return self.watched[-1]
        return meter

    @property
    def did(self) -> "list[str]":
        return self.watched[0].did

    def live(self, seconds: int) -> None:
        for _ in range(seconds):
            now_ms = self.clock.now_ms()
            if self.wanted is not None:
                self.image.lease(1, Lease(self.wanted, now_ms + LEASE_MS))
            for _ in range(50):
                if self.line.turn():
                    break
            self.clock.advance(1_000)
            self.simulated.step(self.clock.now_ms(), 1_000)

    def alone(self, seconds: int) -> None:
        """Nobody asks."""
        for _ in range(seconds):
            self.clock.advance(1_000)
            self.simulated.step(self.clock.now_ms(), 1_000)

    def fault(self) -> "str | None":
        fault = self.image.snapshot(self.clock.now_ms(), ("fast",) * 2).written[1].fault
        return None if fault is None else fault.kind

    def settle_s(self) -> int:
        return min((self.able.settle_ms + self.able.pace_ms) // 1_000, 90) + 12

    def told(self, level: int) -> Setpoint:
        """A current of each conductor for a wallbox, else a power."""
        if self.able.kind == "wallbox":
            return Setpoint(placed((level,) * len(self.phases), self.phases), level * 230 * len(self.phases) // 1_000)
        return Setpoint(Phases(100_000, 100_000, 100_000), level)

    def within(self, setpoint: Setpoint) -> bool:
        """Whether the physics is not above what was granted; a storage or an inverter not beyond it either way."""
        power_w = self.part.power_w.total()
        if self.able.kind == "wallbox":
            most_ma = max(setpoint.current_ma)
            most_ma = min(most_ma, self.able.max_ma) if most_ma >= self.able.min_ma else 0
            return bool(max(self.part.current_ma) <= most_ma)
        slack_w = max(abs(setpoint.power_w) * 12 // 100, 70)  # the voltage, a standby, the step of an old register
        if self.able.kind == "inverter":
            return bool(-power_w <= max(-setpoint.power_w, -self.able.max_w) + slack_w)
        if self.able.own or self.able.fallback.power_w > 0:
            most_w = max(self.able.max_w, *(sum(stage) for stage in self.able.stages), 0)
            return bool(power_w <= most_w + slack_w + 1_000)  # it regulates by itself: told a most, or a leave
        if self.able.kind == "storage" and setpoint.power_w < 0:
            return bool(power_w >= setpoint.power_w - slack_w)
        return bool(power_w <= max(setpoint.power_w, 0) + slack_w)


def levels(able: Any) -> "tuple[int, ...]":
    """Both bounds, one beyond each, and between them."""
    if able.kind == "wallbox":
        return (able.max_ma + 9_000, able.max_ma, 8_999, able.min_ma, able.min_ma - 1, -5_000)
    if able.kind == "inverter":
        return (able.min_w - 5_000, able.min_w, able.min_w // 2, able.max_w)
    if able.kind == "storage":
        return (able.max_w + 5_000, able.max_w // 2, 0, able.min_w // 2, able.min_w - 5_000)
    most_w = max(able.max_w, *(sum(stage) for stage in able.stages), 0)
    return (most_w + 5_000, most_w, most_w // 2 + 7, max(able.min_w - 1, 0), 0, -2_000)


def eventually(cellar: Cellar, true: "Callable[[], bool]", seconds: int) -> bool:
    for _ in range(seconds):
        if true():
            return True
        cellar.live(1)
    return true()


def test_every_actuator_is_here() -> None:
    assert len(NAMES) == len(actuators.facts()) - 3  # OCPP has its own; two are contacts that tell us


@pytest.mark.parametrize("name", NAMES)
def test_it_keeps_what_every_actuator_promises(name: str) -> None:
    cellar = Cellar(name)
    able = cellar.able

    # started: armed, then on its fallback, before anything is told
    cellar.wanted = cellar.told(levels(able)[1])
    cellar.live(3)
    assert cellar.did[:3] == ["arm", "release", "apply"], cellar.fault()
    assert cellar.fault() is None

    # bounds on both sides, towards less
    for level in levels(able):
        cellar.wanted = cellar.told(level)
        cellar.live(cellar.settle_s())
        assert cellar.fault() is None, level
        assert cellar.within(cellar.wanted), (level, cellar.part.power_w)

    # a lease that is not renewed ends on the fallback
    cellar.wanted = cellar.told(levels(able)[1])
    cellar.live(10)
    cellar.did.clear()
    stood, cellar.wanted = cellar.wanted, None
    cellar.live(LEASE_MS // 1_000 + 2)
    assert cellar.did[-1] == "release"
    cellar.live(cellar.settle_s())
    assert cellar.within(able.fallback), cellar.part.power_w

    # the device restarts: what stands in it is never above what it was told
    cellar.wanted = stood
    cellar.live(10)
    cellar.twin.power_cycle()
    cellar.live(2)
    assert eventually(cellar, lambda: cellar.within(stood) and cellar.fault() is None, 60)

    # it falls silent, and is armed before it is told anything again
    cellar.watched[0].silent = True
    cellar.live(20)
    cellar.did.clear()
    cellar.watched[0].silent = False
    assert eventually(cellar, lambda: "arm" in cellar.did, 320)
    before = cellar.did[:cellar.did.index("arm")]
    assert set(before) <= {"apply", "release"}  # first it is brought down to what stands
    assert eventually(cellar, lambda: cellar.fault() is None, 30)

    # a refusal is its fault within two periods of its lease
    cellar.watched[0].refusing = True
    cellar.live(2 * LEASE_MS // 3_000)
    assert cellar.fault() == REFUSED
    cellar.watched[0].refusing = False

    # we are dead: the service's stop hook, another process that reads nothing before, leaves it on its fallback
    cellar.wanted = stood
    cellar.live(30)
    cellar.begin()
    cellar.line.release()
    assert [failed for _, _, _, failed, _ in cellar.line.health()[1]] == [""] * len(cellar.line.slots)
    cellar.alone(cellar.settle_s())
    assert cellar.within(able.fallback), cellar.part.power_w

    # we restart: it is armed and stands on its fallback before the first grant
    cellar.wanted = None
    cellar.begin()
    cellar.live(3)
    assert cellar.did[:2] == ["arm", "release"]
    cellar.live(cellar.settle_s())
    assert cellar.within(able.fallback), cellar.part.power_w


@pytest.mark.parametrize("name", NAMES)
def test_what_the_device_itself_refuses_or_forgets_is_its_fault(name: str) -> None:
    for misdeed, bound_s in (("refuse_writes", 10), ("ignore_writes", TOLD_LATE.get(name, 10))):
        cellar = Cellar(name)
        if not hasattr(cellar.twin, misdeed) or (name in DRAWN_ONLY and misdeed == "ignore_writes"):
            continue
        if name == "openwb_mqtt":
            bound_s = TOLD_LATE[name]  # nobody confirms a message
        cellar.wanted = cellar.told(levels(cellar.able)[1])
        cellar.live(30)
        assert cellar.fault() is None
        setattr(cellar.twin, misdeed, True)
        lower = cellar.able.min_w // 2 if cellar.able.kind == "inverter" else levels(cellar.able)[-2]
        cellar.wanted = cellar.told(lower)
        assert eventually(cellar, lambda one=cellar: one.fault() == REFUSED, bound_s), misdeed  # type: ignore[misc]
