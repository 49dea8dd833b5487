"""Devices without a protocol: parts that are read and told in hal.values, for a controller judged by physics alone.

They stand where a driver would stand (hal.ports), so the production lines and cycle run on them; what a driver's
registers cost in time and rounding is left out. `Ill` is what may be wrong with one of them.
"""

from hal.faults import REFUSED, TIMEOUT, DeviceError
from hal.ports import Clock, Load, Meter
from hal.values import Phases, Reading, Setpoint, reading, unplaced
from sim.battery import Battery
from sim.car import Car
from sim.part import Point
from sim.rng import Rng
from sim.tank import Tank

ANSWER_MS = 30  # a question and its answer
TIMEOUT_MS = 300  # how long a master waits for one that does not come
CONTACTOR_MS = 5_000  # without current before other contactors close


class Ill:
    """What is wrong with one device; may be changed at any time."""

    def __init__(self) -> None:
        self.silent = False  # hears nothing, says nothing
        self.refuses = False  # says no to every write
        self.ignores = False  # confirms every write and keeps nothing
        self.frozen = False  # tells for ever what it last told
        self.noise_permille = 0  # of each value, up or down; also of what a frozen one tells
        self.turned = False  # tells the other direction
        self.rotated = 0  # tells L1 as L2 and so on, so many places further

    def clear(self) -> None:
        """All is well again."""
        self.silent = self.refuses = self.ignores = self.frozen = self.turned = False
        self.noise_permille = self.rotated = 0


class Plain(Load):
    """`failsafe_ms`: after this silence it goes to its fallback by itself; 0 = it never does."""

    def __init__(self, point: Point, clock: Clock, seed: int, failsafe_ms: int = 0) -> None:
        self.ill = Ill()
        self._point = point
        self._clock = clock
        self._rng = Rng(seed)
        self._failsafe_ms = failsafe_ms
        self._heard_ms = clock.now_ms()
        self._told: "Reading | None" = None  # what it said last, before noise

    def tick(self, now_ms: int) -> None:
        """Once a step of the house, after it."""
        if self._failsafe_ms and now_ms - self._heard_ms >= self._failsafe_ms:
            self._fall_back()

    def read(self, now_ms: int) -> Reading:
        self._hear()
        if self._told is None or not self.ill.frozen:
            self._told = self._tell(now_ms)
        return self._as_told(self._told, now_ms)

    def arm(self) -> None:
        self._hear()

    def apply(self, setpoint: Setpoint) -> None:
        self._hear()
        if self.ill.refuses:
            raise DeviceError(REFUSED, "plain: refuses")
        if not self.ill.ignores:
            self._obey(setpoint)

    def release(self) -> None:
        self._hear()
        self._fall_back()

    def _hear(self) -> None:
        self._clock.sleep_ms(TIMEOUT_MS if self.ill.silent else ANSWER_MS)
        if self.ill.silent:
            raise DeviceError(TIMEOUT, "plain: silent")
        self._heard_ms = self._clock.now_ms()

    def _tell(self, now_ms: int) -> Reading:
        point = self._point
        soc_permille, temperature_mdegc, state = self._beside()
        return reading(now_ms, total_w=point.power_w.total(), power_w=point.power_w, current_ma=point.flow_ma,
                       voltage_mv=point.voltage_mv, import_wh=point.import_wh, export_wh=point.export_wh,
                       soc_permille=soc_permille, temperature_mdegc=temperature_mdegc, state=state)

    def _beside(self) -> "tuple[int | None, int | None, str | None]":
        """Charge, temperature and state, where it has them."""
        return None, None, None

    def _as_told(self, true: Reading, now_ms: int) -> Reading:
        ill = self.ill
        assert true.power_w is not None
        assert true.current_ma is not None
        assert true.voltage_mv is not None
        power_w, current_ma, volts = true.power_w, true.current_ma, true.voltage_mv
        if ill.noise_permille:
            noise = [1000 + self._rng.between(-ill.noise_permille, ill.noise_permille) for _ in range(3)]
            power_w, current_ma = _times(power_w, noise), _times(current_ma, noise)
            volts = Phases(volts.l1 + self._rng.between(-200, 200), volts.l2 + self._rng.between(-200, 200),
                           volts.l3 + self._rng.between(-200, 200))
        for _ in range(ill.rotated):
            power_w, current_ma, volts = _next(power_w), _next(current_ma), _next(volts)
        if ill.turned:
            power_w, current_ma = _times(power_w, [-1000] * 3), _times(current_ma, [-1000] * 3)
        return reading(now_ms, total_w=power_w.total(), power_w=power_w, current_ma=current_ma, voltage_mv=volts,
                       import_wh=true.import_wh, export_wh=true.export_wh, soc_permille=true.soc_permille,
                       temperature_mdegc=true.temperature_mdegc, state=true.state)

    def _obey(self, setpoint: Setpoint) -> None:
        raise NotImplementedError

    def _fall_back(self) -> None:
        """A meter has none."""


