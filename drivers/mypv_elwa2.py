"""my-PV AC ELWA 2: heating rod of any power up to 3500 W on one phase, with the tank's thermometer.

Source: register table of the maker's Modbus TCP interface as four independent drivers use it; holding
registers, read with function 3, power written with 16.
Register 1000 is told the power asked for and answers with the power drawn, so a setpoint cannot be read
back: the confirmed write is all there is, and `limit_w` stays unknown. The current follows from power and
voltage (an ohmic load); the one of register 1062 has an unsure scale.
The device forgets our power after its own time-out, which only its web page can set.
"""

from drivers.given import phases, whole
from drivers.load_facts import LoadFacts
from drivers.meter_facts import DRIVERS
from drivers.register_device import RegisterDevice, needed, one
from hal.faults import RANGE, DeviceError
from hal.options import integer
from hal.ports import Bus, Load
from hal.registers import Reg, encode
from hal.values import NOMINAL_MV, Ability, Reading, Setpoint, ma_of_w, placed, reading
from hal.values import ability as able

LINES = ("modbus-tcp",)
FAILSAFE = "it stops heating after its own power time-out; set that to timeout_s on its web page"
LOAD = LoadFacts("my-PV AC ELWA 2", "heating", "P, temperature, U",
                 "0 to 3500 W", "the power, again and again", DRIVERS)

OPTIONS = (integer("timeout_s", 60, 15, 600, "the power time-out as set on the device's web page"),)

MAX_W = 3_500
STANDBY_W = 10  # what it draws without heating
HEATING = 2
BOOST = 4  # its own minimum temperature, from any source
STATES = {0: "standby", HEATING: "heating", BOOST: "boost"}

POWER = Reg("total_w", 16, 1000, "u16", 1, 1, 1)

READS = (
    #   field                 fn  addr  kind  n  num  den
    Reg("total_w", 3, 1000, "u16", 1, 1, 1),
    Reg("temperature_mdegc", 3, 1001, "s16", 1, 100, 1),
    Reg("target_mdegc", 3, 1002, "u16", 1, 100, 1),
    Reg("status", 3, 1003, "u16", 1, 1, 1),
)
SLOW = (Reg("voltage_mv", 3, 1061, "s16", 1, 1000, 1),)


class AcElwa2(RegisterDevice, Load):
    def __init__(self, bus: Bus, unit: int, wired: "tuple[int, ...]", max_w: int) -> None:
        super().__init__(bus, unit, READS, SLOW, phases=wired[:1])
        self._max_w = max_w

    def say(self, now_ms: int, values: "dict[str, tuple[int | None, ...]]") -> Reading:
        total_w = needed(values, "total_w")[0]
        if total_w > 2 * MAX_W:
            raise DeviceError(RANGE, "%d W from a rod of %d W" % (total_w, MAX_W))
        status = needed(values, "status")[0]
        voltage_mv = self.vector(values, "voltage_mv")
        at_mv = max(voltage_mv) if voltage_mv is not None else 0
        current_ma = ma_of_w(total_w, at_mv) if at_mv else ma_of_w(total_w)
        state = STATES.get(status, "status %d" % status)
        return reading(
            now_ms, total_w=total_w, power_w=placed((total_w,), self.phases),
            current_ma=placed((current_ma,), self.phases), voltage_mv=voltage_mv,
            temperature_mdegc=one(values, "temperature_mdegc"),
            state="standby" if total_w <= STANDBY_W and status == HEATING else state,
        )

    def arm(self) -> None:
        """There is nothing to arm from here; that it answers is all that can be seen."""
        self.bus.read(self.unit, 3, READS[0].address, 1)

    def apply(self, setpoint: Setpoint) -> None:
        power_w = max(0, min(setpoint.power_w, self._max_w))
        self.bus.write(self.unit, POWER.function, POWER.address, encode(POWER, (power_w,)))

    def release(self) -> None:
        self.bus.write(self.unit, POWER.function, POWER.address, (0,))


def ability(options: "dict[str, object]") -> Ability:
    """Raises ValueError when it is wired to more phases than its rod has."""
    if len(phases(options)) != 1:
        raise ValueError("phases: the rod hangs on one phase")
    max_w = min(MAX_W, whole(options, "max_a") * (NOMINAL_MV // 1000))
    return able("heater", max_w=max_w, failsafe_ms=whole(options, "timeout_s") * 1000, settle_ms=3_000)


def build(port: Bus, options: "dict[str, object]") -> AcElwa2:
    return AcElwa2(port, whole(options, "unit"), phases(options), ability(options).max_w)
