"""my-PV AC THOR, AC THOR 9s, AC ELWA-E: power controllers for heating rods, told in watts on Modbus TCP.

Source: four independent drivers that agree on the power and the temperature; power by phase (9s) from one. As with the
ELWA 2, register 1000 is told the power asked for and answers with the power drawn. A THOR reckons with its nominal
power: where the rod is smaller (`rod_w`), it is told, and says, more by the same ratio. It forgets our power after its
own time-out, which only its web page can set.
"""

from drivers.given import phases, whole, word
from drivers.load_facts import LoadFacts
from drivers.meter_facts import DRIVERS
from drivers.orders import Order, blind
from drivers.register_device import needed, one, own_values
from drivers.register_load import RegisterLoad
from hal.faults import RANGE, DeviceError
from hal.options import choice, integer
from hal.ports import Bus
from hal.registers import Reg
from hal.values import NOMINAL_MV, Ability, Reading, Setpoint, placed, reading
from hal.values import ability as able

LINES = ("modbus-tcp",)
FAILSAFE = "it stops heating after its own power time-out; set that to timeout_s on its web page"
LOAD = LoadFacts("my-PV AC THOR, AC THOR 9s, AC ELWA-E", "heating", "P, temperature, U", "any power of the rod",
                 "the power, again and again", DRIVERS)

NOMINAL_W = {"thor": 3_000, "thor-9s": 9_000, "elwa-e": 3_000}
OPTIONS = (
    choice("model", "thor", ("thor", "thor-9s", "elwa-e"), "which device it is; thor-9s has three phases"),
    integer("rod_w", 0, 0, 9_000, "power of the rod at 230 V where it is less than the device's own; else 0"),
    integer("timeout_s", 60, 15, 600, "the power time-out as set on the device's web page"),
)

STANDBY_W = 10  # what it draws without heating
STATES = {0: "standby", 2: "heating", 4: "boost", 9: "heating"}
POWER: Order = blind("total_w", 16, 1000)

READS = (
    #   field                fn  addr  kind  n  num  den
    Reg("told_w", 3, 1000, "u16", 1, 1, 1),
    Reg("temperature_mdegc", 3, 1001, "s16", 1, 100, 1),
    Reg("status", 3, 1003, "u16", 1, 1, 1),
)
VOLTS = (1061, 1067, 1072)


class AcThor(RegisterLoad):
    def __init__(self, bus: Bus, options: "dict[str, object]") -> None:
        wired = phases(options)
        slow = tuple([Reg("voltage_mv", 3, at, "s16", 1, 1000, 1) for at in VOLTS[:len(wired)]])
        super().__init__(bus, whole(options, "unit"), READS, slow, phases=wired)
        self._nominal_w = NOMINAL_W[word(options, "model")]
        self._rod_w = whole(options, "rod_w") or self._nominal_w
        self._max_w = ability(options).max_w

    def say(self, now_ms: int, values: "dict[str, tuple[int | None, ...]]") -> Reading:
        told_w = needed(values, "told_w")[0]
        if told_w > 2 * self._nominal_w:
            raise DeviceError(RANGE, "%d W from a device of %d W" % (told_w, self._nominal_w))
        total_w = -(-told_w * self._rod_w // self._nominal_w)
        volts = own_values(values, "voltage_mv", len(self.phases))
        code = needed(values, "status")[0]
        return reading(
            now_ms, total_w=total_w, voltage_mv=None if volts is None else placed(volts, self.phases),
            temperature_mdegc=one(values, "temperature_mdegc"),
            state="standby" if total_w <= STANDBY_W else STATES.get(code, "status %d" % code),
        )

    def arm(self) -> None:
        """There is nothing to arm from here; that what it says makes sense is all that can be seen."""
        self.say(self._now_ms, self.fetch(self._now_ms))

    def apply(self, setpoint: Setpoint) -> None:
        power_w = max(0, min(setpoint.power_w, self._max_w))
        self.tell(POWER, power_w * self._nominal_w // self._rod_w)

    def release(self) -> None:
        self.tell(POWER, 0)


def ability(options: "dict[str, object]") -> Ability:
    """Raises ValueError for phases or a rod the device has not got."""
    model, wired = word(options, "model"), phases(options)
    count = 3 if model == "thor-9s" else 1
    if len(wired) != count:
        raise ValueError("phases: the %s hangs on %d" % (model, count))
    nominal_w = NOMINAL_W[model]
    rod_w = whole(options, "rod_w") or nominal_w
    if rod_w > nominal_w:
        raise ValueError("rod_w: a %s has at most %d" % (model, nominal_w))
    cable_w = whole(options, "max_a") * (NOMINAL_MV // 1000) * count
    return able("heater", max_w=min(rod_w, cable_w), failsafe_ms=whole(options, "timeout_s") * 1000, settle_ms=3_000)


def build(port: Bus, options: "dict[str, object]") -> AcThor:
    return AcThor(port, options)