class PlainMeter(Meter):
    """Clamped to any point of the house."""

    def __init__(self, point: Point, clock: Clock, seed: int) -> None:
        self._plain = Plain(point, clock, seed)
        self.ill = self._plain.ill

    def tick(self, now_ms: int) -> None:
        """It has nothing to do between two questions."""

    def read(self, now_ms: int) -> Reading:
        return self._plain.read(now_ms)


class PlainWallbox(Plain):
    """Opens all contactors before it closes others, and waits without current in between."""

    def __init__(self, car: Car, clock: Clock, seed: int, failsafe_ms: int = 15_000, failsafe_ma: int = 0) -> None:
        super().__init__(car, clock, seed, failsafe_ms)
        self._car = car
        self._failsafe_ma = failsafe_ma
        self._wanted_ma = (0,) * len(car.phases)
        self._closed = 0  # conductors
        self._free_ms = 0

    def tick(self, now_ms: int) -> None:
        super().tick(now_ms)
        wanted = sum([1 for ma in self._wanted_ma if ma])
        if wanted and wanted != self._closed and self._car.state == "C":
            self._car.offer((0,) * len(self._wanted_ma))
            self._free_ms = now_ms + CONTACTOR_MS
            return
        if now_ms >= self._free_ms:
            self._closed = wanted or self._closed
            self._car.offer(self._wanted_ma)

    def _beside(self) -> "tuple[int | None, int | None, str | None]":
        return None, None, self._car.state

    def _obey(self, setpoint: Setpoint) -> None:
        self._wanted_ma = unplaced(setpoint.current_ma, self._car.phases)

    def _fall_back(self) -> None:
        self._wanted_ma = (self._failsafe_ma,) * len(self._car.phases)


class PlainStorage(Plain):
    """Left alone it holds `grid` at zero by itself, as inverters do."""

    def __init__(self, battery: Battery, grid: Point, clock: Clock, seed: int, failsafe_ms: int = 15_000) -> None:
        super().__init__(battery, clock, seed, failsafe_ms)
        self._battery = battery
        self._grid = grid
        self._forced_w: "int | None" = None

    def tick(self, now_ms: int) -> None:
        super().tick(now_ms)
        own_w = self._battery.power_w.total() - self._grid.power_w.total()
        self._battery.target(own_w if self._forced_w is None else self._forced_w)

    def _beside(self) -> "tuple[int | None, int | None, str | None]":
        return self._battery.soc_permille, None, None

    def _obey(self, setpoint: Setpoint) -> None:
        self._forced_w = setpoint.power_w

    def _fall_back(self) -> None:
        self._forced_w = None


class PlainHeater(Plain):
    """A rod of any power."""

    def __init__(self, tank: Tank, clock: Clock, seed: int, failsafe_ms: int = 30_000) -> None:
        super().__init__(tank, clock, seed, failsafe_ms)
        self._tank = tank

    def _beside(self) -> "tuple[int | None, int | None, str | None]":
        return None, self._tank.temperature_mdegc, None

    def _obey(self, setpoint: Setpoint) -> None:
        self._tank.set_w(setpoint.power_w)

    def _fall_back(self) -> None:
        self._tank.set_w(0)


def _times(vector: Phases, permille: "list[int]") -> Phases:
    return Phases(vector.l1 * permille[0] // 1000, vector.l2 * permille[1] // 1000, vector.l3 * permille[2] // 1000)


def _next(vector: Phases) -> Phases:
    return Phases(vector.l3, vector.l1, vector.l2)
