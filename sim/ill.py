"""What can be wrong with a device as its line sees it, whatever it speaks: between the line and a driver.

sim.mischief does it to registers and sim.wire to bytes; here a whole reading is lost, repeated, noisy, scaled, told in
the wrong direction or on the wrong phase, and a setpoint is refused or dropped. One seed, at full speed.
"""

from hal.faults import REFUSED, TIMEOUT, DeviceError
from hal.ports import Clock, Load, Meter
from hal.values import Phases, Reading, Setpoint
from sim.rng import Rng

TIMEOUT_MS = 300  # how long a master waits for an answer that does not come
_TOTAL, _POWER, _CURRENT, _VOLTAGE, _TEMPERATURE = 1, 2, 3, 4, 8  # places in a Reading
_NOISE_MV = 200


class Ill:
    """What is wrong with one device; may be changed at any time."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """All is well again."""
        self.silent = False  # hears nothing, says nothing
        self.lost_permille = 0  # of its answers get lost; what it was told it has done
        self.refuses = False  # says no to every setpoint
        self.ignores = False  # confirms every setpoint and keeps what it had
        self.frozen = False  # tells for ever what it last told
        self.noise_permille = 0  # of each value, up or down; also of what a frozen one tells
        self.scaled_permille = 1000  # of the truth, as behind a transformer set wrongly
        self.turned = False  # tells the other direction
        self.unfelt = False  # tells no temperature: its sensor is torn off
        self.rotated = 0  # tells L1 as L2 and so on, so many places further


class IllMeter(Meter):
    """Between a line and a meter's driver."""

    def __init__(self, meter: Meter, ill: Ill, clock: Clock, seed: int) -> None:
        self._patient = _Patient(meter, ill, clock, seed)

    def read(self, now_ms: int) -> Reading:
        return self._patient.read(now_ms)


class IllLoad(Load):
    """Between a line and a load's driver."""

    def __init__(self, load: Load, ill: Ill, clock: Clock, seed: int) -> None:
        self._load = load
        self._ill = ill
        self._patient = _Patient(load, ill, clock, seed)

    def read(self, now_ms: int) -> Reading:
        return self._patient.read(now_ms)

    def arm(self) -> None:
        self._patient.hears()
        self._load.arm()
        self._patient.answers()

    def apply(self, setpoint: Setpoint) -> None:
        self._patient.hears()
        if self._ill.refuses:
            raise DeviceError(REFUSED, "ill: refuses")
        if not self._ill.ignores:
            self._load.apply(setpoint)
        self._patient.answers()

    def release(self) -> None:
        self._patient.hears()
        if not self._ill.ignores:
            self._load.release()
        self._patient.answers()


class _Patient:
    def __init__(self, meter: Meter, ill: Ill, clock: Clock, seed: int) -> None:
        self._meter = meter
        self._ill = ill
        self._clock = clock
        self._rng = Rng(seed)
        self._told: "Reading | None" = None

    def read(self, now_ms: int) -> Reading:
        self.hears()
        true = self._meter.read(now_ms)
        self.answers()
        if self._told is None or not self._ill.frozen:
            self._told = true
        return self._distorted(self._told, true.t_ms)

    def hears(self) -> None:
        if self._ill.silent:
            self._clock.sleep_ms(TIMEOUT_MS)
            raise DeviceError(TIMEOUT, "ill: silent")

    def answers(self) -> None:
        if self._ill.lost_permille and self._rng.chance(self._ill.lost_permille):
            self._clock.sleep_ms(TIMEOUT_MS)
            raise DeviceError(TIMEOUT, "ill: answer lost")

    def _distorted(self, told: Reading, t_ms: int) -> Reading:
        ill = self._ill
        values = list(told)
        values[0] = t_ms
        if ill.unfelt:
            values[_TEMPERATURE] = None
        noise = [1000, 1000, 1000]
        if ill.noise_permille:
            noise = [1000 + self._rng.between(-ill.noise_permille, ill.noise_permille) for _ in range(3)]
            if told.voltage_mv is not None:
                values[_VOLTAGE] = Phases(*[mv + self._rng.between(-_NOISE_MV, _NOISE_MV) for mv in told.voltage_mv])
        scale = -ill.scaled_permille if ill.turned else ill.scaled_permille
        for place in (_POWER, _CURRENT):
            values[place] = _times(values[place], scale, noise)
        for place in (_POWER, _CURRENT, _VOLTAGE):
            for _ in range(ill.rotated):
                values[place] = _next(values[place])
        if values[_POWER] is not None and told.total_w is not None:
            values[_TOTAL] = told.total_w * scale // 1000 if noise == [1000] * 3 else values[_POWER].total()
        elif told.total_w is not None:
            values[_TOTAL] = told.total_w * scale // 1000
        return Reading(*values)


def _times(vector: "Phases | None", permille: int, noise: "list[int]") -> "Phases | None":
    if vector is None:
        return None
    return Phases(vector.l1 * permille * noise[0] // 1_000_000, vector.l2 * permille * noise[1] // 1_000_000,
                  vector.l3 * permille * noise[2] // 1_000_000)


def _next(vector: "Phases | None") -> "Phases | None":
    return None if vector is None else Phases(vector.l3, vector.l1, vector.l2)
