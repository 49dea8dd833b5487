"""The four states of SG-Ready in registers instead of relays: stages, hold times and the lock's hours are those of
drivers.sg_ready; here is only how a device is told a pair of contacts, and what it tells besides.
"""

from drivers.given import phases, whole
from drivers.register_device import RegisterDevice, one, split
from drivers.sg_ready import NORMAL, SgReady
from hal.faults import RANGE, DeviceError
from hal.options import Option, integer
from hal.ports import Bus, Clock, Relays
from hal.registers import Reg
from hal.values import Ability, Reading, Setpoint, ma_of_w, placed, reading
from hal.values import ability as able

POWERS: "tuple[Option, ...]" = (
    integer("normal_w", None, 100, 30_000, "electric power in normal operation"),
    integer("boost_w", None, 101, 40_000, "electric power when a start is recommended; above normal_w"),
    integer("hold_s", 600, 60, 3_600, "shortest time in a state before a higher one"),
)


class SgModbus(SgReady):
    """`settings`: (function, address, value) that must stand, written only where something else does."""

    def __init__(self, contacts: Relays, pump: Ability, hold_ms: int, time: Clock, told: RegisterDevice,
                 settings: "tuple[tuple[int, int, int], ...]" = ()) -> None:
        super().__init__(contacts, pump, hold_ms, time)
        self._told = told
        self._settings = settings
        self.values: "dict[str, tuple[int | None, ...]]" = {}  # as read last

    def read(self, now_ms: int) -> Reading:
        """What the registers tell, and the state of the contacts as it stands in the device."""
        values = self.values = self._told.fetch(now_ms)
        own = super().read(now_ms)
        total_w = one(values, "total_w")
        if total_w is not None and total_w > 100_000:
            raise DeviceError(RANGE, "%d W" % total_w)
        return reading(now_ms, total_w=total_w, import_wh=one(values, "import_wh"), state=own.state,
                       limit_w=own.limit_w, temperature_mdegc=one(values, "temperature_mdegc"))

    def arm(self) -> None:
        super().arm()
        bus, unit = self._told.bus, self._told.unit
        for function, address, value in self._settings:
            if bus.read(unit, 3, address, 1)[0] != value:
                bus.write(unit, function, address, (value,))
                if bus.read(unit, 3, address, 1)[0] != value:
                    raise DeviceError(RANGE, "register %d does not take %d" % (address, value))


def told(bus: Bus, options: "dict[str, object]", reads: "tuple[Reg, ...]",
         slow: "tuple[Reg, ...]" = ()) -> RegisterDevice:
    return RegisterDevice(bus, whole(options, "unit"), reads, slow)


def ability_of(options: "dict[str, object]", measured: bool) -> Ability:
    """Raises ValueError when the powers contradict each other."""
    powers_w = [0, whole(options, "normal_w"), whole(options, "boost_w")]
    if powers_w[2] <= powers_w[1]:
        raise ValueError("normal_w, boost_w: the second must be above the first")
    wired = phases(options)
    stages = tuple([split(power_w, (1,) * len(wired)) for power_w in powers_w])
    normal = placed(tuple([ma_of_w(w) for w in stages[NORMAL]]), wired)
    hold_ms = whole(options, "hold_s") * 1000
    return able("stages", stages=stages, measured=measured, fallback=Setpoint(normal, powers_w[NORMAL]),
                settle_ms=60_000, min_on_ms=hold_ms, min_off_ms=hold_ms)
