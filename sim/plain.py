"""Devices without a protocol: parts that are read and told in hal.values, for a controller judged by physics alone.

They stand where a driver would stand (hal.ports), so the production lines and cycle run on them; what a driver's
registers cost in time and rounding is left out.
"""

from hal.ports import Clock, Load, Meter
from hal.values import Reading, Setpoint, reading, unplaced
from sim.battery import Battery
from sim.car import Car
from sim.part import Point
from sim.tank import Tank

ANSWER_MS = 30  # a question and its answer
CONTACTOR_MS = 5_000  # without current before other contactors close


class Plain(Load):
    """`failsafe_ms`: after this silence it goes to its fallback by itself; 0 = it never does."""

    def __init__(self, point: Point, clock: Clock, failsafe_ms: int = 0) -> None:
        self._point = point
        self._clock = clock
        self._failsafe_ms = failsafe_ms
        self._heard_ms = clock.now_ms()

    def tick(self, now_ms: int) -> None:
        """Once a step of the house, after it."""
        if self._failsafe_ms and now_ms - self._heard_ms >= self._failsafe_ms:
            self._fall_back()

    def read(self, now_ms: int) -> Reading:
        self._hear()
        soc_permille, temperature_mdegc, state = self._beside()
        return told(self._point, now_ms, soc_permille, temperature_mdegc, state)

    def arm(self) -> None:
        self._hear()

    def apply(self, setpoint: Setpoint) -> None:
        self._hear()
        self._obey(setpoint)

    def release(self) -> None:
        self._hear()
        self._fall_back()

    def _hear(self) -> None:
        self._clock.sleep_ms(ANSWER_MS)
        self._heard_ms = self._clock.now_ms()

    def _beside(self) -> "tuple[int | None, int | None, str | None]":
        """Charge, temperature and state, where it has them."""
        return None, None, None

    def _obey(self, setpoint: Setpoint) -> None:
        raise NotImplementedError

    def _fall_back(self) -> None:
        raise NotImplementedError


class PlainMeter(Meter):
    """Clamped to any point of the house."""

    def __init__(self, point: Point, clock: Clock) -> None:
        self._point = point
        self._clock = clock

    def tick(self, now_ms: int) -> None:
        """It has nothing to do between two questions."""

    def read(self, now_ms: int) -> Reading:
        self._clock.sleep_ms(ANSWER_MS)
        return told(self._point, now_ms, None, None, None)


class PlainWallbox(Plain):
    """Opens all contactors before it closes others, and waits without current in between."""

    def __init__(self, car: Car, clock: Clock, failsafe_ms: int = 15_000, failsafe_ma: int = 0) -> None:
        super().__init__(car, clock, failsafe_ms)
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
    """Left alone it holds `grid` at zero by itself, as inverters do; with `own`, also while it is told to give."""

    def __init__(self, battery: Battery, grid: Point, clock: Clock, failsafe_ms: int = 15_000,
                 own: bool = False) -> None:
        super().__init__(battery, clock, failsafe_ms)
        self._own = own
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
        self._forced_w = None if self._own and setpoint.power_w < 0 else setpoint.power_w
        if self._forced_w is not None:
            self._battery.target(self._forced_w)

    def _fall_back(self) -> None:
        self._forced_w = None


class PlainHeater(Plain):
    """A rod of any power."""

    def __init__(self, tank: Tank, clock: Clock, failsafe_ms: int = 30_000) -> None:
        super().__init__(tank, clock, failsafe_ms)
        self._tank = tank

    def _beside(self) -> "tuple[int | None, int | None, str | None]":
        return None, self._tank.temperature_mdegc, None

    def _obey(self, setpoint: Setpoint) -> None:
        self._tank.set_w(setpoint.power_w)

    def _fall_back(self) -> None:
        self._tank.set_w(0)


def told(point: Point, now_ms: int, soc_permille: "int | None", temperature_mdegc: "int | None",
         state: "str | None") -> Reading:
    """All a point of the house has to say."""
    return reading(now_ms, total_w=point.power_w.total(), power_w=point.power_w, current_ma=point.flow_ma,
                   voltage_mv=point.voltage_mv, import_wh=point.import_wh, export_wh=point.export_wh,
                   soc_permille=soc_permille, temperature_mdegc=temperature_mdegc, state=state)
